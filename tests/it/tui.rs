//! The board in a real terminal, with real agents in a real tmux server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ganger::domain::time::Now;
use ganger::engine::{Engine, Fault, Kind};
use ganger::os::clock::SystemClock;
use ganger::ports::host::Clock as _;
use ganger::tui::host::{Changes, Events, Host, Running};
use ganger::tui::keymap::Keymap;
use ganger::tui::msg::Handover;
use ganger::tui::theme::Theme;
use ganger::tui::{Board, Options};
use serde_json::Value;

use crate::support::{PATIENCE, World, pause, runs, signal, until};

/// An agent that says something, and then what it is told.
const AGENT: &str = "echo working; while read line; do echo \"got: $line\"; done";

/// A terminal in which a board runs: a pane of a tmux server of its own.
pub struct Terminal<'a> {
    world: &'a World,
    name: &'static str,
}

impl<'a> Terminal<'a> {
    /// A board outside of tmux.
    pub fn outside(world: &'a World, columns: u16, rows: u16) -> Self {
        Self::running(world, "outside", columns, rows, "env -u TMUX -u TMUX_PANE \"$GANGER\"")
    }

    /// A terminal in which a command of the shell runs.
    pub fn running(world: &'a World, name: &'static str, columns: u16, rows: u16, command: &str) -> Self {
        let ganger = env!("CARGO_BIN_EXE_ganger");
        let script = format!(
            "cd '{}'; PATH='{}':\"$PATH\"; GANGER='{ganger}'; {command}; echo \"exit $?\"; exec sleep 1000",
            world.repo().display(),
            world.path("bin").display()
        );
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let conf = world.path("board.conf");
        std::fs::write(&conf, "set -g status off\nset -g escape-time 10\n").unwrap();
        let conf = conf.to_str().unwrap();
        let start = ["-L", name, "-f", conf, "new-session", "-d", "-s", "t", "-x", &columns, "-y", &rows];
        world.tmux(&[&start[..], &["--", "bash", "-c", &script]].concat());
        Self { world, name }
    }

    pub fn tmux(&self, args: &[&str]) -> String {
        self.world.tmux(&[&["-L", self.name], args].concat())
    }

