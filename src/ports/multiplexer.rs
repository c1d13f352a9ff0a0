//! tmux, as far as the engine needs it.
//!
//! Contract. Every call names its server by the socket's absolute path and has a deadline. Targets are exact.
//! Text from outside never becomes a format, a command separator or a shell word. An answer is evidence only:
//! a call that failed may have had its effect, one that succeeded may not.

use std::ffi::OsString;
use std::path::Path;

use crate::domain::id::AttemptId;
use crate::domain::reconcile::Pane;

/// Why tmux could not be asked, or what it said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MuxError {
    /// The machine's fault: missing, too old, a setting that can't work. With what to do.
    #[error("{0}")]
    Unusable(String),
    #[error("tmux does not answer: waited {0:?}")]
    Deadline(std::time::Duration),
    /// The session's name is in use.
    #[error("a tmux session called {0} exists already")]
    Taken(String),
    #[error("tmux: {0}")]
    Failed(String),
}

/// Result of a call.
pub type Result<T> = std::result::Result<T, MuxError>;

/// A pane, as `list-panes -a` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaneSeen {
    /// `%N`, unique within its server's life only.
    pub id: String,
    /// The pane's own process; 0 where it has ended and tmux does not tell any more which it was.
    pub pid: i32,
    /// Its process has ended and the pane was kept.
    pub dead: bool,
    /// How many clients look at its session.
    pub attached: u32,
    /// The attempt in the pane's mark option.
    pub mark: Option<AttemptId>,
    /// The attempt in the command line that it was started with. A pane is ours if it equals `mark`.
    pub argv: Option<AttemptId>,
    pub session: String,
    /// How many panes the session has.
    pub siblings: u32,
}

impl PaneSeen {
    /// The attempt that this pane belongs to, if it is ours at all.
    #[must_use]
    pub fn attempt(&self) -> Option<&AttemptId> {
        self.argv.as_ref()
    }
}

/// A server's panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Panes {
    /// Nobody listens on the socket.
    NoServer,
    Listed(Vec<PaneSeen>),
}

impl Panes {
    /// The attempt's own pane.
    #[must_use]
    pub fn find(&self, attempt: &AttemptId) -> Option<&PaneSeen> {
        match self {
            Self::NoServer => None,
            Self::Listed(panes) => panes.iter().find(|pane| pane.attempt() == Some(attempt)),
        }
    }

    /// What became of the attempt's own pane.
    #[must_use]
    pub fn look(&self, attempt: &AttemptId) -> Pane {
        match self.find(attempt) {
            Some(pane) if pane.dead => Pane::Dead,
            Some(_) => Pane::Live,
            None => Pane::Missing,
        }
    }
}

/// A session to be made.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    pub name: &'a str,
    pub attempt: &'a AttemptId,
    /// Where new windows of it open; the shim goes there by itself.
    pub folder: &'a Path,
    /// The shim's argv, two elements or more; one of them is the attempt's id.
    pub argv: &'a [OsString],
    pub columns: u16,
    pub rows: u16,
    pub alternate_screen: bool,
}

/// What is found before a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub version: String,
    /// The names of its sessions; empty when no server runs.
    pub sessions: Vec<String>,
}

/// How to show a session to a person: what to run, in the foreground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attach {
    /// Inside the same server: switch this client.
    Switch,
    /// Inside another server: a popup of that one.
    Popup,
    /// Outside tmux: attach here.
    Here,
}

/// What is typed into a pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// The text of one line or more, of which [`crate::domain::text::typed`] leaves what is no key, pasted as a whole: a program that wants to know is told that it is a paste.
    Paste(&'a str),
    Enter,
    /// Ctrl-C.
    Interrupt,
}

/// See the module's contract.
pub trait Multiplexer {
    /// Checks that the server on `socket` can be used.
    ///
    /// # Errors
    /// As [`MuxError`] says; so for every method.
    fn server(&self, socket: &Path) -> Result<Server>;
    /// Asks for a session, detached, in one command chain: pane kept on exit, marked, not destroyed unattached.
    fn start(&self, socket: &Path, session: &NewSession<'_>) -> Result<()>;
    /// Every pane of the server.
    fn panes(&self, socket: &Path) -> Result<Panes>;
    /// Every pane of the server, for one who only shows them: a server that does not answer soon is one that does not.
    fn glance(&self, socket: &Path) -> Result<Panes>;
    /// Ends one pane, after checking again that it bears the attempt's marks.
    fn kill(&self, socket: &Path, pane: &PaneSeen) -> Result<()>;
    /// Types into one pane, if in that moment it still bears the attempt's marks and its process is the same.
    fn send(&self, socket: &Path, pane: &PaneSeen, typed: Typed<'_>) -> Result<()>;
    /// The last `lines` lines of a pane, with their colours.
    fn capture(&self, socket: &Path, pane: &str, lines: u32) -> Result<String>;
    /// Gives a pane's window so many columns and rows, unless a client shows its session or it has other panes: then
    /// they are somebody else's to choose. Who attaches later gets his own size.
    fn resize(&self, socket: &Path, pane: &str, size: (u16, u16)) -> Result<()>;
    /// Whether the bell rang in the pane's window since a client last showed it.
    fn rang(&self, socket: &Path, pane: &str) -> Result<bool>;
}
