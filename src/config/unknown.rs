//! The refusal of a key that there is not.

use super::ConfigError;
use super::document::Field;
use super::nearest::nearest;
use super::table::{self, Section};

/// Refuses a key, naming the nearest right one.
pub(super) fn unknown(field: &Field<'_>) -> ConfigError {
    let section = table::section(field.section.split('.').next().unwrap_or_default());
    let names = if field.section.is_empty() { table::top() } else { section.map_or_else(Vec::new, Section::keys) };
    let home = table::SECTIONS.iter().find(|section| section.keys().contains(&field.key));
    let rest = match (nearest(field.key, names.iter().copied()), home.map(|home| home.name)) {
        (Some(name), _) => format!("; did you mean `{name}`?"),
        (None, Some("")) => "; it belongs before the first section".to_owned(),
        (None, Some("agents")) => "; it belongs in [agents.NAME]".to_owned(),
        (None, Some(section)) => format!("; it belongs in [{section}]"),
        (None, None) => format!("; known: {}", names.join(", ")),
    };
    let place = if field.section.is_empty() { String::new() } else { format!(" in [{}]", field.section) };
    field.refuse_key(format_args!("unknown key `{}`{place}", field.key), &rest)
}
