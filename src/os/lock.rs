//! Kernel locks on files: open-file-description locks on Linux, `flock` elsewhere.
//!
//! Both end with the last process that holds the descriptor. Descriptors are close-on-exec, so no program that is
//! started keeps a lock alive. The two kinds don't see each other: one system uses one kind.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::domain::id::FileId;
use crate::domain::reconcile::Lock;
use crate::ports::host::{Held, Locks};

/// The system's file locks.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileLocks;

struct Holding {
    /// Closing it gives the lock back.
    file: File,
    id: FileId,
}

impl Held for Holding {
    fn file(&self) -> FileId {
        self.id
    }

    fn inscribe(&self, bytes: &[u8]) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_all_at(bytes, 0)
    }
}

fn identify(file: &File) -> io::Result<FileId> {
    let metadata = file.metadata()?;
    Ok(FileId { device: metadata.dev(), inode: metadata.ino() })
}

#[derive(Clone, Copy)]
enum Kind {
    Shared,
    Exclusive,
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::fs::File;
    use std::io;

    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;

    use super::Kind;

    fn whole(kind: Kind) -> libc::flock {
        let kind = match kind {
            Kind::Shared => libc::F_RDLCK,
            Kind::Exclusive => libc::F_WRLCK,
        };
        #[expect(clippy::cast_possible_truncation, reason = "the two constants are 0 and 1")]
        let l_type = kind as libc::c_short;
        libc::flock { l_type, l_whence: 0, l_start: 0, l_len: 0, l_pid: 0 }
    }

    pub(super) fn take(file: &File, kind: Kind) -> io::Result<()> {
        match fcntl(file, FcntlArg::F_OFD_SETLK(&whole(kind))) {
            Ok(_) => Ok(()),
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EACCES) => Err(io::ErrorKind::WouldBlock.into()),
            Err(errno) => Err(errno.into()),
        }
    }

    pub(super) fn held_exclusively(file: &File) -> io::Result<bool> {
        let mut lock = whole(Kind::Shared);
        fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock))?;
        Ok(i32::from(lock.l_type) != libc::F_UNLCK)
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd as _;

    use nix::libc;

    use super::Kind;

    pub(super) fn take(file: &File, kind: Kind) -> io::Result<()> {
        let operation = match kind {
            Kind::Shared => libc::LOCK_SH,
            Kind::Exclusive => libc::LOCK_EX,
        };
        // SAFETY: the descriptor is open for the length of the call.
        #[expect(unsafe_code, reason = "nix's flock wants to own the file")]
        let answer = unsafe { libc::flock(file.as_raw_fd(), operation | libc::LOCK_NB) };
        if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    pub(super) fn held_exclusively(file: &File) -> io::Result<bool> {
        match take(file, Kind::Shared) {
            Ok(()) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error),
        }
    }
}

impl Locks for FileLocks {
    #[expect(clippy::disallowed_methods, reason = "between two looks at the lock")]
    fn exclusive(&self, path: &Path, wait: Duration) -> io::Result<Box<dyn Held>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let started = Instant::now();
        loop {
            match kernel::take(&file, Kind::Exclusive) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && started.elapsed() < wait => {
                    std::thread::sleep(Duration::from_micros(fastrand::u64(200..2000)));
                }
                Err(error) => return Err(error),
            }
        }
        let id = identify(&file)?;
        Ok(Box::new(Holding { file, id }))
    }

    fn shared(&self, path: &Path) -> io::Result<Box<dyn Held>> {
        let file = File::open(path)?;
        kernel::take(&file, Kind::Shared)?;
        let id = identify(&file)?;
        Ok(Box::new(Holding { file, id }))
    }

    fn ask(&self, path: &Path, expected: Option<FileId>) -> Lock {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Lock::Missing,
            Err(_) => return Lock::Unknown,
        };
        match (identify(&file), expected) {
            (Err(_), _) => Lock::Unknown,
            (Ok(found), Some(expected)) if found != expected => Lock::Replaced,
            (Ok(_), _) => match kernel::held_exclusively(&file) {
                Ok(true) => Lock::Held,
                Ok(false) => Lock::Free,
                Err(_) => Lock::Unknown,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::FileLocks;
    use crate::domain::id::FileId;
    use crate::domain::reconcile::Lock;
    use crate::ports::host::Locks as _;

    #[test]
    fn a_lock_is_seen_while_it_is_held_and_asking_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        assert_eq!(FileLocks.ask(&path, None), Lock::Missing);
        assert!(!path.exists(), "asking must not create the file");
        let held = FileLocks.exclusive(&path, Duration::ZERO).unwrap();
        assert_eq!(FileLocks.ask(&path, Some(held.file())), Lock::Held);
        let other = FileId { inode: held.file().inode + 1, ..held.file() };
        assert_eq!(FileLocks.ask(&path, Some(other)), Lock::Replaced);
        assert!(FileLocks.exclusive(&path, Duration::ZERO).is_err());
        assert!(FileLocks.shared(&path).is_err());
        drop(held);
        assert_eq!(FileLocks.ask(&path, None), Lock::Free);
    }

    #[test]
    fn probers_do_not_see_each_other_and_keep_a_holder_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        drop(FileLocks.exclusive(&path, Duration::ZERO).unwrap());
        let one = FileLocks.shared(&path).unwrap();
        assert_eq!(FileLocks.ask(&path, None), Lock::Free);
        let two = FileLocks.shared(&path).unwrap();
        assert!(FileLocks.exclusive(&path, Duration::ZERO).is_err());
        drop((one, two));
        assert!(FileLocks.exclusive(&path, Duration::ZERO).is_ok());
    }
}
