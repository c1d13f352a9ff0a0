//! The auditor finds what is planted, and nothing else.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{World, runs, signal, until};

const AGENT: &str = "echo work > w; while :; do sleep 0.05; done";

/// The invariants that the auditor says are violated.
fn violated(world: &World, args: &[&str]) -> Vec<String> {
    let ran = world.ganger(&[&["doctor", "--json"], args].concat());
    let found = ran.json();
    let violations = found["audit"]["violations"].as_array().unwrap().clone();
    assert_eq!(ran.code, Some(i32::from(!violations.is_empty())), "{found:#}");
    let mut names: Vec<String> = violations.iter().map(|v| v["invariant"].as_str().unwrap().to_owned()).collect();
    names.dedup();
    names
}

/// Writes what the schema itself would refuse.
fn force(world: &World, statement: &str) {
    let triggers: Vec<String> = {
        let connection = rusqlite::Connection::open(world.database()).unwrap();
        let mut rows = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let drop: Vec<String> = triggers.iter().map(|name| format!("DROP TRIGGER {name};")).collect();
    world.sql(&format!("PRAGMA ignore_check_constraints = 1; {} {statement}", drop.join(" ")));
}

fn pid(task: &Value, key: &str) -> i64 {
    task["attempt"][key].as_i64().unwrap()
}

#[test]
fn a_board_at_rest_is_clean() {
    let world = World::new();
    let (runs, done, fails) = (world.dispatch(AGENT), world.dispatch("echo x > f"), world.dispatch("exit 3"));
    world.settled(done, "review");
    world.settled(fails, "failed");
    world.ok(&["approve", &done.to_string()]);
    world.ok(&["retry", &fails.to_string()]);
    world.add("x");
    world.settled(fails, "failed");
    assert_eq!(violated(&world, &[]), [""; 0]);
    assert_eq!(world.status(runs), "in-progress");
}

#[test]
fn i1_a_ghost_is_found_and_fixed() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    let shim = pid(&world.task(id), "shim_pid");
    signal(shim, Signal::SIGKILL);
    until("its end", || (!runs(shim)).then_some(()));
    assert_eq!(violated(&world, &[]), ["I1"]);
    let fixed = world.ok(&["doctor", "--fix", "--json"]);
    let fixed: Value = serde_json::from_str(&fixed).unwrap();
    assert_eq!(fixed["fixed"][0]["decision"], "requeue", "{fixed:#}");
    assert_eq!(violated(&world, &[]), [""; 0]);
    assert_eq!(world.status(id), "ready");
}

#[test]
fn i1_a_claim_that_nobody_carries_out_is_found_and_fixed() {
    let world = World::new();
    let id = world.add(AGENT);
    world.wrap("git", "case \"$*\" in *'worktree add'*) kill -KILL $PPID; exit 1;; esac; real \"$@\"; exit $?");
    world.ganger(&["dispatch", &id.to_string()]);
    world.unwrap("git");
    assert_eq!(violated(&world, &[]), ["I1"]);
    assert_eq!(violated(&world, &["--fix"]), [""; 0]);
}

#[test]
fn i2_a_twin_is_found() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    let attempt = world.task(id)["attempt"]["id"].as_str().unwrap().to_owned();
    // A script of that name has the command line of a shim: PROGRAM __agent ATTEMPT.
    std::fs::write(world.path("__agent"), "while :; do sleep 0.05; done\n").unwrap();
    let folder = world.path("");
    world.tmux(&["new-session", "-d", "-s", "twin", "-c", folder.to_str().unwrap(), "--", "bash", "__agent", &attempt]);
    assert_eq!(violated(&world, &[]), ["I2"]);
    world.tmux(&["kill-session", "-t", "=twin"]);
    assert_eq!(violated(&world, &[]), [""; 0]);
}

