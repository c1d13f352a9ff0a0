//! The worktree step: made, taken over, or made again; and taken back where no agent ever ran in it.

use std::ffi::OsStr;

use super::files;
use super::saga::Saga;
use crate::domain::attempt::{Attempt, Plan};
use crate::domain::lifecycle::Event;
use crate::domain::naming;
use crate::domain::saga::{Failure, Remains, StepName};
use crate::domain::state::{Cause, TreeState, Who};
use crate::engine::{Engine, Fault, Kind, trees};
use crate::ports::host::Found;
use crate::ports::store::Amendment;
use crate::ports::worktrees::{Intact, NewTree, TreeError};

/// Makes the tree, or takes over an earlier attempt's.
pub(super) fn make(saga: &mut Saga<'_>) -> Result<(), Failure> {
    if saga.plan.adopts.is_some() {
        return adopt(saga);
    }
    let mut made = add(saga);
    if let Err(TreeError::Taken(_)) = made {
        let names =
            naming::names(&saga.settings.worktrees, &saga.task, &format!("-{}", saga.engine.ports.clock.suffix()));
        let session = saga.plan.session.clone();
        let branch = if is_given(saga) { saga.plan.branch.clone() } else { names.branch };
        let renamed = saga
            .rename(branch, names.worktree, session)
            .map_err(|fault| Failure::new(StepName::Worktree, Cause::Worktree, false, fault.message))?;
        if renamed {
            // The orders name the worktree.
            files::write(saga)?;
            made = add(saga);
        }
    }
    match made {
        Ok(()) => {
            hold(saga);
            saga.advance(StepName::Worktree, &Event::TreeMade)
        }
        Err(error) => {
            let lasting = matches!(error, TreeError::Impossible(_));
            Err(Failure::new(StepName::Worktree, Cause::Worktree, lasting, error.to_string()))
        }
    }
}

/// The claim has made this attempt the tree's owner; an earlier one's clean-up may have been at it just then.
fn adopt(saga: &Saga<'_>) -> Result<(), Failure> {
    let (engine, plan) = (saga.engine, &saga.plan);
    let adopted = engine.ports.trees.adopt(&plan.repo, &plan.worktree);
    let lasting = matches!(adopted, Err(TreeError::Impossible(_)));
    let why = match adopted {
        Ok(Intact::Yes) => {
            hold(saga);
            return saga.advance(StepName::Worktree, &Event::TreeMade);
        }
        Ok(Intact::No(why)) => match trees::make_again(engine, plan) {
            Ok(true) => {
                hold(saga);
                return saga.advance(StepName::Worktree, &Event::TreeMade);
            }
            // Who moved or removed it was not its owner any more, and could not say so.
            Ok(false) => found_instead(engine, plan).unwrap_or(why),
            Err(error) => format!("{why}; {error}"),
        },
        Err(error) => error.to_string(),
    };
    Err(Failure::new(StepName::Worktree, Cause::Worktree, lasting, why))
}

/// Locks the tree for as long as its attempt lives. A dispatch does not fail for that: what is lost without the lock is
/// a guard against others, and they would be told on.
fn hold(saga: &Saga<'_>) {
    saga.engine.ports.trees.hold(&saga.plan).ok();
}

/// What became of a tree that is not where its owner expects it. Its record says so from now on.
fn found_instead(engine: &Engine, plan: &Plan) -> Option<String> {
    let all = engine.ports.store.all_trees(Some(plan.task)).ok()?;
    let tree = all.into_iter().find(|tree| tree.path == plan.worktree && tree.owner == plan.id)?;
    trees::settle(engine, &tree, false).ok()?.found.trouble(&tree.path)
}

/// Whether its branch was there before.
fn is_given(saga: &Saga<'_>) -> bool {
    saga.task.draft.branch.as_ref() == Some(&saga.plan.branch)
}

fn add(saga: &Saga<'_>) -> Result<(), TreeError> {
    let plan = &saga.plan;
    let mut earlier = Vec::new();
    if is_given(saga) {
        let known = saga.engine.ports.store.trees(plan.task);
        let known = known
            .map_err(|error| TreeError::Failed { doing: "read the worktrees".to_owned(), why: error.to_string() })?;
        earlier.extend(known.into_iter().filter(|tree| tree.path != plan.worktree).map(|tree| tree.path));
    }
    let tree = NewTree {
        repo: &plan.repo,
        path: &plan.worktree,
        branch: &plan.branch,
        given: is_given(saga).then_some(&earlier),
        base: &plan.base,
    };
    saga.engine.ports.trees.add(&tree, &|| trees::still_wanted(saga.engine, &plan.id))
}

/// Undoes the worktree step: the tree and branch that the attempt owns, if nobody ever ran there.
///
/// # Errors
/// Where git is busy or fails: another pass will do it.
pub(super) fn unmake(engine: &Engine, attempt: &Attempt) -> Result<Remains, Fault> {
    let owned = engine.ports.store.trees(attempt.plan.task)?.into_iter().find(|tree| {
        tree.owner == attempt.plan.id && matches!(tree.state, TreeState::Planned | TreeState::Present) && !tree.ran
    });
    let Some(tree) = owned else {
        engine.ports.trees.release(&attempt.plan)?;
        return Ok(Remains::Nothing);
    };
    // A shim that came too late stands there until it has seen that it did, and is gone.
    let ours = |found: &Found| Some(OsStr::new(&found.name)) == engine.around.program.file_name();
    if let Some(found) = trees::left_in(engine, &tree.path, ours).unwrap_or_default().first() {
        return Err(trees::works_in(found, &tree.path));
    }
    engine.ports.trees.release(&attempt.plan)?;
    let remains = match engine.ports.trees.remove(&tree, &|| trees::owns(engine, &tree)) {
        Err(TreeError::Revoked) if trees::is_owner(engine, &tree)? => {
            return Err(Fault::new(Kind::Failed, "whose it is could not be told just then").of(tree.task));
        }
        // It has another owner, whose it is to make or unmake.
        Err(TreeError::Revoked) => return Ok(Remains::Nothing),
        remains => remains?,
    };
    if remains == Remains::Nothing {
        let gone = Amendment::TreeGone { path: tree.path.clone(), owner: tree.owner.clone() };
        engine.ports.store.amend(&gone, &engine.stamp(Who::Reconciler))?;
    }
    Ok(remains)
}
