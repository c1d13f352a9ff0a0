//! The settings files of Claude, Codex and Gemini with our hooks in them, and without.
//!
//! Everything else in a file stays byte for byte as it is, and `uninstall` gives back what `install` was given. So our
//! entries are put at the front of what they belong to, and a container that was there and empty gets them right
//! behind its bracket; `remove` tells by that what was there before.

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::{Range, Ranged as _};
use serde_json::{Value as Json, json};

use super::document::{Document, only};
use super::{Mechanism, opencode, remove};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The file with our hooks in it; the same text, if they are.
///
/// # Errors
/// Why the file that is there can't be edited, as a sentence about it.
pub fn install(existing: Option<&str>, mechanism: Mechanism) -> Result<String, String> {
    if mechanism == Mechanism::OpenCode {
        return opencode::install(existing);
    }
    let Some(text) = existing else { return Ok(whole(mechanism)) };
    if let Some(text) = text.strip_prefix(BYTE_ORDER_MARK) {
        return Ok(format!("{BYTE_ORDER_MARK}{}", install(Some(text), mechanism)?));
    }
    let document = Document::parse(text)?;
    if is_complete(&document, mechanism)? {
        return Ok(text.to_owned());
    }
    // What an older version wrote goes first.
    match remove::remove(&document)? {
        None => Ok(whole(mechanism)),
        Some(text) => insert(&Document::parse(&text)?, mechanism),
    }
}

/// The file without our hooks; `None` where nothing else is in it.
///
/// # Errors
/// Why the file can't be edited, as a sentence about it.
pub fn uninstall(existing: &str, mechanism: Mechanism) -> Result<Option<String>, String> {
    if mechanism == Mechanism::OpenCode {
        return Ok(opencode::uninstall(existing));
    }
    if let Some(text) = existing.strip_prefix(BYTE_ORDER_MARK) {
        return Ok(uninstall(text, mechanism)?.map(|text| format!("{BYTE_ORDER_MARK}{text}")));
    }
    remove::remove(&Document::parse(existing)?)
}

/// Whether all our hooks are in the file, as this version writes them.
#[must_use]
pub fn is_installed(existing: &str, mechanism: Mechanism) -> bool {
    install(Some(existing), mechanism).is_ok_and(|text| text == existing)
}

fn is_complete(document: &Document<'_>, mechanism: Mechanism) -> Result<bool, String> {
    let groups = remove::groups(document)?;
    let is_current = |event: &str| {
        let mut of_event = groups.iter().filter(|group| group.event == event);
        let (first, second) = (of_event.next(), of_event.next());
        let current = |text: &str| serde_json::from_str::<Json>(text).is_ok_and(|json| json == group(mechanism, event));
        first.is_some_and(|group| current(group.text)) && second.is_none()
    };
    let events = mechanism.events();
    Ok(groups.len() == events.len() && events.iter().all(|event| is_current(event)))
}

/// Where entries go, and which.
struct Insertion {
    at: usize,
    text: String,
}

fn insert(document: &Document<'_>, mechanism: Mechanism) -> Result<String, String> {
    let style = Style::of(document.text);
    let mut insertions = Vec::new();
    match document.hooks()? {
        None => {
            let first = document.root.properties.first().map(ObjectProp::range);
            insertions.push(front(document, document.root.range(), first, &style, |indent| {
                vec![style.hooks(mechanism, mechanism.events(), indent)]
            }));
        }
        Some(hooks) => {
            let mut missing = Vec::new();
            for event in mechanism.events() {
                match only(hooks, event)?.map(|property| &property.value) {
                    None => missing.push(*event),
                    Some(Value::Array(groups)) => {
                        let first = groups.elements.first().map(Value::range);
                        insertions.push(front(document, groups.range(), first, &style, |_| {
                            vec![group_text(mechanism, event)]
                        }));
                    }
                    Some(_) => return Err(format!("its hooks for {event:?} are not a list")),
                }
            }
            if !missing.is_empty() {
                let first = hooks.properties.first().map(ObjectProp::range);
                insertions.push(front(document, hooks.range(), first, &style, |indent| {
                    missing.iter().map(|event| style.event(mechanism, event, indent)).collect()
                }));
            }
        }
    }
    insertions.sort_by_key(|insertion| std::cmp::Reverse(insertion.at));
    let mut text = document.text.to_owned();
    for insertion in insertions {
        text.insert_str(insertion.at, &insertion.text);
    }
    Ok(text)
}

