//! Dispatch, as a saga: claim, worktree, tmux session, agent; or back to where it was.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::preflight::{self, Cleared, Obstacle};
use super::steps::{STEPS, Saga};
use super::{Engine, Fault, Full, Hint, Kind, Remedy, clean_up, plan, reconcile, strays, tasks};
use crate::domain::attempt::{Attempt, Plan};
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::saga::{Failure, StepName};
use crate::domain::state::{Cause, Phase, Status, Who};
use crate::domain::task::Task;
use crate::ports::host::Held;
use crate::ports::store::{Applied, Capacity, Claim, Claimed};

/// What to dispatch, and how.
#[derive(Clone, Debug)]
pub struct Request {
    pub task: TaskId,
    /// The statuses it may be taken from: ready, or failed for a retry.
    pub from: Vec<Status>,
    /// A person asked for this very task: limits of time and orphans don't hold it back.
    pub explicit: bool,
    pub over_limit: bool,
    /// Another profile than the task's.
    pub agent: Option<String>,
    /// Leaves the earlier attempt's tree alone and makes a new one.
    pub fresh: bool,
    /// Goes on in the earlier attempt's tree, or not at all.
    pub resume: bool,
    /// Starts no agent: only verifies what stands in the tree.
    pub verify_only: bool,
    /// What a person tells this attempt; absent, the task's note.
    pub note: Option<String>,
}

impl Request {
    /// A plain dispatch of one task.
    #[must_use]
    pub fn of(task: TaskId) -> Self {
        Self {
            task,
            from: vec![Status::Ready],
            explicit: true,
            over_limit: false,
            agent: None,
            fresh: false,
            resume: false,
            verify_only: false,
            note: None,
        }
    }
}

/// Dispatches a task; returns once its agent has started. The attempt's `kept` says what of earlier ones could not be put
/// away.
///
/// # Errors
/// [`Kind::Failed`] for the machine's fault, the task untouched; [`Kind::Conflict`] where another has it or a limit
/// is reached; [`Kind::NotDispatched`] when it failed and was undone.
pub fn dispatch(engine: &Engine, request: &Request) -> Result<Attempt, Fault> {
    dispatch_in_turn(engine, request, &mut || {})
}

/// As [`dispatch`]; calls `claimed` once the task is claimed, before anything that takes time.
///
/// # Errors
/// As for [`dispatch`].
pub fn dispatch_in_turn(engine: &Engine, request: &Request, claimed: &mut dyn FnMut()) -> Result<Attempt, Fault> {
    let Some(note) = &request.note else { return claim_and_run(engine, request, claimed) };
    tasks::check_note(request.task, note)?;
    claim_and_run(engine, request, claimed).inspect_err(|_| {
        // What was written for it is not lost with the claim: the next attempt is told.
        let waits = |task: Task| request.from.contains(&task.status) && task.note.is_none();
        if engine.task(request.task).is_ok_and(waits) {
            tasks::note(engine, request.task, note).ok();
        }
    })
}

fn claim_and_run(engine: &Engine, request: &Request, claimed: &mut dyn FnMut()) -> Result<Attempt, Fault> {
    for _ in 0..8 {
        if engine.is_interrupted() {
            let why = format!("task {} not dispatched: interrupted", request.task);
            return Err(Fault::new(Kind::Failed, why).of(request.task).hint(Remedy::Dispatch(request.task)));
        }
        let task = engine.task(request.task)?;
        if !request.from.contains(&task.status) {
            return Err(taken(engine, &task));
        }
        let doubted = strays::refuse_second(engine, &task)?;
        let agent = request.agent.clone().unwrap_or_else(|| task.draft.agent.clone());
        let cleared = match preflight::check(engine, &task, &agent) {
            Ok(cleared) => Cleared { doubted, ..cleared },
            Err(Obstacle::Machine(fault)) => return Err(fault.of(task.id)),
            Err(Obstacle::Task { reason, hint }) => return Err(unfit(engine, &task, &reason, hint)?),
        };
        if let Some((saga, lock)) = claim(engine, &task, &agent, &cleared, request)? {
            claimed();
            return conclude(saga, lock, request);
        }
    }
    let message = format!("task {} keeps changing under the claim", request.task);
    Err(Fault::new(Kind::Conflict, message).of(request.task))
}

/// Carries a claimed task's saga out, or undoes it.
fn conclude(mut saga: Saga<'_>, lock: Box<dyn Held>, request: &Request) -> Result<Attempt, Fault> {
    let engine = saga.engine;
    let outcome = match carry_out(&mut saga) {
        Ok(attempt) => Ok(attempt),
        Err(failure) => undo(&saga, &failure),
    };
    // Whatever came of it, the saga is over: what is left, if anything is, is on disk for any reconciler.
    drop(lock);
    engine.ports.files.remove(&saga.plan.files.saga).ok();
    let mut attempt = outcome?;
    attempt.kept.extend(clean_up::earlier_attempts(engine, &attempt, request.fresh));
    Ok(attempt)
}

