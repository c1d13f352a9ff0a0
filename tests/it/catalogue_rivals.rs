//! The fault catalogue: several programs at once on one board, and undos that fail.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use nix::sys::signal::Signal;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use crate::kills::{AGENT, agents, people_are_untouched, peopled, recovers};
use crate::support::{PATIENCE, World, finish, pause, runs, signal, until};
use crate::tui::Terminal;

/// A configuration with this in its section of deadlines.
fn timed(world: &World, timing: &str) {
    let text = format!("default_agent = \"shell\"\n[timing]\n{timing}\n[tmux]\ngrace = \"2s\"\n");
    fs::write(world.path("config/ganger/config.toml"), text).unwrap();
}

/// Another program's connection. It leaves the log as it is when it goes: a board makes room in it first, and waits.
fn other(world: &World, patience: Duration) -> Connection {
    let connection = Connection::open(world.database()).unwrap();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    connection.busy_timeout(patience).unwrap();
    connection
}

/// Holds the board's write lock while `act` runs, as another program would.
fn locked<T>(world: &World, act: impl FnOnce() -> T) -> T {
    let mut other = other(world, PATIENCE);
    let _transaction = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    act()
}

/// Waits until somebody is in the middle of a write and stays there: the lock is taken at many looks in a row.
fn writing(world: &World) {
    let mut taken = 0;
    until("a transaction that stays open", || {
        let free = other(world, Duration::ZERO).transaction_with_behavior(TransactionBehavior::Immediate).is_ok();
        taken = if free { 0 } else { taken + 1 };
        (taken > 30).then_some(())
    });
}

/// How many sagas have a lock.
fn sagas(world: &World) -> usize {
    let locks = fs::read_dir(world.path("state/ganger/locks")).unwrap().flatten();
    locks.filter(|entry| entry.file_name().to_string_lossy().starts_with("saga-")).count()
}

/// Stops a process, and waits until none of its threads runs: one of them could yet take the lock that is given up next.
fn stop(pid: i64) {
    signal(pid, Signal::SIGSTOP);
    until("all its threads are stopped", || {
        let mut threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
        let stopped = |stat: String| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'));
        threads.all(|thread| fs::read_to_string(thread.path().join("stat")).is_ok_and(stopped)).then_some(())
    });
}

fn started(world: &World, id: i64) {
    until("its agent", || (agents(world, id) == 1).then_some(()));
}

/// A dispatch that is held in the middle of its checkout, until `on` is there.
fn half_way(world: &World, id: i64) -> Child {
    fs::remove_file(world.path("half")).ok();
    fs::remove_file(world.path("on")).ok();
    world.wrap(
        "git",
        "case \"$*\" in *--reset*) echo x > \"$WORLD/half\"; while [ ! -e \"$WORLD/on\" ]; do sleep 0.02; done;; esac; real \"$@\"; exit $?",
    );
    let child = world.start(&["dispatch", &id.to_string()]);
    world.file("half");
    child
}

fn go_on(world: &World) {
    fs::write(world.path("on"), "").unwrap();
}

#[test]
fn c2_while_another_program_writes_the_board_is_read_and_the_claim_waits_or_says_so() {
    let world = World::new();
    let ids = [world.add(AGENT), world.add(AGENT)];
    let board = Terminal::outside(&world, 120, 40);
    board.shows(&["Ready 2"]);
    timed(&world, "database = \"500ms\"");
    locked(&world, || {
        assert_eq!(world.ok(&["list"]).lines().count(), 3);
        world.ok(&["status-line"]);
        board.keys(&["?"]);
        board.shows(&["keys · esc closes"]);
        board.keys(&["Escape"]);
        board.hides("keys · esc closes");
        let ran = world.fails(1, &["dispatch", &ids[0].to_string()]);
        assert!(ran.stderr.contains("busy") || ran.stderr.contains("lock"), "{ran:?}");
        assert_eq!(world.status(ids[0]), "ready");
    });
    world.reconciled();
    assert_eq!((world.task(ids[0])["attempts"].as_array().unwrap().len(), world.worktrees().len()), (0, 0));
    // With patience it waits.
    timed(&world, "database = \"60s\"");
    let before = sagas(&world);
    let waits = locked(&world, || {
        let waits = world.start(&["dispatch", &ids[1].to_string()]);
        until("its saga's lock", || (sagas(&world) > before).then_some(()));
        assert_eq!(world.status(ids[1]), "ready");
        waits
    });
    assert_eq!(finish(waits).code, Some(0));
    started(&world, ids[1]);
    board.shows(&["In progress 1"]);
    world.audited();
}

