//! The full-screen view of what the work on a task has changed: its state, and how it moves.
//!
//! Nothing here reads a repository: what is to be read is a [`Look`], and comes back as a [`Seen`] with the number that
//! it was asked by. A row is found without walking through the others, so that a frame costs what it shows.

mod draw;
mod file;
mod keys;
pub mod read;
mod review;
mod text;

use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::comment::Comment;
use crate::domain::diff::{Count, File, Part, Sum};
use crate::domain::id::TaskId;
use crate::domain::patch::{Limit, Patch};
use crate::engine::diff::Subject;

pub use draw::draw;
pub use file::{Entry, Item, Loaded};
pub use keys::Turn;

/// So many lines of a file are read at first; more when one gets there.
const FIRST: usize = 10_000;
/// So near to the end of what was read more is asked for.
const NEAR: usize = 500;
/// Bytes of a line; nobody scrolls further to the right.
const LENGTH: usize = 4_096;
/// The patches of so many files are kept.
const KEPT: usize = 24;

/// Something to be read, off the thread that draws.
#[derive(Clone, Debug, PartialEq)]
pub enum Look {
    /// The files that have changed.
    List { task: TaskId, part: Part, since_review: bool },
    /// What was said of it, and what was seen.
    Review { task: TaskId },
    /// Keep that these hunks were seen, or were not.
    Mark { task: TaskId, marks: Vec<String>, is_seen: bool },
    /// Count them.
    Count { subject: Arc<Subject>, part: Part, files: Arc<Vec<File>> },
    /// One of them.
    Patch { subject: Arc<Subject>, part: Part, index: usize, file: File, limit: Limit },
    /// The next line that has this text, from a place on.
    Find {
        subject: Arc<Subject>,
        part: Part,
        files: Arc<Vec<(usize, File)>>,
        needle: String,
        from: Place,
        forward: bool,
    },
    /// Whatever is still being read is of no interest any more.
    Nothing,
}

/// A line of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which of the files.
    pub index: usize,
    /// Which line of its patch.
    pub line: usize,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Listed {
        subject: Arc<Subject>,
        files: Vec<File>,
    },
    /// Of each file: whether it has changed in commits, and since.
    Apart {
        committed: Vec<bool>,
        uncommitted: Vec<bool>,
    },
    Reviewed {
        comments: Vec<Comment>,
        seen: Vec<String>,
    },
    /// By place in the list; `None`: it has not changed after all.
    Counted(Vec<(usize, Option<Count>)>),
    Patched {
        index: usize,
        patch: Result<Arc<Patch>, String>,
    },
    Found(Option<Place>),
    Failed(String),
}

/// How far it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    Reading,
    Listed,
    Failed(String),
}

/// A text that is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    pub text: String,
    /// An answer is awaited.
    pub looking: bool,
    /// It is nowhere.
    pub missing: bool,
}

/// The view.
#[derive(Clone, Debug)]
pub struct Diff {
    pub task: TaskId,
    pub title: String,
    /// What was asked by an earlier number is of no interest any more.
    pub number: u64,
    pub part: Part,
    pub subject: Option<Arc<Subject>>,
    pub progress: Progress,
    pub entries: Vec<Entry>,
    /// Those of the entries that are shown: counting finds some that have not changed.
    pub shown: Vec<usize>,
    /// Which of them the cursor is in.
    pub at: usize,
    /// The row of the file that the cursor is on, and the one at the top of the screen.
    pub row: usize,
    pub top: usize,
    /// How many cells are scrolled away to the left.
    pub left: usize,
    /// The list of files is shown where there is room for it.
    pub listed: bool,
    pub search: Option<Search>,
    pub comments: Vec<Comment>,
    /// The hunks that were seen, by what they are known by.
    pub seen: HashSet<String>,
    /// Where the picked lines begin, as a row.
    picked: Option<usize>,
    /// Only what has changed since it was sent back.
    pub since_review: bool,
    /// Where the cursor goes once the patch is there.
    pub awaited: Option<Awaited>,
}

/// Where the cursor goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    End,
    /// A line of the patch.
    Line(usize),
    /// A line of the file.
    Number(u32),
}

impl Diff {
    /// An empty one, whose files have been asked for with this number.
    #[must_use]
    pub fn new(task: TaskId, title: String, number: u64) -> Self {
        Self {
            task,
            title,
            number,
            part: Part::Whole,
            subject: None,
            progress: Progress::Reading,
            entries: Vec::new(),
            shown: Vec::new(),
            at: 0,
            row: 0,
            top: 0,
            left: 0,
            listed: true,
            search: None,
            comments: Vec::new(),
            seen: HashSet::new(),
            picked: None,
            since_review: false,
            awaited: None,
        }
    }

    /// What has to be read first.
    #[must_use]
    pub fn first_look(&self) -> Look {
        Look::List { task: self.task, part: self.part, since_review: self.since_review }
    }

