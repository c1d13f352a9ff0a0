//! Things are killed, stopped and made to fail; one reconcile later everything is as it should be.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::{PATIENCE, World, finish, pause, results, runs, signal, until};

/// An agent that writes down that it started, and stays.
pub const AGENT: &str = "echo $$ >> \"$WORLD/agents-$GANGER_TASK\"; while :; do sleep 0.05; done";

/// The agents of a task that live.
pub fn agents(world: &World, id: i64) -> usize {
    let started = fs::read_to_string(world.path(&format!("agents-{id}"))).unwrap_or_default();
    started.lines().filter(|pid| runs(pid.parse().unwrap())).count()
}

/// Reconciles until a pass leaves nothing open. git, or an agent that the server's death hangs up on, may be ending in its
/// own time: then a pass says so and another does it.
pub fn reconciled_at_last(world: &World, what: &str) {
    let started = Instant::now();
    loop {
        let ran = world.ganger(&["--reconcile"]);
        if ran.code == Some(0) {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "{what}: still not reconciled: {ran:?}");
        pause();
    }
}

/// After a fault: one reconcile, and nothing is left of what did not come to be; it can be dispatched at once.
pub fn recovers(world: &World, id: i64, what: &str) {
    reconciled_at_last(world, what);
    world.audited();
    if world.status(id) != "in-progress" {
        assert_eq!(world.status(id), "ready", "{what}");
        let left = |found: Vec<String>| {
            found
                .into_iter()
                .filter(|name| name.contains(&format!("/{id}-")) || name.contains(&format!("-{id}-")))
                .collect::<Vec<_>>()
        };
        // Where an agent has run its tree stays, for the next attempt to go on in.
        let task = world.task(id);
        if task["attempt"]["phase"] == "revoked" {
            assert_eq!(left(world.worktrees()), Vec::<String>::new(), "{what}: {task}");
            assert_eq!(left(world.branches()), Vec::<String>::new(), "{what}: {task}");
        }
        until(&format!("{what}: no session is left"), || {
            world.ok(&["--reconcile"]);
            left(world.sessions()).is_empty().then_some(())
        });
        until(&format!("{what}: dispatched"), || {
            let ran = world.ganger(&["dispatch", &id.to_string(), "--over-limit"]);
            // tmux 3.3a may get stuck while it ends; what the message then says to do is done.
            if ran.stderr.contains("drops every client") {
                fs::remove_file(world.socket()).ok();
                return None;
            }
            assert_eq!(ran.code, Some(0), "{what}: {ran:?}");
            Some(())
        });
    }
    until("its agent", || (agents(world, id) >= 1).then_some(()));
    assert_eq!(agents(world, id), 1, "{what}");
    assert_eq!(world.status(id), "in-progress", "{what}");
    world.ok(&["stop", &id.to_string()]);
}

fn calls(world: &World, program: &str) -> usize {
    fs::read_to_string(world.path(&format!("{program}.calls"))).unwrap_or_default().lines().count()
}

/// A world with a person's session and branch, which must survive everything.
pub fn peopled() -> World {
    let world = World::new();
    world.tmux(&["new-session", "-d", "-s", "person", "--", "sleep", "1000000"]);
    world.git(&["branch", "person"]);
    world
}

pub fn people_are_untouched(world: &World) {
    assert!(world.sessions().contains(&"person".to_owned()));
    assert!(world.branches().contains(&"person".to_owned()));
}

