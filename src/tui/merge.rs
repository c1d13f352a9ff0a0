//! Merging from the board: what a preview shows and what a merge came to. Blocking.

use super::msg::{Answer, Done};
use crate::domain::id::TaskId;
use crate::engine::merge::{Merge, Request, Wanted, merge, open, preview};
use crate::engine::{Engine, Fault};

/// On the board the question is the request: it names what is committed first.
fn request(task: TaskId) -> Request {
    Request { commit_all: true, ..Request::of(task) }
}

/// What merging these would do, one after the other, up to the first that can't be merged.
pub(super) fn plan(engine: &Engine, tasks: &[TaskId]) -> Answer {
    let (merges, stopped) = each(tasks, |task, ahead| preview(engine, &request(task), ahead));
    let lines = merges.iter().flat_map(|merge| {
        let more = merge.plan().into_iter().map(|line| format!("   {line}"));
        std::iter::once(merge.sentence(true)).chain(more)
    });
    Answer::Merge { tasks: merges.iter().map(|merge| merge.task).collect(), lines: lines.collect(), stopped }
}

/// Merges them.
///
/// # Errors
/// Where not even the first can be merged.
pub(super) fn carry_out(engine: &Engine, tasks: &[TaskId]) -> Result<Done, Fault> {
    match each(tasks, |task, _| merge(engine, &request(task))) {
        (merges, Some(fault)) if merges.is_empty() => Err(fault),
        (merges, stopped) => Ok(Done::Merged { merges, stopped }),
    }
}

fn each(
    tasks: &[TaskId],
    mut one: impl FnMut(TaskId, &[Merge]) -> Result<Merge, Fault>,
) -> (Vec<Merge>, Option<Fault>) {
    let mut merges = Vec::new();
    for task in tasks {
        match one(*task, &merges) {
            Ok(merge) => merges.push(merge),
            Err(fault) => return (merges, Some(fault)),
        }
    }
    (merges, None)
}

/// Pushes a task's work, and opens a pull request of it. What is in no commit is committed first.
pub fn pull(engine: &Engine, task: TaskId) -> Result<Done, Fault> {
    let opened = open(engine, &Wanted { task, is_draft: false, base: None, commit_all: true })?;
    Ok(Done::Pulled { task, url: opened.pull.url, is_new: opened.is_new })
}
