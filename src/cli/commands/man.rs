//! `ganger man`, `ganger tmux-conf` and `ganger skill`: pages that are printed as they are.

use std::path::Path;
use std::process::ExitCode;

use clap::Command;

use super::Outcome;
use crate::cli::args::{self, Man};
use crate::cli::output;
use crate::engine::{Fault, Kind};

/// Prints the manual page of the program or of one command, or writes all of them into a folder.
///
/// # Errors
/// [`Kind::Usage`] for a command that there is not; those of writing.
pub fn run(args: &Man) -> Outcome {
    let mut whole = args::command();
    whole.build();
    if let Some(folder) = &args.dir {
        let mut pages = vec![whole.clone()];
        pages.extend(whole.get_subcommands().filter(|command| command.get_name() != "help").cloned());
        for page in pages {
            write(folder, page)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let page = match &args.command {
        None => whole,
        Some(name) => whole.find_subcommand(name).cloned().ok_or_else(|| {
            Fault::new(Kind::Usage, format!("there is no command {name:?}")).hint("ganger --help lists them")
        })?,
    };
    let (_, text) = rendered(page)?;
    output::put(&text);
    Ok(ExitCode::SUCCESS)
}

/// A page's name, and its text in roff.
fn rendered(command: Command) -> Result<(String, String), Fault> {
    let name = match command.get_name() {
        "ganger" => "ganger".to_owned(),
        name => format!("ganger-{name}"),
    };
    let mut page = Vec::new();
    // clap keeps names for as long as the program runs; there are as many as there are commands.
    let leaked: &'static str = Box::leak(name.clone().into_boxed_str());
    clap_mangen::Man::new(command.name(leaked))
        .render(&mut page)
        .map_err(|error| Fault::io("rendering a page", &error))?;
    Ok((name, String::from_utf8_lossy(&page).into_owned()))
}

fn write(folder: &Path, command: Command) -> Result<(), Fault> {
    let (name, text) = rendered(command)?;
    let path = folder.join(format!("{name}.1"));
    let failed = |error: std::io::Error| Fault::io(&format!("writing {}", path.display()), &error);
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text)).map_err(failed)?;
    output::path(&path);
    Ok(())
}

/// Prints what teaches an agent to drive the board.
pub fn skill() -> ExitCode {
    output::put(include_str!("../../../assets/skill.md"));
    ExitCode::SUCCESS
}

/// Prints the lines for a tmux.conf.
pub fn tmux_conf() -> ExitCode {
    output::put(include_str!("../../../assets/tmux.conf"));
    ExitCode::SUCCESS
}
