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
    board.keys(&["S", "y"]);
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

/// How large an attempt's log may get, in bytes.
const LOG: u64 = 4 << 20;

#[test]
fn e7_a_verification_that_prints_without_end_leaves_a_log_that_has_one() {
    let world = World::new();
    let loud = "echo first words; head -c 48000000 /dev/zero | tr '\\0' z; echo; echo last words; false";
    let agent = "printf %s \"$GANGER_PROMPT\" >/dev/null; echo x > f";
    let id: i64 = world.ok(&["add", "t", "--prompt", agent, "--verify", loud]).trim().parse().unwrap();
    let id_text = id.to_string();
    world.ok(&["dispatch", &id_text]);
    let failed = world.settled(id, "failed");
    assert_eq!(failed["attempt"]["cause"], "verify");
    let attempt = failed["attempt"]["id"].as_str().unwrap();
    let log = world.path(&format!("state/ganger/logs/{attempt}.log"));
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.len() as u64 <= LOG, "{}", text.len());
    // The verdict comes after the last words, not before them.
    assert!(text.contains("\nfirst words\n") && text.ends_with("\nlast words\n"), "{}", &text[text.len() - 100..]);
    assert!(text.contains(" bytes were cut out, the end follows:\n"));
    let shown = world.ok(&["log", &id_text, "--verify"]);
    assert!(shown.contains("bytes were cut out") && shown.ends_with("last words\n"));
    // One that was not bounded while it was written is read by its ends.
    let unbounded = fs::OpenOptions::new().append(true).open(&log).unwrap();
    unbounded.set_len(1 << 32).unwrap();
    std::io::Write::write_all(&mut &unbounded, b"\nthe very last\n").unwrap();
    let shown = world.ok(&["log", &id_text, "--verify"]);
    assert!(shown.contains("bytes are left out here") && shown.ends_with("the very last\n"));
    // Its zeros are shown as three bytes each.
    assert!(shown.len() < 20 << 20, "{}", shown.len());
    world.ok(&["retry", &id_text]);
    let told = world.settled(id, "failed");
    let prompt = format!("state/ganger/prompts/{}.txt", told["attempt"]["id"].as_str().unwrap());
    assert!(fs::read_to_string(world.path(&prompt)).unwrap().contains("the very last"));
    world.ok(&["rm", &id_text]);
    assert!(!log.exists(), "it goes with its task");
}

#[test]
fn e7_what_a_verification_leaves_running_holds_no_verdict_up() {
    let world = World::new();
    let verify = "(trap '' TERM; while :; do echo noise; done) & sleep 0.2; echo checked";
    let id: i64 = world.ok(&["add", "t", "--prompt", "echo x > f", "--verify", verify]).trim().parse().unwrap();
    world.ok(&["dispatch", &id.to_string()]);
    let done = world.settled(id, "review");
    let log = world.path(&format!("state/ganger/logs/{}.log", done["attempt"]["id"].as_str().unwrap()));
    assert!(fs::metadata(log).unwrap().len() <= LOG);
}

#[test]
fn e8_a_file_that_is_read_whole_is_refused_where_it_is_too_large() {
    let world = World::new();
    let large = world.path("large");
    fs::File::create(&large).unwrap().set_len(17 << 20).unwrap();
    let ran = world.fails(2, &["add", "t", "--prompt", &format!("@{}", large.display())]);
    assert!(ran.stderr.contains("the prompt is larger than 16 MiB"), "{}", ran.stderr);
    let ran = world.fails(2, &["--config", large.to_str().unwrap(), "list"]);
    assert!(ran.stderr.contains("it is larger than 1048576 bytes"), "{}", ran.stderr);
    // An exit file that is none tells nothing.
    let id = world.dispatch(AGENT);
    let attempt = world.task(id)["attempt"].clone();
    let shim = attempt["shim_pid"].as_i64().unwrap();
    let exit = world.path(&format!("state/ganger/exits/{}.exit", attempt["id"].as_str().unwrap()));
    fs::File::create(exit).unwrap().set_len(1 << 33).unwrap();
    crate::support::signal(shim, nix::sys::signal::Signal::SIGKILL);
    crate::support::until("its end", || (!crate::support::runs(shim)).then_some(()));
    let ran = world.ganger(&["reconcile", "--json"]);
    assert!(matches!(ran.code, Some(0 | 6)), "{ran:?}");
}

#[test]
fn e8_an_agent_that_talks_without_end_does_not_fill_the_timeline() {
    let world = World::new();
    let talk = "while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done; for i in $(seq 12); do \"$GANGER_BIN\" note \"note $i\"; done; echo > \"$WORLD/said\"; sleep 1000";
    let id = world.add(talk);
    world.ok(&["dispatch", &id.to_string()]);
    let attempt = world.task(id)["attempt"]["id"].as_str().unwrap().to_owned();
    world.sql(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 995)
         INSERT INTO events (at, task, attempt, was, became, who, evidence)
         SELECT 0, {id}, '{attempt}', 'in-progress/running', 'in-progress/running', 'agent', '{{}}' FROM n"
    ));
    fs::write(world.path("go"), "").unwrap();
    world.file("said");
    let board = rusqlite::Connection::open(world.database()).unwrap();
    let count = "SELECT count(*) FROM events WHERE who = 'agent'";
    let notes: u32 = board.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(notes, 1000);
    assert_eq!(world.task(id)["saying"], "note 12", "what it says is known all the same");
}
