//! The board as it is now: tasks with what can be seen of their attempts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::domain::attempt::{Attempt, Doing};
use crate::domain::diff::Part;
use crate::domain::id::TaskId;
use crate::domain::liveness::{Doubt, Liveness, Lock, PlaceSeen, liveness};
use crate::domain::reconcile::Pane;
use crate::domain::state::{Activity, Cause, Phase, Source, Status};
use crate::domain::task::Task;
use crate::domain::time::Timestamp;
use crate::domain::tree::{Head, Whereabouts};
use crate::engine::diff::{self, Subject};
use crate::engine::trees::SeenTree;
use crate::engine::{Engine, Fault, strays, trees};
use crate::ports::multiplexer::Panes;
use crate::ports::store::{Filter, Which};

/// An attempt, and what was seen of it just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub attempt: Attempt,
    /// Whether its dispatcher or shim lives, looked at now.
    pub live: Liveness,
    pub pane: Pane,
    /// Its agent is stopped by a signal.
    pub stopped: bool,
}

/// A task, and its newest attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub task: Task,
    /// On a whole board only while it lives.
    pub attempt: Option<Seen>,
    /// The commits on its branch since the base, newest first; not read for a whole board.
    pub commits: Vec<String>,
    /// The newest tree that an agent worked in; on a whole board only where it is not in its place.
    pub tree: Option<SeenTree>,
    /// The files that the task is about and that its work left as they were; not read for a whole board.
    pub untouched: Vec<String>,
}

impl Card {
    /// What the agent is doing, while an attempt lives.
    #[must_use]
    pub fn activity(&self) -> Option<&'static str> {
        let seen = self.attempt.as_ref()?;
        let attempt = &seen.attempt;
        match attempt.phase {
            Phase::Claimed | Phase::Worktree | Phase::Spawning => Some("starting"),
            Phase::Verifying => Some("verifying"),
            Phase::Running if attempt.started_at.is_none() => Some("setup"),
            Phase::Running if seen.stopped => Some("stopped"),
            Phase::Running => Some(attempt.doing.as_ref().map_or(Activity::Working, |doing| doing.activity).text()),
            Phase::Exited | Phase::Revoked => None,
        }
    }

    /// What the agent is known to do, and since when: while it runs, and somebody said or saw it.
    #[must_use]
    pub fn doing(&self) -> Option<&Doing> {
        let seen = self.attempt.as_ref()?;
        let runs = seen.attempt.phase == Phase::Running && !seen.stopped;
        seen.attempt.doing.as_ref().filter(|_| runs)
    }

    /// As [`Self::activity`], for people: a guess has a question mark.
    #[must_use]
    pub fn activity_text(&self) -> Option<String> {
        let guessed = self.doing().is_some_and(|doing| doing.source == Source::Screen);
        self.activity().map(|activity| if guessed { format!("{activity}?") } else { activity.to_owned() })
    }

    /// The attempt whose words count: the one that lives, or has just failed.
    #[must_use]
    pub fn speaker(&self) -> Option<&Attempt> {
        let attempt = self.attempt.as_ref().map(|seen| &seen.attempt);
        attempt.filter(|attempt| attempt.phase.is_live() || self.task.status == Status::Failed)
    }

    /// When the usage limit ends that its agent waits for, or that ended it; not, once that is over.
    #[must_use]
    pub fn limit_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.speaker()?.waits_until.filter(|until| *until > now)
    }

    /// What its agent asks, or said last.
    #[must_use]
    pub fn saying(&self) -> Option<&str> {
        self.speaker()?.saying.as_deref()
    }

    /// Waits for an answer, as far as is known.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.doing().is_some_and(|doing| doing.activity == Activity::Waiting)
    }

    /// In progress by the row, and yet no process holds its lock.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.task.status == Status::InProgress && self.attempt.as_ref().is_some_and(|seen| seen.live == Liveness::Dead)
    }

    /// Why it can't be told whether anything works on it, where that is so.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        self.attempt.as_ref().and_then(|seen| seen.live.doubt())
    }

    /// What is wrong with the tree that its work is in, if anything is: a sentence.
    #[must_use]
    pub fn tree_trouble(&self) -> Option<String> {
        let tree = self.tree.as_ref().filter(|_| self.task.status != Status::Done)?;
        tree.found.trouble(&tree.path)
    }

    /// Where the tree's HEAD is.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        match &self.tree.as_ref()?.found {
            Whereabouts::InPlace(head) => Some(head),
            Whereabouts::Broken(_)
            | Whereabouts::Parked(_)
            | Whereabouts::Elsewhere(_)
            | Whereabouts::Absent { .. }
            | Whereabouts::Unknown(_) => None,
        }
    }

    /// Whether its agent, or what comes before and after it, is at work.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.attempt.as_ref().is_some_and(|seen| seen.attempt.phase.is_live())
    }

    /// It ran, and its agent went with its process, its tmux server or the machine: ready again, and nothing starts it.
    #[must_use]
    pub fn lost_its_agent(&self) -> bool {
        let went = matches!(
            self.task.cause,
            Some(Cause::OrphanShim | Cause::OrphanServer | Cause::OrphanReboot | Cause::OrphanTerminated)
        );
        self.task.status == Status::Ready && went
    }

    /// Whether it waits for a person.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        if self.task.archived {
            return false;
        }
        matches!(self.task.status, Status::Review | Status::Failed)
            || self.is_lost()
            || self.lost_its_agent()
            || self.attempt.as_ref().is_some_and(|seen| seen.stopped)
            || self.is_waiting()
            || self.tree_trouble().is_some()
            || self.doing().is_some_and(|doing| doing.activity == Activity::Idle && doing.source == Source::Agent)
    }
}

