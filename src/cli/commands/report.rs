//! `ganger done`, `fail`, `ask`, `note`: the agent's own verbs, and with `--task` a person's.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::Outcome;
use crate::cli::args::{Done, Fail, Say};
use crate::cli::environment::variable;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::permission::Caller;
use crate::engine::report::{Speaker, Word, say, wait_verified};
use crate::engine::{Engine, Fault, Kind, outbox, trust};
use crate::os::clock::SystemClock;
use crate::os::tree_files::WorktreeFiles;
use crate::ports::host::Clock as _;

/// Reports done.
///
/// # Errors
/// See [`say`].
pub fn done(wiring: &Wiring, args: &Done) -> Outcome {
    speak(wiring, args.task, &Word::Done, args.wait)
}

/// Reports failed.
///
/// # Errors
/// See [`say`].
pub fn fail(wiring: &Wiring, args: Fail) -> Outcome {
    let reason = sensible(args.reason, "a reason", "ganger fail REASON")?;
    speak(wiring, args.task, &Word::Fail(reason), false)
}

/// Asks a person.
///
/// # Errors
/// See [`say`].
pub fn ask(wiring: &Wiring, args: Say) -> Outcome {
    let question = sensible(args.text, "a question", "ganger ask QUESTION")?;
    speak(wiring, args.task, &Word::Ask(question), false)
}

/// Leaves a remark.
///
/// # Errors
/// See [`say`].
pub fn note(wiring: &Wiring, args: Say) -> Outcome {
    let text = sensible(args.text, "a remark", "ganger note TEXT")?;
    speak(wiring, args.task, &Word::Note(text), false)
}

fn sensible(text: String, what: &str, hint: &str) -> Result<String, Fault> {
    if text.trim().is_empty() || text.contains('\0') {
        return Err(Fault::new(Kind::Usage, format!("{what} can't be empty or contain a NUL character")).hint(hint));
    }
    Ok(text)
}

fn speak(wiring: &Wiring, task: Option<i64>, word: &Word, wait: bool) -> Outcome {
    let speaker = speaker(wiring, task)?;
    let engine = match wiring.engine() {
        Ok(engine) => engine,
        // What is in the way of the board from in here need not be so for the shim.
        Err(fault) => return leave(wiring, &speaker, word, fault),
    };
    let tell = |engine: Engine| -> Result<_, Fault> {
        let task = say(&engine, &speaker, word)?;
        let task = if wait {
            let settings = trust::settings_to_read(&engine, &task.draft.repo);
            let settings = settings.unwrap_or_else(|_| Arc::clone(&wiring.settings));
            wait_verified(&engine, task.id, settings.completion.verify_timeout + Duration::from_mins(1))?
        } else {
            task
        };
        Ok((engine, task))
    };
    match tell(engine) {
        Ok((engine, task)) => answer(wiring, &engine, task.id, word),
        Err(fault) if fault.kind == Kind::Failed => leave(wiring, &speaker, word, fault),
        Err(fault) => Err(fault),
    }
}

/// Where the database can't be written: from a sandbox, say.
fn leave(wiring: &Wiring, speaker: &Speaker, word: &Word, fault: Fault) -> Outcome {
    match post(speaker, word) {
        None => Err(fault),
        Some(Ok(folder)) => {
            output::mention(&format!("{}; left in {} for the shim to deliver", fault.message, folder.display()));
            if wiring.global.json {
                output::object(json!({ "tasks": [], "outbox": folder.to_string_lossy() }));
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(Err(error)) => {
            Err(Fault::new(Kind::Failed, format!("{}; nor can it be left in the outbox: {error}", fault.message))
                .hint("let the sandbox write $GANGER_OUTBOX"))
        }
    }
}

/// Leaves a word in the agent's outbox; `None` where it has none.
pub(super) fn post(speaker: &Speaker, word: &Word) -> Option<std::io::Result<PathBuf>> {
    let (Speaker::Agent { attempt, token }, Some(folder)) = (speaker, std::env::var_os("GANGER_OUTBOX")) else {
        return None;
    };
    let folder = PathBuf::from(folder);
    // The agent may have cleaned its tree of everything that git ignores.
    if let Some(worktree) = folder.parent() {
        outbox::prepare(&WorktreeFiles, worktree).ok();
    }
    let left = outbox::letter(attempt, token, word)
        .and_then(|letter| outbox::leave(&WorktreeFiles, &folder, SystemClock.attempt_id().as_str(), &letter));
    Some(left.map(|()| folder))
}

fn answer(wiring: &Wiring, engine: &Engine, task: TaskId, word: &Word) -> Outcome {
    let card = board::card(engine, task)?;
    if wiring.global.json {
        output::object(json!({ "tasks": [json::task(&card)] }));
        return Ok(ExitCode::SUCCESS);
    }
    output::say(&match word {
        Word::Done | Word::Fail(_) | Word::Report { .. } => format!("task {task} is {}", card.task.status.said()),
        Word::Ask(_) => format!("task {task} waits for an answer"),
        Word::Note(_) => format!("task {task}: noted"),
    });
    Ok(ExitCode::SUCCESS)
}

fn speaker(wiring: &Wiring, task: Option<i64>) -> Result<Speaker, Fault> {
    match (&wiring.around.caller, task) {
        (Caller::Person, Some(task)) => Ok(Speaker::Person { task: TaskId(task) }),
        (Caller::Person, None) => {
            let missing = || Fault::new(Kind::Usage, "this is not an agent's pane").hint("as the user: --task ID");
            agent()?.ok_or_else(missing)
        }
        // That a task is named makes it no person's word.
        (Caller::Agent(caller), _) => match agent()? {
            Some(speaker) if speaker.is(&caller.attempt) => Ok(speaker),
            Some(_) | None => Err(Fault::new(
                Kind::Conflict,
                format!(
                    "this is the agent of task {}, and GANGER_ATTEMPT and GANGER_TOKEN are not its own",
                    caller.task
                ),
            )
            .of(caller.task)
            .hint("run it with the environment that the agent was started with")),
        },
    }
}

/// The agent in whose environment this is.
pub(super) fn agent() -> Result<Option<Speaker>, Fault> {
    let (Some(attempt), Some(token)) = (variable("GANGER_ATTEMPT"), variable("GANGER_TOKEN")) else { return Ok(None) };
    let attempt = AttemptId::parse(&attempt)
        .map_err(|text| Fault::new(Kind::Usage, format!("GANGER_ATTEMPT {text:?} is not an attempt")))?;
    Ok(Some(Speaker::Agent { attempt, token }))
}
