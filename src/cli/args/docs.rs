//! The page of the commands, made from the command line's own definition.

use std::fmt::Write as _;

use clap::{Arg, Command};

use crate::config::tests::generated::{cell, compare};

const PAGE: &str = "\
# Commands

What `ganger COMMAND --help` says, on one page; `ganger man` prints it as manual pages. The codes that commands exit with are in
the README, what `--json` prints is in [json.md](json.md). This page is made from the program's own definition.
";

/// The page.
fn page() -> String {
    let mut whole = super::command();
    whole.build();
    let mut text = PAGE.to_owned();
    text.push_str("\n## Everywhere\n\n");
    options(&mut text, whole.get_arguments().filter(|argument| argument.is_global_set()));
    for command in shown(&whole) {
        describe(&mut text, "ganger", command);
    }
    text
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

fn describe(text: &mut String, above: &str, command: &Command) {
    let name = format!("{above} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").split_whitespace().collect::<Vec<_>>().join(" ");
    write!(text, "\n## `{name}`\n\n{about}.\n\n`{usage}`\n").unwrap();
    let mut own =
        command.get_arguments().filter(|argument| !argument.is_global_set() && !is_of_clap(argument)).peekable();
    if own.peek().is_some() {
        text.push('\n');
        options(text, own);
    }
    for command in shown(command) {
        describe(text, &name, command);
    }
}

fn is_of_clap(argument: &Arg) -> bool {
    argument.is_hide_set() || ["help", "version"].contains(&argument.get_id().as_str())
}

fn options<'a>(text: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    text.push_str("| argument | meaning |\n|---|---|\n");
    for argument in arguments {
        let short = argument.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let values: Vec<String> = argument
            .get_possible_values()
            .iter()
            .filter(|_| argument.get_action().takes_values())
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        let values = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
        writeln!(text, "| {short}`{}` | {} |", cell(&argument.to_string()), cell(&format!("{help}{values}"))).unwrap();
    }
}

#[test]
fn the_page_of_commands_is_made_from_their_definition() {
    compare("docs/commands.md", &page());
}

#[test]
fn the_readme_names_every_command() {
    let readme = include_str!("../../../README.md");
    let (_, table) = readme.split_once("\n## Commands\n").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let named: Vec<&str> = table.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
    let command = super::command();
    for command in shown(&command) {
        assert!(named.contains(&command.get_name()), "the README's table of commands lacks {}", command.get_name());
    }
}
