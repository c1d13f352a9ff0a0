//! The soak: many dispatchers, a person, reconcilers and agents of every kind, and a nemesis that kills, stops, fills the
//! disk and moves the clock under them, while an observer samples the process table for twins.
//!
//! The seed decides who does what in which order. It does not decide how the kernel schedules it, so the same seed makes
//! the same plan and not the same run.

mod actors;
mod agents;
mod disk;
mod observer;
mod strikes;
mod verdict;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::results::{record, seed, size};
use crate::support::{PATIENCE, Ran, World, finish, pause, signal, until};

use disk::Disk;
use observer::{Observer, Process, Seen};

/// What a person has made beside ganger in tmux: a session of its own, windows in sessions of ganger's, and the server
/// that they are in.
#[derive(Debug, Default)]
struct Panes {
    server: Option<Process>,
    panes: Vec<Process>,
}

/// What everybody shares.
struct Soak<'a> {
    world: &'a World,
    disk: Option<Disk<'a>>,
    /// The random order of everything comes from here.
    seed: u64,
    over: AtomicBool,
    tasks: Mutex<Vec<i64>>,
    /// The gangers that run, and what as.
    running: Mutex<HashMap<Process, String>>,
    killed: Mutex<HashSet<Process>>,
    person: Mutex<Panes>,
    /// What the commands answered, digits left out.
    answers: Mutex<BTreeMap<String, u32>>,
    strikes: Mutex<BTreeMap<&'static str, u32>>,
    wrong: Mutex<Vec<String>>,
}

impl Soak<'_> {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    /// A generator of one's own for each of the threads.
    fn random(&self, of: u64) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed.wrapping_add(of))
    }

    /// Runs ganger where the nemesis can strike it. It may fail, and be killed by the nemesis, but not break.
    fn run(&self, args: &[&str]) -> Ran {
        let child = self.world.start(args);
        let process = Process::of(i64::from(child.id()));
        if let Some(process) = process {
            self.running.lock().unwrap().insert(process, args.join(" "));
        }
        let ran = finish(child);
        let killed = process.is_some_and(|process| {
            self.running.lock().unwrap().remove(&process);
            self.killed.lock().unwrap().contains(&process)
        });
        let broken = ["panicked", "an error in ganger itself", "malformed", "ghost:", "twin:"];
        let broke = ran.code == Some(101) || broken.iter().any(|word| ran.stderr.contains(word));
        // One that ends before it can be looked at was not struck either.
        if broke || (ran.code.is_none() && !killed && process.is_some()) {
            self.wrong(format!("{args:?}: {ran:?}"));
        }
        self.count(args, &ran);
        ran
    }

    fn count(&self, args: &[&str], ran: &Ran) {
        let code = ran.code.map_or("killed".to_owned(), |code| code.to_string());
        let why: String = ran.stderr.lines().next().unwrap_or_default().chars().take(160).collect();
        let why = why.replace(self.world.path("").to_str().unwrap(), "…/");
        let mut answer = String::new();
        // Ids are not to make each answer another one.
        for char in format!("{} → {code} {why}", args[0]).chars().take(90) {
            match char {
                '0'..='9' if answer.ends_with('#') => {}
                '0'..='9' if !answer.ends_with("→ ") => answer.push('#'),
                char => answer.push(char),
            }
        }
        *self.answers.lock().unwrap().entry(answer).or_default() += 1;
    }

    /// Any task.
    fn any(&self, random: &mut fastrand::Rng) -> String {
        let tasks = self.tasks.lock().unwrap();
        tasks[random.usize(..tasks.len())].to_string()
    }

    fn add(&self, random: &mut fastrand::Rng) {
        let (script, verify) = agents::script(random);
        let mut args = vec!["add", "a task", "--prompt", &script];
        if let Some(verify) = verify {
            args.extend(["--verify", verify]);
        }
        if let Ok(id) = self.run(&args).stdout.trim().parse() {
            self.tasks.lock().unwrap().push(id);
        }
    }
}

/// Ends all threads, also where the test fails in between.
struct Ends<'a>([&'a AtomicBool; 2]);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|flag| flag.store(true, Ordering::SeqCst));
    }
}

/// Everybody at work, for as long as that; what the observer saw.
fn soak(soak: &Soak<'_>, dispatchers: u64, length: Duration) -> Seen {
    let world = soak.world.path("");
    let world = world.to_str().unwrap().trim_end_matches('/');
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let ends = Ends([&soak.over, &stop]);
        let observer = scope.spawn(|| Observer::new(world).run(&stop));
        let mut all = Vec::new();
        for number in 0..dispatchers {
            all.push(scope.spawn(move || actors::dispatcher(soak, &mut soak.random(100 + number))));
        }
        for number in 0..2 {
            all.push(scope.spawn(move || actors::reconciler(soak, &mut soak.random(200 + number))));
        }
        all.push(scope.spawn(|| actors::watcher(soak)));
        all.push(scope.spawn(|| actors::person(soak, &mut soak.random(300))));
        all.push(scope.spawn(|| actors::pruner(soak)));
        all.push(scope.spawn(|| strikes::nemesis(soak, &mut soak.random(400))));
        let started = Instant::now();
        while started.elapsed() < length && soak.wrong.lock().unwrap().is_empty() {
            pause();
        }
        fs::remove_file(soak.world.path("storm")).unwrap();
        soak.over.store(true, Ordering::SeqCst);
        let ended = Instant::now();
        while !all.iter().all(thread::ScopedJoinHandle::is_finished) {
            if ended.elapsed() > 2 * PATIENCE {
                for (process, what) in soak.running.lock().unwrap().iter() {
                    soak.wrong(format!("{what} (pid {}) does not end", process.pid));
                    soak.killed.lock().unwrap().insert(*process);
                    signal(process.pid, Signal::SIGKILL);
                }
            }
            pause();
        }
        verdict::at_rest(soak, world);
        drop(ends);
        observer.join().unwrap()
    })
}

