//! A file of the view: its patch as rows, some of them folded.

use std::collections::{BTreeSet, HashSet};
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use super::{Awaited, FIRST};
use crate::domain::diff::{Count, File};
use crate::domain::patch::Patch;

/// What is known of a file's patch.
#[derive(Clone, Debug, PartialEq)]
pub enum Loaded {
    Not,
    Here(Arc<Patch>),
    Failed(String),
}

/// A row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Something about the file as a whole.
    Note(String),
    /// The head of a hunk.
    Head(usize),
    /// A line of the patch.
    Line(usize),
    /// There is more than was read.
    More,
}

/// A file that has changed.
#[derive(Clone, Debug)]
pub struct Entry {
    pub file: File,
    /// It has changed in commits; and since HEAD.
    pub committed: bool,
    pub uncommitted: bool,
    /// Counting has found that it has not changed.
    pub is_same: bool,
    pub patch: Loaded,
    /// How many lines were asked for last, while that is not answered.
    asked: Option<usize>,
    /// The hunks that show their head only.
    folded: BTreeSet<usize>,
    /// What each hunk is known by, and which were seen.
    marks: Vec<String>,
    seen: BTreeSet<usize>,
    notes: Vec<String>,
    /// The row of each hunk's head.
    heads: Vec<usize>,
    rows: usize,
}

impl Entry {
    pub(super) fn new(file: File) -> Self {
        let mut entry = Self {
            file,
            committed: false,
            uncommitted: false,
            is_same: false,
            patch: Loaded::Not,
            asked: None,
            folded: BTreeSet::new(),
            marks: Vec::new(),
            seen: BTreeSet::new(),
            notes: Vec::new(),
            heads: Vec::new(),
            rows: 0,
        };
        entry.arrange();
        entry
    }

    pub(super) fn set_count(&mut self, count: Option<Count>) {
        self.file.count = count;
        self.arrange();
    }

    pub(super) fn load(&mut self, patch: Result<Arc<Patch>, String>, seen: &HashSet<String>) {
        self.asked = None;
        self.patch = match patch {
            Ok(patch) => Loaded::Here(patch),
            Err(why) => Loaded::Failed(why),
        };
        self.marks = match self.patch() {
            Some(patch) => {
                let path = self.file.path.as_os_str().as_bytes();
                // One that is cut off may be another one once all of it is there.
                let whole = patch.hunks.len() - usize::from(patch.cut && !patch.hunks.is_empty());
                (0..whole).map(|hunk| patch.mark(path, hunk)).collect()
            }
            None => Vec::new(),
        };
        self.see(seen);
    }

    /// Takes over which hunks were seen: they show their head only.
    pub(super) fn see(&mut self, seen: &HashSet<String>) {
        if !self.is_loaded() {
            return;
        }
        let now: BTreeSet<usize> = (0..self.marks.len()).filter(|hunk| seen.contains(&self.marks[*hunk])).collect();
        self.folded.extend(now.difference(&self.seen));
        self.seen = now;
        self.arrange();
    }

    /// Marks hunks; what those are known by.
    pub(super) fn mark(&mut self, hunks: &[usize], is_seen: bool) -> Vec<String> {
        let known: Vec<usize> = hunks.iter().copied().filter(|hunk| *hunk < self.marks.len()).collect();
        for hunk in &known {
            if is_seen {
                self.seen.insert(*hunk);
                self.folded.insert(*hunk);
            } else {
                self.seen.remove(hunk);
                self.folded.remove(hunk);
            }
        }
        self.arrange();
        known.into_iter().map(|hunk| self.marks[hunk].clone()).collect()
    }

    pub(super) const fn hunks(&self) -> usize {
        self.heads.len()
    }

    /// Whether a hunk was seen.
    #[must_use]
    pub fn is_seen(&self, hunk: usize) -> bool {
        self.seen.contains(&hunk)
    }

    /// Whether all of the file was, as far as it is known.
    #[must_use]
    pub fn is_all_seen(&self) -> bool {
        !self.marks.is_empty() && self.seen.len() == self.marks.len()
    }

    pub(super) fn is_loaded(&self) -> bool {
        matches!(self.patch, Loaded::Here(_))
    }

    pub(super) fn unload(&mut self) {
        self.patch = Loaded::Not;
        self.arrange();
    }

    /// How many lines are to be read, if more are than have been; `near` is the row that one is about to get to.
    pub(super) fn wants(&mut self, near: usize, awaited: Option<Awaited>) -> Option<usize> {
        let lines = match (&self.patch, awaited) {
            (Loaded::Failed(_), _) => return None,
            (Loaded::Here(patch), _) if !patch.cut => return None,
            (_, Some(Awaited::End)) => usize::MAX,
            (_, Some(Awaited::Line(line))) if line >= FIRST => line.saturating_add(FIRST),
            (_, Some(Awaited::Number(number))) => (number as usize).saturating_mul(2).saturating_add(FIRST),
            (Loaded::Here(patch), None | Some(Awaited::Line(_))) if near >= self.rows => {
                patch.lines.len().saturating_mul(4)
            }
            (Loaded::Here(_), None | Some(Awaited::Line(_))) => return None,
            (Loaded::Not, None | Some(Awaited::Line(_))) => FIRST,
        };
        if self.asked.is_some_and(|asked| asked >= lines) {
            return None;
        }
        self.asked = Some(lines);
        Some(lines)
    }

