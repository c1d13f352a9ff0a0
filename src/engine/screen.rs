//! What an agent's terminal shows, and typing into it.

use std::time::Duration;

use super::{Engine, Fault, Kind, Remedy, notice};
use crate::domain::attempt::{Attempt, Doing};
use crate::domain::id::{Process, TaskId};
use crate::domain::reconcile::Probe;
use crate::domain::state::{Activity, Source, Who};
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::ports::multiplexer::{PaneSeen, Panes, Typed};
use crate::ports::store::{Known, News};

/// The newest attempt's row.
///
/// # Errors
/// [`Kind::Conflict`] where the task was never dispatched.
pub fn attempt(engine: &Engine, id: TaskId) -> Result<Attempt, Fault> {
    let task = engine.task(id)?;
    let attempt = task.attempt.as_ref().map(|id| engine.ports.store.attempt(id)).transpose()?.flatten();
    attempt.ok_or_else(|| {
        Fault::new(Kind::Conflict, format!("task {id} was never dispatched")).of(id).hint(Remedy::Dispatch(id))
    })
}

/// The newest attempt's pane, dead or alive.
///
/// # Errors
/// [`Kind::Conflict`] where there is none.
pub fn pane(engine: &Engine, attempt: &Attempt) -> Result<PaneSeen, Fault> {
    found(attempt, &engine.ports.mux.panes(&attempt.plan.socket)?)
}

/// As [`pane`], by a quick look: for whoever waits before a screen that draws nothing meanwhile.
///
/// # Errors
/// As for [`pane`].
pub fn pane_at_a_glance(engine: &Engine, attempt: &Attempt) -> Result<PaneSeen, Fault> {
    found(attempt, &engine.ports.mux.glance(&attempt.plan.socket)?)
}

fn found(attempt: &Attempt, panes: &Panes) -> Result<PaneSeen, Fault> {
    let id = attempt.plan.task;
    let none = || Fault::new(Kind::Conflict, format!("task {id} has no tmux session")).of(id).hint(Remedy::Log(id));
    panes.find(&attempt.plan.id).cloned().ok_or_else(none)
}

/// How much of its screen is compared, from the bottom.
const ROWS: u32 = 60;
/// How long a program may take to show what was pasted, and to take in what was sent.
const ECHO: Duration = Duration::from_secs(1);
const TAKEN: Duration = Duration::from_secs(5);

/// Somebody who can be typed to: the agent, alive, in the foreground of its terminal.
struct Listener<'a> {
    engine: &'a Engine,
    attempt: Attempt,
    agent: Process,
    pane: PaneSeen,
}

impl Listener<'_> {
    fn send(&self, typed: Typed<'_>) -> Result<(), Fault> {
        // It may have ended, or started another program, since it was looked at.
        if !self.engine.ports.processes.has_terminal(self.agent) {
            let id = self.attempt.plan.task;
            let why = format!("task {id}: its agent no longer has its terminal");
            return Err(Fault::new(Kind::Conflict, why).of(id).hint(Remedy::Attach(id)));
        }
        let id = self.attempt.plan.task;
        let refused = |error| Fault::from(error).of(id).hint(Remedy::Attach(id));
        self.engine.ports.mux.send(&self.attempt.plan.socket, &self.pane, typed).map_err(refused)
    }

    fn screen(&self) -> String {
        self.engine.ports.mux.capture(&self.attempt.plan.socket, &self.pane.id, ROWS).unwrap_or_default()
    }

    fn traffic(&self) -> Option<u64> {
        self.engine.ports.processes.traffic(self.agent)
    }

    /// What is known of it now.
    fn known(&self) -> Result<Known, Fault> {
        let row = self.engine.ports.store.attempt(&self.attempt.plan.id)?;
        Ok(row.map(|row| (row.doing, row.saying)).unwrap_or_default())
    }

    /// Whether the agent itself has said, since then, that it works.
    fn reported_since(&self, then: Timestamp) -> Result<bool, Fault> {
        let (doing, _) = self.known()?;
        Ok(doing.is_some_and(|doing| {
            doing.source == Source::Agent && doing.activity == Activity::Working && doing.since >= then
        }))
    }
}

