//! The protocol, model-checked: every interleaving of two dispatchers, two reconcilers, up to three shims over two
//! attempts at one task, with kills, stops, late, doubled and lost windows, failing compensations, stop requests and
//! late verbs anywhere, within the stated budgets. Decisions are not modelled: `lifecycle::step` writes every row,
//! `reconcile::plan` makes every reset, and each shim lives the life of `shim::life`.
//!
//! What is one step here is one call of the program: a transaction, a lock taken, a process started. Left out: time
//! (a saga is «old» only while its dispatcher is stopped), several tasks, which share nothing but the capacity count,
//! and reboots, which end all processes at once, as killing them does.
//!
//! Each broken variant of the protocol must be caught; a test fails if one is not. Worktrees and their records have a
//! model of their own: `trees`.

mod identity;
mod rules;
mod shim;
mod state;
mod trees;

use std::collections::BTreeSet;

use ganger::domain::completion::{Ending, Vanished};
use ganger::domain::lifecycle::Event;
use ganger::domain::state::{Phase, Status};
use stateright::{Checker as _, HasDiscoveries, Model, Property};

use crate::support::results::{record, size};
use rules::{Action, decision, enabled, take};
use state::{ATTEMPTS, Attempt, DISPATCHERS, Dispatcher, RECONCILERS, Reconciler, SHIMS, World, Wrongs};

/// What is wrong with a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    Nothing,
    ShimStartsWithoutItsCommit,
    DispatcherLockPerProcess,
    ExclusiveProbeLock,
    ProbeBeforeReadingTheRow,
    NoReconciler,
    SurvivorsNotEnded,
    DoneWithoutGuard,
}

/// The protocol, or a broken variant, with what chance may do.
#[derive(Clone, Debug)]
pub struct Protocol {
    pub broken: Broken,
    pub kills: u8,
    pub stops: u8,
    pub oddities: u8,
    pub stop_requests: u8,
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            status: Status::Ready,
            orphans: 0,
            current: None,
            attempts: [None; ATTEMPTS],
            dispatchers: [(Dispatcher::Idle, false); DISPATCHERS],
            reconcilers: [(Reconciler::Idle, false); RECONCILERS],
            shims: [const { None }; SHIMS],
            opened: 0,
            owner: None,
            tree: false,
            ran: false,
            kills: self.kills,
            stops: self.stops,
            oddities: self.oddities,
            stop_requests: self.stop_requests,
            verbs: 1,
            wrongs: Wrongs::default(),
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        enabled(self, world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        take(self, &mut next, action);
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("I2 no twin", |_, world: &World| world.agents().len() <= 1),
            Property::always("I3 no unowned agent", |_, world: &World| !world.wrongs.unowned),
            Property::always("I7 no work lost", |_, world: &World| !world.wrongs.work_lost),
            Property::always("I9 no false kill", |_, world: &World| !world.wrongs.false_kill),
            Property::always("I12 monotonic attempts", |_, world: &World| !world.wrongs.stale_write),
            Property::always(
                "I1 no ghost: whatever is killed now, one pass suffices",
                |model: &Self, world: &World| no_ghost(&one_pass(model, killed(world))),
            ),
            Property::always("I1 no ghost: a pass beside what is stopped or over", |model: &Self, world: &World| {
                !at_rest(world) || no_ghost(&one_pass(model, world.clone()))
            }),
            Property::always("I17 a second pass changes nothing", |model: &Self, world: &World| {
                let once = one_pass(model, killed(world));
                one_pass(model, once.clone()) == once
            }),
            Property::sometimes("an agent works", |_, world: &World| !world.agents().is_empty()),
            Property::sometimes("a task comes to review", |_, world: &World| world.status == Status::Review),
            Property::sometimes("a second attempt runs in the first one's tree", |_, world: &World| {
                world.ran && world.attempts[1].is_some_and(|attempt| attempt.phase == Phase::Running)
            }),
        ]
    }
}

/// Every dispatcher and reconciler is gone; shims and agents go on.
fn killed(world: &World) -> World {
    let mut world = world.clone();
    (0..DISPATCHERS).for_each(|dispatcher| world.lose_dispatcher(dispatcher));
    (0..RECONCILERS).for_each(|reconciler| world.lose_reconciler(reconciler));
    world
}

/// Nobody but a fresh reconciler would do anything more: each process is over, or stopped for good.
fn at_rest(world: &World) -> bool {
    world.dispatchers.iter().all(|(at, stopped)| *stopped || *at == Dispatcher::Over)
        && world.reconcilers.iter().all(|(at, stopped)| *stopped || matches!(at, Reconciler::Idle | Reconciler::Over))
        && world.shims.iter().flatten().all(|shim| shim.stopped || shim.agent)
}

