//! Dispatch: what a saga does, and what is left of one that fails.

use super::world::{Shim, World};
use crate::domain::id::TaskId;
use crate::domain::state::{Phase, Status};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::{Engine, tasks};

/// An engine, and a task that is ready.
fn ready(world: &World) -> (Engine, TaskId) {
    let engine = world.engine();
    let task = tasks::add(&engine, &world.draft("Fix it")).unwrap();
    (engine, task.id)
}

#[test]
fn a_dispatch_ends_with_a_running_agent() {
    let world = World::new();
    let (engine, task) = ready(&world);
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    assert_eq!((world.task(task).status, attempt.phase), (Status::InProgress, Phase::Running));
    assert_eq!(world.agents(&attempt.plan.id).len(), 1);
    assert_eq!(world.lock().shim, Shim::Starts);
}
