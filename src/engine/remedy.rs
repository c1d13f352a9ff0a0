//! What to try next, as a value: each surface says it in its own way, the command line as a command and the board as a key.

use std::fmt;
use std::ops::Deref;

use crate::domain::id::TaskId;

/// Something that a user can do about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    Show(TaskId),
    Log(TaskId),
    Attach(TaskId),
    Dispatch(TaskId),
    Retry(TaskId),
    RetryFresh(TaskId),
    Send(TaskId),
    Reopen(TaskId),
    Bounce(TaskId),
    Merge(TaskId),
    EditPrompt(TaskId),
    EditVerify(TaskId),
    Stop(TaskId),
    RemoveWithStop(TaskId),
    ArchiveWithStop(TaskId),
    /// A limit is reached.
    Wait,
    Reconcile,
    Events,
    ListAll,
}

/// The command for it.
impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show(id) => write!(f, "ganger show {id}"),
            Self::Log(id) => write!(f, "ganger log {id}"),
            Self::Attach(id) => write!(f, "ganger attach {id}"),
            Self::Dispatch(id) => write!(f, "ganger dispatch {id}"),
            Self::Retry(id) => write!(f, "ganger retry {id}"),
            Self::RetryFresh(id) => write!(f, "ganger retry {id} --fresh"),
            Self::Send(id) => write!(f, "ganger send {id} TEXT"),
            Self::Reopen(id) => write!(f, "ganger reopen {id}"),
            Self::Bounce(id) => write!(f, "ganger bounce {id} --note TEXT"),
            Self::Merge(id) => write!(f, "ganger merge {id}"),
            Self::EditPrompt(id) => write!(f, "ganger edit {id} --prompt TEXT"),
            Self::EditVerify(id) => write!(f, "ganger edit {id} --verify CMD"),
            Self::Stop(id) => write!(f, "ganger stop {id}"),
            Self::RemoveWithStop(id) => write!(f, "ganger rm {id} --stop"),
            Self::ArchiveWithStop(id) => write!(f, "ganger archive {id} --stop"),
            Self::Wait => f.write_str("wait for one to end, raise the limit, or: --over-limit"),
            Self::Reconcile => f.write_str("ganger --reconcile"),
            Self::Events => f.write_str("ganger events"),
            Self::ListAll => f.write_str("ganger list --all"),
        }
    }
}

/// A fault's hint: a remedy, or words that hold on every surface. As a text it is what the command line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    text: String,
    /// Absent: it is words.
    pub remedy: Option<Remedy>,
}

impl Hint {
    /// A remedy, for which the command line has words of its own.
    #[must_use]
    pub fn saying(text: impl Into<String>, remedy: Remedy) -> Self {
        Self { text: text.into(), remedy: Some(remedy) }
    }
}

impl From<Remedy> for Hint {
    fn from(remedy: Remedy) -> Self {
        Self { text: remedy.to_string(), remedy: Some(remedy) }
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self { text, remedy: None }
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Deref for Hint {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
