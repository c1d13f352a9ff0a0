//! The machine: clocks, locks, processes, and the files of the state directory.
//!
//! Contract. A process is named by pid and start time, never by pid alone; a zombie is dead. A lock is a kernel
//! lock that ends with the process that holds it. Nobody asks about a lock by creating its file.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::id::{AttemptId, FileId, Place, Process};
use crate::domain::reconcile::{Lock, Probe};
use crate::domain::time::Now;

/// A lock that is held until this is dropped, or the process ends.
pub trait Held: Send {
    /// The locked file.
    fn file(&self) -> FileId;
    /// Writes into the locked file, in place of what it held.
    ///
    /// # Errors
    /// What the system says.
    fn inscribe(&self, bytes: &[u8]) -> io::Result<()>;
}

/// Clocks, and what is drawn by chance.
pub trait Clock {
    /// Both clocks.
    fn now(&self) -> Now;
    /// Waits a little before a condition is looked at again.
    fn pause(&self, length: Duration);
    /// A new attempt's id.
    fn attempt_id(&self) -> AttemptId;
    /// 128 random bits in hexadecimal.
    fn token(&self) -> String;
    /// Four random hexadecimal digits.
    fn suffix(&self) -> String;
}

/// Kernel locks on files.
pub trait Locks {
    /// Creates the file where needed (mode 0600) and takes it exclusively, trying again for `wait`.
    ///
    /// # Errors
    /// `WouldBlock` when another holds it; otherwise what the system says.
    fn exclusive(&self, path: &Path, wait: Duration) -> io::Result<Box<dyn Held>>;
    /// Takes an existing file shared, if nobody holds it exclusively: a prober keeps it over its write.
    ///
    /// # Errors
    /// As for `exclusive`; `NotFound` when there is no file.
    fn shared(&self, path: &Path) -> io::Result<Box<dyn Held>>;
    /// Asks, without taking. `expected` is the file that was locked, where known.
    fn ask(&self, path: &Path, expected: Option<FileId>) -> Lock;
}

/// A process that belongs, or belonged, to an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub process: Process,
    /// The name of its program.
    pub name: String,
}

/// A signal that ganger sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Terminate,
    Kill,
    /// Lets a stopped process go on.
    Continue,
    /// "Look at the database." For shims only.
    Wake,
}

/// Processes of this machine.
pub trait Processes {
    /// Where this process is.
    fn place(&self) -> Place;
    /// This process.
    fn me(&self) -> Process;
    /// Whether a process of this place lives.
    fn probe(&self, process: Process) -> Probe;
    /// Whether a process of this place has ended, or was killed and is on its way out: its locks are about to be free.
    fn is_ending(&self, process: Process) -> bool;
    /// Whether a process of this place lives, and is stopped by a signal.
    fn is_stopped(&self, process: Process) -> bool;
    /// The bytes that a process and its descendants have read and written so far: while the sum stays the same,
    /// nothing new is on its screen. `None` where the system does not tell.
    fn traffic(&self, root: Process) -> Option<u64>;
    /// The processor time that a process and its descendants have used so far. `None` where the system does not tell.
    fn processor_time(&self, root: Process) -> Option<Duration>;
    /// Whether the process is in the foreground of its terminal: what is typed there reaches it and nobody else.
    fn has_terminal(&self, process: Process) -> bool;
    /// The living processes that were started as a shim (`__agent ATTEMPT` in their command line), by attempt.
    ///
    /// # Errors
    /// When the process table can't be read.
    fn shims(&self) -> io::Result<Vec<(AttemptId, Process)>>;
    /// Sends a signal to exactly this process; true if it was there.
    ///
    /// # Errors
    /// What the system says, where it refuses.
    fn signal(&self, process: Process, signal: Signal) -> io::Result<bool>;
    /// The living members of the session that `shim` led, itself excluded, that bear the attempt's mark.
    ///
    /// # Errors
    /// When the process table can't be read.
    fn members(&self, shim: Process, attempt: &AttemptId) -> io::Result<Vec<Found>>;
    /// The living processes anywhere that bear the attempt's mark in their environment.
    ///
    /// # Errors
    /// When the process table can't be read.
    fn marked(&self, attempt: &AttemptId) -> io::Result<Vec<Found>>;
    /// Whether nobody listens on any of these ports of the loopback interface.
    fn ports_are_free(&self, first: u16, count: u16) -> bool;
    /// The living processes that stand at or below `folder`.
    ///
    /// # Errors
    /// When the process table can't be read.
    fn standing_in(&self, folder: &Path) -> io::Result<Vec<Found>>;
}

