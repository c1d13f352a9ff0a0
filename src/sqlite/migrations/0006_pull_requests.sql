-- What there is to say of a task's pull request, for people, and when it was asked about last.
ALTER TABLE tasks ADD COLUMN pr_said TEXT;
ALTER TABLE tasks ADD COLUMN pr_asked_at INTEGER;
