//! The model's merges: a commit knows whose work it has.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::repository::git_error;
use super::world::Party;
use crate::domain::id::TaskId;
use crate::domain::merge::{Built, Contained, Home, Target};
use crate::domain::tree::Head;
use crate::ports::host::Shell;
use crate::ports::merges::{Build, Check, Merges, Moved};
use crate::ports::worktrees::Result;

impl Merges for Party {
    fn head(&self, _repo: &Path, tree: Option<&Path>) -> Result<Head> {
        self.gate("merges.head", git_error, || {
            let branch = tree.and_then(|tree| self.world.lock().trees.get(tree).map(|tree| tree.branch.clone()));
            let branch = branch.unwrap_or_else(|| "main".to_owned());
            // The HEAD of a tree whose branch was deleted is a commit.
            let there = self.world.lock().branches.contains_key(&branch);
            Ok(if there { Head::Branch(branch) } else { Head::Detached("2".repeat(40)) })
        })
    }

    fn target(&self, _repo: &Path, branch: &str) -> Result<Option<Target>> {
        self.gate("merges.target", git_error, || {
            let tip = self.world.lock().branches.get(branch).cloned();
            Ok(tip.map(|tip| Target { branch: branch.to_owned(), tip, home: Home::Nowhere }))
        })
    }

    fn uncommitted(&self, _repo: &Path, path: &Path) -> Result<Vec<String>> {
        self.gate("merges.uncommitted", git_error, || {
            let work = self.world.lock().trees.get(path).is_some_and(|tree| tree.work);
            Ok(work.then(|| "work".to_owned()).into_iter().collect())
        })
    }

    fn commit_all(&self, _repo: &Path, path: &Path, message: &str) -> Result<()> {
        self.gate("merges.commit_all", git_error, || {
            let mut inner = self.world.lock();
            inner.done.push(format!("commit {}", message.lines().next().unwrap_or_default()));
            let tree = inner.trees.get_mut(path).unwrap();
            tree.work = false;
            let branch = tree.branch.clone();
            inner.branches.insert(branch, "3".repeat(40));
            Ok(())
        })
    }

    fn contained(&self, _repo: &Path, work: &str, target: &str) -> Result<Option<Contained>> {
        self.gate("merges.contained", git_error, || {
            let has = self.world.lock().merged.contains(&(target.to_owned(), work.to_owned()));
            Ok((work == target || has).then_some(Contained::Ancestor))
        })
    }

    fn build(&self, build: &Build<'_>, check: Option<Check<'_>>) -> Result<Built> {
        self.gate("merges.build", git_error, || {
            if let Some(obstacle) = &self.world.lock().obstacle {
                return Ok(obstacle.clone());
            }
            if let Some(Err(why)) = check.map(|check| check(self.world.root())) {
                return Ok(Built::Unverified(why));
            }
            let commit = format!("{:040x}", self.world.next());
            let mut inner = self.world.lock();
            let before: Vec<_> = inner.merged.iter().filter(|(at, _)| *at == build.target.tip).cloned().collect();
            inner.merged.extend(before.into_iter().map(|(_, work)| (commit.clone(), work)));
            inner.merged.insert((commit.clone(), build.work.to_owned()));
            Ok(Built::Made { commit, in_the_way: Vec::new() })
        })
    }

    fn advance(&self, _repo: &Path, target: &Target, to: &str, _why: &str) -> Result<Moved> {
        self.gate("merges.advance", git_error, || {
            let mut inner = self.world.lock();
            if inner.branches.get(&target.branch) != Some(&target.tip) {
                return Ok(Moved::Elsewhere);
            }
            inner.branches.insert(target.branch.clone(), to.to_owned());
            inner.done.push(format!("move {}", target.branch));
            Ok(Moved::Yes)
        })
    }

    fn forget(&self, _repo: &Path, _task: TaskId, _into: &str) -> Result<Vec<String>> {
        self.gate("merges.forget", git_error, || Ok(Vec::new()))
    }

    fn delete_branch(&self, _repo: &Path, branch: &str, tip: &str, _parked: Option<&Path>) -> Result<bool> {
        self.gate("merges.delete_branch", git_error, || {
            let mut inner = self.world.lock();
            let there = inner.branches.get(branch).is_some_and(|at| at == tip);
            if there {
                inner.branches.remove(branch);
            }
            Ok(there)
        })
    }
}

/// Commands that fail are called so.
impl Shell for Party {
    fn run(
        &self,
        commands: &[String],
        _folder: &Path,
        _log: &Path,
        _limit: Duration,
        _interrupted: &dyn Fn() -> bool,
    ) -> io::Result<Option<String>> {
        self.world.lock().done.push(format!("verify {}", commands.join("; ")));
        Ok(commands.iter().find(|command| *command == "false").map(|command| format!("`{command}`: exit status 1")))
    }
}