/// Commands of the user's or the repository's, for a shell.
pub trait Shell {
    /// Runs them one after the other in `folder` by `sh -c`, their output appended to `log`; what they need longer than
    /// `limit` for is ended, and so they all are once `interrupted` says so. How the first that did not exit 0 ended;
    /// `None` where all did.
    ///
    /// # Errors
    /// What the system says, where one can't be started or the log can't be written.
    fn run(
        &self,
        commands: &[String],
        folder: &Path,
        log: &Path,
        limit: Duration,
        interrupted: &dyn Fn() -> bool,
    ) -> io::Result<Option<String>>;
}

/// Commands that people want to be told by.
pub trait Notifier {
    /// Starts a command beside this process, detached and with a deadline. Whatever comes of it is logged and changes
    /// nothing.
    fn start(&self, argv: &[OsString]);
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    File,
    Folder,
    /// Wherever it leads.
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// A look at the disk. What can't be looked at is an error, never "nothing there".
pub trait Disk {
    /// What stands at the path itself: a link is not followed. `None` where nothing does.
    ///
    /// # Errors
    /// Where it can't be told.
    fn look(&self, path: &Path) -> io::Result<Option<Entry>>;
    /// Whether this process may start what is at the path, through links. What it may not reach it can't start either.
    ///
    /// # Errors
    /// Where it can't be told.
    fn is_program(&self, path: &Path) -> io::Result<bool>;
}

/// What a file of a worktree holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// There is none.
    Absent,
    Bytes(Vec<u8>),
    /// A link, a folder, a pipe, or a file that is not this user's to read.
    NotAFile,
    TooLarge,
}

/// Who may use what is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// This user alone.
    Owner,
    /// Whom the umask lets.
    Umask,
}

/// The files that ganger keeps in a worktree: an agent's outbox, its hooks. The worktree is the agent's to write, and it may
/// put anything anywhere at any time: no link is followed, no pipe waited for, and nothing is written over that this
/// caller has not looked at.
pub trait TreeFiles {
    /// The paths in a folder, at most so many, in no order; none where there is no folder.
    ///
    /// # Errors
    /// What the system says; here and below.
    fn list(&self, folder: &Path, most: usize) -> io::Result<Vec<PathBuf>>;
    /// Reads a file of at most so many bytes.
    fn read(&self, path: &Path, most: u64) -> io::Result<Content>;
    /// Makes a folder, whose parent is there; false where it was there already. Anything else at its path is an error.
    fn make_folder(&self, path: &Path, access: Access) -> io::Result<bool>;
    /// Makes a file, or on an error none; false where anything stands at its path.
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<bool>;
    /// Makes or replaces a file, whole and durably. One that was there keeps its permissions.
    fn replace(&self, path: &Path, bytes: &[u8], access: Access) -> io::Result<()>;
    /// Moves a file within its folder.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; one that is not there is no error.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes a folder if it is empty; true if it was.
    fn remove_empty(&self, folder: &Path) -> io::Result<bool>;
}

/// The files of the state directory.
pub trait StateFiles {
    /// Writes a file that only its owner can read, durably: to a temporary name, synced, renamed, folder synced.
    ///
    /// # Errors
    /// What the system says; then the file is as it was.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// What the system says, `NotFound` excepted; or that it is larger than such a file ever is.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// Reads a file that may have any size: of one that is longer than `most`, its beginning and its end.
    ///
    /// # Errors
    /// What the system says, `NotFound` excepted.
    fn read_ends(&self, path: &Path, most: usize) -> io::Result<Option<Vec<u8>>>;
    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// The names in a folder; none where there is no folder.
    ///
    /// # Errors
    /// What the system says, `NotFound` excepted.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Renames a file so that nobody looks at it any more; one that is not there is no error.
    ///
    /// # Errors
    /// What the system says.
    fn set_aside(&self, path: &Path) -> io::Result<()>;
}
