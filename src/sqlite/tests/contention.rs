//! Several writers at once.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::{Board, attempt_id, claim, db, draft, open, plan, stamp};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::lifecycle::{Event, Limits};
use crate::domain::state::{Activity, Source, Status};
use crate::ports::store::{Applied, Capacity, Claim, Claimed, Filter, Heard, News, Store as _, StoreError, Which};
use crate::sqlite::Sqlite;

const WRITERS: u32 = 8;

/// The plan of one of several dispatchers for the same attempt number.
fn rival(task: TaskId, writer: u32) -> Claim {
    let mut rival = claim(plan(task, 1));
    rival.plan.id = attempt_id(task, 100 + writer);
    rival.plan.worktree = format!("/trees/{task}-{writer}").into();
    rival
}

#[test]
fn c1_i2_contended_claims_are_won_once_and_nobody_is_turned_away_busy() {
    let board = Board::new();
    let tasks = board.store.add(&vec![draft("contended"); 40], &stamp(0)).unwrap();
    let start = Barrier::new(WRITERS as usize);
    let wins: Vec<AttemptId> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (board, tasks, start) = (&board.folder, &tasks, &start);
                scope.spawn(move || {
                    let store = open(board.path());
                    start.wait();
                    let mut wins = Vec::new();
                    for task in tasks {
                        let claim = rival(*task, writer);
                        match store.claim(&claim, &stamp(1)).unwrap() {
                            Claimed::Won => wins.push(claim.plan.id),
                            Claimed::Taken { status: Status::InProgress, holder: Some(_) } => {}
                            other => panic!("{other:?}"),
                        }
                    }
                    wins
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(wins.len(), tasks.len());
    let mut live: Vec<_> =
        board.store.attempts(&Which::Live).unwrap().into_iter().map(|attempt| attempt.plan.id).collect();
    let mut wins = wins;
    live.sort();
    wins.sort();
    assert_eq!(live, wins);
    for task in board.store.tasks(&Filter::default()).unwrap().tasks {
        assert_eq!((task.status, task.attempts), (Status::InProgress, 1));
    }
}

#[test]
fn c10_capacity_of_one_is_won_by_one_of_two_connections() {
    for _ in 0..10 {
        let board = Board::new();
        let tasks = board.store.add(&[draft("one"), draft("two")], &stamp(0)).unwrap();
        let start = Barrier::new(2);
        let answers: Vec<Claimed> = thread::scope(|scope| {
            let both: Vec<_> = tasks
                .iter()
                .map(|task| {
                    let (folder, start) = (&board.folder, &start);
                    scope.spawn(move || {
                        let store = open(folder.path());
                        let capacity = Some(Capacity {
                            max_running: 1,
                            per_agent: None,
                            per_repo: None,
                            counts: crate::domain::queue::Counts::default(),
                            usage: true,
                        });
                        let claim = Claim { capacity, ..claim(plan(*task, 1)) };
                        start.wait();
                        store.claim(&claim, &stamp(1)).unwrap()
                    })
                })
                .collect();
            both.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let over = Claimed::OverLimit { running: 1, of: 1, limit: crate::domain::queue::Limit::MaxRunning };
        assert!(answers.contains(&Claimed::Won) && answers.contains(&over), "{answers:?}");
    }
}

#[test]
fn i4_one_of_many_reconcilers_writes() {
    let board = Board::new();
    let (task, id) = board.running();
    let before = board.events();
    let start = Barrier::new(WRITERS as usize);
    let written = thread::scope(|scope| {
        let all: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (folder, start, id) = (&board.folder, &start, &id);
                scope.spawn(move || {
                    let store = open(folder.path());
                    start.wait();
                    store.apply(task, Some(id), &Event::Done, Limits::default(), &stamp(3)).unwrap()
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(written.iter().filter(|answer| matches!(answer, Applied::Changed { .. })).count(), 1);
    assert_eq!(written.iter().filter(|answer| matches!(answer, Applied::Already { .. })).count(), 7);
    assert_eq!(board.events(), before + 1);
}

#[test]
fn c2_a_lock_held_by_another_program_ends_in_busy_with_nothing_written() {
    let board = Board::new();
    let task = board.add();
    let hurried = Sqlite::open(&board.db(), &board.folder.path().join("state"), Duration::from_millis(20)).unwrap();
    board.sql("BEGIN IMMEDIATE");
    let error = hurried.claim(&claim(plan(task, 1)), &stamp(1)).unwrap_err();
    assert!(matches!(error, StoreError::Busy { waited } if waited >= Duration::from_millis(20)), "{error}");
    assert_eq!(hurried.task(task).unwrap().unwrap().status, Status::Ready, "reading goes on");
    board.sql("COMMIT");
    assert_eq!(hurried.claim(&claim(plan(task, 1)), &stamp(1)).unwrap(), Claimed::Won);
}

#[test]
fn a_shim_does_not_wait_long_with_what_it_sees() {
    let board = Board::new();
    let (_, id) = board.running();
    let patient = board.other();
    board.sql("BEGIN IMMEDIATE");
    let news = News::of(Source::Process, Activity::Idle);
    let error = patient.hear(&id, &news, &stamp(9)).unwrap_err();
    assert!(matches!(error, StoreError::Busy { waited } if waited < Duration::from_secs(20)), "{error}");
    board.sql("COMMIT");
    assert_eq!(patient.hear(&id, &news, &stamp(9)).unwrap(), Heard::Written { before: None });
}

#[test]
fn creators_of_the_same_board_share_it() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let start = Barrier::new(4);
        thread::scope(|scope| {
            for _ in 0..4 {
                let (folder, start) = (&folder, &start);
                scope.spawn(move || {
                    start.wait();
                    open(folder.path()).add(&[draft("mine")], &stamp(0)).unwrap();
                });
            }
        });
        assert_eq!(open(folder.path()).tasks(&Filter::default()).unwrap().tasks.len(), 4);
        let mut names: Vec<_> = std::fs::read_dir(db(folder.path()).parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["ganger.db", "ganger.db-shm", "ganger.db-wal"]);
    }
}

#[test]
fn another_connections_commit_is_noticed() {
    let board = Board::new();
    let other = board.other();
    let before = board.store.version().unwrap();
    assert_eq!(board.store.version().unwrap(), before);
    other.add(&[draft("new")], &stamp(0)).unwrap();
    let after = board.store.version().unwrap();
    assert_ne!(after, before);
    other.claim(&claim(plan(TaskId(99), 1)), &stamp(0)).unwrap();
    assert_eq!(board.store.version().unwrap(), after, "what wrote nothing wakes nobody");
}
