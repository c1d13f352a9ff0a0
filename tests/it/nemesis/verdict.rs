//! What must hold when the nemesis has gone: after one reconcile, and again after everything was stopped.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use super::Soak;
use super::actors::{calmly, check_panes};
use super::observer::{Kind, find};
use crate::support::{PATIENCE, World, pause, runs};

fn tasks(world: &World) -> Vec<Value> {
    world.ganger(&["list", "--archived", "--json"]).json()["tasks"].as_array().unwrap().clone()
}

/// Waits for it to hold; else it is wrong.
fn eventually(soak: &Soak<'_>, what: impl Fn() -> String, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        if started.elapsed() > PATIENCE / 2 {
            return soak.wrong(what());
        }
        pause();
    }
}

pub fn at_rest(soak: &Soak<'_>, mark: &str) {
    let world = soak.world;
    // Who was struck last may still be ending; it can be seen without touching anything.
    let dry = || world.ganger(&["--reconcile", "--dry-run", "--json"]);
    eventually(
        soak,
        || format!("it does not come to rest: {:?}", dry()),
        || {
            let dry = dry();
            dry.code == Some(0) && dry.json()["unknown"].as_array().is_some_and(Vec::is_empty)
        },
    );
    let ran = calmly(soak, &["--reconcile"]);
    if ran.code != Some(0) {
        soak.wrong(format!("one pass did not suffice: {ran:?}"));
    }
    audit(soak, "after one pass");
    for task in tasks(world).iter().filter(|task| task["status"] == "in-progress") {
        let id = task["id"].as_i64().unwrap();
        eventually(
            soak,
            || format!("no agent works at it: {}", world.task(id)),
            || {
                let task = world.task(id);
                let attempt = &task["attempt"];
                let works = attempt["phase"] == "verifying" || attempt["agent_pid"].as_i64().is_some_and(runs);
                task["status"] != "in-progress" || (attempt["live"] == true && works)
            },
        );
    }
    foreign(soak);
    nothing_lost(soak);
    for task in tasks(world) {
        world.ok(&["stop", &task["id"].to_string()]);
    }
    let shims = || find(mark, Kind::Shim);
    eventually(soak, || format!("shims outlive their stop: {:?}", shims()), || shims().is_empty());
    world.ok(&["--reconcile"]);
    audit(soak, "after everything was stopped");
    every_task_runs_again(soak);
    audit(soak, "after everything ran again");
    foreign(soak);
    nothing_lost(soak);
}

fn audit(soak: &Soak<'_>, when: &str) {
    let audit = &soak.world.ganger(&["doctor", "--json"]).json()["audit"];
    for violation in audit["violations"].as_array().unwrap() {
        soak.wrong(format!("{when}: {violation}"));
    }
}

/// No task is stuck: each can be dispatched at once, and comes to its end.
fn every_task_runs_again(soak: &Soak<'_>) {
    let world = soak.world;
    fs::write(world.path("calm"), "").unwrap();
    for task in tasks(world).iter().filter(|task| task["archived"] == false) {
        let (number, id) = (task["id"].as_i64().unwrap(), task["id"].to_string());
        let ran = match task["status"].as_str().unwrap() {
            "ready" => calmly(soak, &["dispatch", &id, "--over-limit"]),
            "failed" => calmly(soak, &["retry", &id]),
            _ => continue,
        };
        if ran.code != Some(0) {
            soak.wrong(format!("it can't be dispatched: {ran:?}: {}", world.task(number)));
            continue;
        }
        eventually(
            soak,
            || format!("it does not end: {}", world.task(number)),
            || world.task(number)["status"] != "in-progress",
        );
        let now = world.task(number);
        let unverified = now["attempt"]["cause"] == "verify";
        if now["status"] != "review" && !unverified {
            soak.wrong(format!("it does not come to its end: {now}"));
        }
    }
}

/// What a person has is as it was.
fn foreign(soak: &Soak<'_>) {
    let world = soak.world;
    let check = |what: &str, holds: bool| {
        if !holds {
            soak.wrong(format!("a person's {what} is not as it was"));
        }
    };
    let branches = world.branches();
    check("branch", branches.contains(&"mine".to_owned()) && branches.contains(&"mine-too".to_owned()));
    check("commit", world.git(&["rev-parse", "mine"]) == world.git(&["rev-parse", "main"]));
    let tree = world.path("mine").canonicalize().unwrap();
    check("worktree", world.worktrees().iter().any(|path| Path::new(path) == tree));
    let reads = |path: &Path, text: &str| fs::read_to_string(path).is_ok_and(|read| read == text);
    check("file", reads(&tree.join("mine.txt"), "mine\n"));
    check("work", reads(&world.repo().join("mine.txt"), "mine, not committed\n"));
    check("checkout", world.git(&["status", "--porcelain"]) == "?? mine.txt");
    let pid = fs::read_to_string(world.path("mine.pid")).unwrap().trim().parse().unwrap();
    check("process", runs(pid));
    check_panes(soak, &mut soak.person.lock().unwrap());
}

/// The lines of work that agents know to have written.
pub fn ledger(world: &World) -> Vec<String> {
    let files = fs::read_dir(world.path("ledger")).unwrap().flatten();
    let texts = files.map(|file| fs::read_to_string(file.path()).unwrap());
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn gather(folder: &Path, found: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_symlink() || path.ends_with(".git") {
            continue;
        }
        if path.is_dir() {
            gather(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.extend(text.lines().filter(|line| line.starts_with('@')).map(str::to_owned));
        }
    }
}

/// Every line of the ledger is in a worktree, in the trash, or in a commit that a reference of the repository or a
/// worktree's HEAD reaches.
fn nothing_lost(soak: &Soak<'_>) {
    let world = soak.world;
    // First of all: agents may be writing.
    let known = ledger(world);
    let mut found = HashSet::new();
    gather(&world.path("data/ganger/worktrees"), &mut found);
    let commits = world.git(&["log", "--all", "-p", "--format=", "--no-ext-diff"]);
    found.extend(commits.lines().filter_map(|line| line.strip_prefix('+')).map(str::to_owned));
    let lost: Vec<String> = known.into_iter().filter(|line| !found.contains(line)).collect();
    if !lost.is_empty() {
        soak.wrong(format!("{} lines of work are lost: {:?}", lost.len(), &lost[..lost.len().min(10)]));
    }
}
