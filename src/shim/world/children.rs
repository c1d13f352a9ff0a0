//! What the shim runs: the agent, or a step of the setup before it, in the foreground; a verification beside or after.

use std::ffi::OsString;
use std::io;

use nix::sys::signal::Signal;

use super::{Step, World};
use crate::domain::attempt::Exit;
use crate::os::proc;
use crate::os::process::{self, Program, Reaped};
use crate::shim::bring::Way;
use crate::shim::bringing::Bringing;
use crate::shim::life::End;
use crate::shim::log;
use crate::shim::observe::Observer;
use crate::shim::pump::Pump;

/// What runs in the foreground.
pub(super) enum Foreground {
    Process(i32),
    Bringing(Bringing),
}

/// A command of the verification that runs.
pub(super) struct Verification {
    pid: i32,
    output: Pump,
}

impl World<'_> {
    /// Sees whether what runs in the foreground has ended; a signal that has stopped it.
    pub(super) fn reap(&mut self) -> Option<i32> {
        let end = match self.foreground.as_mut()? {
            Foreground::Bringing(bringing) => End::Brought(bringing.result()?),
            Foreground::Process(pid) => match process::reap(*pid) {
                Ok(Reaped::Running) => return None,
                Ok(Reaped::Stopped(signal)) => return Some(signal),
                Ok(Reaped::Exited(code)) => End::Process(Exit::Code(code)),
                Ok(Reaped::Signalled(signal)) => End::Process(Exit::Signal(signal)),
                Err(_) => End::Process(Exit::Signal(Signal::SIGKILL as i32)),
            },
        };
        (self.foreground, self.ended) = (None, Some(end));
        None
    }

    fn program<'b>(&'b self, argv: &'b [OsString]) -> Program<'b> {
        Program { argv, environment: &self.environment, folder: &self.worktree }
    }

    pub(super) fn start_agent(&mut self) -> Result<(), String> {
        let argv: Vec<OsString> = self.launch.argv.iter().map(super::Word::os).collect();
        let pid = process::start_in_terminal(&self.program(&argv)).map_err(|error| error.to_string())?;
        self.foreground = Some(Foreground::Process(pid));
        self.agent = Some(proc::of_child(pid));
        self.observer = Observer::new();
        Ok(())
    }

    pub(super) fn start_step(&mut self, index: usize) -> Result<(), String> {
        let Some(step) = self.orders.setup.get(index) else { return Err("there is no such step".to_owned()) };
        let argv = match step {
            Step::Copy => return self.start_bringing(Way::Copy, &self.launch.copy),
            Step::Link => return self.start_bringing(Way::Link, &self.launch.link),
            Step::Hook => {
                let (none, base) = ("0".repeat(self.plan.base.len()), &self.plan.base);
                ["git", "hook", "run", "--ignore-missing", "post-checkout", "--", &none, base, "1"]
                    .map(OsString::from)
                    .to_vec()
            }
            Step::Command(command) => shell(command),
        };
        log::text(&self.plan.files.log, &format!("$ {}", step.name()));
        let pid = process::start_in_terminal(&self.program(&argv)).map_err(|error| error.to_string())?;
        self.foreground = Some(Foreground::Process(pid));
        Ok(())
    }

    fn start_bringing(&mut self, way: Way, patterns: &[String]) -> Result<(), String> {
        let ignored = self.engine.ports.trees.ignored(&self.plan.repo).map_err(|error| error.to_string())?;
        let included = if way == Way::Copy && self.launch.include {
            self.engine.ports.trees.included(&self.plan.repo).map_err(|error| error.to_string())?
        } else {
            Vec::new()
        };
        let bringing = Bringing::start(
            way,
            patterns,
            (ignored, included),
            (&self.plan.repo, &self.worktree),
            &self.plan.files.log,
            self.signals.waker(),
        )?;
        self.foreground = Some(Foreground::Bringing(bringing));
        Ok(())
    }

    pub(super) fn ask_to_end(&self) {
        match &self.foreground {
            Some(Foreground::Process(pid)) => {
                process::signal_child(*pid, Signal::SIGTERM);
                process::signal_child(*pid, Signal::SIGCONT);
            }
            Some(Foreground::Bringing(bringing)) => bringing.interrupt(),
            None => {}
        }
    }

    pub(super) fn go_on(&self) {
        if let Some(Foreground::Process(pid)) = self.foreground {
            process::signal_child(pid, Signal::SIGCONT);
        }
    }

    pub(super) fn kill(&self) {
        if let Some(Foreground::Process(pid)) = self.foreground {
            process::signal_child(pid, Signal::SIGKILL);
        }
        for found in proc::session(nix::unistd::getpid().as_raw()).unwrap_or_default() {
            self.engine.ports.processes.signal(found.process, crate::ports::host::Signal::Kill).ok();
        }
    }

    pub(super) fn start_verification(&mut self, index: usize) -> Result<(), String> {
        let Some(command) = self.orders.verify.get(index) else { return Err("there is no such command".to_owned()) };
        self.verification = Some(self.verify(command).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn verify(&self, command: &str) -> io::Result<Verification> {
        let log = &self.plan.files.log;
        log::text(log, &format!("$ {command}"));
        let (output, input) = Pump::start(log)?;
        let pid = process::start_logged(&self.program(&shell(command)), &input)?;
        Ok(Verification { pid, output })
    }

    /// How the verification's command ended, when it has; its output is in the log then.
    pub(super) fn reap_verification(&mut self) -> Option<Result<Exit, String>> {
        let result = match process::reap(self.verification.as_ref()?.pid) {
            Ok(Reaped::Running | Reaped::Stopped(_)) => return None,
            Ok(Reaped::Exited(code)) => Ok(Exit::Code(code)),
            Ok(Reaped::Signalled(signal)) => Ok(Exit::Signal(signal)),
            Err(error) => Err(error.to_string()),
        };
        if let Some(verification) = self.verification.take() {
            verification.output.finish();
        }
        Some(result)
    }

    /// Ends the verification's command and its group.
    pub(super) fn end_verification(&mut self) {
        if let Some(verification) = self.verification.take() {
            process::signal_group(verification.pid, Signal::SIGKILL);
            // Killed: its end is a matter of microseconds, and the shim's own end would reap it too.
            while matches!(process::reap(verification.pid), Ok(Reaped::Running | Reaped::Stopped(_))) {
                std::thread::yield_now();
            }
            verification.output.finish();
        }
    }
}

fn shell(command: &str) -> Vec<OsString> {
    ["sh", "-c", command].map(OsString::from).to_vec()
}
