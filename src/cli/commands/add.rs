//! `ganger add`.

use std::process::ExitCode;

use serde_json::json;

use super::{Outcome, duration, prompt};
use crate::cli::args::Add;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::domain::id::TaskId;
use crate::domain::task::Draft;
use crate::engine::dispatch::Request;
use crate::engine::tasks;

/// Adds a ready task and prints its id; with `--start` dispatches it.
///
/// # Errors
/// See [`tasks::add`] and [`dispatch`](crate::engine::dispatch::dispatch).
pub fn run(wiring: &Wiring, args: Add) -> Outcome {
    let engine = wiring.engine()?;
    let timeout = args.timeout.as_deref().map(|text| duration("--timeout", text)).transpose()?;
    let repo = wiring.repository(&engine)?;
    let draft = Draft {
        title: args.title,
        prompt: args.prompt.map(prompt::read).transpose()?.unwrap_or_default(),
        repo,
        agent: args.agent.unwrap_or_default(),
        base: args.base,
        priority: args.priority,
        batch: args.batch,
        files: args.file,
        verify: args.verify,
        timeout,
        after: args.after.into_iter().map(TaskId).collect(),
        external_id: args.external_id,
        extra: None,
        unsafe_mode: args.unsafe_mode,
    };
    let task = tasks::add(&engine, &draft)?;
    let id = task.id;
    if args.start {
        // The id is printed even where the dispatch fails: the task is there.
        if !wiring.global.json {
            output::say(&id.to_string());
        }
        return super::dispatch::several(wiring, &[Request::of(id)], false, true);
    }
    if wiring.global.json {
        output::object(json!({ "tasks": [json::task(&board::card(&engine, id)?)] }));
    } else {
        output::say(&id.to_string());
    }
    Ok(ExitCode::SUCCESS)
}
