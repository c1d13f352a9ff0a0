//! The fault catalogue: no descriptors, no terminals, another program of the same name, a large board.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::kills::{AGENT, agents, people_are_untouched, peopled, recovers};
use crate::support::namespace::inside;
use crate::support::{World, finish, until};
use crate::tui::Terminal;

#[test]
fn e3_a_dispatcher_without_descriptors_undoes_what_it_began() {
    let world = peopled();
    let mut failed = 0;
    for descriptors in (4..34).step_by(2) {
        let id = world.add(AGENT);
        let limited = format!("ulimit -n {descriptors}; exec '{}' dispatch {id}", env!("CARGO_BIN_EXE_ganger"));
        let ran = finish(world.spawn("sh", &["-c", &limited]));
        let status = world.status(id);
        assert_eq!(status, if ran.code == Some(0) { "in-progress" } else { "ready" }, "{descriptors}: {ran:?}");
        failed += u32::from(ran.code != Some(0));
        recovers(&world, id, &format!("{descriptors} descriptors"));
    }
    assert!(failed > 2, "only {failed} dispatches had too few");
    people_are_untouched(&world);
}

#[test]
fn e3_a_server_without_descriptors_starts_nobody_half_way() {
    let world = peopled();
    fs::write(
        world.path("config/ganger/config.toml"),
        "default_agent = \"shell\"\n[timing]\nstart = \"1s\"\ntmux = \"500ms\"\n[tmux]\ngrace = \"2s\"\n",
    )
    .unwrap();
    let server = world.tmux(&["display-message", "-p", "#{pid}"]);
    let limit = |descriptors: usize| {
        world.run("prlimit", &["--pid", &server, &format!("--nofile={descriptors}:4096")], &world.path(""));
    };
    limit(1024);
    let mut failed = 0;
    for more in [1, 4] {
        let id = world.add(AGENT);
        let open = fs::read_dir(format!("/proc/{server}/fd")).unwrap().count();
        // Not for what comes before the claim: that would be the machine's fault.
        world.wrap(
            "tmux",
            &format!(
                "case \"$*\" in *__agent*) prlimit --pid {server} --nofile={}:4096;; esac; real \"$@\"; exit $?",
                open + more
            ),
        );
        let ran = world.ganger(&["dispatch", &id.to_string()]);
        world.unwrap("tmux");
        let status = world.status(id);
        assert_eq!(status, if ran.code == Some(0) { "in-progress" } else { "ready" }, "{more}: {ran:?}");
        failed += u32::from(ran.code != Some(0));
        limit(1024);
        recovers(&world, id, &format!("{more} more descriptors"));
    }
    assert!(failed > 0, "the server always had enough");
    people_are_untouched(&world);
}

#[test]
fn e3_without_a_terminal_left_the_dispatch_is_undone() {
    let mounts = "mount -t devpts -o newinstance,ptmxmode=0666,max=2 devpts /dev/pts";
    if !inside("catalogue_limits::e3_without_a_terminal_left_the_dispatch_is_undone", mounts) {
        return;
    }
    let world = World::new();
    for name in ["person", "other"] {
        world.tmux(&["new-session", "-d", "-s", name, "--", "sleep", "1000"]);
    }
    assert_eq!(world.sessions().len(), 2);
    let id = world.add(AGENT);
    let ran = world.fails(5, &["dispatch", &id.to_string()]);
    assert!(ran.stderr.contains("create"), "tmux's own words: {ran:?}");
    assert_eq!((world.status(id).as_str(), agents(&world, id)), ("ready", 0));
    world.reconciled();
    assert_eq!((world.worktrees(), world.branches()), (Vec::new(), Vec::new()));
    world.tmux(&["kill-session", "-t", "=other"]);
    recovers(&world, id, "no terminal");
}

