//! Opening a board: creation, migrations, and everything that refuses to open it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};
use rusqlite_migration::{M, Migrations};

use super::Sqlite;
use super::disk;
use crate::os::lock::FileLocks;
use crate::ports::host::Locks as _;
use crate::ports::store::{Result, StoreError};

/// The schema's steps, oldest first. Released ones are never edited.
const MIGRATIONS: &[M<'static>] = &[M::up(include_str!("migrations/0001_board.sql"))];

/// What the log is grown to ahead of need: a rollback must find room on a full disk.
const GROWN: i64 = 1024 * 1024;

/// How long a read-only opening waits for a lock.
const QUICK: Duration = Duration::from_millis(200);

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

impl Sqlite {
    /// Opens the board, and makes it if there is none yet. Waits for other writers up to `busy`, here and later.
    ///
    /// # Errors
    /// A newer schema, another state directory, a network file system, a damaged file: each by name, nothing
    /// written.
    pub fn open(db: &Path, state_dir: &Path, busy: Duration) -> Result<Self> {
        let db = disk::canonical(db)?;
        let state_dir = disk::canonical(state_dir)?;
        disk::refuse_network(&db)?;
        disk::refuse_network(&state_dir)?;
        let fresh = match fs::metadata(&db) {
            Ok(found) if found.len() == 0 => return Err(disk::quarantine(&db, "the file is empty")),
            Ok(_) => false,
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(disk::failed(format!("looking at the database {}", db.display()), &error)),
        };
        // An orphaned log holds what was committed: a board is not made anew over it.
        if fresh && fs::metadata(disk::beside(&db, "-wal")).is_ok_and(|log| log.len() > 0) {
            return Err(disk::quarantine(&db, "its log is there without it"));
        }
        if fresh {
            Self::create(&db, &state_dir, busy)?;
        }
        let store = Self::connect(&db, &state_dir, busy, false)?;
        store.check()?;
        disk::keep_ballast(&state_dir);
        Ok(store)
    }

    /// Makes the board under a temporary name and gives it its own once it is whole, so that nobody ever opens half
    /// of one. Of several that try at once the first wins and the others use what it made.
    fn create(db: &Path, state_dir: &Path, busy: Duration) -> Result<()> {
        let folder = db.parent().unwrap_or(Path::new("/"));
        disk::make_folder(folder)?;
        disk::make_folder(state_dir)?;
        let _turn = FileLocks
            .exclusive(&disk::beside(db, ".making"), busy)
            .map_err(|error| disk::failed(format!("waiting to make the database {}", db.display()), &error))?;
        if db.exists() {
            return Ok(());
        }
        let unfinished = disk::beside(db, ".new");
        for leftover in ["", "-wal", "-shm", "-journal"] {
            fs::remove_file(disk::beside(&unfinished, leftover)).ok();
        }
        let making = |error: &std::io::Error| disk::failed(format!("making the database {}", db.display()), error);
        disk::make_file(&unfinished).map_err(|error| making(&error))?;
        let store = Self::connect(&unfinished, state_dir, busy, false)?;
        store.migrate()?;
        let recorded = state_dir.to_str().ok_or_else(|| StoreError::Failed {
            doing: "recording the state directory".to_owned(),
            why: format!("{} is not valid UTF-8", state_dir.display()),
        })?;
        store.write("recording the state directory", |conn| {
            conn.execute("INSERT INTO meta (key, value) VALUES ('state_dir', ?1)", [recorded])?;
            Ok(())
        })?;
        // Everything into the one file, which is then moved whole.
        store.waiting("closing the new database", |conn| {
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            Ok(())
        })?;
        drop(store);
        for leftover in ["-wal", "-shm"] {
            fs::remove_file(disk::beside(&unfinished, leftover)).ok();
        }
        fs::rename(&unfinished, db).map_err(|error| making(&error))?;
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| making(&error))?;
        let store = Self::connect(db, state_dir, busy, false)?;
        store.grow()
    }

    /// Opens the board to look only; `None` where there is none. Makes, mends and migrates nothing.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_read_only(db: &Path) -> Result<Option<Self>> {
        if !db.exists() {
            return Ok(None);
        }
        let mut store = Self::connect(db, Path::new(""), QUICK, true)?;
        store.refuse_newer()?;
        let recorded = store.recorded()?.ok_or_else(|| StoreError::Failed {
            doing: format!("opening {}", db.display()),
            why: "it is not a board of ganger's".to_owned(),
        })?;
        store.state_dir = recorded.into();
        Ok(Some(store))
    }

    fn connect(db: &Path, state_dir: &Path, busy: Duration, read_only: bool) -> Result<Self> {
        let access = if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        let opening = |error: &rusqlite::Error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) if !read_only => {
                disk::quarantine(db, &error.to_string())
            }
            _ => StoreError::Failed { doing: format!("opening the database {}", db.display()), why: error.to_string() },
        };
        let conn = Connection::open_with_flags(db, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| opening(&error))?;
        let store = Self { conn, db: db.to_owned(), state_dir: state_dir.to_owned(), busy, read_only };
        store.waiting("setting the connection up", |conn| {
            // Waiting is done by this module, fairly; SQLite's own handler starves single waiters.
            conn.busy_timeout(Duration::ZERO)?;
            if !read_only {
                conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
                conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
                conn.pragma_update(None, "synchronous", "FULL")?;
                conn.pragma_update(None, "foreign_keys", "ON")?;
                conn.pragma_update_and_check(None, "journal_size_limit", -1, |_| Ok(()))?;
            }
            Ok(())
        })?;
        Ok(store)
    }

    fn user_version(&self) -> Result<i64> {
        self.waiting("reading the schema's version", |conn| {
            Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
        })
    }

    fn recorded(&self) -> Result<Option<String>> {
        self.waiting("reading the state directory's name", |conn| {
            Ok(conn.query_row("SELECT value FROM meta WHERE key = 'state_dir'", [], |row| row.get(0)).optional()?)
        })
    }

    /// A schema that says which versions may still write it is refused only by what it says.
    fn refuse_newer(&self) -> Result<()> {
        let found = self.user_version()?;
        if found <= known() {
            return Ok(());
        }
        let oldest = self.waiting("reading the oldest version that may write", |conn| {
            Ok(conn
                .query_row("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'min_writer'", [], |row| {
                    row.get::<_, i64>(0)
                })
                .optional()?)
        });
        match oldest {
            Ok(Some(oldest)) if oldest <= known() => Ok(()),
            Ok(Some(_) | None) | Err(_) => Err(StoreError::Newer { path: self.db.clone(), found, known: known() }),
        }
    }

    fn check(&self) -> Result<()> {
        self.refuse_newer()?;
        if self.user_version()? < known() {
            self.migrate()?;
        }
        match self.recorded()? {
            Some(recorded) if Path::new(&recorded) == self.state_dir => Ok(()),
            Some(recorded) => Err(StoreError::OtherStateDir {
                path: self.db.clone(),
                recorded: recorded.into(),
                given: self.state_dir.clone(),
            }),
            None => Err(StoreError::Failed {
                doing: format!("opening {}", self.db.display()),
                why: "it is not a board of ganger's".to_owned(),
            }),
        }
    }

    fn migrate(&self) -> Result<()> {
        let refused = |why: String| StoreError::Failed { doing: format!("migrating {}", self.db.display()), why };
        let tables: i64 = self.waiting("looking for tables", |conn| {
            Ok(conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?)
        })?;
        if self.user_version()? == 0 && tables > 0 {
            return Err(refused("it is a database of another program".to_owned()));
        }
        // A second connection: the migration needs one that it may change. Its own transactions are IMMEDIATE.
        let mut conn = Connection::open(&self.db).map_err(|error| refused(error.to_string()))?;
        conn.busy_timeout(self.busy).map_err(|error| refused(error.to_string()))?;
        Migrations::from_slice(MIGRATIONS).to_latest(&mut conn).map_err(|error| refused(error.to_string()))
    }

    /// Makes the log as long as it will need to be.
    fn grow(&self) -> Result<()> {
        self.write("making room in the log", |conn| {
            conn.execute("INSERT INTO room (filler) VALUES (zeroblob(?1))", [GROWN])?;
            conn.execute("DELETE FROM room", [])?;
            Ok(())
        })
    }
}