/// Puts entries at the front of a container, in the lines and with the indentation of what is in it.
fn front(
    document: &Document<'_>,
    container: Range,
    first: Option<Range>,
    style: &Style,
    entries: impl Fn(&str) -> Vec<String>,
) -> Insertion {
    let text = document.text;
    let at = container.start + 1;
    let own = indentation(&text[..at]);
    let Some(first) = first else {
        let entries = entries(own);
        return Insertion { at, text: entries.join(&format!(",{}{own}", style.line_break)) };
    };
    let gap = &text[at..first.start];
    let blank = &gap[..gap.len() - gap.trim_start().len()];
    let (lead, indent) = match blank.rfind('\n') {
        Some(line) => (format!("{}{}", style.line_break, &blank[line + 1..]), &blank[line + 1..]),
        None => (blank.to_owned(), own),
    };
    let text = format!("{lead}{},", entries(indent).join(&format!(",{lead}")));
    Insertion { at, text }
}

/// The white space that the last line of `text` begins with.
fn indentation(text: &str) -> &str {
    let line = &text[text.rfind('\n').map_or(0, |line_break| line_break + 1)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// How a file is laid out.
struct Style {
    line_break: &'static str,
    /// One step of indentation.
    step: String,
}

impl Style {
    fn of(text: &str) -> Self {
        let line_break = match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            Some(_) | None => "\n",
        };
        let step = text.lines().map(indentation).find(|indent| !indent.is_empty() && indent.len() <= 8);
        Self { line_break, step: step.unwrap_or("  ").to_owned() }
    }

    fn hooks(&self, mechanism: Mechanism, events: &[&str], indent: &str) -> String {
        let Self { line_break, step } = self;
        let inner = format!("{indent}{step}");
        let events: Vec<String> = events.iter().map(|event| self.event(mechanism, event, &inner)).collect();
        let events = events.join(&format!(",{line_break}{inner}"));
        format!("\"hooks\": {{{line_break}{inner}{events}{line_break}{indent}}}")
    }

    fn event(&self, mechanism: Mechanism, event: &str, indent: &str) -> String {
        let Self { line_break, step } = self;
        format!("\"{event}\": [{line_break}{indent}{step}{}{line_break}{indent}]", group_text(mechanism, event))
    }
}

fn whole(mechanism: Mechanism) -> String {
    let style = Style::of("");
    format!("{{\n  {}\n}}\n", style.hooks(mechanism, mechanism.events(), "  "))
}

/// Our group of one event. Codex and Claude take no matcher for events that are about no tool.
fn group(mechanism: Mechanism, event: &str) -> Json {
    let command = mechanism.command();
    match mechanism {
        Mechanism::Gemini => json!({
            "matcher": "*",
            "hooks": [{ "name": "ganger", "type": "command", "command": command, "timeout": 10_000 }],
        }),
        Mechanism::Claude | Mechanism::Codex | Mechanism::OpenCode => {
            let hooks = json!([{ "type": "command", "command": command, "timeout": 10 }]);
            let about_tools = matches!(event, "PreToolUse" | "PostToolUse" | "PermissionRequest");
            if about_tools { json!({ "matcher": "*", "hooks": hooks }) } else { json!({ "hooks": hooks }) }
        }
    }
}

fn group_text(mechanism: Mechanism, event: &str) -> String {
    spaced(&group(mechanism, event))
}

/// JSON on one line, with the spaces that people put.
fn spaced(value: &Json) -> String {
    match value {
        Json::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("{}: {}", json!(name), spaced(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Json::Array(elements) => {
            format!("[{}]", elements.iter().map(spaced).collect::<Vec<_>>().join(", "))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.to_string(),
    }
}
