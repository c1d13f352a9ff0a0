//! `ganger stop`.

use std::process::ExitCode;

use serde_json::json;

use super::{Outcome, elsewhere};
use crate::cli::args::Stop;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::domain::id::TaskId;
use crate::engine::stop;

/// Ends a task's agent, and with `--leftovers` what it left behind.
///
/// # Errors
/// See [`stop::stop`].
pub fn run(wiring: &Wiring, args: &Stop) -> Outcome {
    let engine = wiring.engine()?;
    let task = stop::stop(&engine, TaskId(args.id))?;
    let ended = if args.leftovers { stop::leftovers(&engine, &task)? } else { 0 };
    if wiring.global.json {
        output::object(json!({ "tasks": [json::task(&board::card(&engine, task.id)?)] }));
    } else {
        let leftovers = if ended > 0 { format!(", {ended} left-over processes ended") } else { String::new() };
        let elsewhere = elsewhere(wiring, &engine, &task.draft.repo);
        output::say(&format!("task {} is {}, no agent runs{leftovers}{elsewhere}", task.id, task.status.said()));
    }
    Ok(ExitCode::SUCCESS)
}
