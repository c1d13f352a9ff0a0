//! `ganger run`: the queue worked off.

use std::collections::HashMap;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::pty::Pty;
use crate::support::{Ran, World, finish, runs, signal, until};

fn events(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn summary(ran: &Ran) -> Value {
    let last = events(ran).pop().unwrap();
    assert_eq!(last["event"], "summary", "{ran:?}");
    last
}

fn statuses(world: &World) -> HashMap<i64, String> {
    let listed = world.ganger(&["list", "--json"]).json();
    let one = |task: &Value| (task["id"].as_i64().unwrap(), task["status"].as_str().unwrap().to_owned());
    listed["tasks"].as_array().unwrap().iter().map(one).collect()
}

/// How many of what `observed` lists overlap at most: beginnings and ends of agents, as they wrote them.
fn most_at_once(world: &World) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for line in world.file("log").lines() {
        match line.split(' ').next() {
            Some("begin") => now += 1,
            _ => now -= 1,
        }
        most = most.max(now);
    }
    most
}

/// An agent that writes down when it begins and ends, and works until the file `go` is there.
fn working(then: &str) -> String {
    format!("echo begin $GANGER_TASK >>\"$WORLD/log\"; {then}; echo x > f; echo end $GANGER_TASK >>\"$WORLD/log\"")
}

