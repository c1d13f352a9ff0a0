//! The happy path, and a start that the database could not be told of.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::{World, finish, pause, signal, until};

#[test]
fn a_task_is_added_dispatched_and_reviewed() {
    let world = World::new();
    fs::write(world.repo().join("dirty.txt"), "mine").unwrap();
    let before = world.git(&["status", "--porcelain"]);
    let id = world.dispatch("echo new > b.txt && git add b.txt && git commit -qm work");
    let task = world.settled(id, "review");
    assert_eq!(task["reason"], "the agent finished");
    assert_eq!(task["commits"].as_array().unwrap().len(), 1);
    assert_eq!(task["attempt"]["session"], "ganger-1-a-task");
    assert_eq!(task["attempt"]["branch"], "ganger/1-a-task");
    assert_eq!(world.git(&["status", "--porcelain"]), before, "the user's checkout is untouched");
    assert!(!world.repo().join("b.txt").exists());
    let tree = task["attempt"]["worktree"].as_str().unwrap();
    assert_eq!(fs::read_to_string(format!("{tree}/b.txt")).unwrap(), "new\n");
}

#[test]
fn a_start_that_could_not_be_told_is_told_once_it_can_be() {
    let world = World::new();
    let setup = "touch \"$WORLD/setup\"; until [ -e \"$WORLD/go\" ]; do sleep 0.02; done";
    fs::write(
        world.path("config/ganger/config.toml"),
        format!(
            "default_agent = \"shell\"\n[worktrees]\nsetup = ['{setup}']\n[timing]\nstart = \"20s\"\ndatabase = \"200ms\"\n"
        ),
    )
    .unwrap();
    let id = world.add("echo > \"$WORLD/runs\"; while :; do sleep 0.05; done");
    let dispatch = world.start(&["dispatch", &id.to_string()]);
    until("its setup", || world.path("setup").exists().then_some(()));
    let shim = world.task(id)["attempt"]["shim_pid"].as_i64().unwrap();
    let other = rusqlite::Connection::open(world.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    fs::write(world.path("go"), "").unwrap();
    world.file("runs");
    // Longer than the shim waits for it.
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(1) {
        pause();
    }
    assert!(world.task(id)["attempt"]["started_at"].is_null());
    other.execute_batch("ROLLBACK").unwrap();
    let task = until("its agent on the board", || {
        // It looks every few seconds, and when it is told to.
        signal(shim, Signal::SIGUSR1);
        let task = world.task(id);
        task["attempt"]["agent_pid"].is_i64().then_some(task)
    });
    assert!(task["attempt"]["started_at"].is_string(), "{task}");
    assert_eq!(finish(dispatch).code, Some(0));
}
