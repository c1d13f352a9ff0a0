//! Whether work is merged into a commit, however that was done and by whom.

use std::collections::HashSet;

use super::Git;
use super::call::failed;
use super::read::Repo;
use super::snapshot::tree_of;
use crate::domain::merge::{Contained, contained};
use crate::ports::worktrees::Result;

const LOOK: &str = "look whether it is merged";
/// How many commits of the target are compared with the work, the newest first.
const COMPARED: u32 = 500;

/// See [`crate::ports::merges::Merges::contained`].
pub(super) fn look(git: &Git, repo: &Repo, work: &str, target: &str) -> Result<Option<Contained>> {
    let looking = Looking { git, repo, work, target };
    let fork = looking.fork()?;
    contained(|reason| looking.holds(reason, fork.as_deref()))
}

/// The two commits.
struct Looking<'a> {
    git: &'a Git,
    repo: &'a Repo,
    work: &'a str,
    target: &'a str,
}

impl Looking<'_> {
    fn holds(&self, reason: Contained, fork: Option<&str>) -> Result<bool> {
        let tree = |commit: &str| tree_of(self.git, &self.repo.common, commit);
        match reason {
            Contained::Same => Ok(self.work == self.target),
            Contained::Ancestor => Ok(fork == Some(self.work)),
            Contained::NoChange => fork.map_or(Ok(false), |fork| Ok(tree(fork)? == tree(self.work)?)),
            Contained::SameTree => Ok(tree(self.target)? == tree(self.work)?),
            Contained::AddsNothing => Ok(self.merged()?.is_some_and(|merged| Some(merged) == tree(self.target).ok())),
            // What merges without a conflict and adds something is not there, whatever its patches look like.
            Contained::SamePatch => match fork {
                // Too many to be compared are not known to be there: it is built, and that shows.
                Some(fork) if self.merged()?.is_none() => Ok(self.has_patches(fork).unwrap_or(false)),
                Some(_) | None => Ok(false),
            },
        }
    }

    /// The commit that both have come from; `None` where there is none.
    fn fork(&self) -> Result<Option<String>> {
        let call = self.git.call(&self.repo.common).args(["merge-base", self.target, self.work]);
        let answer = self.git.ask(&call, LOOK)?;
        match answer.code {
            Some(0) => Ok(Some(answer.text())),
            Some(1) if answer.stderr.is_empty() => Ok(None),
            _ => Err(failed(LOOK, answer.complaint())),
        }
    }

    /// The tree that a merge would make; `None` where it conflicts, or git (before 2.38) can't tell without a checkout.
    fn merged(&self) -> Result<Option<String>> {
        let call = self.git.call(&self.repo.common).args(["merge-tree", "--write-tree", "-z", self.target, self.work]);
        let answer = self.git.ask(&call, LOOK)?;
        let tree = answer.stdout.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(answer.ok().then(|| String::from_utf8_lossy(tree).into_owned()))
    }

    /// Whether the target has, since the fork, one commit with all changes of the work, or one for each of its commits.
    fn has_patches(&self, fork: &str) -> Result<bool> {
        let whole = self.patches(["diff-tree", "-p", "--root", fork, self.work], None)?;
        let since = |tip: &str, most: u32| {
            let (most, not) = (format!("--max-count={most}"), format!("^{fork}"));
            let call = self.git.call(&self.repo.common).args(["rev-list", "--no-merges", &most, tip, &not, "--"]);
            Ok(self.git.must(&call, LOOK)?.stdout)
        };
        let of = |commits| self.patches(["diff-tree", "-p", "--root", "--stdin", "-r"], Some(commits));
        let theirs = of(since(self.target, COMPARED)?)?;
        if whole.is_empty() || theirs.is_empty() {
            return Ok(false);
        }
        if whole.is_subset(&theirs) {
            return Ok(true);
        }
        let ours = since(self.work, COMPARED)?;
        let commits = ours.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        let ours = of(ours)?;
        Ok(commits < COMPARED as usize && !ours.is_empty() && ours.is_subset(&theirs))
    }

    /// The ids of the patches that a `diff-tree` prints: byte for byte, binary files included. None where git (before
    /// 2.39) does not know such ids.
    fn patches(&self, words: [&str; 5], commits: Option<Vec<u8>>) -> Result<HashSet<String>> {
        let plain = ["--no-ext-diff", "--no-textconv", "--no-renames", "--full-index", "--binary"];
        let (name, rest) = words.split_first().unwrap_or((&"", &[]));
        let call = self.git.call(&self.repo.common).args([name]).args(plain).args(rest);
        let call = match commits {
            Some(commits) => call.stdin(commits),
            None => call,
        };
        let patch = self.git.must(&call, LOOK)?.stdout;
        let call = self.git.call(&self.repo.common).args(["patch-id", "--verbatim"]).stdin(patch);
        let answer = self.git.ask(&call, LOOK)?;
        if !answer.ok() {
            return Ok(HashSet::new());
        }
        Ok(answer.text().lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
    }
}
