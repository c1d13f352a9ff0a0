//! The arguments, as clap reads them. Exit codes are printed at the end of `--help`.

mod agents;
#[cfg(test)]
mod docs;
mod edit;
mod examples;
mod ids;
mod import;
mod merge;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::domain::order::Sort;
use crate::domain::state::Status;

pub use agents::Agents;
pub use edit::Edit;
pub use ids::{ARGUMENTS as TASKS, Ids};
pub use import::{Export, Import};
pub use merge::Merge;

const EXIT_CODES: &str = "\
Exit codes:
  0  ok (also when the wanted state holds already, and for --next and --all with nothing to do)
  1  failed
  2  usage or configuration
  3  no such task
  4  conflict: claimed by another, wrong state, over the limit, not an agent's to do
  5  not dispatched: rolled back, or failed in preflight
  6  could not look: unknowns remain
  7  wait timed out
  8  wait, dispatch --wait ended in another status
  9  reconcile --check would change something (6 wins)";

/// Dispatches coding agents into tmux sessions, and never loses track of one.
#[derive(Debug, Parser)]
#[command(name = "ganger", version, after_help = EXIT_CODES, max_term_width = 120)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    /// The one-shot fix-up: the same as `ganger reconcile`
    #[arg(long)]
    pub reconcile: bool,
    /// With --reconcile: only prints what it would do
    #[arg(long, requires = "reconcile")]
    pub dry_run: bool,
    /// Without a command: the board of every repository
    #[arg(long, conflicts_with = "reconcile")]
    pub all: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Global {
    /// The repository [default: the one around the current directory]
    #[arg(short = 'C', long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub repo: Option<PathBuf>,
    /// The database [default: $XDG_DATA_HOME/ganger/ganger.db]
    #[arg(
        long,
        global = true,
        env = "GANGER_DB",
        value_name = "PATH",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub db: Option<PathBuf>,
    /// Locks, launch and exit files, logs [default: $XDG_STATE_HOME/ganger]
    #[arg(
        long,
        global = true,
        env = "GANGER_STATE_DIR",
        value_name = "PATH",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub state_dir: Option<PathBuf>,
    /// The tmux server, as with tmux -L [default: that of $TMUX, else tmux's default]
    #[arg(
        long,
        global = true,
        env = "GANGER_TMUX_SOCKET",
        value_name = "NAME",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub socket: Option<String>,
    /// The configuration file [default: $XDG_CONFIG_HOME/ganger/config.toml]
    #[arg(
        long,
        global = true,
        env = "GANGER_CONFIG",
        value_name = "PATH",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub config: Option<PathBuf>,
    /// Prints JSON, a stable interface; list and show print of each task only the fields that are named
    #[arg(
        long = "json",
        global = true,
        value_name = "FIELD,…",
        num_args = 0..=1,
        require_equals = true,
        value_delimiter = ',',
        help_heading = "Global options"
    )]
    pub fields: Option<Vec<String>>,
    /// Whether JSON was asked for.
    #[arg(skip)]
    pub json: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub color: Color,
    /// Prints to standard error which database, tmux server and configuration are used
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Adds a ready task and prints its id
    Add(Add),
    /// Adds the tasks of a list: JSON, a Markdown checklist, GitHub issues, spec-kit, OpenSpec, beads, taskmaster, CSV
    Import(Import),
    /// Prints the tasks as JSON lines that import reads
    Export(Export),
    /// Lists the board
    List(List),
    /// Shows one task with its attempts and timeline
    Show(One),
    /// Prints where a task's worktree is
    Path(One),
    /// Opens a shell in a task's worktree
    Shell(One),
    /// Changes a task; while an agent works on it only title, priority, and the prompt for the next one
    Edit(Edit),
    /// Claims tasks, makes their worktrees, starts their agents in tmux
    Dispatch(Dispatch),
    /// Keeps agents busy from the queue until nothing is left that could run
    Run(Run),
    /// Checks that every task in progress has a living agent, and repairs the rest
    Reconcile(Reconcile),
    /// Goes to the agent's terminal
    Attach(One),
    /// Prints what the agent's terminal shows
    Peek(Peek),
    /// Prints the saved screen of an attempt
    Log(Log),
    /// Prints what the work on a task has changed, through your pager on a terminal
    Diff(Diff),
    /// Types a text to the agent, line breaks included, and confirms delivery
    Send(Send),
    /// Ends a task's agent; returns when it is gone
    Stop(Stop),
    /// Dispatches a failed task again
    Retry(Retry),
    /// Sends a task in review back with feedback: to its agent while it runs, else to a new attempt
    Bounce(Bounce),
    /// Approves a task in review: ends its agent, and the task is done
    Approve(One),
    /// Comments on lines of a task's work, kept until `bounce --comments` sends them together
    Comment(Comment),
    /// Opens a pull request of a task's reviewed work, or brings the one that is there up to date
    Pr(Pr),
    /// Merges a task's reviewed work into the branch that it started from, and the task is done
    Merge(Merge),
    /// Moves a task that is done back to review
    Reopen(One),
    /// Waits until tasks are no longer in progress
    Wait(Wait),
    /// Reports the task done: for agents, and with --task for you
    Done(Done),
    /// Reports the task failed: for agents, and with --task for you
    Fail(Fail),
    /// Asks the user a question: the card shows it, and that the agent waits
    Ask(Say),
    /// Leaves a remark on the card and in the timeline
    Note(Say),
    /// Removes a task; its worktree is parked, not deleted
    Rm(Rm),
    /// Lists, restores or deletes the worktrees that removals and fresh retries have parked
    Trash {
        #[command(subcommand)]
        command: Trash,
    },
    /// Parks the worktrees and deletes the branches of tasks that are done and merged; keeps all else, and says why
    Tidy(Tidy),
    /// Takes a task off the board; nothing else changes
    Archive(Archive),
    /// Puts an archived task on the board again
    Unarchive(One),
    /// Takes back the last approve, reopen, archive, unarchive, rm or retry --no-dispatch
    Undo,
    /// Prints what happened, one JSON object per line
    Events(Events),
    /// Prints one short line for the tmux status line
    StatusLine(StatusLine),
    /// Shows, creates and checks the configuration
    Config {
        #[command(subcommand)]
        command: Config,
    },
    /// Lists the agents, and installs the hooks by which they report what they do
    Agents {
        #[command(subcommand)]
        command: Option<Agents>,
    },
    /// Shows what the repository's own .ganger.toml says, and trusts it as it is now
    Trust(Trust),
    /// Checks tmux, git, database, disk and agents, and audits the board
    Doctor {
        /// Reconciles first
        #[arg(long)]
        fix: bool,
    },
    /// Prints a shell's completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Prints a manual page, or writes all of them into a folder
    Man(Man),
    /// Prints lines for your tmux.conf: the status line, and keys for the board
    TmuxConf,
    /// Prints what teaches an agent to drive the board
    Skill,
    /// Gives the whole tour on a throw-away repository and tmux server
    Demo,
}

