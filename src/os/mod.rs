//! The operating system: processes, locks, clocks, files. The only module that starts a process.

pub mod ancestry;
pub mod bounded;
pub mod clock;
pub mod disk;
pub mod events;
pub mod files;
pub mod lock;
pub mod notify;
pub mod ownership;
pub mod pager;
pub mod proc;
pub mod process;
pub mod shell;
pub mod tree_files;

use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Makes the child get `signal` when the thread that starts it ends. Linux only; elsewhere it does nothing.
pub(crate) fn die_with_parent(command: &mut Command, signal: nix::sys::signal::Signal) {
    #[cfg(target_os = "linux")]
    {
        let parent = nix::unistd::getpid();
        // SAFETY: the closure runs between fork and exec and calls only async-signal-safe functions.
        #[expect(unsafe_code, reason = "pre_exec has no safe form")]
        unsafe {
            command.pre_exec(move || {
                nix::sys::prctl::set_pdeathsig(Some(signal))?;
                // The parent may have died before the request was made (then nobody would ever ask again).
                if nix::unistd::getppid() == parent {
                    Ok(())
                } else {
                    Err(io::Error::from_raw_os_error(nix::libc::ESRCH))
                }
            });
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _unused: (&mut Command, nix::sys::signal::Signal) = (command, signal);
}

/// Makes the program leave this process's session, and be nobody's child.
pub(crate) fn in_new_session(command: &mut Command) {
    // SAFETY: the closure runs between fork and exec, in a process of one thread, and calls only async-signal-safe
    // functions.
    #[expect(unsafe_code, reason = "pre_exec and fork have no safe form")]
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            match nix::unistd::fork()? {
                nix::unistd::ForkResult::Parent { .. } => nix::libc::_exit(0),
                nix::unistd::ForkResult::Child => Ok(()),
            }
        });
    }
}

/// This process's file mode creation mask.
///
/// It can only be read by setting it: to be called before there are other threads.
#[must_use]
pub fn umask() -> u32 {
    // Its type is not the same everywhere.
    fn wide(bits: impl Into<u32>) -> u32 {
        bits.into()
    }
    let mask = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    nix::sys::stat::umask(mask);
    wide(mask.bits())
}

/// Sets this process's file mode creation mask, and so that of all it starts.
pub fn set_umask(mask: u32) {
    fn narrow<T: TryFrom<u32>>(bits: u32) -> Option<T> {
        bits.try_into().ok()
    }
    if let Some(bits) = narrow(mask & 0o777) {
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(bits));
    }
}

/// Makes the program the leader of a process group of its own, and that the one in front of its terminal.
pub(crate) fn in_foreground(command: &mut Command) {
    use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
    // SAFETY: the closure runs between fork and exec and calls only async-signal-safe functions.
    #[expect(unsafe_code, reason = "pre_exec has no safe form")]
    unsafe {
        command.pre_exec(|| {
            let this = nix::unistd::getpid();
            nix::unistd::setpgid(this, this)?;
            // From the background this raises SIGTTOU.
            let mut blocked = SigSet::empty();
            blocked.add(Signal::SIGTTOU);
            let mut before = SigSet::empty();
            sigprocmask(SigmaskHow::SIG_BLOCK, Some(&blocked), Some(&mut before))?;
            let set = nix::unistd::tcsetpgrp(io::stdin(), this);
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None)?;
            Ok(set?)
        });
    }
}

/// Stops this program as a terminal's ctrl-z does, and with `job` its whole process group; returns when it has been
/// continued. Where nobody could continue it (no shell with job control is above it) the system lets it go on.
pub fn stop(job: bool) {
    use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, raise, sigaction};
    let to = |handler| SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: no handler is installed but the one that was there before.
    #[expect(unsafe_code, reason = "sigaction has no safe form")]
    let set = |action: &SigAction| unsafe { sigaction(Signal::SIGTSTP, action) };
    let Ok(before) = set(&to(SigHandler::SigIgn)) else { return };
    if job {
        // The others first, while this one is deaf: what stops it must be the signal that it waits for.
        kill(nix::unistd::Pid::from_raw(0), Signal::SIGTSTP).ok();
    }
    if set(&to(SigHandler::SigDfl)).is_ok() {
        raise(Signal::SIGTSTP).ok();
    }
    set(&before).ok();
}

/// Makes reads and writes on `fd` return at once.
pub(crate) fn set_nonblocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: `fd` is open for the length of this call: the callers own it.
    #[expect(unsafe_code, reason = "a raw descriptor of a standard pipe")]
    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
    let flags = nix::fcntl::OFlag::from_bits_retain(nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_GETFL)?);
    nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFL(flags | nix::fcntl::OFlag::O_NONBLOCK))?;
    Ok(())
}

/// A descriptor that becomes readable when the process ends; `None` where the system has no such thing.
#[must_use]
pub fn exit_watch(pid: u32) -> Option<OwnedFd> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::FromRawFd as _;
        let pid = i32::try_from(pid).ok()?;
        // SAFETY: the call takes two integers and returns a new descriptor or -1; we own what it returns.
        #[expect(unsafe_code, reason = "nix has no pidfd_open")]
        unsafe {
            let fd = nix::libc::syscall(nix::libc::SYS_pidfd_open, pid, 0);
            let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
            Some(OwnedFd::from_raw_fd(fd))
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _unused: u32 = pid;
        None
    }
}