#[test]
fn d1_a_dispatcher_killed_at_any_step_leaves_nothing_behind() {
    let world = peopled();
    for program in ["git", "tmux"] {
        world.wrap(program, "real \"$@\"; exit $?");
        let id = world.dispatch(AGENT);
        world.ok(&["stop", &id.to_string()]);
        let steps = calls(&world, program).min(9);
        assert!(steps >= 2, "{program} is called {steps} times");
        for step in 1..=steps {
            for script in [
                format!("[ $N = {step} ] && kill -KILL $PPID && exit 1; real \"$@\"; exit $?"),
                format!("real \"$@\"; code=$?; [ $N = {step} ] && kill -KILL $PPID; exit $code"),
            ] {
                let id = world.add(AGENT);
                world.wrap(program, &script);
                finish(world.start(&["dispatch", &id.to_string()]));
                world.unwrap(program);
                recovers(&world, id, &format!("{program} call {step}: {script}"));
                world.wrap(program, "real \"$@\"; exit $?");
            }
        }
        world.unwrap(program);
    }
    people_are_untouched(&world);
}

#[test]
fn d1_a_dispatcher_killed_at_random_times_leaves_nothing_behind() {
    let world = peopled();
    let (seed, rounds) = (results::seed(), results::size(60, 1000, 10_000));
    println!("GANGER_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let started = Instant::now();
    let id = world.dispatch(AGENT);
    let whole = started.elapsed();
    world.ok(&["stop", &id.to_string()]);
    for round in 0..rounds {
        let id = world.add(AGENT);
        let mut child = world.start(&["dispatch", &id.to_string()]);
        let delay = Duration::from_secs_f64(whole.as_secs_f64() * random.f64());
        let started = Instant::now();
        while started.elapsed() < delay {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        recovers(&world, id, &format!("seed {seed}, round {round}, after {delay:?}"));
    }
    people_are_untouched(&world);
    let again = format!("GANGER_SEED={seed} make torture");
    results::record("kills of a dispatcher at random times", &format!("{rounds} kills"), "0 stuck, 0 twins", &again);
}

#[test]
fn a_tool_that_fails_is_undone_and_named() {
    let world = peopled();
    for (program, pattern, step) in
        [("git", "worktree add", "worktree"), ("git", "reset", "worktree"), ("tmux", "__agent", "no luck")]
    {
        // It fails without doing anything: the dispatch is undone.
        let id = world.add(AGENT);
        world.wrap(
            program,
            &format!("case \"$*\" in *'{pattern}'*) echo 'no luck' >&2; exit 9;; esac; real \"$@\"; exit $?"),
        );
        let ran = world.fails(5, &["dispatch", &id.to_string()]);
        assert!(ran.stderr.contains("no luck") && ran.stderr.contains(step), "{ran:?}");
        world.unwrap(program);
        assert_eq!(world.status(id), "ready");
        recovers(&world, id, pattern);
        // It does its work and says that it failed: what counts is what is there.
        let id = world.add(AGENT);
        world.wrap(program, &format!("real \"$@\"; code=$?; case \"$*\" in *'{pattern}'*) exit 9;; esac; exit $code"));
        world.ok(&["dispatch", &id.to_string()]);
        world.unwrap(program);
        recovers(&world, id, pattern);
        // It says that it succeeded and has done nothing.
        let id = world.add(AGENT);
        world.wrap(program, &format!("case \"$*\" in *'{pattern}'*) exit 0;; esac; real \"$@\"; exit $?"));
        world.fails(5, &["dispatch", &id.to_string()]);
        world.unwrap(program);
        assert_eq!(world.status(id), "ready");
        recovers(&world, id, pattern);
    }
    people_are_untouched(&world);
}

#[test]
fn t3_a_tool_that_hangs_or_is_late_is_undone_and_starts_nothing_later() {
    let world = peopled();
    fs::write(
        world.path("config/ganger/config.toml"),
        "default_agent = \"shell\"\n[timing]\nstart = \"3s\"\ngit = \"1s\"\ntmux = \"1s\"\n[tmux]\ngrace = \"2s\"\n",
    )
    .unwrap();
    for (program, pattern) in [("git", "worktree add"), ("git", "reset"), ("tmux", "__agent")] {
        let id = world.add(AGENT);
        world.wrap(program, &format!("case \"$*\" in *'{pattern}'*) exec sleep 1000;; esac; real \"$@\"; exit $?"));
        world.fails(5, &["dispatch", &id.to_string()]);
        world.unwrap(program);
        recovers(&world, id, pattern);
    }
    // The window comes after everybody has given up: its shim finds its attempt revoked.
    let id = world.add(AGENT);
    world.wrap(
        "tmux",
        "case \"$*\" in *__agent*) ( while [ ! -e \"$WORLD/late\" ]; do sleep 0.05; done; real \"$@\"; touch \"$WORLD/came\" ) >/dev/null 2>&1 & exit 1;; esac; real \"$@\"; exit $?",
    );
    world.fails(5, &["dispatch", &id.to_string()]);
    world.unwrap("tmux");
    fs::write(world.path("late"), "").unwrap();
    until("the late window", || world.path("came").exists().then_some(()));
    // Nobody cleans up after it any more: it leaves nothing, not even a dead pane.
    until("its end", || (!world.sessions().contains(&format!("ganger-{id}-a-task"))).then_some(()));
    assert_eq!(agents(&world, id), 0);
    assert_eq!(world.status(id), "ready");
    people_are_untouched(&world);
}

#[test]
fn g1_a_checkout_that_is_killed_is_undone() {
    let world = peopled();
    for number in 0..2000 {
        fs::write(world.repo().join(format!("f{number}")), "x\n").unwrap();
    }
    world.git(&["add", "."]);
    world.git(&["commit", "-qm", "many"]);
    for delay in ["0.001", "0.01", "0.03"] {
        let id = world.add(AGENT);
        world.wrap(
            "git",
            &format!("case \"$*\" in *reset*) PATH=\"$REAL_PATH\" git \"$@\" & sleep {delay}; kill -KILL $!; wait $!; exit 9;; esac; real \"$@\"; exit $?"),
        );
        let ran = world.ganger(&["dispatch", &id.to_string()]);
        assert!(matches!(ran.code, Some(0 | 5)), "{ran:?}");
        world.unwrap("git");
        recovers(&world, id, delay);
    }
}

#[test]
fn the_server_killed_in_the_middle_of_dispatches_loses_nobody() {
    let world = World::new();
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..10 {
        world.tmux(&["new-session", "-d", "-s", "x", "--", "sleep", "1000"]);
        let id = world.add(AGENT);
        let child = world.start(&["dispatch", &id.to_string()]);
        let (started, delay) = (Instant::now(), Duration::from_millis(random.u64(0..80)));
        while started.elapsed() < delay {
            std::hint::spin_loop();
        }
        world.tmux(&["kill-server"]);
        finish(child);
        until("the end of its agents", || {
            // A shim that ends its agent no longer has a pane: until it is through, that is an unknown.
            world.ganger(&["--reconcile"]);
            let alive = agents(&world, id);
            assert!(alive <= 1, "round {round}");
            ((world.status(id) == "in-progress") == (alive == 1)).then_some(())
        });
        recovers(&world, id, &format!("round {round}, after {delay:?}"));
    }
}

#[test]
fn m2_a_stopped_dispatcher_is_overruled_and_starts_nothing_when_it_goes_on() {
    let world = peopled();
    fs::write(
        world.path("config/ganger/config.toml"),
        "default_agent = \"shell\"\n[timing]\nsaga = \"1s\"\n[tmux]\ngrace = \"2s\"\n",
    )
    .unwrap();
    let id = world.add(AGENT);
    world.wrap(
        "git",
        "case \"$*\" in *reset*) echo $PPID > \"$WORLD/stopped\"; kill -STOP $PPID;; esac; real \"$@\"; exit $?",
    );
    let child = world.start(&["dispatch", &id.to_string()]);
    let pid: i64 = world.file("stopped").trim().parse().unwrap();
    world.unwrap("git");
    until("it is overruled", || {
        world.ganger(&["--reconcile"]);
        (world.status(id) == "ready").then_some(())
    });
    world.ok(&["dispatch", &id.to_string()]);
    until("the new agent", || (agents(&world, id) == 1).then_some(()));
    signal(pid, Signal::SIGCONT);
    let ran = finish(child);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    let task = world.task(id);
    assert_eq!((task["status"].as_str(), task["attempt"]["number"].as_i64()), (Some("in-progress"), Some(2)));
    assert_eq!(agents(&world, id), 1);
    world.ok(&["--reconcile"]);
    assert_eq!(world.worktrees().len(), 1, "only the new attempt's tree");
    people_are_untouched(&world);
    world.reconciled();
}

#[test]
fn m1_eight_processes_dispatch_one_task_and_one_agent_starts() {
    let world = World::new();
    let id = world.add(AGENT);
    let children: Vec<_> = (0..8).map(|_| world.start(&["dispatch", &id.to_string()])).collect();
    let ran: Vec<_> = children.into_iter().map(finish).collect();
    let won = ran.iter().filter(|ran| ran.code == Some(0)).count();
    let lost: Vec<_> = ran.iter().filter(|ran| ran.code == Some(4)).collect();
    assert_eq!((won, lost.len()), (1, 7), "{ran:?}");
    assert!(lost.iter().all(|ran| ran.stderr.contains("in progress already")), "{lost:?}");
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    assert_eq!(world.worktrees().len(), 1);
    assert_eq!(world.sessions().len(), 1);
    world.reconciled();
}

#[test]
fn c10_c11_the_limit_holds_between_dispatchers_and_a_ghost_does_not_count() {
    let world = World::new();
    world.configure("[queue]\nmax_running = 1");
    let (one, two) = (world.add(AGENT), world.add(AGENT));
    let children: Vec<_> = [one, two].iter().map(|id| world.start(&["dispatch", &id.to_string()])).collect();
    let mut codes: Vec<_> = children.into_iter().map(|child| finish(child).code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(4)]);
    let (winner, loser) = if world.status(one) == "in-progress" { (one, two) } else { (two, one) };
    assert_eq!(world.status(loser), "ready");
    world.ok(&["dispatch", &loser.to_string(), "--over-limit"]);
    world.ok(&["stop", &loser.to_string()]);
    world.ok(&["retry", &loser.to_string(), "--no-dispatch"]);
    let task = world.task(winner);
    let shim = task["attempt"]["shim_pid"].as_i64().unwrap();
    signal(shim, Signal::SIGKILL);
    until("its end", || (!runs(shim)).then_some(()));
    world.ok(&["dispatch", &loser.to_string()]);
    assert_eq!(world.status(winner), "ready");
    world.reconciled();
}

#[test]
fn t17_tmux_that_does_not_answer_resets_nobody() {
    let world = World::new();
    fs::write(
        world.path("config/ganger/config.toml"),
        "default_agent = \"shell\"\n[timing]\ntmux = \"1s\"\n[tmux]\ngrace = \"2s\"\n",
    )
    .unwrap();
    let ids: Vec<i64> = (0..3).map(|_| world.dispatch(AGENT)).collect();
    for script in ["exit 1", "echo garbage", "exec sleep 1000", "kill -KILL $$", "echo 'lost server' >&2; exit 1"] {
        world.wrap("tmux", script);
        world.ganger(&["--reconcile"]);
        world.unwrap("tmux");
        for id in &ids {
            assert_eq!(world.status(*id), "in-progress", "{script}");
            assert_eq!(agents(&world, *id), 1, "{script}");
        }
    }
    // A socket that somebody removed is not a dead server.
    fs::remove_file(world.socket()).unwrap();
    world.fails(6, &["--reconcile"]);
    for id in &ids {
        assert_eq!(world.status(*id), "in-progress");
        world.ok(&["stop", &id.to_string()]);
    }
    world.reconciled();
}

#[test]
fn e4_another_or_a_deleted_state_directory_kills_nobody() {
    let mut world = World::new();
    let id = world.dispatch(AGENT);
    until("its agent", || (agents(&world, id) == 1).then_some(()));
    let other = world.path("elsewhere");
    let ran = world.fails(2, &["--reconcile", "--state-dir", other.to_str().unwrap()]);
    assert!(ran.stderr.contains("belongs to the state directory"), "{ran:?}");
    fs::remove_dir_all(world.path("state/ganger")).unwrap();
    world.fails(6, &["--reconcile"]);
    assert_eq!((world.status(id).as_str(), agents(&world, id)), ("in-progress", 1));
    let shim = world.task(id)["attempt"]["shim_pid"].as_i64().unwrap();
    signal(shim, Signal::SIGKILL);
    until("its end", || (!runs(shim)).then_some(()));
    world.fails(6, &["--reconcile"]);
    assert_eq!(world.status(id), "in-progress", "a missing lock proves nothing");
    world.ok(&["stop", &id.to_string()]);
    assert_eq!(world.status(id), "failed");
    world.reconciled();
    // As from a timer, which has another environment.
    let next = world.dispatch(AGENT);
    world.set("XDG_STATE_HOME", other.to_str().unwrap());
    world.fails(2, &["--reconcile"]);
    assert!(!other.exists(), "it is refused and not made");
    world.set("XDG_STATE_HOME", world.path("state").to_str().unwrap());
    world.reconciled();
    assert_eq!((world.status(next).as_str(), agents(&world, next)), ("in-progress", 1));
}

#[test]
fn r2_many_reconcilers_killed_and_stopped_come_to_one_end() {
    let world = World::new();
    let ids: Vec<i64> = (0..4).map(|_| world.dispatch(AGENT)).collect();
    for id in &ids {
        let task = world.task(*id);
        signal(task["attempt"]["shim_pid"].as_i64().unwrap(), Signal::SIGKILL);
        until("its end", || (agents(&world, *id) == 0).then_some(()));
    }
    let mut children: Vec<_> = (0..8).map(|_| world.start(&["--reconcile"])).collect();
    let stopped = children.pop().unwrap();
    signal(i64::from(stopped.id()), Signal::SIGSTOP);
    for mut child in children.drain(..4) {
        pause();
        child.kill().unwrap();
        child.wait().unwrap();
    }
    for child in children {
        finish(child);
    }
    world.reconciled();
    for id in &ids {
        let task = world.task(*id);
        assert_eq!(task["status"], "ready");
        let ends = task["timeline"].as_array().unwrap().iter().filter(|event| event["to"] == "ready/exited").count();
        assert_eq!(ends, 1, "{task}");
    }
    signal(i64::from(stopped.id()), Signal::SIGCONT);
    finish(stopped);
    for id in &ids {
        assert_eq!(world.status(*id), "ready");
        world.ok(&["dispatch", &id.to_string()]);
    }
    world.audited();
}

#[test]
fn a_watch_sees_a_death_by_itself() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    let mut watch = world.start(&["reconcile", "--watch", "1000"]);
    // The first pass has run once the watch has its events: give it a death and see.
    let shim = world.task(id)["attempt"]["shim_pid"].as_i64().unwrap();
    until("the watch is there", || {
        fs::read_dir(format!("/proc/{}/fd", watch.id()))
            .is_ok_and(|fds| {
                fds.flatten()
                    .any(|fd| fs::read_link(fd.path()).is_ok_and(|link| link.to_string_lossy().contains("inotify")))
            })
            .then_some(())
    });
    signal(shim, Signal::SIGKILL);
    let task = world.settled(id, "ready");
    assert_eq!(task["attempt"]["cause"], "orphan-shim");
    signal(i64::from(watch.id()), Signal::SIGTERM);
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

#[test]
fn t2_a_tmux_client_that_is_killed_may_have_made_its_window() {
    let world = peopled();
    for delay in ["0", "0.001", "0.002", "0.004", "0.008"] {
        let id = world.add(AGENT);
        world.wrap(
            "tmux",
            &format!("case \"$*\" in *__agent*) PATH=\"$REAL_PATH\" tmux \"$@\" & sleep {delay}; kill -KILL $!; wait $!; exit 1;; esac; real \"$@\"; exit $?"),
        );
        let ran = world.ganger(&["dispatch", &id.to_string()]);
        assert!(matches!(ran.code, Some(0 | 5)), "{ran:?}");
        world.unwrap("tmux");
        recovers(&world, id, delay);
    }
    people_are_untouched(&world);
}

#[test]
fn ended_panes_are_kept_up_to_a_number_and_never_taken_from_a_reader() {
    let world = World::new();
    fs::write(world.path("config/ganger/config.toml"), "default_agent = \"shell\"\n[tmux]\nkeep_ended = 2\n").unwrap();
    for _ in 0..4 {
        let id = world.dispatch("echo x > f");
        world.settled(id, "review");
        until("the pane's end", || (world.task(id)["attempt"]["pane"] == "dead").then_some(()));
    }
    // A person reads the oldest.
    let outer = world.path("outer.sock");
    let outer = outer.to_str().unwrap();
    world.tmux(&["-S", outer, "-f", "/dev/null", "new-session", "-d", "env -u TMUX tmux attach -t =ganger-1-a-task"]);
    until("a reader", || (!world.tmux(&["list-clients"]).is_empty()).then_some(()));
    world.reconciled();
    let mut sessions = world.sessions();
    sessions.sort();
    assert_eq!(sessions, ["ganger-1-a-task", "ganger-3-a-task", "ganger-4-a-task"]);
    world.tmux(&["-S", outer, "kill-server"]);
    until("the surplus is gone", || {
        world.reconciled();
        (world.sessions().len() == 2).then_some(())
    });
    // A newer attempt takes the place of its predecessor's pane.
    let id = world.dispatch("exit 1");
    world.settled(id, "failed");
    until("the pane's end", || (world.task(id)["attempt"]["pane"] == "dead").then_some(()));
    world.ok(&["retry", &id.to_string()]);
    assert!(!world.sessions().contains(&format!("ganger-{id}-a-task")), "{:?}", world.sessions());
}

#[test]
fn d2_a_dispatcher_that_is_interrupted_undoes_what_it_began() {
    let world = peopled();
    for interrupt in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let id = world.add(AGENT);
        for file in ["at", "go"] {
            fs::remove_file(world.path(file)).ok();
        }
        world.wrap(
            "git",
            "case \"$*\" in *reset*) echo at > \"$WORLD/at\"; while [ ! -e \"$WORLD/go\" ]; do sleep 0.02; done;; esac; real \"$@\"; exit $?",
        );
        let child = world.start(&["dispatch", &id.to_string()]);
        world.file("at");
        signal(i64::from(child.id()), interrupt);
        fs::write(world.path("go"), "").unwrap();
        let ran = finish(child);
        world.unwrap("git");
        assert_eq!(ran.code, Some(5), "{ran:?}");
        assert!(ran.stderr.contains("interrupted"), "{ran:?}");
        assert_eq!(world.status(id), "ready");
        assert_eq!(agents(&world, id), 0);
        recovers(&world, id, "interrupted");
    }
    // Twice: it ends at once, and the reconcile does what it began to undo.
    let id = world.add(AGENT);
    for file in ["at", "go"] {
        fs::remove_file(world.path(file)).ok();
    }
    world.wrap(
        "git",
        "case \"$*\" in *reset*) echo at > \"$WORLD/at\"; while [ ! -e \"$WORLD/go\" ]; do sleep 0.02; done;; esac; real \"$@\"; exit $?",
    );
    let mut child = world.start(&["dispatch", &id.to_string()]);
    world.file("at");
    until("its end", || {
        signal(i64::from(child.id()), Signal::SIGINT);
        child.try_wait().unwrap()
    });
    world.unwrap("git");
    assert_eq!(world.status(id), "in-progress");
    recovers(&world, id, "interrupted twice");
    people_are_untouched(&world);
}
