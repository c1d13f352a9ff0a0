//! Whom something concerns is told: people by a command, once; the next attempt by its prompt.

use super::world::{Then, When, World};
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::profile::NoOutput;
use crate::domain::state::{Activity, Status};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::report::{Speaker, Word, say};
use crate::engine::upkeep::sweep;
use crate::engine::{review, stop, tasks};

/// A world whose people want to know of everything.
fn curious() -> World {
    let mut world = World::new();
    for event in ["waiting", "review", "failed", "orphaned"] {
        let command = ["bell", "{event}", "{task_id}: {title}"].map(str::to_owned).to_vec();
        world.settings.notify.insert(event.to_owned(), command);
    }
    world
}

fn told(world: &World) -> Vec<String> {
    world.lock().done.iter().filter_map(|done| done.strip_prefix("tell ")).map(str::to_owned).collect()
}

#[test]
fn a_question_is_told_once() {
    let world = curious();
    let (engine, task, _) = world.running();
    let ask = |question: &str| say(&engine, &Speaker::Person { task }, &Word::Ask(question.to_owned())).unwrap();
    ask("may I?");
    assert_eq!(told(&world), ["bell waiting 1: Fix it"]);
    ask("and that?");
    say(&engine, &Speaker::Person { task }, &Word::Note("hm".to_owned())).unwrap();
    assert_eq!(told(&world), ["bell waiting 1: Fix it"]);
}

#[test]
fn s27_a_title_is_text_to_the_program_that_tells_people() {
    let mut world = World::new();
    let command = ["bell", "{title}", "about {title}"].map(str::to_owned).to_vec();
    world.settings.notify.insert("waiting".to_owned(), command);
    let engine = world.engine();
    let task = tasks::add(&engine, &world.draft("--help \u{1b}[2J")).unwrap().id;
    dispatch(&engine, &Request::of(task)).unwrap();
    say(&engine, &Speaker::Person { task }, &Word::Ask("may I?".to_owned())).unwrap();
    assert_eq!(told(&world), ["bell  --help \u{fffd}[2J about --help \u{fffd}[2J"]);
}

#[test]
fn what_an_agent_brings_about_is_told_and_what_a_person_did_himself_is_not() {
    let world = curious();
    let (engine, task, attempt) = world.running();
    say(&engine, &Speaker::Person { task }, &Word::Done).unwrap();
    assert_eq!(told(&world), ["bell review 1: Fix it"]);
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    review::approve(&engine, task).unwrap();
    review::reopen(&engine, task).unwrap();
    assert_eq!(told(&world).len(), 1);
    let (engine, task, _) = world.running();
    say(&engine, &Speaker::Person { task }, &Word::Fail("no".to_owned())).unwrap();
    assert_eq!(told(&world)[1..], ["bell failed 2: Fix it"]);
    let (engine, task, _) = world.running();
    stop::stop(&engine, task).unwrap();
    assert_eq!(told(&world).len(), 2, "he knows");
}

#[test]
fn a_question_that_its_turn_leaves_open_is_not_told_again() {
    let world = curious();
    let (engine, _, attempt) = world.running();
    let agent = Speaker::Agent { attempt: attempt.plan.id, token: attempt.plan.token };
    say(&engine, &agent, &Word::Ask("may I?".to_owned())).unwrap();
    for activity in [Activity::Working, Activity::Idle] {
        say(&engine, &agent, &Word::Report { activity: Some(activity), saying: None, conversation: None }).unwrap();
    }
    assert_eq!(told(&world), ["bell waiting 1: Fix it"]);
}

#[test]
fn what_changes_nothing_of_a_task_is_not_told() {
    let world = curious();
    let (engine, task, attempt) = world.running();
    say(&engine, &Speaker::Person { task }, &Word::Done).unwrap();
    world.kill_shim(&attempt.plan.id, false);
    sweep(&engine).unwrap();
    assert_eq!((world.task(task).status, told(&world)), (Status::Review, vec!["bell review 1: Fix it".to_owned()]));
    assert!(!world.attempt(task).phase.is_live(), "its end has been found out");
}

#[test]
fn a_loss_is_told_by_whoever_found_it_out() {
    let world = curious();
    let (engine, task, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, false);
    sweep(&engine).unwrap();
    sweep(&engine).unwrap();
    assert_eq!((told(&world), world.task(task).status), (vec!["bell orphaned 1: Fix it".to_owned()], Status::Ready));
}

#[test]
fn where_nobody_wants_to_know_nobody_is_told() {
    let world = World::new();
    let (engine, task, _) = world.running();
    say(&engine, &Speaker::Person { task }, &Word::Ask("may I?".to_owned())).unwrap();
    assert_eq!(told(&world), [""; 0]);
}

