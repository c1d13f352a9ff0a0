//! Bringing a reviewed task's work home.
//!
//! The branch's move is the one step that counts. Everything before it changes nothing of the user's, so that it can
//! fail or be killed anywhere; everything after it is found by a second call, which sees that the work is merged and
//! does the rest.

mod finish;
mod look;
mod pull;
pub mod tidy;
mod words;

use std::path::PathBuf;

use look::Seen;

use super::{Engine, Fault, Hint, Kind, Remedy, stop};
use crate::domain::id::TaskId;
use crate::domain::merge::{self, Begin, Contained, Method, Refusal, Target};
use crate::domain::state::{Status, Who};
use crate::ports::merges::{Build, Check, Moved};
use crate::ports::store::Amendment;

pub use look::{approved, is_recorded};
pub use pull::{Learnt, Opened, Wanted, bounce, browse, fetch, learn, link, open};

/// How often a merge is made anew because the branch or the work has moved meanwhile.
const ROUNDS: usize = 5;

/// A request to merge a task's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub task: TaskId,
    /// Absent: the branch that the task started from.
    pub into: Option<String>,
    /// Absent: as configured; so for the other two.
    pub method: Option<Method>,
    pub verify: Option<bool>,
    pub keep: Option<bool>,
    /// Of the commit that is made, if one is. Absent: git's own words, and the title.
    pub message: Option<String>,
    /// Commits first what is in no commit.
    pub commit_all: bool,
}

impl Request {
    /// As configured.
    #[must_use]
    pub const fn of(task: TaskId) -> Self {
        Self { task, into: None, method: None, verify: None, keep: None, message: None, commit_all: false }
    }
}

/// A merge that is to be made, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    pub task: TaskId,
    pub method: Method,
    /// What the work is called, and its last commit.
    pub called: String,
    pub work: String,
    /// The branch, where it was before.
    pub target: Target,
    /// Where it is afterwards; where it was, if there was nothing to do.
    pub to: String,
    /// Why there was nothing to do.
    pub already: Option<Contained>,
    /// How many commits of the work the branch did not have.
    pub commits: usize,
    /// What is to be committed first.
    pub uncommitted: Vec<String>,
    /// The agent's session is ended by it.
    pub ends_agent: bool,
    /// What must pass on the result.
    pub verify: Vec<String>,
    /// Worktree and branch stay.
    pub keep: bool,
    /// Where the worktree is parked.
    pub parked: Option<PathBuf>,
    /// The branch that was deleted.
    pub deleted: Option<String>,
    /// What else the user has to know.
    pub said: Vec<String>,
}

/// What a merge would do, as far as it can be known: everything is tried but hooks and verification, and nothing
/// changes. `ahead` are the previews of those that come first: their branches are taken to be where those leave them.
///
/// # Errors
/// As for [`merge()`].
pub fn preview(engine: &Engine, request: &Request, ahead: &[Merge]) -> Result<Merge, Fault> {
    let seen = look::at(engine, request, ahead)?;
    let mut merge = seen.merge();
    match merge::may_begin(&seen.before).map_err(|refusal| refused(&seen, refusal))? {
        Begin::Finish(reason) => merge.already = Some(reason),
        Begin::Commit if seen.before.contained.is_some() => {}
        Begin::Commit | Begin::Build => {
            let built = engine.ports.merges.build(&seen.build(false), None)?;
            merge.to = merge::may_move(&merge.target.branch, &built).map_err(|refusal| refused(&seen, refusal))?;
        }
    }
    Ok(merge)
}

/// Merges a task's work: then the task is done, its agent ended, and its worktree parked.
///
/// # Errors
/// [`Kind::Conflict`] where it can't be merged as it is, with nothing changed; those of git and of the store.
pub fn merge(engine: &Engine, request: &Request) -> Result<Merge, Fault> {
    for _ in 0..ROUNDS {
        if engine.is_interrupted() {
            return Err(Fault::new(Kind::Failed, "interrupted; nothing was merged").of(request.task));
        }
        let seen = match look::at(engine, request, &[]) {
            Err(fault) => return finish::finished_before(engine, request.task)?.ok_or(fault),
            Ok(seen) => seen,
        };
        match merge::may_begin(&seen.before).map_err(|refusal| refused(&seen, refusal))? {
            Begin::Commit => commit(engine, &seen)?,
            Begin::Finish(reason) => {
                return finish::finish(engine, &seen, Merge { already: Some(reason), ..seen.merge() });
            }
            Begin::Build => {
                if let Some(to) = bring(engine, request, &seen)? {
                    return finish::finish(engine, &seen, Merge { to, ..seen.merge() });
                }
            }
        }
    }
    let why = format!("task {}: the branch or the work kept moving; nothing was merged", request.task);
    Err(Fault::new(Kind::Conflict, why).of(request.task).hint("try again"))
}

