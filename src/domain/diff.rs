//! Which files of a task's work have changed, and how: the list. What changed in each of them is a
//! [`Patch`](super::patch::Patch).

use std::fmt;
use std::path::{Path, PathBuf};

use super::state::{UnknownWord, words};

words! {
    /// What became of a file.
    Change, "change" {
        Added = "added",
        Modified = "modified",
        Deleted = "deleted",
        /// Perhaps changed besides.
        Renamed = "renamed",
        /// A file, a link or a repository of its own became another of these.
        Retyped = "retyped",
        Unreadable = "unreadable",
    }
}

words! {
    /// Which of the work is meant.
    Part, "part" {
        /// All of it: the base against the files in the worktree.
        Whole = "whole",
        /// What is in commits: the base against HEAD.
        Committed = "committed",
        /// What is in no commit: HEAD against the files in the worktree, untracked ones included, ignored ones not.
        Uncommitted = "uncommitted",
    }
}

impl Change {
    /// git's letter for it.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Added => 'A',
            Self::Modified => 'M',
            Self::Deleted => 'D',
            Self::Renamed => 'R',
            Self::Retyped => 'T',
            Self::Unreadable => '!',
        }
    }
}

/// A git file mode that stands for a repository of its own.
const NESTED: u32 = 0o160_000;

/// A file that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path now, or what it was where it is gone; relative to the tree.
    pub path: PathBuf,
    /// What it was called before it was renamed.
    pub old_path: Option<PathBuf>,
    pub change: Change,
    /// git's file modes, before and after; 0 where there was, or is, no such file.
    pub modes: (u32, u32),
    /// The length of its new content in bytes, where that is known without reading it.
    pub size: u64,
    /// `None` while it was not counted.
    pub count: Option<Count>,
}

/// How much of a file has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Lines.
    pub added: usize,
    pub removed: usize,
    /// It has no lines.
    pub binary: bool,
}

impl File {
    /// What it was called before.
    #[must_use]
    pub fn old(&self) -> &Path {
        self.old_path.as_deref().unwrap_or(&self.path)
    }

    /// Whether it is, or was, a submodule or another repository of its own.
    #[must_use]
    pub fn is_nested(&self) -> bool {
        self.modes.0 == NESTED || self.modes.1 == NESTED
    }

    /// What there is to say of it besides its lines, a sentence each: renamed, another mode, a submodule.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(old) = &self.old_path {
            notes.push(format!("renamed from {}", old.display()));
        }
        match (self.modes, self.change) {
            ((0, new), _) if new != 0o100_644 && new != 0 => notes.push(format!("new {}", kind(new))),
            ((old, 0), _) if old != 0o100_644 && old != 0 => notes.push(format!("was {}", kind(old))),
            ((0, _) | (_, 0), _) => {}
            ((old, new), _) if old != new => notes.push(format!("mode {old:o} → {new:o}: {}", kind(new))),
            (_, Change::Unreadable) => notes.push("it can't be read".to_owned()),
            ((mode, _), _) if mode == NESTED => notes.push(kind(mode).to_owned()),
            _ => {}
        }
        if self.count.is_some_and(|count| count.binary) {
            notes.push("binary".to_owned());
        }
        notes
    }
}

const fn kind(mode: u32) -> &'static str {
    match mode {
        0o100_755 => "executable file",
        0o120_000 => "symbolic link",
        NESTED => "repository of its own",
        0o40_000 => "folder",
        _ => "file",
    }
}

/// What several files come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub files: usize,
    /// Lines.
    pub added: usize,
    pub removed: usize,
}

impl Sum {
    /// The sums of these files.
    #[must_use]
    pub fn of(files: &[File]) -> Self {
        let counts = || files.iter().filter_map(|file| file.count);
        Self {
            files: files.len(),
            added: counts().map(|count| count.added).sum(),
            removed: counts().map(|count| count.removed).sum(),
        }
    }
}

/// How much of a task's work there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Lines, against the base, committed or not.
    pub added: usize,
    pub removed: usize,
    /// Files with changes in no commit.
    pub uncommitted: usize,
}

impl Changed {
    /// For people; `minus` is the sign before what was removed.
    #[must_use]
    pub fn text(self, minus: &str) -> String {
        let lines = format!("+{} {minus}{}", self.added, self.removed);
        if self.uncommitted == 0 { lines } else { format!("{lines}, {} uncommitted", self.uncommitted) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Count, File, Sum};

    fn file(modes: (u32, u32), change: Change) -> File {
        File { path: "a".into(), old_path: None, change, modes, size: 0, count: None }
    }

    #[test]
    fn what_is_odd_of_a_file_is_said() {
        assert!(file((0o100_644, 0o100_644), Change::Modified).notes().is_empty());
        assert!(file((0, 0o100_644), Change::Added).notes().is_empty());
        assert_eq!(file((0, 0o120_000), Change::Added).notes(), ["new symbolic link"]);
        assert_eq!(file((0o100_644, 0o100_755), Change::Modified).notes(), ["mode 100644 → 100755: executable file"]);
        assert_eq!(file((0o160_000, 0o160_000), Change::Modified).notes(), ["repository of its own"]);
        let renamed = File {
            old_path: Some("b".into()),
            count: Some(Count { binary: true, ..Count::default() }),
            ..file((0o100_644, 0o100_644), Change::Renamed)
        };
        assert_eq!(renamed.notes(), ["renamed from b", "binary"]);
        assert_eq!(renamed.old().to_str(), Some("b"));
    }

    #[test]
    fn files_are_summed_up() {
        let counted = |added, removed| File {
            count: Some(Count { added, removed, binary: false }),
            ..file((0o100_644, 0o100_644), Change::Modified)
        };
        let sum = Sum::of(&[counted(1, 2), counted(3, 0), file((0, 0), Change::Modified)]);
        assert_eq!(sum, Sum { files: 3, added: 4, removed: 2 });
    }
}