    /// Presses keys, by tmux's names.
    pub fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys", "-t", "=t:"], keys].concat());
    }

    /// Types a text.
    pub fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-t", "=t:", "-l", text]);
    }

    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-t", "=t:"])
    }

    /// Waits until the screen shows all of this.
    pub fn shows(&self, wanted: &[&str]) -> String {
        let started = Instant::now();
        loop {
            let screen = self.screen();
            if wanted.iter().all(|text| screen.contains(text)) {
                return screen;
            }
            assert!(started.elapsed() < PATIENCE, "the screen never showed {wanted:?}:\n{screen}");
            pause();
        }
    }

    /// Waits until the screen no longer shows this.
    pub fn hides(&self, gone: &str) {
        until(&format!("the screen hides {gone}"), || (!self.screen().contains(gone)).then_some(()));
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// How long it takes from an act until the screen shows something.
fn latency(terminal: &Terminal<'_>, act: impl FnOnce(), wanted: &str) -> Duration {
    let started = Instant::now();
    act();
    terminal.shows(&[wanted]);
    started.elapsed()
}

#[test]
fn a_task_goes_from_the_form_to_done_by_keys_alone() {
    let world = World::new();
    let board = Terminal::outside(&world, 120, 40);
    board.shows(&["No tasks yet", "new task"]);
    board.keys(&["n"]);
    board.types("Fix the login");
    board.keys(&["Tab"]);
    board.types(AGENT);
    board.keys(&["C-s"]);
    board.shows(&["task 1 added", "#1 Fix the"]);
    assert_eq!(world.status(1), "ready");

    // Dispatched: its card moves, and then shows what the agent prints.
    board.keys(&["s"]);
    board.shows(&["In progress 1", "● working", "its agent runs in ganger-1-fix-the-login", "working"]);
    assert_eq!(world.status(1), "in-progress");

    // Answered without leaving the board.
    board.keys(&["i"]);
    board.shows(&["to the agent of #1"]);
    board.types("yes; $(touch x) go on");
    board.keys(&["Enter"]);
    board.shows(&["got: yes; $(touch x) go on"]);
    assert!(!world.repo().join("x").exists());

    // Reported done by the agent's own command elsewhere: the card is in review, its agent still there.
    world.ok(&["done", "--task", "1"]);
    board.shows(&["Review 1", "agent still there"]);
    board.keys(&["v"]);
    board.shows(&["Approve?", "its agent still runs and would be ended"]);
    board.keys(&["y"]);
    board.shows(&["task 1 is done"]);
    assert_eq!(world.status(1), "done");
    let task = world.task(1);
    assert_eq!(task["attempt"]["phase"], "exited", "{task}");

    // Undone, and deleted, and undone again.
    board.keys(&["u"]);
    board.shows(&["in review again"]);
    assert_eq!(world.status(1), "review");
    board.keys(&["D"]);
    board.shows(&["Remove this task?", "would be moved to the trash"]);
    board.keys(&["y"]);
    board.shows(&["No tasks yet"]);
    world.fails(3, &["show", "1"]);
    board.keys(&["u"]);
    board.shows(&["#1 Fix the"]);
    assert_eq!(world.status(1), "review");

    board.keys(&["q"]);
    board.shows(&["exit 0"]);
    world.audited();
}

#[test]
fn a_pane_that_is_killed_moves_its_card_at_once_and_a_retry_brings_it_back() {
    let world = World::new();
    let board = Terminal::outside(&world, 120, 40);
    // Another session, so that closing a pane does not end the server.
    world.tmux(&["new-session", "-d", "-s", "person", "--", "sleep", "1000"]);
    let id = world.add(AGENT);
    let mut times = Vec::new();
    for round in 1..=5 {
        board.shows(&["#1 a task"]);
        board.keys(&[if round == 1 { "s" } else { "r" }]);
        if round > 1 {
            board.shows(&["Retry #1"]);
            board.keys(&["r"]);
        }
        board.shows(&["In progress 1", "● working"]);
        let session = world.task(id)["attempt"]["session"].as_str().unwrap().to_owned();
        let target = format!("={session}:");
        times.push(latency(&board, || drop(world.tmux(&["kill-pane", "-t", &target])), "Failed 1"));
        // A person closed it: it is not started again by itself.
        assert_eq!(world.settled(id, "failed")["attempt"]["cause"], "cancelled");
    }
    assert!(median(times.clone()) <= Duration::from_millis(250), "{times:?}");
    world.audited();
}

#[test]
fn a_shim_that_is_killed_moves_its_card_at_once() {
    let world = World::new();
    let board = Terminal::outside(&world, 120, 40);
    let id = world.add("trap '' HUP; while :; do sleep 0.05; done");
    let mut times = Vec::new();
    for _ in 0..5 {
        board.shows(&["Ready 1"]);
        world.ok(&["dispatch", &id.to_string()]);
        board.shows(&["In progress 1", "● working"]);
        let task = world.task(id);
        let pid = |key: &str| task["attempt"][key].as_i64().unwrap();
        times.push(latency(&board, || signal(pid("shim_pid"), nix::sys::signal::Signal::SIGKILL), "Ready 1"));
        assert!(!runs(pid("agent_pid")), "its agent went with it");
        board.shows(&["reconciled: task 1"]);
    }
    assert!(median(times.clone()) <= Duration::from_millis(250), "{times:?}");
    world.audited();
}

#[test]
fn two_boards_on_one_database_agree_at_once() {
    let world = World::new();
    let one = Terminal::outside(&world, 120, 40);
    let other = Terminal::running(&world, "other", 120, 40, "env -u TMUX -u TMUX_PANE \"$GANGER\"");
    one.shows(&["No tasks yet"]);
    other.shows(&["No tasks yet"]);
    let mut times = Vec::new();
    for number in 1..=5 {
        let title = format!("number{number}");
        let add = || drop(world.ok(&["add", &title, "--prompt", "x"]));
        times.push(latency(&other, add, &title));
        one.shows(&[&title]);
    }
    one.keys(&["z"]);
    other.hides("number1");
    // The time includes that of the command itself.
    assert!(median(times.clone()) <= Duration::from_millis(250), "{times:?}");
}

#[test]
fn marked_tasks_start_as_one_queue_that_the_limit_stops_once() {
    let world = World::new();
    world.configure("[queue]\nmax_running = 2");
    for number in 1..=5 {
        world.add(&format!("echo agent {number}; exec sleep 1000"));
    }
    let board = Terminal::outside(&world, 120, 40);
    board.shows(&["Ready 5", "#5"]);
    board.keys(&["Space", "Space", "Space", "Space", "s", "y"]);
    board.shows(&["2 of 4 started; the limit of 2 is reached", "Ready 3", "In progress 2"]);
    let status: Vec<String> = (1..=5).map(|task| world.status(task)).collect();
    assert_eq!(status, ["in-progress", "in-progress", "ready", "ready", "ready"], "in order");
    // The third met the limit, and what comes after it was not even asked for.
    assert_eq!(world.task(4)["attempts"], serde_json::json!([]));

    // Room again: what was not started can be marked again.
    world.ok(&["stop", "1"]);
    board.shows(&["In progress 1"]);
    board.keys(&["1", "g", "Space", "Space", "s", "y"]);
    board.shows(&["1 of 2 started", "In progress 2"]);
    assert_eq!((world.status(3), world.status(4)), ("in-progress".to_owned(), "ready".to_owned()));
    world.audited();
}

#[test]
fn attach_and_come_back_outside_of_tmux() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    let board = Terminal::outside(&world, 120, 40);
    board.shows(&["In progress 1"]);
    board.keys(&["Enter"]);
    // The agent's own screen, with tmux's status line below.
    until("attached", || {
        let clients = world.tmux(&["list-clients", "-F", "#{session_name}"]);
        clients.contains("ganger-1").then_some(())
    });
    board.types("hello");
    board.keys(&["Enter"]);
    board.shows(&["got: hello"]);
    board.keys(&["C-b", "d"]);
    board.shows(&["ganger repo", "In progress 1", "got: hello"]);
    board.keys(&["n"]);
    board.shows(&["new task"]);
    assert_eq!(world.status(id), "in-progress");
}

