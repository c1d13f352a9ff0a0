//! Whether git, started in a tree by anybody, takes that tree for its worktree.
//!
//! With `extensions.worktreeConfig`, `core.worktree` and `core.bare` of the shared configuration hold for linked
//! worktrees too: an agent's git would then take another folder, or the git directory itself, for what it works in.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::Git;
use super::call::{failed, option};
use super::layout::Admin;
use super::read::Repo;
use super::refs::Head;
use super::view::common_config;
use crate::ports::worktrees::{Result, TreeError};

const ASK: &str = "ask git for its worktree";

/// Sees to it that git sees the tree at `path`, with settings of the tree's own where that helps.
///
/// # Errors
/// [`TreeError::Impossible`] with what to set where it does not.
pub(super) fn ensure(git: &Git, repo: &Repo, admin: &Admin, path: &Path) -> Result<()> {
    let Err(why) = look(git, admin, path)? else { return Ok(()) };
    mend(git, repo, admin, path, why)
}

/// What git sees, asked as an agent in the tree would: why it is not the tree.
pub(super) fn look(git: &Git, admin: &Admin, path: &Path) -> Result<std::result::Result<(), String>> {
    let head = match admin.head() {
        Head::Branch(branch) => format!("refs/heads/{branch}"),
        Head::Detached(_) => "HEAD".to_owned(),
        Head::Unmade => return Ok(Err("it has no HEAD".to_owned())),
    };
    let questions = ["rev-parse", "--is-bare-repository", "--show-toplevel", "--symbolic-full-name", "HEAD"];
    let answer = git.ask(&git.call_as_found(path).args(questions), ASK)?;
    let told = answer.stdout.as_slice();
    let Some(told) = told.strip_prefix(b"false\n") else {
        let bare = told.starts_with(b"true\n");
        return Ok(Err(if bare { "to git it is in a bare repository".to_owned() } else { answer.complaint() }));
    };
    if !answer.ok() {
        return Ok(Err(answer.complaint()));
    }
    let Some(top) = told.strip_suffix(format!("\n{head}\n").as_bytes()) else {
        return Ok(Err(format!("git does not see {head} there")));
    };
    let top = Path::new(OsStr::from_bytes(top));
    Ok(if top.canonicalize().is_ok_and(|top| top == path) {
        Ok(())
    } else {
        Err(format!("git takes {} for its worktree", top.display()))
    })
}

/// Gives the tree settings of its own, and asks again.
pub(super) fn mend(git: &Git, repo: &Repo, admin: &Admin, path: &Path, mut why: String) -> Result<()> {
    let shared = common_config(&repo.common);
    let set = |name: &str| shared.as_ref().is_some_and(|config| config.get_entry(name).is_ok());
    // Without the extension git reads no such settings.
    if shared.as_ref().is_some_and(|config| config.get_bool("extensions.worktreeConfig").unwrap_or(false)) {
        let file = option("--file=", admin.dir.join("config.worktree"));
        let write = |name: &OsStr, value: &OsStr| {
            let call = git.call(&repo.common).args([OsStr::new("config"), file.as_os_str(), name, value]);
            git.must(&call, "write the worktree's own settings")
        };
        if set("core.bare") {
            write(OsStr::new("core.bare"), OsStr::new("false"))?;
        }
        if set("core.worktree") {
            write(OsStr::new("core.worktree"), path.as_os_str())?;
        }
        match look(git, admin, path)? {
            Ok(()) => return Ok(()),
            Err(still) => why = still,
        }
    }
    let (at, config) = (path.display(), repo.common.join("config"));
    Err(TreeError::Impossible(format!(
        "git in {at} would not work there: {why}; if core.worktree or core.bare is set in {}, set it with \
         `git config --worktree` in the main worktree instead (git help worktree, CONFIGURATION FILE)",
        config.display()
    )))
}

/// Looks while something else is done; what that comes to beside it.
pub(super) fn look_beside<T: Send>(
    git: &Git,
    admin: &Admin,
    path: &Path,
    doing: impl FnOnce() -> T,
) -> (T, Result<std::result::Result<(), String>>) {
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| look(git, admin, path));
        let done = doing();
        let seen = asked.join().unwrap_or_else(|_| Err(failed(ASK, "it was not asked")));
        (done, seen)
    })
}
