//! What a person decides on tasks at rest: approve, reopen, edit, archive.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{World, runs, signal, until};

const WAITS: &str = "while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done";

fn keys(value: &Value) -> String {
    value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
}

/// The names of a task's events, in order.
pub fn told(world: &World, id: i64) -> Vec<String> {
    let task = world.task(id);
    let timeline = task["timeline"].as_array().unwrap();
    timeline.iter().map(|event| event["evidence"]["event"].as_str().unwrap().to_owned()).collect()
}

/// A task in review, its agent gone.
pub fn reviewed(world: &World) -> i64 {
    let id = world.dispatch("echo x > f");
    world.settled(id, "review");
    world.phase(id, "exited");
    id
}

#[test]
fn finished_work_is_approved_and_reopened() {
    let world = World::new();
    let id = reviewed(&world);
    let name = id.to_string();
    assert_eq!(world.ok(&["reopen", &name]), "task 1 is in review\n", "it is so already");
    let before = told(&world, id);
    let answer = world.ganger(&["approve", &name, "--json"]);
    assert_eq!((answer.code, keys(&answer.json()).as_str()), (Some(0), "schema_version tasks"));
    assert_eq!(
        (&answer.json()["tasks"][0]["status"], &answer.json()["tasks"][0]["reason"]),
        (&"done".into(), &Value::Null)
    );
    let ran = world.ganger(&["approve", &name]);
    assert_eq!(ran.stdout, "task 1 is done\n", "it is so already");
    assert_eq!(ran.stderr, "1 file is not committed: ganger diff 1 --uncommitted\n");
    assert_eq!(world.ok(&["reopen", &name]), "task 1 is in review\n");
    let task = world.task(id);
    assert_eq!((&task["status"], &task["reason"]), (&"review".into(), &"reopened".into()));
    assert_eq!(world.ok(&["approve", &name]), "task 1 is done\n");
    let acts: Vec<String> = told(&world, id).split_off(before.len());
    let acts: Vec<&str> = acts.iter().map(String::as_str).filter(|act| !act.starts_with("clean")).collect();
    assert_eq!(acts, ["approved", "reopened", "approved"], "what was so already is not told");
    // Nobody needs the pane of a task that is done.
    until("its session is gone", || {
        world.ok(&["--reconcile"]);
        world.sessions().is_empty().then_some(())
    });
    world.audited();
}

#[test]
fn only_finished_work_is_approved_and_only_done_work_reopened() {
    let world = World::new();
    let ready = world.add("true").to_string();
    let running = world.dispatch(WAITS);
    let failed = world.dispatch("exit 3");
    world.settled(failed, "failed");
    for id in [ready.clone(), running.to_string(), failed.to_string()] {
        let ran = world.fails(4, &["approve", &id]);
        assert!(ran.stderr.contains("can be approved") && ran.stderr.contains("try: ganger show"), "{ran:?}");
        let error = world.fails(4, &["reopen", &id, "--json"]).json();
        assert_eq!((&error["error"]["kind"], error["error"]["task"].to_string()), (&"conflict".into(), id));
    }
    assert_eq!(world.task(running)["attempt"]["live"], true, "its agent was not touched");
    for command in ["approve", "reopen", "archive", "unarchive", "shell"] {
        world.fails(3, &[command, "99"]);
    }
    world.fails(3, &["edit", "99", "--title", "x"]);
}

#[test]
fn an_approval_ends_an_agent_that_lives_on() {
    let world = World::new();
    let id = world.dispatch(&format!("echo x > f; \"$GANGER_BIN\" done; {WAITS}"));
    let task = world.settled(id, "review");
    assert_eq!((&task["attempt"]["phase"], &task["attempt"]["live"]), (&"running".into(), &true.into()));
    let (agent, shim) = (task["attempt"]["agent_pid"].as_i64().unwrap(), task["attempt"]["shim_pid"].as_i64().unwrap());
    assert_eq!(world.ok(&["approve", &id.to_string()]), "task 1 is done\n");
    assert!(!runs(agent), "its agent is gone when the command returns");
    let task = world.task(id);
    assert_eq!((&task["status"], &task["attempt"]["phase"]), (&"done".into(), &"exited".into()));
    assert_eq!(task["attempt"]["cause"], "ok");
    let told = told(&world, id);
    let at = |name: &str| told.iter().position(|event| event == name).unwrap_or_else(|| panic!("{name}: {told:?}"));
    assert!(at("stop requested") < at("agent ended") && at("agent ended") < at("approved"), "{told:?}");
    until("its shim has ended", || (!runs(shim)).then_some(()));
    world.reconciled();
}

