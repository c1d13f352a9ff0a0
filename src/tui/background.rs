//! What goes on beside the screen, each on a thread of its own: reading the board when it changes, reconciling when
//! somebody dies, and keeping the live view fresh. None of it starts a process while nothing happens.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::host::{Changes, Events, Host};
use super::msg::{Msg, Sweep};
use super::viewer::Viewer;
use crate::engine::board::{Board, Shown};
use crate::engine::merge::learn;
use crate::engine::survey::Survey;
use crate::engine::upkeep::{Action, Scope, reconcile, sweep};
use crate::engine::{Engine, Fault};

/// How often is looked without any event: the net under the events.
const NET: Duration = Duration::from_secs(2);
/// How often is looked whether there are pull requests to ask about.
const ASKING: Duration = Duration::from_secs(20);
/// How often a sweep that found nothing is told.
const SIGN: Duration = Duration::from_secs(10);
/// The same as [`NET`] where the system has no file events.
const POLL: Duration = Duration::from_millis(200);

type Inbox = UnboundedSender<Msg>;

/// Which tasks are to be shown, for everybody who reads them.
pub(super) type Wanted = Arc<Mutex<Shown>>;

/// Which tasks are to be shown now.
pub(super) fn wanted(wanted: &Wanted) -> Shown {
    wanted.lock().map(|shown| shown.clone()).unwrap_or_default()
}

/// Starts the threads.
///
/// # Errors
/// When there can be no more threads.
pub fn start(host: &Arc<dyn Host>, shown: &Wanted, inbox: &Inbox) -> io::Result<Arc<Viewer>> {
    let viewer = Arc::new(Viewer::default());
    let (s, i, w) = (Arc::clone(host), inbox.clone(), Arc::clone(shown));
    keep("board", host, inbox, move || read(s.as_ref(), &w, &i))?;
    let (s, i) = (Arc::clone(host), inbox.clone());
    keep("sweep", host, inbox, move || watch_over(s.as_ref(), &i))?;
    let (s, i, w) = (Arc::clone(host), inbox.clone(), Arc::clone(shown));
    keep("pulls", host, inbox, move || ask_forge(s.as_ref(), &w, &i))?;
    let (s, i, w) = (Arc::clone(host), inbox.clone(), Arc::clone(shown));
    keep("survey", host, inbox, move || survey(s.as_ref(), &w, &i))?;
    let (s, i, v) = (Arc::clone(host), inbox.clone(), Arc::clone(&viewer));
    keep("view", host, inbox, move || {
        if let Some(engine) = engine(s.as_ref(), |_| !i.is_closed()) {
            v.run(&engine, &i);
        }
    })?;
    Ok(viewer)
}

