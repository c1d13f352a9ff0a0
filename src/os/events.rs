//! File events: that a lock's holder has gone, that somebody has written to the database.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Watches a folder.
pub struct FileWatch {
    #[cfg(target_os = "linux")]
    events: nix::sys::inotify::Inotify,
    /// Where the system has no file events there is no value of this type.
    #[cfg(not(target_os = "linux"))]
    never: std::convert::Infallible,
}

#[cfg(target_os = "linux")]
impl FileWatch {
    /// Watches for files that a writer closes, as the kernel does with the locks of a process that ends.
    ///
    /// # Errors
    /// When the folder is missing, or the system has no watches left.
    pub fn locks(folder: &Path) -> io::Result<Self> {
        Self::on(folder, nix::sys::inotify::AddWatchFlags::IN_CLOSE_WRITE)
    }

    /// Watches for files that are written to.
    ///
    /// # Errors
    /// As [`Self::locks`].
    pub fn writes(folder: &Path) -> io::Result<Self> {
        Self::on(folder, nix::sys::inotify::AddWatchFlags::IN_MODIFY)
    }

    fn on(folder: &Path, what: nix::sys::inotify::AddWatchFlags) -> io::Result<Self> {
        use nix::sys::inotify::{InitFlags, Inotify};
        let events = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        events.add_watch(folder, what)?;
        Ok(Self { events })
    }

    /// Forgets the events that have come meanwhile.
    pub fn drain(&self) {
        while self.events.read_events().is_ok_and(|events| !events.is_empty()) {}
    }
}

#[cfg(target_os = "linux")]
impl AsFd for FileWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

#[cfg(not(target_os = "linux"))]
impl FileWatch {
    /// There are no such events here: only the timed sweep sees deaths.
    ///
    /// # Errors
    /// Always.
    pub fn locks(folder: &Path) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, format!("no file events for {}", folder.display())))
    }

    /// As [`Self::locks`].
    ///
    /// # Errors
    /// Always.
    pub fn writes(folder: &Path) -> io::Result<Self> {
        Self::locks(folder)
    }

    /// Never called.
    pub fn drain(&self) {
        match self.never {}
    }
}

#[cfg(not(target_os = "linux"))]
impl AsFd for FileWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self.never {}
    }
}

impl FileWatch {
    /// Waits for an event, at most for `patience`; a signal ends the wait too.
    #[must_use]
    pub fn wait(&self, patience: Duration) -> bool {
        let mut fds = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
        let seen = poll(&mut fds, PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX));
        self.drain();
        seen.is_ok_and(|count| count > 0)
    }
}

/// Why a wait for something to print is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Somebody wrote. What was written can be read a little later.
    Written,
    Nothing,
    /// The output that the wait is for is read by nobody any more.
    ReaderGone,
}

/// Waits for an event of `watch`, where there is one, at most for `patience`; a signal ends the wait too, and so does
/// the last reader of `output` when it goes.
#[must_use]
pub fn wait_to_print(watch: Option<&FileWatch>, patience: Duration, output: BorrowedFd<'_>) -> Woken {
    // Asked for nothing, a pipe still tells that its other end is closed.
    let mut fds = vec![PollFd::new(output, PollFlags::empty())];
    fds.extend(watch.map(|watch| PollFd::new(watch.as_fd(), PollFlags::POLLIN)));
    let seen = poll(&mut fds, PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX));
    let has = |fd: Option<&PollFd<'_>>| fd.is_some_and(|fd| fd.any().unwrap_or(false));
    let (gone, written) = (has(fds.first()), has(fds.get(1)));
    if let Some(watch) = watch {
        watch.drain();
    }
    match (seen, gone, written) {
        (Err(_), ..) | (Ok(_), false, false) => Woken::Nothing,
        (Ok(_), true, _) => Woken::ReaderGone,
        (Ok(_), false, true) => Woken::Written,
    }
}
