//! A small working model of the machine: processes, locks, one tmux server, one repository, and a clock that only
//! moves when somebody waits. The database is the real one.
//!
//! A [`Party`] is a process of ganger; its calls go through a gate, where a test can make one fail before or after its
//! effect, let the party die, or do something at that very moment.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tempfile::TempDir;

use super::setting::{executable, settings, var};
use super::store::Gated;
use crate::domain::attempt::Attempt;
use crate::domain::id::{AttemptId, FileId, Place, Process, TaskId};
use crate::domain::merge::Built;
use crate::domain::permission::Caller;
use crate::domain::settings::Settings;
use crate::domain::task::{Draft, Task};
use crate::domain::time::{BootTime, Now, Timestamp};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::{Engine, Ports, Surroundings, tasks};
use crate::ports::multiplexer::PaneSeen;
use crate::ports::store::{Listing, Record, Store as _};
use crate::sqlite::Sqlite;

/// The commit that everything starts from.
pub const BASE: &str = "1111111111111111111111111111111111111111";

/// When a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Fail,
    Taken,
    Impossible,
    Busy,
    /// The calling process is killed.
    Die,
    Panic,
}

/// What the shim of the next session does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shim {
    /// Starts its agent.
    Starts,
    /// Commits, and is busy with setup.
    SetsUp,
    /// Commits, and ends because its setup failed.
    FailsSetup,
    /// Is started by [`World::arrive`].
    Late,
    /// Ends before it commits; its pane stays.
    Dies,
}

