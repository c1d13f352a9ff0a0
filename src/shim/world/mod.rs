//! The world around a life: waits for what happens, carries out what follows from it, and answers what is asked. It
//! decides nothing.

mod admission;
mod children;
mod files;
mod server;
mod store;

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use self::children::{Foreground, Verification};
use super::footer::footer;
use super::life::{Act, Answer, Ask, End, Happening, Leave, Life, Orders, Refusal, Step, Then, next};
use super::observe::Observer;
use super::signals::Signals;
use super::terminal::Terminal;
use super::{Outside, log};
use crate::domain::attempt::Plan;
use crate::domain::id::Process;
use crate::domain::state::Who;
use crate::domain::time::Timestamp;
use crate::engine::{Engine, Fault, Kind, leftover, notice, outbox};
use crate::ports::host::Held;
use crate::ports::worktrees::Snapshot;
use crate::wire::launch::{Launch, Word};

/// How long the agent's messages are delivered for, before other things are attended to; and its last ones.
const MESSAGES: Duration = Duration::from_millis(200);
const LAST_MESSAGES: Duration = Duration::from_secs(3);

pub(super) struct World<'a> {
    engine: Rc<Engine>,
    outside: Outside<'a>,
    launch: &'a Launch,
    orders: Orders,
    plan: &'a Plan,
    signals: Signals,
    /// The tmux server whose pane this is, and what tells of its end.
    server: Option<Process>,
    server_watch: Option<OwnedFd>,
    terminal: Terminal,
    environment: Vec<(OsString, OsString)>,
    worktree: PathBuf,
    began: Instant,
    /// What the tree held before the agent began, or why that could not be seen.
    before: Result<Snapshot, String>,
    foreground: Option<Foreground>,
    /// How what ran in the foreground ended, until that is told.
    ended: Option<End>,
    agent: Option<Process>,
    verification: Option<Verification>,
    /// The database's version at the last look.
    version: Option<i64>,
    observer: Observer,
    /// Why nothing was started.
    fault: Option<Fault>,
    /// Held for the shim's life.
    lock: Option<Box<dyn Held>>,
}

impl<'a> World<'a> {
    pub(super) fn new(
        engine: Engine,
        launch: &'a Launch,
        plan: &'a Plan,
        signals: Signals,
        outside: Outside<'a>,
    ) -> Self {
        let worktree = launch.worktree.path();
        let server = server::of_this_pane();
        Self {
            engine: Rc::new(engine),
            outside,
            launch,
            orders: orders(launch),
            plan,
            signals,
            server,
            server_watch: server.and_then(|server| u32::try_from(server.pid).ok()).and_then(crate::os::exit_watch),
            terminal: Terminal::remember(),
            environment: environment(launch),
            worktree,
            began: Instant::now(),
            before: Err("it was not looked at before the agent began".to_owned()),
            foreground: None,
            ended: None,
            agent: None,
            verification: None,
            version: None,
            observer: Observer::new(),
            fault: None,
            lock: None,
        }
    }

    /// Lives a life to its end; the code to exit with.
    pub(super) fn live(mut self, mut life: Life) -> Result<u8, Fault> {
        let mut happening = Happening::Time;
        loop {
            let (lived, turn) = next(&self.orders, life, happening, self.began.elapsed());
            life = lived;
            for act in turn.acts {
                self.act(act);
            }
            happening = match turn.then {
                Then::Wait(until) => self.wait(until),
                Then::Ask(ask) => Happening::Answer(self.answer(ask)),
                Then::Leave(Leave::Ended(code)) => return Ok(code),
                Then::Leave(Leave::Refused(why)) => return Err(self.refused(why)),
            };
        }
    }

    fn refused(self, why: Refusal) -> Fault {
        let conflict = |what: String| Fault::new(Kind::Conflict, format!("{what}: no agent is started for it"));
        match why {
            Refusal::NotAwaited(phase) => conflict(format!("this attempt is {phase}")),
            Refusal::Revoked => conflict("this attempt was revoked".to_owned()),
            Refusal::Fault => self.fault.unwrap_or_else(|| conflict("this attempt can't be run".to_owned())),
        }
    }

    /// What happens next. A hang-up is told before the end that came with it.
    fn wait(&mut self, until: Duration) -> Happening {
        let mut waited = false;
        loop {
            if let Some(signal) = self.reap() {
                return Happening::Suspended(signal);
            }
            if self.signals.hung_up() {
                return Happening::HungUp;
            }
            if let Some(end) = self.ended.take() {
                return Happening::Ended(end);
            }
            if let Some(result) = self.reap_verification() {
                return Happening::VerificationEnded(result);
            }
            if self.signals.terminated() {
                return Happening::Terminated;
            }
            if self.signals.woken() {
                return Happening::Woken;
            }
            let left = until.saturating_sub(self.began.elapsed());
            if waited || left.is_zero() {
                return Happening::Time;
            }
            self.signals.wait(left);
            waited = true;
        }
    }

