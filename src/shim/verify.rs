//! Verification: the commands that must pass before review, run beside or after the agent, their output logged.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::log;
use super::pump::Pump;
use crate::domain::lifecycle::Verdict;
use crate::os::process::{self, Program, Reaped};

/// A verification under way.
pub(super) struct Verifier {
    commands: Vec<String>,
    next: usize,
    running: Option<i32>,
    pump: Option<Pump>,
    deadline: Instant,
    limit: Duration,
    log: PathBuf,
}

impl Verifier {
    pub(super) fn new(commands: &[String], limit: Duration, log: &Path) -> Self {
        Self {
            commands: commands.to_vec(),
            next: 0,
            running: None,
            pump: None,
            deadline: Instant::now() + limit,
            limit,
            log: log.to_owned(),
        }
    }

    /// When it has to be looked at, if no child ends before.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Looks at the running command and starts the next one; the verdict, once there is one.
    pub(super) fn advance(&mut self, environment: &[(OsString, OsString)], folder: &Path) -> Option<Verdict> {
        loop {
            if let Some(pid) = self.running {
                match process::reap(pid) {
                    Ok(Reaped::Running | Reaped::Stopped(_)) if Instant::now() >= self.deadline => {
                        self.end();
                        return Some(self.failed(&format!("ran past verify_timeout ({:?})", self.limit)));
                    }
                    Ok(Reaped::Running | Reaped::Stopped(_)) => return None,
                    Ok(Reaped::Exited(0)) => {
                        self.over();
                        self.next += 1;
                    }
                    Ok(Reaped::Exited(code)) => {
                        self.over();
                        return Some(self.failed(&format!("exit status {code}")));
                    }
                    Ok(Reaped::Signalled(signal)) => {
                        self.over();
                        return Some(
                            self.failed(&format!("killed by {}", crate::domain::completion::signal_name(signal))),
                        );
                    }
                    Err(error) => {
                        self.over();
                        return Some(self.failed(&error.to_string()));
                    }
                }
            } else if let Some(command) = self.commands.get(self.next) {
                match self.start(command, environment, folder) {
                    Ok((pid, pump)) => (self.running, self.pump) = (Some(pid), Some(pump)),
                    Err(error) => return Some(self.failed(&error.to_string())),
                }
            } else {
                return Some(Verdict::Passed);
            }
        }
    }

    /// Ends the running command and its group.
    pub(super) fn end(&mut self) {
        if let Some(pid) = self.running.take() {
            process::signal_group(pid, Signal::SIGKILL);
            // Killed: its end is a matter of microseconds, and the shim's own end would reap it too.
            while matches!(process::reap(pid), Ok(Reaped::Running | Reaped::Stopped(_))) {
                std::thread::yield_now();
            }
            self.over();
        }
    }

    /// The running command has ended, and its output is in the log.
    fn over(&mut self) {
        self.running = None;
        if let Some(pump) = self.pump.take() {
            pump.finish();
        }
    }

    fn failed(&self, how: &str) -> Verdict {
        let command = self.commands.get(self.next).map_or("", String::as_str);
        Verdict::Failed(format!("`{command}`: {how}"))
    }

    fn start(&self, command: &str, environment: &[(OsString, OsString)], folder: &Path) -> io::Result<(i32, Pump)> {
        log::text(&self.log, &format!("$ {command}"));
        let argv = [OsString::from("sh"), OsString::from("-c"), OsString::from(command)];
        let (pump, output) = Pump::start(&self.log)?;
        let pid = process::start_logged(&Program { argv: &argv, environment, folder }, &output)?;
        Ok((pid, pump))
    }
}
