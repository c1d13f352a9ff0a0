//! What the life and the world say to each other: what happens, what is done and asked about it, and the answers.

use std::time::Duration;

use crate::domain::attempt::Exit;
use crate::domain::completion::{Ending, Evidence};
use crate::domain::lifecycle::Verdict;
use crate::domain::state::Phase;

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Nothing, but that time has passed.
    Time,
    /// The terminal hung up: the pane was closed, or its server ended.
    HungUp,
    Terminated,
    /// Another process says that there is something to read in the database.
    Woken,
    /// What runs in the foreground was stopped by a signal.
    Suspended(i32),
    /// What ran in the foreground has ended.
    Ended(End),
    /// The command of the verification that ran has ended, or it can't be told how.
    VerificationEnded(Result<Exit, String>),
    /// What was asked last is answered.
    Answer(Answer),
}

/// How what ran in the foreground ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum End {
    Process(Exit),
    /// Files were copied or linked; or why not all were.
    Brought(Result<(), String>),
}

/// What is asked: something is tried, and how it went decides what comes next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// The attempt's lock is to be taken.
    Lock,
    /// The worktree is to be entered.
    Enter,
    /// `spawning` → `running` is to be written.
    Commit,
    /// A step of the setup is to be started.
    Setup(usize),
    /// The agent is to be started.
    Agent,
    /// A command of the verification is to be started.
    Verify(usize),
    /// What the database wants of this attempt: where another process has written, or `anyway`.
    Look { anyway: bool },
    /// What the agent's processes and screen show.
    Observe,
    /// Whether the tmux server lives on after it hung up.
    Server,
    /// Whether the agent left anything.
    Evidence,
    /// The database is to be told; `wait`: as often as it takes within its deadline, else once.
    Tell { news: News, wait: bool },
}

/// What the database is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum News {
    AgentStarted,
    Ended(Ending),
    Verified(Verdict),
}

/// What was answered, each to its question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Locked(bool),
    Entered(bool),
    Committed(Commit),
    /// A step of the setup, or the agent, was started.
    Started(Result<(), String>),
    VerificationStarted(Result<(), String>),
    /// `None`: there is nothing new, or the database can't be read.
    Looked(Option<Row>),
    /// When to look again.
    Observed {
        after: Duration,
    },
    Server {
        alive: bool,
    },
    Evidence(Result<Evidence, String>),
    AgentStarted(Told),
    Ended(Told),
    Verified(Told),
}

/// What became of the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    Written,
    /// The attempt was revoked.
    Refused,
    /// The database could not be written.
    Failed,
}

/// What the database says of the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub phase: Phase,
    pub stop_requested: bool,
}

/// What the database made of what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was written, and the attempt is here now.
    Moved(Option<Phase>),
    /// Nothing was written: it was so already, or is refused.
    Stands(Option<Phase>),
    /// There is no such task.
    Missing,
    /// It was busy, full or not there.
    Unreachable,
}

/// What is done as far as it can be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// The attempt is given back: its worktree can't be entered.
    GiveBack,
    /// The orders are removed, and the agent's outbox is made.
    MoveIn,
    RestoreTerminal,
    /// A setup command's failure, and what its terminal showed last, go to the log.
    LogFailure(String),
    InstallHooks,
    /// What the tree holds is kept in mind, to be compared with.
    Snapshot,
    /// What runs in the foreground is asked to end.
    AskToEnd,
    /// What runs in the foreground is continued.
    Continue,
    /// What runs in the foreground, and everything else in this terminal session, is killed.
    Kill,
    /// `limit`: it is read for a usage limit, too.
    SaveScreen {
        limit: bool,
    },
    /// The agent's messages are delivered; `last`: there will be no more.
    Deliver {
        last: bool,
    },
    WriteExit(Ending),
    /// The running command of the verification is killed.
    EndVerification,
    ReleaseTree,
    NoteLeftovers,
    Footer,
}

/// What follows the acts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Then {
    /// Until something happens, or the clock reads this.
    Wait(Duration),
    Ask(Ask),
    Leave(Leave),
}

/// How the shim ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leave {
    /// With this code.
    Ended(u8),
    /// Nothing was started.
    Refused(Refusal),
}

/// Why nothing was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No shim is awaited.
    NotAwaited(Phase),
    Revoked,
    /// Something could not be done; whoever was asked knows what.
    Fault,
}

/// What is to be done: the acts in their order, and then one more thing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Turn {
    pub acts: Vec<Act>,
    pub then: Then,
}
