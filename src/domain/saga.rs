//! The words of a dispatch: its steps, and how one fails.

use super::state::Cause;

/// The steps after the claim, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepName {
    Claim,
    Launch,
    Worktree,
    Session,
    Start,
}

impl StepName {
    /// What it is called in messages.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Launch => "launch file",
            Self::Worktree => "worktree",
            Self::Session => "tmux session",
            Self::Start => "agent start",
        }
    }
}

/// Why a step failed, and what its task becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub step: StepName,
    pub cause: Cause,
    /// Whether trying again would fail alike: then the task is failed, else it is ready again.
    pub lasting: bool,
    /// What failed and why, lower case.
    pub why: String,
}

impl Failure {
    /// A failure of a step.
    #[must_use]
    pub const fn new(step: StepName, cause: Cause, lasting: bool, why: String) -> Self {
        Self { step, cause, lasting, why }
    }
}

/// What an undo left in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Nothing: it is gone, or never was, or is not ours.
    Nothing,
    /// It holds work, or could not be told to hold none: a sentence that says what and where.
    Kept(String),
}

#[cfg(test)]
mod tests {
    use super::StepName;

    #[test]
    fn every_step_has_a_word_of_its_own() {
        let steps = [StepName::Claim, StepName::Launch, StepName::Worktree, StepName::Session, StepName::Start];
        let words = steps.map(StepName::text);
        assert_eq!(words, ["claim", "launch file", "worktree", "tmux session", "agent start"]);
    }
}
