//! An attempt: one try at a task, and the owner of everything that the try creates.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::id::{AttemptId, FileId, Place, Process, TaskId};
use super::permission::Verb;
use super::state::{Activity, Cause, Phase, Source, Spoken, TreeState};
use super::time::{BootTime, Timestamp};

/// Everything that a dispatch will create or need, fixed at the claim and committed before the first effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub id: AttemptId,
    pub task: TaskId,
    /// 1 for a task's first attempt.
    pub number: u32,
    /// The repository, as in the task.
    pub repo: PathBuf,
    /// The name of the agent profile.
    pub agent: String,
    /// The commit that the branch starts from: 40 (or 64) hexadecimal digits.
    pub base: String,
    /// A branch name without `refs/heads/`.
    pub branch: String,
    /// The worktree's absolute path.
    pub worktree: PathBuf,
    /// The attempt whose tree and branch this one takes over; absent, both are made afresh.
    pub adopts: Option<AttemptId>,
    /// The absolute path of the tmux server's socket.
    pub socket: PathBuf,
    /// The tmux session's name.
    pub session: String,
    /// What the agent is told: copied from the task, so that an edit can't reach a running attempt.
    pub brief: Brief,
    pub files: Files,
    /// The secret that the agent's own verbs must show.
    pub token: String,
    /// What its agent may do besides its own verbs: as the settings were then, so that no other file can widen it.
    pub may: Vec<Verb>,
    /// The first of [`PORTS`] ports that are this attempt's own while it lives.
    pub port: Option<u16>,
}

/// How many ports an attempt has for its own servers.
pub const PORTS: u16 = 10;

/// What a running agent was last known to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doing {
    pub activity: Activity,
    pub source: Source,
    pub since: Timestamp,
}

/// What the agent is told and how its claim to be done is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    pub title: String,
    /// The whole prompt, byte for byte.
    pub prompt: String,
    pub verify: Vec<String>,
    pub timeout: Option<Duration>,
}

/// The attempt's own files, absolute, all in the state directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Held exclusively by the shim for its life.
    pub lock: PathBuf,
    /// Held exclusively by the dispatcher for the saga's life.
    pub saga: PathBuf,
    /// The shim's orders; unlinked once read.
    pub launch: PathBuf,
    pub prompt: PathBuf,
    /// How it ended, written before the database is told.
    pub exit: PathBuf,
    /// The saved screen.
    pub screen: PathBuf,
    /// What setup and verification printed.
    pub log: PathBuf,
}

impl Files {
    /// The names of an attempt's files below the state directory.
    #[must_use]
    pub fn of(state_dir: &std::path::Path, id: &AttemptId) -> Self {
        let file = |folder: &str, name: String| state_dir.join(folder).join(name);
        Self {
            lock: file("locks", format!("{id}.lock")),
            saga: file("locks", format!("saga-{id}.lock")),
            launch: file("launch", format!("{id}.json")),
            prompt: file("prompts", format!("{id}.txt")),
            exit: file("exits", format!("{id}.exit")),
            screen: file("screens", format!("{id}.txt")),
            log: file("logs", format!("{id}.log")),
        }
    }

    /// How the agent is to report, beside its prompt.
    #[must_use]
    pub fn preamble(&self) -> PathBuf {
        self.prompt.with_extension("preamble")
    }

    /// The folders below the state directory that these names need.
    pub const FOLDERS: [&'static str; 6] = ["locks", "launch", "prompts", "exits", "screens", "logs"];
}

/// How an agent's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// An exit status, 0–255.
    Code(i32),
    /// A signal number.
    Signal(i32),
}

/// An attempt as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub plan: Plan,
    pub phase: Phase,
    /// Boot time of the last change of phase, in the boot of `place`.
    pub phase_since: BootTime,
    /// Where its processes are.
    pub place: Place,
    pub dispatcher: Process,
    pub shim: Option<Process>,
    pub agent: Option<Process>,
    /// The tmux server that the shim found itself in.
    pub server: Option<Process>,
    /// `%N`: a hint, never an identity.
    pub pane: Option<String>,
    /// The lock file that the shim took.
    pub lock: Option<FileId>,
    /// A person asked for its end.
    pub stop_requested: bool,
    /// What its agent does, as far as anybody said or saw.
    pub doing: Option<Doing>,
    /// What the agent asks, or said last: one line.
    pub saying: Option<String>,
    /// What of that it said by a verb of its own.
    pub spoken: Option<Spoken>,
    /// When the usage limit that it waits for ends.
    pub waits_until: Option<Timestamp>,
    /// The agent's own name for its conversation.
    pub conversation: Option<String>,
    pub claimed_at: Timestamp,
    /// When the agent was started; absent, it never was.
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub exit: Option<Exit>,
    pub cause: Option<Cause>,
    /// How it failed, in a sentence.
    pub failure: Option<String>,
    /// What clean-up declined to remove, each a sentence.
    pub kept: Vec<String>,
    /// Processes that outlive it, as `pid name`.
    pub leftovers: Vec<String>,
    /// Who they are.
    pub left_running: Vec<Process>,
    /// What was written in the user's own checkout while its agent ran, by whomever: paths in the repository.
    pub touched: Vec<String>,
    /// Nothing of it is left to clean up.
    pub cleaned: bool,
}

/// A worktree that ganger made, and the one attempt that owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Where it was made: its name for good.
    pub path: PathBuf,
    pub repo: PathBuf,
    pub branch: String,
    /// The branch was there before, and is the user's.
    pub given: bool,
    /// The commit that the branch was made at, or was at.
    pub base: String,
    pub owner: AttemptId,
    pub task: TaskId,
    pub state: TreeState,
    /// Whether a shim ever ran in it.
    pub ran: bool,
    /// Where it is while parked.
    pub parked: Option<PathBuf>,
}

impl Tree {
    /// Where it is parked: beside it, in the root that it was made in, whatever root is configured by now.
    #[must_use]
    pub fn trash(&self) -> PathBuf {
        trash(&self.path)
    }
}

/// Where a tree of this path is parked.
#[must_use]
pub fn trash(path: &Path) -> PathBuf {
    path.ancestors().nth(2).unwrap_or(path).join(".trash")
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Files, Tree};
    use crate::domain::id::{AttemptId, TaskId};
    use crate::domain::state::TreeState;

    #[test]
    fn an_attempts_places_are_its_own() {
        let owner = AttemptId::parse("01980000-0000-7000-8000-000000000001").unwrap();
        let files = Files::of(Path::new("/state"), &owner);
        assert_eq!(files.preamble(), PathBuf::from(format!("/state/prompts/{owner}.preamble")));
        let tree = Tree {
            path: PathBuf::from("/trees/shop/7-fix"),
            repo: PathBuf::from("/shop"),
            branch: "b".to_owned(),
            given: false,
            base: String::new(),
            owner,
            task: TaskId(7),
            state: TreeState::Present,
            ran: false,
            parked: None,
        };
        assert_eq!(tree.trash(), PathBuf::from("/trees/.trash"));
    }
}
