//! The commands, one file each.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::args::{Args, Command};
use super::wiring::Wiring;
use super::{board, complete, gate, json, output};
use crate::domain::permission::Verb;
use crate::domain::task::Task;
use crate::domain::text;
use crate::engine::{Engine, Fault, Kind};

pub mod add;
pub mod agent;
pub mod agents;
pub mod archive;
pub mod attach;
pub mod comment;
mod config;
pub mod demo;
pub mod diff;
pub mod dispatch;
pub mod doctor;
pub mod edit;
pub mod events;
pub mod export;
pub mod hook;
pub mod import;
pub mod list;
pub mod log;
mod man;
pub mod merge;
mod pr;
mod prompt;
pub mod reconcile;
pub mod report;
pub mod review;
pub mod rm;
mod run;
pub mod send;
pub mod shell;
pub mod show;
pub mod status_line;
pub mod stop;
mod tidy;
pub mod trash;
mod trust;
pub mod tui;
pub mod undo;
pub mod wait;

/// What a command comes to: an exit code, or a fault that is yet to be printed.
pub type Outcome = Result<ExitCode, Fault>;

/// Runs the command.
#[must_use]
pub fn run(args: Args) -> ExitCode {
    let as_json = args.global.json;
    let global = args.global.clone();
    let Some(mut command) = args.command else {
        if args.reconcile {
            let verb = if args.dry_run { Verb::ReconcileCheck } else { Verb::Reconcile };
            let outcome = Wiring::new(&global).and_then(|mut wiring| {
                gate::pass(&mut wiring, &[verb], None)?;
                reconcile::once(&wiring, args.dry_run, false)
            });
            return outcome.unwrap_or_else(|fault| output::fault(&fault, as_json));
        }
        return Wiring::new(&global)
            .and_then(|mut wiring| {
                gate::pass(&mut wiring, &[Verb::Board], None)?;
                tui::run(wiring, args.all)
            })
            .unwrap_or_else(|fault| output::fault(&fault, as_json));
    };
    if args.reconcile {
        let fault = Fault::new(Kind::Usage, "--reconcile is a command of its own");
        return output::fault(&fault.hint("ganger --reconcile, and the other command by itself"), as_json);
    }
    if args.all {
        let Command::List(list) = &mut command else {
            let fault = Fault::new(Kind::Usage, "--all before a command is for the board and for list only");
            return output::fault(&fault.hint("ganger COMMAND --help"), as_json);
        };
        list.all = true;
    }
    let names_fields = global.fields.as_ref().is_some_and(|fields| !fields.is_empty());
    if names_fields && !matches!(command, Command::List(_) | Command::Show(_)) {
        let fault = Fault::new(Kind::Usage, "--json=FIELD,… is for list and show");
        return output::fault(&fault.hint("--json prints everything"), as_json);
    }
    let verbs = gate::verbs(&command);
    // These two must work whatever is wrong with the configuration, and the status line must be quick.
    match &command {
        Command::StatusLine(args) => return status_line::run(&global, args),
        Command::Completions { shell } => {
            return match complete::script(*shell) {
                Ok(script) => {
                    output::put(&script);
                    ExitCode::SUCCESS
                }
                Err(fault) => output::fault(&fault, as_json),
            };
        }
        Command::Man(args) => return man::run(args).unwrap_or_else(|fault| output::fault(&fault, as_json)),
        Command::TmuxConf => return man::tmux_conf(),
        Command::Skill => return man::skill(),
        Command::Config { command } => {
            let outcome = gate::pass_unconfigured(&global, &verbs).and_then(|()| config::run(&global, command));
            return outcome.unwrap_or_else(|fault| output::fault(&fault, as_json));
        }
        _ => {}
    }
    let outcome = Wiring::new(&global).and_then(|mut wiring| {
        gate::pass(&mut wiring, &verbs, gate::about(&command))?;
        if global.verbose {
            trust::mention(&wiring);
        }
        carry_out(&wiring, command)
    });
    outcome.unwrap_or_else(|fault| output::fault(&fault, as_json))
}

