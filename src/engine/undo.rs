//! Undo: a person's last act taken back. It touches no agent; a worktree that a removal
//! has parked goes back to where it was.

use std::path::Path;

use super::{Engine, Fault, Kind, Remedy, merge, trees};
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::state::{Act, TreeState, Who};
use crate::ports::store::{Amendment, Deed, Reverse};

/// What was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    pub task: TaskId,
    /// For people, after "task N is": what it is no longer, and what it is again.
    pub what: String,
}

/// Undoes a person's last act on the tasks of a repository, or of all. An undo is no act: the next one takes back
/// the act before.
///
/// # Errors
/// [`Kind::Conflict`] where there is none, or its task has moved on since.
pub fn undo(engine: &Engine, repo: Option<&Path>) -> Result<Undone, Fault> {
    // Another process may be quicker with an act; then the next one is looked at.
    let mut last = None;
    loop {
        let Some(deed) = engine.ports.store.deeds(repo, 1)?.pop() else {
            return Err(Fault::new(Kind::Conflict, "nothing to undo").hint(Remedy::Events));
        };
        if last == Some(deed.seq) {
            return Err(moved_on(engine, &deed)?);
        }
        last = Some(deed.seq);
        if engine.ports.store.undo(&deed, &reverse(&deed), &engine.stamp(Who::Person))? {
            return Ok(Undone { task: deed.task, what: what(engine, &deed)? });
        }
    }
}

fn reverse(deed: &Deed) -> Reverse {
    let (task, why) = (deed.task, deed.why.clone());
    match deed.act {
        Act::Approved => Reverse::Event(Event::Reopened { why }),
        Act::Reopened => Reverse::Event(Event::Approved),
        Act::Requeued => Reverse::Event(Event::Unqueued { why }),
        Act::Archived => Reverse::Amendment(Amendment::Unarchive { task }),
        Act::Unarchived => Reverse::Amendment(Amendment::Archive { task }),
        Act::Deleted => Reverse::Amendment(Amendment::Undelete { task }),
    }
}

/// Why the newest act can't be undone: the task is not where the act left it.
fn moved_on(engine: &Engine, deed: &Deed) -> Result<Fault, Fault> {
    let (id, act) = (deed.task, deed.act);
    let now = match engine.ports.store.task(id)? {
        Some(task) if task.archived => format!("it has moved on, and is {} and archived now", task.status.said()),
        Some(task) => format!("it has moved on, and is {} now", task.status.said()),
        None if act == Act::Deleted => "another task has its external id now".to_owned(),
        None => "it has been removed since".to_owned(),
    };
    Ok(Fault::new(Kind::Conflict, format!("nothing to undo: the last act was task {id} {act}, but {now}"))
        .of(id)
        .hint(Remedy::Show(id)))
}

/// Restores the worktree that a removal has parked, and says what became of it.
fn tree_back(engine: &Engine, task: TaskId) -> Result<String, Fault> {
    let Some(tree) = trees::newest(engine, task)?.filter(|tree| tree.state == TreeState::Parked) else {
        return Ok(String::new());
    };
    Ok(match (trees::restore(engine, &tree), tree.parked) {
        (Ok(moved), _) => format!("; its worktree is back at {}", moved.path.display()),
        (Err(fault), Some(at)) => format!("; its worktree stays parked at {}: {}", at.display(), fault.message),
        (Err(fault), None) => format!("; its worktree is not back: {}", fault.message),
    })
}

fn what(engine: &Engine, deed: &Deed) -> Result<String, Fault> {
    Ok(match deed.act {
        Act::Approved => {
            let merged = if merge::is_recorded(engine, deed.task)? { "; what was merged stays merged" } else { "" };
            format!("no longer approved, in review again{merged}")
        }
        Act::Reopened => "no longer reopened, done again".to_owned(),
        Act::Requeued => "no longer queued, failed again".to_owned(),
        Act::Archived => "no longer archived, on the board again".to_owned(),
        Act::Unarchived => "archived again".to_owned(),
        Act::Deleted => {
            format!("no longer removed, on the board again{}", tree_back(engine, deed.task)?)
        }
    })
}
