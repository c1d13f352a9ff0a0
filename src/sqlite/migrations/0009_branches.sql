-- A task may work on a branch that is there, which is the user's.
ALTER TABLE tasks ADD COLUMN branch TEXT;
ALTER TABLE trees ADD COLUMN given INTEGER NOT NULL DEFAULT 0 CHECK (given IN (0, 1));
