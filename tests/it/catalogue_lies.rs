//! The fault catalogue: clocks that jump, file systems that can't be trusted, text that wants to be more than text.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::kills::{AGENT, agents};
use crate::support::{World, finish, signal, until};
use crate::tui::Terminal;

/// Loads the library of lies into every program of the world.
fn lied_to(world: &mut World) {
    let library = world.path("preload.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/preload.c");
    let clocks = format!("-DCLOCKS=\"{}\"", world.path("clocks").display());
    world.run(
        "cc",
        &[&clocks, "-shared", "-fPIC", "-O1", "-o", library.to_str().unwrap(), source, "-ldl"],
        &world.path(""),
    );
    world.set("LD_PRELOAD", library.to_str().unwrap());
}

/// Moves the clocks of every program: the time of day, and those that count from the machine's start.
fn jump(world: &World, day: i64, boot: i64) {
    let (file, new) = (world.path("clocks"), world.path("clocks.new"));
    fs::write(&new, format!("{day} {boot}\n")).unwrap();
    fs::rename(new, file).unwrap();
}

#[test]
fn c8_a_board_on_a_network_file_system_is_refused_and_not_made() {
    let mut world = World::new();
    lied_to(&mut world);
    for below in ["data", "state"] {
        let path = world.path(below);
        world.set("NETWORK", path.to_str().unwrap());
        let ran = world.ganger(&["add", "t", "--prompt", "x"]);
        assert!(matches!(ran.code, Some(1 | 2)), "{ran:?}");
        assert!(ran.stderr.contains("nfs") && ran.stderr.contains(path.to_str().unwrap()), "{ran:?}");
        assert!(!world.database().exists() && !world.path("state/ganger").exists(), "{below}");
    }
    world.set("NETWORK", "/nowhere");
    world.ok(&["add", "t", "--prompt", "x"]);
}

#[test]
fn c9_nobody_is_revoked_by_the_time_of_day() {
    let mut world = World::new();
    lied_to(&mut world);
    jump(&world, 0, 0);
    let early: Value = world.ganger(&["--reconcile", "--json"]).json();
    let (id, half) = (world.add(AGENT), world.add(AGENT));
    world.ok(&["edit", &id.to_string(), "--timeout", "2h"]);
    world.ok(&["dispatch", &id.to_string()]);
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    world.wrap(
        "git",
        "case \"$*\" in *--reset*) echo x > \"$WORLD/half\"; while [ ! -e \"$WORLD/on\" ]; do sleep 0.02; done;; esac; real \"$@\"; exit $?",
    );
    let dispatcher = world.start(&["dispatch", &half.to_string()]);
    world.file("half");
    world.unwrap("git");
    for day in [-3600, 86_400, -90_000, 0, 86_400] {
        jump(&world, day, 0);
        let report = world.ganger(&["--reconcile", "--json"]).json();
        assert_eq!((&report["actions"], &report["unknown"]), (&Value::Array(Vec::new()), &Value::Array(Vec::new())));
        if day > 0 {
            let days = |report: &Value| report["observed_at"].as_str().unwrap()[..10].to_owned();
            assert_ne!(days(&report), days(&early), "the clock has really jumped");
        }
        assert_eq!(world.task(id)["attempt"]["live"], true);
        for id in [id, half] {
            assert_eq!(world.status(id), "in-progress", "{day}");
        }
    }
    fs::write(world.path("on"), "").unwrap();
    assert_eq!(finish(dispatcher).code, Some(0));
    until("the second agent", || (agents(&world, half) == 1).then_some(()));
    jump(&world, -3600, 0);
    world.reconciled();
    assert_eq!((agents(&world, id), agents(&world, half)), (1, 1));
    world.ok(&["stop", &id.to_string()]);
    assert_eq!(world.task(id)["attempt"]["cause"], "cancelled");
}

