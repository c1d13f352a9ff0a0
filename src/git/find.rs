//! Where a tree is: a look at every place that it could be in. Never writes.

use std::path::{Path, PathBuf};

use super::Git;
use super::call::EMAIL;
use super::kept_head;
use super::layout::{self, Admin, Lock, is_there, record_of, settle};
use super::read::Repo;
use super::refs::{self, Tip};
use crate::domain::attempt::Tree;
use crate::domain::id::AttemptId;
use crate::domain::state::TreeState;
use crate::domain::tree::{Head, Whereabouts};

/// See [`crate::ports::worktrees::Worktrees::whereabouts`].
pub(super) fn whereabouts(git: &Git, tree: &Tree, owners: &[AttemptId]) -> Whereabouts {
    look(git, tree, owners).unwrap_or_else(Whereabouts::Unknown)
}

fn look(git: &Git, tree: &Tree, owners: &[AttemptId]) -> Result<Whereabouts, String> {
    let repo = Repo::open(git, &tree.repo).map_err(|error| error.to_string())?;
    let path = settle(&tree.path).map_err(|error| error.to_string())?;
    let there = is_there(&path)?;
    let not_it = match record_of(&repo.common, &path) {
        // Only one that is made again is half made although an agent ran in it: that is finished by making it.
        Ok(admin) if tree.ran && admin.lock(&path) == Lock::Making => {
            return Ok(Whereabouts::Absent { held_by: held_by(git, &repo, tree, Some(&admin)) });
        }
        Ok(admin) => return Ok(in_place(&admin, &path)),
        Err(why) => why,
    };
    if let Some(parked) = parked(tree, owners)? {
        return Ok(Whereabouts::Parked(parked));
    }
    let records = Admin::all(&repo.common).map_err(|error| format!("git's worktrees can't be read: {error}"))?;
    let moved = records.iter().filter(|admin| is_of(admin, tree)).filter_map(Admin::tree);
    if let Some(elsewhere) = moved.filter(|at| *at != path).find(|at| record_of(&repo.common, at).is_ok()) {
        return Ok(Whereabouts::Elsewhere(elsewhere));
    }
    // A git that was killed as it made the tree may leave an empty folder, also after all was cleaned up. Of one that an
    // agent worked in it may be a volume's that is not mounted.
    if there && (tree.ran || !is_empty(&path)) {
        return Ok(Whereabouts::Broken(not_it));
    }
    let record = records.iter().find(|admin| admin.tree().is_some_and(|at| at == path));
    if let Some(Lock::Other(reason)) = record.map(|admin| admin.lock(&path)).filter(|lock| !is_ours(lock)) {
        // Somebody may keep it on a volume that comes and goes, and has told git so.
        return Err(format!("{} is absent, and locked: {reason}", path.display()));
    }
    let folder = path.parent().unwrap_or(&path);
    // A tree that was only planned may never have had a folder to be in.
    if !folder.is_dir() && (tree.ran || tree.state != TreeState::Planned || record.is_some()) {
        return Err(format!("{} is absent too, perhaps not mounted", folder.display()));
    }
    Ok(Whereabouts::Absent { held_by: held_by(git, &repo, tree, record) })
}

/// Whether it is a folder with nothing in it.
fn is_empty(path: &Path) -> bool {
    path.read_dir().is_ok_and(|mut entries| entries.next().is_none())
}

fn in_place(admin: &Admin, path: &Path) -> Whereabouts {
    match (admin.lock(path), admin.head()) {
        (Lock::Making, _) => Whereabouts::Broken(format!("{} is half made", path.display())),
        (_, refs::Head::Unmade) => Whereabouts::Broken(format!("{} has no HEAD", path.display())),
        (_, refs::Head::Branch(name)) => Whereabouts::InPlace(Head::Branch(name)),
        (_, refs::Head::Detached(id)) => Whereabouts::InPlace(Head::Detached(id)),
    }
}

/// The tree's place in the trash, under the name of an attempt that has or had it, if something is there.
fn parked(tree: &Tree, owners: &[AttemptId]) -> Result<Option<PathBuf>, String> {
    let trash = tree.trash();
    let names = std::iter::once(&tree.owner).chain(owners);
    let places = tree.parked.iter().cloned().chain(names.map(|name| trash.join(name.as_str())));
    for place in places {
        let place = settle(&place).map_err(|error| error.to_string())?;
        if is_there(&place)? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// Whether a record of git's is that of this tree, wherever the folder is by now.
fn is_of(admin: &Admin, tree: &Tree) -> bool {
    let log = std::fs::read(admin.dir.join("logs/HEAD")).unwrap_or_default();
    let first = log.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let ours = first.windows(EMAIL.len()).any(|part| part == EMAIL.as_bytes());
    ours && (admin.holds(&tree.branch) || admin.dir.file_name() == tree.path.file_name())
}

/// Whether a lock is the one that parking begins with.
fn is_ours(lock: &Lock) -> bool {
    *lock == Lock::Other(super::carry::REASON.to_owned())
}

/// Whether git's record and the tree at `path` name each other: two small files, and no look into the repository.
pub(super) fn glance(path: &Path) -> bool {
    let target = || {
        let text = std::fs::read(path.join(".git")).ok()?;
        let dir = path.join(layout::line(text.strip_prefix(b"gitdir: ")?));
        let back = std::fs::read(dir.join("gitdir")).ok()?;
        Some(settle(&dir.join(layout::line(&back))).ok()? == settle(&path.join(".git")).ok()?)
    };
    path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) && target().unwrap_or(false)
}

/// What still has the commits of a tree whose folder is gone.
fn held_by(git: &Git, repo: &Repo, tree: &Tree, record: Option<&Admin>) -> Option<String> {
    let branch = |name: &str| matches!(repo.tip(name), Ok(Tip::At(_))).then(|| format!("branch {name}"));
    match record.map(Admin::head).or_else(|| kept_head::read(git, repo, tree.task, &tree.path)) {
        Some(refs::Head::Branch(name)) => branch(&name).or_else(|| branch(&tree.branch)),
        Some(refs::Head::Detached(id)) if repo.has_commit(&id).is_ok() => Some(format!("commit {id}")),
        Some(refs::Head::Detached(_) | refs::Head::Unmade) | None => branch(&tree.branch),
    }
}

/// Whether the tree at `path` can be worked in: else why not.
pub(super) fn worktree_of(git: &Git, repo: &Path, path: &Path) -> std::result::Result<(), String> {
    let repo = Repo::open(git, repo).map_err(|error| error.to_string())?;
    let path = settle(path).map_err(|error| error.to_string())?;
    let admin = record_of(&repo.common, &path)?;
    if admin.lock(&path) == Lock::Making {
        return Err(format!("{} is half made", path.display()));
    }
    match admin.head() {
        refs::Head::Unmade => Err(format!("{} has no HEAD", path.display())),
        refs::Head::Branch(_) | refs::Head::Detached(_) => Ok(()),
    }
}
