//! A worktree of our own in which a merge is made: detached, nobody else's, gone afterwards.
//!
//! Without files unless they are asked for: nothing of a sparse checkout is written, and git merges in its index. The
//! commits are the user's: git finds the user's settings, and the hooks that can refuse are those of the worktree that
//! the branch is checked out in, never of what is merged. It lies in a folder that no agent writes; a lock of the
//! repository's for merges alone is held while there is one, so that what a killed process left can be told and removed.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::Git;
use super::call::{failed, option, refused};
use super::layout::{Admin, record_of, settle};
use super::read::Repo;
use super::repo_lock::RepoLock;
use crate::os::process::Call;
use crate::ports::worktrees::Result;

/// The lock of merges.
const LOCK: &str = "ganger-merge.lock";
/// Why git's record of a bench is locked.
const REASON: &str = "ganger: merging";
const PREFIX: &str = "merge-";
const SET_UP: &str = "make a worktree for the merge";

/// The hooks of a merge by hand that can refuse it, and so run here; what only tells runs where the branch is checked
/// out, or not at all.
const HOOKS: [&str; 5] = ["pre-merge-commit", "pre-commit", "prepare-commit-msg", "commit-msg", "pre-rebase"];

/// Who commits, where the environment says so.
const PERSON: [&str; 4] = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];

/// Settings of the user's that would do more than the merge, or keep it from ending by itself.
const SETTINGS: [&str; 12] = [
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "worktree.useRelativePaths=false",
    "rerere.enabled=false",
    "merge.autoStash=false",
    "rebase.autoStash=false",
    "rebase.updateRefs=false",
    "core.editor=:",
];

/// See the module. It goes when this is dropped.
pub(super) struct Bench<'a> {
    git: &'a Git,
    repo: &'a Repo,
    admin: Admin,
    pub path: PathBuf,
    whole: bool,
    hooks: Option<Hooks>,
    _lock: RepoLock,
}

/// Runs git as the user would, who commits by name.
pub(super) fn as_user(git: &Git, folder: &Path) -> Call {
    let mut call = git.call_as_found(folder).env("GIT_EDITOR", ":").env("GIT_SEQUENCE_EDITOR", ":");
    for name in PERSON {
        if let Some(value) = std::env::var_os(name) {
            call = call.env(name, value);
        }
    }
    SETTINGS.iter().fold(call, |call, setting| call.args(["-c", setting]))
}

impl<'a> Bench<'a> {
    /// Makes one with HEAD at the commit `at`, with or without its files.
    pub(super) fn open(git: &'a Git, repo: &'a Repo, at: &str, whole: bool, hooks: Option<Hooks>) -> Result<Self> {
        let lock = RepoLock::take_named(&repo.common, LOCK, "merge", git.patience)?;
        let path = place(&git.scratch()).map_err(|error| failed(SET_UP, error))?;
        let admin = {
            let _lock = RepoLock::take(&repo.common, "make a worktree for a merge", git.patience)?;
            sweep(repo);
            let call = git
                .call(&repo.common)
                .args(["worktree", "add", "--quiet", "--detach", "--no-checkout", "--lock", "--reason", REASON, "--"])
                .args([path.as_os_str(), OsStr::new(at)]);
            let answer = git.ask(&call, SET_UP)?;
            record_of(&repo.common, &path).map_err(|_| {
                // A new folder of ours, with nothing but what git has written.
                std::fs::remove_dir_all(&path).ok();
                sweep(repo);
                refused(SET_UP, &answer)
            })?
        };
        // From here on it goes whatever happens.
        let bench = Self { git, repo, admin, path, whole, hooks, _lock: lock };
        if !whole {
            bench.leave_out().map_err(|error| failed(SET_UP, error))?;
        }
        git.must(&bench.call().args(["read-tree", "--reset", "-u", "HEAD"]), SET_UP)?;
        Ok(bench)
    }

    /// No file matches an empty list.
    fn leave_out(&self) -> io::Result<()> {
        std::fs::create_dir_all(self.admin.dir.join("info"))?;
        std::fs::write(self.admin.dir.join("info/sparse-checkout"), b"")
    }

    /// A call of git's in it, as the user would make it there.
    pub(super) fn call(&self) -> Call {
        let hooks = self.hooks.as_ref().map_or(OsStr::new("/dev/null"), |hooks| hooks.folder.as_os_str());
        let call = as_user(self.git, &self.path).args([OsString::from("-c"), option("core.hooksPath=", hooks)]);
        let call = if self.whole {
            call
        } else {
            call.args(["-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=false"])
        };
        call.args([option("--git-dir=", &self.admin.dir), option("--work-tree=", &self.path)])
    }

    /// The commit that HEAD is at.
    pub(super) fn head(&self) -> Result<String> {
        Ok(self.git.must(&self.call().args(["rev-parse", "--verify", "HEAD^{commit}"]), "read the result")?.text())
    }

