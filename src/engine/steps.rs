//! The saga's steps as data: what each does, and beside it the undo that the clean-up pass calls too.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::launch::{self, Launch, Word};
use super::{Engine, Fault, clean_up, dispatch, outbox, plan, reconcile, setup, trees};
use crate::domain::attempt::{Attempt, Plan};
use crate::domain::lifecycle::Event;
use crate::domain::profile::{NoOutput, Profile, Values, fill};
use crate::domain::saga::{Failure, Remains, StepName};
use crate::domain::settings::Settings;
use crate::domain::state::{Cause, Phase, Who};
use crate::domain::task::Task;
use crate::ports::multiplexer::{MuxError, NewSession, Panes};
use crate::ports::store::{Amendment, Applied};
use crate::ports::worktrees::{Intact, NewTree, TreeError};

/// A dispatch under way.
pub struct Saga<'a> {
    pub engine: &'a Engine,
    /// Those of the task's repository.
    pub settings: Arc<Settings>,
    pub task: Task,
    pub profile: Profile,
    pub plan: Plan,
    /// No agent is started.
    pub verify_only: bool,
    /// What tmux said when it was asked for the session, if that was not "done".
    pub asked: Option<String>,
}

/// One step, and how it is undone.
pub struct Step {
    pub name: StepName,
    pub run: fn(&mut Saga<'_>) -> Result<(), Failure>,
    pub undo: fn(&Engine, &Attempt) -> Result<Remains, Fault>,
}

/// The steps after the claim, in order. Their undos run in reverse.
pub const STEPS: [Step; 3] = [
    Step { name: StepName::Launch, run: launch_files, undo: clean_up::files },
    Step { name: StepName::Worktree, run: worktree, undo: clean_up::tree },
    Step { name: StepName::Session, run: session, undo: clean_up::pane },
];

/// How long a session that tmux denied may still turn up before the saga gives up.
const DENIED: Duration = Duration::from_secs(2);

impl Saga<'_> {
    /// A failure of a step.
    #[must_use]
    pub fn failure(&self, step: StepName, cause: Cause, lasting: bool, why: String) -> Failure {
        Failure { step, cause, lasting, why }
    }

    fn advance(&self, step: StepName, event: &Event) -> Result<(), Failure> {
        let stamp = self.engine.stamp(Who::Dispatcher);
        let refused = |why: String| Failure { step, cause: Cause::Spawn, lasting: false, why };
        match self.engine.apply(self.task.id, Some(&self.plan.id), event, &stamp) {
            Ok(Applied::Changed { .. }) => Ok(()),
            Ok(Applied::Conflict { why, .. }) => Err(refused(why)),
            Ok(Applied::Already { .. } | Applied::Missing) => Err(refused("the attempt was revoked".to_owned())),
            Err(fault) => Err(refused(fault.message)),
        }
    }

    fn rename(&mut self, branch: String, worktree: std::path::PathBuf, session: String) -> Result<bool, Fault> {
        let amendment = Amendment::Rename {
            attempt: self.plan.id.clone(),
            branch: branch.clone(),
            worktree: worktree.clone(),
            session: session.clone(),
        };
        let renamed = self.engine.ports.store.amend(&amendment, &self.engine.stamp(Who::Dispatcher))?;
        if renamed {
            self.plan.branch = branch;
            self.plan.worktree = worktree;
            self.plan.session = session;
        }
        Ok(renamed)
    }