/// The agent of a task, if it can be typed to: nothing is ever typed at anybody else.
fn listener(engine: &Engine, id: TaskId) -> Result<Listener<'_>, Fault> {
    let attempt = attempt(engine, id)?;
    let conflict = |why: String| Fault::new(Kind::Conflict, why).of(id).hint(Remedy::Show(id));
    let alive = attempt.agent.filter(|agent| engine.ports.processes.probe(*agent) == Probe::Alive);
    let Some(agent) = alive.filter(|_| attempt.phase.has_shim()) else {
        return Err(conflict(format!("task {id} has no running agent to type to")));
    };
    if !engine.ports.processes.has_terminal(agent) {
        let why = format!("task {id}: another program has its agent's terminal; nothing was typed");
        return Err(conflict(why).hint(Remedy::Attach(id)));
    }
    let pane = pane(engine, &attempt)?;
    Ok(Listener { engine, attempt, agent, pane })
}

/// Interrupts the agent as Ctrl-C in its terminal does.
///
/// # Errors
/// [`Kind::Conflict`] where no agent runs there.
pub fn interrupt(engine: &Engine, id: TaskId) -> Result<(), Fault> {
    listener(engine, id)?.send(Typed::Interrupt)
}

/// Pastes a text, as [`text::typed`] leaves it, into the agent's terminal and sends it off; returns once the agent has taken it in: it said so through
/// its hooks, or, where it never says such things, it has read the Enter.
///
/// # Errors
/// [`Kind::Conflict`] where no agent runs there, [`Kind::Failed`] where it did not take the text in: the card says so.
pub fn send(engine: &Engine, id: TaskId, text: &str) -> Result<(), Fault> {
    if text::typed(text).trim().is_empty() {
        let fault = Fault::new(Kind::Usage, format!("task {id}: nothing of that text can be typed"));
        return Err(fault.of(id).hint(Remedy::Send(id)));
    }
    let listener = listener(engine, id)?;
    let before = listener.screen();
    let since = engine.ports.clock.now().wall;
    listener.send(Typed::Paste(text))?;
    // A program without an echo shows nothing: then the Enter comes after a moment.
    engine.until(ECHO, |_| Ok((listener.screen() != before).then_some(())))?;
    // An agent that has finished its turn and whose hooks work says that it begins another. In the middle of one it takes
    // texts in without a word, and answers to its questions, too.
    let finished = |doing: &Doing| doing.source == Source::Agent && doing.activity == Activity::Idle;
    let reports = listener.attempt.doing.as_ref().is_some_and(finished) && listener.attempt.conversation.is_some();
    // Right behind a paste, some programs take the first Enter for a part of it.
    for _ in 0..2 {
        let (read, shown, known) = (listener.traffic(), listener.screen(), listener.known()?);
        listener.send(Typed::Enter)?;
        let taken = engine.until(TAKEN, |_| {
            let taken = if reports {
                listener.reported_since(since).unwrap_or(false)
            } else if read.is_some() {
                listener.traffic() != read
            } else {
                listener.screen() != shown
            };
            Ok(taken.then_some(()))
        })?;
        if taken.is_some() {
            let answered = News {
                saying: Some(None),
                waits_until: Some(None),
                contradicts: true,
                // An agent that is quicker than this has the last word.
                unless_beyond: Some(known),
                ..News::of(Source::Process, Activity::Working)
            };
            // It has the text: where this can't be written, the card is told by what the agent does next.
            notice::hear(engine, &listener.attempt.plan, &answered, Who::Person).ok();
            return Ok(());
        }
        if !reports {
            break;
        }
    }
    let why = "what was typed last was not submitted: the agent has not taken it in";
    let news = News {
        activity: None,
        saying: Some(Some(why.to_owned())),
        event: Some("not submitted"),
        contradicts: true,
        ..News::of(Source::Process, Activity::Waiting)
    };
    notice::hear(engine, &listener.attempt.plan, &news, Who::Person)?;
    Err(Fault::new(Kind::Failed, format!("task {id}: {why}")).of(id).hint(Remedy::Attach(id)))
}
