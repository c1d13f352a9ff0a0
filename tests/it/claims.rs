//! Claims under contention, and sagas whose own code fails.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ganger::config::{self, RepositoryFiles};
use ganger::domain::attempt::{Brief, Files, Plan};
use ganger::domain::id::TaskId;
use ganger::domain::state::{Status, Who};
use ganger::domain::task::Draft;
use ganger::engine::dispatch::{Request, dispatch};
use ganger::engine::{Engine, Kind, Ports, Surroundings};
use ganger::git::Git;
use ganger::os::clock::SystemClock;
use ganger::os::disk::FileSystem;
use ganger::os::files::{PrivateFiles, private_folder};
use ganger::os::lock::FileLocks;
use ganger::os::notify::Detached;
use ganger::os::proc::ProcessTable;
use ganger::os::shell::Sh;
use ganger::os::tree_files::WorktreeFiles;
use ganger::ports::host::{Clock as _, Processes as _};
use ganger::ports::multiplexer::{Multiplexer, NewSession, PaneSeen, Panes, Result as MuxResult, Server, Typed};
use ganger::ports::store::{Claim, Claimed, Filter, Stamp, Store as _, Which};
use ganger::sqlite::Sqlite;
use ganger::tmux::Tmux;

use crate::support::World;
use crate::support::results::size;

const PROCESSES: usize = 32;
/// Set for the processes that the test below starts: the folder of the database.
const CLAIMER: &str = "GANGER_TEST_CLAIMER";
const PATIENCE: Duration = Duration::from_mins(2);

fn stamp() -> Stamp {
    Stamp { now: SystemClock.now(), who: Who::Dispatcher, evidence: Vec::new() }
}

fn open(folder: &Path) -> Sqlite {
    Sqlite::open(&folder.join("g.db"), &folder.join("state"), PATIENCE).unwrap()
}

fn draft(title: &str) -> Draft {
    Draft::new(title, "/repo", "shell")
}

fn claim(folder: &Path, task: i64) -> Claim {
    let id = SystemClock.attempt_id();
    Claim {
        plan: Plan {
            files: Files::of(&folder.join("state"), &id),
            task: TaskId(task),
            number: 1,
            repo: "/repo".into(),
            agent: "shell".to_owned(),
            base: "0".repeat(40),
            branch: format!("b{task}"),
            worktree: format!("/trees/{task}").into(),
            adopts: None,
            socket: "/s".into(),
            session: format!("s{task}"),
            brief: Brief { title: String::new(), prompt: String::new(), verify: Vec::new(), timeout: None },
            may: Vec::new(),
            token: String::new(),
            port: None,
            id,
        },
        read: None,
        note: None,
        from: vec![Status::Ready],
        place: ProcessTable.place(),
        dispatcher: ProcessTable.me(),
        capacity: None,
        explicit: false,
        returns: false,
        doubted: false,
    }
}

/// How many tasks; the processes hear the same.
fn tasks() -> i64 {
    size(2000, 10_000, 10_000)
}

