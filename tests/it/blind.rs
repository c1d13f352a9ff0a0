//! SIGKILL at uniformly random times of whatever takes part in a dispatch; one reconcile suffices, and not a byte is lost.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::kills::reconciled_at_last;
use crate::support::results::{record, seed, size};
use crate::support::{World, finish, runs, signal, until};

/// An agent that leaves work of every kind, says so, and stays.
const AGENT: &str = "echo $$ >> \"$WORLD/agents-$GANGER_TASK\"; echo tracked >> a.txt; git commit -qam work; \
    echo staged > s; git add s; echo untracked > u; echo ignored > i.log; echo x > \"$WORLD/wrote-$GANGER_TASK\"; \
    while :; do sleep 0.05; done";

/// Who is killed.
const TARGETS: [&str; 6] = ["dispatcher", "its child", "tmux server", "shim", "agent", "all at once"];

fn agents(world: &World, id: i64) -> usize {
    let started = fs::read_to_string(world.path(&format!("agents-{id}"))).unwrap_or_default();
    started.lines().filter(|pid| runs(pid.parse().unwrap())).count()
}

fn kill(pid: i64) {
    signal(pid, Signal::SIGKILL);
}

fn children(pid: i64) -> Vec<i64> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn server(world: &World) -> Option<i64> {
    world.tmux(&["display-message", "-p", "#{pid}"]).parse().ok()
}

/// Kills whoever of the target is there in this moment.
fn strike(world: &World, target: &str, dispatcher: i64, id: i64) {
    let mut pids = Vec::new();
    if matches!(target, "its child" | "all at once") {
        pids.extend(children(dispatcher));
    }
    if matches!(target, "dispatcher" | "all at once") {
        pids.push(dispatcher);
    }
    if matches!(target, "shim" | "agent" | "all at once") {
        let attempt = &world.task(id)["attempt"];
        let key = if target == "agent" { "agent_pid" } else { "shim_pid" };
        pids.extend(attempt[key].as_i64());
    }
    if matches!(target, "tmux server" | "all at once") {
        pids.extend(server(world));
    }
    pids.into_iter().for_each(kill);
}

/// What the agent wrote is there, wherever its tree is.
fn work_is_there(world: &World, id: i64, what: &str) {
    if !world.path(&format!("wrote-{id}")).exists() {
        return;
    }
    let path = world.ok(&["path", &id.to_string()]);
    let tree = Path::new(path.trim());
    for (file, content) in
        [("a.txt", "one\ntracked\n"), ("s", "staged\n"), ("u", "untracked\n"), ("i.log", "ignored\n")]
    {
        assert_eq!(fs::read_to_string(tree.join(file)).ok().as_deref(), Some(content), "{what}: {file}");
    }
    assert_eq!(world.run("git", &["log", "-1", "--format=%s"], tree), "work", "{what}: the commit");
}

#[test]
fn d1_whatever_is_killed_blindly_one_reconcile_suffices() {
    let (seed, rounds) = (seed(), size(60, 1000, 10_000));
    let again = format!("GANGER_SEED={seed} cargo test --test it blind");
    let world = World::new();
    world.commit(".gitignore", "*.log\n");
    world.git(&["branch", "person"]);
    let mut random = fastrand::Rng::with_seed(seed);
    let started = Instant::now();
    let id = world.dispatch(AGENT);
    let whole = started.elapsed().max(Duration::from_millis(30));
    world.ok(&["stop", &id.to_string()]);
    for round in 0..rounds {
        let target = TARGETS[random.usize(..TARGETS.len())];
        let delay = whole.mul_f64(random.f64() * 1.5);
        let what = format!("round {round}: {target} after {delay:?}; again: {again}");
        let id = world.add(AGENT);
        let child = world.start(&["dispatch", &id.to_string(), "--over-limit"]);
        let started = Instant::now();
        while started.elapsed() < delay {
            std::hint::spin_loop();
        }
        strike(&world, target, i64::from(child.id()), id);
        finish(child);
        reconciled_at_last(&world, &what);
        world.audited();
        assert!(agents(&world, id) <= 1, "{what}: twins");
        work_is_there(&world, id, &what);
        assert_eq!(world.branches().iter().filter(|name| *name == "person").count(), 1, "{what}");
        // And it can be done again at once, in the same tree where there is one.
        match world.status(id).as_str() {
            "ready" => drop(world.ok(&["dispatch", &id.to_string(), "--over-limit"])),
            "failed" => drop(world.ok(&["retry", &id.to_string()])),
            _ => {}
        }
        until(&format!("{what}: its agent"), || (agents(&world, id) == 1).then_some(()));
        world.ok(&["rm", &id.to_string(), "--stop"]);
        assert_eq!(agents(&world, id), 0, "{what}");
    }
    record(
        "blind kills",
        &format!("{rounds} kills of {}", TARGETS.join(", ")),
        "0 stuck, 0 twins, 0 bytes lost",
        &again,
    );
}
