//! The model's git: one repository, branches and trees by name.

use std::path::{Path, PathBuf};

use super::world::{BASE, GitTree, Party, Then};
use crate::domain::attempt::{Plan, Tree};
use crate::domain::diff::{Count, File};
use crate::domain::id::AttemptId;
use crate::domain::patch::{Limit, Patch};
use crate::domain::pull::{Pull, Wishes};
use crate::domain::saga::Remains;
use crate::domain::time::Timestamp;
use crate::domain::tree::{Head, Whereabouts};
use crate::ports::forge;
use crate::ports::worktrees::{
    self as trees, Compared, Content, Intact, Moved, Name, NewTree, Parking, Snapshot, TreeError, Worktrees,
};

pub fn git_error(then: Then) -> TreeError {
    match then {
        Then::Taken => TreeError::Taken("as scripted: taken".to_owned()),
        Then::Impossible => TreeError::Impossible("as scripted: impossible".to_owned()),
        Then::Busy => TreeError::Busy("as scripted".to_owned()),
        Then::Fail | Then::Die | Then::Panic => {
            TreeError::Failed { doing: "git".to_owned(), why: "as scripted".to_owned() }
        }
    }
}

impl Worktrees for Party {
    fn repository(&self, from: &Path) -> trees::Result<PathBuf> {
        self.gate("trees.repository", git_error, || Ok(from.to_owned()))
    }

    fn resolve(&self, _repo: &Path, base: &str) -> trees::Result<String> {
        self.gate("trees.resolve", git_error, || match base {
            "HEAD" => Ok(BASE.to_owned()),
            other => self
                .world
                .lock()
                .branches
                .get(other.strip_prefix("refs/heads/").unwrap_or(other))
                .cloned()
                .ok_or_else(|| TreeError::Impossible(format!("no commit is called {other:?}"))),
        })
    }

    fn is_same(&self, one: &Path, other: &Path) -> bool {
        one == other
    }

    fn base_at(&self, _from: &Path, _base: &str) -> trees::Result<Option<String>> {
        Ok(None)
    }

    fn branch(&self, _repo: &Path, branch: &str) -> trees::Result<Name> {
        self.gate("trees.branch", git_error, || {
            let inner = self.world.lock();
            let clashes = |other: &String| {
                let folder = |outer: &str, within: &str| within.starts_with(&format!("{outer}/"));
                folder(other, branch) || folder(branch, other)
            };
            Ok(if inner.branches.contains_key(branch) {
                Name::Taken
            } else if inner.branches.keys().any(clashes) {
                Name::Clashes
            } else {
                Name::Free
            })
        })
    }

    fn add(&self, tree: &NewTree<'_>, wanted: &dyn Fn() -> bool) -> trees::Result<()> {
        self.gate("trees.add", git_error, || {
            if !wanted() {
                return Err(TreeError::Revoked);
            }
            let mut inner = self.world.lock();
            if tree.path.exists() || inner.branches.contains_key(tree.branch) {
                return Err(TreeError::Taken(format!("{} or {} is there", tree.path.display(), tree.branch)));
            }
            std::fs::create_dir_all(tree.path).unwrap();
            inner.branches.insert(tree.branch.to_owned(), tree.base.to_owned());
            let made = GitTree { branch: tree.branch.to_owned(), whole: true, work: false, held_by: None };
            inner.trees.insert(tree.path.to_owned(), made);
            Ok(())
        })
    }

    fn intact(&self, _repo: &Path, path: &Path) -> Intact {
        match self.world.lock().trees.get(path) {
            Some(tree) if tree.whole => Intact::Yes,
            Some(_) => Intact::No("it is damaged".to_owned()),
            None => Intact::No("it is gone".to_owned()),
        }
    }

    fn adopt(&self, repo: &Path, path: &Path) -> trees::Result<Intact> {
        self.gate("trees.adopt", git_error, || Ok(self.intact(repo, path)))
    }

    fn glance(&self, path: &Path) -> bool {
        path.join(".git").is_file()
    }

