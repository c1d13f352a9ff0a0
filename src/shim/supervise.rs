//! The agent's life under its shim: setup, start, supervision, end.

mod setup;

use std::ffi::OsString;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use super::footer::footer;
use super::log;
use super::observe::{self, Observer};
use super::signals::Signals;
use super::terminal::Terminal;
use super::verify::Verifier;
use crate::domain::attempt::{Attempt, Exit, Plan};
use crate::domain::completion::{Ending, Evidence, How};
use crate::domain::id::Process;
use crate::domain::lifecycle::{Event, Verdict};
use crate::domain::state::{Phase, Who};
use crate::domain::time::Timestamp;
use crate::engine::launch::Launch;
use crate::engine::{Engine, Fault, exit_file, notice, outbox};
use crate::os::proc;
use crate::os::process::{self, Program, Reaped};
use crate::ports::multiplexer::Panes;
use crate::ports::store::{Amendment, Applied};
use crate::ports::worktrees::Snapshot;

/// How many lines of the screen are saved.
const SCREEN: u32 = 2000;
/// How often it is saved while the agent runs.
const SAVE: Duration = Duration::from_mins(1);
/// How often the database is looked at without being told to.
const LOOK: Duration = Duration::from_secs(5);
/// How long a server that shows no other pane is watched after a hang-up: its death shows within 20 ms, 500 ms of
/// silence mean it lives.
const SERVER: Duration = Duration::from_millis(500);

/// How long the agent's letters are delivered for, before other things are attended to; and its last ones.
const LETTERS: Duration = Duration::from_millis(200);
const LAST_LETTERS: Duration = Duration::from_secs(3);

/// Why the shim ends the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Stop,
    TimedOut,
    HungUp { server_alive: bool },
    Terminated,
}

/// The agent, or a setup command before it.
struct Foreground {
    pid: i32,
}