#[test]
fn the_whole_queue_is_worked_off_in_order_and_within_the_limit() {
    let world = World::new();
    for _ in 0..6 {
        world.add(&working("sleep 0.2"));
    }
    let urgent = world.ok(&["add", "urgent", "--priority", "5", "--prompt", &working("true")]).trim().to_owned();
    let after = world.ok(&["add", "after", "--priority", "9", "--after", "1", "--prompt", &working("true")]);
    let ran = world.ganger(&["run", "--max", "2"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!((1..=7).all(|id| statuses(&world)[&id] == "review"), "{:?}", statuses(&world));
    assert!(most_at_once(&world) <= 2, "{}", world.file("log"));
    let timeline = world.ok(&["events"]);
    let first = timeline.lines().find(|line| line.contains("\"event\":\"claimed\"")).unwrap();
    assert!(first.contains(&format!("\"task\":{urgent},")), "{first}");
    // What waits for review is said, and is no failure.
    let summary = summary(&ran);
    assert_eq!(
        (&summary["blocked"][0]["task"], summary["tasks"].as_array().unwrap().len()),
        (&after.trim().parse::<i64>().unwrap().into(), 7)
    );
    assert!(summary["efficiency"].as_f64().unwrap() > 0.0);
    let names: Vec<String> = events(&ran).iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names.iter().filter(|name| *name == "started").count(), 7);
    assert_eq!(names.iter().filter(|name| *name == "ended").count(), 7);
    // Nothing to do is fine.
    assert_eq!(world.ganger(&["run"]).code, Some(0));
    world.audited();
}

#[test]
fn a_failure_is_tried_again_as_often_as_configured_and_then_said() {
    let world = World::new();
    world.configure("[queue]\nretry_failed = 1");
    world.add("exit 3");
    world.add("test $GANGER_BRANCH != x; [ -e \"$WORLD/second\" ] || { touch \"$WORLD/second\"; exit 1; }; echo x > f");
    world.add("\"$GANGER_BIN\" fail 'not mine'");
    let ran = world.ganger(&["run"]);
    assert_eq!(ran.code, Some(8), "{ran:?}");
    assert_eq!(statuses(&world)[&2], "review");
    let attempts = |id: i64| world.task(id)["attempt"]["number"].as_i64().unwrap();
    assert_eq!((attempts(1), attempts(2), attempts(3)), (2, 2, 1), "what the agent decided is not tried again");
    // What failed before is not taken up by the next run.
    assert_eq!(world.ganger(&["run"]).code, Some(0));
    assert_eq!(attempts(1), 2);
}

#[test]
fn an_interrupt_ends_the_run_and_no_agent_and_the_next_run_goes_on() {
    let world = World::new();
    let wait = "while [ ! -e \"$WORLD/go\" ]; do sleep 0.02; done";
    for _ in 0..3 {
        world.add(&working(wait));
    }
    let run = world.start(&["run", "--max", "2"]);
    until("two run", || (world.file("log").lines().count() == 2).then_some(()));
    signal(run.id().into(), Signal::SIGINT);
    let ran = finish(run);
    assert_eq!((ran.code, summary(&ran)["interrupted"].as_bool()), (Some(1), Some(true)), "{ran:?}");
    assert_eq!(statuses(&world).values().filter(|status| *status == "in-progress").count(), 2);
    let again = world.start(&["run", "--max", "2"]);
    std::fs::write(world.path("go"), "").unwrap();
    let ran = finish(again);
    assert_eq!((ran.code, summary(&ran)["tasks"].as_array().unwrap().len()), (Some(0), 3), "{ran:?}");
    assert!(statuses(&world).values().all(|status| status == "review"));
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_the_next_does_not_finish() {
    let world = World::new();
    for _ in 0..8 {
        world.add(&working("sleep 0.1"));
    }
    for round in 1..=3 {
        let run = world.start(&["run", "--max", "3"]);
        until("it works", || (world.file("log").lines().count() >= round * 2).then_some(()));
        signal(run.id().into(), Signal::SIGKILL);
        finish(run);
    }
    let ran = world.ganger(&["run", "--max", "3"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(statuses(&world).values().all(|status| status == "review"), "{:?}", statuses(&world));
    world.reconciled();
    world.audited();
}

#[test]
fn two_runs_share_the_queue_and_start_nothing_twice() {
    let world = World::new();
    for _ in 0..8 {
        world.add(&working("sleep 0.1"));
    }
    let both = [world.start(&["run", "--max", "3"]), world.start(&["run", "--max", "3"])];
    for run in both {
        assert_eq!(finish(run).code, Some(0));
    }
    assert!(most_at_once(&world) <= 3, "{}", world.file("log"));
    assert_eq!(world.file("log").lines().filter(|line| line.starts_with("begin")).count(), 8);
    assert!(statuses(&world).values().all(|status| status == "review"));
}

#[test]
fn a_dead_agent_is_seen_and_its_task_taken_up_again() {
    let world = World::new();
    world.add(&working("[ -e \"$WORLD/again\" ] || sleep 1000"));
    let run = world.start(&["run"]);
    let shim =
        until("it runs", || world.task(1)["attempt"]["shim_pid"].as_i64().filter(|_| world.status(1) == "in-progress"));
    until("the agent runs", || world.file("log").contains("begin").then_some(()));
    std::fs::write(world.path("again"), "").unwrap();
    signal(shim, Signal::SIGKILL);
    until("its end", || (!runs(shim)).then_some(()));
    let ran = finish(run);
    assert_eq!((ran.code, world.status(1).as_str()), (Some(0), "review"), "{ran:?}");
    assert!(summary(&ran)["tasks"][0]["attempts"].as_i64() >= Some(2));
}

#[test]
fn on_a_terminal_it_shows_how_far_it_has_come() {
    let world = World::new();
    world.add(&working("while [ ! -e \"$WORLD/go\" ]; do sleep 0.02; done"));
    let mut pty = Pty::running(&world, (100, 30), &[env!("CARGO_BIN_EXE_ganger"), "run"]);
    pty.shows("0 finished · 1 running");
    assert!(pty.all().contains("task 1 runs"), "{}", pty.all());
    std::fs::write(world.path("go"), "").unwrap();
    pty.shows("1 finished · 0 failed");
    assert!(pty.all().contains("task 1 is in review after"), "{}", pty.all());
    assert_eq!(pty.ended(), Some(0), "{}", pty.all());
    assert_eq!(world.status(1), "review");
}

#[test]
fn the_board_works_the_queue_off_by_one_key() {
    let world = World::new();
    world.configure("[queue]\nmax_running = 1");
    for _ in 0..3 {
        world.add(&working("sleep 0.1"));
    }
    let mut board = Pty::board(&world);
    board.shows("added");
    board.types(b"Q");
    until("all are worked off", || statuses(&world).values().all(|status| status == "review").then_some(()));
    assert_eq!(most_at_once(&world), 1);
    board.types(b"q");
    assert_eq!(board.ended(), Some(0), "{}", board.all());
}
