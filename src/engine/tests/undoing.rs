//! Undo: the last act is taken back, and what can't be is explained.

use super::world::{Then, When, World};
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::state::{Cause, Status, TreeState};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::{Engine, Kind, review, tasks, trees, undo};

/// A task whose agent has exited with this code.
fn ended(world: &World, code: i32) -> (Engine, TaskId) {
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, code, Evidence::Changed);
    (engine, task)
}

fn undone(engine: &Engine, task: TaskId) -> String {
    let undone = undo::undo(engine, None).unwrap();
    assert_eq!(undone.task, task);
    undone.what
}

#[test]
fn each_act_has_its_reverse() {
    let world = World::new();
    let (engine, task) = ended(&world, 0);
    review::approve(&engine, task).unwrap();
    assert_eq!(undone(&engine, task), "no longer approved, in review again");
    assert_eq!(world.task(task).status, Status::Review);
    review::approve(&engine, task).unwrap();
    review::reopen(&engine, task).unwrap();
    assert_eq!(undone(&engine, task), "no longer reopened, done again");
    assert_eq!(world.task(task).status, Status::Done);
    tasks::archive(&engine, task, false).unwrap();
    assert_eq!(undone(&engine, task), "no longer archived, on the board again");
    assert!(!world.task(task).archived);
    tasks::archive(&engine, task, false).unwrap();
    tasks::unarchive(&engine, task).unwrap();
    assert_eq!(undone(&engine, task), "archived again");
    assert!(world.task(task).archived);
}

#[test]
fn a_requeue_is_taken_back_with_its_reason() {
    let world = World::new();
    let (engine, task) = ended(&world, 3);
    let reason = world.task(task).reason;
    tasks::requeue(&engine, task).unwrap();
    assert_eq!(undone(&engine, task), "no longer queued, failed again");
    let now = world.task(task);
    assert_eq!((now.status, now.cause, now.reason), (Status::Failed, Some(Cause::Exit), reason));
}

#[test]
fn a_removal_is_taken_back_with_its_tree() {
    let world = World::new();
    let (engine, task) = world.ready();
    tasks::remove(&engine, task, false, false).unwrap();
    assert_eq!(undone(&engine, task), "no longer removed, on the board again");
    assert_eq!(world.task(task).status, Status::Ready);
    let (engine, task) = ended(&world, 0);
    let parked = tasks::remove(&engine, task, false, false).unwrap().parked.pop().unwrap();
    let path = trees::newest(&engine, task).unwrap().unwrap().path;
    let said = format!("no longer removed, on the board again; its worktree is back at {}", path.display());
    assert_eq!(undone(&engine, task), said);
    assert!(path.is_dir() && !parked.exists());
    assert_eq!(trees::newest(&engine, task).unwrap().unwrap().state, TreeState::Present);
}

#[test]
fn where_there_is_nothing_to_undo_it_says_so() {
    let world = World::new();
    let (engine, task) = world.ready();
    let fault = undo::undo(&engine, None).unwrap_err();
    assert_eq!((fault.kind, fault.message.as_str()), (Kind::Conflict, "nothing to undo"));
    tasks::archive(&engine, task, false).unwrap();
    let elsewhere = std::path::Path::new("/elsewhere");
    assert_eq!(undo::undo(&engine, Some(elsewhere)).unwrap_err().message, "nothing to undo");
    undo::undo(&engine, Some(&world.repo())).unwrap();
    assert_eq!(undo::undo(&engine, None).unwrap_err().message, "nothing to undo", "an undo is no act");
}

#[test]
fn a_task_that_has_moved_on_is_left_alone() {
    let world = World::new();
    let (engine, task) = ended(&world, 3);
    tasks::requeue(&engine, task).unwrap();
    dispatch(&engine, &Request::of(task)).unwrap();
    let fault = undo::undo(&engine, None).unwrap_err();
    assert_eq!((fault.kind, fault.task, fault.hint.as_deref()), (Kind::Conflict, Some(task), Some("ganger show 1")));
    let said = "nothing to undo: the last act was task 1 requeued, but it has moved on, and is in progress now";
    assert_eq!(fault.message, said);
    assert_eq!(world.task(task).status, Status::InProgress);
}

#[test]
fn a_task_that_has_left_the_board_meanwhile_is_said_to_have() {
    let world = World::new();
    let (engine, task) = ended(&world, 3);
    tasks::requeue(&engine, task).unwrap();
    dispatch(&engine, &Request::of(task)).unwrap();
    world.before("store.task", move |world| drop(tasks::archive(&world.engine(), task, true).unwrap()));
    let fault = undo::undo(&engine, None).unwrap_err();
    assert!(fault.message.ends_with("it has moved on, and is failed and archived now"), "{fault}");
    let world = World::new();
    let (engine, task) = ended(&world, 3);
    tasks::requeue(&engine, task).unwrap();
    dispatch(&engine, &Request::of(task)).unwrap();
    world.before("store.task", move |world| drop(tasks::remove(&world.engine(), task, true, false).unwrap()));
    assert!(undo::undo(&engine, None).unwrap_err().message.ends_with("but it has been removed since"));
}

#[test]
fn an_external_id_that_another_task_has_by_now_is_in_the_way() {
    let world = World::new();
    let engine = world.engine();
    let draft = crate::domain::task::Draft { external_id: Some("ext".to_owned()), ..world.draft("x") };
    let task = tasks::add(&engine, &draft).unwrap().id;
    tasks::remove(&engine, task, false, false).unwrap();
    tasks::add(&engine, &draft).unwrap();
    let fault = undo::undo(&engine, None).unwrap_err();
    assert!(fault.message.ends_with("another task has its external id now"), "{fault}");
}

#[test]
fn an_act_that_comes_in_between_is_undone_instead() {
    let world = World::new();
    let (engine, first) = world.ready();
    let (_, second) = world.ready();
    tasks::archive(&engine, first, false).unwrap();
    world.before("store.undo", move |world| {
        let other = world.engine();
        undo::undo(&other, None).unwrap();
        tasks::archive(&other, second, false).unwrap();
    });
    assert_eq!(undone(&engine, second), "no longer archived, on the board again");
    assert!(!world.task(first).archived && !world.task(second).archived);
}

#[test]
fn a_store_that_fails_is_an_error() {
    let world = World::new();
    let engine = world.engine();
    world.trouble("store.deeds", When::Before, Then::Fail);
    let fault = undo::undo(&engine, None).unwrap_err();
    assert_eq!((fault.kind, fault.message.as_str()), (Kind::Failed, "asking the store: as scripted"));
}
