//! What is read of a repository: where it is, commits, branch names. Never writes.
//!
//! libgit2 reads, in this process; where it can't open a repository, the `git` program does.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use git2::{Config, ConfigLevel, ErrorCode, Oid, Repository, RepositoryOpenFlags};

use super::call::{EMAIL, NAME, failed};
use super::layout::Admin;
use super::refs::{Head, Maker, Tip};
use super::view::common_config;
use super::{Git, program};
use crate::ports::worktrees::{Name, Result, TreeError};

/// The canonical path of the main worktree of the repository around `from`, or of its common directory where it
/// has no main worktree that could be found from any of its worktrees.
pub(super) fn repository(git: &Git, from: &Path) -> Result<PathBuf> {
    Repo::find(git, from, true)?.main_path(Some(from))
}

/// See [`crate::ports::worktrees::Worktrees::base_at`].
pub(super) fn base_at(git: &Git, from: &Path, base: &str) -> Result<Option<String>> {
    let after = base.strip_prefix("HEAD").or_else(|| base.strip_prefix('@'));
    // A branch may be called HEADER.
    let Some(after) = after.filter(|after| after.is_empty() || after.starts_with(['~', '^', '@', '{'])) else {
        return Ok(None);
    };
    let repo = Repo::find(git, from, true)?;
    let git_dir = repo.opened_by.clone().map_or_else(|| program::git_dir(git, from), Ok)?;
    if git_dir == repo.common {
        return Ok(None);
    }
    if !after.is_empty() {
        let named = program::object(git, &git_dir, &format!("{base}^{{commit}}"))?;
        let unknown = || TreeError::Impossible(format!("{}: no commit is called {base:?}", from.display()));
        return named.map(Some).ok_or_else(unknown);
    }
    Ok(match (Admin { dir: git_dir }).head() {
        Head::Branch(branch) => {
            // A tag of the same name would be meant.
            let same = matches!((repo.tip(&branch)?, repo.resolve(&branch)), (Tip::At(tip), Ok(named)) if tip == named);
            Some(if same { branch } else { format!("refs/heads/{branch}") })
        }
        Head::Detached(id) => Some(id),
        Head::Unmade => None,
    })
}

/// A repository, opened at its common directory.
pub(super) struct Repo {
    git: Git,
    /// Absent where libgit2 can't open it.
    lib: Option<Repository>,
    /// Canonical.
    pub common: PathBuf,
    /// The git directory of the worktree that it was opened by, where libgit2 told.
    opened_by: Option<PathBuf>,
}

impl Repo {
    /// Opens the repository at `path`, without looking for one around it.
    pub(super) fn open(git: &Git, path: &Path) -> Result<Self> {
        Self::find(git, path, false)
    }

