//! By libgit2, which runs no filter but its own.

use std::path::Path;

use git2::{
    Delta, Diff, DiffDelta, DiffFindOptions, DiffFormat, DiffOptions, Error, ErrorCode, FileMode, Index, Oid,
    Patch as Lines, Repository,
};

use super::{Looked, New};
use crate::domain::diff::{Change, Count, File};
use crate::domain::patch::{Limit, Patch, Side};

/// Beyond so many new and deleted files, or bytes of new ones, nobody waits until each was compared with each.
const RENAMES: usize = 1_000;
const RENAMED: u64 = 32 << 20;

/// The repository, as seen from the newer state.
pub(super) fn open(common: &Path, new: &New) -> Result<Repository, Error> {
    let repo = Repository::open(common)?;
    if let New::Files { admin, path } = new {
        repo.set_workdir(path, false)?;
        repo.set_index(&mut Index::open(&admin.dir.join("index"))?)?;
    }
    Ok(repo)
}

/// Compares; only these paths, if any are given.
fn compare<'r>(repo: &'r Repository, looked: &Looked<'_>, paths: &[&Path]) -> Result<Diff<'r>, Error> {
    let tree = |commit: &str| repo.find_commit(Oid::from_str(commit)?)?.tree();
    let mut options = DiffOptions::new();
    options.disable_pathspec_match(true).include_typechange(true).include_unreadable(true);
    options.include_untracked(true).recurse_untracked_dirs(true).show_untracked_content(true);
    for path in paths {
        options.pathspec(path);
    }
    let old = tree(&looked.old)?;
    match &looked.new {
        New::Commit(commit) => repo.diff_tree_to_tree(Some(&old), Some(&tree(commit)?), Some(&mut options)),
        New::Files { .. } => repo.diff_tree_to_workdir_with_index(Some(&old), Some(&mut options)),
    }
}

fn find_renames(diff: &mut Diff<'_>) -> Result<(), Error> {
    let mut count = 0;
    let mut bytes = 0;
    for delta in diff.deltas() {
        if matches!(delta.status(), Delta::Added | Delta::Untracked | Delta::Deleted) {
            count += 1;
            bytes += delta.new_file().size();
        }
    }
    if count > RENAMES || bytes > RENAMED {
        return Ok(());
    }
    // Those that git does not know yet can be what another one was renamed to.
    diff.find_similar(Some(DiffFindOptions::new().renames(true).for_untracked(true)))
}

/// The files that have changed, as far as that is told without reading all of them.
pub(super) fn list(repo: &Repository, looked: &Looked<'_>) -> Result<Vec<File>, Error> {
    let mut diff = compare(repo, looked, &[])?;
    find_renames(&mut diff)?;
    let root = match &looked.new {
        New::Files { path, .. } => Some(path.as_path()),
        New::Commit(_) => None,
    };
    let mut files: Vec<File> = diff.deltas().filter_map(|delta| file(repo, root, &delta)).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn file(repo: &Repository, root: Option<&Path>, delta: &DiffDelta<'_>) -> Option<File> {
    let change = match delta.status() {
        Delta::Added | Delta::Untracked | Delta::Copied => Change::Added,
        Delta::Deleted => Change::Deleted,
        Delta::Modified | Delta::Conflicted => Change::Modified,
        Delta::Renamed => Change::Renamed,
        Delta::Typechange => Change::Retyped,
        Delta::Unreadable => Change::Unreadable,
        Delta::Unmodified | Delta::Ignored => return None,
    };
    let (old, new) = (delta.old_file(), delta.new_file());
    let path = new.path().or(old.path())?.to_owned();
    let mode = |mode: FileMode| u32::from(mode);
    let modes = match change {
        Change::Added => (0, mode(new.mode())),
        Change::Deleted => (mode(old.mode()), 0),
        Change::Modified | Change::Renamed | Change::Retyped | Change::Unreadable => {
            (mode(old.mode()), mode(new.mode()))
        }
    };
    // libgit2 leaves out the size of what it did not have to read.
    let size = match (new.size(), root) {
        (0, Some(root)) => root.join(&path).symlink_metadata().map_or(0, |meta| meta.len()),
        (0, None) => repo.odb().and_then(|odb| odb.read_header(new.id())).map_or(0, |(size, _)| size as u64),
        (size, _) => size,
    };
    let old_path = old.path().filter(|_| change == Change::Renamed).map(Path::to_owned);
    Some(File { path, old_path, change, modes, size, count: None })
}

/// One file of a comparison, and its number in that.
fn of_one<'r>(repo: &'r Repository, looked: &Looked<'_>, file: &File) -> Result<Option<(Diff<'r>, usize)>, Error> {
    let paths = [Some(file.path.as_path()), file.old_path.as_deref()];
    let paths: Vec<&Path> = paths.into_iter().flatten().collect();
    let mut diff = compare(repo, looked, &paths)?;
    if file.old_path.is_some() {
        find_renames(&mut diff)?;
    }
    // A path is also that of a folder in which other files have changed.
    let is_it = |delta: &DiffDelta<'_>| delta.new_file().path().or(delta.old_file().path()) == Some(&file.path);
    let number = diff.deltas().position(|delta| is_it(&delta));
    Ok(number.map(|number| (diff, number)))
}

/// The lines that have changed in one file.
pub(super) fn patch(repo: &Repository, looked: &Looked<'_>, file: &File, limit: Limit) -> Result<Patch, Error> {
    let mut patch = Patch::default();
    let Some((diff, _)) = of_one(repo, looked, file)? else { return Ok(patch) };
    let printed = diff.print(DiffFormat::Patch, |delta, _, line| {
        if delta.new_file().path().or(delta.old_file().path()) != Some(&file.path) {
            return true;
        }
        let side = match line.origin() {
            ' ' => Side::Both,
            '+' => Side::Added,
            '-' => Side::Removed,
            '=' | '>' | '<' => Side::Remark,
            'B' => {
                patch.binary = true;
                return true;
            }
            'H' => {
                patch.begin(line.content());
                return true;
            }
            _ => return true,
        };
        let numbers = (line.old_lineno().unwrap_or(0), line.new_lineno().unwrap_or(0));
        let text = if side == Side::Remark { b"\\ No newline at end of file" } else { line.content() };
        patch.push(side, numbers, text, limit)
    });
    match printed {
        // That we stopped it is an error to libgit2, and none to us.
        Err(error) if error.code() == ErrorCode::User || patch.cut => Ok(patch),
        Err(error) => Err(error),
        Ok(()) => Ok(patch),
    }
}

/// How much of one file has changed.
pub(super) fn count(repo: &Repository, looked: &Looked<'_>, file: &File) -> Result<Option<Count>, Error> {
    let Some((diff, number)) = of_one(repo, looked, file)? else { return Ok(None) };
    let Some(lines) = Lines::from_diff(&diff, number)? else {
        return Ok(Some(Count { binary: true, ..Count::default() }));
    };
    let binary = diff.get_delta(number).is_some_and(|delta| delta.flags().is_binary());
    let (_, added, removed) = lines.line_stats()?;
    Ok(Some(Count { added, removed, binary }))
}
