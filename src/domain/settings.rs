//! What can be configured, as values: read from files elsewhere, obeyed by the engine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::merge::Method;
use super::order::Order;
use super::permission::Verb;
use super::profile::Profile;
use super::queue::{Counts, Release};
use super::template::Template;

/// The whole configuration, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub default_agent: String,
    /// By name.
    pub agents: BTreeMap<String, Profile>,
    /// By name.
    pub templates: BTreeMap<String, Template>,
    pub worktrees: Worktrees,
    pub queue: Queue,
    pub completion: Completion,
    pub merge: Merge,
    pub trash: Trash,
    pub forge: Forge,
    pub permissions: Permissions,
    pub tmux: Tmux,
    pub timing: Timing,
    /// Commands by event (`waiting`, `review`, `failed`, `orphaned`): argv, never empty.
    pub notify: BTreeMap<String, Vec<String>>,
    pub ui: Ui,
    /// Keys of the board by the name of what they do.
    pub keys: BTreeMap<String, Vec<String>>,
}

/// How the board looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ui {
    pub theme: String,
    /// Only ASCII is drawn.
    pub ascii: bool,
    /// An open board starts what lost its agent again, after its pause.
    pub restart_lost: bool,
    /// What shows a task's work instead of the board's own view: argv, or empty.
    pub viewer: Vec<String>,
    /// How the board is arranged at first.
    pub order: Order,
    /// Colours by role, over those of the theme.
    pub colors: BTreeMap<String, String>,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            theme: "dark".to_owned(),
            ascii: false,
            restart_lost: false,
            viewer: Vec::new(),
            order: Order::default(),
            colors: BTreeMap::new(),
        }
    }
}

/// The file at the root of a main worktree that names, as .gitignore does, which of the ignored files a new tree gets.
pub const INCLUDE: &str = ".worktreeinclude";

/// `[worktrees]`: where they are made, from what, and what a new one gets along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worktrees {
    /// Absolute after `~` is resolved, or beginning with `{repo}`.
    pub root: String,
    /// A branch name with `{id}` and `{slug}`.
    pub branch: String,
    /// What a task without a base starts from.
    pub base: String,
    /// Patterns ([`glob`](super::glob)) of the main worktree's ignored files that a new tree gets copies of.
    pub copy: Vec<String>,
    /// The same, for those that it gets links to.
    pub link: Vec<String>,
    /// Whether what [`INCLUDE`] names is copied, too.
    pub include: bool,
    /// Whether the repository's post-checkout hook is run in a new tree.
    pub hooks: bool,
    /// Commands (`sh -c`) that the shim runs in a new tree before the agent.
    pub setup: Vec<String>,
    pub setup_timeout: Duration,
}

impl Default for Worktrees {
    fn default() -> Self {
        Self {
            root: String::new(),
            branch: "ganger/{id}-{slug}".to_owned(),
            base: "HEAD".to_owned(),
            copy: Vec::new(),
            link: Vec::new(),
            include: true,
            hooks: false,
            setup: Vec::new(),
            setup_timeout: Duration::from_mins(15),
        }
    }
}

impl Worktrees {
    /// The folder for the worktrees of `repo`: `<root>/<repo name>`.
    #[must_use]
    pub fn folder(&self, repo: &std::path::Path) -> PathBuf {
        self.root_of(repo).join(repo.file_name().unwrap_or("repository".as_ref()))
    }

    /// Whether anything is done in a new tree before the agent starts.
    #[must_use]
    pub fn prepares(&self) -> bool {
        self.hooks || !(self.copy.is_empty() && self.link.is_empty() && self.setup.is_empty())
    }

    fn root_of(&self, repo: &std::path::Path) -> PathBuf {
        match self.root.strip_prefix("{repo}") {
            Some(below) => repo.join(below.trim_start_matches('/')),
            None => PathBuf::from(&self.root),
        }
    }
}

/// `[queue]`: how many run at once, and how often one is queued again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub max_running: u32,
    pub per_agent: Option<u32>,
    pub per_repo: Option<u32>,
    pub counts: Counts,
    /// How far a task must have come for those that wait for it.
    pub release: Release,
    pub max_orphan_retries: u32,
    /// How many times `run` starts a task again that failed.
    pub retry_failed: u32,
    /// For tasks without a timeout of their own.
    pub timeout: Option<Duration>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            max_running: 8,
            per_agent: None,
            per_repo: None,
            counts: Counts::default(),
            release: Release::default(),
            max_orphan_retries: 3,
            retry_failed: 0,
            timeout: None,
        }
    }
}

/// `[completion]`: what has to pass before work is reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Commands (`sh -c`) that must pass before review, before the task's own.
    pub verify: Vec<String>,
    /// For all of them together.
    pub verify_timeout: Duration,
    /// What tells an agent how to report; empty, nothing does.
    pub preamble: String,
}

impl Default for Completion {
    fn default() -> Self {
        Self { verify: Vec::new(), verify_timeout: Duration::from_mins(30), preamble: String::new() }
    }
}

