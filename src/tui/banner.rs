//! The banner: what is wrong with what the board stands on.

use super::model::Model;

/// What is wrong with what the board stands on, if anything is: one sentence.
#[must_use]
pub fn banner(model: &Model) -> Option<String> {
    if let Some(why) = &model.load_error {
        return Some(format!("the board can't be read, this is what it was: {why}"));
    }
    if let Some(doubt) = &model.board.doubt {
        return Some(format!("{doubt}: ganger doctor"));
    }
    if let Some(sweep) = &model.sweep {
        if let Some(why) = &sweep.failed {
            return Some(format!("can't reconcile: {why}"));
        }
        if let Some(Err(why)) = &sweep.tmux {
            return Some(format!("tmux can't be reached, agents are shown as last seen: {why}"));
        }
        if let Some(unknown) = sweep.unknown.first() {
            let more = sweep.unknown.len() - 1;
            let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
            return Some(format!("unknown, left as it is: {unknown}{more}"));
        }
    }
    model.board.unreadable.first().map(|row| format!("unreadable: {row}"))
}
