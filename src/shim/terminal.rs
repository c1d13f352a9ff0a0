//! The pane's terminal: as it was before the agent, however the agent left it.

use std::io::{self, Write as _};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, pthread_sigmask};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

/// What full-screen programs switch on and a killed one leaves on: the alternate screen, mouse reports, bracketed
/// paste, focus reports, application keys, a hidden cursor, colours, a scroll region.
const RESET: &str = "\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[?25h\x1b[0m\x1b[r\x1b[999;1H";

/// The terminal's settings, to be put back.
pub(super) struct Terminal {
    settings: Option<Termios>,
}

impl Terminal {
    /// Remembers the settings; a pane without a terminal has none.
    pub(super) fn remember() -> Self {
        Self { settings: tcgetattr(io::stdin()).ok() }
    }

    /// Takes the terminal back for this process group and puts its settings back.
    pub(super) fn restore(&self) {
        // From the background these calls raise SIGTTOU, and would be tried again for ever under a handler.
        let mut blocked = SigSet::empty();
        blocked.add(Signal::SIGTTOU);
        let mut before = SigSet::empty();
        pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&blocked), Some(&mut before)).ok();
        nix::unistd::tcsetpgrp(io::stdin(), nix::unistd::getpgrp()).ok();
        if let Some(settings) = &self.settings {
            tcsetattr(io::stdin(), SetArg::TCSANOW, settings).ok();
        }
        pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&before), None).ok();
    }

    /// Switches off what the agent left on, and writes a line below what it drew. A pane that is gone takes none.
    pub(super) fn close_with(&self, line: &str) {
        self.restore();
        let mut out = io::stdout().lock();
        write!(out, "{RESET}\r\n\x1b[7m {line} \x1b[0m\r\n").and_then(|()| out.flush()).ok();
    }
}
