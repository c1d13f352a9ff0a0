//! Whether two works can both have their way in a file: a merge of that one file, in memory, from what lies in the
//! worktrees. Nothing is written, and no program is run.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use git2::{MergeFileInput, Oid, Repository};

use super::Git;
use super::call::failed;
use super::read::Repo;
use crate::ports::worktrees::{Clash, Compared, Result, Work};

const DOING: &str = "look whether both can be merged";
/// Larger files are not read.
const LARGE: u64 = 1 << 20;

/// What is at a path.
#[derive(PartialEq, Eq)]
enum Content {
    Nothing,
    Text(Vec<u8>),
    /// Nothing that has lines: by its bytes, where they are read.
    Opaque(Option<Vec<u8>>),
}

/// See [`crate::ports::worktrees::Worktrees::clash`].
pub(super) fn clash(git: &Git, one: &Compared<'_>, other: &Compared<'_>, path: &Path) -> Result<Clash> {
    let repo = Repo::open(git, one.repo)?;
    let Some(lib) = repo.lib() else { return Ok(Clash::Unknown) };
    let base = match (Oid::from_str(one.base), Oid::from_str(other.base)) {
        (Ok(one), Ok(other)) if one == other => Some(one),
        (Ok(one), Ok(other)) => lib.merge_base(one, other).ok(),
        _ => None,
    };
    let old = base.map_or(Content::Nothing, |base| committed(lib, base, path));
    let (ours, theirs) = (content(lib, one, path), content(lib, other, path));
    Ok(match (&ours, &theirs) {
        (Content::Opaque(None), _) | (_, Content::Opaque(None)) => Clash::Unknown,
        _ if ours == theirs => Clash::Same,
        _ if ours == old || theirs == old => Clash::Merges,
        (Content::Text(ours), Content::Text(theirs)) => {
            let old = if let Content::Text(old) = &old { old.as_slice() } else { &[] };
            if merges(old, ours, theirs)? { Clash::Merges } else { Clash::Conflicts }
        }
        _ => Clash::Conflicts,
    })
}

fn merges(old: &[u8], ours: &[u8], theirs: &[u8]) -> Result<bool> {
    let input = |bytes| {
        let mut input = MergeFileInput::new();
        input.content(bytes);
        input
    };
    let merged = git2::merge_file(&input(old), &input(ours), &input(theirs), None);
    Ok(merged.map_err(|error| failed(DOING, error.message()))?.is_automergeable())
}

fn content(lib: &Repository, compared: &Compared<'_>, path: &Path) -> Content {
    match compared.work {
        Work::Tree(folder) => in_tree(&folder.join(path)),
        Work::Commit(id) => Oid::from_str(id).map_or(Content::Nothing, |id| committed(lib, id, path)),
    }
}

fn in_tree(path: &Path) -> Content {
    let Ok(meta) = path.symlink_metadata() else { return Content::Nothing };
    if meta.is_symlink() {
        return Content::Opaque(path.read_link().ok().map(|leads| leads.as_os_str().as_bytes().to_vec()));
    }
    if !meta.is_file() || meta.len() > LARGE {
        return Content::Opaque(None);
    }
    std::fs::read(path).map_or(Content::Opaque(None), text)
}

fn committed(lib: &Repository, commit: Oid, path: &Path) -> Content {
    let entry = lib.find_commit(commit).and_then(|commit| commit.tree()?.get_path(path));
    let Ok(entry) = entry else { return Content::Nothing };
    let Ok(blob) = lib.find_blob(entry.id()) else { return Content::Opaque(Some(entry.id().as_bytes().to_vec())) };
    if entry.filemode() == 0o120_000 {
        return Content::Opaque(Some(blob.content().to_vec()));
    }
    if blob.size() as u64 > LARGE { Content::Opaque(None) } else { text(blob.content().to_vec()) }
}

/// Lines end in a worktree as its user likes: that is no change of theirs.
fn text(bytes: Vec<u8>) -> Content {
    if bytes.contains(&0) {
        return Content::Opaque(Some(bytes));
    }
    let mut text = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            text.push(*byte);
        }
    }
    Content::Text(text)
}
