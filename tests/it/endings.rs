//! How attempts end: each row of the table, from the real event.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::results::size;
use crate::support::{World, finish, pause, runs, signal, until};

fn strict(world: &World) {
    world.configure("[agents.strict]\ncommand = [\"sh\", \"-c\", \"{prompt}\"]");
}

fn pid(task: &Value, name: &str) -> i64 {
    task["attempt"][name].as_i64().unwrap_or_else(|| panic!("no {name}: {task}"))
}

/// A task whose agent runs; its JSON.
fn running(world: &World, script: &str) -> (i64, Value) {
    let id = world.dispatch(script);
    let task = world.task(id);
    assert_eq!(task["status"], "in-progress", "{task}");
    (id, task)
}

const STAYS: &str = "while :; do sleep 0.05; done";

#[test]
fn exit_0_with_a_commit_or_a_file_is_review() {
    let world = World::new();
    strict(&world);
    for script in ["echo x > f && git add f && git commit -qm f", "echo x > untracked", "echo x >> a.txt"] {
        let id: i64 = world.ok(&["add", "t", "--agent", "strict", "--prompt", script]).trim().parse().unwrap();
        world.ok(&["dispatch", &id.to_string()]);
        let task = world.settled(id, "review");
        assert_eq!(task["attempt"]["cause"], "ok");
        assert_eq!(task["attempt"]["exit_code"], 0);
    }
}

#[test]
fn exit_0_without_evidence_is_not_success() {
    let world = World::new();
    strict(&world);
    let id: i64 = world.ok(&["add", "t", "--agent", "strict", "--prompt", "true"]).trim().parse().unwrap();
    world.ok(&["dispatch", &id.to_string()]);
    assert_eq!(world.settled(id, "failed")["attempt"]["cause"], "no-output");
    // A file that git ignores is no evidence either.
    let script = "mkdir d; echo '*' > d/.gitignore; echo x > d/x";
    let id: i64 = world.ok(&["add", "t", "--agent", "strict", "--prompt", script]).trim().parse().unwrap();
    world.ok(&["dispatch", &id.to_string()]);
    assert_eq!(world.settled(id, "failed")["attempt"]["cause"], "no-output");
    // For plain commands it is review.
    let id = world.dispatch("true");
    world.settled(id, "review");
}

#[test]
fn a1_t9_every_exit_is_told_apart() {
    let world = World::new();
    let id = world.dispatch("exit 0");
    let task = world.settled(id, "review");
    assert_eq!((&task["attempt"]["exit_code"], &task["attempt"]["exit_signal"]), (&0.into(), &Value::Null));
    let mut reasons = Vec::new();
    for (script, cause, code, name) in [
        ("exit 1", "exit", Some(1), None),
        ("exit 2", "exit", Some(2), None),
        ("exit 126", "agent-missing", Some(126), None),
        ("exit 127", "agent-missing", Some(127), None),
        ("exit 130", "exit", Some(130), None),
        ("exit 143", "exit", Some(143), None),
        ("kill -SEGV $$", "signal", None, Some("SIGSEGV")),
        ("kill -KILL $$", "signal", None, Some("SIGKILL")),
    ] {
        let id = world.dispatch(script);
        let task = world.settled(id, "failed");
        assert_eq!(task["attempt"]["cause"], cause, "{script}");
        assert_eq!(task["attempt"]["exit_code"].as_i64(), code, "{script}");
        assert_eq!(task["attempt"]["exit_signal"].as_str(), name, "{script}");
        reasons.push(task["reason"].as_str().unwrap().to_owned());
    }
    reasons.sort();
    reasons.dedup();
    assert_eq!(reasons.len(), 8, "{reasons:?}");
    world.reconciled();
}

