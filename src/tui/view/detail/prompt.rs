//! What the task is: its settings, and what its agent is told.

use ratatui::text::Line;

use super::{Rows, fact, rule};
use crate::domain::state::Status;
use crate::domain::text;
use crate::engine::board::Card;
use crate::tui::fold;
use crate::tui::model::Model;

pub(super) fn rows<'a>(model: &'a Model, card: &'a Card, width: u16) -> Rows<'a> {
    let task = &card.task;
    let draft = &task.draft;
    let mut facts: Vec<(&str, String)> = vec![("status", task.status.text().to_owned())];
    facts.extend(task.reason.clone().map(|reason| ("because", reason)));
    facts.push(("agent", draft.agent.clone()));
    facts.push(("base", draft.base.clone().unwrap_or_else(|| "as configured".to_owned())));
    if !draft.after.is_empty() {
        facts.push(("after", draft.after.iter().map(|id| format!("#{id}")).collect::<Vec<_>>().join(" ")));
    }
    facts.extend(draft.verify.iter().map(|command| ("verify", command.clone())));
    facts.extend(task.note.clone().map(|note| ("note", note)));
    if let Some(seen) = &card.attempt {
        facts.push(("branch", seen.attempt.plan.branch.clone()));
        facts.push(("worktree", seen.attempt.plan.worktree.display().to_string()));
    }
    if task.status == Status::Ready && draft.prompt.is_empty() {
        facts.push(("prompt", "the title".to_owned()));
    }
    let style = model.options.theme.text;
    let facts = facts.into_iter().flat_map(move |(name, what)| fact(model, name, &what, width));
    let prompt = draft.prompt.lines().flat_map(move |line| fold::rows(line, width));
    let prompt = prompt.map(move |row| Line::styled(text::line(row).replace('\t', "    "), style));
    Box::new(facts.chain([rule(model, width)]).chain(prompt))
}