#[test]
fn attach_and_come_back_inside_the_same_server() {
    let world = World::new();
    world.dispatch(AGENT);
    // A person's client of the server that the agents are in; the board runs in it.
    let ganger = env!("CARGO_BIN_EXE_ganger");
    let attach =
        format!("env -u TMUX -u TMUX_PANE tmux new-session -s mine -c '{}' -- {ganger} -v", world.repo().display());
    let person = Terminal::running(&world, "person", 120, 40, &attach);
    person.shows(&["ganger repo", "In progress 1"]);
    person.keys(&["Enter"]);
    until("switched", || {
        let clients = world.tmux(&["list-clients", "-F", "#{session_name}"]);
        clients.contains("ganger-1").then_some(())
    });
    person.types("hello");
    person.keys(&["Enter"]);
    person.shows(&["got: hello"]);
    // Back as with any other session: prefix L.
    person.keys(&["C-b", "L"]);
    person.shows(&["ganger repo", "In progress 1"]);
    person.keys(&["q"]);
    until("the board's session has ended", || (!world.sessions().contains(&"mine".to_owned())).then_some(()));
    assert_eq!(world.status(1), "in-progress", "agents keep running");
}

#[test]
fn attach_and_come_back_inside_another_server() {
    let world = World::new();
    world.dispatch(AGENT);
    let ganger = env!("CARGO_BIN_EXE_ganger");
    let socket = world.socket();
    // Two layers: a popup is drawn on a client, so a client of the board's server has to be looked at.
    let inner = format!(
        "env -u TMUX -u TMUX_PANE tmux -L inner -f /dev/null new-session -s mine -c '{}' -- env GANGER_TMUX_SOCKET=default {ganger}",
        world.repo().display()
    );
    let person = Terminal::running(&world, "person", 120, 40, &inner);
    person.shows(&["ganger repo", "In progress 1"]);
    person.keys(&["Enter"]);
    until("a popup is attached", || {
        let clients = world.tmux(&["list-clients", "-F", "#{session_name}"]);
        clients.contains("ganger-1").then_some(())
    });
    person.types("hello");
    person.keys(&["Enter"]);
    person.shows(&["got: hello", "┌"]);
    // Keys in a popup go to what runs in it.
    person.keys(&["C-b", "d"]);
    until("nobody is attached", || world.tmux(&["list-clients", "-F", "#{session_name}"]).is_empty().then_some(()));
    // The popup, alone in having corners, takes keys for as long as it is there.
    person.hides("┌");
    person.keys(&["?"]);
    person.shows(&["keys · esc closes"]);
    assert!(socket.exists());
}

