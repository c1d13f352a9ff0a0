//! Strays: attempts that the state directory knows of and the database does not.
//!
//! A database may be older than what runs: a backup was restored, its log was removed, another one stands in its place. An
//! agent that was started since then goes on, and no row tells of it. Its lock and its exit file do. Nothing here ends it
//! or decides how it went: it is said, and no second agent starts for its task until a person has looked.

use serde::{Deserialize, Serialize};

use super::{Engine, Fault, Kind};
use crate::domain::attempt::{Attempt, Files, Plan};
use crate::domain::id::{AttemptId, Process, TaskId};
use crate::domain::reconcile::Lock;
use crate::domain::task::Task;
use crate::ports::host::Held;
use crate::ports::store::Which;

/// What a shim writes into its lock, for when no database tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Inscription {
    version: u32,
    task: i64,
    repo: String,
    worktree: String,
    branch: String,
    shim: i32,
}

/// What is known of a stray's agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its lock is held: it runs.
    Runs,
    /// It ended, and its exit file says how.
    Ended,
    /// It is gone, without a word.
    Gone,
}

/// An attempt that the database does not know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    pub attempt: AttemptId,
    pub fate: Fate,
    inscription: Option<Inscription>,
}

impl Stray {
    /// Its task, where its lock says so.
    #[must_use]
    pub fn task(&self) -> Option<TaskId> {
        self.inscription.as_ref().map(|told| TaskId(told.task))
    }

    /// Whether it may be an attempt at this task. One that says nothing may be one at any.
    fn may_be_of(&self, task: &Task) -> bool {
        self.inscription.as_ref().is_none_or(|told| TaskId(told.task) == task.id && told.repo == text(&task.draft.repo))
    }

    /// What there is to say of it.
    #[must_use]
    pub fn reason(&self) -> String {
        let what = match (self.fate, &self.inscription) {
            (Fate::Runs, Some(told)) => format!("runs as pid {}", told.shim),
            (Fate::Runs, None) => "runs".to_owned(),
            (Fate::Ended, _) => "has ended, which its exit file tells of".to_owned(),
            (Fate::Gone, _) => "is gone".to_owned(),
        };
        let at = self.inscription.as_ref().map(|told| format!(" in {} on {}", told.worktree, told.branch));
        let at = at.unwrap_or_default();
        format!("an agent that the database does not know of {what}{at} (attempt {})", self.attempt)
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match (self.fate, &self.inscription) {
            (Fate::Runs, Some(told)) => format!("kill {}, then: ganger doctor --fix", told.shim),
            (Fate::Runs, None) => "end it, then: ganger doctor --fix".to_owned(),
            (Fate::Ended | Fate::Gone, _) => "look at its worktree, then: ganger doctor --fix".to_owned(),
        }
    }
}

