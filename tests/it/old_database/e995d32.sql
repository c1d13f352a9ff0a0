PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('identity','37fdd62edc5e3fc7d91f8e7acb9174bd');
INSERT INTO meta VALUES('min_writer','1');
INSERT INTO meta VALUES('state_dir','@WORLD@/state/ganger');
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
INSERT INTO tasks VALUES(1,'Every option',replace('Two lines,\n"quoted" & ünïcode','\n',char(10)),'@WORLD@/repo','shell','main',5,1,'["a.txt","b c.txt"]','["true","test -e a.txt"]',1800000,'gh-7',NULL,1,'ready',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,0,1795684901937,1795684901937);
INSERT INTO tasks VALUES(2,'Waits for another','','@WORLD@/repo','shell',NULL,0,2,'[]','[]',NULL,NULL,NULL,0,'ready',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,0,1795684901954,1795684901954);
INSERT INTO tasks VALUES(3,'Edited once','other words','@WORLD@/repo','shell',NULL,-3,NULL,'["x"]','[]',300000,NULL,NULL,0,'ready',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,0,1795684901970,1795684901985);
INSERT INTO tasks VALUES(4,'In review','echo work > work','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'review','ok','the agent finished',NULL,NULL,0,0,NULL,'01a21729-2495-73dc-bc7d-9ff30a8abf19',NULL,NULL,NULL,0,1795684901999,1795684902192);
INSERT INTO tasks VALUES(5,'Exit status','exit 3','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','exit','the agent failed: exit status 3',NULL,NULL,0,0,NULL,'01a21729-2621-70f7-a6de-c98efde110a5',NULL,NULL,NULL,0,1795684902408,1795684902549);
INSERT INTO tasks VALUES(6,'Killed','kill -9 $$','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','signal','the agent was killed by SIGKILL',NULL,NULL,0,0,NULL,'01a21729-284c-75d0-9916-a14a0fc0897e',NULL,NULL,NULL,0,1795684902946,1795684903109);
INSERT INTO tasks VALUES(7,'No output','true','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'review','ok','the agent finished',NULL,NULL,0,0,NULL,'01a21729-2a45-73c0-9ce2-232b2903c304',NULL,NULL,NULL,0,1795684903456,1795684903716);
INSERT INTO tasks VALUES(8,'No output, which counts','true','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','no-output','the agent exited 0 but changed nothing and reported nothing',NULL,NULL,0,0,NULL,'01a21729-2c2c-7356-a080-8a23da0940b0',NULL,NULL,NULL,0,1795684903965,1795684904061);
INSERT INTO tasks VALUES(9,'Verification fails','echo work > work','@WORLD@/repo','shell',NULL,0,NULL,'[]','["echo no; exit 1"]',NULL,NULL,NULL,0,'failed','verify','verification failed: `echo no; exit 1`: exit status 1',NULL,NULL,0,0,NULL,'01a21729-2d64-75a1-a526-73d5a007f89d',NULL,NULL,NULL,0,1795684904263,1795684904456);
INSERT INTO tasks VALUES(10,'Times out','while :; do sleep 1; done','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',1000,NULL,NULL,0,'failed','timeout','the agent ran past its timeout and was ended',NULL,NULL,0,0,NULL,'01a21729-2f8d-749a-bdd0-2b63e693d97c',NULL,NULL,NULL,0,1795684904803,1795684906004);
INSERT INTO tasks VALUES(11,'Says that it failed','"$GANGER_BIN" fail "nothing to be done"','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','reported-failure','nothing to be done',NULL,NULL,0,0,NULL,'01a21729-357e-717f-8fb2-0ef4981de36e',NULL,NULL,NULL,0,1795684906318,1795684906580);
INSERT INTO tasks VALUES(12,'No such agent program','exit 127','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','agent-missing','the agent could not be run: exit status 127',NULL,NULL,0,0,NULL,'01a21729-3781-77c0-a45e-0784b179f491',NULL,NULL,NULL,0,1795684906850,1795684907008);
INSERT INTO tasks VALUES(13,'No such base','','@WORLD@/repo','shell','nowhere',0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','preflight','@WORLD@/repo/.git: no commit is called "nowhere" (revspec ''nowhere'' not found); name another base, see `git branch --all`',NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,0,1795684907209,1795684907249);
INSERT INTO tasks VALUES(14,'Stopped','while :; do sleep 1; done','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','cancelled','stopped on request',NULL,NULL,0,0,NULL,'01a21729-393d-72b5-99c2-8b789c7ac95b',NULL,NULL,NULL,0,1795684907269,1795684907453);
INSERT INTO tasks VALUES(15,'Setup fails','true','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','setup','setup failed: `exit 7`: exit status 7',NULL,NULL,0,0,NULL,'01a21729-3ae1-763a-9a8d-4a6c597e925e',NULL,NULL,NULL,0,1795684907702,1795684907900);
INSERT INTO tasks VALUES(16,'Verified','echo work > work','@WORLD@/repo','shell',NULL,0,NULL,'[]','["true"]',NULL,NULL,NULL,0,'review','ok','verified',NULL,NULL,0,0,NULL,'01a21729-3ca5-77ce-a4be-110ccd312b4d',NULL,NULL,NULL,0,1795684908142,1795684908431);
INSERT INTO tasks VALUES(17,'Retried, in the same worktree and in a new one','echo work >> work; exit 1','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','exit','the agent failed: exit status 1',NULL,NULL,0,0,NULL,'01a21729-4329-76ac-8511-8046e28118c3',NULL,NULL,NULL,0,1795684908721,1795684910019);
INSERT INTO tasks VALUES(18,'Sent back','echo work >> work','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'review','ok','the agent finished',NULL,NULL,0,0,NULL,'01a21729-48d4-7659-aa2c-7bb3d85902b3',NULL,NULL,NULL,0,1795684910613,1795684911472);
INSERT INTO tasks VALUES(19,'Vanished','while :; do sleep 1; done','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'ready','orphan-shim','the agent vanished',NULL,1795684917111,1,0,NULL,'01a21729-4b1d-717b-bd00-8976e9f93a47',NULL,NULL,NULL,0,1795684911849,1795684912111);
INSERT INTO tasks VALUES(20,'Approved','echo work > work','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'done',NULL,NULL,NULL,NULL,0,0,NULL,'01a21729-4d19-7154-ad51-13ecfcdcd8fb',NULL,NULL,NULL,0,1795684912350,1795684913038);
INSERT INTO tasks VALUES(21,'Approved and reopened','echo work > work','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'review','ok','reopened',NULL,NULL,0,0,NULL,'01a21729-501d-72d6-acbb-b59c2a7f7917',NULL,NULL,NULL,0,1795684913136,1795684913755);
INSERT INTO tasks VALUES(22,'Approved, taken back','echo work > work','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'review','ok','the agent finished',NULL,NULL,0,0,NULL,'01a21729-52b6-741d-84ca-a37b12ec3551',NULL,NULL,NULL,0,1795684913789,1795684914178);
INSERT INTO tasks VALUES(23,'Queued again','exit 4','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'ready',NULL,NULL,NULL,NULL,0,0,NULL,'01a21729-5434-770d-8c29-b791985ca0e6',NULL,NULL,NULL,0,1795684914205,1795684914730);
INSERT INTO tasks VALUES(24,'Queued again, taken back','exit 4','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','exit','the agent failed: exit status 4',NULL,NULL,0,0,NULL,'01a21729-565f-72ff-8f91-911fbedc0050',NULL,NULL,NULL,0,1795684914753,1795684915092);
INSERT INTO tasks VALUES(25,'Archived','exit 4','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','exit','the agent failed: exit status 4',NULL,NULL,0,1,NULL,'01a21729-57db-7598-acef-7865718d5e21',NULL,NULL,NULL,0,1795684915124,1795684915667);
INSERT INTO tasks VALUES(26,'Archived and back','','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'ready',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,0,1795684915734,1795684915773);
INSERT INTO tasks VALUES(27,'Archived, taken back','','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'ready',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,0,1795684915815,1795684915854);
INSERT INTO tasks VALUES(28,'Removed','echo work > work; exit 1','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'failed','exit','the agent failed: exit status 1',NULL,NULL,0,0,1795684916562,'01a21729-5ad9-7164-8957-67d80d29d696',NULL,NULL,NULL,0,1795684915890,1795684916562);
INSERT INTO tasks VALUES(29,'Removed, taken back','','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'ready',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,0,1795684916614,1795684916647);
INSERT INTO tasks VALUES(30,'Works, and has asked','"$GANGER_BIN" note "half of it"; "$GANGER_BIN" ask "Keep it?"; while :; do sleep 1; done','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'in-progress',NULL,NULL,NULL,NULL,0,0,NULL,'01a21729-5de8-7215-89e8-ab95a6a2df7a',NULL,NULL,NULL,0,1795684916665,1795684916829);
INSERT INTO tasks VALUES(31,'Is verified','echo work > work','@WORLD@/repo','shell',NULL,0,NULL,'[]','["while :; do sleep 1; done"]',NULL,NULL,NULL,0,'in-progress',NULL,NULL,NULL,NULL,0,0,NULL,'01a21729-5fcc-7680-9f89-053457ec3b2c',NULL,NULL,NULL,0,1795684917167,1795684917332);
INSERT INTO tasks VALUES(32,'In review, its agent lives','echo work > work; "$GANGER_BIN" done; while :; do sleep 1; done','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'review','ok','the agent reported done',NULL,NULL,0,0,NULL,'01a21729-60d4-70e6-a241-32206bcc7a31',NULL,NULL,NULL,0,1795684917438,1795684917616);
INSERT INTO tasks VALUES(33,'Sent back to its agent','echo work > work; "$GANGER_BIN" done; read -r answer; echo "$answer" >> work; while :; do sleep 1; done','@WORLD@/repo','shell',NULL,0,NULL,'[]','[]',NULL,NULL,NULL,0,'in-progress',NULL,NULL,NULL,NULL,0,0,NULL,'01a21729-6232-706f-a0ce-75199b34dbc3',NULL,NULL,NULL,0,1795684917772,1795684918047);
CREATE TABLE task_after (
    task INTEGER NOT NULL REFERENCES tasks (id),
    needs INTEGER NOT NULL REFERENCES tasks (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (task, needs),
    CHECK (task <> needs)
) STRICT, WITHOUT ROWID;
INSERT INTO task_after VALUES(2,1,0);
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
    cleaned INTEGER NOT NULL DEFAULT 0 CHECK (cleaned IN (0, 1)), activity TEXT CHECK (activity IN ('working', 'waiting', 'idle')), activity_by TEXT CHECK (activity_by IN ('agent', 'process', 'screen')), activity_since INTEGER, saying TEXT, spoken TEXT CHECK (spoken IN ('question', 'remark', 'left question', 'left remark')), waits_until INTEGER, conversation TEXT, failure TEXT, port INTEGER CHECK (port BETWEEN 1024 AND 65535), may TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(may)), left_running TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(left_running)),
    UNIQUE (task, number),
    CHECK ((shim_pid IS NULL) = (shim_start IS NULL)),
    CHECK ((agent_pid IS NULL) = (agent_start IS NULL)),
    CHECK ((server_pid IS NULL) = (server_start IS NULL)),
    CHECK ((lock_device IS NULL) = (lock_inode IS NULL)),
    CHECK (exit_code IS NULL OR exit_signal IS NULL),
    CHECK (cleaned = 0 OR phase IN ('exited', 'revoked'))
) STRICT;
INSERT INTO attempts VALUES('01a21729-2495-73dc-bc7d-9ff30a8abf19',4,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/4-in-review','@WORLD@/data/ganger/worktrees/repo/4-in-review',NULL,'@WORLD@/tmux/tmux-0/default','ganger-4-in-review','In review','echo work > work','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-2495-73dc-bc7d-9ff30a8abf19.lock','@WORLD@/state/ganger/locks/saga-01a21729-2495-73dc-bc7d-9ff30a8abf19.lock','@WORLD@/state/ganger/launch/01a21729-2495-73dc-bc7d-9ff30a8abf19.json','@WORLD@/state/ganger/prompts/01a21729-2495-73dc-bc7d-9ff30a8abf19.txt','@WORLD@/state/ganger/exits/01a21729-2495-73dc-bc7d-9ff30a8abf19.exit','@WORLD@/state/ganger/screens/01a21729-2495-73dc-bc7d-9ff30a8abf19.txt','@WORLD@/state/ganger/logs/01a21729-2495-73dc-bc7d-9ff30a8abf19.log','bc7d9ff49b552cdcbc7d9ff5997ac45c',NULL,'exited',6260772,'elsewhere','another',13031,626058,13044,626068,13046,626069,13043,626067,'%0',65024,10306719,0,1,1795684902038,1795684902127,1795684902192,0,NULL,'ok','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-2621-70f7-a6de-c98efde110a5',5,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/5-exit-status','@WORLD@/data/ganger/worktrees/repo/5-exit-status',NULL,'@WORLD@/tmux/tmux-0/default','ganger-5-exit-status','Exit status','exit 3','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-2621-70f7-a6de-c98efde110a5.lock','@WORLD@/state/ganger/locks/saga-01a21729-2621-70f7-a6de-c98efde110a5.lock','@WORLD@/state/ganger/launch/01a21729-2621-70f7-a6de-c98efde110a5.json','@WORLD@/state/ganger/prompts/01a21729-2621-70f7-a6de-c98efde110a5.txt','@WORLD@/state/ganger/exits/01a21729-2621-70f7-a6de-c98efde110a5.exit','@WORLD@/state/ganger/screens/01a21729-2621-70f7-a6de-c98efde110a5.txt','@WORLD@/state/ganger/logs/01a21729-2621-70f7-a6de-c98efde110a5.log','a6dec98fca3a1ba3a6dec990baf0425e',NULL,'exited',6261129,'elsewhere','another',13077,626099,13088,626105,13092,626108,13043,626067,'%1',65024,10306740,0,1,1795684902434,1795684902512,1795684902549,3,NULL,'exit','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent failed: exit status 3',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-284c-75d0-9916-a14a0fc0897e',6,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/6-killed','@WORLD@/data/ganger/worktrees/repo/6-killed',NULL,'@WORLD@/tmux/tmux-0/default','ganger-6-killed','Killed','kill -9 $$','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-284c-75d0-9916-a14a0fc0897e.lock','@WORLD@/state/ganger/locks/saga-01a21729-284c-75d0-9916-a14a0fc0897e.lock','@WORLD@/state/ganger/launch/01a21729-284c-75d0-9916-a14a0fc0897e.json','@WORLD@/state/ganger/prompts/01a21729-284c-75d0-9916-a14a0fc0897e.txt','@WORLD@/state/ganger/exits/01a21729-284c-75d0-9916-a14a0fc0897e.exit','@WORLD@/state/ganger/screens/01a21729-284c-75d0-9916-a14a0fc0897e.txt','@WORLD@/state/ganger/logs/01a21729-284c-75d0-9916-a14a0fc0897e.log','922e746791422d67922e74687a0d3c2c',NULL,'exited',6261689,'elsewhere','another',13132,626154,13141,626162,13144,626164,13043,626067,'%2',65024,10306763,0,1,1795684902989,1795684903072,1795684903109,NULL,9,'signal','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent was killed by SIGKILL',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-2a45-73c0-9ce2-232b2903c304',7,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/7-no-output','@WORLD@/data/ganger/worktrees/repo/7-no-output',NULL,'@WORLD@/tmux/tmux-0/default','ganger-7-no-output','No output','true','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-2a45-73c0-9ce2-232b2903c304.lock','@WORLD@/state/ganger/locks/saga-01a21729-2a45-73c0-9ce2-232b2903c304.lock','@WORLD@/state/ganger/launch/01a21729-2a45-73c0-9ce2-232b2903c304.json','@WORLD@/state/ganger/prompts/01a21729-2a45-73c0-9ce2-232b2903c304.txt','@WORLD@/state/ganger/exits/01a21729-2a45-73c0-9ce2-232b2903c304.exit','@WORLD@/state/ganger/screens/01a21729-2a45-73c0-9ce2-232b2903c304.txt','@WORLD@/state/ganger/logs/01a21729-2a45-73c0-9ce2-232b2903c304.log','a09af1b4f91ff471a09af1b54e0f1b12',NULL,'exited',6262296,'elsewhere','another',13188,626204,13201,626215,13203,626218,13043,626067,'%3',65024,10306782,0,1,1795684903495,1795684903614,1795684903716,0,NULL,'ok','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-2c2c-7356-a080-8a23da0940b0',8,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/8-no-output-which-counts','@WORLD@/data/ganger/worktrees/repo/8-no-output-which-counts',NULL,'@WORLD@/tmux/tmux-0/default','ganger-8-no-output-which-counts','No output, which counts','true','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-2c2c-7356-a080-8a23da0940b0.lock','@WORLD@/state/ganger/locks/saga-01a21729-2c2c-7356-a080-8a23da0940b0.lock','@WORLD@/state/ganger/launch/01a21729-2c2c-7356-a080-8a23da0940b0.json','@WORLD@/state/ganger/prompts/01a21729-2c2c-7356-a080-8a23da0940b0.txt','@WORLD@/state/ganger/exits/01a21729-2c2c-7356-a080-8a23da0940b0.exit','@WORLD@/state/ganger/screens/01a21729-2c2c-7356-a080-8a23da0940b0.txt','@WORLD@/state/ganger/logs/01a21729-2c2c-7356-a080-8a23da0940b0.log','833777402ff18fc383377741208e9c97',NULL,'exited',6262641,'elsewhere','another',13245,626254,13258,626259,13261,626260,13043,626067,'%4',65024,10306801,0,1,1795684903983,1795684904025,1795684904061,0,NULL,'no-output','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent exited 0 but changed nothing and reported nothing',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-2d64-75a1-a526-73d5a007f89d',9,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/9-verification-fails','@WORLD@/data/ganger/worktrees/repo/9-verification-fails',NULL,'@WORLD@/tmux/tmux-0/default','ganger-9-verification-fails','Verification fails','echo work > work','["echo no; exit 1"]',NULL,'@WORLD@/state/ganger/locks/01a21729-2d64-75a1-a526-73d5a007f89d.lock','@WORLD@/state/ganger/locks/saga-01a21729-2d64-75a1-a526-73d5a007f89d.lock','@WORLD@/state/ganger/launch/01a21729-2d64-75a1-a526-73d5a007f89d.json','@WORLD@/state/ganger/prompts/01a21729-2d64-75a1-a526-73d5a007f89d.txt','@WORLD@/state/ganger/exits/01a21729-2d64-75a1-a526-73d5a007f89d.exit','@WORLD@/state/ganger/screens/01a21729-2d64-75a1-a526-73d5a007f89d.txt','@WORLD@/state/ganger/logs/01a21729-2d64-75a1-a526-73d5a007f89d.log','8fcbd3deb2a96f2d8fcbd3dfbd1487f7',NULL,'exited',6263036,'elsewhere','another',13285,626285,13293,626293,13295,626295,13043,626067,'%5',65024,10306820,0,1,1795684904294,1795684904376,1795684904456,0,NULL,'verify','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'verification failed: `echo no; exit 1`: exit status 1',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-2f8d-749a-bdd0-2b63e693d97c',10,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/10-times-out','@WORLD@/data/ganger/worktrees/repo/10-times-out',NULL,'@WORLD@/tmux/tmux-0/default','ganger-10-times-out','Times out','while :; do sleep 1; done','[]',1000,'@WORLD@/state/ganger/locks/01a21729-2f8d-749a-bdd0-2b63e693d97c.lock','@WORLD@/state/ganger/locks/saga-01a21729-2f8d-749a-bdd0-2b63e693d97c.lock','@WORLD@/state/ganger/launch/01a21729-2f8d-749a-bdd0-2b63e693d97c.json','@WORLD@/state/ganger/prompts/01a21729-2f8d-749a-bdd0-2b63e693d97c.txt','@WORLD@/state/ganger/exits/01a21729-2f8d-749a-bdd0-2b63e693d97c.exit','@WORLD@/state/ganger/screens/01a21729-2f8d-749a-bdd0-2b63e693d97c.txt','@WORLD@/state/ganger/logs/01a21729-2f8d-749a-bdd0-2b63e693d97c.log','874fb7ef7fadb653874fb7f04b4e472d',NULL,'exited',6264584,'elsewhere','another',13332,626340,13340,626351,13342,626354,13043,626067,'%6',65024,10306837,0,1,1795684904856,1795684904968,1795684906004,NULL,NULL,'timeout','[]','["13385 sleep"]',0,'working','process',1795684905972,NULL,NULL,NULL,NULL,'the agent ran past its timeout and was ended',20000,'[]','["13385 626455"]');
INSERT INTO attempts VALUES('01a21729-357e-717f-8fb2-0ef4981de36e',11,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/11-says-that-it-failed','@WORLD@/data/ganger/worktrees/repo/11-says-that-it-failed',NULL,'@WORLD@/tmux/tmux-0/default','ganger-11-says-that-it-failed','Says that it failed','"$GANGER_BIN" fail "nothing to be done"','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-357e-717f-8fb2-0ef4981de36e.lock','@WORLD@/state/ganger/locks/saga-01a21729-357e-717f-8fb2-0ef4981de36e.lock','@WORLD@/state/ganger/launch/01a21729-357e-717f-8fb2-0ef4981de36e.json','@WORLD@/state/ganger/prompts/01a21729-357e-717f-8fb2-0ef4981de36e.txt','@WORLD@/state/ganger/exits/01a21729-357e-717f-8fb2-0ef4981de36e.exit','@WORLD@/state/ganger/screens/01a21729-357e-717f-8fb2-0ef4981de36e.txt','@WORLD@/state/ganger/logs/01a21729-357e-717f-8fb2-0ef4981de36e.log','82b715b8896539d282b715b9bfe087ee',NULL,'exited',6265160,'elsewhere','another',13408,626490,13428,626503,13432,626506,13043,626067,'%7',65024,10306863,0,1,1795684906368,1795684906482,1795684906580,0,NULL,'reported-failure','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'nothing to be done',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-3781-77c0-a45e-0784b179f491',12,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/12-no-such-agent-program','@WORLD@/data/ganger/worktrees/repo/12-no-such-agent-program',NULL,'@WORLD@/tmux/tmux-0/default','ganger-12-no-such-agent-program','No such agent program','exit 127','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-3781-77c0-a45e-0784b179f491.lock','@WORLD@/state/ganger/locks/saga-01a21729-3781-77c0-a45e-0784b179f491.lock','@WORLD@/state/ganger/launch/01a21729-3781-77c0-a45e-0784b179f491.json','@WORLD@/state/ganger/prompts/01a21729-3781-77c0-a45e-0784b179f491.txt','@WORLD@/state/ganger/exits/01a21729-3781-77c0-a45e-0784b179f491.exit','@WORLD@/state/ganger/screens/01a21729-3781-77c0-a45e-0784b179f491.txt','@WORLD@/state/ganger/logs/01a21729-3781-77c0-a45e-0784b179f491.log','a29f6658c9deed47a29f66592c1157a8',NULL,'exited',6265588,'elsewhere','another',13473,626544,13483,626553,13484,626554,13043,626067,'%8',65024,10306882,0,1,1795684906883,1795684906972,1795684907008,127,NULL,'agent-missing','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent could not be run: exit status 127',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-393d-72b5-99c2-8b789c7ac95b',14,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/14-stopped','@WORLD@/data/ganger/worktrees/repo/14-stopped',NULL,'@WORLD@/tmux/tmux-0/default','ganger-14-stopped','Stopped','while :; do sleep 1; done','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-393d-72b5-99c2-8b789c7ac95b.lock','@WORLD@/state/ganger/locks/saga-01a21729-393d-72b5-99c2-8b789c7ac95b.lock','@WORLD@/state/ganger/launch/01a21729-393d-72b5-99c2-8b789c7ac95b.json','@WORLD@/state/ganger/prompts/01a21729-393d-72b5-99c2-8b789c7ac95b.txt','@WORLD@/state/ganger/exits/01a21729-393d-72b5-99c2-8b789c7ac95b.exit','@WORLD@/state/ganger/screens/01a21729-393d-72b5-99c2-8b789c7ac95b.txt','@WORLD@/state/ganger/logs/01a21729-393d-72b5-99c2-8b789c7ac95b.log','b05941470986a38db059414893a53b26',NULL,'exited',6266033,'elsewhere','another',13510,626586,13518,626597,13520,626599,13043,626067,'%9',65024,10306901,1,1,1795684907327,1795684907416,1795684907453,NULL,NULL,'cancelled','[]','["13521 sleep"]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'stopped on request',20000,'[]','["13521 626599"]');
INSERT INTO attempts VALUES('01a21729-3ae1-763a-9a8d-4a6c597e925e',15,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/15-setup-fails','@WORLD@/data/ganger/worktrees/repo/15-setup-fails',NULL,'@WORLD@/tmux/tmux-0/default','ganger-15-setup-fails','Setup fails','true','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-3ae1-763a-9a8d-4a6c597e925e.lock','@WORLD@/state/ganger/locks/saga-01a21729-3ae1-763a-9a8d-4a6c597e925e.lock','@WORLD@/state/ganger/launch/01a21729-3ae1-763a-9a8d-4a6c597e925e.json','@WORLD@/state/ganger/prompts/01a21729-3ae1-763a-9a8d-4a6c597e925e.txt','@WORLD@/state/ganger/exits/01a21729-3ae1-763a-9a8d-4a6c597e925e.exit','@WORLD@/state/ganger/screens/01a21729-3ae1-763a-9a8d-4a6c597e925e.txt','@WORLD@/state/ganger/logs/01a21729-3ae1-763a-9a8d-4a6c597e925e.log','acbf8f133908ebfcacbf8f141c647f1e',NULL,'exited',6266481,'elsewhere','another',13536,626629,13544,626640,NULL,NULL,13043,626067,'%10',65024,10306920,0,1,1795684907752,NULL,1795684907900,NULL,NULL,'setup','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'setup failed: `exit 7`: exit status 7',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-3ca5-77ce-a4be-110ccd312b4d',16,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/16-verified','@WORLD@/data/ganger/worktrees/repo/16-verified',NULL,'@WORLD@/tmux/tmux-0/default','ganger-16-verified','Verified','echo work > work','["true"]',NULL,'@WORLD@/state/ganger/locks/01a21729-3ca5-77ce-a4be-110ccd312b4d.lock','@WORLD@/state/ganger/locks/saga-01a21729-3ca5-77ce-a4be-110ccd312b4d.lock','@WORLD@/state/ganger/launch/01a21729-3ca5-77ce-a4be-110ccd312b4d.json','@WORLD@/state/ganger/prompts/01a21729-3ca5-77ce-a4be-110ccd312b4d.txt','@WORLD@/state/ganger/exits/01a21729-3ca5-77ce-a4be-110ccd312b4d.exit','@WORLD@/state/ganger/screens/01a21729-3ca5-77ce-a4be-110ccd312b4d.txt','@WORLD@/state/ganger/logs/01a21729-3ca5-77ce-a4be-110ccd312b4d.log','a32dc6b288d52a32a32dc6b33b48cad7',NULL,'exited',6267012,'elsewhere','another',13561,626673,13570,626688,13574,626690,13043,626067,'%11',65024,10306942,0,1,1795684908199,1795684908324,1795684908431,0,NULL,'ok','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-3ee9-7732-9c34-1e4903d61144',17,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/17-retried-in-the-same-worktree-and-in-a-ne','@WORLD@/data/ganger/worktrees/repo/17-retried-in-the-same-worktree-and-in-a-ne',NULL,'@WORLD@/tmux/tmux-0/default','ganger-17-retried-in-the-same-worktree-and-in-a-ne','Retried, in the same worktree and in a new one','echo work >> work; exit 1','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-3ee9-7732-9c34-1e4903d61144.lock','@WORLD@/state/ganger/locks/saga-01a21729-3ee9-7732-9c34-1e4903d61144.lock','@WORLD@/state/ganger/launch/01a21729-3ee9-7732-9c34-1e4903d61144.json','@WORLD@/state/ganger/prompts/01a21729-3ee9-7732-9c34-1e4903d61144.txt','@WORLD@/state/ganger/exits/01a21729-3ee9-7732-9c34-1e4903d61144.exit','@WORLD@/state/ganger/screens/01a21729-3ee9-7732-9c34-1e4903d61144.txt','@WORLD@/state/ganger/logs/01a21729-3ee9-7732-9c34-1e4903d61144.log','8855c9f2d704ef358855c9f3a31d0480',NULL,'exited',6267538,'elsewhere','another',13617,626731,13632,626744,13637,626748,13043,626067,'%12',65024,10306963,0,1,1795684908779,1795684908905,1795684908958,1,NULL,'exit','[]','[]',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent failed: exit status 1',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-413e-74e9-b7d4-d54dae759410',17,2,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/17-retried-in-the-same-worktree-and-in-a-ne','@WORLD@/data/ganger/worktrees/repo/17-retried-in-the-same-worktree-and-in-a-ne','01a21729-3ee9-7732-9c34-1e4903d61144','@WORLD@/tmux/tmux-0/default','ganger-17-retried-in-the-same-worktree-and-in-a-ne-2','Retried, in the same worktree and in a new one',replace('echo work >> work; exit 1\n\n# The last attempt failed: the agent failed: exit status 1.\n# \n# once more','\n',char(10)),'[]',NULL,'@WORLD@/state/ganger/locks/01a21729-413e-74e9-b7d4-d54dae759410.lock','@WORLD@/state/ganger/locks/saga-01a21729-413e-74e9-b7d4-d54dae759410.lock','@WORLD@/state/ganger/launch/01a21729-413e-74e9-b7d4-d54dae759410.json','@WORLD@/state/ganger/prompts/01a21729-413e-74e9-b7d4-d54dae759410.txt','@WORLD@/state/ganger/exits/01a21729-413e-74e9-b7d4-d54dae759410.exit','@WORLD@/state/ganger/screens/01a21729-413e-74e9-b7d4-d54dae759410.txt','@WORLD@/state/ganger/logs/01a21729-413e-74e9-b7d4-d54dae759410.log','aa815a6b06a33e08aa815a6c12a3a185','once more','exited',6268135,'elsewhere','another',13673,626792,13683,626805,13687,626810,13043,626067,'%13',65024,10306826,0,1,1795684909428,1795684909524,1795684909555,1,NULL,'exit','[]','[]',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent failed: exit status 1',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-4329-76ac-8511-8046e28118c3',17,3,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/17-retried-in-the-same-worktree-and-in-a-ne-3','@WORLD@/data/ganger/worktrees/repo/17-retried-in-the-same-worktree-and-in-a-ne-3',NULL,'@WORLD@/tmux/tmux-0/default','ganger-17-retried-in-the-same-worktree-and-in-a-ne-3','Retried, in the same worktree and in a new one',replace('echo work >> work; exit 1\n\n# The last attempt failed: the agent failed: exit status 1.','\n',char(10)),'[]',NULL,'@WORLD@/state/ganger/locks/01a21729-4329-76ac-8511-8046e28118c3.lock','@WORLD@/state/ganger/locks/saga-01a21729-4329-76ac-8511-8046e28118c3.lock','@WORLD@/state/ganger/launch/01a21729-4329-76ac-8511-8046e28118c3.json','@WORLD@/state/ganger/prompts/01a21729-4329-76ac-8511-8046e28118c3.txt','@WORLD@/state/ganger/exits/01a21729-4329-76ac-8511-8046e28118c3.exit','@WORLD@/state/ganger/screens/01a21729-4329-76ac-8511-8046e28118c3.txt','@WORLD@/state/ganger/logs/01a21729-4329-76ac-8511-8046e28118c3.log','8c2056aca56a57088c2056ad5b4ddfba',NULL,'exited',6268599,'elsewhere','another',13717,626842,13732,626852,13735,626855,13043,626067,'%14',65024,10306988,0,1,1795684909867,1795684909980,1795684910019,1,NULL,'exit','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent failed: exit status 1',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-463a-72a0-9ce8-43b137d3a9f9',18,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/18-sent-back','@WORLD@/data/ganger/worktrees/repo/18-sent-back',NULL,'@WORLD@/tmux/tmux-0/default','ganger-18-sent-back','Sent back','echo work >> work','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-463a-72a0-9ce8-43b137d3a9f9.lock','@WORLD@/state/ganger/locks/saga-01a21729-463a-72a0-9ce8-43b137d3a9f9.lock','@WORLD@/state/ganger/launch/01a21729-463a-72a0-9ce8-43b137d3a9f9.json','@WORLD@/state/ganger/prompts/01a21729-463a-72a0-9ce8-43b137d3a9f9.txt','@WORLD@/state/ganger/exits/01a21729-463a-72a0-9ce8-43b137d3a9f9.exit','@WORLD@/state/ganger/screens/01a21729-463a-72a0-9ce8-43b137d3a9f9.txt','@WORLD@/state/ganger/logs/01a21729-463a-72a0-9ce8-43b137d3a9f9.log','8eaff3a9a81626318eaff3aa32acea4e',NULL,'exited',6269412,'elsewhere','another',13793,626920,13806,626933,13808,626935,13043,626067,'%15',65024,10307015,0,1,1795684910659,1795684910779,1795684910832,0,NULL,'ok','[]','[]',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-48d4-7659-aa2c-7bb3d85902b3',18,2,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/18-sent-back','@WORLD@/data/ganger/worktrees/repo/18-sent-back','01a21729-463a-72a0-9ce8-43b137d3a9f9','@WORLD@/tmux/tmux-0/default','ganger-18-sent-back-2','Sent back',replace('echo work >> work\n\n# not good enough','\n',char(10)),'[]',NULL,'@WORLD@/state/ganger/locks/01a21729-48d4-7659-aa2c-7bb3d85902b3.lock','@WORLD@/state/ganger/locks/saga-01a21729-48d4-7659-aa2c-7bb3d85902b3.lock','@WORLD@/state/ganger/launch/01a21729-48d4-7659-aa2c-7bb3d85902b3.json','@WORLD@/state/ganger/prompts/01a21729-48d4-7659-aa2c-7bb3d85902b3.txt','@WORLD@/state/ganger/exits/01a21729-48d4-7659-aa2c-7bb3d85902b3.exit','@WORLD@/state/ganger/screens/01a21729-48d4-7659-aa2c-7bb3d85902b3.txt','@WORLD@/state/ganger/logs/01a21729-48d4-7659-aa2c-7bb3d85902b3.log','8b60c685506c36608b60c68660729fa8','not good enough','exited',6270052,'elsewhere','another',13830,626987,13834,626998,13837,627001,13043,626067,'%16',65024,10307029,0,1,1795684911350,1795684911441,1795684911472,0,NULL,'ok','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-4b1d-717b-bd00-8976e9f93a47',19,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/19-vanished','@WORLD@/data/ganger/worktrees/repo/19-vanished',NULL,'@WORLD@/tmux/tmux-0/default','ganger-19-vanished','Vanished','while :; do sleep 1; done','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-4b1d-717b-bd00-8976e9f93a47.lock','@WORLD@/state/ganger/locks/saga-01a21729-4b1d-717b-bd00-8976e9f93a47.lock','@WORLD@/state/ganger/launch/01a21729-4b1d-717b-bd00-8976e9f93a47.json','@WORLD@/state/ganger/prompts/01a21729-4b1d-717b-bd00-8976e9f93a47.txt','@WORLD@/state/ganger/exits/01a21729-4b1d-717b-bd00-8976e9f93a47.exit','@WORLD@/state/ganger/screens/01a21729-4b1d-717b-bd00-8976e9f93a47.txt','@WORLD@/state/ganger/logs/01a21729-4b1d-717b-bd00-8976e9f93a47.log','a88fa715f1f9734ca88fa7167728461f',NULL,'exited',6270691,'elsewhere','another',13877,627044,13891,627055,13894,627057,13043,626067,'%17',65024,10307046,0,1,1795684911903,1795684911996,1795684912111,NULL,NULL,'orphan-shim','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-4d19-7154-ad51-13ecfcdcd8fb',20,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/20-approved','@WORLD@/data/ganger/worktrees/repo/20-approved',NULL,'@WORLD@/tmux/tmux-0/default','ganger-20-approved','Approved','echo work > work','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-4d19-7154-ad51-13ecfcdcd8fb.lock','@WORLD@/state/ganger/locks/saga-01a21729-4d19-7154-ad51-13ecfcdcd8fb.lock','@WORLD@/state/ganger/launch/01a21729-4d19-7154-ad51-13ecfcdcd8fb.json','@WORLD@/state/ganger/prompts/01a21729-4d19-7154-ad51-13ecfcdcd8fb.txt','@WORLD@/state/ganger/exits/01a21729-4d19-7154-ad51-13ecfcdcd8fb.exit','@WORLD@/state/ganger/screens/01a21729-4d19-7154-ad51-13ecfcdcd8fb.txt','@WORLD@/state/ganger/logs/01a21729-4d19-7154-ad51-13ecfcdcd8fb.log','9d8bfe0447c5bbd49d8bfe0563e35924',NULL,'exited',6271196,'elsewhere','another',13935,627095,13949,627110,13953,627112,13043,626067,'%18',65024,10307064,0,1,1795684912416,1795684912552,1795684912616,0,NULL,'ok','[]','[]',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-501d-72d6-acbb-b59c2a7f7917',21,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/21-approved-and-reopened','@WORLD@/data/ganger/worktrees/repo/21-approved-and-reopened',NULL,'@WORLD@/tmux/tmux-0/default','ganger-21-approved-and-reopened','Approved and reopened','echo work > work','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-501d-72d6-acbb-b59c2a7f7917.lock','@WORLD@/state/ganger/locks/saga-01a21729-501d-72d6-acbb-b59c2a7f7917.lock','@WORLD@/state/ganger/launch/01a21729-501d-72d6-acbb-b59c2a7f7917.json','@WORLD@/state/ganger/prompts/01a21729-501d-72d6-acbb-b59c2a7f7917.txt','@WORLD@/state/ganger/exits/01a21729-501d-72d6-acbb-b59c2a7f7917.exit','@WORLD@/state/ganger/screens/01a21729-501d-72d6-acbb-b59c2a7f7917.txt','@WORLD@/state/ganger/logs/01a21729-501d-72d6-acbb-b59c2a7f7917.log','9b5a23d65e64557d9b5a23d7c8fd1a53',NULL,'exited',6271908,'elsewhere','another',14007,627173,14020,627183,14023,627185,13043,626067,'%19',65024,10307092,0,1,1795684913182,1795684913274,1795684913328,0,NULL,'ok','[]','[]',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-52b6-741d-84ca-a37b12ec3551',22,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/22-approved-taken-back','@WORLD@/data/ganger/worktrees/repo/22-approved-taken-back',NULL,'@WORLD@/tmux/tmux-0/default','ganger-22-approved-taken-back','Approved, taken back','echo work > work','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-52b6-741d-84ca-a37b12ec3551.lock','@WORLD@/state/ganger/locks/saga-01a21729-52b6-741d-84ca-a37b12ec3551.lock','@WORLD@/state/ganger/launch/01a21729-52b6-741d-84ca-a37b12ec3551.json','@WORLD@/state/ganger/prompts/01a21729-52b6-741d-84ca-a37b12ec3551.txt','@WORLD@/state/ganger/exits/01a21729-52b6-741d-84ca-a37b12ec3551.exit','@WORLD@/state/ganger/screens/01a21729-52b6-741d-84ca-a37b12ec3551.txt','@WORLD@/state/ganger/logs/01a21729-52b6-741d-84ca-a37b12ec3551.log','a403daff9a14cd45a403db004d903f88',NULL,'exited',6272580,'elsewhere','another',14075,627238,14091,627249,14093,627252,13043,626067,'%20',65024,10307112,0,1,1795684913853,1795684913947,1795684914000,0,NULL,'ok','[]','[]',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-5434-770d-8c29-b791985ca0e6',23,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/23-queued-again','@WORLD@/data/ganger/worktrees/repo/23-queued-again',NULL,'@WORLD@/tmux/tmux-0/default','ganger-23-queued-again','Queued again','exit 4','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-5434-770d-8c29-b791985ca0e6.lock','@WORLD@/state/ganger/locks/saga-01a21729-5434-770d-8c29-b791985ca0e6.lock','@WORLD@/state/ganger/launch/01a21729-5434-770d-8c29-b791985ca0e6.json','@WORLD@/state/ganger/prompts/01a21729-5434-770d-8c29-b791985ca0e6.txt','@WORLD@/state/ganger/exits/01a21729-5434-770d-8c29-b791985ca0e6.exit','@WORLD@/state/ganger/screens/01a21729-5434-770d-8c29-b791985ca0e6.txt','@WORLD@/state/ganger/logs/01a21729-5434-770d-8c29-b791985ca0e6.log','ae34147e92778a95ae34147fe7719d21',NULL,'exited',6272931,'elsewhere','another',14124,627278,14150,627287,14153,627290,13043,626067,'%21',65024,10306849,0,1,1795684914230,1795684914321,1795684914351,4,NULL,'exit','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent failed: exit status 4',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-565f-72ff-8f91-911fbedc0050',24,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/24-queued-again-taken-back','@WORLD@/data/ganger/worktrees/repo/24-queued-again-taken-back',NULL,'@WORLD@/tmux/tmux-0/default','ganger-24-queued-again-taken-back','Queued again, taken back','exit 4','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-565f-72ff-8f91-911fbedc0050.lock','@WORLD@/state/ganger/locks/saga-01a21729-565f-72ff-8f91-911fbedc0050.lock','@WORLD@/state/ganger/launch/01a21729-565f-72ff-8f91-911fbedc0050.json','@WORLD@/state/ganger/prompts/01a21729-565f-72ff-8f91-911fbedc0050.txt','@WORLD@/state/ganger/exits/01a21729-565f-72ff-8f91-911fbedc0050.exit','@WORLD@/state/ganger/screens/01a21729-565f-72ff-8f91-911fbedc0050.txt','@WORLD@/state/ganger/logs/01a21729-565f-72ff-8f91-911fbedc0050.log','923e21aadf27792c923e21ab6e51778e',NULL,'exited',6273465,'elsewhere','another',14194,627334,14206,627342,14209,627344,13043,626067,'%22',65024,10307156,0,1,1795684914785,1795684914866,1795684914885,4,NULL,'exit','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent failed: exit status 4',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-57db-7598-acef-7865718d5e21',25,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/25-archived','@WORLD@/data/ganger/worktrees/repo/25-archived',NULL,'@WORLD@/tmux/tmux-0/default','ganger-25-archived','Archived','exit 4','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-57db-7598-acef-7865718d5e21.lock','@WORLD@/state/ganger/locks/saga-01a21729-57db-7598-acef-7865718d5e21.lock','@WORLD@/state/ganger/launch/01a21729-57db-7598-acef-7865718d5e21.json','@WORLD@/state/ganger/prompts/01a21729-57db-7598-acef-7865718d5e21.txt','@WORLD@/state/ganger/exits/01a21729-57db-7598-acef-7865718d5e21.exit','@WORLD@/state/ganger/screens/01a21729-57db-7598-acef-7865718d5e21.txt','@WORLD@/state/ganger/logs/01a21729-57db-7598-acef-7865718d5e21.log','a251b77054d45809a251b771d738c7cd',NULL,'exited',6273910,'elsewhere','another',14243,627371,14265,627383,14271,627386,13043,626067,'%23',65024,10307181,0,1,1795684915166,1795684915286,1795684915330,4,NULL,'exit','[]','[]',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent failed: exit status 4',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-5ad9-7164-8957-67d80d29d696',28,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/28-removed','@WORLD@/data/ganger/worktrees/repo/28-removed',NULL,'@WORLD@/tmux/tmux-0/default','ganger-28-removed','Removed','echo work > work; exit 1','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-5ad9-7164-8957-67d80d29d696.lock','@WORLD@/state/ganger/locks/saga-01a21729-5ad9-7164-8957-67d80d29d696.lock','@WORLD@/state/ganger/launch/01a21729-5ad9-7164-8957-67d80d29d696.json','@WORLD@/state/ganger/prompts/01a21729-5ad9-7164-8957-67d80d29d696.txt','@WORLD@/state/ganger/exits/01a21729-5ad9-7164-8957-67d80d29d696.exit','@WORLD@/state/ganger/screens/01a21729-5ad9-7164-8957-67d80d29d696.txt','@WORLD@/state/ganger/logs/01a21729-5ad9-7164-8957-67d80d29d696.log','b6c6422fee6f4a5cb6c64230bba1da09',NULL,'exited',6274658,'elsewhere','another',14327,627447,14339,627458,14343,627461,13043,626067,'%24',65024,10306201,0,1,1795684915940,1795684916037,1795684916077,1,NULL,'exit','[]','[]',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'the agent failed: exit status 1',20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-5de8-7215-89e8-ab95a6a2df7a',30,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/30-works-and-has-asked','@WORLD@/data/ganger/worktrees/repo/30-works-and-has-asked',NULL,'@WORLD@/tmux/tmux-0/default','ganger-30-works-and-has-asked','Works, and has asked','"$GANGER_BIN" note "half of it"; "$GANGER_BIN" ask "Keep it?"; while :; do sleep 1; done','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-5de8-7215-89e8-ab95a6a2df7a.lock','@WORLD@/state/ganger/locks/saga-01a21729-5de8-7215-89e8-ab95a6a2df7a.lock','@WORLD@/state/ganger/launch/01a21729-5de8-7215-89e8-ab95a6a2df7a.json','@WORLD@/state/ganger/prompts/01a21729-5de8-7215-89e8-ab95a6a2df7a.txt','@WORLD@/state/ganger/exits/01a21729-5de8-7215-89e8-ab95a6a2df7a.exit','@WORLD@/state/ganger/screens/01a21729-5de8-7215-89e8-ab95a6a2df7a.txt','@WORLD@/state/ganger/logs/01a21729-5de8-7215-89e8-ab95a6a2df7a.log','a06def4bc10fc5aaa06def4c2f30732b',NULL,'running',6275392,'elsewhere','another',14414,627526,14432,627537,14437,627540,13043,626067,'%25',65024,10307229,0,0,1795684916714,1795684916829,NULL,NULL,NULL,NULL,'[]','[]',0,'waiting','agent',1795684916942,'of the user','remark',NULL,NULL,NULL,20000,'[]','[]');
INSERT INTO attempts VALUES('01a21729-5fcc-7680-9f89-053457ec3b2c',31,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/31-is-verified','@WORLD@/data/ganger/worktrees/repo/31-is-verified',NULL,'@WORLD@/tmux/tmux-0/default','ganger-31-is-verified','Is verified','echo work > work','["while :; do sleep 1; done"]',NULL,'@WORLD@/state/ganger/locks/01a21729-5fcc-7680-9f89-053457ec3b2c.lock','@WORLD@/state/ganger/locks/saga-01a21729-5fcc-7680-9f89-053457ec3b2c.lock','@WORLD@/state/ganger/launch/01a21729-5fcc-7680-9f89-053457ec3b2c.json','@WORLD@/state/ganger/prompts/01a21729-5fcc-7680-9f89-053457ec3b2c.txt','@WORLD@/state/ganger/exits/01a21729-5fcc-7680-9f89-053457ec3b2c.exit','@WORLD@/state/ganger/screens/01a21729-5fcc-7680-9f89-053457ec3b2c.txt','@WORLD@/state/ganger/logs/01a21729-5fcc-7680-9f89-053457ec3b2c.log','8c627959f135dc508c62795a7f4413ec',NULL,'verifying',6275912,'elsewhere','another',14481,627575,14494,627584,14498,627586,13043,626067,'%26',65024,10307247,0,1,1795684917199,1795684917288,NULL,0,NULL,NULL,'[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20010,'[]','[]');
INSERT INTO attempts VALUES('01a21729-60d4-70e6-a241-32206bcc7a31',32,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/32-in-review-its-agent-lives','@WORLD@/data/ganger/worktrees/repo/32-in-review-its-agent-lives',NULL,'@WORLD@/tmux/tmux-0/default','ganger-32-in-review-its-agent-lives','In review, its agent lives','echo work > work; "$GANGER_BIN" done; while :; do sleep 1; done','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-60d4-70e6-a241-32206bcc7a31.lock','@WORLD@/state/ganger/locks/saga-01a21729-60d4-70e6-a241-32206bcc7a31.lock','@WORLD@/state/ganger/launch/01a21729-60d4-70e6-a241-32206bcc7a31.json','@WORLD@/state/ganger/prompts/01a21729-60d4-70e6-a241-32206bcc7a31.txt','@WORLD@/state/ganger/exits/01a21729-60d4-70e6-a241-32206bcc7a31.exit','@WORLD@/state/ganger/screens/01a21729-60d4-70e6-a241-32206bcc7a31.txt','@WORLD@/state/ganger/logs/01a21729-60d4-70e6-a241-32206bcc7a31.log','854d8455729192e1854d8456e3b5f22a',NULL,'running',6276137,'elsewhere','another',14513,627602,14521,627612,14523,627615,13043,626067,'%27',65024,10307269,0,0,1795684917463,1795684917577,NULL,NULL,NULL,'ok','[]','[]',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20020,'[]','[]');
INSERT INTO attempts VALUES('01a21729-6232-706f-a0ce-75199b34dbc3',33,1,'@WORLD@/repo','shell','91a69deae657f0ccd766a11f9821ca3fdf43fe69','ganger/33-sent-back-to-its-agent','@WORLD@/data/ganger/worktrees/repo/33-sent-back-to-its-agent',NULL,'@WORLD@/tmux/tmux-0/default','ganger-33-sent-back-to-its-agent','Sent back to its agent','echo work > work; "$GANGER_BIN" done; read -r answer; echo "$answer" >> work; while :; do sleep 1; done','[]',NULL,'@WORLD@/state/ganger/locks/01a21729-6232-706f-a0ce-75199b34dbc3.lock','@WORLD@/state/ganger/locks/saga-01a21729-6232-706f-a0ce-75199b34dbc3.lock','@WORLD@/state/ganger/launch/01a21729-6232-706f-a0ce-75199b34dbc3.json','@WORLD@/state/ganger/prompts/01a21729-6232-706f-a0ce-75199b34dbc3.txt','@WORLD@/state/ganger/exits/01a21729-6232-706f-a0ce-75199b34dbc3.exit','@WORLD@/state/ganger/screens/01a21729-6232-706f-a0ce-75199b34dbc3.txt','@WORLD@/state/ganger/logs/01a21729-6232-706f-a0ce-75199b34dbc3.log','9cad2f315744d5a89cad2f320852d4f9',NULL,'running',6276484,'elsewhere','another',14536,627635,14553,627646,14557,627649,13043,626067,'%28',65024,10307288,0,0,1795684917813,1795684917918,NULL,NULL,NULL,'ok','[]','[]',0,'working','process',1795684918099,NULL,NULL,NULL,NULL,NULL,20030,'[]','[]');
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
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/4-in-review','@WORLD@/repo','ganger/4-in-review','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-2495-73dc-bc7d-9ff30a8abf19',4,'present',1,NULL,1795684902038);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/5-exit-status','@WORLD@/repo','ganger/5-exit-status','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-2621-70f7-a6de-c98efde110a5',5,'present',1,NULL,1795684902434);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/6-killed','@WORLD@/repo','ganger/6-killed','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-284c-75d0-9916-a14a0fc0897e',6,'present',1,NULL,1795684902989);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/7-no-output','@WORLD@/repo','ganger/7-no-output','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-2a45-73c0-9ce2-232b2903c304',7,'present',1,NULL,1795684903495);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/8-no-output-which-counts','@WORLD@/repo','ganger/8-no-output-which-counts','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-2c2c-7356-a080-8a23da0940b0',8,'present',1,NULL,1795684903983);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/9-verification-fails','@WORLD@/repo','ganger/9-verification-fails','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-2d64-75a1-a526-73d5a007f89d',9,'present',1,NULL,1795684904294);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/10-times-out','@WORLD@/repo','ganger/10-times-out','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-2f8d-749a-bdd0-2b63e693d97c',10,'present',1,NULL,1795684904856);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/11-says-that-it-failed','@WORLD@/repo','ganger/11-says-that-it-failed','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-357e-717f-8fb2-0ef4981de36e',11,'present',1,NULL,1795684906368);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/12-no-such-agent-program','@WORLD@/repo','ganger/12-no-such-agent-program','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-3781-77c0-a45e-0784b179f491',12,'present',1,NULL,1795684906883);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/14-stopped','@WORLD@/repo','ganger/14-stopped','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-393d-72b5-99c2-8b789c7ac95b',14,'present',1,NULL,1795684907327);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/15-setup-fails','@WORLD@/repo','ganger/15-setup-fails','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-3ae1-763a-9a8d-4a6c597e925e',15,'present',1,NULL,1795684907752);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/16-verified','@WORLD@/repo','ganger/16-verified','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-3ca5-77ce-a4be-110ccd312b4d',16,'present',1,NULL,1795684908199);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/17-retried-in-the-same-worktree-and-in-a-ne','@WORLD@/repo','ganger/17-retried-in-the-same-worktree-and-in-a-ne','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-413e-74e9-b7d4-d54dae759410',17,'parked',1,'@WORLD@/data/ganger/worktrees/.trash/01a21729-413e-74e9-b7d4-d54dae759410',1795684908779);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/17-retried-in-the-same-worktree-and-in-a-ne-3','@WORLD@/repo','ganger/17-retried-in-the-same-worktree-and-in-a-ne-3','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-4329-76ac-8511-8046e28118c3',17,'present',1,NULL,1795684909867);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/18-sent-back','@WORLD@/repo','ganger/18-sent-back','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-48d4-7659-aa2c-7bb3d85902b3',18,'present',1,NULL,1795684910659);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/19-vanished','@WORLD@/repo','ganger/19-vanished','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-4b1d-717b-bd00-8976e9f93a47',19,'present',1,NULL,1795684911903);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/20-approved','@WORLD@/repo','ganger/20-approved','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-4d19-7154-ad51-13ecfcdcd8fb',20,'present',1,NULL,1795684912416);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/21-approved-and-reopened','@WORLD@/repo','ganger/21-approved-and-reopened','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-501d-72d6-acbb-b59c2a7f7917',21,'present',1,NULL,1795684913182);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/22-approved-taken-back','@WORLD@/repo','ganger/22-approved-taken-back','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-52b6-741d-84ca-a37b12ec3551',22,'present',1,NULL,1795684913853);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/23-queued-again','@WORLD@/repo','ganger/23-queued-again','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-5434-770d-8c29-b791985ca0e6',23,'present',1,NULL,1795684914230);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/24-queued-again-taken-back','@WORLD@/repo','ganger/24-queued-again-taken-back','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-565f-72ff-8f91-911fbedc0050',24,'present',1,NULL,1795684914785);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/25-archived','@WORLD@/repo','ganger/25-archived','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-57db-7598-acef-7865718d5e21',25,'present',1,NULL,1795684915166);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/28-removed','@WORLD@/repo','ganger/28-removed','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-5ad9-7164-8957-67d80d29d696',28,'parked',1,'@WORLD@/data/ganger/worktrees/.trash/01a21729-5ad9-7164-8957-67d80d29d696',1795684915940);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/30-works-and-has-asked','@WORLD@/repo','ganger/30-works-and-has-asked','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-5de8-7215-89e8-ab95a6a2df7a',30,'present',1,NULL,1795684916714);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/31-is-verified','@WORLD@/repo','ganger/31-is-verified','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-5fcc-7680-9f89-053457ec3b2c',31,'present',1,NULL,1795684917199);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/32-in-review-its-agent-lives','@WORLD@/repo','ganger/32-in-review-its-agent-lives','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-60d4-70e6-a241-32206bcc7a31',32,'present',1,NULL,1795684917463);
INSERT INTO trees VALUES('@WORLD@/data/ganger/worktrees/repo/33-sent-back-to-its-agent','@WORLD@/repo','ganger/33-sent-back-to-its-agent','91a69deae657f0ccd766a11f9821ca3fdf43fe69','01a21729-6232-706f-a0ce-75199b34dbc3',33,'present',1,NULL,1795684917813);
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
INSERT INTO events VALUES(1,1795684901937,1,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(2,1795684901954,2,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(3,1795684901970,3,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(4,1795684901985,3,NULL,'ready','ready','person',NULL,'{"event":"edited","fields":"title, prompt, priority, files, timeout"}');
INSERT INTO events VALUES(5,1795684901999,4,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(6,1795684902038,4,'01a21729-2495-73dc-bc7d-9ff30a8abf19','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/4-in-review","worktree":"@WORLD@/data/ganger/worktrees/repo/4-in-review","session":"ganger-4-in-review"}');
INSERT INTO events VALUES(7,1795684902082,4,'01a21729-2495-73dc-bc7d-9ff30a8abf19','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(8,1795684902083,4,'01a21729-2495-73dc-bc7d-9ff30a8abf19','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(9,1795684902110,4,'01a21729-2495-73dc-bc7d-9ff30a8abf19','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13044@626068","server":"13043@626067","pane":"%0"}');
INSERT INTO events VALUES(10,1795684902127,4,'01a21729-2495-73dc-bc7d-9ff30a8abf19','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13046@626069"}');
INSERT INTO events VALUES(11,1795684902192,4,'01a21729-2495-73dc-bc7d-9ff30a8abf19','in-progress/running','review/exited','shim','ok','{"event":"agent ended","how":"exit status 0","tree":"changed"}');
INSERT INTO events VALUES(12,1795684902408,5,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(13,1795684902434,5,'01a21729-2621-70f7-a6de-c98efde110a5','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/5-exit-status","worktree":"@WORLD@/data/ganger/worktrees/repo/5-exit-status","session":"ganger-5-exit-status"}');
INSERT INTO events VALUES(14,1795684902465,5,'01a21729-2621-70f7-a6de-c98efde110a5','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(15,1795684902468,5,'01a21729-2621-70f7-a6de-c98efde110a5','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(16,1795684902489,5,'01a21729-2621-70f7-a6de-c98efde110a5','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13088@626105","server":"13043@626067","pane":"%1"}');
INSERT INTO events VALUES(17,1795684902512,5,'01a21729-2621-70f7-a6de-c98efde110a5','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13092@626108"}');
INSERT INTO events VALUES(18,1795684902549,5,'01a21729-2621-70f7-a6de-c98efde110a5','in-progress/running','failed/exited','shim','exit','{"event":"agent ended","how":"exit status 3","tree":"unknown"}');
INSERT INTO events VALUES(19,1795684902946,6,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(20,1795684902989,6,'01a21729-284c-75d0-9916-a14a0fc0897e','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/6-killed","worktree":"@WORLD@/data/ganger/worktrees/repo/6-killed","session":"ganger-6-killed"}');
INSERT INTO events VALUES(21,1795684903029,6,'01a21729-284c-75d0-9916-a14a0fc0897e','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(22,1795684903032,6,'01a21729-284c-75d0-9916-a14a0fc0897e','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(23,1795684903054,6,'01a21729-284c-75d0-9916-a14a0fc0897e','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13141@626162","server":"13043@626067","pane":"%2"}');
INSERT INTO events VALUES(24,1795684903072,6,'01a21729-284c-75d0-9916-a14a0fc0897e','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13144@626164"}');
INSERT INTO events VALUES(25,1795684903109,6,'01a21729-284c-75d0-9916-a14a0fc0897e','in-progress/running','failed/exited','shim','signal','{"event":"agent ended","how":"killed by signal 9","tree":"unknown"}');
INSERT INTO events VALUES(26,1795684903456,7,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(27,1795684903495,7,'01a21729-2a45-73c0-9ce2-232b2903c304','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/7-no-output","worktree":"@WORLD@/data/ganger/worktrees/repo/7-no-output","session":"ganger-7-no-output"}');
INSERT INTO events VALUES(28,1795684903561,7,'01a21729-2a45-73c0-9ce2-232b2903c304','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(29,1795684903562,7,'01a21729-2a45-73c0-9ce2-232b2903c304','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(30,1795684903589,7,'01a21729-2a45-73c0-9ce2-232b2903c304','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13201@626215","server":"13043@626067","pane":"%3"}');
INSERT INTO events VALUES(31,1795684903614,7,'01a21729-2a45-73c0-9ce2-232b2903c304','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13203@626218"}');
INSERT INTO events VALUES(32,1795684903716,7,'01a21729-2a45-73c0-9ce2-232b2903c304','in-progress/running','review/exited','shim','ok','{"event":"agent ended","how":"exit status 0","tree":"unchanged"}');
INSERT INTO events VALUES(33,1795684903965,8,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(34,1795684903983,8,'01a21729-2c2c-7356-a080-8a23da0940b0','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/8-no-output-which-counts","worktree":"@WORLD@/data/ganger/worktrees/repo/8-no-output-which-counts","session":"ganger-8-no-output-which-counts"}');
INSERT INTO events VALUES(35,1795684904006,8,'01a21729-2c2c-7356-a080-8a23da0940b0','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(36,1795684904008,8,'01a21729-2c2c-7356-a080-8a23da0940b0','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(37,1795684904019,8,'01a21729-2c2c-7356-a080-8a23da0940b0','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13258@626259","server":"13043@626067","pane":"%4"}');
INSERT INTO events VALUES(38,1795684904025,8,'01a21729-2c2c-7356-a080-8a23da0940b0','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13261@626260"}');
INSERT INTO events VALUES(39,1795684904061,8,'01a21729-2c2c-7356-a080-8a23da0940b0','in-progress/running','failed/exited','shim','no-output','{"event":"agent ended","how":"exit status 0","tree":"unchanged"}');
INSERT INTO events VALUES(40,1795684904263,9,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(41,1795684904294,9,'01a21729-2d64-75a1-a526-73d5a007f89d','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/9-verification-fails","worktree":"@WORLD@/data/ganger/worktrees/repo/9-verification-fails","session":"ganger-9-verification-fails"}');
INSERT INTO events VALUES(42,1795684904348,9,'01a21729-2d64-75a1-a526-73d5a007f89d','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(43,1795684904349,9,'01a21729-2d64-75a1-a526-73d5a007f89d','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(44,1795684904364,9,'01a21729-2d64-75a1-a526-73d5a007f89d','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13293@626293","server":"13043@626067","pane":"%5"}');
INSERT INTO events VALUES(45,1795684904376,9,'01a21729-2d64-75a1-a526-73d5a007f89d','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13295@626295"}');
INSERT INTO events VALUES(46,1795684904436,9,'01a21729-2d64-75a1-a526-73d5a007f89d','in-progress/running','in-progress/verifying','shim',NULL,'{"event":"agent ended","how":"exit status 0","tree":"changed"}');
INSERT INTO events VALUES(47,1795684904456,9,'01a21729-2d64-75a1-a526-73d5a007f89d','in-progress/verifying','failed/exited','shim','verify','{"event":"verification failed","reason":"`echo no; exit 1`: exit status 1"}');
INSERT INTO events VALUES(48,1795684904803,10,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(49,1795684904856,10,'01a21729-2f8d-749a-bdd0-2b63e693d97c','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/10-times-out","worktree":"@WORLD@/data/ganger/worktrees/repo/10-times-out","session":"ganger-10-times-out"}');
INSERT INTO events VALUES(50,1795684904921,10,'01a21729-2f8d-749a-bdd0-2b63e693d97c','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(51,1795684904923,10,'01a21729-2f8d-749a-bdd0-2b63e693d97c','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(52,1795684904947,10,'01a21729-2f8d-749a-bdd0-2b63e693d97c','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13340@626351","server":"13043@626067","pane":"%6"}');
INSERT INTO events VALUES(53,1795684904968,10,'01a21729-2f8d-749a-bdd0-2b63e693d97c','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13342@626354"}');
INSERT INTO events VALUES(54,1795684906004,10,'01a21729-2f8d-749a-bdd0-2b63e693d97c','in-progress/running','failed/exited','shim','timeout','{"event":"agent ended","how":"timed out","tree":"unknown"}');
INSERT INTO events VALUES(55,1795684906030,10,'01a21729-2f8d-749a-bdd0-2b63e693d97c','failed/exited','failed/exited','shim',NULL,'{"event":"leftovers","leftovers":"13385 sleep"}');
INSERT INTO events VALUES(56,1795684906318,11,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(57,1795684906368,11,'01a21729-357e-717f-8fb2-0ef4981de36e','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/11-says-that-it-failed","worktree":"@WORLD@/data/ganger/worktrees/repo/11-says-that-it-failed","session":"ganger-11-says-that-it-failed"}');
INSERT INTO events VALUES(58,1795684906424,11,'01a21729-357e-717f-8fb2-0ef4981de36e','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(59,1795684906433,11,'01a21729-357e-717f-8fb2-0ef4981de36e','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(60,1795684906464,11,'01a21729-357e-717f-8fb2-0ef4981de36e','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13428@626503","server":"13043@626067","pane":"%7"}');
INSERT INTO events VALUES(61,1795684906482,11,'01a21729-357e-717f-8fb2-0ef4981de36e','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13432@626506"}');
INSERT INTO events VALUES(62,1795684906506,11,'01a21729-357e-717f-8fb2-0ef4981de36e','in-progress/running','failed/running','agent','reported-failure','{"event":"reported failed","reason":"nothing to be done"}');
INSERT INTO events VALUES(63,1795684906580,11,'01a21729-357e-717f-8fb2-0ef4981de36e','failed/running','failed/exited','shim',NULL,'{"event":"agent ended","how":"exit status 0","tree":"unchanged"}');
INSERT INTO events VALUES(64,1795684906850,12,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(65,1795684906883,12,'01a21729-3781-77c0-a45e-0784b179f491','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/12-no-such-agent-program","worktree":"@WORLD@/data/ganger/worktrees/repo/12-no-such-agent-program","session":"ganger-12-no-such-agent-program"}');
INSERT INTO events VALUES(66,1795684906940,12,'01a21729-3781-77c0-a45e-0784b179f491','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(67,1795684906943,12,'01a21729-3781-77c0-a45e-0784b179f491','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(68,1795684906956,12,'01a21729-3781-77c0-a45e-0784b179f491','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13483@626553","server":"13043@626067","pane":"%8"}');
INSERT INTO events VALUES(69,1795684906972,12,'01a21729-3781-77c0-a45e-0784b179f491','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13484@626554"}');
INSERT INTO events VALUES(70,1795684907008,12,'01a21729-3781-77c0-a45e-0784b179f491','in-progress/running','failed/exited','shim','agent-missing','{"event":"agent ended","how":"exit status 127","tree":"unknown"}');
INSERT INTO events VALUES(71,1795684907209,13,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(72,1795684907249,13,NULL,'ready','failed','dispatcher','preflight','{"event":"preflight failed","reason":"@WORLD@/repo/.git: no commit is called \"nowhere\" (revspec ''nowhere'' not found); name another base, see `git branch --all`"}');
INSERT INTO events VALUES(73,1795684907269,14,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(74,1795684907327,14,'01a21729-393d-72b5-99c2-8b789c7ac95b','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/14-stopped","worktree":"@WORLD@/data/ganger/worktrees/repo/14-stopped","session":"ganger-14-stopped"}');
INSERT INTO events VALUES(75,1795684907383,14,'01a21729-393d-72b5-99c2-8b789c7ac95b','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(76,1795684907385,14,'01a21729-393d-72b5-99c2-8b789c7ac95b','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(77,1795684907403,14,'01a21729-393d-72b5-99c2-8b789c7ac95b','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13518@626597","server":"13043@626067","pane":"%9"}');
INSERT INTO events VALUES(78,1795684907416,14,'01a21729-393d-72b5-99c2-8b789c7ac95b','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13520@626599"}');
INSERT INTO events VALUES(79,1795684907438,14,'01a21729-393d-72b5-99c2-8b789c7ac95b','in-progress/running','in-progress/running','person',NULL,'{"event":"stop requested"}');
INSERT INTO events VALUES(80,1795684907453,14,'01a21729-393d-72b5-99c2-8b789c7ac95b','in-progress/running','failed/exited','shim','cancelled','{"event":"agent ended","how":"terminated by nobody known","tree":"unknown"}');
INSERT INTO events VALUES(81,1795684907480,14,'01a21729-393d-72b5-99c2-8b789c7ac95b','failed/exited','failed/exited','shim',NULL,'{"event":"leftovers","leftovers":"13521 sleep"}');
INSERT INTO events VALUES(82,1795684907702,15,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(83,1795684907752,15,'01a21729-3ae1-763a-9a8d-4a6c597e925e','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/15-setup-fails","worktree":"@WORLD@/data/ganger/worktrees/repo/15-setup-fails","session":"ganger-15-setup-fails"}');
INSERT INTO events VALUES(84,1795684907815,15,'01a21729-3ae1-763a-9a8d-4a6c597e925e','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(85,1795684907820,15,'01a21729-3ae1-763a-9a8d-4a6c597e925e','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(86,1795684907846,15,'01a21729-3ae1-763a-9a8d-4a6c597e925e','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13544@626640","server":"13043@626067","pane":"%10"}');
INSERT INTO events VALUES(87,1795684907900,15,'01a21729-3ae1-763a-9a8d-4a6c597e925e','in-progress/running','failed/exited','shim','setup','{"event":"agent ended","how":"setup failed: `exit 7`: exit status 7","tree":"unknown"}');
INSERT INTO events VALUES(88,1795684908142,16,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(89,1795684908199,16,'01a21729-3ca5-77ce-a4be-110ccd312b4d','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/16-verified","worktree":"@WORLD@/data/ganger/worktrees/repo/16-verified","session":"ganger-16-verified"}');
INSERT INTO events VALUES(90,1795684908281,16,'01a21729-3ca5-77ce-a4be-110ccd312b4d','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(91,1795684908292,16,'01a21729-3ca5-77ce-a4be-110ccd312b4d','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(92,1795684908315,16,'01a21729-3ca5-77ce-a4be-110ccd312b4d','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13570@626688","server":"13043@626067","pane":"%11"}');
INSERT INTO events VALUES(93,1795684908324,16,'01a21729-3ca5-77ce-a4be-110ccd312b4d','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13574@626690"}');
INSERT INTO events VALUES(94,1795684908409,16,'01a21729-3ca5-77ce-a4be-110ccd312b4d','in-progress/running','in-progress/verifying','shim',NULL,'{"event":"agent ended","how":"exit status 0","tree":"changed"}');
INSERT INTO events VALUES(95,1795684908431,16,'01a21729-3ca5-77ce-a4be-110ccd312b4d','in-progress/verifying','review/exited','shim','ok','{"event":"verified"}');
INSERT INTO events VALUES(96,1795684908721,17,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(97,1795684908779,17,'01a21729-3ee9-7732-9c34-1e4903d61144','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/17-retried-in-the-same-worktree-and-in-a-ne","worktree":"@WORLD@/data/ganger/worktrees/repo/17-retried-in-the-same-worktree-and-in-a-ne","session":"ganger-17-retried-in-the-same-worktree-and-in-a-ne"}');
INSERT INTO events VALUES(98,1795684908858,17,'01a21729-3ee9-7732-9c34-1e4903d61144','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(99,1795684908859,17,'01a21729-3ee9-7732-9c34-1e4903d61144','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(100,1795684908887,17,'01a21729-3ee9-7732-9c34-1e4903d61144','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13632@626744","server":"13043@626067","pane":"%12"}');
INSERT INTO events VALUES(101,1795684908905,17,'01a21729-3ee9-7732-9c34-1e4903d61144','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13637@626748"}');
INSERT INTO events VALUES(102,1795684908958,17,'01a21729-3ee9-7732-9c34-1e4903d61144','in-progress/running','failed/exited','shim','exit','{"event":"agent ended","how":"exit status 1","tree":"unknown"}');
INSERT INTO events VALUES(103,1795684909428,17,'01a21729-413e-74e9-b7d4-d54dae759410','failed/exited','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"2","branch":"ganger/17-retried-in-the-same-worktree-and-in-a-ne","worktree":"@WORLD@/data/ganger/worktrees/repo/17-retried-in-the-same-worktree-and-in-a-ne","session":"ganger-17-retried-in-the-same-worktree-and-in-a-ne-2","adopts":"01a21729-3ee9-7732-9c34-1e4903d61144"}');
INSERT INTO events VALUES(104,1795684909457,17,'01a21729-413e-74e9-b7d4-d54dae759410','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(105,1795684909463,17,'01a21729-413e-74e9-b7d4-d54dae759410','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(106,1795684909500,17,'01a21729-413e-74e9-b7d4-d54dae759410','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13683@626805","server":"13043@626067","pane":"%13"}');
INSERT INTO events VALUES(107,1795684909524,17,'01a21729-413e-74e9-b7d4-d54dae759410','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13687@626810"}');
INSERT INTO events VALUES(108,1795684909555,17,'01a21729-413e-74e9-b7d4-d54dae759410','in-progress/running','failed/exited','shim','exit','{"event":"agent ended","how":"exit status 1","tree":"unknown"}');
INSERT INTO events VALUES(109,1795684909567,17,'01a21729-3ee9-7732-9c34-1e4903d61144','failed/exited','failed/exited','reconciler',NULL,'{"event":"cleaned up"}');
INSERT INTO events VALUES(110,1795684909867,17,'01a21729-4329-76ac-8511-8046e28118c3','failed/exited','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"3","branch":"ganger/17-retried-in-the-same-worktree-and-in-a-ne-3","worktree":"@WORLD@/data/ganger/worktrees/repo/17-retried-in-the-same-worktree-and-in-a-ne-3","session":"ganger-17-retried-in-the-same-worktree-and-in-a-ne-3"}');
INSERT INTO events VALUES(111,1795684909917,17,'01a21729-4329-76ac-8511-8046e28118c3','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(112,1795684909936,17,'01a21729-4329-76ac-8511-8046e28118c3','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(113,1795684909968,17,'01a21729-4329-76ac-8511-8046e28118c3','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13732@626852","server":"13043@626067","pane":"%14"}');
INSERT INTO events VALUES(114,1795684909980,17,'01a21729-4329-76ac-8511-8046e28118c3','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13735@626855"}');
INSERT INTO events VALUES(115,1795684910019,17,'01a21729-4329-76ac-8511-8046e28118c3','in-progress/running','failed/exited','shim','exit','{"event":"agent ended","how":"exit status 1","tree":"unknown"}');
INSERT INTO events VALUES(116,1795684910041,17,'01a21729-413e-74e9-b7d4-d54dae759410','failed/exited','failed/exited','reconciler',NULL,'{"event":"cleaned up"}');
INSERT INTO events VALUES(117,1795684910268,17,'01a21729-413e-74e9-b7d4-d54dae759410','failed/exited','failed/exited','person',NULL,'{"event":"worktree parked","parked":"@WORLD@/data/ganger/worktrees/.trash/01a21729-413e-74e9-b7d4-d54dae759410"}');
INSERT INTO events VALUES(118,1795684910613,18,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(119,1795684910659,18,'01a21729-463a-72a0-9ce8-43b137d3a9f9','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/18-sent-back","worktree":"@WORLD@/data/ganger/worktrees/repo/18-sent-back","session":"ganger-18-sent-back"}');
INSERT INTO events VALUES(120,1795684910729,18,'01a21729-463a-72a0-9ce8-43b137d3a9f9','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(121,1795684910740,18,'01a21729-463a-72a0-9ce8-43b137d3a9f9','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(122,1795684910763,18,'01a21729-463a-72a0-9ce8-43b137d3a9f9','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13806@626933","server":"13043@626067","pane":"%15"}');
INSERT INTO events VALUES(123,1795684910779,18,'01a21729-463a-72a0-9ce8-43b137d3a9f9','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13808@626935"}');
INSERT INTO events VALUES(124,1795684910832,18,'01a21729-463a-72a0-9ce8-43b137d3a9f9','in-progress/running','review/exited','shim','ok','{"event":"agent ended","how":"exit status 0","tree":"changed"}');
INSERT INTO events VALUES(125,1795684911350,18,'01a21729-48d4-7659-aa2c-7bb3d85902b3','review/exited','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"2","branch":"ganger/18-sent-back","worktree":"@WORLD@/data/ganger/worktrees/repo/18-sent-back","session":"ganger-18-sent-back-2","adopts":"01a21729-463a-72a0-9ce8-43b137d3a9f9"}');
INSERT INTO events VALUES(126,1795684911387,18,'01a21729-48d4-7659-aa2c-7bb3d85902b3','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(127,1795684911392,18,'01a21729-48d4-7659-aa2c-7bb3d85902b3','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(128,1795684911411,18,'01a21729-48d4-7659-aa2c-7bb3d85902b3','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13834@626998","server":"13043@626067","pane":"%16"}');
INSERT INTO events VALUES(129,1795684911441,18,'01a21729-48d4-7659-aa2c-7bb3d85902b3','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13837@627001"}');
INSERT INTO events VALUES(130,1795684911472,18,'01a21729-48d4-7659-aa2c-7bb3d85902b3','in-progress/running','review/exited','shim','ok','{"event":"agent ended","how":"exit status 0","tree":"changed"}');
INSERT INTO events VALUES(131,1795684911504,18,'01a21729-463a-72a0-9ce8-43b137d3a9f9','review/exited','review/exited','reconciler',NULL,'{"event":"cleaned up"}');
INSERT INTO events VALUES(132,1795684911849,19,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(133,1795684911903,19,'01a21729-4b1d-717b-bd00-8976e9f93a47','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/19-vanished","worktree":"@WORLD@/data/ganger/worktrees/repo/19-vanished","session":"ganger-19-vanished"}');
INSERT INTO events VALUES(134,1795684911946,19,'01a21729-4b1d-717b-bd00-8976e9f93a47','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(135,1795684911952,19,'01a21729-4b1d-717b-bd00-8976e9f93a47','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(136,1795684911979,19,'01a21729-4b1d-717b-bd00-8976e9f93a47','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13891@627055","server":"13043@626067","pane":"%17"}');
INSERT INTO events VALUES(137,1795684911996,19,'01a21729-4b1d-717b-bd00-8976e9f93a47','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13894@627057"}');
INSERT INTO events VALUES(138,1795684912111,19,'01a21729-4b1d-717b-bd00-8976e9f93a47','in-progress/running','ready/exited','reconciler','orphan-shim','{"event":"agent ended","how":"its shim vanished","tree":"unknown","lock":"free","shim":"dead","agent":"dead","pane":"dead","saga":"missing"}');
INSERT INTO events VALUES(139,1795684912350,20,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(140,1795684912416,20,'01a21729-4d19-7154-ad51-13ecfcdcd8fb','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/20-approved","worktree":"@WORLD@/data/ganger/worktrees/repo/20-approved","session":"ganger-20-approved"}');
INSERT INTO events VALUES(141,1795684912491,20,'01a21729-4d19-7154-ad51-13ecfcdcd8fb','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(142,1795684912508,20,'01a21729-4d19-7154-ad51-13ecfcdcd8fb','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(143,1795684912536,20,'01a21729-4d19-7154-ad51-13ecfcdcd8fb','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"13949@627110","server":"13043@626067","pane":"%18"}');
INSERT INTO events VALUES(144,1795684912552,20,'01a21729-4d19-7154-ad51-13ecfcdcd8fb','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"13953@627112"}');
INSERT INTO events VALUES(145,1795684912616,20,'01a21729-4d19-7154-ad51-13ecfcdcd8fb','in-progress/running','review/exited','shim','ok','{"event":"agent ended","how":"exit status 0","tree":"changed"}');
INSERT INTO events VALUES(146,1795684913038,20,'01a21729-4d19-7154-ad51-13ecfcdcd8fb','review/exited','done/exited','person',NULL,'{"event":"approved","was_cause":"ok","was_reason":"the agent finished"}');
INSERT INTO events VALUES(147,1795684913106,20,'01a21729-4d19-7154-ad51-13ecfcdcd8fb','done/exited','done/exited','reconciler',NULL,'{"event":"cleaned up"}');
INSERT INTO events VALUES(148,1795684913136,21,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(149,1795684913182,21,'01a21729-501d-72d6-acbb-b59c2a7f7917','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/21-approved-and-reopened","worktree":"@WORLD@/data/ganger/worktrees/repo/21-approved-and-reopened","session":"ganger-21-approved-and-reopened"}');
INSERT INTO events VALUES(150,1795684913235,21,'01a21729-501d-72d6-acbb-b59c2a7f7917','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(151,1795684913241,21,'01a21729-501d-72d6-acbb-b59c2a7f7917','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(152,1795684913258,21,'01a21729-501d-72d6-acbb-b59c2a7f7917','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"14020@627183","server":"13043@626067","pane":"%19"}');
INSERT INTO events VALUES(153,1795684913274,21,'01a21729-501d-72d6-acbb-b59c2a7f7917','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"14023@627185"}');
INSERT INTO events VALUES(154,1795684913328,21,'01a21729-501d-72d6-acbb-b59c2a7f7917','in-progress/running','review/exited','shim','ok','{"event":"agent ended","how":"exit status 0","tree":"changed"}');
INSERT INTO events VALUES(155,1795684913674,21,'01a21729-501d-72d6-acbb-b59c2a7f7917','review/exited','done/exited','person',NULL,'{"event":"approved","was_cause":"ok","was_reason":"the agent finished"}');
INSERT INTO events VALUES(156,1795684913734,21,'01a21729-501d-72d6-acbb-b59c2a7f7917','done/exited','done/exited','reconciler',NULL,'{"event":"cleaned up"}');
INSERT INTO events VALUES(157,1795684913755,21,'01a21729-501d-72d6-acbb-b59c2a7f7917','done/exited','review/exited','person',NULL,'{"event":"reopened"}');
INSERT INTO events VALUES(158,1795684913789,22,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(159,1795684913853,22,'01a21729-52b6-741d-84ca-a37b12ec3551','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/22-approved-taken-back","worktree":"@WORLD@/data/ganger/worktrees/repo/22-approved-taken-back","session":"ganger-22-approved-taken-back"}');
INSERT INTO events VALUES(160,1795684913901,22,'01a21729-52b6-741d-84ca-a37b12ec3551','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(161,1795684913904,22,'01a21729-52b6-741d-84ca-a37b12ec3551','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(162,1795684913930,22,'01a21729-52b6-741d-84ca-a37b12ec3551','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"14091@627249","server":"13043@626067","pane":"%20"}');
INSERT INTO events VALUES(163,1795684913947,22,'01a21729-52b6-741d-84ca-a37b12ec3551','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"14093@627252"}');
INSERT INTO events VALUES(164,1795684914000,22,'01a21729-52b6-741d-84ca-a37b12ec3551','in-progress/running','review/exited','shim','ok','{"event":"agent ended","how":"exit status 0","tree":"changed"}');
INSERT INTO events VALUES(165,1795684914137,22,'01a21729-52b6-741d-84ca-a37b12ec3551','review/exited','done/exited','person',NULL,'{"event":"approved","was_cause":"ok","was_reason":"the agent finished"}');
INSERT INTO events VALUES(166,1795684914162,22,'01a21729-52b6-741d-84ca-a37b12ec3551','done/exited','done/exited','reconciler',NULL,'{"event":"cleaned up"}');
INSERT INTO events VALUES(167,1795684914178,22,'01a21729-52b6-741d-84ca-a37b12ec3551','done/exited','review/exited','person',NULL,'{"event":"reopened","undoes":"165"}');
INSERT INTO events VALUES(168,1795684914205,23,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(169,1795684914230,23,'01a21729-5434-770d-8c29-b791985ca0e6','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/23-queued-again","worktree":"@WORLD@/data/ganger/worktrees/repo/23-queued-again","session":"ganger-23-queued-again"}');
INSERT INTO events VALUES(170,1795684914281,23,'01a21729-5434-770d-8c29-b791985ca0e6','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(171,1795684914283,23,'01a21729-5434-770d-8c29-b791985ca0e6','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(172,1795684914304,23,'01a21729-5434-770d-8c29-b791985ca0e6','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"14150@627287","server":"13043@626067","pane":"%21"}');
INSERT INTO events VALUES(173,1795684914321,23,'01a21729-5434-770d-8c29-b791985ca0e6','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"14153@627290"}');
INSERT INTO events VALUES(174,1795684914351,23,'01a21729-5434-770d-8c29-b791985ca0e6','in-progress/running','failed/exited','shim','exit','{"event":"agent ended","how":"exit status 4","tree":"unknown"}');
INSERT INTO events VALUES(175,1795684914730,23,'01a21729-5434-770d-8c29-b791985ca0e6','failed/exited','ready/exited','person',NULL,'{"event":"requeued","was_cause":"exit","was_reason":"the agent failed: exit status 4"}');
INSERT INTO events VALUES(176,1795684914753,24,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(177,1795684914785,24,'01a21729-565f-72ff-8f91-911fbedc0050','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/24-queued-again-taken-back","worktree":"@WORLD@/data/ganger/worktrees/repo/24-queued-again-taken-back","session":"ganger-24-queued-again-taken-back"}');
INSERT INTO events VALUES(178,1795684914837,24,'01a21729-565f-72ff-8f91-911fbedc0050','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(179,1795684914839,24,'01a21729-565f-72ff-8f91-911fbedc0050','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(180,1795684914860,24,'01a21729-565f-72ff-8f91-911fbedc0050','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"14206@627342","server":"13043@626067","pane":"%22"}');
INSERT INTO events VALUES(181,1795684914866,24,'01a21729-565f-72ff-8f91-911fbedc0050','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"14209@627344"}');
INSERT INTO events VALUES(182,1795684914885,24,'01a21729-565f-72ff-8f91-911fbedc0050','in-progress/running','failed/exited','shim','exit','{"event":"agent ended","how":"exit status 4","tree":"unknown"}');
INSERT INTO events VALUES(183,1795684915081,24,'01a21729-565f-72ff-8f91-911fbedc0050','failed/exited','ready/exited','person',NULL,'{"event":"requeued","was_cause":"exit","was_reason":"the agent failed: exit status 4"}');
INSERT INTO events VALUES(184,1795684915092,24,'01a21729-565f-72ff-8f91-911fbedc0050','ready/exited','failed/exited','person','exit','{"event":"given back as failed","undoes":"183"}');
INSERT INTO events VALUES(185,1795684915124,25,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(186,1795684915166,25,'01a21729-57db-7598-acef-7865718d5e21','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/25-archived","worktree":"@WORLD@/data/ganger/worktrees/repo/25-archived","session":"ganger-25-archived"}');
INSERT INTO events VALUES(187,1795684915240,25,'01a21729-57db-7598-acef-7865718d5e21','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(188,1795684915242,25,'01a21729-57db-7598-acef-7865718d5e21','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(189,1795684915265,25,'01a21729-57db-7598-acef-7865718d5e21','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"14265@627383","server":"13043@626067","pane":"%23"}');
INSERT INTO events VALUES(190,1795684915286,25,'01a21729-57db-7598-acef-7865718d5e21','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"14271@627386"}');
INSERT INTO events VALUES(191,1795684915330,25,'01a21729-57db-7598-acef-7865718d5e21','in-progress/running','failed/exited','shim','exit','{"event":"agent ended","how":"exit status 4","tree":"unknown"}');
INSERT INTO events VALUES(192,1795684915667,25,'01a21729-57db-7598-acef-7865718d5e21','failed/exited','failed/exited','person',NULL,'{"event":"archived"}');
INSERT INTO events VALUES(193,1795684915715,25,'01a21729-57db-7598-acef-7865718d5e21','failed/exited','failed/exited','reconciler',NULL,'{"event":"cleaned up"}');
INSERT INTO events VALUES(194,1795684915734,26,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(195,1795684915755,26,NULL,'ready','ready','person',NULL,'{"event":"archived"}');
INSERT INTO events VALUES(196,1795684915773,26,NULL,'ready','ready','person',NULL,'{"event":"unarchived"}');
INSERT INTO events VALUES(197,1795684915815,27,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(198,1795684915836,27,NULL,'ready','ready','person',NULL,'{"event":"archived"}');
INSERT INTO events VALUES(199,1795684915854,27,NULL,'ready','ready','person',NULL,'{"event":"unarchived","undoes":"198"}');
INSERT INTO events VALUES(200,1795684915890,28,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(201,1795684915940,28,'01a21729-5ad9-7164-8957-67d80d29d696','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/28-removed","worktree":"@WORLD@/data/ganger/worktrees/repo/28-removed","session":"ganger-28-removed"}');
INSERT INTO events VALUES(202,1795684915993,28,'01a21729-5ad9-7164-8957-67d80d29d696','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(203,1795684915994,28,'01a21729-5ad9-7164-8957-67d80d29d696','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(204,1795684916017,28,'01a21729-5ad9-7164-8957-67d80d29d696','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"14339@627458","server":"13043@626067","pane":"%24"}');
INSERT INTO events VALUES(205,1795684916037,28,'01a21729-5ad9-7164-8957-67d80d29d696','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"14343@627461"}');
INSERT INTO events VALUES(206,1795684916077,28,'01a21729-5ad9-7164-8957-67d80d29d696','in-progress/running','failed/exited','shim','exit','{"event":"agent ended","how":"exit status 1","tree":"unknown"}');
INSERT INTO events VALUES(207,1795684916558,28,'01a21729-5ad9-7164-8957-67d80d29d696','failed/exited','failed/exited','person',NULL,'{"event":"worktree parked","parked":"@WORLD@/data/ganger/worktrees/.trash/01a21729-5ad9-7164-8957-67d80d29d696"}');
INSERT INTO events VALUES(208,1795684916562,28,'01a21729-5ad9-7164-8957-67d80d29d696','failed/exited','failed/exited','person',NULL,'{"event":"deleted"}');
INSERT INTO events VALUES(209,1795684916596,28,'01a21729-5ad9-7164-8957-67d80d29d696','','','reconciler',NULL,'{"event":"cleaned up"}');
INSERT INTO events VALUES(210,1795684916614,29,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(211,1795684916632,29,NULL,'ready','ready','person',NULL,'{"event":"deleted"}');
INSERT INTO events VALUES(212,1795684916647,29,NULL,'ready','ready','person',NULL,'{"event":"undeleted","undoes":"211"}');
INSERT INTO events VALUES(213,1795684916665,30,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(214,1795684916714,30,'01a21729-5de8-7215-89e8-ab95a6a2df7a','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/30-works-and-has-asked","worktree":"@WORLD@/data/ganger/worktrees/repo/30-works-and-has-asked","session":"ganger-30-works-and-has-asked"}');
INSERT INTO events VALUES(215,1795684916786,30,'01a21729-5de8-7215-89e8-ab95a6a2df7a','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(216,1795684916790,30,'01a21729-5de8-7215-89e8-ab95a6a2df7a','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(217,1795684916812,30,'01a21729-5de8-7215-89e8-ab95a6a2df7a','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"14432@627537","server":"13043@626067","pane":"%25"}');
INSERT INTO events VALUES(218,1795684916829,30,'01a21729-5de8-7215-89e8-ab95a6a2df7a','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"14437@627540"}');
INSERT INTO events VALUES(219,1795684916883,30,'01a21729-5de8-7215-89e8-ab95a6a2df7a','in-progress/running','in-progress/running','agent',NULL,'{"event":"remark","text":"half of it"}');
INSERT INTO events VALUES(220,1795684916942,30,'01a21729-5de8-7215-89e8-ab95a6a2df7a','in-progress/running','in-progress/running','agent',NULL,'{"event":"question","text":"Keep it?"}');
INSERT INTO events VALUES(221,1795684917126,30,'01a21729-5de8-7215-89e8-ab95a6a2df7a','in-progress/running','in-progress/running','person',NULL,'{"event":"remark","text":"of the user"}');
INSERT INTO events VALUES(222,1795684917167,31,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(223,1795684917199,31,'01a21729-5fcc-7680-9f89-053457ec3b2c','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/31-is-verified","worktree":"@WORLD@/data/ganger/worktrees/repo/31-is-verified","session":"ganger-31-is-verified"}');
INSERT INTO events VALUES(224,1795684917253,31,'01a21729-5fcc-7680-9f89-053457ec3b2c','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(225,1795684917255,31,'01a21729-5fcc-7680-9f89-053457ec3b2c','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(226,1795684917273,31,'01a21729-5fcc-7680-9f89-053457ec3b2c','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"14494@627584","server":"13043@626067","pane":"%26"}');
INSERT INTO events VALUES(227,1795684917288,31,'01a21729-5fcc-7680-9f89-053457ec3b2c','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"14498@627586"}');
INSERT INTO events VALUES(228,1795684917332,31,'01a21729-5fcc-7680-9f89-053457ec3b2c','in-progress/running','in-progress/verifying','shim',NULL,'{"event":"agent ended","how":"exit status 0","tree":"changed"}');
INSERT INTO events VALUES(229,1795684917438,32,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(230,1795684917463,32,'01a21729-60d4-70e6-a241-32206bcc7a31','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/32-in-review-its-agent-lives","worktree":"@WORLD@/data/ganger/worktrees/repo/32-in-review-its-agent-lives","session":"ganger-32-in-review-its-agent-lives"}');
INSERT INTO events VALUES(231,1795684917525,32,'01a21729-60d4-70e6-a241-32206bcc7a31','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(232,1795684917530,32,'01a21729-60d4-70e6-a241-32206bcc7a31','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(233,1795684917557,32,'01a21729-60d4-70e6-a241-32206bcc7a31','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"14521@627612","server":"13043@626067","pane":"%27"}');
INSERT INTO events VALUES(234,1795684917577,32,'01a21729-60d4-70e6-a241-32206bcc7a31','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"14523@627615"}');
INSERT INTO events VALUES(235,1795684917616,32,'01a21729-60d4-70e6-a241-32206bcc7a31','in-progress/running','review/running','agent','ok','{"event":"reported done"}');
INSERT INTO events VALUES(236,1795684917772,33,NULL,'','ready','person',NULL,'{"event":"added","default_agent":"shell"}');
INSERT INTO events VALUES(237,1795684917813,33,'01a21729-6232-706f-a0ce-75199b34dbc3','ready','in-progress/claimed','dispatcher',NULL,'{"event":"claimed","number":"1","branch":"ganger/33-sent-back-to-its-agent","worktree":"@WORLD@/data/ganger/worktrees/repo/33-sent-back-to-its-agent","session":"ganger-33-sent-back-to-its-agent"}');
INSERT INTO events VALUES(238,1795684917869,33,'01a21729-6232-706f-a0ce-75199b34dbc3','in-progress/claimed','in-progress/worktree','dispatcher',NULL,'{"event":"worktree made"}');
INSERT INTO events VALUES(239,1795684917876,33,'01a21729-6232-706f-a0ce-75199b34dbc3','in-progress/worktree','in-progress/spawning','dispatcher',NULL,'{"event":"session asked for"}');
INSERT INTO events VALUES(240,1795684917903,33,'01a21729-6232-706f-a0ce-75199b34dbc3','in-progress/spawning','in-progress/running','shim',NULL,'{"event":"shim started","shim":"14553@627646","server":"13043@626067","pane":"%28"}');
INSERT INTO events VALUES(241,1795684917918,33,'01a21729-6232-706f-a0ce-75199b34dbc3','in-progress/running','in-progress/running','shim',NULL,'{"event":"agent started","agent":"14557@627649"}');
INSERT INTO events VALUES(242,1795684917938,33,'01a21729-6232-706f-a0ce-75199b34dbc3','in-progress/running','review/running','agent','ok','{"event":"reported done"}');
INSERT INTO events VALUES(243,1795684918047,33,'01a21729-6232-706f-a0ce-75199b34dbc3','review/running','in-progress/running','person',NULL,'{"event":"sent back","text":"not good enough"}');
INSERT INTO events VALUES(244,1795684918101,33,NULL,'in-progress/running','in-progress/running','person',NULL,'{"event":"note taken in"}');
CREATE TABLE trust (
    repo TEXT NOT NULL,
    hash TEXT NOT NULL,
    at INTEGER NOT NULL, content BLOB,
    PRIMARY KEY (repo, hash)
) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('tasks',33);
INSERT INTO sqlite_sequence VALUES('events',244);
CREATE INDEX tasks_by_repo ON tasks (repo) WHERE deleted_at IS NULL;
CREATE INDEX tasks_counted ON tasks (status)
    WHERE status IN ('in-progress', 'review', 'failed') AND archived = 0 AND deleted_at IS NULL;
CREATE UNIQUE INDEX tasks_by_external_id ON tasks (repo, external_id)
    WHERE external_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX task_after_needs ON task_after (needs);
CREATE UNIQUE INDEX attempts_live ON attempts (task) WHERE phase NOT IN ('exited', 'revoked');
CREATE INDEX attempts_unfinished ON attempts (cleaned) WHERE cleaned = 0;
CREATE INDEX trees_by_task ON trees (task);
CREATE INDEX trees_by_owner ON trees (owner);
CREATE INDEX events_by_task ON events (task);
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
CREATE UNIQUE INDEX attempts_port ON attempts (port) WHERE port IS NOT NULL AND phase NOT IN ('exited', 'revoked');
COMMIT;
PRAGMA application_id = 1735288690;
PRAGMA user_version = 5;