#[test]
fn t10_an_agent_that_can_not_be_executed_is_missing() {
    let world = World::new();
    world.program("broken-agent", "#!/no/such/interpreter\n");
    world.configure(
        "[agents.broken]\ncommand = [\"broken-agent\", \"{prompt}\"]\n[agents.absent]\ncommand = [\"absent-agent\"]",
    );
    let id = world.ok(&["add", "t", "--agent", "broken"]).trim().to_owned();
    let ran = world.fails(5, &["dispatch", &id]);
    assert!(ran.stderr.contains("broken-agent"), "{ran:?}");
    let task = world.task(id.parse().unwrap());
    assert_eq!((task["status"].as_str(), task["attempt"]["cause"].as_str()), (Some("failed"), Some("agent-missing")));
    // Known before the claim: no attempt is made at all.
    let id = world.ok(&["add", "t", "--agent", "absent"]).trim().to_owned();
    let ran = world.fails(5, &["dispatch", &id]);
    assert!(ran.stderr.contains("absent-agent"), "{ran:?}");
    let task = world.task(id.parse().unwrap());
    assert_eq!((task["status"].as_str(), &task["attempt"]), (Some("failed"), &Value::Null));
    world.reconciled();
}

#[test]
fn done_leads_to_review_while_the_agent_lives_on() {
    let world = World::new();
    let id = world.dispatch(
        "\"$GANGER_BIN\" done; \"$GANGER_BIN\" done; while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done; exit 7",
    );
    let task = world.settled(id, "review");
    assert_eq!(task["attempt"]["phase"], "running");
    assert_eq!(task["attempt"]["live"], true);
    std::fs::write(world.path("go"), "").unwrap();
    let task = world.phase(id, "exited");
    assert_eq!((task["status"].as_str(), task["attempt"]["cause"].as_str()), (Some("review"), Some("ok")));
}

#[test]
fn fail_is_believed_while_the_agent_lives_on() {
    let world = World::new();
    let id = world.dispatch("\"$GANGER_BIN\" fail 'no idea'; while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done");
    let task = world.settled(id, "failed");
    assert_eq!((task["reason"].as_str(), task["attempt"]["phase"].as_str()), (Some("no idea"), Some("running")));
    world.fails(4, &["retry", &id.to_string()]);
    std::fs::write(world.path("go"), "").unwrap();
    assert_eq!(world.phase(id, "exited")["status"], "failed");
}

#[test]
fn a_verb_needs_the_attempts_token_and_the_current_attempt() {
    let world = World::new();
    let id = world.dispatch("GANGER_TOKEN=wrong \"$GANGER_BIN\" done; echo $? > \"$WORLD/code\"; sleep 1000");
    assert_eq!(world.file("code").trim(), "4");
    assert_eq!(world.status(id), "in-progress");
    world.ok(&["done", "--task", &id.to_string()]);
    assert_eq!(world.status(id), "review");
    let task = world.task(id);
    let last = task["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(last["who"], "person");
    world.fails(2, &["done"]);
    world.fails(3, &["done", "--task", "99"]);
}

#[test]
fn only_a_pass_reaches_review() {
    let world = World::new();
    world.configure("[completion]\nverify_timeout = \"1s\"");
    for (verify, status, cause) in [
        ("test -e f", "review", "ok"),
        ("echo seen; exit 3", "failed", "verify"),
        ("kill -KILL $$", "failed", "verify"),
        ("sleep 1000", "failed", "verify"),
    ] {
        for script in ["echo x > f", "echo x > f; \"$GANGER_BIN\" done; sleep 1000"] {
            let id = world.ok(&["add", "t", "--prompt", script, "--verify", verify]).trim().to_owned();
            world.ok(&["dispatch", &id]);
            let task = world.settled(id.parse().unwrap(), status);
            assert_eq!(task["attempt"]["cause"], cause, "{verify} {script}");
            world.ok(&["stop", &id]);
            assert_eq!(world.status(id.parse().unwrap()), status);
        }
    }
    let log = world.ok(&["log", "3", "--verify"]);
    assert!(log.contains("$ echo seen; exit 3\nseen"), "{log}");
}

/// utime and stime of a process, in ticks of 10 ms.
fn ticks(pid: i64) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split_whitespace().collect();
    [fields[11], fields[12]].iter().map(|field| field.parse::<u64>().unwrap()).sum()
}