    fn answer(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Lock => Answer::Locked(self.take_lock()),
            Ask::Enter => Answer::Entered(self.enter()),
            Ask::Commit => Answer::Committed(self.commit()),
            Ask::Setup(step) => Answer::Started(self.start_step(step)),
            Ask::Agent => Answer::Started(self.start_agent()),
            Ask::Verify(command) => Answer::VerificationStarted(self.start_verification(command)),
            Ask::Look { anyway } => Answer::Looked(self.look(anyway)),
            Ask::Observe => Answer::Observed { after: self.observe() },
            Ask::Server => Answer::Server { alive: self.server_outlives() },
            Ask::Evidence => Answer::Evidence(self.evidence()),
            Ask::Tell { news, wait } => self.tell(news, wait),
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::GiveBack => self.give_back(),
            Act::MoveIn => self.move_in(),
            Act::RestoreTerminal => self.terminal.restore(),
            Act::LogFailure(how) => self.log_failure(&how),
            Act::InstallHooks => {
                if let Err(why) = (self.outside.prepare)(&self.engine, &self.worktree) {
                    log::line(&self.plan.files.log, &why);
                }
            }
            Act::Snapshot => self.before = self.snapshot(),
            Act::AskToEnd => self.ask_to_end(),
            Act::Continue => self.go_on(),
            Act::Kill => self.kill(),
            Act::SaveScreen { limit } => self.save_screen(limit),
            Act::Deliver { last } => self.deliver(if last { LAST_MESSAGES } else { MESSAGES }),
            Act::WriteExit(ending) => self.write_exit(&ending),
            Act::EndVerification => self.end_verification(),
            // Its agent is gone: the tree is anybody's. Where that fails the clean-up does it.
            Act::ReleaseTree => drop(self.engine.ports.trees.release(self.plan)),
            Act::NoteLeftovers => self.note_leftovers(),
            Act::Footer => {
                if let Ok(task) = self.engine.task(self.plan.task) {
                    self.terminal.close_with(&footer(&task));
                }
            }
        }
    }

    fn deliver(&mut self, patience: Duration) {
        self.follow();
        // Watching the folder for events would keep this process's lock held for a while after its death: the kernel
        // takes its time to end a watch.
        // What stays is delivered later: by this shim, or by the reconciler.
        outbox::deliver(&self.engine, self.plan, patience).ok();
    }

    /// What the agent's processes and screen show is told; how long it may be left alone now.
    fn observe(&mut self) -> Duration {
        if let Some(agent) = self.agent {
            if let Some(news) = self.observer.look(&self.engine, self.plan, self.launch, agent)
                && notice::hear(&self.engine, self.plan, &news, Who::Shim).is_ok()
            {
                self.observer.has_told(&news);
            }
            let now = self.engine.ports.clock.now().wall;
            if let Some(until) = self.observer.limit_that_is_over(now)
                && self.launch.resume_after_limit
            {
                self.resume(until);
            }
        }
        self.observer.next().saturating_duration_since(Instant::now())
    }

    /// Tells an agent to go on after a limit, if that is still what it waits for. Beside this process, which has signals
    /// to attend to: where it is not taken in, the card says so.
    fn resume(&self, until: Timestamp) {
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

    /// Processes that outlive the agent are reported, not ended: a dev server is not an agent. So is what was written in
    /// the user's own checkout.
    fn note_leftovers(&self) {
        let me = self.engine.ports.processes.me();
        let left = self.engine.ports.processes.marked(&self.plan.id).unwrap_or_default();
        let left = left.into_iter().filter(|found| found.process != me).collect();
        leftover::note(&self.engine, &self.plan.id, left, &self.engine.stamp(Who::Shim));
        leftover::note_touched(&self.engine, self.plan, &self.engine.stamp(Who::Shim));
    }
}

/// What the launch file says that a life has to know.
fn orders(launch: &Launch) -> Orders {
    let mut setup = Vec::new();
    setup.extend((!launch.copy.is_empty() || launch.include).then_some(Step::Copy));
    setup.extend((!launch.link.is_empty()).then_some(Step::Link));
    setup.extend(launch.checkout_hook.then_some(Step::Hook));
    setup.extend(launch.setup.iter().cloned().map(Step::Command));
    Orders {
        setup,
        verify_only: launch.verify_only,
        program: launch.argv.first().map(|program| program.os().to_string_lossy().into_owned()).unwrap_or_default(),
        verify: launch.verify.clone(),
        review_without_output: launch.review_without_output,
        setup_timeout: Duration::from_millis(launch.setup_timeout),
        verify_timeout: Duration::from_millis(launch.verify_timeout),
        timeout: launch.timeout.map(Duration::from_millis),
        grace: Duration::from_millis(launch.grace),
    }
}

/// The whole environment of what is started: the launch file's, and what only this terminal knows.
fn environment(launch: &Launch) -> Vec<(OsString, OsString)> {
    let mut environment: Vec<(OsString, OsString)> =
        launch.environment.iter().map(|(name, value)| (name.os(), value.os())).collect();
    for name in ["TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLORTERM", "TMUX", "TMUX_PANE"] {
        if let Some(value) = std::env::var_os(name) {
            environment.push((name.into(), value));
        }
    }
    environment.push(("PWD".into(), launch.worktree.os()));
    environment
}
