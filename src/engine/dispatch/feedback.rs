//! What the next attempt is told of the last one.

use crate::domain::bounds::SHOWN;
use crate::domain::profile::{NoOutput, Profile};
use crate::domain::state::Cause;
use crate::domain::task::Task;
use crate::domain::text;
use crate::engine::Engine;
use crate::ports::store::Which;

/// How much of a log is handed on, in bytes.
const MOST: usize = 8_000;

/// The prompt of a task's next attempt: what a person wants, how the last attempt failed, and the person's note.
#[must_use]
pub fn prompt(engine: &Engine, task: &Task, profile: &Profile) -> String {
    let told = if task.draft.prompt.is_empty() { &task.draft.title } else { &task.draft.prompt };
    let more: Vec<String> = [failure(engine, task), task.note.clone()].into_iter().flatten().collect();
    if more.is_empty() {
        return told.clone();
    }
    let more = more.join("\n\n");
    // The prompt of a plain command, or of an interpreter, is a script: there all of this is a comment.
    let script = profile.no_output == NoOutput::Review || profile.interprets();
    let more = if script { text::comment(&more) } else { more };
    format!("{told}\n\n{more}")
}

/// How the last attempt that came to an end failed, with what its verification or setup printed. Those that vanished or
/// never began have nothing to tell.
fn failure(engine: &Engine, task: &Task) -> Option<String> {
    // Most dispatches are the first.
    task.attempt.as_ref()?;
    let attempts = engine.ports.store.attempts(&Which::Of(task.id)).ok()?;
    let (attempt, tells) = attempts.iter().rev().find_map(|attempt| match attempt.cause? {
        Cause::Verify | Cause::VerifyInterrupted | Cause::Setup => Some((attempt, Some(true))),
        Cause::ReportedFailure | Cause::NoOutput | Cause::Exit | Cause::Signal | Cause::Timeout => {
            Some((attempt, Some(false)))
        }
        // It was sent back, or stopped, by somebody who knows why.
        Cause::Ok | Cause::Cancelled => Some((attempt, None)),
        Cause::AgentMissing
        | Cause::OrphanShim
        | Cause::OrphanServer
        | Cause::OrphanReboot
        | Cause::OrphanTerminated
        | Cause::DispatcherDied
        | Cause::CrashLoop
        | Cause::Preflight
        | Cause::Worktree
        | Cause::Spawn => None,
    })?;
    let printed = tells?;
    let reason = text::line(attempt.failure.as_deref()?);
    let log = if printed {
        engine.ports.files.read_ends(&attempt.plan.files.log, SHOWN).ok()?.unwrap_or_default()
    } else {
        Vec::new()
    };
    let log = text::plain(&String::from_utf8_lossy(&log[log.len().saturating_sub(MOST)..]));
    let log = log.trim();
    Some(match log {
        "" => format!("The last attempt failed: {reason}."),
        log => format!("The last attempt failed: {reason}. It printed:\n\n{log}"),
    })
}
