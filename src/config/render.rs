//! The configuration in force, written as a configuration file.

use std::fmt::Write as _;

use toml::Value;

use super::table::{Row, Rows, SECTIONS};
use crate::domain::settings::Settings;

/// Writes `settings` as TOML that, read again, gives the same settings.
#[must_use]
pub fn render(settings: &Settings) -> String {
    let mut file = File(String::new());
    for section in SECTIONS {
        match section.rows {
            Rows::Settings(rows) => {
                if !section.name.is_empty() {
                    file.section(section.name);
                }
                file.lines(rows, settings);
            }
            Rows::Agents(rows) => {
                for agent in settings.agents.values() {
                    file.section(&format!("{}.{}", section.name, quoted(&agent.name)));
                    file.lines(rows, agent);
                }
            }
            Rows::Templates(rows) => {
                for template in settings.templates.values() {
                    file.section(&format!("{}.{}", section.name, quoted(&template.name)));
                    file.lines(rows, template);
                }
            }
            Rows::Keys => {
                file.section(section.name);
                for (name, keys) in &settings.keys {
                    file.line(name, &keys.clone().into());
                }
            }
        }
    }
    file.0
}

/// A name as a key.
fn quoted(name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { name.to_owned() } else { format!("\"{name}\"") }
}

struct File(String);

impl File {
    fn section(&mut self, name: &str) {
        // Writing to a string can't fail.
        writeln!(self.0, "\n[{name}]").unwrap_or_default();
    }

    fn lines<T>(&mut self, rows: &[Row<T>], of: &T) {
        for row in rows {
            if let Some(value) = (row.show)(of) {
                self.line(row.key, &value);
            }
        }
    }

    fn line(&mut self, key: &str, value: &Value) {
        writeln!(self.0, "{key} = {value}").unwrap_or_default();
    }
}