    fn whereabouts(&self, tree: &Tree, owners: &[AttemptId]) -> Whereabouts {
        if let Err(error) = self.gate("trees.whereabouts", git_error, || Ok(())) {
            return Whereabouts::Unknown(error.to_string());
        }
        let inner = self.world.lock();
        if let Some(found) = inner.trees.get(&tree.path) {
            return if found.whole {
                Whereabouts::InPlace(Head::Branch(found.branch.clone()))
            } else {
                Whereabouts::Broken("it is damaged".to_owned())
            };
        }
        let trash = tree.trash();
        let mut places = std::iter::once(&tree.owner).chain(owners).map(|owner| trash.join(owner.as_str()));
        if let Some(at) = places.find(|at| inner.trees.contains_key(at)) {
            return Whereabouts::Parked(at);
        }
        let held = inner.branches.contains_key(&tree.branch);
        Whereabouts::Absent { held_by: held.then(|| format!("branch {}", tree.branch)) }
    }

    fn settle(&self, tree: &Tree, owners: &[AttemptId], act: &mut dyn FnMut(&Whereabouts)) -> trees::Result<()> {
        self.gate("trees.settle", git_error, || {
            let found = self.whereabouts(tree, owners);
            act(&found);
            Ok(())
        })
    }

    fn remake(&self, tree: &Tree, wanted: &dyn Fn() -> bool) -> trees::Result<()> {
        self.gate("trees.remake", git_error, || {
            if !wanted() {
                return Err(TreeError::Revoked);
            }
            let mut inner = self.world.lock();
            if tree.path.exists() || !inner.branches.contains_key(&tree.branch) {
                return Err(TreeError::Failed { doing: "git".to_owned(), why: "nothing to make it from".to_owned() });
            }
            std::fs::create_dir_all(&tree.path).unwrap();
            let made = GitTree { branch: tree.branch.clone(), whole: true, work: false, held_by: None };
            inner.trees.insert(tree.path.clone(), made);
            inner.done.push(format!("remake {}", tree.path.display()));
            Ok(())
        })
    }

    fn hold(&self, plan: &Plan) -> trees::Result<()> {
        self.gate("trees.hold", git_error, || {
            if let Some(tree) = self.world.lock().trees.get_mut(&plan.worktree) {
                tree.held_by = Some(plan.id.clone());
            }
            Ok(())
        })
    }

    fn release(&self, plan: &Plan) -> trees::Result<()> {
        self.gate("trees.release", git_error, || {
            for tree in self.world.lock().trees.values_mut() {
                tree.held_by.take_if(|held_by| *held_by == plan.id);
            }
            Ok(())
        })
    }

    fn snapshot(&self, _repo: &Path, path: &Path) -> trees::Result<Snapshot> {
        self.gate("trees.snapshot", git_error, || {
            let work = self.world.lock().trees.get(path).is_some_and(|tree| tree.work);
            let differs = work.then(|| (PathBuf::from("work"), Content::Absent)).into_iter().collect();
            Ok(Snapshot { head: Some(BASE.to_owned()), branch: None, differs })
        })
    }

    fn fresh(&self, _repo: &Path, _path: &Path, base: &str) -> trees::Result<Snapshot> {
        Ok(Snapshot { head: Some(base.to_owned()), ..Snapshot::default() })
    }

    fn changed(&self, repo: &Path, path: &Path, since: &Snapshot) -> trees::Result<bool> {
        Ok(self.snapshot(repo, path)? != *since)
    }

    fn ignored(&self, _repo: &Path) -> trees::Result<Vec<PathBuf>> {
        self.gate("trees.ignored", git_error, || Ok(Vec::new()))
    }

    fn touched(&self, _repo: &Path, _since: Timestamp) -> trees::Result<Vec<PathBuf>> {
        self.gate("trees.touched", git_error, || Ok(Vec::new()))
    }

    fn clash(
        &self,
        _one: &trees::Compared<'_>,
        _other: &trees::Compared<'_>,
        _path: &Path,
    ) -> trees::Result<trees::Clash> {
        self.gate("trees.clash", git_error, || Ok(trees::Clash::Same))
    }

    fn remember(&self, _tree: &Tree, _reference: &str) -> trees::Result<()> {
        self.gate("trees.remember", git_error, || Ok(()))
    }

    fn included(&self, _repo: &Path) -> trees::Result<Vec<PathBuf>> {
        self.gate("trees.included", git_error, || Ok(Vec::new()))
    }

    fn commits(&self, _repo: &Path, branch: &str, _base: &str) -> trees::Result<Vec<String>> {
        self.gate("trees.commits", git_error, || Ok(vec![format!("a commit on {branch}")]))
    }

    fn changes(&self, _compared: &Compared<'_>) -> trees::Result<Vec<File>> {
        self.gate("trees.changes", git_error, || Ok(Vec::new()))
    }

