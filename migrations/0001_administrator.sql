-- The owner of everything until there are accounts: the bearer of ADMIN_KEY. Role 0 is Administrator.
INSERT INTO `users` (`id`, `role`, `created_at`) VALUES ('usr_administrator', 0, 0);
