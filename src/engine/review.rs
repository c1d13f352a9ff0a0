//! A person's verdict on finished work: approved, sent back with feedback, or taken back to review.

use super::dispatch::{Request, dispatch};
use super::{Engine, Fault, Kind, Remedy, diff, screen, stop, upkeep};
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::state::{Cause, Status, Who};
use crate::domain::task::Task;
use crate::domain::text;
use crate::ports::store::{Amendment, Applied};

/// Approves a task in review: its agent, if it lives on, is ended as by stop, then the task is done.
///
/// # Errors
/// [`Kind::Conflict`] where it is not in review; those of [`stop::stop`].
pub fn approve(engine: &Engine, id: TaskId) -> Result<Task, Fault> {
    let task = engine.task(id)?;
    // Only work in review: an agent that still works at it is not to be ended by an approval.
    if task.status == Status::Review && stop::is_live(engine, &task)? {
        stop::stop(engine, id)?;
    }
    let task = engine.act(id, &Event::Approved)?;
    upkeep::clean_up::ended(engine, id)?;
    Ok(task)
}

/// Sends work in review back to its agent, which still runs, with feedback: typed to it and taken in by it, or the task
/// stays in review and says so. Until it is taken in the feedback is the task's note, which nothing loses.
///
/// # Errors
/// [`Kind::Conflict`] where it is not in review or its agent has ended; those of [`screen::send`].
pub fn send_back(engine: &Engine, id: TaskId, feedback: &str) -> Result<Task, Fault> {
    let task = engine.task(id)?;
    let attempt = screen::attempt(engine, id)?;
    let told = |event: &Event| {
        let stamp = engine.stamp_with(Who::Person, vec![("text", text::short(feedback))]);
        engine.apply(id, Some(&attempt.plan.id), event, &stamp)
    };
    // Before it is typed: an agent that is quicker than this may report done already.
    match told(&Event::Bounced { feedback: feedback.to_owned() })? {
        Applied::Changed { .. } => {}
        Applied::Already { .. } => return Ok(task),
        Applied::Conflict { why, .. } => {
            let fault = Fault::new(Kind::Conflict, format!("task {id}: {why}"));
            return Err(fault.of(id).hint(Remedy::Show(id)));
        }
        Applied::Missing => return Err(Fault::no_such_task(id)),
    }
    if let Err(fault) = screen::send(engine, id, feedback) {
        told(&Event::NotBounced { reason: format!("feedback not delivered: {}", fault.message) })?;
        return Err(fault);
    }
    let note = Amendment::NoteTakenIn { task: id, note: feedback.to_owned() };
    // It is with the agent: where this can't be written, another attempt is told of it once more.
    engine.ports.store.amend(&note, &engine.stamp(Who::Person)).ok();
    engine.task(id)
}

/// What became of feedback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bounced {
    /// Its agent still ran, and has taken it in.
    Taken,
    /// A new attempt of this number begins with it.
    Attempt(u32),
}

/// Sends work in review, or a failed task, back with feedback: to its agent while that runs, else to a new attempt.
///
/// # Errors
/// [`Kind::Conflict`] where there is nothing to send back, or its failed agent still runs; those of [`send_back`] and
/// [`dispatch`].
pub fn bounce(engine: &Engine, id: TaskId, feedback: &str) -> Result<Bounced, Fault> {
    if feedback.trim().is_empty() || feedback.contains('\0') {
        return Err(Fault::new(Kind::Usage, "feedback can't be empty or contain a NUL character")
            .of(id)
            .hint("ganger bounce ID --note TEXT"));
    }
    let task = engine.task(id)?;
    if matches!(task.status, Status::Review | Status::Failed) {
        diff::remember(engine, id);
    }
    match task.status {
        Status::Review if stop::is_live(engine, &task)? => send_back(engine, id, feedback).map(|_| Bounced::Taken),
        Status::Review | Status::Failed => {
            let (from, note) = (vec![Status::Review, Status::Failed], Some(feedback.to_owned()));
            let request = Request { from, note, ..Request::of(id) };
            Ok(Bounced::Attempt(dispatch(engine, &request)?.plan.number))
        }
        Status::Ready | Status::InProgress | Status::Done => {
            let hint = match task.status {
                Status::InProgress => Remedy::Send(id),
                Status::Done => Remedy::Reopen(id),
                Status::Ready | Status::Review | Status::Failed => Remedy::EditPrompt(id),
            };
            let why = format!("task {id} is {}, there is nothing to send back", task.status.said());
            Err(Fault::new(Kind::Conflict, why).of(id).hint(hint))
        }
    }
}

/// Takes a task that is done back to review.
///
/// # Errors
/// [`Kind::Conflict`] where it is not done.
pub fn reopen(engine: &Engine, id: TaskId) -> Result<Task, Fault> {
    engine.act(id, &Event::Reopened { why: Some((Cause::Ok, "reopened".to_owned())) })
}
