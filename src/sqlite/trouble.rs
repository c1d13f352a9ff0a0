//! What can go wrong inside a transaction.

use rusqlite::ErrorCode;

use crate::ports::store::StoreError;

/// What went wrong inside a transaction.
#[derive(Debug)]
pub(super) enum Trouble {
    Sql(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Trouble {
    /// The error of a guarded write that did not hit the one row that was read in the same transaction.
    pub(super) fn guard(what: &str) -> Self {
        Self::Store(StoreError::Failed {
            doing: format!("writing {what}"),
            why: "the row is not what was read in this transaction".to_owned(),
        })
    }

    /// The code of SQLite's own error.
    pub(super) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sql(error) => error.sqlite_error_code(),
            Self::Store(_) => None,
        }
    }
}

/// What a closure over the database returns.
pub(super) type Done<T> = std::result::Result<T, Trouble>;

/// Checks that a guarded statement changed exactly one row.
pub(super) fn one(changed: usize, what: &str) -> Done<()> {
    if changed == 1 { Ok(()) } else { Err(Trouble::guard(what)) }
}
