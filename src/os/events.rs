//! File events: that a lock's holder has gone, that somebody writes to the database.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Watches the folder of the locks: an event for each file that a writer closes, as the kernel does for a process
/// that ends.
pub struct LockWatch {
    #[cfg(target_os = "linux")]
    events: nix::sys::inotify::Inotify,
}

#[cfg(target_os = "linux")]
impl LockWatch {
    /// Starts watching.
    ///
    /// # Errors
    /// When the folder is missing, or the system has no watches left.
    pub fn new(folder: &Path) -> io::Result<Self> {
        use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
        let events = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        events.add_watch(folder, AddWatchFlags::IN_CLOSE_WRITE)?;
        Ok(Self { events })
    }

    /// Waits for an event, at most for `patience`; a signal ends the wait too.
    #[must_use]
    pub fn wait(&self, patience: Duration) -> bool {
        use std::os::fd::AsFd as _;
        let mut fds = [PollFd::new(self.events.as_fd(), PollFlags::POLLIN)];
        let seen = poll(&mut fds, PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX));
        self.drain();
        seen.is_ok_and(|count| count > 0)
    }

    /// Forgets the events that have come meanwhile.
    pub fn drain(&self) {
        while self.events.read_events().is_ok_and(|events| !events.is_empty()) {}
    }
}

#[cfg(not(target_os = "linux"))]
impl LockWatch {
    /// There are no such events here: only the timed sweep sees deaths.
    ///
    /// # Errors
    /// Never.
    pub fn new(_folder: &Path) -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for `patience`.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "there is nothing to wait on")]
    pub fn wait(&self, patience: Duration) -> bool {
        std::thread::sleep(patience);
        false
    }

    /// Nothing to forget.
    pub fn drain(&self) {}
}

/// Why a wait for a write is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Somebody wrote. What was written can be read a little later.
    Written,
    Nothing,
    /// The output that the wait is for is read by nobody any more.
    ReaderGone,
}

/// Watches the folder of a database, where the system can; else each wait just ends in time.
pub struct WriteWatch {
    #[cfg(target_os = "linux")]
    events: Option<nix::sys::inotify::Inotify>,
}

impl WriteWatch {
    /// Starts watching.
    #[must_use]
    #[cfg(target_os = "linux")]
    pub fn new(folder: &Path) -> Self {
        use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
        let events = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok();
        Self { events: events.filter(|events| events.add_watch(folder, AddWatchFlags::IN_MODIFY).is_ok()) }
    }

    /// There are no such events here.
    #[must_use]
    #[cfg(not(target_os = "linux"))]
    pub fn new(_folder: &Path) -> Self {
        Self {}
    }

    #[cfg(target_os = "linux")]
    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.events.as_ref().map(std::os::fd::AsFd::as_fd)
    }

    #[cfg(not(target_os = "linux"))]
    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Waits for a write, at most for `patience`; a signal ends the wait too, and so does the last reader of
    /// `output` when it goes.
    #[must_use]
    pub fn wait(&self, patience: Duration, output: BorrowedFd<'_>) -> Woken {
        // Asked for nothing, a pipe still tells that its other end is closed.
        let mut fds = vec![PollFd::new(output, PollFlags::empty())];
        fds.extend(self.fd().map(|events| PollFd::new(events, PollFlags::POLLIN)));
        let seen = poll(&mut fds, PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX));
        let has = |fd: Option<&PollFd<'_>>| fd.is_some_and(|fd| fd.any().unwrap_or(false));
        let (gone, written) = (has(fds.first()), has(fds.get(1)));
        #[cfg(target_os = "linux")]
        if let Some(events) = &self.events {
            while events.read_events().is_ok_and(|events| !events.is_empty()) {}
        }
        match (seen, gone, written) {
            (Err(_), ..) | (Ok(_), false, false) => Woken::Nothing,
            (Ok(_), true, _) => Woken::ReaderGone,
            (Ok(_), false, true) => Woken::Written,
        }
    }
}
