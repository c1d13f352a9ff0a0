//! `ganger wait`.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::{Outcome, duration};
use crate::cli::args::Wait;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::domain::task::Task;
use crate::engine::{Engine, Fault, Kind, wait};

/// Waits for each task in turn, the timeout over all of them.
///
/// # Errors
/// Those that concern no task in particular.
pub fn run(wiring: &Wiring, args: &Wait) -> Outcome {
    let engine = wiring.engine()?;
    let patience = args.timeout.as_deref().map(|text| duration("--timeout", text)).transpose()?;
    let patience = patience.unwrap_or(Duration::MAX);
    let started = engine.ports.clock.now().boot;
    let mut faults = Vec::new();
    let mut cards = Vec::new();
    for id in args.ids.iter().flat_map(|ids| &ids.0) {
        let left = patience.saturating_sub(engine.ports.clock.now().boot.since(started));
        match one(&engine, TaskId(*id), args.status, left) {
            Ok(task) if !wiring.global.json => output::say(&format!("task {id} is {}", task.status.said())),
            Ok(_) => {}
            Err(fault) => {
                if !wiring.global.json {
                    output::complain(&fault);
                }
                faults.push(fault);
            }
        }
        if wiring.global.json
            && let Some(task) = engine.ports.store.task(TaskId(*id))?
        {
            cards.push(json::task(&board::Looker::new(&engine).card(task)?));
        }
    }
    if wiring.global.json {
        if let ([fault], true) = (faults.as_slice(), cards.is_empty()) {
            return Err(fault.clone());
        }
        let mut whole = json!({ "tasks": cards });
        if !faults.is_empty() {
            whole["errors"] = faults.iter().map(output::fault_json).collect();
        }
        output::object(whole);
    }
    Ok(faults.first().map_or(ExitCode::SUCCESS, |fault| ExitCode::from(fault.kind.code())))
}

/// Without a wanted status, review and done are what one waits for; anything else is another status.
fn one(engine: &Engine, id: TaskId, wanted: Option<Status>, patience: Duration) -> Result<Task, Fault> {
    let task = wait::wait(engine, id, wanted, patience)?;
    match (wanted, task.status) {
        (Some(_), _) | (None, Status::Review | Status::Done) => Ok(task),
        (None, Status::Ready | Status::InProgress | Status::Failed) => {
            let reason = task.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            Err(Fault::new(Kind::OtherStatus, format!("task {id} is {}{reason}", task.status.said()))
                .of(id)
                .hint(format!("ganger show {id}")))
        }
    }
}
