//! Hundreds of tasks that wait for one another, worked off by dispatchers that are killed all the time.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{World, finish, pause, results, runs};

/// How many agents may run at once.
const SLOTS: usize = 8;

/// What an agent does, after it has said that it began.
const KINDS: [(&str, &str); 4] = [
    ("echo x > f; git add f; git commit -qm f", "review"),
    ("\"$GANGER_BIN\" ask 'which one?'; sleep 0.2; echo x > f; git add f; git commit -qm f", "review"),
    ("exit 3", "failed"),
    ("kill -9 $$", "failed"),
];

/// A task of the list: what its agent does, and which tasks it waits for, by their numbers from 1.
struct Wanted {
    kind: usize,
    after: Vec<usize>,
}

/// A line that an agent has written: its task, its process, and whether it began or ended.
fn told(world: &World) -> Vec<(usize, i64, bool)> {
    let text = fs::read_to_string(world.path("told")).unwrap_or_default();
    let line = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()? == "began"))
    };
    text.lines().filter_map(line).collect()
}

fn list(wanted: &[Wanted]) -> String {
    wanted.iter().enumerate().fold(String::new(), |mut list, (index, task)| {
        let (work, _) = KINDS[task.kind];
        let script = format!(
            "echo \"$GANGER_TASK $$ began\" >> \"$WORLD/told\"; sleep 0.1; \
             trap 'echo \"$GANGER_TASK $$ ended\" >> \"$WORLD/told\"' EXIT; {work}"
        );
        let after: Vec<String> = task.after.iter().map(|number| format!("t{number}")).collect();
        let record = json!({
            "external_id": format!("t{}", index + 1), "title": format!("task {}", index + 1),
            "prompt": script, "after": after,
        });
        writeln!(list, "{record}").unwrap();
        list
    })
}

#[test]
fn hundreds_of_tasks_end_as_they_should_whoever_is_killed_on_the_way() {
    let (seed, count) = (results::seed(), results::size(40, 500, 500));
    println!("GANGER_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let wanted: Vec<Wanted> = (1..=count)
        .map(|number| {
            // Most do well: a failure holds up all that wait for it.
            let kind = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3][random.usize(..16)];
            let after = (0..random.usize(..3)).filter(|_| number > 1).map(|_| random.usize(1..number)).collect();
            Wanted { kind, after }
        })
        .collect();
    let world = World::new();
    world.configure(&format!("[queue]\nmax_running = {SLOTS}\nrelease = \"review\"\n"));
    let imported = world.ganger_with(&["import", "-", "--format", "ganger"], list(&wanted).as_bytes());
    assert_eq!(imported.code, Some(0), "{imported:?}");
    // Two at once, each killed after a while, until one of them says that nothing is left.
    let (mut most, mut kills) = (0, 0);
    let started = Instant::now();
    let mut dispatchers: Vec<(std::process::Child, Instant)> = Vec::new();
    let deadline = Duration::from_secs(60 + count as u64);
    loop {
        assert!(started.elapsed() < deadline, "the list is not worked off, seed {seed}");
        dispatchers.retain_mut(|(child, end)| {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if Instant::now() < *end {
                return true;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            false
        });
        let quiet = started.elapsed() > Duration::from_secs(count as u64 / 8);
        while dispatchers.len() < 2 {
            let life = if quiet { 600_000 } else { random.u64(200..2_000) };
            dispatchers.push((world.start(&["run", "--json"]), Instant::now() + Duration::from_millis(life)));
        }
        // The observer: the process table, and nothing that ganger says.
        let told = told(&world);
        let recent = told.iter().rev().take(200).filter(|(_, pid, began)| *began && runs(*pid)).count();
        most = most.max(recent);
        let left = world.ganger(&["list", "--status", "ready", "--status", "in-progress", "--json"]).json();
        let open = |task: &serde_json::Value| task["blockers"].as_array().is_none_or(Vec::is_empty);
        if !left["tasks"].as_array().unwrap().iter().any(open) {
            break;
        }
        pause();
    }
    for (mut child, _) in dispatchers {
        child.kill().ok();
        finish(child);
    }
    assert!(most <= SLOTS, "{most} agents at once");
    let told = told(&world);
    let mut ended: HashMap<usize, usize> = HashMap::new();
    for (at, (task, _, began)) in told.iter().enumerate() {
        if !began {
            ended.insert(*task, at);
        }
    }
    let tasks = world.ganger(&["list", "--json"]).json()["tasks"].clone();
    let status: HashMap<usize, String> = tasks
        .as_array()
        .unwrap()
        .iter()
        .map(|task| {
            (usize::try_from(task["id"].as_u64().unwrap()).unwrap(), task["status"].as_str().unwrap().to_owned())
        })
        .collect();
    for (index, task) in wanted.iter().enumerate() {
        let number = index + 1;
        let is_free = task.after.iter().all(|needed| status[needed] == "review");
        let expected = if is_free { KINDS[task.kind].1 } else { "ready" };
        assert_eq!(status[&number], expected, "task {number}, seed {seed}");
        let began: Vec<usize> = (0..told.len()).filter(|at| told[*at].0 == number && told[*at].2).collect();
        assert_eq!(began.len(), usize::from(is_free), "task {number} began so often");
        for needed in &task.after {
            let is_after = began.iter().all(|at| ended.get(needed).is_some_and(|end| end < at));
            assert!(is_after, "task {number} began before task {needed} had ended");
        }
    }
    world.reconciled();
    results::record(
        "a long queue",
        &format!("{count} tasks with dependencies, {SLOTS} slots, {kills} dispatchers killed"),
        &format!("each ran once and ended as it should, at most {most} at a time"),
        &format!("GANGER_SEED={seed} make torture"),
    );
}
