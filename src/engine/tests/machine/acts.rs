//! What can happen.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use super::model::Model;
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::state::{Phase, Status};
use crate::domain::task::Draft;
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::report::{Speaker, Word, say};
use crate::engine::tests::world::{Shim, Then, When, World};
use crate::engine::upkeep::{Scope, reconcile};
use crate::engine::{Engine, review, stop, tasks};
use crate::ports::store::Store as _;

/// A call of a dispatch that does not go well: which one of that name, when, how.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    pub call: &'static str,
    pub after: usize,
    pub when: When,
    pub then: Then,
}

/// One thing that happens; numbers are tasks.
#[derive(Clone, Debug)]
pub enum Act {
    Add {
        verifies: bool,
    },
    /// Also a retry, where the task has failed.
    Dispatch {
        task: i64,
        fresh: bool,
        explicit: bool,
        shim: Shim,
        trouble: Option<Trouble>,
    },
    /// Shims that are late come now, and setups are over.
    Arrive,
    Exit {
        task: i64,
        code: i32,
        evidence: Evidence,
    },
    Verified {
        task: i64,
        passed: bool,
    },
    Done {
        task: i64,
    },
    Fail {
        task: i64,
    },
    KillShim {
        task: i64,
        agent_survives: bool,
    },
    Stop {
        task: i64,
    },
    Remove {
        task: i64,
    },
    Approve {
        task: i64,
    },
    Reopen {
        task: i64,
    },
    Requeue {
        task: i64,
    },
    Reconcile,
    ServerDies {
        noticed: bool,
    },
    Reboot,
    Pass {
        seconds: u64,
    },
}

const CALLS: [&str; 17] = [
    "store.task",
    "store.trees",
    "store.claim",
    "store.tree-made",
    "store.spawning",
    "store.rolled-back",
    "store.attempt",
    "store.amend",
    "store.version",
    "files.write",
    "files.remove",
    "trees.add",
    "trees.adopt",
    "trees.remove",
    "mux.start",
    "mux.panes",
    "mux.kill",
];

fn trouble() -> impl Strategy<Value = Trouble> {
    let then = select(vec![Then::Fail, Then::Taken, Then::Impossible, Then::Busy, Then::Die, Then::Die, Then::Panic]);
    (select(CALLS.to_vec()), 0..3_usize, any::<bool>(), then).prop_map(|(call, after, before, then)| {
        // What is no step of the saga is not guarded against a panic.
        let guarded = matches!(
            call,
            "store.tree-made" | "store.spawning" | "files.write" | "trees.add" | "trees.adopt" | "mux.start"
        );
        let then = if then == Then::Panic && !guarded { Then::Fail } else { then };
        Trouble { call, after, when: if before { When::Before } else { When::After }, then }
    })
}

fn dispatches() -> impl Strategy<Value = Act> {
    let shim = prop_oneof![
        6 => Just(Shim::Starts),
        1 => select(vec![Shim::SetsUp, Shim::FailsSetup, Shim::Late, Shim::Dies]),
    ];
    let trouble = prop_oneof![3 => Just(None), 2 => trouble().prop_map(Some)];
    (task(), any::<bool>(), any::<bool>(), shim, trouble)
        .prop_map(|(task, fresh, explicit, shim, trouble)| Act::Dispatch { task, fresh, explicit, shim, trouble })
}

/// Mostly the first, so that one story gets long.
fn task() -> impl Strategy<Value = i64> {
    prop_oneof![3 => Just(1), 1 => 2..=3_i64]
}