    /// P6: until the agent has started, or its attempt has ended, or there is no hope left.
    ///
    /// # Errors
    /// The failure to be undone.
    pub fn wait_for_start(&self) -> Result<Attempt, Failure> {
        let engine = self.engine;
        let failure = |why: String| Failure { step: StepName::Start, cause: Cause::Spawn, lasting: false, why };
        let timing = &self.settings.timing;
        let worktrees = &self.settings.worktrees;
        let setup = if worktrees.prepares() { worktrees.setup_timeout } else { Duration::ZERO };
        let mut version = None;
        let mut looked = Duration::ZERO;
        let mut absent = Duration::ZERO;
        let mut phase = Phase::Spawning;
        let outcome = engine.until(timing.start + setup, |waited| {
            let now = engine.ports.store.version()?;
            if version != Some(now) || waited.saturating_sub(looked) > Duration::from_millis(400) {
                version = Some(now);
                let Some(row) = engine.ports.store.attempt(&self.plan.id)? else {
                    return Ok(Some(Err("its row is gone".to_owned())));
                };
                phase = row.phase;
                let verifies = self.verify_only && row.phase == Phase::Verifying;
                if row.started_at.is_some() || verifies || row.phase == Phase::Exited {
                    return Ok(Some(Ok(row)));
                }
                if row.phase == Phase::Revoked {
                    let reason = engine.task(self.task.id)?.reason;
                    return Ok(Some(Err(reason.unwrap_or_else(|| "the attempt was revoked".to_owned()))));
                }
            }
            if engine.is_interrupted() {
                return Ok(Some(Err("interrupted".to_owned())));
            }
            if waited.saturating_sub(looked) > Duration::from_millis(400) {
                looked = waited;
                if phase == Phase::Running {
                    reconcile::one(engine, &self.plan.id)?;
                    return Ok(None);
                }
                match self.look_at_pane() {
                    Hope::Yes => absent = Duration::ZERO,
                    Hope::Fading(why) if absent.is_zero() => {
                        absent = waited;
                        drop(why);
                    }
                    Hope::Fading(why) if waited.saturating_sub(absent) >= DENIED => return Ok(Some(Err(why))),
                    Hope::Fading(_) => {}
                }
            }
            if phase == Phase::Spawning && waited >= timing.start {
                return Ok(Some(Err(self.no_start(timing.start))));
            }
            Ok(None)
        });
        match outcome {
            Ok(Some(Ok(row))) if row.phase == Phase::Exited && row.started_at.is_none() && !self.verify_only => {
                // Its task has been moved by the shim already: undo finds that out and says why.
                match dispatch::ended_early(engine, self) {
                    Ok(attempt) => Ok(attempt),
                    Err(fault) => Err(failure(fault.message)),
                }
            }
            Ok(Some(Ok(row))) => Ok(row),
            Ok(Some(Err(why))) => Err(failure(why)),
            Ok(None) => Err(failure(self.no_start(timing.start))),
            Err(fault) => Err(failure(fault.message)),
        }
    }

    fn no_start(&self, after: Duration) -> String {
        match &self.asked {
            Some(said) => said.clone(),
            None => format!("the agent did not start within {after:?}"),
        }
    }

    fn look_at_pane(&self) -> Hope {
        let said = || self.asked.clone();
        match self.engine.ports.mux.panes(&self.plan.socket) {
            Err(_) => Hope::Yes,
            Ok(Panes::NoServer) => Hope::Fading(said().unwrap_or_else(|| "the tmux server went away".to_owned())),
            Ok(Panes::Listed(panes)) => match panes.iter().find(|pane| pane.attempt() == Some(&self.plan.id)) {
                Some(pane) if pane.dead => {
                    let screen = self.engine.ports.mux.capture(&self.plan.socket, &pane.id, 20).unwrap_or_default();
                    let screen = crate::domain::text::plain(&screen);
                    let last = screen
                        .lines()
                        .map(str::trim)
                        .rfind(|line| !line.is_empty() && !line.starts_with("Pane is dead"));
                    Hope::Fading(match last {
                        Some(line) => format!("its pane ended before the agent started: {line}"),
                        None => "its pane ended before the agent started".to_owned(),
                    })
                }
                Some(_) => Hope::Yes,
                None => Hope::Fading(said().unwrap_or_else(|| "tmux has no such session".to_owned())),
            },
        }
    }
}

/// Whether the agent may yet start.
enum Hope {
    Yes,
    Fading(String),
}

fn launch_files(saga: &mut Saga<'_>) -> Result<(), Failure> {
    let (files, plan) = (&saga.engine.ports.files, &saga.plan);
    let written = encode(saga).map_err(std::io::Error::other).and_then(|orders| {
        files.write(&plan.files.prompt, plan.brief.prompt.as_bytes())?;
        if saga.profile.reads_preamble() {
            files.write(&plan.files.preamble(), preamble(saga).as_bytes())?;
        }
        files.write(&plan.files.launch, &orders)
    });
    written.map_err(|error| {
        let why = format!("writing {}: {error}", plan.files.launch.display());
        saga.failure(StepName::Launch, Cause::Spawn, false, why)
    })
}

/// What tells the agent how to report.
fn preamble<'a>(saga: &'a Saga<'_>) -> &'a str {
    if saga.profile.preamble { &saga.settings.completion.preamble } else { "" }
}

/// The agent's own name for the last conversation that it had in the tree that is taken over.
fn conversation(saga: &Saga<'_>) -> Option<String> {
    let mut adopts = saga.plan.adopts.clone();
    while let Some(earlier) = adopts.and_then(|id| saga.engine.ports.store.attempt(&id).ok().flatten()) {
        if earlier.conversation.is_some() && earlier.plan.agent == saga.plan.agent {
            return earlier.conversation;
        }
        // It only verified, or ended before it could say.
        adopts = earlier.plan.adopts;
    }
    None
}

