//! Tasks as `list --json`, `show --json` and `export` print them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::fields::{Fields, records};
use super::{Item, Wrong};

/// What is printed of a task besides what was asked for: not read back.
const STATE: [&str; 28] = [
    "schema_version",
    "repo",
    "blocked_by",
    "blockers",
    "reason",
    "note",
    "activity",
    "activity_source",
    "activity_since",
    "saying",
    "waits_until",
    "not_before",
    "orphans",
    "archived",
    "pr_url",
    "pr_number",
    "pr_said",
    "review_state",
    "review_rounds",
    "commits",
    "tree",
    "head",
    "untouched",
    "created_at",
    "updated_at",
    "attempt",
    "attempts",
    "timeline",
];

pub(super) fn read(text: &str) -> Result<Vec<Item>, Wrong> {
    records(text, "tasks")?.into_iter().map(|record| item(Fields::new(record))).collect()
}

fn item(mut fields: Fields) -> Result<Item, Wrong> {
    let timeout = match fields.take("timeout") {
        None => None,
        Some(Value::String(text)) => {
            let read = crate::domain::duration::parse(&text);
            Some(read.ok_or_else(|| fields.wrong("timeout", format!("{text:?} is not a duration such as 30m")))?)
        }
        Some(value) => {
            let seconds = value.as_u64().filter(|seconds| *seconds > 0);
            let wrong = || fields.wrong("timeout", "not a number of seconds");
            Some(Duration::from_secs(seconds.ok_or_else(wrong)?))
        }
    };
    let is_done = fields.text("status")?.is_some_and(|status| status == "done");
    let extra = match fields.take("extra") {
        None => Map::new(),
        Some(Value::Object(extra)) => extra,
        Some(_) => return Err(fields.wrong("extra", "not an object")),
    };
    let mut item = Item {
        name: fields.name("id")?,
        external_id: fields.name("external_id")?,
        title: fields.required("title")?,
        prompt: fields.text("prompt")?.unwrap_or_default(),
        agent: fields.text("agent")?,
        base: fields.text("base")?,
        branch: fields.text("branch")?,
        priority: fields.whole("priority")?.unwrap_or_default(),
        batch: fields.whole("batch")?,
        files: fields.texts("files")?,
        verify: fields.texts("verify")?,
        timeout,
        after: fields.names("after")?,
        unsafe_mode: fields.flag("unsafe")?,
        skip: is_done.then_some("it is done"),
        place: fields.place.clone(),
        extra,
    };
    let unknown = fields.rest().into_iter().filter(|(name, _)| !STATE.contains(&name.as_str()));
    item.extra.extend(unknown);
    Ok(item)
}

/// A task as a line of JSON that [`read`](super::read) reads back; what is not said is left out.
#[must_use]
pub fn line(item: &Item) -> String {
    let Item { external_id, title, prompt, agent, base, branch, batch, files, verify, timeout, after, extra, .. } =
        item;
    let mut whole = Map::new();
    let mut put = |name: &str, value: Value, is_said: bool| {
        if is_said {
            whole.insert(name.to_owned(), value);
        }
    };
    put("id", json!(item.name), item.name.is_some());
    put("external_id", json!(external_id), external_id.is_some());
    put("title", json!(title), true);
    put("prompt", json!(prompt), !prompt.is_empty());
    put("agent", json!(agent), agent.is_some());
    put("base", json!(base), base.is_some());
    put("branch", json!(branch), branch.is_some());
    put("priority", json!(item.priority), item.priority != 0);
    put("batch", json!(batch), batch.is_some());
    put("files", json!(files), !files.is_empty());
    put("verify", json!(verify), !verify.is_empty());
    put("timeout", json!(timeout.map(crate::domain::duration::render)), timeout.is_some());
    put("after", json!(after), !after.is_empty());
    put("unsafe", json!(true), item.unsafe_mode);
    put("status", json!("done"), item.skip.is_some());
    put("extra", json!(extra), !extra.is_empty());
    Value::Object(whole).to_string()
}
