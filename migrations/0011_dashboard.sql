CREATE TABLE `delivery_hours` (
	`endpoint_id` text NOT NULL,
	`hour` integer NOT NULL,
	`delivered` integer NOT NULL,
	`failed` integer NOT NULL,
	`up_to_5` integer NOT NULL,
	`up_to_10` integer NOT NULL,
	`up_to_20` integer NOT NULL,
	`up_to_35` integer NOT NULL,
	`up_to_50` integer NOT NULL,
	`up_to_75` integer NOT NULL,
	`up_to_100` integer NOT NULL,
	`up_to_150` integer NOT NULL,
	`up_to_250` integer NOT NULL,
	`up_to_500` integer NOT NULL,
	`up_to_1000` integer NOT NULL,
	`up_to_2000` integer NOT NULL,
	`up_to_4000` integer NOT NULL,
	`up_to_8000` integer NOT NULL,
	`up_to_15000` integer NOT NULL,
	`longer` integer NOT NULL,
	PRIMARY KEY(`endpoint_id`, `hour`),
	FOREIGN KEY (`endpoint_id`) REFERENCES `endpoints`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `event_hours` (
	`owner_id` text NOT NULL,
	`hour` integer NOT NULL,
	`kind` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`owner_id`, `hour`, `kind`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `event_hours_hour` ON `event_hours` (`hour`);--> statement-breakpoint
CREATE TABLE `rollups` (
	`name` text PRIMARY KEY NOT NULL,
	`sequence` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sign_in_links` (
	`hash` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `sign_in_links_expires` ON `sign_in_links` (`expires_at`);--> statement-breakpoint
CREATE INDEX `sign_in_links_user` ON `sign_in_links` (`user_id`);--> statement-breakpoint
ALTER TABLE `sessions` ADD `superseded_hash` text;--> statement-breakpoint
CREATE INDEX `sessions_superseded` ON `sessions` (`superseded_hash`) WHERE superseded_hash IS NOT NULL;--> statement-breakpoint
CREATE INDEX `connections_expired` ON `connections` (`owner_id`,`updated_at`) WHERE state = 'expired';--> statement-breakpoint
CREATE INDEX `endpoints_troubled` ON `endpoints` (`owner_id`,`failing_since`) WHERE kind = 'webhook' AND (failing_since IS NOT NULL OR disabled_at IS NOT NULL);--> statement-breakpoint
CREATE INDEX `instances_failing` ON `instances` (`failing_since`) WHERE failing_since IS NOT NULL;