#[test]
fn many_dispatchers_under_a_nemesis_leave_nothing_stuck_twice_or_lost() {
    let (seed, count, dispatchers) = (seed(), size(24, 200, 1000), size(4, 8, 8));
    let length = size(Duration::from_secs(7), Duration::from_mins(4), Duration::from_mins(40));
    let torture = std::env::var("GANGER_TORTURE").map(|size| format!("GANGER_TORTURE={size} ")).unwrap_or_default();
    let again = format!("{torture}GANGER_SEED={seed} cargo test --test it -- nemesis");
    println!("again: {again}");
    let world = World::new();
    let disk = Disk::mount(&world, size(48, 256, 1024));
    fs::write(
        world.path("config/ganger/config.toml"),
        format!(
            "default_agent = \"shell\"\n[queue]\nmax_running = {}\n[timing]\nstart = \"20s\"\ngit = \"30s\"\nsaga = \"4s\"\n\
             [tmux]\ngrace = \"1s\"\n",
            2 * dispatchers
        ),
    )
    .unwrap();
    let state = Soak {
        world: &world,
        disk,
        seed,
        over: AtomicBool::new(false),
        tasks: Mutex::default(),
        running: Mutex::default(),
        killed: Mutex::default(),
        person: Mutex::default(),
        answers: Mutex::default(),
        strikes: Mutex::default(),
        wrong: Mutex::default(),
    };
    actors::settle_in(&state);
    fs::write(world.path("storm"), "").unwrap();
    let mut random = state.random(0);
    for _ in 0..count {
        state.add(&mut random);
    }
    let seen = soak(&state, dispatchers, length);
    let (strikes, wrong) = (state.strikes.lock().unwrap(), state.wrong.lock().unwrap());
    for (answer, times) in state.answers.lock().unwrap().iter() {
        println!("{times:5} {answer}");
    }
    println!("{strikes:?}\n{seen:?}");
    assert!(wrong.is_empty() && seen.twins.is_empty(), "{wrong:#?}\ntwins: {:#?}\nagain: {again}", seen.twins);
    assert!(strikes.values().sum::<u32>() > 10 && seen.agents > 10, "next to nothing happened; again: {again}");
    let lines = verdict::ledger(&world).len();
    let struck: Vec<String> = strikes.iter().map(|(what, times)| format!("{times} {what}")).collect();
    let full = if state.disk.is_some() { "" } else { "; no full disk: that needs root" };
    record(
        "nemesis soak",
        &format!(
            "{} tasks, {dispatchers} dispatchers, {} agents, {} looks at the process table, {lines} lines of work; {}{full}; \
             the clock's jumps are made in the database",
            state.tasks.lock().unwrap().len(),
            seen.agents,
            seen.samples,
            struck.join(", ")
        ),
        "0 stuck, 0 twins, 0 bytes lost, 0 foreign things touched",
        &again,
    );
}

#[test]
fn the_observer_sees_two_agents_of_one_task_and_knows_them_from_two_tasks() {
    let world = World::new();
    let mark = world.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let shim = "exec > /dev/null 2>&1\n\
        start() { GANGER_TASK=$1 GANGER_ATTEMPT=$2 sleep 1000 & }\n\
        start 1 a; start 2 b; touch \"$WORLD/one\"\n\
        while [ ! -e \"$WORLD/go\" ]; do sleep 0.02; done; start 2 c; touch \"$WORLD/two\"; wait\n";
    fs::write(world.path("shim"), shim).unwrap();
    world.run("setsid", &["-f", "sh", world.path("shim").to_str().unwrap(), "__agent"], &world.repo());
    let stop = AtomicBool::new(false);
    let looked = |what: &str, agents: usize| {
        until(what, || world.path(what).exists().then_some(()));
        until(what, || (observer::find(&mark, observer::Kind::Agent).len() == agents).then_some(()));
    };
    looked("one", 2);
    let seen = thread::scope(|scope| {
        let observer = scope.spawn(|| Observer::new(&mark).run(&stop));
        pause();
        fs::write(world.path("go"), "").unwrap();
        looked("two", 3);
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(300) {
            pause();
        }
        stop.store(true, Ordering::SeqCst);
        observer.join().unwrap()
    });
    assert_eq!((seen.agents, seen.most), (3, 3));
    let [twin] = &seen.twins[..] else { panic!("{seen:?}") };
    let both = ["task 2: ", " b as pid ", " c as pid "];
    assert!(both.iter().all(|words| twin.contains(words)), "{twin}");
}
