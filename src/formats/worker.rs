//! The form in which planners hand tasks to workers: `task_number`, `task_title`, `implementation`, `files`,
//! `verification_steps`, `batch_number`, at the top or below `extra_data`.

use serde_json::Value;

use super::fields::{Fields, records};
use super::{Item, Wrong};

pub(super) fn read(text: &str) -> Result<Vec<Item>, Wrong> {
    records(text, "tasks")?.into_iter().map(|record| item(Fields::new(record))).collect()
}

fn item(mut outer: Fields) -> Result<Item, Wrong> {
    let place = outer.place.clone();
    let (mut fields, besides) = match outer.take("extra_data") {
        Some(Value::Object(inner)) => (Fields::new((place.clone(), inner)), outer.rest()),
        Some(_) => return Err(outer.wrong("extra_data", "not an object")),
        None => (outer, serde_json::Map::new()),
    };
    let number = fields.name("task_number")?;
    let mut item = Item {
        place,
        name: number.clone(),
        external_id: number,
        title: fields.required("task_title")?,
        prompt: fields.text("implementation")?.unwrap_or_default(),
        files: fields.texts("files")?,
        verify: fields.texts("verification_steps")?,
        batch: fields.whole("batch_number")?,
        ..Item::default()
    };
    item.extra = besides;
    item.extra.extend(fields.rest());
    Ok(item)
}
