//! The reconciler: observe, plan, apply. Any process may run it, at any time, beside any other.
//!
//! Order matters: the row is read, its lock probed and held shared, the row read again, and only then a
//! compare-and-set is tried. A reconciler that is stopped or killed in between hides and harms nothing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::strays::{self, Fate, Stray};
use super::{Engine, Fault, clean_up, exit_file, leftover, outbox, trees};
use crate::domain::attempt::{Attempt, Tree};
use crate::domain::completion::{Ending, Vanished};
use crate::domain::id::{AttemptId, FileId, Process, TaskId};
use crate::domain::lifecycle::Event;
use crate::domain::reconcile::{Decision, Desired, ExitFile, Lock, Observed, Pane, PlaceSeen, Probe, plan};
use crate::domain::state::{Cause, Phase, Status, Who};
use crate::domain::time::Timestamp;
use crate::domain::tree::Follow;
use crate::ports::host::Signal;
use crate::ports::multiplexer::{MuxError, PaneSeen, Panes};
use crate::ports::store::{Applied, Which};

/// How long the last letters of an agent are delivered for.
const LETTERS: Duration = Duration::from_secs(10);

/// What to look at, and whether to act.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Absent: every repository.
    pub repo: Option<PathBuf>,
    pub dry_run: bool,
}

/// What was decided of one attempt, and why.
#[derive(Clone, Debug)]
pub struct Action {
    pub task: TaskId,
    pub attempt: AttemptId,
    pub observed: Observed,
    /// `keep`, `record`, `requeue`, `fail`, `revoke`, `unknown` or `clean-up`.
    pub decision: &'static str,
    pub reason: String,
    pub applied: bool,
}

impl Action {
    fn of(attempt: &Attempt, observed: &Observed, decision: &'static str, reason: String, applied: bool) -> Self {
        let (task, attempt) = (attempt.plan.task, attempt.plan.id.clone());
        Self { task, attempt, observed: observed.clone(), decision, reason, applied }
    }
}

/// What a pass came to. Attempts that are as they should be are not in it.
#[derive(Clone, Debug)]
pub struct Report {
    pub observed_at: Timestamp,
    pub actions: Vec<Action>,
    pub unknown: Vec<Action>,
    /// Why the database can't be believed to know of everything that runs.
    pub doubt: Option<String>,
    /// Whether the tmux servers that were asked answered; the first that did not. `None`: none had to be asked.
    pub tmux: Option<Result<(), String>>,
}

impl Report {
    /// Whether a pass would change, or has changed, anything.
    #[must_use]
    pub fn changes(&self) -> bool {
        !self.actions.is_empty()
    }
}

/// The panes of each server, listed once a pass and only where they are needed.
struct Servers<'a> {
    engine: &'a Engine,
    seen: HashMap<PathBuf, Result<Panes, MuxError>>,
}

impl<'a> Servers<'a> {
    fn new(engine: &'a Engine) -> Self {
        Self { engine, seen: HashMap::new() }
    }

    fn of(&mut self, socket: &Path) -> &Result<Panes, MuxError> {
        if !self.seen.contains_key(socket) {
            self.seen.insert(socket.to_owned(), self.engine.ports.mux.panes(socket));
        }
        &self.seen[socket]
    }

    fn answered(&self) -> Option<Result<(), String>> {
        let failed = self.seen.values().find_map(|seen| seen.as_ref().err());
        match (failed, self.seen.is_empty()) {
            (Some(error), _) => Some(Err(error.to_string())),
            (None, false) => Some(Ok(())),
            (None, true) => None,
        }
    }

    fn pane(&mut self, attempt: &Attempt) -> Pane {
        self.of(&attempt.plan.socket).as_ref().map_or(Pane::Unknown, |panes| panes.look(&attempt.plan.id))
    }
}

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

/// The attempts that count against capacity, without clean-up and without tmux: for use before a claim, and every
/// few seconds. What is as it should be is not in the answer.
///
/// # Errors
/// Where the store can't be read.
pub fn sweep(engine: &Engine) -> Result<Vec<Action>, Fault> {
    let mut actions = Vec::new();
    for attempt in engine.ports.store.attempts(&Which::Live)? {
        let action = settle_blind(engine, &attempt)?;
        if action.decision != "keep" {
            actions.push(action);
        }
    }
    Ok(actions)
}

/// One attempt, without clean-up and without tmux.
///
/// # Errors
/// Where the store can't be read.
pub fn one(engine: &Engine, attempt: &AttemptId) -> Result<(), Fault> {
    match engine.ports.store.attempt(attempt)? {
        Some(row) if row.phase.is_live() => settle_blind(engine, &row).map(drop),
        Some(_) | None => Ok(()),
    }
}

fn settle_blind(engine: &Engine, attempt: &Attempt) -> Result<Action, Fault> {
    let mut servers = Servers::new(engine);
    servers.seen.insert(attempt.plan.socket.clone(), Err(MuxError::Failed("not asked".to_owned())));
    settle(engine, attempt, &mut servers, false)
}