/// A fresh reconciler's whole pass, with nobody else moving.
fn one_pass(model: &Protocol, mut world: World) -> World {
    if model.broken == Broken::NoReconciler {
        return world;
    }
    for attempt in 0..ATTEMPTS {
        let live = world.attempts[attempt].is_some_and(|row: Attempt| row.phase.is_live());
        if !live {
            continue;
        }
        match decision(model, &world, attempt) {
            rules::Verdict::Leave => {}
            rules::Verdict::Revoke => drop(world.write(attempt, &World::rolled_back(), true)),
            rules::Verdict::Record(ending) => drop(world.write(attempt, &Event::Ended(ending), true)),
            rules::Verdict::Lost => {
                if model.broken != Broken::SurvivorsNotEnded {
                    world.at(attempt).survivor = false;
                }
                world.write(attempt, &Event::Ended(Ending::vanished(Vanished::Shim)), true);
            }
        }
    }
    world
}

/// A task in progress has an agent, or a living shim that is on its way to one or back from it.
fn no_ghost(world: &World) -> bool {
    if world.status != Status::InProgress {
        return true;
    }
    world.current.is_some_and(|current| {
        let row = world.attempt(current);
        let dispatched = row.saga.is_some_and(|holder| {
            let (at, stopped) = world.dispatchers[holder];
            !stopped && at != Dispatcher::Over
        });
        world.shim_lives(current) || (!row.phase.has_shim() && dispatched)
    })
}

fn check(protocol: Protocol, until: HasDiscoveries) -> impl stateright::Checker<Protocol> {
    protocol.checker().threads(2).finish_when(until).spawn_bfs().join()
}

const fn budget(broken: Broken, kills: u8, stops: u8, oddities: u8) -> Protocol {
    Protocol { broken, kills, stops, oddities, stop_requests: 1 }
}

#[test]
fn the_protocol_holds_in_every_state_within_the_bound() {
    let bounds: &[(u8, u8, u8)] =
        size(&[(1, 0, 0), (0, 1, 0), (0, 0, 1)], &[(1, 0, 1), (1, 1, 1)], &[(1, 1, 1), (2, 1, 1)]);
    for (kills, stops, oddities) in bounds {
        let checker = check(budget(Broken::Nothing, *kills, *stops, *oddities), HasDiscoveries::AnyFailures);
        checker.assert_properties();
        let states = checker.unique_state_count();
        assert!(states > 1_000, "{states}");
        record(
            "model checking of the protocol",
            &format!("{states} states: {kills} kills, {stops} stops, {oddities} odd windows or failing undos"),
            "no ghost, no twin, no unowned agent, no false kill, no stale write, no work lost",
            "cargo test --test it model",
        );
    }
}

/// The variant must be caught by this property, within this budget of kills, stops and oddities.
fn caught(broken: Broken, (kills, stops, oddities): (u8, u8, u8), by: &'static str) {
    let until = HasDiscoveries::AllOf(BTreeSet::from([by]));
    let checker = check(budget(broken, kills, stops, oddities), until);
    let path = checker.discovery(by).map(stateright::Path::into_actions);
    let path = path.unwrap_or_else(|| panic!("{broken:?} was not caught by «{by}»"));
    let steps: Vec<String> = path.iter().map(|action| format!("{action:?}")).collect();
    let found = format!("caught by «{by}» after {} steps", steps.len());
    record("broken variant of the protocol", &format!("{broken:?}"), &found, "cargo test --test it model");
    if std::env::var_os("GANGER_PATHS").is_some() {
        record("its steps", &format!("{broken:?}"), &steps.join(", "), "GANGER_PATHS=1 cargo test --test it model");
    }
}

#[test]
fn a_shim_that_starts_without_its_commit_is_caught() {
    caught(Broken::ShimStartsWithoutItsCommit, (0, 0, 1), "I3 no unowned agent");
}

#[test]
fn a_dispatcher_lock_per_process_is_caught() {
    caught(Broken::DispatcherLockPerProcess, (0, 0, 2), "I1 no ghost: a pass beside what is stopped or over");
}

#[test]
fn an_exclusive_probe_lock_is_caught() {
    caught(Broken::ExclusiveProbeLock, (1, 1, 0), "I1 no ghost: a pass beside what is stopped or over");
}

#[test]
fn a_probe_before_reading_the_row_is_caught() {
    caught(Broken::ProbeBeforeReadingTheRow, (0, 0, 0), "I9 no false kill");
}

#[test]
fn no_reconciler_is_caught() {
    caught(Broken::NoReconciler, (1, 0, 0), "I1 no ghost: whatever is killed now, one pass suffices");
}

#[test]
fn survivors_that_are_not_ended_are_caught() {
    caught(Broken::SurvivorsNotEnded, (1, 0, 0), "I2 no twin");
}

#[test]
fn a_done_without_guard_is_caught() {
    caught(Broken::DoneWithoutGuard, (0, 0, 0), "I12 monotonic attempts");
}
