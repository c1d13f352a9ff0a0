//! What the work on a task has changed: found where it is, and read by parts.

use std::path::{Path, PathBuf};

use super::{Engine, Fault, Kind, Remedy, trees};
use crate::domain::attempt::{Attempt, Plan, Tree};
use crate::domain::diff::{Count, File, Part};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::patch::{Limit, Patch};
use crate::domain::state::TreeState;
use crate::domain::tree::Whereabouts;
use crate::ports::store::Which;
use crate::ports::worktrees::{Clash, Compared, Work};

/// Whose work, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub task: TaskId,
    /// The attempt whose work it is: the newest that was made in that worktree, or the one that was asked for.
    pub attempt: AttemptId,
    /// The number of that attempt.
    pub number: u32,
    pub repo: PathBuf,
    pub branch: String,
    /// The commit that the work is compared with: a full id.
    pub base: String,
    pub place: Place,
}

/// Where work is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Tree(PathBuf),
    /// Its worktree is gone, its branch is at this commit.
    Commit(String),
}

impl Subject {
    fn new(tree: &Tree, attempt: &Attempt, place: Place) -> Self {
        Self {
            task: tree.task,
            attempt: attempt.plan.id.clone(),
            number: attempt.plan.number,
            repo: tree.repo.clone(),
            branch: tree.branch.clone(),
            base: tree.base.clone(),
            place,
        }
    }

    /// The work of an attempt where it was planned to be.
    #[must_use]
    pub fn planned(plan: &Plan) -> Self {
        Self {
            task: plan.task,
            attempt: plan.id.clone(),
            number: plan.number,
            repo: plan.repo.clone(),
            branch: plan.branch.clone(),
            base: plan.base.clone(),
            place: Place::Tree(plan.worktree.clone()),
        }
    }

    /// The same work, compared with another commit.
    #[must_use]
    pub fn since(self, base: String) -> Self {
        Self { base, ..self }
    }

    fn compared(&self, part: Part) -> Compared<'_> {
        let work = match &self.place {
            Place::Tree(path) => Work::Tree(path),
            Place::Commit(id) => Work::Commit(id),
        };
        Compared { repo: &self.repo, work, base: &self.base, part }
    }
}

/// Finds the work of a task: of its newest attempt that had a worktree, or of the attempt of this number.
///
/// # Errors
/// [`Kind::Conflict`] where there is none; those of the store and of git.
pub fn subject(engine: &Engine, id: TaskId, number: Option<u32>) -> Result<Subject, Fault> {
    let task = engine.task(id)?;
    let attempts = engine.ports.store.attempts(&Which::Of(id))?;
    let conflict = |why: String| Fault::new(Kind::Conflict, why).of(id).hint(Remedy::Show(id));
    if attempts.is_empty() {
        let why = format!("task {} was never dispatched: nothing was changed", task.id);
        return Err(Fault::new(Kind::Conflict, why).of(id).hint(Remedy::Dispatch(id)));
    }
    if let Some(number) = number
        && !attempts.iter().any(|attempt| attempt.plan.number == number)
    {
        return Err(conflict(format!("task {id} has {} attempts, not {number}", attempts.len())));
    }
    let all = engine.ports.store.all_trees(Some(id))?;
    for attempt in attempts.iter().rev().filter(|attempt| number.is_none_or(|number| attempt.plan.number == number)) {
        let made = |tree: &&Tree| tree.path == attempt.plan.worktree && tree.state != TreeState::Planned;
        let Some(tree) = all.iter().find(made) else { continue };
        if let Some(place) = place(engine, tree)? {
            return Ok(Subject::new(tree, attempt, place));
        }
    }
    let whose = number.map_or_else(String::new, |number| format!(" of attempt {number}"));
    Err(conflict(format!("task {id}: there is no work{whose} to compare: it has neither a worktree nor a branch")))
}

/// The reference of what a task's work was when it was sent back last.
fn reviewed(task: TaskId) -> String {
    format!("refs/ganger/review/{task}")
}

/// Keeps what a task's work is now, for [`since_review`]. It is a help: where it can't be kept, nothing else changes.
pub(super) fn remember(engine: &Engine, task: TaskId) {
    let tree = trees::newest(engine, task).ok().flatten().filter(|tree| tree.state == TreeState::Present);
    if let Some(tree) = tree {
        engine.ports.trees.remember(&tree, &reviewed(task)).ok();
    }
}