#[test]
fn a3_an_agent_that_is_silent_for_a_day_stays_in_progress() {
    let mut world = World::new();
    lied_to(&mut world);
    jump(&world, 0, 0);
    let id = world.dispatch(AGENT);
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    // A day goes by on every clock that there is.
    jump(&world, 86_400, 86_400);
    world.reconciled();
    assert_eq!((world.status(id).as_str(), &world.task(id)["attempt"]["live"]), ("in-progress", &true.into()));
    assert_eq!(agents(&world, id), 1);
    // What a dispatcher that has hung for as long holds is not believed: these clocks count.
    jump(&world, 0, 0);
    let hung = world.add(AGENT);
    world.wrap(
        "git",
        "case \"$*\" in *--reset*) echo x > \"$WORLD/half\"; while [ ! -e \"$WORLD/on\" ]; do sleep 0.02; done;; esac; real \"$@\"; exit $?",
    );
    let dispatcher = world.start(&["dispatch", &hung.to_string()]);
    world.file("half");
    world.unwrap("git");
    signal(i64::from(dispatcher.id()), Signal::SIGSTOP);
    jump(&world, 0, 86_400);
    world.ganger(&["--reconcile"]);
    assert_eq!((world.status(hung).as_str(), world.status(id).as_str()), ("ready", "in-progress"));
    fs::write(world.path("on"), "").unwrap();
    signal(i64::from(dispatcher.id()), Signal::SIGCONT);
    assert_eq!(finish(dispatcher).code, Some(5));
    assert_eq!(agents(&world, hung), 0);
}

#[test]
fn c5_a_row_of_a_later_version_is_shown_as_unreadable_beside_the_others() {
    let world = World::new();
    let (good, bad) = (world.add("true"), world.add("true"));
    world.sql(&format!("PRAGMA ignore_check_constraints = 1; UPDATE tasks SET status = 'paused' WHERE id = {bad}"));
    for args in [&["list"][..], &["list", "--status", "ready"], &["list", "--json"]] {
        let ran = world.ganger(args);
        let said = ran.stdout.clone() + &ran.stderr;
        assert!(said.contains("a task") && said.contains("unreadable") && said.contains("paused"), "{args:?}: {ran:?}");
    }
    for args in [&["show", "2"][..], &["dispatch", "2"], &["rm", "2"], &["edit", "2", "--title", "x"]] {
        let ran = world.ganger(args);
        assert!(ran.code != Some(0) && ran.stderr.contains("paused"), "{args:?}: {ran:?}");
    }
    let board = Terminal::outside(&world, 120, 40);
    board.shows(&["#1 a task", "unreadable"]);
    world.ok(&["dispatch", &good.to_string()]);
    world.settled(good, "review");
    world.sql(&format!("PRAGMA ignore_check_constraints = 1; UPDATE tasks SET status = 'ready' WHERE id = {bad}"));
    assert_eq!(world.status(bad), "ready", "nothing was written over it");
    world.reconciled();
}

#[test]
fn s4_escape_sequences_of_others_reach_no_terminal() {
    let world = World::new();
    let evil = "\\033]52;c;ZXZpbA==\\007\\033]8;;http://evil\\033\\\\x\\033[31mred\\033[2J\\302\\233";
    let clean = |text: &str| text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control());
    // In the errors of git and tmux.
    for (program, call) in [("git", "worktree add"), ("tmux", "__agent")] {
        let id = world.add("true");
        world.wrap(
            program,
            &format!("case \"$*\" in *'{call}'*) printf 'oops {evil}\\n' >&2; exit 9;; esac; real \"$@\"; exit $?"),
        );
        let ran = world.fails(5, &["dispatch", &id.to_string()]);
        world.unwrap(program);
        assert!(ran.stderr.contains("oops") && clean(&ran.stderr), "{ran:?}");
        for args in [&["show", &id.to_string()][..], &["show", &id.to_string(), "--json"], &["list"], &["events"]] {
            assert!(clean(&world.ok(args)), "{args:?}");
        }
        assert!(world.ok(&["show", &id.to_string()]).contains("oops"));
        world.ok(&["rm", &id.to_string()]);
    }
    // On the agent's screen, and in what it says.
    let id = world.dispatch(&format!(
        "printf 'seen {evil}\\n'; \"$GANGER_BIN\" fail \"$(printf 'because {evil}')\"; while [ ! -e \"$WORLD/go\" ]; do sleep 0.02; done"
    ));
    world.settled(id, "failed");
    let name = id.to_string();
    let colours = world.ok(&["peek", &name, "--color", "always"]);
    assert!(!colours.contains("\u{1b}]") && !colours.contains("\u{1b}[2J"), "{colours:?}");
    assert!(clean(&world.ok(&["peek", &name])));
    fs::write(world.path("go"), "").unwrap();
    world.phase(id, "exited");
    for args in [&["log", &name][..], &["show", &name], &["list"]] {
        let said = world.ok(args);
        assert!(clean(&said), "{args:?}: {said:?}");
    }
    assert!(world.ok(&["show", &name]).contains("because"));
}

