//! What agents say besides done and fail: questions, remarks, and what their hooks report.

use super::world::World;
use crate::domain::attempt::Attempt;
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::state::{Activity, Source, Who};
use crate::engine::report::{Speaker, Word, say};
use crate::engine::review::Bounced;
use crate::engine::{Engine, Kind, review};
use crate::ports::store::{News, Store as _};

/// An engine, a task whose agent runs, and the agent.
fn talks(world: &World) -> (Engine, TaskId, Speaker) {
    let (engine, task, attempt) = world.running();
    (engine, task, Speaker::Agent { attempt: attempt.plan.id, token: attempt.plan.token })
}

fn report(activity: Activity, saying: Option<&str>) -> Word {
    Word::Report { activity: Some(activity), saying: saying.map(str::to_owned), conversation: None }
}

fn shown(attempt: Attempt) -> (Option<Activity>, Option<String>) {
    (attempt.doing.map(|doing| doing.activity), attempt.saying)
}

fn last_event(world: &World, task: TaskId) -> String {
    world.board().timeline(Some(task), 0, 100).unwrap().pop().unwrap().evidence
}

#[test]
fn a_question_is_shown_until_the_agent_goes_on() {
    let world = World::new();
    let (engine, task, agent) = talks(&world);
    say(&engine, &agent, &Word::Ask("may I?\nreally".to_owned())).unwrap();
    let (activity, saying) = shown(world.attempt(task));
    assert_eq!(activity, Some(Activity::Waiting));
    assert!(saying.unwrap().starts_with("may I?"));
    assert!(last_event(&world, task).contains("question"), "{}", last_event(&world, task));
    // Its turn ends, and another begins.
    say(&engine, &agent, &report(Activity::Idle, None)).unwrap();
    say(&engine, &agent, &report(Activity::Working, None)).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Working), None));
}

/// As Claude Code does it: the verb is run by a tool, whose hooks come before and after it.
fn by_a_tool(engine: &Engine, agent: &Speaker, word: &Word) {
    say(engine, agent, &report(Activity::Working, None)).unwrap();
    say(engine, agent, word).unwrap();
    say(engine, agent, &report(Activity::Working, None)).unwrap();
}

#[test]
fn a_question_outlives_the_tool_that_asked_it_and_the_turn() {
    let world = World::new();
    let (engine, task, agent) = talks(&world);
    let question = || Some("may I?".to_owned());
    by_a_tool(&engine, &agent, &Word::Ask("may I?".to_owned()));
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Working), question()), "it goes on with its turn");
    for _ in 0..2 {
        say(&engine, &agent, &report(Activity::Idle, None)).unwrap();
        assert_eq!(shown(world.attempt(task)), (Some(Activity::Waiting), question()));
    }
    // Another turn: it was answered.
    say(&engine, &agent, &report(Activity::Working, None)).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Working), None));
    say(&engine, &agent, &report(Activity::Idle, None)).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Idle), None));
    // What it reports done in the same turn is not waited for any more.
    by_a_tool(&engine, &agent, &Word::Ask("may I?".to_owned()));
    say(&engine, &agent, &Word::Done).unwrap();
    assert_eq!(shown(world.attempt(task)).1, None);
}

#[test]
fn a_remark_outlives_the_tool_that_made_it_and_goes_with_the_next_turn() {
    let world = World::new();
    let (engine, task, agent) = talks(&world);
    by_a_tool(&engine, &agent, &Word::Note("half way".to_owned()));
    say(&engine, &agent, &report(Activity::Idle, None)).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Idle), Some("half way".to_owned())));
    say(&engine, &agent, &report(Activity::Working, None)).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Working), None));
    // Why its turn ended, and what its program wants, are more urgent.
    by_a_tool(&engine, &agent, &Word::Note("half way".to_owned()));
    say(&engine, &agent, &report(Activity::Idle, Some("overloaded"))).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Idle), Some("overloaded".to_owned())));
    by_a_tool(&engine, &agent, &Word::Note("half way".to_owned()));
    say(&engine, &agent, &report(Activity::Waiting, Some("use Bash?"))).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Waiting), Some("use Bash?".to_owned())));
    say(&engine, &agent, &report(Activity::Working, None)).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Working), None));
}

#[test]
fn a_remark_changes_what_it_says_and_not_what_it_does() {
    let world = World::new();
    let (engine, task, agent) = talks(&world);
    say(&engine, &agent, &Word::Ask("may I?".to_owned())).unwrap();
    say(&engine, &agent, &Word::Note("half way".to_owned())).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Waiting), Some("half way".to_owned())));
    assert!(last_event(&world, task).contains("remark"));
}

