//! File events: that a lock's holder has gone.

use std::io;
use std::path::Path;
use std::time::Duration;

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
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
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
