//! Undo: a person's last act, each once, newest first.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::review::{reviewed, told};
use crate::support::{World, finish, runs, until};

fn undone(world: &World) -> String {
    world.ok(&["undo"]).trim().to_owned()
}

fn nothing(world: &World) {
    let ran = world.fails(4, &["undo"]);
    assert_eq!(ran.stderr.lines().next(), Some("ganger: nothing to undo"), "{ran:?}");
}

/// What a task shows of itself, its timeline and times left out.
fn shown(world: &World, id: i64) -> Value {
    let mut task = world.task(id);
    for name in ["timeline", "updated_at"] {
        task.as_object_mut().unwrap().remove(name);
    }
    // Its pane is cleaned up as soon as nobody needs it: no undo brings it back.
    for attempt in task["attempts"].as_array_mut().unwrap() {
        attempt["pane"] = Value::Null;
    }
    task["attempt"]["pane"] = Value::Null;
    task
}

#[test]
fn every_act_is_undone_newest_first() {
    let world = World::new();
    nothing(&world);
    let review = reviewed(&world);
    let failed = world.dispatch("exit 3");
    world.settled(failed, "failed");
    world.phase(failed, "exited");
    let (one, two) = (review.to_string(), failed.to_string());
    let acts: [(&[&str], i64, &str); 7] = [
        (&["approve", &one], review, "task 1 is no longer approved, in review again"),
        (&["archive", &two], failed, "task 2 is no longer archived, on the board again"),
        (&["reopen", &one], review, "task 1 is no longer reopened, done again"),
        (&["unarchive", &two], failed, "task 2 is archived again"),
        (&["retry", &two, "--no-dispatch"], failed, "task 2 is no longer queued, failed again"),
        (&["archive", &one], review, "task 1 is no longer archived, on the board again"),
        (&["approve", &one], review, "task 1 is no longer approved, in review again"),
    ];
    let mut before = Vec::new();
    for (act, id, _) in acts {
        before.push(shown(&world, id));
        world.ok(act);
        assert_ne!(Some(&shown(&world, id)), before.last(), "{act:?}");
    }
    // These are no acts that can be undone.
    world.ok(&["edit", &one, "--title", "other words"]);
    world.ok(&["edit", &one, "--title", "a task"]);
    world.ok(&["--reconcile"]);
    for ((act, id, sentence), before) in acts.iter().zip(&before).rev() {
        assert_eq!(undone(&world), *sentence, "{act:?}");
        assert_eq!(shown(&world, *id), *before, "{act:?}");
    }
    nothing(&world);
    assert_eq!(world.task(failed)["reason"], "the agent failed: exit status 3");
    // An act after an undo is the newest again.
    world.ok(&["archive", &one]);
    assert_eq!(undone(&world), "task 1 is no longer archived, on the board again");
    nothing(&world);
    let undos: Vec<Value> = world.task(review)["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["evidence"]["undoes"].is_string())
        .cloned()
        .collect();
    assert_eq!(undos.len(), 5);
    assert!(undos.iter().all(|undo| undo["who"] == "person"), "{undos:?}");
    world.audited();
}

#[test]
fn a_removed_task_comes_back_with_its_tree() {
    let world = World::new();
    let id = world.dispatch("echo precious > work; exit 3");
    world.settled(id, "failed");
    world.phase(id, "exited");
    let name = id.to_string();
    world.ok(&["rm", &name]);
    world.fails(3, &["show", &name]);
    let answer = world.ganger(&["undo", "--json"]).json();
    assert_eq!((&answer["schema_version"], &answer["tasks"][0]["id"]), (&1.into(), &id.into()));
    let tree = world.ok(&["path", &name]);
    let what = answer["undone"].as_str().unwrap();
    assert!(!tree.contains(".trash") && what.contains(&format!("is back at {}", tree.trim())), "{what} {tree}");
    assert_eq!(fs::read_to_string(format!("{}/work", tree.trim())).unwrap(), "precious\n");
    let task = world.task(id);
    assert_eq!((&task["status"], &task["reason"]), (&"failed".into(), &"the agent failed: exit status 3".into()));
    assert!(told(&world, id).contains(&"undeleted".to_owned()));
    // It works again, in the same tree.
    world.ok(&["retry", &name]);
    world.settled(id, "failed");
    assert_eq!(world.ok(&["path", &name]), tree);
    assert!(fs::exists(format!("{}/work", tree.trim())).unwrap());
    world.reconciled();
}

#[test]
fn what_has_moved_on_is_left_alone_and_said() {
    let world = World::new();
    let id = world.dispatch("exit 3");
    world.settled(id, "failed");
    world.phase(id, "exited");
    let name = id.to_string();
    world.ok(&["archive", &name]);
    world.ok(&["retry", &name, "--no-dispatch"]);
    world.ok(&["edit", &name, "--prompt", "while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done"]);
    world.ok(&["dispatch", &name]);
    let agent = world.task(id)["attempt"]["agent_pid"].as_i64().unwrap();
    let before = world.task(id);
    for _ in 0..2 {
        let ran = world.fails(4, &["undo"]);
        let said =
            "ganger: nothing to undo: the last act was task 1 requeued, but it has moved on, and is in progress now";
        assert_eq!(ran.stderr.lines().collect::<Vec<_>>(), [said, "try: ganger show 1"]);
        let error = world.fails(4, &["undo", "--json"]).json();
        assert_eq!((&error["error"]["kind"], &error["error"]["task"]), (&"conflict".into(), &id.into()));
    }
    assert_eq!(world.task(id), before);
    assert!(runs(agent));
    // An external id that another task has now.
    let one = world.ok(&["add", "x", "--external-id", "gh-1"]).trim().to_owned();
    world.ok(&["rm", &one]);
    let other = world.ok(&["add", "y", "--external-id", "gh-1"]).trim().to_owned();
    let ran = world.fails(4, &["undo"]);
    assert!(ran.stderr.contains("task 2 deleted") && ran.stderr.contains("external id"), "{ran:?}");
    world.ok(&["rm", &other]);
    assert_eq!(undone(&world), "task 3 is no longer removed, on the board again");
}

#[test]
fn each_repository_has_its_own_last_act() {
    let world = World::new();
    let other = world.path("second");
    fs::create_dir(&other).unwrap();
    world.run("git", &["init", "-q"], &other);
    let other = other.to_str().unwrap();
    world.add("true");
    world.ok(&["add", "there", "-C", other]);
    world.ok(&["archive", "1"]);
    world.ok(&["archive", "2"]);
    assert_eq!(undone(&world), "task 1 is no longer archived, on the board again");
    nothing(&world);
    assert_eq!(world.ok(&["undo", "-C", other]), "task 2 is no longer archived, on the board again\n");
    // Outside of any, all of them.
    world.ok(&["archive", "1"]);
    world.ok(&["archive", "2"]);
    let outside = world.path("home");
    let ganger = env!("CARGO_BIN_EXE_ganger");
    assert_eq!(world.run(ganger, &["undo"], &outside), "task 2 is no longer archived, on the board again");
    assert_eq!(world.run(ganger, &["undo"], &outside), "task 1 is no longer archived, on the board again");
}

#[test]
fn undos_at_once_never_undo_the_same_act_twice() {
    let world = World::new();
    let acts = 3;
    let ids: Vec<String> = (0..acts).map(|_| world.add("true").to_string()).collect();
    for round in 0..4 {
        for id in &ids {
            world.ok(&["archive", id]);
        }
        // One more than there are acts.
        let started: Vec<_> = (0..=acts).map(|_| world.start(&["undo"])).collect();
        let ran: Vec<_> = started.into_iter().map(finish).collect();
        let said: BTreeSet<&str> =
            ran.iter().filter(|ran| ran.code == Some(0)).map(|ran| ran.stdout.as_str()).collect();
        assert_eq!(said.len(), acts, "round {round}: {ran:?}");
        let refused: Vec<_> = ran.iter().filter(|ran| ran.code == Some(4)).collect();
        assert_eq!(refused.len(), 1, "round {round}: {ran:?}");
        assert!(refused[0].stderr.starts_with("ganger: nothing to undo\n"), "{ran:?}");
    }
    let mut undone = Vec::new();
    for id in &ids {
        let task = world.task(id.parse().unwrap());
        assert_eq!(task["archived"], false);
        undone.extend(
            task["timeline"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|event| event["evidence"]["undoes"].as_str().map(str::to_owned)),
        );
    }
    let different: BTreeSet<&String> = undone.iter().collect();
    assert_eq!((undone.len(), different.len()), (4 * acts, 4 * acts));
}

#[test]
fn an_undo_and_a_dispatch_at_once_leave_one_winner() {
    let world = World::new();
    let id = world.dispatch("[ ! -e \"$WORLD/stay\" ] || while :; do sleep 0.05; done; exit 3");
    fs::write(world.path("stay"), "").unwrap();
    let name = id.to_string();
    let mut wins = [0, 0];
    for round in 0..8 {
        world.settled(id, "failed");
        world.phase(id, "exited");
        world.ok(&["retry", &name, "--no-dispatch"]);
        let dispatch = world.start(&["dispatch", &name]);
        if round % 2 == 1 {
            // Give the dispatch its head start, up to its claim.
            until("the claim", || (world.status(id) == "in-progress").then_some(()));
        }
        let undo = finish(world.start(&["undo"]));
        let dispatch = finish(dispatch);
        match (undo.code, dispatch.code) {
            (Some(0), Some(4)) => {
                assert_eq!(world.status(id), "failed");
                wins[0] += 1;
            }
            (Some(4), Some(0)) => {
                assert!(undo.stderr.contains("moved on"), "{undo:?}");
                assert_eq!(world.task(id)["attempt"]["live"], true);
                wins[1] += 1;
                world.ok(&["stop", &name]);
            }
            _ => panic!("round {round}: {undo:?} {dispatch:?}"),
        }
        world.audited();
    }
    assert_eq!(wins[0] + wins[1], 8);
    assert!(wins[1] >= 4, "{wins:?}");
}
