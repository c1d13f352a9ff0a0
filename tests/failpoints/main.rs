//! Every call through a port of dispatcher, shim, reconciler and clean-up, made to fail, panic, be killed, be stopped or be
//! late; then one reconcile, an audit, and the task has to run again.
//!
//! The points are found by running each scenario once, so a new one is covered without being listed. In CI each point gets
//! one fault, chosen by the seed, out of a share of the points; `make torture` gives every point every fault.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says where"
)]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "these tests need a part of it")]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use support::results::{record, seed, size};
use support::{PATIENCE, World, finish, pause, runs, signal, until};

const FAULTS: [&str; 5] = ["error", "panic", "kill", "stop", "delay"];

/// How long a shim is waited for to come to a point after its command has ended.
const LATE: Duration = Duration::from_secs(2);

/// One point and one fault: whatever fails in it, its name is told.
struct Trial(String);

impl Drop for Trial {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in {}", self.0);
        }
    }
}

/// An agent that writes down that it started, works, and stays.
const STAYS: &str = "echo $$ >> \"$WORLD/agents-$GANGER_TASK\"; echo work > work.txt; while :; do sleep 0.05; done";
/// An agent that works and ends.
const ENDS: &str = "echo $$ >> \"$WORLD/agents-$GANGER_TASK\"; echo work > work.txt; echo ignored > ignored.log";

/// An agent that commits its work and ends.
const COMMITS: &str =
    "echo $$ >> \"$WORLD/agents-$GANGER_TASK\"; echo $GANGER_TASK >> work.txt; git add . && git commit -qm work";

/// An agent that can't reach the database, works, leaves word that it is done, and ends.
const TELLS: &str = "echo $$ >> \"$WORLD/agents-$GANGER_TASK\"; echo work > work.txt; GANGER_DB=/proc/none/ganger.db \"$GANGER_BIN\" done";

/// What is done to a task, with points on the way.
struct Scenario {
    name: &'static str,
    script: &'static str,
    /// Brings the task to where it begins.
    prepare: fn(&World, i64),
    command: fn(i64) -> Vec<String>,
    /// What has to work afterwards, besides that the task runs again.
    after: fn(&World, i64),
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn dispatched(world: &World, id: i64) {
    world.ok(&["dispatch", &id.to_string(), "--over-limit"]);
    until("its agent", || (agents(world, id) == 1).then_some(()));
}

const SCENARIOS: [Scenario; 11] = [
    Scenario {
        name: "dispatch",
        script: STAYS,
        prepare: |_, _| {},
        command: |id| words(&["dispatch", &id.to_string(), "--over-limit"]),
        after: |_, _| {},
    },
    Scenario {
        name: "an agent that ends",
        script: ENDS,
        prepare: |_, _| {},
        command: |id| words(&["dispatch", &id.to_string(), "--over-limit", "--wait"]),
        after: |_, _| {},
    },
    Scenario {
        name: "an agent in a sandbox",
        script: TELLS,
        prepare: |_, _| {},
        command: |id| words(&["dispatch", &id.to_string(), "--over-limit", "--wait"]),
        after: |_, _| {},
    },
    Scenario {
        name: "retry",
        script: STAYS,
        prepare: |world, id| {
            dispatched(world, id);
            world.ok(&["stop", &id.to_string()]);
        },
        command: |id| words(&["retry", &id.to_string()]),
        after: |_, _| {},
    },
    Scenario {
        name: "stop",
        script: STAYS,
        prepare: dispatched,
        command: |id| words(&["stop", &id.to_string()]),
        after: |_, _| {},
    },
    Scenario {
        name: "reconcile a lost agent",
        script: STAYS,
        prepare: |world, id| {
            dispatched(world, id);
            let shim = world.task(id)["attempt"]["shim_pid"].as_i64().unwrap();
            signal(shim, Signal::SIGKILL);
            until("its end", || (!runs(shim)).then_some(()));
        },
        command: |_| words(&["--reconcile"]),
        after: |_, _| {},
    },
    Scenario {
        name: "reconcile a dead dispatcher",
        script: STAYS,
        prepare: |world, id| {
            world.wrap("tmux", "case \"$*\" in *__agent*) kill -KILL $PPID; exit 1;; esac; real \"$@\"; exit $?");
            world.ganger(&["dispatch", &id.to_string(), "--over-limit"]);
            world.unwrap("tmux");
        },
        command: |_| words(&["--reconcile"]),
        after: |_, _| {},
    },
    Scenario {
        name: "remove",
        script: STAYS,
        prepare: dispatched,
        command: |id| words(&["rm", &id.to_string(), "--stop"]),
        after: |_, _| {},
    },
    Scenario {
        name: "merge",
        script: COMMITS,
        prepare: |world, id| {
            world.ok(&["dispatch", &id.to_string(), "--over-limit", "--wait"]);
        },
        command: |id| words(&["merge", &id.to_string()]),
        after: |world, id| {
            world.ok(&["merge", &id.to_string()]);
            assert_eq!(world.status(id), "done");
            // Once, and nothing else.
            let work = fs::read_to_string(world.repo().join("work.txt")).unwrap();
            assert_eq!(work.lines().filter(|line| **line == *id.to_string()).count(), 1);
            assert_eq!(world.git(&["status", "--porcelain"]), "");
            assert!(!world.git(&["worktree", "list"]).contains("/merge-"));
        },
    },
    Scenario {
        name: "trash restore",
        script: COMMITS,
        prepare: |world, id| {
            world.ok(&["dispatch", &id.to_string(), "--over-limit", "--wait"]);
            world.ok(&["rm", &id.to_string()]);
        },
        command: |id| words(&["trash", "restore", &id.to_string()]),
        after: |world, id| {
            // It is back, or comes back when that is asked for once more.
            until("its worktree", || {
                world.ganger(&["trash", "restore", &id.to_string()]);
                let path = world.ganger(&["path", &id.to_string()]);
                let work = std::path::Path::new(path.stdout.trim()).join("work.txt");
                (path.code == Some(0) && work.exists()).then_some(())
            });
        },
    },
    Scenario {
        name: "tidy",
        script: COMMITS,
        prepare: |world, id| {
            world.ok(&["dispatch", &id.to_string(), "--over-limit", "--wait"]);
            world.ok(&["merge", &id.to_string(), "--keep"]);
        },
        command: |_| words(&["tidy"]),
        after: |world, id| {
            let branch = world.task(id)["attempt"]["branch"].as_str().unwrap().to_owned();
            until("it is put away", || {
                world.ganger(&["tidy"]);
                (!world.branches().contains(&branch)).then_some(())
            });
            assert_eq!(world.git(&["status", "--porcelain"]), "");
        },
    },
];

/// The agents of a task that live.
fn agents(world: &World, id: i64) -> usize {
    let started = fs::read_to_string(world.path(&format!("agents-{id}"))).unwrap_or_default();
    started.lines().filter(|pid| runs(pid.parse().unwrap())).count()
}

/// Gives the orders for processes that begin from now on.
fn order(world: &World, log: &str, point: &str, fault: &str) {
    fs::write(world.path("state/ganger/failpoint"), format!("{log}\n{point} {fault}\n")).unwrap();
}

/// The stopped processes of this world.
fn stopped(world: &World) -> Vec<i64> {
    let mark = format!("WORLD={}", world.path("").display());
    let mark = mark.trim_end_matches('/').as_bytes().to_vec();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<i64>().ok()));
    pids.filter(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        state == Some('T') && environment.split(|byte| *byte == 0).any(|word| word == mark)
    })
    .collect()
}

