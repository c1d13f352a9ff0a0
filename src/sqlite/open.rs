//! Opening and creating the database: whose it is, how new it is, how it is set up.
//!
//! A database is created whole under another name and then linked into place, so that every process sees either
//! none or a complete one, and an empty file is never taken for a new board.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use super::mark::{self, Found};
use super::trouble::Trouble;
use super::write::pause;
use super::{Sqlite, disk, height};
use crate::domain::id::FileId;
use crate::domain::queue::Release;
use crate::domain::state::Status;
use crate::ports::store::{Result, StoreError};

/// The schema, one step a version. Released steps never change.
pub(super) const STEPS: &[M<'static>] = &[
    M::up(include_str!("migrations/0001_board.sql")),
    M::up(include_str!("migrations/0002_agents.sql")),
    M::up(include_str!("migrations/0003_permissions.sql")),
    M::up(include_str!("migrations/0004_trusted.sql")),
    M::up(include_str!("migrations/0005_leftovers.sql")),
    M::up(include_str!("migrations/0006_pull_requests.sql")),
    M::up(include_str!("migrations/0007_origins.sql")),
    M::up(include_str!("migrations/0008_comments.sql")),
    M::up(include_str!("migrations/0009_branches.sql")),
    M::up(include_str!("migrations/0010_touched.sql")),
    M::up(include_str!("migrations/0011_fed.sql")),
    M::up(include_str!("migrations/0012_seen.sql")),
];
/// The mark of a board among databases.
const APPLICATION: i64 = 0x676e_6772;
/// How large the write-ahead log is made ahead of need, in bytes.
const LOG: u64 = 1024 * 1024;
/// How long a status line waits for a lock.
const GLANCE: Duration = Duration::from_millis(50);

impl Sqlite {
    /// Opens the board, or creates it where there is none.
    ///
    /// `busy` is how long other writers are waited for, here and in every later call.
    pub fn open(db: &Path, state_dir: &Path, busy: Duration) -> Result<Self> {
        open_with(db, state_dir, busy, STEPS)
    }

