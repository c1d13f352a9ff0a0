//! The agent's life under its shim: setup, start, supervision, end.

mod ending;
mod setup;
mod telling;

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use self::ending::Why;
use super::footer::footer;
use super::observe::Observer;
use super::signals::Signals;
use super::terminal::Terminal;
use super::verify::Verifier;
use super::{Outside, log};
use crate::domain::attempt::{Attempt, Exit, Plan};
use crate::domain::completion::{Evidence, How};
use crate::domain::id::Process;
use crate::domain::lifecycle::{Event, Verdict};
use crate::domain::state::Who;
use crate::domain::time::Timestamp;
use crate::engine::{Engine, notice, outbox};
use crate::os::proc;
use crate::os::process::{self, Program};
use crate::ports::worktrees::Snapshot;
use crate::wire::launch::Launch;

/// How often the screen is saved while the agent runs.
const SAVE: Duration = Duration::from_mins(1);
/// How often the database is looked at without being told to.
const LOOK: Duration = Duration::from_secs(5);
/// How long the agent's letters are delivered for, before other things are attended to.
const LETTERS: Duration = Duration::from_millis(200);

/// The agent, or a setup command before it.
struct Foreground {
    pid: i32,
}

pub(super) struct Supervisor<'a> {
    engine: Rc<Engine>,
    /// Known once it runs.
    outside: Option<Outside<'a>>,
    launch: &'a Launch,
    plan: &'a Plan,
    signals: Signals,
    server: Option<OwnedFd>,
    terminal: Terminal,
    environment: Vec<(OsString, OsString)>,
    worktree: PathBuf,
    /// What the tree held before the agent began, or why that could not be seen.
    before: Result<Snapshot, String>,
    foreground: Option<Foreground>,
    agent: Option<Process>,
    /// The database has heard that the agent runs.
    started: bool,
    verifier: Option<Verifier>,
    ending: Option<Why>,
    /// When what was asked to end is killed.
    kill_at: Option<Instant>,
    deadline: Option<Instant>,
    version: Option<i64>,
    look_at: Instant,
    save_at: Instant,
    observer: Observer,
    /// The attempt is over in the database.
    over: bool,
}

impl<'a> Supervisor<'a> {
    pub(super) fn new(
        engine: Engine,
        launch: &'a Launch,
        attempt: &'a Attempt,
        signals: Signals,
        server: Option<OwnedFd>,
    ) -> Self {
        let worktree = launch.worktree.path();
        let mut environment: Vec<(OsString, OsString)> =
            launch.environment.iter().map(|(name, value)| (name.os(), value.os())).collect();
        for name in ["TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLORTERM", "TMUX", "TMUX_PANE"] {
            if let Some(value) = std::env::var_os(name) {
                environment.push((name.into(), value));
            }
        }
        environment.push(("PWD".into(), worktree.clone().into_os_string()));
        let now = Instant::now();
        Self {
            engine: Rc::new(engine),
            outside: None,
            launch,
            plan: &attempt.plan,
            signals,
            server,
            terminal: Terminal::remember(),
            environment,
            worktree,
            before: Err("it was not looked at before the agent began".to_owned()),
            foreground: None,
            agent: None,
            started: false,
            verifier: None,
            ending: None,
            kill_at: None,
            deadline: None,
            version: None,
            look_at: now,
            save_at: now + SAVE,
            observer: Observer::new(),
            over: false,
        }
    }

    /// Setup, agent, verification; the code to exit with.
    pub(super) fn run(mut self, outside: Outside<'a>) -> u8 {
        self.outside = Some(outside);
        // Where it can't be made, only an agent that can't write the database misses it.
        outbox::prepare(&self.worktree).ok();
        let set_up = self.set_up();
        // After what was brought along: what is written to the same files is added to it.
        if set_up.is_ok()
            && let Err(why) = (outside.prepare)(&self.worktree)
        {
            log::line(&self.plan.files.log, &why);
        }
        let code = match set_up {
            Ok(()) if self.launch.verify_only => {
                self.record(How::OnlyVerified, Evidence::Changed);
                self.finish_verification();
                0
            }
            Ok(()) => self.start_agent(),
            Err(how) => {
                self.record(how, Evidence::Unknown);
                1
            }
        };
        self.let_go_of_tree();
        self.note_leftovers();
        if let Ok(task) = self.engine.task(self.plan.task) {
            self.terminal.close_with(&footer(&task));
        }
        code
    }

    fn start(&self, argv: &[OsString]) -> std::io::Result<Foreground> {
        let program = Program { argv, environment: &self.environment, folder: &self.worktree };
        process::start_in_terminal(&program).map(|pid| Foreground { pid })
    }

