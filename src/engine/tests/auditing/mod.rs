//! The auditor: each thing that must not be is planted, and is found under its number; what is well is not.

mod living;
mod told;
mod work;

use std::sync::Arc;

use super::world::{Then, When, World};
use crate::domain::attempt::Attempt;
use crate::domain::completion::Evidence;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::state::{Phase, Status};
use crate::domain::task::Task;
use crate::engine::audit::{Audit, audit};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::{Kind, review, tasks};
use crate::ports::store::Record;

fn audited(world: &World) -> Audit {
    audit(&world.engine(), None).unwrap()
}

fn violations(world: &World) -> Vec<(&'static str, String)> {
    audited(world).violations.into_iter().map(|found| (found.invariant, found.found)).collect()
}

fn assert_clean(world: &World) {
    let found = audited(world);
    assert_eq!((found.violations, found.unknown), (vec![], vec![]));
}

fn assert_violated(world: &World, invariant: &str, said: &str) {
    let found = violations(world);
    assert!(found.iter().any(|(which, found)| *which == invariant && found == said), "{invariant} {said}: {found:#?}");
}

fn assert_unsure(world: &World, invariant: &str, said: &str) {
    let found = audited(world);
    let unknown = |which: &str| found.unknown.iter().any(|found| found.invariant == which && found.found == said);
    assert!(unknown(invariant), "{found:#?}");
    assert!(found.violations.iter().all(|found| found.invariant != invariant), "{found:#?}");
}

fn lie_of_attempts(world: &World, lie: impl Fn(&mut Vec<Attempt>) + Send + Sync + 'static) {
    world.lock().lies.attempts = Some(Arc::new(lie));
}

fn lie_of_attempt(world: &World, lie: impl Fn(&mut Attempt) + Send + Sync + 'static) {
    lie_of_attempts(world, move |attempts| attempts.iter_mut().for_each(&lie));
}

fn lie_of_task(world: &World, lie: impl Fn(&mut Task) + Send + Sync + 'static) {
    world.lock().lies.tasks = Some(Arc::new(move |listing| listing.tasks.iter_mut().for_each(&lie)));
}

fn lie_of_timeline(world: &World, lie: impl Fn(&mut Vec<Record>) + Send + Sync + 'static) {
    world.lock().lies.timeline = Some(Arc::new(lie));
}

fn other() -> AttemptId {
    AttemptId::parse("01980000-0000-7000-8000-00000000ffff").unwrap()
}

/// A task whose agent has exited with this code.
fn ended(world: &World, code: i32) -> (TaskId, Attempt) {
    let (_, task, attempt) = world.running();
    world.exit(&attempt.plan.id, code, Evidence::Changed);
    (task, attempt)
}

/// A task whose dispatcher died when it had asked for a session.
fn abandoned(world: &World) -> (TaskId, Attempt) {
    let (engine, task) = world.ready();
    world.trouble("mux.start", When::Before, Then::Die);
    dispatch(&engine, &Request::of(task)).unwrap_err();
    (task, world.attempt(task))
}

#[test]
fn a_board_at_rest_is_clean() {
    let world = World::new();
    let (engine, ..) = world.running();
    world.ready();
    let (done, _) = ended(&world, 0);
    review::approve(&engine, done).unwrap();
    let (failed, _) = ended(&world, 3);
    let retry = Request { from: vec![Status::Failed], fresh: true, ..Request::of(failed) };
    dispatch(&engine, &retry).unwrap();
    let (removed, _) = ended(&world, 0);
    tasks::remove(&engine, removed, false, false).unwrap();
    let (archived, _) = ended(&world, 0);
    tasks::archive(&engine, archived, false).unwrap();
    let before = world.now();
    assert_clean(&world);
    assert_eq!(world.now(), before, "what is well is looked at once");
}

#[test]
fn a_dispatch_under_way_is_clean_at_every_step() {
    for call in ["files.write", "trees.add", "mux.start", "store.version"] {
        let world = World::new();
        let (engine, task) = world.ready();
        world.before(call, assert_clean);
        dispatch(&engine, &Request::of(task)).unwrap();
        assert_clean(&world);
    }
}

#[test]
fn a_finding_says_whose_it_is_and_what_to_try() {
    let world = World::new();
    let (_, task, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, false);
    let found = audited(&world).violations.remove(0);
    assert_eq!((found.invariant, found.task, found.attempt), ("I1", task, Some(attempt.plan.id)));
    assert_eq!(found.hint, "ganger --reconcile");
    let (_, attempt) = ended(&world, 0);
    world.lock().trees.remove(&attempt.plan.worktree);
    let found = audited(&world).violations.remove(1);
    assert_eq!((found.invariant, found.hint.as_str()), ("I7", "ganger show 2"));
    "other".clone_into(&mut world.lock().place.host);
    assert_eq!(audited(&world).unknown[0].hint, "ganger show 1");
}

#[test]
fn what_passes_within_two_seconds_is_not_reported_and_what_stays_is() {
    let world = World::new();
    let (_, _, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, false);
    let before = world.now().boot;
    assert_eq!(violations(&world).len(), 1);
    assert_eq!(world.now().boot.since(before).as_millis(), 2_000);
    world.before("pause", |world| drop(crate::engine::upkeep::sweep(&world.engine()).unwrap()));
    assert_eq!(violations(&world), []);
    // Another one that comes meanwhile has not stayed.
    let (_, first) = abandoned(&world);
    world.before("pause", move |world| {
        drop(crate::engine::upkeep::sweep(&world.engine()).unwrap());
        assert_eq!(world.row(&first.plan.id).phase, Phase::Revoked);
        abandoned(world);
    });
    assert_eq!(violations(&world), []);
    assert_eq!(violations(&world).len(), 1);
}

#[test]
fn an_audit_of_one_repository_looks_at_no_other() {
    let world = World::new();
    abandoned(&world);
    let engine = world.engine();
    assert_eq!(audit(&engine, Some(std::path::Path::new("/elsewhere"))).unwrap(), Audit::default());
    assert_eq!(audit(&engine, Some(&world.repo())).unwrap().violations.len(), 1);
    world.trouble("processes.shims", When::Before, Then::Fail);
    assert_eq!(audit(&engine, None).unwrap_err().kind, Kind::Failed);
}