#[test]
fn a_shim_that_waits_for_a_verification_or_an_end_uses_no_processor() {
    let world = World::new();
    let file = world.path("config/ganger/config.toml");
    world.configure("");
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap().replace("grace = \"2s\"", "grace = \"1m\"")).unwrap();
    let verify = "while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done";
    let add = |script: &str| world.ok(&["add", "t", "--prompt", script, "--verify", verify]).trim().to_owned();
    let verifies = add("echo x > f");
    world.ok(&["dispatch", &verifies]);
    let verifies = world.phase(verifies.parse().unwrap(), "verifying");
    let (stubborn, task) = running(&world, "trap '' TERM HUP; echo > \"$WORLD/ready\"; while :; do sleep 0.05; done");
    world.file("ready");
    let stop = world.start(&["stop", &stubborn.to_string()]);
    until("the wish", || (world.task(stubborn)["activity"] != "starting").then_some(()));
    for shim in [pid(&verifies, "shim_pid"), pid(&task, "shim_pid")] {
        let (before, began) = (ticks(shim), Instant::now());
        while began.elapsed() < Duration::from_millis(1500) {
            pause();
        }
        let used = ticks(shim) - before;
        assert!(used < 20, "{used} ticks of 150");
    }
    std::fs::write(world.path("go"), "").unwrap();
    world.settled(verifies["id"].as_i64().unwrap(), "review");
    signal(pid(&task, "agent_pid"), Signal::SIGKILL);
    assert_eq!(finish(stop).code, Some(0));
}

#[test]
fn an_agents_timeout_does_not_hold_for_the_verification_of_its_work() {
    let world = World::new();
    let script = "echo x > f; \"$GANGER_BIN\" done; sleep 1000";
    let verify = "while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done";
    let id = world.ok(&["add", "t", "--prompt", script, "--verify", verify, "--timeout", "1s"]).trim().to_owned();
    world.ok(&["dispatch", &id]);
    let id = id.parse().unwrap();
    world.phase(id, "verifying");
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1500) {
        pause();
    }
    assert_eq!(world.task(id)["attempt"]["phase"], "verifying");
    std::fs::write(world.path("go"), "").unwrap();
    assert_eq!(world.settled(id, "review")["attempt"]["phase"], "running");
}

#[test]
fn done_waits_for_the_verification_where_asked_to() {
    let world = World::new();
    let script = "\"$GANGER_BIN\" done --wait; echo $? > \"$WORLD/code\"";
    world.ok(&["add", "t", "--prompt", script, "--verify", "exit 1", "--start"]);
    assert_eq!(world.file("code").trim(), "8");
}

#[test]
fn a11_an_agent_that_ends_while_it_is_verified_changes_nothing() {
    let world = World::new();
    let verify = "while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done";
    world.ok(&["add", "t", "--prompt", "\"$GANGER_BIN\" done; exit 9", "--verify", verify, "--start"]);
    until("the agent's end", || (world.task(1)["attempt"]["exit_code"] == 9).then_some(()));
    assert_eq!(world.task(1)["activity"], "verifying");
    assert_eq!(world.status(1), "in-progress");
    std::fs::write(world.path("go"), "").unwrap();
    assert_eq!(world.settled(1, "review")["attempt"]["phase"], "exited");
    world.reconciled();
}

#[test]
fn a_verification_whose_shim_dies_is_interrupted() {
    let world = World::new();
    world.ok(&["add", "t", "--prompt", "echo x > f", "--verify", "sleep 1000", "--start"]);
    let task = world.phase(1, "verifying");
    signal(pid(&task, "shim_pid"), Signal::SIGKILL);
    until("the shim's end", || (!runs(pid(&task, "shim_pid"))).then_some(()));
    world.reconciled();
    let task = world.task(1);
    assert_eq!(
        (task["status"].as_str(), task["attempt"]["cause"].as_str()),
        (Some("failed"), Some("verify-interrupted"))
    );
}

#[test]
fn stop_ends_the_agent_for_good() {
    let world = World::new();
    for script in [STAYS, "trap '' TERM INT HUP; while :; do sleep 0.05; done"] {
        let (id, task) = running(&world, script);
        world.ok(&["stop", &id.to_string()]);
        assert!(!runs(pid(&task, "agent_pid")), "the agent is gone when stop returns");
        let task = world.task(id);
        assert_eq!((task["status"].as_str(), task["attempt"]["cause"].as_str()), (Some("failed"), Some("cancelled")));
        assert_eq!(task["not_before"], Value::Null);
        world.ok(&["stop", &id.to_string()]);
        world.reconciled();
        assert_eq!(world.status(id), "failed");
    }
}

