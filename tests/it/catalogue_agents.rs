//! The fault catalogue: what agents do to themselves and to what is around them, and identities that are used again.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::kills::{AGENT, agents};
use crate::support::{World, runs, signal, until};

fn pid(task: &Value, key: &str) -> i64 {
    task["attempt"][key].as_i64().unwrap_or_else(|| panic!("no {key}: {task}"))
}

fn server(world: &World) -> i64 {
    world.tmux(&["display-message", "-p", "#{pid}"]).parse().unwrap()
}

/// Shim and agent die at once, by SIGKILL, and whoever else.
fn all_die(world: &World, id: i64, others: &[i64]) {
    let task = world.task(id);
    let all = [others, &[pid(&task, "shim_pid"), pid(&task, "agent_pid")]].concat();
    for pid in &all {
        signal(*pid, Signal::SIGKILL);
    }
    until("their end", || all.iter().all(|pid| !runs(*pid)).then_some(()));
}

#[test]
fn a2_agents_that_end_at_once_are_recorded_as_they_ended() {
    let world = World::new();
    world.configure("[agents.good]\ncommand = [\"true\"]\nno_output = \"review\"\n[agents.bad]\ncommand = [\"false\"]");
    for round in 0..5 {
        for (agent, status, code) in [("good", "review", 0), ("bad", "failed", 1)] {
            let id = world.ok(&["add", "t", "--agent", agent]).trim().to_owned();
            world.ok(&["dispatch", &id]);
            let task = world.settled(id.parse().unwrap(), status);
            assert_eq!(task["attempt"]["exit_code"], code, "{round}: {task}");
            assert_eq!((task["orphans"].as_i64(), &task["not_before"]), (Some(0), &Value::Null), "{round}: {task}");
        }
    }
    world.reconciled();
}

#[test]
fn a7_an_agent_that_runs_ganger_git_and_kill_server_itself_harms_nobody() {
    let world = World::new();
    world.configure("[permissions]\nagents = ['reconcile', 'add', 'dispatch']");
    let other = world.dispatch(AGENT);
    until("its agent", || (agents(&world, other) == 1).then_some(()));
    let meddles = "\"$GANGER_BIN\" --reconcile > \"$WORLD/said\" 2>&1; \"$GANGER_BIN\" add 'by an agent' --prompt true >> \"$WORLD/said\"; \
        \"$GANGER_BIN\" dispatch 1 >> \"$WORLD/said\" 2>&1; git worktree add -q -b mine \"$WORLD/mine\"; git worktree prune; \
        echo work > work.txt; echo x > \"$WORLD/done\"; while [ ! -e \"$WORLD/go\" ]; do sleep 0.02; done; tmux kill-server; sleep 1000";
    let id = world.dispatch(meddles);
    world.file("done");
    let said = fs::read_to_string(world.path("said")).unwrap();
    assert!(said.contains("in progress already"), "{said}");
    assert_eq!((world.status(other).as_str(), world.status(3).as_str()), ("in-progress", "ready"));
    assert_eq!(world.task(3)["repo"], world.task(id)["repo"], "it is about the repository, not the worktree");
    world.audited();
    fs::write(world.path("go"), "").unwrap();
    for id in [other, id] {
        assert_eq!(world.settled(id, "ready")["attempt"]["cause"], "orphan-server");
    }
    world.reconciled();
    assert_eq!(agents(&world, other), 0);
    let tree = world.ok(&["path", &id.to_string()]);
    assert_eq!(fs::read_to_string(Path::new(tree.trim()).join("work.txt")).unwrap(), "work\n");
    assert!(world.branches().contains(&"mine".to_owned()) && world.path("mine/a.txt").exists());
}

#[test]
fn a8_what_an_agent_said_before_everything_died_holds() {
    let world = World::new();
    let id = world.dispatch(&format!("echo x > f; \"$GANGER_BIN\" done; {AGENT}"));
    world.settled(id, "review");
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    all_die(&world, id, &[server(&world)]);
    world.reconciled();
    let task = world.task(id);
    assert_eq!((&task["status"], &task["attempt"]["phase"]), (&"review".into(), &"exited".into()));
    let id = world.dispatch(&format!("\"$GANGER_BIN\" fail 'no idea'; {AGENT}"));
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    world.settled(id, "failed");
    all_die(&world, id, &[server(&world)]);
    world.reconciled();
    assert_eq!((world.status(id).as_str(), &world.task(id)["reason"]), ("failed", &"no idea".into()));
}

