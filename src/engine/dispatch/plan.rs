//! The plan of a dispatch: every name that an effect can create, fixed before the claim.

use super::feedback;
use super::preflight::Cleared;
use crate::domain::attempt::{Brief, Files, PORTS, Plan, Tree};
use crate::domain::id::AttemptId;
use crate::domain::naming::{self, Names, flat};
use crate::domain::profile::Profile;
use crate::domain::settings::Settings;
use crate::domain::task::Task;
use crate::domain::tree::Whereabouts;
use crate::engine::{Engine, Fault, Hint, Kind, Remedy, trees};
use crate::ports::store::Which;
use crate::ports::worktrees::Name;

/// Makes the plan of a task's next attempt. `fresh` declines the tree of an earlier one.
///
/// # Errors
/// A conflict, when somebody works in the tree that would be taken over; and those of git.
pub fn plan(engine: &Engine, task: &Task, agent: &str, cleared: &Cleared, fresh: bool) -> Result<Plan, Fault> {
    let id = engine.ports.clock.attempt_id();
    let number = task.attempts + 1;
    let adopted = if fresh { None } else { adoptable(engine, task)? };
    let fresh_trees = engine.ports.store.trees(task.id)?.len();
    let names = free_names(engine, task, cleared, number, fresh_trees)?;
    let session = names.session;
    let (branch, worktree, base, adopts) = match adopted {
        Some(tree) => (tree.branch, tree.path, tree.base, Some(tree.owner)),
        None => (names.branch, names.worktree, cleared.base.clone(), None),
    };
    Ok(Plan {
        files: Files::of(&engine.around.state_dir, &id),
        task: task.id,
        number,
        repo: task.draft.repo.clone(),
        agent: agent.to_owned(),
        base,
        branch,
        worktree,
        socket: engine.around.socket.clone(),
        session,
        brief: brief(engine, &cleared.settings, task, &cleared.profile),
        token: engine.ports.clock.token(),
        may: engine.settings.permissions.agents.clone(),
        port: free_port(engine, adopts.as_ref())?,
        adopts,
        id,
    })
}

fn brief(engine: &Engine, settings: &Settings, task: &Task, profile: &Profile) -> Brief {
    let verify = settings.completion.verify.iter().chain(&task.draft.verify).cloned().collect();
    let timeout = task.draft.timeout.or(settings.queue.timeout);
    Brief { title: task.draft.title.clone(), prompt: feedback::prompt(engine, task, profile), verify, timeout }
}

/// Where the ports of attempts begin, and where they end.
const FIRST_PORT: u16 = 20_000;
const LAST_PORT: u16 = 30_000;

/// The first of a range of ports that no living attempt has and nobody listens on: the one that an earlier attempt in the
/// same tree had, if it can be. `None` where all are taken.
fn free_port(engine: &Engine, adopts: Option<&AttemptId>) -> Result<Option<u16>, Fault> {
    let live = engine.ports.store.attempts(&Which::Live)?;
    let earlier = adopts.map(|id| engine.ports.store.attempt(id)).transpose()?.flatten();
    let mut candidates = earlier
        .and_then(|earlier| earlier.plan.port)
        .into_iter()
        .chain((FIRST_PORT..LAST_PORT).step_by(usize::from(PORTS)));
    Ok(candidates.find(|port| {
        !live.iter().any(|attempt| attempt.plan.port == Some(*port))
            && engine.ports.processes.ports_are_free(*port, PORTS)
    }))
}

/// The newest tree of the task, to go on in: a worktree that nobody stands in. `None` where no agent has left anything.
fn adoptable(engine: &Engine, task: &Task) -> Result<Option<Tree>, Fault> {
    let Some(tree) = trees::current(engine, task.id)? else { return Ok(None) };
    match trees::whereabouts(engine, &tree)? {
        Whereabouts::InPlace(_) => {
            nobody_in(engine, &tree)?;
            Ok(Some(tree))
        }
        _ if !tree.ran => Ok(None),
        // Whoever took its removal back was told that the tree stays there.
        Whereabouts::Parked(_) if was_undeleted(engine, &tree)? => Ok(None),
        // It is made again from that, in the worktree step.
        Whereabouts::Absent { held_by: Some(_) } => {
            nobody_in(engine, &tree)?;
            Ok(Some(tree))
        }
        found => Err(trees::not_there(&tree, &found)),
    }
}

/// Whether the task was removed with this tree in the trash, and put back on the board.
fn was_undeleted(engine: &Engine, tree: &Tree) -> Result<bool, Fault> {
    let timeline = engine.ports.store.timeline(Some(tree.task), 0, u32::MAX)?;
    let last = |event: &str| timeline.iter().rposition(|record| record.event() == event);
    Ok(last("undeleted") > last("worktree parked"))
}

/// Refuses a tree that a living process stands in.
fn nobody_in(engine: &Engine, tree: &Tree) -> Result<(), Fault> {
    let fresh = Remedy::RetryFresh(tree.task);
    let first = |ends: Option<String>| ends.unwrap_or_else(|| "end it".to_owned());
    trees::nobody_in(engine, tree, &|ends| Hint::saying(format!("{}, or: {fresh}", first(ends)), fresh))
}

/// The first names that nobody has: plain, with the attempt's number, then with random suffixes.
fn free_names(
    engine: &Engine,
    task: &Task,
    cleared: &Cleared,
    number: u32,
    earlier_trees: usize,
) -> Result<Names, Fault> {
    let worktrees = &cleared.settings.worktrees;
    let number = if number > 1 { format!("-{number}") } else { String::new() };
    let plain = if earlier_trees > 0 { number.clone() } else { String::new() };
    let mut names = naming::names(worktrees, task, &plain);
    names.session = naming::names(worktrees, task, &number).session;
    for _ in 0..16 {
        if let Some(given) = &task.draft.branch {
            names.branch.clone_from(given);
        }
        let branch = match engine.ports.trees.branch(&task.draft.repo, &names.branch)? {
            _ if task.draft.branch.is_some() => true,
            Name::Free => true,
            Name::Taken => false,
            Name::Clashes => {
                let branch = flat(&names.branch);
                let free = engine.ports.trees.branch(&task.draft.repo, &branch)? == Name::Free;
                names.branch = branch;
                free
            }
        };
        let path = engine.look(&names.worktree)?.is_none();
        let session = !cleared.server.sessions.contains(&names.session);
        if branch && path && session {
            return Ok(names);
        }
        let other = naming::names(worktrees, task, &format!("{number}-{}", engine.ports.clock.suffix()));
        if !branch || !path {
            names.branch = other.branch;
            names.worktree = other.worktree;
        }
        if !session {
            names.session = other.session;
        }
    }
    Err(Fault::new(Kind::Conflict, "no free name for branch, worktree and session").of(task.id))
}
