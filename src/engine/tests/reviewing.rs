//! The agent's own verbs, a person's verdict, and what is typed at an agent.

use std::time::Duration;

use super::world::{Shim, World};
use crate::domain::attempt::Attempt;
use crate::domain::completion::Evidence;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::state::{Cause, Phase, Status};
use crate::domain::task::Draft;
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::report::{Speaker, Word, say, wait_verified};
use crate::engine::{Engine, Kind, review, tasks};
use crate::ports::store::Store as _;

fn agent(attempt: &Attempt) -> Speaker {
    Speaker::Agent { attempt: attempt.plan.id.clone(), token: attempt.plan.token.clone() }
}

fn failed(reason: &str) -> Word {
    Word::Fail(reason.to_owned())
}

/// A task whose agent runs, and whose work is verified.
fn verifying(world: &World) -> (Engine, TaskId, Attempt) {
    let engine = world.engine();
    let draft = Draft { verify: vec!["make test".to_owned()], ..world.draft("Fix it") };
    let task = tasks::add(&engine, &draft).unwrap().id;
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    (engine, task, attempt)
}

#[test]
fn done_is_review_and_says_who_said_so() {
    for person in [false, true] {
        let world = World::new();
        let (engine, task, attempt) = world.running();
        let speaker = if person { Speaker::Person { task } } else { agent(&attempt) };
        assert_eq!(say(&engine, &speaker, &Word::Done).unwrap().status, Status::Review);
        let events = world.events();
        assert_eq!(say(&engine, &speaker, &Word::Done).unwrap().status, Status::Review, "twice is fine");
        assert_eq!((world.events(), world.count("Wake")), (events, 0));
        let record = world.board().timeline(Some(task), 0, 100).unwrap().pop().unwrap();
        assert_eq!(record.who.text(), if person { "person" } else { "agent" });
        assert_eq!(world.attempt(task).phase, Phase::Running, "the agent may go on");
    }
}

#[test]
fn a_person_who_says_done_before_the_agent_has_started_is_told_so() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.lock().shim = Shim::SetsUp;
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    let fault = say(&engine, &Speaker::Person { task }, &Word::Done).unwrap_err();
    assert_eq!((fault.kind, fault.message.as_str()), (Kind::Conflict, "task 1: its agent has not started"));
    assert_eq!(world.task(task).status, Status::InProgress);
    // An agent may speak before its start is recorded.
    assert_eq!(say(&engine, &agent(&attempt), &Word::Done).unwrap().status, Status::Review);
}

#[test]
fn fail_is_failed_with_the_agents_reason() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let now = say(&engine, &agent(&attempt), &failed("no idea")).unwrap();
    assert_eq!(
        (now.status, now.cause, now.reason.as_deref()),
        (Status::Failed, Some(Cause::ReportedFailure), Some("no idea"))
    );
    let fault = say(&engine, &agent(&attempt), &Word::Done).unwrap_err();
    assert_eq!((fault.kind, fault.hint.as_deref()), (Kind::Conflict, Some("ganger show 1")));
    assert_eq!(fault.message, "task 1: it is failed; only tasks in progress can be reported done");
    assert_eq!(world.task(task).status, Status::Failed);
}

#[test]
fn who_speaks_has_to_be_who_he_says() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let liar = Speaker::Agent { attempt: attempt.plan.id.clone(), token: "guess".to_owned() };
    let fault = say(&engine, &liar, &Word::Done).unwrap_err();
    assert_eq!((fault.kind, fault.task), (Kind::Conflict, Some(task)));
    assert_eq!(fault.message, "GANGER_TOKEN is not this attempt's");
    let unknown = AttemptId::parse("01980000-0000-7000-8000-00000000ffff").unwrap();
    let nobody = Speaker::Agent { attempt: unknown, token: String::new() };
    assert!(say(&engine, &nobody, &Word::Done).unwrap_err().message.starts_with("there is no attempt "));
    let (_, other) = world.ready();
    let fault = say(&engine, &Speaker::Person { task: other }, &Word::Done).unwrap_err();
    assert_eq!(fault.message, "task 2 was never dispatched");
    assert_eq!(say(&engine, &Speaker::Person { task: TaskId(9) }, &Word::Done).unwrap_err().kind, Kind::NoSuchTask);
    assert_eq!(world.task(task).status, Status::InProgress);
}

