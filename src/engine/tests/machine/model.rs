//! What each task may be: statuses and lives, without a database, a tmux, or a git.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::id::{AttemptId, TaskId};
use crate::domain::state::{Phase, Status};
use crate::domain::time::{Now, Timestamp};
use crate::engine::tests::world::World;
use crate::ports::store::Store as _;

/// What is left of the newest attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Nothing that anybody has to find out about.
    Over,
    /// Its dispatcher is dead, and no shim has come.
    Claimed,
    /// Its shim lives.
    Runs,
    /// Its shim is gone, and nobody has found that out.
    Lost,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub status: Status,
    pub life: Life,
    /// Whether its agent has been started: setup may still be under way.
    started: bool,
    /// Whether work has to be verified.
    verifies: bool,
    /// Whether it is being verified.
    verifying: bool,
    /// Losses in a row.
    orphans: u32,
    /// The server or the machine of its attempt is gone: a loss is not its fault.
    excused: bool,
    claimed: Timestamp,
}

#[derive(Debug, Default)]
pub struct Model {
    tasks: BTreeMap<i64, Entry>,
    added: i64,
}

impl Model {
    pub fn compare(&self, world: &World) -> Result<(), String> {
        for id in 1..=self.added {
            let is = world.board().task(TaskId(id)).unwrap();
            let (is, may) = (is.map(|task| task.status), self.status(id));
            if is != may {
                return Err(format!("task {id} is {is:?}, the model says {may:?}: {:?}", self.tasks.get(&id)));
            }
        }
        Ok(())
    }

    pub fn ids(&self) -> Vec<i64> {
        self.tasks.keys().copied().collect()
    }

    pub fn status(&self, id: i64) -> Option<Status> {
        self.tasks.get(&id).map(|entry| entry.status)
    }

    pub fn is_there(&self, id: i64) -> bool {
        self.tasks.contains_key(&id)
    }

    pub fn add(&mut self, verifies: bool) {
        self.added += 1;
        let entry = Entry {
            status: Status::Ready,
            life: Life::Over,
            started: false,
            verifies,
            verifying: false,
            orphans: 0,
            excused: false,
            claimed: Timestamp(0),
        };
        self.tasks.insert(self.added, entry);
    }

    pub fn may_be_dispatched(&self, id: i64) -> bool {
        let may = |entry: &Entry| matches!(entry.status, Status::Ready | Status::Failed) && entry.life == Life::Over;
        self.tasks.get(&id).is_some_and(may)
    }

    /// Takes over what became of a dispatch.
    pub fn observe(&mut self, id: i64, world: &World, explicit: bool) {
        let entry = self.tasks.get_mut(&id).unwrap();
        let row = world.task(TaskId(id));
        entry.status = row.status;
        entry.orphans = if explicit { row.orphans } else { entry.orphans };

        (entry.verifying, entry.excused) = (false, false);
        let attempt = row.attempt.map(|id| world.row(&id));
        entry.life = match attempt.as_ref().map(|attempt| attempt.phase) {
            _ if row.status != Status::InProgress => Life::Over,
            Some(Phase::Running) => Life::Runs,
            Some(_) | None => Life::Claimed,
        };
        entry.started = attempt.as_ref().is_some_and(|attempt| attempt.started_at.is_some());
        entry.claimed = attempt.map_or(Timestamp(0), |attempt| attempt.claimed_at);
    }

    pub fn started(&mut self, id: i64) {
        self.change(id, |entry| (entry.life, entry.started) = (Life::Runs, true));
    }

    fn newest(&self, id: i64, world: &World, wanted: impl Fn(&Entry) -> bool) -> Option<AttemptId> {
        self.tasks.get(&id).filter(|entry| wanted(entry))?;
        world.task(TaskId(id)).attempt
    }

    pub fn with_shim(&self, id: i64, world: &World) -> Option<AttemptId> {
        self.newest(id, world, |entry| entry.life == Life::Runs)
    }

    pub fn with_agent(&self, id: i64, world: &World) -> Option<AttemptId> {
        self.with_shim(id, world).filter(|attempt| !world.agents(attempt).is_empty())
    }

    pub fn verifying(&self, id: i64, world: &World) -> Option<AttemptId> {
        self.newest(id, world, |entry| entry.life == Life::Runs && entry.verifying)
    }

    fn change(&mut self, id: i64, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.tasks.get_mut(&id) {
            change(entry);
        }
    }

