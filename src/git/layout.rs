//! git's files about a linked worktree: its `.git` file, and its directory below `<common>/worktrees`.
//!
//! Read as git-worktree(1) and gitrepository-layout(5) describe them, so that half-made ones can be told apart
//! which git itself refuses to look at.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::refs::Head;
use super::{Git, PATIENCE, program};
use crate::domain::id::{AttemptId, TaskId};
use crate::ports::worktrees::{Result, TreeError};

/// The reason that git gives for its own lock while it makes a worktree.
const INITIALIZING: &[u8] = b"initializing";

/// What is left in a git directory by an operation that a person has not finished.
const UNFINISHED: [&str; 10] = [
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "BISECT_LOG",
    "rebase-merge",
    "rebase-apply",
    "sequencer",
    "COMMIT_EDITMSG",
    "modules",
];

/// A git directory of a worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Admin {
    pub dir: PathBuf,
}

/// Who locked a worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    No,
    /// It is being made or unmade: by us, or by git itself.
    Making,
    /// This program, while an attempt's agent may be at work in it: the whole reason.
    Working(String),
    /// Somebody, for this reason.
    Other(String),
}

/// What `.git` in a folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DotGit {
    Missing,
    /// The file that git writes, cut short.
    Torn,
    /// A file that names this directory below the repository's `worktrees`; it may be gone.
    Ours(PathBuf),
    /// Anything else: another repository, or another one's worktree.
    Foreign,
}

/// The reason with which a tree at `path` is locked while it is made or unmade.
pub(super) fn making(path: &Path) -> Vec<u8> {
    [b"ganger: making ", path.as_os_str().as_bytes()].concat()
}

/// What the reasons of [`working`] begin with.
const WORKING: &[u8] = b"ganger: an agent works here: ";

/// The reason with which a tree is locked while an attempt's agent may be at work in it.
pub(super) fn working(task: TaskId, attempt: &AttemptId) -> String {
    format!("{}task {task}, attempt {attempt}", String::from_utf8_lossy(WORKING))
}

impl Admin {
    /// The git directory of the main worktree.
    pub(super) fn of_main(common: &Path) -> Self {
        Self { dir: common.to_owned() }
    }

