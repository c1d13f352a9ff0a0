//! The agent's own verbs: done, fail, ask, note, and what its hooks report. From outside its pane they are a person's
//! act.

use std::time::Duration;

use super::{Engine, Fault, Kind, Remedy, notice, screen, trees};
use crate::domain::attempt::Attempt;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::lifecycle::Event;
use crate::domain::profile::can_name_conversation;
use crate::domain::state::{Activity, Phase, Source, Spoken, Status, Who};
use crate::domain::task::Task;
use crate::domain::text;
use crate::ports::host::Signal;
use crate::ports::store::{Applied, Heard, News};

/// How much of a reason is kept, in characters: every reading of the board reads it.
const LONGEST_REASON: usize = 4000;

/// Who speaks.
#[derive(Clone, Debug)]
pub enum Speaker {
    /// The agent of an attempt, with its token.
    Agent { attempt: AttemptId, token: String },
    /// A person, of a task.
    Person { task: TaskId },
}

impl Speaker {
    /// Whether this is that attempt's agent.
    #[must_use]
    pub fn is(&self, agent: &AttemptId) -> bool {
        matches!(self, Self::Agent { attempt, .. } if attempt == agent)
    }
}

/// What an agent, or a person in its place, says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The work is done.
    Done,
    /// It can't be done: why.
    Fail(String),
    /// It waits for an answer to this.
    Ask(String),
    /// A remark, for whoever looks at the board.
    Note(String),
    /// What its own program reports through its hooks.
    Report { activity: Option<Activity>, saying: Option<String>, conversation: Option<String> },
}

/// Hears a word of an attempt's agent, or a person's about it.
///
/// # Errors
/// [`Kind::Conflict`] where the attempt is not current, its token is wrong, or the task's state does not allow it.
pub fn say(engine: &Engine, speaker: &Speaker, word: &Word) -> Result<Task, Fault> {
    let (attempt, who) = attempt_of(engine, speaker)?;
    match word {
        // An agent that speaks has started, recorded or not; a person may be too early.
        Word::Done if who == Who::Person && attempt.phase == Phase::Running && attempt.started_at.is_none() => {
            let task = attempt.plan.task;
            Err(Fault::new(Kind::Conflict, format!("task {task}: its agent has not started"))
                .of(task)
                .hint(Remedy::Show(task)))
        }
        Word::Done => {
            // A person who says so has looked, or decided.
            let lost = if who == Who::Agent { trees::lost(engine, &attempt.plan) } else { None };
            if let Some(lost) = lost {
                let task = attempt.plan.task;
                return Err(Fault::new(Kind::Conflict, format!("task {task} can't be done: {lost}"))
                    .of(task)
                    .hint("bring it back, or: ganger fail REASON"));
            }
            end(engine, &attempt, &Event::Done, who).inspect(|_| waits_no_more(engine, &attempt, who))
        }
        Word::Fail(reason) => {
            let event = Event::Failed { reason: text::cut(reason, LONGEST_REASON) };
            end(engine, &attempt, &event, who).inspect(|_| waits_no_more(engine, &attempt, who))
        }
        Word::Ask(question) => {
            let news = News {
                saying: Some(Some(text::short(question))),
                spoken: Some(Spoken::Question),
                event: Some("question"),
                ..News::of(Source::Agent, Activity::Waiting)
            };
            tell(engine, &attempt, &news, who)
        }
        Word::Note(remark) => {
            let news = News {
                saying: Some(Some(text::short(remark))),
                spoken: Some(Spoken::Remark),
                event: Some("remark"),
                ..silent()
            };
            tell(engine, &attempt, &news, who)
        }
        Word::Report { activity, saying, conversation } => {
            // It may have come as a letter, which the agent can write as it likes.
            let conversation = conversation.clone().filter(|name| can_name_conversation(name));
            let news = News { conversation, ..reported(&attempt, *activity, saying.as_deref()) };
            tell(engine, &attempt, &news, who)
        }
    }
}

/// What an agent's own program reports, beside what the agent itself has said.
fn reported(attempt: &Attempt, activity: Option<Activity>, saying: Option<&str>) -> News {
    let waits = attempt
        .doing
        .as_ref()
        .is_some_and(|doing| doing.source == Source::Agent && doing.activity == Activity::Waiting);
    let said = saying.map(|saying| Some(text::short(saying)));
    let waits_until = activity.filter(|activity| *activity == Activity::Working).map(|_| None);
    let news = News { activity, waits_until, ..silent() };
    match (activity, attempt.spoken) {
        // The use of a tool, its own verb among them, does not answer a question; another turn does.
        (Some(Activity::Working), Some(Spoken::Question | Spoken::Remark)) => news,
        // What it waited for is answered once it does something else.
        (Some(Activity::Working), Some(Spoken::LeftQuestion | Spoken::LeftRemark) | None) => {
            News { saying: Some(said.flatten()), ..news }
        }
        (Some(Activity::Idle), Some(Spoken::Question | Spoken::LeftQuestion)) => {
            News { activity: Some(Activity::Waiting), spoken: Some(Spoken::LeftQuestion), ..news }
        }
        (Some(Activity::Idle), Some(Spoken::Remark | Spoken::LeftRemark)) if said.is_none() => {
            News { spoken: Some(Spoken::LeftRemark), ..news }
        }
        // While it waits, the first word is the one that says for what.
        (Some(Activity::Waiting), _) if waits && attempt.saying.is_some() => news,
        (Some(Activity::Waiting | Activity::Idle) | None, _) => News { saying: said, ..news },
    }
}

