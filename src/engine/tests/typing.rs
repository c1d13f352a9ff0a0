//! What is typed at an agent reaches it and nobody else, or it is said that it did not.

use super::world::{Then, When, World};
use crate::domain::completion::Evidence;
use crate::domain::state::{Activity, Source, Status, Who};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::report::{Speaker, Word, say};
use crate::engine::review::Bounced;
use crate::engine::{Kind, review, screen, stop};
use crate::ports::store::{News, Store as _};

/// The agent reads what was sent, after so many Enters.
fn listens(world: &World, enters: usize) {
    world.lock().traffic = Some(10);
    reads(world, enters);
}

fn reads(world: &World, enters: usize) {
    world.before("pause", move |world| {
        if world.lock().done.iter().filter(|done| done.ends_with("Enter")).count() >= enters {
            world.lock().traffic = Some(11);
        } else {
            reads(world, enters);
        }
    });
}

fn typed(world: &World) -> Vec<String> {
    let inner = world.lock();
    let typed = inner.done.iter().filter_map(|done| done.strip_prefix("type ")?.split_once(' '));
    typed.map(|(_, typed)| typed.to_owned()).collect()
}

#[test]
fn what_is_typed_goes_to_a_running_agent_only() {
    let world = World::new();
    let (engine, task) = world.ready();
    let refused = |said: &str| {
        let fault = screen::interrupt(&engine, task).unwrap_err();
        assert_eq!((fault.kind, fault.task), (Kind::Conflict, Some(task)));
        assert!(fault.message.contains(said), "{fault}");
        assert_eq!(screen::send(&engine, task, "x").unwrap_err().message, fault.message);
    };
    refused("task 1 was never dispatched");
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    let agent = attempt.agent.unwrap();
    world.lock().opaque.insert(agent.pid);
    refused("no running agent");
    world.lock().opaque.clear();
    world.lock().terminal = attempt.shim;
    refused("another program has its agent's terminal");
    world.lock().terminal = None;
    let panes = std::mem::take(&mut world.lock().panes);
    refused("task 1 has no tmux session");
    world.lock().panes = panes;
    world.trouble("mux.send", When::Before, Then::Fail);
    assert_eq!(screen::interrupt(&engine, task).unwrap_err().kind, Kind::Failed);
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    world.with(agent, |found| found.alive = true);
    refused("no running agent");
    assert_eq!(typed(&world), [""; 0]);
}

#[test]
fn an_interrupt_is_typed_as_it_is() {
    let world = World::new();
    let (engine, task, _) = world.running();
    screen::interrupt(&engine, task).unwrap();
    assert_eq!(typed(&world), ["Interrupt"]);
}

#[test]
fn a_text_is_pasted_and_sent_off_and_the_agent_works_again() {
    let world = World::new();
    let (engine, task, _) = world.running();
    say(&engine, &Speaker::Person { task }, &Word::Ask("may I?".to_owned())).unwrap();
    assert_eq!(world.attempt(task).doing.unwrap().activity, Activity::Waiting);
    listens(&world, 1);
    screen::send(&engine, task, "go on").unwrap();
    assert_eq!(typed(&world), ["Paste(\"go on\")", "Enter"]);
    let attempt = world.attempt(task);
    assert_eq!((attempt.doing.unwrap().activity, attempt.saying), (Activity::Working, None));
}

#[test]
fn a_text_that_is_not_taken_in_is_said() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let agent = Speaker::Agent { attempt: attempt.plan.id, token: attempt.plan.token };
    let idle = Word::Report { activity: Some(Activity::Idle), saying: Some("done".to_owned()), conversation: None };
    say(&engine, &agent, &idle).unwrap();
    world.lock().traffic = Some(10);
    let fault = screen::send(&engine, task, "go on").unwrap_err();
    assert_eq!((fault.kind, fault.hint.as_deref()), (Kind::Failed, Some("ganger attach 1")));
    assert!(fault.message.contains("was not submitted"), "{fault}");
    assert_eq!(typed(&world).len(), 2, "an agent that says nothing by itself is not pressed twice");
    let attempt = world.attempt(task);
    assert!(attempt.saying.unwrap().contains("was not submitted"), "over the agent's own last word");
    assert_eq!(attempt.doing.map(|doing| doing.activity), Some(Activity::Idle), "what it does nobody has seen");
    let event = world.board().timeline(Some(task), 0, 100).unwrap().pop().unwrap();
    assert!(event.evidence.contains("\"not submitted\""), "{}", event.evidence);
}

#[test]
fn where_the_system_tells_no_traffic_the_screen_is_looked_at() {
    for changes in [true, false] {
        let world = World::new();
        let (engine, task, _) = world.running();
        world.lock().screen = "$ ".to_owned();
        world.before("pause", move |world| {
            world.lock().screen = "$ go on".to_owned();
            if changes {
                world.before("pause", |world| world.lock().screen = "working".to_owned());
            }
        });
        assert_eq!(screen::send(&engine, task, "go on").is_ok(), changes);
    }
}