pub(super) struct Supervisor<'a> {
    engine: &'a Engine,
    launch: &'a Launch,
    plan: &'a Plan,
    signals: Signals,
    server: Option<OwnedFd>,
    terminal: Terminal,
    environment: Vec<(OsString, OsString)>,
    worktree: PathBuf,
    before: Option<Snapshot>,
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
        engine: &'a Engine,
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
            engine,
            launch,
            plan: &attempt.plan,
            signals,
            server,
            terminal: Terminal::remember(),
            environment,
            worktree,
            before: None,
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
    pub(super) fn run(mut self, prepare: &dyn Fn(&Path) -> Result<(), String>) -> u8 {
        // Where it can't be made, only an agent that can't write the database misses it.
        outbox::prepare(&self.worktree).ok();
        let set_up = self.set_up();
        // After what was brought along: what is written to the same files is added to it.
        if set_up.is_ok()
            && let Err(why) = prepare(&self.worktree)
        {
            log::line(&self.plan.files.log, &why);
        }
        let code = match set_up {
            Ok(()) if self.launch.verify_only => {
                self.record(How::Process(Exit::Code(0)), Evidence::Changed);
                self.finish_verification();
                0
            }
            Ok(()) => self.start_agent(),
            Err(how) => {
                self.record(how, Evidence::Unknown);
                1
            }
        };
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
        self.before = if self.launch.fresh && !self.launch.prepares() {
            None
        } else {
            self.engine.ports.trees.snapshot(&self.worktree).ok()
        };
        let argv: Vec<OsString> = self.launch.argv.iter().map(crate::engine::launch::Word::os).collect();
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
        let evidence = if exit == Exit::Code(0) { self.evidence() } else { Evidence::Unknown };
        self.record(how, evidence);
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
            self.agent.map(|_| self.observer.next()),
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
        if terminated || self.signals.woken() || now >= self.look_at {
            self.look_at = now + LOOK;
            self.look(terminated);
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

    /// What the agent's processes and screen show.
    fn observe(&mut self) {
        let Some(agent) = self.agent.filter(|_| self.ending.is_none() && self.foreground.is_some()) else { return };
        if Instant::now() < self.observer.next() {
            return;
        }
        // Watching the folder for events would keep this process's lock held for a while after its death: the kernel
        // takes its time to end a watch.
        outbox::deliver(self.engine, self.plan, LETTERS);
        if let Some(news) = self.observer.look(self.engine, self.plan, self.launch, agent)
            && notice::hear(self.engine, self.plan, &news, Who::Shim).is_ok()
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

    fn reap(&mut self) -> Option<Exit> {
        let pid = self.foreground.as_ref()?.pid;
        let exit = match process::reap(pid) {
            Ok(Reaped::Running) => return None,
            Ok(Reaped::Stopped(signal)) => {
                // There is no shell that would ever continue it. SIGSTOP is a person's, and left alone.
                if [Signal::SIGTSTP as i32, Signal::SIGTTIN as i32, Signal::SIGTTOU as i32].contains(&signal) {
                    process::signal_child(pid, Signal::SIGCONT);
                }
                return None;
            }
            Ok(Reaped::Exited(code)) => Exit::Code(code),
            Ok(Reaped::Signalled(signal)) => Exit::Signal(signal),
            Err(_) => Exit::Signal(Signal::SIGKILL as i32),
        };
        self.foreground = None;
        Some(exit)
    }

    fn end_because(&mut self, why: Why) {
        if self.ending.is_some() {
            return;
        }
        self.ending = Some(why);
        if let Some(agent) = &self.foreground {
            process::signal_child(agent.pid, Signal::SIGTERM);
            process::signal_child(agent.pid, Signal::SIGCONT);
            self.kill_at = Some(Instant::now() + Duration::from_millis(self.launch.grace));
        }
    }

    /// Kills the foreground process and everything else in this session.
    fn kill(&self) {
        if let Some(agent) = &self.foreground {
            process::signal_child(agent.pid, Signal::SIGKILL);
        }
        for found in proc::session(nix::unistd::getpid().as_raw()).unwrap_or_default() {
            self.engine.ports.processes.signal(found.process, crate::ports::host::Signal::Kill).ok();
        }
    }

    /// Whether the tmux server lives on after it hung up on this pane.
    fn server_outlives(&self) -> bool {
        let Some(server) = &self.server else { return false };
        // A server that ends has ended all its sessions before it answers anybody: one that shows panes lives.
        let shows_others = || {
            let panes = self.engine.ports.mux.panes(&self.plan.socket);
            panes.is_ok_and(|panes| matches!(panes, Panes::Listed(panes) if !panes.is_empty()))
        };
        let told = is_silent(server, Duration::ZERO) && shows_others();
        is_silent(server, if told { Duration::ZERO } else { SERVER })
    }

    /// Reads what the database wants of this attempt. A database that can't be read is asked again later.
    fn look(&mut self, anyway: bool) {
        self.tell_started(Duration::ZERO);
        outbox::deliver(self.engine, self.plan, LETTERS);
        let Ok(version) = self.engine.ports.store.version() else { return };
        if self.version == Some(version) && !anyway {
            return;
        }
        let Ok(Some(row)) = self.engine.ports.store.attempt(&self.plan.id) else { return };
        self.version = Some(version);
        if row.stop_requested || !row.phase.is_live() {
            self.end_because(Why::Stop);
        }
        if row.phase == Phase::Verifying && self.verifier.is_none() && self.ending.is_none() {
            self.start_verification();
        }
    }

    fn start_verification(&mut self) {
        let limit = Duration::from_millis(self.launch.verify_timeout);
        self.verifier = Some(Verifier::new(&self.launch.verify, limit, &self.plan.files.log));
        self.verify();
    }

    fn verify(&mut self) {
        let verdict = self.verifier.as_mut().and_then(|verifier| verifier.advance(&self.environment, &self.worktree));
        if let Some(verdict) = verdict {
            self.verifier = None;
            self.tell(&Event::Verified(verdict));
        }
    }

    /// How the foreground process's end is to be read.
    fn how(&mut self, exit: Exit) -> How {
        // An agent may exit because of a hang-up that has not been attended to: the leader is told first.
        if self.ending.is_none() && self.signals.hung_up() {
            self.ending = Some(Why::HungUp { server_alive: self.server_outlives() });
        }
        match self.ending {
            None => How::Process(exit),
            Some(Why::TimedOut) => How::TimedOut,
            Some(Why::HungUp { server_alive }) => How::HungUp { server_alive },
            Some(Why::Terminated | Why::Stop) => How::Terminated,
        }
    }

    fn evidence(&self) -> Evidence {
        let now = self.engine.ports.trees.snapshot(&self.worktree);
        let before = match &self.before {
            Some(before) => Ok(before.clone()),
            None => self.engine.ports.trees.pristine(&self.plan.repo, &self.plan.base),
        };
        match (before, now) {
            (Ok(before), Ok(now)) if before == now => Evidence::Unchanged,
            (Ok(_), Ok(_)) => Evidence::Changed,
            (Err(_), _) | (_, Err(_)) => Evidence::Unknown,
        }
    }

    /// Writes down how it ended, saves the screen, tells the database.
    fn record(&mut self, how: How, evidence: Evidence) {
        let can_verify = matches!(how, How::Process(_));
        let ending = Ending { how, evidence, review_without_output: self.launch.review_without_output, can_verify };
        // Its last words count before its end does.
        outbox::deliver(self.engine, self.plan, LAST_LETTERS);
        let at = self.engine.ports.clock.now().wall.0;
        if let Ok(bytes) = exit_file::encode(&ending, at) {
            self.engine.ports.files.write(&self.plan.files.exit, &bytes).ok();
        }
        let screen = self.save_screen();
        let failed = matches!(&ending.how, How::Process(exit) if *exit != Exit::Code(0));
        if let Some(news) = screen.filter(|_| failed).and_then(|screen| observe::last_limit(&screen, self.launch)) {
            notice::hear(self.engine, self.plan, &news, Who::Shim).ok();
        }
        if !can_verify && let Some(mut verifier) = self.verifier.take() {
            verifier.end();
        }
        self.tell_started(Duration::ZERO);
        self.tell(&Event::Ended(ending));
    }

    /// Tells that the agent runs. Nothing else will: what can't be told is told again at the next look, until it is.
    fn tell_started(&mut self, patience: Duration) {
        if let Some(agent) = self.agent.filter(|_| !self.started) {
            let told = self.try_to_tell(&Event::AgentStarted { agent }, patience);
            self.started = told.is_some();
        }
    }

    /// Tells the database, for as long as that may take within its deadline. What it can't be told is in the exit
    /// file, for the reconciler.
    fn tell(&mut self, event: &Event) {
        if self.try_to_tell(event, self.engine.settings.timing.database).is_none() {
            self.over = true;
        }
    }

    fn try_to_tell(&mut self, event: &Event, patience: Duration) -> Option<Applied> {
        let stamp = self.engine.stamp(Who::Shim);
        let told = self.engine.until(patience, |_| {
            match self.engine.apply(self.plan.task, Some(&self.plan.id), event, &stamp) {
                Ok(applied) => Ok::<_, Fault>(Some(applied)),
                Err(_) => Ok(None),
            }
        });
        let told = told.ok().flatten();
        match &told {
            Some(Applied::Changed { phase: Some(Phase::Verifying), .. })
                if self.verifier.is_none() && self.ending.is_none() =>
            {
                self.start_verification();
            }
            Some(Applied::Changed { phase, .. } | Applied::Already { phase, .. } | Applied::Conflict { phase, .. }) => {
                self.over = !phase.is_some_and(Phase::is_live);
            }
            Some(Applied::Missing) => self.over = true,
            None => {}
        }
        told
    }

    fn save_screen(&self) -> Option<String> {
        if matches!(self.ending, Some(Why::HungUp { .. })) {
            return None;
        }
        let pane = std::env::var("TMUX_PANE").ok()?;
        let screen = self.engine.ports.mux.capture(&self.plan.socket, &pane, SCREEN).ok()?;
        self.engine.ports.files.write(&self.plan.files.screen, screen.as_bytes()).ok();
        Some(screen)
    }

    /// Processes that outlive the agent are reported, not ended: a dev server is not an agent.
    fn note_leftovers(&self) {
        let me = self.engine.ports.processes.me();
        let left = self.engine.ports.processes.marked(&self.plan.id).unwrap_or_default();
        let leftovers: Vec<String> = left
            .into_iter()
            .filter(|found| found.process != me)
            .map(|found| format!("{} {}", found.process.pid, found.name))
            .collect();
        if !leftovers.is_empty() {
            let amendment = Amendment::Leftovers { attempt: self.plan.id.clone(), leftovers };
            self.engine.ports.store.amend(&amendment, &self.engine.stamp(Who::Shim)).ok();
        }
    }
}

/// Whether the process behind a descriptor lives for as long as that.
fn is_silent(process: &OwnedFd, patience: Duration) -> bool {
    let mut fds = [PollFd::new(process.as_fd(), PollFlags::POLLIN)];
    let until = Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO)) {
            Ok(0) => return true,
            Err(nix::errno::Errno::EINTR) => {}
            Ok(_) | Err(_) => return false,
        }
    }
}
