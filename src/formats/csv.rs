//! A table with a row of heads: as spreadsheets and issue trackers export it. `--map` says which column is which field.

use super::{Item, Options, Wrong};

/// The fields that a column can be, with the heads by which they are found where nothing is said.
const FIELDS: [(&str, &[&str]); 9] = [
    ("title", &["title", "summary", "name"]),
    ("prompt", &["prompt", "description", "body"]),
    ("id", &["id", "key", "issue key", "external_id"]),
    ("agent", &["agent"]),
    ("priority", &["priority"]),
    ("batch", &["batch"]),
    ("after", &["after", "depends on", "blocked by"]),
    ("files", &["files"]),
    ("verify", &["verify"]),
];

pub(super) fn read(text: &str, options: Options<'_>) -> Result<Vec<Item>, Wrong> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let failed = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        Wrong::at(format!("line {line}"), format!("not CSV: {error}"))
    };
    let heads = reader.headers().map_err(|error| failed(&error))?.clone();
    let columns = columns(&heads, options.map)?;
    let mut items = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| failed(&error))?;
        let place = format!("line {}", record.position().map_or(0, csv::Position::line));
        items.push(item(place, &record, &heads, &columns)?);
    }
    Ok(items)
}

/// Which column is which field, by number.
fn columns(heads: &csv::StringRecord, map: &[(String, String)]) -> Result<Vec<(&'static str, usize)>, Wrong> {
    let wrong = |why: String| Wrong::at("--map", why);
    if let Some((name, _)) = map.iter().find(|(name, _)| !FIELDS.iter().any(|(field, _)| field == name)) {
        let known: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
        return Err(wrong(format!("there is no field {name:?}; there is {}", known.join(", "))));
    }
    let named = || heads.iter().collect::<Vec<_>>().join(", ");
    let mut columns = Vec::new();
    for (field, usual) in FIELDS {
        if let Some((_, column)) = map.iter().find(|(name, _)| name == field) {
            let found = heads.iter().position(|head| head.trim() == column.trim());
            let found = found.ok_or_else(|| wrong(format!("there is no column {column:?}; there is {}", named())))?;
            columns.push((field, found));
            continue;
        }
        let is_usual = |head: &str| usual.iter().any(|usual| head.trim().eq_ignore_ascii_case(usual));
        columns.extend(heads.iter().position(is_usual).map(|found| (field, found)));
    }
    if !columns.iter().any(|(field, _)| *field == "title") {
        return Err(wrong(format!("no column is the title: --map title=COLUMN, one of {}", named())));
    }
    Ok(columns)
}

fn item(
    place: String,
    record: &csv::StringRecord,
    heads: &csv::StringRecord,
    columns: &[(&'static str, usize)],
) -> Result<Item, Wrong> {
    let mut item = Item { place, ..Item::default() };
    for (column, (head, cell)) in heads.iter().zip(record.iter()).enumerate() {
        if cell.trim().is_empty() {
            continue;
        }
        let list =
            |by: &[char]| cell.split(by).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let number = || {
            let wrong =
                || Wrong { field: Some(head.to_owned()), ..Wrong::at(item.place.clone(), "not a whole number") };
            cell.trim().parse::<i64>().map_err(|_| wrong())
        };
        match columns.iter().find(|(_, at)| *at == column).map(|(field, _)| *field) {
            Some("title") => cell.trim().clone_into(&mut item.title),
            Some("prompt") => cell.clone_into(&mut item.prompt),
            Some("id") => {
                item.name = Some(cell.trim().to_owned());
                item.external_id.clone_from(&item.name);
            }
            Some("agent") => item.agent = Some(cell.trim().to_owned()),
            Some("priority") => item.priority = number()?,
            Some("batch") => item.batch = Some(number()?),
            Some("after") => item.after = list(&[',', ';', ' ']),
            Some("files") => item.files = list(&[',', ';', '\n']),
            Some("verify") => item.verify = list(&['\n']),
            Some(_) | None => {
                item.extra.insert(head.to_owned(), cell.into());
            }
        }
    }
    if item.title.is_empty() {
        return Err(Wrong { field: Some("title".to_owned()), ..Wrong::at(item.place, "missing or empty") });
    }
    Ok(item)
}
