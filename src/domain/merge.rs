//! Bringing work home: what is seen of a task, its work and the branch that it goes to, and what is done about it.
//!
//! Two decisions. [`may_begin`] looks at what is there before anything is built; [`may_move`] at what was built, before
//! the branch moves. Neither changes anything, and a refusal says what stands in the way.

use std::fmt;
use std::path::PathBuf;

use super::state::{Status, UnknownWord, words};

words! {
    /// How work becomes part of a branch.
    Method, "merge method" {
        /// As `git merge`: the branch is moved forward where that is all there is to it, else a merge commit is made.
        Merge = "merge",
        /// Only moved forward: refused where a commit would have to be made.
        FastForward = "ff",
        /// One commit with all of it.
        Squash = "squash",
        /// Its commits again, on top of the branch.
        Rebase = "rebase",
    }
}

words! {
    /// Why work counts as merged into a branch, the cheapest look first.
    Contained, "reason to be merged" {
        /// The branch is at its last commit.
        Same = "same-commit",
        /// Its last commit is in the branch's history.
        Ancestor = "ancestor",
        /// Nothing has changed since it forked off.
        NoChange = "no-change",
        /// The branch holds the same files.
        SameTree = "same-tree",
        /// Merging it would change nothing.
        AddsNothing = "adds-nothing",
        /// The branch has a commit with the same changes, or one for each of its own.
        SamePatch = "same-patch",
    }
}

impl Contained {
    /// As a sentence says it, after "task 3 is merged into main already: ".
    #[must_use]
    pub const fn said(self) -> &'static str {
        match self {
            Self::Same => "the branch is at its last commit",
            Self::Ancestor => "its last commit is in the branch's history",
            Self::NoChange => "it changes nothing",
            Self::SameTree => "the branch holds the same files",
            Self::AddsNothing => "merging it would change nothing",
            Self::SamePatch => "the branch has the same changes in commits of its own",
        }
    }
}

/// Whether work is merged, and why: each look is made only where none before it has answered yes.
///
/// # Errors
/// Those of a look.
pub fn contained<E>(mut look: impl FnMut(Contained) -> Result<bool, E>) -> Result<Option<Contained>, E> {
    for reason in Contained::ALL.iter().copied() {
        if look(reason)? {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

/// Where a branch is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// Nowhere.
    Nowhere,
    /// In this worktree.
    At(PathBuf),
    /// In this worktree, where something else comes first: what.
    Busy(PathBuf, String),
    /// In several, of which only one could follow.
    Several(Vec<PathBuf>),
}

/// A branch that work goes to, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub branch: String,
    /// The commit that it is at.
    pub tip: String,
    pub home: Home,
}

/// What is seen of a task and its work before anything is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    pub status: Status,
    /// The files in the worktree that are in no commit; or why they can't be looked at.
    pub uncommitted: Result<Vec<String>, String>,
    /// Whether they are to be committed first.
    pub commit_all: bool,
    /// Why the work is merged already, if it is.
    pub contained: Option<Contained>,
    pub target: Target,
}

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Commit what is in no commit, and look again.
    Commit,
    /// It is merged: the branch stays where it is.
    Finish(Contained),
    Build,
}

/// What was built, and what stands in the way of the branch moving to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// A commit, which the branch can be moved forward to.
    Made {
        commit: String,
        /// Files where the branch is checked out that would be overwritten.
        in_the_way: Vec<String>,
    },
    /// Files in which both sides have changed the same.
    Conflicts(Vec<String>),
    /// It can't be done by moving the branch forward.
    Diverged,
    /// A hook of the repository has refused it: which, and what it said.
    Hook { name: String, said: String },
    /// What was to be verified on the result has failed: what, and how.
    Unverified(String),
}

/// Why work is not merged. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Only work in review, or approved.
    NotReviewed(Status),
    CannotLook(String),
    Uncommitted(Vec<String>),
    Busy {
        branch: String,
        at: PathBuf,
        why: String,
    },
    Several {
        branch: String,
        at: Vec<PathBuf>,
    },
    Conflicts {
        branch: String,
        files: Vec<String>,
    },
    Diverged {
        branch: String,
    },
    InTheWay {
        branch: String,
        files: Vec<String>,
    },
    Hook {
        name: String,
        said: String,
    },
    Unverified(String),
}

/// Whether work in this status may be merged at all.
///
/// # Errors
/// The refusal.
pub fn is_reviewed(status: Status) -> Result<(), Refusal> {
    match status {
        Status::Review | Status::Done => Ok(()),
        Status::Ready | Status::InProgress | Status::Failed => Err(Refusal::NotReviewed(status)),
    }
}

