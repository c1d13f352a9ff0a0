//! Task lists as other programs and people write them: read into [`Item`]s, and written back as JSON lines.
//!
//! A list is read whole or not at all, and an error names the record and the field. Nothing here knows a board: what an
//! item refers to is a name in the same list or an external id, and is found by whoever imports it.

mod beads;
mod checklist;
mod csv;
mod fields;
mod issues;
mod markdown;
mod openspec;
mod own;
mod sniff;
mod speckit;
mod taskmaster;
mod worker;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

pub use own::line;
pub use sniff::sniff;

/// What a list is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tasks as ganger prints and exports them: an array, an object with `tasks`, or one object a line.
    Ganger,
    /// `task_number`, `task_title`, `implementation`, …, optionally below `extra_data`.
    Worker,
    /// `gh issue list --json number,title,body,labels,url`.
    GithubIssues,
    /// `bd export`: one object a line.
    Beads,
    /// `.taskmaster/tasks/tasks.json`.
    Taskmaster,
    /// Markdown with `- [ ]` items.
    Checklist,
    /// `specs/NNN-name/tasks.md`.
    SpecKit,
    /// `openspec/changes/NAME/tasks.md`.
    OpenSpec,
    Csv,
}

impl Format {
    /// Each with its name on the command line.
    pub const ALL: [(&str, Self); 9] = [
        ("ganger", Self::Ganger),
        ("worker", Self::Worker),
        ("github-issues", Self::GithubIssues),
        ("beads", Self::Beads),
        ("taskmaster", Self::Taskmaster),
        ("checklist", Self::Checklist),
        ("spec-kit", Self::SpecKit),
        ("openspec", Self::OpenSpec),
        ("csv", Self::Csv),
    ];

    /// What it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }
}

/// One task of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// Where it stands in the list, for messages: `record 3`, `line 12`.
    pub place: String,
    /// What others of the list call it.
    pub name: Option<String>,
    /// What it is known by when the list is read again.
    pub external_id: Option<String>,
    pub title: String,
    /// Empty: the title says it all.
    pub prompt: String,
    pub agent: Option<String>,
    pub base: Option<String>,
    /// One that is there and that it works on.
    pub branch: Option<String>,
    pub priority: i64,
    pub batch: Option<i64>,
    pub files: Vec<String>,
    pub verify: Vec<String>,
    pub timeout: Option<Duration>,
    /// The names, or external ids, of what must be done first.
    pub after: Vec<String>,
    /// What has no field of its own.
    pub extra: Map<String, Value>,
    /// It asks for the agent's dangerous arguments.
    pub unsafe_mode: bool,
    /// The list says why there is nothing to do: it is done, or no task.
    pub skip: Option<&'static str>,
}

/// What is wrong with a list: nothing of it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub place: String,
    pub field: Option<String>,
    pub why: String,
}

impl Wrong {
    pub(crate) fn at(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self { place: place.into(), field: None, why: why.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{}, field {field}: {}", self.place, self.why),
            None => write!(f, "{}: {}", self.place, self.why),
        }
    }
}

/// How a list is to be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The file that it came from.
    pub path: Option<&'a Path>,
    /// Each heading of a checklist begins a batch.
    pub headings: bool,
    /// Which column of a CSV file is which field.
    pub map: &'a [(String, String)],
}

/// Reads a list.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(text: &str, format: Format, options: Options<'_>) -> Result<Vec<Item>, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Format::Ganger => own::read(text),
        Format::Worker => worker::read(text),
        Format::GithubIssues => issues::read(text),
        Format::Beads => beads::read(text),
        Format::Taskmaster => taskmaster::read(text),
        Format::Checklist => Ok(checklist::read(text, options)),
        Format::SpecKit => Ok(speckit::read(text, options)),
        Format::OpenSpec => Ok(openspec::read(text, options)),
        Format::Csv => csv::read(text, options),
    }
}
