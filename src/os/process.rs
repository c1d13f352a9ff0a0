//! The one spawner: every program that ganger runs and waits for is run by [`run`].
//!
//! A call has a deadline, its own process group and, on Linux, is ended with the thread that started it. Its output
//! is captured; its standard input is empty or given.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::domain::bounds::ANSWER;

/// A program to run to its end.
#[derive(Clone, Debug)]
pub struct Call {
    program: OsString,
    args: Vec<OsString>,
    cwd: Option<PathBuf>,
    removed: Vec<OsString>,
    set: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
    deadline: Duration,
    /// Absent: it runs to its end whatever becomes of this thread.
    last_signal: Option<Signal>,
}

/// How a program ended, and what it printed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Answer {
    /// Whether it exited 0.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.code == Some(0)
    }

    /// Standard output as text, without the line break at its end.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end_matches('\n').to_owned()
    }

    /// What it said on standard error, on one line; where that is empty, how it ended.
    #[must_use]
    pub fn complaint(&self) -> String {
        let said = String::from_utf8_lossy(&self.stderr);
        let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        match (said.is_empty(), self.code, self.signal) {
            (false, _, _) => said.join("; "),
            (true, Some(code), _) => format!("exit status {code}"),
            (true, None, Some(signal)) => format!("killed by signal {signal}"),
            (true, None, None) => "ended".to_owned(),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("{program}: {source}")]
    Start { program: String, source: io::Error },
    #[error("{program}: no answer within {after:?}")]
    Deadline { program: String, after: Duration },
    #[error("{program}: {source}")]
    Io { program: String, source: io::Error },
}

impl Call {
    /// A call of `program`, found on `PATH` where it has no slash, that may take up to `deadline`.
    pub fn new(program: impl AsRef<OsStr>, deadline: Duration) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            cwd: None,
            removed: Vec::new(),
            set: Vec::new(),
            stdin: None,
            deadline,
            last_signal: Some(Signal::SIGKILL),
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I, S>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Runs it in `folder`.
    #[must_use]
    pub fn cwd(mut self, folder: &Path) -> Self {
        self.cwd = Some(folder.to_owned());
        self
    }

    /// Leaves a variable out of its environment.
    #[must_use]
    pub fn without(mut self, name: impl AsRef<OsStr>) -> Self {
        self.removed.push(name.as_ref().to_owned());
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.set.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The whole environment that it runs with.
    #[must_use]
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        let changed = |name: &OsString| self.removed.contains(name) || self.set.iter().any(|(set, _)| set == name);
        std::env::vars_os().filter(|(name, _)| !changed(name)).chain(self.set.iter().cloned()).collect()
    }

    /// Ends it with TERM, not KILL, where this thread ends first: for programs that have something to tidy up. git
    /// removes its lock files; a tmux client must not get TERM (3.3a: its server may then never end).
    #[must_use]
    pub fn ended_gently(mut self) -> Self {
        self.last_signal = Some(Signal::SIGTERM);
        self
    }

    /// Lets it run to its end where this thread ends first: for what must not stop half-way. It has to be a program that
    /// does not mind that nobody reads what it prints.
    #[must_use]
    pub fn survives(mut self) -> Self {
        self.last_signal = None;
        self
    }

    /// Gives it bytes on standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = Some(bytes);
        self
    }

    fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }
}

/// Runs a program to its end, or ends its process group at the deadline.
///
/// # Errors
/// When it can't be started, does not end in time, or its output can't be read.
pub fn run(call: &Call) -> Result<Answer, CallError> {
    let started = Instant::now();
    let mut child = spawn(call).map_err(|source| CallError::Start { program: call.name(), source })?;
    let outcome = converse(call, &mut child, started);
    if outcome.is_err() {
        end_group(&mut child);
    }
    outcome
}

