//! What lives in the model of the machine: shims and their agents, and how both end.
//!
//! A shim here does what the real one promises: lock, commit, agent; the exit file before the database is told.

use std::time::Duration;

use super::world::{Proc, Shim, World};
use crate::domain::attempt::{Attempt, Exit};
use crate::domain::completion::{Ending, Evidence, How};
use crate::domain::id::{AttemptId, Process};
use crate::domain::lifecycle::{Event, Limits, Verdict};
use crate::domain::state::{Phase, Who};
use crate::ports::store::{Applied, Stamp, Store as _};
use crate::wire::exit_file;

/// An end that its shim saw.
pub fn ending(how: How, evidence: Evidence) -> Ending {
    let can_verify = matches!(how, How::Process(_));
    Ending { how, evidence, unseen: None, review_without_output: false, can_verify }
}

impl World {
    /// What the processes of the model do while ganger waits.
    pub fn tick(&self) {
        let behaviour = self.lock().shim;
        if behaviour != Shim::Late {
            let arrivals = self.lock().arrivals.clone();
            for attempt in arrivals {
                self.arrive(&attempt, behaviour);
            }
        }
        let terminated: Vec<AttemptId> = {
            let inner = self.lock();
            let living = inner.processes.values().filter(|found| found.alive && !found.stopped && !found.stubborn);
            living.filter(|found| found.terminated).filter_map(|found| found.shim_of.clone()).collect()
        };
        for attempt in terminated {
            self.end(&attempt, ending(How::Terminated, Evidence::Unknown));
        }
    }

    /// The shim's process, while it lives.
    pub fn shim(&self, attempt: &AttemptId) -> Option<Process> {
        self.shims(attempt, |_| true).first().copied()
    }

    fn shims(&self, attempt: &AttemptId, wanted: impl Fn(&Proc) -> bool) -> Vec<Process> {
        let inner = self.lock();
        let living = inner.processes.values().filter(|found| found.alive && found.shim_of.as_ref() == Some(attempt));
        living.filter(|found| wanted(found)).map(|found| found.process).collect()
    }

    /// The living agents of an attempt.
    pub fn agents(&self, attempt: &AttemptId) -> Vec<Process> {
        let inner = self.lock();
        let living = inner.processes.values().filter(|found| found.alive && found.mark.as_ref() == Some(attempt));
        living.map(|found| found.process).collect()
    }

    pub fn tell(&self, row: &Attempt, event: &Event, who: Who) -> Applied {
        let stamp = Stamp { now: self.now(), who, evidence: Vec::new() };
        let limits = Limits { max_orphan_retries: self.settings.queue.max_orphan_retries };
        self.board().apply(row.plan.task, Some(&row.plan.id), event, limits, &stamp).unwrap()
    }

    /// A shim that tmux has started begins its work.
    pub fn arrive(&self, attempt: &AttemptId, behaviour: Shim) {
        self.lock().arrivals.retain(|other| other != attempt);
        // Where two windows came to be for one attempt, one shim finds its orders.
        let mut coming = self.shims(attempt, |found| found.holds.is_none()).into_iter();
        let Some(shim) = coming.next() else { return };
        coming.for_each(|other| self.leave(attempt, other));
        let row = self.row(attempt);
        if row.phase != Phase::Spawning || behaviour == Shim::Dies {
            return self.leave(attempt, shim);
        }
        let file = self.inode(&row.plan.files.lock);
        self.lock().held.get_mut(&file.inode).unwrap().exclusive = true;
        self.with(shim, |found| found.holds = Some(file.inode));
        let place = self.lock().place.clone();
        let server = self.lock().server;
        let started = Event::Started { place, shim, server, pane: None, lock: file };
        assert!(matches!(self.tell(&row, &started, Who::Shim), Applied::Changed { .. }));
        std::fs::remove_file(&row.plan.files.launch).ok();
        match behaviour {
            Shim::Starts | Shim::Late => self.start_agent(attempt),
            Shim::SetsUp | Shim::Dies => {}
            Shim::FailsSetup => self.end(attempt, ending(How::SetupFailed("make".to_owned()), Evidence::Unknown)),
        }
    }

    pub fn start_agent(&self, attempt: &AttemptId) {
        let row = self.row(attempt);
        let (shim, agent) = (self.shim(attempt).unwrap(), self.spawn("agent").process);
        self.with(agent, |found| {
            found.mark = Some(attempt.clone());
            found.session = Some(shim.pid);
            found.folder = Some(row.plan.worktree.clone());
        });
        if let Some(tree) = self.lock().trees.get_mut(&row.plan.worktree) {
            tree.work = true;
        }
        self.tell(&row, &Event::AgentStarted { agent }, Who::Shim);
    }

