//! A database that is older than what runs, or another one: what the state directory has seen is never unseen.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::kills::{AGENT, agents};
use crate::support::{World, runs, signal, until};
use crate::tui::Terminal;

/// The database in one file, as a backup has it.
fn back_up(world: &World) -> PathBuf {
    let copy = world.path("backup.db");
    world.sql(&format!("VACUUM INTO '{}'", copy.display()));
    copy
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(world: &World, suffixes: &[&str]) {
    for suffix in suffixes {
        fs::remove_file(beside(&world.database(), suffix)).unwrap();
    }
}

fn restore(world: &World, copy: &Path) {
    remove(world, &["", "-wal", "-shm"]);
    fs::copy(copy, world.database()).unwrap();
}

/// The pid in the lock of a task's attempt.
fn shim_of(world: &World, id: i64) -> i64 {
    let locks = fs::read_dir(world.path("state/ganger/locks")).unwrap();
    let told =
        locks.filter_map(|entry| serde_json::from_slice::<Value>(&fs::read(entry.unwrap().path()).unwrap()).ok());
    told.filter(|told| told["task"] == id).map(|told| told["shim"].as_i64().unwrap()).next().unwrap()
}

/// Nothing goes on as if the database knew everything, for as long as the agent of `id` runs; then a person settles it.
fn is_said_and_settled(world: &World, id: i64) {
    let ran = world.fails(6, &["reconcile", "--json"]);
    let report = ran.json();
    assert!(report["doubt"].is_string() && report["unknown"][0]["task"] == id, "{report:#}");
    assert!(ran.stderr.starts_with("warning: the database "), "{}", ran.stderr);
    let found = world.fails(6, &["doctor", "--json"]).json();
    assert_eq!(found["audit"]["unknown"][0]["invariant"], "I3", "{found:#}");
    let ran = world.fails(4, &["dispatch", &id.to_string()]);
    let pid = shim_of(world, id);
    assert!(ran.stderr.contains(&format!("runs as pid {pid}")), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("try: kill {pid}, then: ganger doctor --fix")), "{}", ran.stderr);
    // What runs can't be settled.
    world.fails(6, &["doctor", "--fix"]);
    assert_eq!((agents(world, id), world.status(id).as_str()), (1, "ready"));
    signal(pid, Signal::SIGTERM);
    until("its end", || (!runs(pid)).then_some(()));
    // How it ended is known to its exit file alone.
    let ran = world.fails(4, &["dispatch", &id.to_string()]);
    assert!(ran.stderr.contains("has ended, which its exit file tells of"), "{}", ran.stderr);
    world.ok(&["doctor", "--fix"]);
    assert_eq!(world.ganger(&["reconcile"]).stderr, "");
    world.ok(&["dispatch", &id.to_string()]);
    until("its agent", || (agents(world, id) == 1).then_some(()));
    world.audited();
}

#[test]
fn c12_an_agent_that_a_restored_backup_does_not_know_of_gets_no_twin() {
    let world = World::new();
    let id = world.add(AGENT);
    let copy = back_up(&world);
    world.ok(&["dispatch", &id.to_string()]);
    let lost = world.add(AGENT);
    restore(&world, &copy);
    is_said_and_settled(&world, id);
    assert!(world.add(AGENT) > lost, "no id is given twice");
}

#[test]
fn c12_an_attempt_that_has_come_further_than_its_row_is_not_revoked() {
    let world = World::new();
    let (id, database) = (world.add(AGENT), world.database());
    // The moment before the shim commits: the backup has the attempt, and the attempt has no shim yet.
    let copy = format!("cp {0} {0}.then; cp {0}-wal {0}.then-wal", database.display());
    world.wrap("tmux", &format!("case \"$*\" in *__agent*) {copy};; esac; real \"$@\"; exit $?"));
    world.ok(&["dispatch", &id.to_string()]);
    world.unwrap("tmux");
    let pid = world.task(id)["attempt"]["shim_pid"].as_i64().unwrap();
    remove(&world, &["", "-wal", "-shm"]);
    for suffix in ["", "-wal"] {
        fs::rename(beside(&database, &format!(".then{suffix}")), beside(&database, suffix)).unwrap();
    }
    let report = world.fails(6, &["reconcile", "--json"]).json();
    assert_eq!(report["unknown"][0]["reason"], "it has come further than the database knows", "{report:#}");
    assert_eq!(report["actions"].as_array().unwrap().len(), 0, "{report:#}");
    world.fails(4, &["dispatch", &id.to_string()]);
    world.fails(6, &["doctor", "--fix"]);
    assert_eq!((agents(&world, id), world.status(id).as_str()), (1, "in-progress"));
    signal(pid, Signal::SIGTERM);
    until("its end", || (!runs(pid)).then_some(()));
    world.fails(6, &["reconcile"]);
    world.ok(&["doctor", "--fix"]);
    assert_eq!(world.status(id), "ready");
    world.ok(&["dispatch", &id.to_string()]);
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    world.audited();
}

