//! Standard output and error: the only place that prints. A reader that has gone away is no error.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::domain::text;
use crate::engine::Fault;

/// The version of every top-level JSON object.
pub const SCHEMA_VERSION: u32 = 1;

/// Prints a line on standard output.
pub fn say(line: &str) {
    writeln!(io::stdout().lock(), "{line}").ok();
}

/// Prints bytes on standard output, and a line break if there is none at their end.
pub fn put(text: &str) {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).ok();
    if !text.ends_with('\n') && !text.is_empty() {
        writeln!(out).ok();
    }
}

/// Prints lines at once; false when nobody reads them any more.
#[must_use]
pub fn stream(lines: &str) -> bool {
    let mut out = io::stdout().lock();
    out.write_all(lines.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Prints a line of talk on standard error.
pub fn mention(line: &str) {
    writeln!(io::stderr().lock(), "{}", text::line(line)).ok();
}

/// Prints a JSON object, with the schema's version first.
pub fn object(fields: Value) {
    let mut whole = json!({ "schema_version": SCHEMA_VERSION });
    if let (Some(whole), Value::Object(fields)) = (whole.as_object_mut(), fields) {
        whole.extend(fields);
    }
    say(&json_line(&whole));
}

/// A value as JSON on one line. What a terminal would obey is escaped: JSON itself asks for that up to U+001F only.
#[must_use]
pub fn json_line(value: &Value) -> String {
    let mut line = String::new();
    for c in value.to_string().chars() {
        if c.is_control() {
            write!(line, "\\u{:04x}", u32::from(c)).ok();
        } else {
            line.push(c);
        }
    }
    line
}

/// A fault as JSON.
#[must_use]
pub fn fault_json(fault: &Fault) -> Value {
    json!({
        "code": fault.kind.code(),
        "kind": fault.kind.text(),
        "message": fault.message,
        "hint": fault.hint,
        "task": fault.task.map(|id| id.0),
    })
}

/// Prints a fault where it belongs: what failed and why, then what to try next. Returns its exit code.
pub fn fault(fault: &Fault, as_json: bool) -> ExitCode {
    if as_json {
        object(json!({ "error": fault_json(fault) }));
    } else {
        complain(fault);
    }
    ExitCode::from(fault.kind.code())
}

/// Prints a fault on standard error.
pub fn complain(fault: &Fault) {
    mention(&format!("ganger: {}", fault.message));
    if let Some(hint) = &fault.hint {
        mention(&format!("try: {hint}"));
    }
}

/// Prints rows as aligned columns; the last column is not padded.
pub fn table(rows: &[Vec<String>]) {
    use unicode_width::UnicodeWidthStr as _;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            line.push_str(cell);
            if column + 1 < row.len() {
                line.push_str(&" ".repeat(widths[column] - cell.width() + 2));
            }
        }
        say(line.trim_end());
    }
}