/// The task's own fault: it fails, if it was ready, without ever having been claimed.
fn unfit(engine: &Engine, task: &Task, reason: &str, hint: String) -> Result<Fault, Fault> {
    let event = Event::PreflightFailed { reason: reason.to_owned() };
    engine.apply(task.id, None, &event, &engine.stamp(Who::Dispatcher))?;
    Ok(Fault::new(Kind::NotDispatched, format!("task {} not dispatched: preflight: {reason}", task.id))
        .of(task.id)
        .hint(hint))
}

fn taken(engine: &Engine, task: &Task) -> Fault {
    let holder = task.attempt.as_ref().and_then(|id| engine.ports.store.attempt(id).ok().flatten());
    let (message, hint) = match (task.status, holder) {
        (Status::InProgress, Some(holder)) => (
            format!(
                "task {} is in progress already: attempt {} by pid {}, session {}",
                task.id, holder.plan.number, holder.dispatcher.pid, holder.plan.session
            ),
            Remedy::Attach(task.id),
        ),
        (Status::InProgress, None) => (format!("task {} is in progress already", task.id), Remedy::Show(task.id)),
        (Status::Failed | Status::Review, Some(holder)) if holder.phase.is_live() => (
            format!(
                "task {} is {}, and its agent still runs in session {}",
                task.id,
                task.status.said(),
                holder.plan.session
            ),
            Remedy::Stop(task.id),
        ),
        (Status::Failed, _) => (format!("task {} has failed and was not dispatched", task.id), Remedy::Retry(task.id)),
        (Status::Ready, _) => {
            (format!("task {} is ready, there is nothing to retry", task.id), Remedy::Dispatch(task.id))
        }
        (Status::Review | Status::Done, _) => {
            (format!("task {} is {}, not ready", task.id, task.status.said()), Remedy::Show(task.id))
        }
    };
    Fault::new(Kind::Conflict, message).of(task.id).hint(hint)
}

/// A claimed task's saga, and the lock that says that its dispatcher lives.
type Claimant<'a> = (Saga<'a>, Box<dyn Held>);

/// P1: plans, takes the saga's lock, claims. The lock is held before the claim, so that no claimed attempt of a
/// living dispatcher is ever seen without it. `None`: what was planned for has changed meanwhile.
fn claim<'a>(
    engine: &'a Engine,
    task: &Task,
    agent: &str,
    cleared: &Cleared,
    request: &Request,
) -> Result<Option<Claimant<'a>>, Fault> {
    let queue = &engine.settings.queue;
    let capacity = (!request.over_limit).then_some(Capacity {
        max_running: queue.max_running,
        per_agent: queue.per_agent,
        per_repo: queue.per_repo,
    });
    let mut swept = false;
    loop {
        let told = Task { note: request.note.clone().or_else(|| task.note.clone()), ..task.clone() };
        let plan = match plan::plan(engine, &told, agent, cleared, request.fresh) {
            Ok(plan) => plan,
            Err(fault) => {
                // Who works in its tree may be the agent of a dispatcher that was quicker.
                let now = engine.task(task.id)?;
                return Err(if request.from.contains(&now.status) { fault } else { taken(engine, &now) });
            }
        };
        if request.verify_only {
            can_verify(&plan)?;
        }
        if request.resume && (plan.adopts.is_none() || plan.worktree.symlink_metadata().is_err()) {
            let why = format!("task {0}: there is no worktree of an earlier attempt to go on in", task.id);
            return Err(Fault::new(Kind::Conflict, why).of(task.id).hint(Remedy::RetryFresh(task.id)));
        }
        let lock = engine
            .ports
            .locks
            .exclusive(&plan.files.saga, Duration::ZERO)
            .map_err(|error| Fault::io(&format!("taking the saga's lock {}", plan.files.saga.display()), &error))?;
        let give_up = |fault: Fault| {
            engine.ports.files.remove(&plan.files.saga).ok();
            fault.of(task.id)
        };
        let claim = Claim {
            plan: plan.clone(),
            read: Some(task.clone()),
            note: request.note.clone(),
            from: request.from.clone(),
            place: engine.ports.processes.place(),
            dispatcher: engine.ports.processes.me(),
            capacity: capacity.clone(),
            explicit: request.explicit,
            doubted: cleared.doubted,
        };
        let claimed = engine.ports.store.claim(&claim, &engine.stamp(Who::Dispatcher));
        match claimed.map_err(|error| give_up(error.into()))? {
            Claimed::Won => {
                let (task, profile, settings) = (task.clone(), cleared.profile.clone(), Arc::clone(&cleared.settings));
                let verify_only = request.verify_only;
                return Ok(Some((Saga { engine, settings, task, profile, plan, verify_only, asked: None }, lock)));
            }
            Claimed::Missing => return Err(give_up(Fault::no_such_task(task.id))),
            Claimed::Taken { .. } => return Err(give_up(taken(engine, &engine.task(task.id)?))),
            Claimed::Blocked { by } => {
                let by: Vec<String> = by.iter().map(ToString::to_string).collect();
                return Err(give_up(
                    Fault::new(Kind::Conflict, format!("task {} waits for {}", task.id, by.join(", ")))
                        .hint("finish those first"),
                ));
            }
            Claimed::OverLimit { running, of, limit } => {
                drop(lock);
                if swept {
                    return Err(give_up(Full { running, of, limit }.into()));
                }
                // A ghost uses no capacity: look before saying no.
                swept = true;
                engine.ports.files.remove(&plan.files.saga).ok();
                reconcile::sweep(engine)?;
            }
            Claimed::Stale => {
                drop(lock);
                engine.ports.files.remove(&plan.files.saga).ok();
                return Ok(None);
            }
        }
    }
}

