//! Before anything is started: the lock, the worktree, and the commit that the attempt runs.

use std::path::Path;
use std::time::Duration;

use super::World;
use crate::domain::lifecycle::Event;
use crate::domain::state::{Cause, Who};
use crate::engine::{Fault, Kind, outbox, strays};
use crate::ports::store::Applied;
use crate::shim::life::Commit;

/// How long a prober's shared lock is waited for.
const PROBERS: Duration = Duration::from_secs(2);

impl World<'_> {
    pub(super) fn take_lock(&mut self) -> bool {
        match self.engine.ports.locks.exclusive(&self.plan.files.lock, PROBERS) {
            Ok(lock) => {
                strays::inscribe(lock.as_ref(), self.plan, self.engine.ports.processes.me());
                self.lock = Some(lock);
                true
            }
            Err(error) => {
                self.fault = Some(Fault::io("another shim of this attempt runs", &error));
                false
            }
        }
    }

    /// Goes to the worktree, and makes sure that it is one: tmux starts a pane somewhere else when its folder is gone.
    pub(super) fn enter(&mut self) -> bool {
        let entered = std::env::set_current_dir(&self.worktree)
            .and_then(|()| std::fs::metadata(self.worktree.join(".git")))
            .map_err(|error| no_entry(&self.worktree, &error));
        self.fault = entered.err();
        self.fault.is_none()
    }

    pub(super) fn give_back(&mut self) {
        let reason = self.fault.as_ref().map(|fault| fault.message.clone()).unwrap_or_default();
        let event = Event::RolledBack { cause: Cause::Worktree, reason, lasting: false };
        if let Err(fault) =
            self.engine.apply(self.plan.task, Some(&self.plan.id), &event, &self.engine.stamp(Who::Shim))
        {
            self.fault = Some(fault);
        }
    }

    /// `spawning` → `running`, or nothing runs.
    pub(super) fn commit(&mut self) -> Commit {
        let Some(lock) = &self.lock else { return Commit::Refused };
        let event = Event::Started {
            place: self.engine.ports.processes.place(),
            shim: self.engine.ports.processes.me(),
            server: self.server,
            pane: std::env::var("TMUX_PANE").ok(),
            lock: lock.file(),
        };
        match self.engine.apply(self.plan.task, Some(&self.plan.id), &event, &self.engine.stamp(Who::Shim)) {
            Ok(Applied::Changed { .. }) => Commit::Written,
            Ok(Applied::Already { .. } | Applied::Conflict { .. } | Applied::Missing) => Commit::Refused,
            Err(fault) => {
                self.fault = Some(fault);
                Commit::Failed
            }
        }
    }

    pub(super) fn move_in(&self) {
        self.engine.ports.files.remove(&self.plan.files.launch).ok();
        // Where it can't be made, only an agent that can't write the database misses it.
        outbox::prepare(&*self.engine.ports.tree_files, &self.worktree).ok();
    }
}

fn no_entry(worktree: &Path, error: &std::io::Error) -> Fault {
    Fault::new(Kind::Failed, format!("the worktree {} can't be entered: {error}", worktree.display()))
}
