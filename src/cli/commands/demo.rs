//! `ganger demo`: the whole tour on a throw-away repository, database and tmux server, with scripted agents.
//!
//! It runs this very program as a person would, and kills things on the way. What it makes is in one folder and
//! on one private tmux server, and both are gone afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Outcome;
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::domain::id::{Process, TaskId};
use crate::domain::reconcile::Probe;
use crate::domain::state::Phase;
use crate::engine::{Fault, Kind};
use crate::os::proc;
use crate::os::process::{self, Call, Program};
use crate::ports::host::{Clock as _, Processes as _, Signal};
use crate::ports::store::{Store as _, Which};
use crate::sqlite::Sqlite;

/// How long any step may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// Files in the demo's repository: enough for a checkout that can be killed half-way.
const FILES: usize = 2000;

/// Title, script, and where it ends: status and cause.
const TASKS: [(&str, &str, &str, &str); 5] = [
    (
        "Write a haiku",
        "echo 'Five agents, one board' > haiku.txt && git add . && git commit -qm 'Add a haiku'",
        "review",
        "ok",
    ),
    ("Fail the build", "echo 'error: it does not compile'; exit 3", "failed", "exit"),
    ("Crash by signal", "kill -SEGV $$", "failed", "signal"),
    (
        "Report done and stay",
        "echo 'a note' > note.txt; \"$GANGER_BIN\" done; while :; do sleep 1; done",
        "review",
        "ok",
    ),
    ("Work for ever", "echo 'half a thought' > draft.txt; while :; do sleep 1; done", "ready", "orphan-shim"),
];

struct Demo {
    folder: PathBuf,
    program: PathBuf,
}

/// Plays the tour; exits 0 only if every task ended where it should.
///
/// # Errors
/// What went wrong, where it did.
pub fn run(wiring: &Wiring) -> Outcome {
    let folder = std::env::temp_dir().join(format!("ganger-demo-{}", crate::os::clock::SystemClock.attempt_id()));
    let demo = Demo { folder, program: wiring.around.program.clone() };
    let played = demo.prepare().and_then(|()| demo.play());
    let swept = demo.clean_up();
    let wrong = played?;
    swept?;
    if wrong.is_empty() {
        output::say("\nEvery task ended where it should, and everything the demo made is gone again.");
        return Ok(ExitCode::SUCCESS);
    }
    Err(Fault::new(Kind::Failed, wrong.join("; ")).hint("please report this with what is printed above"))
}

impl Demo {
    fn path(&self, below: &str) -> PathBuf {
        self.folder.join(below)
    }