#[test]
fn an_agent_of_an_earlier_attempt_is_not_heard() {
    let world = World::new();
    let (engine, task, first) = world.running();
    world.kill_shim(&first.plan.id, false);
    crate::engine::upkeep::sweep(&engine).unwrap();
    dispatch(&engine, &Request::of(task)).unwrap();
    let fault = say(&engine, &agent(&first), &Word::Done).unwrap_err();
    assert!(fault.message.contains("is not the task's current attempt"), "{fault}");
    assert_eq!(world.task(task).status, Status::InProgress);
}

#[test]
fn work_that_is_to_be_verified_wakes_the_shim_and_waits_for_its_verdict() {
    for (passed, status) in [(true, Status::Review), (false, Status::Failed)] {
        let world = World::new();
        let (engine, task, attempt) = verifying(&world);
        assert_eq!(say(&engine, &agent(&attempt), &Word::Done).unwrap().status, Status::InProgress);
        assert_eq!((world.attempt(task).phase, world.count("Wake")), (Phase::Verifying, 1));
        let id = attempt.plan.id.clone();
        world.before("pause", move |world| world.verified(&id, passed));
        let waited = wait_verified(&engine, task, Duration::from_secs(10));
        assert_eq!(world.task(task).status, status);
        match waited {
            Ok(now) => assert!(passed && now.status == Status::Review),
            Err(fault) => {
                assert_eq!(fault.kind, Kind::OtherStatus);
                assert_eq!(fault.message, "task 1 is failed: verification failed: make test");
                assert!(!passed);
            }
        }
    }
}

#[test]
fn an_exit_0_is_verified_by_the_shim_before_it_goes() {
    let world = World::new();
    let (_, task, attempt) = verifying(&world);
    let mut end = super::life::ending(
        crate::domain::completion::How::Process(crate::domain::attempt::Exit::Code(0)),
        Evidence::Changed,
    );
    end.can_verify = true;
    world.end(&attempt.plan.id, end);
    assert_eq!((world.task(task).status, world.attempt(task).phase), (Status::InProgress, Phase::Verifying));
    assert!(world.shim(&attempt.plan.id).is_some());
    world.verified(&attempt.plan.id, true);
    assert_eq!((world.task(task).status, world.attempt(task).phase), (Status::Review, Phase::Exited));
    assert!(world.shim(&attempt.plan.id).is_none());
}

#[test]
fn a_verification_that_takes_too_long_is_said() {
    let world = World::new();
    let (engine, task, attempt) = verifying(&world);
    say(&engine, &agent(&attempt), &Word::Done).unwrap();
    let fault = wait_verified(&engine, task, Duration::from_secs(10)).unwrap_err();
    assert_eq!((fault.kind, fault.task), (Kind::TimedOut, Some(task)));
    assert_eq!(fault.message, "task 1: its verification did not end within 10s");
}

#[test]
fn approval_is_done_and_ends_an_agent_that_lives_on() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    say(&engine, &agent(&attempt), &Word::Done).unwrap();
    assert_eq!(review::approve(&engine, task).unwrap().status, Status::Done);
    assert!(world.agents(&attempt.plan.id).is_empty() && world.lock().panes.is_empty());
    assert_eq!(review::approve(&engine, task).unwrap().status, Status::Done, "twice is fine");
    assert_eq!(review::reopen(&engine, task).unwrap().status, Status::Review);
    assert_eq!(world.task(task).reason.as_deref(), Some("reopened"));
}

#[test]
fn only_work_in_review_can_be_approved_and_no_agent_is_ended_for_it() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let fault = review::approve(&engine, task).unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert_eq!(fault.message, "task 1: it is in progress; only tasks in review can be approved");
    assert_eq!((world.agents(&attempt.plan.id).len(), world.attempt(task).stop_requested), (1, false));
    assert_eq!(review::reopen(&engine, task).unwrap_err().kind, Kind::Conflict);
    assert_eq!(review::reopen(&engine, TaskId(9)).unwrap_err().kind, Kind::NoSuchTask);
}

#[test]
fn an_agent_that_can_not_be_ended_is_not_approved() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    say(&engine, &agent(&attempt), &Word::Done).unwrap();
    world.with(attempt.shim.unwrap(), |found| found.stubborn = true);
    assert_eq!(review::approve(&engine, task).unwrap_err().kind, Kind::Unknown);
    assert_eq!(world.task(task).status, Status::Review);
}