#[test]
fn an_approval_needs_no_living_shim() {
    let world = World::new();
    let id = world.dispatch(&format!("echo x > f; \"$GANGER_BIN\" done; {WAITS}"));
    let task = world.settled(id, "review");
    let shim = task["attempt"]["shim_pid"].as_i64().unwrap();
    signal(shim, Signal::SIGKILL);
    until("its end", || (!runs(shim)).then_some(()));
    assert_eq!(world.ok(&["approve", &id.to_string()]), "task 1 is done\n");
    assert_eq!(world.task(id)["attempt"]["phase"], "exited");
    assert!(!runs(task["attempt"]["agent_pid"].as_i64().unwrap()));
    world.reconciled();
}

#[test]
fn many_approvals_at_once_are_one() {
    let world = World::new();
    let id = world.dispatch(&format!("echo x > f; \"$GANGER_BIN\" done; {WAITS}"));
    world.settled(id, "review");
    let name = id.to_string();
    let started: Vec<_> = (0..4).map(|_| world.start(&["approve", &name])).collect();
    for child in started {
        let ran = crate::support::finish(child);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "task 1 is done\n"), "{ran:?}");
    }
    assert_eq!(told(&world, id).iter().filter(|event| *event == "approved").count(), 1);
    world.reconciled();
}

#[test]
fn an_archived_task_is_off_the_board_and_comes_back() {
    let world = World::new();
    let id = world.add("true");
    let name = id.to_string();
    assert_eq!(world.ok(&["unarchive", &name]), "task 1 is on the board, ready\n", "it is so already");
    assert_eq!(world.ok(&["archive", &name]), "task 1 is archived\n");
    assert_eq!(world.ok(&["archive", &name]), "task 1 is archived\n");
    assert_eq!(world.ok(&["list"]), "");
    assert!(world.ok(&["list", "--archived"]).contains("archived"));
    let task = world.task(id);
    assert_eq!((&task["archived"], &task["status"]), (&true.into(), &"ready".into()));
    // The queue leaves it alone.
    world.ok(&["dispatch", "--all"]);
    assert_eq!(world.status(id), "ready");
    let answer = world.ganger(&["unarchive", &name, "--json"]).json();
    assert_eq!((keys(&answer).as_str(), &answer["tasks"][0]["archived"]), ("schema_version tasks", &false.into()));
    assert!(world.ok(&["list"]).contains("a task"));
    assert_eq!(told(&world, id), ["added", "archived", "unarchived"]);
}

#[test]
fn a_task_with_a_live_agent_is_archived_only_after_a_stop() {
    let world = World::new();
    let id = world.dispatch(WAITS);
    let name = id.to_string();
    let agent = world.task(id)["attempt"]["agent_pid"].as_i64().unwrap();
    let ran = world.fails(4, &["archive", &name]);
    assert!(ran.stderr.contains("running agent") && ran.stderr.contains("archive 1 --stop"), "{ran:?}");
    assert!(runs(agent) && world.status(id) == "in-progress");
    assert_eq!(world.ok(&["archive", &name, "--stop"]), "task 1 is archived\n");
    assert!(!runs(agent));
    let task = world.task(id);
    assert_eq!(
        (&task["status"], &task["attempt"]["cause"], &task["archived"]),
        (&"failed".into(), &"cancelled".into(), &true.into())
    );
    // A live agent in review holds it, too.
    let other = world.dispatch(&format!("\"$GANGER_BIN\" done; {WAITS}"));
    world.settled(other, "review");
    world.fails(4, &["archive", &other.to_string()]);
    world.ok(&["archive", &other.to_string(), "--stop"]);
    assert_eq!(world.status(other), "review");
    world.reconciled();
}