/// Which tasks a board is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Absent: those of every repository.
    pub repo: Option<PathBuf>,
    /// Archived ones, too.
    pub archived: bool,
}

/// One reading of a whole board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    pub shown: Shown,
    /// By id.
    pub cards: Vec<Card>,
    /// One sentence for each row that could not be read.
    pub unreadable: Vec<String>,
    /// Why the database can't be believed to know of everything that runs, and what is known of it.
    pub doubt: Option<String>,
}

impl Board {
    /// Reads the tasks that are to be shown. Asks locks, and neither git nor tmux, save for trees that are not where
    /// they were made.
    ///
    /// # Errors
    /// Those of the store.
    pub fn read(engine: &Engine, shown: &Shown) -> Result<Self, Fault> {
        let filter = Filter { repo: shown.repo.clone(), archived: shown.archived, ..Filter::default() };
        let listing = engine.ports.store.tasks(&filter)?;
        let live = engine.ports.store.attempts(&Which::Live)?;
        let mut live: HashMap<_, _> = live.into_iter().map(|attempt| (attempt.plan.task, attempt)).collect();
        let mut looker = Looker::without_panes(engine);
        let mut lost: HashMap<_, _> = trees::out_of_place(engine, &listing.tasks)?.into_iter().collect();
        let cards = listing.tasks.into_iter().map(|task| {
            let attempt = live.remove(&task.id).map(|attempt| looker.see(attempt));
            let tree = lost.remove(&task.id);
            Card { task, attempt, commits: Vec::new(), tree, untouched: Vec::new() }
        });
        let doubt = strays::doubted(engine)?.map(|(doubt, strays)| {
            // What there is to do comes first: a banner is short.
            let known = strays.iter().map(|stray| format!("{}: {}; ", stray.reason(), stray.hint()));
            known.collect::<String>() + &doubt
        });
        Ok(Self { shown: shown.clone(), cards: cards.collect(), unreadable: listing.unreadable, doubt })
    }

    /// The card of a task.
    #[must_use]
    pub fn card(&self, id: TaskId) -> Option<&Card> {
        self.cards.binary_search_by_key(&id, |card| card.task.id).ok().map(|index| &self.cards[index])
    }
}

/// Looks at attempts, listing each tmux server once.
pub struct Looker<'a> {
    engine: &'a Engine,
    /// Whether tmux is asked for the panes.
    panes: bool,
    servers: HashMap<PathBuf, Option<Panes>>,
}

impl<'a> Looker<'a> {
    /// A looker that has looked at nothing yet.
    #[must_use]
    pub fn new(engine: &'a Engine) -> Self {
        Self { engine, panes: true, servers: HashMap::new() }
    }

    /// One that does not ask tmux: for where panes are not shown, and a tmux that hangs must not be waited for.
    #[must_use]
    pub fn without_panes(engine: &'a Engine) -> Self {
        Self { panes: false, ..Self::new(engine) }
    }

