//! Adding, editing, removing, archiving and retrying tasks.

use std::path::{Path, PathBuf};

use super::{Engine, Fault, Hint, Kind, Remedy, stop, trees, trust, upkeep};
use crate::domain::attempt::Tree;
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::settings::AFTER;
use crate::domain::state::{Status, TreeState, Who};
use crate::domain::task::{Blocker, Draft, Edit, Task, Why};
use crate::domain::tree::Whereabouts;
use crate::ports::store::{Amendment, Filter, Which};
use crate::ports::worktrees::Name;

/// Adds a task. One that names no agent gets the default one.
///
/// # Errors
/// [`Kind::Usage`] for a draft that can't be; [`Kind::NoSuchTask`] where it waits for a task that is not there.
pub fn add(engine: &Engine, draft: &Draft) -> Result<Task, Fault> {
    let mut draft = draft.clone();
    let mut evidence = Vec::new();
    if draft.agent.is_empty() {
        draft.agent.clone_from(&trust::settings_to_read(engine, &draft.repo)?.default_agent);
        evidence.push((trust::BY_DEFAULT, draft.agent.clone()));
    }
    check(engine, &draft)?;
    check_branch(engine, &draft)?;
    draft.base = base(engine, &draft)?.or(draft.base);
    let stamp = engine.stamp_with(Who::Person, evidence);
    let ids = engine.ports.store.add(std::slice::from_ref(&draft), &stamp)?;
    let id = ids.first().copied().ok_or_else(|| Fault::new(Kind::Failed, "the store added nothing"))?;
    engine.task(id)
}

/// The repository around `from`, by the path that its tasks know it by: asked of git once, and kept.
///
/// # Errors
/// Those of git, where there is none, of the disk and of the store.
pub fn repository(engine: &Engine, from: &Path) -> Result<PathBuf, Fault> {
    let trees = &engine.ports.trees;
    let found = trees.repository(from).map_err(|error| Fault::new(Kind::Usage, error.to_string()))?;
    // A main worktree is what it is. A git directory may be that of one which git can't name from here.
    if engine.look(&found.join(".git"))?.is_some() {
        return Ok(found);
    }
    let mut known: Vec<PathBuf> = Vec::new();
    for archived in [false, true] {
        let filter = Filter { archived, ..Filter::default() };
        known.extend(engine.ports.store.tasks(&filter)?.tasks.into_iter().map(|task| task.draft.repo));
    }
    if known.contains(&found) {
        return Ok(found);
    }
    known.sort();
    known.dedup();
    let kept = known.into_iter().find(|repo| *repo != found && trees.is_same(repo, &found));
    Ok(kept.unwrap_or(found))
}

/// What the base is called at the dispatch, which knows nothing of where somebody stood: HEAD of a linked worktree is
/// that one's branch.
pub(super) fn base(engine: &Engine, draft: &Draft) -> Result<Option<String>, Fault> {
    if draft.branch.is_some() {
        return Ok(None);
    }
    let (trees, here) = (&engine.ports.trees, &engine.around.here);
    let base = match &draft.base {
        Some(base) => base.clone(),
        None => trust::settings_to_read(engine, &draft.repo)?.worktrees.base.clone(),
    };
    let based = trees.base_at(here, &base).ok().flatten();
    // In another repository, where one stands says nothing.
    Ok(based.filter(|_| repository(engine, here).is_ok_and(|repo| repo == draft.repo)))
}

fn check(engine: &Engine, draft: &Draft) -> Result<(), Fault> {
    check_texts(draft)?;
    check_agent(engine, &draft.repo, &draft.agent)?;
    for before in &draft.after {
        engine.task(*before)?;
    }
    Ok(())
}

pub(super) fn check_texts(draft: &Draft) -> Result<(), Fault> {
    let usage = |message: String| Err(Fault::new(Kind::Usage, message).hint("ganger add --help says what it may be"));
    if draft.title.trim().is_empty() {
        return usage("a title can't be empty".to_owned());
    }
    let texts = [("title", &draft.title), ("prompt", &draft.prompt), ("agent", &draft.agent)];
    for (name, text) in texts {
        if text.contains('\0') {
            return usage(format!("a {name} can't contain a NUL character"));
        }
    }
    if draft.verify.iter().any(|command| command.contains('\0') || command.trim().is_empty()) {
        return usage("a --verify command can't be empty or contain a NUL character".to_owned());
    }
    if let Some(base) = draft.base.as_ref().filter(|base| base.starts_with('-') || base.contains('\0')) {
        return usage(format!("--base {base:?} is not a revision"));
    }
    if draft.base.as_deref() == Some(AFTER) && draft.after.is_empty() {
        return Err(Fault::new(Kind::Usage, "a task that starts from another one's branch has to wait for one")
            .hint("--base after goes with --after ID"));
    }
    Ok(())
}