#[test]
fn i3_an_agent_whose_attempt_is_over_is_found() {
    let world = World::new();
    world.dispatch(AGENT);
    force(&world, "UPDATE tasks SET status = 'failed'; UPDATE attempts SET phase = 'exited'");
    assert_eq!(violated(&world, &[]), ["I3", "I18"]);
}

#[test]
fn i2_two_live_attempts_are_found() {
    let world = World::new();
    let id = world.dispatch("exit 3");
    world.settled(id, "failed");
    world.ok(&["retry", &id.to_string()]);
    world.settled(id, "failed");
    force(
        &world,
        "DROP INDEX IF EXISTS attempts_live; DROP INDEX attempts_port; UPDATE attempts SET phase = 'running'",
    );
    let found = violated(&world, &[]);
    assert!(found.contains(&"I2".to_owned()), "{found:?}");
}

#[test]
fn i7_work_that_is_gone_is_found() {
    let world = World::new();
    let (tree, branch) = (world.dispatch("echo x > f"), world.dispatch("echo x > f"));
    for id in [tree, branch] {
        world.settled(id, "review");
    }
    assert_eq!(violated(&world, &[]), [""; 0]);
    let path = world.ok(&["path", &tree.to_string()]);
    std::fs::remove_dir_all(path.trim()).unwrap();
    assert_eq!(violated(&world, &[]), ["I7"]);
    let name = world.task(branch)["attempt"]["branch"].as_str().unwrap().to_owned();
    let path = world.ok(&["path", &branch.to_string()]);
    world.run("git", &["checkout", "-q", "--detach"], std::path::Path::new(path.trim()));
    world.git(&["branch", "-D", &name]);
    assert_eq!(violated(&world, &[]), ["I7"], "HEAD has the work, whatever became of its branch");
}

#[test]
fn i10_an_identity_that_is_not_whole_is_found() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    force(&world, "UPDATE attempts SET lock_device = NULL, lock_inode = NULL");
    assert_eq!(violated(&world, &[]), ["I10"]);
    assert_eq!(world.status(id), "in-progress");
}

#[test]
fn i11_a_pane_with_another_mark_is_found() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    let pane = world.task(id)["attempt"]["pane_id"].as_str().unwrap().to_owned();
    world.tmux(&["set-option", "-p", "-t", &pane, "@ganger_attempt", "01980000-0000-7000-8000-000000000001"]);
    assert_eq!(violated(&world, &[]), ["I11"]);
}

#[test]
fn i13_a_review_that_nobody_asked_for_is_found() {
    let world = World::new();
    let id = world.add("x");
    force(&world, &format!("UPDATE tasks SET status = 'review' WHERE id = {id}"));
    assert_eq!(violated(&world, &[]), ["I13", "I18"]);
}

#[test]
fn i14_endless_retries_are_found() {
    let world = World::new();
    let id = world.add("x");
    force(&world, &format!("UPDATE tasks SET orphans = 9 WHERE id = {id}"));
    assert_eq!(violated(&world, &[]), ["I14"]);
}

#[test]
fn i18_a_move_that_is_not_explained_is_found() {
    let world = World::new();
    let id = world.dispatch("echo x > f");
    world.settled(id, "review");
    force(&world, "DELETE FROM events WHERE became = 'in-progress/worktree'");
    assert_eq!(violated(&world, &[]), ["I18"]);
}

#[test]
fn what_can_not_be_looked_at_is_unknown() {
    let world = World::new();
    world.dispatch(AGENT);
    world.sql("UPDATE attempts SET host = 'another machine'");
    let ran = world.fails(6, &["doctor", "--json"]);
    let found = ran.json();
    assert_eq!(found["audit"]["violations"].as_array().unwrap().len(), 0, "{found:#}");
    assert_eq!(found["audit"]["unknown"][0]["invariant"], "I1", "{found:#}");
    let text = world.fails(6, &["doctor"]);
    assert!(text.stdout.contains("another machine"), "{text:?}");
}
