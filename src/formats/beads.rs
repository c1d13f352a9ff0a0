//! Issues of beads, as `bd export` writes them: one object a line.

use serde_json::Value;

use super::fields::{Fields, records};
use super::{Item, Wrong};

/// The kinds of a dependency that hold an issue up; the others only relate.
const BLOCKING: [&str; 3] = ["blocks", "conditional-blocks", "waits-for"];

pub(super) fn read(text: &str) -> Result<Vec<Item>, Wrong> {
    records(text, "issues")?.into_iter().map(|record| item(Fields::new(record))).collect()
}

fn item(mut fields: Fields) -> Result<Item, Wrong> {
    let id = fields.required("id")?;
    let title = fields.required("title")?;
    let mut prompt = fields.text("description")?.unwrap_or_default();
    for (field, heading) in [("design", "Design"), ("acceptance_criteria", "Acceptance criteria"), ("notes", "Notes")] {
        if let Some(text) = fields.text(field)?.filter(|text| !text.trim().is_empty()) {
            let gap = if prompt.is_empty() { "" } else { "\n\n" };
            prompt = format!("{prompt}{gap}## {heading}\n\n{text}");
        }
    }
    let skip = match fields.text("status")?.as_deref() {
        Some("closed") => Some("it is closed"),
        Some("tombstone") => Some("it was deleted"),
        Some(_) | None => None,
    };
    let mut no_task = false;
    for field in ["is_template", "ephemeral", "pinned"] {
        no_task |= fields.flag(field)?;
    }
    let after = blockers(&mut fields, &id)?;
    let mut item = Item {
        place: fields.place.clone(),
        name: Some(id.clone()),
        external_id: Some(id),
        title,
        prompt,
        // There 0 is the most urgent.
        priority: fields.whole("priority")?.map_or(0, i64::saturating_neg),
        after,
        skip: skip.or(no_task.then_some("it is a template or a note")),
        ..Item::default()
    };
    item.extra = fields.rest();
    Ok(item)
}

fn blockers(fields: &mut Fields, id: &str) -> Result<Vec<String>, Wrong> {
    let Some(value) = fields.take("dependencies") else { return Ok(Vec::new()) };
    let Some(list) = value.as_array() else { return Err(fields.wrong("dependencies", "not a list")) };
    let text = |one: &Value, field: &str| one.get(field).and_then(Value::as_str).map(str::to_owned);
    let mut after = Vec::new();
    for one in list {
        let kind = text(one, "type").unwrap_or_else(|| "blocks".to_owned());
        let own = text(one, "issue_id").is_none_or(|issue| issue == id);
        if own && BLOCKING.contains(&kind.as_str()) {
            let on = text(one, "depends_on_id").ok_or_else(|| fields.wrong("dependencies", "no depends_on_id"))?;
            after.push(on);
        }
    }
    Ok(after)
}
