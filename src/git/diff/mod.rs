//! What has changed since a base: which files, and the lines of each. No program is run that the tree or the repository's
//! configuration names.
//!
//! Asked in three steps, since a person waits for the first: the list is told by stamps and ids, and reads as little as
//! git does; a patch is one file's; counting reads them all, and finds those that were only listed for what git would
//! make of them.

mod huge;
mod library;
mod program;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use self::huge::HUGE;
use super::Git;
use super::call::failed;
use super::layout::{Admin, record_at, settle};
use super::read::Repo;
use super::refs::{Head, Tip};
use super::snapshot::head;
use super::view::open_plain;
use crate::domain::diff::{Change, Count, File, Part};
use crate::domain::patch::{Limit, Patch, Side};
use crate::ports::worktrees::{Compared, Result, TreeError, Work};

const READ: &str = "read what has changed";
/// New files beyond this many bytes are not given to a program that compares: each of their lines is new.
const LARGE: u64 = 4 << 20;
/// git's rule: what has a NUL byte in so many of its first bytes has no lines.
const SNIFFED: usize = 8_000;

/// The two states to compare.
struct Looked<'a> {
    git: &'a Git,
    repo: Repo,
    old: String,
    new: New,
}

/// The newer of the two states.
enum New {
    Commit(String),
    Files { admin: Admin, path: PathBuf },
}

/// Somebody who compares.
trait Comparer {
    /// The files that have changed, as far as that is told without reading all of them.
    fn list(&self) -> Result<Vec<File>>;
    /// The lines that have changed in one file.
    fn patch(&self, file: &File, limit: Limit) -> Result<Patch>;
    /// How many these are.
    fn count(&self, file: &File) -> Result<Count> {
        // Only the sides of its lines are of interest.
        Ok(counted(&self.patch(file, Limit { lines: usize::MAX, length: 0 })?))
    }
}

/// See [`crate::ports::worktrees::Worktrees::changes`].
pub(super) fn changes(git: &Git, compared: &Compared<'_>) -> Result<Vec<File>> {
    let looked = Looked::at(git, compared)?;
    looked.with(&[], &mut |comparer| comparer.list())
}

/// See [`crate::ports::worktrees::Worktrees::patches`].
pub(super) fn patches(
    git: &Git,
    compared: &Compared<'_>,
    files: &[File],
    limit: Limit,
    read: &mut dyn FnMut(usize, Patch) -> bool,
) -> Result<()> {
    let looked = Looked::at(git, compared)?;
    looked.with(files, &mut |comparer| {
        for (number, file) in files.iter().enumerate() {
            if !read(number, looked.patch(comparer, file, limit)?) {
                break;
            }
        }
        Ok(())
    })
}

/// See [`crate::ports::worktrees::Worktrees::count`].
pub(super) fn count(
    git: &Git,
    compared: &Compared<'_>,
    files: &[File],
    counted: &mut dyn FnMut(usize, Option<Count>) -> bool,
) -> Result<()> {
    let looked = Looked::at(git, compared)?;
    looked.with(files, &mut |comparer| {
        for (number, file) in files.iter().enumerate() {
            // One that can't be read now has nothing that could be counted.
            let found = looked.count(comparer, file).unwrap_or(Some(Count::default()));
            if !counted(number, found) {
                break;
            }
        }
        Ok(())
    })
}

fn counted(patch: &Patch) -> Count {
    let of = |side| patch.lines.iter().filter(|line| line.side == side).count();
    Count { added: of(Side::Added), removed: of(Side::Removed), binary: patch.binary }
}

impl<'a> Looked<'a> {
    fn at(git: &'a Git, compared: &Compared<'_>) -> Result<Self> {
        let repo = Repo::open(git, compared.repo)?;
        let base = compared.base.to_owned();
        let (old, new) = match (compared.work, compared.part) {
            (Work::Commit(commit), Part::Whole | Part::Committed) => (base, New::Commit(commit.to_owned())),
            (Work::Commit(commit), Part::Uncommitted) => (commit.to_owned(), New::Commit(commit.to_owned())),
            (Work::Tree(path), part) => {
                let path = settle(path)?;
                let admin = record_at(&repo.common, &path).map_err(TreeError::Impossible)?;
                match part {
                    Part::Whole => (base, New::Files { admin, path }),
                    // A branch without a commit has nothing in commits.
                    Part::Committed => (base.clone(), New::Commit(tip(git, &repo, &admin)?.unwrap_or(base))),
                    Part::Uncommitted => (tip(git, &repo, &admin)?.unwrap_or(base), New::Files { admin, path }),
                }
            }
        };
        Ok(Self { git, repo, old, new })
    }

    /// Compares with whoever can. Where `files` are given, they are what is of interest.
    fn with<T>(&self, files: &[File], act: &mut dyn FnMut(&dyn Comparer) -> Result<T>) -> Result<T> {
        if self.repo.lib().is_none() {
            return act(&program::Program::new(self, files)?);
        }
        let failed = |error: git2::Error| failed(READ, error.message());
        let repo = library::open(&self.repo.common, &self.new).map_err(failed)?;
        act(&library::Library::new(&repo, self, files).map_err(failed)?)
    }