fn one() -> impl Strategy<Value = Act> {
    let evidence = select(vec![Evidence::Changed, Evidence::Changed, Evidence::Unchanged, Evidence::Unknown]);
    let exit = (task(), select(vec![0, 0, 1, 127]), evidence);
    prop_oneof![
        1 => any::<bool>().prop_map(|verifies| Act::Add { verifies }),
        6 => dispatches(),
        1 => Just(Act::Arrive),
        3 => exit.prop_map(|(task, code, evidence)| Act::Exit { task, code, evidence }),
        2 => (task(), any::<bool>()).prop_map(|(task, passed)| Act::Verified { task, passed }),
        2 => task().prop_map(|task| Act::Done { task }),
        1 => task().prop_map(|task| Act::Fail { task }),
        3 => (task(), any::<bool>()).prop_map(|(task, agent_survives)| Act::KillShim { task, agent_survives }),
        1 => task().prop_map(|task| Act::Stop { task }),
        1 => task().prop_map(|task| Act::Remove { task }),
        2 => task().prop_map(|task| Act::Approve { task }),
        1 => task().prop_map(|task| Act::Reopen { task }),
        1 => task().prop_map(|task| Act::Requeue { task }),
        3 => Just(Act::Reconcile),
        1 => any::<bool>().prop_map(|noticed| Act::ServerDies { noticed }),
        1 => Just(Act::Reboot),
        1 => select(vec![1, 60, 700, 1_000]).prop_map(|seconds| Act::Pass { seconds }),
    ]
}

/// Sequences of acts: a task or a few are there from the beginning.
pub fn acts() -> impl Strategy<Value = Vec<Act>> {
    let adds = vec(any::<bool>().prop_map(|verifies| Act::Add { verifies }), 1..3);
    (adds, vec(one(), 1..16)).prop_map(|(adds, acts)| [adds, acts].concat())
}

impl Act {
    /// Does it, and tells the model. Fails where an answer is not what the model says.
    pub fn carry_out(&self, world: &World, engine: &Engine, model: &mut Model) -> Result<(), String> {
        let person = |task: i64| Speaker::Person { task: TaskId(task) };
        match *self {
            Self::Add { verifies } => {
                let verify = if verifies { vec!["make test".to_owned()] } else { Vec::new() };
                tasks::add(engine, &Draft { verify, ..world.draft("x") }).unwrap();
                model.add(verifies);
            }
            Self::Dispatch { task, fresh, explicit, shim, trouble } => {
                let from = vec![Status::Ready, Status::Failed];
                let request = Request { from, explicit, fresh, ..Request::of(TaskId(task)) };
                dispatched(world, model, &request, shim, trouble)?;
            }
            Self::Arrive => arrive(world, model),
            Self::Exit { task, code, evidence } => {
                if let Some(attempt) = model.with_agent(task, world) {
                    world.exit(&attempt, code, evidence);
                    model.exited(task, code == 0, evidence == Evidence::Changed);
                }
            }
            Self::Verified { task, passed } => {
                if let Some(attempt) = model.verifying(task, world) {
                    let agent = !world.agents(&attempt).is_empty();
                    world.verified(&attempt, passed);
                    model.verified(task, passed, agent);
                }
            }
            Self::Done { task } => {
                say(engine, &person(task), &Word::Done).ok();
                model.done(task);
            }
            Self::Fail { task } => {
                say(engine, &person(task), &Word::Fail("no".to_owned())).ok();
                // A shim whose work is over ends.
                let over = world.board().task(TaskId(task)).unwrap().and_then(|task| task.attempt);
                let over = over.filter(|id| world.row(id).phase == Phase::Exited);
                if let Some(id) = &over {
                    world.kill_shim(id, false);
                }
                model.fail(task, over.is_some());
            }
            Self::KillShim { task, agent_survives } => {
                if let Some(attempt) = model.with_shim(task, world) {
                    world.kill_shim(&attempt, agent_survives);
                    model.lose(task);
                }
            }
            Self::Stop { task } => {
                let stopped = stop::stop(engine, TaskId(task));
                if stopped.is_ok() != model.is_there(task) {
                    return Err(format!("{stopped:?}"));
                }
                model.stop(task);
            }
            Self::Remove { task } => {
                let removed = tasks::remove(engine, TaskId(task), true, false);
                if removed.is_ok() != model.is_there(task) {
                    return Err(format!("{removed:?}"));
                }
                model.remove(task);
            }
            Self::Approve { task } => {
                let approved = review::approve(engine, TaskId(task)).is_ok();
                if approved != model.approve(task) {
                    return Err(format!("approved: {approved}"));
                }
            }
            Self::Reopen { task } => {
                review::reopen(engine, TaskId(task)).ok();
                model.reopen(task);
            }
            Self::Requeue { task } => {
                tasks::requeue(engine, TaskId(task)).ok();
                model.requeue(task);
            }
            Self::Reconcile => {
                reconcile(engine, &Scope::default()).unwrap();
                model.reconciled(world.now());
            }
            Self::ServerDies { noticed } => {
                world.server_dies(noticed);
                model.server_dies(noticed);
            }
            Self::Reboot => {
                world.reboot();
                model.reboot();
            }
            Self::Pass { seconds } => {
                world.seconds(seconds);
            }
        }
        Ok(())
    }
}

