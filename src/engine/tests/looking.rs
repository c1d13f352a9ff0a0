//! A look at the disk that fails is "not known", never "not there".

use super::world::{Then, When, World};
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::state::{Cause, Phase, Status};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::upkeep::{Scope, reconcile};
use crate::engine::{Kind, tasks};

fn retry(task: TaskId) -> Request {
    Request { from: vec![Status::Failed, Status::Ready], resume: true, ..Request::of(task) }
}

#[test]
fn a_task_is_not_failed_for_a_program_that_could_not_be_looked_for() {
    // git first, then the agent's program.
    for (looks, said) in [(0, "looking for \"git\" on PATH"), (1, "looking for \"agent\" on PATH")] {
        let world = World::new();
        let (engine, task) = world.ready();
        world.trouble_after("disk.is_program", looks, When::Before, Then::Fail);
        let fault = dispatch(&engine, &Request::of(task)).unwrap_err();
        assert_eq!((fault.kind, fault.message), (Kind::Failed, format!("{said}: as scripted")));
        assert_eq!((world.task(task).status, world.task(task).attempts), (Status::Ready, 0));
        dispatch(&engine, &Request::of(task)).unwrap();
    }
}

#[test]
fn a_program_that_is_found_in_a_later_folder_is_found() {
    let world = World::new();
    let bin = world.root().join("bin");
    let (mut engine, task) = world.ready();
    let path = std::env::join_paths([world.root().join("broken"), bin]).unwrap();
    let mut around = (*engine.around).clone();
    around.environment.retain(|(name, _)| name != "PATH");
    around.environment.push(("PATH".into(), path));
    engine.around = std::sync::Arc::new(around);
    world.trouble("disk.is_program", When::Before, Then::Fail);
    dispatch(&engine, &Request::of(task)).unwrap();
}

#[test]
fn a_path_that_can_not_be_looked_at_is_not_given_to_a_worktree() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("disk.look", When::Before, Then::Fail);
    let fault = dispatch(&engine, &Request::of(task)).unwrap_err();
    assert_eq!(fault.kind, Kind::Failed);
    assert!(fault.message.starts_with("looking at ") && fault.message.ends_with(": as scripted"), "{fault}");
    assert_eq!((world.task(task).status, world.task(task).attempts), (Status::Ready, 0));
    dispatch(&engine, &Request::of(task)).unwrap();
}

#[test]
fn a_worktree_that_can_not_be_looked_at_is_not_called_gone() {
    let world = World::new();
    let (engine, task, first) = world.running();
    world.exit(&first.plan.id, 1, Evidence::Changed);
    // Before the claim: nothing happens.
    world.trouble_after("disk.look", 1, When::Before, Then::Fail);
    let fault = dispatch(&engine, &retry(task)).unwrap_err();
    assert_eq!(fault.kind, Kind::Failed);
    assert!(fault.message.starts_with("looking at "), "{fault}");
    assert_eq!((world.task(task).status, world.task(task).attempts), (Status::Failed, 1));
    // After it: whether it has to be set up is not known, so nothing is started, and it is handed back.
    world.trouble_after("disk.look", 2, When::Before, Then::Fail);
    dispatch(&engine, &retry(task)).unwrap_err();
    let (now, attempt) = (world.task(task), world.attempt(task));
    assert_eq!((now.status, attempt.phase), (Status::Ready, Phase::Revoked));
    assert_ne!(now.cause, Some(Cause::Setup));
    let third = dispatch(&engine, &retry(task)).unwrap();
    assert_eq!(third.plan.worktree, first.plan.worktree);
}

#[test]
fn a_screen_that_can_not_be_looked_at_keeps_its_pane() {
    let world = World::new();
    let (engine, task, first) = world.running();
    world.exit(&first.plan.id, 1, Evidence::Changed);
    std::fs::create_dir_all(&first.plan.worktree).unwrap();
    world.trouble_after("disk.look", 4, When::Before, Then::Fail);
    dispatch(&engine, &retry(task)).unwrap();
    assert_eq!((world.lock().panes.len(), world.row(&first.plan.id).cleaned), (2, false));
    reconcile(&engine, &Scope::default()).unwrap();
    assert_eq!((world.lock().panes.len(), world.row(&first.plan.id).cleaned), (1, true));
}

#[test]
fn a_repository_that_can_not_be_looked_at_may_still_have_the_lock_of_a_tree() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    world.lock().panes.clear();
    world.trouble("trees.release", When::Before, Then::Fail);
    world.trouble("disk.look", When::Before, Then::Fail);
    tasks::archive(&engine, task, false).unwrap();
    assert!(!world.row(&attempt.plan.id).cleaned);
    std::fs::remove_dir(world.repo()).unwrap();
    world.trouble("trees.release", When::Before, Then::Fail);
    reconcile(&engine, &Scope::default()).unwrap();
    assert!(world.row(&attempt.plan.id).cleaned, "without a repository there is none");
}
