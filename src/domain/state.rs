//! The closed sets of words: a task's status, an attempt's phase, why an attempt ended. One text form each.

use std::fmt;

/// A word that is not in its set: a row of a newer version, or a damaged one. Never replaced by a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    pub set: &'static str,
    pub word: String,
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} {:?}", self.set, self.word)
    }
}

impl std::error::Error for UnknownWord {}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $set:literal { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value, in the order of the board.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The one text form, as in the database, the JSON and the command line.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads the text form.
            ///
            /// # Errors
            /// The word, when it is not in the set.
            pub fn parse(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    other => Err(UnknownWord { set: $set, word: other.to_owned() }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.text()) }
        }
    };
}

pub(super) use words;

words! {
    /// Which column of the board a task is in.
    Status, "status" {
        Ready = "ready",
        InProgress = "in-progress",
        Review = "review",
        Done = "done",
        Failed = "failed",
    }
}

impl Status {
    /// As a sentence says it: "the task is in review".
    #[must_use]
    pub const fn said(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::InProgress => "in progress",
            Self::Review => "in review",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl Who {
    /// What a user is told.
    #[must_use]
    pub const fn said(self) -> &'static str {
        match self {
            Self::Person => "you",
            Self::Agent | Self::Dispatcher | Self::Shim | Self::Reconciler => self.text(),
        }
    }
}

words! {
    /// What an agent has said by a verb of its own: it stands until its next turn, whatever its program reports meanwhile.
    Spoken, "kind of saying" {
        /// It wants an answer, and goes on with its turn.
        Question = "question",
        Remark = "remark",
        /// Its turn is over, and the question is open.
        LeftQuestion = "left question",
        LeftRemark = "left remark",
    }
}

words! {
    /// How far an attempt has come.
    Phase, "phase" {
        Claimed = "claimed",
        Worktree = "worktree",
        Spawning = "spawning",
        Running = "running",
        Verifying = "verifying",
        Exited = "exited",
        Revoked = "revoked",
    }
}

impl Phase {
    /// Whether an attempt in this phase may have, or may yet get, an agent.
    #[must_use]
    pub const fn is_live(self) -> bool {
        match self {
            Self::Claimed | Self::Worktree | Self::Spawning | Self::Running | Self::Verifying => true,
            Self::Exited | Self::Revoked => false,
        }
    }

    /// Whether the shim has committed: from here on its lock says whether it lives.
    #[must_use]
    pub const fn has_shim(self) -> bool {
        match self {
            Self::Running | Self::Verifying => true,
            Self::Claimed | Self::Worktree | Self::Spawning | Self::Exited | Self::Revoked => false,
        }
    }
}

words! {
    /// Why a task is where it is: the machine-readable half of its reason.
    Cause, "cause" {
        Ok = "ok",
        ReportedFailure = "reported-failure",
        NoOutput = "no-output",
        Verify = "verify",
        VerifyInterrupted = "verify-interrupted",
        Setup = "setup",
        Exit = "exit",
        Signal = "signal",
        Timeout = "timeout",
        AgentMissing = "agent-missing",
        Cancelled = "cancelled",
        OrphanShim = "orphan-shim",
        OrphanServer = "orphan-server",
        OrphanReboot = "orphan-reboot",
        OrphanTerminated = "orphan-terminated",
        DispatcherDied = "dispatcher-died",
        CrashLoop = "crash-loop",
        Preflight = "preflight",
        Worktree = "worktree",
        Spawn = "spawn",
    }
}

words! {
    /// Who made a transition.
    Who, "actor" {
        Dispatcher = "dispatcher",
        Shim = "shim",
        Agent = "agent",
        Reconciler = "reconciler",
        Person = "person",
    }
}

words! {
    /// What a running agent does.
    Activity, "activity" {
        Working = "working",
        /// For an answer, or for a limit to end.
        Waiting = "waiting",
        /// Finished its turn, or silent.
        Idle = "idle",
    }
}

words! {
    /// On whose word an activity stands, the surest first.
    Source, "source" {
        /// The agent's own report.
        Agent = "agent",
        /// What its processes do.
        Process = "process",
        /// A guess from its screen.
        Screen = "screen",
    }
}

words! {
    /// What a person did to a task at rest: these acts can be undone.
    Act, "act" {
        Approved = "approved",
        Reopened = "reopened",
        Requeued = "requeued",
        Archived = "archived",
        Unarchived = "unarchived",
        Deleted = "deleted",
    }
}

words! {
    /// What is known of a worktree that ganger made.
    TreeState, "tree state" {
        Planned = "planned",
        Present = "present",
        Parked = "parked",
        Gone = "gone",
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Activity, Cause, Phase, Source, Status, TreeState, Who};

    #[test]
    fn every_word_reads_back_as_itself() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.text()), Ok(*status));
        }
        for phase in Phase::ALL {
            assert_eq!(Phase::parse(phase.text()), Ok(*phase));
        }
        for cause in Cause::ALL {
            assert_eq!(Cause::parse(cause.text()), Ok(*cause));
        }
        for who in Who::ALL {
            assert_eq!(Who::parse(who.text()), Ok(*who));
        }
        for act in Act::ALL {
            assert_eq!(Act::parse(act.text()), Ok(*act));
        }
        for activity in Activity::ALL {
            assert_eq!(Activity::parse(activity.text()), Ok(*activity));
        }
        for source in Source::ALL {
            assert_eq!(Source::parse(source.text()), Ok(*source));
        }
        for state in TreeState::ALL {
            assert_eq!(TreeState::parse(state.text()), Ok(*state));
        }
    }

    #[test]
    fn phases_say_what_lives_in_them() {
        let live: Vec<_> = Phase::ALL.iter().filter(|phase| phase.is_live()).map(|phase| phase.text()).collect();
        assert_eq!(live, ["claimed", "worktree", "spawning", "running", "verifying"]);
        let shims: Vec<_> = Phase::ALL.iter().filter(|phase| phase.has_shim()).map(|phase| phase.text()).collect();
        assert_eq!(shims, ["running", "verifying"]);
    }

    #[test]
    fn an_unknown_word_is_an_error_that_names_it() {
        let error = Status::parse("READY").unwrap_err();
        assert_eq!(error.to_string(), "unknown status \"READY\"");
    }
}
