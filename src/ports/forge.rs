//! The port to where pull requests are: it pushes as the user would, and asks a program for the rest.

use std::path::Path;
use std::time::Duration;

use crate::domain::pull::{Pull, Wishes};

/// Where a branch was pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    pub remote: String,
    /// What a forge calls the branch: `branch`, or `owner:branch` in a fork.
    pub head: String,
    pub branch: String,
}

/// A pull request that is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New<'a> {
    pub pushed: &'a Pushed,
    pub base: &'a str,
    pub title: &'a str,
    pub body: &'a str,
    pub is_draft: bool,
}

/// A pull request whose branch is a local one now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub branch: String,
    pub title: String,
    pub pull: Pull,
}

/// Why it could not be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// The program that asks the forge is not there.
    #[error("{program} is not installed: there is no executable of that name on PATH")]
    Missing { program: String },
    /// It has no account.
    #[error("{program} is not logged in: {why}")]
    LoggedOut { program: String, why: String },
    /// It has been asked too often.
    #[error("the forge wants no more questions for a while: {0}")]
    Limited(String),
    #[error("{doing} took longer than {after:?}")]
    Deadline { doing: String, after: Duration },
    #[error("{doing}: {why}")]
    Refused { doing: String, why: String },
}

pub type Result<T> = std::result::Result<T, ForgeError>;

/// A forge.
pub trait Forge {
    /// Brings a commit to the branch of this name where the user's own pushes of it go, with the repository's hooks.
    fn push(&self, repo: &Path, commit: &str, branch: &str) -> Result<Pushed>;
    /// The pull request of a branch that is open, if there is one.
    fn find(&self, repo: &Path, pushed: &Pushed) -> Result<Option<Pull>>;
    /// Opens one.
    fn open(&self, repo: &Path, new: &New<'_>) -> Result<Pull>;
    /// The one of this number, as it is now.
    fn look(&self, repo: &Path, number: i64) -> Result<Pull>;
    /// Makes the branch of the one of this number a local one, which a push brings back to where it came from. One that is
    /// there is never moved: it has to be at the same commit.
    fn fetch(&self, repo: &Path, number: i64) -> Result<Fetched>;
    /// What the one of this number still needs.
    fn wishes(&self, repo: &Path, number: i64) -> Result<Wishes>;
    /// Shows it in the user's browser.
    fn browse(&self, repo: &Path, number: i64) -> Result<()>;
}
