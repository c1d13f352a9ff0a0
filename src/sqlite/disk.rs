//! The files around the database: folders, the ballast, copies of a damaged database, the file system it is on.
//!
//! Nothing here opens the database file while it is in use, except to copy one that is damaged already: closing
//! any descriptor of it would drop this process's own locks on it.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::domain::id::FileId;
use crate::ports::store::{Result, StoreError};

/// Room that is set free when the disk is full: enough for the rollbacks of a board.
const BALLAST: u64 = 256 * 1024;
/// The ballast is not made again while less than this is free.
const PLENTY: u64 = 16 * 1024 * 1024;

/// An error of the file system, as the store says it.
pub(super) fn failed(doing: impl Into<String>, error: &io::Error) -> StoreError {
    StoreError::Failed { doing: doing.into(), why: error.to_string() }
}

/// The path with something appended to its last name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Creates a folder that only its owner can enter; one that exists is left as it is.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| failed(format!("creating the folder {}", path.display()), &error))
}

/// Creates an empty file that only its owner can read.
pub(super) fn make_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Removes a file; one that is not there is no error.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Which file stands at a path. Opens nothing.
pub(super) fn identify(path: &Path) -> io::Result<FileId> {
    let found = fs::metadata(path)?;
    Ok(FileId { device: found.dev(), inode: found.ino() })
}

/// Makes the name of a new file durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// The absolute path without symbolic links, also where its last parts don't exist yet.
pub(super) fn canonical(path: &Path) -> Result<PathBuf> {
    let doing = || format!("resolving the path {}", path.display());
    let absolute = std::path::absolute(path).map_err(|error| failed(doing(), &error))?;
    for ancestor in absolute.ancestors() {
        match fs::canonicalize(ancestor) {
            Ok(real) => {
                let rest = absolute.strip_prefix(ancestor).unwrap_or(Path::new(""));
                return Ok(if rest.as_os_str().is_empty() { real } else { real.join(rest) });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(doing(), &error)),
        }
    }
    Ok(absolute)
}

/// Refuses a path on a file system whose locks don't hold between machines.
pub(super) fn refuse_network(path: &Path) -> Result<()> {
    for ancestor in path.ancestors() {
        match nix::sys::statfs::statfs(ancestor) {
            Ok(found) => {
                return match network_kind(&found) {
                    Some(kind) => Err(StoreError::NetworkFileSystem { path: path.to_owned(), kind }),
                    None => Ok(()),
                };
            }
            Err(nix::errno::Errno::ENOENT) => {}
            Err(error) => {
                return Err(failed(format!("asking for the file system of {}", path.display()), &error.into()));
            }
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn network_kind(found: &nix::sys::statfs::Statfs) -> Option<String> {
    // The numbers of statfs(2); cifs and smb2 have none in libc. The field's width differs between systems.
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "32 bits of a magic number")]
    let magic = found.filesystem_type().0 as u32;
    network_name(magic).map(str::to_owned)
}

#[cfg(target_os = "linux")]
fn network_name(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("nfs"),
        0x517b => Some("smb"),
        0xff53_4d42 => Some("cifs"),
        0xfe53_4d42 => Some("smb2"),
        0x5346_414f | 0x6b41_4653 => Some("afs"),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn network_kind(found: &nix::sys::statfs::Statfs) -> Option<String> {
    let name = found.filesystem_type_name();
    ["nfs", "smbfs", "cifs", "afpfs", "afs", "webdav"].contains(&name).then(|| name.to_owned())
}

fn ballast(state_dir: &Path) -> PathBuf {
    state_dir.join("ballast")
}

/// Gives the ballast's room back to the file system; false when there was none.
pub(super) fn free_ballast(state_dir: &Path) -> bool {
    fs::remove_file(ballast(state_dir)).is_ok()
}

/// Makes the ballast, where it is missing and there is room. Without it the store works all the same.
pub(super) fn keep_ballast(state_dir: &Path) {
    let path = ballast(state_dir);
    if fs::metadata(&path).is_ok_and(|found| found.len() >= BALLAST) {
        return;
    }
    let free = nix::sys::statvfs::statvfs(state_dir)
        .map(|room| u128::from(room.blocks_available()) * u128::from(room.fragment_size()));
    if !free.is_ok_and(|free| free >= u128::from(PLENTY)) {
        return;
    }
    // Noise, so that a file system that compresses really sets the room aside.
    let mut noise = vec![0; usize::try_from(BALLAST).unwrap_or(0)];
    fastrand::fill(&mut noise);
    let made = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(&noise));
    if made.is_err() {
        free_ballast(state_dir);
    }
}

/// Copies a damaged database and its log to one side and says so. The original is not touched: what is left in it
/// may still be read by better tools.
pub(super) fn quarantine(db: &Path, why: &str) -> StoreError {
    let log = beside(db, "-wal");
    // The name comes from the file, so that looking twice at the same damage makes one copy.
    let changed = fs::metadata(db).or_else(|_| fs::metadata(&log)).and_then(|found| found.modified());
    let changed = changed.ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |age| age.as_millis());
    let copy = beside(db, &format!(".damaged-{changed}"));
    for (from, to) in [(db.to_owned(), copy.clone()), (log, beside(&copy, "-wal"))] {
        if let Err(error) = copy_whole(&from, &to) {
            return failed(
                format!("copying the damaged database {} ({why}) to {}", db.display(), to.display()),
                &error,
            );
        }
    }
    StoreError::Damaged { path: db.to_owned(), why: why.to_owned(), copy }
}

fn copy_whole(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() || !from.exists() {
        return Ok(());
    }
    let partial = beside(to, &format!(".partial-{}", std::process::id()));
    fs::copy(from, &partial)?;
    fs::rename(&partial, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn c8_network_file_systems_are_known_by_their_number() {
        let named: Vec<_> = [0x6969, 0xff53_4d42, 0xfe53_4d42, 0x517b, 0x5346_414f, 0xef53, 0x0102_1994]
            .map(network_name)
            .into_iter()
            .collect();
        assert_eq!(named, [Some("nfs"), Some("cifs"), Some("smb2"), Some("smb"), Some("afs"), None, None]);
    }

    #[test]
    fn the_ballast_is_made_once_and_can_be_set_free() {
        let folder = tempfile::tempdir().unwrap();
        keep_ballast(folder.path());
        assert_eq!(fs::metadata(ballast(folder.path())).unwrap().len(), BALLAST);
        assert!(free_ballast(folder.path()));
        assert!(!free_ballast(folder.path()));
    }

    #[test]
    fn a_path_is_resolved_even_where_its_end_does_not_exist() {
        let folder = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(folder.path()).unwrap();
        std::os::unix::fs::symlink(&real, real.join("link")).unwrap();
        assert_eq!(canonical(&real.join("link/a/b")).unwrap(), real.join("a/b"));
    }
}
