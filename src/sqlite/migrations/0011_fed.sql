-- What of a pull request its agent was sent back with already: the newest remark, the addresses of failed checks (a JSON
-- list), and how often nobody had asked for that.
ALTER TABLE tasks ADD COLUMN pr_fed_at INTEGER;
ALTER TABLE tasks ADD COLUMN pr_fed_checks TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(pr_fed_checks));
ALTER TABLE tasks ADD COLUMN pr_fed_times INTEGER NOT NULL DEFAULT 0;