#[expect(clippy::disallowed_methods, reason = "this is the one spawner")]
fn spawn(call: &Call) -> io::Result<Child> {
    let mut command = Command::new(&call.program);
    command
        .args(&call.args)
        .stdin(if call.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    for name in &call.removed {
        command.env_remove(name);
    }
    command.envs(call.set.iter().map(|(name, value)| (name, value)));
    if let Some(folder) = &call.cwd {
        command.current_dir(folder);
    }
    if let Some(signal) = call.last_signal {
        super::die_with_parent(&mut command, signal);
    }
    command.spawn()
}

fn converse(call: &Call, child: &mut Child, started: Instant) -> Result<Answer, CallError> {
    let io_error = |source| CallError::Io { program: call.name(), source };
    let mut input = child.stdin.take().map(|pipe| (pipe, 0_usize));
    let (Some(mut out), Some(mut err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io_error(io::Error::other("no pipes")));
    };
    for fd in [out.as_raw_fd(), err.as_raw_fd()].into_iter().chain(input.as_ref().map(|(pipe, _)| pipe.as_raw_fd())) {
        super::set_nonblocking(fd).map_err(io_error)?;
    }
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (mut out_open, mut err_open) = (true, true);
    let watch = super::exit_watch(child.id());
    loop {
        if let Some(status) = child.try_wait().map_err(io_error)? {
            // What is in the pipes now is the program's; a grandchild that keeps them open is not waited for.
            drain(&mut out, &mut stdout).map_err(io_error)?;
            drain(&mut err, &mut stderr).map_err(io_error)?;
            return Ok(Answer { code: status.code(), signal: status.signal(), stdout, stderr });
        }
        let left = call.deadline.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Err(CallError::Deadline { program: call.name(), after: call.deadline });
        }
        if let Some((pipe, sent)) = &mut input {
            let bytes = call.stdin.as_deref().unwrap_or_default();
            let done = match pipe.write(&bytes[*sent..]) {
                Ok(count) => {
                    *sent += count;
                    *sent >= bytes.len()
                }
                Err(error) => error.kind() != io::ErrorKind::WouldBlock && error.kind() != io::ErrorKind::Interrupted,
            };
            if done {
                input = None;
            }
        }
        // Without an exit watch (or with input left to send) the end is looked for at short intervals.
        let patience = if watch.is_some() && input.is_none() { left } else { left.min(Duration::from_millis(2)) };
        let mut fds = Vec::with_capacity(3);
        if out_open {
            fds.push(PollFd::new(out.as_fd(), PollFlags::POLLIN));
        }
        if err_open {
            fds.push(PollFd::new(err.as_fd(), PollFlags::POLLIN));
        }
        if let Some(watch) = &watch {
            fds.push(PollFd::new(watch.as_fd(), PollFlags::POLLIN));
        }
        let timeout = PollTimeout::try_from(patience + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(io_error(errno.into())),
        }
        out_open = out_open && drain(&mut out, &mut stdout).map_err(io_error)?;
        err_open = err_open && drain(&mut err, &mut stderr).map_err(io_error)?;
    }
}

/// Reads what is there; false at the end of the stream.
fn drain(pipe: &mut impl io::Read, into: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0_u8; 16 * 1024];
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(_) if into.len() > ANSWER => {
                return Err(io::Error::other(format!("it printed more than {} MiB", ANSWER >> 20)));
            }
            Ok(count) => into.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn end_group(child: &mut Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        // The group may be gone already; then there is nothing to end.
        killpg(Pid::from_raw(pid), Signal::SIGKILL).ok();
    }
    child.wait().ok();
}

/// A program that runs beside this one, and is waited for with [`reap`].
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// Never empty; looked for on the `PATH` of `environment`.
    pub argv: &'a [OsString],
    /// Its whole environment.
    pub environment: &'a [(OsString, OsString)],
    pub folder: &'a Path,
}

/// Starts a program in this process's terminal and process group. On Linux it dies with this thread.
///
/// # Errors
/// When exec fails.
pub fn start_in_terminal(program: &Program<'_>) -> io::Result<i32> {
    start(program, |_| Ok(()))
}

/// Starts a program in a process group of its own, without input, its output appended to a file.
///
/// # Errors
/// When exec fails.
pub fn start_logged(program: &Program<'_>, log: &std::fs::File) -> io::Result<i32> {
    start(program, |command| {
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
        Ok(())
    })
}

#[expect(clippy::disallowed_methods, reason = "this is the one spawner")]
fn start(program: &Program<'_>, arrange: impl FnOnce(&mut Command) -> io::Result<()>) -> io::Result<i32> {
    let Some((name, args)) = program.argv.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty command"));
    };
    let mut command = Command::new(name);
    command.args(args).env_clear().envs(program.environment.iter().map(|(name, value)| (name, value)));
    command.current_dir(program.folder);
    arrange(&mut command)?;
    super::die_with_parent(&mut command, Signal::SIGKILL);
    let child = command.spawn()?;
    i32::try_from(child.id()).map_err(io::Error::other)
}

/// Starts a program that outlives this one: in a session of its own, without input and output, out of everybody's way,
/// and without what would mark it as an attempt's.
///
/// # Errors
/// When exec fails.
#[expect(clippy::disallowed_methods, reason = "this is the one spawner")]
pub fn start_detached(program: &Program<'_>) -> io::Result<()> {
    let Some((name, args)) = program.argv.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty command"));
    };
    let mut command = Command::new(name);
    command.args(args).current_dir(program.folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let unmarked = program.environment.iter().filter(|(name, _)| !name.as_bytes().starts_with(b"GANGER_"));
    command.env_clear().envs(unmarked.map(|(name, value)| (name, value)));
    super::in_new_session(&mut command);
    // What is waited for is only the middle one of three.
    command.status().map(drop)
}

