//! `ganger rm`.

use std::process::ExitCode;

use serde_json::json;

use super::{Outcome, elsewhere};
use crate::cli::args::Rm;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::domain::id::TaskId;
use crate::engine::tasks;

/// Removes a task; says where its worktrees were parked.
///
/// # Errors
/// See [`tasks::remove`].
pub fn run(wiring: &Wiring, args: &Rm) -> Outcome {
    let engine = wiring.engine()?;
    // As it was: it is off the board then.
    let card = board::card(&engine, TaskId(args.id))?;
    let removed = tasks::remove(&engine, TaskId(args.id), args.stop, args.force)?;
    if wiring.global.json {
        output::object(json!({
            "tasks": [json::task(&card)],
            "removed": args.id,
            "parked": json::paths(&removed.parked),
            "notes": removed.said,
            "left": removed.left.iter().map(|task| task.0).collect::<Vec<_>>(),
        }));
    } else {
        let elsewhere = elsewhere(wiring, &engine, &card.task.draft.repo);
        output::say(&format!("task {} is removed{elsewhere}", args.id));
        for path in &removed.parked {
            output::say(&format!("its worktree is kept at {}", path.display()));
        }
        for left in &removed.left {
            output::mention(&format!("task {left} waits for it, and can't start: ganger edit {left} --no-after"));
        }
        for note in &removed.said {
            output::mention(note);
        }
    }
    Ok(ExitCode::SUCCESS)
}
