//! Databases that earlier versions made, opened by this one. `old_database/make.sh` makes them, and writes down what
//! the version of then said of its own.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::World;

/// A world with the database of that version in it, and what that version said of it.
fn world(version: &str) -> (World, Value) {
    let world = World::new();
    let folder = world.path("");
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    let read = |suffix: &str| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/old_database/{version}.{suffix}"));
        fs::read_to_string(file).unwrap().replace("@WORLD@", folder)
    };
    fs::create_dir_all(world.database().parent().unwrap()).unwrap();
    Connection::open(world.database()).unwrap().execute_batch(&read("sql")).unwrap();
    (world, serde_json::from_str(&read("json")).unwrap())
}

/// Every key of then is still there, with the same value; there may be more.
fn holds(then: &Value, now: &Value, place: &str) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            for (key, value) in then {
                let place = format!("{place}.{key}");
                holds(value, now.get(key).unwrap_or_else(|| panic!("{place} is no longer there")), &place);
            }
        }
        (Value::Array(then), Value::Array(now)) => {
            assert_eq!(then.len(), now.len(), "{place}: {now:#?}");
            for (at, (then, now)) in then.iter().zip(now).enumerate() {
                holds(then, now, &format!("{place}[{at}]"));
            }
        }
        _ => assert_eq!(then, now, "{place}"),
    }
}

fn tasks(shown: &Value) -> impl Iterator<Item = (i64, &Value)> {
    shown.as_array().unwrap().iter().map(|task| (task["id"].as_i64().unwrap(), task))
}

#[test]
fn a_database_of_e995d32_says_what_it_said_then() {
    let (world, then) = world("e995d32");
    holds(&then["list"], &world.ganger(&["list", "--json"]).json(), "list");
    for (id, task) in tasks(&then["show"]) {
        holds(task, &world.task(id), &format!("task {id}"));
        // The page for people can still be made of it.
        let title = task["title"].as_str().unwrap();
        let shown = world.ok(&["show", &id.to_string()]);
        assert!(shown.contains(title), "{shown}");
    }
}

#[test]
fn a_database_of_e995d32_is_undone_and_written_on() {
    let (world, then) = world("e995d32");
    let acts = then["undo"].as_array().unwrap();
    assert!(acts.len() >= 8, "{acts:#?}");
    for act in acts {
        // Today a worktree comes back with its task; the one of then is nowhere, and that is said after the words of then.
        let said = world.ok(&["undo"]);
        let act = act.as_str().unwrap();
        let more = said.trim_end().strip_prefix(act).unwrap_or_else(|| panic!("{said} is not {act}"));
        assert!(more.is_empty() || (act.contains("stays parked at") && more.starts_with(": ")), "{said}");
    }
    let ran = world.fails(4, &["undo"]);
    assert_eq!(ran.stderr.lines().next(), Some("ganger: nothing to undo"), "{ran:?}");
    // What was undone then is not undone again now, and an act of now is undone first.
    let (ready, task) = tasks(&then["show"]).find(|(_, task)| task["title"] == "Archived, taken back").unwrap();
    assert_eq!((&world.task(ready)["status"], &world.task(ready)["archived"]), (&task["status"], &false.into()));
    let name = ready.to_string();
    world.ok(&["edit", &name, "--title", "of now"]);
    world.ok(&["archive", &name]);
    assert_eq!(world.ok(&["undo"]), format!("task {ready} is no longer archived, on the board again\n"));
    let new: i64 = world.ok(&["add", "a new one", "--after", &name]).trim().parse().unwrap();
    // The ids go on above those of then, removed ones included.
    assert!(tasks(&then["show"]).all(|(id, _)| id < new), "{new}");
    assert_eq!(world.task(new)["blocked_by"], serde_json::json!([ready]));
}