    pub fn exited(&mut self, id: i64, well: bool, changed: bool) {
        self.change(id, |entry| {
            if entry.verifying {
                return;
            }
            if entry.status == Status::InProgress {
                match (well && changed, entry.verifies) {
                    (true, true) => {
                        entry.verifying = true;
                        return;
                    }
                    (true, false) => (entry.status, entry.orphans) = (Status::Review, 0),
                    (false, _) => entry.status = Status::Failed,
                }
            }
            entry.life = Life::Over;
        });
    }

    pub fn verified(&mut self, id: i64, passed: bool, agent: bool) {
        self.change(id, |entry| {
            entry.verifying = false;
            entry.status = if passed { Status::Review } else { Status::Failed };
            entry.orphans = if passed { 0 } else { entry.orphans };
            entry.life = if agent { Life::Runs } else { Life::Over };
        });
    }

    pub fn done(&mut self, id: i64) {
        self.change(id, |entry| {
            if entry.status == Status::InProgress && entry.started {
                if entry.verifies {
                    entry.verifying = true;
                } else {
                    (entry.status, entry.orphans) = (Status::Review, 0);
                }
            }
        });
    }

    /// `over`: nothing of it can end any more.
    pub fn fail(&mut self, id: i64, over: bool) {
        self.change(id, |entry| {
            if entry.status == Status::InProgress && entry.life != Life::Claimed {
                (entry.status, entry.verifying) = (Status::Failed, false);
                entry.life = if over { Life::Over } else { entry.life };
            }
        });
    }

    pub fn lose(&mut self, id: i64) {
        self.change(id, |entry| entry.life = Life::Lost);
    }

    pub fn stop(&mut self, id: i64) {
        self.change(id, |entry| {
            if entry.status == Status::InProgress {
                entry.status = Status::Failed;
            }
            (entry.life, entry.verifying) = (Life::Over, false);
        });
    }

    pub fn remove(&mut self, id: i64) {
        self.tasks.remove(&id);
    }

    /// Whether it was in review, or done already.
    pub fn approve(&mut self, id: i64) -> bool {
        let Some(entry) = self.tasks.get_mut(&id) else { return false };
        if entry.status == Status::Review {
            (entry.status, entry.life) = (Status::Done, Life::Over);
        }
        entry.status == Status::Done
    }

    pub fn reopen(&mut self, id: i64) {
        self.change(id, |entry| {
            if entry.status == Status::Done {
                entry.status = Status::Review;
            }
        });
    }

    pub fn requeue(&mut self, id: i64) {
        self.change(id, |entry| {
            if entry.status == Status::Failed && entry.life == Life::Over {
                (entry.status, entry.orphans) = (Status::Ready, 0);
            }
        });
    }

    /// Every loss is found out.
    pub fn reconciled(&mut self, now: Now) {
        for entry in self.tasks.values_mut() {
            match (entry.life, entry.status) {
                (Life::Runs | Life::Over, _) => continue,
                (Life::Claimed, _) => entry.status = Status::Ready,
                (Life::Lost, Status::InProgress) if entry.verifying => entry.status = Status::Failed,
                (Life::Lost, Status::InProgress) if entry.excused => entry.status = Status::Ready,
                (Life::Lost, Status::InProgress) => {
                    let lived = now.wall.since(entry.claimed) >= Duration::from_mins(10);
                    entry.orphans = if lived { 1 } else { entry.orphans + 1 };
                    entry.status = if entry.orphans > 3 { Status::Failed } else { Status::Ready };
                }
                (Life::Lost, Status::Ready | Status::Review | Status::Done | Status::Failed) => {}
            }
            (entry.life, entry.verifying) = (Life::Over, false);
        }
    }

    pub fn server_dies(&mut self, noticed: bool) {
        for entry in self.tasks.values_mut().filter(|entry| matches!(entry.life, Life::Runs | Life::Lost)) {
            entry.excused = true;
            if entry.life == Life::Runs && noticed {
                if entry.status == Status::InProgress {
                    entry.status = if entry.verifying { Status::Failed } else { Status::Ready };
                }
                (entry.life, entry.verifying) = (Life::Over, false);
            } else {
                entry.life = Life::Lost;
            }
        }
    }

    pub fn reboot(&mut self) {
        for entry in self.tasks.values_mut().filter(|entry| matches!(entry.life, Life::Runs | Life::Lost)) {
            (entry.life, entry.excused) = (Life::Lost, true);
        }
    }
}
