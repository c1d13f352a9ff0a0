-- Comments of a review, on lines of a task's work.
CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task INTEGER NOT NULL REFERENCES tasks (id),
    path TEXT NOT NULL,
    first INTEGER NOT NULL CHECK (first > 0),
    last INTEGER NOT NULL CHECK (last >= first),
    quote TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'sent', 'handled')),
    round INTEGER,
    made_at INTEGER NOT NULL
) STRICT;

CREATE INDEX comments_by_task ON comments (task, id);
