//! `ganger undo`.

use std::process::ExitCode;

use serde_json::json;

use super::Outcome;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::engine::undo::undo;

/// Takes a person's last act back, on the board of the repository around here, or on all.
///
/// # Errors
/// See [`undo`].
pub fn run(wiring: &Wiring) -> Outcome {
    let engine = wiring.engine()?;
    let repo = wiring.repository_if_any(&engine)?;
    let undone = undo(&engine, repo.as_deref())?;
    if wiring.global.json {
        // Another process may have removed it since.
        let task = engine.ports.store.task(undone.task)?;
        let cards = task.map(|task| board::Looker::new(&engine).card(task)).transpose()?;
        output::object(json!({ "tasks": cards.iter().map(json::task).collect::<Vec<_>>(), "undone": undone.what }));
    } else {
        output::say(&format!("task {} is {}", undone.task, undone.what));
    }
    Ok(ExitCode::SUCCESS)
}
