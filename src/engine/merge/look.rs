//! What a merge begins with: the work, the branch that it goes to, and how.

use std::path::{Path, PathBuf};

use super::{Merge, Request, not_reviewed};
use crate::domain::attempt::Tree;
use crate::domain::id::TaskId;
use crate::domain::merge::{self, Before, Method, Target};
use crate::domain::settings::{AFTER, Settings};
use crate::domain::state::Status;
use crate::domain::task::Task;
use crate::domain::tree::{Head, Whereabouts};
use crate::engine::{Engine, Fault, Kind, Remedy, stack, stop, trees, trust};
use crate::ports::store::{Filter, MERGED, Record};

/// Everything that was seen.
pub(super) struct Seen {
    pub task: Task,
    pub tree: Tree,
    /// Where the tree is, unless it is gone.
    pub path: Option<PathBuf>,
    /// The commit of the work, and what that is called.
    pub work: String,
    pub called: String,
    /// Only what comes after this commit is its own work, and the target does not have the rest as these commits.
    pub since: Option<String>,
    pub commits: usize,
    pub live: bool,
    pub before: Before,
    pub method: Method,
    pub message: String,
    pub keep: bool,
    /// What must pass on the result.
    pub verify: Vec<String>,
    pub settings: std::sync::Arc<Settings>,
    pub state_dir: PathBuf,
}

/// Looks, as if `ahead` had been merged.
pub(super) fn at(engine: &Engine, request: &Request, ahead: &[Merge]) -> Result<Seen, Fault> {
    let task = engine.task(request.task)?;
    merge::is_reviewed(task.status).map_err(|refusal| {
        not_reviewed(
            Fault::new(Kind::Conflict, format!("task {}: {refusal}", task.id)).of(task.id),
            task.id,
            task.status,
        )
    })?;
    let repo = task.draft.repo.clone();
    let settings = trust::settings_to_read(engine, &repo)?;
    let verifies = request.verify.unwrap_or(settings.merge.verify);
    // What is run has to be trusted, what is only read has not.
    let settings =
        if verifies { trust::settings(engine, &repo).map_err(|refusal| refusal.fault(&repo))? } else { settings };
    let (tree, path, head) = tree(engine, &task)?;
    let (called, work) = match head {
        Head::Branch(branch) => {
            let tip = engine.ports.trees.resolve(&repo, &format!("refs/heads/{branch}"));
            (branch, tip.map_err(|error| Fault::from(error).of(task.id).hint(Remedy::Show(task.id)))?)
        }
        Head::Detached(commit) => (tree.branch.clone(), commit),
    };
    let mut target = target(engine, &task, &settings, request.into.as_deref())?;
    if target.branch == called {
        let why = format!("task {}: {called} is the branch of the work itself", task.id);
        return Err(Fault::new(Kind::Usage, why).of(task.id).hint("name another: --into BRANCH"));
    }
    if let Some(merge) = ahead.iter().rev().find(|merge| merge.target.branch == target.branch) {
        target.tip.clone_from(&merge.to);
    }
    stack::refuse_before(engine, &task, &settings, &target)?;
    let merges = &engine.ports.merges;
    let uncommitted = match &path {
        Some(path) => merges.uncommitted(&repo, path).map_err(|error| error.to_string()),
        None => Ok(Vec::new()),
    };
    let method = request.method.unwrap_or(settings.merge.method);
    let message = request.message.clone();
    let verify = settings.worktrees.setup.iter().chain(&settings.completion.verify).chain(&task.draft.verify);
    let verify = if verifies { verify.cloned().collect() } else { Vec::new() };
    let commits = |of: &str, since: &str| Ok::<_, Fault>(engine.ports.trees.commits(&repo, of, since)?.len());
    let since = Some(tree.base.clone()).filter(|_| stack::is_stacked(&task, &settings));
    let since = match since {
        Some(base) if commits(&base, &target.tip)? > 0 => Some(base),
        Some(_) | None => None,
    };
    Ok(Seen {
        commits: commits(&work, since.as_ref().unwrap_or(&target.tip))?,
        since,
        live: stop::is_live(engine, &task)?,
        message: message.unwrap_or_else(|| merge::message(method, &task.draft.title, &called, &target.branch)),
        keep: request.keep.unwrap_or(settings.merge.keep),
        before: Before {
            status: task.status,
            uncommitted,
            commit_all: request.commit_all,
            contained: merges.contained(&repo, &work, &target.tip)?,
            target,
        },
        state_dir: engine.around.state_dir.clone(),
        task,
        tree,
        path,
        work,
        called,
        method,
        verify,
        settings,
    })
}

