//! Strict decoding of rows: each cell is what the schema says, or an error that names table, row and column.
//!
//! Nothing here supplies a default for a value that can't be read.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::trouble::Trouble;
use crate::domain::id::{AttemptId, Process};
use crate::domain::state::UnknownWord;
use crate::domain::time::Timestamp;
use crate::ports::store::StoreError;

type Decoded<T> = Result<T, Trouble>;

/// The cells of one row, read from left to right; the first one is the row's id.
pub(super) struct Cells<'a> {
    row: &'a Row<'a>,
    table: &'static str,
    next: Cell<usize>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(table: &'static str, row: &'a Row<'a>) -> Self {
        Self { row, table, next: Cell::new(0) }
    }

    /// The error for a cell of this row.
    pub(super) fn unreadable(&self, column: &'static str, why: impl Into<String>) -> Trouble {
        let row = match self.row.get_ref(0) {
            Ok(ValueRef::Integer(id)) => id.to_string(),
            Ok(ValueRef::Text(id)) => String::from_utf8_lossy(id).into_owned(),
            Ok(ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_)) | Err(_) => "without an id".to_owned(),
        };
        Trouble::Store(StoreError::Unreadable { table: self.table, row, column, why: why.into() })
    }

    fn take(&self, column: &'static str) -> Decoded<ValueRef<'a>> {
        let at = self.next.get();
        self.next.set(at + 1);
        debug_assert!(self.row.as_ref().column_name(at).is_ok_and(|name| name == column), "{at} is not {column}");
        Ok(self.row.get_ref(at)?)
    }

    pub(super) fn maybe_str(&self, column: &'static str) -> Decoded<Option<&'a str>> {
        match self.take(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => {
                std::str::from_utf8(bytes).map(Some).map_err(|_| self.unreadable(column, "not UTF-8"))
            }
            other @ (ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_)) => {
                Err(self.unreadable(column, format!("{} where text belongs", other.data_type())))
            }
        }
    }

    pub(super) fn maybe_int(&self, column: &'static str) -> Decoded<Option<i64>> {
        match self.take(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(value) => Ok(Some(value)),
            other @ (ValueRef::Text(_) | ValueRef::Real(_) | ValueRef::Blob(_)) => {
                Err(self.unreadable(column, format!("{} where a number belongs", other.data_type())))
            }
        }
    }

    fn some<T>(&self, column: &'static str, value: Option<T>) -> Decoded<T> {
        value.ok_or_else(|| self.unreadable(column, "NULL"))
    }

    pub(super) fn str(&self, column: &'static str) -> Decoded<&'a str> {
        let value = self.maybe_str(column)?;
        self.some(column, value)
    }

    pub(super) fn text(&self, column: &'static str) -> Decoded<String> {
        self.str(column).map(str::to_owned)
    }

    pub(super) fn maybe_text(&self, column: &'static str) -> Decoded<Option<String>> {
        Ok(self.maybe_str(column)?.map(str::to_owned))
    }

    pub(super) fn int(&self, column: &'static str) -> Decoded<i64> {
        let value = self.maybe_int(column)?;
        self.some(column, value)
    }

    /// An integer of a narrower type.
    pub(super) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Decoded<T> {
        let value = self.int(column)?;
        T::try_from(value).map_err(|_| self.unreadable(column, format!("{value} is out of range")))
    }

    pub(super) fn maybe_number<T: TryFrom<i64>>(&self, column: &'static str) -> Decoded<Option<T>> {
        let Some(value) = self.maybe_int(column)? else { return Ok(None) };
        T::try_from(value).map(Some).map_err(|_| self.unreadable(column, format!("{value} is out of range")))
    }

    pub(super) fn flag(&self, column: &'static str) -> Decoded<bool> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.unreadable(column, format!("{other} where 0 or 1 belongs"))),
        }
    }

    /// A word of a closed set.
    pub(super) fn word<T>(&self, column: &'static str, parse: fn(&str) -> Result<T, UnknownWord>) -> Decoded<T> {
        parse(self.str(column)?).map_err(|unknown| self.unreadable(column, unknown.to_string()))
    }

    pub(super) fn maybe_word<T>(
        &self,
        column: &'static str,
        parse: fn(&str) -> Result<T, UnknownWord>,
    ) -> Decoded<Option<T>> {
        let Some(word) = self.maybe_str(column)? else { return Ok(None) };
        parse(word).map(Some).map_err(|unknown| self.unreadable(column, unknown.to_string()))
    }

    pub(super) fn path(&self, column: &'static str) -> Decoded<PathBuf> {
        self.str(column).map(PathBuf::from)
    }

    pub(super) fn instant(&self, column: &'static str) -> Decoded<Timestamp> {
        self.int(column).map(Timestamp)
    }

    pub(super) fn maybe_instant(&self, column: &'static str) -> Decoded<Option<Timestamp>> {
        Ok(self.maybe_int(column)?.map(Timestamp))
    }

    /// A length of time in milliseconds.
    pub(super) fn maybe_millis(&self, column: &'static str) -> Decoded<Option<Duration>> {
        Ok(self.maybe_number(column)?.map(Duration::from_millis))
    }

    /// A JSON array of strings.
    pub(super) fn list(&self, column: &'static str) -> Decoded<Vec<String>> {
        serde_json::from_str(self.str(column)?).map_err(|error| self.unreadable(column, error.to_string()))
    }

    pub(super) fn attempt(&self, column: &'static str) -> Decoded<AttemptId> {
        let value = self.maybe_attempt(column)?;
        self.some(column, value)
    }

    pub(super) fn maybe_attempt(&self, column: &'static str) -> Decoded<Option<AttemptId>> {
        let Some(text) = self.maybe_str(column)? else { return Ok(None) };
        AttemptId::parse(text).map(Some).map_err(|text| self.unreadable(column, format!("{text:?} is no attempt's id")))
    }

    /// Two columns that are there together or not at all.
    pub(super) fn maybe_pair(&self, first: &'static str, second: &'static str) -> Decoded<Option<(i64, i64)>> {
        match (self.maybe_int(first)?, self.maybe_int(second)?) {
            (Some(one), Some(two)) => Ok(Some((one, two))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(self.unreadable(second, "NULL")),
            (None, Some(_)) => Err(self.unreadable(first, "NULL")),
        }
    }

    pub(super) fn maybe_process(&self, pid: &'static str, start: &'static str) -> Decoded<Option<Process>> {
        let Some((number, start)) = self.maybe_pair(pid, start)? else { return Ok(None) };
        let number = i32::try_from(number).map_err(|_| self.unreadable(pid, format!("{number} is out of range")))?;
        Ok(Some(Process { pid: number, start: start.cast_unsigned() }))
    }

    pub(super) fn process(&self, pid: &'static str, start: &'static str) -> Decoded<Process> {
        let value = self.maybe_process(pid, start)?;
        self.some(pid, value)
    }
}

/// A path as text.
///
/// # Errors
/// A path that is not UTF-8: it could not be given back byte for byte.
pub(super) fn path_text(path: &Path) -> Decoded<&str> {
    path.to_str().ok_or_else(|| {
        Trouble::Store(StoreError::Failed {
            doing: "storing a path".to_owned(),
            why: format!("{} is not valid UTF-8", path.display()),
        })
    })
}

/// A list as a JSON array.
pub(super) fn list_text(list: &[String]) -> String {
    serde_json::Value::from(list.to_vec()).to_string()
}

/// A length of time in milliseconds.
pub(super) fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}
