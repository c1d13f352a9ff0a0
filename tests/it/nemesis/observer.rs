//! The process table, sampled: who is an agent of this world, and whether a task ever has two.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::pause;

/// A process by identity, and what it was looked at for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    pub pid: i64,
    pub start: u64,
}

/// One line of the process table.
struct Entry {
    process: Process,
    parent: i64,
    name: String,
    lives: bool,
}

/// PF_EXITING (include/linux/sched.h): it runs no code of its own any more.
const EXITING: u64 = 4;

fn entry(pid: i64) -> Option<Entry> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (open, close) = (stat.find('(')?, stat.rfind(')')?);
    let fields: Vec<&str> = stat[close + 1..].split_whitespace().collect();
    let flags: u64 = fields.get(6)?.parse().ok()?;
    Some(Entry {
        process: Process { pid, start: fields.get(19)?.parse().ok()? },
        parent: fields.get(1)?.parse().ok()?,
        name: stat[open + 1..close].to_owned(),
        lives: !matches!(*fields.first()?, "Z" | "X") && flags & EXITING == 0,
    })
}

fn pids() -> impl Iterator<Item = i64> {
    fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn words(pid: i64, file: &str) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

fn variable(environment: &[String], name: &str) -> Option<String> {
    environment.iter().find_map(|word| Some(word.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

fn is_shim(pid: i64) -> bool {
    // The tmux client that asks for a session has the shim's words in its own.
    words(pid, "cmdline").iter().take(3).any(|word| word == "__agent")
        && entry(pid).is_some_and(|entry| !entry.name.starts_with("tmux"))
}

/// What the nemesis can strike in the process table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Shim,
    Agent,
    Client,
    Server,
    Git,
}

impl Process {
    pub fn of(pid: i64) -> Option<Self> {
        entry(pid).filter(|entry| entry.lives).map(|entry| entry.process)
    }

    pub fn lives(self) -> bool {
        Self::of(self.pid) == Some(self)
    }
}

/// The living processes of this kind that bear this world's mark.
pub fn find(world: &str, kind: Kind) -> Vec<Process> {
    let right = |entry: &Entry| match kind {
        Kind::Client => entry.name == "tmux: client",
        Kind::Server => entry.name == "tmux: server",
        Kind::Git => entry.name == "git",
        Kind::Shim => is_shim(entry.process.pid),
        Kind::Agent => is_shim(entry.parent),
    };
    let ours = |entry: &Entry| {
        let environment = words(entry.process.pid, "environ");
        variable(&environment, "WORLD").as_deref() == Some(world)
            && (kind != Kind::Agent || variable(&environment, "GANGER_ATTEMPT").is_some())
    };
    let entries = pids().filter_map(entry).filter(|entry| entry.lives && right(entry) && ours(entry));
    entries.map(|entry| entry.process).collect()
}

struct Agent {
    process: Process,
    task: String,
    attempt: String,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub samples: u64,
    pub agents: u64,
    /// The most that lived at once.
    pub most: usize,
    pub twins: Vec<String>,
}

pub struct Observer<'a> {
    world: &'a str,
    /// The pids that are known not to be agents, or that are in `agents`.
    settled: HashSet<i64>,
    /// The children of shims that bear no mark (yet): between fork and exec an agent looks like its shim.
    young: HashMap<i64, Instant>,
    agents: Vec<Agent>,
    seen: Seen,
}

impl<'a> Observer<'a> {
    pub fn new(world: &'a str) -> Self {
        Self { world, settled: HashSet::new(), young: HashMap::new(), agents: Vec::new(), seen: Seen::default() }
    }

    /// Samples until it is told to stop.
    pub fn run(mut self, stop: &AtomicBool) -> Seen {
        while !stop.load(Ordering::SeqCst) {
            self.sample();
            // 10 ms.
            pause();
            pause();
        }
        self.seen
    }

    fn sample(&mut self) {
        self.seen.samples += 1;
        let now: HashSet<i64> = pids().collect();
        self.settled.retain(|pid| now.contains(pid));
        self.young.retain(|pid, _| now.contains(pid));
        // Most processes are looked at once: only a shim's children can be agents.
        let unsettled: Vec<i64> = now.difference(&self.settled).copied().collect();
        for pid in unsettled {
            self.classify(pid);
        }
        self.agents.retain(|agent| agent.process.lives());
        self.seen.most = self.seen.most.max(self.agents.len());
        self.compare();
    }

    fn classify(&mut self, pid: i64) {
        let Some(entry) = entry(pid).filter(|entry| is_shim(entry.parent)) else {
            self.settled.insert(pid);
            return;
        };
        let environment = words(pid, "environ");
        let ours = variable(&environment, "WORLD").as_deref() == Some(self.world);
        let marks = (variable(&environment, "GANGER_TASK"), variable(&environment, "GANGER_ATTEMPT"));
        if let (true, (Some(task), Some(attempt))) = (ours, marks) {
            self.seen.agents += 1;
            self.agents.push(Agent { process: entry.process, task, attempt });
            self.settled.insert(pid);
        } else if self.young.entry(pid).or_insert_with(Instant::now).elapsed() > Duration::from_millis(500) {
            self.settled.insert(pid);
        }
    }

    /// Two attempts of one task with living agents, both still alive at a second look, are twins.
    fn compare(&mut self) {
        for (at, one) in self.agents.iter().enumerate() {
            for other in &self.agents[at + 1..] {
                let twins = one.task == other.task && one.attempt != other.attempt;
                if twins && one.process.lives() && other.process.lives() && one.process.lives() {
                    let told = |agent: &Agent| {
                        let pid = agent.process.pid;
                        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
                        let status: Vec<&str> = status.lines().take(9).collect();
                        format!("{} as pid {pid} ({})", agent.attempt, status.join(", ").replace('\t', " "))
                    };
                    let twin = format!("task {}: {} beside {}", one.task, told(one), told(other));
                    if !self.seen.twins.iter().any(|known| known.contains(&one.attempt)) {
                        self.seen.twins.push(twin);
                    }
                }
            }
        }
    }
}