#[test]
fn a8_one_that_only_committed_goes_on_in_the_same_tree() {
    let world = World::new();
    let script = "git log --format=%s > \"$WORLD/log\"; echo >> \"$WORLD/log\"; echo x > f; git add f; git commit -qm mine; echo half > half.txt; ";
    let id = world.dispatch(&format!("{script}{AGENT}"));
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    let before = world.task(id);
    all_die(&world, id, &[server(&world)]);
    world.reconciled();
    let task = world.task(id);
    assert_eq!(task["status"], "ready", "a commit is no report");
    world.ok(&["dispatch", &id.to_string()]);
    until("its next agent", || (agents(&world, id) == 1).then_some(()));
    let after = world.task(id);
    for key in ["worktree", "branch", "base"] {
        assert_eq!(before["attempt"][key], after["attempt"][key]);
    }
    assert!(world.file("log").starts_with("mine\n"), "it finds its commit");
    let tree = Path::new(after["attempt"]["worktree"].as_str().unwrap());
    assert_eq!(fs::read_to_string(tree.join("half.txt")).unwrap(), "half\n");
    world.audited();
}

#[test]
fn a9_a_tmux_server_that_an_agent_started_is_never_ended() {
    let world = World::new();
    let starts = "env -u TMUX tmux -L inner new-session -d -s mine -- sleep 1000; tmux -L inner display-message -p '#{pid}' > \"$WORLD/inner\"; ";
    let inner = || -> i64 { world.file("inner").trim().parse().unwrap() };
    // Its agent ends by itself, is stopped, and loses its shim.
    let ends = world.dispatch(&format!("{starts} echo x > f"));
    world.settled(ends, "review");
    let first = inner();
    let id = world.dispatch(&format!("{} {AGENT}", starts.replace("inner", "other")));
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    let second: i64 = world.file("other").trim().parse().unwrap();
    signal(pid(&world.task(id), "shim_pid"), Signal::SIGKILL);
    until("its end", || (agents(&world, id) == 0).then_some(()));
    world.reconciled();
    assert_eq!(world.status(id), "ready", "a server that bears its mark is no agent");
    // It stands in the worktree, which is not taken over from under it.
    let ran = world.fails(4, &["dispatch", &id.to_string()]);
    assert!(ran.stderr.contains(&format!("pid {second}")), "{ran:?}");
    world.ok(&["retry", &id.to_string(), "--fresh"]);
    world.ok(&["stop", &id.to_string()]);
    world.ok(&["approve", &ends.to_string()]);
    world.reconciled();
    assert!(runs(first) && runs(second), "{first} {second}");
    assert_eq!(world.tmux(&["-L", "inner", "list-sessions", "-F", "#{session_name}"]), "mine");
}

#[test]
fn d6_a_pid_that_is_somebody_elses_now_is_neither_believed_nor_ended() {
    let world = World::new();
    // Started some of the kernel's ticks before the agent: with its number it must have another time of start.
    world.tmux(&["new-session", "-d", "-s", "person", "--", "sleep", "1000"]);
    let person: i64 = world.tmux(&["display-message", "-p", "-t", "=person:", "#{pane_pid}"]).parse().unwrap();
    let id = world.dispatch(AGENT);
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    all_die(&world, id, &[]);
    // The numbers are given out again; the times of start are not.
    world.sql(&format!("UPDATE attempts SET shim_pid = {person}, agent_pid = {person}, dispatcher_pid = {person}"));
    assert_eq!(world.task(id)["attempt"]["live"], false);
    world.reconciled();
    assert_eq!(world.status(id), "ready");
    world.ok(&["stop", &id.to_string(), "--leftovers"]);
    assert!(runs(person), "the impostor is somebody else");
    world.ok(&["dispatch", &id.to_string()]);
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    assert!(runs(person));
}
