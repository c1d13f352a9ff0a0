//! The end of what the shim runs: why it is asked to end, how it is killed, and how its end is read.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use super::Supervisor;
use crate::domain::attempt::Exit;
use crate::domain::completion::{Evidence, How};
use crate::domain::state::Who;
use crate::engine::{leftover, trees};
use crate::os::proc;
use crate::os::process::{self, Reaped};
use crate::ports::multiplexer::Panes;

/// How long a server that shows no other pane is watched after a hang-up: its death shows within 20 ms, 500 ms of
/// silence mean it lives.
const SERVER: Duration = Duration::from_millis(500);

/// Why the shim ends the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Stop,
    TimedOut,
    HungUp { server_alive: bool },
    Terminated,
}

impl Supervisor<'_> {
    pub(super) fn reap(&mut self) -> Option<Exit> {
        let pid = self.foreground.as_ref()?.pid;
        let exit = match process::reap(pid) {
            Ok(Reaped::Running) => return None,
            Ok(Reaped::Stopped(signal)) => {
                // There is no shell that would ever continue it. SIGSTOP is a person's, and left alone.
                if [Signal::SIGTSTP as i32, Signal::SIGTTIN as i32, Signal::SIGTTOU as i32].contains(&signal) {
                    process::signal_child(pid, Signal::SIGCONT);
                }
                return None;
            }
            Ok(Reaped::Exited(code)) => Exit::Code(code),
            Ok(Reaped::Signalled(signal)) => Exit::Signal(signal),
            Err(_) => Exit::Signal(Signal::SIGKILL as i32),
        };
        self.foreground = None;
        Some(exit)
    }

    pub(super) fn end_because(&mut self, why: Why) {
        if self.ending.is_some() {
            return;
        }
        self.ending = Some(why);
        if let Some(agent) = &self.foreground {
            process::signal_child(agent.pid, Signal::SIGTERM);
            process::signal_child(agent.pid, Signal::SIGCONT);
            self.kill_at = Some(Instant::now() + Duration::from_millis(self.launch.grace));
        }
    }

    /// Kills the foreground process and everything else in this session.
    pub(super) fn kill(&self) {
        if let Some(agent) = &self.foreground {
            process::signal_child(agent.pid, Signal::SIGKILL);
        }
        for found in proc::session(nix::unistd::getpid().as_raw()).unwrap_or_default() {
            self.engine.ports.processes.signal(found.process, crate::ports::host::Signal::Kill).ok();
        }
    }

    /// Whether the tmux server lives on after it hung up on this pane.
    pub(super) fn server_outlives(&self) -> bool {
        let Some(server) = &self.server else { return false };
        // A server that ends has ended all its sessions before it answers anybody: one that shows panes lives.
        let shows_others = || {
            let panes = self.engine.ports.mux.panes(&self.plan.socket);
            panes.is_ok_and(|panes| matches!(panes, Panes::Listed(panes) if !panes.is_empty()))
        };
        let told = is_silent(server, Duration::ZERO) && shows_others();
        is_silent(server, if told { Duration::ZERO } else { SERVER })
    }

    /// How the foreground process's end is to be read.
    pub(super) fn how(&mut self, exit: Exit) -> How {
        // An agent may exit because of a hang-up that has not been attended to: the leader is told first.
        if self.ending.is_none() && self.signals.hung_up() {
            self.ending = Some(Why::HungUp { server_alive: self.server_outlives() });
        }
        match self.ending {
            None => How::Process(exit),
            Some(Why::TimedOut) => How::TimedOut,
            Some(Why::HungUp { server_alive }) => How::HungUp { server_alive },
            Some(Why::Terminated | Why::Stop) => How::Terminated,
        }
    }

    /// Whether the agent left anything; or why that can't be looked at.
    pub(super) fn evidence(&self) -> Result<Evidence, String> {
        // What stands at its path by now may be another tree.
        if let Some(lost) = trees::lost(&self.engine, self.plan) {
            return Err(lost);
        }
        let before = self.before.as_ref().map_err(Clone::clone)?;
        let changed = self.engine.ports.trees.changed(&self.plan.repo, &self.worktree, before);
        Ok(if changed.map_err(|error| error.to_string())? { Evidence::Changed } else { Evidence::Unchanged })
    }

    /// Processes that outlive the agent are reported, not ended: a dev server is not an agent.
    pub(super) fn note_leftovers(&self) {
        let me = self.engine.ports.processes.me();
        let left = self.engine.ports.processes.marked(&self.plan.id).unwrap_or_default();
        let left = left.into_iter().filter(|found| found.process != me).collect();
        leftover::note(&self.engine, &self.plan.id, left, &self.engine.stamp(Who::Shim));
    }
}

/// Whether the process behind a descriptor lives for as long as that.
fn is_silent(process: &OwnedFd, patience: Duration) -> bool {
    let mut fds = [PollFd::new(process.as_fd(), PollFlags::POLLIN)];
    let until = Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO)) {
            Ok(0) => return true,
            Err(nix::errno::Errno::EINTR) => {}
            Ok(_) | Err(_) => return false,
        }
    }
}
