//! Whether a worktree has to be set up before an agent starts in it.

use crate::domain::attempt::Plan;
use crate::domain::settings::{INCLUDE, Settings};
use crate::engine::Engine;
use crate::ports::store::Which;

/// Whether files come along because the main worktree has a list of them.
///
/// # Errors
/// Those of the disk, as a sentence.
pub fn includes(engine: &Engine, settings: &Settings, plan: &Plan) -> Result<bool, String> {
    let file = plan.repo.join(INCLUDE);
    Ok(settings.worktrees.include && engine.look(&file).map_err(|fault| fault.message)?.is_some())
}

/// A new tree has to be, and so has one that is taken over from an attempt whose setup did not get so far that an
/// agent started.
///
/// # Errors
/// Those of the disk and the store, as a sentence.
pub(super) fn is_due(engine: &Engine, plan: &Plan) -> Result<bool, String> {
    if plan.adopts.is_none() {
        return Ok(true);
    }
    // One that has to be made again has only what git has.
    if engine.look(&plan.worktree).map_err(|fault| fault.message)?.is_none() {
        return Ok(true);
    }
    let attempts = engine.ports.store.attempts(&Which::Of(plan.task)).map_err(|error| error.to_string())?;
    Ok(!attempts.iter().any(|attempt| attempt.plan.worktree == plan.worktree && attempt.started_at.is_some()))
}
