//! Whether a tree holds anything that git did not write there, and the removal of one that holds nothing else.
//!
//! What can't be compared counts as somebody's work. Files are removed one by one, by the names and stamps they
//! were compared under: whatever appears or changes meanwhile stays.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::Git;
use super::call::{TempIndex, failed, option};
use super::layout::Admin;
use super::read::Repo;
use crate::ports::worktrees::Result;

/// What is in a folder, its own `.git` left out; paths are relative.
#[derive(Debug, Default)]
pub(super) struct Content {
    files: Vec<(PathBuf, Stamp)>,
    /// Outer before inner.
    folders: Vec<PathBuf>,
}

/// What changes when a file does: inode, size, times of its content and of its metadata.
type Stamp = (u64, u64, i64, i64, i64, i64);

fn stamp(meta: &Metadata) -> Stamp {
    (meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec())
}

/// What an inspection found.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Nothing but what git wrote.
    Equal(Content),
    /// Something else: what.
    Work(String),
}

/// How far git got with a tree.
#[derive(Clone, Copy, Debug)]
pub(super) enum Made<'a> {
    /// It was made, and git's own record of it is to be trusted.
    Whole(&'a Admin),
    /// Files may be missing, and one may be cut short.
    Half,
}

impl Content {
    fn of(root: &Path) -> io::Result<Self> {
        let mut content = Self::default();
        let mut ahead = vec![PathBuf::new()];
        while let Some(folder) = ahead.pop() {
            for entry in std::fs::read_dir(root.join(&folder))? {
                let entry = entry?;
                let path = folder.join(entry.file_name());
                let meta = entry.metadata()?;
                if path == Path::new(".git") {
                    continue;
                }
                if meta.is_dir() {
                    content.folders.push(path.clone());
                    ahead.push(path);
                } else {
                    content.files.push((path, stamp(&meta)));
                }
            }
        }
        Ok(content)
    }

