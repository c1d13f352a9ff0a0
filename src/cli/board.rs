//! The board as a table: coloured where asked, and cut to the width of the terminal that shows it.

use super::output::{self, Cell, Tone};
use super::{json, wiring::Wiring};
use crate::domain::state::Status;
use crate::domain::task::Blocker;
use crate::domain::text;
use crate::domain::time::{Timestamp, span};

pub use crate::engine::board::{Card, Looker, Seen, card};

/// The columns that a title and what is remarked beside it have at least, however narrow the terminal is.
const LEAST: usize = 16;
const MOST_OF_A_TITLE: usize = 50;
const MOST_OF_REMARKS: usize = 100;

/// Prints cards as a table. `all`: of every repository, so each is named.
pub fn table(wiring: &Wiring, cards: &[Card], all: bool, now: Timestamp) {
    let width = output::width();
    if cards.is_empty() {
        // Nobody needs to be told who reads a file or a pipe.
        if width.is_some() {
            output::mention("no tasks here; add one: ganger add 'What is to be done'");
        }
        return;
    }
    output::cells(&rows(cards, all, width, now), wiring.colours());
}

/// A row for each card below the heads, at most `width` columns wide where that is possible.
fn rows(cards: &[Card], all: bool, width: Option<usize>, now: Timestamp) -> Vec<Vec<Cell>> {
    let heads = ["ID", "STATUS", "AGENT", "UPDATED", "REPOSITORY", "TITLE", ""];
    let of_all = |name: &&str| all || *name != "REPOSITORY";
    let mut rows: Vec<Vec<Cell>> =
        vec![heads.iter().filter(|name| of_all(name)).map(|name| Cell::new(*name, Tone::Dim)).collect()];
    for card in cards {
        let task = &card.task;
        let (remarks, tone) = remarks(card, now);
        let repo = task.draft.repo.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut row = vec![
            Cell::new(task.id.to_string(), Tone::Plain),
            Cell::new(task.status.to_string(), status(card)),
            Cell::new(text::line(&task.draft.agent), Tone::Plain),
            Cell::new(format!("{} ago", span(now.since(task.updated_at).as_secs())), Tone::Dim),
        ];
        if all {
            row.push(Cell::new(text::line(&repo), Tone::Plain));
        }
        row.push(Cell::new(text::cut(&text::line(&task.draft.title), MOST_OF_A_TITLE), Tone::Plain));
        row.push(Cell::new(text::cut(&text::line(&remarks), MOST_OF_REMARKS), tone));
        rows.push(row);
    }
    if let Some(width) = width {
        fit(&mut rows, width);
    }
    rows
}

/// Cuts the last two columns so that the lines fit: the remarks first, as a title says which task it is.
fn fit(rows: &mut [Vec<Cell>], width: usize) {
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(Cell::width).max().unwrap_or(0);
    let columns = rows.first().map_or(0, Vec::len);
    let Some(title) = columns.checked_sub(2) else { return };
    let before: usize = (0..title).map(|column| widest(column) + output::GAP).sum();
    let room = width.saturating_sub(before + output::GAP);
    let remarks = room.saturating_sub(widest(title)).max(LEAST.min(widest(title + 1)));
    let titles = room.saturating_sub(remarks.min(widest(title + 1))).max(LEAST);
    for row in rows {
        row[title].cut(titles);
        row[title + 1].cut(remarks);
    }
}

fn status(card: &Card) -> Tone {
    match card.task.status {
        Status::InProgress if card.is_lost() => Tone::Bad,
        Status::InProgress => Tone::Busy,
        Status::Review | Status::Done => Tone::Good,
        Status::Failed => Tone::Bad,
        Status::Ready => Tone::Plain,
    }
}

/// What there is to say of a card besides its task, and how.
fn remarks(card: &Card, now: Timestamp) -> (String, Tone) {
    let task = &card.task;
    let mut tone = Tone::Dim;
    let mut remarks: Vec<String> = card.tree_trouble().into_iter().collect();
    if !remarks.is_empty() {
        tone = Tone::Warn;
    }
    if card.is_lost() {
        tone = Tone::Bad;
        remarks.push("LOST: its process is gone, run: ganger --reconcile".to_owned());
    } else if let Some(doubt) = card.doubt() {
        tone = Tone::Warn;
        remarks.push(format!("UNKNOWN: {}", doubt.text()));
    } else if let Some(activity) = card.activity_text() {
        if card.is_waiting() {
            tone = Tone::Warn;
        }
        remarks.push(activity);
        remarks.extend(card.saying().map(str::to_owned));
    }
    remarks.extend(card.limit_until(now).map(|until| format!("limit ends {}", json::time(until))));
    if task.archived {
        remarks.push("archived".to_owned());
    }
    if task.attempts > 1 {
        remarks.push(format!("attempt {}", task.attempts));
    }
    if !task.blocked_by.is_empty() {
        remarks.push(format!("waits for {}", Blocker::list(&task.blocked_by)));
    }
    remarks.extend(task.pull.as_ref().map(|pull| format!("PR {}: {}", pull.number, pull.said)));
    if task.status != Status::InProgress
        && let Some(reason) = &task.reason
    {
        remarks.push(reason.clone());
    }
    (remarks.join(" · "), tone)
}

#[cfg(test)]
mod tests {
    use super::{Cell, LEAST, Tone, fit};
    use crate::cli::output::GAP;

    fn line(row: &[Cell]) -> usize {
        row.iter().map(Cell::width).sum::<usize>() + GAP * (row.len() - 1)
    }

    #[test]
    fn lines_fit_wherever_there_is_room_for_anything() {
        for (title, remarks) in [(50, 100), (5, 100), (50, 0), (50, 3), (1, 1), (30, 30)] {
            for width in 60..250 {
                let cell = |columns: usize| Cell::new("x".repeat(columns), Tone::Plain);
                let mut rows = vec![vec![cell(2), cell(11), cell(title), cell(remarks)]];
                fit(&mut rows, width);
                assert!(line(&rows[0]) <= width, "{width}: {rows:?}");
                assert!(rows[0][2].width() >= title.min(LEAST) && rows[0][3].width() >= remarks.min(LEAST), "{rows:?}");
                let whole = 2 + 11 + title + remarks + 3 * GAP;
                assert!(whole > width || line(&rows[0]) == whole, "cut for nothing: {rows:?}");
            }
        }
    }
}
