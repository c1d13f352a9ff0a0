//! The arguments of `ganger import` and `ganger export`.

use clap::Args as ClapArgs;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;

use super::{Status, status};
use crate::formats::Format;

#[derive(Debug, ClapArgs)]
pub struct Import {
    /// The list: a file, or - for standard input
    #[arg(value_name = "FILE|-")]
    pub file: String,
    /// What it is written in [default: what its content says]
    #[arg(long, value_name = "NAME", value_parser = format_parser())]
    pub format: Option<Format>,
    /// Only prints what would be added, changed and skipped
    #[arg(long)]
    pub dry_run: bool,
    /// Each heading of a Markdown checklist begins a batch, which waits for the one before
    #[arg(long)]
    pub headings: bool,
    /// Which column of a CSV file is which field: title, prompt, id, agent, priority, batch, after, files, verify
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = mapped, value_delimiter = ',')]
    pub map: Vec<(String, String)>,
    /// The profile of tasks for which the list names none [default: default_agent of the configuration]
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// Allows tasks that ask for the profile's unsafe arguments
    #[arg(long = "unsafe")]
    pub unsafe_mode: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Export {
    /// Only tasks with this status; may be repeated
    #[arg(long, value_name = "S", value_parser = status)]
    pub status: Vec<Status>,
    /// Include archived tasks
    #[arg(long)]
    pub archived: bool,
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(|(name, _)| name)).try_map(|name| {
        let found = Format::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format);
        found.ok_or_else(|| format!("{name:?} is no format"))
    })
}

fn mapped(text: &str) -> Result<(String, String), String> {
    let (field, column) = text.split_once('=').ok_or_else(|| "write FIELD=COLUMN, such as title=Summary".to_owned())?;
    Ok((field.trim().to_owned(), column.trim().trim_matches('"').to_owned()))
}
