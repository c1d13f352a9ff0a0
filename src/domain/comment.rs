//! Comments of a review: on lines of a task's work, kept until they are sent to its agent together.

use std::fmt;
use std::fmt::Write as _;

use super::id::TaskId;
use super::state::{UnknownWord, words};

words! {
    /// How far a comment has come.
    State, "state of a comment" {
        /// Kept, and not sent yet.
        Draft = "draft",
        Sent = "sent",
        /// Its agent has seen to it.
        Handled = "handled",
    }
}

/// Where a comment stands, and what stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Relative to the worktree.
    pub path: String,
    /// The first and the last line, counted from 1.
    pub first: u32,
    pub last: u32,
    /// These lines, as they were.
    pub quote: String,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub id: i64,
    pub task: TaskId,
    pub place: Anchor,
    pub text: String,
    pub state: State,
    /// With which round it was sent.
    pub round: Option<u32>,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.first)?;
        if self.last == self.first { Ok(()) } else { write!(f, "-{}", self.last) }
    }
}

/// Reads `FILE:LINE` or `FILE:FIRST-LAST`.
#[must_use]
pub fn parse(text: &str) -> Option<(&str, u32, u32)> {
    let (path, lines) = text.rsplit_once(':').filter(|(path, _)| !path.is_empty())?;
    let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((path, first, last))
}

/// These lines of a file; `None` where it has not so many.
#[must_use]
pub fn quoted(content: &str, first: u32, last: u32) -> Option<String> {
    let lines: Vec<&str> = content.lines().collect();
    let (from, to) = (first as usize - 1, last as usize);
    (to <= lines.len()).then(|| lines[from..to].join("\n"))
}

impl Anchor {
    /// Where the same lines stand in the file as it is now: the nearest place; as it was where they are gone.
    #[must_use]
    pub fn found_in(&self, content: &str) -> Self {
        let lines: Vec<&str> = content.lines().collect();
        let quote: Vec<&str> = self.quote.lines().collect();
        let count = quote.len().max(1);
        let was = self.first as usize - 1;
        let starts = (0..(lines.len() + 1).saturating_sub(count)).filter(|at| lines[*at..at + count] == quote);
        match starts.min_by_key(|at| at.abs_diff(was)).and_then(|at| u32::try_from(at).ok()) {
            Some(at) => Self { first: at + 1, last: at + 1 + (self.last - self.first), ..self.clone() },
            None => self.clone(),
        }
    }
}

/// What an agent is told of a round of comments: each with the lines that it is about.
#[must_use]
pub fn feedback(round: u32, comments: &[Comment]) -> String {
    let mut text = format!("Review round {round}: please see to these comments on your work.\n");
    for (number, comment) in comments.iter().enumerate() {
        // Writing to a string can't fail.
        write!(text, "\n{}. {} (comment {})\n", number + 1, comment.place, comment.id).unwrap_or_default();
        for line in comment.place.quote.lines() {
            writeln!(text, "> {line}").unwrap_or_default();
        }
        writeln!(text, "{}", comment.text.trim()).unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Anchor, Comment, State, feedback, parse, quoted};
    use crate::domain::id::TaskId;

    const FILE: &str = "one\ntwo\nthree\ntwo\nfive\n";

    #[test]
    fn a_place_is_a_file_and_lines() {
        assert_eq!(parse("src/a.rs:12"), Some(("src/a.rs", 12, 12)));
        assert_eq!(parse("a:b:3-5"), Some(("a:b", 3, 5)));
        for wrong in ["a", "a:", ":3", "a:0", "a:5-3", "a:3-", "a:x", "a:-3"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(quoted(FILE, 2, 3).as_deref(), Some("two\nthree"));
        assert_eq!((quoted(FILE, 5, 6), quoted("", 1, 1)), (None, None));
    }

    #[test]
    fn a_comment_stays_with_the_lines_that_it_is_about() {
        let place = Anchor { path: "f".to_owned(), first: 2, last: 2, quote: "two".to_owned() };
        let at = |content: &str| place.found_in(content).first;
        assert_eq!(at(FILE), 2);
        assert_eq!(at("zero\none\nhalf\ntwo\n"), 4, "it moved down");
        assert_eq!(at("x\ny\nz\ntwo\na\nb\nc\ntwo\n"), 4, "the nearest");
        assert_eq!(at("nothing\nof\nthat\n"), 2, "gone: where it was");
        let range = Anchor { first: 2, last: 3, quote: "two\nthree".to_owned(), ..place };
        assert_eq!(range.found_in("a\nb\ntwo\nthree\n").to_string(), "f:3-4");
        assert_eq!(range.found_in("").to_string(), "f:2-3");
    }

    #[test]
    fn a_round_quotes_what_each_comment_is_about() {
        let place = Anchor { path: "src/a.rs".to_owned(), first: 2, last: 3, quote: "two\nthree".to_owned() };
        let text = " Why two?\n".to_owned();
        let comment = Comment { id: 7, task: TaskId(1), place, text, state: State::Draft, round: None };
        assert_eq!(
            feedback(2, &[comment]),
            "Review round 2: please see to these comments on your work.\n\n1. src/a.rs:2-3 (comment 7)\n> two\n> three\nWhy two?\n"
        );
    }
}