/// Decides what comes first, or why nothing does.
///
/// # Errors
/// The refusal.
pub fn may_begin(seen: &Before) -> Result<Begin, Refusal> {
    is_reviewed(seen.status)?;
    match &seen.uncommitted {
        Err(why) => return Err(Refusal::CannotLook(why.clone())),
        Ok(files) if files.is_empty() => {}
        Ok(_) if seen.commit_all => return Ok(Begin::Commit),
        Ok(files) => return Err(Refusal::Uncommitted(files.clone())),
    }
    // Where nothing moves, nothing can be in its way.
    if let Some(reason) = seen.contained {
        return Ok(Begin::Finish(reason));
    }
    let branch = || seen.target.branch.clone();
    match &seen.target.home {
        Home::Nowhere | Home::At(_) => Ok(Begin::Build),
        Home::Busy(at, why) => Err(Refusal::Busy { branch: branch(), at: at.clone(), why: why.clone() }),
        Home::Several(at) => Err(Refusal::Several { branch: branch(), at: at.clone() }),
    }
}

/// Decides whether `branch` may move to what was built: the commit, or why not.
///
/// # Errors
/// The refusal.
pub fn may_move(branch: &str, built: &Built) -> Result<String, Refusal> {
    let branch = || branch.to_owned();
    match built {
        Built::Made { commit, in_the_way } if in_the_way.is_empty() => Ok(commit.clone()),
        Built::Made { in_the_way, .. } => Err(Refusal::InTheWay { branch: branch(), files: in_the_way.clone() }),
        Built::Conflicts(files) => Err(Refusal::Conflicts { branch: branch(), files: files.clone() }),
        Built::Diverged => Err(Refusal::Diverged { branch: branch() }),
        Built::Hook { name, said } => Err(Refusal::Hook { name: name.clone(), said: said.clone() }),
        Built::Unverified(why) => Err(Refusal::Unverified(why.clone())),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReviewed(status) => {
                write!(f, "it is {}; only work in review, or approved, can be merged", status.said())
            }
            Self::CannotLook(why) => write!(f, "its worktree can't be looked at: {why}"),
            Self::Uncommitted(files) => write!(f, "its worktree has changes in no commit: {}", few(files)),
            Self::Busy { branch, at, why } => write!(f, "{branch} is checked out at {}: {why}", at.display()),
            Self::Several { branch, at } => {
                let at: Vec<String> = at.iter().map(|at| at.display().to_string()).collect();
                write!(f, "{branch} is checked out more than once: {}", at.join(", "))
            }
            Self::Conflicts { branch, files } => write!(f, "it conflicts with {branch} in {}", few(files)),
            Self::Diverged { branch } => {
                write!(f, "{branch} has commits that it does not have, so it can't be fast-forwarded")
            }
            Self::InTheWay { branch, files } => {
                write!(f, "where {branch} is checked out, files would be overwritten: {}", few(files))
            }
            Self::Hook { name, said } if said.is_empty() => write!(f, "the repository's {name} hook refused it"),
            Self::Hook { name, said } => write!(f, "the repository's {name} hook refused it: {said}"),
            Self::Unverified(why) => write!(f, "the merged result was not verified: {why}"),
        }
    }
}

/// How many files a sentence names.
const NAMED: usize = 10;