fn arrive(world: &World, model: &mut Model) {
    let waiting = world.lock().arrivals.clone();
    for attempt in &waiting {
        world.arrive(attempt, Shim::Starts);
    }
    for task in model.ids() {
        let Some(id) = world.task(TaskId(task)).attempt else { continue };
        let row = world.row(&id);
        if row.phase == Phase::Running && row.started_at.is_none() && world.shim(&id).is_some() {
            world.start_agent(&id);
        }
        if waiting.contains(&id) && row.phase == Phase::Running || world.row(&id).started_at != row.started_at {
            model.started(task);
        }
    }
}

/// A dispatch by a process of its own, which may die of it. What came of one that had trouble is looked up, within what
/// may come of it; without trouble there is one answer.
fn dispatched(
    world: &World,
    model: &mut Model,
    request: &Request,
    shim: Shim,
    trouble: Option<Trouble>,
) -> Result<(), String> {
    let task = request.task.0;
    let may = model.may_be_dispatched(task);
    let before = model.status(task);
    world.lock().shim = shim;
    if let Some(Trouble { call, after, when, then }) = trouble {
        world.trouble_after(call, after, when, then);
    }
    // Those of other attempts come when an act lets them.
    let waiting = std::mem::take(&mut world.lock().arrivals);
    let engine = world.engine();
    let outcome = dispatch(&engine, request);
    drop(engine);
    world.lock().troubles.clear();
    // From now on only an act lets a shim come.
    world.lock().shim = Shim::Late;
    world.lock().arrivals.extend(waiting);
    // Nobody is left to undo a claim whose dispatcher died, or was told that it had failed when it had not.
    let left = |Trouble { call, when, then, .. }| then == Then::Die || (call, when) == ("store.claim", When::After);
    let left = trouble.is_some_and(left);
    if !may {
        return if outcome.is_ok() { Err(format!("it was dispatched: {outcome:?}")) } else { Ok(()) };
    }
    let row = world.board().task(request.task).unwrap().unwrap();
    let allowed: &[Status] = match (&outcome, trouble, shim) {
        (Ok(_), _, Shim::Starts | Shim::SetsUp) => &[Status::InProgress],
        (Err(_), None, Shim::FailsSetup) => &[Status::Failed],
        (Err(_), None, Shim::Late | Shim::Dies) => &[Status::Ready],
        (Ok(_), _, Shim::FailsSetup | Shim::Late | Shim::Dies) | (Err(_), None, Shim::Starts | Shim::SetsUp) => &[],
        (Err(_), Some(_), _) if left => &[Status::Ready, Status::InProgress, Status::Failed],
        (Err(_), Some(_), _) => &[Status::Ready, Status::Failed],
    };
    if !allowed.contains(&row.status) && Some(row.status) != before.filter(|_| trouble.is_some() && outcome.is_err()) {
        return Err(format!("it is {}, and may be {allowed:?}: {outcome:?}", row.status));
    }
    model.observe(task, world, request.explicit);
    Ok(())
}