/// Runs the scenario's command; whoever is stopped on the way sees a reconcile go by and goes on.
fn run(world: &World, command: &[String]) {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let mut child = world.start(&words);
    let started = Instant::now();
    let mut resumed = BTreeSet::new();
    while child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < PATIENCE, "{command:?} hangs");
        resume(world, &mut resumed);
        pause();
    }
    resume(world, &mut resumed);
    finish(child);
}

fn resume(world: &World, resumed: &mut BTreeSet<i64>) {
    for pid in stopped(world) {
        if resumed.insert(pid) {
            // A reconcile beside a stopped process: it hides nothing and is told nothing wrong. The orders are withdrawn.
            fs::remove_file(world.path("state/ganger/failpoint")).ok();
            world.ganger(&["--reconcile"]);
        }
        signal(pid, Signal::SIGCONT);
    }
}

/// The world's own shim that was stopped after the command had ended goes on too.
fn settle(world: &World, what: &str) {
    let mut resumed = BTreeSet::new();
    until(&format!("{what}: reconciled"), || {
        resume(world, &mut resumed);
        let ran = world.ganger(&["--reconcile"]);
        (ran.code == Some(0)).then_some(())
    });
}

/// After the fault: clean, and able to do it all again.
fn recovers(world: &World, id: i64, what: &str) {
    world.audited();
    assert!(agents(world, id) <= 1, "{what}: twins");
    assert!(world.sessions().contains(&"person".to_owned()), "{what}: a person's session");
    assert!(world.branches().contains(&"person".to_owned()), "{what}: a person's branch");
    let shown = world.ganger(&["show", &id.to_string(), "--json"]);
    if shown.code == Some(3) {
        return;
    }
    let task = shown.json();
    let ran = task["attempts"].as_array().unwrap().iter().any(|attempt| !attempt["started_at"].is_null());
    let tree = world.ganger(&["path", &id.to_string()]).stdout;
    let tree = std::path::Path::new(tree.trim());
    let wrote = fs::read_to_string(world.path(&format!("agents-{id}"))).is_ok();
    if ran && wrote && tree.is_absolute() {
        until(&format!("{what}: its work"), || tree.join("work.txt").exists().then_some(()));
    }
    let status = task["status"].as_str().unwrap();
    let name = id.to_string();
    let again = |args: &[&str]| {
        let ran = world.ganger(args);
        if ran.code != Some(0) {
            // A removal that was cut off has put its work aside: nobody goes on without it unasked.
            assert!(ran.stderr.contains("its worktree is in the trash"), "{what}: {ran:?}");
            world.ok(&["retry", &name, "--fresh"]);
        }
    };
    match status {
        "ready" => again(&["dispatch", &name, "--over-limit"]),
        "failed" => {
            world.ganger(&["stop", &name]);
            again(&["retry", &name]);
        }
        _ => {}
    }
    if matches!(status, "ready" | "failed") && task["prompt"].as_str().unwrap().contains("while") {
        until(&format!("{what}: its agent"), || (agents(world, id) == 1).then_some(()));
    }
    world.ganger(&["stop", &id.to_string()]);
    assert_eq!(agents(world, id), 0, "{what}: it was stopped");
}

