//! How statements reach the database: transactions, waiting for other writers, room on a full disk, typed errors.
//!
//! Every write is one `IMMEDIATE` transaction. No closure given to these functions may call anything outside of
//! the database: it may run twice.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::Sqlite;
use super::trouble::{Done, Trouble};
use super::{disk, height};
use crate::ports::store::{Result, StoreError};

impl Sqlite {
    /// Runs `work` in one `IMMEDIATE` transaction; on a full disk once more, with the ballast's room.
    pub(super) fn write<T>(&self, doing: &str, work: impl Fn(&Connection) -> Done<T>) -> Result<T> {
        self.write_within(self.busy, doing, work)
    }

    /// As [`Self::write`], waiting for other writers at most that long.
    pub(super) fn write_within<T>(
        &self,
        patience: Duration,
        doing: &str,
        work: impl Fn(&Connection) -> Done<T>,
    ) -> Result<T> {
        let transact = |conn: &Connection| {
            let transaction = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
            let seen = self.compared(&transaction)?;
            let value = if seen.doubt.is_none() { Some(work(&transaction)?) } else { None };
            let height = height::of(&transaction)?.height;
            transaction.commit()?;
            Ok((value, seen, height))
        };
        let (value, seen, height) = match self.waiting_for(patience, doing, transact) {
            Err(StoreError::Full { .. }) if disk::free_ballast(&self.state_dir) => {
                self.waiting_for(patience, doing, transact)
            }
            other => other,
        }?;
        self.raise(&seen, height);
        // What was asked for was decided on a database that has turned out to be another: it is asked for again.
        value.ok_or_else(|| StoreError::Older { why: seen.doubt.unwrap_or_default() })
    }

    /// Runs `work` on one snapshot of the database.
    pub(super) fn read<T>(&self, doing: &str, work: impl Fn(&Connection) -> Done<T>) -> Result<T> {
        self.waiting(doing, |conn| {
            let transaction = Transaction::new_unchecked(conn, TransactionBehavior::Deferred)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
    }

    /// Runs `work`, again and again while others hold a lock that it needs, up to the deadline.
    pub(super) fn waiting<T>(&self, doing: &str, work: impl Fn(&Connection) -> Done<T>) -> Result<T> {
        self.waiting_for(self.busy, doing, work)
    }

    fn waiting_for<T>(&self, patience: Duration, doing: &str, work: impl Fn(&Connection) -> Done<T>) -> Result<T> {
        let since = Instant::now();
        loop {
            self.still_there()?;
            match work(&self.conn) {
                Ok(value) => return Ok(value),
                Err(trouble) if is_busy(&trouble) => {
                    let waited = since.elapsed();
                    if waited >= patience {
                        return Err(StoreError::Busy { waited });
                    }
                    pause(waited, patience);
                }
                Err(trouble) => return Err(self.typed(doing, trouble)),
            }
        }
    }

    fn typed(&self, doing: &str, trouble: Trouble) -> StoreError {
        let code = trouble.code();
        match trouble {
            Trouble::Store(error) => error,
            Trouble::Sql(_) if code == Some(ErrorCode::DiskFull) => StoreError::Full { path: self.db.clone() },
            Trouble::Sql(error)
                if matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) && !self.read_only =>
            {
                disk::quarantine(&self.db, &error.to_string())
            }
            Trouble::Sql(error) => StoreError::Failed { doing: doing.to_owned(), why: error.to_string() },
        }
    }
}

fn is_busy(trouble: &Trouble) -> bool {
    matches!(trouble.code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Waits 0.2–5 ms, at random, so that waiters don't march in step. `SQLite` keeps no queue: who has waited longer
/// looks more often, so that nobody starves behind newcomers.
pub(super) fn pause(waited: Duration, deadline: Duration) {
    let patience = deadline.as_secs_f64().clamp(0.01, 1.0);
    let youth = (1.0 - waited.as_secs_f64() / patience).max(0.0);
    let longest = 500.0 + 4_500.0 * youth;
    let length = Duration::from_secs_f64((200.0 + fastrand::f64() * (longest - 200.0)) / 1e6);
    let left = deadline.saturating_sub(waited);
    #[expect(clippy::disallowed_methods, reason = "another program's lock gives no signal when it is released")]
    thread::sleep(length.min(left));
}
