//! What an agent that can't write the database leaves in its worktree: on real files.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::world::{Shim, Then, When, World};
use crate::domain::attempt::Plan;
use crate::domain::completion::Evidence;
use crate::domain::id::AttemptId;
use crate::domain::state::Status;
use crate::engine::outbox::{folder, leave, letter, prepare};
use crate::engine::report::Word;
use crate::engine::upkeep::{Scope, reconcile};
use crate::engine::{Engine, Fault, outbox, stop};
use crate::os::tree_files::WorktreeFiles;

const PATIENCE: Duration = Duration::from_secs(1);
/// The largest letter that is read, in bytes.
const LARGEST: usize = 1_000_000;

/// A task whose agent runs, with an outbox.
fn posts(world: &World) -> (Engine, Plan) {
    let (engine, _, attempt) = world.running();
    fs::create_dir_all(&attempt.plan.worktree).unwrap();
    prepare(&WorktreeFiles, &attempt.plan.worktree).unwrap();
    (engine, attempt.plan)
}

fn deliver(engine: &Engine, plan: &Plan) -> Result<(), Fault> {
    outbox::deliver(engine, plan, PATIENCE)
}

fn say(plan: &Plan, name: &str, word: &Word) {
    let letter = letter(&plan.id, &plan.token, word).unwrap();
    leave(&WorktreeFiles, &folder(&plan.worktree), name, &letter).unwrap();
}

fn note(plan: &Plan, name: &str) {
    say(plan, name, &Word::Note(name.to_owned()));
}

/// What lies in the outbox, but for git's file.
fn lies(plan: &Plan) -> Vec<String> {
    let entries = fs::read_dir(folder(&plan.worktree)).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != ".gitignore");
    names.sort();
    names
}

/// The remarks that the timeline has, in order.
fn remarks(world: &World, plan: &Plan) -> Vec<String> {
    use crate::ports::store::Store as _;
    let timeline = world.board().timeline(Some(plan.task), 0, 100).unwrap();
    let said = |evidence: String| -> serde_json::Value { serde_json::from_str(&evidence).unwrap() };
    let told = timeline.into_iter().map(|record| said(record.evidence));
    told.filter(|said| said["event"] == "remark").map(|said| said["text"].as_str().unwrap().to_owned()).collect()
}

fn written(plan: &Plan, text: &str) -> serde_json::Value {
    serde_json::json!({
        "version": 1, "attempt": plan.id.as_str(), "token": plan.token, "verb": "note", "text": text,
    })
}

#[test]
fn an_outbox_is_a_folder_that_git_ignores() {
    let root = tempfile::tempdir().unwrap();
    let tree = root.path();
    assert_eq!(folder(tree), tree.join(".ganger"));
    prepare(&WorktreeFiles, tree).unwrap();
    let ignore = tree.join(".ganger/.gitignore");
    assert_eq!(fs::read_to_string(&ignore).unwrap(), "*\n");
    fs::write(&ignore, "mine").unwrap();
    prepare(&WorktreeFiles, tree).unwrap();
    assert_eq!(fs::read_to_string(&ignore).unwrap(), "mine", "what is there is left alone");
    // Neither a file nor a link to somewhere else is one.
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(other.path().join("elsewhere"), other.path().join(".ganger")).unwrap();
    prepare(&WorktreeFiles, other.path()).unwrap_err();
    assert_eq!(fs::read_dir(other.path().join("elsewhere")).unwrap().count(), 0);
    fs::remove_file(other.path().join(".ganger")).unwrap();
    fs::write(other.path().join(".ganger"), "").unwrap();
    prepare(&WorktreeFiles, other.path()).unwrap_err();
    prepare(&WorktreeFiles, &other.path().join("nowhere")).unwrap_err();
}

#[test]
fn letters_are_delivered_once_and_in_order() {
    let world = World::new();
    let (engine, plan) = posts(&world);
    for name in ["2", "1", "3"] {
        note(&plan, name);
    }
    fs::write(folder(&plan.worktree).join("4.tmp"), "half").unwrap();
    deliver(&engine, &plan).unwrap();
    assert_eq!(
        (remarks(&world, &plan), lies(&plan)),
        (["1", "2", "3"].map(str::to_owned).to_vec(), vec!["4.tmp".to_owned()])
    );
    deliver(&engine, &plan).unwrap();
    assert_eq!(remarks(&world, &plan).len(), 3);
    say(&plan, "5", &Word::Done);
    deliver(&engine, &plan).unwrap();
    assert_eq!((world.task(plan.task).status, lies(&plan).len()), (Status::Review, 1));
}

