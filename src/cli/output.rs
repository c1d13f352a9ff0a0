//! Standard output and error: the only place that prints.
//!
//! A reader that has gone away ends the talk and is no error. Anything else that keeps output from being written is one,
//! and [`finish`] tells it. Where the locale is not a UTF-8 one, what people read is ASCII.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::domain::text;
use crate::engine::Fault;
use crate::tui;

/// The version of every top-level JSON object.
pub const SCHEMA_VERSION: u32 = 1;

/// What came of writing to standard output until now.
enum Written {
    Well,
    /// Nobody reads it any more.
    ReaderGone,
    /// It can't be written.
    Failed(io::Error),
}

static WRITTEN: Mutex<Written> = Mutex::new(Written::Well);

static UNICODE: LazyLock<bool> = LazyLock::new(|| {
    let set = |name: &str| super::environment::variable(name).filter(|value| !value.is_empty());
    match set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")) {
        None => true,
        Some(locale) => {
            let locale = locale.to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
    }
});

/// Whether the locale's characters go beyond ASCII. A locale that says nothing is taken for one of today's.
#[must_use]
pub fn is_unicode() -> bool {
    *UNICODE
}

/// Writes to standard output at once. After the first failure nothing more is written.
fn write(bytes: &[u8]) {
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    if !matches!(*written, Written::Well) {
        return;
    }
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
        *written = if error.kind() == io::ErrorKind::BrokenPipe { Written::ReaderGone } else { Written::Failed(error) };
    }
}

/// Whether what is printed goes anywhere.
fn is_written() -> bool {
    matches!(*WRITTEN.lock().unwrap_or_else(PoisonError::into_inner), Written::Well)
}

/// The exit code of a program that has printed: its own, unless its output could not be written, which is said.
#[must_use]
pub fn finish(code: ExitCode) -> ExitCode {
    let written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    let Written::Failed(error) = &*written else { return code };
    mention(&format!("ganger: standard output can't be written: {error}"));
    if code == ExitCode::SUCCESS { ExitCode::FAILURE } else { code }
}

/// Whether there is somebody to ask: standard input and output are a terminal.
#[must_use]
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Prints a line of ganger's own on standard output.
pub fn say(line: &str) {
    write(format!("{}\n", readable(line)).as_bytes());
}

fn readable(line: &str) -> String {
    if is_unicode() { line.to_owned() } else { text::ascii(line) }
}

/// Prints a text of somebody else on standard output, and a line break if there is none at its end. It is ASCII only
/// where a terminal shows it: a file or a program gets it as it is.
pub fn put(text: &str) {
    let shown = if io::stdout().is_terminal() { readable(text) } else { text.to_owned() };
    let end = if shown.ends_with('\n') || shown.is_empty() { "" } else { "\n" };
    write(format!("{shown}{end}").as_bytes());
}

/// Prints a path on a line of its own, byte for byte: for scripts.
pub fn path(path: &Path) {
    use std::os::unix::ffi::OsStrExt as _;
    write(&[path.as_os_str().as_bytes(), b"\n"].concat());
}

/// Prints bytes as they are: for scripts, or what was made safe before. False when nobody reads them any more, or they
/// can't be written.
#[must_use]
pub fn bytes(bytes: &[u8]) -> bool {
    write(bytes);
    is_written()
}

/// Prints lines at once; false when nobody reads them any more, or they can't be written.
#[must_use]
pub fn stream(lines: &str) -> bool {
    bytes(lines.as_bytes())
}