#[derive(Debug, ClapArgs)]
pub struct Add {
    /// One line that says what you want done [with --pr: that of the pull request]
    #[arg(required_unless_present = "pr")]
    pub title: Option<String>,
    /// With --template: what is filled in
    #[arg(value_name = "KEY=VALUE")]
    pub values: Vec<String>,
    /// Says what the template of this name in the configuration says
    #[arg(long, value_name = "NAME")]
    pub template: Option<String>,
    /// What the agent is told: a text, - for standard input, or @FILE [default: the title]
    #[arg(long, value_name = "TEXT|-|@FILE", allow_hyphen_values = true)]
    pub prompt: Option<String>,
    /// The agent's profile [default: default_agent of the configuration]
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// The revision to start from; HEAD is that of the worktree you stand in, `after` the branch of the task that it waits for [default: worktrees.base of the configuration]
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,
    /// Works on this branch, which is there, instead of a new one; it is never deleted
    #[arg(long, value_name = "NAME", conflicts_with = "base")]
    pub branch: Option<String>,
    /// Works on the branch of this pull request, which is fetched
    #[arg(long, value_name = "N", conflicts_with_all = ["base", "branch"])]
    pub pr: Option<i64>,
    /// Higher goes first
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub priority: i64,
    /// A task that must be done first
    #[arg(long, value_name = "ID", value_parser = ids::one)]
    pub after: Vec<i64>,
    /// Waits for every task of the batches before
    #[arg(long, value_name = "N")]
    pub batch: Option<i64>,
    /// A file that the task is about
    #[arg(long, value_name = "PATH")]
    pub file: Vec<String>,
    /// A command (sh -c) that must pass before review
    #[arg(long, value_name = "CMD", allow_hyphen_values = true)]
    pub verify: Vec<String>,
    /// Ends the agent after this long, such as 30m
    #[arg(long, value_name = "D")]
    pub timeout: Option<String>,
    /// Your own id for the task
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// Adds the profile's unsafe arguments
    #[arg(long = "unsafe")]
    pub unsafe_mode: bool,
    /// Dispatches it at once
    #[arg(long)]
    pub start: bool,
}

