//! Anything that people, agents and accidents can do, in any order, against a small model of what each task may then
//! be; and after it one reconcile, after which everything that must hold does.
//!
//! `GANGER_SEED=N` runs the sequences of that seed; `GANGER_TORTURE=torture` and `full` run more of them.

mod acts;
mod model;

use std::collections::BTreeSet;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use self::acts::{Act, acts};
use self::model::Model;
use super::world::World;
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::engine::audit::audit;
use crate::engine::upkeep::{Scope, reconcile};
use crate::ports::store::{Filter, Store as _, Which};

/// Carries the acts out one by one, compares after each, and checks the state of rest.
fn run(sequence: &[Act]) -> Result<(), TestCaseError> {
    let world = World::new();
    let engine = world.engine();
    let mut model = Model::default();
    let mut worked = BTreeSet::new();
    for (index, act) in sequence.iter().enumerate() {
        act.carry_out(&world, &engine, &mut model).map_err(|why| fail(sequence, index, &why))?;
        model.compare(&world).map_err(|why| fail(sequence, index, &why))?;
        worked.extend(world.lock().trees.values().filter(|tree| tree.work).map(|tree| tree.branch.clone()));
    }
    let end = sequence.len();
    reconcile(&engine, &Scope::default()).unwrap();
    model.reconciled(world.now());
    model.compare(&world).map_err(|why| fail(sequence, end, &why))?;
    rests(&world, &worked).map_err(|why| fail(sequence, end, &why))
}

fn fail(sequence: &[Act], index: usize, why: &str) -> TestCaseError {
    let at = sequence.get(index).map_or("the last reconcile".to_owned(), |act| format!("{act:?}"));
    TestCaseError::fail(format!("after {at} (act {}): {why}", index + 1))
}

/// What must hold once everybody has been at rest for a reconcile.
fn rests(world: &World, worked: &BTreeSet<String>) -> Result<(), String> {
    let engine = world.engine();
    let check = |holds: bool, said: String| if holds { Ok(()) } else { Err(said) };
    let tasks = world.board().tasks(&Filter::default()).unwrap().tasks;
    for task in tasks {
        let mut agents = 0;
        let attempts = world.board().attempts(&Which::Of(task.id)).unwrap();
        for attempt in attempts {
            let id = &attempt.plan.id;
            agents += world.agents(id).len();
            let lives = attempt.phase.has_shim();
            let shim = world.shim(id).is_some();
            check(
                lives == shim,
                format!("attempt {} of task {} is {}, shim: {shim}", attempt.plan.number, task.id, attempt.phase),
            )?;
            check(lives || world.agents(id).is_empty(), format!("an agent of task {} lives on", task.id))?;
            check(!attempt.phase.is_live() || lives, format!("task {} is being dispatched by nobody", task.id))?;
            check(
                lives || task.status != Status::InProgress || task.attempt.as_ref() != Some(id),
                format!("task {} is a ghost", task.id),
            )?;
        }
        check(agents <= 1, format!("task {} has {agents} agents", task.id))?;
    }
    let there: BTreeSet<String> =
        world.lock().trees.values().filter(|tree| tree.work).map(|tree| tree.branch.clone()).collect();
    check(worked.is_subset(&there), format!("work is gone: {:?}", worked.difference(&there)))?;
    let wrong = world.lock().wrong.clone();
    check(wrong.is_empty(), format!("{wrong:?}"))?;
    let found = audit(&engine, None).unwrap();
    check(found.violations.is_empty(), format!("{:#?}", found.violations))?;
    let events = world.events();
    let again = reconcile(&engine, &Scope::default()).unwrap();
    check(!again.changes() && world.events() == events, format!("a second reconcile changes: {:#?}", again.actions))
}

fn runner(cases: u32, seed: u64) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// A failure as the shortest sequence that shows it, and the command that shows it again.
fn torture(cases: u32, seed: u64) -> Result<(), String> {
    runner(cases, seed).run(&acts(), |sequence| run(&sequence)).map_err(|error| match error {
        TestError::Fail(why, sequence) => format!("{why}\n{sequence:#?}\nagain: GANGER_SEED={seed} cargo test machine"),
        TestError::Abort(why) => why.to_string(),
    })
}

#[test]
fn whatever_happens_in_whatever_order_the_board_tells_the_truth() {
    let given = std::env::var("GANGER_SEED").ok().and_then(|seed| seed.parse().ok());
    let cases = match std::env::var("GANGER_TORTURE").as_deref() {
        Ok("full") => 50_000,
        Ok("torture") => 5_000,
        _ => 256,
    };
    // What every change has to pass is the same each time.
    let seed = given.unwrap_or(1);
    if let Err(why) = torture(cases, seed) {
        panic!("{why}");
    }
}

#[test]
fn a_lie_of_the_model_is_seen_and_shrunk_to_what_shows_it() {
    // What no act leads to stands in for a bug: it has to be found, and told as a short story.
    let mut runner = runner(500, 7);
    let shown = runner.run(&acts(), |sequence| {
        let world = World::new();
        let engine = world.engine();
        let mut model = Model::default();
        for act in &sequence {
            act.carry_out(&world, &engine, &mut model).map_err(TestCaseError::fail)?;
        }
        let done = world.board().task(TaskId(1)).unwrap().is_some_and(|task| task.status == Status::Done);
        if done { Err(TestCaseError::fail("done")) } else { Ok(()) }
    });
    let Err(TestError::Fail(_, sequence)) = shown else { panic!("{shown:?}") };
    let told: Vec<String> = sequence.iter().map(|act| format!("{act:?}")).collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(
        told[0].starts_with("Add") && told[1].starts_with("Dispatch") && told[3].starts_with("Approve"),
        "{told:#?}"
    );
}