    fn patches(
        &self,
        _compared: &Compared<'_>,
        _files: &[File],
        _limit: Limit,
        _read: &mut dyn FnMut(usize, Patch) -> bool,
    ) -> trees::Result<()> {
        self.gate("trees.patches", git_error, || Ok(()))
    }

    fn count(
        &self,
        _compared: &Compared<'_>,
        _files: &[File],
        _counted: &mut dyn FnMut(usize, Option<Count>) -> bool,
    ) -> trees::Result<()> {
        self.gate("trees.count", git_error, || Ok(()))
    }

    fn remove(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> trees::Result<Remains> {
        self.gate("trees.remove", git_error, || {
            if !owned() {
                return Err(TreeError::Revoked);
            }
            let mut inner = self.world.lock();
            let Some(found) = inner.trees.get(&tree.path).cloned() else { return Ok(Remains::Nothing) };
            if tree.ran {
                inner.wrong.push(format!("{} was to be removed, and its agent ran", tree.path.display()));
            }
            if tree.ran || found.work {
                return Ok(Remains::Kept(format!("{} kept: it holds work", tree.path.display())));
            }
            inner.trees.remove(&tree.path);
            inner.branches.remove(&found.branch);
            inner.done.push(format!("remove {}", tree.path.display()));
            std::fs::remove_dir_all(&tree.path).unwrap();
            Ok(Remains::Nothing)
        })
    }

    fn park(&self, tree: &Tree, parking: &Parking<'_>, owned: &dyn Fn() -> bool) -> trees::Result<Option<Moved>> {
        self.gate("trees.park", git_error, || {
            if !owned() {
                return Err(TreeError::Revoked);
            }
            let mut inner = self.world.lock();
            let parked = parking.trash.join(parking.by.as_str());
            let Some(found) = inner.trees.remove(&tree.path) else {
                let there = inner.trees.contains_key(&parked);
                return Ok(there.then_some(Moved { path: parked, said: Vec::new() }));
            };
            std::fs::create_dir_all(parking.trash).unwrap();
            std::fs::rename(&tree.path, &parked).unwrap();
            inner.trees.insert(parked.clone(), found);
            inner.done.push(format!("park {}", tree.path.display()));
            Ok(Some(Moved { path: parked, said: Vec::new() }))
        })
    }

    fn restore(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> trees::Result<Moved> {
        self.gate("trees.restore", git_error, || {
            if !owned() {
                return Err(TreeError::Revoked);
            }
            let mut inner = self.world.lock();
            let parked = tree.parked.clone().unwrap();
            let found = inner.trees.remove(&parked).unwrap();
            std::fs::rename(&parked, &tree.path).unwrap();
            inner.trees.insert(tree.path.clone(), found);
            Ok(Moved { path: tree.path.clone(), said: Vec::new() })
        })
    }

    fn delete(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> trees::Result<()> {
        self.gate("trees.delete", git_error, || {
            if !owned() {
                return Err(TreeError::Revoked);
            }
            let parked = tree.parked.clone().unwrap();
            self.world.lock().trees.remove(&parked);
            std::fs::remove_dir_all(&parked).unwrap();
            Ok(())
        })
    }

    fn size(&self, _: &Path) -> u64 {
        4096
    }
}

/// There is none.
pub struct NoForge;

impl NoForge {
    fn refused<T>() -> forge::Result<T> {
        Err(forge::ForgeError::Missing { program: "gh".to_owned() })
    }
}

impl forge::Forge for NoForge {
    fn push(&self, _repo: &Path, _commit: &str, _branch: &str) -> forge::Result<forge::Pushed> {
        Self::refused()
    }

    fn find(&self, _repo: &Path, _pushed: &forge::Pushed) -> forge::Result<Option<Pull>> {
        Self::refused()
    }

    fn open(&self, _repo: &Path, _new: &forge::New<'_>) -> forge::Result<Pull> {
        Self::refused()
    }

    fn look(&self, _repo: &Path, _number: i64) -> forge::Result<Pull> {
        Self::refused()
    }

    fn wishes(&self, _repo: &Path, _number: i64) -> forge::Result<Wishes> {
        Self::refused()
    }

    fn fetch(&self, _repo: &Path, _number: i64) -> forge::Result<forge::Fetched> {
        Self::refused()
    }

    fn browse(&self, _repo: &Path, _number: i64) -> forge::Result<()> {
        Self::refused()
    }
}
