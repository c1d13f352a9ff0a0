//! What the shim writes down beside the database, and what it reads of the worktree.

use super::World;
use crate::domain::completion::{Ending, Evidence};
use crate::domain::state::Who;
use crate::domain::text;
use crate::engine::{notice, trees};
use crate::ports::worktrees::Snapshot;
use crate::shim::{log, observe};
use crate::wire::exit_file;

/// How many lines of the screen are saved.
const SCREEN: u32 = 2000;
/// How many lines of the terminal a failed command leaves in the log.
const LAST_LINES: usize = 20;

impl World<'_> {
    pub(super) fn write_exit(&self, ending: &Ending) {
        let at = self.engine.ports.clock.now().wall.0;
        if let Ok(bytes) = exit_file::encode(ending, at) {
            self.engine.ports.files.write(&self.plan.files.exit, &bytes).ok();
        }
    }

    /// Saves the screen; a usage limit on it is told, too, where that is wanted.
    pub(super) fn save_screen(&self, limit: bool) {
        let Ok(pane) = std::env::var("TMUX_PANE") else { return };
        let Ok(screen) = self.engine.ports.mux.capture(&self.plan.socket, &pane, SCREEN) else { return };
        self.engine.ports.files.write(&self.plan.files.screen, screen.as_bytes()).ok();
        if limit && let Some(news) = observe::last_limit(&screen, self.launch) {
            notice::hear(&self.engine, self.plan, &news, Who::Shim).ok();
        }
    }

    /// Logs how a command failed, and what the terminal showed last.
    pub(super) fn log_failure(&self, how: &str) {
        let pane = std::env::var("TMUX_PANE").unwrap_or_default();
        let screen = self.engine.ports.mux.capture(&self.plan.socket, &pane, 50);
        let screen = screen.map(|screen| text::plain(&screen)).unwrap_or_default();
        let lines: Vec<&str> = screen.trim_end().lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        log::text(&self.plan.files.log, &format!("{last}\n{how}"));
    }

    /// A fresh tree equals its base; anything else has to be looked at before the agent changes it.
    pub(super) fn snapshot(&self) -> Result<Snapshot, String> {
        let (trees, repo) = (&self.engine.ports.trees, &self.plan.repo);
        let seen = if self.launch.fresh && !self.launch.prepares() {
            trees.fresh(repo, &self.worktree, &self.plan.base)
        } else {
            trees.snapshot(repo, &self.worktree)
        };
        seen.map_err(|error| error.to_string())
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
}