#[test]
fn while_an_agent_waits_its_first_word_says_for_what() {
    let world = World::new();
    let (engine, task, agent) = talks(&world);
    let said = |activity, saying| {
        say(&engine, &agent, &report(activity, saying)).unwrap();
        world.attempt(task).saying
    };
    assert_eq!(said(Activity::Waiting, None), None);
    assert_eq!(said(Activity::Waiting, Some("for a key")).as_deref(), Some("for a key"), "nothing was said yet");
    assert_eq!(said(Activity::Waiting, Some("for you")).as_deref(), Some("for a key"));
    assert_eq!(said(Activity::Idle, None).as_deref(), Some("for a key"));
    assert_eq!(said(Activity::Waiting, Some("for him")).as_deref(), Some("for him"), "it did something in between");
    assert_eq!(said(Activity::Idle, Some("finished")).as_deref(), Some("finished"));
    assert_eq!(said(Activity::Working, Some("on")).as_deref(), Some("on"));
    let doing = world.attempt(task).doing.unwrap();
    assert_eq!((doing.activity, doing.source), (Activity::Working, Source::Agent));
    let named = Word::Report { activity: None, saying: None, conversation: Some("abc".to_owned()) };
    say(&engine, &agent, &named).unwrap();
    assert_eq!(world.attempt(task).conversation.as_deref(), Some("abc"));
}

#[test]
fn an_agent_that_reports_its_end_waits_no_more() {
    let waits = |world: &World, agent: &Speaker, engine: &Engine, task: TaskId| {
        say(engine, agent, &Word::Ask("may I?".to_owned())).unwrap();
        let until = Some(Some(world.now().wall));
        let news = News { waits_until: until, contradicts: true, ..News::of(Source::Agent, Activity::Waiting) };
        engine.ports.store.hear(&world.attempt(task).plan.id, &news, &engine.stamp(Who::Shim)).unwrap();
        assert!(world.attempt(task).waits_until.is_some());
    };
    for word in [Word::Done, Word::Fail("no".to_owned())] {
        let world = World::new();
        let (engine, task, agent) = talks(&world);
        waits(&world, &agent, &engine, task);
        say(&engine, &agent, &word).unwrap();
        let now = world.attempt(task);
        assert_eq!((now.waits_until, shown(now)), (None, (Some(Activity::Working), None)), "{word:?}");
    }
    // A person says so in its place: what it does nobody has seen.
    let world = World::new();
    let (engine, task, agent) = talks(&world);
    waits(&world, &agent, &engine, task);
    say(&engine, &Speaker::Person { task }, &Word::Done).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Waiting), Some("may I?".to_owned())));
    // Where it waits for nothing there is nothing to take back.
    let world = World::new();
    let (engine, task, agent) = talks(&world);
    say(&engine, &agent, &report(Activity::Idle, Some("finished"))).unwrap();
    say(&engine, &agent, &Word::Done).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Idle), Some("finished".to_owned())));
    // It asks anew while its report is being written: that is its last word.
    let world = World::new();
    let (engine, task, agent) = talks(&world);
    waits(&world, &agent, &engine, task);
    let again = agent.clone();
    world.before("store.hear", move |world| {
        say(&world.engine(), &again, &Word::Ask("and that?".to_owned())).unwrap();
    });
    say(&engine, &agent, &Word::Done).unwrap();
    assert_eq!(shown(world.attempt(task)), (Some(Activity::Waiting), Some("and that?".to_owned())));
}

#[test]
fn a_limit_is_over_for_an_agent_that_works_and_for_no_other() {
    let world = World::new();
    let (engine, task, agent) = talks(&world);
    let until = Some(Some(world.now().wall));
    let news = News { waits_until: until, ..News::of(Source::Screen, Activity::Waiting) };
    engine.ports.store.hear(&world.attempt(task).plan.id, &news, &engine.stamp(Who::Shim)).unwrap();
    say(&engine, &agent, &report(Activity::Idle, None)).unwrap();
    assert_eq!(Some(world.attempt(task).waits_until), until);
    say(&engine, &agent, &report(Activity::Working, None)).unwrap();
    assert_eq!(world.attempt(task).waits_until, None);
}

#[test]
fn an_agent_that_is_over_has_nothing_to_say() {
    let world = World::new();
    let (engine, task, agent) = talks(&world);
    world.exit(&world.attempt(task).plan.id, 0, Evidence::Changed);
    let fault = say(&engine, &agent, &Word::Note("hm".to_owned())).unwrap_err();
    assert_eq!((fault.kind, fault.task), (Kind::Conflict, Some(task)));
    assert_eq!(fault.message, "task 1: this attempt's agent does not run");
}

#[test]
fn feedback_on_what_has_ended_goes_to_the_next_attempt() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let early = review::bounce(&engine, task, "more").unwrap_err();
    assert_eq!((early.kind, early.hint.as_deref()), (Kind::Conflict, Some("ganger send 1 TEXT")));
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    assert_eq!(review::bounce(&engine, task, " \n").unwrap_err().kind, Kind::Usage);
    assert_eq!(review::bounce(&engine, task, "more"), Ok(Bounced::Attempt(2)));
    assert!(world.attempt(task).plan.brief.prompt.ends_with("\n\nmore"));
}