/// Builds the merge and moves the branch to it; where that is now, or `None` where something has moved meanwhile.
fn bring(engine: &Engine, request: &Request, seen: &Seen) -> Result<Option<String>, Fault> {
    let mut run = |folder: &std::path::Path| seen.verify(engine, folder);
    let check: Option<Check<'_>> = if seen.verify.is_empty() { None } else { Some(&mut run) };
    let built = engine.ports.merges.build(&seen.build(true), check)?;
    let branch = &seen.before.target.branch;
    let to = merge::may_move(branch, &built).map_err(|refusal| refused(seen, refusal))?;
    end_agent(engine, seen)?;
    // The last look: what an agent, or the user, did while it was built is no part of it.
    let now = look::at(engine, request, &[])?;
    if now.before != seen.before || now.work != seen.work {
        return Ok(None);
    }
    let why = format!("merge {}", seen.called);
    match engine.ports.merges.advance(&seen.task.draft.repo, &seen.before.target, &to, &why)? {
        Moved::Yes => {
            let (into, from) = (branch.clone(), seen.before.target.tip.clone());
            let merged = Amendment::Merged { task: seen.task.id, into, from, to: to.clone(), method: seen.method };
            // It is merged, whether that can be written down or not.
            engine.ports.store.amend(&merged, &engine.stamp(Who::Person)).ok();
            Ok(Some(to))
        }
        Moved::Elsewhere => Ok(None),
        Moved::InTheWay(files) => Err(refused(seen, Refusal::InTheWay { branch: branch.clone(), files })),
        Moved::No(why) => {
            let why = format!("task {}: {branch} can't be moved: {why}", seen.task.id);
            Err(Fault::new(Kind::Failed, why)
                .of(seen.task.id)
                .hint("put that right and try again; nothing was changed"))
        }
    }
}

/// Commits what is in no commit, once nobody writes there any more.
fn commit(engine: &Engine, seen: &Seen) -> Result<(), Fault> {
    let Some(path) = &seen.path else { return Ok(()) };
    end_agent(engine, seen)?;
    let message = format!("{}\n\nTask {}", seen.task.draft.title, seen.task.id);
    Ok(engine.ports.merges.commit_all(&seen.task.draft.repo, path, &message)?)
}

fn end_agent(engine: &Engine, seen: &Seen) -> Result<(), Fault> {
    if seen.live { stop::stop(engine, seen.task.id).map(drop) } else { Ok(()) }
}

impl Seen {
    fn build(&self, hooks: bool) -> Build<'_> {
        Build {
            repo: &self.task.draft.repo,
            target: &self.before.target,
            work: &self.work,
            since: self.since.as_deref(),
            method: self.method,
            message: &self.message,
            hooks,
        }
    }

    fn merge(&self) -> Merge {
        Merge {
            task: self.task.id,
            method: self.method,
            called: self.called.clone(),
            work: self.work.clone(),
            target: self.before.target.clone(),
            to: self.before.target.tip.clone(),
            already: None,
            commits: self.commits,
            uncommitted: self.before.uncommitted.clone().unwrap_or_default(),
            ends_agent: self.live,
            verify: self.verify.clone(),
            keep: self.keep,
            parked: None,
            deleted: None,
            said: Vec::new(),
        }
    }
}

/// A refusal, with what to do about it.
fn refused(seen: &Seen, refusal: Refusal) -> Fault {
    let id = seen.task.id;
    let kind = if matches!(refusal, Refusal::CannotLook(_)) { Kind::Unknown } else { Kind::Conflict };
    let fault = Fault::new(kind, format!("task {id}: {refusal}")).of(id);
    let hint: Hint = match refusal {
        Refusal::NotReviewed(status) => return not_reviewed(fault, id, status),
        Refusal::CannotLook(_) => Remedy::Show(id).into(),
        Refusal::Uncommitted(_) => format!(
            "ganger merge {id} --commit-all, or commit it there: cd \"$(ganger path {id})\", or send it back: ganger bounce {id} --note TEXT"
        )
        .into(),
        Refusal::Busy { .. } => "finish that, or check out another branch there".into(),
        Refusal::Several { .. } => "check out another branch in all but one of them".into(),
        Refusal::Conflicts { branch, files } => {
            let note = merge::rebase_note(&branch, &seen.before.target.tip, &files);
            let command = format!("ganger bounce {id} --note '{}'", note.replace('\'', "'\\''"));
            let fault = Fault { note: Some(note), ..fault };
            return fault.hint(Hint::saying(command, Remedy::Bounce(id)));
        }
        Refusal::Diverged { .. } => format!("ganger merge {id} --rebase, or --merge").into(),
        Refusal::InTheWay { .. } => "commit or stash them, or move them away".into(),
        Refusal::Hook { .. } => format!("do what it asks for, then: ganger merge {id}").into(),
        Refusal::Unverified(_) => {
            let log = look::log(&seen.state_dir, id);
            Hint::saying(format!("see {}; to send it back: {}", log.display(), Remedy::Bounce(id)), Remedy::Bounce(id))
        }
    };
    fault.hint(hint)
}

fn not_reviewed(fault: Fault, id: TaskId, status: Status) -> Fault {
    fault.hint(match status {
        Status::Ready => Remedy::Dispatch(id),
        Status::Failed => Remedy::Retry(id),
        Status::InProgress | Status::Review | Status::Done => Remedy::Show(id),
    })
}
