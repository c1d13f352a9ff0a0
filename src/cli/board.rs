//! The board as a table.

use crate::domain::state::Status;
use crate::domain::text;
use crate::domain::time::Timestamp;

use super::{json, output};

pub use crate::engine::board::{Card, Looker, Seen, card};

/// Prints cards as a table.
pub fn table(cards: &[Card], now: Timestamp) {
    if cards.is_empty() {
        return;
    }
    let mut rows = vec![["ID", "STATUS", "AGENT", "TITLE", ""].map(str::to_owned).to_vec()];
    for card in cards {
        let task = &card.task;
        let mut remarks: Vec<String> = card.tree_trouble().into_iter().collect();
        if card.is_lost() {
            remarks.push("LOST: its process is gone, run: ganger --reconcile".to_owned());
        } else if let Some(doubt) = card.doubt() {
            remarks.push(format!("UNKNOWN: {}", doubt.text()));
        } else if let Some(activity) = card.activity_text() {
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
            let by: Vec<String> = task.blocked_by.iter().map(ToString::to_string).collect();
            remarks.push(format!("waits for {}", by.join(", ")));
        }
        if task.status != Status::InProgress
            && let Some(reason) = &task.reason
        {
            remarks.push(reason.clone());
        }
        rows.push(vec![
            task.id.to_string(),
            task.status.to_string(),
            text::line(&task.draft.agent),
            text::cut(&text::line(&task.draft.title), 50),
            text::cut(&text::line(&remarks.join(" · ")), 100),
        ]);
    }
    output::table(&rows);
}
