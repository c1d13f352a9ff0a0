//! `ganger send`: a text for the agent.

use super::{Outcome, answer, mention_left_out, prompt};
use crate::cli::args::Send;
use crate::cli::wiring::Wiring;
use crate::domain::id::TaskId;
use crate::engine::{Fault, Kind, screen};

/// Types to a task's agent.
///
/// # Errors
/// See [`screen::send`].
pub fn run(wiring: &Wiring, args: &Send) -> Outcome {
    // `@` is no file here: people begin answers with it.
    let text = if args.text == "-" { prompt::read(args.text.clone())? } else { args.text.clone() };
    let text = text.trim_end_matches('\n');
    if text.trim().is_empty() || text.contains('\0') {
        return Err(Fault::new(Kind::Usage, "a text to send can't be empty or contain a NUL character")
            .hint("ganger send ID TEXT"));
    }
    let engine = wiring.engine()?;
    let id = TaskId(args.id);
    screen::send(&engine, id, text)?;
    mention_left_out(text);
    answer(wiring, &engine, &engine.task(id)?, &format!("sent to the agent of task {id}"))
}