    /// The file that the cursor is in.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        self.entries.get(*self.shown.get(self.at)?)
    }

    fn entry_mut(&mut self) -> Option<&mut Entry> {
        self.entries.get_mut(*self.shown.get(self.at)?)
    }

    /// What all files come to.
    #[must_use]
    pub fn sum(&self) -> Sum {
        let counts = || self.shown.iter().filter_map(|index| self.entries[*index].file.count);
        Sum {
            files: self.shown.len(),
            added: counts().map(|count| count.added).sum(),
            removed: counts().map(|count| count.removed).sum(),
        }
    }

    /// Takes what was read, and says what is to be read next.
    pub fn take(&mut self, seen: Seen) -> Vec<Look> {
        match seen {
            Seen::Failed(why) => self.progress = Progress::Failed(why),
            Seen::Listed { subject, files } => return self.list(subject, files),
            Seen::Apart { committed, uncommitted } => {
                for (entry, (committed, uncommitted)) in
                    self.entries.iter_mut().zip(committed.into_iter().zip(uncommitted))
                {
                    (entry.committed, entry.uncommitted) = (committed, uncommitted);
                }
            }
            Seen::Reviewed { comments, seen } => self.reviewed(comments, seen),
            Seen::Counted(counts) => return self.count(counts),
            Seen::Patched { index, patch } => self.patch(index, patch),
            Seen::Found(place) => return self.found(place),
        }
        Vec::new()
    }

    fn list(&mut self, subject: Arc<Subject>, files: Vec<File>) -> Vec<Look> {
        let was = self.entry().map(|entry| entry.file.path.clone());
        self.progress = Progress::Listed;
        self.subject = Some(Arc::clone(&subject));
        self.entries = files.iter().cloned().map(Entry::new).collect();
        self.shown = (0..self.entries.len()).collect();
        let same = was.and_then(|path| files.iter().position(|file| file.path == path));
        self.go_to_file(same.unwrap_or(0));
        let mut looks = vec![Look::Count { subject, part: self.part, files: Arc::new(files) }];
        looks.extend(self.wanted());
        looks
    }

    fn count(&mut self, counts: Vec<(usize, Option<Count>)>) -> Vec<Look> {
        let here = self.shown.get(self.at).copied();
        let mut same = false;
        for (index, count) in counts {
            let Some(entry) = self.entries.get_mut(index) else { continue };
            same |= count.is_none();
            entry.is_same = count.is_none();
            entry.set_count(count);
        }
        if same {
            self.shown.retain(|index| !self.entries[*index].is_same);
            let at = here.map_or(0, |here| self.shown.partition_point(|index| *index < here));
            if self.shown.get(at).copied() == here {
                self.at = at;
            } else {
                self.go_to_file(at.min(self.shown.len().saturating_sub(1)));
            }
        }
        self.wanted()
    }

    fn patch(&mut self, index: usize, patch: Result<Arc<Patch>, String>) {
        let here = self.shown.get(self.at) == Some(&index);
        let Some(entry) = self.entries.get_mut(index) else { return };
        entry.load(patch, &self.seen);
        let rows = entry.rows();
        if !here {
            return;
        }
        match self.awaited.take() {
            Some(Awaited::End) => self.row = rows.saturating_sub(1),
            Some(Awaited::Line(line)) => self.row = self.entries[index].row_of(line),
            Some(awaited @ Awaited::Number(_)) => {
                self.awaited = Some(awaited);
                self.arrive();
            }
            None => {}
        }
        self.row = self.row.min(rows.saturating_sub(1));
    }

    /// What the cursor needs that has not been read yet: the file's patch, more of it, and that of the next file.
    pub fn wanted(&mut self) -> Vec<Look> {
        let (Some(subject), part) = (self.subject.clone(), self.part) else { return Vec::new() };
        let mut looks = Vec::new();
        let row = self.row;
        for (place, at) in [self.at, self.at + 1].into_iter().enumerate() {
            let Some(index) = self.shown.get(at).copied() else { break };
            let near = if place == 0 { row.saturating_add(NEAR) } else { 0 };
            if let Some(lines) = self.entries[index].wants(near, self.awaited.filter(|_| place == 0)) {
                let limit = Limit { lines, length: LENGTH };
                let file = self.entries[index].file.clone();
                looks.push(Look::Patch { subject: Arc::clone(&subject), part, index, file, limit });
            }
        }
        self.forget_far();
        looks
    }

    /// Lets go of what is far from the cursor.
    fn forget_far(&mut self) {
        let at = self.at;
        let far: Vec<usize> = self
            .shown
            .iter()
            .enumerate()
            .filter(|(place, index)| place.abs_diff(at) > KEPT / 2 && self.entries[**index].is_loaded())
            .map(|(_, index)| *index)
            .collect();
        for index in far {
            self.entries[index].unload();
        }
    }

    fn found(&mut self, place: Option<Place>) -> Vec<Look> {
        if let Some(search) = &mut self.search {
            search.looking = false;
            search.missing = place.is_none();
        }
        let Some(place) = place else { return Vec::new() };
        let Some(at) = self.shown.iter().position(|index| *index == place.index) else { return Vec::new() };
        if at != self.at {
            self.go_to_file(at);
        }
        self.go_to_line(place.line);
        self.wanted()
    }

    /// Another part of the work.
    fn show(&mut self, part: Part) -> Look {
        self.part = part;
        self.progress = Progress::Reading;
        self.first_look()
    }

    fn go_to_file(&mut self, at: usize) {
        self.at = at;
        (self.row, self.top, self.awaited, self.picked) = (0, 0, None, None);
    }

    /// To a line of the patch, as soon as that has been read.
    fn go_to_line(&mut self, line: usize) {
        let Some(entry) = self.entry_mut() else { return };
        entry.unfold(line);
        if entry.has_line(line) {
            self.row = entry.row_of(line);
        } else {
            self.awaited = Some(Awaited::Line(line));
        }
    }

    /// Keeps the cursor on the screen.
    pub fn follow(&mut self, height: usize) {
        let rows = self.entry().map_or(0, Entry::rows);
        self.row = self.row.min(rows.saturating_sub(1));
        let height = height.max(1);
        self.top = self.top.min(self.row).min(rows.saturating_sub(1));
        if self.row >= self.top + height {
            self.top = self.row + 1 - height;
        }
    }
}
