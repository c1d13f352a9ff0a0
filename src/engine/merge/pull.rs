//! Pull requests: the work is pushed, and what becomes of it on its forge is learnt.

use std::path::Path;
use std::time::Duration;

use super::{Request, commit, look};
use crate::domain::id::TaskId;
use crate::domain::pull::{Fed, Linked, Pull, ReviewState, Verdict};
use crate::domain::state::{Status, Who};
use crate::domain::task::Task;
use crate::domain::text;
use crate::engine::review::{self, Bounced};
use crate::engine::{Engine, Fault, Kind, Remedy};
use crate::ports::forge::{Fetched, ForgeError, New};
use crate::ports::store::{Amendment, Filter};

/// How often one pull request is asked about, at most.
const OFTEN: Duration = Duration::from_mins(1);
/// How many commits are listed in a description.
const LISTED: usize = 50;

/// A request for a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub task: TaskId,
    pub is_draft: bool,
    /// Absent: the branch that the task started from.
    pub base: Option<String>,
    /// Commits first what is in no commit.
    pub commit_all: bool,
}

/// A pull request that has the task's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub task: TaskId,
    pub pull: Linked,
    pub remote: String,
    /// There was none before.
    pub is_new: bool,
}

/// What was learnt of a task's pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learnt {
    pub task: TaskId,
    pub pull: Linked,
    /// It was merged, and so the task is done.
    pub is_done: bool,
    /// Its agent was sent back by itself with what it still needs.
    pub is_bounced: bool,
}

/// Pushes a task's work, and opens a pull request of it, unless there is one already.
///
/// # Errors
/// [`Kind::Conflict`] where the work is not ready for that; those of git, of the forge and of the store.
pub fn open(engine: &Engine, wanted: &Wanted) -> Result<Opened, Fault> {
    let request = Request { into: wanted.base.clone(), ..Request::of(wanted.task) };
    let mut seen = look::at(engine, &request, &[])?;
    let id = wanted.task;
    let uncommitted = |files: &Result<Vec<String>, String>| match files {
        Ok(files) => Ok(files.clone()),
        Err(why) => Err(Fault::new(Kind::Unknown, format!("task {id}: its worktree can't be looked at: {why}")).of(id)),
    };
    if !uncommitted(&seen.before.uncommitted)?.is_empty() && wanted.commit_all {
        commit(engine, &seen)?;
        seen = look::at(engine, &request, &[])?;
    }
    let left = uncommitted(&seen.before.uncommitted)?;
    if let Some(first) = left.first() {
        let more = if left.len() > 1 { format!(" and {} more", left.len() - 1) } else { String::new() };
        let why = format!("task {id}: not committed, so it would not be in the pull request: {first}{more}");
        return Err(Fault::new(Kind::Conflict, why).of(id).hint(format!("ganger pr {id} --commit-all")));
    }
    let (repo, base) = (&seen.task.draft.repo, &seen.before.target.branch);
    if seen.commits == 0 {
        let why = format!("task {id}: {} has nothing that {base} does not have", seen.called);
        return Err(Fault::new(Kind::Conflict, why).of(id).hint(Remedy::Show(id)));
    }
    let forge = &engine.ports.forge;
    let failed = |error: ForgeError| fault(error).of(id);
    let pushed = forge.push(repo, &seen.work, &seen.called).map_err(failed)?;
    let there = forge.find(repo, &pushed).map_err(failed)?;
    let is_new = there.is_none();
    let pull = if let Some(pull) = there {
        pull
    } else {
        let body = body(engine, &seen.task, &seen.work, &seen.before.target.tip);
        let title = text::line(&seen.task.draft.title);
        let new = New { pushed: &pushed, base, title: &title, body: &body, is_draft: wanted.is_draft };
        forge.open(repo, &new).map_err(failed)?
    };
    let pull = link(engine, &seen.task, &pull)?;
    Ok(Opened { task: id, pull, remote: pushed.remote, is_new })
}

