//! What has no end by itself has one here: logs, files that are read whole, refusals.

use std::fs;

use crate::support::World;
use crate::tui::Terminal;

const AGENT: &str = "while :; do sleep 0.05; done";

#[test]
fn e9_a_full_board_says_so_once_and_asks_for_nobody_else() {
    let world = World::new();
    world.configure("[queue]\nmax_running = 1");
    let running = world.dispatch(AGENT);
    let ids: Vec<String> = (0..5).map(|_| world.add(AGENT).to_string()).collect();
    let ran = world.ganger(&["dispatch", "--all"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "none of 5 started; the limit of 1 is reached\n"));
    let ran = world.ganger(&["dispatch", "--next", "3"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "none of 3 started; the limit of 1 is reached\n"));
    let several: Vec<&str> = ["dispatch"].into_iter().chain(ids.iter().map(String::as_str)).collect();
    let ran = world.fails(4, &several);
    let said: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(said[0], "ganger: none of 5 started; the limit of 1 is reached");
    assert_eq!(said.len(), 2, "{}", ran.stderr);
    let errors = world.fails(4, &[&several[..], &["--json"]].concat()).json()["errors"].clone();
    assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors:#}");
    let ran = world.fails(4, &["dispatch", &ids[0]]);
    assert!(ran.stderr.starts_with("ganger: 1 task is in progress, the limit is 1 (max_running)\n"), "{}", ran.stderr);
    let board = Terminal::outside(&world, 120, 40);
    board.shows(&["In progress 1", "Ready 5"]);
    board.keys(&["S"]);
    board.shows(&["none of 5 started; the limit of 1 is reached"]);
    world.ok(&["stop", &running.to_string()]);
    let ran = world.ganger(&["dispatch", "--all"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "1 of 5 started; the limit of 1 is reached\n"));
}

#[test]
fn e9_a_limit_of_one_agent_holds_back_its_own_tasks_alone() {
    let world = World::new();
    world.configure("[queue]\nper_agent = 1\n[agents.other]\ncommand = [\"sleep\", \"1000\"]");
    let ids = [world.add(AGENT), world.add(AGENT), world.add(AGENT)];
    world.ok(&["edit", &ids[2].to_string(), "--agent", "other"]);
    let ran = world.ganger(&["dispatch", "--all"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "2 of 3 started; the limit of 1 is reached (per_agent)\n"));
    assert_eq!(ids.map(|id| world.status(id)), ["in-progress", "ready", "in-progress"]);
}

#[test]
fn a_queue_is_claimed_in_its_order_though_dispatches_run_side_by_side() {
    let world = World::new();
    world.configure("[queue]\nmax_running = 2");
    let ids: Vec<i64> = (0..6).map(|_| world.add(AGENT)).collect();
    for (id, priority) in ids.iter().zip(["0", "3", "1", "5", "0", "2"]) {
        world.ok(&["edit", &id.to_string(), "--priority", priority]);
    }
    let running = || -> Vec<i64> { ids.iter().copied().filter(|id| world.status(*id) == "in-progress").collect() };
    world.ok(&["dispatch", "--next"]);
    assert_eq!(running(), [ids[3]]);
    let ran = world.ganger(&["dispatch", "--all"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "1 of 5 started; the limit of 2 is reached\n"));
    assert_eq!(running(), [ids[1], ids[3]]);
    world.ok(&["stop", &ids[1].to_string()]);
    world.ok(&["stop", &ids[3].to_string()]);
    world.fails(4, &["dispatch", &format!("{}-{}", ids[4], ids[5]), &ids[0].to_string()]);
    assert_eq!(running(), [ids[4], ids[5]], "in the order given");
}

#[test]
fn c16_a_taken_external_id_is_a_conflict_that_names_its_task() {
    let world = World::new();
    let id = world.ok(&["add", "one", "--prompt", "x", "--external-id", "GH-7"]).trim().to_owned();
    let ran = world.fails(4, &["add", "two", "--prompt", "x", "--external-id", "GH-7", "--json"]);
    let error = &ran.json()["error"];
    assert_eq!((error["kind"].as_str(), error["task"].to_string()), (Some("conflict"), id.clone()), "{error:#}");
    assert_eq!(error["hint"], format!("ganger show {id}"));
}

#[test]
fn c17_a_verification_alone_records_no_exit_of_an_agent_that_never_ran() {
    let world = World::new();
    let script = ["add", "t", "--prompt", "echo x > f", "--verify", "test -e ok"];
    let id: i64 = world.ok(&script).trim().parse().unwrap();
    world.ok(&["dispatch", &id.to_string()]);
    let failed = world.settled(id, "failed");
    assert_eq!(failed["attempt"]["exit_code"], 0);
    fs::write(format!("{}/ok", failed["attempt"]["worktree"].as_str().unwrap()), "").unwrap();
    world.ok(&["retry", &id.to_string(), "--verify"]);
    let verified = world.settled(id, "review");
    let attempt = &verified["attempt"];
    assert!(attempt["number"] == 2 && attempt["exit_code"].is_null() && attempt["started_at"].is_null(), "{attempt:#}");
    let timeline = world.task(id)["timeline"].to_string();
    assert!(timeline.contains("no agent was needed"), "{timeline}");
    world.audited();
}
