//! Working a queue off: one loop for `dispatch` with several ids, `--next` and `--all`, and for the board.
//!
//! Tasks are claimed one after the other, in the order of the queue; what follows a claim runs side by side.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::dispatch::{Request, dispatch_in_turn};
use super::{Engine, Fault, Full, Kind};
use crate::domain::attempt::Attempt;
use crate::domain::id::TaskId;
use crate::domain::queue::{Came, Pick, Queue, Waiting};
use crate::domain::state::Status;
use crate::domain::task::Task;
use crate::ports::store::Filter;

/// How many dispatches run at once: each waits for git and tmux, not for a core.
const AT_ONCE: usize = 4;

/// What may be dispatched now, in order: highest priority first, then oldest.
///
/// # Errors
/// Those of the store.
pub fn ready(engine: &Engine, repo: Option<&Path>) -> Result<Vec<Task>, Fault> {
    let filter =
        Filter { repo: repo.map(Path::to_owned), statuses: vec![Status::Ready], archived: false, removed: false };
    let mut tasks = engine.ports.store.tasks(&filter)?.tasks;
    let now = engine.ports.clock.now().wall;
    tasks.retain(|task| task.blocked_by.is_empty() && task.not_before.is_none_or(|at| at <= now));
    tasks.sort_by_key(|task| (-task.draft.priority, task.id));
    Ok(tasks)
}

/// What is to be dispatched, and how.
pub struct Fill<'a> {
    /// Makes an engine with connections of its own, for each worker.
    pub engines: &'a (dyn Fn() -> Result<Engine, Fault> + Sync),
    pub request: &'a (dyn Fn(TaskId) -> Request + Sync),
    /// How many are to be started, at most.
    pub wanted: usize,
    /// A fault of the machine's ends it: the next task would meet the same one.
    pub stops_at_failure: bool,
    /// Is told what came of each, as it comes.
    pub told: &'a (dyn Fn(TaskId, &Result<Attempt, Fault>) + Sync),
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Filled {
    /// What was asked for, in the order of the queue; a limit that was reached is not among it.
    pub results: Vec<(TaskId, Result<Attempt, Fault>)>,
    /// The limit that was reached last, and the first task that it held back.
    pub full: Option<(Full, TaskId)>,
    pub started: usize,
    /// How many could have been started.
    pub of: usize,
}

struct State {
    queue: Queue,
    asked: usize,
    results: Vec<(usize, TaskId, Result<Attempt, Fault>)>,
    full: Option<(Full, TaskId)>,
}

/// Dispatches tasks in order until as many run as are wanted, a limit is reached, or none is left.
///
/// # Errors
/// Where not even one worker could begin.
pub fn fill(fill: &Fill<'_>, waiting: Vec<Waiting>) -> Result<Filled, Fault> {
    let of = waiting.len().min(fill.wanted);
    let workers = AT_ONCE.min(of);
    let queue = Queue::new(waiting, fill.wanted);
    let state = Mutex::new(State { queue, asked: 0, results: Vec::new(), full: None });
    let (turn, changed) = (Mutex::new(()), Condvar::new());
    let work = Work { fill, state: &state, turn: &turn, changed: &changed };
    let mut failed = None;
    if workers == 1 {
        failed = work.run().err();
    } else {
        std::thread::scope(|scope| {
            let begun: Vec<_> = (0..workers).map(|_| scope.spawn(|| work.run())).collect();
            let ended = begun.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err(unseen())));
            failed = ended.filter_map(Result::err).last();
        });
    }
    let State { queue, mut results, full, .. } = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let (Some(fault), true) = (failed, results.is_empty() && full.is_none()) {
        return Err(fault);
    }
    results.sort_by_key(|(index, ..)| *index);
    let results = results.into_iter().map(|(_, task, result)| (task, result)).collect();
    Ok(Filled { results, full, started: queue.started(), of })
}

fn unseen() -> Fault {
    Fault::new(Kind::Failed, "a dispatch ended without a result").hint("ganger --reconcile")
}

/// What the workers share.
#[derive(Clone, Copy)]
struct Work<'a> {
    fill: &'a Fill<'a>,
    state: &'a Mutex<State>,
    /// Held from the pick to the claim: so tasks are claimed in the order of the queue.
    turn: &'a Mutex<()>,
    changed: &'a Condvar,
}

impl Work<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(self) -> Result<(), Fault> {
        let engine = (self.fill.engines)()?;
        loop {
            let mut turn = Some(self.turn.lock().unwrap_or_else(PoisonError::into_inner));
            let Some((index, next)) = self.next() else { return Ok(()) };
            let request = (self.fill.request)(next.task);
            let mut claimed = || drop(turn.take());
            // Others may wait for what comes of this one.
            let run = AssertUnwindSafe(|| dispatch_in_turn(&engine, &request, &mut claimed));
            let result = catch_unwind(run).unwrap_or_else(|_| Err(unseen().of(next.task)));
            (self.fill.told)(next.task, &result);
            self.came(index, next, result);
            // Before the next turn is asked for, whatever came of this one.
            drop(turn);
        }
    }

    /// The next task; `None` once there is none. While it may yet turn out that another is wanted, it waits.
    fn next(&self) -> Option<(usize, Waiting)> {
        let mut state = self.state();
        loop {
            match state.queue.pick() {
                Pick::Ask(next) => {
                    state.asked += 1;
                    return Some((state.asked, next));
                }
                Pick::Over => return None,
                Pick::Later => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn came(&self, index: usize, of: Waiting, result: Result<Attempt, Fault>) {
        let mut state = self.state();
        let came = match &result {
            Ok(_) => Came::Started,
            Err(Fault { full: Some(full), .. }) => Came::Full(full.limit),
            Err(fault) if fault.kind == Kind::Failed && self.fill.stops_at_failure => Came::Stop,
            Err(_) => Came::Refused,
        };
        match &result {
            Err(Fault { full: Some(full), .. }) => {
                let first = state.full.map_or(of.task, |(_, first)| first);
                state.full = Some((*full, first));
            }
            Ok(_) | Err(_) => state.results.push((index, of.task, result)),
        }
        state.queue.came(of, came);
        self.changed.notify_all();
    }
}