fn argv(saga: &Saga<'_>) -> Vec<OsString> {
    let (plan, profile, preamble) = (&saga.plan, &saga.profile, preamble(saga));
    let conversation = conversation(saga);
    let template = profile.argv(plan.adopts.is_some(), conversation.as_deref());
    // An agent that can be told apart from its prompt is; the others read it at the prompt's end.
    let apart = preamble.is_empty() || template.iter().any(|word| word.contains("{preamble"));
    let after_prompt = if apart { String::new() } else { format!("\n\n{preamble}") };
    let permissions = if saga.task.draft.unsafe_mode { &profile.unsafe_args } else { &profile.safe_args };
    let values = Values {
        task: plan.task,
        title: &plan.brief.title,
        prompt: &plan.brief.prompt,
        after_prompt: &after_prompt,
        prompt_file: &plan.files.prompt,
        branch: &plan.branch,
        worktree: &plan.worktree,
        preamble,
        preamble_file: &plan.files.preamble(),
        conversation: conversation.as_deref(),
        permissions,
    };
    fill(template, &values)
}

fn encode(saga: &Saga<'_>) -> Result<Vec<u8>, String> {
    let (engine, settings, plan, profile) = (saga.engine, &saga.settings, &saga.plan, &saga.profile);
    let unprepared = !saga.verify_only && setup::is_due(engine, plan)?;
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Launch {
        version: launch::VERSION,
        task: plan.task.0,
        attempt: plan.id.to_string(),
        database: engine.around.database.as_path().into(),
        state_dir: engine.around.state_dir.as_path().into(),
        socket: plan.socket.as_path().into(),
        worktree: plan.worktree.as_path().into(),
        verify_only: saga.verify_only,
        argv: argv(saga).iter().map(|word| word.as_os_str().into()).collect(),
        environment: environment(saga),
        umask: Some(engine.around.umask),
        fresh: plan.adopts.is_none(),
        copy: if unprepared { settings.worktrees.copy.clone() } else { Vec::new() },
        link: if unprepared { settings.worktrees.link.clone() } else { Vec::new() },
        checkout_hook: unprepared && settings.worktrees.hooks,
        setup: if unprepared { settings.worktrees.setup.clone() } else { Vec::new() },
        setup_timeout: millis(settings.worktrees.setup_timeout),
        verify: plan.brief.verify.clone(),
        verify_timeout: millis(settings.completion.verify_timeout),
        timeout: plan.brief.timeout.map(millis),
        grace: millis(settings.tmux.grace),
        review_without_output: profile.no_output == NoOutput::Review,
        hooks: profile.hooks.clone(),
        waiting: profile.waiting.clone(),
        limit: profile.limit.clone(),
        resume_after_limit: profile.resume_after_limit,
        notify: settings.notify.clone(),
        program: Some(engine.around.program.as_path().into()),
        git_deadline: millis(settings.timing.git),
        tmux_deadline: millis(settings.timing.tmux),
        database_deadline: millis(settings.timing.database),
        max_orphan_retries: settings.queue.max_orphan_retries,
    }
    .encode()
}

/// What the agent does not get from the dispatcher: what its own terminal gives it, and what would mislead it.
fn is_withheld(name: &[u8]) -> bool {
    const EXACT: [&[u8]; 10] =
        [b"TERM", b"COLORTERM", b"TMUX", b"TMUX_PANE", b"COLUMNS", b"LINES", b"OLDPWD", b"SHLVL", b"PWD", b"_"];
    EXACT.contains(&name)
        || name.starts_with(b"TERM_PROGRAM")
        || name.starts_with(b"GIT_")
        || name.starts_with(b"GANGER_")
}

fn environment(saga: &Saga<'_>) -> Vec<(Word, Word)> {
    let (engine, plan) = (saga.engine, &saga.plan);
    let mut environment: Vec<(OsString, OsString)> =
        engine.around.environment.iter().filter(|(name, _)| !is_withheld(name.as_bytes())).cloned().collect();
    environment.extend(saga.profile.env.iter().map(|(name, value)| (name.into(), value.into())));
    let mut own = |name: &str, value: OsString| environment.push((name.into(), value));
    own("GANGER_TASK", plan.task.to_string().into());
    own("GANGER_ATTEMPT", plan.id.to_string().into());
    own("GANGER_TOKEN", plan.token.clone().into());
    own("GANGER_BRANCH", plan.branch.clone().into());
    own("GANGER_WORKTREE", plan.worktree.clone().into());
    own("GANGER_BASE", plan.base.clone().into());
    own("GANGER_DB", engine.around.database.clone().into());
    own("GANGER_STATE_DIR", engine.around.state_dir.clone().into());
    own("GANGER_BIN", engine.around.program.clone().into());
    own("GANGER_OUTBOX", outbox::folder(&plan.worktree).into());
    if let Some(port) = plan.port {
        own("GANGER_PORT", port.to_string().into());
    }
    if let Some(config) = &engine.around.config {
        own("GANGER_CONFIG", config.clone().into());
    }
    environment.iter().map(|(name, value)| (name.as_os_str().into(), value.as_os_str().into())).collect()
}