/// A program that runs in the foreground of this terminal, in a process group of its own: what is typed at it signals
/// it and what it started, and nobody else.
pub struct Foreground {
    pid: Pid,
    over: AtomicBool,
}

impl Foreground {
    /// Starts it.
    ///
    /// # Errors
    /// When exec fails.
    #[expect(clippy::disallowed_methods, reason = "this is the one spawner")]
    pub fn start(argv: &[OsString], folder: Option<&Path>) -> io::Result<Self> {
        let Some((name, args)) = argv.split_first() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty command"));
        };
        let mut command = Command::new(name);
        command.args(args);
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        super::in_foreground(&mut command);
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        Ok(Self { pid: Pid::from_raw(pid), over: AtomicBool::new(false) })
    }

    /// Waits for its end; its exit status, 128 and more for a signal. While it is stopped, so is this program and what
    /// runs with it: whoever has the terminal waits for this program, and could not get it back otherwise.
    ///
    /// # Errors
    /// When it can't be waited for.
    pub fn wait(&self) -> io::Result<i32> {
        use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
        loop {
            let code = match waitpid(self.pid, Some(WaitPidFlag::WUNTRACED)) {
                Ok(WaitStatus::Exited(_, code)) => code,
                Ok(WaitStatus::Signaled(_, signal, _)) => 128 + signal as i32,
                Ok(WaitStatus::Stopped(..)) => {
                    super::stop(true);
                    // In the background this waits, stopped, until somebody brings it to the front.
                    nix::unistd::tcsetpgrp(io::stdin(), self.pid).ok();
                    self.signal(Signal::SIGCONT);
                    continue;
                }
                Ok(_) | Err(nix::errno::Errno::EINTR) => continue,
                Err(errno) => return Err(errno.into()),
            };
            self.over.store(true, Ordering::SeqCst);
            return Ok(code);
        }
    }

    /// Signals it and what it started, unless it has ended.
    pub fn signal(&self, signal: Signal) {
        if !self.over.load(Ordering::SeqCst) {
            killpg(self.pid, signal).ok();
        }
    }
}

/// Replaces this process by a program: for attaching to a terminal. Returns only if that failed.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one spawner")]
pub fn become_program(argv: &[OsString], removed: &[&str]) -> io::Error {
    let Some((name, args)) = argv.split_first() else {
        return io::Error::new(io::ErrorKind::InvalidInput, "an empty command");
    };
    let mut command = Command::new(name);
    command.args(args);
    for name in removed {
        command.env_remove(name);
    }
    command.exec()
}

/// What became of a started program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaped {
    Running,
    /// Stopped by a signal.
    Stopped(i32),
    Exited(i32),
    Signalled(i32),
}

/// Looks at a started program, without waiting; once it has ended its pid is free.
///
/// # Errors
/// When it is not a child of this process.
pub fn reap(pid: i32) -> io::Result<Reaped> {
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    Ok(match waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED))? {
        WaitStatus::Exited(_, code) => Reaped::Exited(code),
        WaitStatus::Signaled(_, signal, _) => Reaped::Signalled(signal as i32),
        WaitStatus::Stopped(_, signal) => Reaped::Stopped(signal as i32),
        _ => Reaped::Running,
    })
}

/// Signals a child of this process that has not been reaped, so that its pid is still its own.
pub fn signal_child(pid: i32, signal: Signal) {
    nix::sys::signal::kill(Pid::from_raw(pid), signal).ok();
}

/// Signals the process group that a child of this process leads and that has not been reaped.
pub fn signal_group(pid: i32, signal: Signal) {
    killpg(Pid::from_raw(pid), signal).ok();
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Call, CallError, run};

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn output_status_and_input_come_through() {
        let call = Call::new("sh", LONG).args(["-c", "cat; echo oops >&2; exit 3"]).stdin(vec![b'x'; 300_000]);
        let answer = run(&call).unwrap();
        assert_eq!((answer.code, answer.stdout.len(), answer.complaint().as_str()), (Some(3), 300_000, "oops"));
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let started = Instant::now();
        let call = Call::new("sh", Duration::from_millis(200)).args(["-c", "sleep 60 & sleep 60"]);
        assert!(matches!(run(&call), Err(CallError::Deadline { .. })));
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_grandchild_that_keeps_the_pipe_is_not_waited_for() {
        let started = Instant::now();
        let answer = run(&Call::new("sh", LONG).args(["-c", "sleep 30 & echo $!"])).unwrap();
        assert!(answer.ok() && started.elapsed() < Duration::from_secs(10));
        let pid = answer.text().parse().unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&Call::new("no-such-program-here", LONG)).unwrap_err();
        assert!(error.to_string().starts_with("no-such-program-here: "), "{error}");
    }
}
