//! How an attempt ends, and what its task becomes: the table of ARCHITECTURE.md, as one `match`.

use super::attempt::Exit;
use super::state::Cause;

/// Whether the agent left anything behind, compared with the snapshot taken just before it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// HEAD or the tree (ignored files excluded) differs.
    Changed,
    /// Neither differs.
    Unchanged,
    /// The tree could not be inspected, or was not: no evidence is no success.
    Unknown,
}

/// Why nobody saw the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vanished {
    /// The shim is gone and its tmux server is not.
    Shim,
    /// The tmux server is gone too.
    Server,
    /// The machine has another boot id.
    Reboot,
}

/// What was seen of an attempt's end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// The agent's process ended by itself.
    Process(Exit),
    /// No agent was to run: only what stood in the tree is verified.
    OnlyVerified,
    /// The agent could not be started: the error.
    NotStarted(String),
    /// A setup command failed: which, and how.
    SetupFailed(String),
    /// It ran past its timeout and was ended.
    TimedOut,
    /// The pane was closed under it.
    HungUp {
        /// Whether the tmux server lived on 500 ms later.
        server_alive: bool,
    },
    /// The shim was asked to end by a signal that no ganger command announced.
    Terminated,
    /// Nobody saw it end.
    Vanished(Vanished),
}

/// The end of an agent, as its shim recorded it or as a reconciler found it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ending {
    pub how: How,
    pub evidence: Evidence,
    /// Why the evidence could not be looked at, where that was tried.
    pub unseen: Option<String>,
    /// Whether an exit 0 without evidence goes to review (profiles of plain commands).
    pub review_without_output: bool,
    /// Whether the shim lives, so that it can verify.
    pub can_verify: bool,
}

impl Ending {
    /// An end that nobody saw.
    #[must_use]
    pub const fn vanished(how: Vanished) -> Self {
        Self {
            how: How::Vanished(how),
            evidence: Evidence::Unknown,
            unseen: None,
            review_without_output: false,
            can_verify: false,
        }
    }

    /// The agent's exit, where its process was seen to end.
    #[must_use]
    pub const fn exit(&self) -> Option<Exit> {
        match &self.how {
            How::Process(exit) => Some(*exit),
            How::OnlyVerified
            | How::NotStarted(_)
            | How::SetupFailed(_)
            | How::TimedOut
            | How::HungUp { .. }
            | How::Terminated
            | How::Vanished(_) => None,
        }
    }
}

/// What the task becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Review {
        reason: String,
    },
    /// Stays in progress until its verification has run.
    Verify,
    Failed {
        cause: Cause,
        reason: String,
    },
    /// Back to ready, by itself, after a while.
    Requeue {
        cause: Cause,
        reason: String,
    },
}

/// Maps the end of an in-progress task's agent. A stop request wins over everything that the process did.
#[must_use]
pub fn outcome(ending: &Ending, stop_requested: bool, verifies: bool) -> Outcome {
    if stop_requested {
        return Outcome::Failed { cause: Cause::Cancelled, reason: "stopped on request".to_owned() };
    }
    let failed = |cause, reason: String| Outcome::Failed { cause, reason };
    let requeue = |cause, reason: &str| Outcome::Requeue { cause, reason: reason.to_owned() };
    match &ending.how {
        How::Process(Exit::Code(0)) | How::OnlyVerified => finished(ending, verifies),
        How::Process(Exit::Code(code @ (126 | 127))) => {
            failed(Cause::AgentMissing, format!("the agent could not be run: exit status {code}"))
        }
        How::Process(Exit::Code(130)) => {
            failed(Cause::Exit, "the agent was interrupted: exit status 130 (SIGINT)".to_owned())
        }
        How::Process(Exit::Code(code)) => failed(Cause::Exit, format!("the agent failed: exit status {code}")),
        How::Process(Exit::Signal(signal)) => {
            failed(Cause::Signal, format!("the agent was killed by {}", signal_name(*signal)))
        }
        How::NotStarted(error) => failed(Cause::AgentMissing, format!("the agent could not be started: {error}")),
        How::SetupFailed(error) => failed(Cause::Setup, format!("setup failed: {error}")),
        How::TimedOut => failed(Cause::Timeout, "the agent ran past its timeout and was ended".to_owned()),
        How::HungUp { server_alive: true } => {
            failed(Cause::Cancelled, "its tmux pane was closed by the user".to_owned())
        }
        How::HungUp { server_alive: false } | How::Vanished(Vanished::Server) => {
            requeue(Cause::OrphanServer, "the tmux server went away")
        }
        How::Terminated => {
            requeue(Cause::OrphanTerminated, "the agent was terminated by a signal that ganger did not send")
        }
        How::Vanished(Vanished::Shim) => requeue(Cause::OrphanShim, "the agent vanished"),
        How::Vanished(Vanished::Reboot) => requeue(Cause::OrphanReboot, "the machine was restarted"),
    }
}

