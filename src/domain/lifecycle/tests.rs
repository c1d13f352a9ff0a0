//! The rows of the table that are a person's act on a task at rest.

use super::{Change, Current, Event, Limits, Origin, State, Step, step};
use crate::domain::completion::{Ending, Vanished};
use crate::domain::id::{AttemptId, Process, TaskId};
use crate::domain::state::{Cause, Phase, Status};
use crate::domain::time::{BootTime, Now, Timestamp};

fn state(status: Status, phase: Option<Phase>) -> State {
    let attempt = phase.map(|phase| Current {
        origin: None,
        id: AttemptId::parse("01980000-0000-7000-8000-000000000001").unwrap(),
        phase,
        stop_requested: false,
        verifies: false,
        agent_ended: !phase.is_live(),
        claimed_at: Timestamp(0),
    });
    State { task: TaskId(1), status, orphans: 2, attempt }
}

fn act(state: &State, event: &Event) -> Step {
    step(state, None, event, Now { wall: Timestamp(9), boot: BootTime(9) }, Limits::default())
}

fn why() -> (Cause, String) {
    (Cause::Exit, "exit status 3".to_owned())
}

/// Where each status leads: the new one, `None` for "is so already", or a conflict.
type Row = Result<Option<Status>, ()>;

fn rows(phase: Option<Phase>, event: &Event) -> Vec<(Status, Row)> {
    Status::ALL
        .iter()
        .map(|status| {
            let row = match act(&state(*status, phase), event) {
                Step::Change(change) => {
                    assert_eq!(change.phase, None, "an act on the task leaves its attempt alone");
                    Ok(Some(change.status))
                }
                Step::Already => Ok(None),
                Step::Conflict(_) => Err(()),
            };
            (*status, row)
        })
        .collect()
}

#[test]
fn every_act_of_a_person_has_its_row() {
    use Status::{Done, Failed, InProgress, Ready, Review};
    let no = Err(());
    for phase in [None, Some(Phase::Exited), Some(Phase::Revoked)] {
        for (event, expected) in [
            (
                Event::Approved,
                [(Ready, no), (InProgress, no), (Review, Ok(Some(Done))), (Done, Ok(None)), (Failed, no)],
            ),
            (
                Event::Reopened { why: None },
                [(Ready, no), (InProgress, no), (Review, Ok(None)), (Done, Ok(Some(Review))), (Failed, no)],
            ),
            (
                Event::Requeued,
                [(Ready, Ok(None)), (InProgress, no), (Review, no), (Done, no), (Failed, Ok(Some(Ready)))],
            ),
            (
                Event::Unqueued { why: Some(why()) },
                [(Ready, Ok(Some(Failed))), (InProgress, no), (Review, no), (Done, no), (Failed, Ok(None))],
            ),
        ] {
            assert_eq!(rows(phase, &event), expected, "{event:?} {phase:?}");
        }
    }
}

#[test]
fn a_live_agent_is_neither_approved_nor_requeued() {
    for event in [Event::Approved, Event::Requeued] {
        assert!(rows(Some(Phase::Running), &event).iter().all(|(_, row)| !matches!(row, Ok(Some(_)))), "{event:?}");
    }
}

#[test]
fn what_goes_back_has_its_reason_again() {
    let change = |status, event: &Event| match act(&state(status, Some(Phase::Exited)), event) {
        Step::Change(change) => change,
        other @ (Step::Already | Step::Conflict(_)) => panic!("{event:?}: {other:?}"),
    };
    let expected = |status, why: Option<(Cause, String)>| Change {
        status,
        phase: None,
        cause: None,
        why: Some(why),
        attempt_cause: None,
        not_before: None,
        orphans: 2,
        stop_requested: false,
    };
    assert_eq!(change(Status::Done, &Event::Reopened { why: Some(why()) }), expected(Status::Review, Some(why())));
    assert_eq!(change(Status::Review, &Event::Approved), expected(Status::Done, None));
    let failed = Change { cause: Some(Cause::Exit), ..expected(Status::Failed, Some(why())) };
    assert_eq!(change(Status::Ready, &Event::Unqueued { why: Some(why()) }), failed);
    let ready = Change { orphans: 0, ..expected(Status::Ready, None) };
    assert_eq!(change(Status::Failed, &Event::Requeued), ready);
}

#[test]
fn an_act_on_the_task_is_no_event_of_an_attempt() {
    let state = state(Status::Review, Some(Phase::Exited));
    let id = state.attempt.as_ref().map(|current| &current.id);
    for event in [Event::Approved, Event::Requeued, Event::Reopened { why: None }, Event::Unqueued { why: None }] {
        let now = Now { wall: Timestamp(9), boot: BootTime(9) };
        assert!(matches!(step(&state, id, &event, now, Limits::default()), Step::Conflict(_)), "{event:?}");
    }
}

#[test]
fn an_agent_that_reports_done_before_its_shim_tells_that_it_runs_has_started_all_the_same() {
    let state = state(Status::InProgress, Some(Phase::Verifying));
    let id = state.attempt.as_ref().map(|current| current.id.clone());
    let event = Event::AgentStarted { agent: Process { pid: 1, start: 2 } };
    let now = Now { wall: Timestamp(9), boot: BootTime(9) };
    let Step::Change(change) = step(&state, id.as_ref(), &event, now, Limits::default()) else {
        panic!("its agent would never have started");
    };
    assert_eq!((change.status, change.phase), (Status::InProgress, Some(Phase::Verifying)));
}

#[test]
fn a_task_whose_agents_keep_vanishing_fails_and_says_how_often() {
    let mut state = state(Status::InProgress, Some(Phase::Running));
    state.orphans = 3;
    let id = state.attempt.as_ref().map(|current| current.id.clone());
    let event = Event::Ended(Ending::vanished(Vanished::Shim));
    let now = Now { wall: Timestamp(9), boot: BootTime(9) };
    let Step::Change(change) = step(&state, id.as_ref(), &event, now, Limits::default()) else { panic!("no change") };
    assert_eq!((change.status, change.orphans), (Status::Failed, 4));
    assert_eq!((change.cause, change.attempt_cause), (Some(Cause::CrashLoop), Some(Cause::OrphanShim)));
}

#[test]
fn an_undone_dispatch_leaves_reviewed_work_where_it_was() {
    let why = Some((Cause::Ok, "the agent finished".to_owned()));
    let now = Now { wall: Timestamp(9), boot: BootTime(9) };
    for phase in [Phase::Claimed, Phase::Worktree, Phase::Spawning] {
        for (status, lasting) in [(Status::Review, false), (Status::Review, true), (Status::Failed, false)] {
            let mut state = state(Status::InProgress, Some(phase));
            let origin = Origin { status, why: why.clone() };
            state.attempt.as_mut().unwrap().origin = Some(origin);
            let event = Event::RolledBack { cause: Cause::DispatcherDied, reason: "it died".to_owned(), lasting };
            let id = state.attempt.as_ref().unwrap().id.clone();
            let Step::Change(change) = step(&state, Some(&id), &event, now, Limits::default()) else {
                panic!("{phase} {status}");
            };
            assert_eq!((change.status, change.phase), (status, Some(Phase::Revoked)));
            assert_eq!(
                (change.why, change.not_before, change.cause),
                (Some(why.clone()), None, Some(Cause::DispatcherDied))
            );
            // Who was asked to stop is stopped.
            state.attempt.as_mut().unwrap().stop_requested = true;
            let stopped = step(&state, Some(&id), &event, now, Limits::default());
            assert!(matches!(stopped, Step::Change(Change { status: Status::Failed, .. })), "{phase}");
        }
    }
}
