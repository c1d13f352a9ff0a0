//! `ganger approve`, `ganger bounce`, `ganger reopen`.

use super::{Outcome, answer, mention_left_out, prompt};
use crate::cli::args::Bounce;
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::domain::id::TaskId;
use crate::engine::review::{self, Bounced};
use crate::engine::{comments, diff, merge};

/// Approves a task in review.
///
/// # Errors
/// See [`review::approve`].
pub fn approve(wiring: &Wiring, id: i64) -> Outcome {
    let engine = wiring.engine()?;
    let task = review::approve(&engine, TaskId(id))?;
    // A merge of its branch would lack them.
    if let Some(files) = diff::uncommitted(&engine, task.id).filter(|files| *files > 0) {
        let files = if files == 1 { "1 file is".to_owned() } else { format!("{files} files are") };
        output::mention(&format!("{files} not committed: ganger diff {id} --uncommitted"));
    }
    answer(wiring, &engine, &task, &format!("task {id} is {}", task.status.said()))
}

/// Takes a task that is done back to review.
///
/// # Errors
/// See [`review::reopen`].
pub fn reopen(wiring: &Wiring, id: i64) -> Outcome {
    let engine = wiring.engine()?;
    let task = review::reopen(&engine, TaskId(id))?;
    answer(wiring, &engine, &task, &format!("task {id} is {}", task.status.said()))
}

/// Sends work back with feedback.
///
/// # Errors
/// See [`review::bounce`].
pub fn bounce(wiring: &Wiring, args: &Bounce) -> Outcome {
    let note = args.note.clone().map(prompt::read).transpose()?;
    let engine = wiring.engine()?;
    wiring.catch_interrupts();
    let id = TaskId(args.id);
    let bounced = if args.comments {
        let (bounced, round, count) = comments::bounce(&engine, id, note.as_deref())?;
        output::mention(&format!("round {round}: {count} comments"));
        bounced
    } else if args.from_pr {
        merge::bounce(&engine, id, note.as_deref())?
    } else {
        review::bounce(&engine, id, note.as_deref().unwrap_or_default())?
    };
    let note = note.unwrap_or_default();
    let sentence = match bounced {
        Bounced::Taken => {
            mention_left_out(&note);
            format!("task {id} is back at work")
        }
        Bounced::Attempt(number) => format!("task {id}: attempt {number} runs with it"),
    };
    answer(wiring, &engine, &engine.task(id)?, &sentence)
}