    fn find(git: &Git, from: &Path, search: bool) -> Result<Self> {
        let none: [&Path; 0] = [];
        let flags = if search { RepositoryOpenFlags::empty() } else { RepositoryOpenFlags::NO_SEARCH };
        let opened = |common: PathBuf, lib, opened_by| Self { git: git.clone(), lib, common, opened_by };
        match Repository::open_ext(from, flags, none) {
            Ok(found) => {
                let common = found.commondir().canonicalize();
                let common = common.map_err(|error| TreeError::Impossible(why(from, error)))?;
                let lib = Repository::open_ext(&common, RepositoryOpenFlags::NO_SEARCH, none)
                    .map_err(|error| unopened(&common, &error))?;
                Ok(opened(common, Some(lib), found.path().canonicalize().ok()))
            }
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Owner) => Err(unopened(from, &error)),
            Err(_) => Ok(opened(program::common(git, from, search)?, None, None)),
        }
    }

    /// The settings of the user and of the repository, as data.
    pub(super) fn config(&self) -> Option<Config> {
        if let Some(lib) = &self.lib {
            return lib.config().ok();
        }
        let mut config = Config::open_default().ok()?;
        config.add_file(&self.common.join("config"), ConfigLevel::Local, false).ok()?;
        Some(config)
    }

    /// libgit2's view of it, where there is one.
    pub(super) fn lib(&self) -> Option<&Repository> {
        self.lib.as_ref()
    }

    /// The canonical path of its main worktree, or its common directory.
    ///
    /// A matter of where things lie, not of `core.bare` and `core.worktree`: whoever changes those does not make it
    /// another repository.
    pub(super) fn main_path(&self, from: Option<&Path>) -> Result<PathBuf> {
        let own = common_config(&self.common);
        let set_bare = own.as_ref().is_some_and(|config| config.get_bool("core.bare").unwrap_or(false));
        // Only a repository that has had files checked out has an index.
        if set_bare && !self.common.join("index").exists() {
            return Ok(self.common.clone());
        }
        if self.common.file_name().is_some_and(|name| name == ".git")
            && let Some(main) = self.common.parent()
        {
            return Ok(main.to_owned());
        }
        let around = from.map(|from| std::path::absolute(from).unwrap_or_else(|_| from.to_owned()));
        for folder in around.iter().flat_map(|from| from.ancestors()) {
            match leads_to(folder) {
                None => {}
                Some(found) if found == self.common => {
                    return folder.canonicalize().map_err(|error| unreadable(folder, &error));
                }
                // A linked worktree, or the git directory itself.
                Some(_) => break,
            }
        }
        // A submodule's git directory names its worktree; one that is set apart does not.
        let named = own.and_then(|config| config.get_string("core.worktree").ok());
        let named = named.and_then(|named| self.common.join(named).canonicalize().ok());
        Ok(named.filter(|main| leads_to(main).as_ref() == Some(&self.common)).unwrap_or_else(|| self.common.clone()))
    }

    /// The full id of the commit that `base` names.
    pub(super) fn resolve(&self, base: &str) -> Result<String> {
        let at = self.common.display();
        let (named, unborn) = if let Some(lib) = &self.lib {
            let named = lib.revparse_single(base).and_then(|object| object.peel_to_commit());
            let unborn = named.is_err() && lib.head().is_err_and(|error| error.code() == ErrorCode::UnbornBranch);
            (named.map(|commit| commit.id().to_string()).map_err(|error| error.message().to_owned()), unborn)
        } else {
            let commit = |name: &str| program::object(&self.git, &self.common, &format!("{name}^{{commit}}"));
            let named = commit(base)?;
            let unborn = named.is_none() && commit("HEAD")?.is_none();
            (named.ok_or_else(|| "git does not know it".to_owned()), unborn)
        };
        match named {
            Ok(id) => Ok(id),
            Err(_) if unborn => {
                Err(TreeError::Impossible(format!("{at}: no commit yet to start {base} from; make a first commit")))
            }
            Err(why) => Err(TreeError::Impossible(format!(
                "{at}: no commit is called {base:?} ({why}); name another base, see `git branch --all`"
            ))),
        }
    }

    /// Refuses what is not the full id of a commit in this repository.
    pub(super) fn has_commit(&self, id: &str) -> Result<()> {
        let full = matches!(id.len(), 40 | 64) && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let known = match &self.lib {
            Some(lib) => full && Oid::from_str(id).and_then(|oid| lib.find_commit(oid)).is_ok(),
            None => full && program::object(&self.git, &self.common, &format!("{id}^{{commit}}"))?.is_some(),
        };
        if known {
            return Ok(());
        }
        Err(TreeError::Impossible(format!("{}: there is no commit {id:?}", self.common.display())))
    }

    /// The commits on `from`, a branch or a commit, that are not in `base`, newest first.
    pub(super) fn commits(&self, from: &str, base: &str) -> Result<Vec<String>> {
        let Some(lib) = &self.lib else { return program::commits(&self.git, &self.common, from, base) };
        let ids = || -> std::result::Result<Vec<String>, git2::Error> {
            let mut walk = lib.revwalk()?;
            match lib.find_reference(&format!("refs/heads/{from}")) {
                Ok(branch) => walk.push(branch.peel_to_commit()?.id())?,
                Err(error) => match Oid::from_str(from) {
                    Ok(commit) if self.has_commit(from).is_ok() => walk.push(commit)?,
                    Ok(_) | Err(_) => return Err(error),
                },
            }
            walk.hide(Oid::from_str(base)?)?;
            walk.map(|id| id.map(|id| id.to_string())).collect()
        };
        ids().map_err(|error| reading(&error))
    }

    /// The full names of all branches.
    pub(super) fn branches(&self) -> Result<Vec<String>> {
        let Some(lib) = &self.lib else { return program::branches(&self.git, &self.common) };
        let names = || -> std::result::Result<Vec<String>, git2::Error> {
            let mut references = lib.references_glob("refs/heads/*")?;
            references.names().map(|name| name.map(str::to_owned)).collect()
        };
        names().map_err(|error| reading(&error))
    }

    /// Whether a branch name can be given.
    pub(super) fn name(&self, branch: &str) -> Result<Name> {
        if branch.starts_with('-') || !git2::Branch::name_is_valid(branch).unwrap_or(false) {
            return Err(TreeError::Impossible(format!("{branch:?} can't be the name of a branch")));
        }
        let ignore_case = self.config().is_some_and(|config| config.get_bool("core.ignorecase").unwrap_or(false));
        let fold = |name: &str| if ignore_case { name.to_lowercase() } else { name.to_owned() };
        let wanted = fold(branch);
        for name in self.branches()? {
            let taken = fold(name.strip_prefix("refs/heads/").unwrap_or(&name));
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
        let Some(lib) = &self.lib else { return program::tip(&self.git, &self.common, branch) };
        match lib.find_reference(&format!("refs/heads/{branch}")) {
            Ok(reference) => Ok(reference.target().map_or(Tip::Symbolic, |id| Tip::At(id.to_string()))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(Tip::Absent),
            Err(error) => Err(reading(&error)),
        }
    }

    /// The place that has `branch` as its HEAD, or is in the middle of rewriting it.
    pub(super) fn holder(&self, branch: &str) -> io::Result<Option<PathBuf>> {
        Ok(self.holders(branch)?.into_iter().next())
    }

    /// All of them, the main worktree first.
    pub(super) fn holders(&self, branch: &str) -> io::Result<Vec<PathBuf>> {
        let main = Admin::of_main(&self.common);
        let main = main.holds(branch).then(|| self.main_path(None).unwrap_or(main.dir));
        let linked = Admin::all(&self.common)?.into_iter().filter(|admin| admin.holds(branch));
        let linked = linked.map(|admin| match admin.tree() {
            Some(tree) => tree,
            None => admin.dir,
        });
        Ok(main.into_iter().chain(linked).collect())
    }

    /// Who made `branch`, by its reflog.
    pub(super) fn maker(&self, branch: &str) -> Maker {
        if self.lib.is_none() {
            return program::maker(&self.git, &self.common, branch);
        }
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

/// The git directory that `.git` in `folder` is, or leads to; canonical.
fn leads_to(folder: &Path) -> Option<PathBuf> {
    let dot_git = folder.join(".git");
    if dot_git.is_dir() {
        return dot_git.canonicalize().ok();
    }
    let text = std::fs::read(&dot_git).ok()?;
    let named = std::ffi::OsStr::from_bytes(text.strip_prefix(b"gitdir: ")?.trim_ascii_end());
    folder.join(named).canonicalize().ok()
}

/// Whether `inner` would be a reference in a folder that is called like the reference `outer`.
fn is_folder_of(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

fn unreadable(path: &Path, error: &io::Error) -> TreeError {
    TreeError::Impossible(why(path, error))
}

pub(super) fn unopened(path: &Path, error: &git2::Error) -> TreeError {
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
