//! What is at a path of a tree, as bytes: nothing that git would make of them.

use std::fs::Metadata;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use git2::{ObjectType, Oid, Repository, RepositoryOpenFlags};

use super::view::open_plain;
use crate::ports::worktrees::Content;

/// How much is read for one snapshot. Beyond, size and time of change tell files apart: an agent is not kept waiting
/// for gigabytes that an earlier one left.
const READ: u64 = 256 << 20;

/// What may still be read.
pub(super) struct Budget(u64);

impl Budget {
    pub(super) const fn new() -> Self {
        Self(READ)
    }

    /// What is at `path` now.
    pub(super) fn content(&mut self, path: &Path) -> io::Result<Content> {
        let meta = match path.symlink_metadata() {
            Ok(meta) => meta,
            // A folder on the way may be a file now.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Content::Absent);
            }
            Err(error) => return Err(error),
        };
        if meta.is_dir() {
            return Ok(nested(path, &meta));
        }
        if meta.is_symlink() {
            return Ok(Content::Link(id_of(std::fs::read_link(path)?.as_os_str().as_bytes())?));
        }
        if !meta.is_file() || meta.size() > self.0 {
            return Ok(opaque(&meta));
        }
        self.0 -= meta.size();
        Ok(match id(path)? {
            Some(id) => Content::File { size: meta.size(), id },
            None => opaque(&meta),
        })
    }
}

/// Whether `path` holds something else now than it did.
pub(super) fn is_other(path: &Path, before: &Content) -> io::Result<bool> {
    let meta = path.symlink_metadata();
    let opaque_before = matches!(before, Content::Opaque(..));
    match (meta, before) {
        (Ok(meta), Content::File { size, .. }) if meta.is_file() && meta.size() != *size => Ok(true),
        (Ok(meta), Content::Opaque(..)) if !meta.is_dir() => Ok(opaque(&meta) != *before),
        // The one that was read before is read again, however large it is.
        _ => Ok(Budget(if opaque_before { 0 } else { u64::MAX }).content(path)? != *before),
    }
}

/// Whether `path` holds what a commit has there: a file with this id, or a link, or a repository.
pub(super) fn is_as_committed(path: &Path, mode: &str, id: &str) -> io::Result<bool> {
    Ok(match Budget(u64::MAX).content(path)? {
        Content::Absent | Content::Opaque(..) => false,
        Content::File { id: held, .. } => mode.starts_with("100") && held == id,
        Content::Link(held) => mode == "120000" && held == id,
        // One that was never fetched is an empty folder.
        Content::Nested(head) => mode == "160000" && head.is_none_or(|head| head == id),
    })
}

fn opaque(meta: &Metadata) -> Content {
    Content::Opaque(meta.size(), meta.mtime(), meta.mtime_nsec())
}

/// The id of a file's bytes; none where they can't be read.
fn id(path: &Path) -> io::Result<Option<String>> {
    let Ok(Some(mut file)) = open_plain(path) else { return Ok(None) };
    if file.metadata()?.size() > (64 << 20) {
        return Oid::hash_file(ObjectType::Blob, path).map(|id| Some(id.to_string())).map_err(io::Error::other);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    id_of(&bytes).map(Some)
}

/// The id that git gives to these bytes in a repository of SHA-1.
pub(super) fn id_of(bytes: &[u8]) -> io::Result<String> {
    Oid::hash_object(ObjectType::Blob, bytes).map(|id| id.to_string()).map_err(io::Error::other)
}

fn nested(path: &Path, meta: &Metadata) -> Content {
    if path.join(".git").symlink_metadata().is_err() {
        return Content::Nested(None);
    }
    let none: [&Path; 0] = [];
    let head = Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, none).and_then(|nested| {
        // A branch without a commit: there is nothing yet that has an id.
        nested.head().map(|head| head.target())
    });
    match head {
        Ok(Some(id)) => Content::Nested(Some(id.to_string())),
        Ok(None) | Err(_) => opaque(meta),
    }
}
