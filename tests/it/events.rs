//! The timeline as a stream.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{World, finish, signal, until};

/// A running `events --follow`, and the lines that it has printed.
struct Follower {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl Follower {
    fn new(world: &World, args: &[&str]) -> Self {
        let mut child = world.start(&[&["events", "--follow"], args].concat());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let out = child.stdout.take().unwrap();
        let reader = std::thread::spawn({
            let lines = Arc::clone(&lines);
            move || read(out, &lines)
        });
        Self { child, lines, reader }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits until it has told this event of this task.
    fn tells(&self, task: i64, event: &str) {
        until(event, || {
            let told = |line: &String| {
                let line: Value = serde_json::from_str(line).unwrap();
                line["task"] == task && line["evidence"]["event"] == event
            };
            self.lines().iter().any(told).then_some(())
        });
    }

    /// Ends it; how it exited, and all it said.
    fn end(self, by: Signal) -> (Option<i32>, Vec<String>) {
        signal(self.child.id().into(), by);
        let ran = finish(self.child);
        self.reader.join().unwrap();
        let lines = self.lines.lock().unwrap().clone();
        (ran.code, lines)
    }
}

fn read(out: ChildStdout, lines: &Mutex<Vec<String>>) {
    for line in BufReader::new(out).lines() {
        lines.lock().unwrap().push(line.unwrap());
    }
}

fn all(world: &World) -> Vec<String> {
    world.ok(&["events"]).lines().map(str::to_owned).collect()
}

#[test]
fn a_dispatch_is_followed_as_it_happens() {
    let world = World::new();
    let early = world.add("true");
    let follower = Follower::new(&world, &[]);
    follower.tells(early, "added");
    let id = world.dispatch("while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done; echo x > f");
    for event in ["claimed", "worktree made", "session asked for", "shim started", "agent started"] {
        follower.tells(id, event);
    }
    assert_eq!(world.status(id), "in-progress", "told while it runs");
    fs::write(world.path("go"), "").unwrap();
    follower.tells(id, "agent ended");
    world.phase(id, "exited");
    world.ok(&["approve", &id.to_string()]);
    follower.tells(id, "approved");
    until("all of it", || (follower.lines() == all(&world)).then_some(()));
    let (code, lines) = follower.end(Signal::SIGTERM);
    assert_eq!((code, lines), (Some(0), all(&world)), "each once, in order");
}

#[test]
fn a_line_has_the_documented_keys() {
    let world = World::new();
    let id = world.dispatch("exit 3");
    world.settled(id, "failed");
    let lines = all(&world);
    for line in &lines {
        let line: Value = serde_json::from_str(line).unwrap();
        let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["seq", "at", "task", "attempt", "from", "to", "who", "cause", "evidence"]);
    }
    let first: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&first["from"], &first["to"], &first["who"]), (&"".into(), &"ready".into(), &"person".into()));
    assert_eq!((&first["attempt"], &first["cause"]), (&Value::Null, &Value::Null));
    let causes: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["cause"].clone()).collect();
    assert!(causes.contains(&"exit".into()), "{causes:?}");
}

#[test]
fn only_what_is_asked_for_is_told() {
    let world = World::new();
    let other = world.path("second");
    fs::create_dir(&other).unwrap();
    world.run("git", &["init", "-q"], &other);
    let other = other.to_str().unwrap();
    world.add("true");
    world.ok(&["add", "there", "-C", other]);
    world.ok(&["archive", "2"]);
    world.ok(&["rm", "2"]);
    let tasks = |args: &[&str]| -> Vec<i64> {
        let told = world.ok(&[&["events"], args].concat());
        told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["task"].as_i64().unwrap()).collect()
    };
    assert_eq!(tasks(&[]), [1, 2, 2, 2], "all repositories, removed tasks too");
    assert_eq!(tasks(&["-C", other]), [2, 2, 2]);
    assert_eq!(tasks(&["-C", world.repo().to_str().unwrap()]), [1]);
    assert_eq!(tasks(&["--since", "3"]), [2]);
    assert_eq!(tasks(&["--since", "4"]), [] as [i64; 0]);
    world.fails(2, &["events", "--since", "yesterday"]);
    world.fails(2, &["events", "-C", "/"]);
    let follower = Follower::new(&world, &["-C", other, "--since", "3"]);
    world.ok(&["add", "here"]);
    world.ok(&["add", "there again", "-C", other]);
    follower.tells(4, "added");
    let (code, lines) = follower.end(Signal::SIGINT);
    let tasks: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["task"].clone()).collect();
    assert_eq!((code, tasks), (Some(0), vec![2.into(), 4.into()]));
}

#[test]
fn a_reader_that_goes_ends_it() {
    let world = World::new();
    world.add("true");
    // One that goes while nothing happens, and one that never looked.
    let mut child = world.start(&["events", "--follow"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(line.starts_with("{\"seq\":1,"), "{line}");
    drop(out);
    let ran = finish(child);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let mut child = world.start(&["events"]);
    drop(child.stdout.take());
    assert_eq!(finish(child).code, Some(0));
}

#[test]
fn a_follower_survives_a_busy_board() {
    let world = World::new();
    let follower = Follower::new(&world, &[]);
    let adding: Vec<Child> = (0..12).map(|n| world.start(&["add", &format!("task {n}")])).collect();
    for child in adding {
        assert_eq!(finish(child).code, Some(0));
    }
    until("all twelve", || (follower.lines().len() == 12).then_some(()));
    let (code, lines) = follower.end(Signal::SIGTERM);
    assert_eq!((code, lines), (Some(0), all(&world)));
}
