//! Setting a tree aside with everything in it and everything that hangs on it: by a rename, still a worktree of its
//! repository.
//!
//! The order makes it safe to be killed anywhere, and a second call finishes the first: git's locks (from then on no
//! prune takes a record, wherever its folder is), a note that it has begun, the rename, git's records of the new
//! place, rescue references. What fails after the rename is said, and loses nothing.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Git;
use super::call::failed;
use super::carry::{Cargo, REASON, lock_all, mend, name_of, unlock_all};
use super::hide::keep_out;
use super::layout::{Admin, DotGit, Lock, is_there, record_of, settle};
use super::pointer::Shift;
use super::read::Repo;
use super::repo_lock::RepoLock;
use super::rescue::{Endangered, Rescue};
use super::{back, standing};
use crate::domain::attempt::Tree;
use crate::ports::worktrees::{Moved, Parking, Result, TreeError};

const PARK: &str = "park the tree";
/// In the tree's record while it is being parked: the mode of its folder.
const BEGUN: &str = "ganger-parking";

/// See [`crate::ports::worktrees::Worktrees::park`].
pub(super) fn park(git: &Git, tree: &Tree, parking: &Parking<'_>, owned: &dyn Fn() -> bool) -> Result<Option<Moved>> {
    let path = settle(&tree.path)?;
    let target = settle(&parking.trash.join(parking.by.as_str()))?;
    let repo = match Repo::open(git, &tree.repo) {
        Ok(repo) => repo,
        Err(why) if parking.force => return without_repository(&path, &target, &why, owned),
        Err(why) => return Err(why),
    };
    let _lock = RepoLock::take(&repo.common, &format!("park {}", path.display()), git.patience)?;
    if !owned() {
        return Err(TreeError::Revoked);
    }
    keep_out(git, &repo, &target);
    let park = Park { git, repo: &repo, tree, parking, path: &path, target: &target };
    let is_there = |path: &Path| is_there(path).map_err(|why| failed(PARK, why));
    match (is_there(&path)?, is_there(&target)?) {
        (false, false) => Ok(None),
        (true, true) => Err(taken(&path, &target)),
        (true, false) => {
            if back::is_cut_off(&repo, &target, &path) {
                back::finish(git, &repo, &target, &path)?;
            }
            park.move_away(owned).map(Some)
        }
        (false, true) => park.finish(&Cargo::of(&target), Vec::new()).map(Some),
    }
}

fn in_place(path: &Path, why: impl std::fmt::Display) -> TreeError {
    failed(PARK, format!("{} kept in place: {why}", path.display()))
}

fn taken(path: &Path, target: &Path) -> TreeError {
    in_place(path, format!("{} is taken; move that away", target.display()))
}

/// A person insists, and there is no repository any more that could know of the tree.
fn without_repository(path: &Path, target: &Path, why: &TreeError, owned: &dyn Fn() -> bool) -> Result<Option<Moved>> {
    if !owned() {
        return Err(TreeError::Revoked);
    }
    let is_there = |path: &Path| is_there(path).map_err(|why| failed(PARK, why));
    match (is_there(path)?, is_there(target)?) {
        (false, false) => return Ok(None),
        (true, true) => return Err(taken(path, target)),
        (true, false) => {
            let mode = shift(path, target).map_err(|error| in_place(path, error))?;
            close(target, mode);
        }
        (false, true) => {}
    }
    Ok(Some(Moved { path: target.to_owned(), said: vec![plain(target, why)] }))
}

fn plain(target: &Path, why: impl std::fmt::Display) -> String {
    format!("{} is a plain folder, not a worktree: {why}", target.display())
}

/// Renames a folder. One that is read-only is made writable for it: returns the mode that it had.
pub(super) fn shift(path: &Path, target: &Path) -> std::result::Result<Option<u32>, String> {
    let trash = target.parent().unwrap_or(target);
    std::fs::create_dir_all(trash).map_err(|error| format!("{}: {error}", trash.display()))?;
    let why = |error: io::Error| obstacle(path, target, &error);
    match std::fs::rename(path, target) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let mode = path.symlink_metadata().map_err(why)?.permissions().mode();
            // Its entry for the folder above it is written too.
            if mode & 0o200 != 0 || std::fs::set_permissions(path, Permissions::from_mode(mode | 0o200)).is_err() {
                return Err(obstacle(path, target, &error));
            }
            let moved = std::fs::rename(path, target).map_err(why);
            if moved.is_err() {
                close(path, Some(mode));
            }
            moved.map(|()| Some(mode))
        }
        moved => moved.map(|()| None).map_err(why),
    }
}

/// Gives a folder its mode back.
pub(super) fn close(folder: &Path, mode: Option<u32>) {
    if let Some(mode) = mode {
        // Only more can be done with it than before, and it is a person's own.
        std::fs::set_permissions(folder, Permissions::from_mode(mode & 0o7777)).ok();
    }
}

/// Why a rename was refused, and what to do about it.
fn obstacle(path: &Path, target: &Path, error: &io::Error) -> String {
    let trash = target.parent().unwrap_or(target).display();
    let next = match error.kind() {
        io::ErrorKind::CrossesDevices => format!("{trash} is on another file system; make it a folder on this one"),
        io::ErrorKind::PermissionDenied => {
            let parent = path.parent().unwrap_or(path).display();
            format!("{parent} and {trash} have to be writable; chmod u+w {parent}")
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only; mount it for writing".to_owned(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => format!("free some room for {trash}"),
        io::ErrorKind::InvalidFilename => format!("{} is too long", target.display()),
        io::ErrorKind::ResourceBusy => "something is mounted there; unmount it".to_owned(),
        _ => return error.to_string(),
    };
    format!("{error}: {next}")
}

struct Park<'a> {
    git: &'a Git,
    repo: &'a Repo,
    tree: &'a Tree,
    parking: &'a Parking<'a>,
    path: &'a Path,
    target: &'a Path,
}