#[derive(Debug, ClapArgs)]
pub struct List {
    /// Only tasks with this status; may be repeated
    #[arg(long, value_name = "S", value_parser = status)]
    pub status: Vec<Status>,
    /// The tasks of every repository
    #[arg(long)]
    pub all: bool,
    /// Include archived tasks
    #[arg(long)]
    pub archived: bool,
    /// The order
    #[arg(long, value_name = "K", default_value = "board", value_parser = sorts())]
    pub sort: Sort,
    /// At most this many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Says which of the works in progress and in review change the same files, and where they conflict
    #[arg(long)]
    pub overlaps: bool,
}

#[derive(Debug, ClapArgs)]
pub struct One {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
}

#[derive(Debug, ClapArgs)]
pub struct Dispatch {
    /// The tasks: 12, #12, 1,2, 1-3 or a title
    #[arg(value_name = "ID", value_parser = ids::several, required_unless_present_any = ["next", "all"])]
    pub ids: Vec<Ids>,
    /// The first N of the queue
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1", conflicts_with = "ids")]
    pub next: Option<usize>,
    /// Everything that is ready and fits
    #[arg(long, conflicts_with_all = ["ids", "next"])]
    pub all: bool,
    /// Waits until each has ended
    #[arg(long)]
    pub wait: bool,
    /// Uses another profile than the task's
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// Ignores the configured limits
    #[arg(long)]
    pub over_limit: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Run {
    /// At most this many beside each other [default: queue.max_running of the configuration, which no N exceeds]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max: Option<u32>,
}

#[derive(Debug, ClapArgs)]
pub struct Reconcile {
    /// Only prints what it would do
    #[arg(long)]
    pub dry_run: bool,
    /// Like --dry-run, and exits 9 if there is anything to do
    #[arg(long)]
    pub check: bool,
    /// Keeps going: on events, and every SECONDS as well
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", conflicts_with_all = ["check", "dry_run"])]
    pub watch: Option<u64>,
}

#[derive(Debug, ClapArgs)]
pub struct Peek {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// How many lines
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub lines: u32,
}

#[derive(Debug, ClapArgs)]
pub struct Log {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// The attempt's number [default: the newest]
    #[arg(long, value_name = "N")]
    pub attempt: Option<u32>,
    /// What setup and verification printed, instead
    #[arg(long)]
    pub verify: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Diff {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// A line for each file instead of its changes
    #[arg(long, conflicts_with = "name_only")]
    pub stat: bool,
    /// Only the paths, one a line
    #[arg(long)]
    pub name_only: bool,
    /// The work of this attempt [default: the newest that has any]
    #[arg(long, value_name = "N")]
    pub attempt: Option<u32>,
    /// What has changed since it was sent back last
    #[arg(long, conflicts_with = "attempt")]
    pub since_review: bool,
    /// Only what is in commits: the base against HEAD
    #[arg(long, conflicts_with = "uncommitted")]
    pub committed: bool,
    /// Only what is in no commit: HEAD against the files, untracked ones included
    #[arg(long)]
    pub uncommitted: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Send {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// A text, or - for standard input
    #[arg(value_name = "TEXT|-", allow_hyphen_values = true)]
    pub text: String,
}

#[derive(Debug, ClapArgs)]
pub struct Bounce {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// What to do differently: a text, - for standard input, or @FILE
    #[arg(long, value_name = "TEXT|-|@FILE", allow_hyphen_values = true, required_unless_present_any = ["comments", "from_pr"])]
    pub note: Option<String>,
    /// With the comments on its work that were not sent yet
    #[arg(long)]
    pub comments: bool,
    /// With the failed checks of its pull request and what its reviewers said, as far as its agent does not know of it
    #[arg(long, conflicts_with = "comments")]
    pub from_pr: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Stop {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// Also ends the processes that the attempt left behind
    #[arg(long)]
    pub leftovers: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Retry {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// In a new worktree; the old one is parked
    #[arg(long, conflicts_with = "resume")]
    pub fresh: bool,
    /// In the worktree of the last attempt, where it is intact (the default)
    #[arg(long)]
    pub resume: bool,
    /// What to tell the next agent in addition to the prompt
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub note: Option<String>,
    /// Uses another profile than the task's, for this attempt
    #[arg(long, value_name = "NAME", conflicts_with = "no_dispatch")]
    pub agent: Option<String>,
    /// Replaces what the task's agents are told: a text, - for standard input, or @FILE
    #[arg(long, value_name = "TEXT|-|@FILE", allow_hyphen_values = true)]
    pub prompt: Option<String>,
    /// Only runs the verification again, without an agent
    #[arg(long, conflicts_with_all = ["fresh", "note", "no_dispatch", "agent", "prompt"])]
    pub verify: bool,
    /// Only moves it back to ready
    #[arg(long)]
    pub no_dispatch: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Comment {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// The lines: src/main.rs:12 or src/main.rs:12-14; with --edit the new text
    #[arg(value_name = "FILE:LINE")]
    pub place: Option<String>,
    /// What there is to say: a text, - for standard input, or @FILE
    #[arg(value_name = "TEXT|-|@FILE", allow_hyphen_values = true)]
    pub text: Option<String>,
    /// Lists them all, each where its lines stand now
    #[arg(long, conflicts_with_all = ["place", "clear", "delete", "edit", "handled"])]
    pub list: bool,
    /// Drops all that were not sent
    #[arg(long, conflicts_with_all = ["place", "delete", "edit", "handled"])]
    pub clear: bool,
    /// Drops one that was not sent
    #[arg(long, value_name = "N", conflicts_with_all = ["place", "edit", "handled"])]
    pub delete: Option<i64>,
    /// Changes one that was not sent
    #[arg(long, value_name = "N", conflicts_with_all = ["text", "handled"])]
    pub edit: Option<i64>,
    /// For agents: that one is seen to
    #[arg(long, value_name = "N", conflicts_with = "place")]
    pub handled: Option<i64>,
}

#[derive(Debug, ClapArgs)]
pub struct Pr {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// As a draft, where it is a new one
    #[arg(long)]
    pub draft: bool,
    /// The branch that the work is to go to [default: the one that the task started from]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// Commits first what is in no commit
    #[arg(long)]
    pub commit_all: bool,
    /// Only shows the one that is there in the browser
    #[arg(long, conflicts_with_all = ["draft", "base", "commit_all"])]
    pub web: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Wait {
    /// The tasks: 12, #12, 1,2, 1-3 or a title
    #[arg(value_name = "ID", value_parser = ids::several, required = true)]
    pub ids: Vec<Ids>,
    /// Until it is in this status
    #[arg(long = "for", value_name = "STATUS", value_parser = status)]
    pub status: Option<Status>,
    /// Gives up after this long, such as 10m
    #[arg(long, value_name = "D")]
    pub timeout: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub struct Done {
    /// Waits for the verification
    #[arg(long)]
    pub wait: bool,
    /// The task, when you act for its agent
    #[arg(long, value_name = "ID", value_parser = ids::one)]
    pub task: Option<i64>,
}

#[derive(Debug, ClapArgs)]
pub struct Fail {
    /// Why
    #[arg(allow_hyphen_values = true)]
    pub reason: String,
    /// The task, when you act for its agent
    #[arg(long, value_name = "ID", value_parser = ids::one)]
    pub task: Option<i64>,
}

#[derive(Debug, ClapArgs)]
pub struct Say {
    /// What to say
    #[arg(allow_hyphen_values = true)]
    pub text: String,
    /// The task, when you act for its agent
    #[arg(long, value_name = "ID", value_parser = ids::one)]
    pub task: Option<i64>,
}

#[derive(Debug, ClapArgs)]
pub struct Rm {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// Ends its agent first
    #[arg(long)]
    pub stop: bool,
    /// Moves its worktree even while a shell stands in it or it is no longer a worktree; one that can't be moved is
    /// left where it is, and named
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Subcommand)]
pub enum Trash {
    /// Lists what is in the trash: task#attempt, when it was parked, its size and place
    List {
        /// Of every repository
        #[arg(long)]
        all: bool,
    },
    /// Shows what the trash has of one task
    Show {
        /// The task: 12, #12 or its title
        #[arg(value_name = "ID", value_parser = ids::one)]
        id: i64,
    },
    /// Moves a task's worktree back to where it was; a removed task is on the board again
    Restore(RestoreTrash),
    /// Deletes worktrees from the trash for good; their branches and rescue references stay
    Empty(EmptyTrash),
}

#[derive(Debug, ClapArgs)]
pub struct RestoreTrash {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// The worktree of this attempt [default: the newest]
    #[arg(long, value_name = "N")]
    pub attempt: Option<u32>,
}

#[derive(Debug, ClapArgs)]
pub struct EmptyTrash {
    /// Only of these tasks [default: of this repository's]
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub ids: Vec<i64>,
    /// Only what was parked longer ago than this, like 30d
    #[arg(long, value_name = "D")]
    pub older_than: Option<String>,
    /// Only what takes more room than this, like 500M
    #[arg(long, value_name = "SIZE")]
    pub larger_than: Option<String>,
    /// Of every repository
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// Only lists what would be deleted
    #[arg(long)]
    pub dry_run: bool,
    /// Does not ask
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Tidy {
    /// Only prints what it would do
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Archive {
    /// The task: 12, #12 or its title
    #[arg(value_name = "ID", value_parser = ids::one)]
    pub id: i64,
    /// Ends its agent first
    #[arg(long)]
    pub stop: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Events {
    /// Keeps going, and prints each event as it is committed
    #[arg(long)]
    pub follow: bool,
    /// Only the events after this sequence number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    pub since: i64,
}

#[derive(Debug, ClapArgs)]
pub struct StatusLine {
    /// With {running} {waiting} {review} {failed} {lost} [default: the counts that are not zero]
    #[arg(long, value_name = "F")]
    pub format: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub struct Man {
    /// The command [default: the page of the program]
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
    /// Writes every page into this folder, as COMMAND.1
    #[arg(long, value_name = "PATH", conflicts_with = "command")]
    pub dir: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct Trust {
    /// Only shows the file: all that it says, what of that has changed, its hash, and whether it is trusted
    #[arg(long)]
    pub show: bool,
    /// Forgets every content of this repository's file that was trusted
    #[arg(long, conflicts_with = "show")]
    pub revoke: bool,
    /// Does not ask, where it would at a terminal
    #[arg(long, conflicts_with_all = ["show", "revoke"])]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Prints the configuration in force: yours, with the repository's over it once that is trusted
    Show,
    /// Prints where the configuration file is looked for
    Path,
    /// Writes the commented default
    Init,
    /// Checks the configuration
    Check,
}

/// The orders by their names.
fn sorts() -> impl TypedValueParser<Value = Sort> {
    let help = |sort: &Sort| match sort {
        Sort::Board => Some("By column, then priority, then id"),
        Sort::Id | Sort::Priority | Sort::Created | Sort::Updated | Sort::Title => None,
    };
    let names = Sort::ALL.map(|sort| PossibleValue::new(sort.text()).help(help(&sort).unwrap_or_default()));
    PossibleValuesParser::new(names)
        .map(|name| Sort::ALL.into_iter().find(|sort| sort.text() == name).unwrap_or_default())
}

fn status(text: &str) -> Result<Status, String> {
    Status::parse(text).map_err(|_| {
        let known: Vec<&str> = Status::ALL.iter().map(|status| status.text()).collect();
        format!("not a status; one of {}", known.join(", "))
    })
}

/// The command line's definition, with examples in each command's help.
#[must_use]
pub fn command() -> clap::Command {
    examples::with(<Args as clap::CommandFactory>::command())
}

impl Args {
    /// Reads the arguments.
    ///
    /// # Errors
    /// What clap makes of them; also where help or the version was asked for.
    pub fn read(argv: Vec<OsString>) -> Result<Self, clap::Error> {
        let mut matches = command().try_get_matches_from(argv)?;
        let mut args = <Self as clap::FromArgMatches>::from_arg_matches_mut(&mut matches)?;
        args.global.json = args.global.fields.is_some();
        Ok(args)
    }

    /// The global arguments alone, whatever stands where ids go.
    #[must_use]
    pub fn globals(argv: &[OsString]) -> Option<Global> {
        fn without_ids(command: clap::Command) -> clap::Command {
            let any = |argument: clap::Arg| {
                if ids::ARGUMENTS.contains(&argument.get_id().as_str()) {
                    argument.value_parser(clap::value_parser!(OsString))
                } else {
                    argument
                }
            };
            command.mut_args(any).mut_subcommands(without_ids)
        }
        let matches = without_ids(command()).try_get_matches_from(argv).ok()?;
        <Global as clap::FromArgMatches>::from_arg_matches(&matches).ok()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_sound() {
        super::command().debug_assert();
    }
}
