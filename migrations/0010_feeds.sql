CREATE TABLE `consumers` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`name` text NOT NULL,
	`filter` text NOT NULL,
	`position` integer NOT NULL,
	`lease_id` text,
	`lease_worker` text,
	`leased_until` integer DEFAULT 0 NOT NULL,
	`leased_sequence` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`revision` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `consumers_name` ON `consumers` (`owner_id`,`name`);--> statement-breakpoint
CREATE INDEX `consumers_owner` ON `consumers` (`owner_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `consumers_created` ON `consumers` (`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `feed_items` (
	`key` text NOT NULL,
	`feed_id` text NOT NULL,
	`first_sequence` integer NOT NULL,
	`last_sequence` integer NOT NULL,
	`gone` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`key`, `feed_id`),
	FOREIGN KEY (`feed_id`) REFERENCES `feeds`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `feed_items_newest` ON `feed_items` (`feed_id`,`last_sequence`);--> statement-breakpoint
CREATE TABLE `feed_keys` (
	`type` text NOT NULL,
	`kind` text NOT NULL,
	`value` text NOT NULL,
	`feed_id` text NOT NULL,
	PRIMARY KEY(`type`, `kind`, `value`, `feed_id`),
	FOREIGN KEY (`feed_id`) REFERENCES `feeds`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `feed_keys_feed` ON `feed_keys` (`feed_id`);--> statement-breakpoint
CREATE TABLE `feeds` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`name` text NOT NULL,
	`slug` text,
	`secret_hash` text,
	`secret` text,
	`mode` text NOT NULL,
	`filter` text DEFAULT '{}' NOT NULL,
	`instances` text,
	`channels` text,
	`accounts` text,
	`videos` text,
	`languages` text,
	`categories` text,
	`tags` text,
	`notification_kinds` text,
	`nsfw` integer,
	`local_only` integer DEFAULT false NOT NULL,
	`min_duration` integer,
	`max_duration` integer,
	`text` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`revision` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `feeds_slug` ON `feeds` (`slug`) WHERE slug IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `feeds_secret` ON `feeds` (`secret_hash`) WHERE secret_hash IS NOT NULL;--> statement-breakpoint
CREATE INDEX `feeds_owner` ON `feeds` (`owner_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `feeds_created` ON `feeds` (`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `hub_requests` (
	`id` text PRIMARY KEY NOT NULL,
	`mode` text NOT NULL,
	`topic` text NOT NULL,
	`callback` text NOT NULL,
	`lease_seconds` integer NOT NULL,
	`secret` text,
	`reason` text,
	`created_at` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_requests_callback` ON `hub_requests` (`callback`,`topic`);--> statement-breakpoint
CREATE INDEX `hub_requests_due` ON `hub_requests` (`due_at`);--> statement-breakpoint
CREATE TABLE `hub_subscriptions` (
	`endpoint_id` text PRIMARY KEY NOT NULL,
	`feed_id` text NOT NULL,
	`topic` text NOT NULL,
	`format` text NOT NULL,
	`callback` text NOT NULL,
	`lease_expires_at` integer NOT NULL,
	FOREIGN KEY (`endpoint_id`) REFERENCES `endpoints`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`feed_id`) REFERENCES `feeds`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_subscriptions_callback` ON `hub_subscriptions` (`callback`,`topic`);--> statement-breakpoint
CREATE INDEX `hub_subscriptions_feed` ON `hub_subscriptions` (`feed_id`);--> statement-breakpoint
CREATE INDEX `hub_subscriptions_lease` ON `hub_subscriptions` (`lease_expires_at`);--> statement-breakpoint
CREATE TABLE `stream_tickets` (
	`hash` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`session_id` text,
	`api_key_id` text,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `stream_tickets_expires` ON `stream_tickets` (`expires_at`);--> statement-breakpoint
CREATE INDEX `stream_tickets_user` ON `stream_tickets` (`user_id`);--> statement-breakpoint
DROP INDEX `endpoints_owner`;--> statement-breakpoint
DROP INDEX `endpoints_created`;--> statement-breakpoint
ALTER TABLE `endpoints` ADD `kind` text DEFAULT 'webhook' NOT NULL;--> statement-breakpoint
CREATE INDEX `endpoints_of_owner` ON `endpoints` (`owner_id`);--> statement-breakpoint
CREATE INDEX `endpoints_owner` ON `endpoints` (`owner_id`,`created_at`,`id`) WHERE kind = 'webhook';--> statement-breakpoint
CREATE INDEX `endpoints_created` ON `endpoints` (`created_at`,`id`) WHERE kind = 'webhook';--> statement-breakpoint
CREATE INDEX `events_subject` ON `events` (`subject`,`instance`);--> statement-breakpoint
CREATE INDEX `events_channel` ON `events` (lower("data" ->> '$.video.channel.handle')) WHERE owner_id IS NULL AND "data" ->> '$.video.channel.handle' IS NOT NULL;
--> statement-breakpoint
-- The lists of feeds and consumers are counted; that of endpoints has those of people only.
CREATE TRIGGER `feeds_counted` AFTER INSERT ON `feeds` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('feeds', '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('feeds', NEW.`owner_id`, 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `feeds_uncounted` AFTER DELETE ON `feeds` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('feeds', '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('feeds', OLD.`owner_id`, -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
--> statement-breakpoint
CREATE TRIGGER `consumers_counted` AFTER INSERT ON `consumers` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('consumers', '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('consumers', NEW.`owner_id`, 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `consumers_uncounted` AFTER DELETE ON `consumers` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('consumers', '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('consumers', OLD.`owner_id`, -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
--> statement-breakpoint
DROP TRIGGER `endpoints_counted`;
--> statement-breakpoint
DROP TRIGGER `endpoints_uncounted`;
--> statement-breakpoint
CREATE TRIGGER `endpoints_counted` AFTER INSERT ON `endpoints` WHEN NEW.`kind` = 'webhook' BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('endpoints', '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('endpoints', NEW.`owner_id`, 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `endpoints_uncounted` AFTER DELETE ON `endpoints` WHEN OLD.`kind` = 'webhook' BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('endpoints', '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('endpoints', OLD.`owner_id`, -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
