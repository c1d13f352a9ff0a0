//! Commands for a shell, run to their ends one after the other.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use super::process::{self, Program, Reaped};
use crate::domain::attempt::Exit;
use crate::ports::host::Shell;

/// How often it is asked whether the user has interrupted.
const ASKED: Duration = Duration::from_millis(100);

/// Runs commands with this environment.
#[derive(Clone, Debug)]
pub struct Sh {
    pub environment: Vec<(OsString, OsString)>,
}

impl Shell for Sh {
    fn run(
        &self,
        commands: &[String],
        folder: &Path,
        log: &Path,
        limit: Duration,
        interrupted: &dyn Fn() -> bool,
    ) -> io::Result<Option<String>> {
        let mut log = OpenOptions::new().create(true).append(true).mode(0o600).open(log)?;
        // What names another repository than the one around the folder is not for them.
        let is_git = |name: &OsString| name.as_bytes().starts_with(b"GIT_");
        let environment: Vec<_> = self.environment.iter().filter(|(name, _)| !is_git(name)).cloned().collect();
        let started = Instant::now();
        for command in commands {
            writeln!(log, "$ {}", crate::domain::text::line(command))?;
            let argv = [OsString::from("sh"), OsString::from("-c"), OsString::from(command)];
            let pid = process::start_logged(&Program { argv: &argv, environment: &environment, folder }, &log)?;
            let left = || limit.saturating_sub(started.elapsed());
            let how = match wait(pid, &left, interrupted)? {
                Some(Reaped::Exited(0)) => continue,
                Some(Reaped::Exited(code)) => Exit::Code(code).described(),
                Some(Reaped::Signalled(signal)) => Exit::Signal(signal).described(),
                Some(Reaped::Running | Reaped::Stopped(_)) | None if interrupted() => "interrupted".to_owned(),
                Some(Reaped::Running | Reaped::Stopped(_)) | None => format!("ran past its limit of {limit:?}"),
            };
            return Ok(Some(format!("`{command}`: {how}")));
        }
        Ok(None)
    }
}

/// How it ended; `None` where it was ended here.
fn wait(pid: i32, left: &dyn Fn() -> Duration, interrupted: &dyn Fn() -> bool) -> io::Result<Option<Reaped>> {
    let watch = u32::try_from(pid).ok().and_then(super::exit_watch);
    loop {
        match process::reap(pid)? {
            Reaped::Running | Reaped::Stopped(_) => {}
            ended @ (Reaped::Exited(_) | Reaped::Signalled(_)) => return Ok(Some(ended)),
        }
        if left().is_zero() || interrupted() {
            process::signal_group(pid, Signal::SIGKILL);
            // Killed, it ends at once.
            while matches!(process::reap(pid)?, Reaped::Running | Reaped::Stopped(_)) {
                pause(watch.as_ref(), Duration::from_millis(1));
            }
            return Ok(None);
        }
        pause(watch.as_ref(), left().min(ASKED));
    }
}

/// Waits until the program has ended, or for this long.
fn pause(watch: Option<&std::os::fd::OwnedFd>, length: Duration) {
    let mut fds: Vec<PollFd<'_>> = watch.iter().map(|watch| PollFd::new(watch.as_fd(), PollFlags::POLLIN)).collect();
    // A signal only shortens it.
    poll(&mut fds, PollTimeout::try_from(length).unwrap_or(PollTimeout::ZERO)).ok();
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Sh;
    use crate::ports::host::Shell as _;

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn the_first_command_that_fails_is_the_last_and_all_they_say_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let environment = std::env::vars_os().chain([("GIT_DIR".into(), "/nowhere".into())]).collect();
        let shell = Sh { environment };
        let run = |commands: &[&str], limit: Duration, interrupted: &dyn Fn() -> bool| {
            let commands: Vec<String> = commands.iter().map(|command| (*command).to_owned()).collect();
            shell.run(&commands, folder.path(), &log, limit, interrupted).unwrap()
        };
        assert_eq!(run(&["echo one; echo two >&2", "test -z \"$GIT_DIR\""], LONG, &|| false), None);
        assert_eq!(run(&["exit 3", "echo never"], LONG, &|| false).unwrap(), "`exit 3`: exit status 3");
        assert_eq!(run(&["kill -9 $$"], LONG, &|| false).unwrap(), "`kill -9 $$`: killed by SIGKILL");
        let said = std::fs::read_to_string(&log).unwrap();
        assert_eq!(
            said.lines().take(4).collect::<Vec<_>>(),
            ["$ echo one; echo two >&2", "one", "two", "$ test -z \"$GIT_DIR\""]
        );
        assert!(!said.contains("never"));
        let started = Instant::now();
        let late = run(&["sleep 60 & sleep 60"], Duration::from_millis(50), &|| false).unwrap();
        assert!(late.contains("ran past its limit"), "{late}");
        let interrupted = run(&["sleep 60"], LONG, &|| started.elapsed() > Duration::from_millis(100)).unwrap();
        assert_eq!(interrupted, "`sleep 60`: interrupted");
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}
