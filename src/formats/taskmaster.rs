//! Taskmaster's `tasks.json`: lists by tag, or one list. A task with subtasks waits for them, and they for what it
//! depends on.

use serde_json::{Map, Value};

use super::fields::Fields;
use super::{Item, Wrong};

pub(super) fn read(text: &str) -> Result<Vec<Item>, Wrong> {
    let whole: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| Wrong::at(format!("line {}", error.line()), format!("not an object of JSON: {error}")))?;
    let mut items = Vec::new();
    if whole.get("tasks").is_some_and(Value::is_array) {
        list("", whole, &mut items)?;
    } else {
        for (tag, value) in whole {
            if let Value::Object(tagged) = value
                && tagged.get("tasks").is_some_and(Value::is_array)
            {
                list(&tag, tagged, &mut items)?;
            }
        }
    }
    Ok(items)
}

fn list(tag: &str, mut tagged: Map<String, Value>, items: &mut Vec<Item>) -> Result<(), Wrong> {
    let prefix = if tag.is_empty() { String::new() } else { format!("{tag}:") };
    let Some(Value::Array(tasks)) = tagged.remove("tasks") else { return Ok(()) };
    for (index, task) in tasks.into_iter().enumerate() {
        let place =
            format!("{}task {}", if tag.is_empty() { String::new() } else { format!("tag {tag}, ") }, index + 1);
        let Value::Object(record) = task else { return Err(Wrong::at(place, "not an object")) };
        let mut fields = Fields::new((place.clone(), record));
        let subtasks = match fields.take("subtasks") {
            None => Vec::new(),
            Some(Value::Array(subtasks)) => subtasks,
            Some(_) => return Err(fields.wrong("subtasks", "not a list")),
        };
        let id = fields.name("id")?.ok_or_else(|| fields.wrong("id", "missing"))?;
        let mut parent = item(fields, &prefix, &id, None)?;
        let mut parts = Vec::new();
        for (index, subtask) in subtasks.into_iter().enumerate() {
            let place = format!("{place}, subtask {}", index + 1);
            let Value::Object(record) = subtask else { return Err(Wrong::at(place, "not an object")) };
            let mut fields = Fields::new((place, record));
            let own = fields.name("id")?.ok_or_else(|| fields.wrong("id", "missing"))?;
            let mut part = item(fields, &prefix, &format!("{id}.{own}"), Some(&id))?;
            part.after.extend(parent.after.iter().cloned());
            part.skip = part.skip.or(parent.skip);
            parts.push(part);
        }
        if !parts.is_empty() {
            parent.after = parts.iter().filter_map(|part| part.name.clone()).collect();
        }
        items.extend(parts);
        items.push(parent);
    }
    Ok(())
}

/// A task or a subtask; within `parent`, what a plain number depends on is another of its subtasks.
fn item(mut fields: Fields, prefix: &str, id: &str, parent: Option<&str>) -> Result<Item, Wrong> {
    let mut prompt = fields.text("description")?.unwrap_or_default();
    for (field, heading) in [("details", "Details"), ("testStrategy", "Test strategy")] {
        if let Some(text) = fields.text(field)?.filter(|text| !text.trim().is_empty()) {
            let gap = if prompt.is_empty() { "" } else { "\n\n" };
            prompt = format!("{prompt}{gap}## {heading}\n\n{text}");
        }
    }
    let on = |dependency: &String| match parent {
        Some(parent) if !dependency.contains('.') => format!("{prefix}{parent}.{dependency}"),
        Some(_) | None => format!("{prefix}{dependency}"),
    };
    let after = fields.names("dependencies")?.iter().map(on).collect();
    let skip = match fields.text("status")?.as_deref() {
        Some("done" | "completed") => Some("it is done"),
        Some("cancelled") => Some("it is cancelled"),
        Some("deferred") => Some("it is deferred"),
        Some(_) | None => None,
    };
    let priority = match fields.text("priority")?.as_deref() {
        Some("critical") => 2,
        Some("high") => 1,
        Some("low") => -1,
        Some(_) | None => 0,
    };
    let name = format!("{prefix}{id}");
    Ok(Item {
        place: fields.place.clone(),
        title: fields.required("title")?,
        prompt,
        priority,
        after,
        skip,
        name: Some(name.clone()),
        external_id: Some(name),
        extra: fields.rest(),
        ..Item::default()
    })
}
