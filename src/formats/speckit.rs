//! The `tasks.md` of spec-kit: `- [ ] T014 [P] [US1] text with path (depends on T012)`, in phases. A phase waits for the
//! one before; without `[P]` a task waits for what came before it in its phase.

use super::markdown::{entries, folder};
use super::{Item, Options};

/// The number of a task, such as `T014`, and what stands after it.
pub(super) fn numbered(text: &str) -> Option<(&str, &str)> {
    let (id, rest) = text.split_once(char::is_whitespace)?;
    let digits = id.strip_prefix('T')?;
    (digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| (id, rest.trim()))
}

pub(super) fn read(text: &str, options: Options<'_>) -> Vec<Item> {
    let spec = folder(options);
    let mut order = Order::default();
    let mut items = Vec::new();
    for entry in entries(text) {
        let Some((id, rest)) = numbered(&entry.text) else { continue };
        let (parallel, story, text) = marks(rest);
        order.in_phase(entry.headings);
        let mut after = order.place(id, parallel);
        for named in depends(text) {
            if !after.contains(&named) {
                after.push(named);
            }
        }
        let prompt = entry.brief(id, text, options, "spec.md and plan.md");
        let mut item = Item {
            place: format!("line {}", entry.line),
            name: Some(id.to_owned()),
            external_id: Some(spec.as_ref().map_or_else(|| id.to_owned(), |spec| format!("{spec}/{id}"))),
            title: format!("{id} {text}"),
            prompt,
            after,
            files: paths(text),
            skip: entry.checked.then_some("it is checked"),
            ..Item::default()
        };
        if let Some(story) = story {
            item.extra.insert("story".to_owned(), story.into());
        }
        items.push(item);
    }
    items
}

/// What may run beside what.
#[derive(Default)]
struct Order {
    phase: Option<usize>,
    /// What everything that comes now waits for.
    barrier: Vec<String>,
    /// What was begun beside each other since.
    beside: Vec<String>,
}

impl Order {
    fn in_phase(&mut self, phase: usize) {
        if self.phase.replace(phase).is_some_and(|before| before != phase) && !self.beside.is_empty() {
            self.barrier = std::mem::take(&mut self.beside);
        }
    }

    /// What a task waits for.
    fn place(&mut self, id: &str, parallel: bool) -> Vec<String> {
        if parallel {
            self.beside.push(id.to_owned());
            return self.barrier.clone();
        }
        let before =
            if self.beside.is_empty() { std::mem::take(&mut self.barrier) } else { std::mem::take(&mut self.beside) };
        self.barrier = vec![id.to_owned()];
        before
    }
}

/// Whether `[P]` stands before the text, the story `[US1]`, and the text.
fn marks(text: &str) -> (bool, Option<&str>, &str) {
    let (mut parallel, mut story, mut rest) = (false, None, text);
    while let Some((mark, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        match mark {
            "P" => parallel = true,
            mark if mark.starts_with("US") => story = Some(mark),
            _ => break,
        }
        rest = after.trim_start();
    }
    (parallel, story, rest)
}

/// The tasks of `(depends on T012, T013)`.
fn depends(text: &str) -> Vec<String> {
    let Some((_, named)) = text.to_lowercase().split_once("depends on").map(|(a, b)| (a.len(), b.len())) else {
        return Vec::new();
    };
    let tail = text.get(text.len().saturating_sub(named)..).unwrap_or_default();
    let tail = tail.split(')').next().unwrap_or_default();
    let words = tail.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| numbered(&format!("{word} x")).is_some()).map(str::to_owned).collect()
}

/// Words that are paths: with a slash and an extension, or in backticks.
fn paths(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let quoted = word.contains('`');
        let word = word.trim_matches(|c: char| "`,.;:()'\"".contains(c));
        let is_file = word.rsplit('/').next().is_some_and(|name| {
            name.rsplit_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && !extension.is_empty())
        });
        let is_path =
            !word.contains("://") && ((word.contains('/') && (is_file || word.ends_with('/'))) || (quoted && is_file));
        if is_path && !found.iter().any(|known| known == word) {
            found.push(word.to_owned());
        }
    }
    found
}