#[test]
fn c3_a_claim_that_is_killed_in_its_transaction_is_whole_or_not_there() {
    let world = peopled();
    // A statement that never ends, in the middle of what the claim writes.
    let never = "CREATE VIEW never AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS i FROM n;";
    let id = world.add(AGENT);
    for (place, trigger) in [
        ("after its first write", "AFTER INSERT ON attempts"),
        ("after its update", "AFTER UPDATE OF status ON tasks"),
        ("before its commit", "AFTER INSERT ON events"),
    ] {
        world.sql(&format!("{never} CREATE TRIGGER held {trigger} BEGIN SELECT i FROM never; END;"));
        let mut child = world.start(&["dispatch", &id.to_string()]);
        writing(&world);
        child.kill().unwrap();
        child.wait().unwrap();
        world.sql("DROP TRIGGER held; DROP VIEW never;");
        let task = world.task(id);
        assert_eq!((&task["status"], &task["attempt"]), (&"ready".into(), &serde_json::Value::Null), "{place}");
        world.reconciled();
    }
    // Before it begins.
    timed(&world, "database = \"60s\"");
    locked(&world, || {
        let before = sagas(&world);
        let mut child = world.start(&["dispatch", &id.to_string()]);
        until("its saga's lock", || (sagas(&world) > before).then_some(()));
        child.kill().unwrap();
        child.wait().unwrap();
    });
    assert_eq!(world.task(id)["attempt"], serde_json::Value::Null);
    // After its commit.
    world.wrap("git", "case \"$*\" in *'worktree add'*) kill -KILL $PPID; exit 1;; esac; real \"$@\"; exit $?");
    finish(world.start(&["dispatch", &id.to_string()]));
    world.unwrap("git");
    assert_eq!((world.status(id).as_str(), &world.task(id)["attempt"]["phase"]), ("in-progress", &"claimed".into()));
    recovers(&world, id, "after its commit");
    people_are_untouched(&world);
}

#[test]
fn d4_an_undo_that_fails_is_done_by_the_next_reconcile() {
    let world = peopled();
    // tmux and git stop working when the session is asked for. What can't be looked at may yet start.
    timed(&world, "start = \"1s\"");
    let id = world.add(AGENT);
    let fails = "[ -e \"$WORLD/broken\" ] && exit 9; case \"$*\" in *__agent*) touch \"$WORLD/broken\"; exit 9;; esac; real \"$@\"; exit $?";
    world.wrap("tmux", fails);
    world.wrap("git", "[ -e \"$WORLD/broken\" ] && exit 9; real \"$@\"; exit $?");
    let ran = world.fails(5, &["dispatch", &id.to_string()]);
    assert!(ran.stderr.contains("not undone yet"), "{ran:?}");
    assert_eq!((world.status(id).as_str(), agents(&world, id)), ("ready", 0));
    world.ganger(&["--reconcile"]);
    world.unwrap("tmux");
    world.unwrap("git");
    assert_eq!(world.worktrees().len(), 1, "what could not be undone is still there");
    recovers(&world, id, "neither tmux nor git works");
    // The database can't be written when it has to be undone.
    let id = world.add(AGENT);
    timed(&world, "database = \"200ms\"");
    world.wrap(
        "tmux",
        "case \"$*\" in *__agent*) echo x > \"$WORLD/asked\"; while [ ! -e \"$WORLD/go\" ]; do sleep 0.02; done; exit 9;; esac; real \"$@\"; exit $?",
    );
    let child = world.start(&["dispatch", &id.to_string()]);
    world.file("asked");
    let ran = locked(&world, || {
        fs::write(world.path("go"), "").unwrap();
        finish(child)
    });
    world.unwrap("tmux");
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stderr.contains("can't be written to undo it") && ran.stderr.contains("--reconcile"), "{ran:?}");
    assert_eq!(world.status(id), "in-progress", "the obligation is on disk");
    recovers(&world, id, "the database can't be written");
    people_are_untouched(&world);
}