    /// Those of all linked worktrees.
    pub(super) fn all(common: &Path) -> io::Result<Vec<Self>> {
        let entries = match std::fs::read_dir(common.join("worktrees")) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut all = Vec::new();
        for entry in entries {
            let entry = entry?;
            // One that is removed meanwhile is not there.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                all.push(Self { dir: entry.path() });
            }
        }
        Ok(all)
    }

    /// Those whose tree is at `path`, or was being made there; normally one.
    pub(super) fn at(common: &Path, path: &Path) -> io::Result<Vec<Self>> {
        let mut all = Self::all(common)?;
        all.retain(|admin| match admin.tree() {
            Some(tree) => tree == path,
            None => admin.lock_text().is_some_and(|text| text == making(path).trim_ascii_end()),
        });
        Ok(all)
    }

    /// Where its tree is.
    pub(super) fn tree(&self) -> Option<PathBuf> {
        let text = std::fs::read(self.dir.join("gitdir")).ok()?;
        let dot_git = settle(&self.dir.join(line(&text))).ok()?;
        (dot_git.file_name() == Some(OsStr::new(".git"))).then(|| dot_git.parent().map(Path::to_owned))?
    }

    /// Whether its references are in a reftable: then its files of them are placeholders.
    fn has_reftable(&self) -> bool {
        self.dir.join("reftable").is_dir()
    }

    pub(super) fn head(&self) -> Head {
        if self.has_reftable() {
            return program::head(&Git::new(PATIENCE), &self.dir).unwrap_or(Head::Unmade);
        }
        let Ok(text) = std::fs::read(self.dir.join("HEAD")) else { return Head::Unmade };
        let text = String::from_utf8_lossy(&text);
        let text = text.trim();
        match text.strip_prefix("ref: ").map(str::trim) {
            Some("refs/heads/.invalid") => Head::Unmade,
            Some(name) => Head::Branch(name.strip_prefix("refs/heads/").unwrap_or(name).to_owned()),
            None if text.bytes().all(|byte| byte == b'0') => Head::Unmade,
            None => Head::Detached(text.to_owned()),
        }
    }

    pub(super) fn lock(&self, path: &Path) -> Lock {
        match self.lock_text() {
            None => Lock::No,
            Some(text) if text == INITIALIZING || text == making(path).trim_ascii_end() => Lock::Making,
            Some(text) if text.starts_with(WORKING) => Lock::Working(String::from_utf8_lossy(&text).into_owned()),
            Some(text) => Lock::Other(String::from_utf8_lossy(&text).into_owned()),
        }
    }

    fn lock_text(&self) -> Option<Vec<u8>> {
        Some(std::fs::read(self.dir.join("locked")).ok()?.trim_ascii_end().to_owned())
    }

    /// Locks it for this reason, in place of a lock that it has.
    pub(super) fn lock_for(&self, reason: impl AsRef<OsStr>) -> io::Result<()> {
        let new = self.dir.join("locked.new");
        std::fs::write(&new, [reason.as_ref().as_bytes(), b"\n"].concat())?;
        std::fs::rename(new, self.dir.join("locked"))
    }

    /// Locks it, as git does; one that is locked stays as it is, save by an attempt, which is over then.
    pub(super) fn take_lock(&self, reason: &str) -> io::Result<()> {
        if self.lock_text().is_some_and(|text| text.starts_with(WORKING)) {
            return self.lock_for(reason);
        }
        let made = OpenOptions::new().write(true).create_new(true).open(self.dir.join("locked"));
        match made.and_then(|mut file| file.write_all(reason.as_bytes())) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Takes our own lock off.
    pub(super) fn unlock(&self) -> io::Result<()> {
        std::fs::remove_file(self.dir.join("locked"))
    }

    pub(super) fn has_index(&self) -> bool {
        self.dir.join("index").is_file()
    }

    /// Whether parts of its index lie in another file.
    pub(super) fn is_split(&self) -> bool {
        let names = std::fs::read_dir(&self.dir).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.into_iter().any(|name| name.as_bytes().starts_with(b"sharedindex."))
    }

    pub(super) fn index_is_locked(&self) -> bool {
        self.dir.join("index.lock").exists()
    }

    /// Whether `branch` is its HEAD, or the branch that it rewrites or bisects from.
    pub(super) fn holds(&self, branch: &str) -> bool {
        if self.head() == Head::Branch(branch.to_owned()) {
            return true;
        }
        ["rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"].iter().any(|file| {
            let text = std::fs::read_to_string(self.dir.join(file)).unwrap_or_default();
            let name = text.trim();
            name.strip_prefix("refs/heads/").unwrap_or(name) == branch
        })
    }

    /// What only a person or an agent can have left in it.
    pub(super) fn work(&self, base: &str) -> Option<String> {
        if let Some(name) = UNFINISHED.iter().find(|name| self.dir.join(name).symlink_metadata().is_ok()) {
            return Some(format!("its git directory has {name}"));
        }
        let (referring, moved) = if self.has_reftable() {
            let git = Git::new(PATIENCE);
            let log = program::head_log(&git, &self.dir);
            // What can't be read counts as work.
            (
                program::has_own_references(&git, &self.dir).unwrap_or(true),
                log.is_ok_and(|log| log.iter().any(|id| id != base)),
            )
        } else {
            let log = std::fs::read_to_string(self.dir.join("logs/HEAD")).unwrap_or_default();
            (has_files(&self.dir.join("refs")), log.lines().any(|entry| entry.split(' ').nth(1) != Some(base)))
        };
        if referring {
            return Some("it has references of its own".to_owned());
        }
        moved.then(|| "its HEAD was elsewhere meanwhile".to_owned())
    }

    /// Removes this record, as git does once its tree is gone.
    pub(super) fn forget(&self, common: &Path) -> io::Result<()> {
        let all = common.join("worktrees");
        if self.dir.parent() != Some(all.as_path()) {
            return Err(io::Error::other(format!("{} is no worktree's record", self.dir.display())));
        }
        match std::fs::remove_dir_all(&self.dir) {
            // A prune was quicker.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // Only an empty folder goes; others are the ordinary case.
        std::fs::remove_dir(all).ok();
        Ok(())
    }
}

impl DotGit {
    /// What `.git` in `folder` is to the repository with this common directory.
    pub(super) fn read(common: &Path, folder: &Path) -> io::Result<Self> {
        let path = folder.join(".git");
        let meta = match path.symlink_metadata() {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Missing),
            Err(error) => return Err(error),
        };
        if !meta.is_file() {
            return Ok(Self::Foreign);
        }
        let text = std::fs::read(&path)?;
        let start = [b"gitdir: ", common.join("worktrees/").as_os_str().as_bytes()].concat();
        if text.len() <= start.len() && start.starts_with(&text) {
            return Ok(Self::Torn);
        }
        let Some(named) = text.strip_prefix(b"gitdir: ") else { return Ok(Self::Foreign) };
        let Ok(named) = settle(&folder.join(line(named))) else { return Ok(Self::Foreign) };
        let ours = named.parent() == Some(common.join("worktrees").as_path());
        Ok(if ours { Self::Ours(named) } else { Self::Foreign })
    }
}

