//! `ganger edit`.

use super::{Outcome, answer, duration, prompt};
use crate::cli::args::Edit as Args;
use crate::cli::wiring::Wiring;
use crate::domain::id::TaskId;
use crate::domain::task::Edit;
use crate::engine::tasks;

/// Changes what is wished of a task.
///
/// # Errors
/// See [`tasks::edit`].
pub fn run(wiring: &Wiring, args: Args) -> Outcome {
    let (id, wishes) = (TaskId(args.id), args.wishes);
    let timeout = wishes.timeout.as_deref().map(|text| duration("--timeout", text)).transpose()?;
    let edit = Edit {
        title: wishes.title,
        prompt: wishes.prompt.map(prompt::read).transpose()?,
        agent: wishes.agent,
        base: if wishes.no_base { Some(None) } else { wishes.base.map(Some) },
        branch: if wishes.no_branch { Some(None) } else { wishes.branch.map(Some) },
        priority: wishes.priority,
        batch: if wishes.no_batch { Some(None) } else { wishes.batch.map(Some) },
        files: list(wishes.file, wishes.no_files),
        verify: list(wishes.verify, wishes.no_verify),
        timeout: if wishes.no_timeout { Some(None) } else { timeout.map(Some) },
        after: list(wishes.after.into_iter().map(TaskId).collect(), wishes.no_after),
        unsafe_mode: (wishes.unsafe_mode || wishes.safe_mode).then_some(wishes.unsafe_mode),
    };
    let engine = wiring.engine()?;
    let task = tasks::edit(&engine, id, &edit)?;
    answer(wiring, &engine, &task, &format!("task {id} is edited"))
}

fn list<T>(given: Vec<T>, none: bool) -> Option<Vec<T>> {
    (none || !given.is_empty()).then_some(given)
}