#[test]
fn what_an_agent_left_behind_counts_before_its_end() {
    let world = World::new();
    let (engine, plan) = posts(&world);
    say(&plan, "1", &Word::Done);
    world.kill_shim(&plan.id, false);
    reconcile(&engine, &Scope::default()).unwrap();
    assert_eq!((world.task(plan.task).status, lies(&plan)), (Status::Review, Vec::<String>::new()));
}

#[test]
fn a_letter_that_is_not_the_attempts_own_is_put_aside() {
    let world = World::new();
    let (engine, plan) = posts(&world);
    let put = |name: &str, text: &[u8]| fs::write(folder(&plan.worktree).join(name), text).unwrap();
    let other = AttemptId::parse("01980000-0000-7000-8000-0123456789ab").unwrap();
    for (name, key, value) in [
        ("a", "version", serde_json::json!(2)),
        ("b", "attempt", other.as_str().into()),
        ("c", "token", "guessed".into()),
    ] {
        let mut forged = written(&plan, "forged");
        forged[key] = value;
        put(&format!("{name}.letter"), forged.to_string().as_bytes());
    }
    put("d.letter", b"no letter");
    put("e.letter", written(&plan, &"x".repeat(LARGEST)).to_string().as_bytes());
    let aside: PathBuf = world.root().join("aside");
    fs::write(&aside, written(&plan, "linked").to_string()).unwrap();
    std::os::unix::fs::symlink(&aside, folder(&plan.worktree).join("f.letter")).unwrap();
    nix::unistd::mkfifo(&folder(&plan.worktree).join("g.letter"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    deliver(&engine, &plan).unwrap();
    assert_eq!(lies(&plan), ["a", "b", "c", "d", "e", "f", "g"].map(|name| format!("{name}.refused")));
    assert_eq!(remarks(&world, &plan), [""; 0]);
}

#[test]
fn a_letter_that_comes_too_late_is_put_aside_and_holds_up_none() {
    let world = World::new();
    let (engine, plan) = posts(&world);
    note(&plan, "1");
    note(&plan, "2");
    world.exit(&plan.id, 0, Evidence::Changed);
    deliver(&engine, &plan).unwrap();
    assert_eq!(
        (remarks(&world, &plan).len(), lies(&plan)),
        (0, ["1.refused", "2.refused"].map(str::to_owned).to_vec())
    );
}

#[test]
fn the_largest_letter_is_read() {
    let world = World::new();
    let (engine, plan) = posts(&world);
    let rest = LARGEST - written(&plan, "").to_string().len();
    for (name, length) in [("1", rest), ("2", rest + 1)] {
        let text = written(&plan, &"x".repeat(length)).to_string();
        fs::write(folder(&plan.worktree).join(format!("{name}.letter")), text).unwrap();
    }
    deliver(&engine, &plan).unwrap();
    assert_eq!((remarks(&world, &plan).len(), lies(&plan)), (1, vec!["2.refused".to_owned()]));
}

#[test]
fn what_the_database_does_not_take_now_stays_with_all_that_comes_after_it() {
    let world = World::new();
    let (engine, plan) = posts(&world);
    for name in ["1", "2", "3"] {
        note(&plan, name);
    }
    world.trouble_after("store.hear", 1, When::Before, Then::Busy);
    deliver(&engine, &plan).unwrap_err();
    assert_eq!(
        (remarks(&world, &plan), lies(&plan)),
        (vec!["1".to_owned()], ["2.letter", "3.letter"].map(str::to_owned).to_vec())
    );
    deliver(&engine, &plan).unwrap();
    assert_eq!((remarks(&world, &plan).len(), lies(&plan).len()), (3, 0));
}

#[test]
fn an_agent_with_more_to_say_than_there_is_time_for_is_heard_out_later() {
    let world = World::new();
    let (engine, plan) = posts(&world);
    for name in ["1", "2", "3", "4"] {
        note(&plan, name);
    }
    world.before("store.hear", |world| world.pass(PATIENCE));
    deliver(&engine, &plan).unwrap();
    assert_eq!(lies(&plan), [""; 0], "it is over only when there is less than no time left");
    for name in ["1", "2", "3", "4"] {
        note(&plan, name);
    }
    world.before("store.hear", |world| world.pass(PATIENCE + Duration::from_millis(1)));
    deliver(&engine, &plan).unwrap();
    assert_eq!(lies(&plan), ["2.letter", "3.letter", "4.letter"]);
}

#[test]
fn an_outbox_that_leads_elsewhere_is_not_emptied() {
    let world = World::new();
    let (engine, plan) = posts(&world);
    note(&plan, "1");
    let moved: &Path = &world.root().join("moved");
    fs::rename(folder(&plan.worktree), moved).unwrap();
    std::os::unix::fs::symlink(moved, folder(&plan.worktree)).unwrap();
    deliver(&engine, &plan).unwrap();
    assert_eq!((remarks(&world, &plan).len(), lies(&plan).len()), (0, 1));
    fs::remove_file(folder(&plan.worktree)).unwrap();
    deliver(&engine, &plan).unwrap();
    assert!(moved.join("1.letter").exists());
}

#[test]
fn what_can_not_be_read_now_stays_with_all_that_comes_after_it() {
    let world = World::new();
    let (engine, plan) = posts(&world);
    for name in ["1", "2", "3"] {
        note(&plan, name);
    }
    world.trouble("tree_files.list", When::Before, Then::Fail);
    assert!(deliver(&engine, &plan).unwrap_err().message.ends_with("/.ganger: as scripted"));
    world.trouble_after("tree_files.read", 1, When::Before, Then::Fail);
    assert!(deliver(&engine, &plan).unwrap_err().message.ends_with("/.ganger/2.letter: as scripted"));
    assert_eq!(
        (remarks(&world, &plan), lies(&plan)),
        (vec!["1".to_owned()], ["2.letter", "3.letter"].map(str::to_owned).to_vec())
    );
    deliver(&engine, &plan).unwrap();
    assert_eq!((remarks(&world, &plan).len(), lies(&plan)), (3, Vec::<String>::new()));
}

#[test]
fn an_end_waits_for_what_can_not_be_heard_now_unless_a_stop_was_requested() {
    for (call, then) in [("tree_files.list", Then::Fail), ("tree_files.read", Then::Fail), ("store.hear", Then::Busy)] {
        let world = World::new();
        let (engine, plan) = posts(&world);
        say(&plan, "1", &Word::Note("nearly".to_owned()));
        say(&plan, "2", &Word::Done);
        world.kill_shim(&plan.id, false);
        world.trouble(call, When::Before, then);
        let report = reconcile(&engine, &Scope::default()).unwrap();
        assert!(report.unknown[0].reason.starts_with("what its agent left to say can't be heard: "), "{report:#?}");
        assert_eq!(world.task(plan.task).status, Status::InProgress);
        reconcile(&engine, &Scope::default()).unwrap();
        assert_eq!(world.task(plan.task).status, Status::Review);
    }
    // Who asked for the end does not wait for a disk.
    let world = World::new();
    let (engine, plan) = posts(&world);
    say(&plan, "1", &Word::Done);
    world.lock().shim = Shim::Late;
    world.kill_shim(&plan.id, false);
    world.trouble("tree_files.list", When::Before, Then::Fail);
    stop::stop(&engine, plan.task).unwrap();
    assert_eq!((world.task(plan.task).status, lies(&plan)), (Status::Failed, vec!["1.letter".to_owned()]));
}

#[test]
fn a_letter_that_stays_though_it_was_heard_is_heard_once() {
    let world = World::new();
    let (engine, plan) = posts(&world);
    say(&plan, "1", &Word::Done);
    world.trouble("tree_files.remove", When::Before, Then::Fail);
    deliver(&engine, &plan).unwrap();
    assert_eq!((world.task(plan.task).status, lies(&plan).len()), (Status::Review, 1));
    let events = world.events();
    deliver(&engine, &plan).unwrap();
    assert_eq!((world.events(), lies(&plan).len()), (events, 0));
}
