ALTER TABLE `comments` ADD `public_text` text;--> statement-breakpoint
CREATE INDEX `comments_private` ON `comments` (`source_id`,`created_at`) WHERE is_public = 0 AND deleted_at IS NULL;