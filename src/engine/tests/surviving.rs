//! What outlives a shim: its agent is ended before the task moves, everything else is noted.

use super::reconciling::{acted, assert_unsure, lost, pass};
use super::world::{Proc, Then, When, World};
use crate::domain::id::{Process, TaskId};
use crate::domain::state::Status;
use crate::engine::Engine;
use crate::ports::store::Store as _;

fn survivor(world: &World, change: impl FnOnce(&mut Proc)) -> (Engine, TaskId, Process) {
    let (engine, task, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, true);
    let agent = attempt.agent.unwrap();
    world.with(agent, change);
    (engine, task, agent)
}

#[test]
fn an_agent_that_survives_its_shim_is_ended_before_the_task_is_queued() {
    let world = World::new();
    let (engine, task, agent) = survivor(&world, |agent| agent.stopped = true);
    world.before("store.ended", move |world| assert!(!world.lives(agent)));
    assert_eq!(acted(&pass(&engine)).0, "requeue");
    let done = world.lock().done.clone();
    let signals = [format!("Continue {}", agent.pid), format!("Terminate {}", agent.pid)];
    assert_eq!(done[done.len() - 2..], signals);
    assert_eq!((world.task(task).status, world.count("Kill")), (Status::Ready, 0));
}

#[test]
fn an_agent_that_does_not_listen_is_killed_after_the_grace() {
    let world = World::new();
    let (engine, task, _) = survivor(&world, |agent| agent.stubborn = true);
    let before = world.now().boot;
    assert_eq!(acted(&pass(&engine)).0, "requeue");
    let waited = world.now().boot.since(before).as_millis();
    assert!((3_000..3_200).contains(&waited), "{waited}");
    assert_eq!((world.task(task).status, world.count("Kill")), (Status::Ready, 1));
}

#[test]
fn an_agent_that_left_its_shims_session_is_ended_too_and_so_is_what_stayed() {
    let world = World::new();
    let (engine, _, agent) = survivor(&world, |agent| (agent.session, agent.mark) = (None, None));
    let attempt = world.attempt(TaskId(1));
    let child = world.spawn("make").process;
    world.with(child, |found| {
        found.session = Some(attempt.shim.unwrap().pid);
        found.mark = Some(attempt.plan.id.clone());
    });
    assert_eq!(acted(&pass(&engine)).0, "requeue");
    assert!(!world.lives(agent) && !world.lives(child));
    assert_eq!(world.count("Terminate"), 2);
}

#[test]
fn what_a_survivor_starts_at_its_end_is_ended_too() {
    let world = World::new();
    let (engine, task, _) = survivor(&world, |_| {});
    let attempt = world.attempt(task);
    let (id, shim) = (attempt.plan.id.clone(), attempt.shim.unwrap().pid);
    world.before("processes.signal", move |world| {
        let child = world.spawn("make").process;
        world.with(child, |found| (found.session, found.mark) = (Some(shim), Some(id)));
    });
    assert_eq!(acted(&pass(&engine)).0, "requeue");
    assert_eq!(world.agents(&attempt.plan.id), []);
}

#[test]
fn an_agent_that_can_not_be_ended_keeps_its_task() {
    let world = World::new();
    let (_, _, agent) = survivor(&world, |_| {});
    world.trouble("processes.signal", When::Before, Then::Fail);
    world.trouble("processes.signal", When::Before, Then::Fail);
    assert_unsure(&world, &format!("pid {} can't be ended: as scripted", agent.pid));
    world.trouble("processes.members", When::Before, Then::Fail);
    assert_unsure(&world, "the process table can't be read: as scripted");
    world.lock().opaque.insert(agent.pid);
    assert_unsure(&world, "its agent survives its shim and can't be ended");
    assert_eq!(world.count("Kill"), 0, "it was gone by then, and nobody could tell");
}

#[test]
fn what_else_bears_the_mark_is_noted_and_left_alone() {
    let world = World::new();
    let (engine, task, attempt) = lost(&world);
    let server = world.spawn("devserver").process;
    world.with(server, |found| found.mark = Some(attempt.plan.id.clone()));
    pass(&engine);
    assert_eq!(world.attempt(task).leftovers, [format!("{} devserver", server.pid)]);
    assert!(world.lives(server));
}

#[test]
fn nothing_is_noted_where_nothing_is_left() {
    let world = World::new();
    let (engine, task, _) = lost(&world);
    pass(&engine);
    let events = world.board().timeline(Some(task), 0, 100).unwrap();
    assert!(events.iter().all(|event| !event.evidence.contains("outlive") && !event.evidence.contains("leftover")));
}