fn text(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Writes into an attempt's lock whose it is. Where that fails the lock alone has to do.
pub fn inscribe(lock: &dyn Held, plan: &Plan, shim: Process) {
    let told = Inscription {
        version: 1,
        task: plan.task.0,
        repo: text(&plan.repo),
        worktree: text(&plan.worktree),
        branch: plan.branch.clone(),
        shim: shim.pid,
    };
    if let Ok(bytes) = serde_json::to_vec(&told) {
        lock.inscribe(&bytes).ok();
    }
}

/// Looks for them, in the folders of the locks and of the exit files.
///
/// # Errors
/// Where these or the database can't be read.
pub fn find(engine: &Engine) -> Result<Vec<Stray>, Fault> {
    let mut ids = Vec::new();
    for (folder, ending) in [("locks", ".lock"), ("exits", ".exit")] {
        let folder = engine.around.state_dir.join(folder);
        let names = engine.ports.files.list(&folder);
        let names = names.map_err(|error| Fault::io(&format!("looking into {}", folder.display()), &error))?;
        let names = names.iter().filter_map(|name| name.strip_suffix(ending));
        ids.extend(names.filter_map(|name| AttemptId::parse(name).ok()));
    }
    ids.sort();
    ids.dedup();
    let mut strays = Vec::new();
    for attempt in ids {
        if engine.ports.store.attempt(&attempt)?.is_none() {
            strays.push(look(engine, attempt));
        }
    }
    Ok(strays)
}

fn look(engine: &Engine, attempt: AttemptId) -> Stray {
    let files = Files::of(&engine.around.state_dir, &attempt);
    let ports = &engine.ports;
    let fate = match (ports.locks.ask(&files.lock, None), ports.files.read(&files.exit)) {
        // What can't be looked at is not dead.
        (Lock::Held | Lock::Replaced | Lock::Unknown, _) => Fate::Runs,
        (Lock::Free | Lock::Missing, Ok(None)) => Fate::Gone,
        (Lock::Free | Lock::Missing, Ok(Some(_)) | Err(_)) => Fate::Ended,
    };
    let inscription = ports.files.read(&files.lock).ok().flatten();
    let inscription = inscription.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Stray { attempt, fate, inscription }
}

/// Why the database can't be believed to know of everything, and the strays. Without a doubt nothing is looked for.
///
/// # Errors
/// Those of the store, and where the state directory can't be read.
pub fn doubted(engine: &Engine) -> Result<Option<(String, Vec<Stray>)>, Fault> {
    let Some(doubt) = engine.ports.store.doubt()? else { return Ok(None) };
    Ok(Some((doubt, find(engine)?)))
}

/// Refuses a second agent for a task that a stray may be at work on, or has been. Returns whether the database is in doubt.
///
/// # Errors
/// [`Kind::Conflict`], naming it.
pub fn refuse_second(engine: &Engine, task: &Task) -> Result<bool, Fault> {
    let Some((doubt, strays)) = doubted(engine)? else { return Ok(false) };
    match strays.iter().find(|stray| stray.may_be_of(task)) {
        None => Ok(true),
        Some(stray) => {
            let why = format!("task {} not dispatched: {}; {doubt}", task.id, stray.reason());
            Err(Fault::new(Kind::Conflict, why).of(task.id).hint(stray.hint()))
        }
    }
}

/// Whether an attempt has come further than its row says: the row is of before its shim, and its shim has left a trace.
///
/// # Errors
/// Those of the store.
pub fn is_ahead(engine: &Engine, attempt: &Attempt) -> Result<bool, Fault> {
    if attempt.phase.has_shim() || engine.ports.store.doubt()?.is_none() {
        return Ok(false);
    }
    let files = &attempt.plan.files;
    let runs = engine.ports.locks.ask(&files.lock, None) == Lock::Held;
    Ok(runs || !matches!(engine.ports.files.read(&files.exit), Ok(None)))
}

/// Puts the traces of strays that are over aside, once a person has asked for it; where none is left, the doubt is over. What
/// they made stays where it is. Returns what was done, and leaves those that run.
///
/// # Errors
/// Those of the store and of the file system.
pub fn settle(engine: &Engine) -> Result<Vec<String>, Fault> {
    let doubt = engine.ports.store.doubt()?;
    let mut done = Vec::new();
    let mut running = 0;
    for stray in find(engine)? {
        if stray.fate == Fate::Runs {
            running += 1;
            continue;
        }
        let files = Files::of(&engine.around.state_dir, &stray.attempt);
        for path in [&files.lock, &files.exit] {
            let aside = engine.ports.files.set_aside(path);
            aside.map_err(|error| Fault::io(&format!("putting {} aside", path.display()), &error))?;
        }
        done.push(format!("{}: its traces are put aside, its work stays where it is", stray.reason()));
    }
    for attempt in engine.ports.store.attempts(&Which::Live)? {
        let held = !attempt.phase.has_shim() && engine.ports.locks.ask(&attempt.plan.files.lock, None) == Lock::Held;
        running += i32::from(held);
    }
    if let Some(doubt) = doubt.filter(|_| running == 0) {
        engine.ports.store.believe()?;
        done.push(format!("checked, no unknown agent runs: {doubt}"));
    }
    Ok(done)
}
