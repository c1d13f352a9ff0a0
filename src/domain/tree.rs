//! Where a worktree was found, and what that means for its record: the record follows the disk.

use std::path::{Path, PathBuf};

use super::state::TreeState;

/// What HEAD of a tree says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// A branch, without `refs/heads/`.
    Branch(String),
    /// A commit.
    Detached(String),
}

impl Head {
    /// The branch's name, or the commit's id.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Branch(name) => name,
            Self::Detached(id) => id,
        }
    }
}

/// What a look at every place that a tree could be in has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// At its path, a worktree of its repository.
    InPlace(Head),
    /// Something is at its path that is not its worktree, or not a whole one: why.
    Broken(String),
    /// In the trash.
    Parked(PathBuf),
    /// git knows it somewhere else: somebody moved it.
    Elsewhere(PathBuf),
    /// Nowhere. What still has its commits, if anything does.
    Absent { held_by: Option<String> },
    /// A place could not be looked at: why.
    Unknown(String),
}

impl Whereabouts {
    /// The text form in JSON.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        match self {
            Self::InPlace(_) => "present",
            Self::Broken(_) => "broken",
            Self::Parked(_) => "parked",
            Self::Elsewhere(_) => "moved",
            Self::Absent { .. } => "gone",
            Self::Unknown(_) => "unknown",
        }
    }

    /// A sentence about a tree that is not in its place; `None` for one that is.
    #[must_use]
    pub fn trouble(&self, path: &Path) -> Option<String> {
        let path = path.display();
        Some(match self {
            Self::InPlace(_) => return None,
            Self::Broken(why) => format!("its worktree is not whole: {why}"),
            Self::Parked(at) => format!("its worktree is in the trash: {}", at.display()),
            Self::Elsewhere(at) => format!("its worktree was moved from {path} to {}", at.display()),
            Self::Absent { held_by: Some(what) } => {
                format!("its worktree is gone: {path}; what was committed is on {what}")
            }
            Self::Absent { held_by: None } => format!("its worktree is gone: {path}; nothing has its commits"),
            Self::Unknown(why) => format!("its worktree can't be looked at: {why}"),
        })
    }
}

/// What a tree's record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub state: TreeState,
    pub parked: Option<PathBuf>,
    pub branch: String,
    /// An agent may be at work in it.
    pub live: bool,
}

/// What is to be done about the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follow {
    /// It is right.
    Keep,
    /// It says something else from now on.
    Present,
    Parked(PathBuf),
    Gone,
    /// It stays; a person decides.
    Say,
    /// It stays: the disk could not be looked at.
    Unknown,
}

/// Decides. `gone` is only written where every place was looked at and no agent may yet make the tree again.
#[must_use]
pub fn follow(recorded: &Recorded, found: &Whereabouts) -> Follow {
    match (recorded.state, found) {
        (TreeState::Parked, Whereabouts::Parked(at)) if recorded.parked.as_ref() == Some(at) => Follow::Keep,
        (_, Whereabouts::Parked(at)) => Follow::Parked(at.clone()),
        // Whoever made another worktree at the path of one that is gone has not brought that back.
        (TreeState::Gone, Whereabouts::InPlace(Head::Branch(branch))) if *branch == recorded.branch => Follow::Present,
        // What a killed dispatch has half made is the clean-up's.
        (TreeState::Gone, Whereabouts::InPlace(_) | Whereabouts::Absent { .. } | Whereabouts::Unknown(_))
        | (TreeState::Present, Whereabouts::InPlace(_))
        | (TreeState::Planned, Whereabouts::Broken(_)) => Follow::Keep,
        (TreeState::Planned | TreeState::Parked, Whereabouts::InPlace(_)) => Follow::Present,
        (TreeState::Planned | TreeState::Present | TreeState::Parked, Whereabouts::Unknown(_)) => Follow::Unknown,
        (TreeState::Planned | TreeState::Present | TreeState::Parked, Whereabouts::Absent { .. }) => {
            if recorded.live {
                Follow::Say
            } else {
                Follow::Gone
            }
        }
        // One that has come back without git's knowledge of it is not gone, either: a person decides.
        (TreeState::Present | TreeState::Parked | TreeState::Gone, Whereabouts::Broken(_))
        | (_, Whereabouts::Elsewhere(_)) => Follow::Say,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Follow, Head, Recorded, TreeState, Whereabouts, follow};

    fn recorded(state: TreeState, live: bool) -> Recorded {
        let parked = (state == TreeState::Parked).then(|| PathBuf::from("/trash/1"));
        Recorded { state, parked, branch: "b".to_owned(), live }
    }

    fn everywhere() -> Vec<Whereabouts> {
        vec![
            Whereabouts::InPlace(Head::Branch("b".to_owned())),
            Whereabouts::InPlace(Head::Detached("1".to_owned())),
            Whereabouts::Broken("why".to_owned()),
            Whereabouts::Parked(PathBuf::from("/trash/1")),
            Whereabouts::Parked(PathBuf::from("/trash/2")),
            Whereabouts::Elsewhere(PathBuf::from("/else")),
            Whereabouts::Absent { held_by: None },
            Whereabouts::Absent { held_by: Some("b".to_owned()) },
            Whereabouts::Unknown("why".to_owned()),
        ]
    }

    const STATES: [TreeState; 4] = [TreeState::Planned, TreeState::Present, TreeState::Parked, TreeState::Gone];

    #[test]
    fn a_tree_is_only_gone_where_it_was_looked_for_everywhere_and_nobody_works_in_it() {
        for state in STATES {
            for live in [true, false] {
                for found in everywhere() {
                    let gone = follow(&recorded(state, live), &found) == Follow::Gone;
                    let absent = matches!(found, Whereabouts::Absent { .. });
                    assert_eq!(gone, absent && !live && state != TreeState::Gone, "{state:?} {live} {found:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_found_is_believed_in_every_state_and_once() {
        for state in STATES {
            let at = PathBuf::from("/trash/2");
            let found = Whereabouts::Parked(at.clone());
            assert_eq!(follow(&recorded(state, false), &found), Follow::Parked(at.clone()), "{state:?}");
            let now = Recorded { parked: Some(at), ..recorded(TreeState::Parked, false) };
            assert_eq!(follow(&now, &found), Follow::Keep);
            let found = Whereabouts::InPlace(Head::Branch("b".to_owned()));
            let wanted = if state == TreeState::Present { Follow::Keep } else { Follow::Present };
            assert_eq!(follow(&recorded(state, false), &found), wanted, "{state:?}");
        }
    }

    #[test]
    fn somebodys_worktree_at_the_path_of_one_that_is_gone_is_not_that_one() {
        let other = Whereabouts::InPlace(Head::Branch("other".to_owned()));
        assert_eq!(follow(&recorded(TreeState::Gone, false), &other), Follow::Keep);
    }

    #[test]
    fn each_trouble_has_a_sentence_and_a_word_of_its_own() {
        let path = std::path::Path::new("/trees/1");
        let mut texts: Vec<String> = everywhere().iter().filter_map(|found| found.trouble(path)).collect();
        assert_eq!(texts.len(), 7);
        texts.dedup();
        assert_eq!(texts.len(), 7);
        assert!(texts.iter().any(|text| text.contains("gone: /trees/1")));
        let words: std::collections::BTreeSet<&str> = everywhere().iter().map(Whereabouts::text).collect();
        assert_eq!(words.len(), 6);
        assert_eq!((Head::Branch("b".to_owned()).text(), Head::Detached("1".to_owned()).text()), ("b", "1"));
    }
}
