//! `ganger comment`.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Outcome, prompt};
use crate::cli::args::Comment as Args;
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::domain::comment::Comment;
use crate::domain::id::TaskId;
use crate::domain::permission::Caller;
use crate::domain::state::Who;
use crate::domain::text;
use crate::engine::{Fault, Kind, comments};

/// Makes, lists, changes or drops comments on a task's work.
///
/// # Errors
/// Those of [`comments`].
pub fn run(wiring: &Wiring, args: Args) -> Outcome {
    let engine = wiring.engine()?;
    let task = TaskId(args.id);
    let text = args.text.map(prompt::read).transpose()?;
    if let Some(id) = args.handled {
        let who = if wiring.around.caller == Caller::Person { Who::Person } else { Who::Agent };
        comments::handled(&engine, task, id, who)?;
        return say(wiring, &engine, task, &format!("comment {id} is handled"));
    }
    if let Some(id) = args.delete {
        comments::drop_drafts(&engine, task, Some(id))?;
        return say(wiring, &engine, task, &format!("comment {id} is dropped"));
    }
    if args.clear {
        comments::drop_drafts(&engine, task, None)?;
        return say(wiring, &engine, task, "no comment waits to be sent");
    }
    if args.list {
        return Ok(list(wiring, &comments::list(&engine, task)?));
    }
    // With --edit the text stands where the place would.
    if let Some(id) = args.edit {
        let text = args.place.ok_or_else(|| Fault::new(Kind::Usage, "--edit needs the new text"))?;
        comments::edit(&engine, task, id, &prompt::read(text)?)?;
        return say(wiring, &engine, task, &format!("comment {id} is changed"));
    }
    let (Some(place), Some(text)) = (args.place, text) else {
        let hint = format!("ganger comment {task} FILE:LINE TEXT, or --list");
        return Err(Fault::new(Kind::Usage, "a comment needs a place and a text").hint(hint));
    };
    let comment = comments::add(&engine, task, &place, &text)?;
    say(
        wiring,
        &engine,
        task,
        &format!("comment {} on {}: ganger bounce {task} --comments sends it", comment.id, comment.place),
    )
}

fn say(wiring: &Wiring, engine: &crate::engine::Engine, task: TaskId, sentence: &str) -> Outcome {
    if wiring.global.json {
        return Ok(list(wiring, &comments::list(engine, task)?));
    }
    output::say(sentence);
    Ok(ExitCode::SUCCESS)
}

fn list(wiring: &Wiring, comments: &[Comment]) -> ExitCode {
    if wiring.global.json {
        output::object(json!({ "comments": comments.iter().map(one).collect::<Vec<_>>() }));
        return ExitCode::SUCCESS;
    }
    for comment in comments {
        let round = comment.round.map(|round| format!(", round {round}")).unwrap_or_default();
        output::say(&format!("{}  {}  ({}{round})", comment.id, text::line(&comment.place.to_string()), comment.state));
        for line in comment.place.quote.lines() {
            output::say(&format!("    > {}", text::line(line)));
        }
        for line in comment.text.lines() {
            output::say(&format!("    {}", text::line(line)));
        }
    }
    ExitCode::SUCCESS
}

fn one(comment: &Comment) -> Value {
    json!({
        "id": comment.id,
        "path": comment.place.path,
        "first": comment.place.first,
        "last": comment.place.last,
        "quote": comment.place.quote,
        "text": comment.text,
        "state": comment.state.text(),
        "round": comment.round,
    })
}
