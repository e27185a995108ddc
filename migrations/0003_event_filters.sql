CREATE INDEX `events_owner` ON `events` (`owner_id`);--> statement-breakpoint
CREATE INDEX `events_type` ON `events` (`owner_id`,`type`);--> statement-breakpoint
CREATE INDEX `events_instance` ON `events` (`owner_id`,`instance`);--> statement-breakpoint
CREATE INDEX `events_instance_type` ON `events` (`owner_id`,`instance`,`type`);