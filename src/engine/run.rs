//! Working the queue off: agents are kept busy until nothing is left that could run.
//!
//! It holds no state that another process would need: whoever starts it again goes on, and several share the queue, for
//! each claim decides by itself whether there is room.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use super::dispatch::Request;
use super::queue::{self, Fill};
use super::upkeep::{Scope, reconcile};
use super::{Engine, Fault, Kind};
use crate::domain::attempt::Attempt;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::queue::Waiting;
use crate::domain::run::{efficiency, left, may_pass};
use crate::domain::state::{Activity, Phase, Status};
use crate::domain::task::{Blocker, Task};
use crate::domain::time::BootTime;
use crate::ports::store::{Filter, Which};

/// How often deaths are looked for, whatever the database says.
const SWEEP: Duration = Duration::from_secs(1);

/// How the queue is worked off.
pub struct Run<'a> {
    /// Makes an engine with connections of its own, for each worker.
    pub engines: &'a (dyn Fn() -> Result<Engine, Fault> + Sync),
    /// Absent: every repository.
    pub repo: Option<PathBuf>,
    /// How many run beside each other, at most.
    pub max: u32,
    /// How many times a task that failed under its eyes is started again.
    pub retry_failed: u32,
    /// Is told what happens, as it does.
    pub told: &'a (dyn Fn(&News<'_>) + Sync),
}

/// What happens.
#[derive(Debug)]
pub enum News<'a> {
    Started(&'a Attempt),
    /// An attempt is over, and the task is where it says.
    Ended {
        task: &'a Task,
        attempt: &'a Attempt,
        ran: Duration,
    },
    /// A task could not be started, and has failed or waits.
    Refused {
        task: TaskId,
        fault: &'a Fault,
    },
    /// A look at the whole, after anything has changed.
    Progress(&'a Progress),
}

/// How far it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// In review or done.
    pub finished: usize,
    pub failed: usize,
    pub running: usize,
    /// Of those running.
    pub waiting: usize,
    /// Could be started now, or after a pause.
    pub ready: usize,
    /// Wait for other tasks.
    pub blocked: usize,
    /// By how long what has ended took.
    pub left: Option<Duration>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// By task: every one of which an attempt was seen.
    pub rows: Vec<Row>,
    /// What can't run yet, and by what.
    pub blocked: Vec<(TaskId, Vec<Blocker>)>,
    pub wall: Duration,
    /// The share of its slots' time in which agents worked.
    pub efficiency: Option<f64>,
    /// It was asked to end; agents go on.
    pub interrupted: bool,
}

/// One task's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub task: TaskId,
    pub title: String,
    pub status: Status,
    pub reason: Option<String>,
    pub attempts: usize,
    /// How long its agents ran.
    pub ran: Duration,
    /// How long of that they waited for a person.
    pub waited: Duration,
}

impl Summary {
    /// Whether everything that ran has come to review.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.status, Status::Review | Status::Done))
    }
}

/// An attempt that was seen.
struct Seen {
    task: TaskId,
    waited: Duration,
    ended: Option<Duration>,
}

struct State {
    seen: HashMap<AttemptId, Seen>,
    /// Tasks that failed before an attempt was made.
    refused: HashSet<TaskId>,
    looked: BootTime,
}

/// Works the queue off.
///
/// # Errors
/// What nothing can be dispatched with on this machine; those of the store. What runs, runs on.
pub fn run(engine: &Engine, run: &Run<'_>) -> Result<Summary, Fault> {
    let began = engine.ports.clock.now().boot;
    let mut state = State { seen: HashMap::new(), refused: HashSet::new(), looked: began };
    let mut swept: Option<BootTime> = None;
    let mut last = None;
    while !engine.is_interrupted() {
        let now = engine.ports.clock.now().boot;
        if swept.is_none_or(|at| now.since(at) >= SWEEP) {
            reconcile(engine, &Scope { repo: run.repo.clone(), dry_run: false })?;
            swept = Some(engine.ports.clock.now().boot);
        }
        // Before the look: what is committed after it shows as a change.
        let version = engine.ports.store.version()?;
        let board = look(engine, run, &mut state)?;
        if last.as_ref() != Some(&board.progress) {
            (run.told)(&News::Progress(&board.progress));
            last = Some(board.progress.clone());
        }
        let started = start(engine, run, &mut state, &board)?;
        if board.is_over() && !started {
            break;
        }
        if !started {
            engine.until(SWEEP, |_| {
                let is_new = engine.is_interrupted() || engine.ports.store.version()? != version;
                Ok(is_new.then_some(()))
            })?;
        }
    }
    summary(engine, run, &state, engine.ports.clock.now().boot.since(began))
}