#[test]
fn stop_in_review_ends_the_agent_and_nothing_else() {
    let world = World::new();
    let id = world.dispatch("\"$GANGER_BIN\" done; sleep 1000");
    let task = world.settled(id, "review");
    world.ok(&["stop", &id.to_string()]);
    assert!(!runs(pid(&task, "agent_pid")));
    let task = world.task(id);
    assert_eq!((task["status"].as_str(), task["attempt"]["phase"].as_str()), (Some("review"), Some("exited")));
}

#[test]
fn r4_a_pane_that_a_person_closes_cancels() {
    let world = World::new();
    world.tmux(&["new-session", "-d", "-s", "person", "--", "sleep", "1000"]);
    let (id, task) = running(&world, STAYS);
    world.tmux(&["kill-pane", "-t", task["attempt"]["pane_id"].as_str().unwrap()]);
    let task = world.settled(id, "failed");
    assert_eq!(task["attempt"]["cause"], "cancelled");
    world.reconciled();
    assert_eq!(world.status(id), "failed", "what a person ended is never requeued");
    assert_eq!(world.sessions(), ["person"]);
}

#[test]
fn t4_t5_a_server_that_dies_puts_every_task_back_in_the_queue() {
    let world = World::new();
    let count = size(12, 50, 50);
    world.configure("[queue]\nmax_running = 50");
    // They ignore the hang-up, and so do their children.
    let tasks: Vec<(i64, Value)> = (0..count).map(|_| running(&world, "trap '' HUP TERM; sleep 1000")).collect();
    world.tmux(&["kill-server"]);
    let mut waits = BTreeSet::new();
    for (id, before) in &tasks {
        let task = world.settled(*id, "ready");
        assert_eq!(task["attempt"]["cause"], "orphan-server");
        assert!(!runs(pid(before, "agent_pid")), "an agent that ignores HUP is ended");
        assert_eq!(task["orphans"], 0);
        let lost =
            task["timeline"].as_array().unwrap().iter().rfind(|event| event["cause"] == "orphan-server").unwrap();
        let at = |time: &Value| time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
        waits.insert(at(&task["not_before"]) - at(&lost["at"]));
    }
    assert_eq!(waits.len(), count, "spaced, no stampede: {waits:?}");
    world.reconciled();
    for (id, _) in &tasks {
        world.ok(&["dispatch", &id.to_string()]);
    }
    world.audited();
}

#[test]
fn a4_t8_a_shim_that_is_killed_takes_its_agent_along_and_its_task_is_requeued() {
    let world = World::new();
    let script = "echo half > work.txt; sleep 1000 & echo $! > \"$WORLD/child\"; while :; do sleep 0.05; done";
    let (id, task) = running(&world, script);
    let child: i64 = world.file("child").trim().parse().unwrap();
    signal(pid(&task, "shim_pid"), Signal::SIGKILL);
    until("the agent's end", || (!runs(pid(&task, "agent_pid"))).then_some(()));
    let pane = "#{pane_dead} [#{pane_dead_status}]";
    let target = task["attempt"]["pane_id"].as_str().unwrap();
    until("a dead pane without an exit status", || {
        (world.tmux(&["display-message", "-p", "-t", target, pane]) == "1 []").then_some(())
    });
    assert_eq!(world.ok(&["status-line"]).trim(), "!1");
    world.reconciled();
    assert!(!runs(child), "what its agent had started in its session");
    let after = world.task(id);
    assert_eq!((after["status"].as_str(), after["attempt"]["cause"].as_str()), (Some("ready"), Some("orphan-shim")));
    assert_eq!(after["orphans"], 1);
    world.ok(&["dispatch", &id.to_string()]);
    let again = world.task(id);
    assert_eq!(again["attempt"]["worktree"], task["attempt"]["worktree"], "it goes on in the same tree");
    let work = std::path::Path::new(again["attempt"]["worktree"].as_str().unwrap()).join("work.txt");
    assert_eq!(std::fs::read_to_string(work).unwrap(), "half\n");
}

