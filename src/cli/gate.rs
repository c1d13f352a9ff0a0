//! Which verbs a command line amounts to, and whether whoever gives it may.

use std::path::PathBuf;
use std::sync::Arc;

use super::args::{Agents, Command, Config, Global, Trash};
use super::environment::variable;
use super::wiring::Wiring;
use crate::config;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::permission::{Caller, Reach, Verb};
use crate::engine::permission::Named;
use crate::engine::{Fault, permission};
use crate::os::ancestry;

/// What a command does. A new one has to say it here.
#[rustfmt::skip]
pub fn verbs(command: &Command) -> Vec<Verb> {
    let and = |verb: Verb, more: &[(bool, Verb)]| {
        let more = more.iter().filter(|(asked, _)| *asked).map(|(_, verb)| *verb);
        std::iter::once(verb).chain(more).collect()
    };
    match command {
        Command::Add(args) => and(Verb::Add, &[(args.start, Verb::Dispatch), (args.unsafe_mode, Verb::AddUnsafe)]),
        Command::Import(args) => {
            let import = if args.dry_run { Verb::ImportPreview } else { Verb::Import };
            and(import, &[(args.unsafe_mode && !args.dry_run, Verb::AddUnsafe)])
        }
        Command::Export(_) => vec![Verb::Export],
        Command::List(_) => vec![Verb::List],
        Command::Show(_) => vec![Verb::Show],
        Command::Path(_) => vec![Verb::Path],
        Command::Shell(_) => vec![Verb::Shell],
        Command::Edit(args) => and(Verb::Edit, &[(args.wishes.unsafe_mode, Verb::EditUnsafe)]),
        Command::Dispatch(args) => and(Verb::Dispatch, &[(args.over_limit, Verb::DispatchOverLimit)]),
        Command::Run(_) => vec![Verb::Run],
        Command::Reconcile(args) if args.check || args.dry_run => vec![Verb::ReconcileCheck],
        Command::Reconcile(_) => vec![Verb::Reconcile],
        Command::Attach(_) => vec![Verb::Attach],
        Command::Peek(_) => vec![Verb::Peek],
        Command::Log(_) => vec![Verb::Log],
        Command::Diff(_) => vec![Verb::Diff],
        Command::Send(_) => vec![Verb::Send],
        Command::Stop(_) => vec![Verb::Stop],
        Command::Retry(_) => vec![Verb::Retry],
        Command::Bounce(_) => vec![Verb::Bounce],
        Command::Approve(_) => vec![Verb::Approve],
        Command::Merge(args) if args.dry_run => vec![Verb::MergePreview],
        Command::Merge(_) => vec![Verb::Merge],
        Command::Comment(args) if args.list => vec![Verb::CommentList],
        Command::Comment(args) if args.handled.is_some() => vec![Verb::CommentHandled],
        Command::Comment(_) => vec![Verb::Comment],
        Command::Pr(_) => vec![Verb::Pr],
        Command::Reopen(_) => vec![Verb::Reopen],
        Command::Wait(_) => vec![Verb::Wait],
        Command::Done(_) => vec![Verb::Done],
        Command::Fail(_) => vec![Verb::Fail],
        Command::Ask(_) => vec![Verb::Ask],
        Command::Note(_) => vec![Verb::Note],
        Command::Rm(args) => and(Verb::Rm, &[(args.stop, Verb::Stop)]),
        Command::Trash { command: Trash::List { .. } | Trash::Show { .. } } => vec![Verb::TrashList],
        Command::Trash { command: Trash::Restore(_) } => vec![Verb::TrashRestore],
        Command::Trash { command: Trash::Empty(_) } => vec![Verb::TrashEmpty],
        Command::Tidy(args) if args.dry_run => vec![Verb::TidyPreview],
        Command::Tidy(_) => vec![Verb::Tidy],
        Command::Archive(args) => and(Verb::Archive, &[(args.stop, Verb::Stop)]),
        Command::Unarchive(_) => vec![Verb::Unarchive],
        Command::Undo => vec![Verb::Undo],
        Command::Events(_) => vec![Verb::Events],
        Command::StatusLine(_) => vec![Verb::StatusLine],
        Command::Config { command: Config::Init } => vec![Verb::ConfigInit],
        Command::Config { command: Config::Show | Config::Path | Config::Check } => vec![Verb::Config],
        Command::Agents { command: None | Some(Agents::InstallHooks { print: true, .. }) } => vec![Verb::Agents],
        Command::Agents { command: Some(Agents::InstallHooks { print: false, .. } | Agents::UninstallHooks { .. }) } => {
            vec![Verb::Hooks]
        }
        Command::Trust(args) if args.show => vec![Verb::TrustShow],
        Command::Trust(_) => vec![Verb::Trust],
        Command::Doctor { fix: false } => vec![Verb::Doctor],
        Command::Doctor { fix: true } => vec![Verb::DoctorFix],
        Command::Completions { .. } => vec![Verb::Completions],
        Command::Man(_) => vec![Verb::Man],
        Command::TmuxConf => vec![Verb::TmuxConf],
        Command::Skill => vec![Verb::Skill],
        Command::Demo => vec![Verb::Demo],
    }
}

/// The task that a word is said to be about.
pub fn about(command: &Command) -> Option<TaskId> {
    match command {
        Command::Done(args) => args.task,
        Command::Fail(args) => args.task,
        Command::Ask(args) | Command::Note(args) => args.task,
        Command::Comment(args) if args.handled.is_some() => Some(args.id),
        _ => None,
    }
    .map(TaskId)
}

/// As [`pass`], for what must work whatever is wrong with the configuration.
///
/// # Errors
/// As for [`pass`].
pub fn pass_unconfigured(global: &Global, verbs: &[Verb]) -> Result<(), Fault> {
    if all_read(verbs) {
        return Ok(());
    }
    let mut wiring = Wiring::with(global, config::defaults(&|name| std::env::var_os(name)))?;
    pass(&mut wiring, verbs, None)
}

fn all_read(verbs: &[Verb]) -> bool {
    verbs.iter().all(|verb| verb.reach() == Reach::Reads)
}

/// Finds out who gives the command and refuses what they may not do; what they do is recorded as theirs.
///
/// # Errors
/// See [`permission::check`]; those of the store.
pub fn pass(wiring: &mut Wiring, verbs: &[Verb], about: Option<TaskId>) -> Result<(), Fault> {
    if all_read(verbs) {
        return Ok(());
    }
    let above = ancestry::shims_above();
    let named = Named {
        attempt: variable("GANGER_ATTEMPT").and_then(|text| AttemptId::parse(&text).ok()),
        task: variable("GANGER_TASK").and_then(|text| text.parse().ok()).map(TaskId),
        worktree: std::env::var_os("GANGER_WORKTREE").map(PathBuf::from),
        token: variable("GANGER_TOKEN"),
    };
    if above.is_empty() && named.attempt.is_none() && named.task.is_none() {
        return Ok(());
    }
    let engine = match wiring.engine() {
        Ok(engine) => engine,
        // From a sandbox that can't open the board, a word without a task becomes a letter, whose token is checked.
        Err(_) if about.is_none() && verbs.iter().all(|verb| verb.reach() == Reach::OwnWord) => return Ok(()),
        Err(fault) => return Err(fault),
    };
    let caller = permission::caller(&engine, &above, &named)?;
    drop(engine);
    if caller == Caller::Person {
        return Ok(());
    }
    Arc::make_mut(&mut wiring.around).caller = caller;
    let engine = wiring.engine()?;
    verbs.iter().try_for_each(|verb| permission::check(&engine, *verb, about))
}
