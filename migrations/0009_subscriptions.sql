-- By hand: what a subscription asks for is found by its keys from now on.
INSERT INTO `subscription_keys` (`type`, `kind`, `value`, `subscription_id`) SELECT `event_type`, '', '', `id` FROM `subscriptions`;
--> statement-breakpoint
UPDATE `subscriptions` SET `filter` = json_object('types', json_array(`event_type`)) WHERE `event_type` <> '*';
--> statement-breakpoint
-- What was made before this was kept has not been changed since.
UPDATE `subscriptions` SET `updated_at` = `created_at` WHERE `updated_at` = 0;
--> statement-breakpoint
UPDATE `endpoints` SET `updated_at` = `created_at` WHERE `updated_at` = 0;
--> statement-breakpoint
DROP INDEX `subscriptions_event_type`;--> statement-breakpoint
ALTER TABLE `subscriptions` DROP COLUMN `event_type`;
