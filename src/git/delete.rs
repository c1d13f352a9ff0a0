//! Deleting a parked tree for good: the one place that destroys what an agent wrote, and only when the user says so.
//!
//! Safe to be killed anywhere, and a second call finishes the first: the folder leaves its place in the trash by a
//! rename, then git's records of it and of what it holds go, then the folder. Branches and rescue references stay.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::Git;
use super::call::failed;
use super::carry::Cargo;
use super::layout::{Admin, is_there, settle};
use super::park::place;
use super::read::Repo;
use super::repo_lock::RepoLock;
use super::standing;
use crate::domain::attempt::Tree;
use crate::ports::worktrees::{Result, TreeError};

const DELETE: &str = "delete the parked tree";
/// What is added to the name of a folder that is being deleted.
const ON_ITS_WAY: &str = ".deleted";

/// See [`crate::ports::worktrees::Worktrees::delete`].
pub(super) fn delete(git: &Git, tree: &Tree, owned: &dyn Fn() -> bool) -> Result<()> {
    let is_there = |path: &Path| is_there(path).map_err(|why| failed(DELETE, why));
    let parked = settle(&place(tree))?;
    let leaving = leaving(&parked);
    let repo = match Repo::open(git, &tree.repo) {
        Ok(repo) => Some(repo),
        // Without its repository it is a plain folder.
        Err(_) if !is_there(&tree.repo)? => None,
        Err(error) => return Err(error),
    };
    let doing = format!("delete {}", parked.display());
    let _lock = repo.as_ref().map(|repo| RepoLock::take(&repo.common, &doing, git.patience)).transpose()?;
    if !owned() {
        return Err(TreeError::Revoked);
    }
    if is_there(&parked)? {
        standing::refuse(&parked, true)?;
        if is_there(&leaving)? {
            clear(&leaving)?;
        }
        fs::rename(&parked, &leaving).map_err(|error| failed(DELETE, format!("{}: {error}", parked.display())))?;
    }
    if let Some(repo) = &repo {
        forget(repo, &parked)?;
    }
    if is_there(&leaving)? { clear(&leaving) } else { Ok(()) }
}

fn leaving(parked: &Path) -> PathBuf {
    let mut name = parked.file_name().unwrap_or_default().to_owned();
    name.push(ON_ITS_WAY);
    parked.with_file_name(name)
}

/// Removes git's records of the tree and of the worktrees below it, those of this repository.
fn forget(repo: &Repo, parked: &Path) -> Result<()> {
    let unreadable = |error: io::Error| failed("read worktrees", error);
    let mut records = Admin::at(&repo.common, parked).map_err(unreadable)?;
    records.extend(Cargo::default().records(parked, &repo.common));
    for admin in records {
        admin.forget(&repo.common).map_err(|error| failed("remove git's record", error))?;
    }
    Ok(())
}

/// Deletes a folder, also where parts of it are read-only. No link is followed.
fn clear(folder: &Path) -> Result<()> {
    let outcome = match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open(folder);
            fs::remove_dir_all(folder)
        }
        outcome => outcome,
    };
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed(DELETE, format!("{}: {error}", folder.display())))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes every folder below one writable. What can't be shows when it is deleted.
fn open(folder: &Path) {
    let mut ahead = vec![folder.to_owned()];
    while let Some(folder) = ahead.pop() {
        let Ok(meta) = folder.symlink_metadata() else { continue };
        fs::set_permissions(&folder, fs::Permissions::from_mode(meta.permissions().mode() | 0o700)).ok();
        ahead.extend(entries(&folder).filter(|(_, meta)| meta.is_dir()).map(|(path, _)| path));
    }
}

/// See [`crate::ports::worktrees::Worktrees::size`].
pub(super) fn size(folder: &Path) -> u64 {
    let mut bytes = 0;
    let mut ahead = vec![folder.to_owned()];
    while let Some(folder) = ahead.pop() {
        for (path, meta) in entries(&folder) {
            bytes += meta.blocks() * 512;
            if meta.is_dir() {
                ahead.push(path);
            }
        }
    }
    bytes
}

/// What is in a folder, as far as it can be read; links as themselves.
fn entries(folder: &Path) -> impl Iterator<Item = (PathBuf, fs::Metadata)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.path(), entry.path().symlink_metadata().ok()?)))
}
