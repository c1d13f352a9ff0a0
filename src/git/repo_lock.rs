//! The repository's lock: `ganger.lock` in the common directory, so that two databases share it.
//!
//! Owns the file's content, which names the holder. The file is never removed: a waiter may have it open.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollTimeout, poll};

use super::call::failed;
use crate::ports::worktrees::{Result, TreeError};

/// The lock, held until dropped. The kernel frees it when its holder dies.
#[derive(Debug)]
pub(super) struct RepoLock(File);

impl RepoLock {
    /// Takes the lock of the repository with this common directory, trying for `patience`.
    ///
    /// # Errors
    /// [`TreeError::Busy`] with the holder's name when it stays held.
    pub(super) fn take(common: &Path, doing: &str, patience: Duration) -> Result<Self> {
        Self::take_named(common, "ganger.lock", doing, patience)
    }

    /// As [`RepoLock::take`], of another lock, for what takes long and leaves the repository usable meanwhile.
    pub(super) fn take_named(common: &Path, name: &str, doing: &str, patience: Duration) -> Result<Self> {
        let path = common.join(name);
        let locking = |error: io::Error| failed("lock the repository", format!("{}: {error}", path.display()));
        let started = Instant::now();
        let mut file = open(&path).map_err(locking)?;
        let mut wait = Duration::from_millis(1);
        loop {
            if try_lock(&file).map_err(locking)? {
                // Somebody may have removed the file meanwhile: then others lock a new one.
                if is_at(&file, &path) {
                    break;
                }
                file = open(&path).map_err(locking)?;
                continue;
            }
            if started.elapsed() >= patience {
                return Err(TreeError::Busy(holder(&mut file)));
            }
            pause(wait);
            wait = (wait * 2).min(Duration::from_millis(16));
        }
        let mut lock = Self(file);
        lock.name(&format!("pid {}: {}\n", nix::unistd::getpid(), doing.replace('\n', " "))).map_err(locking)?;
        Ok(lock)
    }

    fn name(&mut self, text: &str) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(text.as_bytes())
    }
}

impl Drop for RepoLock {
    fn drop(&mut self) {
        // A stale name is only ever shown while the lock is held by somebody who has not written theirs yet.
        self.0.set_len(0).ok();
    }
}

fn open(path: &Path) -> io::Result<File> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW.bits();
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)
}

fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(named)) = (file.metadata(), std::fs::symlink_metadata(path)) else { return false };
    (held.dev(), held.ino()) == (named.dev(), named.ino())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    if file.seek(SeekFrom::Start(0)).is_err() || file.read_to_string(&mut text).is_err() || text.trim().is_empty() {
        return "another process holds the repository's lock".to_owned();
    }
    text.trim().to_owned()
}

/// False when somebody else holds it.
#[cfg(target_os = "linux")]
fn try_lock(file: &File) -> io::Result<bool> {
    use nix::fcntl::{FcntlArg, fcntl};
    let narrow = |value: i32| i16::try_from(value).map_err(io::Error::other);
    let whole = nix::libc::flock {
        l_type: narrow(nix::libc::F_WRLCK)?,
        l_whence: narrow(nix::libc::SEEK_SET)?,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&whole)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES | Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// False when somebody else holds it.
#[cfg(not(target_os = "linux"))]
fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(std::fs::TryLockError::WouldBlock) => Ok(false),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Waits for a moment.
pub(super) fn pause(length: Duration) {
    // There is no wait for an open-file-description lock that has a deadline; a signal may only shorten this.
    match poll(&mut [], PollTimeout::try_from(length).unwrap_or(PollTimeout::ZERO)) {
        Ok(_) | Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::RepoLock;
    use crate::ports::worktrees::TreeError;

    #[test]
    fn a_waiter_is_told_who_holds_the_lock_and_gets_it_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let held = RepoLock::take(folder.path(), "add /w/1", Duration::ZERO).unwrap();
        let refused = RepoLock::take(folder.path(), "remove /w/2", Duration::from_millis(30)).unwrap_err();
        let expected = format!("pid {}: add /w/1", nix::unistd::getpid());
        assert_eq!(refused, TreeError::Busy(expected));
        drop(held);
        // A child that another test has just forked may hold a copy until it has become its program.
        RepoLock::take(folder.path(), "remove /w/2", Duration::from_secs(10)).unwrap();
    }

    #[test]
    fn a_lock_file_that_was_removed_is_not_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let old = RepoLock::take(folder.path(), "one", Duration::ZERO).unwrap();
        std::fs::remove_file(folder.path().join("ganger.lock")).unwrap();
        let new = RepoLock::take(folder.path(), "two", Duration::ZERO).unwrap();
        assert!(RepoLock::take(folder.path(), "three", Duration::ZERO).is_err());
        drop((old, new));
    }
}
