CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`hint` text NOT NULL,
	`scopes` text NOT NULL,
	`rate_limit` integer,
	`expires_at` integer,
	`last_used_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`revision` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_hash` ON `api_keys` (`hash`);--> statement-breakpoint
CREATE INDEX `api_keys_owner` ON `api_keys` (`owner_id`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `audit_log` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`user_id` text,
	`username` text,
	`via` text NOT NULL,
	`address` text NOT NULL,
	`action` text NOT NULL,
	`target` text,
	`success` integer NOT NULL,
	`request_id` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`caller` text NOT NULL,
	`key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`created_at` integer NOT NULL,
	`status` integer,
	`answer` text,
	PRIMARY KEY(`caller`, `key`)
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_created` ON `idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `mail_tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`purpose` text NOT NULL,
	`email` text NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `mail_tokens_user` ON `mail_tokens` (`user_id`,`purpose`);--> statement-breakpoint
CREATE INDEX `mail_tokens_expires` ON `mail_tokens` (`expires_at`);--> statement-breakpoint
CREATE TABLE `mails` (
	`id` text PRIMARY KEY NOT NULL,
	`recipient` text NOT NULL,
	`subject` text NOT NULL,
	`text` text,
	`state` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`due_at` integer,
	`last_error` text,
	`created_at` integer NOT NULL,
	`finished_at` integer
);
--> statement-breakpoint
CREATE INDEX `mails_due` ON `mails` (`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `mails_created` ON `mails` (`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `service_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`public_key` text NOT NULL,
	`private_key` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`user_id` text PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`access_hash` text NOT NULL,
	`access_expires_at` integer NOT NULL,
	`refresh_hash` text NOT NULL,
	`refresh_expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_access` ON `sessions` (`access_hash`);--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_refresh` ON `sessions` (`refresh_hash`);--> statement-breakpoint
CREATE TABLE `totals` (
	`list` text NOT NULL,
	`owner_id` text NOT NULL,
	`total` integer NOT NULL,
	PRIMARY KEY(`list`, `owner_id`)
);
--> statement-breakpoint
CREATE TABLE `used_refresh_tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `used_refresh_tokens_expires` ON `used_refresh_tokens` (`expires_at`);--> statement-breakpoint
DROP INDEX `endpoints_owner`;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `paused_at` integer;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `paused_by` text;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `updated_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `revision` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `endpoints_created` ON `endpoints` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `endpoints_owner` ON `endpoints` (`owner_id`,`created_at`,`id`);--> statement-breakpoint
ALTER TABLE `instances` ADD `paused_at` integer;--> statement-breakpoint
ALTER TABLE `instances` ADD `updated_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `instances` ADD `revision` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `instances_created` ON `instances` (`created_at`,`id`);--> statement-breakpoint
ALTER TABLE `users` ADD `username` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `email` text;--> statement-breakpoint
ALTER TABLE `users` ADD `email_verified_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `pending_email` text;--> statement-breakpoint
ALTER TABLE `users` ADD `password_hash` text;--> statement-breakpoint
ALTER TABLE `users` ADD `state` text DEFAULT 'active' NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `blocked_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `blocked_reason` text;--> statement-breakpoint
ALTER TABLE `users` ADD `last_login_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `updated_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `revision` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `users` SET `username` = CASE `id` WHEN 'usr_administrator' THEN 'root' ELSE `id` END;--> statement-breakpoint
CREATE UNIQUE INDEX `users_username` ON `users` (`username`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_email` ON `users` (`email`);--> statement-breakpoint
CREATE INDEX `users_created` ON `users` (`created_at`,`id`);
--> statement-breakpoint
-- By hand from here: drizzle-kit knows no triggers. The log of who did what is append-only.
CREATE TRIGGER `audit_log_no_update` BEFORE UPDATE ON `audit_log` BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `audit_log_no_delete` BEFORE DELETE ON `audit_log` BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
--> statement-breakpoint
-- How long the lists are: see `totals` in src/db/schema.ts.
CREATE TRIGGER `users_counted` AFTER INSERT ON `users` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('users', '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `users_uncounted` AFTER DELETE ON `users` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('users', '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
--> statement-breakpoint
INSERT INTO `totals` (`list`, `owner_id`, `total`) SELECT 'users', '', count(*) FROM `users`;
--> statement-breakpoint
CREATE TRIGGER `instances_counted` AFTER INSERT ON `instances` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('instances', '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `instances_uncounted` AFTER DELETE ON `instances` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('instances', '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
--> statement-breakpoint
INSERT INTO `totals` (`list`, `owner_id`, `total`) SELECT 'instances', '', count(*) FROM `instances`;
--> statement-breakpoint
CREATE TRIGGER `endpoints_counted` AFTER INSERT ON `endpoints` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('endpoints', '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('endpoints', NEW.`owner_id`, 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `endpoints_uncounted` AFTER DELETE ON `endpoints` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('endpoints', '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('endpoints', OLD.`owner_id`, -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
--> statement-breakpoint
INSERT INTO `totals` (`list`, `owner_id`, `total`) SELECT 'endpoints', '', count(*) FROM `endpoints`;
--> statement-breakpoint
INSERT INTO `totals` (`list`, `owner_id`, `total`) SELECT 'endpoints', `owner_id`, count(*) FROM `endpoints` GROUP BY `owner_id`;
--> statement-breakpoint
CREATE TRIGGER `api_keys_counted` AFTER INSERT ON `api_keys` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('api_keys', '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('api_keys', NEW.`owner_id`, 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `api_keys_uncounted` AFTER DELETE ON `api_keys` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('api_keys', '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('api_keys', OLD.`owner_id`, -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
--> statement-breakpoint
INSERT INTO `totals` (`list`, `owner_id`, `total`) SELECT 'api_keys', '', count(*) FROM `api_keys`;
--> statement-breakpoint
INSERT INTO `totals` (`list`, `owner_id`, `total`) SELECT 'api_keys', `owner_id`, count(*) FROM `api_keys` GROUP BY `owner_id`;
--> statement-breakpoint
CREATE TRIGGER `mails_counted` AFTER INSERT ON `mails` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('mails', '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `mails_uncounted` AFTER DELETE ON `mails` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('mails', '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
--> statement-breakpoint
INSERT INTO `totals` (`list`, `owner_id`, `total`) SELECT 'mails', '', count(*) FROM `mails`;