fn few(files: &[String]) -> String {
    let named = files[..files.len().min(NAMED)].join(", ");
    match files.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// What a commit that brings work home is called by default: git's own words, and the task's title.
#[must_use]
pub fn message(method: Method, title: &str, called: &str, branch: &str) -> String {
    match method {
        Method::Squash => title.to_owned(),
        Method::Merge | Method::FastForward | Method::Rebase => {
            let into = if matches!(branch, "main" | "master") { String::new() } else { format!(" into {branch}") };
            format!("Merge branch '{called}'{into}\n\n{title}")
        }
    }
}

/// What the agent is told where its work conflicts: what to rebase on.
#[must_use]
pub fn rebase_note(branch: &str, tip: &str, files: &[String]) -> String {
    format!(
        "Your work conflicts with {branch}, which has moved on to {tip}, in {}. Rebase your branch on {branch} \
         (git rebase {branch}), resolve the conflicts, and make sure that everything still works.",
        few(files)
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{
        Before, Begin, Built, Contained, Home, Method, Refusal, Target, contained, may_begin, may_move, message,
    };
    use crate::domain::state::Status;

    fn target(home: Home) -> Target {
        Target { branch: "main".to_owned(), tip: "1".repeat(40), home }
    }

    /// Every combination of what can be seen, one line each; looked at in review.
    #[test]
    fn the_table_of_what_comes_first() {
        let at = PathBuf::from("/r");
        let homes = [
            ("nowhere", Home::Nowhere),
            ("at", Home::At(at.clone())),
            ("busy", Home::Busy(at.clone(), "a rebase is under way".to_owned())),
            ("several", Home::Several(vec![at.clone(), at])),
        ];
        let trees =
            [("clean", Ok(Vec::new())), ("uncommitted", Ok(vec!["a".to_owned()])), ("unknown", Err("no".to_owned()))];
        let mut lines = Vec::new();
        for status in Status::ALL.iter().copied() {
            for (tree, uncommitted) in &trees {
                for commit_all in [false, true] {
                    for merged in [None, Some(Contained::Ancestor)] {
                        for (name, home) in &homes {
                            let seen = Before {
                                status,
                                uncommitted: uncommitted.clone(),
                                commit_all,
                                contained: merged,
                                target: target(home.clone()),
                            };
                            let decision = match may_begin(&seen) {
                                Ok(Begin::Commit) => "commit".to_owned(),
                                Ok(Begin::Finish(_)) => "finish".to_owned(),
                                Ok(Begin::Build) => "build".to_owned(),
                                Err(refusal) => format!("refused: {refusal}"),
                            };
                            let all = if commit_all { " --commit-all" } else { "" };
                            let merged = if merged.is_some() { " merged" } else { "" };
                            lines.push((format!("{status} {tree}{all}{merged} {name}"), decision));
                        }
                    }
                }
            }
        }
        let find = |key: &str| lines.iter().find(|(line, _)| line == key).map(|(_, what)| what.as_str()).unwrap();
        assert_eq!(lines.len(), 5 * 3 * 2 * 2 * 4);
        for (line, what) in &lines {
            let approved = line.starts_with("review ") || line.starts_with("done ");
            assert_eq!(!approved, what.contains("only work in review"), "{line}: {what}");
            if approved {
                let expected = match () {
                    () if line.contains("unknown") => "refused: its worktree can't be looked at",
                    () if line.contains("uncommitted --commit-all") => "commit",
                    () if line.contains("uncommitted") => "refused: its worktree has changes in no commit: a",
                    () if line.contains("merged") => "finish",
                    () if line.ends_with("busy") => "refused: main is checked out at /r: a rebase is under way",
                    () if line.ends_with("several") => "refused: main is checked out more than once: /r, /r",
                    () => "build",
                };
                assert!(what.starts_with(expected), "{line}: {what}");
            }
        }
        assert_eq!(find("review clean at"), "build");
        assert_eq!(
            find("in-progress clean at"),
            "refused: it is in progress; only work in review, or approved, can be merged"
        );
    }

    #[test]
    fn a_branch_moves_only_to_a_commit_that_nothing_stands_in_the_way_of() {
        let made = |files: &[&str]| Built::Made {
            commit: "c".to_owned(),
            in_the_way: files.iter().map(|file| (*file).to_owned()).collect(),
        };
        assert_eq!(may_move("main", &made(&[])), Ok("c".to_owned()));
        let refused = |built: &Built| may_move("main", built).unwrap_err().to_string();
        assert_eq!(refused(&made(&["a", "b"])), "where main is checked out, files would be overwritten: a, b");
        assert_eq!(refused(&Built::Conflicts(vec!["a".to_owned()])), "it conflicts with main in a");
        assert!(refused(&Built::Diverged).contains("can't be fast-forwarded"));
        let hook = Built::Hook { name: "commit-msg".to_owned(), said: "no ticket".to_owned() };
        assert_eq!(refused(&hook), "the repository's commit-msg hook refused it: no ticket");
        let silent = Refusal::Hook { name: "commit-msg".to_owned(), said: String::new() };
        assert_eq!(silent.to_string(), "the repository's commit-msg hook refused it");
        assert_eq!(
            refused(&Built::Unverified("`make`: exit status 2".to_owned())),
            "the merged result was not verified: `make`: exit status 2"
        );
    }

    #[test]
    fn a_sentence_names_ten_files() {
        let files: Vec<String> = (0..12).map(|n| n.to_string()).collect();
        assert!(Refusal::Uncommitted(files).to_string().ends_with("0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"));
    }

    #[test]
    fn the_cheapest_look_that_says_yes_is_the_last() {
        for (at, reason) in Contained::ALL.iter().copied().enumerate() {
            let mut looks = 0;
            let found: Result<_, ()> = contained(|look| {
                looks += 1;
                Ok(look == reason)
            });
            assert_eq!((found, looks), (Ok(Some(reason)), at + 1));
        }
        assert_eq!(contained(|_| Ok::<_, ()>(false)), Ok(None));
        assert_eq!(contained(|_| Err("busy")), Err("busy"));
    }

    #[test]
    fn a_merge_is_called_as_git_calls_it() {
        let of = |method, branch| message(method, "Fix it", "ganger/3-fix-it", branch);
        assert_eq!(of(Method::Merge, "main"), "Merge branch 'ganger/3-fix-it'\n\nFix it");
        assert_eq!(of(Method::Merge, "next"), "Merge branch 'ganger/3-fix-it' into next\n\nFix it");
        assert_eq!(of(Method::Squash, "next"), "Fix it");
        for method in Method::ALL {
            assert_eq!(Method::parse(method.text()), Ok(*method));
        }
    }
}
