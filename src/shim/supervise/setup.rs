//! Setup: what is done in a tree before its first agent starts. Everything in it is logged, can be stopped, and is
//! over at its deadline.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use super::Supervisor;
use crate::domain::attempt::Exit;
use crate::domain::completion::{How, signal_name};
use crate::domain::glob::Pattern;
use crate::domain::text;
use crate::shim::bring::{Carrier, Trouble, Way};
use crate::shim::log;

/// How many lines of the terminal a failed command leaves in the log.
const LAST_LINES: usize = 20;

impl Supervisor<'_> {
    /// Brings files along, runs the repository's hook, runs the commands.
    pub(super) fn set_up(&mut self) -> Result<(), How> {
        let launch = self.launch;
        self.deadline = Some(Instant::now() + Duration::from_millis(launch.setup_timeout));
        self.bring_along(Way::Copy, &launch.copy)?;
        self.bring_along(Way::Link, &launch.link)?;
        if launch.checkout_hook {
            let before = "0".repeat(self.plan.base.len());
            let hook = ["git", "hook", "run", "--ignore-missing", "post-checkout", "--", &before, &self.plan.base, "1"];
            self.run_to_its_end("git hook run post-checkout", &hook.map(OsString::from))?;
        }
        for command in &launch.setup {
            self.run_to_its_end(command, &["sh", "-c", command].map(OsString::from))?;
        }
        self.deadline = None;
        Ok(())
    }

    fn bring_along(&mut self, way: Way, patterns: &[String]) -> Result<(), How> {
        if patterns.is_empty() {
            return Ok(());
        }
        let failed = |why: String| {
            How::SetupFailed(match way {
                Way::Copy => format!("worktrees.copy: {why}"),
                Way::Link => format!("worktrees.link: {why}"),
            })
        };
        let parsed: Result<Vec<Pattern>, _> = patterns.iter().map(|pattern| Pattern::parse(pattern)).collect();
        let patterns = parsed.map_err(|why| failed(format!("a pattern {why}")))?;
        let plan = self.plan;
        let ignored = self.engine.ports.trees.ignored(&plan.repo).map_err(|error| failed(error.to_string()))?;
        let to = self.worktree.canonicalize().map_err(|error| failed(error.to_string()))?;
        let mut carrier = Carrier {
            from: &plan.repo,
            to: &to,
            tell: &mut |line| log::line(&plan.files.log, line),
            go_on: &mut || {
                self.attend();
                self.ending.is_none()
            },
        };
        match carrier.bring(way, &patterns, &ignored) {
            Ok(()) => Ok(()),
            Err(Trouble::Failed(why)) => {
                log::line(&plan.files.log, &why);
                Err(failed(why))
            }
            // What it was interrupted by says how it ended; no process has.
            Err(Trouble::Interrupted) => match self.how(Exit::Code(0)) {
                How::TimedOut => Err(failed("ran past setup_timeout".to_owned())),
                how @ (How::Process(_)
                | How::OnlyVerified
                | How::NotStarted(_)
                | How::SetupFailed(_)
                | How::HungUp { .. }
                | How::Terminated
                | How::Vanished(_)) => Err(how),
            },
        }
    }

    /// Runs a command in the foreground. Nothing but an exit 0 lets the setup go on.
    fn run_to_its_end(&mut self, command: &str, argv: &[OsString]) -> Result<(), How> {
        log::text(&self.plan.files.log, &format!("$ {command}"));
        self.foreground = match self.start(argv) {
            Ok(foreground) => Some(foreground),
            Err(error) => return Err(self.setup_failed(command, &error.to_string())),
        };
        let exit = self.supervise();
        self.terminal.restore();
        Err(match (self.how(exit), exit) {
            (How::Process(_), Exit::Code(0)) => return Ok(()),
            (How::Process(_), Exit::Code(code)) => self.setup_failed(command, &format!("exit status {code}")),
            (How::Process(_), Exit::Signal(signal)) => {
                self.setup_failed(command, &format!("killed by {}", signal_name(signal)))
            }
            (How::TimedOut, _) => self.setup_failed(command, "ran past setup_timeout"),
            (
                how @ (How::OnlyVerified
                | How::NotStarted(_)
                | How::SetupFailed(_)
                | How::HungUp { .. }
                | How::Terminated
                | How::Vanished(_)),
                _,
            ) => how,
        })
    }

    /// Logs how a command failed, and what the terminal showed last.
    fn setup_failed(&self, command: &str, how: &str) -> How {
        let socket = &self.plan.socket;
        let pane = std::env::var("TMUX_PANE").unwrap_or_default();
        let screen = self.engine.ports.mux.capture(socket, &pane, 50).map(|screen| text::plain(&screen));
        let screen = screen.unwrap_or_default();
        let lines: Vec<&str> = screen.trim_end().lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        log::text(&self.plan.files.log, &format!("{last}\n{how}"));
        How::SetupFailed(format!("`{command}`: {how}"))
    }
}
