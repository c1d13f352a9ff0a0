//! What every use case stands on: faults in the command line's words, and waiting.

use std::path::PathBuf;
use std::time::Duration;

use super::world::World;
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::engine::{Fault, Kind};
use crate::ports::multiplexer::MuxError;
use crate::ports::store::{Applied, StoreError};
use crate::ports::worktrees::TreeError;

#[test]
fn every_kind_of_fault_has_a_code_and_a_name_of_its_own() {
    let kinds = [
        (Kind::Failed, 1, "failed"),
        (Kind::Usage, 2, "usage"),
        (Kind::NoSuchTask, 3, "no-such-task"),
        (Kind::Conflict, 4, "conflict"),
        (Kind::NotDispatched, 5, "not-dispatched"),
        (Kind::Unknown, 6, "unknown"),
        (Kind::TimedOut, 7, "timed-out"),
        (Kind::OtherStatus, 8, "other-status"),
        (Kind::WouldChange, 9, "would-change"),
    ];
    for (kind, code, text) in kinds {
        assert_eq!((kind.code(), kind.text()), (code, text));
    }
}

#[test]
fn a_fault_says_what_where_and_what_to_try() {
    let fault = Fault::no_such_task(TaskId(7));
    assert_eq!(fault.to_string(), "there is no task 7");
    assert_eq!(
        (fault.kind, fault.task, fault.hint.as_deref()),
        (Kind::NoSuchTask, Some(TaskId(7)), Some("ganger list --all"))
    );
    let fault = Fault::io("reading x", &std::io::Error::other("no"));
    assert_eq!((fault.message.as_str(), fault.hint, fault.task), ("reading x: no", None, None));
}

#[test]
fn what_the_adapters_say_becomes_a_fault_with_the_next_command() {
    let path = || PathBuf::from("/db");
    let text = String::new;
    for (error, kind, hint) in [
        (StoreError::Busy { waited: Duration::ZERO }, Kind::Failed, "try again when the other program is done"),
        (StoreError::Full { path: path() }, Kind::Failed, "free some room, then: ganger --reconcile"),
        (StoreError::Newer { path: path(), found: 9, known: 1 }, Kind::Usage, "install a newer ganger"),
        (
            StoreError::OtherStateDir { path: path(), recorded: "/s".into(), given: path() },
            Kind::Usage,
            "--state-dir /s",
        ),
        (StoreError::NetworkFileSystem { path: path(), kind: text() }, Kind::Usage, "--db PATH on a local disk"),
        (
            StoreError::Damaged { path: path(), why: text(), copy: path() },
            Kind::Failed,
            "restore a backup, or move the file away to start with a new one",
        ),
        (StoreError::Unreadable { table: "t", row: text(), column: "c", why: text() }, Kind::Failed, "ganger doctor"),
        (StoreError::Failed { doing: text(), why: text() }, Kind::Failed, "ganger doctor"),
    ] {
        let (said, fault) = (error.to_string(), Fault::from(error));
        assert_eq!((fault.kind, fault.message, fault.hint.as_deref()), (kind, said, Some(hint)));
    }
    for (error, kind) in [
        (TreeError::Taken(text()), Kind::Conflict),
        (TreeError::Busy(text()), Kind::Conflict),
        (TreeError::Revoked, Kind::Conflict),
        (TreeError::Impossible(text()), Kind::Failed),
        (TreeError::Missing(text()), Kind::Failed),
        (TreeError::Deadline { doing: text(), after: Duration::ZERO }, Kind::Failed),
        (TreeError::Failed { doing: text(), why: text() }, Kind::Failed),
    ] {
        let (said, fault) = (error.to_string(), Fault::from(error));
        assert_eq!((fault.kind, fault.message), (kind, said));
    }
    let fault = Fault::from(MuxError::Failed("gone".to_owned()));
    assert_eq!(
        (fault.kind, fault.message.as_str(), fault.hint.as_deref()),
        (Kind::Failed, "tmux: gone", Some("ganger doctor"))
    );
}

#[test]
fn waiting_looks_often_at_first_and_then_twenty_times_a_second() {
    let world = World::new();
    let engine = world.engine();
    let before = world.now().boot;
    let mut looks = Vec::new();
    let found = engine.until(Duration::from_secs(2), |waited| {
        looks.push(waited.as_millis());
        Ok(None::<()>)
    });
    assert_eq!(found, Ok(None));
    assert_eq!((looks[0], looks.last(), world.now().boot.since(before).as_millis()), (0, Some(&2_000), 2_000));
    let pauses: Vec<u128> = looks.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses[..8], [1, 1, 1, 1, 2, 2, 2, 3]);
    let (last, full) = pauses.split_last().unwrap();
    assert!(*last <= 50 && full.iter().rev().take(30).all(|pause| *pause == 50), "{pauses:?}");
}

#[test]
fn waiting_ends_with_what_is_found_or_fails() {
    let world = World::new();
    let engine = world.engine();
    let before = world.now();
    assert_eq!(engine.until(Duration::ZERO, |_| Ok(Some(7))), Ok(Some(7)));
    assert_eq!(engine.until(Duration::ZERO, |_| Ok(None::<()>)), Ok(None));
    let fault = Fault::new(Kind::Unknown, "no");
    assert_eq!(engine.until(Duration::from_secs(9), |_| Err::<Option<()>, _>(fault.clone())), Err(fault.clone()));
    assert_eq!(world.now(), before);
}

#[test]
fn the_limits_are_those_of_the_settings() {
    let mut world = World::new();
    world.settings.queue.max_orphan_retries = 1;
    assert_eq!(world.engine().limits(&world.repo()).max_orphan_retries, 1);
}

#[test]
fn an_event_of_a_task_that_is_not_there_is_missing() {
    let world = World::new();
    let engine = world.engine();
    let stamp = engine.stamp(crate::domain::state::Who::Person);
    assert_eq!(engine.apply(TaskId(7), None, &Event::Approved, &stamp), Ok(Applied::Missing));
}
