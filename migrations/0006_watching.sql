CREATE TABLE `comments` (
	`source_id` text NOT NULL,
	`id` integer NOT NULL,
	`thread_id` integer NOT NULL,
	`video_uuid` text NOT NULL,
	`created_at` integer NOT NULL,
	`data` text NOT NULL,
	`is_public` integer NOT NULL,
	`deleted_at` integer,
	PRIMARY KEY(`source_id`, `id`),
	FOREIGN KEY (`source_id`) REFERENCES `sources`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `comments_thread` ON `comments` (`source_id`,`thread_id`);--> statement-breakpoint
CREATE INDEX `comments_created` ON `comments` (`source_id`,`created_at`) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE TABLE `connections` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`instance_id` text NOT NULL,
	`username` text NOT NULL,
	`role` integer NOT NULL,
	`state` text DEFAULT 'active' NOT NULL,
	`tokens` text,
	`expires_at` integer NOT NULL,
	`refreshing_since` integer,
	`last_error` text,
	`created_at` integer NOT NULL,
	`updated_at` integer DEFAULT 0 NOT NULL,
	`revision` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`instance_id`) REFERENCES `instances`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `connections_account` ON `connections` (`owner_id`,`instance_id`,`username`);--> statement-breakpoint
CREATE INDEX `connections_owner` ON `connections` (`owner_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `connections_instance` ON `connections` (`instance_id`);--> statement-breakpoint
CREATE INDEX `connections_created` ON `connections` (`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `notifications` (
	`connection_id` text NOT NULL,
	`id` integer NOT NULL,
	`read` integer NOT NULL,
	PRIMARY KEY(`connection_id`, `id`),
	FOREIGN KEY (`connection_id`) REFERENCES `connections`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `threads` (
	`source_id` text NOT NULL,
	`id` integer NOT NULL,
	`video_uuid` text NOT NULL,
	`read_at` integer NOT NULL,
	`active_at` integer NOT NULL,
	`newest_id` integer NOT NULL,
	`replies` integer NOT NULL,
	PRIMARY KEY(`source_id`, `id`),
	FOREIGN KEY (`source_id`) REFERENCES `sources`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `threads_active` ON `threads` (`source_id`,`active_at`);--> statement-breakpoint
-- Known by source, no longer by instance. Nothing refers to this table, so that it can be made anew.
CREATE TABLE `new_videos` (
	`source_id` text NOT NULL,
	`uuid` text NOT NULL,
	`published_at` integer NOT NULL,
	`seen_at` integer NOT NULL,
	`state` text DEFAULT 'listed' NOT NULL,
	`data` text DEFAULT '' NOT NULL,
	`tags` text,
	`comments` integer,
	`comments_read` integer,
	`returns` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`source_id`, `uuid`),
	FOREIGN KEY (`source_id`) REFERENCES `sources`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `new_videos` (`source_id`, `uuid`, `published_at`, `seen_at`)
SELECT s.`id`, v.`uuid`, v.`published_at`, v.`seen_at` FROM `videos` v JOIN `sources` s ON s.`instance_id` = v.`instance_id`;--> statement-breakpoint
DROP TABLE `videos`;--> statement-breakpoint
ALTER TABLE `new_videos` RENAME TO `videos`;--> statement-breakpoint
CREATE INDEX `videos_listed` ON `videos` (`source_id`,`published_at`) WHERE state = 'listed';--> statement-breakpoint
CREATE INDEX `videos_unlisted` ON `videos` (`source_id`,`seen_at`) WHERE state <> 'listed';--> statement-breakpoint
CREATE INDEX `videos_unread_comments` ON `videos` (`source_id`) WHERE comments <> comments_read;--> statement-breakpoint
DROP INDEX `sources_instance_kind`;--> statement-breakpoint
ALTER TABLE `sources` ADD `target` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `sources` ADD `connection_id` text REFERENCES `connections`(`id`) ON DELETE cascade;--> statement-breakpoint
ALTER TABLE `sources` ADD `owner_id` text REFERENCES users(id);--> statement-breakpoint
ALTER TABLE `sources` ADD `max_delay_ms` integer;--> statement-breakpoint
ALTER TABLE `sources` ADD `due_reason` text DEFAULT 'new' NOT NULL;--> statement-breakpoint
ALTER TABLE `sources` ADD `rate` real DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `sources` ADD `method` text;--> statement-breakpoint
ALTER TABLE `sources` ADD `error_kind` text;--> statement-breakpoint
CREATE UNIQUE INDEX `sources_instance_kind_target` ON `sources` (`instance_id`,`kind`,`target`);--> statement-breakpoint
CREATE INDEX `sources_connection` ON `sources` (`connection_id`);--> statement-breakpoint
CREATE INDEX `sources_owner` ON `sources` (`owner_id`) WHERE owner_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `instances` ADD `failures` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `instances` ADD `failing_since` integer;--> statement-breakpoint
ALTER TABLE `instances` ADD `unreachable_at` integer;--> statement-breakpoint
ALTER TABLE `instances` ADD `moved_from` text;--> statement-breakpoint
-- Instances that were watched before get their comments read too.
INSERT INTO `sources` (`id`, `instance_id`, `kind`, `due_at`, `checkpoint`, `created_at`)
SELECT 'src_' || lower(hex(randomblob(12))), `instance_id`, 'comments', `due_at`, '{}', `created_at` FROM `sources` WHERE `kind` = 'videos';
--> statement-breakpoint
-- How many connections there are, everybody's and each owner's: see the other lists.
CREATE TRIGGER `connections_counted` AFTER INSERT ON `connections` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('connections', '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('connections', NEW.`owner_id`, 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `connections_uncounted` AFTER DELETE ON `connections` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('connections', '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('connections', OLD.`owner_id`, -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