/// One reading of the board.
struct Board {
    progress: Progress,
    /// What may be started now, failed ones to be tried again included.
    next: Vec<Waiting>,
    retries: HashSet<TaskId>,
    /// How many slots are taken: fewer than run, where some do not count.
    taken: usize,
}

impl Board {
    const fn is_over(&self) -> bool {
        self.progress.running == 0 && self.progress.ready == 0
    }
}

/// Looks at the board, and tells of what has ended.
fn look(engine: &Engine, run: &Run<'_>, state: &mut State) -> Result<Board, Fault> {
    let filter = Filter { repo: run.repo.clone(), ..Filter::default() };
    let tasks = engine.ports.store.tasks(&filter)?.tasks;
    let tasks: BTreeMap<TaskId, Task> = tasks.into_iter().map(|task| (task.id, task)).collect();
    let now = engine.ports.clock.now();
    let passed = now.boot.since(std::mem::replace(&mut state.looked, now.boot));
    let mut progress = Progress::default();
    let mut idle = 0;
    for attempt in engine.ports.store.attempts(&Which::Live)? {
        if tasks.get(&attempt.plan.task).is_none_or(|task| task.status != Status::InProgress) {
            continue;
        }
        idle += usize::from(!engine.settings.queue.counts.has(&attempt, now.wall));
        let waits = attempt.doing.as_ref().is_some_and(|doing| doing.activity == Activity::Waiting);
        progress.waiting += usize::from(waits && attempt.phase == Phase::Running);
        let task = attempt.plan.task;
        let seen = state.seen.entry(attempt.plan.id).or_insert(Seen { task, waited: Duration::ZERO, ended: None });
        if waits {
            seen.waited += passed;
        }
    }
    ended(engine, run, state, &tasks)?;
    let mut retries = HashSet::new();
    for task in tasks.values() {
        let was_seen = || state.seen.values().any(|seen| seen.task == task.id);
        match task.status {
            Status::InProgress => progress.running += 1,
            Status::Ready if task.blocked_by.is_empty() => progress.ready += 1,
            Status::Ready => progress.blocked += 1,
            Status::Failed if is_tried_again(run, task) && was_seen() => {
                retries.insert(task.id);
                progress.ready += 1;
            }
            Status::Failed => progress.failed += usize::from(was_seen() || state.refused.contains(&task.id)),
            Status::Review | Status::Done => progress.finished += usize::from(was_seen()),
        }
    }
    let lengths: Vec<Duration> = state.seen.values().filter_map(|seen| seen.ended).collect();
    progress.left = left(&lengths, progress.ready, progress.running, run.max as usize);
    let mut next: Vec<&Task> = tasks
        .values()
        .filter(|task| task.status == Status::Ready && task.blocked_by.is_empty())
        .filter(|task| task.not_before.is_none_or(|at| at <= now.wall))
        .chain(tasks.values().filter(|task| retries.contains(&task.id)))
        .collect();
    next.sort_by_key(|task| (-task.draft.priority, task.id));
    let taken = progress.running.saturating_sub(idle);
    Ok(Board { progress, next: next.into_iter().map(Waiting::of).collect(), retries, taken })
}

fn is_tried_again(run: &Run<'_>, task: &Task) -> bool {
    task.attempts <= run.retry_failed && task.cause.is_some_and(may_pass)
}