/// What the pull request says of itself: the prompt, and what was committed.
fn body(engine: &Engine, task: &Task, work: &str, base: &str) -> String {
    let prompt = text::plain(task.draft.prompt.trim());
    // What was committed is on the forge as well.
    let commits = engine.ports.trees.commits(&task.draft.repo, work, base).unwrap_or_default();
    let listed: String =
        commits.iter().rev().take(LISTED).fold(String::new(), |list, commit| list + "- " + commit + "\n");
    let parts = [prompt, listed.trim_end().to_owned(), format!("Task {} of ganger.", task.id)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n") + "\n"
}

/// Fetches a pull request's branch.
///
/// # Errors
/// Those of git and of the forge.
pub fn fetch(engine: &Engine, repo: &Path, number: i64) -> Result<Fetched, Fault> {
    engine.ports.forge.fetch(repo, number).map_err(fault)
}

/// Makes a pull request that of a task.
///
/// # Errors
/// Those of the store.
pub fn link(engine: &Engine, task: &Task, pull: &Pull) -> Result<Linked, Fault> {
    let pull = Linked::after(task.pull.as_ref(), pull, task.status, engine.ports.clock.now().wall);
    engine.ports.store.amend(&Amendment::Pull { task: task.id, pull: pull.clone() }, &engine.stamp(Who::Person))?;
    Ok(pull)
}

/// Sends a task back with what its pull request still needs, as far as that is new.
///
/// # Errors
/// [`Kind::Conflict`] where it has no pull request, or nothing is new; those of the forge and of [`review::bounce`].
pub fn bounce(engine: &Engine, id: TaskId, note: Option<&str>) -> Result<Bounced, Fault> {
    let task = engine.task(id)?;
    let Some(pull) = &task.pull else { return Err(has_none(id)) };
    let wishes = engine.ports.forge.wishes(&task.draft.repo, pull.number).map_err(|error| fault(error).of(id))?;
    let Some((text, fed)) = wishes.feedback(pull.number, &pull.url, &pull.fed) else {
        let why = format!(
            "task {id}: pull request {} has no failed check and no remark that its agent does not know of",
            pull.number
        );
        return Err(Fault::new(Kind::Conflict, why).of(id).hint(format!("ganger pr {id} --web")));
    };
    let said = note.map(|note| format!("{}\n\n", note.trim())).unwrap_or_default() + &text::plain(&text);
    let bounced = review::bounce(engine, id, &said)?;
    engine.ports.store.amend(&Amendment::Fed { task: id, fed }, &engine.stamp(Who::Person))?;
    Ok(bounced)
}

fn has_none(id: TaskId) -> Fault {
    Fault::new(Kind::Conflict, format!("task {id} has no pull request")).of(id).hint(format!("ganger pr {id}"))
}

/// The same by itself, where the settings say so and not too often: whether it was sent back. What nobody has read is
/// only handed on where it comes from those who may write to the repository.
fn bounce_by_itself(engine: &Engine, task: &Task, seen: &Pull, pull: &Linked) -> Result<bool, Fault> {
    let asks = seen.verdict == Some(Verdict::ChangesRequested) || (seen.checks.failed > 0 && seen.checks.pending == 0);
    let is_due = task.status == Status::Review && pull.is_open() && asks;
    if !is_due || pull.fed.times >= engine.settings.forge.auto_bounce {
        return Ok(false);
    }
    let wishes = engine.ports.forge.wishes(&task.draft.repo, pull.number).map_err(|error| fault(error).of(task.id))?;
    let Some((text, fed)) = wishes.of_insiders().feedback(pull.number, &pull.url, &pull.fed) else { return Ok(false) };
    review::bounce(engine, task.id, &text::plain(&text))?;
    let fed = Fed { times: fed.times + 1, ..fed };
    engine.ports.store.amend(&Amendment::Fed { task: task.id, fed }, &engine.stamp(Who::Reconciler))?;
    Ok(true)
}

/// Shows a task's pull request in the user's browser.
///
/// # Errors
/// [`Kind::Conflict`] where there is none; those of the forge.
pub fn browse(engine: &Engine, task: &Task) -> Result<(), Fault> {
    let Some(pull) = &task.pull else { return Err(has_none(task.id)) };
    engine.ports.forge.browse(&task.draft.repo, pull.number).map_err(|error| fault(error).of(task.id))
}

/// Asks about every pull request that can have changed and was not asked about a moment ago. Who merged one there has
/// approved its task. What could not be asked is said last; nothing changes by it.
///
/// # Errors
/// Those of the store.
pub fn learn(engine: &Engine, repo: Option<&Path>) -> Result<(Vec<Learnt>, Option<Fault>), Fault> {
    let filter = Filter { repo: repo.map(Path::to_owned), ..Filter::default() };
    let (mut learnt, mut failed) = (Vec::new(), None);
    for task in engine.ports.store.tasks(&filter)?.tasks {
        let Some(before) = task.pull.as_ref().filter(|pull| pull.is_open() && task.status != Status::Ready) else {
            continue;
        };
        let now = engine.ports.clock.now().wall;
        if engine.is_interrupted() || now.since(before.asked_at) < OFTEN {
            continue;
        }
        let seen = match engine.ports.forge.look(&task.draft.repo, before.number) {
            Ok(pull) => pull,
            // What stands in the way of one stands in the way of all.
            Err(error) => return Ok((learnt, Some(fault(error).of(task.id)))),
        };
        let pull = Linked::after(Some(before), &seen, task.status, now);
        let is_news = pull.is_news(Some(before));
        engine
            .ports
            .store
            .amend(&Amendment::Pull { task: task.id, pull: pull.clone() }, &engine.stamp(Who::Reconciler))?;
        let is_done = pull.state == ReviewState::Merged && task.status == Status::Review;
        if is_done {
            review::approve(engine, task.id)?;
        }
        // One that could not be sent back stays in review; that is no reason not to ask about the others.
        let is_bounced = bounce_by_itself(engine, &task, &seen, &pull).unwrap_or_else(|fault| {
            failed = Some(fault);
            false
        });
        if is_news || is_bounced {
            learnt.push(Learnt { task: task.id, pull, is_done, is_bounced });
        }
    }
    Ok((learnt, failed))
}

fn fault(error: ForgeError) -> Fault {
    let said = error.to_string();
    match error {
        ForgeError::Missing { program } if program == "gh" => {
            Fault::new(Kind::Failed, said).hint("install it from cli.github.com, then: gh auth login")
        }
        ForgeError::Missing { program } => Fault::new(Kind::Failed, said).hint(format!("install {program}")),
        ForgeError::LoggedOut { .. } => Fault::new(Kind::Failed, said).hint("gh auth login"),
        ForgeError::Limited(_) => Fault::new(Kind::Failed, said).hint("try again later"),
        ForgeError::Deadline { .. } | ForgeError::Refused { .. } => Fault::new(Kind::Failed, said),
    }
}
