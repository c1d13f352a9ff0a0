//! The names that a dispatch gives: slug, branch, session, path.

use std::path::{Path, PathBuf};

use super::id::TaskId;
use super::settings::Worktrees;
use super::task::Task;

/// The longest slug, in characters.
const SLUG: usize = 40;

/// A title's slug: lower-case `[a-z0-9-]`, at most 40 characters, no hyphen at either end; may be empty.
#[must_use]
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= SLUG {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// What the names are made from.
#[derive(Clone, Debug)]
pub struct Naming<'a> {
    pub task: TaskId,
    pub title: &'a str,
    /// `ganger/{id}-{slug}` by default.
    pub branch_template: &'a str,
    /// The folder that holds the worktrees of this repository.
    pub folder: &'a Path,
}

/// The names of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    pub branch: String,
    pub worktree: PathBuf,
    pub session: String,
}

/// The names of an attempt at a task, by the settings of its repository.
#[must_use]
pub fn names(worktrees: &Worktrees, task: &Task, suffix: &str) -> Names {
    let folder = worktrees.folder(&task.draft.repo);
    let (title, branch_template) = (&task.draft.title, &worktrees.branch);
    Naming { task: task.id, title, branch_template, folder: &folder }.names(suffix)
}

impl Naming<'_> {
    /// The names with a suffix: empty, `-2` for a second fresh attempt, `-1f0c` where a name was taken.
    #[must_use]
    pub fn names(&self, suffix: &str) -> Names {
        let slug = slug(self.title);
        let stem = if slug.is_empty() { self.task.to_string() } else { format!("{}-{slug}", self.task) };
        let branch = self
            .branch_template
            .replace("{id}", &self.task.to_string())
            .replace("{slug}", &slug)
            .trim_end_matches(['-', '/', '.'])
            .to_owned();
        Names {
            branch: format!("{branch}{suffix}"),
            worktree: self.folder.join(format!("{stem}{suffix}")),
            session: format!("ganger-{stem}{suffix}"),
        }
    }
}

/// A branch name that can't clash with a branch called like one of its folders (`ganger` makes every
/// `ganger/…` impossible): its slashes become hyphens.
#[must_use]
pub fn flat(branch: &str) -> String {
    branch.replace('/', "-")
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Naming, flat, slug};
    use crate::domain::id::TaskId;

    fn naming(title: &str) -> Naming<'_> {
        Naming { task: TaskId(12), title, branch_template: "ganger/{id}-{slug}", folder: Path::new("/w/repo") }
    }

    #[test]
    fn names_come_from_id_and_slug() {
        let names = naming("Fix login!").names("");
        assert_eq!(names.branch, "ganger/12-fix-login");
        assert_eq!(names.session, "ganger-12-fix-login");
        assert_eq!(names.worktree, PathBuf::from("/w/repo/12-fix-login"));
        assert_eq!(naming("Fix login").names("-2").branch, "ganger/12-fix-login-2");
    }

    #[test]
    fn a_title_without_letters_leaves_the_id() {
        let names = naming("../..").names("");
        assert_eq!((names.branch.as_str(), names.session.as_str()), ("ganger/12", "ganger-12"));
    }

    #[test]
    fn a_flat_branch_has_no_folders() {
        assert_eq!(flat("ganger/12-fix/login"), "ganger-12-fix-login");
    }

    #[test]
    fn a_slug_is_short_and_plain() {
        assert_eq!(slug("  $(touch x); rm -rf / #{pane_id} "), "touch-x-rm-rf-pane-id");
        assert_eq!(slug("日本語"), "");
        let long = slug(&"word ".repeat(30));
        assert!(long.len() <= 40 && !long.ends_with('-'), "{long}");
    }
}
