//! Stop: when it returns the agent is gone, or it says that it could not find out.

use std::time::Duration;

use super::world::{Shim, Then, When, World};
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::state::{Cause, Phase, Status};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::report::{Speaker, Word, say};
use crate::engine::stop::{is_live, leftovers, stop};
use crate::engine::{Engine, Kind};

/// The shim and what it leads do not end by themselves.
fn deaf(world: &World, task: TaskId) {
    let shim = world.shim(&world.attempt(task).plan.id).unwrap();
    world.with(shim, |found| found.stubborn = true);
}

#[test]
fn a_running_agent_is_ended_and_its_task_failed_as_cancelled() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let now = stop(&engine, task).unwrap();
    assert_eq!((now.status, now.cause), (Status::Failed, Some(Cause::Cancelled)));
    assert_eq!(now.reason.as_deref(), Some("stopped on request"));
    assert!(world.agents(&attempt.plan.id).is_empty() && world.shim(&attempt.plan.id).is_none());
    let shim = attempt.shim.unwrap().pid;
    let signals: Vec<String> = world.lock().done[1..].to_vec();
    assert_eq!(signals, [format!("Terminate {shim}"), format!("Continue {shim}")], "once, and a stopped shim wakes up");
}

#[test]
fn a_stop_of_what_does_not_run_is_fine_and_changes_nothing() {
    let world = World::new();
    let (engine, task) = world.ready();
    assert_eq!(stop(&engine, task).unwrap().status, Status::Ready);
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    let events = world.events();
    assert_eq!(stop(&engine, task).unwrap().status, Status::Review);
    assert_eq!((world.events(), world.count("Terminate")), (events, 0));
    assert_eq!(stop(&engine, TaskId(9)).unwrap_err().kind, Kind::NoSuchTask);
}

#[test]
fn a_stopped_shim_is_ended_too() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.with(attempt.shim.unwrap(), |found| found.stopped = true);
    assert_eq!(stop(&engine, task).unwrap().status, Status::Failed);
}

#[test]
fn a_shim_that_dies_of_it_without_a_word_is_found_out() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    deaf(&world, task);
    let id = attempt.plan.id.clone();
    world.before("pause", move |world| world.kill_shim(&id, true));
    let before = world.now().boot;
    let now = stop(&engine, task).unwrap();
    assert_eq!((now.status, now.cause), (Status::Failed, Some(Cause::Cancelled)));
    assert!(world.agents(&attempt.plan.id).is_empty());
    let waited = world.now().boot.since(before).as_millis();
    assert!((200..400).contains(&waited), "{waited}");
}

#[test]
fn an_agent_that_does_not_end_is_unknown_after_the_deadline() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    deaf(&world, task);
    let before = world.now().boot;
    let fault = stop(&engine, task).unwrap_err();
    assert_eq!((fault.kind, fault.task), (Kind::Unknown, Some(task)));
    assert!(fault.message.contains("its agent has not ended within 133s"), "{fault}");
    assert_eq!(world.now().boot.since(before), Duration::from_secs(133));
    assert_eq!(world.agents(&attempt.plan.id).len(), 1);
    assert!(world.attempt(task).stop_requested);
    assert_eq!(world.count("Terminate"), 1, "it is asked once");
}

#[test]
fn a_request_outlives_the_one_who_made_it() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    deaf(&world, task);
    stop(&engine, task).unwrap_err();
    world.kill_shim(&attempt.plan.id, false);
    crate::engine::upkeep::sweep(&engine).unwrap();
    assert_eq!((world.task(task).status, world.task(task).cause), (Status::Failed, Some(Cause::Cancelled)));
}

#[test]
fn a_shim_that_can_not_be_signalled_is_said() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.trouble("processes.signal", When::Before, Then::Fail);
    let fault = stop(&engine, task).unwrap_err();
    assert!(fault.message.starts_with(&format!("signalling pid {}", attempt.shim.unwrap().pid)), "{fault}");
}

#[test]
fn a_dispatch_whose_dispatcher_is_dead_is_undone_at_once() {
    for call in ["trees.add", "store.tree-made", "mux.start"] {
        let world = World::new();
        let (engine, task) = world.ready();
        world.lock().shim = Shim::Late;
        world.trouble(call, When::After, Then::Die);
        dispatch(&engine, &Request::of(task)).unwrap_err();
        let now = stop(&world.engine(), task).unwrap();
        assert_eq!((now.status, now.cause), (Status::Failed, Some(Cause::Cancelled)), "{call}");
        assert!(world.lock().trees.is_empty() && world.lock().panes.is_empty(), "{call}");
        assert!(world.attempt(task).cleaned, "{call}");
    }
}

#[test]
fn a_dispatch_whose_dispatcher_lives_is_left_for_him_to_undo() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("trees.add", move |world| {
        stop(&world.engine(), task).unwrap();
        assert!(!world.attempt(task).cleaned, "the saga's lock is held");
    });
    dispatch(&engine, &Request::of(task)).unwrap_err();
    assert!(world.attempt(task).cleaned);
}

#[test]
fn a_shim_that_comes_while_the_stop_is_under_way_is_ended_too() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.lock().shim = Shim::Late;
    world.trouble("store.version", When::Before, Then::Die);
    dispatch(&engine, &Request::of(task)).unwrap_err();
    world.before("store.rolled-back", move |world| world.arrive(&world.attempt(task).plan.id, Shim::Starts));
    let now = stop(&world.engine(), task).unwrap();
    assert_eq!((now.status, now.cause), (Status::Failed, Some(Cause::Cancelled)));
    assert!(world.agents(&world.attempt(task).plan.id).is_empty());
}

