//! I13, I14 and I18: what the board tells.

use super::{assert_clean, assert_violated, ended, lie_of_attempt, lie_of_task, lie_of_timeline, violations};
use crate::domain::state::{Cause, Status, Who};
use crate::engine::review;
use crate::engine::tests::world::World;
use crate::ports::store::Record;

#[test]
fn i13_finished_work_needs_an_agent_that_ran_and_somebody_who_said_so() {
    for done in [false, true] {
        let world = World::new();
        let (task, _) = ended(&world, 0);
        if done {
            review::approve(&world.engine(), task).unwrap();
        }
        let status = if done { "done" } else { "review" };
        assert_clean(&world);
        lie_of_attempt(&world, |attempt| attempt.started_at = None);
        assert_violated(&world, "I13", &format!("it is {status}, and none of its attempts ever started an agent"));
        world.lock().lies.attempts = None;
        lie_of_timeline(&world, |records| {
            for record in records {
                (record.cause, record.who) = (None, Who::Shim);
            }
        });
        assert_violated(&world, "I13", &format!("it is {status}, and nothing in its timeline says that it finished"));
        // A person who moves it there says so; one who does something else does not.
        lie_of_timeline(&world, move |records| {
            for record in records {
                let arrives = record.to.starts_with(status) && !record.from.starts_with(status);
                (record.cause, record.who) = (None, if arrives { Who::Person } else { Who::Shim });
            }
        });
        assert_clean(&world);
        lie_of_timeline(&world, move |records| {
            for record in records {
                let arrives = record.to.starts_with("review") || record.to.starts_with("done");
                (record.cause, record.who) = (None, if arrives { Who::Shim } else { Who::Person });
            }
        });
        assert_violated(&world, "I13", &format!("it is {status}, and nothing in its timeline says that it finished"));
    }
}

#[test]
fn i13_work_that_stays_where_it_is_was_not_brought_there() {
    let world = World::new();
    ended(&world, 0);
    lie_of_timeline(&world, |records| {
        for record in records {
            (record.cause, record.who) = (None, Who::Person);
            if record.to.starts_with("review") {
                record.from.clone_from(&record.to);
            }
        }
    });
    assert_violated(&world, "I13", "it is review, and nothing in its timeline says that it finished");
}

#[test]
fn i14_retries_are_bounded() {
    let world = World::new();
    world.ready();
    lie_of_task(&world, |task| task.orphans = 3);
    assert_clean(&world);
    lie_of_task(&world, |task| task.orphans = 4);
    assert_violated(&world, "I14", "it is ready after 4 attempts in a row that vanished, and 3 are allowed");
    lie_of_task(&world, |task| (task.orphans, task.status) = (4, Status::Failed));
    assert!(violations(&world).iter().all(|(which, _)| *which == "I18"));
}

#[test]
fn i14_what_a_person_ended_is_not_queued_by_itself() {
    let back = |who: Who, to: &'static str, cause: Cause, failed: &'static str| {
        let world = World::new();
        let (engine, task, _) = world.running();
        crate::engine::stop::stop(&engine, task).unwrap();
        lie_of_timeline(&world, move |records| {
            let mut last = records.last().unwrap().clone();
            (last.from, last.to, last.cause) = (String::new(), failed.to_owned(), Some(cause));
            let next = Record { from: failed.to_owned(), to: to.to_owned(), who, ..last.clone() };
            *records = vec![last, next];
        });
        violations(&world).into_iter().filter(|(which, _)| *which == "I14").map(|(_, found)| found).collect::<Vec<_>>()
    };
    let said = ["the user ended it, and it was queued again by the reconciler".to_owned()];
    assert_eq!(back(Who::Reconciler, "ready", Cause::Cancelled, "failed/exited"), said);
    assert_eq!(back(Who::Reconciler, "in-progress/claimed", Cause::Cancelled, "failed/exited"), said);
    assert_eq!(back(Who::Reconciler, "failed/exited", Cause::Cancelled, "failed/exited"), [""; 0]);
    assert_eq!(back(Who::Reconciler, "ready", Cause::Exit, "failed/exited"), [""; 0]);
    assert_eq!(back(Who::Reconciler, "ready", Cause::Cancelled, "review/exited"), [""; 0]);
    for who in [Who::Person, Who::Dispatcher] {
        assert_eq!(back(who, "ready", Cause::Cancelled, "failed/exited"), [""; 0]);
    }
}

#[test]
fn i18_every_move_is_in_the_timeline() {
    let world = World::new();
    let (task, _) = ended(&world, 0);
    lie_of_timeline(&world, |records| drop(records.remove(1)));
    let found = violations(&world);
    assert!(
        found
            .iter()
            .any(|(which, found)| *which == "I18" && found.starts_with("its timeline leaps from \"ready\" to "))
    );
    lie_of_timeline(&world, |records| drop(records.pop()));
    let found = violations(&world);
    assert!(
        found[1].1.starts_with("it is review/exited, and its timeline ends at \"in-progress/running\""),
        "{found:?}"
    );
    lie_of_timeline(&world, |records| {
        let nothing = Record { from: String::new(), to: String::new(), ..records[0].clone() };
        records.insert(2, nothing);
    });
    assert_clean(&world);
    lie_of_timeline(&world, |records| {
        let last = records.last_mut().unwrap();
        last.to.clear();
    });
    assert_violated(&world, "I18", "it is review/exited, and its timeline ends at \"\"");
    assert_eq!(world.task(task).status, Status::Review);
}
