//! How `git` is run: what its environment and settings are, and what its refusals mean.
//!
//! Every call names its git directory, and its work tree where it has one. It must never let git look for a
//! repository by itself: in a folder that lost its `.git` it would find the one around it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::Git;
use crate::os::process::{Answer, Call, CallError, run};
use crate::ports::worktrees::{Result, TreeError};

/// The name that our commits and reflog entries bear.
pub(super) const NAME: &str = "ganger";
/// The address that our commits and reflog entries bear.
pub(super) const EMAIL: &str = "add@ganger.invalid";

/// Settings that keep a repository's own configuration from running programs, working behind our back, or
/// hiding changes.
const SETTINGS: [&str; 10] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.ignoreStat=false",
    "core.splitIndex=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "worktree.useRelativePaths=false",
    "protocol.ext.allow=never",
];

impl Git {
    /// A call that may write, on a git directory. It fetches nothing.
    pub(super) fn call(&self, git_dir: &Path) -> Call {
        alone(self.calls(git_dir, None))
    }

    /// A call that may write, on a git directory and its work tree. It fetches nothing.
    pub(super) fn call_in(&self, git_dir: &Path, tree: &Path) -> Call {
        alone(self.calls(git_dir, Some(tree)))
    }

    /// As [`Git::call_in`], for what may fetch the objects that a partial clone left out.
    pub(super) fn fetching_call_in(&self, git_dir: &Path, tree: &Path) -> Call {
        self.calls(git_dir, Some(tree))
    }

    /// A call as anybody in `folder` would make it: git finds the repository and its settings by itself.
    pub(super) fn call_as_found(&self, folder: &Path) -> Call {
        // Killed, it would leave its lock files, in the way of everybody in the repository.
        let mut call = Call::new(&self.program, self.deadline).ended_gently().cwd(folder);
        for (name, _) in std::env::vars_os() {
            if name.as_bytes().starts_with(b"GIT_") {
                call = call.without(name);
            }
        }
        call = call.without("LANGUAGE").env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        self.env.iter().fold(call, |call, (name, value)| call.env(name, value))
    }

    fn calls(&self, git_dir: &Path, tree: Option<&Path>) -> Call {
        let mut call = self
            .call_as_found(tree.unwrap_or(git_dir))
            .env("GIT_AUTHOR_NAME", NAME)
            .env("GIT_AUTHOR_EMAIL", EMAIL)
            .env("GIT_COMMITTER_NAME", NAME)
            .env("GIT_COMMITTER_EMAIL", EMAIL);
        for setting in SETTINGS {
            call = call.args(["-c", setting]);
        }
        call = call.args([option("--git-dir=", git_dir)]);
        match tree {
            Some(tree) => call.args([option("--work-tree=", tree)]),
            None => call,
        }
    }

    /// Runs a call to its end, whatever that is.
    pub(super) fn ask(&self, call: &Call, doing: &str) -> Result<Answer> {
        run(call).map_err(|error| match error {
            CallError::Deadline { after, .. } => TreeError::Deadline { doing: doing.to_owned(), after },
            // A working directory that is gone is reported alike; the program's absence shows in another one.
            CallError::Start { ref source, .. } if source.kind() == io::ErrorKind::NotFound && self.is_missing() => {
                TreeError::Missing(format!("git is not installed: {}", self.program.to_string_lossy()))
            }
            CallError::Start { .. } | CallError::Io { .. } => failed(doing, error),
        })
    }

    /// Runs a call that has to exit 0.
    pub(super) fn must(&self, call: &Call, doing: &str) -> Result<Answer> {
        let answer = self.ask(call, doing)?;
        if answer.ok() { Ok(answer) } else { Err(refused(doing, &answer)) }
    }

    fn is_missing(&self) -> bool {
        let call = Call::new(&self.program, self.deadline).args(["--version"]).cwd(Path::new("/"));
        matches!(run(&call), Err(CallError::Start { .. }))
    }
}

/// Keeps git from fetching objects that are missing: whom it would ask, and by which program, the repository says.
fn alone(call: Call) -> Call {
    call.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "")
}

/// What a refusal means.
pub(super) fn refused(doing: &str, answer: &Answer) -> TreeError {
    let why = answer.complaint();
    if answer.code == Some(129) {
        TreeError::Missing(format!("{doing}: git is too old (2.34 or newer is needed): {why}"))
    } else if why.contains("dubious ownership") {
        TreeError::Impossible(why)
    } else {
        failed(doing, why)
    }
}

/// A failure of `doing`.
pub(super) fn failed(doing: &str, why: impl std::fmt::Display) -> TreeError {
    TreeError::Failed { doing: doing.to_owned(), why: format!("{why}") }
}

/// An option and its value in one argument, so that no value can become an option.
pub(super) fn option(name: &str, value: impl AsRef<OsStr>) -> OsString {
    let mut text = OsString::from(name);
    text.push(value);
    text
}

/// A path for an index of our own, in a git directory, removed when dropped.
pub(super) struct TempIndex(PathBuf);

impl TempIndex {
    /// A name that nothing bears.
    pub(super) fn new(git_dir: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(git_dir.join(format!("ganger-index-{}-{number}", nix::unistd::getpid())))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempIndex {
    fn drop(&mut self) {
        // A leftover is harmless: it is in a git directory, and goes with it.
        std::fs::remove_file(&self.0).ok();
        std::fs::remove_file(self.0.with_added_extension("lock")).ok();
    }
}
