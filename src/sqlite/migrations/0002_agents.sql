-- What an agent says of itself, and what is seen of it while it runs.
ALTER TABLE attempts ADD COLUMN activity TEXT CHECK (activity IN ('working', 'waiting', 'idle'));
-- On whose word: the agent's own report, its processes, or a guess from its screen.
ALTER TABLE attempts ADD COLUMN activity_by TEXT CHECK (activity_by IN ('agent', 'process', 'screen'));
ALTER TABLE attempts ADD COLUMN activity_since INTEGER;
-- What it asks, or said last.
ALTER TABLE attempts ADD COLUMN saying TEXT;
-- What of that it said by a verb of its own, which stands until its next turn.
ALTER TABLE attempts ADD COLUMN spoken TEXT CHECK (spoken IN ('question', 'remark', 'left question', 'left remark'));
-- When a usage limit ends.
ALTER TABLE attempts ADD COLUMN waits_until INTEGER;
-- The agent's own name for its conversation: what a retry resumes.
ALTER TABLE attempts ADD COLUMN conversation TEXT;
-- How it failed, for people and for the next attempt.
ALTER TABLE attempts ADD COLUMN failure TEXT;
-- The first of the ports that are its own while it lives.
ALTER TABLE attempts ADD COLUMN port INTEGER CHECK (port BETWEEN 1024 AND 65535);

CREATE UNIQUE INDEX attempts_port ON attempts (port) WHERE port IS NOT NULL AND phase NOT IN ('exited', 'revoked');

-- Which contents of a repository's own configuration a person has trusted.
CREATE TABLE trust (
    repo TEXT NOT NULL,
    hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (repo, hash)
) STRICT, WITHOUT ROWID;
