//! The world of the model: rows, locks, processes, files. One value is one instant.

use std::sync::Arc;

use ganger::domain::id::{AttemptId, FileId, Place, Process, TaskId};
use ganger::domain::lifecycle::{Current, Event, Limits, Origin, State, Step, step};
use ganger::domain::reconcile::Lock;
use ganger::domain::state::{Cause, Phase, Status};
use ganger::domain::time::{BootTime, Now, Timestamp};
use ganger::shim::life::{Life, Then};

/// How many attempts, dispatchers, reconcilers and windows there can be.
pub const ATTEMPTS: usize = 2;
pub const DISPATCHERS: usize = 2;
pub const RECONCILERS: usize = 2;
pub const SHIMS: usize = 3;

pub const NOW: Now = Now { wall: Timestamp(1_000_000_000), boot: BootTime(1_000_000_000) };

/// How an agent ended, as its shim wrote it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Exit 0, and there is work.
    Good,
    /// Exit 3.
    Bad,
    /// It was asked to end.
    Stopped,
}

/// An attempt's row, and what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attempt {
    pub phase: Phase,
    pub stop: bool,
    pub agent_ended: bool,
    /// Undone, its dispatch leaves the task where it was, and not in the queue.
    pub returns: bool,
    /// The shim that committed, as recorded.
    pub shim: Option<usize>,
    /// Which dispatcher holds the saga's lock.
    pub saga: Option<usize>,
    /// Which shim holds the attempt's lock.
    pub lock: Option<usize>,
    /// Which reconcilers hold it shared (or, in a broken variant, exclusively), a bit each.
    pub probers: u8,
    pub exit: Option<End>,
    /// An agent of it lives although its shim is dead.
    pub survivor: bool,
    /// A «done» that its agent sent and that has not arrived yet.
    pub verb: bool,
    /// Windows that tmux may yet open for it.
    pub late: u8,
}

/// Where a dispatcher is in its saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dispatcher {
    Idle,
    /// About to make the worktree and say so.
    Tree(usize),
    /// About to say «spawning» and ask tmux.
    Ask(usize),
    Wait(usize),
    Compensate(usize),
    CleanUp(usize),
    Release(usize),
    Over,
}

/// Where a reconciler is in its pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reconciler {
    Idle,
    /// It holds the attempt's lock shared and is about to read the row again.
    Holds(usize),
    /// It has ended what survived and is about to write that the attempt is lost.
    Write(usize),
    /// The broken variant: it probed before it read the row, and found the shim dead.
    Probed {
        attempt: usize,
        free: bool,
    },
    Over,
}

/// A shim, living.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shim {
    pub attempt: usize,
    /// `None`: it has begun, and is about to look whether it is awaited and take its lock.
    pub lived: Option<Arc<Lived>>,
    /// Whether an agent is its child, and whether a command of the verification is.
    pub agent: bool,
    pub verifies: bool,
    /// Whether the agent was asked to end.
    pub asked: bool,
    pub stopped: bool,
}

/// How far a shim has come: the real state of its life, and what that asks or waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lived {
    pub life: Life,
    /// What it is about to write to its exit file, before anything else.
    pub exit: Option<End>,
    pub then: Then,
}

impl Lived {
    pub fn waits(&self) -> bool {
        self.exit.is_none() && matches!(self.then, Then::Wait(_))
    }
}

/// What must never happen, noted when it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wrongs {
    /// I3: an agent was started for an attempt that was not its task's running one.
    pub unowned: bool,
    /// I9: an attempt was reset while its shim lived.
    pub false_kill: bool,
    /// I12: a writer with an older attempt changed something.
    pub stale_write: bool,
    /// I7: a tree that an agent had worked in was removed.
    pub work_lost: bool,
}

/// One instant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub status: Status,
    pub orphans: u32,
    pub current: Option<usize>,
    pub attempts: [Option<Attempt>; ATTEMPTS],
    pub dispatchers: [(Dispatcher, bool); DISPATCHERS],
    pub reconcilers: [(Reconciler, bool); RECONCILERS],
    pub shims: [Option<Shim>; SHIMS],
    /// How many windows there have been.
    pub opened: usize,
    /// The worktree: its owner, whether it is there, whether an agent ever ran in it.
    pub owner: Option<usize>,
    pub tree: bool,
    pub ran: bool,
    /// What chance may still do.
    pub kills: u8,
    pub stops: u8,
    pub oddities: u8,
    pub stop_requests: u8,
    pub verbs: u8,
    pub wrongs: Wrongs,
}

pub fn id(attempt: usize) -> AttemptId {
    AttemptId::parse(&format!("01980000-0000-7000-8000-{attempt:012}")).unwrap()
}

fn process(number: usize) -> Process {
    Process { pid: i32::try_from(number).unwrap(), start: 1 }
}

impl World {
    pub fn attempt(&self, attempt: usize) -> Attempt {
        self.attempts[attempt].unwrap()
    }

    pub fn at(&mut self, attempt: usize) -> &mut Attempt {
        self.attempts[attempt].as_mut().unwrap()
    }

