//! The files: who may read them, whose they are, and what happens to damaged ones.

use std::fs;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use rusqlite_migration::M;

use super::{Board, claim, db, draft, open, plan, stamp};
use crate::domain::state::Status;
use crate::os::process::{Call, CallError, run};
use crate::ports::store::{Filter, Store as _, StoreError};
use crate::sqlite::Sqlite;
use crate::sqlite::disk::beside;
use crate::sqlite::open::{STEPS, open_with};

const WAIT: Duration = Duration::from_secs(20);

fn try_open(folder: &Path) -> Result<Sqlite, StoreError> {
    Sqlite::open(&db(folder), &folder.join("state"), WAIT)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A board with one task, closed and folded into one file.
fn closed() -> tempfile::TempDir {
    let board = Board::new();
    board.add();
    let mode = board.store.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    assert_eq!(mode.unwrap(), 0);
    board.folder
}

#[test]
fn s6_only_the_owner_can_read_the_files() {
    let board = Board::new();
    board.add();
    let folder = board.folder.path();
    assert_eq!((mode(&folder.join("data")), mode(&folder.join("state"))), (0o700, 0o700));
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&beside(&board.db(), suffix)), 0o600, "{suffix}");
    }
    assert_eq!(mode(&folder.join("state/ballast")), 0o600);
}

#[test]
fn a_board_is_as_durable_as_it_says() {
    let board = Board::new();
    let pragma = |name: &str| board.store.conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    assert_eq!(pragma("synchronous").unwrap(), 2);
    assert_eq!(pragma("foreign_keys").unwrap(), 1);
    assert_eq!(pragma("journal_size_limit").unwrap(), -1);
    let journal: String = board.store.conn.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(journal, "wal");
    let log = beside(&board.db(), "-wal");
    assert!(fs::metadata(&log).unwrap().len() >= 1024 * 1024);
    let Board { folder, store } = board;
    drop(store);
    assert!(fs::metadata(&log).unwrap().len() >= 1024 * 1024, "the log outlives the last connection");
    drop(open(folder.path()));
    assert!(fs::metadata(&log).unwrap().len() < 2 * 1024 * 1024, "it grows once");
}

#[test]
fn e4_another_state_directory_is_refused_and_not_created() {
    let board = Board::new();
    let elsewhere = board.folder.path().join("elsewhere");
    let error = Sqlite::open(&board.db(), &elsewhere, WAIT).unwrap_err();
    let StoreError::OtherStateDir { recorded, given, .. } = error else { panic!("{error}") };
    assert_eq!(
        (recorded, given),
        (board.store.state_dir().to_owned(), fs::canonicalize(board.folder.path()).unwrap().join("elsewhere"))
    );
    assert!(!elsewhere.exists());
    std::os::unix::fs::symlink(board.folder.path().join("state"), &elsewhere).unwrap();
    Sqlite::open(&board.db(), &elsewhere, WAIT).unwrap();
}

/// The schema's version.
const KNOWN: i64 = STEPS.len().cast_signed() as i64;

#[test]
fn c6_a_newer_board_is_refused_by_version_and_left_alone() {
    for sql in ["PRAGMA user_version = 99", "UPDATE meta SET value = '99' WHERE key = 'min_writer'"] {
        let board = Board::new();
        board.add();
        board.sql(sql);
        board.store.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let before = fs::read(board.db()).unwrap();
        for error in [try_open(board.folder.path()).unwrap_err(), Sqlite::open_read_only(&board.db()).unwrap_err()] {
            assert!(matches!(error, StoreError::Newer { found: 99, known, .. } if known == KNOWN), "{error}");
        }
        assert_eq!(fs::read(board.db()).unwrap(), before);
    }
}