/// One of the processes: tries every task, from a place of its own, and writes down what it won and waited.
fn claimer(folder: &Path) {
    let store = open(folder);
    let (mut won, mut longest) = (Vec::new(), Duration::ZERO);
    let from = fastrand::i64(0..tasks());
    for step in 0..tasks() {
        let task = (from + step) % tasks() + 1;
        // A glance first, as a dispatcher does: whoever is seen as taken is not asked for.
        if store.task(TaskId(task)).unwrap().unwrap().status != Status::Ready {
            continue;
        }
        let started = Instant::now();
        let claimed = store.claim(&claim(folder, task), &stamp()).unwrap();
        longest = longest.max(started.elapsed());
        match claimed {
            Claimed::Won => won.push(task.to_string()),
            Claimed::Taken { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    let text = format!("{}\n{}\n", longest.as_millis(), won.join(" "));
    fs::write(folder.join(format!("won-{}", std::process::id())), text).unwrap();
}

#[test]
fn c1_of_32_processes_none_claims_a_task_twice() {
    if let Some(folder) = std::env::var_os(CLAIMER) {
        claimer(Path::new(&folder));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.add(&vec![draft("t"); usize::try_from(tasks()).unwrap()], &stamp()).unwrap();
    let name = "claims::c1_of_32_processes_none_claims_a_task_twice";
    #[expect(clippy::disallowed_methods, reason = "this test is its own processes")]
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name, "--test-threads=1"])
                .env(CLAIMER, folder.path())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let (mut won, mut longest) = (Vec::new(), 0);
    for entry in fs::read_dir(folder.path()).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("won-") {
            let text = fs::read_to_string(entry.path()).unwrap();
            let (waited, tasks) = text.split_once('\n').unwrap();
            longest = longest.max(waited.parse::<u64>().unwrap());
            won.extend(tasks.split_whitespace().map(|task| task.parse::<i64>().unwrap()));
        }
    }
    println!("the longest wait for a claim was {longest} ms");
    won.sort_unstable();
    assert_eq!(won, (1..=tasks()).collect::<Vec<_>>(), "each exactly once");
    assert_eq!(store.attempts(&Which::Live).unwrap().len(), won.len());
    assert!(store.tasks(&Filter::default()).unwrap().tasks.iter().all(|task| task.status == Status::InProgress));
}

/// tmux, but that ganger's own code panics when a session is asked for.
struct Panics(Tmux);

impl Multiplexer for Panics {
    fn server(&self, socket: &Path) -> MuxResult<Server> {
        self.0.server(socket)
    }
    fn start(&self, _: &Path, session: &NewSession<'_>) -> MuxResult<()> {
        panic!("a bug on the way to {}", session.name)
    }
    fn panes(&self, socket: &Path) -> MuxResult<Panes> {
        self.0.panes(socket)
    }
    fn glance(&self, socket: &Path) -> MuxResult<Panes> {
        self.0.glance(socket)
    }
    fn kill(&self, socket: &Path, pane: &PaneSeen) -> MuxResult<()> {
        self.0.kill(socket, pane)
    }
    fn rang(&self, socket: &Path, pane: &str) -> MuxResult<bool> {
        self.0.rang(socket, pane)
    }
    fn send(&self, socket: &Path, pane: &PaneSeen, typed: Typed<'_>) -> MuxResult<()> {
        self.0.send(socket, pane, typed)
    }
    fn resize(&self, socket: &Path, pane: &str, size: (u16, u16)) -> MuxResult<()> {
        self.0.resize(socket, pane, size)
    }
    fn capture(&self, socket: &Path, pane: &str, lines: u32) -> MuxResult<String> {
        self.0.capture(socket, pane, lines)
    }
}

#[test]
fn d3_a_panic_in_the_saga_is_a_failure_like_any_other() {
    let world = World::new();
    let id = world.add("echo x > f");
    let state = world.path("state/ganger");
    for folder in Files::FOLDERS {
        private_folder(&state.join(folder)).unwrap();
    }
    let mut settings =
        config::load(Some(&world.path("config/ganger/config.toml")), &|name| std::env::var_os(name)).unwrap().settings;
    settings.worktrees.root = world.path("data/ganger/worktrees").to_string_lossy().into_owned();
    let engine = Engine {
        ports: Ports {
            store: Box::new(Sqlite::open(&world.database(), &state, PATIENCE).unwrap()),
            trees: Box::new(Git::new(PATIENCE)),
            forge: Box::new(ganger::forge::Programs::default()),
            merges: Box::new(Git::new(PATIENCE)),
            mux: Box::new(Panics(Tmux::new(PATIENCE))),
            clock: Box::new(SystemClock),
            locks: Box::new(FileLocks),
            processes: Box::new(ProcessTable),
            files: Box::new(PrivateFiles),
            notifier: Box::new(Detached {
                program: env!("CARGO_BIN_EXE_ganger").into(),
                log: state.join("logs/notify.log"),
                environment: Vec::new(),
            }),
            shell: Box::new(Sh { environment: Vec::new() }),
            repositories: Box::new(RepositoryFiles),
            disk: Box::new(FileSystem),
            tree_files: Box::new(WorktreeFiles),
        },
        settings: Arc::new(settings),
        around: Arc::new(Surroundings {
            here: std::path::PathBuf::from("."),
            database: world.database(),
            state_dir: state,
            config: None,
            socket: world.socket(),
            program: env!("CARGO_BIN_EXE_ganger").into(),
            environment: std::env::vars_os().collect(),
            umask: 0o022,
            caller: ganger::domain::permission::Caller::default(),
        }),
        interrupted: Arc::default(),
    };
    let fault = dispatch(&engine, &Request::of(TaskId(id))).unwrap_err();
    assert_eq!(fault.kind, Kind::NotDispatched);
    assert!(fault.message.contains("a bug on the way to ganger-1-a-task"), "{fault}");
    let task = world.task(id);
    assert_eq!((task["status"].as_str(), task["attempt"]["phase"].as_str()), (Some("ready"), Some("revoked")));
    assert_eq!((world.worktrees(), world.branches()), (Vec::new(), Vec::new()));
    world.ok(&["dispatch", &id.to_string()]);
    world.settled(id, "review");
}
