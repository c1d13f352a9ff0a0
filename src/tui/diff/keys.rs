//! What the keys do in the view.

use std::sync::Arc;

use super::{Awaited, Diff, Entry, Item, Look, Place, Search};
use crate::domain::diff::{File, Part};
use crate::tui::keymap::Control;

/// What a key makes of the view.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    Stay,
    Close,
    /// These are read.
    Look(Vec<Look>),
    /// A text to look for is typed.
    Search,
    /// A comment on this line, `FILE:LINE`, is typed; absent: the line is not in the file any more.
    Comment(Option<String>),
    /// All comments are shown.
    Comments,
    /// The user's own viewer shows it.
    Viewer,
    Help,
}

impl Diff {
    /// Does what a key means. `height` is how many rows of a file are on the screen.
    pub fn press(&mut self, control: Control, height: usize) -> Turn {
        let half = isize::try_from(height / 2).unwrap_or(1).max(1);
        match control {
            // First what is searched, then the view.
            Control::Close if self.search.is_some() => {
                self.search = None;
                return Turn::Stay;
            }
            Control::Close if self.picked.is_some() => {
                self.picked = None;
                return Turn::Stay;
            }
            Control::Close => return Turn::Close,
            Control::Pick => {
                self.pick();
                return Turn::Stay;
            }
            Control::Comments => return Turn::Comments,
            Control::Viewer => return Turn::Viewer,
            Control::MarkHunk | Control::MarkFile => {
                let looks = if control == Control::MarkHunk { self.mark_hunk() } else { self.mark_file() };
                self.follow(height);
                return Turn::Look(looks);
            }
            Control::SinceReview => {
                self.since_review = !self.since_review;
                return Turn::Look(vec![self.show(self.part)]);
            }
            Control::Help => return Turn::Help,
            Control::Search => return Turn::Search,
            Control::Comment => {
                let lines = self.lines();
                self.picked = None;
                return Turn::Comment(lines);
            }
            Control::Down => self.step(1),
            Control::Up => self.step(-1),
            Control::PageDown => self.step(half),
            Control::PageUp => self.step(-half),
            Control::Page => self.page(height),
            Control::Top => self.row = 0,
            Control::Bottom => self.end(),
            Control::Left => self.left = self.left.saturating_sub(8),
            Control::Right => self.left = (self.left + 8).min(super::LENGTH),
            Control::NextFile => self.step_file(true),
            Control::PreviousFile => self.step_file(false),
            Control::NextHunk => self.step_hunk(true),
            Control::PreviousHunk => self.step_hunk(false),
            Control::Fold => self.fold(),
            Control::FoldAll => self.fold_all(),
            Control::Files => self.listed = !self.listed,
            Control::Part => {
                let next = match self.part {
                    Part::Whole => Part::Committed,
                    Part::Committed => Part::Uncommitted,
                    Part::Uncommitted => Part::Whole,
                };
                return Turn::Look(vec![self.show(next)]);
            }
            Control::NextMatch => return self.find(true),
            Control::PreviousMatch => return self.find(false),
            _ => return Turn::Stay,
        }
        self.follow(height);
        Turn::Look(self.wanted())
    }

    /// Scrolls, as the wheel does.
    pub fn scroll(&mut self, rows: isize, height: usize) -> Turn {
        let most = self.entry().map_or(0, Entry::rows).saturating_sub(height);
        self.top = self.top.saturating_add_signed(rows).min(most);
        self.row = self.row.clamp(self.top, self.top + height.max(1) - 1);
        self.follow(height);
        Turn::Look(self.wanted())
    }

    /// Goes to a file of the list.
    pub fn choose(&mut self, at: usize) -> Turn {
        if at < self.shown.len() {
            self.go_to_file(at);
        }
        Turn::Look(self.wanted())
    }

    fn step(&mut self, rows: isize) {
        let last = self.entry().map_or(0, Entry::rows).saturating_sub(1);
        self.row = self.row.saturating_add_signed(rows).min(last);
    }

    /// A screen further; at the end of a file, to the next one.
    fn page(&mut self, height: usize) {
        let rows = self.entry().map_or(0, Entry::rows);
        if self.top + height >= rows {
            return self.step_file(true);
        }
        self.top = (self.top + height.saturating_sub(1).max(1)).min(rows.saturating_sub(1));
        self.row = self.top;
    }

    fn end(&mut self) {
        let Some(entry) = self.entry() else { return };
        let more = entry.patch().is_none_or(|patch| patch.cut);
        self.row = entry.rows().saturating_sub(1);
        if more {
            self.awaited = Some(Awaited::End);
        }
    }

    pub(super) fn step_file(&mut self, forward: bool) {
        let to = if forward { self.at + 1 } else { self.at.saturating_sub(1) };
        if to < self.shown.len() && to != self.at {
            self.go_to_file(to);
        }
    }

    /// The next hunk, also of the next file.
    pub(super) fn step_hunk(&mut self, forward: bool) {
        let Some(entry) = self.entry() else { return };
        match entry.next_hunk(self.row, forward) {
            Some(row) => self.row = row,
            None if forward => {
                self.step_file(true);
                self.row = self.entry().map_or(0, Entry::first_hunk);
            }
            None if self.at > 0 => {
                self.step_file(false);
                self.row = self.entry().and_then(|entry| entry.next_hunk(usize::MAX, false)).unwrap_or(0);
            }
            None => {}
        }
    }

    fn fold(&mut self) {
        let row = self.row;
        let Some(entry) = self.entry_mut() else { return };
        let Some(hunk) = entry.hunk_at(row) else { return };
        entry.fold(hunk);
        self.row = entry.head(hunk);
    }

    fn fold_all(&mut self) {
        let row = self.row;
        let Some(entry) = self.entry_mut() else { return };
        let hunk = entry.hunk_at(row);
        entry.fold_all();
        self.row = hunk.map_or(0, |hunk| entry.head(hunk));
    }

    /// Looks for another text.
    pub fn search(&mut self, text: String) -> Turn {
        if text.is_empty() {
            self.search = None;
            return Turn::Stay;
        }
        self.search = Some(Search { text, looking: false, missing: false });
        self.find(true)
    }

    fn find(&mut self, forward: bool) -> Turn {
        let place = self.place();
        let (Some(search), Some(subject), Some(from)) = (&mut self.search, &self.subject, place) else {
            return Turn::Stay;
        };
        search.looking = true;
        search.missing = false;
        let files: Vec<(usize, File)> =
            self.shown.iter().map(|index| (*index, self.entries[*index].file.clone())).collect();
        let (subject, needle, files) = (Arc::clone(subject), search.text.clone(), Arc::new(files));
        Turn::Look(vec![Look::Find { subject, part: self.part, files, needle, from, forward }])
    }

    /// Where the cursor is. On what is no line, it is before the first line below.
    fn place(&self) -> Option<Place> {
        let index = *self.shown.get(self.at)?;
        let entry = &self.entries[index];
        let line = match entry.item(self.row) {
            Some(Item::Line(line)) => line,
            Some(Item::Head(hunk)) => entry.patch().map_or(0, |patch| patch.hunks[hunk].first),
            Some(Item::More) => entry.patch().map_or(0, |patch| patch.lines.len()),
            Some(Item::Note(_)) | None => 0,
        };
        Some(Place { index, line })
    }
}
