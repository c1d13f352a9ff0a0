//! Attempts that begin where another one ended: conversations, and work that is only verified.

use super::life::ending;
use super::world::{Shim, Then, When, World};
use crate::domain::attempt::Exit;
use crate::domain::completion::{Ending, Evidence, How};
use crate::domain::lifecycle::Event;
use crate::domain::state::{Activity, Phase, Status, Who};
use crate::domain::task::{Draft, Edit};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::report::{Speaker, Word, say};
use crate::engine::{Kind, tasks};
use crate::wire::launch::Launch;

/// The argv of a retry by this agent, of an attempt of "agent" that had this conversation; one that
/// ended before it said anything may have come in between.
fn retried(conversation: Option<&str>, agent: &str, silent: bool) -> Vec<String> {
    let mut world = World::new();
    let mut profile = world.settings.agents["agent"].clone();
    profile.resume = ["agent", "--resume", "{conversation}"].map(str::to_owned).to_vec();
    world.settings.agents.insert("other".to_owned(), profile.clone());
    world.settings.agents.insert("agent".to_owned(), profile);
    let (engine, task, attempt) = world.running();
    let speaker = Speaker::Agent { attempt: attempt.plan.id.clone(), token: attempt.plan.token };
    let conversation = conversation.map(str::to_owned);
    say(&engine, &speaker, &Word::Report { activity: Some(Activity::Idle), saying: None, conversation }).unwrap();
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    if silent {
        let request = Request { from: vec![Status::Failed], ..Request::of(task) };
        let second = dispatch(&engine, &request).unwrap();
        world.exit(&second.plan.id, 1, Evidence::Changed);
    }
    let read = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&read);
    world.before("mux.start", move |world| {
        let launch = std::fs::read(world.attempt(task).plan.files.launch).unwrap();
        *kept.lock().unwrap() = Launch::decode(&launch).unwrap().argv;
    });
    let request = Request { from: vec![Status::Failed], agent: Some(agent.to_owned()), ..Request::of(task) };
    dispatch(&engine, &request).unwrap();
    let argv = read.lock().unwrap();
    argv.iter().map(|word| word.os().into_string().unwrap()).collect()
}

#[test]
fn a_conversation_is_picked_up_by_its_own_agent_only() {
    for silent in [false, true] {
        assert_eq!(retried(Some("abc"), "agent", silent), ["agent", "--resume", "abc"]);
    }
    for (conversation, agent) in [(Some("abc"), "other"), (None, "agent")] {
        let argv = retried(conversation, agent, false);
        assert_eq!(argv[0], "agent");
        assert!(!argv.contains(&"abc".to_owned()) && !argv.contains(&String::new()), "{argv:?}");
    }
}

#[test]
fn work_that_is_only_verified_starts_no_agent_and_is_waited_for_until_that_has_begun() {
    for at_once in [false, true] {
        let world = World::new();
        let engine = world.engine();
        let draft = Draft { verify: vec!["make test".to_owned()], ..world.draft("x") };
        let task = tasks::add(&engine, &draft).unwrap().id;
        let first = dispatch(&engine, &Request::of(task)).unwrap();
        world.exit(&first.plan.id, 1, Evidence::Changed);
        world.lock().shim = Shim::SetsUp;
        world.before("mux.start", move |world| {
            world.before("pause", move |world| {
                world.tick();
                let attempt = world.attempt(task);
                let done = ending(How::Process(Exit::Code(0)), Evidence::Changed);
                world.tell(&attempt, &Event::Ended(Ending { can_verify: true, ..done }), Who::Shim);
                if at_once {
                    world.verified(&attempt.plan.id, false);
                }
            });
        });
        let before = world.now().boot;
        let request = Request { from: vec![Status::Failed], verify_only: true, ..Request::of(task) };
        let attempt = dispatch(&engine, &request).unwrap();
        assert!(world.now().boot.since(before).as_millis() < 500);
        assert_eq!(attempt.started_at, None);
        assert_eq!(attempt.phase, if at_once { Phase::Exited } else { Phase::Verifying });
        assert_eq!(attempt.plan.worktree, first.plan.worktree);
    }
}

#[test]
fn what_can_not_be_verified_is_refused() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    let verify = Request { from: vec![Status::Failed], verify_only: true, ..Request::of(task) };
    let fault = dispatch(&engine, &verify).unwrap_err();
    assert_eq!((fault.kind, fault.message.as_str()), (Kind::Conflict, "task 1: it has nothing to be verified by"));
    tasks::edit(&engine, task, &Edit { verify: Some(vec!["make".to_owned()]), ..Edit::default() }).unwrap();
    let fault = dispatch(&engine, &Request { fresh: true, ..verify }).unwrap_err();
    assert!(fault.message.contains("its worktree is gone"), "{fault}");
    assert_eq!(world.task(task).status, Status::Failed);
}

#[test]
fn a_note_for_an_attempt_that_does_not_come_to_be_is_kept_for_the_next() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let noted = |note: &str| Request { from: vec![Status::Failed], note: Some(note.to_owned()), ..Request::of(task) };
    // Somebody else's attempt is not told.
    dispatch(&engine, &noted("too early")).unwrap_err();
    assert_eq!(world.task(task).note, None);
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    for note in ["mind the gap", "what came later"] {
        world.trouble("store.claim", When::Before, Then::Fail);
        dispatch(&engine, &noted(note)).unwrap_err();
        assert_eq!(world.task(task).note.as_deref(), Some("mind the gap"), "one that is there already stays");
    }
    let second = dispatch(&engine, &Request { note: None, ..noted("") }).unwrap();
    assert!(second.plan.brief.prompt.ends_with("\n\nmind the gap"), "{}", second.plan.brief.prompt);
    assert_eq!(dispatch(&engine, &noted("\0")).unwrap_err().kind, Kind::Usage);
}
