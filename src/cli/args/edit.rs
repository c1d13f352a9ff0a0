//! The arguments of `ganger edit`: those of `add`, each optional, and one to take each away.

use clap::Args as ClapArgs;

use super::ids;

#[derive(Debug, ClapArgs)]
pub struct Edit {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    #[command(flatten)]
    pub wishes: EditArgs,
}

#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = true)]
pub struct EditArgs {
    /// One line that says what you want done
    #[arg(long)]
    pub title: Option<String>,
    /// What the next agent is told: a text, - for standard input, or @FILE
    #[arg(long, value_name = "TEXT|-|@FILE", allow_hyphen_values = true)]
    pub prompt: Option<String>,
    /// The agent's profile
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// The revision to start from
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,
    /// Goes back to worktrees.base of the configuration
    #[arg(long, conflicts_with = "base")]
    pub no_base: bool,
    /// Works on this branch, which is there, instead of a new one
    #[arg(long, value_name = "NAME", conflicts_with = "base")]
    pub branch: Option<String>,
    /// Works on a new branch again
    #[arg(long, conflicts_with = "branch")]
    pub no_branch: bool,
    /// Higher goes first
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub priority: Option<i64>,
    /// Waits for every task of the batches before
    #[arg(long, value_name = "N")]
    pub batch: Option<i64>,
    /// Is in no batch
    #[arg(long, conflicts_with = "batch")]
    pub no_batch: bool,
    /// A file that the task is about; all that are given replace all that it has
    #[arg(long, value_name = "PATH")]
    pub file: Vec<String>,
    /// Names no files any more
    #[arg(long, conflicts_with = "file")]
    pub no_files: bool,
    /// A command (sh -c) that must pass before review; all that are given replace all that it has
    #[arg(long, value_name = "CMD", allow_hyphen_values = true)]
    pub verify: Vec<String>,
    /// Takes away the commands of its own
    #[arg(long, conflicts_with = "verify")]
    pub no_verify: bool,
    /// Ends the agent after this long, such as 30m
    #[arg(long, value_name = "D")]
    pub timeout: Option<String>,
    /// Goes back to queue.timeout of the configuration
    #[arg(long, conflicts_with = "timeout")]
    pub no_timeout: bool,
    /// A task that must be done first; all that are given replace all that it has
    #[arg(long, value_name = "ID", value_parser = ids::one)]
    pub after: Vec<i64>,
    /// Waits for no other task
    #[arg(long, conflicts_with = "after")]
    pub no_after: bool,
    /// Adds the profile's unsafe arguments
    #[arg(long = "unsafe")]
    pub unsafe_mode: bool,
    /// Leaves the profile's unsafe arguments out again
    #[arg(long = "no-unsafe", conflicts_with = "unsafe_mode")]
    pub safe_mode: bool,
}
