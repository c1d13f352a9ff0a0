//! `ganger add`.

use std::fs::File;
use std::io::Read as _;
use std::process::ExitCode;

use serde_json::json;

use super::{Outcome, duration};
use crate::cli::args::Add;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::domain::bounds::PROMPT;
use crate::domain::id::TaskId;
use crate::domain::task::Draft;
use crate::engine::dispatch::Request;
use crate::engine::{Fault, Kind, tasks};

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
        prompt: args.prompt.map(prompt).transpose()?.unwrap_or_default(),
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

/// A prompt: as given, `-` from standard input, `@FILE` from a file; byte for byte.
pub(super) fn prompt(argument: String) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    if argument == "-" {
        std::io::stdin()
            .lock()
            .take(PROMPT + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Fault::io("reading the prompt from standard input", &error))?;
    } else if let Some(path) = argument.strip_prefix('@') {
        File::open(path)
            .and_then(|file| file.take(PROMPT + 1).read_to_end(&mut bytes))
            .map_err(|error| Fault::new(Kind::Usage, format!("the prompt's file {path} can't be read: {error}")))?;
    } else {
        return Ok(argument);
    }
    if bytes.len() as u64 > PROMPT {
        return Err(Fault::new(Kind::Usage, format!("the prompt is larger than {} MiB", PROMPT >> 20))
            .hint("put it into a file of the repository, and name that file in the prompt"));
    }
    String::from_utf8(bytes).map_err(|error| {
        Fault::new(Kind::Usage, format!("the prompt is not UTF-8: byte {}", error.utf8_error().valid_up_to()))
            .hint("convert it, for example with iconv")
    })
}
