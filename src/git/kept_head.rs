//! Where HEAD of a tree was when its attempt ended, where that is not the branch that was made for it.
//!
//! git forgets it with its own record of the tree: who removes a clean tree with `git worktree remove` would lose a detached
//! commit, and nobody would know on which branch the work is. A reference keeps both, symbolic for a branch.

use std::path::Path;

use super::Git;
use super::layout::Admin;
use super::read::Repo;
use super::refs::Head;
use crate::domain::id::TaskId;
use crate::ports::worktrees::Result;

/// The reference of a tree, by its task and the name of its folder; `None` where that can't stand in one.
fn name(task: TaskId, path: &Path) -> Option<String> {
    let folder = path.file_name()?.to_str()?;
    let plain = folder.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    plain.then(|| format!("refs/ganger/head/{task}/{folder}"))
}

/// Whether there may be such a reference: where git keeps them in files, without asking it.
fn may_exist(repo: &Repo, name: &str) -> bool {
    let packed = || std::fs::read_to_string(repo.common.join("packed-refs")).unwrap_or_default();
    repo.common.join("reftable").exists() || repo.common.join(name).exists() || packed().contains(name)
}

/// Keeps HEAD of a tree whose attempt is over. `branch` is the one that was made for it.
pub(super) fn keep(git: &Git, repo: &Repo, (task, path, branch): (TaskId, &Path, &str), admin: &Admin) -> Result<()> {
    let Some(name) = name(task, path) else { return Ok(()) };
    let call = || git.call(&repo.common);
    let call = match admin.head() {
        Head::Branch(on) if on == branch => {
            if !may_exist(repo, &name) {
                return Ok(());
            }
            call().args(["update-ref", "--no-deref", "-d", &name])
        }
        Head::Branch(on) => call().args(["symbolic-ref", &name, &format!("refs/heads/{on}")]),
        Head::Detached(commit) => call().args(["update-ref", "--no-deref", &name, &commit]),
        Head::Unmade => return Ok(()),
    };
    git.must(&call, "keep where HEAD was").map(drop)
}

/// What was kept of a tree.
pub(super) fn read(git: &Git, repo: &Repo, task: TaskId, path: &Path) -> Option<Head> {
    let name = name(task, path).filter(|name| may_exist(repo, name))?;
    let ask = |words: &[&str]| {
        let answer = git.ask(&git.call(&repo.common).args(words), "read where HEAD was").ok()?;
        answer.ok().then(|| answer.text())
    };
    match ask(&["symbolic-ref", "--quiet", &name]) {
        Some(branch) => branch.strip_prefix("refs/heads/").map(|branch| Head::Branch(branch.to_owned())),
        None => ask(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]).map(Head::Detached),
    }
}
