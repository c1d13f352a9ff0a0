//! What has changed in a tree since its base, read with libgit2.

use std::path::Path;

use git2::{DiffFormat, DiffOptions, Oid, Repository};

use super::call::failed;
use crate::ports::worktrees::{Diff, Result};

/// Where a difference is cut, in bytes: a person reads less.
const ENOUGH: usize = 1 << 20;

/// The difference between `base` and everything that is not ignored in the tree at `path`.
pub(super) fn diff(path: &Path, base: &str) -> Result<Diff> {
    read(path, base).map_err(|error| failed("read what has changed", error.message()))
}

fn read(path: &Path, base: &str) -> std::result::Result<Diff, git2::Error> {
    let repo = Repository::open(path)?;
    let tree = repo.find_commit(Oid::from_str(base)?)?.tree()?;
    let mut options = DiffOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).show_untracked_content(true);
    let mut found = repo.diff_tree_to_workdir_with_index(Some(&tree), Some(&mut options))?;
    found.find_similar(None)?;
    let stats = found.stats()?;
    let sides = found.deltas().flat_map(|delta| [delta.old_file().path_bytes(), delta.new_file().path_bytes()]);
    let mut files: Vec<String> = sides.flatten().map(|path| String::from_utf8_lossy(path).into_owned()).collect();
    files.sort();
    files.dedup();
    let mut text = Vec::new();
    // Stopping the print is an error to libgit2, and none to us.
    let printed = found.print(DiffFormat::Patch, |_, _, line| {
        if matches!(line.origin(), '+' | '-' | ' ') {
            text.push(u8::try_from(line.origin()).unwrap_or(b' '));
        }
        text.extend_from_slice(line.content());
        text.len() < ENOUGH
    });
    let cut = text.len() >= ENOUGH;
    if !cut {
        printed?;
    }
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if cut {
        text.push_str("\n… and more\n");
    }
    Ok(Diff { added: stats.insertions(), removed: stats.deletions(), text, files })
}