    /// Removes exactly this from `root`: what stops it, if anything does.
    pub(super) fn remove_from(&self, root: &Path) -> io::Result<Option<String>> {
        for (file, seen) in &self.files {
            let path = root.join(file);
            match path.symlink_metadata() {
                Ok(meta) if stamp(&meta) == *seen => std::fs::remove_file(&path)?,
                Ok(_) => return Ok(Some(format!("{} was changed just now", path.display()))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        for folder in self.folders.iter().rev() {
            let path = root.join(folder);
            match std::fs::remove_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                    return Ok(Some(format!("{} has new files", path.display())));
                }
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(None)
    }
}

/// Compares the tree at `path` with what git writes there for the commit `base`.
///
/// # Errors
/// When it can't be compared; that counts as work too.
pub(super) fn inspect(git: &Git, repo: &Repo, path: &Path, base: &str, made: Made<'_>) -> Result<Verdict> {
    let listing = Listing::of(git, repo, base)?;
    let content = Content::of(path).map_err(|error| failed("look into the tree", error))?;
    if let Some((file, _)) = content.files.iter().find(|(file, _)| listing.file(file).is_none()) {
        return Ok(Verdict::Work(format!("it holds {}", file.display())));
    }
    let work = match made {
        Made::Whole(admin) => changed(git, admin, path)?,
        Made::Half => overwritten(git, repo, path, base, &listing)?,
    };
    Ok(work.map_or(Verdict::Equal(content), Verdict::Work))
}

/// What is in a commit, by path.
pub(super) struct Listing(pub HashMap<PathBuf, Entry>);

/// A file, a link, or the commit of a submodule.
pub(super) struct Entry {
    pub id: String,
    pub mode: String,
}

impl Listing {
    pub(super) fn of(git: &Git, repo: &Repo, base: &str) -> Result<Self> {
        let call = git.call(&repo.common).args(["ls-tree", "-r", "-z", "--full-tree", base]);
        let answer = git.must(&call, "list the commit's files")?;
        let entries = answer.stdout.split(|byte| *byte == 0).filter_map(|entry| {
            let tab = entry.iter().position(|byte| *byte == b'\t')?;
            let words = String::from_utf8_lossy(&entry[..tab]).into_owned();
            let mut words = words.split(' ');
            let (mode, _kind, id) = (words.next()?, words.next()?, words.next()?);
            let entry_of = Entry { id: id.to_owned(), mode: mode.to_owned() };
            Some((PathBuf::from(OsStr::from_bytes(&entry[tab + 1..])), entry_of))
        });
        Ok(Self(entries.collect()))
    }

    /// What git wrote at a path; what is in a submodule's folder is not git's to have written.
    fn file(&self, path: &Path) -> Option<&Entry> {
        self.0.get(path).filter(|entry| entry.mode != "160000")
    }
}

/// What was changed in a whole tree.
fn changed(git: &Git, admin: &Admin, path: &Path) -> Result<Option<String>> {
    if let Some(entry) = status(git, &admin.dir, path, true)? {
        return Ok(Some(format!("`git status` shows {entry:?}")));
    }
    let flags = git.must(&git.call_in(&admin.dir, path).args(["ls-files", "-v", "-z"]), "list the index")?;
    for entry in flags.stdout.split(|byte| *byte == 0) {
        let [tag, b' ', name @ ..] = entry else { continue };
        let name = Path::new(OsStr::from_bytes(name));
        // A person's flags can hide changes from `git status`.
        let hidden = tag.is_ascii_lowercase() || (*tag == b'S' && path.join(name).symlink_metadata().is_ok());
        if hidden {
            return Ok(Some(format!("{} is flagged to look unchanged", name.display())));
        }
    }
    Ok(None)
}

/// The first line of `git status` about a tree, with or without its ignored files; none when it is clean.
pub(super) fn status(git: &Git, git_dir: &Path, tree: &Path, ignored: bool) -> Result<Option<String>> {
    let mut call = git.call_in(git_dir, tree).env("GIT_OPTIONAL_LOCKS", "0").args([
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignore-submodules=none",
    ]);
    if ignored {
        call = call.args(["--ignored"]);
    }
    let answer = git.must(&call, "git status")?;
    let first = answer.stdout.split(|byte| *byte == 0).find(|entry| !entry.is_empty());
    Ok(first.map(|entry| String::from_utf8_lossy(entry).into_owned()))
}

/// What in a half-made tree is neither what git writes nor the beginning of it.
fn overwritten(git: &Git, repo: &Repo, path: &Path, base: &str, listing: &Listing) -> Result<Option<String>> {
    // An index of our own, without flags, stamps or anything staged: all that is there is compared.
    let index = TempIndex::new(&repo.common);
    let call = || git.call_in(&repo.common, path).env("GIT_INDEX_FILE", index.path());
    git.must(&call().args(["-c", "core.sparseCheckout=false", "read-tree", base]), "read the base")?;
    // Its exit status says only that there are differences.
    git.ask(&call().args(["update-index", "-q", "--refresh"]), "compare the tree")?;
    let diff = call().args(["diff-files", "-z", "--name-status", "--no-renames", "--ignore-submodules=none"]);
    let answer = git.must(&diff, "compare the tree")?;
    let mut words = answer.stdout.split(|byte| *byte == 0);
    while let (Some(kind), Some(name)) = (words.next(), words.next()) {
        let name = Path::new(OsStr::from_bytes(name));
        let expected = kind == b"D" || (kind == b"M" && is_beginning(git, repo, path, name, listing)?);
        if !expected {
            return Ok(Some(format!("{} was changed", name.display())));
        }
    }
    Ok(None)
}

/// Whether a file is what git writes for it, whole or cut short: it was killed while it wrote, or it finds
/// changes in what it has written itself (a filter that does not undo another).
pub(super) fn is_beginning(git: &Git, repo: &Repo, path: &Path, name: &Path, listing: &Listing) -> Result<bool> {
    let Some(blob) = listing.file(name) else { return Ok(false) };
    let file = path.join(name);
    let reading = |error: io::Error| failed("look into the tree", error);
    let meta = file.symlink_metadata().map_err(reading)?;
    if !meta.is_file() || (meta.mode() & 0o100 != 0) != (blob.mode == "100755") {
        return Ok(false);
    }
    let held = std::fs::read(&file).map_err(reading)?;
    if held.is_empty() {
        return Ok(true);
    }
    let call = git.call_in(&repo.common, path).args([OsStr::new("cat-file"), OsStr::new("--filters")]);
    let call = call.args([option("--path=", name).as_os_str(), OsStr::new(&blob.id)]);
    Ok(git.must(&call, "compare a file")?.stdout.starts_with(&held))
}
