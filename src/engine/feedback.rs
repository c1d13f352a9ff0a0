//! What the next attempt is told of the last one.

use super::Engine;
use crate::domain::profile::{NoOutput, Profile};
use crate::domain::state::{Cause, Status};
use crate::domain::task::Task;
use crate::domain::text;

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
    // The prompt of a plain command is a script: there all of this is a comment.
    let plain = profile.no_output == NoOutput::Review;
    let more = if plain { commented(&more) } else { more };
    format!("{told}\n\n{more}")
}

fn commented(text: &str) -> String {
    text.lines().map(|line| format!("# {line}")).collect::<Vec<_>>().join("\n")
}

/// How the last attempt failed, with what its verification or setup printed.
fn failure(engine: &Engine, task: &Task) -> Option<String> {
    if task.status != Status::Failed {
        return None;
    }
    let reason = text::line(task.reason.as_deref()?);
    let attempt = engine.ports.store.attempt(task.attempt.as_ref()?).ok()??;
    let log = match task.cause? {
        Cause::Verify | Cause::VerifyInterrupted | Cause::Setup => {
            engine.ports.files.read(&attempt.plan.files.log).ok()?.unwrap_or_default()
        }
        Cause::ReportedFailure | Cause::NoOutput | Cause::Exit | Cause::Signal | Cause::Timeout => Vec::new(),
        Cause::Ok
        | Cause::AgentMissing
        | Cause::Cancelled
        | Cause::OrphanShim
        | Cause::OrphanServer
        | Cause::OrphanReboot
        | Cause::OrphanTerminated
        | Cause::DispatcherDied
        | Cause::CrashLoop
        | Cause::Preflight
        | Cause::Worktree
        | Cause::Spawn => return None,
    };
    let log = text::plain(&String::from_utf8_lossy(&log[log.len().saturating_sub(MOST)..]));
    let log = log.trim();
    Some(match log {
        "" => format!("The last attempt failed: {reason}."),
        log => format!("The last attempt failed: {reason}. It printed:\n\n{log}"),
    })
}
