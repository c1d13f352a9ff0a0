//! Who gives a command: by descent, then by the environment, and only where this board knows the attempt.

use std::sync::Arc;

use super::world::World;
use crate::domain::id::{AttemptId, Process};
use crate::domain::permission::{Caller, Known, Verb};
use crate::domain::state::Who;
use crate::engine::permission::{Named, caller, check};
use crate::engine::{Engine, Kind};

fn other() -> AttemptId {
    AttemptId::parse("01980000-0000-7000-8000-0000000000ff").unwrap()
}

#[test]
fn descent_decides_before_the_environment_and_only_the_shim_itself_counts() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let (_, second_task, second) = world.running();
    let shim = world.attempt(task).shim.unwrap();
    let (id, other_id) = (attempt.plan.id.clone(), second.plan.id);
    let known = |above: &[(AttemptId, Process)], named: Option<&AttemptId>| match caller(
        &engine,
        above,
        &Named { attempt: named.cloned(), ..Named::default() },
    )
    .unwrap()
    {
        Caller::Person => None,
        Caller::Agent(agent) => Some((agent.task, agent.known)),
    };
    assert_eq!(known(&[], None), None);
    assert_eq!(known(&[(id.clone(), shim)], None), Some((task, Known::Descent)));
    assert_eq!(known(&[(id.clone(), shim)], Some(&other_id)), Some((task, Known::Descent)), "whatever it says");
    assert_eq!(known(&[], Some(&other_id)), Some((second_task, Known::Environment)));
    // Words like a shim's are none, nor is what another board's shim started.
    let impostor = Process { start: shim.start + 1, ..shim };
    assert_eq!(known(&[(id.clone(), impostor)], None), None);
    assert_eq!(known(&[(other(), shim)], Some(&other())), None);
    assert_eq!(known(&[(other(), impostor), (id, shim)], None), Some((task, Known::Descent)), "a board within a board");
}

#[test]
fn variables_that_are_left_name_their_attempt() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let named = |named: Named| match caller(&engine, &[], &named).unwrap() {
        Caller::Person => None,
        Caller::Agent(agent) => Some((agent.attempt, agent.known)),
    };
    let (worktree, token) = (Some(attempt.plan.worktree.clone()), Some(attempt.plan.token.clone()));
    let found = Some((attempt.plan.id, Known::Environment));
    assert_eq!(named(Named { task: Some(task), worktree: worktree.clone(), ..Named::default() }), found);
    assert_eq!(named(Named { task: Some(task), token, ..Named::default() }), found);
    // The same number on another board.
    assert_eq!(named(Named { task: Some(task), worktree: Some("/elsewhere".into()), ..Named::default() }), None);
    assert_eq!(named(Named { task: Some(task), ..Named::default() }), None);
    // An attempt of another board is named: what else there is is that board's, too.
    assert_eq!(named(Named { attempt: Some(other()), task: Some(task), worktree, ..Named::default() }), None);
}

/// The engine of an agent that may do these.
fn by_agent(world: &World, may: Vec<Verb>) -> (Engine, AttemptId) {
    let (mut engine, task, attempt) = world.running();
    let shim = world.attempt(task).shim.unwrap();
    let above = [(attempt.plan.id.clone(), shim)];
    let Caller::Agent(agent) = caller(&engine, &above, &Named::default()).unwrap() else { panic!() };
    assert!(agent.may.is_empty(), "nothing is configured");
    let caller = Caller::Agent(crate::domain::permission::Agent { may, ..agent });
    Arc::make_mut(&mut engine.around).caller = caller;
    (engine, attempt.plan.id)
}

#[test]
fn what_an_agent_does_in_a_persons_place_is_stamped_as_its_own() {
    let world = World::new();
    let (engine, attempt) = by_agent(&world, vec![Verb::Add]);
    assert!(check(&engine, Verb::Add, None).is_ok());
    let refused = check(&engine, Verb::Rm, None).unwrap_err();
    assert_eq!(
        (refused.kind, refused.message.as_str()),
        (Kind::Conflict, "`rm` is for the user, and this is the agent of task 1")
    );
    let stamp = engine.stamp(Who::Person);
    assert_eq!((stamp.who, stamp.evidence), (Who::Agent, vec![("by", attempt.to_string())]));
    let stamp = engine.stamp_with(Who::Dispatcher, vec![("x", "y".to_owned())]);
    assert_eq!((stamp.who, stamp.evidence.len()), (Who::Dispatcher, 2));
    assert_eq!(engine.stamp(Who::Reconciler).evidence, Vec::new());
    assert_eq!(world.engine().stamp(Who::Person).who, Who::Person);
}
