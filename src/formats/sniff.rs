//! What a list is written in, by its content and, for tables, its file's name.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Format, fields, markdown, openspec, speckit};

/// The format of a list where that is unmistakable.
#[must_use]
pub fn sniff(text: &str, path: Option<&Path>) -> Option<Format> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.trim_start().chars().next() {
        Some('{' | '[') if !text.trim_start().starts_with("[ ]") => return Some(json(text)),
        _ => {}
    }
    if path.and_then(Path::extension).is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        return Some(Format::Csv);
    }
    let entries = markdown::entries(text);
    let all = |numbered: &dyn Fn(&str) -> bool| entries.iter().filter(|entry| numbered(&entry.text)).count();
    match entries.len() {
        0 => None,
        count if all(&|text| speckit::numbered(text).is_some()) * 2 > count => Some(Format::SpecKit),
        count if all(&|text| openspec::numbered(text).is_some()) * 2 > count => Some(Format::OpenSpec),
        _ => Some(Format::Checklist),
    }
}

fn json(text: &str) -> Format {
    if let Ok(Value::Object(whole)) = serde_json::from_str::<Value>(text)
        && is_taskmaster(&whole)
    {
        return Format::Taskmaster;
    }
    // What is wrong with it is said by whoever reads it.
    let Ok(records) = fields::records(text, "tasks") else { return Format::Ganger };
    let Some((_, first)) = records.first() else { return Format::Ganger };
    let has = |names: &[&str]| names.iter().all(|name| first.contains_key(*name));
    let inner = first.get("extra_data").and_then(Value::as_object);
    if has(&["task_title"]) || inner.is_some_and(|inner| inner.contains_key("task_title")) {
        Format::Worker
    } else if has(&["number", "title", "url"]) {
        Format::GithubIssues
    } else if has(&["id", "title"]) && (has(&["issue_type"]) || has(&["acceptance_criteria"])) {
        Format::Beads
    } else {
        Format::Ganger
    }
}

/// One list whose tasks have what only taskmaster's have, or lists by tag.
fn is_taskmaster(whole: &Map<String, Value>) -> bool {
    let is_list = |value: &Value| value.get("tasks").is_some_and(Value::is_array);
    match whole.get("tasks").and_then(Value::as_array) {
        Some(tasks) => tasks.first().and_then(Value::as_object).is_some_and(|task| {
            ["testStrategy", "subtasks", "dependencies", "details"].iter().any(|name| task.contains_key(*name))
        }),
        None => !whole.is_empty() && whole.values().any(is_list) && whole.values().all(Value::is_object),
    }
}
