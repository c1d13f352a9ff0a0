//! The nemesis: what it strikes, with what, and for how long.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::Soak;
use super::actors::{check_panes, rest};
use super::observer::{Kind, Process, find};
use crate::support::{signal, until};

/// What is to be done later.
enum Later {
    Continue(Process),
    Free,
}

#[derive(Clone, Copy)]
enum Target {
    /// Any ganger that somebody runs.
    Ganger,
    Of(Kind),
}

/// Strikes until it is over; then everything goes on, and there is room again.
pub fn nemesis(soak: &Soak<'_>, random: &mut fastrand::Rng) {
    let mut later: Vec<(Instant, Later)> = Vec::new();
    while !soak.is_over() {
        rest(soak, random, 150);
        let now = Instant::now();
        for (_, what) in later.extract_if(.., |(at, _)| *at <= now) {
            relieve(soak, &what);
        }
        let target = match random.u8(..10) {
            0..5 => Target::Ganger,
            5 => Target::Of(Kind::Shim),
            6 => Target::Of(Kind::Agent),
            7 => Target::Of(Kind::Client),
            _ => Target::Of(Kind::Git),
        };
        // What everybody needs is away for less long, or nothing else would happen.
        let a_while = now + Duration::from_millis(random.u64(20..3000));
        let a_moment = now + Duration::from_millis(random.u64(20..800));
        match random.u8(..16) {
            0..7 => kill(soak, random, target),
            7..12 => later.extend(stop(soak, random, target).map(|found| (a_while, Later::Continue(found)))),
            12 => {
                let server = stop(soak, random, Target::Of(Kind::Server));
                later.extend(server.map(|found| (a_moment, Later::Continue(found))));
            }
            13 => kill_server(soak),
            14 => {
                if let Some(disk) = &soak.disk {
                    disk.fill();
                    later.push((a_moment, Later::Free));
                    count(soak, "full disks");
                }
            }
            _ => jump(soak, random),
        }
    }
    for (_, what) in &later {
        relieve(soak, what);
    }
}

fn count(soak: &Soak<'_>, what: &'static str) {
    *soak.strikes.lock().unwrap().entry(what).or_default() += 1;
}

fn relieve(soak: &Soak<'_>, what: &Later) {
    match what {
        Later::Continue(process) if process.lives() => signal(process.pid, Signal::SIGCONT),
        Later::Continue(_) => {}
        Later::Free => soak.disk.iter().for_each(super::Disk::free),
    }
}

fn mark(soak: &Soak<'_>) -> String {
    soak.world.path("").to_str().unwrap().trim_end_matches('/').to_owned()
}

/// One of those that are there; git and tmux's clients live for milliseconds and are waited for.
fn pick(soak: &Soak<'_>, random: &mut fastrand::Rng, target: Target) -> Option<Process> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(200) && !soak.is_over() {
        let mut found: Vec<Process> = match target {
            Target::Ganger => soak.running.lock().unwrap().keys().copied().collect(),
            Target::Of(kind) => find(&mark(soak), kind),
        };
        found.sort_by_key(|process| process.pid);
        if let Some(found) = random.choice(found) {
            return Some(found);
        }
    }
    None
}

fn kill(soak: &Soak<'_>, random: &mut fastrand::Rng, target: Target) {
    let Some(found) = pick(soak, random, target) else { return };
    soak.killed.lock().unwrap().insert(found);
    if found.lives() {
        signal(found.pid, Signal::SIGKILL);
        count(soak, "kills");
    }
}

fn stop(soak: &Soak<'_>, random: &mut fastrand::Rng, target: Target) -> Option<Process> {
    let found = pick(soak, random, target).filter(|found| found.lives())?;
    signal(found.pid, Signal::SIGSTOP);
    count(soak, "stops");
    Some(found)
}

/// The server dies with all that is in it, the person's session included.
fn kill_server(soak: &Soak<'_>) {
    // The person may be waiting for a server that is stopped, and that goes on only after this.
    let Ok(mut panes) = soak.person.try_lock() else { return };
    check_panes(soak, &mut panes);
    for server in find(&mark(soak), Kind::Server) {
        signal(server.pid, Signal::SIGKILL);
        until("the server's end", || (!server.lives()).then_some(()));
        count(soak, "deaths of the tmux server");
    }
    *panes = super::Panes::default();
}

/// The wall clock can't be moved for one program alone: the times that it has written move instead. Boot time, which
/// decides whether a dispatcher is stuck, does not jump.
fn jump(soak: &Soak<'_>, random: &mut fastrand::Rng) {
    let by = if random.bool() { 3_600_000 } else { -3_600_000 };
    let columns = ["claimed_at", "started_at", "ended_at", "activity_since", "waits_until"];
    let moved: Vec<String> = columns.iter().map(|column| format!("{column} = {column} + {by}")).collect();
    let statement =
        format!("UPDATE tasks SET not_before = not_before + {by}; UPDATE attempts SET {};", moved.join(", "));
    // There may be no room, or who writes may be stopped, to go on only after this: then the clock goes right.
    if soak.world.tries_sql(&statement, Duration::from_millis(100)).is_ok() {
        count(soak, "jumps of the clock");
    }
}