/// The newest tree that an agent worked in, where it is, and its HEAD; of one that is gone, its branch.
fn tree(engine: &Engine, task: &Task) -> Result<(Tree, Option<PathBuf>, Head), Fault> {
    let id = task.id;
    let Some(tree) = trees::newest(engine, id)? else {
        let why = format!("task {id}: no agent has worked on it, there is nothing to merge");
        return Err(Fault::new(Kind::Conflict, why).of(id).hint(Remedy::Show(id)));
    };
    let branch = || Head::Branch(tree.branch.clone());
    let head = |at: &Path| engine.ports.merges.head(&task.draft.repo, Some(at));
    match trees::whereabouts(engine, &tree)? {
        Whereabouts::InPlace(head) => Ok((tree.clone(), Some(tree.path), head)),
        // A plain folder has no HEAD: what was committed is on the branch.
        Whereabouts::Parked(at) => match head(&at) {
            Ok(head) => Ok((tree, Some(at), head)),
            Err(_) => Ok((tree.clone(), None, branch())),
        },
        Whereabouts::Absent { held_by: Some(_) } => Ok((tree.clone(), None, branch())),
        found @ (Whereabouts::Absent { held_by: None }
        | Whereabouts::Broken(_)
        | Whereabouts::Elsewhere(_)
        | Whereabouts::Unknown(_)) => {
            let trouble = found.trouble(&tree.path).unwrap_or_default();
            Err(Fault::new(Kind::Unknown, format!("task {id}: {trouble}")).of(id).hint(Remedy::Show(id)))
        }
    }
}

/// The branch that is named, or that the task started from, or that the main worktree has checked out.
fn target(engine: &Engine, task: &Task, settings: &Settings, named: Option<&str>) -> Result<Target, Fault> {
    let (id, repo) = (task.id, &task.draft.repo);
    let find = |name: &str| engine.ports.merges.target(repo, name.strip_prefix("refs/heads/").unwrap_or(name));
    if let Some(named) = named {
        return find(named)?.ok_or_else(|| {
            let why = format!("task {id}: there is no branch {named:?} in {}", repo.display());
            Fault::new(Kind::Usage, why).of(id).hint("see `git branch`")
        });
    }
    let head = "HEAD".to_owned();
    let base = match task.draft.base.as_ref().unwrap_or(&settings.worktrees.base) {
        // Where what it stands on goes to.
        base if base == AFTER => Some(&settings.worktrees.base).filter(|base| *base != AFTER).unwrap_or(&head),
        base => base,
    };
    if base != "HEAD"
        && let Some(target) = find(base)?
    {
        return Ok(target);
    }
    if base == "HEAD"
        && let Head::Branch(branch) = engine.ports.merges.head(repo, None)?
        && let Some(target) = find(&branch)?
    {
        return Ok(target);
    }
    let why = match base.as_str() {
        "HEAD" => format!("task {id}: no branch is checked out in {}", repo.display()),
        base => format!("task {id}: {base:?}, which it started from, is no branch"),
    };
    Err(Fault::new(Kind::Usage, why).of(id).hint(format!("say where it goes: ganger merge {id} --into BRANCH")))
}

/// Where the verification of a merge is logged.
pub(super) fn log(state_dir: &Path, id: TaskId) -> PathBuf {
    state_dir.join(format!("logs/merge-{id}.log"))
}

impl Seen {
    /// Runs what must pass.
    pub fn verify(&self, engine: &Engine, folder: &Path) -> Result<(), String> {
        let log = log(&self.state_dir, self.task.id);
        // What an earlier one printed is no part of this one.
        engine.ports.files.remove(&log).map_err(|error| error.to_string())?;
        let limit = self.settings.completion.verify_timeout;
        let interrupted = || engine.is_interrupted();
        match engine.ports.shell.run(&self.verify, folder, &log, limit, &interrupted) {
            Ok(None) => Ok(()),
            Ok(Some(how)) => Err(how),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The tasks of a repository that are approved and have not been merged by [`super::merge()`], in the order of their ids: a
/// task comes after those that it was added to follow.
///
/// # Errors
/// Those of the store.
pub fn approved(engine: &Engine, repo: &Path) -> Result<Vec<TaskId>, Fault> {
    let filter = Filter { repo: Some(repo.to_owned()), statuses: vec![Status::Done], archived: false, removed: false };
    let mut approved = Vec::new();
    for task in engine.ports.store.tasks(&filter)?.tasks {
        if trees::newest(engine, task.id)?.is_some() && !is_recorded(engine, task.id)? {
            approved.push(task.id);
        }
    }
    approved.sort();
    Ok(approved)
}

/// Whether the timeline tells of a merge, and of no attempt after it.
///
/// # Errors
/// Those of the store.
pub fn is_recorded(engine: &Engine, id: TaskId) -> Result<bool, Fault> {
    let timeline = engine.ports.store.timeline(Some(id), 0, u32::MAX)?;
    let last = timeline.iter().rev().map(Record::event).find(|event| event == MERGED || event == "claimed");
    Ok(last.is_some_and(|event| event == MERGED))
}
