//! Lists of tasks, in and out.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::World;

fn import(world: &World, name: &str, text: &str, more: &[&str]) -> crate::support::Ran {
    fs::write(world.path(name), text).unwrap();
    world.ganger(&[&["import", world.path(name).to_str().unwrap()], more].concat())
}

fn titles(world: &World) -> Vec<String> {
    let listed = world.ganger(&["list", "--json", "--sort", "id"]).json();
    listed["tasks"].as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()).collect()
}

const PLAN: &str = "# Plan\n- [ ] Fix the login\n  It hangs.\n- [x] Old\n- [ ] Write the docs\n";

#[test]
fn a_list_is_imported_once_and_changed_until_it_was_begun() {
    let world = World::new();
    let ran = import(&world, "plan.md", PLAN, &["--dry-run"]);
    assert!(ran.stdout.contains("would add 2, change 0 and skip 1"), "{ran:?}");
    assert_eq!(titles(&world).len(), 0);
    assert_eq!(import(&world, "plan.md", PLAN, &[]).stdout, "2 added: 1-2; 1 skipped\n");
    assert_eq!(world.task(1)["prompt"], "It hangs.");
    // Again: nothing. Changed: changed. Begun: as it was.
    assert_eq!(import(&world, "plan.md", PLAN, &[]).stdout, "3 skipped\n");
    let other = PLAN.replace("hangs", "crashes");
    assert_eq!(import(&world, "plan.md", &other, &[]).stdout, "1 changed: 1; 2 skipped\n");
    assert_eq!((world.task(1)["prompt"].as_str(), titles(&world).len()), (Some("It crashes."), 2));
    world.ok(&["dispatch", "1"]);
    world.settled(1, "failed");
    let ran = import(&world, "plan.md", PLAN, &["--json"]).json();
    assert!(ran["skipped"].to_string().contains("was begun"), "{ran}");
    assert_eq!(world.task(1)["prompt"], "It crashes.");
    world.audited();
}

#[test]
fn an_export_is_imported_byte_for_byte() {
    let world = World::new();
    world.configure("[agents.other]\ncommand = [\"true\"]");
    world.ok(&[
        "add",
        "one",
        "--prompt",
        "a\n\u{1f600} \"b\"",
        "--priority",
        "-3",
        "--verify",
        "make",
        "--file",
        "a b",
    ]);
    world.ok(&["add", "two", "--after", "1", "--timeout", "90s", "--external-id", "x", "--agent", "other"]);
    world.ok(&["add", "gone"]);
    world.ok(&["rm", "3"]);
    world.ok(&["add", "four", "--after", "2", "--batch", "2", "--base", "HEAD"]);
    let exported = world.ok(&["export"]);
    assert_eq!(exported.lines().count(), 3);
    let again = World::new();
    again.configure("[agents.other]\ncommand = [\"true\"]");
    assert_eq!(import(&again, "tasks.jsonl", &exported, &[]).stdout, "3 added: 1-3\n");
    assert_eq!(again.ok(&["export"]), exported);
    assert_eq!(again.task(3)["after"].to_string(), "[2]");
    // What lists print is read, too, and every key of theirs is known.
    let listed = again.ganger(&["list", "--json"]).stdout;
    let third = World::new();
    third.configure("[agents.other]\ncommand = [\"true\"]");
    assert_eq!(import(&third, "list.json", &listed, &[]).stdout, "3 added: 1-3\n");
    assert_eq!(third.task(1)["extra"].to_string(), "{}");
}

