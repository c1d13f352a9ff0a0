//! A text that is searched for in the pane.

use super::super::find::matches;
use super::super::model::{Model, Tone};
use super::super::view::{contents, height};

/// Searches for a text, from what is in sight on.
pub(super) fn search(model: &mut Model, text: String) {
    model.detail.search = text;
    if !model.detail.search.is_empty() {
        let top = top(model);
        go(model, |rows| rows.iter().position(|row| *row >= top).unwrap_or(0));
    }
}

/// Goes to the next place, or the one before, and round the end.
pub(super) fn next(model: &mut Model, forward: bool) {
    if model.detail.search.is_empty() {
        model.say(Tone::Plain, "nothing has been searched for here yet");
        return;
    }
    let here = model.detail.found;
    go(model, |rows| {
        if forward {
            rows.iter().position(|row| *row > here).unwrap_or(0)
        } else {
            rows.iter().rposition(|row| *row < here).unwrap_or(rows.len() - 1)
        }
    });
}

/// Goes to one of the rows in which the text stands.
fn go(model: &mut Model, choose: impl Fn(&[usize]) -> usize) {
    let lines = contents(model);
    let needle = &model.detail.search;
    let is_in = |(row, line): (usize, &String)| (!matches(line, needle).is_empty()).then_some(row);
    let rows: Vec<usize> = lines.iter().enumerate().filter_map(is_in).collect();
    if rows.is_empty() {
        let said = format!("not found here: {needle}");
        model.say(Tone::Plain, said);
        return;
    }
    let place = choose(&rows);
    let row = rows[place];
    model.detail.found = row;
    // A few rows before it are in sight, too.
    let height = height(model);
    let last = lines.len().saturating_sub(height);
    let top = row.saturating_sub(height / 3).min(last);
    model.detail.scroll = if model.follows_end() { last - top } else { top };
    model.say(Tone::Plain, format!("{} of {} rows", place + 1, rows.len()));
}

/// The first row that is in sight.
fn top(model: &Model) -> usize {
    let last = contents(model).len().saturating_sub(height(model));
    let scroll = model.detail.scroll.min(last);
    if model.follows_end() { last - scroll } else { scroll }
}
