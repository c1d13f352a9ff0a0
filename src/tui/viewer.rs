//! The live view: one agent's screen, kept fresh, and its terminal at the size that it is looked at with.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::msg::{Content, Msg, Tab};
use crate::domain::id::TaskId;
use crate::engine::{Engine, Fault, screen};

/// How often a pane that shows nothing new is looked at.
const NET: Duration = Duration::from_secs(2);
/// How far one can look back.
const HISTORY: u32 = 2_000;
/// After so many looks, a third of a second, the user stays with this task, and draws no window to another size.
const STAYS: u32 = 4;
/// A terminal is never made smaller: agents draw badly there.
const LEAST: (u16, u16) = (40, 8);

/// Keeps the live view of one pane fresh: the pane is read when its processes have read or written something.
#[derive(Default)]
pub struct Viewer {
    wanted: Mutex<Wish>,
    changed: Condvar,
    /// Whether an agent's terminal has the size of the pane.
    fitted: Mutex<bool>,
    restored: Condvar,
}

/// What is to be shown.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Wish {
    task: Option<TaskId>,
    /// The columns and rows that are visible.
    size: (u16, u16),
    /// Which wish it is: a task may have another pane since the last one.
    number: u64,
}

impl Viewer {
    /// Shows another task, or none. `size` is how many columns and rows are visible.
    pub fn show(&self, task: Option<TaskId>, size: (u16, u16)) {
        if let Ok(mut wanted) = self.wanted.lock() {
            *wanted = Wish { task, size, number: wanted.number + 1 };
            self.changed.notify_one();
        }
    }

    /// Shows none, and waits a moment until the agent's terminal has its own size again.
    pub fn leave(&self) {
        self.show(None, (0, 0));
        if let Ok(fitted) = self.fitted.lock() {
            drop(self.restored.wait_timeout_while(fitted, Duration::from_secs(1), |fitted| *fitted));
        }
    }

    /// Reads panes until the board is gone.
    pub fn run(&self, engine: &Engine, inbox: &UnboundedSender<Msg>) {
        let mut view = View::default();
        let mut fit = None;
        let mut patience = Duration::MAX;
        loop {
            let Some(wish) = self.wait(patience, view.wish) else { return };
            if view.wish != wish {
                view = View { wish, ..View::default() };
            }
            view.looks += 1;
            if view.looks == STAYS {
                self.fit(engine, &mut view, &mut fit);
            }
            if fit.as_ref().is_some_and(|fit: &Fit| Some(fit.task) != wish.task) {
                self.restore(engine, fit.take());
            }
            let Some(task) = wish.task else {
                patience = Duration::MAX;
                continue;
            };
            if let Some(content) = view.look(engine, task)
                && inbox.send(Msg::Detailed { task, tab: Tab::Live, content }).is_err()
            {
                return;
            }
            patience = view.patience();
        }
    }

    /// Gives the agent's terminal the size that it is looked at with.
    fn fit(&self, engine: &Engine, view: &mut View, fit: &mut Option<Fit>) {
        let (Some(task), Some((socket, pane, _))) = (view.wish.task, view.target.clone()) else { return };
        let size = view.wish.size;
        let known = fit.as_ref().is_some_and(|fit| fit.task == task && fit.size == size && fit.pane == pane);
        if known || size.0 < LEAST.0 || size.1 < LEAST.1 {
            return;
        }
        // Where it can't be, it is looked at as it is.
        if engine.ports.mux.resize(&socket, &pane, size).is_ok() {
            self.tell(true);
            // Its lines are broken anew, though its program may say nothing.
            view.traffic = None;
        }
        *fit = Some(Fit { task, socket, pane, size });
    }

    /// Gives it its own size again.
    fn restore(&self, engine: &Engine, fit: Option<Fit>) {
        if let Some(fit) = fit {
            let tmux = &engine.settings.tmux;
            // A pane that is gone has no size any more.
            engine.ports.mux.resize(&fit.socket, &fit.pane, (tmux.columns, tmux.rows)).ok();
        }
        self.tell(false);
    }

    fn tell(&self, is_fitted: bool) {
        if let Ok(mut fitted) = self.fitted.lock() {
            *fitted = is_fitted;
            self.restored.notify_all();
        }
    }

    /// Waits for another wish, at most for `patience`; then what is wanted now.
    fn wait(&self, patience: Duration, known: Wish) -> Option<Wish> {
        let wanted = self.wanted.lock().ok()?;
        let same = |wanted: &mut Wish| *wanted == known;
        let wanted = if patience == Duration::MAX {
            self.changed.wait_while(wanted, same).ok()?
        } else {
            self.changed.wait_timeout_while(wanted, patience, same).ok()?.0
        };
        Some(*wanted)
    }
}

/// An agent's terminal that has the size of the pane.
struct Fit {
    task: TaskId,
    socket: PathBuf,
    pane: String,
    size: (u16, u16),
}

/// What is known of the pane that is shown.
#[derive(Default)]
struct View {
    wish: Wish,
    target: Option<(PathBuf, String, crate::domain::id::Process)>,
    looks: u32,
    traffic: Option<u64>,
    hash: Option<u64>,
    /// Looks in a row that found nothing new.
    quiet: u32,
}

impl View {
    /// What is new to show.
    fn look(&mut self, engine: &Engine, task: TaskId) -> Option<Content> {
        if self.target.is_none() {
            self.target = match find(engine, task) {
                Ok(found) => Some(found),
                Err(fault) => {
                    self.quiet = self.quiet.saturating_add(1);
                    return self.fresh(Content::Nothing(fault.message));
                }
            };
        }
        let (socket, pane, process) = self.target.clone()?;
        let traffic = engine.ports.processes.traffic(process);
        if traffic.is_some() && traffic == self.traffic {
            self.quiet = self.quiet.saturating_add(1);
            return None;
        }
        self.traffic = traffic;
        match engine.ports.mux.capture(&socket, &pane, u32::from(self.wish.size.1).saturating_add(HISTORY)) {
            Ok(text) => self.fresh(Content::Screen(text)),
            Err(error) => {
                self.target = None;
                self.fresh(Content::Nothing(error.to_string()))
            }
        }
    }

    /// The content, if it is another than before.
    fn fresh(&mut self, content: Content) -> Option<Content> {
        let mut hasher = DefaultHasher::new();
        match &content {
            Content::Screen(text) => (true, text).hash(&mut hasher),
            Content::Nothing(why) => (false, why).hash(&mut hasher),
            Content::Timeline(_) | Content::Diff(_) | Content::Report(_) => {}
        }
        let hash = Some(hasher.finish());
        if self.hash == hash {
            self.quiet = self.quiet.saturating_add(1);
            return None;
        }
        (self.hash, self.quiet) = (hash, 0);
        Some(content)
    }

    /// Until the next look: soon while something moves.
    const fn patience(&self) -> Duration {
        match self.quiet {
            0..20 => Duration::from_millis(100),
            20..60 => Duration::from_millis(300),
            60..100 => Duration::from_secs(1),
            _ => NET,
        }
    }
}

/// Where the task's pane is, and whose doings show on it: the agent's, or, while there is none, those of its shim, which
/// looks at the database now and then.
fn find(engine: &Engine, task: TaskId) -> Result<(PathBuf, String, crate::domain::id::Process), Fault> {
    let attempt = screen::attempt(engine, task)?;
    let pane = screen::pane(engine, &attempt)?;
    let none = || Fault::new(crate::engine::Kind::Conflict, "its agent has not started yet");
    Ok((attempt.plan.socket.clone(), pane.id, attempt.agent.or(attempt.shim).ok_or_else(none)?))
}