/// The steps of this version, and one of a later one.
fn followed_by(sql: &'static str) -> &'static [M<'static>] {
    Box::leak(STEPS.iter().cloned().chain([M::up(sql)]).collect())
}

#[test]
fn c6_an_older_board_is_brought_up_to_date_once() {
    let folder = closed();
    let steps = followed_by("ALTER TABLE tasks ADD COLUMN colour TEXT; INSERT INTO meta VALUES ('steps', 'more');");
    let start = Barrier::new(3);
    thread::scope(|scope| {
        for _ in 0..3 {
            let (folder, start) = (&folder, &start);
            scope.spawn(move || {
                start.wait();
                let store = open_with(&db(folder.path()), &folder.path().join("state"), WAIT, steps).unwrap();
                assert_eq!(store.tasks(&Filter::default()).unwrap().tasks.len(), 1);
            });
        }
    });
    let newer = |found, known| (found, known) == (KNOWN + 1, KNOWN);
    assert!(matches!(try_open(folder.path()), Err(StoreError::Newer { found, known, .. }) if newer(found, known)));
}

#[test]
fn c6_an_upgrade_that_fails_leaves_the_board_as_it_was() {
    let folder = closed();
    let steps = followed_by("CREATE TABLE a (b); nonsense");
    assert!(open_with(&db(folder.path()), &folder.path().join("state"), WAIT, steps).is_err());
    assert_eq!(try_open(folder.path()).unwrap().tasks(&Filter::default()).unwrap().tasks.len(), 1);
}

#[test]
fn c6_an_upgrade_that_is_killed_half_way_leaves_the_board_as_it_was() {
    let folder = closed();
    let name = "sqlite::tests::files::upgrades_for_ever";
    let call = Call::new(std::env::current_exe().unwrap(), Duration::from_secs(2)).args(["--exact", name, "--ignored"]);
    let killed = run(&call.env("BOARD", folder.path()));
    assert!(matches!(killed, Err(CallError::Deadline { .. })), "{killed:?}");
    assert!(folder.path().join("began").exists(), "it was killed at work");
    let board = try_open(folder.path()).unwrap();
    assert_eq!(board.tasks(&Filter::default()).unwrap().tasks.len(), 1);
    let left = "SELECT count(*) FROM sqlite_master WHERE name = 'later'";
    assert_eq!(board.conn.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "nothing of it is left");
}

#[test]
#[ignore = "the test before this runs it in a process that it kills"]
fn upgrades_for_ever() {
    let folder = std::path::PathBuf::from(std::env::var_os("BOARD").unwrap());
    // Its first half is done, its second never ends.
    let steps = followed_by(
        "CREATE TABLE later (a); ALTER TABLE tasks ADD COLUMN colour TEXT;
         INSERT INTO later WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;",
    );
    fs::write(folder.join("began"), "").unwrap();
    open_with(&db(&folder), &folder.join("state"), WAIT, steps).unwrap();
}

/// What is done to a file.
type Damage<'a> = &'a dyn Fn(&Path);

#[test]
fn c7_a_damaged_board_is_copied_aside_and_never_replaced() {
    let empty = |file: &Path| fs::write(file, b"").unwrap();
    let noise = |file: &Path| fs::write(file, vec![0x5a; 8192]).unwrap();
    let cut = |file: &Path| fs::OpenOptions::new().write(true).open(file).unwrap().set_len(3000).unwrap();
    let flipped = |file: &Path| {
        // The root page of the schema.
        fs::OpenOptions::new().write(true).open(file).unwrap().write_all_at(&[0xff; 64], 100).unwrap();
    };
    let all: [(&str, Damage<'_>); 4] = [("empty", &empty), ("noise", &noise), ("cut", &cut), ("flipped", &flipped)];
    for (name, damage) in all {
        let folder = closed();
        let file = db(folder.path());
        for suffix in ["-wal", "-shm"] {
            fs::remove_file(beside(&file, suffix)).unwrap();
        }
        damage(&file);
        let before = fs::read(&file).unwrap();
        for _ in 0..2 {
            let error = try_open(folder.path()).map(drop).unwrap_err();
            let StoreError::Damaged { copy, .. } = &error else { panic!("{name}: {error}") };
            assert!(copy.file_name().unwrap().to_str().unwrap().starts_with("ganger.db.damaged-"), "{name}: {error}");
            assert_eq!(fs::read(copy).unwrap(), before, "{name}");
        }
        assert_eq!(fs::read(&file).unwrap(), before, "{name}");
        let copies = fs::read_dir(file.parent().unwrap()).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
            name.contains("damaged") && !name.contains("-wal")
        });
        assert_eq!(copies.count(), 1, "{name}");
        assert!(Sqlite::open_read_only(&file).is_err(), "{name}");
    }
}

#[test]
fn c7_damage_that_opening_does_not_see_is_found_by_the_check() {
    let folder = closed();
    let file = db(folder.path());
    let pages = fs::metadata(&file).unwrap().len() / 4096;
    let bytes = fs::OpenOptions::new().write(true).open(&file).unwrap();
    for page in 2..pages {
        bytes.write_all_at(&[0xa5; 200], page * 4096).unwrap();
    }
    let error = match try_open(folder.path()) {
        Ok(store) => store.check().unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn c7_a_board_without_its_log_opens_and_a_log_without_its_board_does_not() {
    let folder = closed();
    let file = db(folder.path());
    fs::remove_file(beside(&file, "-wal")).unwrap();
    fs::remove_file(beside(&file, "-shm")).unwrap();
    assert_eq!(open(folder.path()).tasks(&Filter::default()).unwrap().tasks.len(), 1);
    fs::remove_file(&file).unwrap();
    let error = try_open(folder.path()).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(!file.exists());
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    rusqlite::Connection::open(db(folder.path())).unwrap().execute_batch("CREATE TABLE tasks (id)").unwrap();
    let before = fs::read(db(folder.path())).unwrap();
    let error = try_open(folder.path()).map(drop).unwrap_err();
    assert!(error.to_string().ends_with("it is a database of another program"), "{error}");
    assert_eq!(fs::read(db(folder.path())).unwrap(), before);
}

#[test]
fn a_glance_creates_nothing_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Sqlite::open_read_only(&db(folder.path())).unwrap().is_none());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let board = Board::new();
    let task = board.add();
    let glance = Sqlite::open_read_only(&board.db()).unwrap().unwrap();
    assert_eq!(glance.state_dir(), board.store.state_dir());
    assert_eq!(glance.task(task).unwrap().unwrap().status, Status::Ready);
    assert_eq!(glance.tallies().unwrap()[0], (Status::InProgress, 0));
    assert!(glance.claim(&claim(plan(task, 1)), &stamp(1)).is_err());
}

#[test]
fn e1_a_full_database_is_a_typed_error_and_nothing_is_half_done() {
    let board = Board::new();
    let task = board.add();
    let pages: i64 = board.store.conn.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    board.store.conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    let before = board.events();
    let mut large = draft("large");
    large.prompt = "x".repeat(8 * 1024 * 1024);
    let error = board.store.add(&[draft("small"), large.clone()], &stamp(1)).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(!board.store.state_dir().join("ballast").exists(), "the ballast was set free first");
    assert_eq!(board.events(), before);
    // The room that was made ahead is enough to go on with what runs.
    board.store.claim(&claim(plan(task, 1)), &stamp(2)).unwrap();
    let folder = board.folder;
    drop(board.store);
    let again = open(folder.path());
    assert!(again.state_dir().join("ballast").exists(), "and made again when there was room");
    again.add(&[large], &stamp(3)).unwrap();
}