#[test]
fn t17_losing_tmux_is_a_banner_and_nothing_is_failed() {
    let world = World::new();
    let id = world.dispatch("trap '' HUP; while :; do sleep 0.05; done");
    let board = Terminal::outside(&world, 120, 40);
    board.shows(&["In progress 1"]);
    // The binary is gone: what runs is left alone.
    world.wrap("tmux", "echo 'no tmux today' >&2; exit 1");
    board.keys(&["R"]);
    board.shows(&["everything is as it should be"]);
    world.add("echo x > f");
    board.shows(&["Ready 1"]);
    board.keys(&["1", "s"]);
    board.shows(&["no tmux today"]);
    assert_eq!((world.status(id).as_str(), world.status(2).as_str()), ("in-progress", "ready"));
    world.unwrap("tmux");
    // The server is gone: its agents are orphans, the board lives, and the next dispatch has a new server.
    world.tmux(&["kill-server"]);
    board.shows(&["In progress 0"]);
    assert_eq!(world.status(id), "ready");
    board.shows(&["1 lost its agent", "A start the lost again"]);
    board.keys(&["A"]);
    board.shows(&["In progress 1", "● working"]);
    board.keys(&["1", "S", "y"]);
    board.shows(&["Review 1"]);
    world.audited();
}

#[test]
fn d2_the_terminal_is_given_back_after_a_signal() {
    let world = World::new();
    for (name, number) in [("TERM", nix::sys::signal::Signal::SIGTERM), ("HUP", nix::sys::signal::Signal::SIGHUP)] {
        let pid = world.path(&format!("pid-{name}"));
        let board = Terminal::running(
            &world,
            if name == "TERM" { "term" } else { "hup" },
            100,
            30,
            &format!("bash -c 'echo $$ > {}; exec env -u TMUX \"$0\"' \"$GANGER\"; stty -a", pid.display()),
        );
        board.shows(&["No tasks yet"]);
        let pid: i64 = std::fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
        signal(pid, number);
        let screen = board.shows(&["exit 0", " echo "]);
        assert!(!screen.contains("No tasks yet"), "the alternate screen was left: {screen}");
        assert_eq!(board.tmux(&["display-message", "-p", "-t", "=t:", "#{mouse_any_flag}#{alternate_on}"]), "00");
    }
    world.reconciled();
}

#[test]
fn the_prompt_can_be_written_in_an_editor() {
    let mut world = World::new();
    world.program("edit", "#!/bin/sh\nprintf 'A title\\n\\nfirst line\\n  second: $(touch x)\\n' > \"$2\"\n");
    world.set("EDITOR", "edit --wait");
    let board = Terminal::outside(&world, 120, 40);
    board.shows(&["No tasks yet"]);
    board.keys(&["N"]);
    board.shows(&["new task", "A title", "first line"]);
    board.keys(&["C-s"]);
    board.shows(&["task 1 added"]);
    assert_eq!(world.task(1)["prompt"], "first line\n  second: $(touch x)");
}

#[test]
fn a_resize_is_followed() {
    let world = World::new();
    world.ok(&["add", "a task with a title", "--prompt", "x"]);
    let board = Terminal::outside(&world, 120, 40);
    board.shows(&["Ready 1", "Prompt Timeline"]);
    board.tmux(&["resize-window", "-t", "=t:", "-x", "50", "-y", "20"]);
    board.shows(&["1 Ready 1  2 In 0", "#1 a task with a title"]);
    board.tmux(&["resize-window", "-t", "=t:", "-x", "5", "-y", "3"]);
    board.tmux(&["resize-window", "-t", "=t:", "-x", "120", "-y", "40"]);
    board.shows(&["Ready 1", "q quit"]);
}

#[test]
fn the_board_is_about_the_repository_around_it_or_about_all() {
    let world = World::new();
    let other = world.path("other");
    std::fs::create_dir(&other).unwrap();
    world.run("git", &["init", "-q"], &other);
    world.run("git", &["commit", "-q", "--allow-empty", "-m", "one"], &other);
    world.ok(&["add", "here", "--prompt", "x"]);
    world.ok(&["-C", other.to_str().unwrap(), "add", "there", "--prompt", "x"]);
    let board = Terminal::outside(&world, 120, 40);
    let screen = board.shows(&["#1 here"]);
    assert!(!screen.contains("there"), "{screen}");
    let all = Terminal::running(&world, "all", 120, 40, "env -u TMUX -u TMUX_PANE \"$GANGER\" --all");
    all.shows(&["all repositories", "#1 here", "#2 there", "· other"]);
}

#[test]
fn without_a_terminal_there_is_no_board() {
    let world = World::new();
    let ran = world.fails(2, &[]);
    assert!(ran.stderr.contains("needs a terminal") && ran.stderr.contains("ganger list"), "{ran:?}");
    let ran = world.fails(2, &["--json"]);
    assert_eq!(ran.json()["error"]["code"], Value::from(2));
}

