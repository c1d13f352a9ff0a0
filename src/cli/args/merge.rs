//! The arguments of `ganger merge`.

use clap::Args as ClapArgs;

use super::ids::{self, Ids};
use crate::domain::merge::Method;

#[derive(Debug, ClapArgs)]
pub struct Merge {
    /// The tasks, in this order: 12, #12, 1,2, 1-3 or a title
    #[arg(value_name = "ID", value_parser = ids::several, required_unless_present = "all_approved")]
    pub ids: Vec<Ids>,
    /// Every task of the repository that is approved and not merged yet
    #[arg(long, conflicts_with = "ids")]
    pub all_approved: bool,
    #[command(flatten)]
    pub method: MethodFlags,
    /// The branch that the work goes to [default: the one that the task started from]
    #[arg(long, value_name = "BRANCH")]
    pub into: Option<String>,
    /// The message of the commit that is made: a text, - for standard input, or @FILE [default: git's own and the title]
    #[arg(long, value_name = "TEXT|-|@FILE", allow_hyphen_values = true)]
    pub message: Option<String>,
    /// Leaves worktree and branch where they are
    #[arg(long)]
    pub keep: bool,
    /// Commits first what is in no commit
    #[arg(long)]
    pub commit_all: bool,
    /// The verification must pass on the merged result before the branch moves
    #[arg(long, overrides_with = "no_verify")]
    pub verify: bool,
    /// It need not, whatever is configured
    #[arg(long)]
    pub no_verify: bool,
    /// Only says what it would do; everything is tried but hooks and verification
    #[arg(long)]
    pub dry_run: bool,
}

/// How; none of them: as configured.
#[derive(Clone, Copy, Debug, ClapArgs)]
#[group(multiple = false)]
pub struct MethodFlags {
    /// As git merge: a fast-forward where that is enough, else a merge commit
    #[arg(long)]
    pub merge: bool,
    /// A fast-forward, or nothing
    #[arg(long)]
    pub ff: bool,
    /// One commit with all of it
    #[arg(long)]
    pub squash: bool,
    /// Its commits again, on top of the branch
    #[arg(long)]
    pub rebase: bool,
}

impl MethodFlags {
    /// The one that was given.
    #[must_use]
    pub fn chosen(self) -> Option<Method> {
        let flags = [
            (self.merge, Method::Merge),
            (self.ff, Method::FastForward),
            (self.squash, Method::Squash),
            (self.rebase, Method::Rebase),
        ];
        flags.into_iter().find(|(given, _)| *given).map(|(_, method)| method)
    }
}
