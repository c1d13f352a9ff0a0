//! Waiting: on a status, or on rest; no death goes unseen meanwhile.

use std::time::Duration;

use super::world::{Then, When, World};
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::domain::time::BootTime;
use crate::engine::Kind;
use crate::engine::wait::wait;
use crate::engine::{review, tasks};

const PATIENCE: Duration = Duration::from_mins(1);

type Act = Box<dyn FnOnce(&World) + Send>;

/// Does something after so many seconds of waiting.
fn after(world: &World, seconds: u64, act: impl FnOnce(&World) + Send + 'static) {
    at(world, world.now().boot, Duration::from_secs(seconds), Box::new(act));
}

fn at(world: &World, since: BootTime, wait: Duration, act: Act) {
    world.before("pause", move |world| {
        if world.now().boot.since(since) >= wait {
            return act(world);
        }
        at(world, since, wait, act);
    });
}

#[test]
fn what_rests_already_is_not_waited_for() {
    let world = World::new();
    let (engine, task) = world.ready();
    let before = world.now();
    assert_eq!(wait(&engine, task, None, PATIENCE).unwrap().status, Status::Ready);
    assert_eq!(wait(&engine, task, Some(Status::Ready), PATIENCE).unwrap().status, Status::Ready);
    assert_eq!(world.now(), before);
    assert_eq!(wait(&engine, TaskId(9), None, PATIENCE).unwrap_err().kind, Kind::NoSuchTask);
}

#[test]
fn an_end_is_seen() {
    for (code, status) in [(0, Status::Review), (1, Status::Failed)] {
        let world = World::new();
        let (engine, task, attempt) = world.running();
        after(&world, 3, move |world| world.exit(&attempt.plan.id, code, Evidence::Changed));
        let before = world.now().boot;
        assert_eq!(wait(&engine, task, None, PATIENCE).unwrap().status, status);
        assert_eq!(world.now().boot.since(before).as_secs(), 3);
    }
}

#[test]
fn a_death_is_found_out_within_a_second_and_the_requeue_waited_for() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    after(&world, 3, move |world| world.kill_shim(&attempt.plan.id, false));
    let before = world.now().boot;
    let now = wait(&engine, task, None, PATIENCE).unwrap();
    assert_eq!((now.status, now.orphans), (Status::Ready, 1));
    let waited = world.now().boot.since(before).as_millis();
    assert!((8_000..10_200).contains(&waited), "{waited}");
}

#[test]
fn a_status_that_can_not_come_any_more_is_said() {
    for (code, wanted, status) in [
        (1, Status::Review, Status::Failed),
        (1, Status::Done, Status::Failed),
        (0, Status::Failed, Status::Review),
        (0, Status::Ready, Status::Review),
    ] {
        let world = World::new();
        let (engine, task, attempt) = world.running();
        world.exit(&attempt.plan.id, code, Evidence::Changed);
        let reason = world.task(task).reason.unwrap();
        let fault = wait(&engine, task, Some(wanted), PATIENCE).unwrap_err();
        assert_eq!((fault.kind, fault.task), (Kind::OtherStatus, Some(task)));
        assert_eq!(fault.message, format!("task 1 is {}, not {}: {reason}", status.said(), wanted.said()));
    }
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    review::approve(&engine, task).unwrap();
    assert_eq!(wait(&engine, task, Some(Status::Review), PATIENCE).unwrap_err().kind, Kind::OtherStatus);
}

#[test]
fn a_status_that_may_come_is_waited_for() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    after(&world, 2, move |world| drop(review::approve(&world.engine(), task).unwrap()));
    assert_eq!(wait(&engine, task, Some(Status::Done), PATIENCE).unwrap().status, Status::Done);
    let (engine, task) = world.ready();
    let fault = wait(&engine, task, Some(Status::Review), PATIENCE).unwrap_err();
    assert_eq!(fault.kind, Kind::TimedOut, "somebody may yet dispatch it");
}

#[test]
fn patience_has_an_end() {
    let world = World::new();
    let (engine, task, _) = world.running();
    let before = world.now().boot;
    let fault = wait(&engine, task, None, PATIENCE).unwrap_err();
    assert_eq!((fault.kind, fault.task), (Kind::TimedOut, Some(task)));
    assert_eq!(fault.message, "task 1 did not reach that status within 60s");
    assert_eq!(world.now().boot.since(before), PATIENCE);
}

#[test]
fn while_nothing_is_written_the_task_is_read_once_a_second() {
    let world = World::new();
    let (engine, task, _) = world.running();
    let read = || world.lock().troubles.get("store.task").map_or(0, std::collections::VecDeque::len);
    world.trouble_after("store.task", 1000, When::Before, Then::Fail);
    let before = read();
    wait(&engine, task, None, Duration::from_secs(10)).unwrap_err();
    // Once at first, and twice with each sweep.
    assert!((19..=21).contains(&(before - read())), "{}", before - read());
}

#[test]
fn an_interrupted_wait_ends() {
    let world = World::new();
    let (engine, task, _) = world.running();
    let interrupted = engine.interrupted.clone();
    after(&world, 2, move |_| interrupted.store(true, std::sync::atomic::Ordering::Relaxed));
    let fault = wait(&engine, task, None, PATIENCE).unwrap_err();
    assert_eq!((fault.kind, fault.message.as_str()), (Kind::Failed, "interrupted"));
}

#[test]
fn a_task_that_is_removed_meanwhile_is_said() {
    let world = World::new();
    let (engine, task, _) = world.running();
    after(&world, 2, move |world| drop(tasks::remove(&world.engine(), task, true, false).unwrap()));
    assert_eq!(wait(&engine, task, None, PATIENCE).unwrap_err().kind, Kind::NoSuchTask);
}
