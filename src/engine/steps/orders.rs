//! The orders of a dispatch to its shim.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use super::saga::Saga;
use super::setup;
use crate::domain::profile::{NoOutput, Values, fill};
use crate::engine::outbox;
use crate::wire::launch::{self, Launch, Word};

/// What tells the agent how to report.
pub(super) fn preamble<'a>(saga: &'a Saga<'_>) -> &'a str {
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
    // The permissions are the agent's own arguments.
    let wrap = fill(&profile.wrap, &Values { permissions: &[], ..values });
    wrap.into_iter().chain(fill(template, &values)).collect()
}

/// The launch file.
pub(super) fn encode(saga: &Saga<'_>) -> Result<Vec<u8>, String> {
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
        include: unprepared && setup::includes(engine, settings, plan)?,
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
