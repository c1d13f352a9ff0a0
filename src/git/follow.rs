//! The checkout of a branch that moves: what would be in the way of its following, and what is taken back where it stopped
//! half-way.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::Git;
use super::bench::as_user;
use super::call::failed;
use super::inspect::{Listing, is_beginning};
use super::layout::is_there;
use super::read::Repo;
use crate::ports::worktrees::Result;

const LOOK: &str = "compare the checkout";
const TAKE_BACK: &str = "take back what was written";

/// The checkout at `path` that is to follow its branch from one commit to another.
pub(super) struct Follow<'a> {
    pub git: &'a Git,
    pub repo: &'a Repo,
    pub path: &'a Path,
    pub from: &'a str,
    pub to: &'a str,
}

/// A file in which the commits differ, and whether it is a new one.
struct Change {
    name: PathBuf,
    is_new: bool,
}

impl Follow<'_> {
    fn changes(&self) -> Result<Vec<Change>> {
        let words = ["diff-tree", "-r", "-z", "--no-renames", "--name-status", self.from, self.to];
        let listing = self.git.must(&self.git.call(&self.repo.common).args(words), LOOK)?.stdout;
        let mut words = listing.split(|byte| *byte == 0);
        let mut changes = Vec::new();
        while let (Some(kind), Some(name)) = (words.next(), words.next()) {
            changes.push(Change { name: PathBuf::from(OsStr::from_bytes(name)), is_new: kind == b"A" });
        }
        Ok(changes)
    }

    /// The files that would be overwritten: changed or staged there, or there and not known to git.
    pub fn in_the_way(&self) -> Result<Vec<String>> {
        let call = as_user(self.git, self.path).env("GIT_OPTIONAL_LOCKS", "0").args([
            "status",
            "--porcelain=v1",
            "-z",
            "--no-renames",
            "--untracked-files=no",
            "--ignore-submodules=dirty",
        ]);
        let status = self.git.must(&call, LOOK)?.stdout;
        let dirty: Vec<&[u8]> = status.split(|byte| *byte == 0).filter_map(|entry| entry.get(3..)).collect();
        let in_the_way = self.changes()?.into_iter().filter(|change| {
            let is_dirty = dirty.contains(&change.name.as_os_str().as_bytes());
            is_dirty || (change.is_new && obstructs(&self.path.join(&change.name)))
        });
        Ok(in_the_way.map(|change| change.name.display().to_string()).collect())
    }

    /// Takes back what a git that stopped half-way has written: it had all been clean. Returns what could not be taken
    /// back, since it is nothing that git writes there.
    pub fn take_back(&self) -> Result<Vec<String>> {
        if self.is_indexed()? {
            // Only the branch did not follow: git goes back as it came.
            let call = as_user(self.git, self.path).args(["read-tree", "-m", "-u", self.to, self.from]);
            self.git.must(&call, TAKE_BACK)?;
            return self.in_the_way();
        }
        let written = Listing::of(self.git, self.repo, self.to)?;
        let is_gits = |name: &Path| is_beginning(self.git, self.repo, self.path, name, &written);
        let mut old = Vec::new();
        // The new ones first: the others need the room.
        for Change { name, is_new } in self.changes()? {
            let path = self.path.join(&name);
            let is_there = is_there(&path).map_err(|why| failed(TAKE_BACK, why))?;
            if !is_new && (!is_there || is_gits(&name)?) {
                old.extend_from_slice(name.as_os_str().as_bytes());
                old.push(0);
            } else if is_new && is_there && is_gits(&name)? {
                std::fs::remove_file(&path).map_err(|error| failed(TAKE_BACK, error))?;
                self.remove_empty_folders(&path);
            }
        }
        if !old.is_empty() {
            let call = as_user(self.git, self.path).args(["checkout-index", "--force", "-u", "-z", "--stdin"]);
            self.git.must(&call.stdin(old), TAKE_BACK)?;
        }
        self.in_the_way()
    }

    /// Whether the index has come all the way.
    fn is_indexed(&self) -> Result<bool> {
        let staged = |commit: &str| -> Result<Vec<u8>> {
            let words = ["diff-index", "--cached", "--name-only", "--no-renames", "-z", commit, "--"];
            Ok(self.git.must(&as_user(self.git, self.path).args(words), LOOK)?.stdout)
        };
        let changes = self.changes()?;
        let is_ours = |name: &[u8]| changes.iter().any(|change| change.name.as_os_str().as_bytes() == name);
        let differs = |commit: &str| -> Result<bool> { Ok(staged(commit)?.split(|byte| *byte == 0).any(is_ours)) };
        Ok(differs(self.from)? && !differs(self.to)?)
    }

    /// Removes the folders that were made for a file.
    fn remove_empty_folders(&self, file: &Path) {
        let above = file.ancestors().skip(1).take_while(|folder| *folder != self.path);
        for folder in above {
            if std::fs::remove_dir(folder).is_err() {
                return;
            }
        }
    }
}

/// Whether something is at a path, or a file where a folder on the way has to be.
fn obstructs(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(meta) => !meta.is_dir(),
        Err(error) => error.kind() == io::ErrorKind::NotADirectory,
    }
}