    fn patch(&self, comparer: &dyn Comparer, file: &File, limit: Limit) -> Result<Patch> {
        if let Some(patch) = self.of_new_file(file, limit)? {
            return Ok(patch);
        }
        match self.both_of_huge(file)? {
            Some((old, new)) => Ok(huge::patch(&old, &new, limit)),
            None => comparer.patch(file, limit),
        }
    }

    /// `None`: it has not changed.
    fn count(&self, comparer: &dyn Comparer, file: &File) -> Result<Option<Count>> {
        if self.is_as_before(file) {
            return Ok(None);
        }
        match self.of_new_file(file, Limit { lines: usize::MAX, length: 0 })? {
            Some(patch) => Ok(Some(counted(&patch))),
            None => match self.both_of_huge(file)? {
                Some((old, new)) => Ok(Some(huge::count(&old, &new))),
                None => comparer.count(file).map(Some),
            },
        }
    }

    /// Whether a file is listed only for what git would make of it: its bytes are those of the commit.
    fn is_as_before(&self, file: &File) -> bool {
        let New::Files { path, .. } = &self.new else { return false };
        file.change == Change::Modified
            && file.modes.0 == file.modes.1
            && self.is_committed(&path.join(&file.path), file).unwrap_or(false)
    }

    fn is_committed(&self, at: &Path, file: &File) -> Option<bool> {
        let lib = self.repo.lib()?;
        let old = lib.find_commit(git2::Oid::from_str(&self.old).ok()?).ok()?.tree().ok()?;
        let entry = old.get_path(&file.path).ok()?;
        let mode = format!("{:o}", file.modes.0);
        super::content::is_as_committed(at, &mode, &entry.id().to_string()).ok()
    }

    /// Both states of a text that is too large to be compared as others are.
    fn both_of_huge(&self, file: &File) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        let (Some(lib), true) = (self.repo.lib(), file.size >= HUGE && file.change == Change::Modified) else {
            return Ok(None);
        };
        let committed = |commit: &str| {
            let tree = lib.find_commit(git2::Oid::from_str(commit)?)?.tree()?;
            Ok(lib.find_blob(tree.get_path(&file.path)?.id())?.content().to_vec())
        };
        let read = |error: git2::Error| failed(READ, error.message());
        let old: Vec<u8> = committed(&self.old).map_err(read)?;
        let new = match &self.new {
            New::Commit(commit) => committed(commit).map_err(read)?,
            New::Files { path, .. } => {
                let Some(mut opened) = open_plain(&path.join(&file.path)).map_err(|error| failed(READ, error))? else {
                    return Ok(None);
                };
                let mut bytes = Vec::new();
                opened.read_to_end(&mut bytes).map_err(|error| failed(READ, error))?;
                bytes
            }
        };
        let is_text = |bytes: &[u8]| !bytes[..bytes.len().min(SNIFFED)].contains(&0);
        Ok((is_text(&old) && is_text(&new)).then_some((old, new)))
    }

    /// A large file that was not there before: what is beyond the limit is not read.
    fn of_new_file(&self, file: &File, limit: Limit) -> Result<Option<Patch>> {
        let New::Files { path, .. } = &self.new else { return Ok(None) };
        if file.change != Change::Added || file.size < LARGE || file.modes.1 & 0o170_000 != 0o100_000 {
            return Ok(None);
        }
        let reading = |error: std::io::Error| failed(READ, error);
        let Some(opened) = open_plain(&path.join(&file.path)).map_err(reading)? else { return Ok(None) };
        let mut reader = BufReader::with_capacity(1 << 16, opened);
        let mut patch = Patch::default();
        if reader.fill_buf().map_err(reading)?.iter().take(SNIFFED).any(|byte| *byte == 0) {
            patch.binary = true;
            return Ok(Some(patch));
        }
        patch.begin(b"@@ -0,0 +1 @@ new file");
        let mut line = Vec::new();
        for number in 1_u32.. {
            line.clear();
            if reader.read_until(b'\n', &mut line).map_err(reading)? == 0 {
                break;
            }
            if !patch.push(Side::Added, (0, number), &line, limit) {
                break;
            }
        }
        Ok(Some(patch))
    }
}

/// The commit of a tree's HEAD; `None` where it has none yet.
fn tip(git: &Git, repo: &Repo, admin: &Admin) -> Result<Option<String>> {
    match admin.head() {
        Head::Detached(id) => Ok(Some(id)),
        Head::Branch(branch) => match repo.tip(&branch)? {
            Tip::At(id) => Ok(Some(id)),
            Tip::Absent => Ok(None),
            Tip::Symbolic => head(git, &admin.dir),
        },
        Head::Unmade => Err(failed(READ, "its HEAD can't be read")),
    }
}