#[test]
fn s5_no_text_of_a_task_is_a_format_of_the_status_line() {
    let world = World::new();
    let title = "#[fg=red]#(touch $WORLD/canary)#{pid}";
    let id = world.ok(&["add", title, "--prompt", AGENT]).trim().to_owned();
    world.ok(&["dispatch", &id]);
    let ganger = env!("CARGO_BIN_EXE_ganger");
    let format = "{running} runs, {ready} wait, {failed} failed, {lost} lost";
    let conf = world.path("status.conf");
    fs::write(
        &conf,
        format!(
            "set -g status-interval 1\nset -g status-right-length 80\nset -g status-right \"#({ganger} status-line)\"\n"
        ),
    )
    .unwrap();
    let person = Terminal::running(
        &world,
        "person",
        120,
        20,
        &format!("env -u TMUX -u TMUX_PANE tmux -L inner -f '{}' new-session", conf.display()),
    );
    person.shows(&["▶1"]);
    let said = world.ok(&["status-line"]) + &world.ok(&["status-line", "--format", format]);
    assert!(!said.contains('#') && said.contains("1 runs"), "{said}");
    assert!(!world.path("canary").exists() && !world.repo().join("canary").exists());
    world.audited();
}

#[test]
fn s1_s2_no_field_of_a_task_is_a_command() {
    let world = World::new();
    // In the branch's own name, and in the name of what it begins at.
    let name = "b$(touch>canary)#(touch>canary)`touch>canary`;touch>canary;";
    world.configure(&format!("[worktrees]\nbranch = '{name}/{{id}}-{{slug}}'"));
    world.git(&["branch", name]);
    let id = world.ok(&["add", "t", "--base", name, "--prompt", "pwd; echo x > f"]).trim().to_owned();
    world.ok(&["dispatch", &id]);
    let task = world.settled(id.parse().unwrap(), "review");
    assert!(task["attempt"]["branch"].as_str().unwrap().contains("$(touch>canary)"), "{task}");
    let tree = std::path::PathBuf::from(world.ok(&["path", &id]).trim());
    // And wherever else a person or a program can put text.
    let canary = world.path("canary");
    let touch = format!("touch {}", canary.display());
    for text in [
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("; {touch} ;"),
        format!("#({touch})"),
        format!("x;{touch};"),
    ] {
        let id = world
            .ok(&["add", &text, "--prompt", "true", "--file", &text, "--external-id", &text, "--verify", "true"])
            .trim()
            .to_owned();
        world.ok(&["dispatch", &id, "--wait"]);
    }
    assert!(!canary.exists());
    let hostile = format!("$({touch}) `{touch}` #({touch})");
    let bad = world.ok(&["add", "t", "--base", &hostile]).trim().to_owned();
    world.fails(5, &["dispatch", &bad]);
    assert_ne!(world.ganger(&["add", "t", "--agent", &hostile, "--start"]).code, Some(0));
    assert_ne!(world.ganger(&["add", "t", "-C", &hostile]).code, Some(0));
    world.ok(&["retry", &bad, "--no-dispatch", "--note", &hostile]);
    world.ganger(&["fail", &hostile, "--task", &id]);
    for folder in [&tree, &world.repo(), &world.path(""), &world.path("home")] {
        assert!(!folder.join("canary").exists(), "{}", folder.display());
    }
    world.reconciled();
}

#[test]
fn d3_a_notifier_that_fails_hangs_or_is_missing_changes_nothing() {
    let world = World::new();
    for (round, notifier) in
        ["\"/no/such/program\"", "\"false\"", "\"sh\", \"-c\", \"kill -KILL $$\"", "\"sleep\", \"1000\""]
            .iter()
            .enumerate()
    {
        world.configure(&format!("[notify]\nreview = [{notifier}]\nfailed = [{notifier}]\norphaned = [{notifier}]"));
        let name: &'static str = ["missing", "false", "killed", "hangs"][round];
        let board = Terminal::running(&world, name, 120, 40, "env -u TMUX -u TMUX_PANE \"$GANGER\"");
        board.shows(&["ganger repo"]);
        let (good, bad, lost) = (world.dispatch("echo x > f"), world.dispatch("exit 3"), world.dispatch(AGENT));
        world.settled(good, "review");
        world.settled(bad, "failed");
        until("its agent", || (agents(&world, lost) == 1).then_some(()));
        signal(world.task(lost)["attempt"]["shim_pid"].as_i64().unwrap(), Signal::SIGKILL);
        world.settled(lost, "ready");
        board.keys(&["?"]);
        board.shows(&["keys · esc closes"]);
        world.audited();
        for id in [good, bad, lost] {
            world.ok(&["rm", &id.to_string()]);
        }
        board.keys(&["Escape"]);
        board.hides("keys · esc closes");
        board.keys(&["q"]);
        board.shows(&["exit 0"]);
    }
}
