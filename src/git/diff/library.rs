//! By libgit2, which runs no filter but its own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use git2::{
    Delta, Diff, DiffDelta, DiffFindOptions, DiffFormat, DiffLine, DiffOptions, Error, ErrorCode, FileMode, Index,
    IndexEntry, IndexTime, Oid, Patch as Lines, Repository,
};

use super::{Comparer, LARGE, Looked, New, READ};
use crate::domain::diff::{Change, Count, File};
use crate::domain::patch::{Limit, Patch, Side};
use crate::git::call::failed;

/// Beyond so many new and deleted files, or bytes of new ones, nobody waits until each was compared with each.
const RENAMES: usize = 1_000;
const RENAMED: u64 = 32 << 20;

/// So many files are compared without looking at the others.
const FEW: usize = 8;

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
        New::Files { path, .. } => {
            let diff = repo.diff_tree_to_workdir_with_index(Some(&old), Some(&mut options))?;
            let untracked = untracked(&diff, path);
            if untracked.is_empty() {
                return Ok(diff);
            }
            drop(diff);
            let mut index = repo.index()?;
            for entry in untracked {
                index.add(&entry)?;
            }
            repo.diff_tree_to_workdir_with_index(Some(&old), Some(&mut options))
        }
    }
}

/// Files of the older state that are there and that the index does not know: libgit2 takes them for deleted. As entries
/// of an index, which is never written, with stamps that tell nothing.
fn untracked(diff: &Diff<'_>, root: &Path) -> Vec<IndexEntry> {
    let deleted = diff.deltas().filter(|delta| delta.status() == Delta::Deleted);
    let there = deleted.filter_map(|delta| {
        let old = delta.old_file();
        let path = old.path_bytes()?.to_vec();
        let meta = root.join(old.path()?).symlink_metadata().ok()?;
        let none = IndexTime::new(0, 0);
        (!meta.is_dir()).then(|| IndexEntry {
            ctime: none,
            mtime: none,
            dev: 0,
            ino: 0,
            mode: old.mode().into(),
            uid: 0,
            gid: 0,
            file_size: 0,
            id: old.id(),
            flags: 0,
            flags_extended: 0,
            path,
        })
    });
    there.collect()
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

/// A comparison, and where each file stands in it.
pub(super) struct Library<'r> {
    repo: &'r Repository,
    looked: &'r Looked<'r>,
    diff: Diff<'r>,
    numbers: HashMap<PathBuf, usize>,
}

impl<'r> Library<'r> {
    /// Compares: a few files alone where those are given, else everything.
    pub(super) fn new(repo: &'r Repository, looked: &'r Looked<'r>, files: &[File]) -> Result<Self, Error> {
        let few = if files.len() <= FEW { files } else { &[] };
        let paths: Vec<&Path> = few.iter().flat_map(paths).collect();
        let mut diff = compare(repo, looked, &paths)?;
        if paths.is_empty() || few.iter().any(|file| file.old_path.is_some()) {
            find_renames(&mut diff)?;
        }
        let path = |delta: &DiffDelta<'_>| delta.new_file().path().or(delta.old_file().path()).map(Path::to_owned);
        let numbers = diff.deltas().enumerate().filter_map(|(number, delta)| Some((path(&delta)?, number))).collect();
        Ok(Self { repo, looked, diff, numbers })
    }

    fn lines(&self, file: &File) -> Result<Option<(Lines<'_>, bool)>, Error> {
        let Some(number) = self.numbers.get(&file.path).copied() else { return Ok(None) };
        let Some(lines) = Lines::from_diff(&self.diff, number)? else { return Ok(None) };
        // Known only once its content was looked at.
        let binary = self.diff.get_delta(number).is_some_and(|delta| delta.flags().is_binary());
        Ok(Some((lines, binary)))
    }

    /// Line by line, and none beyond the limit.
    fn stream(&self, file: &File, limit: Limit) -> Result<Patch, Error> {
        let paths: Vec<&Path> = paths(file).collect();
        let mut diff = compare(self.repo, self.looked, &paths)?;
        if file.old_path.is_some() {
            find_renames(&mut diff)?;
        }
        let mut patch = Patch::default();
        let printed = diff.print(DiffFormat::Patch, |delta, _, line| {
            // A path is also that of a folder in which other files have changed.
            let is_it = delta.new_file().path().or(delta.old_file().path()) == Some(&file.path);
            !is_it || take(&mut patch, &line, limit)
        });
        stopped(printed, patch)
    }
}

impl Comparer for Library<'_> {
    fn list(&self) -> super::Result<Vec<File>> {
        let root = match &self.looked.new {
            New::Files { path, .. } => Some(path.as_path()),
            New::Commit(_) => None,
        };
        let mut files: Vec<File> = self.diff.deltas().filter_map(|delta| file(self.repo, root, &delta)).collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(files)
    }

    fn patch(&self, file: &File, limit: Limit) -> super::Result<Patch> {
        // libgit2 keeps all lines of a patch that it is asked for as such.
        let found = if file.size >= LARGE {
            self.stream(file, limit)
        } else {
            self.lines(file).and_then(|found| {
                let mut patch = Patch::default();
                let Some((mut lines, binary)) = found else { return Ok(patch) };
                patch.binary = binary;
                let printed = lines.print(&mut |_, _, line| take(&mut patch, &line, limit));
                stopped(printed, patch)
            })
        };
        found.map_err(|error| failed(READ, error.message()))
    }

    fn count(&self, file: &File) -> super::Result<Count> {
        if file.size >= LARGE {
            return Ok(super::counted(&self.patch(file, Limit { lines: usize::MAX, length: 0 })?));
        }
        let count = || {
            let Some((lines, binary)) = self.lines(file)? else { return Ok(Count::default()) };
            let (_, added, removed) = lines.line_stats()?;
            Ok(Count { added, removed, binary })
        };
        count().map_err(|error: Error| failed(READ, error.message()))
    }
}

fn paths(file: &File) -> impl Iterator<Item = &Path> {
    std::iter::once(file.path.as_path()).chain(file.old_path.as_deref())
}

/// Takes a line that libgit2 prints; whether more are wanted.
fn take(patch: &mut Patch, line: &DiffLine<'_>, limit: Limit) -> bool {
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
}

/// That we stopped it is an error to libgit2, and none to us.
fn stopped(printed: Result<(), Error>, patch: Patch) -> Result<Patch, Error> {
    match printed {
        Err(error) if error.code() != ErrorCode::User && !patch.cut => Err(error),
        Err(_) | Ok(()) => Ok(patch),
    }
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