    fn start_agent(&mut self) -> u8 {
        // A fresh tree equals its base; anything else has to be looked at before the agent changes it.
        let (trees, repo) = (&self.engine.ports.trees, &self.plan.repo);
        self.before = if self.launch.fresh && !self.launch.prepares() {
            trees.fresh(repo, &self.worktree, &self.plan.base).map_err(|error| error.to_string())
        } else {
            trees.snapshot(repo, &self.worktree).map_err(|error| error.to_string())
        };
        let argv: Vec<OsString> = self.launch.argv.iter().map(crate::wire::launch::Word::os).collect();
        match self.start(&argv) {
            Ok(agent) => self.foreground = Some(agent),
            Err(error) => {
                let program = argv.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default();
                self.record(How::NotStarted(format!("{program}: {error}")), Evidence::Unknown);
                return 127;
            }
        }
        if let Some(agent) = self.foreground.as_ref().map(|agent| proc::of_child(agent.pid)) {
            self.agent = Some(agent);
            self.observer = Observer::new();
            self.tell_started(self.engine.settings.timing.database);
        }
        self.deadline = self.launch.timeout.map(|limit| Instant::now() + Duration::from_millis(limit));
        let exit = self.supervise();
        let how = self.how(exit);
        let evidence = if exit == Exit::Code(0) { self.evidence() } else { Ok(Evidence::Unknown) };
        match evidence {
            Ok(evidence) => self.record(how, evidence),
            Err(why) => self.record_blind(how, why),
        }
        self.finish_verification();
        match exit {
            Exit::Code(code) => u8::try_from(code).unwrap_or(1),
            Exit::Signal(signal) => u8::try_from(128 + signal).unwrap_or(1),
        }
    }

    /// Until the foreground process has ended.
    fn supervise(&mut self) -> Exit {
        loop {
            if let Some(exit) = self.reap() {
                return exit;
            }
            self.signals.wait(self.patience());
            self.attend();
        }
    }

    /// After the agent: until a verification, if there is one, is over.
    fn finish_verification(&mut self) {
        self.kill_at = None;
        self.deadline = None;
        while !self.over && self.verifier.is_some() {
            self.signals.wait(self.patience());
            self.attend();
            let Some(why) = self.ending else { continue };
            if let Some(verifier) = &mut self.verifier {
                verifier.end();
            }
            self.verifier = None;
            if why == Why::Stop {
                self.record(How::Terminated, Evidence::Unknown);
            } else {
                self.tell(&Event::Verified(Verdict::Interrupted));
            }
        }
    }

    fn patience(&self) -> Duration {
        let now = Instant::now();
        [
            Some(self.look_at),
            Some(self.save_at),
            self.kill_at,
            self.deadline,
            self.verifier.as_ref().map(Verifier::deadline),
            self.observed().map(|_| self.observer.next()),
        ]
        .into_iter()
        .flatten()
        .map(|at| at.saturating_duration_since(now))
        .min()
        .unwrap_or(LOOK)
    }

    /// Everything that may have happened since the last look.
    fn attend(&mut self) {
        let now = Instant::now();
        if self.signals.hung_up() {
            let server_alive = self.server_outlives();
            self.end_because(Why::HungUp { server_alive });
        }
        let terminated = self.signals.terminated();
        let woken = self.signals.woken();
        if terminated || woken || now >= self.look_at {
            self.look_at = now + LOOK;
            self.look(terminated || woken);
        }
        if terminated && self.ending.is_none() {
            self.end_because(Why::Terminated);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.deadline = None;
            self.end_because(Why::TimedOut);
        }
        if self.kill_at.is_some_and(|at| now >= at) {
            self.kill_at = Some(now + Duration::from_secs(1));
            self.kill();
        }
        if now >= self.save_at {
            self.save_at = now + SAVE;
            self.save_screen();
        }
        self.verify();
        self.observe();
    }

    /// The agent, as long as there is something to see of it.
    fn observed(&self) -> Option<Process> {
        self.agent.filter(|_| self.ending.is_none() && self.foreground.is_some())
    }

    /// What the agent's processes and screen show.
    fn observe(&mut self) {
        let Some(agent) = self.observed() else { return };
        if Instant::now() < self.observer.next() {
            return;
        }
        // Watching the folder for events would keep this process's lock held for a while after its death: the kernel
        // takes its time to end a watch.
        outbox::deliver(&self.engine, self.plan, LETTERS);
        if let Some(news) = self.observer.look(&self.engine, self.plan, self.launch, agent)
            && notice::hear(&self.engine, self.plan, &news, Who::Shim).is_ok()
        {
            self.observer.has_told(&news);
        }
        let now = self.engine.ports.clock.now().wall;
        if let Some(until) = self.observer.limit_that_is_over(now)
            && self.launch.resume_after_limit
        {
            self.go_on(until);
        }
    }

    /// Tells an agent to go on after a limit, if that is still what it waits for. Beside this process, which has signals
    /// to attend to: where it is not taken in, the card says so.
    fn go_on(&self, until: Timestamp) {
        let waits_until = self.engine.ports.store.attempt(&self.plan.id).ok().flatten().and_then(|row| row.waits_until);
        if waits_until != Some(until) {
            return;
        }
        let around = &self.engine.around;
        let (task, mut argv) = (self.plan.task.to_string(), vec![around.program.clone().into_os_string()]);
        argv.extend(["--db".into(), around.database.clone().into_os_string()]);
        argv.extend(["--state-dir".into(), around.state_dir.clone().into_os_string()]);
        argv.extend(["send", &task, "continue"].map(OsString::from));
        self.engine.ports.notifier.start(&argv);
    }

    fn start_verification(&mut self) {
        // The agent has done its work in its time; the verification has a limit of its own.
        self.deadline = None;
        let limit = Duration::from_millis(self.launch.verify_timeout);
        self.verifier = Some(Verifier::new(&self.launch.verify, limit, &self.plan.files.log));
        self.verify();
    }

    fn verify(&mut self) {
        let verdict = self.verifier.as_mut().and_then(|verifier| verifier.advance(&self.environment, &self.worktree));
        if let Some(verdict) = verdict {
            self.verifier = None;
            if self.foreground.is_none() {
                self.let_go_of_tree();
            }
            self.tell(&Event::Verified(verdict));
        }
    }
}