    /// A task with its newest attempt.
    ///
    /// # Errors
    /// Those of the store.
    pub fn card(&mut self, task: Task) -> Result<Card, Fault> {
        let attempt = task.attempt.as_ref().map(|id| self.engine.ports.store.attempt(id)).transpose()?.flatten();
        let tree = trees::newest(self.engine, task.id)?;
        let tree = tree.map(|tree| -> Result<SeenTree, Fault> {
            let found = trees::whereabouts(self.engine, &tree)?;
            Ok(SeenTree { path: tree.path, found })
        });
        let tree = tree.transpose()?;
        let head = tree.as_ref().and_then(|tree| match &tree.found {
            Whereabouts::InPlace(head) => Some(head.text().to_owned()),
            Whereabouts::Broken(_)
            | Whereabouts::Parked(_)
            | Whereabouts::Elsewhere(_)
            | Whereabouts::Absent { .. }
            | Whereabouts::Unknown(_) => None,
        });
        let commits = attempt
            .as_ref()
            .filter(|attempt| attempt.started_at.is_some())
            .map(|attempt| {
                let plan = &attempt.plan;
                let at = head.as_deref().filter(|_| tree.as_ref().is_some_and(|tree| tree.path == plan.worktree));
                // A branch that is gone has no commits to show.
                let from = at.unwrap_or(&plan.branch);
                self.engine.ports.trees.commits(&plan.repo, from, &plan.base).unwrap_or_default()
            })
            .unwrap_or_default();
        let untouched = self.untouched(&task, attempt.as_ref());
        Ok(Card { task, attempt: attempt.map(|attempt| self.see(attempt)), commits, tree, untouched })
    }

    /// A remark, not a verdict: where the work can't be compared there is none.
    fn untouched(&self, task: &Task, attempt: Option<&Attempt>) -> Vec<String> {
        let Some(plan) = attempt.filter(|attempt| attempt.started_at.is_some()).map(|attempt| &attempt.plan) else {
            return Vec::new();
        };
        if task.draft.files.is_empty() || !matches!(task.status, Status::Review | Status::Failed) {
            return Vec::new();
        }
        let Ok(changed) = diff::files(self.engine, &Subject::planned(plan), Part::Whole) else { return Vec::new() };
        let touched = |file: &String| {
            let file = Path::new(file.trim_end_matches('/'));
            changed.iter().any(|changed| changed.path.starts_with(file) || changed.old().starts_with(file))
        };
        task.draft.files.iter().filter(|file| !touched(file)).cloned().collect()
    }

    /// An attempt.
    pub fn see(&mut self, attempt: Attempt) -> Seen {
        let locks = &self.engine.ports.locks;
        let lock = match attempt.phase {
            Phase::Exited | Phase::Revoked => Lock::Free,
            Phase::Claimed | Phase::Worktree | Phase::Spawning => locks.ask(&attempt.plan.files.saga, None),
            Phase::Running | Phase::Verifying => locks.ask(&attempt.plan.files.lock, attempt.lock),
        };
        let place = PlaceSeen::of(&attempt.place, &self.engine.ports.processes.place());
        let live = liveness(place, attempt.phase, lock);
        let pane = self.pane(&attempt);
        let stopped = attempt.phase == Phase::Running
            && attempt.agent.is_some_and(|agent| self.engine.ports.processes.is_stopped(agent));
        Seen { attempt, live, pane, stopped }
    }

    fn pane(&mut self, attempt: &Attempt) -> Pane {
        if attempt.cleaned {
            return Pane::Missing;
        }
        if !self.panes {
            return Pane::Unknown;
        }
        let socket = &attempt.plan.socket;
        if !self.servers.contains_key(socket) {
            self.servers.insert(socket.clone(), self.engine.ports.mux.glance(socket).ok());
        }
        match self.servers.get(socket) {
            None | Some(None) => Pane::Unknown,
            Some(Some(panes)) => panes.look(&attempt.plan.id),
        }
    }
}

/// One task as it is now.
///
/// # Errors
/// There is no such task; those of the store.
pub fn card(engine: &Engine, id: TaskId) -> Result<Card, Fault> {
    Looker::new(engine).card(engine.task(id)?)
}