/// Prints what the argument parser says: help and version on standard output, a complaint on standard error.
pub fn parsed(error: &clap::Error) {
    let text = error.render();
    let to_stderr = error.use_stderr();
    let terminal = if to_stderr { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let text = if terminal && !plain { text.ansi().to_string() } else { text.to_string() };
    if to_stderr {
        io::stderr().lock().write_all(readable(&text).as_bytes()).ok();
    } else {
        write(readable(&text).as_bytes());
    }
}

/// Prints a line of talk on standard error.
pub fn mention(line: &str) {
    writeln!(io::stderr().lock(), "{}", readable(&text::line(line))).ok();
}

/// Prints a JSON object, with the schema's version first.
pub fn object(fields: Value) {
    let mut whole = json!({ "schema_version": SCHEMA_VERSION });
    if let (Some(whole), Value::Object(fields)) = (whole.as_object_mut(), fields) {
        whole.extend(fields);
    }
    say(&json_line(&whole));
}

/// Shows how far something has come, on the last line of the terminal, in place of what stood there; an empty text takes it
/// away. Nowhere else.
pub fn progress(text: &str) {
    if !io::stderr().is_terminal() {
        return;
    }
    let columns = width().unwrap_or(80).saturating_sub(1);
    let mut cell = Cell::new(text::line(text), Tone::Plain);
    cell.cut(columns);
    let mut err = io::stderr().lock();
    write!(err, "\r\u{1b}[K{}", cell.text).and_then(|()| err.flush()).ok();
}

/// A value as JSON on one line. What a terminal would obey is escaped, JSON itself asks for that up to U+001F only; and
/// what the locale can't show.
#[must_use]
pub fn json_line(value: &Value) -> String {
    let mut line = String::new();
    for c in value.to_string().chars() {
        if c.is_control() || !(c.is_ascii() || is_unicode()) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(line, "\\u{unit:04x}").ok();
            }
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
        "hint": fault.hint.as_deref(),
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

/// Between two columns of a table.
pub const GAP: usize = 2;

/// How a cell is shown where colours are wanted. Colour is never the only signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Dim,
    Good,
    Busy,
    Warn,
    Bad,
}

impl Tone {
    /// The parameters of "select graphic rendition": colours of the terminal's own palette, so that its theme holds.
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Dim => Some("2"),
            Self::Good => Some("32"),
            Self::Busy => Some("36"),
            Self::Warn => Some("33"),
            Self::Bad => Some("31"),
        }
    }
}

/// A cell of a table, in characters that can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: readable(text.as_ref()), tone }
    }

    /// In columns of a terminal.
    #[must_use]
    pub fn width(&self) -> usize {
        unicode_width::UnicodeWidthStr::width(self.text.as_str())
    }

    /// Cuts it to `width` columns, and marks that it was cut.
    pub fn cut(&mut self, width: usize) {
        use unicode_width::UnicodeWidthStr as _;
        if self.width() <= width {
            return;
        }
        let mark = readable("…");
        let room = width.saturating_sub(mark.width());
        while self.width() > room {
            self.text.pop();
        }
        if mark.width() <= width {
            self.text.push_str(&mark);
        }
    }

    fn push_to(&self, line: &mut String, coloured: bool) {
        match self.tone.code().filter(|_| coloured && !self.text.is_empty()) {
            Some(code) => write!(line, "\u{1b}[{code}m{}\u{1b}[0m", self.text).unwrap_or_default(),
            None => line.push_str(&self.text),
        }
    }
}

/// The columns of the terminal that standard output is, if it is one.
#[must_use]
pub fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    tui::size().map(|(columns, _)| usize::from(columns))
}

/// Prints rows as aligned columns; the last column is not padded.
pub fn table(rows: &[Vec<String>]) {
    let rows: Vec<Vec<Cell>> =
        rows.iter().map(|row| row.iter().map(|cell| Cell::new(cell, Tone::Plain)).collect()).collect();
    cells(&rows, false);
}

/// As [`table`], with colours where they are wanted.
pub fn cells(rows: &[Vec<Cell>], coloured: bool) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(Cell::width).max().unwrap_or(0))
        .collect();
    for row in rows {
        let mut line = String::new();
        let last = row.iter().rposition(|cell| !cell.text.is_empty()).unwrap_or(0);
        for (column, cell) in row.iter().enumerate().take(last + 1) {
            cell.push_to(&mut line, coloured);
            if column < last {
                line.push_str(&" ".repeat(widths[column] - cell.width() + GAP));
            }
        }
        line.push('\n');
        write(line.as_bytes());
    }
}