/// How work is brought home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    pub method: Method,
    /// Whether the verification commands must pass on the merged result, before the branch moves.
    pub verify: bool,
    /// Whether worktree and branch stay afterwards.
    pub keep: bool,
}

impl Default for Merge {
    fn default() -> Self {
        Self { method: Method::Merge, verify: false, keep: false }
    }
}

/// The base of a task that starts from the branch of one that it waits for.
pub const AFTER: &str = "after";

/// `[trash]`: what of it `trash empty` deletes where nothing else is asked for; both have to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trash {
    pub older_than: Option<Duration>,
    /// Bytes.
    pub larger_than: Option<u64>,
}

/// `[forge]`: the programs that know where pull requests are, each an argv; empty where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forge {
    pub find: Vec<String>,
    pub create: Vec<String>,
    /// What `create` is given besides for a draft.
    pub draft: Vec<String>,
    pub view: Vec<String>,
    pub reviews: Vec<String>,
    pub comments: Vec<String>,
    pub log: Vec<String>,
    pub web: Vec<String>,
    /// The reference that has the commits of a pull request.
    pub reference: String,
    /// How often a task's agent is sent back by itself with what its pull request still needs.
    pub auto_bounce: u32,
}

impl Default for Forge {
    fn default() -> Self {
        let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let fields = "number,url,state,isDraft,reviewDecision,statusCheckRollup";
        let head = "title,headRefName,isCrossRepository,headRepository,headRepositoryOwner";
        Self {
            find: argv(&[
                "gh", "pr", "list", "--head", "{branch}", "--state", "open", "--limit", "1", "--json", fields,
            ]),
            create: argv(&[
                "gh",
                "pr",
                "create",
                "--head",
                "{head}",
                "--base",
                "{base}",
                "--title",
                "{title}",
                "--body-file",
                "-",
            ]),
            draft: argv(&["--draft"]),
            view: argv(&["gh", "pr", "view", "{number}", "--json", &format!("{fields},{head}")]),
            reviews: argv(&["gh", "pr", "view", "{number}", "--json", "reviews,comments"]),
            comments: argv(&["gh", "api", "--paginate", "repos/{owner}/{repo}/pulls/{number}/comments"]),
            log: argv(&["gh", "run", "view", "{run}", "--job", "{job}", "--log-failed"]),
            web: argv(&["gh", "pr", "view", "{number}", "--web"]),
            reference: "refs/pull/{number}/head".to_owned(),
            auto_bounce: 0,
        }
    }
}

/// What agents may do besides their own verbs and what only reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    pub agents: Vec<Verb>,
}

/// `[tmux]`: the server and the terminals of agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tmux {
    /// A name as of `tmux -L`; absent, the server around us or tmux's default.
    pub socket: Option<String>,
    pub columns: u16,
    pub rows: u16,
    /// How many ended panes are kept.
    pub keep_ended: u32,
    /// Between TERM and KILL.
    pub grace: Duration,
    pub alternate_screen: bool,
}

impl Default for Tmux {
    fn default() -> Self {
        Self {
            socket: None,
            columns: 200,
            rows: 50,
            keep_ended: 20,
            grace: Duration::from_secs(10),
            alternate_screen: false,
        }
    }
}

/// Deadlines. None of them decides that an agent is dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// For one git command.
    pub git: Duration,
    /// For one tmux command.
    pub tmux: Duration,
    /// From asking tmux for a session until the agent has started.
    pub start: Duration,
    /// A dispatcher that holds its saga for longer than this without progress is overruled.
    pub saga: Duration,
    /// For another program's write lock on the database.
    pub database: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            git: Duration::from_mins(2),
            tmux: Duration::from_secs(10),
            start: Duration::from_secs(30),
            saga: Duration::from_mins(15),
            database: Duration::from_secs(15),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::Worktrees;

    #[test]
    fn worktrees_have_a_folder_for_each_repository() {
        let worktrees = |root: &str| Worktrees {
            root: root.to_owned(),
            branch: String::new(),
            base: String::new(),
            copy: Vec::new(),
            link: Vec::new(),
            include: false,
            hooks: false,
            setup: Vec::new(),
            setup_timeout: Duration::ZERO,
        };
        let repo = Path::new("/home/ann/shop");
        assert_eq!(worktrees("/trees").folder(repo), PathBuf::from("/trees/shop"));
        assert_eq!(worktrees("{repo}/.worktrees").folder(repo), PathBuf::from("/home/ann/shop/.worktrees/shop"));
        assert!(!worktrees("/trees").prepares());
        assert!(Worktrees { hooks: true, ..worktrees("/trees") }.prepares());
        let one = || vec!["x".to_owned()];
        assert!(Worktrees { copy: one(), ..worktrees("/trees") }.prepares());
        assert!(Worktrees { link: one(), ..worktrees("/trees") }.prepares());
        assert!(Worktrees { setup: one(), ..worktrees("/trees") }.prepares());
    }
}