#[test]
fn every_wish_can_be_changed_and_taken_back() {
    let world = World::new();
    let first = world.add("true").to_string();
    let id = world
        .ok(&["add", "t", "--file", "a", "--verify", "true", "--timeout", "5s", "--base", "main"])
        .trim()
        .to_owned();
    let edited = |args: &[&str]| {
        let ran = world.ganger(&[&["edit", &id, "--json"], args].concat());
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        ran.json()["tasks"][0].clone()
    };
    let prompt = world.path("prompt.txt");
    fs::write(&prompt, "from a file\n").unwrap();
    let prompt = format!("@{}", prompt.display());
    world.configure("[agents.other]\ncommand = [\"sh\"]");
    let task = edited(&[
        "--title",
        "new",
        "--prompt",
        &prompt,
        "--agent",
        "other",
        "--priority",
        "-4",
        "--file",
        "b",
        "--file",
        "c",
        "--verify",
        "make",
        "--timeout",
        "7m",
        "--after",
        &first,
        "--after",
        &first,
        "--unsafe",
        "--base",
        "HEAD~0",
    ]);
    assert_eq!(
        (&task["title"], &task["prompt"], &task["agent"]),
        (&"new".into(), &"from a file\n".into(), &"other".into())
    );
    assert_eq!((&task["priority"], &task["timeout"]), (&(-4).into(), &420.into()));
    assert_eq!(
        (task["files"].to_string(), task["verify"].to_string()),
        ("[\"b\",\"c\"]".to_owned(), "[\"make\"]".to_owned())
    );
    assert_eq!((task["after"].to_string(), task["blocked_by"].to_string()), ("[1]".to_owned(), "[1]".to_owned()));
    let task = edited(&["--no-files", "--no-verify", "--no-timeout", "--no-after", "--no-unsafe", "--no-base"]);
    assert_eq!(
        (task["files"].to_string(), task["verify"].to_string(), &task["timeout"]),
        ("[]".to_owned(), "[]".to_owned(), &Value::Null)
    );
    assert_eq!(task["after"].to_string(), "[]");
    let shown = world.task(2);
    let events: Vec<&Value> = shown["timeline"].as_array().unwrap().iter().map(|event| &event["evidence"]).collect();
    assert_eq!(events[1]["fields"], "title, prompt, agent, base, priority, files, verify, timeout, after, unsafe");
    assert_eq!(events[2]["fields"], "base, files, verify, timeout, after, unsafe");
    assert!(!events[1].to_string().contains("from a file"));
    assert_eq!(world.ok(&["edit", &id, "--title", "new"]), "task 2 is edited\n");
    assert_eq!(world.task(2)["timeline"].as_array().unwrap().len(), 3, "what is so already is not told");
    // A profile that is gone since is no reason to refuse a title.
    world.configure("");
    world.ok(&["edit", &id, "--title", "newer"]);
}

#[test]
fn what_can_not_be_wished_is_refused_as_by_add() {
    let world = World::new();
    let (one, two) = (world.add("true").to_string(), world.add("true").to_string());
    world.ok(&["edit", &two, "--after", &one]);
    let before = (world.task(1), world.task(2));
    for (code, args) in [
        (2, &["--title", " "] as &[&str]),
        (2, &["--agent", "nobody"]),
        (2, &["--base=--all"]),
        (2, &["--verify", " "]),
        (2, &["--timeout", "soon"]),
        (2, &["--prompt", "@/no/such/file"]),
        (2, &["--title", "x", "--after", &one]),
        (2, &["--title", "x", "--after", &two]),
        (3, &["--title", "x", "--after", "99"]),
        (2, &["--file", "x", "--no-files"]),
        (2, &[]),
    ] {
        world.fails(code, &[&["edit", &one], args].concat());
    }
    assert_eq!((world.task(1), world.task(2)), before);
}

#[test]
fn m5_an_edit_reaches_the_next_attempt_and_never_a_live_one() {
    let world = World::new();
    let id = world.dispatch(&format!("{WAITS}; echo x > first; exit 1"));
    let name = id.to_string();
    let second = world.path("second");
    let prompt = format!("echo \"$GANGER_TASK\" > {}; exit 2", second.display());
    world.ok(&["edit", &name, "--title", "better words", "--prompt", &prompt, "--priority", "3"]);
    for held in [
        &["--agent", "claude"] as &[&str],
        &["--verify", "true"],
        &["--timeout", "1s"],
        &["--base", "HEAD~0"],
        &["--file", "a"],
        &["--unsafe"],
        &["--title", "no", "--verify", "true"],
    ] {
        let ran = world.fails(4, &[&["edit", &name], held].concat());
        assert!(ran.stderr.contains("running agent") && ran.stderr.contains("try: ganger stop 1"), "{ran:?}");
    }
    let task = world.task(id);
    assert_eq!((&task["title"], &task["status"]), (&"better words".into(), &"in-progress".into()));
    fs::write(world.path("go"), "").unwrap();
    let task = world.settled(id, "failed");
    assert_eq!(task["attempt"]["exit_code"], 1, "the attempt had its own copy");
    assert!(!second.exists());
    world.phase(id, "exited");
    world.ok(&["edit", &name, "--verify", "true"]);
    world.ok(&["retry", &name]);
    world.file("second");
    let task = world.settled(id, "failed");
    assert_eq!((&task["attempt"]["number"], &task["attempt"]["exit_code"]), (&2.into(), &2.into()));
    world.reconciled();
}