    pub fn shim(&mut self, shim: usize) -> &mut Shim {
        self.shims[shim].as_mut().unwrap()
    }

    /// The task and its newest attempt, as the transition table looks at them. Every attempt has something to verify.
    fn row(&self) -> State {
        let current = self.current.map(|index| {
            let attempt = self.attempt(index);
            Current {
                origin: attempt.returns.then_some(Origin { status: Status::Failed, why: None }),
                id: id(index),
                phase: attempt.phase,
                stop_requested: attempt.stop,
                verifies: true,
                agent_ended: attempt.agent_ended,
                claimed_at: Timestamp(NOW.wall.0 - 60_000),
            }
        });
        State { task: TaskId(1), status: self.status, orphans: self.orphans, attempt: current }
    }

    /// What the real transition table makes of an event of this attempt.
    pub fn decide(&self, attempt: usize, event: &Event) -> Step {
        step(&self.row(), Some(&id(attempt)), event, NOW, Limits::default())
    }

    /// Writes an event as the store does: the real transition table decides, and what it says is written at once.
    /// `guarded` is whether the event names the attempt that it is about; false is a broken variant.
    pub fn write(&mut self, attempt: usize, event: &Event, guarded: bool) -> bool {
        let named = if guarded { attempt } else { self.current.unwrap_or(attempt) };
        let Step::Change(change) = self.decide(named, event) else { return false };
        let Some(current) = self.current else { return false };
        self.wrongs.stale_write |= current != attempt;
        (self.status, self.orphans) = (change.status, change.orphans);
        let row = self.at(current);
        row.stop |= change.stop_requested;
        if let Some(phase) = change.phase {
            row.phase = phase;
        }
        if matches!(event, Event::Ended(_)) {
            row.agent_ended = true;
        }
        true
    }

    /// The event of a shim's commit.
    pub fn started(shim: usize) -> Event {
        Event::Started {
            place: Place { host: "here".to_owned(), boot: "now".to_owned() },
            shim: process(shim + 1),
            server: None,
            pane: None,
            lock: FileId { device: 1, inode: 1 },
        }
    }

    pub fn rolled_back() -> Event {
        Event::RolledBack { cause: Cause::DispatcherDied, reason: "it died".to_owned(), lasting: false }
    }

    /// Takes the task, as the claim does in one transaction: not while an attempt is live.
    pub fn claim(&mut self, dispatcher: usize) -> Option<usize> {
        let live = self.attempts.iter().flatten().any(|attempt| attempt.phase.is_live());
        if live || !matches!(self.status, Status::Ready | Status::Failed) {
            return None;
        }
        let next = self.attempts.iter().position(Option::is_none)?;
        self.attempts[next] = Some(Attempt {
            phase: Phase::Claimed,
            stop: false,
            agent_ended: false,
            shim: None,
            saga: Some(dispatcher),
            lock: None,
            probers: 0,
            exit: None,
            survivor: false,
            verb: false,
            late: 0,
            // A failed task is claimed to be verified again: undone, it is failed as before.
            returns: self.status == Status::Failed,
        });
        (self.status, self.current) = (Status::InProgress, Some(next));
        // A tree that is there is adopted, with all that is in it.
        self.owner = Some(next);
        Some(next)
    }

    /// How many agents live, and for which attempts.
    pub fn agents(&self) -> Vec<usize> {
        let children = self.shims.iter().flatten().filter(|shim| shim.agent).map(|shim| shim.attempt);
        let survivors = (0..ATTEMPTS).filter(|index| self.attempts[*index].is_some_and(|attempt| attempt.survivor));
        children.chain(survivors).collect()
    }

    /// Whether the shim that is recorded for an attempt lives.
    pub fn shim_lives(&self, attempt: usize) -> bool {
        self.attempt(attempt).shim.is_some_and(|shim| self.shims[shim].is_some())
    }

    /// What a probe of the attempt's lock says.
    pub fn probe(&self, attempt: usize, exclusive: bool) -> Lock {
        let row = self.attempt(attempt);
        if row.lock.is_some() || (exclusive && row.probers != 0) { Lock::Held } else { Lock::Free }
    }

    /// A shim is gone: its lock is free, and its agent dies with it, or does not.
    pub fn lose_shim(&mut self, shim: usize, agent_survives: bool) {
        let Some(lost) = self.shims[shim].take() else { return };
        let row = self.at(lost.attempt);
        if row.lock == Some(shim) {
            row.lock = None;
        }
        if lost.agent && agent_survives {
            row.survivor = true;
        }
    }

    /// A dispatcher's process is gone, and with it its locks.
    pub fn lose_dispatcher(&mut self, dispatcher: usize) {
        self.dispatchers[dispatcher] = (Dispatcher::Over, false);
        for attempt in self.attempts.iter_mut().flatten() {
            if attempt.saga == Some(dispatcher) {
                attempt.saga = None;
            }
        }
    }

    /// A reconciler's process is gone.
    pub fn lose_reconciler(&mut self, reconciler: usize) {
        self.reconcilers[reconciler] = (Reconciler::Over, false);
        for attempt in self.attempts.iter_mut().flatten() {
            attempt.probers &= !(1 << reconciler);
        }
    }
}
