//! The tmux server whose pane this is.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::World;
use crate::domain::id::Process;
use crate::os::proc;
use crate::ports::multiplexer::Panes;

/// How long a server that shows no other pane is watched after a hang-up: its death shows within 20 ms, 500 ms of
/// silence mean it lives.
const SERVER: Duration = Duration::from_millis(500);

pub(super) fn of_this_pane() -> Option<Process> {
    let around = std::env::var("TMUX").ok()?;
    let pid = around.rsplit(',').nth(1)?.parse().ok()?;
    proc::identify(pid)
}

impl World<'_> {
    /// Whether the tmux server lives on after it hung up on this pane.
    pub(super) fn server_outlives(&self) -> bool {
        let Some(server) = &self.server_watch else { return false };
        // A server that ends has ended all its sessions before it answers anybody: one that shows panes lives.
        let shows_others = || {
            let panes = self.engine.ports.mux.panes(&self.plan.socket);
            panes.is_ok_and(|panes| matches!(panes, Panes::Listed(panes) if !panes.is_empty()))
        };
        let told = is_silent(server, Duration::ZERO) && shows_others();
        is_silent(server, if told { Duration::ZERO } else { SERVER })
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