/// Looks at an attempt, without touching anything.
fn observe(engine: &Engine, attempt: &Attempt, pane: Pane) -> Observed {
    let ports = &engine.ports;
    let here = ports.processes.place();
    let place = PlaceSeen::of(&attempt.place, &here);
    let probe = |process: Option<Process>| match (place, process) {
        (PlaceSeen::Here, Some(process)) => ports.processes.probe(process),
        (PlaceSeen::Here, None) | (PlaceSeen::OtherBoot, _) => Probe::Dead,
        (PlaceSeen::Elsewhere, _) => Probe::Unknown,
    };
    let files = &attempt.plan.files;
    let exit = match ports.files.read(&files.exit) {
        Ok(None) => ExitFile::None,
        Ok(Some(bytes)) => exit_file::decode(&bytes).map_or(ExitFile::Unreadable, ExitFile::Says),
        Err(_) => ExitFile::Unreadable,
    };
    let lock = if attempt.phase.has_shim() {
        lock_of(engine, &files.lock, attempt.lock, attempt.shim.filter(|_| place == PlaceSeen::Here))
    } else {
        Lock::Missing
    };
    let mut shim = probe(attempt.shim);
    if lock == Lock::Free && shim == Probe::Alive {
        // A process gives its locks up a moment before it is gone.
        let gone = engine.until(DYING, |_| Ok(Some(probe(attempt.shim)).filter(|shim| *shim != Probe::Alive)));
        shim = gone.ok().flatten().unwrap_or(Probe::Alive);
    }
    Observed {
        place,
        lock,
        shim,
        agent: probe(attempt.agent),
        server: probe(attempt.server),
        pane,
        saga: if attempt.phase.has_shim() {
            Lock::Missing
        } else {
            lock_of(engine, &files.saga, None, Some(attempt.dispatcher).filter(|_| place == PlaceSeen::Here))
        },
        exit,
        age: ports.clock.now().boot.since(attempt.phase_since),
    }
}

/// How long the lock of a process that has been killed is waited for.
const DYING: Duration = Duration::from_secs(1);

/// A lock, as its holder leaves it: a process that was killed holds on to it for as long as the kernel takes to close its
/// files, or until a child that it had just forked has become another program.
fn lock_of(engine: &Engine, path: &Path, expected: Option<FileId>, holder: Option<Process>) -> Lock {
    let ports = &engine.ports;
    let ask = || ports.locks.ask(path, expected);
    let lock = ask();
    if lock != Lock::Held || !holder.is_some_and(|holder| ports.processes.is_ending(holder)) {
        return lock;
    }
    let free = engine.until(DYING, |_| Ok(Some(ask()).filter(|lock| *lock != Lock::Held)));
    free.ok().flatten().unwrap_or(Lock::Held)
}

fn desired(engine: &Engine, attempt: &Attempt) -> Desired {
    Desired {
        attempt: attempt.plan.id.clone(),
        phase: attempt.phase,
        cleaned: attempt.cleaned,
        saga_patience: engine.settings.timing.saga,
    }
}

/// Brings one live attempt's row in line with what is there.
fn settle(engine: &Engine, attempt: &Attempt, servers: &mut Servers<'_>, dry_run: bool) -> Result<Action, Fault> {
    let pane = if attempt.phase.has_shim() { servers.pane(attempt) } else { Pane::Unknown };
    let observed = observe(engine, attempt, pane);
    let decision = plan(&observed, &desired(engine, attempt));
    let action =
        |decision: &'static str, reason: String, applied| Action::of(attempt, &observed, decision, reason, applied);
    if strays::is_ahead(engine, attempt)? {
        return Ok(action("unknown", "it has come further than the database knows".to_owned(), false));
    }
    Ok(match decision {
        Decision::Keep | Decision::CleanUp => action("keep", String::new(), false),
        Decision::Unknown(why) => action("unknown", why.to_owned(), false),
        Decision::Record(_) if dry_run => action("record", "its shim wrote down how it ended".to_owned(), false),
        Decision::Lost(how) if dry_run => action("requeue", lost_reason(how).to_owned(), false),
        Decision::Revoke { reason, .. } if dry_run => action("revoke", reason.to_owned(), false),
        Decision::Revoke { cause, reason } => {
            let event = Event::RolledBack { cause, reason: reason.to_owned(), lasting: false };
            let applied = write(engine, attempt, &event, &observed)?;
            action("revoke", reason.to_owned(), matches!(applied, Applied::Changed { .. }))
        }
        Decision::Record(_) | Decision::Lost(_) => end(engine, attempt, &observed, pane)?,
    })
}

const fn lost_reason(how: Vanished) -> &'static str {
    match how {
        Vanished::Shim => "its shim is gone",
        Vanished::Server => "its tmux server is gone",
        Vanished::Reboot => "the machine was restarted",
    }
}

