//! Who may give which command: one table, for the user and for the agents that ganger started.
//!
//! It keeps agents from acting as a person by mistake, and the timeline honest about who did what. It is no sandbox:
//! `SECURITY.md` says what remains.

use std::fmt;

use super::id::{AttemptId, TaskId};
use super::state::{UnknownWord, words};

words! {
    /// What a command does, as it stands on the command line. One command may do several things.
    Verb, "command" {
        Board = "the board",
        Add = "add",
        AddUnsafe = "add --unsafe",
        Import = "import",
        ImportPreview = "import --dry-run",
        Export = "export",
        List = "list",
        Show = "show",
        Path = "path",
        Shell = "shell",
        Edit = "edit",
        EditUnsafe = "edit --unsafe",
        Dispatch = "dispatch",
        DispatchOverLimit = "dispatch --over-limit",
        Run = "run",
        Reconcile = "reconcile",
        ReconcileCheck = "reconcile --check",
        Attach = "attach",
        Peek = "peek",
        Log = "log",
        Diff = "diff",
        Send = "send",
        Stop = "stop",
        Retry = "retry",
        Bounce = "bounce",
        Approve = "approve",
        Merge = "merge",
        MergePreview = "merge --dry-run",
        Pr = "pr",
        Comment = "comment",
        CommentList = "comment --list",
        CommentHandled = "comment --handled",
        Reopen = "reopen",
        Wait = "wait",
        Done = "done",
        Fail = "fail",
        Ask = "ask",
        Note = "note",
        Rm = "rm",
        TrashList = "trash list",
        TrashRestore = "trash restore",
        TrashEmpty = "trash empty",
        Tidy = "tidy",
        TidyPreview = "tidy --dry-run",
        Archive = "archive",
        Unarchive = "unarchive",
        Undo = "undo",
        Events = "events",
        StatusLine = "status-line",
        Config = "config",
        ConfigInit = "config init",
        Agents = "agents",
        Hooks = "agents install-hooks",
        TrustShow = "trust --show",
        Trust = "trust",
        Doctor = "doctor",
        DoctorFix = "doctor --fix",
        Completions = "completions",
        Man = "man",
        TmuxConf = "tmux-conf",
        Skill = "skill",
        Demo = "demo",
    }
}

/// What a verb is to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It only reads, or touches nothing of this board.
    Reads,
    /// An agent's own word about its own task.
    OwnWord,
    /// It changes the board: an agent's only where the user's settings let it.
    Grantable,
    /// A person's, whatever the settings say: it would widen what an agent may do, or needs a person at a terminal.
    Personal,
}

impl Verb {
    /// The table.
    #[must_use]
    pub const fn reach(self) -> Reach {
        match self {
            Self::List
            | Self::Show
            | Self::Path
            | Self::ReconcileCheck
            | Self::Peek
            | Self::TrashList
            | Self::Log
            | Self::Diff
            | Self::Wait
            | Self::Events
            | Self::StatusLine
            | Self::Config
            | Self::Agents
            | Self::TrustShow
            | Self::Doctor
            | Self::Completions
            | Self::MergePreview
            | Self::CommentList
            | Self::ImportPreview
            | Self::TidyPreview
            | Self::Export
            | Self::Man
            | Self::TmuxConf
            | Self::Skill
            | Self::Demo => Reach::Reads,
            Self::Done | Self::Fail | Self::Ask | Self::Note | Self::CommentHandled => Reach::OwnWord,
            Self::Add
            | Self::Import
            | Self::Edit
            | Self::Dispatch
            | Self::Reconcile
            | Self::DoctorFix
            | Self::Send
            | Self::Stop
            | Self::Retry
            | Self::Bounce
            | Self::Approve
            | Self::Merge
            | Self::Pr
            | Self::Comment
            | Self::Reopen
            | Self::Rm
            | Self::TrashRestore
            | Self::Tidy
            | Self::Archive
            | Self::Unarchive
            | Self::Undo
            | Self::Hooks => Reach::Grantable,
            Self::Board
            | Self::TrashEmpty
            | Self::Shell
            | Self::Attach
            | Self::AddUnsafe
            | Self::EditUnsafe
            | Self::DispatchOverLimit
            | Self::Run
            | Self::ConfigInit
            | Self::Trust => Reach::Personal,
        }
    }

    /// The verbs that a setting can give to agents.
    pub fn grantable() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|verb| verb.reach() == Reach::Grantable)
    }
}

/// How it is known that an agent gives a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It runs below the attempt's shim, or in its session.
    Descent,
    /// Only the environment says so: a person may have come by it, too.
    Environment,
}