#[test]
fn the_next_attempt_is_told_why_the_last_one_failed() {
    for (plain, said) in
        [(false, "do it\n\nThe last attempt failed: no idea."), (true, "do it\n\n# The last attempt failed: no idea.")]
    {
        let mut world = World::new();
        if plain {
            world.settings.agents.get_mut("agent").unwrap().no_output = NoOutput::Review;
        }
        let (engine, task, attempt) = world.running();
        say(&engine, &Speaker::Person { task }, &Word::Fail("no idea".to_owned())).unwrap();
        world.exit(&attempt.plan.id, 1, Evidence::Changed);
        let second = dispatch(&engine, &Request { from: vec![Status::Failed], ..Request::of(task) }).unwrap();
        assert_eq!(second.plan.brief.prompt, said);
    }
}

#[test]
fn the_next_attempt_is_told_though_something_came_in_between() {
    let failed = || {
        let world = World::new();
        let (engine, task, attempt) = world.running();
        say(&engine, &Speaker::Person { task }, &Word::Fail("no idea".to_owned())).unwrap();
        world.exit(&attempt.plan.id, 1, Evidence::Changed);
        (world, engine, task)
    };
    let again = |world: &World, from| {
        dispatch(&world.engine(), &Request { from: vec![from], ..Request::of(TaskId(1)) }).unwrap().plan.brief.prompt
    };
    let told = "do it\n\nThe last attempt failed: no idea.";
    // Put back into the queue by a person.
    let (world, engine, task) = failed();
    tasks::requeue(&engine, task).unwrap();
    assert_eq!(again(&world, Status::Ready), told);
    // An attempt that came to nothing, and one that vanished.
    let (world, engine, task) = failed();
    world.trouble("trees.adopt", When::Before, Then::Fail);
    dispatch(&engine, &Request { from: vec![Status::Failed], ..Request::of(task) }).unwrap_err();
    assert_eq!(again(&world, Status::Ready), told);
    world.kill_shim(&world.attempt(task).plan.id, false);
    sweep(&world.engine()).unwrap();
    assert_eq!(again(&world, Status::Ready), told);
    // Somebody who stops it knows why.
    stop::stop(&world.engine(), task).unwrap();
    assert_eq!(again(&world, Status::Failed), "do it");
}

#[test]
fn a_script_gets_what_it_is_told_as_a_comment() {
    for (argv, script) in [
        (&["agent", "{prompt}"][..], false),
        (&["/bin/bash", "-eu", "{prompt_file}"], true),
        (&["nice", "python3.11", "{prompt_file}"], true),
        (&["sh", "-c", "agent < $1", "x", "{prompt_file}"], false),
    ] {
        let mut world = World::new();
        let profile = world.settings.agents.get_mut("agent").unwrap();
        profile.command = [&["agent"][..], argv].concat().into_iter().map(str::to_owned).collect();
        let (engine, task, attempt) = world.running();
        say(&engine, &Speaker::Person { task }, &Word::Fail("`rm -rf x`".to_owned())).unwrap();
        world.exit(&attempt.plan.id, 1, Evidence::Changed);
        let second = dispatch(&engine, &Request { from: vec![Status::Failed], ..Request::of(task) }).unwrap();
        let said = if script { "# The last attempt" } else { "The last attempt" };
        assert_eq!(second.plan.brief.prompt, format!("do it\n\n{said} failed: `rm -rf x`."));
    }
}

#[test]
fn the_next_attempt_is_told_the_end_of_what_setup_printed() {
    let mut world = World::new();
    world.settings.worktrees.setup = vec!["make".to_owned()];
    let (engine, task) = world.ready();
    world.lock().shim = super::world::Shim::FailsSetup;
    dispatch(&engine, &Request::of(task)).unwrap_err();
    let log = world.attempt(task).plan.files.log;
    std::fs::create_dir_all(log.parent().unwrap()).unwrap();
    std::fs::write(log, format!("{}the cause\n", "x\n".repeat(10_000))).unwrap();
    world.lock().shim = super::world::Shim::Starts;
    let second = dispatch(&engine, &Request { from: vec![Status::Failed], ..Request::of(task) }).unwrap();
    let prompt = second.plan.brief.prompt;
    assert!(prompt.contains("The last attempt failed: setup failed: make. It printed:\n\nx\n"), "{prompt}");
    assert!(prompt.ends_with("x\nthe cause") && (8_000..8_200).contains(&prompt.len()), "{}", prompt.len());
}
