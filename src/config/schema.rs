//! Which keys exist. The readers obey it and the messages quote it; it holds no values.

use crate::tui::keymap;

/// One section of the file.
pub(super) struct Section {
    /// Its name; empty for the keys before the first section.
    pub name: &'static str,
    /// The keys that do something.
    pub keys: &'static [&'static str],
    /// Documented keys that this version refuses because they would do nothing.
    pub later: &'static [&'static str],
}

/// Every section that does something.
#[rustfmt::skip]
pub(super) const SECTIONS: &[Section] = &[
    Section { name: "", keys: &["default_agent"], later: &[] },
    Section { name: "agents", keys: &["command", "resume", "headless", "headless_resume", "mode", "safe", "unsafe", "no_output", "env", "preamble", "hooks", "waiting", "limit", "resume_after_limit"], later: &[] },
    Section { name: "worktrees", keys: &["root", "branch", "base", "copy", "link", "hooks", "setup", "setup_timeout"], later: &["pool"] },
    Section { name: "queue", keys: &["max_running", "per_agent", "per_repo", "max_orphan_retries", "timeout"], later: &[] },
    Section { name: "completion", keys: &["verify", "verify_timeout", "preamble"], later: &["self_approve"] },
    Section { name: "tmux", keys: &["socket", "size", "keep_ended", "grace", "alternate_screen"], later: &[] },
    Section { name: "timing", keys: &["git", "tmux", "start", "saga", "database"], later: &[] },
    Section { name: "notify", keys: &EVENTS, later: &[] },
    Section { name: "ui", keys: &["theme", "ascii", "colors"], later: &[] },
    Section { name: "keys", keys: &keymap::NAMES, later: &[] },
];

/// What a repository's own file may set, with the keys where those are not all of a section's. The rest is the
/// machine's, or a matter of taste.
pub(super) const OF_REPOSITORY: &[(&str, Option<&[&str]>)] = &[
    ("default_agent", None),
    ("agents", None),
    ("worktrees", None),
    ("queue", Some(&["max_orphan_retries", "timeout"])),
    ("completion", None),
];

/// What a command can be run on.
pub(super) const EVENTS: [&str; 4] = ["waiting", "review", "failed", "orphaned"];

/// Documented sections that this version refuses because they would do nothing.
pub(super) const LATER: &[&str] = &[];

/// The section of that name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// What may stand before the first section: keys and section names.
pub(super) fn top() -> Vec<&'static str> {
    let keys = SECTIONS.iter().filter(|section| section.name.is_empty()).flat_map(|section| section.keys);
    keys.copied().chain(SECTIONS.iter().map(|section| section.name).filter(|name| !name.is_empty())).collect()
}

/// The one of `names` that `wrong` was probably meant to be.
pub(super) fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase().replace('-', "_");
    let distances = names.into_iter().map(|name| (strsim::osa_distance(&wrong, &name.replace('-', "_")), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= wrong.chars().count().max(name.chars().count()).div_ceil(3)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{nearest, top};

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_none() {
        let names = ["max_running", "per_agent", "timeout"];
        assert_eq!(nearest("max_runing", names), Some("max_running"));
        assert_eq!(nearest("max-running", names), Some("max_running"));
        assert_eq!(nearest("Timeout", names), Some("timeout"));
        assert_eq!(nearest("colour", names), None);
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn sections_stand_beside_the_first_keys() {
        assert_eq!(
            top(),
            ["default_agent", "agents", "worktrees", "queue", "completion", "tmux", "timing", "notify", "ui", "keys"]
        );
    }
}
