//! Reading a repository that libgit2 can't open, with the `git` program: references in a reftable, SHA-256, and
//! whatever extension comes next. Slower by a process for each question; the answers are the same.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::Git;
use super::call::{EMAIL, NAME, failed};
use super::refs::{Head, Maker, Tip};
use crate::os::process::Call;
use crate::ports::worktrees::{Result, TreeError};

const READ: &str = "read the repository";

/// The common directory of the repository at `from`, or around it.
pub(super) fn common(git: &Git, from: &Path, search: bool) -> Result<PathBuf> {
    let mut call = git.call_as_found(from);
    if !search {
        let above = from.canonicalize().ok().and_then(|from| from.parent().map(Path::to_owned));
        call = call.env("GIT_CEILING_DIRECTORIES", above.unwrap_or_default());
    }
    folder(git, from, &call.args(["rev-parse", "--path-format=absolute", "--git-common-dir"]))
}

/// The git directory of the worktree around `from`.
pub(super) fn git_dir(git: &Git, from: &Path) -> Result<PathBuf> {
    folder(git, from, &git.call_as_found(from).args(["rev-parse", "--path-format=absolute", "--git-dir"]))
}

fn folder(git: &Git, from: &Path, call: &Call) -> Result<PathBuf> {
    let answer = git.ask(call, READ)?;
    if !answer.ok() {
        let why = format!("{}: the repository can't be read: {}", from.display(), answer.complaint());
        return Err(TreeError::Impossible(why));
    }
    let found = PathBuf::from(OsStr::from_bytes(answer.stdout.trim_ascii_end()));
    found.canonicalize().map_err(|error| TreeError::Impossible(format!("{}: {error}", found.display())))
}

/// The object that `name` names, if there is one.
pub(super) fn object(git: &Git, common: &Path, name: &str) -> Result<Option<String>> {
    let call = git.call(common).args(["rev-parse", "--verify", "--quiet", "--end-of-options", name]);
    let answer = git.ask(&call, READ)?;
    Ok(answer.ok().then(|| answer.text()))
}

/// The commits on `from`, a branch or a commit, that are not in `base`, newest first.
pub(super) fn commits(git: &Git, common: &Path, from: &str, base: &str) -> Result<Vec<String>> {
    let branch = format!("refs/heads/{from}");
    let is_id = from.len() >= 40 && from.bytes().all(|byte| byte.is_ascii_hexdigit());
    let from = if is_id && object(git, common, &branch)?.is_none() { from } else { &branch };
    let call = git.call(common).args(["rev-list", from, &format!("^{base}"), "--"]);
    Ok(git.must(&call, READ)?.text().lines().map(str::to_owned).collect())
}

/// The full names of all branches.
pub(super) fn branches(git: &Git, common: &Path) -> Result<Vec<String>> {
    let call = git.call(common).args(["for-each-ref", "--format=%(refname)", "refs/heads/"]);
    Ok(git.must(&call, READ)?.text().lines().map(str::to_owned).collect())
}

/// Where a branch is now.
pub(super) fn tip(git: &Git, common: &Path, branch: &str) -> Result<Tip> {
    let name = format!("refs/heads/{branch}");
    if git.ask(&git.call(common).args(["symbolic-ref", "--quiet", &name]), READ)?.ok() {
        return Ok(Tip::Symbolic);
    }
    Ok(object(git, common, &name)?.map_or(Tip::Absent, Tip::At))
}

/// Who made `branch`, by its reflog.
pub(super) fn maker(git: &Git, common: &Path, branch: &str) -> Maker {
    let name = format!("refs/heads/{branch}");
    let call = git.call(common).args(["reflog", "show", "--format=%gn <%ge>", &name, "--"]);
    let Ok(answer) = git.must(&call, READ) else { return Maker::Unknown };
    let text = answer.text();
    let mut entries = text.lines().rev();
    let Some(first) = entries.next() else { return Maker::Unknown };
    match (first == format!("{NAME} <{EMAIL}>"), entries.next()) {
        (true, None) => Maker::UsUntouched,
        (true, Some(_)) => Maker::UsMoved,
        (false, _) => Maker::Somebody,
    }
}

/// What the HEAD of a git directory says.
pub(super) fn head(git: &Git, git_dir: &Path) -> Result<Head> {
    let answer = git.ask(&git.call(git_dir).args(["symbolic-ref", "--quiet", "HEAD"]), READ)?;
    if answer.ok() {
        let name = answer.text();
        let branch = name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned();
        return Ok(if branch == ".invalid" { Head::Unmade } else { Head::Branch(branch) });
    }
    Ok(object(git, git_dir, "HEAD")?.map_or(Head::Unmade, Head::Detached))
}

/// Whether a worktree has references of its own, besides HEAD.
pub(super) fn has_own_references(git: &Git, git_dir: &Path) -> Result<bool> {
    let own = ["refs/bisect", "refs/worktree", "refs/rewritten"];
    let answer = git.must(&git.call(git_dir).args(["for-each-ref", "--count=1"]).args(own), READ)?;
    Ok(!answer.stdout.is_empty())
}

/// Where HEAD of a worktree has been, newest first.
pub(super) fn head_log(git: &Git, git_dir: &Path) -> Result<Vec<String>> {
    let answer = git.ask(&git.call(git_dir).args(["reflog", "show", "--format=%H", "HEAD", "--"]), READ)?;
    if !answer.ok() {
        return Err(failed(READ, answer.complaint()));
    }
    Ok(answer.text().lines().map(str::to_owned).collect())
}
