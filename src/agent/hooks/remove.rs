//! What to cut out of a settings file so that nothing of ganger's is left in it, and all that is the user's.
//!
//! Our entries stand where [`super::settings`] puts them: at the front of a container, so that what we wrote ends where
//! the old text goes on. A container that we made begins with a line break; one that was there and empty does not.

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::{Range, Ranged as _};

use super::document::Document;

/// What of an element is ours.
enum Ours {
    All,
    /// These ranges; perhaps none.
    Some(Vec<Range>),
}

/// A group of hooks that is ours.
pub(super) struct Group<'a> {
    pub event: &'a str,
    pub text: &'a str,
}

/// The text without our entries; `None` when nothing else is in it.
pub(super) fn remove(document: &Document<'_>) -> Result<Option<String>, String> {
    let mut hooks = document.hooks()?.map(|hooks| hooks_of(document, hooks));
    let elements = document.root.properties.iter().map(|property| {
        let ours = if property.name.as_str() == "hooks" { hooks.take() } else { None };
        (property.range(), ours.unwrap_or(Ours::Some(Vec::new())))
    });
    let cuts = match container(document, document.root.range(), &elements.collect::<Vec<_>>()) {
        Ours::All if document.is_bare() => return Ok(None),
        Ours::All => vec![inside(document.root.range())],
        Ours::Some(cuts) => cuts,
    };
    Ok(Some(without(document.text, cuts)))
}

/// Our groups, wherever they are.
pub(super) fn groups<'d>(document: &'d Document<'_>) -> Result<Vec<Group<'d>>, String> {
    let Some(hooks) = document.hooks()? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for event in &hooks.properties {
        let Value::Array(groups) = &event.value else { continue };
        for group in &groups.elements {
            match group_of(document, group) {
                Ours::Some(cuts) if cuts.is_empty() => {}
                Ours::All | Ours::Some(_) => {
                    found.push(Group { event: event.name.as_str(), text: group.text(document.text) });
                }
            }
        }
    }
    Ok(found)
}

fn hooks_of(document: &Document<'_>, hooks: &Object<'_>) -> Ours {
    let events = hooks.properties.iter().map(|event| {
        let ours = match &event.value {
            Value::Array(groups) => {
                let elements = groups.elements.iter().map(|group| (group.range(), group_of(document, group)));
                container(document, groups.range(), &elements.collect::<Vec<_>>())
            }
            _ => Ours::Some(Vec::new()),
        };
        (event.range(), ours)
    });
    container(document, hooks.range(), &events.collect::<Vec<_>>())
}

/// A group is ours when all its hooks are.
fn group_of(document: &Document<'_>, group: &Value<'_>) -> Ours {
    let Some(hooks) = group.as_object().and_then(|group| group.get_array("hooks")) else {
        return Ours::Some(Vec::new());
    };
    let elements: Vec<(Range, bool)> = hooks.elements.iter().map(|hook| (hook.range(), is_ours(hook))).collect();
    if !elements.is_empty() && elements.iter().all(|(_, ours)| *ours) {
        return Ours::All;
    }
    let whole = |ours| if ours { Ours::All } else { Ours::Some(Vec::new()) };
    let elements: Vec<_> = elements.into_iter().map(|(range, ours)| (range, whole(ours))).collect();
    container(document, hooks.range(), &elements)
}

fn is_ours(hook: &Value<'_>) -> bool {
    let command = hook.as_object().and_then(|hook| hook.get_string("command"));
    command.is_some_and(|command| command.value.contains("GANGER_BIN") && command.value.contains("__hook"))
}

/// What to cut of an object or array, by what is ours of its elements.
fn container(document: &Document<'_>, range: Range, elements: &[(Range, Ours)]) -> Ours {
    let all = !elements.is_empty() && elements.iter().all(|(_, ours)| matches!(ours, Ours::All));
    if all && !document.has_comment(range.start, range.end) {
        let made = document.text[range.start + 1..].starts_with(['\n', '\r']);
        return if made { Ours::All } else { Ours::Some(vec![inside_until_last(document, range, elements)]) };
    }
    let mut cuts = Vec::new();
    let mut begin = range.start + 1;
    // The comma after the last element that stays: it goes if all that follows goes, as the last one had none.
    let mut separator = None;
    for (index, (element, ours)) in elements.iter().enumerate() {
        let next = elements.get(index + 1).map_or(range.end, |(next, _)| next.start);
        let comma = document.comma(element.end, next);
        match ours {
            Ours::All => {
                let gap_is_blank = document.text[begin..element.start].trim().is_empty();
                let start = if gap_is_blank { begin } else { element.start };
                cuts.push(Range::new(start, comma.map_or(element.end, |comma| comma + 1)));
                if comma.is_none() {
                    cuts.extend(separator.map(|comma| Range::new(comma, comma + 1)));
                }
            }
            Ours::Some(inner) => {
                cuts.extend(inner.iter().copied());
                separator = comma;
            }
        }
        begin = comma.map_or(element.end, |comma| comma + 1);
    }
    Ours::Some(cuts)
}

fn inside(range: Range) -> Range {
    Range::new(range.start + 1, range.end - 1)
}

/// From the bracket to the end of the last element, and the comma after it.
fn inside_until_last(document: &Document<'_>, range: Range, elements: &[(Range, Ours)]) -> Range {
    let last = elements.last().map_or(range.start + 1, |(last, _)| last.end);
    let end = document.comma(last, range.end).map_or(last, |comma| comma + 1);
    Range::new(range.start + 1, end)
}

fn without(text: &str, mut cuts: Vec<Range>) -> String {
    cuts.sort_by_key(|cut| cut.start);
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    for cut in cuts {
        kept.push_str(&text[at..cut.start]);
        at = cut.end;
    }
    kept.push_str(&text[at..]);
    kept
}