/// An agent that gives a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub attempt: AttemptId,
    pub task: TaskId,
    /// What it may do besides, fixed when it was dispatched.
    pub may: Vec<Verb>,
    pub known: Known,
    /// Whether its attempt is over.
    pub is_over: bool,
}

/// Who gives a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    #[default]
    Person,
    Agent(Agent),
}

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A person's act that no setting gives to agents.
    Personal(Verb),
    /// A person's act that a setting could give to agents.
    NotGranted(Verb),
    /// An agent's word about another task than its own.
    OtherTask(TaskId),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Personal(verb) | Self::NotGranted(verb) => write!(f, "`{verb}` is for the user"),
            Self::OtherTask(task) => write!(f, "task {task} is another agent's"),
        }
    }
}

/// Whether a caller may do this. `about` is the task that a word is about, where that was said.
///
/// # Errors
/// Why not.
pub fn decide(caller: &Caller, verb: Verb, about: Option<TaskId>) -> Result<(), Refusal> {
    let Caller::Agent(agent) = caller else { return Ok(()) };
    match verb.reach() {
        Reach::Reads => Ok(()),
        Reach::OwnWord => match about.filter(|task| *task != agent.task) {
            Some(other) => Err(Refusal::OtherTask(other)),
            None => Ok(()),
        },
        // What outlives an attempt is nobody's agent any more.
        Reach::Grantable if agent.may.contains(&verb) && !agent.is_over => Ok(()),
        Reach::Grantable => Err(Refusal::NotGranted(verb)),
        Reach::Personal => Err(Refusal::Personal(verb)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Agent, Caller, Known, Reach, Refusal, Verb, decide};
    use crate::domain::id::{AttemptId, TaskId};

    fn agent(may: Vec<Verb>, is_over: bool) -> Caller {
        let attempt = AttemptId::parse("01980000-0000-7000-8000-000000000001").unwrap();
        Caller::Agent(Agent { attempt, task: TaskId(7), may, known: Known::Descent, is_over })
    }

    #[test]
    fn a_person_may_do_everything_and_an_agent_little() {
        let allowed: Vec<&str> = Verb::ALL
            .iter()
            .filter(|verb| {
                assert_eq!(decide(&Caller::Person, **verb, Some(TaskId(1))), Ok(()), "{verb}");
                decide(&agent(Vec::new(), false), **verb, None).is_ok()
            })
            .map(|verb| verb.text())
            .collect();
        assert_eq!(
            allowed,
            [
                "import --dry-run",
                "export",
                "list",
                "show",
                "path",
                "reconcile --check",
                "peek",
                "log",
                "diff",
                "merge --dry-run",
                "comment --list",
                "comment --handled",
                "wait",
                "done",
                "fail",
                "ask",
                "note",
                "trash list",
                "tidy --dry-run",
                "events",
                "status-line",
                "config",
                "agents",
                "trust --show",
                "doctor",
                "completions",
                "man",
                "tmux-conf",
                "skill",
                "demo"
            ]
        );
    }

    #[test]
    fn a_setting_gives_exactly_what_it_names_and_never_what_is_personal() {
        for verb in Verb::ALL.iter().copied() {
            assert_eq!(Verb::parse(verb.text()), Ok(verb));
            let given = decide(&agent(vec![verb], false), verb, None);
            let over = decide(&agent(vec![verb], true), verb, None);
            let not_given = decide(&agent(vec![Verb::Board], false), verb, None);
            match verb.reach() {
                Reach::Reads | Reach::OwnWord => assert_eq!((given, over, not_given), (Ok(()), Ok(()), Ok(()))),
                Reach::Grantable => {
                    let refused = Err(Refusal::NotGranted(verb));
                    assert_eq!((given, over, not_given), (Ok(()), refused, refused));
                    assert!(Verb::grantable().any(|grantable| grantable == verb));
                }
                Reach::Personal => {
                    let refused = Err(Refusal::Personal(verb));
                    assert_eq!((given, over, not_given), (refused, refused, refused));
                    assert!(!Verb::grantable().any(|grantable| grantable == verb));
                }
            }
        }
    }

    #[test]
    fn an_agents_word_is_about_its_own_task() {
        for verb in [Verb::Done, Verb::Fail, Verb::Ask, Verb::Note] {
            assert_eq!(decide(&agent(Vec::new(), false), verb, Some(TaskId(7))), Ok(()));
            let refused = decide(&agent(vec![verb], false), verb, Some(TaskId(8)));
            assert_eq!(refused, Err(Refusal::OtherTask(TaskId(8))), "whatever a setting says");
        }
        // What only reads may read of others.
        assert_eq!(decide(&agent(Vec::new(), false), Verb::Show, Some(TaskId(8))), Ok(()));
    }
}