#[test]
fn m5_an_edit_between_the_look_and_the_claim_is_not_overlooked() {
    let world = World::new();
    world.configure("[agents.other]\ncommand = [\"sh\", \"-c\", \"{prompt}; echo other >> $WORLD/told; echo x > f\"]");
    let id = world.add("echo first > $WORLD/told; exit 1");
    // tmux is asked for its server after the task was read and before it is claimed.
    let edit =
        format!("edit {id} --prompt 'echo second > $WORLD/told' --agent other --verify 'echo > $WORLD/verified'");
    world.wrap("tmux", &format!("if [ $N = 1 ]; then {} {edit}; fi\nreal \"$@\"", env!("CARGO_BIN_EXE_ganger")));
    world.ok(&["dispatch", &id.to_string()]);
    world.settled(id, "review");
    assert_eq!(world.file("told"), "second\nother\n");
    assert!(world.path("verified").exists());
    let told = told(&world, id);
    assert_eq!(told[..3], ["added", "edited", "claimed"]);
}

#[test]
fn a_shell_opens_where_the_work_is() {
    let mut world = World::new();
    world.program("my-shell", "#!/bin/sh\npwd -P > \"$WORLD/where\"\nexit 7\n");
    let shell = world.path("bin/my-shell");
    world.set("SHELL", shell.to_str().unwrap());
    let id = world.add("echo x > f; exit 3");
    let name = id.to_string();
    let ran = world.fails(4, &["shell", &name]);
    assert!(ran.stderr.contains("no worktree") && ran.stderr.contains("try: ganger dispatch 1"), "{ran:?}");
    world.ok(&["dispatch", &name]);
    world.settled(id, "failed");
    let tree = world.ok(&["path", &name]);
    assert_eq!(world.ganger(&["shell", &name]).code, Some(7), "the process is the shell");
    let canonical = |path: &str| fs::canonicalize(path.trim()).unwrap();
    assert_eq!(canonical(&world.file("where")), canonical(&tree));
    // Where it is parked, too: its path is taken when the removal is undone.
    world.ok(&["rm", &name]);
    fs::create_dir_all(Path::new(tree.trim()).join("taken")).unwrap();
    let undone = world.ok(&["undo"]);
    assert!(undone.contains("stays parked at") && undone.contains("is taken"), "{undone}");
    let parked = world.ok(&["path", &name]);
    assert!(parked.contains(".trash"), "{parked}");
    assert_eq!(world.ganger(&["shell", &name]).code, Some(7));
    assert_eq!(canonical(&world.file("where")), canonical(&parked));
    fs::rename(parked.trim(), world.path("elsewhere")).unwrap();
    let error = world.fails(4, &["shell", &name, "--json"]).json();
    assert_eq!(error["error"]["kind"], "conflict");
    fs::rename(world.path("elsewhere"), parked.trim()).unwrap();
    world.set("SHELL", "/no/such/shell");
    let ran = world.fails(1, &["shell", &name]);
    assert!(ran.stderr.contains("/no/such/shell"), "{ran:?}");
}

#[test]
fn feedback_whose_dispatch_fails_or_is_killed_leaves_the_work_in_review() {
    let world = World::new();
    let id = world.dispatch("echo x > f");
    world.settled(id, "review");
    let reason = world.task(id)["reason"].clone();
    // No session can be made: the dispatch is undone.
    world.wrap("tmux", "case \"$*\" in *__agent*) echo 'no room' >&2; exit 1;; esac; real \"$@\"");
    let refused = world.fails(5, &["bounce", &id.to_string(), "--note", "echo more > g"]);
    assert!(refused.stderr.contains("it is in review"), "{}", refused.stderr);
    let task = world.task(id);
    assert_eq!(
        (task["status"].as_str(), &task["reason"], task["note"].as_str()),
        (Some("review"), &reason, Some("echo more > g"))
    );
    // Its dispatcher is killed half-way: the reconciler does the same.
    world.wrap("tmux", "case \"$*\" in *__agent*) kill -9 $PPID; exit 1;; esac; real \"$@\"");
    let killed = world.ganger(&["bounce", &id.to_string(), "--note", "echo more > g"]);
    assert_eq!(killed.code, None, "{killed:?}");
    world.unwrap("tmux");
    world.settled_by_reconcile(id, "review");
    let task = world.task(id);
    assert_eq!((&task["reason"], task["note"].as_str()), (&reason, Some("echo more > g")));
    world.ok(&["bounce", &id.to_string(), "--note", "echo more > g"]);
    world.settled(id, "review");
    world.audited();
}

