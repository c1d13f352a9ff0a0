//! The command line: arguments in, use cases called, words and exit codes out. Wires everything, decides nothing.

mod args;
mod board;
mod commands;
mod complete;
mod environment;
mod gate;
mod json;
mod output;
mod titles;
mod wiring;

use std::ffi::OsString;
use std::process::ExitCode;

use titles::Unread;

use crate::engine::{Fault, Kind};
use crate::os::{ancestry, notify};

pub use args::command;

/// Runs the program.
#[must_use]
pub fn run(argv: Vec<OsString>) -> ExitCode {
    if argv.get(1).is_some_and(|word| word == "__agent") {
        return ExitCode::from(commands::agent::run(&argv[2..]));
    }
    if argv.get(1).is_some_and(|word| word == "__hook") {
        commands::hook::run(&argv[2..]);
        return ExitCode::SUCCESS;
    }
    if argv.get(1).is_some_and(|word| word == notify::WORD) {
        // It leaves its caller's descent behind, and acts for a person: not for whoever runs it directly.
        if !ancestry::is_nobodys() {
            return output::fault(&Fault::new(Kind::Usage, format!("{} is ganger's own command", notify::WORD)), false);
        }
        let log = argv.get(2).map(std::path::PathBuf::from).unwrap_or_default();
        notify::run(&log, argv.get(3..).unwrap_or_default());
        return ExitCode::SUCCESS;
    }
    output::finish(parsed(argv))
}

/// Reads the arguments and does what they say.
fn parsed(argv: Vec<OsString>) -> ExitCode {
    match complete::answer(argv.clone()) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => {
            output::parsed(&error);
            return ExitCode::from(Kind::Usage.code());
        }
    }
    let is_json = |word: &OsString| word == "--json" || word.as_encoded_bytes().starts_with(b"--json=");
    let wants_json = argv.iter().take_while(|word| *word != "--").any(is_json);
    match titles::read(argv) {
        Ok(args) => commands::run(args),
        Err(Unread::Title(fault)) => output::fault(&fault, wants_json),
        Err(Unread::Arguments(error)) if error.use_stderr() && wants_json => {
            let message = error.render().to_string();
            let message = message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            output::fault(&Fault::new(Kind::Usage, message).hint("ganger --help"), true)
        }
        Err(Unread::Arguments(error)) => {
            // Help and version are no errors.
            output::parsed(&error);
            ExitCode::from(if error.use_stderr() { Kind::Usage.code() } else { 0 })
        }
    }
}