/// The git directory of the tree at `path`, when that is a whole worktree of the repository: else why not.
pub(super) fn record_of(common: &Path, path: &Path) -> std::result::Result<Admin, String> {
    let at = path.display();
    if !path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(format!("{at} is gone"));
    }
    let admin = match DotGit::read(common, path) {
        Ok(DotGit::Ours(dir)) => Admin { dir },
        Ok(DotGit::Missing | DotGit::Torn) => return Err(format!("{at} no longer has a .git")),
        Ok(DotGit::Foreign) => return Err(format!("{at} is not a worktree of {}", common.display())),
        Err(error) => return Err(format!("{at}: {error}")),
    };
    match admin.tree() {
        Some(tree) if tree == path => Ok(admin),
        Some(tree) => Err(format!("{at} is a copy: git knows that tree at {}", tree.display())),
        None => Err(format!("{at}: git no longer has a record of it")),
    }
}

/// The git directory of the tree at `path` by the repository's own record of it, whatever the tree's `.git` says now.
pub(super) fn record_at(common: &Path, path: &Path) -> std::result::Result<Admin, String> {
    let why = match record_of(common, path) {
        Ok(admin) => return Ok(admin),
        Err(why) => why,
    };
    match Admin::at(common, path) {
        Ok(mut records) if records.len() == 1 && path.is_dir() => records.pop().ok_or(why),
        Ok(_) | Err(_) => Err(why),
    }
}

/// An absolute path with all of it but the last name resolved, as far as it exists: git's own form.
pub(super) fn settle(path: &Path) -> Result<PathBuf> {
    let odd = || TreeError::Impossible(format!("{}: not the absolute path of a folder", path.display()));
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Err(odd()) };
    if !path.is_absolute() || path.as_os_str().as_bytes().contains(&0) {
        return Err(odd());
    }
    let mut missing = vec![name];
    let mut known = parent;
    loop {
        if let Ok(real) = known.canonicalize() {
            return Ok(missing.iter().rev().fold(real, |path, name| path.join(name)));
        }
        match (known.parent(), known.components().next_back()) {
            (Some(above), Some(Component::Normal(last))) => {
                missing.push(last);
                known = above;
            }
            _ => return Err(odd()),
        }
    }
}

/// A file's one path.
pub(super) fn line(text: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(text.trim_ascii_end()))
}

fn has_files(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| !entry.file_type().is_ok_and(|kind| kind.is_dir()) || has_files(&entry.path()))
}

/// Whether anything is at the path; a link counts, wherever it leads.
pub(super) fn is_there(path: &Path) -> std::result::Result<bool, String> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}