/// An agent that reports its end does not wait for an answer any more, whether it got one or not.
fn waits_no_more(engine: &Engine, attempt: &Attempt, who: Who) {
    let waits = attempt.doing.as_ref().is_some_and(|doing| doing.activity == Activity::Waiting);
    let asks = matches!(attempt.spoken, Some(Spoken::Question | Spoken::LeftQuestion));
    if who == Who::Agent && (waits || asks) {
        let news = News {
            saying: Some(None),
            waits_until: Some(None),
            contradicts: true,
            unless_beyond: Some((attempt.doing.clone(), attempt.saying.clone())),
            ..News::of(Source::Process, Activity::Working)
        };
        // What it reported is written, and counts whatever becomes of this.
        notice::hear(engine, &attempt.plan, &news, who).ok();
    }
}

fn silent() -> News {
    News { activity: None, ..News::of(Source::Agent, Activity::Working) }
}

fn tell(engine: &Engine, attempt: &Attempt, news: &News, who: Who) -> Result<Task, Fault> {
    let task = attempt.plan.task;
    match notice::hear(engine, &attempt.plan, news, who)? {
        Heard::Written { .. } | Heard::Known => engine.task(task),
        Heard::Over => Err(Fault::new(Kind::Conflict, format!("task {task}: this attempt's agent does not run"))
            .of(task)
            .hint(Remedy::Show(task))),
    }
}

fn attempt_of(engine: &Engine, speaker: &Speaker) -> Result<(Attempt, Who), Fault> {
    match speaker {
        Speaker::Agent { attempt, token } => {
            let row = engine.ports.store.attempt(attempt)?.ok_or_else(|| {
                Fault::new(Kind::Conflict, format!("there is no attempt {attempt}")).hint("this task was removed")
            })?;
            if row.plan.token != *token {
                return Err(Fault::new(Kind::Conflict, "GANGER_TOKEN is not this attempt's")
                    .of(row.plan.task)
                    .hint("run it in the agent's own pane, or as the user: --task ID"));
            }
            Ok((row, Who::Agent))
        }
        Speaker::Person { task } => Ok((screen::attempt(engine, *task)?, Who::Person)),
    }
}

/// Reports an attempt's end: `done`, or `fail` with a reason.
fn end(engine: &Engine, attempt: &Attempt, event: &Event, who: Who) -> Result<Task, Fault> {
    let task = attempt.plan.task;
    match engine.apply(task, Some(&attempt.plan.id), event, &engine.stamp(who))? {
        Applied::Changed { phase, .. } => {
            if phase == Some(Phase::Verifying) {
                wake(engine, attempt);
            }
            engine.task(task)
        }
        Applied::Already { .. } => engine.task(task),
        Applied::Conflict { why, .. } => {
            Err(Fault::new(Kind::Conflict, format!("task {task}: {why}")).of(task).hint(Remedy::Show(task)))
        }
        Applied::Missing => Err(Fault::no_such_task(task)),
    }
}

/// The shim looks by itself now and then; this makes it look now.
fn wake(engine: &Engine, attempt: &Attempt) {
    if let Some(shim) = attempt.shim {
        engine.ports.processes.signal(shim, Signal::Wake).ok();
    }
}

/// Waits until the task's verification is over.
///
/// # Errors
/// [`Kind::OtherStatus`] when it did not lead to review.
pub fn wait_verified(engine: &Engine, id: TaskId, patience: Duration) -> Result<Task, Fault> {
    let done = engine.until(patience, |_| {
        let task = engine.task(id)?;
        Ok(if task.status == Status::InProgress { None } else { Some(task) })
    })?;
    match done {
        Some(task) if matches!(task.status, Status::Review | Status::Done) => Ok(task),
        Some(task) => Err(Fault::new(
            Kind::OtherStatus,
            format!("task {id} is {}: {}", task.status.said(), task.reason.unwrap_or_default()),
        )
        .of(id)
        .hint(format!("ganger log {id} --verify"))),
        None => {
            let why = format!("task {id}: its verification did not end within {patience:?}");
            Err(Fault::new(Kind::TimedOut, why).of(id).hint(Remedy::Show(id)))
        }
    }
}