    /// The same board, on which tasks are freed as configured by those that they wait for.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn releasing(self, release: Release) -> Result<Self> {
        releases(&self.conn, release)
            .map_err(|error| StoreError::Failed { doing: opening(&self.db), why: error.to_string() })?;
        Ok(self)
    }

    /// Opens a board to look at; `None` when there is none. Creates, changes and copies nothing.
    pub fn open_read_only(db: &Path) -> Result<Option<Self>> {
        match fs::metadata(db) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(disk::failed(format!("looking for the database {}", db.display()), &error)),
            Ok(found) if found.len() == 0 => {
                return Err(StoreError::Failed { doing: opening(db), why: "the file is empty".to_owned() });
            }
            Ok(_) => {}
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut board = Self {
            conn: connect(db, flags)?,
            db: db.to_owned(),
            state_dir: PathBuf::new(),
            busy: GLANCE,
            read_only: true,
            files: None,
        };
        board.recognise(STEPS)?;
        let recorded = board.recorded()?;
        board.state_dir = recorded.ok_or_else(|| StoreError::Failed {
            doing: opening(db),
            why: "no state directory is recorded in it".to_owned(),
        })?;
        Ok(Some(board))
    }

    /// Checks that this is a board, and none of a newer version; returns its version.
    fn recognise(&self, steps: &[M<'static>]) -> Result<i64> {
        let (application, version) = self.waiting(&opening(&self.db), |conn| {
            let application: i64 = conn.query_row("PRAGMA application_id", [], |row| row.get(0))?;
            let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            Ok((application, version))
        })?;
        if application != APPLICATION {
            return Err(StoreError::Failed {
                doing: opening(&self.db),
                why: "it is a database of another program".to_owned(),
            });
        }
        let known = newest(steps);
        let least: Option<String> = self.meta("min_writer")?;
        let least = match least {
            None => 0,
            Some(text) => text.parse::<i64>().map_err(|error| StoreError::Unreadable {
                table: "meta",
                row: "min_writer".to_owned(),
                column: "value",
                why: error.to_string(),
            })?,
        };
        if version > known || least > known {
            return Err(StoreError::Newer { path: self.db.clone(), found: version.max(least), known });
        }
        Ok(version)
    }

    pub(super) fn meta(&self, key: &str) -> Result<Option<String>> {
        self.waiting(&opening(&self.db), |conn| {
            let mut statement = conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
            Ok(statement.query_row([key], |row| row.get(0)).optional()?)
        })
    }

    fn recorded(&self) -> Result<Option<PathBuf>> {
        Ok(self.meta("state_dir")?.map(PathBuf::from))
    }

    /// Brings an older board up to date; a second process that wants the same waits for the first.
    fn upgrade(&mut self, steps: &[M<'static>]) -> Result<()> {
        check(self)?;
        let _lock = self.upgrade_lock()?;
        let doing = format!("bringing the database {} up to date", self.db.display());
        self.conn.set_transaction_behavior(TransactionBehavior::Immediate);
        let since = Instant::now();
        loop {
            match Migrations::from_slice(steps).to_latest(&mut self.conn) {
                Ok(()) => return Ok(()),
                Err(error) if is_busy(&error) && since.elapsed() < self.busy => pause(since.elapsed(), self.busy),
                Err(error) if is_busy(&error) => return Err(StoreError::Busy { waited: since.elapsed() }),
                Err(error) => return Err(StoreError::Failed { doing, why: error.to_string() }),
            }
        }
    }

    fn upgrade_lock(&self) -> Result<Flock<fs::File>> {
        let path = disk::beside(&self.db, ".upgrade");
        let doing = || format!("locking {}", path.display());
        let since = Instant::now();
        let mut file = match disk::make_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::File::open(&path),
            other => other,
        }
        .map_err(|error| disk::failed(doing(), &error))?;
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(lock),
                Err((back, nix::errno::Errno::EWOULDBLOCK)) => {
                    file = back;
                    let waited = since.elapsed();
                    if waited >= self.busy {
                        return Err(StoreError::Busy { waited });
                    }
                    pause(waited, self.busy);
                }
                Err((_, error)) => return Err(disk::failed(doing(), &error.into())),
            }
        }
    }

    fn set_up(&self) -> Result<()> {
        self.waiting(&opening(&self.db), |conn| {
            conn.execute_batch(
                // The log is emptied into the file before it outgrows the room that was made for it.
                "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = -1;
                 PRAGMA wal_autocheckpoint = 200;",
            )?;
            let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
            if mode == "wal" { Ok(()) } else { Err(Trouble::guard("the journal mode")) }
        })
    }

    /// Makes the log large ahead of need: a rollback must find room on a full disk.
    fn grow_log(&self) -> Result<()> {
        if fs::metadata(disk::beside(&self.db, "-wal")).is_ok_and(|log| log.len() >= LOG) {
            return Ok(());
        }
        let grown = self
            .write("making room", |conn| {
                Ok(conn.execute("INSERT INTO room VALUES (zeroblob(?1))", [LOG.cast_signed()])?)
            })
            .and_then(|_| self.write("making room", |conn| Ok(conn.execute("DELETE FROM room", [])?)));
        match grown {
            // On a disk that is full now, or beside a busy writer, the board must open all the same.
            Ok(_) | Err(StoreError::Full { .. } | StoreError::Busy { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// As [`Sqlite::open`], for the schema that `steps` make.
pub(super) fn open_with(db: &Path, state_dir: &Path, busy: Duration, steps: &[M<'static>]) -> Result<Sqlite> {
    let db = std::path::absolute(db).map_err(|error| disk::failed(opening(db), &error))?;
    disk::refuse_network(&db)?;
    let given = disk::canonical(state_dir)?;
    disk::refuse_network(&given)?;
    refuse_second(&db, &given)?;
    match fs::metadata(&db) {
        Ok(found) if found.len() == 0 => return Err(disk::quarantine(&db, "the file is empty")),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(&db, &given, steps)?,
        Err(error) => return Err(disk::failed(format!("looking for the database {}", db.display()), &error)),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    forget_index(&db)?;
    let file = disk::identify(&db).map_err(|error| disk::failed(opening(&db), &error))?;
    let conn = connect(&db, flags)?;
    let mut board = Sqlite { conn, db: db.clone(), state_dir: given.clone(), busy, read_only: false, files: None };
    let version = board.recognise(steps)?;
    let Some(recorded) = board.recorded()? else {
        return Err(StoreError::Failed { doing: opening(&db), why: "no state directory is recorded in it".to_owned() });
    };
    if recorded != given {
        return Err(StoreError::OtherStateDir { path: db, recorded, given });
    }
    disk::make_folder(&given)?;
    board.set_up()?;
    if version < newest(steps) {
        board.upgrade(steps)?;
    }
    board.compare()?;
    // By now it has been read, and has its log.
    let log = disk::identify(&disk::beside(&db, "-wal")).map_err(|error| disk::failed(opening(&db), &error))?;
    board.files = Some(Files { database: file, log });
    disk::keep_ballast(&given);
    board.grow_log()?;
    Ok(board)
}

/// The files of an open database, which nobody else may replace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Files {
    pub database: FileId,
    pub log: FileId,
}

/// Refuses a state directory in which another database is at home: two that share one would not know of each other's
/// agents.
fn refuse_second(db: &Path, state_dir: &Path) -> Result<()> {
    match mark::read(state_dir) {
        Found::Mark(mark) if mark::is_same_file(&mark.database, db) == Some(false) => Err(StoreError::OtherDatabase {
            state_dir: state_dir.to_owned(),
            recorded: mark.database,
            given: db.to_owned(),
        }),
        Found::Mark(_) | Found::Nothing | Found::Unreadable | Found::NotSeen(_) => Ok(()),
    }
}

/// Where the log was removed and its index was not, the index is of a log that is no more: what it says would be read
/// from, and written to, the wrong places of a new one.
fn forget_index(db: &Path) -> Result<()> {
    let (log, index) = (disk::beside(db, "-wal"), disk::beside(db, "-shm"));
    // Whoever closes a database for the last time removes the one a moment before the other.
    for _ in 0..20 {
        if log.exists() || !index.exists() {
            return Ok(());
        }
        pause(Duration::ZERO, GLANCE);
    }
    disk::remove(&index).map_err(|error| disk::failed(format!("removing {}", index.display()), &error))
}

/// See [`Sqlite::check`].
pub(super) fn check(board: &Sqlite) -> Result<()> {
    let found: String = board
        .waiting("checking the database", |conn| Ok(conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ if board.read_only => {
            Err(StoreError::Failed { doing: format!("checking the database {}", board.db.display()), why: found })
        }
        _ => Err(disk::quarantine(&board.db, &found)),
    }
}

/// Creates a complete database under another name and links it into place; whoever comes second uses the first's.
fn create(db: &Path, state_dir: &Path, steps: &[M<'static>]) -> Result<()> {
    if let Some(folder) = db.parent() {
        disk::make_folder(folder)?;
    }
    let log = disk::beside(db, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) && !db.exists() {
        // SQLite would play the log of the lost file into the new one.
        return Err(disk::quarantine(db, "the file is missing, its write-ahead log is there"));
    }
    disk::make_folder(state_dir)?;
    let doing = || format!("creating the database {}", db.display());
    let draft = disk::beside(db, &format!(".new-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    let made = disk::remove(&draft)
        .and_then(|()| disk::make_file(&draft).map(drop))
        .map_err(|error| disk::failed(doing(), &error))
        .and_then(|()| fill(&draft, state_dir, steps).map_err(|why| StoreError::Failed { doing: doing(), why }))
        .and_then(|()| match fs::hard_link(&draft, db) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other.map_err(|error| disk::failed(doing(), &error)),
        });
    // A draft that stays behind is in nobody's way: the next process with this number removes it.
    let removed = disk::remove(&draft).map_err(|error| disk::failed(doing(), &error));
    made.and(removed)?;
    disk::sync_folder(db).map_err(|error| disk::failed(doing(), &error))
}

static NEXT: AtomicU64 = AtomicU64::new(0);

fn fill(draft: &Path, state_dir: &Path, steps: &[M<'static>]) -> std::result::Result<(), String> {
    let Some(recorded) = state_dir.to_str() else {
        return Err(format!("the path {} is not valid UTF-8", state_dir.display()));
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let written = || -> std::result::Result<(), rusqlite_migration::Error> {
        let mut conn = Connection::open_with_flags(draft, flags)?;
        // The draft is one file at the end: the log mode is written into its header and its log folded in.
        conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        conn.execute_batch("PRAGMA synchronous = FULL")?;
        Migrations::from_slice(steps).to_latest(&mut conn)?;
        conn.execute("INSERT INTO meta (key, value) VALUES ('state_dir', ?1)", [recorded])?;
        conn.execute(height::IDENTIFY, [])?;
        conn.close().map_err(|(_, error)| error.into())
    };
    written().map_err(|error| error.to_string())
}

fn connect(db: &Path, flags: OpenFlags) -> Result<Connection> {
    let connect = || {
        let conn = Connection::open_with_flags(db, flags)?;
        conn.busy_timeout(Duration::ZERO)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        conn.set_prepared_statement_cache_capacity(64);
        releases(&conn, Release::default())?;
        Ok(conn)
    };
    connect().map_err(|error: rusqlite::Error| StoreError::Failed { doing: opening(db), why: error.to_string() })
}

/// Tells SQL which status of a task frees those that wait for it: `released(status)`.
fn releases(conn: &Connection, release: Release) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    conn.create_scalar_function("released", 1, flags, move |context| {
        // A word that nobody knows may mean any status.
        Ok(Status::parse(&context.get::<String>(0)?).is_ok_and(|status| release.is_met(status)))
    })
}

fn opening(db: &Path) -> String {
    format!("opening the database {}", db.display())
}

fn newest(steps: &[M<'static>]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}

fn is_busy(error: &rusqlite_migration::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(error, rusqlite_migration::Error::RusqliteError { err, .. }
        if matches!(err.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked)))
}
