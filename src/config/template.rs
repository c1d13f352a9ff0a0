//! The commented default file, and the page of settings in the docs, made from the table.

use toml::Value;

use super::defaults;
use super::table::{Row, Rows, SECTIONS};
use crate::domain::profile::Profile;
use crate::domain::settings::Settings;
use crate::domain::template::Template;
use crate::tui::keymap;

/// The width of a comment.
const WIDTH: usize = 118;

const HEAD: &str = "\
# The configuration of ganger. Every setting stands here with its default, commented out: remove the `#` in front
# of one to change it. Unknown keys and invalid values are refused, with their line: `ganger config check`.
# `ganger config show` prints what is in force, `ganger config path` where it was read.
#
# A repository may have a file `.ganger.toml` of its own, in its main worktree, with default_agent and the sections
# [agents], [templates], [worktrees], [queue] (timeout and max_orphan_retries) and [completion]. It is laid over this one: tables
# merge by key, lists replace. It is obeyed once you have read it and run `ganger trust`, until it changes.
#
# Durations are numbers with units: \"500ms\", \"10s\", \"15m\", \"1h30m\", \"2d\".
";

/// The home that stands for anybody's.
const HOME: &str = "/~";

/// The built-in settings, for anybody.
fn anybodys() -> Settings {
    defaults(&|name| (name == "HOME").then(|| HOME.into()))
}

/// The commented default file: what `config init` writes.
#[must_use]
pub fn commented() -> String {
    let settings = &anybodys();
    let mut text = HEAD.to_owned();
    for section in SECTIONS {
        text.push('\n');
        comment(&mut text, section.doc);
        match section.rows {
            Rows::Settings(rows) => {
                if !section.name.is_empty() {
                    push_line(&mut text, &format!("#[{}]", section.name));
                }
                lines(&mut text, rows, settings);
            }
            Rows::Agents(rows) => {
                text.push_str("#[agents.mine]\n");
                lines(&mut text, rows, &Profile::new("mine"));
            }
            Rows::Templates(rows) => {
                text.push_str("#[templates.bug]\n");
                lines(&mut text, rows, &Template::new("bug"));
            }
            Rows::Keys => {
                push_line(&mut text, &format!("#[{}]", section.name));
                for context in keymap::Context::ALL {
                    comment(&mut text, &format!("{}:", context.title()));
                    for binding in keymap::rows(context) {
                        let keys: Vec<String> = binding.keys.iter().map(|key| (*key).to_owned()).collect();
                        push_line(&mut text, &format!("#{} = {}", binding.name, Value::from(keys)));
                    }
                }
            }
        }
    }
    text
}

fn lines<T>(text: &mut String, rows: &[Row<T>], of: &T) {
    for row in rows {
        comment(text, row.doc);
        push_line(text, &format!("#{} = {}", row.key, shown(row, of)));
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// The example, else the default value.
fn shown<T>(row: &Row<T>, of: &T) -> String {
    let value = || (row.show)(of).unwrap_or_else(|| Vec::<String>::new().into()).to_string();
    let value = row.example.map_or_else(value, str::to_owned);
    value.replace("\"/~/", "\"~/")
}

/// Wraps a text into comment lines.
fn comment(text: &mut String, doc: &str) {
    let mut line = String::from("#");
    for word in doc.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            push_line(text, &line);
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    if line.len() > 1 {
        push_line(text, &line);
    }
}

/// The page of the docs, which a test keeps in step with the table.
#[cfg(test)]
pub(super) mod docs {
    use super::super::table::{Row, Rows, SECTIONS, Section};
    use super::{anybodys, push_line, shown};
    use crate::domain::profile::Profile;
    use crate::domain::template::Template;

    const PAGE: &str = "\
# Configuration

`ganger config init` writes a commented file with every setting at its default, `ganger config show` prints what is in
force, `ganger config check` says what is wrong with a file. A repository may bring a `.ganger.toml` of its own, obeyed
once you have run `ganger trust`; it may set what is marked so here. This page is made from the program's own table.
";

    /// The page of the docs.
    pub fn page() -> String {
        let settings = &anybodys();
        let mut text = PAGE.to_owned();
        for section in SECTIONS.iter().filter(|section| !matches!(section.rows, Rows::Keys)) {
            let name = match (section.name, section.rows) {
                ("", _) => "Before the first section".to_owned(),
                (name, Rows::Agents(_) | Rows::Templates(_)) => format!("`[{name}.NAME]`"),
                (name, Rows::Settings(_) | Rows::Keys) => format!("`[{name}]`"),
            };
            push_line(&mut text, &format!("\n## {name}\n"));
            if !section.doc.is_empty() {
                push_line(&mut text, &format!("{}\n", section.doc));
            }
            text.push_str("| setting | default | of a repository | meaning |\n|---|---|---|---|\n");
            match section.rows {
                Rows::Settings(rows) => table(&mut text, section, rows, settings),
                Rows::Agents(rows) => table(&mut text, section, rows, &Profile::new("mine")),
                Rows::Templates(rows) => table(&mut text, section, rows, &Template::new("bug")),
                Rows::Keys => {}
            }
        }
        text.push_str("\n## `[keys]`\n\nThe keys of the board, by the names in the key table of the README.\n");
        text
    }

    fn table<T>(text: &mut String, section: &Section, rows: &[Row<T>], of: &T) {
        for row in rows {
            let value = match row.example {
                Some(_) => String::new(),
                // A long one is in the commented file.
                None if shown(row, of).len() > 60 => String::new(),
                None => format!("`{}`", shown(row, of)),
            };
            let its_own = if section.is_of_repository(row.key) { "yes" } else { "no" };
            push_line(text, &format!("| `{}` | {value} | {its_own} | {} |", row.key, row.doc.replace('|', "\\|")));
        }
    }
}