#[test]
fn m1_two_boards_and_a_command_start_one_agent() {
    let world = World::new();
    let one = Terminal::outside(&world, 120, 40);
    let other = Terminal::running(&world, "other", 120, 40, "env -u TMUX -u TMUX_PANE \"$GANGER\"");
    let id = world.add(AGENT);
    one.shows(&["Ready 1"]);
    other.shows(&["Ready 1"]);
    // All three have looked and not yet claimed.
    world.wrap("tmux", "while [ ! -e \"$WORLD/go\" ]; do sleep 0.02; done; real \"$@\"; exit $?");
    one.keys(&["s"]);
    other.keys(&["s"]);
    let command = world.start(&["dispatch", &id.to_string()]);
    let calls = world.path("tmux.calls");
    until("three who ask tmux", || (fs::read_to_string(&calls).unwrap_or_default().lines().count() >= 3).then_some(()));
    fs::write(world.path("go"), "").unwrap();
    let ran = finish(command);
    assert!(matches!(ran.code, Some(0 | 4)), "{ran:?}");
    one.shows(&["In progress 1"]);
    other.shows(&["In progress 1"]);
    until("all but one are told", || {
        let told = |board: &Terminal<'_>| usize::from(board.screen().contains("in progress already"));
        (told(&one) + told(&other) + usize::from(ran.code == Some(4)) == 2).then_some(())
    });
    started(&world, id);
    let task = world.task(id);
    assert_eq!(task["attempts"].as_array().unwrap().len(), 1, "{task}");
    assert_eq!((world.worktrees().len(), world.sessions().len()), (1, 1));
    world.reconciled();
}

#[test]
fn m2b_a_board_that_lives_on_after_a_failed_undo_protects_no_ghost() {
    let world = peopled();
    timed(&world, "database = \"200ms\"");
    let id = world.add(AGENT);
    let pid = world.path("pid");
    let start = format!("bash -c 'echo $$ > {}; exec env -u TMUX -u TMUX_PANE \"$0\"' \"$GANGER\"", pid.display());
    let board = Terminal::running(&world, "board", 120, 40, &start);
    board.shows(&["Ready 1"]);
    world.wrap(
        "tmux",
        "case \"$*\" in *__agent*) echo x > \"$WORLD/asked\"; while [ ! -e \"$WORLD/go\" ]; do sleep 0.02; done; exit 9;; esac; real \"$@\"; exit $?",
    );
    board.keys(&["s"]);
    world.file("asked");
    let pid: i64 = world.file("pid").trim().parse().unwrap();
    locked(&world, || {
        fs::write(world.path("go"), "").unwrap();
        board.shows(&["can't be written to undo"]);
        // It lives, and does nothing any more.
        stop(pid);
    });
    world.unwrap("tmux");
    assert_eq!(world.status(id), "in-progress");
    recovers(&world, id, "beside a board that lives");
    signal(pid, Signal::SIGCONT);
    board.shows(&["Failed 1"]);
    world.audited();
    people_are_untouched(&world);
}

#[test]
fn m2c_a_reconciler_that_is_stopped_while_it_looks_hides_no_death() {
    let world = World::new();
    timed(&world, "database = \"60s\"");
    let id = world.dispatch(AGENT);
    started(&world, id);
    let task = world.task(id);
    let shim = task["attempt"]["shim_pid"].as_i64().unwrap();
    signal(shim, Signal::SIGKILL);
    until("its end", || (!runs(shim) && agents(&world, id) == 0).then_some(()));
    let lock = world.path(&format!("state/ganger/locks/{}.lock", task["attempt"]["id"].as_str().unwrap()));
    let inode = format!(":{} ", fs::metadata(lock).unwrap().ino());
    let stopped = locked(&world, || {
        let stopped = world.start(&["--reconcile"]);
        until("it holds the dead one's lock", || {
            let locks = fs::read_to_string("/proc/locks").unwrap();
            locks.lines().any(|line| line.contains(" READ ") && line.contains(&inode)).then_some(())
        });
        stop(i64::from(stopped.id()));
        stopped
    });
    world.reconciled();
    assert_eq!(world.status(id), "ready");
    world.ok(&["dispatch", &id.to_string()]);
    started(&world, id);
    let before = world.task(id)["timeline"].as_array().unwrap().len();
    signal(i64::from(stopped.id()), Signal::SIGCONT);
    assert_eq!(finish(stopped).code, Some(0));
    let task = world.task(id);
    assert_eq!((task["timeline"].as_array().unwrap().len(), agents(&world, id)), (before, 1), "it wrote nothing");
    world.audited();
}