impl Park<'_> {
    fn move_away(&self, owned: &dyn Fn() -> bool) -> Result<Moved> {
        let (path, common) = (self.path, &self.repo.common);
        standing::refuse(path, !self.parking.force)?;
        let own = match record_of(common, path) {
            Ok(admin) => vec![admin],
            // What git knows at its place is kept, whatever stands there now.
            Err(_) if self.parking.force => Admin::at(common, path).map_err(|error| in_place(path, error))?,
            Err(why) => return Err(in_place(path, why)),
        };
        let cargo = Cargo::of(path);
        let mut records = cargo.records(path, common);
        records.extend(own.iter().cloned());
        let locked = lock_all(&records, REASON).map_err(|why| in_place(path, why))?;
        if let Err(error) = self.rename(&own, owned) {
            own.iter().for_each(end);
            unlock_all(&locked);
            return Err(error);
        }
        self.finish(&cargo, own)
    }

    fn rename(&self, own: &[Admin], owned: &dyn Fn() -> bool) -> Result<()> {
        let mode = self.path.symlink_metadata().map_or(0o700, |meta| meta.permissions().mode());
        for admin in own {
            let begun = std::fs::write(admin.dir.join(BEGUN), format!("{:o}", mode & 0o7777));
            begun.map_err(|error| in_place(self.path, format!("{}: {error}", admin.dir.display())))?;
        }
        if !owned() {
            return Err(TreeError::Revoked);
        }
        let was = shift(self.path, self.target).map_err(|why| in_place(self.path, why))?;
        if own.is_empty() {
            close(self.target, was);
        }
        Ok(())
    }

    /// Everything after the rename. A second pass changes nothing.
    fn finish(&self, cargo: &Cargo, mut own: Vec<Admin>) -> Result<Moved> {
        let (target, common) = (self.target, &self.repo.common);
        let aside = target.parent().unwrap_or(target);
        let mut said = mend(self.git, common, &Shift { from: self.path, to: target, aside }, cargo);
        // What lies in the tree itself is as it was.
        let mut inside = cargo.records(target, common);
        inside.retain(|admin| admin.dir.starts_with(target) && admin.lock(target) == Lock::Other(REASON.to_owned()));
        unlock_all(&inside);
        match self.record() {
            Ok(admin) => {
                admin.take_lock(REASON).map_err(|error| elsewhere(target, &error.to_string()))?;
                own = vec![admin];
            }
            Err(why) if self.parking.force => said.push(plain(target, why)),
            Err(why) => return Err(elsewhere(target, &why)),
        }
        for admin in &own {
            let Ok(mode) = std::fs::read_to_string(admin.dir.join(BEGUN)) else { continue };
            said.extend(self.rescue(admin, cargo));
            close(target, u32::from_str_radix(mode.trim(), 8).ok());
            end(admin);
        }
        Ok(Moved { path: target.to_owned(), said })
    }

    /// git's record of the tree, which must be at its new place.
    fn record(&self) -> std::result::Result<Admin, String> {
        let (common, target) = (&self.repo.common, self.target);
        let DotGit::Ours(dir) = DotGit::read(common, target).map_err(|error| error.to_string())? else {
            return Err("it is not a worktree of the repository".to_owned());
        };
        let admin = Admin { dir };
        match admin.tree() {
            Some(known) if known == target => Ok(admin),
            Some(known) => Err(format!("git knows that tree at {}", known.display())),
            None => Err("git no longer has a record of it".to_owned()),
        }
    }

    /// References to what is in the tree, and in the worktrees of its repository that were made in it.
    fn rescue(&self, own: &Admin, cargo: &Cargo) -> Vec<String> {
        let rescue = Rescue::new(self.git, self.repo, self.tree.task);
        let by = self.parking.by.as_str();
        let mut said = Vec::new();
        for admin in cargo.records(self.target, &self.repo.common).iter().chain([own]) {
            let folder = admin.tree();
            let name = if admin == own { by.to_owned() } else { format!("{by}-nested/{}", name_of(admin)) };
            let called = match folder.as_deref().and_then(|folder| folder.strip_prefix(self.target).ok()) {
                Some(inner) if admin != own => self.path.join(inner),
                Some(_) | None => self.path.to_owned(),
            };
            // Those of other repositories are whole where they are, and are not written to.
            if admin.dir.parent() == Some(self.repo.common.join("worktrees").as_path()) {
                let here = folder.as_deref().filter(|folder| folder.join(".git").exists());
                said.extend(rescue.take(&Endangered { admin, folder: here, called: &called, name: &name }));
            }
        }
        said
    }
}

fn elsewhere(target: &Path, why: &str) -> TreeError {
    failed(PARK, format!("{}: {why}", target.display()))
}

fn end(admin: &Admin) {
    std::fs::remove_file(admin.dir.join(BEGUN)).ok();
}

/// Where the tree of an attempt is while it is parked.
pub(super) fn place(tree: &Tree) -> PathBuf {
    tree.parked.clone().unwrap_or_else(|| tree.trash().join(tree.owner.as_str()))
}
