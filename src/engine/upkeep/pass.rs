//! One whole pass.

use std::time::Duration;

use super::clean_up;
use super::observe::{Servers, observe};
use super::report::{Action, Report, Scope};
use super::settle::settle;
use crate::domain::attempt::{Attempt, Tree};
use crate::domain::reconcile::{ExitFile, Lock, Observed, Pane, PlaceSeen, Probe};
use crate::domain::state::Phase;
use crate::domain::tree::Follow;
use crate::engine::strays::{self, Fate, Stray};
use crate::engine::{Engine, Fault, steps, trees};
use crate::ports::multiplexer::{PaneSeen, Panes};
use crate::ports::store::Which;

/// One whole pass.
///
/// # Errors
/// Only where the store can't be read: everything else is an unknown of the report.
pub fn reconcile(engine: &Engine, scope: &Scope) -> Result<Report, Fault> {
    let observed_at = engine.ports.clock.now().wall;
    let mut report = Report { observed_at, actions: Vec::new(), unknown: Vec::new(), doubt: None, tmux: None };
    let mut servers = Servers::new(engine);
    let mut over = Vec::new();
    for attempt in engine.ports.store.attempts(&Which::Unfinished)? {
        if scope.repo.as_ref().is_some_and(|repo| *repo != attempt.plan.repo) {
            continue;
        }
        if attempt.phase.is_live() {
            let action = settle(engine, &attempt, &mut servers, scope.dry_run)?;
            let ended = action.applied;
            file(&mut report, action);
            if !ended {
                continue;
            }
        }
        match engine.ports.store.attempt(&attempt.plan.id)? {
            Some(now) if !now.phase.is_live() && !now.cleaned => over.push(now),
            Some(_) | None => {}
        }
    }
    clean(engine, &over, &mut servers, scope.dry_run, &mut report);
    survey(engine, scope, &mut report)?;
    report.tmux = servers.answered();
    if let Some((doubt, strays)) = strays::doubted(engine)? {
        report.doubt = Some(doubt);
        report.unknown.extend(strays.iter().filter_map(of_stray));
    }
    Ok(report)
}

/// One that names no task is told by the doctor alone.
fn of_stray(stray: &Stray) -> Option<Action> {
    let observed = Observed {
        place: PlaceSeen::Here,
        lock: if stray.fate == Fate::Runs { Lock::Held } else { Lock::Free },
        shim: Probe::Unknown,
        agent: Probe::Unknown,
        server: Probe::Unknown,
        pane: Pane::Unknown,
        saga: Lock::Missing,
        exit: ExitFile::None,
        age: Duration::ZERO,
    };
    let attempt = stray.attempt.clone();
    Some(Action { task: stray.task()?, attempt, observed, decision: "unknown", reason: stray.reason(), applied: false })
}

fn file(report: &mut Report, action: Action) {
    match action.decision {
        "keep" => {}
        "unknown" => report.unknown.push(action),
        _ => report.actions.push(action),
    }
}

/// Brings the records of trees in line with what is there, whatever became of their attempts.
fn survey(engine: &Engine, scope: &Scope, report: &mut Report) -> Result<(), Fault> {
    let wanted = |tree: &Tree| scope.repo.as_ref().is_none_or(|repo| *repo == tree.repo);
    for found in trees::survey(engine, &wanted, !scope.dry_run)? {
        let observed = observe(engine, &found.owner, Pane::Unknown);
        let (decision, reason) = match found.looked {
            Err(fault) => ("unknown", fault.message),
            Ok(looked) => {
                let trouble = looked.found.trouble(&found.tree.path);
                let reason = trouble.unwrap_or_else(|| format!("its worktree is at {}", found.tree.path.display()));
                match looked.follow {
                    Follow::Say | Follow::Unknown => ("unknown", reason),
                    Follow::Keep => ("keep", reason),
                    Follow::Present | Follow::Parked(_) | Follow::Gone => ("record", reason),
                }
            }
        };
        let applied = decision == "record" && !scope.dry_run;
        file(report, Action::of(&found.owner, &observed, decision, reason, applied));
    }
    Ok(())
}

/// The clean-up pass over attempts that are over.
fn clean(engine: &Engine, over: &[Attempt], servers: &mut Servers<'_>, dry_run: bool, report: &mut Report) {
    let mut ended: Vec<(&Attempt, PaneSeen)> = Vec::new();
    for attempt in over {
        match attempt.phase {
            Phase::Revoked => {
                // A dispatcher that is still at it cleans up by itself.
                if engine.ports.locks.ask(&attempt.plan.files.saga, None) == Lock::Held {
                    continue;
                }
                let observed = observe(engine, attempt, Pane::Unknown);
                let action = |reason: String, applied| Action::of(attempt, &observed, "clean-up", reason, applied);
                if dry_run {
                    report.actions.push(action("an attempt that was undone".to_owned(), false));
                } else {
                    let kept = steps::undo(engine, attempt);
                    let reason = if kept.is_empty() { "undone".to_owned() } else { kept.join("; ") };
                    report.actions.push(action(reason, true));
                }
            }
            Phase::Exited if !dry_run => {
                if let Ok(panes) = servers.of(&attempt.plan.socket) {
                    let panes = panes.clone();
                    if !clean_up::exited(engine, attempt, Some(&panes))
                        && let Panes::Listed(panes) = panes
                    {
                        ended.extend(
                            panes
                                .into_iter()
                                .filter(|pane| pane.attempt() == Some(&attempt.plan.id))
                                .map(|pane| (attempt, pane)),
                        );
                    }
                }
            }
            Phase::Exited | Phase::Claimed | Phase::Worktree | Phase::Spawning | Phase::Running | Phase::Verifying => {}
        }
    }
    let ended: Vec<(&Attempt, &PaneSeen)> = ended.iter().map(|(attempt, pane)| (*attempt, pane)).collect();
    clean_up::surplus(engine, &ended);
}