#[test]
fn a_shim_that_is_terminated_by_somebody_requeues() {
    let world = World::new();
    let (id, task) = running(&world, STAYS);
    signal(pid(&task, "shim_pid"), Signal::SIGTERM);
    let after = world.settled(id, "ready");
    assert_eq!(after["attempt"]["cause"], "orphan-terminated");
    assert!(!runs(pid(&task, "agent_pid")));
}

#[test]
fn an_agent_past_its_timeout_is_ended() {
    let world = World::new();
    let id: i64 = world.ok(&["add", "t", "--prompt", STAYS, "--timeout", "1s"]).trim().parse().unwrap();
    world.ok(&["dispatch", &id.to_string()]);
    assert_eq!(world.settled(id, "failed")["attempt"]["cause"], "timeout");
}

#[test]
fn setup_runs_before_the_agent_and_its_failure_is_told() {
    let world = World::new();
    world.configure("[worktrees]\nsetup = [\"echo made > setup.txt\"]");
    let id = world.dispatch("cat setup.txt > \"$WORLD/seen\"; echo >> \"$WORLD/seen\"");
    world.settled(id, "review");
    assert_eq!(world.file("seen").trim(), "made");
    world.configure("[worktrees]\nsetup = [\"exit 4\"]");
    let id = world.add("touch \"$WORLD/ran\"");
    let ran = world.fails(5, &["dispatch", &id.to_string()]);
    assert!(ran.stderr.contains("setup failed: `exit 4`: exit status 4"), "{ran:?}");
    let task = world.task(id);
    assert_eq!((task["status"].as_str(), task["attempt"]["cause"].as_str()), (Some("failed"), Some("setup")));
    assert!(!world.path("ran").exists());
}

#[test]
fn d5_a_reboot_requeues() {
    let world = World::new();
    let (id, task) = running(&world, STAYS);
    for name in ["shim_pid", "agent_pid"] {
        signal(pid(&task, name), Signal::SIGKILL);
    }
    until("their end", || (!runs(pid(&task, "shim_pid"))).then_some(()));
    world.sql(&format!("UPDATE attempts SET boot = 'another' WHERE task = {id}"));
    world.reconciled();
    let task = world.task(id);
    assert_eq!((task["status"].as_str(), task["attempt"]["cause"].as_str()), (Some("ready"), Some("orphan-reboot")));
}

#[test]
fn m4_another_machines_attempt_is_unknown() {
    let world = World::new();
    let (id, task) = running(&world, STAYS);
    signal(pid(&task, "shim_pid"), Signal::SIGKILL);
    until("its end", || (!runs(pid(&task, "shim_pid"))).then_some(()));
    world.sql(&format!("UPDATE attempts SET host = 'another' WHERE task = {id}"));
    world.fails(6, &["--reconcile"]);
    assert_eq!(world.status(id), "in-progress");
    world.audited();
}

#[test]
fn r3_an_agent_that_always_dies_at_once_opens_the_breaker() {
    let world = World::new();
    let id = world.add(STAYS);
    for round in 1..=4 {
        world.sql(&format!("UPDATE tasks SET not_before = NULL WHERE id = {id}"));
        world.ok(&["dispatch", "--next"]);
        let task = world.task(id);
        assert_eq!(task["attempt"]["number"], round, "{task}");
        signal(pid(&task, "shim_pid"), Signal::SIGKILL);
        until("its end", || (!runs(pid(&task, "agent_pid"))).then_some(()));
        world.reconciled();
    }
    let task = world.task(id);
    assert_eq!(task["status"], "failed");
    assert_eq!(world.causes(id).last().unwrap(), "crash-loop");
}

#[test]
fn a_requeued_task_waits_for_its_time_unless_it_is_named() {
    let world = World::new();
    let (id, task) = running(&world, STAYS);
    signal(pid(&task, "shim_pid"), Signal::SIGKILL);
    until("its end", || (!runs(pid(&task, "agent_pid"))).then_some(()));
    world.reconciled();
    world.ok(&["dispatch", "--next"]);
    assert_eq!(world.status(id), "ready");
    world.ok(&["dispatch", &id.to_string()]);
    assert_eq!(world.status(id), "in-progress");
}

