//! What the shim is told to do.

use std::time::Duration;

use crate::domain::completion::How;
use crate::domain::lifecycle::Verdict;

/// The orders of one attempt; they never change.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// What is done in the tree before the agent starts.
    pub setup: Vec<Step>,
    /// No agent is run, only the verification.
    pub verify_only: bool,
    /// The name of the agent's program.
    pub program: String,
    pub verify: Vec<String>,
    pub review_without_output: bool,
    pub setup_timeout: Duration,
    pub verify_timeout: Duration,
    pub timeout: Option<Duration>,
    /// Between the request to end and the kill.
    pub grace: Duration,
}

/// A part of the setup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ignored files of the main worktree are copied.
    Copy,
    /// They are linked.
    Link,
    /// The repository's post-checkout hook.
    Hook,
    Command(String),
}

impl Step {
    /// What it is called where it is reported.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Copy => "worktrees.copy",
            Self::Link => "worktrees.link",
            Self::Hook => "git hook run post-checkout",
            Self::Command(command) => command,
        }
    }

    /// Whether it is a process in the terminal.
    pub(super) const fn is_command(&self) -> bool {
        matches!(self, Self::Hook | Self::Command(_))
    }

    pub(super) fn failed(&self, how: &str) -> How {
        let name = self.name();
        How::SetupFailed(if self.is_command() { format!("`{name}`: {how}") } else { format!("{name}: {how}") })
    }
}

impl Orders {
    pub(super) fn not_verified(&self, index: usize, how: &str) -> Verdict {
        let command = self.verify.get(index).map_or("", String::as_str);
        Verdict::Failed(format!("`{command}`: {how}"))
    }
}
