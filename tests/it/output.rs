//! What is printed where it can't be: a full disk, a pipe that nobody reads, a terminal that has only ASCII.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::support::{World, finish, until};

/// Commands that print, with the exit code of each.
const PRINTING: &[(i32, &[&str])] = &[
    (0, &["--help"]),
    (0, &["help", "dispatch"]),
    (0, &["dispatch", "--help"]),
    (0, &["--version"]),
    (0, &["completions", "zsh"]),
    (0, &["completions", "bash"]),
    (0, &["list"]),
    (0, &["list", "--json"]),
    (0, &["show", "1"]),
    (0, &["show", "1", "--json"]),
    (0, &["path", "1"]),
    (0, &["log", "1"]),
    (0, &["log", "1", "--json"]),
    (0, &["wait", "1"]),
    (0, &["wait", "1", "--json"]),
    (0, &["events"]),
    (0, &["reconcile", "--json"]),
    (0, &["--reconcile"]),
    (0, &["doctor"]),
    (0, &["doctor", "--json"]),
    (0, &["agents"]),
    (0, &["agents", "--json"]),
    (0, &["config", "show"]),
    (0, &["config", "path"]),
    (0, &["config", "check"]),
    (0, &["trust", "--show"]),
    (0, &["status-line"]),
    (3, &["show", "9", "--json"]),
    (3, &["show", "x", "--json"]),
];

fn world() -> World {
    let world = World::new();
    world.dispatch("echo said; echo x > f");
    world.settled(1, "review");
    until("the screen is saved", || (world.ganger(&["log", "1"]).code == Some(0)).then_some(()));
    std::fs::write(world.repo().join(".ganger.toml"), "[agents.x]\ncommand = [\"x\"]\n").unwrap();
    world
}

#[test]
fn b11_output_that_can_not_be_written_is_an_error() {
    let world = world();
    for (code, args) in PRINTING {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = world.ganger_to(args, full);
        let expected = if *code == 0 { 1 } else { *code };
        assert_eq!(ran.code, Some(expected), "{args:?}: {ran:?}");
        let complaint = "ganger: standard output can't be written: No space left on device";
        assert!(ran.stderr.contains(complaint), "{args:?}: {ran:?}");
    }
    // What was to be done is done all the same.
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(world.ganger_to(&["approve", "1"], full).code, Some(1));
    assert_eq!(world.status(1), "done");
}

#[test]
fn b12_a_reader_that_has_gone_ends_the_talk_and_is_no_error() {
    let world = world();
    for (code, args) in PRINTING {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = world.ganger_to(args, writer);
        assert_eq!(ran.code, Some(*code), "{args:?}: {ran:?}");
        // Notes beside the output may stand there; no panic, and no word of the pipe.
        assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("pipe"), "{args:?}: {ran:?}");
    }
    // What was to be done is done all the same.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = world.ganger_to(&["approve", "1"], writer);
    assert_eq!((ran.code, world.status(1).as_str()), (Some(0), "done"), "{ran:?}");
}

#[test]
fn b12_what_goes_on_printing_ends_with_its_reader() {
    let world = world();
    for args in [&["events", "--follow"][..], &["reconcile", "--watch", "3600"]] {
        let mut child = world.start(args);
        let out = child.stdout.take().unwrap();
        if args[0] == "events" {
            let mut line = String::new();
            BufReader::new(out).read_line(&mut line).unwrap();
            assert!(line.contains("\"seq\""), "{line}");
        } else {
            drop(out);
        }
        let ran = finish(child);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn b10_without_a_locale_of_more_than_ascii_only_ascii_is_printed() {
    let mut world = World::new();
    world.ok(&["add", "naïve «Überschrift» 漢字 …", "--prompt", "échappé → 漢"]);
    world.ok(&["add", &"ö".repeat(80), "--prompt", "x"]);
    world.dispatch("echo '漢字 └──'; sleep 1000");
    until("the agent has said it", || world.ok(&["peek", "3"]).contains("漢字").then_some(()));
    let unicode = world.ok(&["list"]);
    assert!(unicode.contains("naïve «Überschrift» 漢字"), "{unicode}");
    world.set("LC_ALL", "C");
    let ascii = world.ok(&["list"]);
    assert!(ascii.contains("naive \"Uberschrift\" ?? ..."), "{ascii}");
    for args in [
        &["list"][..],
        &["show", "1"],
        &["list", "--json"],
        &["show", "1", "--json"],
        &["status-line"],
        &["status-line", "--format", "▶{running}"],
        &["doctor"],
        &["--reconcile"],
        &["events"],
        &["--help"],
        &["edit", "--help"],
    ] {
        let ran = world.ganger(args);
        assert!(ran.stdout.is_ascii() && ran.stderr.is_ascii(), "{args:?}: {ran:?}");
    }
    let ran = world.fails(2, &["ünknown"]);
    assert!(ran.stderr.is_ascii(), "{ran:?}");
    // JSON says the same in escapes, and a program that reads an agent's screen gets it as it is.
    assert_eq!(world.task(1)["title"], "naïve «Überschrift» 漢字 …");
    assert!(world.ok(&["peek", "3"]).contains("漢字 └──"));
    world.ok(&["stop", "3"]);
}

#[test]
fn b10_a_path_is_printed_as_it_is_whatever_the_locale() {
    let mut world = World::new();
    let id = world.dispatch("sleep 1000");
    let told = world.task(id)["attempt"]["worktree"].as_str().unwrap().to_owned();
    world.set("LC_ALL", "C");
    world.set("XDG_CONFIG_HOME", world.path("é").to_str().unwrap());
    assert_eq!(world.ok(&["path", "1"]).trim_end(), told);
    assert!(world.ok(&["config", "path"]).contains("/é/ganger/config.toml"));
}

#[test]
fn b11_a_disk_that_fills_while_events_are_followed_ends_it_with_an_error() {
    let world = world();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = world.ganger_to(&["events", "--follow"], Stdio::from(full));
    assert_eq!(ran.code, Some(1), "{ran:?}");
}