#[test]
fn c13_a_new_database_in_the_place_of_one_whose_agent_runs_starts_no_twin() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    remove(&world, &["", "-wal", "-shm"]);
    // Its ids go on above the old ones, so no task of it is taken for the one that the agent is at.
    let next = world.add(AGENT);
    assert!(next > id);
    let found = world.fails(6, &["doctor", "--json"]).json();
    let said = found["checks"].to_string();
    assert!(said.contains("is another than the one") && said.contains(&format!("stray task {id}")), "{found:#}");
    world.ok(&["dispatch", &next.to_string()]);
    until("its agent", || (agents(&world, next) == 1).then_some(()));
    let pid = shim_of(&world, id);
    signal(pid, Signal::SIGKILL);
    until("its end", || (!runs(pid)).then_some(()));
    world.ok(&["doctor", "--fix"]);
    world.audited();
}

#[test]
fn c13_a_second_database_is_refused_in_a_state_directory_that_has_one() {
    let world = World::new();
    world.add(AGENT);
    let other = world.path("other.db");
    let ran = world.fails(2, &["--db", other.to_str().unwrap(), "list", "--all"]);
    assert!(ran.stderr.contains("belongs to the database") && !other.exists(), "{}", ran.stderr);
    let own = world.path("own-state");
    world.ok(&["--db", other.to_str().unwrap(), "--state-dir", own.to_str().unwrap(), "list", "--all"]);
}

#[test]
fn c15_a_log_that_is_removed_under_a_running_agent_starts_no_twin() {
    for suffixes in [&["-wal"][..], &["-wal", "-shm"]] {
        let world = World::new();
        let id = world.add(AGENT);
        world.sql("PRAGMA wal_checkpoint(TRUNCATE)");
        world.ok(&["dispatch", &id.to_string()]);
        remove(&world, suffixes);
        is_said_and_settled(&world, id);
    }
}

#[test]
fn c14_a_board_goes_over_to_the_database_that_replaced_its_own() {
    let world = World::new();
    let id = world.add(AGENT);
    let copy = back_up(&world);
    world.ok(&["dispatch", &id.to_string()]);
    let board = Terminal::outside(&world, 200, 40);
    board.shows(&["In progress 1"]);
    restore(&world, &copy);
    board.shows(&["an agent that the database does not know of runs as pid", "Ready 1"]);
    signal(shim_of(&world, id), Signal::SIGKILL);
    board.shows(&["an agent that the database does not know of is gone"]);
    world.ok(&["doctor", "--fix"]);
    board.hides("does not know of");
    let next = world.ok(&["add", "the title of the next", "--prompt", "x"]);
    assert!(next.trim().parse::<i64>().unwrap() > id);
    board.shows(&["the title of the next"]);
}

#[test]
fn c14_a_shim_goes_over_to_the_database_that_replaced_its_own() {
    let world = World::new();
    let agent = "while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done; echo x > f; \"$GANGER_BIN\" done; sleep 1000";
    let id: i64 = world.ok(&["add", "t", "--prompt", agent, "--verify", "test -e f"]).trim().parse().unwrap();
    world.ok(&["dispatch", &id.to_string()]);
    // The backup knows of the agent, and not of what came after.
    let copy = back_up(&world);
    world.add("x");
    restore(&world, &copy);
    assert!(world.fails(6, &["reconcile"]).stderr.contains("is older than what has run"));
    fs::write(world.path("go"), "").unwrap();
    let done = world.settled(id, "review");
    assert_eq!(done["attempt"]["live"], true, "{done:#}");
    world.ok(&["stop", &id.to_string()]);
    world.ok(&["doctor", "--fix"]);
    world.audited();
}
