//! The `tasks.md` of an OpenSpec change: `## 1. Group`, `- [ ] 1.1 text`. A group waits for the one before.

use super::markdown::{entries, folder};
use super::{Item, Options};

/// The number of an item, such as `1.1` or `2.3a`, and what stands after it.
pub(super) fn numbered(text: &str) -> Option<(&str, &str)> {
    let (id, rest) = text.split_once(char::is_whitespace)?;
    let id = id.trim_end_matches('.');
    let mut parts = id.split('.');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let first = parts.next().is_some_and(is_number);
    let last = id.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let dotted = last.contains('.') && last.split('.').all(is_number);
    (first && dotted).then(|| (id, rest.trim()))
}

pub(super) fn read(text: &str, options: Options<'_>) -> Vec<Item> {
    let change = folder(options);
    let mut items: Vec<Item> = Vec::new();
    let (mut before, mut group, mut headings) = (Vec::new(), Vec::new(), None);
    for entry in entries(text) {
        let Some((id, text)) = numbered(&entry.text) else { continue };
        if headings.replace(entry.headings).is_some_and(|heading| heading != entry.headings) && !group.is_empty() {
            before = std::mem::take(&mut group);
        }
        group.push(id.to_owned());
        let prompt = entry.brief(id, text, options, "proposal.md and the specs");
        items.push(Item {
            place: format!("line {}", entry.line),
            name: Some(id.to_owned()),
            external_id: Some(change.as_ref().map_or_else(|| id.to_owned(), |change| format!("{change}/{id}"))),
            title: format!("{id} {text}"),
            prompt,
            after: before.clone(),
            skip: entry.checked.then_some("it is checked"),
            ..Item::default()
        });
    }
    items
}
