//! A world for one test: a home, a repository, a database and a tmux server of its own, and the real binary.

pub mod namespace;
pub mod pty;
pub mod results;

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The JSON that it printed.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub struct World {
    folder: TempDir,
    /// Where wrapper programs stand, before everything else on PATH.
    bin: PathBuf,
    variables: Vec<(String, String)>,
}

/// Looks at a condition until it gives something.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "still not: {what}");
        pause();
    }
}

/// Between two looks at a condition.
#[expect(clippy::disallowed_methods, reason = "the one pause of the tests, between two looks at a condition")]
pub fn pause() {
    std::thread::sleep(Duration::from_millis(5));
}

#[expect(clippy::disallowed_methods, reason = "tests start programs themselves")]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}

/// Whether a process of this pid runs; a zombie does not.
pub fn runs(pid: i64) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !matches!(stat.rsplit(") ").next().and_then(|rest| rest.chars().next()), Some('Z' | 'X')))
}

/// Sends a signal by number to one process that the test started or that its ganger named.
pub fn signal(pid: i64, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap()), signal).ok();
}

impl World {
    /// A world with one repository of one commit.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("g").tempdir().unwrap();
        let world = Self { bin: folder.path().join("bin"), folder, variables: Vec::new() };
        for folder in ["home", "data", "state", "config/ganger", "tmux", "bin", "repo"] {
            fs::create_dir_all(world.path(folder)).unwrap();
        }
        fs::write(
            world.path("home/.gitconfig"),
            "[user]\nname = t\nemail = t@example.org\n[init]\ndefaultBranch = main\n",
        )
        .unwrap();
        world.configure("");
        world.git(&["init", "-q"]);
        world.commit("a.txt", "one\n");
        world
    }

    /// A path below the world's folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn repo(&self) -> PathBuf {
        self.path("repo")
    }

    pub fn socket(&self) -> PathBuf {
        let folder = self.path("tmux").canonicalize().unwrap();
        folder.join(format!("tmux-{}", nix::unistd::getuid())).join("default")
    }

    pub fn database(&self) -> PathBuf {
        self.path("data/ganger/ganger.db")
    }

    /// Writes the configuration: deadlines for tests, and more.
    pub fn configure(&self, more: &str) {
        let text = format!(
            "default_agent = \"shell\"\n{more}\n[timing]\nstart = \"20s\"\ngit = \"30s\"\n[tmux]\ngrace = \"2s\"\n"
        );
        fs::write(self.path("config/ganger/config.toml"), text).unwrap();
    }

    /// Sets a variable for every later call.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    fn dress(&self, command: &mut Command) {
        let path = std::env::var("PATH").unwrap();
        command
            .env_clear()
            .env("PATH", format!("{}:{path}", self.bin.display()))
            .env("REAL_PATH", &path)
            .env("HOME", self.path("home"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("TMUX_TMPDIR", self.path("tmux"))
            .env("WORLD", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .current_dir(self.repo());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// Starts ganger, output captured.
    pub fn start(&self, args: &[&str]) -> Child {
        self.spawn(env!("CARGO_BIN_EXE_ganger"), args)
    }

    /// Starts a program in this world, output captured.
    pub fn spawn(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Child {
        let mut command = command(program);
        self.dress(&mut command);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs ganger to its end.
    pub fn ganger(&self, args: &[&str]) -> Ran {
        finish(self.start(args))
    }

    /// Runs ganger with something on its standard input.
    pub fn ganger_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = command(env!("CARGO_BIN_EXE_ganger"));
        self.dress(&mut command);
        let mut child =
            command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        finish(child)
    }

    /// Starts a program in this world that has a terminal of its own: the other end is `slave`.
    pub fn spawn_in(&self, slave: std::fs::File, argv: &[&str]) -> Child {
        let mut command = command("setsid");
        self.dress(&mut command);
        command.env("GANGER", env!("CARGO_BIN_EXE_ganger"));
        command.arg("-c").args(argv).stdout(slave.try_clone().unwrap()).stderr(slave.try_clone().unwrap());
        command.stdin(slave).spawn().unwrap()
    }

    /// Runs ganger to its end with this for its standard output.
    pub fn ganger_to(&self, args: &[&str], output: impl Into<Stdio>) -> Ran {
        let mut command = command(env!("CARGO_BIN_EXE_ganger"));
        self.dress(&mut command);
        finish(command.args(args).stdin(Stdio::null()).stdout(output).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Runs ganger, which must succeed; its standard output.
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.ganger(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        ran.stdout
    }

    /// Runs ganger, which must exit with `code`.
    pub fn fails(&self, code: i32, args: &[&str]) -> Ran {
        let ran = self.ganger(args);
        assert_eq!(ran.code, Some(code), "{args:?}: {ran:?}");
        ran
    }

    /// Runs a program of the world's PATH, which must succeed; its standard output.
    pub fn run(&self, program: &str, args: &[&str], folder: &Path) -> String {
        let mut command = command(program);
        self.dress(&mut command);
        let output = command.args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Runs a program of the world's PATH as another user of the machine, which only root can; what it printed.
    pub fn run_as(&self, uid: u32, program: &str, args: &[&str]) -> Ran {
        let mut command = command(program);
        self.dress(&mut command);
        command.uid(uid).gid(uid).current_dir("/").env("HOME", "/").args(args);
        finish(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Runs a program of the world's PATH; whether it succeeded.
    pub fn tries(&self, program: &str, args: &[&str]) -> bool {
        let mut command = command(program);
        self.dress(&mut command);
        command.args(args).stdin(Stdio::null()).output().unwrap().status.success()
    }

    /// Runs git in the repository.
    pub fn git(&self, args: &[&str]) -> String {
        self.run("git", args, &self.repo())
    }

    /// Runs tmux on the world's server, whether that succeeds or not.
    pub fn tmux(&self, args: &[&str]) -> String {
        let mut command = command("tmux");
        self.dress(&mut command);
        let output = command.env("PATH", std::env::var("PATH").unwrap()).arg("-u").args(args).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Commits a file in the repository.
    pub fn commit(&self, name: &str, content: &str) {
        fs::write(self.repo().join(name), content).unwrap();
        self.git(&["add", "--", name]);
        self.git(&["commit", "-qm", name]);
    }

    /// Puts a shell script before the program of that name on PATH. `real` in it is the program itself; `$N` the
    /// number of the call, from 1.
    pub fn wrap(&self, program: &str, script: &str) {
        let real = Self::real(program);
        let count = self.path(&format!("{program}.calls"));
        fs::remove_file(&count).ok();
        let text = format!(
            "#!/bin/bash\nWORLD='{world}'\necho x >> {count}\nN=$(wc -l < {count})\n\
             real() {{ PATH='{path}' {real} \"$@\"; }}\n{script}\n",
            world = self.folder.path().display(),
            count = count.display(),
            // A server that ganger starts, and so what stands in its panes, has not got the variables of this world.
            path = std::env::var("PATH").unwrap(),
            real = real.display(),
        );
        self.program(program, &text);
    }

    /// Where the program of that name really is.
    pub fn real(program: &str) -> PathBuf {
        let path = std::env::var_os("PATH").unwrap();
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file()).unwrap()
    }

    /// Takes a wrapper away. Somebody may be about to start it: the real program is found in its place.
    pub fn unwrap(&self, program: &str) {
        let (path, real) = (std::env::var("PATH").unwrap(), Self::real(program));
        let text = format!("#!/bin/sh\nPATH='{path}' exec {} \"$@\"\n", real.display());
        let (at, new) = (self.bin.join(program), self.bin.join(format!("{program}.new")));
        if fs::write(&new, text).is_ok() {
            fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
            fs::rename(new, at).unwrap();
        } else {
            // On a disk that is full there is no room for it.
            fs::remove_file(new).ok();
            fs::remove_file(at).unwrap();
        }
    }

    /// Puts a program on PATH.
    pub fn program(&self, name: &str, text: &str) {
        let (path, new) = (self.bin.join(name), self.bin.join(format!("{name}.new")));
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(new, path).unwrap();
    }

    /// Adds a task whose agent is a shell script.
    pub fn add(&self, script: &str) -> i64 {
        self.ok(&["add", "a task", "--prompt", script]).trim().parse().unwrap()
    }

    /// Adds a task and dispatches it.
    pub fn dispatch(&self, script: &str) -> i64 {
        let id = self.add(script);
        self.ok(&["dispatch", &id.to_string()]);
        id
    }

    /// The task as `show --json` prints it.
    pub fn task(&self, id: i64) -> Value {
        self.ganger(&["show", &id.to_string(), "--json"]).json()
    }

    pub fn status(&self, id: i64) -> String {
        self.task(id)["status"].as_str().unwrap().to_owned()
    }

    /// Waits until the task is in this status.
    pub fn settled(&self, id: i64, status: &str) -> Value {
        let started = Instant::now();
        loop {
            let task = self.task(id);
            if task["status"] == status {
                return task;
            }
            assert!(started.elapsed() < PATIENCE, "task {id} is still not {status}: {task:#}");
            pause();
        }
    }

    /// Reconciles until the task is in this status.
    pub fn settled_by_reconcile(&self, id: i64, status: &str) {
        until(&format!("task {id} is {status} after a reconcile"), || {
            self.ganger(&["--reconcile"]);
            (self.status(id) == status).then_some(())
        });
    }

    /// Waits until the newest attempt is in this phase.
    pub fn phase(&self, id: i64, phase: &str) -> Value {
        until(&format!("attempt of task {id} is {phase}"), || {
            let task = self.task(id);
            (task["attempt"]["phase"] == phase).then_some(task)
        })
    }

    /// Waits for a file that an agent makes.
    pub fn file(&self, below: &str) -> String {
        let path = self.path(below);
        until(below, || fs::read_to_string(&path).ok().filter(|text| text.ends_with('\n')))
    }

    /// Changes the database behind ganger's back.
    pub fn sql(&self, statement: &str) {
        self.tries_sql(statement, PATIENCE).unwrap();
    }

    /// Tries to change the database behind ganger's back, where there may be no room for it, or somebody may hold it.
    pub fn tries_sql(&self, statement: &str, patience: Duration) -> rusqlite::Result<()> {
        let connection = rusqlite::Connection::open(self.database())?;
        connection.busy_timeout(patience)?;
        connection.execute_batch(statement)
    }

    /// The causes of a task's timeline, in order.
    pub fn causes(&self, id: i64) -> Vec<String> {
        let task = self.task(id);
        let timeline = task["timeline"].as_array().unwrap();
        timeline.iter().filter_map(|event| event["cause"].as_str().map(str::to_owned)).collect()
    }

    /// One reconcile, and then what must hold at rest.
    pub fn reconciled(&self) {
        self.ok(&["--reconcile"]);
        self.audited();
    }

    /// What must hold at rest holds.
    pub fn audited(&self) {
        let ran = self.ganger(&["doctor", "--json"]);
        let violations = &ran.json()["audit"]["violations"];
        assert_eq!(violations.as_array().map(Vec::len), Some(0), "{violations:#}");
    }

    /// The worktrees that git knows, the repository's own excluded.
    pub fn worktrees(&self) -> Vec<String> {
        let listed = self.git(&["worktree", "list", "--porcelain"]);
        listed.lines().filter_map(|line| line.strip_prefix("worktree ")).skip(1).map(str::to_owned).collect()
    }

    /// The branches, the repository's own excluded.
    pub fn branches(&self) -> Vec<String> {
        let listed = self.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
        listed.lines().filter(|name| *name != "main").map(str::to_owned).collect()
    }

    /// The tmux sessions.
    pub fn sessions(&self) -> Vec<String> {
        self.tmux(&["list-sessions", "-F", "#{session_name}"]).lines().map(str::to_owned).collect()
    }
}

/// Waits for a started ganger.
pub fn finish(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The server first: its panes' shims end their agents. tmux 3.3a may be stuck where its clients were killed, and
        // is not waited for then. Then whatever still bears this world's mark.
        let mut command = command("tmux");
        self.dress(&mut command);
        command.env("PATH", std::env::var("PATH").unwrap()).arg("kill-server");
        let mut asked = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while asked.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(2) {
            pause();
        }
        asked.kill().ok();
        asked.wait().ok();
        let mark = format!("WORLD={}", self.folder.path().display());
        let started = Instant::now();
        loop {
            let mut left = 0;
            for entry in fs::read_dir("/proc").unwrap().flatten() {
                let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i64>().ok()) else { continue };
                let ours = fs::read(entry.path().join("environ"))
                    .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|word| word == mark.as_bytes()));
                if ours && runs(pid) {
                    left += 1;
                    signal(pid, nix::sys::signal::Signal::SIGKILL);
                }
            }
            if left == 0 || started.elapsed() > PATIENCE {
                break;
            }
            pause();
        }
    }
}