fn worktree(saga: &mut Saga<'_>) -> Result<(), Failure> {
    if saga.plan.adopts.is_some() {
        return adopt(saga);
    }
    let mut made = add(saga);
    if let Err(TreeError::Taken(_)) = made {
        let names = plan::another(&saga.settings, &saga.task, &format!("-{}", saga.engine.ports.clock.suffix()));
        let session = saga.plan.session.clone();
        let renamed = saga
            .rename(names.branch, names.worktree, session)
            .map_err(|fault| saga.failure(StepName::Worktree, Cause::Worktree, false, fault.message))?;
        if renamed {
            // The orders name the worktree.
            launch_files(saga)?;
            made = add(saga);
        }
    }
    match made {
        Ok(()) => {
            hold(saga);
            saga.advance(StepName::Worktree, &Event::TreeMade)
        }
        Err(error) => {
            let lasting = matches!(error, TreeError::Impossible(_));
            Err(saga.failure(StepName::Worktree, Cause::Worktree, lasting, error.to_string()))
        }
    }
}

/// The claim has made this attempt the tree's owner; an earlier one's clean-up may have been at it just then.
fn adopt(saga: &Saga<'_>) -> Result<(), Failure> {
    let (engine, plan) = (saga.engine, &saga.plan);
    let adopted = engine.ports.trees.adopt(&plan.repo, &plan.worktree);
    let lasting = matches!(adopted, Err(TreeError::Impossible(_)));
    let why = match adopted {
        Ok(Intact::Yes) => {
            hold(saga);
            return saga.advance(StepName::Worktree, &Event::TreeMade);
        }
        Ok(Intact::No(why)) => match trees::make_again(engine, plan) {
            Ok(true) => {
                hold(saga);
                return saga.advance(StepName::Worktree, &Event::TreeMade);
            }
            // Who moved or removed it was not its owner any more, and could not say so.
            Ok(false) => found_instead(engine, plan).unwrap_or(why),
            Err(error) => format!("{why}; {error}"),
        },
        Err(error) => error.to_string(),
    };
    Err(saga.failure(StepName::Worktree, Cause::Worktree, lasting, why))
}

/// Locks the tree for as long as its attempt lives. A dispatch does not fail for that: what is lost without the lock is
/// a guard against others, and they would be told on.
fn hold(saga: &Saga<'_>) {
    saga.engine.ports.trees.hold(&saga.plan).ok();
}

/// What became of a tree that is not where its owner expects it. Its record says so from now on.
fn found_instead(engine: &Engine, plan: &Plan) -> Option<String> {
    let all = engine.ports.store.all_trees(Some(plan.task)).ok()?;
    let tree = all.into_iter().find(|tree| tree.path == plan.worktree && tree.owner == plan.id)?;
    trees::settle(engine, &tree, false).ok()?.found.trouble(&tree.path)
}

fn add(saga: &Saga<'_>) -> Result<(), TreeError> {
    let plan = &saga.plan;
    let tree = NewTree { repo: &plan.repo, path: &plan.worktree, branch: &plan.branch, base: &plan.base };
    saga.engine.ports.trees.add(&tree, &|| plan::still_wanted(saga.engine, &plan.id))
}

fn session(saga: &mut Saga<'_>) -> Result<(), Failure> {
    saga.advance(StepName::Session, &Event::Spawning)?;
    let mut asked = ask_for_session(saga);
    if let Err(MuxError::Taken(_)) = asked {
        let suffix = format!("-{}", saga.engine.ports.clock.suffix());
        let names = plan::another(&saga.settings, &saga.task, &suffix);
        let (branch, worktree) = (saga.plan.branch.clone(), saga.plan.worktree.clone());
        let renamed = saga
            .rename(branch, worktree, names.session)
            .map_err(|fault| saga.failure(StepName::Session, Cause::Spawn, false, fault.message))?;
        if renamed {
            asked = ask_for_session(saga);
        }
    }
    // Whatever the answer, the session may exist, or come yet: the shim's commit is what counts.
    saga.asked = asked.err().map(|error| error.to_string());
    Ok(())
}

fn ask_for_session(saga: &Saga<'_>) -> Result<(), MuxError> {
    let (engine, plan) = (saga.engine, &saga.plan);
    let argv = [
        engine.around.program.clone().into_os_string(),
        "__agent".into(),
        plan.id.to_string().into(),
        plan.files.launch.clone().into_os_string(),
    ];
    let session = NewSession {
        name: &plan.session,
        attempt: &plan.id,
        folder: Path::new(&plan.worktree),
        argv: &argv,
        columns: saga.settings.tmux.columns,
        rows: saga.settings.tmux.rows,
        alternate_screen: saga.settings.tmux.alternate_screen,
    };
    engine.ports.mux.start(&plan.socket, &session)
}