/// A task whose shim is dead and whose lock file somebody has removed.
fn lost_lock(world: &World) -> (Engine, TaskId) {
    let (engine, task, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, false);
    world.lose_lock(&attempt.plan.id);
    (engine, task)
}

#[test]
fn a_person_who_stops_what_is_dead_without_its_lock_has_decided() {
    let world = World::new();
    let (engine, task) = lost_lock(&world);
    let now = stop(&engine, task).unwrap();
    assert_eq!((now.status, now.cause), (Status::Failed, Some(Cause::Cancelled)));
    let world = World::new();
    let (engine, task) = lost_lock(&world);
    world.inode(&world.attempt(task).plan.files.lock);
    assert_eq!(stop(&engine, task).unwrap().status, Status::Failed, "or with another file in its place");
}

#[test]
fn without_its_lock_what_may_live_is_not_given_up() {
    fn refused(change: impl Fn(&World, TaskId)) {
        let world = World::new();
        let (engine, task, attempt) = world.running();
        deaf(&world, task);
        world.lose_lock(&attempt.plan.id);
        change(&world, task);
        assert_eq!(stop(&engine, task).unwrap_err().kind, Kind::Unknown);
        assert_eq!(world.task(task).status, Status::InProgress);
    }
    refused(|_, _| {});
    // Only the agent lives.
    refused(|world, task| world.kill_shim(&world.attempt(task).plan.id, true));
    // Only the shim does.
    refused(|world, task| world.kill(world.attempt(task).agent.unwrap()));
    // The shim can't be looked at.
    refused(|world, task| {
        let attempt = world.attempt(task);
        world.kill_shim(&attempt.plan.id, false);
        world.lock().opaque.insert(attempt.shim.unwrap().pid);
    });
    // It is another machine's.
    refused(|world, task| {
        world.kill_shim(&world.attempt(task).plan.id, false);
        "other".clone_into(&mut world.lock().place.host);
    });
}

#[test]
fn a_lock_that_is_held_is_not_given_up_even_if_nobody_is_there() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, false);
    let inode = attempt.lock.unwrap().inode;
    world.lock().held.get_mut(&inode).unwrap().exclusive = true;
    assert_eq!(stop(&engine, task).unwrap_err().kind, Kind::Unknown);
    assert_eq!(world.task(task).status, Status::InProgress);
}

#[test]
fn an_agent_that_reported_done_is_ended_and_its_task_stays_in_review() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    say(&engine, &Speaker::Person { task }, &Word::Done).unwrap();
    assert!(is_live(&engine, &world.task(task)).unwrap());
    assert_eq!(stop(&engine, task).unwrap().status, Status::Review);
    assert!(world.agents(&attempt.plan.id).is_empty());
    assert_eq!(world.attempt(task).phase, Phase::Exited);
    assert!(!is_live(&engine, &world.task(task)).unwrap());
}

#[test]
fn what_outlives_an_attempt_can_be_ended_by_its_mark() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    let marked = |name| {
        let process = world.spawn(name).process;
        world.with(process, |found| found.mark = Some(attempt.plan.id.clone()));
        process
    };
    let (server, stubborn, other) = (marked("devserver"), marked("stubborn"), world.spawn("vim").process);
    world.with(stubborn, |found| found.stubborn = true);
    let me = engine.ports.processes.me();
    world.with(me, |found| found.mark = Some(attempt.plan.id.clone()));
    let before = world.now().boot;
    assert_eq!(leftovers(&engine, &world.task(task)).unwrap(), 2);
    assert!(!world.lives(server) && !world.lives(stubborn) && world.lives(other) && world.lives(me));
    assert_eq!((world.count("Terminate"), world.count("Kill")), (2, 1));
    assert!(world.now().boot.since(before) >= Duration::from_secs(3));
    assert_eq!(leftovers(&engine, &world.task(task)).unwrap(), 0);
    assert_eq!((world.count("Terminate"), world.count("Kill")), (2, 1));
}

#[test]
fn leftovers_that_end_when_asked_are_not_killed() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    let server = world.spawn("devserver").process;
    world.with(server, |found| found.mark = Some(attempt.plan.id.clone()));
    let before = world.now();
    assert_eq!(leftovers(&engine, &world.task(task)).unwrap(), 1);
    assert_eq!((world.count("Terminate"), world.count("Kill")), (1, 0));
    assert_eq!(world.now(), before, "they were gone at once");
}

#[test]
fn what_a_leftover_starts_at_its_end_is_ended_too() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    let mark = |world: &World, id| {
        let process = world.spawn("devserver").process;
        world.with(process, |found| found.mark = Some(id));
        process
    };
    let id = attempt.plan.id.clone();
    mark(&world, id.clone());
    world.before("processes.signal", move |world| {
        mark(world, id);
    });
    leftovers(&engine, &world.task(task)).unwrap();
    assert_eq!(world.agents(&attempt.plan.id), []);
}

#[test]
fn leftovers_that_can_not_be_found_or_ended_are_said() {
    let world = World::new();
    let (engine, task) = world.ready();
    assert_eq!(leftovers(&engine, &world.task(task)).unwrap(), 0, "it has no attempt");
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    world.trouble("processes.marked", When::Before, Then::Fail);
    let fault = leftovers(&engine, &world.task(task)).unwrap_err();
    assert!(fault.message.starts_with("reading the process table"), "{fault}");
    world.trouble("processes.signal", When::Before, Then::Fail);
    let fault = leftovers(&engine, &world.task(task)).unwrap_err();
    assert!(fault.message.starts_with(&format!("ending pid {}", attempt.agent.unwrap().pid)), "{fault}");
}