/// Holds the lock shared, reads the row again, decides again, and writes.
fn end(engine: &Engine, attempt: &Attempt, seen: &Observed, pane: Pane) -> Result<Action, Fault> {
    let action = |observed: &Observed, decision: &'static str, reason: String, applied| {
        Action::of(attempt, observed, decision, reason, applied)
    };
    // A machine that was restarted holds no locks.
    let held = if seen.place == PlaceSeen::OtherBoot {
        None
    } else {
        match engine.ports.locks.shared(&attempt.plan.files.lock) {
            Ok(held) if Some(held.file()) == attempt.lock => Some(held),
            Ok(_) | Err(_) => {
                return Ok(action(seen, "unknown", "its lock could not be held for the write".to_owned(), false));
            }
        }
    };
    // What its agent has said, and no shim delivered, counts before its end.
    if seen.place != PlaceSeen::Elsewhere {
        outbox::deliver(engine, &attempt.plan, LETTERS);
    }
    let Some(row) = engine.ports.store.attempt(&attempt.plan.id)? else {
        return Ok(action(seen, "keep", String::new(), false));
    };
    let observed = observe(engine, &row, pane);
    let (ending, decision, reason) = match plan(&observed, &desired(engine, &row)) {
        Decision::Record(ending) => (ending, "record", "its shim wrote down how it ended".to_owned()),
        Decision::Lost(how) => {
            if let Err(why) = end_survivors(engine, &row, &observed) {
                return Ok(action(&observed, "unknown", why, false));
            }
            (Ending::vanished(how), "requeue", lost_reason(how).to_owned())
        }
        Decision::Unknown(why) => return Ok(action(&observed, "unknown", why.to_owned(), false)),
        Decision::Keep | Decision::CleanUp | Decision::Revoke { .. } => {
            return Ok(action(&observed, "keep", String::new(), false));
        }
    };
    let applied = write(engine, &row, &Event::Ended(ending), &observed)?;
    drop(held);
    Ok(match applied {
        Applied::Changed { status, cause, .. } => {
            let decision = match status {
                Status::Failed if decision == "requeue" => "fail",
                Status::Ready | Status::InProgress | Status::Review | Status::Done | Status::Failed => decision,
            };
            let reason = cause.map_or(reason.clone(), |cause: Cause| format!("{reason} ({cause})"));
            action(&observed, decision, reason, true)
        }
        Applied::Already { .. } | Applied::Conflict { .. } | Applied::Missing => {
            action(&observed, "keep", String::new(), false)
        }
    })
}

fn write(engine: &Engine, attempt: &Attempt, event: &Event, observed: &Observed) -> Result<Applied, Fault> {
    let evidence = vec![
        ("lock", observed.lock.text().to_owned()),
        ("shim", observed.shim.text().to_owned()),
        ("agent", observed.agent.text().to_owned()),
        ("pane", observed.pane.text().to_owned()),
        ("saga", observed.saga.text().to_owned()),
    ];
    let stamp = engine.stamp_with(Who::Reconciler, evidence);
    engine.apply(attempt.plan.task, Some(&attempt.plan.id), event, &stamp)
}

/// Ends the agent of a dead shim, and what shares the shim's session; notes what else bears the mark.
fn end_survivors(engine: &Engine, attempt: &Attempt, observed: &Observed) -> Result<(), String> {
    if observed.place != PlaceSeen::Here {
        return Ok(());
    }
    let Some(shim) = attempt.shim else { return Ok(()) };
    let processes = &engine.ports.processes;
    let alive = || -> Result<Vec<Process>, String> {
        let members = processes
            .members(shim, &attempt.plan.id)
            .map_err(|error| format!("the process table can't be read: {error}"))?;
        let agent = attempt.agent.filter(|agent| processes.probe(*agent) != Probe::Dead);
        let mut alive: Vec<Process> = members.into_iter().map(|found| found.process).collect();
        alive.extend(agent.filter(|agent| !alive.contains(agent)));
        Ok(alive)
    };
    let end = |signal: Signal, patience: Duration| -> Result<bool, String> {
        let ending = alive()?;
        for process in &ending {
            processes.signal(*process, Signal::Continue).ok();
            processes
                .signal(*process, signal)
                .map_err(|error| format!("pid {} can't be ended: {error}", process.pid))?;
        }
        // A process that is on its way out bears no mark any more: it is gone when its identity is.
        let gone = engine.until(patience, |_| {
            let lives = ending.iter().any(|process| processes.probe(*process) != Probe::Dead);
            match alive() {
                Ok(left) if left.is_empty() && !lives => Ok(Some(())),
                Ok(_) | Err(_) => Ok(None),
            }
        });
        Ok(matches!(gone, Ok(Some(()))))
    };
    if !alive()?.is_empty()
        && !end(Signal::Terminate, engine.settings.tmux.grace)?
        && !end(Signal::Kill, Duration::from_secs(5))?
    {
        return Err("its agent survives its shim and can't be ended".to_owned());
    }
    let leftovers = processes.marked(&attempt.plan.id).unwrap_or_default();
    leftover::note(engine, &attempt.plan.id, leftovers, &engine.stamp(Who::Reconciler));
    Ok(())
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
                    let kept = clean_up::revoked(engine, attempt);
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
