//! `ganger peek`, `ganger log`.

use std::process::ExitCode;
use std::time::SystemTime;

use serde_json::json;

use super::Outcome;
use crate::cli::args::{Log, Peek};
use crate::cli::wiring::Wiring;
use crate::cli::{json as form, output};
use crate::domain::attempt::Attempt;
use crate::domain::bounds::SHOWN;
use crate::domain::id::TaskId;
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::engine::{Engine, Fault, Kind};
use crate::ports::store::Which;

fn shown(wiring: &Wiring, screen: &str) -> String {
    if wiring.colours() { text::coloured(screen) } else { text::plain(screen) }
}

fn never_dispatched(id: i64) -> Fault {
    Fault::new(Kind::Conflict, format!("task {id} was never dispatched"))
        .of(TaskId(id))
        .hint(format!("ganger dispatch {id}"))
}

/// Prints what the agent's terminal shows now.
///
/// # Errors
/// [`Kind::Conflict`] where it has none; those of tmux.
pub fn peek(wiring: &Wiring, args: &Peek) -> Outcome {
    let engine = wiring.engine()?;
    let task = engine.task(TaskId(args.id))?;
    let attempt = task.attempt.as_ref().map(|id| engine.ports.store.attempt(id)).transpose()?.flatten();
    let attempt = attempt.ok_or_else(|| never_dispatched(args.id))?;
    let socket = &attempt.plan.socket;
    let panes = engine.ports.mux.glance(socket)?;
    let Some(pane) = panes.find(&attempt.plan.id) else {
        return Err(Fault::new(Kind::Conflict, format!("task {} no longer has a pane", args.id))
            .of(task.id)
            .hint(format!("ganger log {}", args.id)));
    };
    let screen = engine.ports.mux.capture(socket, &pane.id, args.lines)?;
    let lines: Vec<&str> = screen.lines().collect();
    let last = lines.len().saturating_sub(usize::try_from(args.lines).unwrap_or(usize::MAX));
    let screen = lines[last..].join("\n");
    if wiring.global.json {
        output::object(
            json!({ "task": args.id, "attempt": attempt.plan.id.as_str(), "pane": if pane.dead { "dead" } else { "live" }, "screen": text::plain(&screen) }),
        );
    } else {
        output::put(&shown(wiring, &screen));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the saved screen of an attempt, or what its setup and verification printed.
///
/// # Errors
/// [`Kind::Conflict`] where there is none, and why.
pub fn run(wiring: &Wiring, args: &Log) -> Outcome {
    let engine = wiring.engine()?;
    let attempt = attempt(&engine, args)?;
    let path = if args.verify { &attempt.plan.files.log } else { &attempt.plan.files.screen };
    let bytes = engine
        .ports
        .files
        .read_ends(path, SHOWN)
        .map_err(|error| Fault::io(&format!("reading {}", path.display()), &error))?;
    let Some(bytes) = bytes else {
        let why = match (args.verify, attempt.started_at.is_some(), attempt.phase.is_live()) {
            (true, ..) => "nothing was set up or verified",
            (false, false, _) => "its agent never started",
            (false, true, true) => "it is saved every minute, and at the end",
            (false, true, false) => "its pane was closed before its end could be saved",
        };
        return Err(Fault::new(Kind::Conflict, format!("no log of attempt {}: {why}", attempt.plan.number))
            .of(attempt.plan.task)
            .hint(format!("ganger peek {}", args.id)));
    };
    let saved = path.metadata().and_then(|file| file.modified()).ok().map(timestamp);
    let screen = String::from_utf8_lossy(&bytes);
    if wiring.global.json {
        output::object(
            json!({ "task": args.id, "attempt": attempt.plan.id.as_str(), "saved_at": saved.map(form::time), "screen": text::plain(&screen) }),
        );
    } else {
        if let Some(saved) = saved {
            output::mention(&format!("attempt {}, as of {}", attempt.plan.number, form::time(saved)));
        }
        output::put(&shown(wiring, &screen));
    }
    Ok(ExitCode::SUCCESS)
}

fn timestamp(at: SystemTime) -> Timestamp {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn attempt(engine: &Engine, args: &Log) -> Result<Attempt, Fault> {
    let task = engine.task(TaskId(args.id))?;
    let attempts = engine.ports.store.attempts(&Which::Of(task.id))?;
    let known = attempts.len();
    let found = match args.attempt {
        None => attempts.into_iter().next_back(),
        Some(number) => attempts.into_iter().find(|attempt| attempt.plan.number == number),
    };
    found.ok_or_else(|| match args.attempt {
        Some(number) if known > 0 => {
            Fault::new(Kind::Conflict, format!("task {} has {known} attempts, not {number}", args.id)).of(task.id)
        }
        Some(_) | None => never_dispatched(args.id),
    })
}