    /// The agent ends, its shim writes that down and tells the database; it goes unless it has to verify.
    pub fn end(&self, attempt: &AttemptId, ending: Ending) {
        let row = self.row(attempt);
        for agent in self.agents(attempt) {
            self.kill(agent);
        }
        self.write_exit(attempt, &ending);
        std::fs::write(&row.plan.files.screen, "the last screen").unwrap();
        let told = self.tell(&row, &Event::Ended(ending), Who::Shim);
        let verifies = matches!(
            told,
            Applied::Changed { phase: Some(Phase::Verifying), .. }
                | Applied::Already { phase: Some(Phase::Verifying), .. }
        );
        if !verifies && let Some(shim) = self.shim(attempt) {
            self.leave(attempt, shim);
        }
    }

    pub fn write_exit(&self, attempt: &AttemptId, ending: &Ending) {
        std::fs::write(&self.row(attempt).plan.files.exit, exit_file::encode(ending, 0).unwrap()).unwrap();
    }

    /// The agent exits.
    pub fn exit(&self, attempt: &AttemptId, code: i32, evidence: Evidence) {
        self.end(attempt, ending(How::Process(Exit::Code(code)), evidence));
    }

    /// The verification is over; the shim goes if its agent has.
    pub fn verified(&self, attempt: &AttemptId, passed: bool) {
        let verdict = if passed { Verdict::Passed } else { Verdict::Failed("make test".to_owned()) };
        self.tell(&self.row(attempt), &Event::Verified(verdict), Who::Shim);
        if self.agents(attempt).is_empty()
            && let Some(shim) = self.shim(attempt)
        {
            self.leave(attempt, shim);
        }
    }

    /// The shim's process ends by itself; its pane stays, dead.
    fn leave(&self, attempt: &AttemptId, shim: Process) {
        self.kill(shim);
        let mut inner = self.lock();
        inner.arrivals.retain(|other| other != attempt);
        inner.panes.iter_mut().filter(|pane| pane.pid == shim.pid).for_each(|pane| pane.dead = true);
    }

    /// The shim is killed. Its agent goes with it, unless it survives.
    pub fn kill_shim(&self, attempt: &AttemptId, agent_survives: bool) {
        if !agent_survives {
            for agent in self.agents(attempt) {
                self.kill(agent);
            }
        }
        if let Some(shim) = self.shim(attempt) {
            self.leave(attempt, shim);
        }
    }

    /// Gives up the lock of a process that is gone.
    pub fn let_go(&self, process: Process) {
        let mut inner = self.lock();
        let inode = inner.processes.get_mut(&process.pid).and_then(|found| found.holds.take());
        if let Some(holders) = inode.and_then(|inode| inner.held.get_mut(&inode)) {
            holders.exclusive = false;
        }
    }

    /// A shim whose pane was closed.
    pub fn hung_up(&self, shim: Process) {
        let (attempt, server_alive) = {
            let inner = self.lock();
            (inner.processes[&shim.pid].shim_of.clone().unwrap(), inner.server.is_some())
        };
        if self.row(&attempt).phase.has_shim() {
            self.end(&attempt, ending(How::HungUp { server_alive }, Evidence::Unknown));
        } else {
            self.kill(shim);
        }
    }

    /// The tmux server dies. Its shims notice, or are killed with it.
    pub fn server_dies(&self, noticed: bool) {
        let panes = {
            let mut inner = self.lock();
            let Some(server) = inner.server.take() else { return };
            inner.processes.get_mut(&server.pid).unwrap().alive = false;
            inner.arrivals.clear();
            std::mem::take(&mut inner.panes)
        };
        for pane in panes.into_iter().filter(|pane| !pane.dead) {
            let shim = self.lock().processes[&pane.pid].process;
            if noticed {
                self.hung_up(shim);
            } else {
                self.kill_shim(&pane.argv.unwrap(), false);
            }
        }
    }

    /// The machine is restarted: nothing that ran runs, and nobody holds a lock.
    pub fn reboot(&self) {
        let mut inner = self.lock();
        inner.processes.values_mut().for_each(|found| found.alive = false);
        inner.held.values_mut().for_each(|holders| *holders = super::world::Holders::default());
        inner.server = None;
        inner.panes.clear();
        inner.arrivals.clear();
        let boot = format!("{}'", inner.place.boot);
        inner.place.boot = boot;
        inner.boot = 1_000;
        inner.wall += 60_000;
    }

    /// The lock file of an attempt is removed by somebody.
    pub fn lose_lock(&self, attempt: &AttemptId) {
        let path = self.row(attempt).plan.files.lock;
        self.lock().inodes.remove(&path);
    }

    pub fn seconds(&self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }
}
