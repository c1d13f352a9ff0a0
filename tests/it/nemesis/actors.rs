//! Who works in the soak besides the agents: dispatchers, reconcilers, a person, a loop of git's own housekeeping.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::Soak;
use super::observer::Process;
use crate::support::{finish, pause, signal, until};

/// Waits for a random time, unless it is over before.
pub fn rest(soak: &Soak<'_>, random: &mut fastrand::Rng, most: u64) {
    let (length, started) = (Duration::from_millis(random.u64(..=most)), Instant::now());
    while started.elapsed() < length && !soak.is_over() {
        pause();
    }
}

pub fn dispatcher(soak: &Soak<'_>, random: &mut fastrand::Rng) {
    while !soak.is_over() {
        let id = soak.any(random);
        let args: &[&str] = match random.u8(..20) {
            0..8 => &["dispatch", "--next"],
            8 => &["dispatch", "--next", "3"],
            9 => &["dispatch", "--all"],
            10..14 => &["dispatch", &id],
            14 => &["dispatch", &id, "--over-limit"],
            15..18 => &["retry", &id],
            18 => &["retry", &id, "--fresh"],
            _ => &["retry", &id, "--verify"],
        };
        soak.run(args);
        rest(soak, random, 30);
    }
}

pub fn reconciler(soak: &Soak<'_>, random: &mut fastrand::Rng) {
    while !soak.is_over() {
        let args: &[&str] = match random.u8(..8) {
            0..5 => &["--reconcile"],
            5 => &["reconcile", "--check"],
            6 => &["status-line"],
            _ => &["list", "--json"],
        };
        soak.run(args);
        rest(soak, random, 200);
    }
}

/// One that keeps going until the nemesis finds it.
pub fn watcher(soak: &Soak<'_>) {
    thread::scope(|scope| {
        while !soak.is_over() {
            let watch = scope.spawn(|| soak.run(&["reconcile", "--watch", "1"]));
            while !soak.is_over() && !watch.is_finished() {
                pause();
            }
            while !watch.is_finished() {
                for (process, what) in soak.running.lock().unwrap().iter() {
                    if what.starts_with("reconcile --watch") {
                        soak.killed.lock().unwrap().insert(*process);
                        signal(process.pid, Signal::SIGKILL);
                    }
                }
                pause();
            }
        }
    });
}

/// What a person has that is none of ganger's business, besides what is in tmux.
pub fn settle_in(soak: &Soak<'_>) {
    let world = soak.world;
    fs::create_dir_all(world.path("ledger")).unwrap();
    world.commit(".gitignore", "*.log\n");
    world.git(&["branch", "mine"]);
    let tree = world.path("mine");
    world.git(&["worktree", "add", "-q", "-b", "mine-too", tree.to_str().unwrap()]);
    fs::write(tree.join("mine.txt"), "mine\n").unwrap();
    fs::write(world.repo().join("mine.txt"), "mine, not committed\n").unwrap();
    let stay = "echo $$ > \"$WORLD/mine.pid\"; exec sleep 100000 > /dev/null 2>&1";
    world.run("setsid", &["-f", "sh", "-c", stay], &world.repo());
    let mut panes = soak.person.lock().unwrap();
    open(soak, &mut panes, &["new-session", "-d", "-s", "person"]);
    assert!(panes.server.is_some(), "no tmux server");
}

/// Opens a pane of the person's, and remembers it.
fn open(soak: &Soak<'_>, panes: &mut super::Panes, args: &[&str]) -> bool {
    let mut words = args.to_vec();
    words.extend(["-P", "-F", "#{pid} #{pane_pid}", "--", "sleep", "100000"]);
    let answer = soak.world.tmux(&words);
    let mut pids = answer.split_whitespace().filter_map(|pid| Process::of(pid.parse().ok()?));
    let (Some(server), Some(pane)) = (pids.next(), pids.next()) else { return false };
    panes.server = Some(server);
    panes.panes.push(pane);
    true
}

/// What the person has in tmux lives while its server does; a server that has gone took it along.
pub fn check_panes(soak: &Soak<'_>, panes: &mut super::Panes) {
    let gone: Vec<Process> = panes.panes.iter().copied().filter(|pane| !pane.lives()).collect();
    // The server ends its panes before itself.
    let dies = || {
        (0..200).any(|_| {
            panes.server.is_none_or(|server| !server.lives()) || {
                pause();
                false
            }
        })
    };
    if !gone.is_empty() && !dies() {
        soak.wrong(format!("a person's panes are gone while their server lives: {gone:?} of {panes:?}"));
    }
    if panes.server.is_none_or(|server| !server.lives()) {
        *panes = super::Panes::default();
    }
}

/// Everything that a person does to tasks and in tmux, in a random order.
pub fn person(soak: &Soak<'_>, random: &mut fastrand::Rng) {
    while !soak.is_over() {
        if random.u8(..4) == 0 {
            let mut panes = soak.person.lock().unwrap();
            check_panes(soak, &mut panes);
            // A server that is stopped answers when it is continued.
            if panes.server.is_none() {
                open(soak, &mut panes, &["new-session", "-d", "-s", "person"]);
            } else {
                let sessions = soak.world.sessions();
                let ours: Vec<&String> = sessions.iter().filter(|name| name.starts_with("ganger-")).collect();
                if let Some(session) = random.choice(ours) {
                    open(soak, &mut panes, &["new-window", "-d", "-t", &format!("={session}:")]);
                }
            }
        }
        let id = soak.any(random);
        let args: &[&str] = match random.u8(..24) {
            0..4 => &["stop", &id],
            4..8 => &["approve", &id],
            8..11 => &["bounce", &id, "--note", "once more"],
            11..13 => &["send", &id, "hello"],
            13 => &["rm", &id, "--stop"],
            14 => &["rm", &id],
            15 => &["undo"],
            16 => &["archive", &id, "--stop"],
            17 => &["unarchive", &id],
            18..20 => &["reopen", &id],
            20 => &["retry", &id, "--no-dispatch"],
            21 => &["done", "--task", &id],
            22 => &["fail", "--task", &id, "not like that"],
            _ => &["edit", &id, "--priority", "3"],
        };
        let removed = soak.run(args).code == Some(0) && args[0] == "rm";
        if removed {
            soak.add(random);
        }
        rest(soak, random, 100);
    }
}

/// Git's own housekeeping, as an editor or `git gc --auto` does it.
pub fn pruner(soak: &Soak<'_>) {
    while !soak.is_over() {
        soak.world.tries("git", &["worktree", "prune"]);
        pause();
        pause();
    }
    // One that was stopped in the middle holds nothing up.
    until("git to prune", || soak.world.tries("git", &["worktree", "prune"]).then_some(()));
}

/// Runs `ganger` in peace.
pub fn calmly(soak: &Soak<'_>, args: &[&str]) -> crate::support::Ran {
    finish(soak.world.start(args))
}