fn carry_out(wiring: &Wiring, command: Command) -> Outcome {
    match command {
        Command::Add(args) => add::run(wiring, args),
        Command::Import(args) => import::run(wiring, &args),
        Command::Export(args) => export::run(wiring, args),
        Command::List(args) => list::run(wiring, &args),
        Command::Show(args) => show::run(wiring, args.id),
        Command::Path(args) => show::path(wiring, args.id),
        Command::Shell(args) => shell::run(wiring, args.id),
        Command::Edit(args) => edit::run(wiring, args),
        Command::Dispatch(args) => dispatch::run(wiring, &args),
        Command::Run(args) => run::run(wiring, &args),
        Command::Reconcile(args) => reconcile::run(wiring, &args),
        Command::Attach(args) => attach::run(wiring, args.id),
        Command::Peek(args) => log::peek(wiring, &args),
        Command::Log(args) => log::run(wiring, &args),
        Command::Diff(args) => diff::run(wiring, &args),
        Command::Send(args) => send::run(wiring, &args),
        Command::Stop(args) => stop::run(wiring, &args),
        Command::Retry(args) => dispatch::retry(wiring, &args),
        Command::Bounce(args) => review::bounce(wiring, &args),
        Command::Approve(args) => review::approve(wiring, args.id),
        Command::Merge(args) => merge::run(wiring, args),
        Command::Comment(args) => comment::run(wiring, args),
        Command::Pr(args) => pr::run(wiring, args),
        Command::Reopen(args) => review::reopen(wiring, args.id),
        Command::Wait(args) => wait::run(wiring, &args),
        Command::Done(args) => report::done(wiring, &args),
        Command::Fail(args) => report::fail(wiring, args),
        Command::Ask(args) => report::ask(wiring, args),
        Command::Note(args) => report::note(wiring, args),
        Command::Rm(args) => rm::run(wiring, &args),
        Command::Tidy(args) => tidy::run(wiring, &args),
        Command::Archive(args) => archive::run(wiring, &args),
        Command::Unarchive(args) => archive::back(wiring, args.id),
        Command::Trash { command } => trash::run(wiring, &command),
        Command::Undo => undo::run(wiring),
        Command::Events(args) => events::run(wiring, &args),
        Command::Agents { command } => agents::run(wiring, command.as_ref()),
        Command::Trust(args) => trust::run(wiring, &args),
        Command::Doctor { fix } => doctor::run(wiring, fix),
        Command::Demo => demo::run(wiring),
        Command::StatusLine(_)
        | Command::Config { .. }
        | Command::Completions { .. }
        | Command::Man(_)
        | Command::TmuxConf
        | Command::Skill => Ok(ExitCode::SUCCESS),
    }
}

/// Says that a text was not typed as it was given.
pub fn mention_left_out(given: &str) {
    let text = given.replace("\r\n", "\n").replace('\r', "\n");
    let left_out = text.chars().count().saturating_sub(text::typed(&text).chars().count());
    if left_out > 0 {
        let characters = if left_out == 1 { "character was" } else { "characters were" };
        output::mention(&format!("{left_out} control {characters} left out of the text: they would have been keys"));
    }
}

/// Says what became of one task: as JSON, or in a sentence.
///
/// # Errors
/// Those of the store.
pub fn answer(wiring: &Wiring, engine: &Engine, task: &Task, sentence: &str) -> Outcome {
    if wiring.global.json {
        output::object(json!({ "tasks": [json::task(&board::Looker::new(engine).card(task.clone())?)] }));
    } else {
        output::say(&format!("{sentence}{}", elsewhere(wiring, engine, &task.draft.repo)));
    }
    Ok(ExitCode::SUCCESS)
}

/// In which repository that was, where it is not the one around here: ids are global, and one is mistyped easily.
fn elsewhere(wiring: &Wiring, engine: &Engine, repo: &Path) -> String {
    let here = wiring.global.repo.clone().or_else(|| std::env::current_dir().ok());
    let is_within = here.and_then(|here| here.canonicalize().ok()).is_some_and(|here| here.starts_with(repo));
    // Within the repository's own folder git need not be asked.
    if is_within || wiring.repository_if_any(engine).is_ok_and(|around| around.is_none_or(|around| around == repo)) {
        return String::new();
    }
    format!(" (in {})", text::line(&repo.file_name().unwrap_or(repo.as_os_str()).to_string_lossy()))
}

/// Asks the user at the terminal; `None` where there is none to ask at.
///
/// # Errors
/// Where the terminal can't be written or read.
pub fn consents(question: &str) -> Result<Option<bool>, Fault> {
    if !output::is_interactive() {
        return Ok(None);
    }
    let failed = |error: std::io::Error| Fault::io("asking", &error);
    let mut out = std::io::stdout().lock();
    write!(out, "{question} [y/N] ").and_then(|()| out.flush()).map_err(failed)?;
    let mut said = String::new();
    std::io::stdin().read_line(&mut said).map_err(failed)?;
    Ok(Some(matches!(said.trim(), "y" | "Y" | "yes")))
}

/// Reads a duration of an argument.
///
/// # Errors
/// [`Kind::Usage`], naming it.
pub fn duration(option: &str, text: &str) -> Result<std::time::Duration, Fault> {
    crate::domain::duration::parse(text).ok_or_else(|| {
        Fault::new(Kind::Usage, format!("{option} {text:?} is not a duration")).hint(format!("like {option} 10m"))
    })
}
