//! The line that an ended pane shows.

use crate::domain::state::Status;
use crate::domain::task::Task;
use crate::domain::text;

/// How it ended and what to do next, on one line.
pub(super) fn footer(task: &Task) -> String {
    let reason = task.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let id = task.id;
    let next = match task.status {
        Status::Ready => format!("ganger dispatch {id}"),
        Status::InProgress | Status::Review | Status::Done => format!("ganger show {id}"),
        Status::Failed => format!("ganger retry {id}"),
    };
    text::cut(&text::line(&format!("ganger: task {id} is {}{reason} · {next}", task.status.said())), 180)
}