    fn call(&self, program: &Path, args: &[&str]) -> Call {
        let mut call = Call::new(program, PATIENCE).args(args).cwd(&self.path("repo"));
        for name in ["TMUX", "TMUX_PANE", "GANGER_TMUX_SOCKET"] {
            call = call.without(name);
        }
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                call = call.without(name);
            }
        }
        call.env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("home/.config"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("TMUX_TMPDIR", self.path("tmux"))
            .env("GANGER_DB", self.path("ganger.db"))
            .env("GANGER_STATE_DIR", self.path("state"))
            .env("GANGER_CONFIG", self.path("config.toml"))
    }

    fn git(&self, args: &[&str]) -> Result<(), Fault> {
        let answer = process::run(&self.call(Path::new("git"), args)).map_err(|error| broken(&error.to_string()))?;
        if answer.ok() { Ok(()) } else { Err(broken(&format!("git {}: {}", args.join(" "), answer.complaint()))) }
    }

    /// Runs this program, its output shown; exit codes are part of the tour.
    fn ganger(&self, args: &[&str]) -> Result<(), Fault> {
        let shown: Vec<String> =
            args.iter().map(|arg| if arg.contains(' ') { format!("'{arg}'") } else { (*arg).to_owned() }).collect();
        output::say(&format!("\n$ ganger {}", crate::domain::text::cut(&shown.join(" "), 100)));
        let answer = process::run(&self.call(&self.program, args)).map_err(|error| broken(&error.to_string()))?;
        output::put(&String::from_utf8_lossy(&answer.stdout));
        output::put(&String::from_utf8_lossy(&answer.stderr));
        Ok(())
    }

    fn task(&self, id: TaskId) -> Result<Value, Fault> {
        let answer = process::run(&self.call(&self.program, &["show", &id.to_string(), "--json"]))
            .map_err(|error| broken(&error.to_string()))?;
        serde_json::from_slice(&answer.stdout).map_err(|error| broken(&format!("show --json: {error}")))
    }

    fn prepare(&self) -> Result<(), Fault> {
        let making = |error: std::io::Error| Fault::io("making the demo's folder", &error);
        output::say(&format!(
            "A throw-away repository of {FILES} files, a database and a tmux server: {}",
            self.folder.display()
        ));
        crate::os::files::private_folder(&self.folder).map_err(making)?;
        for folder in ["home", "repo", "tmux"] {
            fs::create_dir(self.path(folder)).map_err(making)?;
        }
        fs::write(self.path("home/.gitconfig"), "[user]\nname = Demo\nemail = demo@example.org\n").map_err(making)?;
        let root = toml::Value::from(self.path("worktrees").to_string_lossy().into_owned());
        let config = format!("default_agent = \"shell\"\n[worktrees]\nroot = {root}\n[tmux]\ngrace = \"2s\"\n");
        fs::write(self.path("config.toml"), config).map_err(making)?;
        for number in 0..FILES {
            fs::write(self.path(&format!("repo/file-{number}.txt")), format!("{number}\n")).map_err(making)?;
        }
        self.git(&["init", "-q", "-b", "main"])?;
        self.git(&["add", "."])?;
        self.git(&["commit", "-qm", "A repository"])
    }

    fn play(&self) -> Result<Vec<String>, Fault> {
        for (title, script, ..) in &TASKS {
            self.ganger(&["add", title, "--prompt", script])?;
        }
        let store = Sqlite::open(&self.path("ganger.db"), &self.path("state"), PATIENCE)?;
        self.kill_a_dispatcher(&store)?;
        self.ganger(&["list"])?;
        self.ganger(&["--reconcile"])?;
        self.ganger(&["list"])?;
        self.ganger(&["dispatch", "1", "2", "3", "4", "5"])?;
        for (number, (title, _, status, _)) in (1_i64..5).zip(&TASKS) {
            until(title, || Ok((self.task(TaskId(number))?["status"] == **status).then_some(())))?;
        }
        self.kill_a_shim()?;
        output::say("\nThe board before the reconciler has looked, and after:");
        self.ganger(&["list"])?;
        self.ganger(&["--reconcile"])?;
        self.ganger(&["list"])?;
        output::say("\nWhat happened, a line per event:");
        for event in store.timeline(None, 0, 1000)? {
            let who = event.who.said();
            output::say(&format!("  {:>3}  task {}  {who:<10}  {}", event.seq, event.task, event.sentence()));
        }
        self.judge()
    }

    /// Starts a dispatch of task 1 and kills it between its claim and its agent.
    fn kill_a_dispatcher(&self, store: &Sqlite) -> Result<(), Fault> {
        output::say("\n$ ganger dispatch 1   (and its process is killed half-way: SIGKILL)");
        let null = fs::OpenOptions::new()
            .write(true)
            .open("/dev/null")
            .map_err(|error| Fault::io("opening /dev/null", &error))?;
        let environment: Vec<_> = self.call(&self.program, &[]).environment();
        let argv = [self.program.clone().into_os_string(), "dispatch".into(), "1".into()];
        let pid = process::start_logged(
            &Program { argv: &argv, environment: &environment, folder: &self.path("repo") },
            &null,
        )
        .map_err(|error| Fault::io("starting a dispatcher", &error))?;
        let seen = until("a claim", || {
            let attempts = store.attempts(&Which::Of(TaskId(1)))?;
            Ok(attempts.first().map(|attempt| attempt.phase))
        });
        process::signal_child(pid, nix::sys::signal::Signal::SIGKILL);
        while matches!(process::reap(pid), Ok(process::Reaped::Running | process::Reaped::Stopped(_))) {
            std::thread::yield_now();
        }
        let seen = seen?;
        if matches!(seen, Phase::Claimed | Phase::Worktree | Phase::Spawning) {
            output::say(&format!("killed pid {pid} in phase {seen}: the task is claimed, and nothing works on it"));
        }
        Ok(())
    }

    /// Kills the shim of task 5 from outside.
    fn kill_a_shim(&self) -> Result<(), Fault> {
        let task = until("the agent of task 5", || {
            let task = self.task(TaskId(5))?;
            Ok((task["attempt"]["phase"] == "running" && !task["attempt"]["agent_pid"].is_null()).then_some(task))
        })?;
        let (Some(shim), Some(agent)) = (identity(&task, "shim_pid"), identity(&task, "agent_pid")) else {
            return Err(broken("task 5 has no living agent"));
        };
        output::say(&format!("\nKilling the process above the agent of task 5 (pid {}): SIGKILL", shim.pid));
        let table = proc::ProcessTable;
        table.signal(shim, Signal::Kill).map_err(|error| Fault::io("killing the shim", &error))?;
        until("the agent's end", || Ok((table.probe(agent) != Probe::Alive).then_some(())))
    }

    /// What did not end where it should.
    fn judge(&self) -> Result<Vec<String>, Fault> {
        let mut wrong = Vec::new();
        for (number, (title, _, status, cause)) in (1_i64..).zip(&TASKS) {
            let task = self.task(TaskId(number))?;
            let (is, why) = (&task["status"], &task["attempt"]["cause"]);
            if is != status || why != cause {
                wrong.push(format!("task {number} ({title}) is {is} ({why}), not {status} ({cause})"));
            }
        }
        let stays = self.task(TaskId(4))?;
        if stays["attempt"]["live"] != true {
            wrong.push("the agent of task 4 did not stay".to_owned());
        }
        Ok(wrong)
    }

    /// Ends the private server, waits for what ran in it, removes the folder.
    fn clean_up(&self) -> Result<(), Fault> {
        let socket = self.path("tmux").join(format!("tmux-{}", nix::unistd::getuid())).join("default");
        if let Ok(store) = Sqlite::open(&self.path("ganger.db"), &self.path("state"), PATIENCE) {
            for id in 1..=5 {
                process::run(&self.call(&self.program, &["stop", &id.to_string()])).ok();
            }
            drop(store);
        }
        if socket.exists() {
            let kill = Call::new("tmux", PATIENCE).args(["-S".as_ref(), socket.as_os_str(), "kill-server".as_ref()]);
            process::run(&kill.without("TMUX")).map_err(|error| broken(&error.to_string()))?;
        }
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Fault::io(&format!("removing {}", self.folder.display()), &error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn identity(task: &Value, name: &str) -> Option<Process> {
    task["attempt"][name].as_i64().and_then(|pid| i32::try_from(pid).ok()).and_then(proc::identify)
}

fn broken(why: &str) -> Fault {
    Fault::new(Kind::Failed, format!("the demo could not go on: {why}")).hint("ganger doctor")
}

fn until<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>, Fault>) -> Result<T, Fault> {
    let started = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if started.elapsed() > PATIENCE {
            return Err(broken(&format!("waited {PATIENCE:?} for {what}")));
        }
        crate::os::clock::SystemClock.pause(Duration::from_micros(300));
    }
}