#[test]
fn a8_an_end_that_the_database_was_not_told_is_read_from_the_exit_file() {
    let world = World::new();
    let (id, task) = running(&world, "while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done; echo x > f; exit 3");
    let mut other = rusqlite::Connection::open(world.database()).unwrap();
    let lock = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    std::fs::write(world.path("go"), "").unwrap();
    let exits = world.path("state/ganger/exits");
    until("the exit file", || {
        std::fs::read_dir(&exits)
            .unwrap()
            .flatten()
            .any(|file| file.path().extension().is_some_and(|end| end == "exit"))
            .then_some(())
    });
    signal(pid(&task, "shim_pid"), Signal::SIGKILL);
    until("its end", || (!runs(pid(&task, "shim_pid"))).then_some(()));
    drop(lock);
    let report = world.ganger(&["--reconcile", "--json"]).json();
    assert_eq!(report["actions"][0]["decision"], "record", "{report}");
    let task = world.task(id);
    assert_eq!((task["status"].as_str(), task["attempt"]["exit_code"].as_i64()), (Some("failed"), Some(3)));
    world.reconciled();
}

#[test]
fn a6_t5_what_an_agent_leaves_behind_is_told_and_left_alone() {
    let world = World::new();
    let id = world.dispatch("setsid sleep 1000 & echo $! > \"$WORLD/left\"; echo x > f");
    world.settled(id, "review");
    let left: i64 = world.file("left").trim().parse().unwrap();
    let told = until("the remark", || {
        let task = world.task(id);
        let left = task["attempt"]["leftovers"].as_array().unwrap().clone();
        (!left.is_empty()).then_some(left)
    });
    assert!(told[0].as_str().unwrap().ends_with("sleep"), "{told:?}");
    assert!(runs(left));
    world.ok(&["stop", &id.to_string(), "--leftovers"]);
    assert!(!runs(left));
    world.reconciled();
}

#[test]
fn a3_a10_a_stopped_agent_is_shown_and_never_reset() {
    let world = World::new();
    let (id, task) = running(&world, STAYS);
    signal(pid(&task, "agent_pid"), Signal::SIGSTOP);
    until("the sign", || (world.task(id)["activity"] == "stopped").then_some(()));
    world.reconciled();
    assert_eq!(world.status(id), "in-progress");
    // A terminal stop has no shell to continue it: the shim does.
    signal(pid(&task, "agent_pid"), Signal::SIGCONT);
    signal(pid(&task, "agent_pid"), Signal::SIGTSTP);
    for _ in 0..20 {
        pause();
    }
    until("it goes on", || (world.task(id)["activity"] == "working").then_some(()));
}

#[test]
fn a_retry_goes_on_in_the_same_tree_or_parks_it() {
    let world = World::new();
    let id = world.dispatch("echo work > f; exit 1");
    let first = world.settled(id, "failed");
    world.ok(&["retry", &id.to_string(), "--note", "be careful"]);
    let second = world.settled(id, "failed");
    assert_eq!(second["attempt"]["number"], 2);
    assert_eq!(second["attempt"]["worktree"], first["attempt"]["worktree"]);
    let prompt = world.path(&format!("state/ganger/prompts/{}.txt", second["attempt"]["id"].as_str().unwrap()));
    assert!(std::fs::read_to_string(prompt).unwrap().ends_with("be careful"));
    world.ok(&["retry", &id.to_string(), "--fresh"]);
    let third = world.settled(id, "failed");
    assert_ne!(third["attempt"]["worktree"], first["attempt"]["worktree"]);
    assert_eq!(third["attempt"]["branch"], "ganger/1-a-task-3");
    let trash = world.path("data/ganger/worktrees/.trash");
    let parked = std::fs::read_dir(trash).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::read_to_string(parked.join("f")).unwrap(), "work\n");
    world.ok(&["retry", &id.to_string(), "--no-dispatch"]);
    assert_eq!(world.status(id), "ready");
}