/// Installs the program at a path, over what stands there. Another program copies it: a descriptor of ours that is open
/// for writing, forked by another test, would make exec fail.
fn install(world: &World, program: &Path) {
    let new = program.with_extension("new");
    world.run("cp", &[env!("CARGO_BIN_EXE_ganger"), new.to_str().unwrap()], &world.path(""));
    fs::rename(new, program).unwrap();
}

#[test]
fn e5_a_program_that_is_replaced_goes_on_with_what_runs() {
    let world = World::new();
    let program = world.path("installed-ganger");
    install(&world, &program);
    let installed = program.to_str().unwrap().to_owned();
    let waits = "while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done; \"$GANGER_BIN\" done; ";
    let early = world.add(&format!("{waits}{AGENT}"));
    let (late, by_board) = (world.add(AGENT), world.add(AGENT));
    assert_eq!(finish(world.spawn(&program, &["dispatch", &early.to_string()])).code, Some(0));
    let board = Terminal::running(&world, "board", 120, 40, &format!("env -u TMUX -u TMUX_PANE '{installed}'"));
    board.shows(&["In progress 1"]);
    // One dispatch is in the middle when the program is replaced.
    world.wrap(
        "git",
        "case \"$*\" in *--reset*) echo x > \"$WORLD/half\"; while [ ! -e \"$WORLD/on\" ]; do sleep 0.02; done;; esac; real \"$@\"; exit $?",
    );
    let half = world.spawn(&program, &["dispatch", &late.to_string()]);
    world.file("half");
    install(&world, &program);
    fs::write(world.path("on"), "").unwrap();
    let ran = finish(half);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    world.unwrap("git");
    until("the late agent", || (agents(&world, late) == 1).then_some(()));
    // The board, which is still the old program, starts one; the agent of the old one reports with the new one.
    board.keys(&["1", "s"]);
    board.shows(&["In progress 3"]);
    until("the board's agent", || (agents(&world, by_board) == 1).then_some(()));
    fs::write(world.path("go"), "").unwrap();
    world.settled(early, "review");
    // Gone for good, and back: who runs is not hurt by it.
    fs::remove_file(&program).unwrap();
    world.reconciled();
    install(&world, &program);
    for id in [early, late, by_board] {
        until("its agent", || (agents(&world, id) == 1).then_some(()));
        assert_eq!(finish(world.spawn(&program, &["stop", &id.to_string()])).code, Some(0));
    }
    world.reconciled();
}

/// The shortest of a few runs: the machine is shared.
fn shortest(world: &World, args: &[&str]) -> Duration {
    let run = |_| {
        let started = Instant::now();
        world.ok(args);
        started.elapsed()
    };
    (0..7).map(run).min().unwrap()
}

#[test]
fn e6_a_large_board_stays_quick() {
    let world = World::new();
    world.add("true");
    let commands: [&[&str]; 5] = [
        &["status-line"],
        &["show", "1"],
        &["edit", "1", "--priority", "3"],
        &["--reconcile"],
        &["list", "--limit", "20"],
    ];
    let small = commands.map(|command| shortest(&world, command));
    world.sql(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO tasks (title, prompt, repo, agent, priority, files, verify, unsafe_mode, status, created_at, updated_at)
         SELECT 'task ' || i, 'a prompt', repo, 'shell', 0, '[]', '[]', 0,
             CASE i % 4 WHEN 0 THEN 'ready' WHEN 1 THEN 'review' WHEN 2 THEN 'done' ELSE 'failed' END, 0, 0
         FROM n, (SELECT repo FROM tasks WHERE id = 1);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
         INSERT INTO events (at, task, was, became, who, evidence)
         SELECT 0, i % 5000 + 1, '', 'ready', 'person', '{\"event\":\"edited\"}' FROM n;",
    );
    for (command, small) in commands.iter().zip(small) {
        let large = shortest(&world, command);
        assert!(large < small * 3 + Duration::from_millis(250), "{command:?}: {small:?}, {large:?}");
    }
}
