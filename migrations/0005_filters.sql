CREATE INDEX `audit_log_user` ON `audit_log` (`user_id`);--> statement-breakpoint
CREATE INDEX `audit_log_action` ON `audit_log` (`action`);--> statement-breakpoint
CREATE INDEX `audit_log_user_action` ON `audit_log` (`user_id`,`action`);--> statement-breakpoint
CREATE INDEX `users_state_username` ON `users` (`state`,`username`,`id`);
--> statement-breakpoint
-- By hand from here: how many users there are of each state, kept as the other totals are.
CREATE TRIGGER `users_state_counted` AFTER INSERT ON `users` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('users:' || NEW.`state`, '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
CREATE TRIGGER `users_state_uncounted` AFTER DELETE ON `users` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('users:' || OLD.`state`, '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); END;
--> statement-breakpoint
CREATE TRIGGER `users_state_moved` AFTER UPDATE OF `state` ON `users` WHEN NEW.`state` <> OLD.`state` BEGIN INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('users:' || OLD.`state`, '', -1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (-1); INSERT INTO `totals` (`list`, `owner_id`, `total`) VALUES ('users:' || NEW.`state`, '', 1) ON CONFLICT (`list`, `owner_id`) DO UPDATE SET `total` = `total` + (1); END;
--> statement-breakpoint
INSERT INTO `totals` (`list`, `owner_id`, `total`) SELECT 'users:' || `state`, '', count(*) FROM `users` GROUP BY `state`;
