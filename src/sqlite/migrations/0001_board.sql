-- Released: never edited, only followed by another file.
-- 0x676e6772 spells "gngr": tells a board from any other database.
PRAGMA application_id = 0x676e6772;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The oldest schema version whose programs may still write here.
INSERT INTO meta (key, value) VALUES ('min_writer', '1');

-- Written and emptied again to make the write-ahead log and the file grow ahead of need.
CREATE TABLE room (filler BLOB NOT NULL) STRICT;

CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL CHECK (title <> ''),
    prompt TEXT NOT NULL,
    repo TEXT NOT NULL,
    agent TEXT NOT NULL,
    base TEXT,
    priority INTEGER NOT NULL,
    batch INTEGER,
    files TEXT NOT NULL CHECK (json_valid(files)),
    verify TEXT NOT NULL CHECK (json_valid(verify)),
    timeout_ms INTEGER CHECK (timeout_ms >= 0),
    external_id TEXT,
    extra TEXT CHECK (json_valid(extra)),
    unsafe_mode INTEGER NOT NULL CHECK (unsafe_mode IN (0, 1)),
    status TEXT NOT NULL CHECK (status IN ('ready', 'in-progress', 'review', 'done', 'failed')),
    cause TEXT CHECK (cause IN (
        'ok', 'reported-failure', 'no-output', 'verify', 'verify-interrupted', 'setup', 'exit', 'signal', 'timeout',
        'agent-missing', 'cancelled', 'orphan-shim', 'orphan-server', 'orphan-reboot', 'orphan-terminated',
        'dispatcher-died', 'crash-loop', 'preflight', 'worktree', 'spawn')),
    reason TEXT,
    note TEXT,
    not_before INTEGER,
    orphans INTEGER NOT NULL DEFAULT 0 CHECK (orphans >= 0),
    archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
    deleted_at INTEGER,
    attempt TEXT REFERENCES attempts (id),
    pr_url TEXT,
    pr_number INTEGER,
    review_state TEXT,
    review_rounds INTEGER NOT NULL DEFAULT 0 CHECK (review_rounds >= 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- What runs is on the board.
    CHECK (status <> 'in-progress' OR (archived = 0 AND deleted_at IS NULL))
) STRICT;

CREATE INDEX tasks_by_repo ON tasks (repo) WHERE deleted_at IS NULL;
CREATE INDEX tasks_counted ON tasks (status)
    WHERE status IN ('in-progress', 'review', 'failed') AND archived = 0 AND deleted_at IS NULL;
CREATE UNIQUE INDEX tasks_by_external_id ON tasks (repo, external_id)
    WHERE external_id IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE task_after (
    task INTEGER NOT NULL REFERENCES tasks (id),
    needs INTEGER NOT NULL REFERENCES tasks (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (task, needs),
    CHECK (task <> needs)
) STRICT, WITHOUT ROWID;

CREATE INDEX task_after_needs ON task_after (needs);

CREATE TABLE attempts (
    id TEXT PRIMARY KEY NOT NULL,
    task INTEGER NOT NULL REFERENCES tasks (id),
    number INTEGER NOT NULL CHECK (number > 0),
    repo TEXT NOT NULL,
    agent TEXT NOT NULL,
    base TEXT NOT NULL,
    branch TEXT NOT NULL,
    worktree TEXT NOT NULL,
    adopts TEXT REFERENCES attempts (id),
    socket TEXT NOT NULL,
    session TEXT NOT NULL,
    title TEXT NOT NULL,
    prompt TEXT NOT NULL,
    verify TEXT NOT NULL CHECK (json_valid(verify)),
    timeout_ms INTEGER CHECK (timeout_ms >= 0),
    lock_path TEXT NOT NULL,
    saga_path TEXT NOT NULL,
    launch_path TEXT NOT NULL,
    prompt_path TEXT NOT NULL,
    exit_path TEXT NOT NULL,
    screen_path TEXT NOT NULL,
    log_path TEXT NOT NULL,
    token TEXT NOT NULL,
    -- The person's note that went into the prompt: given back if the task becomes ready again.
    note TEXT,
    phase TEXT NOT NULL CHECK (phase IN (
        'claimed', 'worktree', 'spawning', 'running', 'verifying', 'exited', 'revoked')),
    phase_since INTEGER NOT NULL,
    host TEXT NOT NULL,
    boot TEXT NOT NULL,
    dispatcher_pid INTEGER NOT NULL,
    dispatcher_start INTEGER NOT NULL,
    shim_pid INTEGER,
    shim_start INTEGER,
    agent_pid INTEGER,
    agent_start INTEGER,
    server_pid INTEGER,
    server_start INTEGER,
    pane TEXT,
    lock_device INTEGER,
    lock_inode INTEGER,
    stop_requested INTEGER NOT NULL DEFAULT 0 CHECK (stop_requested IN (0, 1)),
    agent_ended INTEGER NOT NULL DEFAULT 0 CHECK (agent_ended IN (0, 1)),
    claimed_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    exit_code INTEGER,
    exit_signal INTEGER,
    cause TEXT CHECK (cause IN (
        'ok', 'reported-failure', 'no-output', 'verify', 'verify-interrupted', 'setup', 'exit', 'signal', 'timeout',
        'agent-missing', 'cancelled', 'orphan-shim', 'orphan-server', 'orphan-reboot', 'orphan-terminated',
        'dispatcher-died', 'crash-loop', 'preflight', 'worktree', 'spawn')),
    kept TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(kept)),
    leftovers TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(leftovers)),
    cleaned INTEGER NOT NULL DEFAULT 0 CHECK (cleaned IN (0, 1)),
    UNIQUE (task, number),
    CHECK ((shim_pid IS NULL) = (shim_start IS NULL)),
    CHECK ((agent_pid IS NULL) = (agent_start IS NULL)),
    CHECK ((server_pid IS NULL) = (server_start IS NULL)),
    CHECK ((lock_device IS NULL) = (lock_inode IS NULL)),
    CHECK (exit_code IS NULL OR exit_signal IS NULL),
    CHECK (cleaned = 0 OR phase IN ('exited', 'revoked'))
) STRICT;