/// Whether there is something to verify, and something to verify it by.
fn can_verify(plan: &Plan) -> Result<(), Fault> {
    let id = plan.task;
    let conflict = |why: &str| Fault::new(Kind::Conflict, format!("task {id}: {why}")).of(id);
    if plan.brief.verify.is_empty() {
        return Err(conflict("it has nothing to be verified by").hint(Remedy::EditVerify(id)));
    }
    if plan.adopts.is_none() {
        return Err(conflict("its worktree is gone, there is nothing to verify").hint(Remedy::Retry(id)));
    }
    Ok(())
}

/// P2 to P6. A panic in here is a failure like any other.
fn carry_out(saga: &mut Saga<'_>) -> Result<Attempt, Failure> {
    let run = catch_unwind(AssertUnwindSafe(|| {
        for step in &STEPS {
            if saga.engine.is_interrupted() {
                return Err(saga.failure(step.name, Cause::Spawn, false, "interrupted".to_owned()));
            }
            (step.run)(saga)?;
        }
        saga.wait_for_start()
    }));
    run.unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown".to_owned());
        Err(saga.failure(StepName::Start, Cause::Spawn, false, format!("a fault in ganger itself: {what}")))
    })
}

/// P7: revokes the attempt and returns the task in one transaction, then undoes the steps in reverse.
fn undo(saga: &Saga<'_>, failure: &Failure) -> Result<Attempt, Fault> {
    let engine = saga.engine;
    let id = &saga.plan.id;
    let reason = format!("{}: {}", failure.step.text(), failure.why);
    let event = Event::RolledBack { cause: failure.cause, reason: reason.clone(), lasting: failure.lasting };
    let stamp = engine.stamp_with(Who::Dispatcher, vec![("step", failure.step.text().to_owned())]);
    let applied =
        engine.until(Duration::from_secs(5), |_| match engine.apply(saga.task.id, Some(id), &event, &stamp) {
            Ok(applied) => Ok(Some(applied)),
            Err(fault) if fault.kind == Kind::Failed => Ok(None),
            Err(fault) => Err(fault),
        })?;
    let not_dispatched = |status: &str, why: &str| {
        Fault::new(Kind::NotDispatched, format!("task {} not dispatched: {why}", saga.task.id))
            .of(saga.task.id)
            .hint(Hint::saying(format!("it is {status}: {}", Remedy::Show(saga.task.id)), Remedy::Show(saga.task.id)))
    };
    match applied {
        Some(Applied::Changed { status, .. } | Applied::Already { status, .. } | Applied::Conflict { status, .. }) => {
            // What came of this very attempt: the task may have another one by now.
            let row = attempt(engine, saga)?;
            let left = match row.phase {
                // The agent's shim was quicker than our patience: it runs.
                Phase::Running | Phase::Verifying => return Ok(row),
                Phase::Exited => return ended_early(engine, saga),
                Phase::Revoked => clean_up::revoked(engine, &row),
                Phase::Claimed | Phase::Worktree | Phase::Spawning => Vec::new(),
            };
            let kept = if left.is_empty() { String::new() } else { format!(" ({})", left.join("; ")) };
            Err(not_dispatched(status.text(), &format!("{reason}{kept}")))
        }
        Some(Applied::Missing) => Err(Fault::no_such_task(saga.task.id)),
        None => Err(Fault::new(
            Kind::NotDispatched,
            format!("task {} not dispatched: {reason}; and the database can't be written to undo it", saga.task.id),
        )
        .of(saga.task.id)
        .hint(Remedy::Reconcile)),
    }
}

fn attempt(engine: &Engine, saga: &Saga<'_>) -> Result<Attempt, Fault> {
    engine
        .ports
        .store
        .attempt(&saga.plan.id)?
        .ok_or_else(|| Fault::new(Kind::Failed, "the attempt's row is gone").of(saga.task.id))
}

/// The attempt ended before its agent started (setup failed, the agent could not be run) or right after.
pub(super) fn ended_early(engine: &Engine, saga: &Saga<'_>) -> Result<Attempt, Fault> {
    let attempt = attempt(engine, saga)?;
    if attempt.started_at.is_some() {
        return Ok(attempt);
    }
    let task = engine.task(saga.task.id)?;
    let reason = task.reason.unwrap_or_else(|| "its attempt ended".to_owned());
    Err(Fault::new(Kind::NotDispatched, format!("task {} not dispatched: agent start: {reason}", task.id))
        .of(task.id)
        .hint(Remedy::Log(task.id)))
}
