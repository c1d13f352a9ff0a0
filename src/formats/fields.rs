//! The fields of a record of JSON, each taken once and checked for its type: what is left is what no field is.

use serde_json::{Map, Value};

use super::Wrong;

/// A record, and where it stands in the list.
pub(super) type Record = (String, Map<String, Value>);

/// The records of a text: the elements of an array, those of an object's array of this name, one object, or one a line.
pub(super) fn records(text: &str, list: &str) -> Result<Vec<Record>, Wrong> {
    let values = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(values)) => values,
        Ok(Value::Object(mut whole)) if whole.get(list).is_some_and(Value::is_array) => match whole.remove(list) {
            Some(Value::Array(values)) => values,
            Some(_) | None => Vec::new(),
        },
        Ok(one @ Value::Object(_)) => vec![one],
        Ok(_) => return Err(Wrong::at("the list", "it is neither an array nor an object")),
        Err(error) => return lines(text, &error),
    };
    let record = |(index, value)| object(format!("record {}", index + 1), value);
    values.into_iter().enumerate().map(record).collect()
}

fn lines(text: &str, whole: &serde_json::Error) -> Result<Vec<Record>, Wrong> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let value = serde_json::from_str(line).map_err(|error| {
            // A line that begins no object is a part of one value that is wrong somewhere.
            let is_line = !found.is_empty() || (line.trim_start().starts_with('{') && line.trim_end().ends_with('}'));
            if is_line {
                Wrong::at(format!("line {}", index + 1), format!("not JSON: {error}"))
            } else {
                Wrong::at(format!("line {}", whole.line()), format!("not JSON: {whole}"))
            }
        })?;
        found.push(object(format!("line {}", index + 1), value)?);
    }
    Ok(found)
}

fn object(place: String, value: Value) -> Result<Record, Wrong> {
    match value {
        Value::Object(fields) => Ok((place, fields)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Wrong::at(place, "not an object"))
        }
    }
}

/// One record that is being read.
pub(super) struct Fields {
    pub place: String,
    left: Map<String, Value>,
}

impl Fields {
    pub fn new((place, left): Record) -> Self {
        Self { place, left }
    }

    /// What no field was taken for.
    pub fn rest(self) -> Map<String, Value> {
        self.left
    }

    pub fn wrong(&self, field: &str, why: impl Into<String>) -> Wrong {
        Wrong { place: self.place.clone(), field: Some(field.to_owned()), why: why.into() }
    }

    /// The value of a field; `null` is none.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        self.left.shift_remove(field).filter(|value| !value.is_null())
    }

    pub fn text(&mut self, field: &str) -> Result<Option<String>, Wrong> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(field, "not a text")),
        }
    }

    /// A text, or a number as it is written.
    pub fn name(&mut self, field: &str) -> Result<Option<String>, Wrong> {
        match self.take(field) {
            None => Ok(None),
            Some(value) => written(&value).map(Some).ok_or_else(|| self.wrong(field, "neither a text nor a number")),
        }
    }

    pub fn required(&mut self, field: &str) -> Result<String, Wrong> {
        match self.text(field)?.filter(|text| !text.trim().is_empty()) {
            Some(text) => Ok(text),
            None => Err(self.wrong(field, "missing or empty")),
        }
    }

    pub fn whole(&mut self, field: &str) -> Result<Option<i64>, Wrong> {
        match self.take(field) {
            None => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| self.wrong(field, "not a whole number")),
        }
    }

    pub fn flag(&mut self, field: &str) -> Result<bool, Wrong> {
        match self.take(field) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(self.wrong(field, "neither true nor false")),
        }
    }

    /// A list of texts.
    pub fn texts(&mut self, field: &str) -> Result<Vec<String>, Wrong> {
        self.list(field, |value| value.as_str().map(str::to_owned), "not a list of texts")
    }

    /// A list of texts or numbers.
    pub fn names(&mut self, field: &str) -> Result<Vec<String>, Wrong> {
        self.list(field, written, "not a list of texts or numbers")
    }

    fn list(&mut self, field: &str, read: impl Fn(&Value) -> Option<String>, why: &str) -> Result<Vec<String>, Wrong> {
        let Some(value) = self.take(field) else { return Ok(Vec::new()) };
        let read = value.as_array().and_then(|values| values.iter().map(read).collect());
        read.ok_or_else(|| self.wrong(field, why))
    }
}

fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
