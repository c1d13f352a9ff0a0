//! Any Markdown checklist: each item at the outermost level is a task, and what is indented below it the prompt.

use std::collections::HashMap;

use super::markdown::{Entry, entries};
use super::{Item, Options};

pub(super) fn read(text: &str, options: Options<'_>) -> Vec<Item> {
    let mut seen = HashMap::new();
    let source = source(options);
    entries(text).into_iter().map(|entry| item(entry, &source, options.headings, &mut seen)).collect()
}

/// What the list is called in external ids: its file's name.
pub(super) fn source(options: Options<'_>) -> String {
    let name = options.path.and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "checklist".to_owned())
}

fn item(entry: Entry, source: &str, headings: bool, seen: &mut HashMap<String, usize>) -> Item {
    // A list has no ids: an item is known by its words, and by its place among those with the same.
    let count = seen.entry(entry.text.clone()).and_modify(|count| *count += 1).or_insert(1);
    let again = if *count == 1 { String::new() } else { format!(" ({count})") };
    Item {
        place: format!("line {}", entry.line),
        external_id: Some(format!("{source}#{}{again}", entry.text)),
        batch: (headings && entry.headings > 0).then(|| i64::try_from(entry.headings).unwrap_or(i64::MAX)),
        skip: entry.checked.then_some("it is checked"),
        title: entry.text,
        prompt: entry.body,
        ..Item::default()
    }
}
