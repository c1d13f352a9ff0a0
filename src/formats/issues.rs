//! GitHub issues as `gh issue list --json` prints them. Newer versions say what blocks an issue, too.

use serde_json::Value;

use super::fields::{Fields, records};
use super::{Item, Wrong};

pub(super) fn read(text: &str) -> Result<Vec<Item>, Wrong> {
    records(text, "issues")?.into_iter().map(|record| item(Fields::new(record))).collect()
}

fn item(mut fields: Fields) -> Result<Item, Wrong> {
    let number = fields.name("number")?.ok_or_else(|| fields.wrong("number", "missing"))?;
    let labels = labels(fields.take("labels").as_ref());
    let is_closed = fields.text("state")?.is_some_and(|state| state.eq_ignore_ascii_case("closed"));
    let after = urls(fields.take("blockedBy").as_ref());
    let url = fields.text("url")?.ok_or_else(|| fields.wrong("url", "missing: gh issue list --json …,url"))?;
    let mut item = Item {
        place: fields.place.clone(),
        title: fields.required("title")?,
        prompt: fields.text("body")?.unwrap_or_default(),
        priority: labels.iter().find_map(|label| priority(label)).unwrap_or_default(),
        after,
        name: Some(url.clone()),
        external_id: Some(url),
        skip: is_closed.then_some("the issue is closed"),
        ..Item::default()
    };
    item.extra.insert("number".to_owned(), number.parse::<i64>().map_or(Value::String(number), Value::from));
    if !labels.is_empty() {
        item.extra.insert("labels".to_owned(), labels.into());
    }
    item.extra.extend(fields.rest());
    Ok(item)
}

fn labels(value: Option<&Value>) -> Vec<String> {
    let name = |label: &Value| label.as_str().or_else(|| label.get("name")?.as_str()).map(str::to_owned);
    value.and_then(Value::as_array).into_iter().flatten().filter_map(name).collect()
}

/// Higher goes first: `priority:high`, `priority/2`, `P0`.
fn priority(label: &str) -> Option<i64> {
    let label = label.to_lowercase();
    if let Some(digit) = label.strip_prefix('p').filter(|rest| rest.len() == 1) {
        return digit.parse::<i64>().ok().map(|level| 2 - level);
    }
    let level = label.strip_prefix("priority")?.trim_start_matches([':', '/', '-', ' ']);
    match level {
        "critical" | "urgent" | "highest" => Some(2),
        "high" => Some(1),
        "medium" | "normal" => Some(0),
        "low" => Some(-1),
        "lowest" => Some(-2),
        number => number.parse().ok(),
    }
}

/// The addresses of other issues: a list of them, or one below `nodes`.
fn urls(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(|value| value.as_array().or_else(|| value.get("nodes")?.as_array()));
    list.into_iter().flatten().filter_map(|issue| Some(issue.get("url")?.as_str()?.to_owned())).collect()
}