    /// The patch, once it is there.
    #[must_use]
    pub fn patch(&self) -> Option<&Patch> {
        match &self.patch {
            Loaded::Here(patch) => Some(patch),
            Loaded::Not | Loaded::Failed(_) => None,
        }
    }

    /// Puts the rows in order: notes, then each hunk's head and lines.
    fn arrange(&mut self) {
        self.notes = self.file.notes();
        self.heads.clear();
        let mut row = 0;
        match &self.patch {
            Loaded::Not => self.notes.push("reading…".to_owned()),
            Loaded::Failed(why) => self.notes.push(why.clone()),
            Loaded::Here(patch) => {
                if patch.binary && self.file.count.is_none() {
                    self.notes.push("binary".to_owned());
                }
                if patch.hunks.is_empty() && !patch.binary && self.notes.is_empty() {
                    self.notes.push("no line of it has changed".to_owned());
                }
                row = self.notes.len();
                self.heads.reserve(patch.hunks.len());
                for hunk in 0..patch.hunks.len() {
                    self.heads.push(row);
                    row += 1 + if self.folded.contains(&hunk) { 0 } else { patch.hunk(hunk).len() };
                }
                row += usize::from(patch.cut);
            }
        }
        self.rows = row.max(self.notes.len());
    }

    /// How many rows it has.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// What a row is.
    #[must_use]
    pub fn item(&self, row: usize) -> Option<Item> {
        if row >= self.rows {
            return None;
        }
        if let Some(note) = self.notes.get(row) {
            return Some(Item::Note(note.clone()));
        }
        let hunk = self.hunk_at(row)?;
        let patch = self.patch()?;
        let within = row - self.heads[hunk];
        if within == 0 {
            return Some(Item::Head(hunk));
        }
        let lines = if self.folded.contains(&hunk) { 0 } else { patch.hunk(hunk).len() };
        Some(if within <= lines { Item::Line(patch.hunks[hunk].first + within - 1) } else { Item::More })
    }

    /// The hunk that a row belongs to.
    #[must_use]
    pub fn hunk_at(&self, row: usize) -> Option<usize> {
        self.heads.partition_point(|head| *head <= row).checked_sub(1)
    }

    /// The row of a hunk's head after this row, or before it.
    pub(super) fn next_hunk(&self, row: usize, forward: bool) -> Option<usize> {
        if forward {
            self.heads.get(self.heads.partition_point(|head| *head <= row)).copied()
        } else {
            self.heads[..self.heads.partition_point(|head| *head < row)].last().copied()
        }
    }

    /// The row of a hunk's head.
    pub(super) fn head(&self, hunk: usize) -> usize {
        self.heads.get(hunk).copied().unwrap_or(0)
    }

    pub(super) fn first_hunk(&self) -> usize {
        self.heads.first().copied().unwrap_or(0)
    }

    /// The hunk of a line of the patch.
    fn hunk_of(&self, line: usize) -> Option<usize> {
        self.patch()?.hunks.partition_point(|hunk| hunk.first <= line).checked_sub(1)
    }

    pub(super) fn has_line(&self, line: usize) -> bool {
        self.patch().is_some_and(|patch| line < patch.lines.len())
    }

    /// The row of a line of the patch, or the head of its hunk where that is folded.
    #[must_use]
    pub fn row_of(&self, line: usize) -> usize {
        let Some((hunk, patch)) = self.hunk_of(line).zip(self.patch()) else { return 0 };
        let head = self.heads[hunk];
        if self.folded.contains(&hunk) { head } else { head + 1 + line - patch.hunks[hunk].first }
    }

    /// Shows only the head of a hunk, or all of it again.
    pub(super) fn fold(&mut self, hunk: usize) {
        if !self.folded.remove(&hunk) {
            self.folded.insert(hunk);
        }
        self.arrange();
    }

    /// Folds all hunks, or unfolds them where all are.
    pub(super) fn fold_all(&mut self) {
        if self.folded.len() == self.heads.len() {
            self.folded.clear();
        } else {
            self.folded = (0..self.heads.len()).collect();
        }
        self.arrange();
    }

    pub(super) fn unfold(&mut self, line: usize) {
        if self.hunk_of(line).is_some_and(|hunk| self.folded.remove(&hunk)) {
            self.arrange();
        }
    }

    /// Whether only the head of a hunk is shown.
    #[must_use]
    pub fn is_folded(&self, hunk: usize) -> bool {
        self.folded.contains(&hunk)
    }
}