fn finished(ending: &Ending, verifies: bool) -> Outcome {
    match (ending.evidence, ending.review_without_output) {
        (Evidence::Unchanged, false) => Outcome::Failed {
            cause: Cause::NoOutput,
            reason: "the agent exited 0 but changed nothing and reported nothing".to_owned(),
        },
        (Evidence::Unknown, _) => {
            let why = ending.unseen.as_deref().unwrap_or("its worktree could not be compared");
            let reason = format!("the agent exited 0, but what it left can't be looked at: {why}");
            Outcome::Failed { cause: Cause::NoOutput, reason }
        }
        (Evidence::Changed, _) | (Evidence::Unchanged, true) => {
            if !verifies {
                Outcome::Review { reason: "the agent finished".to_owned() }
            } else if ending.can_verify {
                Outcome::Verify
            } else {
                Outcome::Failed {
                    cause: Cause::VerifyInterrupted,
                    reason: "the agent finished, but its verification was interrupted".to_owned(),
                }
            }
        }
    }
}

impl Exit {
    /// How it ended, for people.
    #[must_use]
    pub fn described(self) -> String {
        match self {
            Self::Code(code) => format!("exit status {code}"),
            Self::Signal(signal) => format!("killed by {}", signal_name(signal)),
        }
    }
}

/// The name of a signal by its Linux number, or `signal N`.
#[must_use]
pub fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Cause, Ending, Evidence, Exit, How, Outcome, Vanished, outcome};

    fn ending(how: How, evidence: Evidence) -> Ending {
        Ending { how, evidence, unseen: None, review_without_output: false, can_verify: true }
    }

    fn cause(outcome: &Outcome) -> Option<Cause> {
        match outcome {
            Outcome::Review { .. } | Outcome::Verify => None,
            Outcome::Failed { cause, .. } | Outcome::Requeue { cause, .. } => Some(*cause),
        }
    }

    #[test]
    fn only_a_process_that_was_seen_to_end_has_an_exit() {
        let ended = |how| super::Ending { how, ..super::Ending::vanished(super::Vanished::Shim) };
        assert_eq!(ended(super::How::Process(super::Exit::Code(3))).exit(), Some(super::Exit::Code(3)));
        assert_eq!(ended(super::How::Terminated).exit(), None);
    }

    #[test]
    fn exit_0_without_evidence_is_not_success() {
        let seen = outcome(&ending(How::Process(Exit::Code(0)), Evidence::Unchanged), false, false);
        assert_eq!(cause(&seen), Some(Cause::NoOutput));
    }

    #[test]
    fn a20_exit_0_whose_evidence_can_not_be_looked_at_is_no_success_whatever_the_profile() {
        for review_without_output in [false, true] {
            for verifies in [false, true] {
                let unseen = Some("its worktree is gone".to_owned());
                let blind =
                    Ending { unseen, review_without_output, ..ending(How::Process(Exit::Code(0)), Evidence::Unknown) };
                let Outcome::Failed { cause, reason } = outcome(&blind, false, verifies) else { panic!("{blind:?}") };
                assert_eq!(cause, Cause::NoOutput);
                assert!(reason.ends_with("can't be looked at: its worktree is gone"), "{reason}");
            }
        }
    }

    #[test]
    fn exit_0_with_evidence_is_verified_before_review() {
        let done = ending(How::Process(Exit::Code(0)), Evidence::Changed);
        assert!(matches!(outcome(&done, false, false), Outcome::Review { .. }));
        assert_eq!(outcome(&done, false, true), Outcome::Verify);
        let unverifiable = Ending { can_verify: false, ..done };
        assert_eq!(cause(&outcome(&unverifiable, false, true)), Some(Cause::VerifyInterrupted));
    }

    #[test]
    fn a_stop_request_wins_over_every_ending() {
        for how in [
            How::Process(Exit::Code(0)),
            How::Process(Exit::Signal(15)),
            How::Terminated,
            How::HungUp { server_alive: false },
            How::Vanished(Vanished::Shim),
            How::Vanished(Vanished::Reboot),
        ] {
            assert_eq!(cause(&outcome(&ending(how, Evidence::Changed), true, true)), Some(Cause::Cancelled));
        }
    }

    #[test]
    fn only_what_nobody_wanted_is_requeued() {
        let requeued = |how| matches!(outcome(&ending(how, Evidence::Changed), false, false), Outcome::Requeue { .. });
        assert!(requeued(How::Terminated));
        assert!(requeued(How::HungUp { server_alive: false }));
        assert!(requeued(How::Vanished(Vanished::Shim)));
        assert!(!requeued(How::HungUp { server_alive: true }));
        assert!(!requeued(How::Process(Exit::Code(1))));
        assert!(!requeued(How::Process(Exit::Signal(9))));
        assert!(!requeued(How::TimedOut));
    }

    #[test]
    fn every_exit_is_told_apart() {
        let of = |exit| outcome(&ending(How::Process(exit), Evidence::Changed), false, false);
        let texts: Vec<String> = [
            Exit::Code(1),
            Exit::Code(2),
            Exit::Code(126),
            Exit::Code(127),
            Exit::Code(130),
            Exit::Code(143),
            Exit::Signal(9),
            Exit::Signal(11),
        ]
        .into_iter()
        .map(|exit| format!("{:?}", of(exit)))
        .collect();
        for (index, text) in texts.iter().enumerate() {
            assert!(!texts[..index].contains(text), "{text}");
        }
    }
}
