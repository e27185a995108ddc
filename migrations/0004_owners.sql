CREATE INDEX `api_keys_created` ON `api_keys` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `instances_owner` ON `instances` (`owner_id`);--> statement-breakpoint
CREATE INDEX `sessions_id` ON `sessions` (`id`);--> statement-breakpoint
CREATE INDEX `subscriptions_owner` ON `subscriptions` (`owner_id`);--> statement-breakpoint
CREATE INDEX `users_state` ON `users` (`state`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `users_pending_email` ON `users` (`pending_email`);--> statement-breakpoint
CREATE INDEX `users_administrators` ON `users` (`created_at`,`id`) WHERE role = 0;
--> statement-breakpoint
-- REPLACE deletes without a trigger's leave: what is in the log is not written over either.
CREATE TRIGGER `audit_log_no_replace` BEFORE INSERT ON `audit_log` WHEN EXISTS (SELECT 1 FROM `audit_log` WHERE `sequence` = NEW.`sequence`) BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
