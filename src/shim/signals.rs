//! Signals as flags, and a pipe to wait on.
//!
//! Handlers, not SIG_IGN: a program that is started gets the defaults back.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1};

/// The signals that have arrived and were not looked at yet.
pub(super) struct Signals {
    pipe: UnixStream,
    writer: Arc<UnixStream>,
    hang_up: Arc<AtomicBool>,
    terminate: Arc<AtomicBool>,
    wake: Arc<AtomicBool>,
}

/// Ends a wait, as a signal does.
pub(super) struct Waker(Arc<UnixStream>);

impl Waker {
    pub(super) fn wake(&self) {
        // A pipe that is full wakes, too.
        (&*self.0).write_all(&[0]).ok();
    }
}

impl Signals {
    /// Catches what the terminal, tmux and ganger send. The keyboard's signals are the agent's business.
    pub(super) fn install() -> io::Result<Self> {
        let (pipe, writer) = UnixStream::pair()?;
        pipe.set_nonblocking(true)?;
        // A signal's handler must not wait, and this is what they write to.
        writer.set_nonblocking(true)?;
        let signals = Self {
            pipe,
            writer: Arc::new(writer),
            hang_up: Arc::default(),
            terminate: Arc::default(),
            wake: Arc::default(),
        };
        for (signal, flag) in [(SIGHUP, &signals.hang_up), (SIGTERM, &signals.terminate), (SIGUSR1, &signals.wake)] {
            signal_hook::flag::register(signal, Arc::clone(flag))?;
        }
        for signal in [SIGHUP, SIGTERM, SIGUSR1, SIGCHLD] {
            signal_hook::low_level::pipe::register(signal, signals.writer.try_clone()?)?;
        }
        let ignored: Arc<AtomicBool> = Arc::default();
        for signal in [SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU] {
            signal_hook::flag::register(signal, Arc::clone(&ignored))?;
        }
        Ok(signals)
    }

    /// What ends a wait from another thread.
    pub(super) fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.writer))
    }

    /// Waits until a signal arrives, at most for `patience`.
    pub(super) fn wait(&self, patience: Duration) {
        let mut fds = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)];
        // An interruption is a signal: the flags are looked at either way.
        poll(&mut fds, PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX)).ok();
        let mut buffer = [0_u8; 256];
        while matches!((&self.pipe).read(&mut buffer), Ok(count) if count > 0) {}
    }

    pub(super) fn hung_up(&self) -> bool {
        self.hang_up.swap(false, Ordering::SeqCst)
    }

    pub(super) fn terminated(&self) -> bool {
        self.terminate.swap(false, Ordering::SeqCst)
    }

    pub(super) fn woken(&self) -> bool {
        self.wake.swap(false, Ordering::SeqCst)
    }
}
