//! `ganger pr`.

use std::process::ExitCode;

use serde_json::json;

use super::Outcome;
use crate::cli::args::Pr;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::domain::id::TaskId;
use crate::engine::merge::{Wanted, browse, open};

/// Opens a pull request of a task's work, or brings the one that is there up to date; with `--web` shows it.
///
/// # Errors
/// See [`open`] and [`browse`].
pub fn run(wiring: &Wiring, args: Pr) -> Outcome {
    let engine = wiring.engine()?;
    let id = TaskId(args.id);
    if args.web {
        browse(&engine, &engine.task(id)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = Wanted { task: id, is_draft: args.draft, base: args.base, commit_all: args.commit_all };
    let opened = open(&engine, &wanted)?;
    if wiring.global.json {
        let task = json::task(&board::card(&engine, id)?);
        output::object(json!({ "tasks": [task], "new": opened.is_new, "remote": opened.remote }));
    } else {
        let done = if opened.is_new { "opened" } else { "brought up to date" };
        output::say(&format!("task {id}: {} {done} ({})", opened.pull.url, opened.pull.said));
    }
    Ok(ExitCode::SUCCESS)
}