#[test]
fn m3_two_boards_on_one_repository_and_server_leave_each_other_alone() {
    let world = World::new();
    let (database, state) = (world.path("second/o.db"), world.path("second/state"));
    let (database, state) = (database.to_str().unwrap(), state.to_str().unwrap());
    let second = |args: &[&str]| world.ok(&[args, &["--db", database, "--state-dir", state]].concat());
    let agent = "echo work > work.txt; exec sleep 1000";
    let id = world.dispatch(agent).to_string();
    second(&["add", "a task", "--prompt", agent]);
    second(&["dispatch", "1"]);
    let theirs = || -> serde_json::Value { serde_json::from_str(&second(&["show", "1", "--json"])).unwrap() };
    let (ours, their) = (world.task(1), theirs());
    for key in ["branch", "worktree", "session"] {
        assert_ne!(ours["attempt"][key], their["attempt"][key]);
    }
    // Ours dies: theirs has nothing to do with it, and the other way round.
    let shim = ours["attempt"]["shim_pid"].as_i64().unwrap();
    signal(shim, Signal::SIGKILL);
    until("its end", || (!runs(shim)).then_some(()));
    second(&["--reconcile"]);
    assert_eq!(world.status(1), "in-progress");
    world.reconciled();
    assert_eq!(world.status(1), "ready");
    world.ok(&["rm", &id]);
    world.reconciled();
    let now = theirs();
    assert_eq!((&now["status"], &now["attempt"]["live"]), (&"in-progress".into(), &true.into()));
    let tree = Path::new(their["attempt"]["worktree"].as_str().unwrap());
    assert_eq!(fs::read_to_string(tree.join("work.txt")).unwrap(), "work\n");
    assert!(world.sessions().contains(&their["attempt"]["session"].as_str().unwrap().to_owned()));
    // The repository's lock is one for both.
    assert!(world.repo().join(".git/ganger.lock").exists());
    second(&["rm", "1", "--stop"]);
}

#[test]
fn m5_a_task_can_not_be_taken_from_under_its_dispatch() {
    let world = peopled();
    let id = world.add(AGENT);
    let name = id.to_string();
    let child = half_way(&world, id);
    for command in ["rm", "archive"] {
        world.fails(4, &[command, &name]);
    }
    world.ok(&["edit", &name, "--title", "another title"]);
    world.fails(4, &["edit", &name, "--base", "person"]);
    go_on(&world);
    let ran = finish(child);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    started(&world, id);
    world.ok(&["rm", &name, "--stop"]);
    // Removed with its dispatch in the middle: that is undone.
    let id = world.add(AGENT);
    let child = half_way(&world, id);
    let remove = world.start(&["rm", &id.to_string(), "--stop"]);
    until("it is revoked", || {
        (world.ganger(&["show", &id.to_string()]).code == Some(3) || world.status(id) != "in-progress").then_some(())
    });
    go_on(&world);
    let ran = finish(child);
    assert!(matches!(ran.code, Some(3 | 5)), "{ran:?}");
    finish(remove);
    world.unwrap("git");
    until("it is gone", || {
        world.ganger(&["rm", &id.to_string(), "--stop"]);
        (world.ganger(&["show", &id.to_string()]).code == Some(3)).then_some(())
    });
    world.reconciled();
    assert_eq!(agents(&world, id), 0);
    // A person's removal parks: nothing is where it was, and nothing is lost.
    assert!(world.worktrees().iter().all(|path| path.contains("/.trash/")), "{:?}", world.worktrees());
    assert_eq!(world.sessions(), ["person"]);
    people_are_untouched(&world);
}

#[test]
fn r1_a_reconcile_between_every_two_steps_changes_nothing() {
    let world = peopled();
    let ganger = env!("CARGO_BIN_EXE_ganger");
    // Beside every call of the dispatch, before and after it.
    let pass = format!("[ -n \"$PASS\" ] || PASS=1 {ganger} --reconcile --json >> \"$WORLD/passes\" 2>&1");
    for program in ["git", "tmux"] {
        world.wrap(program, &format!("{pass}; real \"$@\"; code=$?; {pass}; exit $code"));
    }
    let id = world.add(AGENT);
    let ran = world.ganger(&["dispatch", &id.to_string()]);
    world.unwrap("git");
    world.unwrap("tmux");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    started(&world, id);
    let passes = fs::read_to_string(world.path("passes")).unwrap();
    assert!(passes.matches("\"actions\":[]").count() >= 8, "{passes}");
    assert_eq!(passes.matches("\"actions\":").count(), passes.matches("\"actions\":[]").count(), "{passes}");
    assert_eq!(world.task(id)["attempts"].as_array().unwrap().len(), 1);
    world.reconciled();
    for _ in 0..3 {
        pause();
        world.ok(&["--reconcile"]);
    }
    assert_eq!((world.status(id).as_str(), agents(&world, id)), ("in-progress", 1));
    people_are_untouched(&world);
}
