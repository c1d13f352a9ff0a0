//! `ganger export`.

use std::collections::HashMap;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::Outcome;
use crate::cli::args::Export as Args;
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::domain::state::Status;
use crate::domain::task::Task;
use crate::engine::{Fault, Kind};
use crate::formats::{Item, line};
use crate::ports::store::Filter;

/// Prints the tasks of a repository as lines that `import` reads.
///
/// # Errors
/// Those of the store; a row that can't be read.
pub fn run(wiring: &Wiring, args: Args) -> Outcome {
    let engine = wiring.engine()?;
    let repo = Some(wiring.repository(&engine)?);
    let filter = Filter { repo, statuses: args.status, archived: args.archived, removed: false };
    let listing = engine.ports.store.tasks(&filter)?;
    if let Some(row) = listing.unreadable.into_iter().next() {
        return Err(Fault::new(Kind::Failed, row).hint("ganger doctor"));
    }
    // Numbered anew: ids are those of one board, and what is exported twice is the same.
    let numbers: HashMap<_, usize> =
        listing.tasks.iter().enumerate().map(|(index, task)| (task.id, index + 1)).collect();
    let items = listing.tasks.iter().map(|task| {
        let after = task.draft.after.iter().filter_map(|id| Some(numbers.get(id)?.to_string()));
        item(task, numbers[&task.id], after.collect())
    });
    let lines: Vec<String> = items.map(|item| line(&item)).collect();
    if wiring.global.json {
        let tasks = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap_or_default());
        output::object(json!({ "tasks": tasks.collect::<Vec<_>>() }));
    } else if !lines.is_empty() {
        output::put(&lines.join("\n"));
    }
    Ok(ExitCode::SUCCESS)
}

fn item(task: &Task, number: usize, after: Vec<String>) -> Item {
    let draft = task.draft.clone();
    let extra = draft.extra.as_deref().and_then(|extra| serde_json::from_str(extra).ok());
    Item {
        name: Some(number.to_string()),
        external_id: draft.external_id,
        title: draft.title,
        prompt: draft.prompt,
        agent: Some(draft.agent),
        base: draft.base,
        branch: draft.branch,
        priority: draft.priority,
        batch: draft.batch,
        files: draft.files,
        verify: draft.verify,
        timeout: draft.timeout,
        after,
        extra: extra.unwrap_or_default(),
        unsafe_mode: draft.unsafe_mode,
        skip: (task.status == Status::Done).then_some("it is done"),
        place: String::new(),
    }
}