/// Whether the branch that it is to work on is there.
pub(super) fn check_branch(engine: &Engine, draft: &Draft) -> Result<(), Fault> {
    let Some(branch) = &draft.branch else { return Ok(()) };
    let usage = |why: String| Fault::new(Kind::Usage, why);
    if draft.base.is_some() {
        return Err(usage(format!("a task on branch {branch} has no --base of its own")).hint("leave one of them out"));
    }
    match engine.ports.trees.branch(&draft.repo, branch)? {
        Name::Taken => Ok(()),
        Name::Free | Name::Clashes => Err(usage(format!("there is no branch {branch:?} in {}", draft.repo.display()))
            .hint("see `git branch`; without --branch a new one is made")),
    }
}

pub(super) fn check_agent(engine: &Engine, repo: &Path, agent: &str) -> Result<(), Fault> {
    let settings = trust::settings_to_read(engine, repo)?;
    if settings.agents.contains_key(agent) {
        return Ok(());
    }
    let known: Vec<&str> = settings.agents.keys().map(String::as_str).collect();
    // It may be one of the repository's own.
    let untrusted = matches!(trust::standing(engine, repo), Ok(trust::Standing::Untrusted(_)));
    let more = if untrusted { format!("; {}, {}", trust::UNTRUSTED, trust::hint(repo)) } else { String::new() };
    Err(Fault::new(Kind::Usage, format!("agent {agent:?} is not configured"))
        .hint(format!("known: {}; or add it to the file of: ganger config path{more}", known.join(", "))))
}

/// Changes what is wished of a task. A live attempt has its own copy of its brief, which stays as it is.
///
/// # Errors
/// [`Kind::Usage`] for wishes that can't be; [`Kind::Conflict`] where a live attempt stands in the way.
pub fn edit(engine: &Engine, id: TaskId, edit: &Edit) -> Result<Task, Fault> {
    let mut edit = edit.clone();
    if let Some(after) = &mut edit.after {
        let mut seen = Vec::new();
        after.retain(|needed| {
            !seen.contains(needed) && {
                seen.push(*needed);
                true
            }
        });
    }
    let task = engine.task(id)?;
    let changes = edit.changes(&task.draft);
    check_texts(&edit.applied(&task.draft)).map_err(|fault| fault.of(id))?;
    if changes.contains(&"branch") || changes.contains(&"base") {
        check_branch(engine, &edit.applied(&task.draft)).map_err(|fault| fault.of(id))?;
    }
    // What it has already is not looked at again: a profile may be gone since, and that is no reason to refuse a title.
    if changes.contains(&"agent")
        && let Some(agent) = &edit.agent
    {
        check_agent(engine, &task.draft.repo, agent).map_err(|fault| fault.of(id))?;
    }
    if changes.contains(&"after")
        && let Some(after) = &edit.after
    {
        check_after(engine, id, after)?;
    }
    if engine.ports.store.amend(&Amendment::Edit { task: id, edit: edit.clone() }, &engine.stamp(Who::Person))? {
        return engine.task(id);
    }
    let task = engine.task(id)?;
    let mut held = edit.changes(&task.draft);
    held.retain(|name| !Edit::WHILE_LIVE.contains(name));
    let first = Remedy::Stop(id);
    Err(Fault::new(Kind::Conflict, format!("task {id} has a running agent: its {} can't change now", held.join(", ")))
        .of(id)
        .hint(Hint::saying(format!("{first}; title, prompt and priority can change at any time"), first)))
}

/// Whether a task may wait for these: they are there, and none waits for it in turn.
fn check_after(engine: &Engine, id: TaskId, after: &[TaskId]) -> Result<(), Fault> {
    let mut needed = after.to_vec();
    let mut at = 0;
    while let Some(next) = needed.get(at).copied() {
        if next == id {
            return Err(Fault::new(Kind::Usage, format!("task {id} would wait for itself"))
                .of(id)
                .hint(Remedy::Show(id)));
        }
        // Only those that were named must be there: a deleted one behind them holds nobody up.
        let behind = match engine.ports.store.task(next)? {
            Some(task) => task.draft.after,
            None if at < after.len() => return Err(Fault::no_such_task(next)),
            None => Vec::new(),
        };
        at += 1;
        for task in behind {
            if !needed.contains(&task) {
                needed.push(task);
            }
        }
    }
    Ok(())
}

/// Puts a task away: off the board, nothing else changes.
///
/// # Errors
/// [`Kind::Conflict`] while an attempt lives, unless it is to be stopped first.
pub fn archive(engine: &Engine, id: TaskId, stop_first: bool) -> Result<Task, Fault> {
    let mut task = engine.task(id)?;
    if task.archived {
        return Ok(task);
    }
    if stop_first && stop::is_live(engine, &task)? {
        stop::stop(engine, id)?;
    }
    let archived = engine.ports.store.amend(&Amendment::Archive { task: id }, &engine.stamp(Who::Person))?;
    task = engine.task(id)?;
    if !archived && !task.archived {
        return Err(Fault::new(Kind::Conflict, format!("task {id} has a running agent"))
            .of(id)
            .hint(Remedy::ArchiveWithStop(id)));
    }
    upkeep::clean_up::ended(engine, id)?;
    Ok(task)
}

