//! What libgit2 reads of a repository: where it is, commits, branch names. Never writes.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository, RepositoryOpenFlags};

use super::call::{EMAIL, NAME, failed};
use super::layout::{Admin, Head};
use crate::ports::worktrees::{Name, Result, TreeError};

/// The canonical path of the main worktree of the repository around `from`, or of its common directory where it
/// has no main worktree that could be found from any of its worktrees.
pub(super) fn repository(from: &Path) -> Result<PathBuf> {
    Repo::around(from, &around(from)?)?.main_path()
}

/// The repository around `from`, as libgit2 opens it.
pub(super) fn around(from: &Path) -> Result<Repository> {
    let none: [&Path; 0] = [];
    Repository::open_ext(from, RepositoryOpenFlags::empty(), none).map_err(|error| unopened(from, &error))
}

/// A repository, opened at its common directory.
pub(super) struct Repo {
    git: Repository,
    /// Canonical.
    pub common: PathBuf,
}

/// Where a branch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tip {
    Absent,
    /// At this commit.
    At(String),
    /// It is a symbolic reference to another.
    Symbolic,
}

/// Who made a branch, as far as its reflog tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// This program, and the branch was not moved since.
    UsUntouched,
    /// This program; it was moved later, perhaps back again.
    UsMoved,
    Somebody,
    Unknown,
}

