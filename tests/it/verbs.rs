//! What agents say for themselves, and what people say to them.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{World, runs, signal, until};

/// The events of a task's timeline that are called so.
fn told(world: &World, id: i64, event: &str) -> Vec<String> {
    let task = world.task(id);
    let timeline = task["timeline"].as_array().unwrap();
    let texts = timeline.iter().filter(|record| record["evidence"]["event"] == event);
    texts.map(|record| record["evidence"]["text"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_question_waits_for_its_answer() {
    let world = World::new();
    let id = world.dispatch(
        r#""$GANGER_BIN" note 'read everything'; "$GANGER_BIN" ask 'Which one?
 This or that?'; read -r answer; echo "$answer" > "$WORLD/answer"; exec sleep 1000"#,
    );
    let task = until("the question", || {
        let task = world.task(id);
        (task["activity"] == "waiting").then_some(task)
    });
    assert_eq!((&task["activity_source"], &task["saying"]), (&json!("agent"), &json!("Which one?  This or that?")));
    assert_eq!(told(&world, id, "remark"), ["read everything"]);
    assert_eq!(told(&world, id, "question"), ["Which one?  This or that?"]);
    assert!(world.ok(&["list"]).contains("waiting · Which one?"));
    world.ok(&["send", &id.to_string(), "this"]);
    assert_eq!(world.file("answer"), "this\n");
    let task = world.task(id);
    assert_eq!((&task["activity"], &task["saying"]), (&json!("working"), &json!(null)));
    world.fails(2, &["ask", " ", "--task", "1"]);
    world.fails(2, &["note", "no pane, no task"]);
    world.ok(&["stop", "1"]);
    world.fails(4, &["note", "too late", "--task", "1"]);
    world.audited();
}

#[test]
fn an_agent_that_reports_done_waits_for_no_answer() {
    let world = World::new();
    let verify =
        "test -e \"$WORLD/go\" || { echo > \"$WORLD/verifies\"; while ! test -e \"$WORLD/go\"; do sleep 0.05; done; }";
    let script = "\"$GANGER_BIN\" ask 'Which one?'; \"$GANGER_BIN\" done; exec sleep 1000";
    let id: i64 = world.ok(&["add", "t", "--prompt", script, "--verify", verify, "--start"]).trim().parse().unwrap();
    world.file("verifies");
    assert!(!world.ok(&["status-line"]).contains('?'), "it verifies");
    let shown = || {
        let task = world.task(id);
        (task["status"].clone(), task["activity"].clone(), task["saying"].clone())
    };
    until("the question is gone", || {
        (shown() == (json!("in-progress"), json!("verifying"), json!(null))).then_some(())
    });
    fs::write(world.path("go"), "").unwrap();
    world.settled(id, "review");
    until("it is idle", || (shown() == (json!("review"), json!("idle"), json!(null))).then_some(()));
    world.ok(&["stop", &id.to_string()]);
    world.audited();
}

#[test]
fn a_reason_without_end_is_cut() {
    let world = World::new();
    let id = world.dispatch("\"$GANGER_BIN\" fail \"$(head -c 100000 /dev/zero | tr '\\0' x)\"; exec sleep 1000");
    let task = world.settled(id, "failed");
    let reason = task["reason"].as_str().unwrap();
    assert!(reason.ends_with('…') && reason.chars().count() < 5000, "{}", reason.len());
}

#[test]
fn nothing_is_typed_at_a_program_that_has_the_agents_terminal() {
    let world = World::new();
    // A shell with job control gives each program the terminal in turn.
    world.configure(
        "[agents.jobs]\ncommand = [\"bash\", \"-mc\", \"cat > \\\"$WORLD/typed\\\"; exit 0\", \"{prompt}\"]",
    );
    let id: i64 = world.ok(&["add", "t", "--agent", "jobs", "--start"]).trim().parse().unwrap();
    until("cat has the terminal", || world.path("typed").exists().then_some(()));
    let ran = world.fails(4, &["send", &id.to_string(), "rm -rf /"]);
    assert!(ran.stderr.contains("nothing was typed"), "{ran:?}");
    assert_eq!(fs::read(world.path("typed")).unwrap(), b"");
}

#[test]
fn a_text_reaches_an_agent_whose_screen_somebody_scrolls() {
    let world = World::new();
    let id = world.dispatch("read -r answer; echo \"$answer\" > \"$WORLD/answer\"; exec sleep 1000");
    let session = world.task(id)["attempt"]["session"].as_str().unwrap().to_owned();
    world.tmux(&["copy-mode", "-t", &format!("={session}:")]);
    world.ok(&["send", &id.to_string(), "over here"]);
    assert_eq!(world.file("answer"), "over here\n");
}

#[test]
fn a_text_that_is_not_taken_in_is_said_to_be_not() {
    let world = World::new();
    let id = world.dispatch("exec sleep 1000");
    let ran = world.fails(1, &["send", &id.to_string(), "hello?"]);
    assert!(ran.stderr.contains("was not submitted"), "{ran:?}");
    assert!(world.task(id)["saying"].as_str().unwrap().contains("not submitted"));
    world.sql("UPDATE tasks SET status = 'review' WHERE id = 1");
    world.fails(1, &["bounce", &id.to_string(), "--note", "better"]);
    let task = world.task(id);
    assert_eq!(task["status"], "review");
    assert!(task["reason"].as_str().unwrap().starts_with("feedback not delivered"), "{task:#}");
    world.ok(&["stop", &id.to_string()]);
    world.fails(4, &["send", &id.to_string(), "anybody?"]);
}

#[test]
fn what_is_sent_back_after_its_agent_has_ended_goes_to_a_new_attempt() {
    let world = World::new();
    let id = world.dispatch("echo work >> f; exit 0");
    world.settled(id, "review");
    world.ok(&["bounce", &id.to_string(), "--note", "more\nof it"]);
    let task = world.settled(id, "review");
    assert_eq!(task["attempt"]["number"], 2);
    let path = world.ok(&["path", &id.to_string()]);
    assert_eq!(fs::read_to_string(format!("{}/f", path.trim())).unwrap(), "work\nwork\n");
    world.ok(&["approve", &id.to_string()]);
    let ran = world.fails(4, &["bounce", &id.to_string(), "--note", "x"]);
    assert!(ran.stderr.contains("ganger reopen 1"), "{ran:?}");
    world.fails(2, &["bounce", &id.to_string(), "--note", "  "]);
    world.audited();
}

/// What stands in for a sandbox: a database that can't be reached.
const SANDBOX: &str = "export GANGER_DB=/proc/none/ganger.db";

#[test]
fn an_agent_in_a_sandbox_leaves_letters() {
    let world = World::new();
    let id = world.dispatch(&format!(
        r#"{SANDBOX}; "$GANGER_BIN" note hello --json > "$WORLD/json" && "$GANGER_BIN" ask 'May I?' && read -r _; "$GANGER_BIN" done; exec sleep 1000"#
    ));
    until("the question", || (world.task(id)["saying"] == "May I?").then_some(()));
    assert_eq!(told(&world, id, "remark"), ["hello"]);
    let left: Value = serde_json::from_str(&world.file("json")).unwrap();
    assert_eq!((&left["schema_version"], &left["tasks"], left["outbox"].is_string()), (&json!(1), &json!([]), true));
    let path = world.ok(&["path", &id.to_string()]);
    assert_eq!(world.run("git", &["status", "--porcelain"], std::path::Path::new(path.trim())), "");
    world.ok(&["send", &id.to_string(), "yes"]);
    world.settled(id, "review");
    assert_eq!(world.task(id)["attempt"]["phase"], "running");
    world.audited();
}

#[test]
fn work_that_is_reported_done_by_a_letter_is_verified() {
    let world = World::new();
    // Its shim has looked at the board by then; nobody else writes anything, and the agent stays.
    let script = format!(r#"{SANDBOX}; echo x > f; sleep 2; "$GANGER_BIN" done; exec sleep 1000"#);
    let id: i64 = world.ok(&["add", "t", "--prompt", &script, "--verify", "test -e f"]).trim().parse().unwrap();
    world.ok(&["dispatch", &id.to_string()]);
    let task = world.settled(id, "review");
    assert_eq!((&task["reason"], &task["attempt"]["phase"]), (&json!("verified"), &json!("running")));
}

#[test]
fn a_letter_is_left_though_the_agent_has_cleaned_its_tree() {
    let world = World::new();
    let id = world.dispatch(&format!(
        r#"{SANDBOX}; git clean -qfdx; echo x > f; "$GANGER_BIN" note clean; "$GANGER_BIN" done; exec sleep 1000"#
    ));
    world.settled(id, "review");
    assert_eq!(told(&world, id, "remark"), ["clean"]);
}

#[test]
fn a_letter_that_is_not_the_agents_is_put_aside() {
    let world = World::new();
    let id = world.dispatch(&format!(
        r#"{SANDBOX}; GANGER_TOKEN=wrong "$GANGER_BIN" done; echo '{{' > .ganger/0.letter; ln -s /etc/passwd .ganger/1.letter; "$GANGER_BIN" note last; exec sleep 1000"#
    ));
    until("the last letter", || (world.task(id)["saying"] == "last").then_some(()));
    assert_eq!(world.status(id), "in-progress");
    let path = world.ok(&["path", &id.to_string()]);
    let refused = fs::read_dir(format!("{}/.ganger", path.trim())).unwrap().flatten();
    assert_eq!(refused.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "refused")).count(), 3);
    assert!(fs::read_to_string("/etc/passwd").is_ok());
}

#[test]
fn the_letters_of_the_dead_are_delivered() {
    let world = World::new();
    let id = world.dispatch(&format!(
        r#"while [ ! -e "$WORLD/go" ]; do sleep 0.05; done; {SANDBOX}; "$GANGER_BIN" done; echo x > "$WORLD/left"; exec sleep 1000"#
    ));
    let task = world.task(id);
    let shim = task["attempt"]["shim_pid"].as_i64().unwrap();
    signal(shim, Signal::SIGSTOP);
    fs::write(world.path("go"), "x").unwrap();
    world.file("left");
    assert_eq!(world.status(id), "in-progress");
    signal(shim, Signal::SIGKILL);
    until("its end", || (!runs(shim)).then_some(()));
    world.reconciled();
    assert_eq!(world.status(id), "review");
}

#[test]
fn a_verification_that_failed_is_run_again_alone() {
    let world = World::new();
    let id: i64 = world
        .ok(&["add", "t", "--prompt", "echo work > f", "--verify", "echo looked at $(cat f); test -e \"$WORLD/fine\""])
        .trim()
        .parse()
        .unwrap();
    world.fails(4, &["retry", "1", "--verify"]);
    world.ok(&["dispatch", "1"]);
    world.settled(id, "failed");
    assert_eq!(world.task(id)["attempt"]["cause"], "verify");
    world.ok(&["retry", "1", "--verify"]);
    let task = world.settled(id, "failed");
    assert_eq!((&task["attempt"]["number"], &task["attempt"]["agent_pid"]), (&json!(2), &json!(null)));
    fs::write(world.path("fine"), "").unwrap();
    world.ok(&["retry", "1", "--verify"]);
    let task = world.settled(id, "review");
    assert_eq!((&task["attempt"]["number"], &task["attempt"]["phase"]), (&json!(3), &json!("exited")));
    assert!(world.ok(&["log", "1", "--verify"]).contains("looked at work"));
    world.ok(&["approve", "1"]);
    world.audited();
}

#[test]
fn a_failed_verification_is_handed_to_the_next_attempt() {
    let world = World::new();
    world.configure(
        "[agents.coder]\ncommand = [\"sh\", \"-c\", \"echo work > f; cp \\\"$1\\\" \\\"$WORLD/prompt.$GANGER_TASK\\\"\", \"x\", \"{prompt_file}\"]",
    );
    let id: i64 = world
        .ok(&[
            "add",
            "t",
            "--agent",
            "coder",
            "--prompt",
            "fix it",
            "--verify",
            "echo 3 tests failed; exit 1",
            "--start",
        ])
        .trim()
        .parse()
        .unwrap();
    world.settled(id, "failed");
    world.ok(&["bounce", &id.to_string(), "--note", "the third one, too"]);
    world.settled(id, "failed");
    let prompt = fs::read_to_string(world.path("prompt.1")).unwrap();
    assert!(prompt.starts_with("fix it\n\nThe last attempt failed: verification failed: "), "{prompt}");
    assert!(prompt.contains("It printed:\n\n$ echo 3 tests failed; exit 1\n3 tests failed"), "{prompt}");
    assert!(prompt.ends_with("\n\nthe third one, too"), "{prompt}");
}

#[test]
fn files_that_a_task_names_and_nobody_touched_are_remarked_on() {
    let world = World::new();
    let add = ["add", "t", "--prompt", "echo x >> a.txt; mkdir -p d; echo y > d/new", "--start"];
    let files = ["--file", "a.txt", "--file", "b.txt", "--file", "d/", "--file", "src/x.rs"];
    let id: i64 = world.ok(&[&add[..], &files].concat()).trim().parse().unwrap();
    let task = world.settled(id, "review");
    assert_eq!(task["untouched"], json!(["b.txt", "src/x.rs"]));
    assert!(world.ok(&["show", "1"]).contains("untouched  b.txt, src/x.rs"));
}

#[test]
fn every_attempt_has_ports_of_its_own() {
    let world = World::new();
    let script =
        r#"echo "$GANGER_PORT" > "$WORLD/port.$GANGER_TASK"; echo "$GANGER_OUTBOX" > "$WORLD/outbox"; exec sleep 1000"#;
    let (one, two) = (world.dispatch(script), world.dispatch(script));
    let ports = [one, two].map(|id| world.file(&format!("port.{id}")).trim().parse::<u16>().unwrap());
    assert!(ports[0].abs_diff(ports[1]) >= 10, "{ports:?}");
    assert_eq!(world.task(one)["attempt"]["port"], ports[0]);
    // Where it was not taken by somebody else meanwhile, a retry in the same tree has the same.
    world.ok(&["stop", &one.to_string()]);
    world.ok(&["retry", &one.to_string()]);
    let again = world.task(one)["attempt"]["port"].as_u64().unwrap();
    assert!(again == u64::from(ports[0]) || std::net::TcpListener::bind(("127.0.0.1", ports[0])).is_err());
}

#[test]
fn people_are_told_once_by_who_committed_it() {
    let world = World::new();
    let tell = |event: &str| {
        format!(
            "{event} = [\"sh\", \"-c\", 'echo \"$1 $2 $3\" >> \"$WORLD/told\"', \"x\", \"{{event}}\", \"{{task_id}}\", \"{{title}}\"]\n"
        )
    };
    let events: String = ["waiting", "review", "failed", "orphaned"].iter().map(|event| tell(event)).collect();
    world.configure(&format!("[notify]\n{events}"));
    let lines = |count: usize| {
        until("the notifications", || {
            let text = fs::read_to_string(world.path("told")).unwrap_or_default();
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            (lines.len() >= count).then_some(lines)
        })
    };
    let id = world.dispatch(r#""$GANGER_BIN" ask one; "$GANGER_BIN" ask two; "$GANGER_BIN" done; exec sleep 1000"#);
    assert_eq!(lines(2), ["waiting 1 a task", "review 1 a task"]);
    world.ok(&["approve", &id.to_string()]);
    let failing = world.dispatch("exit 3");
    world.settled(failing, "failed");
    assert_eq!(lines(3).last().unwrap(), "failed 2 a task");
    let orphan = world.dispatch("exec sleep 1000");
    let shim = world.task(orphan)["attempt"]["shim_pid"].as_i64().unwrap();
    signal(shim, Signal::SIGKILL);
    until("its end", || (!runs(shim)).then_some(()));
    world.reconciled();
    assert_eq!(lines(4).last().unwrap(), "orphaned 3 a task");
    world.ok(&["--reconcile"]);
    assert_eq!(lines(4).len(), 4);
}

#[test]
fn a_notifier_that_fails_or_hangs_changes_nothing() {
    let world = World::new();
    world.configure(
        "[notify]\nreview = [\"sh\", \"-c\", \"echo began > \\\"$WORLD/began\\\"; exec sleep 1000\"]\nfailed = [\"/no/such/program\"]",
    );
    let hangs = world.dispatch("echo x > f");
    world.settled(hangs, "review");
    world.file("began");
    world.ok(&["approve", &hangs.to_string()]);
    let fails = world.dispatch("exit 3");
    world.settled(fails, "failed");
    let log = world.path("state/ganger/logs/notify.log");
    until("the log", || fs::read_to_string(&log).ok().filter(|text| text.contains("/no/such/program")));
    world.audited();
}

#[test]
fn a_verification_that_kills_itself_or_hangs_is_no_pass() {
    let world = World::new();
    world.configure("[completion]\nverify_timeout = \"1s\"");
    for verify in ["kill -9 $$", "exec sleep 1000", "kill -9 -$$", "exit 3"] {
        let add = ["add", "t", "--prompt", "echo x > f", "--verify", verify, "--start"];
        let id: i64 = world.ok(&add).trim().parse().unwrap();
        let task = world.settled(id, "failed");
        assert_eq!(task["attempt"]["cause"], "verify", "{verify}: {task:#}");
    }
    world.audited();
}

#[test]
fn whatever_an_agent_puts_into_its_outbox_harms_nobody() {
    let world = World::new();
    let id = world.dispatch(
        r#"cd "$GANGER_OUTBOX"
letter() {
  printf '{"version":1,"attempt":"%s","token":"%s",%s}' "$GANGER_ATTEMPT" "$GANGER_TOKEN" "$2" > "$1.tmp"
  mv "$1.tmp" "$1.letter"
}
mkfifo 0.letter; ln -s /dev/zero 1.letter; mkdir 2.letter; head -c 2000000 /dev/zero > 3.letter
letter "$(printf '4\n4')" '"verb":"report","activity":"idle","conversation":"--dangerously-skip-permissions"'
letter 5 '"verb":"ask","text":"still there?"'
exec sleep 1000"#,
    );
    let task = until("the question", || {
        let task = world.task(id);
        (task["saying"] == "still there?").then_some(task)
    });
    let board = rusqlite::Connection::open(world.database()).unwrap();
    let conversations = board.query_row("SELECT count(conversation) FROM attempts", [], |row| row.get::<_, i64>(0));
    assert_eq!(conversations.unwrap(), 0, "an option is no conversation");
    let outbox = std::path::Path::new(task["attempt"]["worktree"].as_str().unwrap()).join(".ganger");
    for refused in 0..4 {
        assert!(outbox.join(format!("{refused}.refused")).symlink_metadata().is_ok(), "{refused}");
    }
    world.ok(&["stop", &id.to_string()]);
    world.audited();
}
