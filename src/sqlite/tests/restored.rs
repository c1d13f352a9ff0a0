//! A database that is not what it was: older, another one, or replaced while it is open.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{Board, draft, open, stamp};
use crate::domain::id::TaskId;
use crate::ports::store::{Filter, Store as _, StoreError};
use crate::sqlite::Sqlite;
use crate::sqlite::disk::beside;

/// Copies the whole database into one file, as a backup does.
fn back_up(board: &Board) -> std::path::PathBuf {
    let copy = board.folder.path().join("backup.db");
    board.store.conn.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    copy
}

fn remove_all(database: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(beside(database, suffix)).unwrap();
    }
}

fn restore(copy: &Path, database: &Path) {
    remove_all(database);
    fs::copy(copy, database).unwrap();
}

fn titles(store: &Sqlite) -> Vec<(i64, String)> {
    let tasks = store.tasks(&Filter::default()).unwrap().tasks;
    tasks.into_iter().map(|task| (task.id.0, task.draft.title)).collect()
}

#[test]
fn c12_a_restored_backup_is_doubted_and_no_id_is_given_twice() {
    let board = Board::new();
    board.add();
    let copy = back_up(&board);
    let lost = board.add();
    assert_eq!(board.store.doubt().unwrap(), None);
    let file = board.db();
    let Board { folder, store } = board;
    drop(store);
    restore(&copy, &file);
    let store = open(folder.path());
    let why = store.doubt().unwrap().unwrap();
    assert!(why.contains("is older than what has run: it knows of tasks up to 1 and of event 1"), "{why}");
    let next = store.add(&[draft("next")], &stamp(5)).unwrap()[0];
    assert_eq!((lost, next), (TaskId(2), TaskId(3)));
    assert!(store.timeline(None, 1, 9).unwrap()[0].seq > 2, "nor the number of an event");
    // It stands until a person has looked at it, for everybody who opens the database.
    assert_eq!(open(folder.path()).doubt().unwrap(), Some(why));
    store.believe().unwrap();
    assert_eq!(open(folder.path()).doubt().unwrap(), None);
}

#[test]
fn c12_a_backup_that_lacks_events_alone_is_doubted() {
    let board = Board::new();
    let task = board.add();
    let copy = back_up(&board);
    board.store.claim(&super::claim(super::plan(task, 1)), &stamp(1)).unwrap();
    let file = board.db();
    let Board { folder, store } = board;
    drop(store);
    restore(&copy, &file);
    assert!(open(folder.path()).doubt().unwrap().is_some());
}

#[test]
fn c12_what_a_crash_leaves_between_commit_and_mark_is_no_doubt() {
    let board = Board::new();
    let mark = board.store.state_dir().join("high-water");
    let before = fs::read(&mark).unwrap();
    board.add();
    assert_ne!(fs::read(&mark).unwrap(), before);
    fs::write(&mark, before).unwrap();
    assert_eq!(board.other().doubt().unwrap(), None);
    board.add();
    // Without a mark there is nothing to compare with: it is made anew.
    fs::remove_file(&mark).unwrap();
    assert_eq!(board.other().doubt().unwrap(), None);
    assert!(mark.exists());
}

#[test]
fn c12_a_mark_that_can_not_be_read_is_a_doubt() {
    let board = Board::new();
    board.add();
    fs::write(board.store.state_dir().join("high-water"), "nonsense").unwrap();
    let why = board.other().doubt().unwrap().unwrap();
    assert!(why.contains("can't be read"), "{why}");
}

#[test]
fn c13_another_database_in_its_place_is_doubted_and_no_id_is_given_twice() {
    let board = Board::new();
    board.add();
    board.add();
    let file = board.db();
    let Board { folder, store } = board;
    drop(store);
    remove_all(&file);
    let store = open(folder.path());
    let why = store.doubt().unwrap().unwrap();
    assert!(why.contains("is another than the one that"), "{why}");
    assert_eq!(store.add(&[draft("new")], &stamp(5)).unwrap(), [TaskId(3)]);
}

#[test]
fn c13_two_databases_never_share_a_state_directory() {
    let board = Board::new();
    board.add();
    let folder = board.folder.path();
    let (state, other) = (folder.join("state"), folder.join("other/ganger.db"));
    for made in [false, true] {
        if made {
            fs::create_dir(folder.join("other")).unwrap();
            fs::copy(back_up(&board), &other).unwrap();
        }
        let error = Sqlite::open(&other, &state, Duration::from_secs(1)).unwrap_err();
        let StoreError::OtherDatabase { recorded, .. } = &error else { panic!("{error}") };
        assert_eq!(*recorded, board.db());
        assert_eq!(other.exists(), made, "it is not created");
    }
    // The same one by another way, and one that was moved.
    std::os::unix::fs::symlink(folder.join("data"), folder.join("link")).unwrap();
    let store = Sqlite::open(&folder.join("link/ganger.db"), &state, Duration::from_secs(1)).unwrap();
    assert_eq!(store.doubt().unwrap(), None);
    drop(store);
    fs::remove_file(&other).unwrap();
    fs::rename(folder.join("data"), folder.join("moved")).unwrap();
    let store = Sqlite::open(&folder.join("moved/ganger.db"), &state, Duration::from_secs(1)).unwrap();
    assert_eq!((store.doubt().unwrap(), titles(&store).len()), (None, 1));
}

#[test]
fn c14_a_file_that_is_replaced_while_it_is_open_is_not_written_any_more() {
    let board = Board::new();
    board.add();
    let copy = back_up(&board);
    board.add();
    restore(&copy, &board.db());
    for error in [
        board.store.add(&[draft("into the void")], &stamp(3)).unwrap_err(),
        board.store.tasks(&Filter::default()).map(drop).unwrap_err(),
        board.store.version().map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Replaced { .. }), "{error}");
    }
    let now = board.other();
    assert!(now.doubt().unwrap().is_some());
    assert_eq!(titles(&now), [(1, "a task".to_owned())]);
}

#[test]
fn c14_a_write_into_a_database_that_became_older_meanwhile_is_asked_for_again() {
    let board = Board::new();
    board.add();
    board.add();
    board.add();
    // What `.restore` of SQLite's own shell comes to: the file stays, and its content is that of before.
    let shell = rusqlite::Connection::open(board.db()).unwrap();
    shell
        .execute_batch(
            "DELETE FROM events WHERE seq > 1; DELETE FROM tasks WHERE id > 1; UPDATE sqlite_sequence SET seq = 1",
        )
        .unwrap();
    let error = board.store.add(&[draft("next")], &stamp(3)).unwrap_err();
    assert!(matches!(error, StoreError::Older { .. }), "{error}");
    assert_eq!(titles(&board.store).len(), 1, "nothing was written");
    assert_eq!(board.store.add(&[draft("next")], &stamp(3)).unwrap(), [TaskId(4)]);
    assert!(board.store.doubt().unwrap().is_some());
}