#[test]
fn an_agent_whose_hooks_work_is_believed_when_it_says_that_it_begins_and_is_pressed_once_more() {
    for says in [true, false] {
        let world = World::new();
        let (engine, task, attempt) = world.running();
        let agent = Speaker::Agent { attempt: attempt.plan.id.clone(), token: attempt.plan.token };
        let told =
            |activity| Word::Report { activity: Some(activity), saying: None, conversation: Some("c".to_owned()) };
        say(&engine, &agent, &told(Activity::Idle)).unwrap();
        listens(&world, 1);
        world.lock().screen = "$ ".to_owned();
        let begins = told(Activity::Working);
        world.before("mux.send", move |world| {
            // The paste, and then the first Enter.
            world.before("mux.send", move |world| {
                world.before("mux.send", move |world| {
                    if says {
                        say(&world.engine(), &agent, &begins).unwrap();
                    }
                });
            });
        });
        assert_eq!(screen::send(&engine, task, "go on").is_ok(), says);
        assert_eq!(typed(&world)[1..], ["Enter", "Enter"]);
    }
}

#[test]
fn an_agent_whose_hooks_are_silent_or_that_is_at_work_is_not_waited_for_to_say_so() {
    for (activity, conversation) in [(Activity::Idle, None), (Activity::Working, Some("c".to_owned()))] {
        let world = World::new();
        let (engine, task, attempt) = world.running();
        let agent = Speaker::Agent { attempt: attempt.plan.id.clone(), token: attempt.plan.token };
        say(&engine, &agent, &Word::Report { activity: Some(activity), saying: None, conversation }).unwrap();
        world.seconds(5);
        listens(&world, 1);
        screen::send(&engine, task, "go on").unwrap();
        assert_eq!(typed(&world)[1..], ["Enter"]);
    }
}

#[test]
fn an_agent_that_is_quicker_than_its_sender_has_the_last_word() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let agent = Speaker::Agent { attempt: attempt.plan.id, token: attempt.plan.token };
    listens(&world, 1);
    world.before("store.hear", move |world| {
        say(&world.engine(), &agent, &Word::Ask("which one?".to_owned())).unwrap();
    });
    screen::send(&engine, task, "go on").unwrap();
    let now = world.attempt(task);
    assert_eq!((now.doing.unwrap().activity, now.saying.as_deref()), (Activity::Waiting, Some("which one?")));
}

#[test]
fn what_was_typed_ends_the_wait_for_a_limit() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let until = Some(Some(world.now().wall));
    let news = News { waits_until: until, ..News::of(Source::Screen, Activity::Waiting) };
    engine.ports.store.hear(&attempt.plan.id, &news, &engine.stamp(Who::Shim)).unwrap();
    assert_eq!(Some(world.attempt(task).waits_until), until);
    listens(&world, 1);
    screen::send(&engine, task, "go on").unwrap();
    assert_eq!(world.attempt(task).waits_until, None);
}

#[test]
fn feedback_sends_work_back_to_the_agent_that_did_it() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let fault = review::send_back(&engine, task, "more").unwrap_err();
    assert_eq!(
        (fault.kind, fault.message.as_str()),
        (Kind::Conflict, "task 1: it is in progress; only tasks in review can be sent back")
    );
    say(&engine, &Speaker::Person { task }, &Word::Done).unwrap();
    listens(&world, 1);
    assert_eq!(review::bounce(&engine, task, "more"), Ok(Bounced::Taken));
    let now = world.task(task);
    assert_eq!((now.status, now.cause, now.reason, now.note), (Status::InProgress, None, None, None));
    assert_eq!(typed(&world), ["Paste(\"more\")", "Enter"]);
    say(&engine, &Speaker::Person { task }, &Word::Done).unwrap();
    world.lock().terminal = attempt.shim;
    let fault = review::send_back(&engine, task, "more").unwrap_err();
    assert!(fault.message.contains("another program has its agent's terminal"), "{fault}");
    let now = world.task(task);
    assert_eq!(now.status, Status::Review);
    assert!(now.reason.unwrap().starts_with("feedback not delivered: "));
    assert_eq!(now.note.as_deref(), Some("more"), "the next attempt is told");
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    assert!(review::send_back(&engine, task, "more").unwrap_err().message.contains("no longer runs"));
}

#[test]
fn feedback_whose_sender_dies_before_he_has_typed_it_is_not_lost() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    say(&engine, &Speaker::Person { task }, &Word::Done).unwrap();
    world.trouble("mux.send", When::Before, Then::Die);
    review::send_back(&engine, task, "more").unwrap_err();
    let now = world.task(task);
    assert_eq!((now.status, now.note.as_deref()), (Status::InProgress, Some("more")));
    // It is there for whoever looks, and its next attempt is told.
    let engine = world.engine();
    stop::stop(&engine, task).unwrap();
    let second = dispatch(&engine, &Request { from: vec![Status::Failed], ..Request::of(task) }).unwrap();
    assert!(second.plan.brief.prompt.ends_with("\n\nmore"), "{}", second.plan.brief.prompt);
    assert_ne!(second.plan.id, attempt.plan.id);
}

#[test]
fn the_pane_of_an_attempt_is_found_dead_or_alive() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    assert!(!screen::pane(&engine, &screen::attempt(&engine, task).unwrap()).unwrap().dead);
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    assert!(screen::pane(&engine, &attempt).unwrap().dead);
}