/// The same work, compared with what it was when it was sent back last.
///
/// # Errors
/// [`Kind::Conflict`] where it never was.
pub fn since_review(engine: &Engine, subject: Subject) -> Result<Subject, Fault> {
    let task = subject.task;
    let then = engine.ports.trees.resolve(&subject.repo, &reviewed(task)).map_err(|_| {
        let why = format!("task {task}: what it was before it was sent back is not known");
        Fault::new(Kind::Conflict, why).of(task).hint(format!("ganger diff {task}"))
    })?;
    Ok(subject.since(then))
}

/// How many files of the work have changes in no commit: what its branch lacks; `None` where that can't be told.
#[must_use]
pub fn uncommitted(engine: &Engine, id: TaskId) -> Option<usize> {
    let subject = subject(engine, id, None).ok()?;
    Some(files(engine, &subject, Part::Uncommitted).ok()?.len())
}

/// The work in a worktree; `None` where nothing is left of it.
///
/// # Errors
/// Those of the store and of git.
pub fn in_tree(engine: &Engine, tree: &Tree) -> Result<Option<Subject>, Fault> {
    let Some(owner) = engine.ports.store.attempt(&tree.owner)? else { return Ok(None) };
    Ok(place(engine, tree)?.map(|place| Subject::new(tree, &owner, place)))
}

fn place(engine: &Engine, tree: &Tree) -> Result<Option<Place>, Fault> {
    if tree.state == TreeState::Present && engine.ports.trees.glance(&tree.path) {
        return Ok(Some(Place::Tree(tree.path.clone())));
    }
    let found = trees::whereabouts(engine, tree)?;
    match found {
        Whereabouts::InPlace(_) => Ok(Some(Place::Tree(tree.path.clone()))),
        Whereabouts::Parked(path) | Whereabouts::Elsewhere(path) => Ok(Some(Place::Tree(path))),
        Whereabouts::Unknown(why) => {
            Err(Fault::new(Kind::Unknown, format!("its worktree can't be looked at: {why}")).of(tree.task))
        }
        // What was committed may still be there.
        Whereabouts::Broken(_) | Whereabouts::Absent { .. } => {
            let tip = engine.ports.trees.resolve(&tree.repo, &format!("refs/heads/{}", tree.branch));
            Ok(tip.ok().map(Place::Commit))
        }
    }
}

/// The files that have changed, not counted: quick.
///
/// # Errors
/// Those of git.
pub fn list(engine: &Engine, subject: &Subject, part: Part) -> Result<Vec<File>, Fault> {
    Ok(engine.ports.trees.changes(&subject.compared(part))?)
}

/// The files that have changed, counted.
///
/// # Errors
/// Those of git.
pub fn files(engine: &Engine, subject: &Subject, part: Part) -> Result<Vec<File>, Fault> {
    let mut files = list(engine, subject, part)?;
    let mut counts = vec![None; files.len()];
    count(engine, subject, part, &files, &mut |number, count| {
        counts[number] = count;
        true
    })?;
    for (file, count) in files.iter_mut().zip(counts) {
        file.count = count;
    }
    files.retain(|file| file.count.is_some());
    Ok(files)
}

/// Counts files that were listed, one after the other; see [`Worktrees::count`](crate::ports::worktrees::Worktrees::count).
///
/// # Errors
/// Those of git.
pub fn count(
    engine: &Engine,
    subject: &Subject,
    part: Part,
    files: &[File],
    counted: &mut dyn FnMut(usize, Option<Count>) -> bool,
) -> Result<(), Fault> {
    Ok(engine.ports.trees.count(&subject.compared(part), files, counted)?)
}

/// What has changed in some of them, one after the other; see
/// [`Worktrees::patches`](crate::ports::worktrees::Worktrees::patches).
///
/// # Errors
/// Those of git.
pub fn patches(
    engine: &Engine,
    subject: &Subject,
    part: Part,
    files: &[File],
    limit: Limit,
    read: &mut dyn FnMut(usize, Patch) -> bool,
) -> Result<(), Fault> {
    Ok(engine.ports.trees.patches(&subject.compared(part), files, limit, read)?)
}

/// Whether two works can both have their way in a file.
///
/// # Errors
/// Those of git.
pub fn clash(engine: &Engine, one: &Subject, other: &Subject, path: &Path) -> Result<Clash, Fault> {
    Ok(engine.ports.trees.clash(&one.compared(Part::Whole), &other.compared(Part::Whole), path)?)
}

/// What has changed in one of them.
///
/// # Errors
/// Those of git.
pub fn patch(engine: &Engine, subject: &Subject, part: Part, file: &File, limit: Limit) -> Result<Patch, Fault> {
    let mut found = Patch::default();
    patches(engine, subject, part, std::slice::from_ref(file), limit, &mut |_, patch| {
        found = patch;
        false
    })?;
    Ok(found)
}
