//! `ganger done`, `ganger fail`: the agent's own verbs, and with `--task` a person's.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::Outcome;
use crate::cli::args::{Done, Fail};
use crate::cli::wiring::{Wiring, variable};
use crate::cli::{board, json, output};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::lifecycle::Event;
use crate::domain::task::Task;
use crate::engine::report::{Speaker, report, wait_verified};
use crate::engine::{Engine, Fault, Kind};

/// Reports done.
///
/// # Errors
/// See [`report`].
pub fn done(wiring: &Wiring, args: &Done) -> Outcome {
    let engine = wiring.engine()?;
    let mut task = report(&engine, &speaker(args.task)?, &Event::Done)?;
    if args.wait {
        let patience = wiring.settings.completion.verify_timeout + Duration::from_mins(1);
        task = wait_verified(&engine, task.id, patience)?;
    }
    answer(wiring, &engine, &task)
}

/// Reports failed.
///
/// # Errors
/// See [`report`].
pub fn fail(wiring: &Wiring, args: Fail) -> Outcome {
    if args.reason.trim().is_empty() || args.reason.contains('\0') {
        return Err(
            Fault::new(Kind::Usage, "a reason can't be empty or hold a NUL character").hint("ganger fail REASON")
        );
    }
    let engine = wiring.engine()?;
    let task = report(&engine, &speaker(args.task)?, &Event::Failed { reason: args.reason })?;
    answer(wiring, &engine, &task)
}

fn answer(wiring: &Wiring, engine: &Engine, task: &Task) -> Outcome {
    if wiring.global.json {
        output::object(json!({ "tasks": [json::task(&board::card(engine, task.id)?)] }));
    } else {
        output::say(&format!("task {} is {}", task.id, task.status));
    }
    Ok(ExitCode::SUCCESS)
}

fn speaker(task: Option<i64>) -> Result<Speaker, Fault> {
    if let Some(task) = task {
        return Ok(Speaker::Person { task: TaskId(task) });
    }
    let (Some(attempt), Some(token)) = (variable("GANGER_ATTEMPT"), variable("GANGER_TOKEN")) else {
        return Err(Fault::new(Kind::Usage, "this is not an agent's pane").hint("as a person: --task ID"));
    };
    let attempt = AttemptId::parse(&attempt)
        .map_err(|text| Fault::new(Kind::Usage, format!("GANGER_ATTEMPT {text:?} is not an attempt")))?;
    Ok(Speaker::Agent { attempt, token })
}
