//! The raw facts, gathered once: rows, locks, the process table, panes, git.

use std::collections::HashMap;
use std::path::Path;

use crate::domain::attempt::{Attempt, Tree};
use crate::domain::id::{AttemptId, Process};
use crate::domain::reconcile::{Lock, Probe};
use crate::domain::state::TreeState;
use crate::domain::task::Task;
use crate::engine::strays::{self, Stray};
use crate::engine::{Engine, Fault};
use crate::ports::multiplexer::{PaneSeen, Panes};
use crate::ports::store::{Filter, Record, Which};
use crate::ports::worktrees::{Intact, Name};

/// Everything that the checks look at.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub tasks: Vec<TaskFacts>,
    /// Attempts that no row tells of.
    pub strays: Vec<Stray>,
}

#[derive(Debug)]
pub(super) struct TaskFacts {
    pub task: Task,
    /// Oldest first.
    pub attempts: Vec<AttemptFacts>,
    pub trees: Vec<TreeFacts>,
    pub timeline: Vec<Record>,
}

/// Where an attempt's processes are, seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    Here,
    OtherBoot,
    Elsewhere,
}

#[derive(Debug)]
pub(super) struct AttemptFacts {
    pub row: Attempt,
    pub place: Where,
    /// Its shim has left traces that its row, of an older database, can't know of.
    pub ahead: bool,
    /// The shim's lock and the saga's.
    pub lock: Lock,
    pub saga: Lock,
    pub shim: Probe,
    pub agent: Probe,
    /// The living processes of this machine that were started as this attempt's shim.
    pub shims: Vec<Process>,
    /// The panes whose command line names this attempt.
    pub panes: Vec<PaneSeen>,
}

#[derive(Debug)]
pub(super) struct TreeFacts {
    pub tree: Tree,
    pub found: Found,
}

/// What stands in a tree's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A worktree of its repository, its branch there.
    Whole,
    /// Not that: why.
    Broken(String),
    /// It could not be looked at: why.
    Unknown(String),
    /// Nothing has to be there.
    NotLookedAt,
}

impl Facts {
    pub(super) fn gather(engine: &Engine, repo: Option<&Path>) -> Result<Self, Fault> {
        let filter = Filter { repo: repo.map(Path::to_owned), statuses: Vec::new(), archived: true };
        let mut shims: HashMap<AttemptId, Vec<Process>> = HashMap::new();
        let found = engine.ports.processes.shims().map_err(|error| Fault::io("reading the process table", &error))?;
        for (attempt, process) in found {
            shims.entry(attempt).or_default().push(process);
        }
        let mut servers = HashMap::new();
        let mut tasks = Vec::new();
        for task in engine.ports.store.tasks(&filter)?.tasks {
            let attempts = engine.ports.store.attempts(&Which::Of(task.id))?;
            let attempts = attempts.into_iter().map(|row| {
                let shims = shims.remove(&row.plan.id).unwrap_or_default();
                let panes = if row.cleaned {
                    Vec::new()
                } else {
                    let socket = &row.plan.socket;
                    let panes = servers.entry(socket.clone()).or_insert_with(|| engine.ports.mux.panes(socket).ok());
                    of_attempt(panes.as_ref(), &row.plan.id)
                };
                attempt(engine, row, shims, panes)
            });
            let attempts = attempts.collect();
            let trees = engine.ports.store.trees(task.id)?.into_iter().map(|tree| self::tree(engine, tree)).collect();
            let timeline = engine.ports.store.timeline(Some(task.id), 0, u32::MAX)?;
            tasks.push(TaskFacts { task, attempts, trees, timeline });
        }
        Ok(Self { tasks, strays: strays::find(engine)? })
    }
}

fn of_attempt(panes: Option<&Panes>, attempt: &AttemptId) -> Vec<PaneSeen> {
    match panes {
        Some(Panes::Listed(panes)) => panes.iter().filter(|pane| pane.attempt() == Some(attempt)).cloned().collect(),
        Some(Panes::NoServer) | None => Vec::new(),
    }
}

fn attempt(engine: &Engine, row: Attempt, shims: Vec<Process>, panes: Vec<PaneSeen>) -> AttemptFacts {
    let here = engine.ports.processes.place();
    let place = match (row.place.host == here.host, row.place.boot == here.boot) {
        (false, _) => Where::Elsewhere,
        (true, true) => Where::Here,
        (true, false) => Where::OtherBoot,
    };
    let probe = |process: Option<Process>| process.map_or(Probe::Unknown, |found| engine.ports.processes.probe(found));
    AttemptFacts {
        place,
        // What can't be told is told of the row alone.
        ahead: strays::is_ahead(engine, &row).unwrap_or(false),
        lock: engine.ports.locks.ask(&row.plan.files.lock, row.lock),
        saga: engine.ports.locks.ask(&row.plan.files.saga, None),
        shim: probe(row.shim),
        agent: probe(row.agent),
        shims,
        panes,
        row,
    }
}

fn tree(engine: &Engine, tree: Tree) -> TreeFacts {
    let at = match tree.state {
        TreeState::Present => Some(&tree.path),
        TreeState::Parked => tree.parked.as_ref(),
        TreeState::Planned | TreeState::Gone => None,
    };
    let found = match at {
        None => Found::NotLookedAt,
        // A repository that is away, on a disk that is not mounted say, has lost nothing.
        Some(_) if !tree.repo.exists() => Found::Unknown(format!("the repository {} is away", tree.repo.display())),
        Some(path) => match engine.ports.trees.intact(&tree.repo, path) {
            // A removal that was cut off between the move and its record has lost nothing.
            Intact::No(_) if tree.state == TreeState::Present && is_parked(engine, &tree) => {
                Found::Unknown("its worktree was parked, and the record does not say so yet".to_owned())
            }
            Intact::No(why) => Found::Broken(format!("its worktree is not one any more: {why}")),
            // Somebody may have gone on another branch in it, and then ours is theirs to keep or remove.
            Intact::Yes if tree.state == TreeState::Parked => Found::Whole,
            Intact::Yes => match engine.ports.trees.branch(&tree.repo, &tree.branch) {
                Ok(Name::Taken) => Found::Whole,
                Ok(Name::Free | Name::Clashes) => Found::Broken(format!("its branch {} is gone", tree.branch)),
                Err(error) => Found::Unknown(error.to_string()),
            },
        },
    };
    TreeFacts { tree, found }
}

fn is_parked(engine: &Engine, tree: &Tree) -> bool {
    let parked = tree.trash().join(tree.owner.as_str());
    !tree.path.exists() && engine.ports.trees.intact(&tree.repo, &parked) == Intact::Yes
}
