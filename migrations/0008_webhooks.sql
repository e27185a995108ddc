CREATE TABLE `replays` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`endpoint_id` text NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`after_sequence` integer NOT NULL,
	`last_sequence` integer NOT NULL,
	`position` integer NOT NULL,
	`since` integer,
	`filter` text,
	`asked` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`finished_at` integer,
	`revision` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`endpoint_id`) REFERENCES `endpoints`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `replays_running` ON `replays` (`endpoint_id`) WHERE state = 'running';--> statement-breakpoint
CREATE INDEX `replays_endpoint` ON `replays` (`endpoint_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `replays_owner` ON `replays` (`owner_id`);--> statement-breakpoint
CREATE TABLE `subscription_keys` (
	`type` text NOT NULL,
	`kind` text NOT NULL,
	`value` text NOT NULL,
	`subscription_id` text NOT NULL,
	PRIMARY KEY(`type`, `kind`, `value`, `subscription_id`),
	FOREIGN KEY (`subscription_id`) REFERENCES `subscriptions`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `subscription_keys_subscription` ON `subscription_keys` (`subscription_id`);--> statement-breakpoint
DROP INDEX `subscriptions_endpoint`;--> statement-breakpoint
DROP INDEX `subscriptions_owner`;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `updated_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `revision` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `filter` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `instances` text;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `channels` text;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `accounts` text;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `videos` text;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `languages` text;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `categories` text;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `tags` text;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `notification_kinds` text;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `nsfw` integer;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `local_only` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `min_duration` integer;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `max_duration` integer;--> statement-breakpoint
ALTER TABLE `subscriptions` ADD `text` text;--> statement-breakpoint
CREATE INDEX `subscriptions_created` ON `subscriptions` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `subscriptions_endpoint` ON `subscriptions` (`endpoint_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `subscriptions_owner` ON `subscriptions` (`owner_id`,`created_at`,`id`);--> statement-breakpoint
ALTER TABLE `attempts` ADD `response` text;--> statement-breakpoint
ALTER TABLE `deliveries` ADD `attempts_before` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `deliveries` ADD `started_at` integer;--> statement-breakpoint
ALTER TABLE `deliveries` ADD `duration_ms` integer;--> statement-breakpoint
ALTER TABLE `deliveries` ADD `status` integer;--> statement-breakpoint
ALTER TABLE `deliveries` ADD `error` text;--> statement-breakpoint
ALTER TABLE `deliveries` ADD `response` text;--> statement-breakpoint
ALTER TABLE `deliveries` ADD `order_key` text;--> statement-breakpoint
ALTER TABLE `deliveries` ADD `replay_id` text;--> statement-breakpoint
CREATE INDEX `deliveries_failed` ON `deliveries` (`endpoint_id`) WHERE state = 'failed';--> statement-breakpoint
CREATE INDEX `deliveries_order` ON `deliveries` (`endpoint_id`,`order_key`,`event_sequence`) WHERE order_key IS NOT NULL AND due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `deliveries_replay` ON `deliveries` (`replay_id`,`state`) WHERE replay_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `verified_at` integer;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `disabled_at` integer;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `disabled_reason` text;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `headers` text;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `rate_limit` real;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `concurrency` integer;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `timeout_ms` integer;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `format` text DEFAULT 'standard' NOT NULL;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `payload` text DEFAULT 'full' NOT NULL;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `batch_size` integer;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `batch_ms` integer;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `ordering` text DEFAULT 'none' NOT NULL;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `signs_asymmetric` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `metadata` text;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `failures` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `failing_since` integer;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `broken_since` integer;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `probes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `held_until` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `verification_error` text;--> statement-breakpoint
-- By hand from here: how many subscriptions there are, kept as the other totals are.
CREATE TRIGGER `subscriptions_counted` AFTER INSERT ON `subscriptions` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('subscriptions', '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('subscriptions', NEW.`owner_id`, 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `subscriptions_uncounted` AFTER DELETE ON `subscriptions` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('subscriptions', '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('subscriptions', OLD.`owner_id`, -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
--> statement-breakpoint
INSERT INTO `totals` (`list`, `owner_id`, `total`) SELECT 'subscriptions', '', count(*) FROM `subscriptions`;
--> statement-breakpoint
INSERT INTO `totals` (`list`, `owner_id`, `total`) SELECT 'subscriptions', `owner_id`, count(*) FROM `subscriptions` GROUP BY `owner_id`;
--> statement-breakpoint
-- Endpoints that are sent to already have shown that they want it.
UPDATE `endpoints` SET `verified_at` = `created_at`;
--> statement-breakpoint
-- The latest attempt of a delivery is in its own row from now on.
UPDATE `deliveries` SET (`started_at`, `duration_ms`, `status`, `error`) = (SELECT `started_at`, `duration_ms`, `status`, `error` FROM `attempts` a WHERE a.`endpoint_id` = `deliveries`.`endpoint_id` AND a.`event_sequence` = `deliveries`.`event_sequence` AND a.`number` = `deliveries`.`attempts`) WHERE `attempts` > 0;
--> statement-breakpoint
-- What was not tried yet stands in line, in the order of the events.
UPDATE `deliveries` SET `due_at` = 0 WHERE `attempts` = 0 AND `due_at` IS NOT NULL;