-- No twins: one attempt of a task may have, or may yet get, an agent.
CREATE UNIQUE INDEX attempts_live ON attempts (task) WHERE phase NOT IN ('exited', 'revoked');
CREATE INDEX attempts_unfinished ON attempts (cleaned) WHERE cleaned = 0;

CREATE TABLE trees (
    path TEXT PRIMARY KEY NOT NULL,
    repo TEXT NOT NULL,
    branch TEXT NOT NULL,
    base TEXT NOT NULL,
    owner TEXT NOT NULL REFERENCES attempts (id),
    task INTEGER NOT NULL REFERENCES tasks (id),
    state TEXT NOT NULL CHECK (state IN ('planned', 'present', 'parked', 'gone')),
    ran INTEGER NOT NULL DEFAULT 0 CHECK (ran IN (0, 1)),
    parked TEXT,
    made_at INTEGER NOT NULL,
    CHECK ((state = 'parked') <= (parked IS NOT NULL))
) STRICT;

CREATE INDEX trees_by_task ON trees (task);
CREATE INDEX trees_by_owner ON trees (owner);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    task INTEGER NOT NULL REFERENCES tasks (id),
    attempt TEXT REFERENCES attempts (id),
    was TEXT NOT NULL,
    became TEXT NOT NULL,
    who TEXT NOT NULL CHECK (who IN ('dispatcher', 'shim', 'agent', 'reconciler', 'person')),
    cause TEXT CHECK (cause IN (
        'ok', 'reported-failure', 'no-output', 'verify', 'verify-interrupted', 'setup', 'exit', 'signal', 'timeout',
        'agent-missing', 'cancelled', 'orphan-shim', 'orphan-server', 'orphan-reboot', 'orphan-terminated',
        'dispatcher-died', 'crash-loop', 'preflight', 'worktree', 'spawn')),
    evidence TEXT NOT NULL CHECK (json_valid(evidence))
) STRICT;

CREATE INDEX events_by_task ON events (task);

-- No ghosts: a task in progress has a live attempt of its own, whoever writes. So a claim inserts the attempt
-- first and then moves the task; everything else moves the task first and then ends the attempt.
CREATE TRIGGER tasks_no_ghost_insert AFTER INSERT ON tasks
WHEN NEW.status = 'in-progress' AND NOT EXISTS (
    SELECT 1 FROM attempts
    WHERE id = NEW.attempt AND task = NEW.id AND phase NOT IN ('exited', 'revoked'))
BEGIN
    SELECT RAISE(ABORT, 'ghost: in-progress needs a live attempt of this task');
END;

CREATE TRIGGER tasks_no_ghost_update AFTER UPDATE OF id, status, attempt ON tasks
WHEN NEW.status = 'in-progress' AND NOT EXISTS (
    SELECT 1 FROM attempts
    WHERE id = NEW.attempt AND task = NEW.id AND phase NOT IN ('exited', 'revoked'))
BEGIN
    SELECT RAISE(ABORT, 'ghost: in-progress needs a live attempt of this task');
END;

CREATE TRIGGER tasks_stay BEFORE DELETE ON tasks
WHEN OLD.status = 'in-progress' OR EXISTS (SELECT 1 FROM attempts WHERE task = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'a task with attempts is never removed');
END;

-- INSERT OR REPLACE would delete the old row without firing its triggers.
CREATE TRIGGER tasks_no_replace BEFORE INSERT ON tasks
WHEN EXISTS (SELECT 1 FROM tasks WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a task is never replaced');
END;

CREATE TRIGGER attempts_no_twin BEFORE INSERT ON attempts
WHEN EXISTS (SELECT 1 FROM attempts WHERE id = NEW.id OR (task = NEW.task AND number = NEW.number))
    OR (NEW.phase NOT IN ('exited', 'revoked')
        AND EXISTS (SELECT 1 FROM attempts WHERE task = NEW.task AND phase NOT IN ('exited', 'revoked')))
BEGIN
    SELECT RAISE(ABORT, 'twin: the task has such an attempt');
END;

CREATE TRIGGER attempts_keep_identity BEFORE UPDATE OF id, task, number ON attempts
BEGIN
    SELECT RAISE(ABORT, 'an attempt keeps its id, task and number');
END;

CREATE TRIGGER attempts_over_for_good BEFORE UPDATE OF phase ON attempts
WHEN OLD.phase IN ('exited', 'revoked') AND NEW.phase <> OLD.phase
BEGIN
    SELECT RAISE(ABORT, 'an attempt that is over stays so');
END;

CREATE TRIGGER attempts_no_ghost_update AFTER UPDATE OF phase ON attempts
WHEN NEW.phase IN ('exited', 'revoked') AND EXISTS (
    SELECT 1 FROM tasks WHERE id = NEW.task AND attempt = NEW.id AND status = 'in-progress')
BEGIN
    SELECT RAISE(ABORT, 'ghost: the task is in progress with this attempt');
END;

CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts
BEGIN
    SELECT RAISE(ABORT, 'an attempt is never removed');
END;

CREATE TRIGGER events_stay BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never changed');
END;