    /// The files that are in conflict.
    pub(super) fn conflicts(&self) -> Result<Vec<String>> {
        let call = self.call().args(["diff", "--name-only", "--diff-filter=U", "--no-relative", "-z"]);
        let answer = self.git.must(&call, "read the conflicts")?;
        let mut files = names(&answer.stdout);
        files.dedup();
        Ok(files)
    }

    /// The hook that has refused, if one has.
    pub(super) fn refused_by(&self) -> Option<String> {
        let named = std::fs::read_to_string(self.hooks.as_ref()?.folder.join(Hooks::REFUSED)).ok()?;
        named.lines().next().map(str::to_owned)
    }

    /// Removes folder and record: nothing in them is anybody's.
    fn clear(&self) -> Result<()> {
        // First: on a full disk even a lock needs its room.
        std::fs::remove_dir_all(&self.path).ok();
        let _lock = RepoLock::take(&self.repo.common, "remove a merge's worktree", self.git.patience)?;
        remove(self.repo, &self.admin, &self.path);
        Ok(())
    }
}

impl Drop for Bench<'_> {
    fn drop(&mut self) {
        // What stays is removed by the next merge.
        self.clear().ok();
    }
}

/// A path for a new one.
fn place(scratch: &Path) -> Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    std::fs::create_dir_all(scratch).map_err(|error| failed(SET_UP, format!("{}: {error}", scratch.display())))?;
    sweep_scratch(scratch);
    let scratch = settle(&scratch.join("x"))?.parent().map_or_else(|| scratch.to_owned(), Path::to_owned);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = scratch.join(format!("{PREFIX}{}-{number}", nix::unistd::getpid()));
        if path.symlink_metadata().is_err() {
            return Ok(path);
        }
    }
}

/// Removes the scripts that killed processes have left. A bench is found by its record.
fn sweep_scratch(scratch: &Path) {
    for entry in std::fs::read_dir(scratch).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok());
        let is_dead = |pid| kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH);
        if pid.is_some_and(is_dead) && !entry.path().join(".git").exists() {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// Removes what killed processes have left: under the lock of merges, all that there is.
fn sweep(repo: &Repo) {
    for admin in Admin::all(&repo.common).unwrap_or_default() {
        let reason = std::fs::read(admin.dir.join("locked")).unwrap_or_default();
        if reason.trim_ascii_end() != REASON.as_bytes() {
            continue;
        }
        let is_ours =
            |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
        match admin.tree() {
            Some(path) if is_ours(&path) => remove(repo, &admin, &path),
            // Somebody has moved it, so it is somebody's.
            Some(_) => {}
            None => drop(admin.forget(&repo.common)),
        }
    }
}

fn remove(repo: &Repo, admin: &Admin, path: &Path) {
    // The record last: as long as it is there, the folder is found again.
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {}
        Ok(()) | Err(_) => drop(admin.forget(&repo.common)),
    }
}

/// The repository's hooks that can refuse a merge, each behind a script that remembers which one did.
pub(super) struct Hooks {
    folder: PathBuf,
}

impl Hooks {
    const REFUSED: &'static str = "refused";

    /// Those that git would run in the worktree `at`; `None` where there are none.
    pub(super) fn of(git: &Git, at: &Path) -> Result<Option<Self>> {
        let call = as_user(git, at).args(["rev-parse", "--path-format=absolute", "--git-path", "hooks"]);
        let found = git.must(&call, "find the hooks")?.stdout;
        let real = PathBuf::from(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(found.trim_ascii_end()));
        let runs = |hook: &&str| {
            real.join(hook).metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        };
        let present: Vec<&str> = HOOKS.iter().copied().filter(runs).collect();
        if present.is_empty() {
            return Ok(None);
        }
        let folder = place(&git.scratch())?;
        std::fs::create_dir_all(&folder).map_err(|error| failed("set up the hooks", error))?;
        let hooks = Self { folder };
        for hook in present {
            hooks.write(git, &real, hook)?;
        }
        Ok(Some(hooks))
    }

    /// Where they are.
    pub(super) fn folder(&self) -> OsString {
        self.folder.clone().into_os_string()
    }

    fn write(&self, git: &Git, real: &Path, hook: &str) -> Result<()> {
        let (real, mark) = (quoted(&real.join(hook)), quoted(&self.folder.join(Self::REFUSED)));
        let text = format!("#!/bin/sh\n{real} \"$@\" && exit\ncode=$?\necho {hook} >{mark}\nexit \"$code\"\n");
        // By another program: what another thread starts just now may hold a file of ours open for writing, and such a one
        // can't be executed.
        let words = [OsStr::new("-c"), OsStr::new("cat >\"$0\" && chmod 700 \"$0\"")];
        let call = Call::new("sh", git.deadline).args(words).args([self.folder.join(hook)]).stdin(text.into_bytes());
        git.must(&call, "set up the hooks").map(drop)
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        // What stays holds nothing that anybody needs.
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// A path as one word of a shell's. Paths that are no text have no hooks.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', "'\\''"))
}

/// The paths of a listing with NUL at each end.
fn names(listing: &[u8]) -> Vec<String> {
    let names = listing.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}
