-- Where a dispatch that is undone leaves its task, if that is not in ready, and why the task was there.
ALTER TABLE attempts ADD COLUMN origin TEXT CHECK (origin IN ('review', 'failed'));
ALTER TABLE attempts ADD COLUMN origin_cause TEXT;
ALTER TABLE attempts ADD COLUMN origin_reason TEXT;