/// Puts an archived task on the board again.
///
/// # Errors
/// Those of the store.
pub fn unarchive(engine: &Engine, id: TaskId) -> Result<Task, Fault> {
    engine.ports.store.amend(&Amendment::Unarchive { task: id }, &engine.stamp(Who::Person))?;
    // Where nothing was written it is on the board already, or not there.
    engine.task(id)
}

/// What became of a removed task's worktrees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Where they are parked.
    pub parked: Vec<PathBuf>,
    /// What was left in its place, and what else could not be done.
    pub said: Vec<String>,
    /// Tasks that can't be started any more, as they wait for it.
    pub left: Vec<TaskId>,
}

/// Removes a task: softly, its trees parked. With `force` they are moved whoever stands in them, and one that can't be
/// moved is left in its place.
///
/// # Errors
/// [`Kind::Conflict`] while an attempt lives, or somebody works in a tree.
pub fn remove(engine: &Engine, id: TaskId, stop_first: bool, force: bool) -> Result<Removed, Fault> {
    let mut task = engine.task(id)?;
    if stop::is_live(engine, &task)? {
        if !stop_first {
            return Err(Fault::new(Kind::Conflict, format!("task {id} has a running agent"))
                .of(id)
                .hint(Remedy::RemoveWithStop(id)));
        }
        task = stop::stop(engine, id)?;
    }
    let mut removed = Removed::default();
    for tree in engine.ports.store.all_trees(Some(id))? {
        match tree.state {
            TreeState::Planned | TreeState::Present => put_away(engine, &tree, force, &mut removed)?,
            TreeState::Parked => removed.parked.extend(tree.parked),
            // What has come back since, and is no whole worktree, is left where it is and said.
            TreeState::Gone => match trees::whereabouts(engine, &tree)? {
                Whereabouts::Absent { .. } | Whereabouts::Unknown(_) => {}
                found => removed.said.extend(
                    found
                        .trouble(&tree.path)
                        .or_else(|| Some(format!("a worktree stands at {} and stays there", tree.path.display()))),
                ),
            },
        }
    }
    if !engine.ports.store.amend(&Amendment::Delete { task: task.id }, &engine.stamp(Who::Person))? {
        return Err(Fault::new(Kind::Conflict, format!("task {id} was dispatched meanwhile"))
            .of(id)
            .hint(Remedy::RemoveWithStop(id)));
    }
    let filter = Filter { statuses: vec![Status::Ready], ..Filter::default() };
    let left = engine.ports.store.tasks(&filter)?.tasks;
    let gone = Blocker { task: id, why: Why::Removed };
    removed.left = left.iter().filter(|task| task.blocked_by.contains(&gone)).map(|task| task.id).collect();
    upkeep::clean_up::ended(engine, id)?;
    for attempt in engine.ports.store.attempts(&Which::Of(id))? {
        // What verifications printed is no work of anybody's. One that stays is in nobody's way.
        engine.ports.files.remove(&attempt.plan.files.log).ok();
    }
    Ok(removed)
}

fn put_away(engine: &Engine, tree: &Tree, force: bool, removed: &mut Removed) -> Result<(), Fault> {
    match trees::park(engine, tree, trees::Occasion::Removal, force) {
        Ok(Some(moved)) => {
            removed.parked.push(moved.path);
            removed.said.extend(moved.said);
        }
        Ok(None) => match trees::whereabouts(engine, tree)? {
            Whereabouts::Absent { .. } => {}
            // What can't be looked at may come back, and nothing would know of it then.
            found @ Whereabouts::Unknown(_) if !force => {
                let trouble = found.trouble(&tree.path).unwrap_or_default();
                return Err(Fault::new(Kind::Conflict, format!("task {}: {trouble}", tree.task))
                    .of(tree.task)
                    .hint(format!("bring it back first, or leave it behind: ganger rm {} --force", tree.task)));
            }
            // It was moved, or it is to be left behind: it stays wherever that is.
            found => removed.said.extend(found.trouble(&tree.path)),
        },
        Err(fault) if force && fault.kind == Kind::Failed => {
            removed.said.push(format!("its worktree is left behind at {}: {}", tree.path.display(), fault.message));
        }
        Err(fault) => return Err(fault),
    }
    Ok(())
}

/// Gives a task a note for its next attempt.
///
/// # Errors
/// Those of the store.
pub fn note(engine: &Engine, id: TaskId, note: &str) -> Result<(), Fault> {
    check_note(id, note)?;
    engine.ports.store.amend(&Amendment::Note { task: id, note: note.to_owned() }, &engine.stamp(Who::Person))?;
    Ok(())
}

pub(super) fn check_note(id: TaskId, note: &str) -> Result<(), Fault> {
    if note.contains('\0') {
        return Err(Fault::new(Kind::Usage, "a note can't contain a NUL character")
            .of(id)
            .hint("leave that character out"));
    }
    Ok(())
}

/// Moves a failed task back to ready.
///
/// # Errors
/// [`Kind::Conflict`] where it is not failed, or its agent still runs.
pub fn requeue(engine: &Engine, id: TaskId) -> Result<Task, Fault> {
    engine.act(id, &Event::Requeued)
}
