//! P1: the claim.

use std::sync::Arc;
use std::time::Duration;

use super::plan;
use super::preflight::Cleared;
use super::request::Request;
use crate::domain::attempt::Plan;
use crate::domain::queue::Limit;
use crate::domain::state::{Status, Who};
use crate::domain::task::{Blocker, Task, Why};
use crate::engine::steps::Saga;
use crate::engine::{Engine, Fault, Full, Kind, Remedy, upkeep};
use crate::ports::host::Held;
use crate::ports::store::{Capacity, Claim, Claimed};

pub(super) fn taken(engine: &Engine, task: &Task) -> Fault {
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
pub(super) type Claimant<'a> = (Saga<'a>, Box<dyn Held>);

/// P1: plans, takes the saga's lock, claims. The lock is held before the claim, so that no claimed attempt of a
/// living dispatcher is ever seen without it. `None`: what was planned for has changed meanwhile.
pub(super) fn claim<'a>(
    engine: &'a Engine,
    task: &Task,
    agent: &str,
    cleared: &Cleared,
    request: &Request,
) -> Result<Option<Claimant<'a>>, Fault> {
    let queue = &engine.settings.queue;
    let capacity = (!request.over_limit).then_some(Capacity {
        max_running: request.at_most.map_or(queue.max_running, |most| most.min(queue.max_running)),
        per_agent: queue.per_agent,
        per_repo: queue.per_repo,
        counts: queue.counts,
        // Who asks for this very task may know better.
        usage: !request.explicit,
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
        if request.resume && (plan.adopts.is_none() || engine.look(&plan.worktree)?.is_none()) {
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
            returns: request.verify_only || request.from.contains(&Status::Review),
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
                let never = by.iter().any(|blocker| blocker.why == Why::Removed);
                let fault = Fault::new(Kind::Conflict, format!("task {} waits for {}", task.id, Blocker::list(&by)));
                return Err(give_up(if never {
                    fault.hint(format!("ganger edit {} --no-after", task.id))
                } else {
                    fault.hint("finish those first")
                }));
            }
            Claimed::OverLimit { running, of, limit } => {
                drop(lock);
                if swept {
                    return Err(give_up(Full { running, of, limit, minutes: 0 }.into()));
                }
                // A ghost uses no capacity: look before saying no.
                swept = true;
                engine.ports.files.remove(&plan.files.saga).ok();
                upkeep::sweep(engine)?;
            }
            Claimed::Spent { until } => {
                let left = until.since(engine.ports.clock.now().wall).as_secs().div_ceil(60);
                let minutes = u16::try_from(left).unwrap_or(u16::MAX);
                return Err(give_up(Full { running: 0, of: 0, limit: Limit::Usage, minutes }.into()));
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
