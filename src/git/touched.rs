//! What was written in the main worktree since a moment: by its own stamps, as nobody looked at it before.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::Git;
use super::ignored::paths;
use super::layout::Admin;
use super::read::Repo;
use crate::domain::time::Timestamp;
use crate::ports::worktrees::Result;

/// How far the clock of a file system is behind, at most: it counts in ticks.
const TICK: i64 = 20;

/// See [`crate::ports::worktrees::Worktrees::touched`].
pub(super) fn touched(git: &Git, repo: &Path, since: Timestamp) -> Result<Vec<PathBuf>> {
    let opened = Repo::open(git, repo)?;
    if opened.common == repo {
        return Ok(Vec::new());
    }
    // These compare stamps and ids: no filter that somebody has configured is run.
    let questions: [&[&str]; 3] = [
        &["diff-files", "-z", "--name-only", "--ignore-submodules=all"],
        &["diff-index", "-z", "--name-only", "--cached", "--ignore-submodules=all", "HEAD"],
        &["ls-files", "-z", "--others", "--exclude-standard"],
    ];
    let mut found = BTreeSet::new();
    for question in questions {
        let call = git.call_in(&opened.common, repo).env("GIT_OPTIONAL_LOCKS", "0").args(question);
        // A repository without a commit has no HEAD to compare with.
        let answer = git.ask(&call, "look at the main worktree")?;
        found.extend(paths(&answer.stdout));
    }
    let trees: Vec<PathBuf> = Admin::all(&opened.common).unwrap_or_default().iter().filter_map(Admin::tree).collect();
    found.retain(|path| {
        let whole = repo.join(path);
        !trees.iter().any(|tree| whole.starts_with(tree)) && is_since(&whole, since)
    });
    Ok(found.into_iter().collect())
}

/// Whether it was written since; of one that is gone, its folder tells.
fn is_since(path: &Path, since: Timestamp) -> bool {
    let stamp = |path: &Path| path.symlink_metadata().map(|meta| meta.ctime() * 1_000 + meta.ctime_nsec() / 1_000_000);
    let stamp = stamp(path).or_else(|_| stamp(path.parent().unwrap_or(path)));
    stamp.is_ok_and(|stamp| stamp + TICK >= since.0)
}