#[derive(Clone, Debug)]
pub struct Proc {
    pub process: Process,
    pub name: String,
    pub alive: bool,
    /// Whose shim it is.
    pub shim_of: Option<AttemptId>,
    pub mark: Option<AttemptId>,
    /// The shim whose session it is in.
    pub session: Option<i32>,
    pub folder: Option<PathBuf>,
    pub stopped: bool,
    /// Ends only by SIGKILL.
    pub stubborn: bool,
    pub terminated: bool,
    /// The inode of the lock that it holds.
    pub holds: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct GitTree {
    pub branch: String,
    pub whole: bool,
    /// What somebody wrote there.
    pub work: bool,
    /// The attempt that git has it locked for.
    pub held_by: Option<AttemptId>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Holders {
    pub exclusive: bool,
    pub shared: u32,
}

pub struct Inner {
    pub wall: i64,
    pub boot: i64,
    pub place: Place,
    pub next: i32,
    pub processes: BTreeMap<i32, Proc>,
    /// Processes that can't be looked at.
    pub opaque: HashSet<i32>,
    pub inodes: HashMap<PathBuf, u64>,
    pub held: HashMap<u64, Holders>,
    pub server: Option<Process>,
    pub panes: Vec<PaneSeen>,
    pub screen: String,
    /// Who is in the foreground of the terminals, if it is not the agent.
    pub terminal: Option<Process>,
    /// Ports that somebody listens on.
    pub listeners: Vec<u16>,
    /// What processes have read and written, where the system tells.
    pub traffic: Option<u64>,
    pub branches: BTreeMap<String, String>,
    pub trees: BTreeMap<PathBuf, GitTree>,
    /// Which commit has the work of which.
    pub merged: HashSet<(String, String)>,
    /// What stands in the way of every merge.
    pub obstacle: Option<Built>,
    pub shim: Shim,
    /// Whose shim has not run yet.
    pub arrivals: Vec<AttemptId>,
    pub troubles: HashMap<&'static str, VecDeque<Option<(When, Then)>>>,
    pub hooks: Vec<(&'static str, Hook)>,
    /// What was done to the outside, one word and its object each.
    pub done: Vec<String>,
    /// What must never happen, and did.
    pub wrong: Vec<String>,
    pub lies: Lies,
}

/// What the store answers in place of the truth: states that the real one refuses to hold.
#[derive(Clone, Default)]
pub struct Lies {
    pub tasks: Option<Lie<Listing>>,
    pub attempts: Option<Lie<Vec<Attempt>>>,
    pub timeline: Option<Lie<Vec<Record>>>,
}

pub type Lie<T> = Arc<dyn Fn(&mut T) + Send + Sync>;

pub type Hook = Box<dyn FnOnce(&World) + Send>;

/// See the module.
#[derive(Clone)]
pub struct World {
    pub folder: Arc<TempDir>,
    pub inner: Arc<Mutex<Inner>>,
    /// The connection of shims and tests.
    pub board: Arc<Mutex<Sqlite>>,
    pub settings: Settings,
}

/// One process of ganger.
#[derive(Clone)]
pub struct Party {
    pub world: World,
    pub me: Process,
    pub dead: Arc<AtomicBool>,
}

impl Party {
    /// Lets a call through, or not.
    pub fn gate<T, E>(
        &self,
        call: &'static str,
        error: impl Fn(Then) -> E,
        act: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if self.dead.load(Ordering::Relaxed) {
            return Err(error(Then::Die));
        }
        self.world.run_hooks(call);
        let trouble = self.world.lock().troubles.get_mut(call).and_then(VecDeque::pop_front).flatten();
        let Some((when, then)) = trouble else { return act() };
        if when == When::After {
            act().ok();
        }
        match then {
            Then::Die => self.dead.store(true, Ordering::Relaxed),
            // Not panic!: that prints, and this one is wanted.
            Then::Panic => std::panic::resume_unwind(Box::new("as scripted")),
            Then::Fail | Then::Taken | Then::Impossible | Then::Busy => {}
        }
        Err(error(then))
    }
}

/// A folder in memory, where there is such a thing: nothing here has to survive.
fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

impl World {
    pub fn new() -> Self {
        let folder = scratch();
        let root = folder.path();
        for below in ["repo", "bin", "state/locks", "state/launch", "state/prompts", "state/exits", "state/screens"] {
            std::fs::create_dir_all(root.join(below)).unwrap();
        }
        for program in ["git", "agent"] {
            executable(&root.join("bin").join(program));
        }
        let board = Sqlite::open(&root.join("ganger.db"), &root.join("state"), Duration::from_secs(5)).unwrap();
        let settings = settings(&root.join("trees"));
        let inner = Inner {
            wall: 1_000_000,
            boot: 50_000,
            place: Place { host: "host".to_owned(), boot: "boot-1".to_owned() },
            next: 100,
            processes: BTreeMap::new(),
            opaque: HashSet::new(),
            inodes: HashMap::new(),
            held: HashMap::new(),
            server: None,
            panes: Vec::new(),
            screen: String::new(),
            terminal: None,
            listeners: Vec::new(),
            traffic: None,
            branches: BTreeMap::from([("main".to_owned(), BASE.to_owned())]),
            trees: BTreeMap::new(),
            merged: HashSet::new(),
            obstacle: None,
            shim: Shim::Starts,
            arrivals: Vec::new(),
            troubles: HashMap::new(),
            hooks: Vec::new(),
            done: Vec::new(),
            wrong: Vec::new(),
            lies: Lies::default(),
        };
        Self {
            folder: Arc::new(folder),
            inner: Arc::new(Mutex::new(inner)),
            board: Arc::new(Mutex::new(board)),
            settings,
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn repo(&self) -> PathBuf {
        self.root().join("repo")
    }

    /// Where its trees are parked.
    pub fn trash(&self) -> PathBuf {
        PathBuf::from(&self.settings.worktrees.root).join(".trash")
    }

    pub fn board(&self) -> MutexGuard<'_, Sqlite> {
        self.board.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A new process of ganger.
    pub fn engine(&self) -> Engine {
        let me = self.spawn("ganger").process;
        let party = Party { world: self.clone(), me, dead: Arc::new(AtomicBool::new(false)) };
        let root = self.root();
        let store = Sqlite::open(&root.join("ganger.db"), &root.join("state"), Duration::from_secs(5)).unwrap();
        Engine {
            ports: Ports {
                store: Box::new(Gated { party: party.clone(), store }),
                trees: Box::new(party.clone()),
                merges: Box::new(party.clone()),
                forge: Box::new(crate::engine::tests::repository::NoForge),
                mux: Box::new(party.clone()),
                clock: Box::new(party.clone()),
                locks: Box::new(party.clone()),
                processes: Box::new(party.clone()),
                notifier: Box::new(party.clone()),
                shell: Box::new(party.clone()),
                repositories: Box::new(party.clone()),
                files: Box::new(party.clone()),
                disk: Box::new(party.clone()),
                tree_files: Box::new(party),
            },
            settings: Arc::new(self.settings.clone()),
            around: Arc::new(Surroundings {
                here: PathBuf::from("/nowhere"),
                database: root.join("ganger.db"),
                state_dir: root.join("state"),
                config: None,
                socket: root.join("tmux.sock"),
                program: root.join("bin/ganger"),
                environment: vec![("PATH".into(), root.join("bin").into_os_string()), var("HOME", "/home/ann")],
                umask: 0o022,
                caller: Caller::default(),
            }),
            interrupted: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Makes the next calls of this name go as said, in order.
    pub fn trouble(&self, call: &'static str, when: When, then: Then) {
        self.lock().troubles.entry(call).or_default().push_back(Some((when, then)));
    }

    /// As [`Self::trouble`], after `calls` that go well.
    pub fn trouble_after(&self, call: &'static str, calls: usize, when: When, then: Then) {
        let mut inner = self.lock();
        let queue = inner.troubles.entry(call).or_default();
        queue.extend(std::iter::repeat_n(None, calls));
        queue.push_back(Some((when, then)));
    }

    /// Does something once, right before the next call of this name.
    pub fn before(&self, call: &'static str, hook: impl FnOnce(&World) + Send + 'static) {
        self.lock().hooks.push((call, Box::new(hook)));
    }

    pub fn run_hooks(&self, call: &str) {
        let at = self.lock().hooks.iter().position(|(name, _)| *name == call);
        if let Some(at) = at {
            let (_, hook) = self.lock().hooks.remove(at);
            hook(self);
        }
    }

    pub fn now(&self) -> Now {
        let inner = self.lock();
        Now { wall: Timestamp(inner.wall), boot: BootTime(inner.boot) }
    }

    pub fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_micros().div_ceil(1000)).unwrap();
        let mut inner = self.lock();
        inner.wall += millis;
        inner.boot += millis;
    }

    pub fn next(&self) -> i32 {
        let mut inner = self.lock();
        inner.next += 1;
        inner.next
    }

    pub fn spawn(&self, name: &str) -> Proc {
        let mut inner = self.lock();
        inner.next += 1;
        let pid = inner.next;
        let proc = Proc {
            process: Process { pid, start: u64::from(pid.cast_unsigned()) * 10 },
            name: name.to_owned(),
            alive: true,
            shim_of: None,
            mark: None,
            session: None,
            folder: None,
            stopped: false,
            stubborn: false,
            terminated: false,
            holds: None,
        };
        inner.processes.insert(pid, proc.clone());
        proc
    }

    /// Changes a process.
    pub fn with(&self, process: Process, change: impl FnOnce(&mut Proc)) {
        change(self.lock().processes.get_mut(&process.pid).unwrap());
    }

    pub fn kill(&self, process: Process) {
        self.with(process, |found| found.alive = false);
        self.let_go(process);
    }

    pub fn lives(&self, process: Process) -> bool {
        self.lock().processes.get(&process.pid).is_some_and(|found| found.process == process && found.alive)
    }

    pub fn inode(&self, path: &Path) -> FileId {
        let mut inner = self.lock();
        inner.next += 1;
        let fresh = u64::from(inner.next.cast_unsigned());
        let inode = *inner.inodes.entry(path.to_owned()).or_insert(fresh);
        inner.held.entry(inode).or_default();
        FileId { device: 7, inode }
    }

    /// A draft of a task.
    pub fn draft(&self, title: &str) -> Draft {
        Draft { prompt: "do it".to_owned(), ..Draft::new(title, self.repo(), "agent") }
    }

    pub fn task(&self, id: TaskId) -> Task {
        self.board().task(id).unwrap().unwrap()
    }

    /// The newest attempt.
    pub fn attempt(&self, id: TaskId) -> Attempt {
        let newest = self.task(id).attempt.unwrap();
        self.row(&newest)
    }

    pub fn row(&self, id: &AttemptId) -> Attempt {
        self.board().attempt(id).unwrap().unwrap()
    }

    /// How many rows the timeline has.
    pub fn events(&self) -> usize {
        self.board().timeline(None, 0, u32::MAX).unwrap().len()
    }

    /// How often something of this name was done.
    pub fn count(&self, what: &str) -> usize {
        self.lock().done.iter().filter(|done| done.starts_with(what)).count()
    }

    /// An engine, and a task that is ready.
    pub fn ready(&self) -> (Engine, TaskId) {
        let engine = self.engine();
        let task = tasks::add(&engine, &self.draft("Fix it")).unwrap();
        (engine, task.id)
    }

    /// An engine, and a task whose agent runs.
    pub fn running(&self) -> (Engine, TaskId, Attempt) {
        let (engine, task) = self.ready();
        let attempt = dispatch(&engine, &Request::of(task)).unwrap();
        (engine, task, attempt)
    }
}
