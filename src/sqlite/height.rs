//! Whether the database is the one that its state directory has seen, and whole: see [`super::mark`].

use rusqlite::{Connection, params};

use super::mark::{self, Found, Mark};
use super::trouble::Done;
use super::{Sqlite, disk};
use crate::domain::height::{self, Height, Standing, compare};
use crate::ports::store::{Result, StoreError};

/// Draws the identity of a database, once.
pub(super) const IDENTIFY: &str =
    "INSERT OR IGNORE INTO meta (key, value) VALUES ('identity', lower(hex(randomblob(16))))";

/// Which database it is, and how far it has come.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub identity: Option<String>,
    pub height: Height,
}

/// What the mark says of the database, in a transaction.
#[derive(Debug)]
pub(super) struct Seen {
    identity: String,
    /// The mark is as the database was when the transaction began.
    height: Option<Height>,
    /// Why the database was found not to be what it was, if it was found just now.
    pub doubt: Option<String>,
}

pub(super) fn of(conn: &Connection) -> Done<State> {
    let mut statement = conn.prepare_cached(
        "SELECT (SELECT value FROM meta WHERE key = 'identity'),
            coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'tasks'), 0),
            coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)",
    )?;
    Ok(statement.query_row([], |row| {
        Ok(State { identity: row.get(0)?, height: Height { tasks: row.get(1)?, events: row.get(2)? } })
    })?)
}

impl Sqlite {
    /// Compares the database with its mark when it is opened. What can't be written now is found by the next write.
    pub(super) fn compare(&self) -> Result<()> {
        let found = mark::read(&self.state_dir);
        let now = self.waiting("looking how far the database has come", of)?;
        let is_behind = match &found {
            Found::Mark(mark) => {
                let identity = now.identity.as_deref().unwrap_or_default();
                compare(seen_in(&found), identity, now.height) == Standing::Whole && mark.database == self.db
            }
            Found::Nothing | Found::Unreadable | Found::NotSeen(_) => false,
        };
        if is_behind {
            return Ok(());
        }
        match self.write("comparing the database with what was seen of it", |_| Ok(())) {
            Ok(()) | Err(StoreError::Older { .. } | StoreError::Full { .. } | StoreError::Busy { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Compares the database with its mark under the write lock. Where it is older, or another one, ids go on above the
    /// highest that were ever given, and the doubt is written down.
    pub(super) fn compared(&self, conn: &Connection) -> Done<Seen> {
        let now = of(conn)?;
        let identity = if let Some(identity) = now.identity {
            identity
        } else {
            conn.execute(IDENTIFY, [])?;
            of(conn)?.identity.unwrap_or_default()
        };
        let found = mark::read(&self.state_dir);
        if let Found::NotSeen(why) = found {
            // Nothing is written on the strength of a look that failed, a doubt neither.
            let doing = format!("looking at what was seen of the database in {}", self.state_dir.display());
            return Err(StoreError::Failed { doing, why }.into());
        }
        let mark = if let Found::Mark(mark) = &found { Some(mark) } else { None };
        let seen = mark.map(|mark| mark.height);
        let doubt = match compare(seen_in(&found), &identity, now.height) {
            Standing::Whole => None,
            Standing::Older => Some(self.older(now.height, seen.unwrap_or_default())),
            Standing::Exchanged => Some(self.exchanged(seen.unwrap_or_default())),
            Standing::Unknown => {
                Some(format!("what was seen of the database can't be read in {}", self.state_dir.display()))
            }
        };
        // A mark of the same database at another path is written anew.
        let height = seen.filter(|_| doubt.is_some() || mark.is_some_and(|mark| mark.database == self.db));
        if let Some(why) = &doubt {
            let height = height.unwrap_or_default().max(now.height);
            go_on_above(conn, "tasks", height.tasks)?;
            go_on_above(conn, "events", height.events)?;
            conn.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('doubt', ?1)")?.execute([why])?;
        }
        Ok(Seen { identity, height, doubt })
    }

    fn exchanged(&self, seen: Height) -> String {
        format!(
            "the database {} is another than the one that {} belongs to, which had tasks up to {}",
            self.db.display(),
            self.state_dir.display(),
            seen.tasks
        )
    }

    fn older(&self, now: Height, seen: Height) -> String {
        format!(
            "the database {} is older than what has run: it knows of tasks up to {} and of event {}, there were tasks up to \
             {} and event {}",
            self.db.display(),
            now.tasks,
            now.events,
            seen.tasks,
            seen.events
        )
    }

    /// Raises the mark to what was committed.
    pub(super) fn raise(&self, seen: &Seen, height: Height) {
        if seen.height != Some(height) || seen.doubt.is_some() {
            let (identity, database) = (seen.identity.clone(), self.db.clone());
            mark::raise(&self.state_dir, &Mark { identity, database, height });
        }
    }

    /// Refuses to go on with files that stand at their paths no more: what is written to them is lost.
    pub(super) fn still_there(&self) -> Result<()> {
        let Some(files) = self.files else { return Ok(()) };
        let log = disk::beside(&self.db, "-wal");
        for (path, opened, what) in
            [(&self.db, files.database, "another file stands in its place"), (&log, files.log, "its log was removed")]
        {
            // What can't be looked at has not been replaced.
            let replaced = match disk::identify(path) {
                Ok(found) => found != opened,
                Err(error) => error.kind() == std::io::ErrorKind::NotFound,
            };
            if replaced {
                return Err(StoreError::Replaced { path: self.db.clone(), what });
            }
        }
        Ok(())
    }
}

/// What a mark says, for the decision.
fn seen_in(found: &Found) -> height::Seen<'_> {
    match found {
        Found::Nothing => height::Seen::Nothing,
        Found::Unreadable | Found::NotSeen(_) => height::Seen::Unreadable,
        Found::Mark(mark) => height::Seen::Mark { identity: &mark.identity, height: mark.height },
    }
}

fn go_on_above(conn: &Connection, table: &str, highest: i64) -> Done<()> {
    let raised =
        conn.execute("UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1", params![table, highest])?;
    if raised == 0 {
        conn.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", params![table, highest])?;
    }
    Ok(())
}
