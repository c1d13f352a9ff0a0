//! What has changed in a tree since its base. No program is run that the tree or the repository's configuration names.

use std::path::Path;

use git2::{Delta, DiffDelta, DiffOptions, Index, Oid, Patch, Repository};

use super::Git;
use super::call::failed;
use super::content::is_as_committed;
use super::layout::{record_at, settle};
use super::read::Repo;
use super::view::View;
use crate::ports::worktrees::{Diff, Result, TreeError};

/// Where a difference is cut, in bytes: a person reads less.
const ENOUGH: usize = 1 << 20;
const READ: &str = "read what has changed";

/// The difference between `base` and everything that is not ignored in the tree at `path`.
pub(super) fn diff(git: &Git, repo: &Path, path: &Path, base: &str) -> Result<Diff> {
    let repo = Repo::open(git, repo)?;
    let path = settle(path)?;
    let admin = record_at(&repo.common, &path).map_err(TreeError::Impossible)?;
    if repo.lib().is_some() {
        return read(&repo.common, &admin.dir, &path, base).map_err(|error| failed(READ, error.message()));
    }
    let view = View::open(git, &admin.dir, &path, Some(base))?;
    by_program(git, &view, base)
}

/// By libgit2, which runs no filter but its own.
fn read(common: &Path, admin: &Path, path: &Path, base: &str) -> std::result::Result<Diff, git2::Error> {
    let repo = Repository::open(common)?;
    repo.set_workdir(path, false)?;
    repo.set_index(&mut Index::open(&admin.join("index"))?)?;
    let tree = repo.find_commit(Oid::from_str(base)?)?.tree()?;
    let mut options = DiffOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).show_untracked_content(true);
    options.disable_pathspec_match(true);
    let mut found = repo.diff_tree_to_workdir_with_index(Some(&tree), Some(&mut options))?;
    found.find_similar(None)?;
    let mut diff = Diff::default();
    let mut text = Vec::new();
    for (number, delta) in found.deltas().enumerate() {
        if is_phantom(path, &delta) {
            continue;
        }
        let sides = [delta.old_file().path_bytes(), delta.new_file().path_bytes()];
        diff.files.extend(sides.into_iter().flatten().map(|path| String::from_utf8_lossy(path).into_owned()));
        let Some(mut patch) = Patch::from_diff(&found, number)? else { continue };
        let (_, added, removed) = patch.line_stats()?;
        diff.added += added;
        diff.removed += removed;
        if text.len() < ENOUGH {
            print(&mut patch, &mut text)?;
        }
    }
    diff.files.sort();
    diff.files.dedup();
    diff.text = cut(&text);
    Ok(diff)
}

/// Whether a file is listed only for what git would make of it: its bytes are those of the commit.
fn is_phantom(root: &Path, delta: &DiffDelta<'_>) -> bool {
    let (old, new) = (delta.old_file(), delta.new_file());
    let Some(path) = new.path() else { return false };
    delta.status() == Delta::Modified
        && old.mode() == new.mode()
        && is_as_committed(&root.join(path), &format!("{:o}", u32::from(old.mode())), &old.id().to_string())
            .unwrap_or(false)
}

fn print(patch: &mut Patch<'_>, text: &mut Vec<u8>) -> std::result::Result<(), git2::Error> {
    // Stopping the print is an error to libgit2, and none to us.
    let printed = patch.print(&mut |_, _, line| {
        if matches!(line.origin(), '+' | '-' | ' ') {
            text.push(u8::try_from(line.origin()).unwrap_or(b' '));
        }
        text.extend_from_slice(line.content());
        text.len() < ENOUGH
    });
    if text.len() < ENOUGH { printed } else { Ok(()) }
}

fn cut(text: &[u8]) -> String {
    let mut shown = String::from_utf8_lossy(text).into_owned();
    if text.len() >= ENOUGH {
        shown.push_str("\n… and more\n");
    }
    shown
}

/// By the `git` program, in an index and with objects of our own.
fn by_program(git: &Git, view: &View<'_>, base: &str) -> Result<Diff> {
    // Its exit status says only that there are files which can't be read.
    git.ask(&view.call_apart().args(["add", "--all", "--sparse", "--ignore-errors"]), READ)?;
    let plain = ["diff", "--cached", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=dirty", "-M"];
    let call = view.call_apart().args(plain);
    let numbers = git.must(&call.clone().args(["--numstat", "-z", base, "--"]), READ)?;
    let mut diff = Diff::default();
    let mut words = numbers.stdout.split(|byte| *byte == 0);
    while let Some(entry) = words.next() {
        let entry = String::from_utf8_lossy(entry).into_owned();
        let mut columns = entry.splitn(3, '\t');
        let (Some(added), Some(removed), Some(name)) = (columns.next(), columns.next(), columns.next()) else { break };
        // A file that is not text has a dash.
        diff.added += added.parse().unwrap_or(0);
        diff.removed += removed.parse().unwrap_or(0);
        if name.is_empty() {
            // One that was renamed: both names follow.
            diff.files.extend(words.by_ref().take(2).map(|name| String::from_utf8_lossy(name).into_owned()));
        } else {
            diff.files.push(name.to_owned());
        }
    }
    diff.files.sort();
    diff.files.dedup();
    let mut text = git.must(&call.args([base, "--"]), READ)?.stdout;
    text.truncate(ENOUGH);
    diff.text = cut(&text);
    Ok(diff)
}
