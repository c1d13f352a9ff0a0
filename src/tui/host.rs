//! What the board needs of the program around it: wired by the command line, which alone knows the adapters.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::msg::Handover;
use crate::domain::time::Now;
use crate::engine::{Engine, Fault};

/// Something to wait on.
pub trait Events: Send {
    /// Waits until something happened, at most for `patience`; whether it did.
    fn wait(&self, patience: Duration) -> bool;
}

/// Which changes to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// A lock's holder has gone.
    Locks,
    /// Somebody wrote to the database.
    Database,
}

/// A program that has been started in the foreground of this terminal, or beside it.
pub trait Running: Send + Sync {
    /// Waits for its end; its exit status. While it is stopped, this program is stopped too.
    ///
    /// # Errors
    /// When it can't be waited for, or says that it could not do its work.
    fn wait(&self) -> io::Result<i32>;
    /// Tells it that its terminal is going away.
    fn hang_up(&self);
}

/// The seams. Everything but the clock may be slow, and is never called on the render thread.
pub trait Host: Send + Sync {
    /// An engine with connections of its own.
    ///
    /// # Errors
    /// Those of the store and of the state directory.
    fn engine(&self) -> Result<Engine, Fault>;
    /// Both clocks.
    fn now(&self) -> Now;
    /// Waits a little, off the render thread.
    fn pause(&self, length: Duration);
    /// File events.
    ///
    /// # Errors
    /// Where the system has none (left).
    fn events(&self, changes: Changes) -> io::Result<Box<dyn Events>>;
    /// How to show a session of the server on `socket` to the person before this terminal.
    ///
    /// # Errors
    /// When the name can't be one of our sessions'.
    fn show(&self, socket: &Path, session: &str) -> Result<Handover, Fault>;
    /// A person's shell, in a folder.
    fn shell(&self, folder: &Path) -> Handover;
    /// A person's editor, on a file.
    fn editor(&self, file: &Path) -> Handover;
    /// A person's own viewer of what has changed since a commit, what it prints going into a file; `None` where there is
    /// none.
    fn viewer(&self, output: &Path, base: &str, worktree: &Path) -> Option<Handover>;
    /// Starts a program in the foreground of this terminal, or beside it.
    ///
    /// # Errors
    /// When it can't be started.
    fn start(&self, handover: &Handover) -> io::Result<Arc<dyn Running>>;
    /// Stops this program, and with `job` what runs with it, until somebody continues it. Where nobody could, it goes on.
    fn stop(&self, job: bool);
}
