//! `ganger reconcile`, `ganger --reconcile`.

use std::os::fd::AsFd as _;
use std::process::ExitCode;
use std::time::Duration;

use super::Outcome;
use crate::cli::args::Reconcile;
use crate::cli::wiring::Wiring;
use crate::cli::{json, output};
use crate::engine::merge::{Learnt, learn};
use crate::engine::upkeep::{Report, Scope, reconcile};
use crate::engine::{Engine, Fault, Kind};
use crate::os::events::{FileWatch, Woken, wait_to_print};

/// One pass, or a pass for each event.
///
/// # Errors
/// Where the store can't be read.
pub fn run(wiring: &Wiring, args: &Reconcile) -> Outcome {
    match args.watch {
        Some(seconds) => watch(wiring, Duration::from_secs(seconds.max(1))),
        None => once(wiring, args.dry_run || args.check, args.check),
    }
}

/// One pass. With `check`, exits 9 where something would change; unknowns (6) win.
///
/// # Errors
/// Where the store can't be read.
pub fn once(wiring: &Wiring, dry_run: bool, check: bool) -> Outcome {
    let engine = wiring.engine()?;
    let scope = Scope { repo: wiring.repository_if_named(&engine)?, dry_run };
    let report = reconcile(&engine, &scope)?;
    // What a forge says comes after, and changes nothing of that.
    let pulls = if dry_run { (Vec::new(), None) } else { learn(&engine, scope.repo.as_deref())? };
    print(wiring, &report, &pulls, dry_run);
    Ok(if !report.unknown.is_empty() || report.doubt.is_some() {
        ExitCode::from(Kind::Unknown.code())
    } else if check && report.changes() {
        ExitCode::from(Kind::WouldChange.code())
    } else {
        ExitCode::SUCCESS
    })
}

fn print(wiring: &Wiring, report: &Report, (learnt, failed): &(Vec<Learnt>, Option<Fault>), dry_run: bool) {
    if let Some(fault) = failed {
        output::mention(&format!("pull requests were not asked about: {fault}"));
    }
    if wiring.global.json {
        let mut whole = json::report(report);
        if !learnt.is_empty() {
            whole["pulls"] = learnt.iter().map(|learnt| json::pull(learnt.task, &learnt.pull)).collect();
        }
        output::object(whole);
        return;
    }
    for Learnt { task, pull, is_done, is_bounced } in learnt {
        let done = match (is_done, is_bounced) {
            (true, _) => ": the task is done",
            (_, true) => ": its agent is sent back with that",
            _ => "",
        };
        output::say(&format!("task {task}: {} is {}{done}", pull.url, pull.said));
    }
    let would = if dry_run { "would " } else { "" };
    // What befell many at once is said once.
    let mut said: Vec<(&str, &str, Vec<String>)> = Vec::new();
    for action in &report.actions {
        match said.iter_mut().find(|(decision, reason, _)| *decision == action.decision && *reason == action.reason) {
            Some((_, _, tasks)) => tasks.push(action.task.to_string()),
            None => said.push((action.decision, &action.reason, vec![action.task.to_string()])),
        }
    }
    for (decision, reason, tasks) in said {
        let plural = if tasks.len() > 1 { "s" } else { "" };
        let reason = crate::domain::text::line(reason);
        output::say(&format!("task{plural} {}: {would}{decision}: {reason}", tasks.join(", ")));
    }
    for action in &report.unknown {
        output::mention(&format!("task {}: unknown, left as it is: {}", action.task, action.reason));
    }
    if learnt.is_empty() && report.actions.is_empty() && report.unknown.is_empty() && report.doubt.is_none() {
        output::say("everything is as it should be");
    }
}

/// Keeps going until it is interrupted or nobody reads what it says: after each change of a lock, and every `interval`
/// besides.
fn watch(wiring: &Wiring, interval: Duration) -> Outcome {
    let engine = wiring.engine()?;
    let scope = Scope { repo: wiring.repository_if_named(&engine)?, dry_run: false };
    wiring.catch_interrupts();
    let events = FileWatch::locks(&engine.around.state_dir.join("locks")).ok();
    let mut told = Vec::new();
    while !engine.is_interrupted() {
        pass(wiring, &engine, &scope, &mut told);
        let woken = wait_to_print(events.as_ref(), interval, std::io::stdout().as_fd());
        if woken == Woken::ReaderGone {
            break;
        }
        if let (Woken::Written, Some(events)) = (woken, &events) {
            // The event comes just before the lock is free, and before its owner's commit can be read.
            for pause in [2, 20, 80] {
                engine.ports.clock.pause(Duration::from_millis(pause));
                pass(wiring, &engine, &scope, &mut told);
            }
            events.drain();
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One pass of the watch: says what it did, and an unknown once.
fn pass(wiring: &Wiring, engine: &Engine, scope: &Scope, told: &mut Vec<String>) {
    match reconcile(engine, scope) {
        Ok(report) => {
            let unknown: Vec<String> =
                report.unknown.iter().map(|action| format!("{} {}", action.attempt, action.reason)).collect();
            // A forge that can't be asked changes nothing: `ganger reconcile` says why.
            let learnt = learn(engine, scope.repo.as_deref()).map_or_else(|_| Vec::new(), |(learnt, _)| learnt);
            if report.changes() || unknown != *told || !learnt.is_empty() {
                print(wiring, &report, &(learnt, None), false);
            }
            *told = unknown;
        }
        Err(fault) => {
            if told.as_slice() != [fault.message.clone()] {
                output::complain(&fault);
            }
            *told = vec![fault.message];
        }
    }
}