fn world() -> World {
    let world = World::new();
    let text = "default_agent = \"shell\"\n[timing]\nstart = \"3s\"\n[tmux]\ngrace = \"1s\"\n[queue]\nmax_orphan_retries = 9\n";
    fs::write(world.path("config/ganger/config.toml"), text).unwrap();
    world.tmux(&["new-session", "-d", "-s", "person", "--", "sleep", "1000000"]);
    world.git(&["branch", "person"]);
    fs::create_dir_all(world.path("state/ganger")).unwrap();
    world
}

/// The points that a scenario passes.
fn points(world: &World, scenario: &Scenario) -> Vec<String> {
    let id = world.add(scenario.script);
    (scenario.prepare)(world, id);
    let log = world.path("points");
    fs::remove_file(&log).ok();
    order(world, log.to_str().unwrap(), "-", "-");
    run(world, &(scenario.command)(id));
    fs::remove_file(world.path("state/ganger/failpoint")).unwrap();
    settle(world, scenario.name);
    world.ganger(&["stop", &id.to_string()]);
    let text = fs::read_to_string(&log).unwrap();
    let mut seen = BTreeSet::new();
    // What is polled has as many points as there is time: the first few stand for all.
    let few = |point: &&str| point.rsplit('.').nth(1).and_then(|n| n.parse::<u32>().ok()).is_some_and(|n| n <= 12);
    text.lines().filter(few).filter(|point| seen.insert((*point).to_owned())).map(str::to_owned).collect()
}

#[test]
fn d1_d4_whatever_fails_at_any_point_one_reconcile_suffices() {
    // What every change has to pass is the same share each time; at length, every point has every fault anyway.
    let seed = if std::env::var_os("GANGER_SEED").is_some() { seed() } else { 1 };
    let again = format!("GANGER_SEED={seed} cargo test --features failpoints --test failpoints");
    let wanted = std::env::var("GANGER_POINT").ok();
    let next = std::sync::Mutex::new(0_usize);
    let counts = std::sync::Mutex::new((0_usize, 0_usize));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let index = {
                        let mut next = next.lock().unwrap();
                        *next += 1;
                        *next - 1
                    };
                    let Some(scenario) = SCENARIOS.get(index) else { return };
                    let (points, runs) = torture(scenario, seed, wanted.as_deref(), &again);
                    let mut counts = counts.lock().unwrap();
                    *counts = (counts.0 + points, counts.1 + runs);
                }
            });
        }
    });
    let (points, runs) = *counts.lock().unwrap();
    assert!(wanted.is_some() || (points > 100 && runs > 50), "{points} points, {runs} runs");
    record(
        "failpoints",
        &format!("{points} points found, {runs} faults of error, panic, SIGKILL, SIGSTOP, delay"),
        "0 stuck, 0 twins, no work lost",
        &again,
    );
}

fn torture(scenario: &Scenario, seed: u64, wanted: Option<&str>, again: &str) -> (usize, usize) {
    let world = world();
    let points = points(&world, scenario);
    let mut random = fastrand::Rng::with_seed(seed ^ scenario.name.len() as u64);
    let mut runs = 0;
    for point in &points {
        let one = FAULTS[random.usize(..FAULTS.len())];
        let share = random.u8(..) < 80;
        let faults: Vec<&str> = if let Some(wanted) = wanted {
            FAULTS.into_iter().filter(|fault| wanted == format!("{point}={fault}")).collect()
        } else {
            size(if share { vec![one] } else { Vec::new() }, FAULTS.to_vec(), FAULTS.to_vec())
        };
        for fault in faults {
            let what =
                Trial(format!("{}: {point} {fault}; again: GANGER_POINT='{point}={fault}' {again}", scenario.name));
            let what = &what.0;
            let id = world.add(scenario.script);
            (scenario.prepare)(&world, id);
            let log = world.path("passed");
            fs::remove_file(&log).ok();
            let passed = || fs::read_to_string(&log).unwrap_or_default().lines().any(|line| line == point);
            order(&world, log.to_str().unwrap(), point, fault);
            run(&world, &(scenario.command)(id));
            // A shim comes to its later points in its own time. Once the orders are withdrawn nobody follows them.
            let late = Instant::now() + if point.starts_with("__agent.") { LATE } else { Duration::ZERO };
            while !passed() && Instant::now() < late {
                pause();
            }
            fs::remove_file(world.path("state/ganger/failpoint")).ok();
            settle(&world, what);
            recovers(&world, id, what);
            (scenario.after)(&world, id);
            runs += 1;
        }
    }
    (points.len(), runs)
}