/// Runs something on a thread of its own, again after a panic, which is told: a board whose thread has died would lie.
fn keep(name: &'static str, host: &Arc<dyn Host>, inbox: &Inbox, work: impl Fn() + Send + 'static) -> io::Result<()> {
    let (host, inbox) = (Arc::clone(host), inbox.clone());
    let run = move || {
        while catch_unwind(AssertUnwindSafe(&work)).is_err() {
            let why = format!("an error in ganger itself ({name}): trying again");
            if inbox.send(Msg::LoadFailed(why)).is_err() {
                return;
            }
            host.pause(NET);
        }
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

/// Opens an engine, trying again for as long as it takes; what is in the way is said once.
fn engine(host: &dyn Host, tell: impl Fn(&Fault) -> bool) -> Option<Engine> {
    let mut told = None;
    loop {
        match host.engine() {
            Ok(engine) => return Some(engine),
            Err(fault) => {
                if told.as_ref() != Some(&fault) && !tell(&fault) {
                    return None;
                }
                told = Some(fault);
                host.pause(NET);
            }
        }
    }
}

/// Reads the board whenever somebody has written to the database.
fn read(host: &dyn Host, wanted: &Wanted, inbox: &Inbox) {
    let open = || engine(host, |fault| inbox.send(Msg::LoadFailed(fault.message.clone())).is_ok());
    let Some(mut engine) = open() else { return };
    let events = host.events(Changes::Database).ok();
    let mut seen = None;
    let mut read = Shown::default();
    let mut failed = false;
    // What a database does not know of changes without a write to it.
    let mut doubted = false;
    loop {
        // The version first: what is written between it and the reading is read again.
        let version = engine.ports.store.version().map_err(Fault::from);
        let shown = self::wanted(wanted);
        let board = match &version {
            Ok(version) if seen == Some(*version) && shown == read && !failed && !doubted => None,
            Ok(_) => Some(Board::read(&engine, &shown)),
            Err(fault) => Some(Err(fault.clone())),
        };
        let told = match board {
            None => Ok(()),
            Some(Ok(board)) => {
                (seen, failed, doubted) = (version.ok(), false, board.doubt.is_some());
                read = shown;
                inbox.send(Msg::Loaded(Arc::new(board)))
            }
            Some(Err(_)) if failed => Ok(()),
            Some(Err(fault)) => {
                failed = true;
                inbox.send(Msg::LoadFailed(fault.message))
            }
        };
        if told.is_err() {
            return;
        }
        match &events {
            None => host.pause(POLL),
            Some(events) => {
                if events.wait(NET) {
                    settle(host, &engine, seen);
                }
            }
        }
        if failed {
            // Another database may stand at its path by now.
            match open() {
                Some(opened) => engine = opened,
                None => return,
            }
        }
    }
}

/// Asks about pull requests now and then: what is learnt is written, and so read by the thread that reads.
fn ask_forge(host: &dyn Host, wanted: &Wanted, inbox: &Inbox) {
    let Some(engine) = engine(host, |_| !inbox.is_closed()) else { return };
    while !inbox.is_closed() {
        // A forge that can't be asked changes nothing, and `ganger reconcile` says why.
        learn(&engine, self::wanted(wanted).repo.as_deref()).ok();
        host.pause(ASKING);
    }
}

/// Looks at the works on the board whenever something has happened to one.
fn survey(host: &dyn Host, wanted: &Wanted, inbox: &Inbox) {
    let Some(engine) = engine(host, |_| !inbox.is_closed()) else { return };
    let events = host.events(Changes::Database).ok();
    let mut survey = Survey::default();
    let (mut seen, mut told) = (None, Vec::new());
    while !inbox.is_closed() {
        let now = (engine.ports.store.version().ok(), self::wanted(wanted));
        if now.0.is_none() || seen.as_ref() != Some(&now) {
            // What can't be read now is read a moment later.
            if let Ok(found) = survey.look(&engine, now.1.repo.as_deref(), &|| !inbox.is_closed()) {
                seen = Some(now);
                let is_news = !found.changed.is_empty() || found.overlaps != told;
                told.clone_from(&found.overlaps);
                if is_news && inbox.send(Msg::Surveyed(found)).is_err() {
                    return;
                }
            }
        }
        match &events {
            None => host.pause(NET),
            Some(events) => drop(events.wait(NET)),
        }
    }
}

/// An event comes before the commit that it is about can be read, at most a moment before.
fn settle(host: &dyn Host, engine: &Engine, seen: Option<i64>) {
    for _ in 0..20 {
        if engine.ports.store.version().ok() != seen {
            return;
        }
        host.pause(Duration::from_millis(5));
    }
}

/// Reconciles at the start, when a lock is given up, and every two seconds by the locks alone.
fn watch_over(host: &dyn Host, inbox: &Inbox) {
    let open = || engine(host, |_| !inbox.is_closed());
    let Some(mut engine) = open() else { return };
    let events = host.events(Changes::Locks).ok();
    let mut whole = true;
    let mut told: Option<Sweep> = None;
    loop {
        let pass = if whole { all(&engine) } else { by_locks(&engine) };
        // What was found to have ended has left something behind.
        whole = !whole && !pass.done.is_empty();
        let pass = Sweep { at: host.now().wall, events: events.is_some(), ..pass };
        // That nothing has changed is news only now and then.
        let news = told.as_ref().is_none_or(|told| {
            !pass.done.is_empty() || pass.at.since(told.at) >= SIGN || pass != Sweep { at: pass.at, ..told.clone() }
        });
        if news {
            if inbox.send(Msg::Swept(pass.clone())).is_err() {
                return;
            }
            told = Some(pass);
        }
        if told.as_ref().is_some_and(|told| told.failed.is_some()) {
            host.pause(NET);
            match open() {
                Some(opened) => engine = opened,
                None => return,
            }
        }
        if whole {
            continue;
        }
        if wait(events.as_deref(), host) {
            // The event comes just before the lock is free, and before its owner's commit can be read.
            for pause in [2, 20, 80] {
                host.pause(Duration::from_millis(pause));
                let pass = by_locks(&engine);
                whole |= !pass.done.is_empty();
                if whole {
                    let told = Sweep { at: host.now().wall, events: true, ..pass };
                    inbox.send(Msg::Swept(told)).ok();
                    break;
                }
            }
        }
    }
}

fn wait(events: Option<&dyn Events>, host: &dyn Host) -> bool {
    let Some(events) = events else {
        host.pause(NET);
        return false;
    };
    events.wait(NET)
}

fn sentence(action: &Action) -> String {
    format!("task {}: {}: {}", action.task, action.decision, action.reason)
}

fn blank() -> Sweep {
    let at = crate::domain::time::Timestamp(0);
    Sweep { at, done: Vec::new(), unknown: Vec::new(), tmux: None, failed: None, events: false }
}

/// A pass over every attempt, clean-up included.
pub(super) fn all(engine: &Engine) -> Sweep {
    match reconcile(engine, &Scope::default()) {
        Ok(report) => Sweep {
            done: report.actions.iter().filter(|action| action.applied).map(sentence).collect(),
            unknown: report.unknown.iter().map(sentence).collect(),
            tmux: report.tmux.clone(),
            ..blank()
        },
        Err(fault) => Sweep { failed: Some(fault.message), ..blank() },
    }
}

fn by_locks(engine: &Engine) -> Sweep {
    match sweep(engine) {
        Ok(actions) => {
            let (done, unknown): (Vec<&Action>, _) = actions.iter().partition(|action| action.decision != "unknown");
            Sweep {
                done: done.into_iter().filter(|action| action.applied).map(sentence).collect(),
                unknown: unknown.into_iter().map(sentence).collect(),
                ..blank()
            }
        }
        Err(fault) => Sweep { failed: Some(fault.message), ..blank() },
    }
}
