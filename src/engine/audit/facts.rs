//! The raw facts, gathered once: rows, locks, the process table, panes, git.

use std::collections::HashMap;
use std::path::Path;

use crate::domain::attempt::{Attempt, Tree};
use crate::domain::id::{AttemptId, Process};
use crate::domain::reconcile::{Lock, Probe};
use crate::domain::state::TreeState;
use crate::domain::task::Task;
use crate::domain::tree::{Head, Whereabouts};
use crate::engine::strays::{self, Stray};
use crate::engine::{Engine, Fault};
use crate::ports::multiplexer::{PaneSeen, Panes};
use crate::ports::store::{Filter, Record, Which};

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
    /// What its record says.
    Whole,
    /// It is somewhere else than its record says: where.
    Misrecorded(String),
    /// Not that: why.
    Broken(String),
    /// It could not be looked at: why.
    Unknown(String),
    /// Nothing has to be there.
    NotLookedAt,
}

impl Facts {
    pub(super) fn gather(engine: &Engine, repo: Option<&Path>) -> Result<Self, Fault> {
        let filter = Filter { repo: repo.map(Path::to_owned), statuses: Vec::new(), archived: true, removed: false };
        let mut shims: HashMap<AttemptId, Vec<Process>> = HashMap::new();
        let found = engine.ports.processes.shims().map_err(|error| Fault::io("reading the process table", &error))?;
        for (attempt, process) in found {
            shims.entry(attempt).or_default().push(process);
        }
        let mut servers = HashMap::new();
        let mut tasks = Vec::new();
        for task in engine.ports.store.tasks(&filter)?.tasks {
            let attempts = engine.ports.store.attempts(&Which::Of(task.id))?;
            let made: Vec<_> = attempts.iter().map(|row| (row.plan.worktree.clone(), row.plan.id.clone())).collect();
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
            let trees = engine.ports.store.all_trees(Some(task.id))?;
            let trees = trees.into_iter().map(|tree| {
                let had = made.iter().filter(|(path, _)| *path == tree.path).map(|(_, owner)| owner.clone());
                let owners: Vec<AttemptId> = had.collect();
                self::tree(engine, tree, &owners)
            });
            let trees = trees.collect();
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

/// A tree, as the disk shows it and not as its record has it.
fn tree(engine: &Engine, tree: Tree, owners: &[AttemptId]) -> TreeFacts {
    // A repository that is away, on a disk that is not mounted say, has lost nothing.
    let repo = tree.repo.display();
    let found = match engine.ports.disk.look(&tree.repo) {
        Ok(Some(_)) => of_disk(&tree, engine.ports.trees.whereabouts(&tree, owners)),
        Ok(None) => Found::Unknown(format!("the repository {repo} is missing")),
        Err(error) => Found::Unknown(format!("the repository {repo} can't be looked at: {error}")),
    };
    TreeFacts { tree, found }
}

fn of_disk(tree: &Tree, seen: Whereabouts) -> Found {
    let says = |what: String| Found::Misrecorded(format!("{what}, and its record says that it is {}", tree.state));
    match (tree.state, seen) {
        // A tree that nobody ever ran in holds no work, and one that is being made has no place yet.
        (TreeState::Planned, _) | (TreeState::Gone, Whereabouts::Unknown(_)) => Found::NotLookedAt,
        (_, Whereabouts::Unknown(why)) => Found::Unknown(why),
        (TreeState::Parked, Whereabouts::Parked(at)) if tree.parked.as_ref() == Some(&at) => Found::Whole,
        (_, Whereabouts::Parked(at)) => says(format!("its worktree is in the trash at {}", at.display())),
        (TreeState::Present, Whereabouts::InPlace(_)) => Found::Whole,
        (TreeState::Gone, Whereabouts::InPlace(Head::Branch(branch))) if branch == tree.branch => {
            says("its worktree is in its place".to_owned())
        }
        (TreeState::Parked, Whereabouts::InPlace(_)) => says("its worktree is in its place".to_owned()),
        (TreeState::Gone, _) => Found::NotLookedAt,
        (_, Whereabouts::Broken(why)) => Found::Broken(format!("its worktree is no longer one: {why}")),
        // Somebody moved it, and nothing of it is lost.
        (_, Whereabouts::Elsewhere(at)) => Found::Unknown(format!("its worktree was moved to {}", at.display())),
        (_, Whereabouts::Absent { .. }) => {
            Found::Broken(format!("its worktree is no longer one: {} is gone", tree.path.display()))
        }
    }
}
