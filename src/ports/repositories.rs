//! What a repository supplies itself: a configuration of its own, in its main worktree.
//!
//! Contract. The file is read once: the bytes whose hash a person trusts are the bytes that are obeyed. Reading it
//! never waits for another program. Whether it is trusted is not decided here.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::settings::Settings;

/// A repository's own configuration, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplied {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, in hexadecimal.
    pub hash: String,
}

/// Why a file can't be obeyed, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unfit {
    /// One line, with file and line number.
    pub message: String,
    pub hint: String,
}

/// See the module's contract.
pub trait Repositories {
    /// Reads the file of the repository with this main worktree; a bare repository has none.
    ///
    /// # Errors
    /// What the system says, and where it is no file to be read.
    fn supplied(&self, repo: &Path) -> io::Result<Option<Supplied>>;
    /// A person's settings with the file laid over them.
    ///
    /// # Errors
    /// What the file says wrongly.
    fn settings(&self, own: &Settings, supplied: &Supplied) -> Result<Settings, Unfit>;
}