#[test]
fn comments_are_kept_and_sent_to_the_agent_together_and_it_says_which_it_has_seen_to() {
    let world = World::new();
    let id = world.dispatch("printf 'one\\ntwo\\nthree\\n' > f; git add f; git commit -qm work");
    world.settled(id, "review");
    let comment = |args: &[&str]| world.ganger(&[&["comment", "1"], args].concat());
    assert_eq!(comment(&["f:2-3", "Why two?"]).stdout, "comment 1 on f:2-3: ganger bounce 1 --comments sends it\n");
    comment(&["f:1", "And this?"]);
    comment(&["f:3", "Never mind"]);
    for (args, why) in [
        (&["f:4", "x"][..], "f has 3 lines, not 4"),
        (&["g:1", "x"], "there is no file \"g\""),
        (&["../f:1", "x"], "there is no file"),
        (&["f", "x"], "is not FILE:LINE"),
        (&["f:1", " "], "can't be empty"),
        (&["f:1"], "needs a place and a text"),
    ] {
        let refused = comment(args);
        assert_eq!(refused.code, Some(2), "{args:?}: {refused:?}");
        assert!(refused.stderr.contains(why), "{args:?}: {}", refused.stderr);
    }
    assert_eq!(comment(&["--delete", "3"]).code, Some(0));
    assert_eq!(comment(&["--edit", "2", "And one?"]).code, Some(0));
    world.fails(4, &["comment", "1", "--edit", "3", "x"]);
    // The work moves on: a comment stays with its lines.
    let tree = world.ok(&["path", "1"]);
    std::fs::write(std::path::Path::new(tree.trim()).join("f"), "zero\none\ntwo\nthree\n").unwrap();
    let listed = comment(&["--list"]).stdout;
    assert!(
        listed.starts_with("1  f:3-4  (draft)\n    > two\n    > three\n    Why two?\n2  f:2  (draft)\n"),
        "{listed}"
    );
    // The agent sees to one of them, and only to what is its own.
    let script = "\"$GANGER_BIN\" comment 1 --handled 1; \"$GANGER_BIN\" comment 2 --handled 1 2> other; \
                  \"$GANGER_BIN\" comment 1 f:1 no 2> refused; sed 's/^# \\{0,1\\}//' > said";
    world.ok(&["add", "other"]);
    world.ok(&["edit", "1", "--prompt", &format!("{script} <<'END'")]);
    world.ok(&["bounce", "1", "--comments", "--note", "Thanks."]);
    world.settled(1, "review");
    let task = world.task(1);
    let read = |name: &str| std::fs::read_to_string(std::path::Path::new(tree.trim()).join(name)).unwrap();
    let said = read("said");
    let wanted = "Thanks.\n\nReview round 1: please see to these comments on your work.\n\n1. f:3-4 (comment 1)\n> two\n> three\nWhy two?\n\n2. f:2 (comment 2)\n> one\nAnd one?";
    assert!(said.contains(wanted), "{said}");
    assert!(read("other").contains("another agent's") && read("refused").contains("is for the user"));
    assert!(task["note"].is_null(), "{task:#}");
    let states = comment(&["--list", "--json"]).json();
    let states: Vec<String> = states["comments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|comment| format!("{} {} {}", comment["id"], comment["state"], comment["round"]))
        .collect();
    assert_eq!(states, ["1 \"handled\" 1", "2 \"sent\" 1"]);
    world.fails(4, &["bounce", "1", "--comments"]);
    comment(&["f:1", "More"]);
    assert_eq!(comment(&["--clear"]).stdout, "no comment waits to be sent\n");
    world.fails(4, &["bounce", "1", "--comments"]);
    assert!(world.ok(&["show", "1"]).contains("2 comments sent, round 1"));
    world.audited();
}
