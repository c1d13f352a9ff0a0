//! What a reviewer does in the view: picks lines, reads what was said of them, and marks what was seen.

use std::collections::BTreeSet;

use super::{Awaited, Diff, Entry, Item, Look};
use crate::domain::comment::{Comment, State};

impl Diff {
    /// Begins to pick lines at the cursor, or ends it.
    pub(super) fn pick(&mut self) {
        self.picked = match self.picked {
            Some(_) => None,
            None => Some(self.row),
        };
    }

    /// The rows that are picked; without a pick, the one of the cursor.
    #[must_use]
    pub fn picked(&self) -> std::ops::RangeInclusive<usize> {
        let from = self.picked.unwrap_or(self.row);
        from.min(self.row)..=from.max(self.row)
    }

    /// The picked lines, as the file has them now: `FILE:LINE` or `FILE:FIRST-LAST`.
    pub(super) fn lines(&self) -> Option<String> {
        let entry = self.entry()?;
        let patch = entry.patch()?;
        let numbers = self.picked().filter_map(|row| match entry.item(row)? {
            Item::Line(index) => Some(patch.lines.get(index)?.new).filter(|number| *number > 0),
            Item::Note(_) | Item::Head(_) | Item::More => None,
        });
        let numbers: BTreeSet<u32> = numbers.collect();
        let (first, last) = (numbers.first()?, numbers.last()?);
        let path = entry.file.path.display();
        Some(if first == last { format!("{path}:{first}") } else { format!("{path}:{first}-{last}") })
    }

    /// The lines of a file that something is still to be done about.
    #[must_use]
    pub fn commented(&self, entry: &Entry) -> Vec<std::ops::RangeInclusive<u32>> {
        let path = entry.file.path.to_string_lossy();
        let open = self.comments.iter().filter(|comment| comment.state != State::Handled && comment.place.path == path);
        open.map(|comment| comment.place.first..=comment.place.last).collect()
    }

    /// To a line of a file, as soon as that has been read; false where the file is none of these.
    pub fn go_to(&mut self, path: &str, line: u32) -> bool {
        let is = |index: &usize| self.entries[*index].file.path.to_string_lossy() == path;
        let Some(at) = self.shown.iter().position(is) else { return false };
        if at != self.at {
            self.go_to_file(at);
        }
        self.awaited = Some(Awaited::Number(line));
        self.arrive();
        true
    }

    /// Goes to the line that is waited for, if it is there by now.
    pub(super) fn arrive(&mut self) {
        let Some(Awaited::Number(number)) = self.awaited else { return };
        let Some(entry) = self.entry_mut() else { return };
        let Some(patch) = entry.patch() else { return };
        // A line that no hunk has: the next one that is shown.
        let found = patch.lines.iter().position(|line| line.new >= number);
        let last = patch.lines.len().saturating_sub(1);
        if found.is_none() && patch.cut {
            return;
        }
        let line = found.unwrap_or(last);
        entry.unfold(line);
        let row = entry.row_of(line);
        (self.row, self.awaited) = (row, None);
    }

    /// Marks the hunk of the cursor as seen, or takes that back, and goes on to the next that was not.
    pub(super) fn mark_hunk(&mut self) -> Vec<Look> {
        let row = self.row;
        let Some(entry) = self.entry_mut() else { return Vec::new() };
        let Some(hunk) = entry.hunk_at(row) else { return Vec::new() };
        let is_seen = !entry.is_seen(hunk);
        let marked = entry.mark(&[hunk], is_seen);
        self.row = self.entry().map_or(0, |entry| entry.head(hunk));
        if is_seen {
            self.step_hunk(true);
        }
        self.keep(marked, is_seen)
    }

    /// The same for all hunks of the file.
    pub(super) fn mark_file(&mut self) -> Vec<Look> {
        let Some(entry) = self.entry_mut() else { return Vec::new() };
        let is_seen = !entry.is_all_seen();
        let hunks: Vec<usize> = (0..entry.hunks()).collect();
        let marked = entry.mark(&hunks, is_seen);
        self.row = 0;
        if is_seen {
            self.step_file(true);
        }
        self.keep(marked, is_seen)
    }

    fn keep(&mut self, marks: Vec<String>, is_seen: bool) -> Vec<Look> {
        for mark in &marks {
            if is_seen {
                self.seen.insert(mark.clone());
            } else {
                self.seen.remove(mark);
            }
        }
        let mut looks = self.wanted();
        if !marks.is_empty() {
            looks.push(Look::Mark { task: self.task, marks, is_seen });
        }
        looks
    }

    /// What was read of the review.
    pub(super) fn reviewed(&mut self, comments: Vec<Comment>, seen: Vec<String>) {
        self.comments = comments;
        self.seen = seen.into_iter().collect();
        for entry in &mut self.entries {
            entry.see(&self.seen);
        }
    }
}