#[test]
fn what_is_wrong_with_a_list_is_named_and_nothing_is_imported() {
    let world = World::new();
    for (text, wanted) in [
        (r#"[{"title":"a"},{"title":"b","priority":"x"}]"#, "record 2, field priority"),
        (r#"[{"title":"a","id":1,"after":[2]},{"title":"b","id":2,"after":[1]}]"#, "a > b > a"),
        (r#"[{"title":"a","after":["nowhere"]}]"#, "record 1, field after: \"nowhere\""),
        (r#"[{"title":"a","external_id":"x"},{"title":"b","external_id":"x"}]"#, "record 2, field id: \"x\""),
        (r#"[{"title":"a"},{"title":"b\u0000"}]"#, "record 2: a title can't contain a NUL"),
        (r#"[{"title":"a","agent":"nobody"}]"#, "record 1: agent \"nobody\""),
        (r#"[{"title":"a","unsafe":true}]"#, "record 1, field unsafe"),
        ("[]", "there is no task in it"),
        ("prose", "does not say what it is written in"),
    ] {
        let ran = import(&world, "list", text, &[]);
        assert!(ran.code == Some(2) && ran.stderr.contains(wanted) && ran.stderr.contains("try: "), "{text}: {ran:?}");
    }
    let bytes = world.path("bytes");
    fs::write(&bytes, b"- [ ] \xff\n").unwrap();
    assert!(world.fails(2, &["import", bytes.to_str().unwrap()]).stderr.contains("not UTF-8: byte 6"));
    assert!(world.fails(2, &["import", "/nowhere/at/all"]).stderr.contains("can't be imported"));
    assert_eq!(titles(&world).len(), 0);
    assert_eq!(import(&world, "list", r#"[{"title":"a","unsafe":true}]"#, &["--unsafe"]).code, Some(0));
}

#[test]
fn a_batch_waits_for_the_one_before() {
    let world = World::new();
    let list = r#"[{"task_number":"1","task_title":"echo x > f","batch_number":1},
        {"task_number":"2","task_title":"exit 3","batch_number":1},
        {"task_number":"3","task_title":"echo y > f","batch_number":3}]"#;
    assert_eq!(world.ganger_with(&["import", "-"], list.as_bytes()).stdout, "3 added: 1-3\n");
    assert_eq!(world.task(3)["blocked_by"].to_string(), "[1,2]");
    assert!(world.fails(4, &["dispatch", "3"]).stderr.contains("waits"), "a claim is refused, too");
    world.ok(&["dispatch", "1", "2"]);
    world.settled(1, "review");
    world.settled(2, "failed");
    world.ok(&["approve", "1"]);
    assert_eq!(world.task(3)["blocked_by"].to_string(), "[2]", "what failed is not done");
    world.ok(&["archive", "2"]);
    assert_eq!(world.task(3)["blocked_by"].to_string(), "[]", "what is off the board holds nobody up");
    world.ok(&["edit", "3", "--no-batch"]);
    assert!(world.task(3)["batch"].is_null());
    world.ok(&["dispatch", "3"]);
}

#[test]
fn ten_thousand_tasks_take_seconds() {
    let world = World::new();
    let record =
        |id: i32| format!("{{\"id\":{id},\"external_id\":\"e{id}\",\"title\":\"task {id}\",\"after\":[{}]}}\n", id - 1);
    let list: String = (1..=10_000).map(record).collect::<String>().replacen("\"after\":[0]", "\"after\":[]", 1);
    let began = Instant::now();
    assert_eq!(import(&world, "list", &list, &[]).stdout, "10000 added: 1-10000\n");
    assert_eq!(import(&world, "list", &list, &[]).stdout, "10000 skipped\n");
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
}

#[test]
fn what_is_waited_for_and_failed_or_was_removed_says_so() {
    let world = World::new();
    let ids: Vec<i64> = ["exit 3", "echo x > f", "echo y > f"].iter().map(|script| world.add(script)).collect();
    world.ok(&["edit", "3", "--after", "1", "--after", "2"]);
    assert_eq!(world.task(3)["blockers"].to_string(), r#"[{"task":1,"why":"open"},{"task":2,"why":"open"}]"#);
    world.ok(&["dispatch", "1"]);
    world.settled(1, "failed");
    let left = world.ganger(&["rm", "2"]);
    assert!(left.stderr.contains("task 3 waits for it, and can't start: ganger edit 3 --no-after"), "{}", left.stderr);
    assert!(world.ok(&["list"]).contains("waits for 1 (failed), 2 (removed)"), "{}", world.ok(&["list"]));
    let refused = world.fails(4, &["dispatch", "3"]);
    assert!(refused.stderr.contains("task 3 waits for 1 (failed), 2 (removed)"), "{}", refused.stderr);
    assert!(refused.stderr.contains("ganger edit 3 --no-after"), "{}", refused.stderr);
    assert_eq!(world.task(3)["blocked_by"].to_string(), "[1,2]");
    // Who comes back is waited for as before.
    world.ok(&["undo"]);
    assert_eq!(world.task(3)["blockers"][1]["why"], "open");
    world.ok(&["edit", "3", "--no-after"]);
    world.ok(&["dispatch", "3"]);
    assert_eq!(ids, [1, 2, 3]);
}

#[test]
fn a_task_frees_those_that_wait_for_it_once_it_has_come_as_far_as_configured() {
    let world = World::new();
    let first = world.add("echo x > f");
    let second = world.add("echo y > f");
    world.ok(&["edit", "2", "--after", "1"]);
    world.ok(&["dispatch", "1"]);
    world.settled(first, "review");
    world.fails(4, &["dispatch", "2"]);
    assert_eq!(world.task(second)["blocked_by"].to_string(), "[1]");
    world.configure("[queue]\nrelease = \"review\"");
    assert_eq!(world.task(second)["blocked_by"].to_string(), "[]");
    world.ok(&["dispatch", "2"]);
    world.settled(second, "review");
    world.ok(&["bounce", "1", "--note", "exit 3"]);
    let third = world.add("echo z > f");
    world.ok(&["edit", "3", "--after", "2", "--batch", "2"]);
    world.ok(&["edit", "1", "--priority", "1"]);
    assert_eq!(world.task(third)["blocked_by"].to_string(), "[]");
}

#[test]
fn a_template_says_what_a_kind_of_task_always_says() {
    let world = World::new();
    world.configure(
        "[templates.bug]\nprompt = \"echo {title}, {file} > f\"\nagent = \"shell\"\nfiles = [\"{file}\"]\nverify = [\"test -n {file}\"]\nbase = \"{from}\"\n[templates.plain]\nprompt = \"echo x > f\"",
    );
    world.git(&["branch", "release"]);
    world.ok(&["add", "Crash", "file=it's", "from=release", "--template", "bug", "--verify", "true", "--file", "more"]);
    let task = world.task(1);
    let base = |id: usize| {
        let line = world.ok(&["export"]).lines().nth(id - 1).unwrap().to_owned();
        serde_json::from_str::<serde_json::Value>(&line).unwrap()["base"].clone()
    };
    assert_eq!((&task["prompt"], base(1)), (&"echo Crash, it's > f".into(), "release".into()));
    assert_eq!(task["files"].to_string(), r#"["it's","more"]"#);
    assert_eq!(task["verify"].to_string(), r#"["test -n 'it'\\''s'","true"]"#);
    world.ok(&["add", "Other", "--template", "plain", "--prompt", "echo y > f", "--base", "main"]);
    assert_eq!((&world.task(2)["prompt"], base(2)), (&"echo y > f".into(), "main".into()));
    for (args, why, hint) in [
        (&["add", "t", "--template", "bgu"][..], "there is no template \"bgu\"", "--template bug, or plain"),
        (&["add", "t", "--template", "bug", "file=a"], "needs from", "ganger add TITLE --template bug file=… from=…"),
        (&["add", "t", "--template", "plain", "file=a"], "has no file", "ganger add TITLE --template plain"),
        (
            &["add", "t", "--template", "plain", "file"],
            "\"file\" is not KEY=VALUE",
            "ganger add TITLE --template plain",
        ),
        (&["add", "t", "--template", "bug", "file=a", "file=b"], "file is given twice", "ganger add"),
        (&["add", "Fix", "login"], "\"login\" is one word too many", "put the title in quotes"),
    ] {
        let refused = world.fails(2, args);
        assert!(refused.stderr.contains(why) && refused.stderr.contains(hint), "{args:?}: {}", refused.stderr);
    }
    assert_eq!(world.ganger(&["list", "--json"]).json()["tasks"].as_array().unwrap().len(), 2, "nothing was added");
    assert!(world.ok(&["config", "show"]).contains("[templates.bug]"));
    // A repository may bring its own, obeyed once it is trusted.
    world.commit(".ganger.toml", "[templates.ours]\nprompt = \"echo ours > f\"\n");
    world.fails(2, &["add", "t", "--template", "ours"]);
    world.ok(&["trust", "--yes"]);
    world.ok(&["add", "t", "--template", "ours"]);
    assert_eq!(world.task(3)["prompt"], "echo ours > f");
}
