-- Hunks of a task's work that its reviewer has seen, by what they are known by.
CREATE TABLE seen (
    task INTEGER NOT NULL REFERENCES tasks (id),
    mark TEXT NOT NULL,
    PRIMARY KEY (task, mark)
) STRICT, WITHOUT ROWID;