/// The voluntary context switches of a process's thread of that name.
fn switches(pid: i64, thread: &str) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let status = tasks
        .map(|task| task.path())
        .find(|task| std::fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == thread))
        .map(|task| std::fs::read_to_string(task.join("status")).unwrap())
        .unwrap();
    status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap().trim().parse().unwrap()
}

#[test]
fn an_idle_board_starts_no_process() {
    let world = World::new();
    world.configure("[queue]\nmax_running = 20");
    for _ in 0..10 {
        world.add("echo here; exec sleep 1000");
    }
    world.ok(&["dispatch", "--all"]);
    for program in ["tmux", "git"] {
        world.wrap(program, "real \"$@\"; exit $?");
    }
    let start = format!("bash -c 'echo $$ > {}; exec env -u TMUX \"$0\"' \"$GANGER\"", world.path("pid").display());
    let board = Terminal::running(&world, "idle", 200, 60, &start);
    board.shows(&["In progress 10", "here", "● watching"]);
    let pid: i64 = std::fs::read_to_string(world.path("pid")).unwrap().trim().parse().unwrap();
    let calls = || {
        let count = |program: &str| {
            std::fs::read_to_string(world.path(&format!("{program}.calls"))).unwrap_or_default().lines().count()
        };
        (count("tmux"), count("git"))
    };
    // The agents' shims have looked at what fell silent; what the start needed is over; then some sweeps go by.
    until("silence", || {
        let tasks = world.ganger(&["list", "--json"]).json();
        tasks["tasks"].as_array().unwrap().iter().all(|task| task["activity"] == "idle").then_some(())
    });
    let sweeps = |more: u64| {
        let before = switches(pid, "sweep");
        until("sweeps", || (switches(pid, "sweep") >= before + more).then_some(()));
    };
    sweeps(1);
    let before = calls();
    assert!(before.0 > 0, "tmux was asked at the start");
    sweeps(3);
    assert_eq!(calls(), before);
    world.audited();
}

/// A program around a board that breaks in the middle of the loop.
struct Breaks(std::sync::atomic::AtomicU32);

impl Host for Breaks {
    fn engine(&self) -> Result<Engine, Fault> {
        Err(Fault::new(Kind::Failed, "there is no database here"))
    }
    fn now(&self) -> Now {
        assert!(self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 3, "the clock broke");
        SystemClock.now()
    }
    fn pause(&self, length: Duration) {
        SystemClock.pause(length);
    }
    fn events(&self, _: Changes) -> std::io::Result<Box<dyn Events>> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
    fn show(&self, _: &std::path::Path, _: &str) -> Result<Handover, Fault> {
        Err(Fault::new(Kind::Failed, "there is nothing to show"))
    }
    fn shell(&self, _: &std::path::Path) -> Handover {
        Handover { argv: Vec::new(), folder: None, takes_terminal: true }
    }
    fn editor(&self, file: &std::path::Path) -> Handover {
        self.shell(file)
    }
    fn viewer(&self, _: &std::path::Path, _: &str, _: &std::path::Path) -> Option<Handover> {
        None
    }
    fn start(&self, _: &Handover) -> std::io::Result<Arc<dyn Running>> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
    fn stop(&self, _: bool) {}
}

/// Run by the test below, in a terminal of its own.
#[test]
#[ignore = "run in a terminal by the test below"]
fn a_board_that_breaks() {
    let settings = ganger::config::defaults(&|name| std::env::var_os(name));
    let board = Board {
        host: Arc::new(Breaks(0.into())),
        options: Options {
            keymap: Keymap::default(),
            theme: Theme::new("dark", &BTreeMap::new(), false),
            ascii: false,
            restart_lost: false,
            home: None,
            shown: ganger::engine::board::Shown::default(),
            order: ganger::domain::order::Order::default(),
            agents: Vec::new(),
            default_agent: String::new(),
        },
        settings: Arc::new(settings),
        interrupted: Arc::default(),
    };
    ganger::tui::run(board).unwrap();
}

#[test]
fn the_terminal_is_given_back_before_a_panic_is_told() {
    let world = World::new();
    let this = std::env::current_exe().unwrap();
    let this = this.display();
    let run = format!("{this} --ignored --exact tui::a_board_that_breaks --test-threads=1 --nocapture; stty -a");
    let terminal = Terminal::running(&world, "panic", 120, 40, &run);
    let screen = terminal.shows(&["the clock broke", " echo ", "exit 0"]);
    assert!(!screen.contains("reading the board"), "{screen}");
    assert_eq!(terminal.tmux(&["display-message", "-p", "-t", "=t:", "#{mouse_any_flag}#{alternate_on}"]), "00");
}