/// Tells of the attempts that are over, or whose task is: an agent may live on after its work is done.
fn ended(engine: &Engine, run: &Run<'_>, state: &mut State, tasks: &BTreeMap<TaskId, Task>) -> Result<(), Fault> {
    let wall = engine.ports.clock.now().wall;
    for (id, seen) in state.seen.iter_mut().filter(|(_, seen)| seen.ended.is_none()) {
        let Some(task) = tasks.get(&seen.task) else { continue };
        if task.status == Status::InProgress && task.attempt.as_ref() == Some(id) {
            continue;
        }
        let Some(attempt) = engine.ports.store.attempt(id)? else { continue };
        let from = attempt.started_at.unwrap_or(attempt.claimed_at);
        let ran = attempt.ended_at.unwrap_or(wall).since(from);
        seen.ended = Some(ran);
        (run.told)(&News::Ended { task, attempt: &attempt, ran });
    }
    Ok(())
}

/// Starts what fits. Whether anything was.
fn start(engine: &Engine, run: &Run<'_>, state: &mut State, board: &Board) -> Result<bool, Fault> {
    let room = (run.max as usize).saturating_sub(board.taken);
    if room == 0 || board.next.is_empty() {
        return Ok(false);
    }
    let fill = Fill {
        engines: run.engines,
        request: &|task| {
            let from = if board.retries.contains(&task) { Status::Failed } else { Status::Ready };
            Request { from: vec![from], explicit: false, at_most: Some(run.max), ..Request::of(task) }
        },
        wanted: room,
        stops_at_failure: true,
        told: &|task, result| match result {
            Ok(attempt) => (run.told)(&News::Started(attempt)),
            // Another dispatcher was quicker, or there is no room any more.
            Err(fault) if fault.kind == Kind::Conflict => {}
            Err(fault) => (run.told)(&News::Refused { task, fault }),
        },
    };
    let filled = queue::fill(&fill, board.next.clone())?;
    let mut any = false;
    for (task, result) in filled.results {
        match result {
            Ok(attempt) => {
                any = true;
                let seen = Seen { task, waited: Duration::ZERO, ended: None };
                state.seen.entry(attempt.plan.id).or_insert(seen);
            }
            Err(fault) if fault.kind == Kind::NotDispatched => {
                any = true;
                state.refused.insert(task);
            }
            Err(fault) if fault.kind == Kind::Failed && !engine.is_interrupted() => return Err(fault),
            Err(_) => {}
        }
    }
    Ok(any)
}

fn summary(engine: &Engine, run: &Run<'_>, state: &State, wall: Duration) -> Result<Summary, Fault> {
    let now = engine.ports.clock.now().wall;
    let mut rows: BTreeMap<TaskId, Row> = BTreeMap::new();
    let add = |id: TaskId, rows: &mut BTreeMap<TaskId, Row>| -> Result<(), Fault> {
        if let (false, Some(task)) = (rows.contains_key(&id), engine.ports.store.task(id)?) {
            let Task { status, reason, draft, .. } = task;
            let (ran, waited) = (Duration::ZERO, Duration::ZERO);
            rows.insert(id, Row { task: id, title: draft.title, status, reason, attempts: 0, ran, waited });
        }
        Ok(())
    };
    for (id, seen) in &state.seen {
        add(seen.task, &mut rows)?;
        let ran = match seen.ended {
            Some(ran) => ran,
            None => engine
                .ports
                .store
                .attempt(id)?
                .map_or(Duration::ZERO, |attempt| now.since(attempt.started_at.unwrap_or(attempt.claimed_at))),
        };
        if let Some(row) = rows.get_mut(&seen.task) {
            row.attempts += 1;
            row.ran += ran;
            row.waited += seen.waited;
        }
    }
    for id in &state.refused {
        add(*id, &mut rows)?;
    }
    let filter = Filter { repo: run.repo.clone(), statuses: vec![Status::Ready], ..Filter::default() };
    let ready = engine.ports.store.tasks(&filter)?.tasks;
    let blocked = ready.into_iter().filter(|task| !task.blocked_by.is_empty());
    let ran: Vec<Duration> = rows.values().map(|row| row.ran).filter(|ran| !ran.is_zero()).collect();
    Ok(Summary {
        efficiency: efficiency(&ran, wall, run.max as usize),
        rows: rows.into_values().collect(),
        blocked: blocked.map(|task| (task.id, task.blocked_by)).collect(),
        wall,
        interrupted: engine.is_interrupted(),
    })
}