impl Repo {
    /// Opens the repository at `path`, without looking for one around it.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let none: [&Path; 0] = [];
        let found =
            Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, none).map_err(|error| unopened(path, &error))?;
        Self::around(path, &found)
    }

    fn around(asked: &Path, found: &Repository) -> Result<Self> {
        let common = found.commondir().canonicalize().map_err(|error| TreeError::Impossible(why(asked, error)))?;
        let none: [&Path; 0] = [];
        let git = Repository::open_ext(&common, RepositoryOpenFlags::NO_SEARCH, none)
            .map_err(|error| unopened(&common, &error))?;
        Ok(Self { git, common })
    }

    /// The canonical path of its main worktree, or its common directory.
    fn main_path(&self) -> Result<PathBuf> {
        if self.git.is_bare() {
            return Ok(self.common.clone());
        }
        let config = self.git.config().map_err(|error| reading(&error))?;
        let main = match (config.get_path("core.worktree"), self.common.file_name()) {
            (Ok(elsewhere), _) => self.common.join(elsewhere),
            (Err(_), Some(name)) if name == ".git" => self.common.join(".."),
            // A git directory set apart does not know its worktree: from a linked one nobody could name it.
            (Err(_), _) => self.common.clone(),
        };
        main.canonicalize().map_err(|error| TreeError::Impossible(why(&main, error)))
    }

    /// The full id of the commit that `base` names.
    pub(super) fn resolve(&self, base: &str) -> Result<String> {
        let named = self.git.revparse_single(base).and_then(|object| object.peel_to_commit());
        match named {
            Ok(commit) => Ok(commit.id().to_string()),
            Err(_) if self.git.head().is_err_and(|error| error.code() == ErrorCode::UnbornBranch) => {
                let at = self.common.display();
                Err(TreeError::Impossible(format!("{at}: no commit yet to start {base} from; make a first commit")))
            }
            Err(error) => Err(TreeError::Impossible(format!(
                "{}: no commit is called {base:?} ({}); name another base, see `git branch --all`",
                self.common.display(),
                error.message()
            ))),
        }
    }

    /// Refuses what is not the full id of a commit in this repository.
    pub(super) fn has_commit(&self, id: &str) -> Result<()> {
        let full = matches!(id.len(), 40 | 64) && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if full && Oid::from_str(id).and_then(|oid| self.git.find_commit(oid)).is_ok() {
            return Ok(());
        }
        Err(TreeError::Impossible(format!("{}: there is no commit {id:?}", self.common.display())))
    }

    /// The id of a commit's tree.
    pub(super) fn tree_of(&self, commit: &str) -> Result<String> {
        let tree = Oid::from_str(commit).and_then(|id| self.git.find_commit(id)).map(|commit| commit.tree_id());
        tree.map(|id| id.to_string()).map_err(|error| reading(&error))
    }

    /// The commits on `branch` that are not in `base`, newest first.
    pub(super) fn commits(&self, branch: &str, base: &str) -> Result<Vec<String>> {
        let ids = || -> std::result::Result<Vec<String>, git2::Error> {
            let mut walk = self.git.revwalk()?;
            walk.push_ref(&format!("refs/heads/{branch}"))?;
            walk.hide(Oid::from_str(base)?)?;
            walk.map(|id| id.map(|id| id.to_string())).collect()
        };
        ids().map_err(|error| reading(&error))
    }

    /// Whether a branch name can be given.
    pub(super) fn name(&self, branch: &str) -> Result<Name> {
        if branch.starts_with('-') || !git2::Branch::name_is_valid(branch).unwrap_or(false) {
            return Err(TreeError::Impossible(format!("{branch:?} can't be the name of a branch")));
        }
        let ignore_case = self.git.config().and_then(|config| config.get_bool("core.ignorecase")).unwrap_or(false);
        let fold = |name: &str| if ignore_case { name.to_lowercase() } else { name.to_owned() };
        let wanted = fold(branch);
        let mut references = self.git.references_glob("refs/heads/*").map_err(|error| reading(&error))?;
        for name in references.names() {
            let name = name.map_err(|error| reading(&error))?;
            let taken = fold(name.strip_prefix("refs/heads/").unwrap_or(name));
            if taken == wanted {
                return Ok(Name::Taken);
            }
            if is_folder_of(&taken, &wanted) || is_folder_of(&wanted, &taken) {
                return Ok(Name::Clashes);
            }
        }
        // A damaged reference is in no listing, and git refuses to make another one of its name.
        let damaged = self.common.join("refs/heads").join(branch).is_file();
        let unborn = self.holder(branch).map_err(|error| failed("read worktrees", error))?.is_some();
        Ok(if damaged || unborn { Name::Taken } else { Name::Free })
    }

    /// Where a branch is now.
    pub(super) fn tip(&self, branch: &str) -> Result<Tip> {
        match self.git.find_reference(&format!("refs/heads/{branch}")) {
            Ok(reference) => Ok(reference.target().map_or(Tip::Symbolic, |id| Tip::At(id.to_string()))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(Tip::Absent),
            Err(error) => Err(reading(&error)),
        }
    }

    /// The place that has `branch` as its HEAD, or is in the middle of rewriting it.
    pub(super) fn holder(&self, branch: &str) -> io::Result<Option<PathBuf>> {
        let main = Admin::of_main(&self.common);
        if main.holds(branch) {
            return Ok(Some(self.main_path().unwrap_or(main.dir)));
        }
        let linked = Admin::all(&self.common)?.into_iter().find(|admin| admin.holds(branch));
        Ok(linked.map(|admin| match admin.tree() {
            Some(tree) => tree,
            None => admin.dir,
        }))
    }

    /// Who made `branch`, by its reflog.
    pub(super) fn maker(&self, branch: &str) -> Maker {
        let Ok(log) = std::fs::read(self.common.join("logs/refs/heads").join(branch)) else { return Maker::Unknown };
        let mut lines = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let Some(first) = lines.next() else { return Maker::Unknown };
        let mark = format!(" {NAME} <{EMAIL}> ");
        let made = first.starts_with(b"0000000000") && first.windows(mark.len()).any(|part| part == mark.as_bytes());
        match (made, lines.next()) {
            (true, None) => Maker::UsUntouched,
            (true, Some(_)) => Maker::UsMoved,
            (false, _) => Maker::Somebody,
        }
    }

    /// Whether HEAD of `admin` is `branch`, at `base`: why not.
    pub(super) fn head_is(&self, admin: &Admin, branch: &str, base: &str) -> std::result::Result<(), String> {
        match admin.head() {
            Head::Branch(name) if name == branch => {}
            Head::Branch(name) => return Err(format!("its HEAD is {name}")),
            Head::Detached(id) => return Err(format!("its HEAD is detached at {id}")),
            Head::Unmade => return Err("it has no HEAD".to_owned()),
        }
        match self.tip(branch) {
            Ok(Tip::At(id)) if id == base => Ok(()),
            Ok(Tip::At(id)) => Err(format!("branch {branch} is at {id}, no longer at {base}")),
            Ok(Tip::Absent) => Err(format!("branch {branch} is gone")),
            Ok(Tip::Symbolic) => Err(format!("branch {branch} is a symbolic reference")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Whether `inner` would be a reference in a folder that is called like the reference `outer`.
fn is_folder_of(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

fn unopened(path: &Path, error: &git2::Error) -> TreeError {
    let at = path.display();
    TreeError::Impossible(match error.code() {
        ErrorCode::NotFound if !path.exists() => format!("{at}: there is no such folder"),
        ErrorCode::NotFound => format!("{at}: not a git repository; `git init` makes one"),
        ErrorCode::Owner => format!(
            "{at}: the repository belongs to another user; if you trust it: \
             git config --global --add safe.directory {}",
            String::from_utf8_lossy(path.as_os_str().as_bytes())
        ),
        _ => format!("{at}: the repository can't be read: {}", error.message()),
    })
}

fn reading(error: &git2::Error) -> TreeError {
    failed("read the repository", error.message())
}

fn why(path: &Path, error: impl std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}
