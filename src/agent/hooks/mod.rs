//! Hooks of the agents' own command lines: how an agent tells ganger what it does.
//!
//! Owns what is registered where ([`settings`]), what the files on disk become ([`install`]), what a report of an agent
//! means ([`payload`]) and what it is answered ([`verbs`]). It starts nothing, opens no database, and knows no agent but by name.
//!
//! What the agents take and send is from their documentation, as of November 2026: `code.claude.com/docs/en/hooks`,
//! `developers.openai.com/codex/hooks`, `geminicli.com/docs/hooks/reference`, `opencode.ai/docs/plugins`.

mod document;
pub mod install;
mod opencode;
pub mod payload;
mod remove;
pub mod settings;
#[cfg(test)]
mod tests;
pub mod verbs;

/// A way in which an agent's command line runs programs on events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// `hooks` of a settings file, read at the start. A matcher `*` or none at all takes everything.
    Claude,
    /// A file of hooks beside the project's configuration. A person has to trust it once, with `/hooks`.
    Codex,
    /// `hooks` of the project's settings file; hooks have names, and their time is counted in milliseconds.
    Gemini,
    /// A plugin: a file of JavaScript that is loaded at the start.
    OpenCode,
}

/// What is known of one mechanism.
struct Row {
    mechanism: Mechanism,
    /// The name of its agent.
    name: &'static str,
    /// Where it is registered, relative to the worktree.
    file: &'static str,
    /// The events that are registered.
    events: &'static [&'static str],
    /// What a person has to do before the hooks run.
    note: Option<&'static str>,
}

#[rustfmt::skip]
const ROWS: [Row; 4] = [
    Row {
        mechanism: Mechanism::Claude,
        name: "claude",
        file: ".claude/settings.local.json",
        events: &["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PermissionRequest", "Notification", "Stop", "StopFailure"],
        note: None,
    },
    Row {
        mechanism: Mechanism::Codex,
        name: "codex",
        file: ".codex/hooks.json",
        events: &["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PermissionRequest", "Stop"],
        note: Some("codex runs them once they are trusted: type /hooks in codex"),
    },
    Row {
        mechanism: Mechanism::Gemini,
        name: "gemini",
        file: ".gemini/settings.json",
        events: &["SessionStart", "BeforeAgent", "BeforeTool", "AfterTool", "Notification", "AfterAgent"],
        note: None,
    },
    Row {
        mechanism: Mechanism::OpenCode,
        name: "opencode",
        file: ".opencode/plugins/ganger.js",
        events: &[
            "session.created", "session.status", "session.idle", "session.error", "permission.asked", "permission.updated",
            "permission.replied", "question.asked", "question.replied", "question.rejected",
        ],
        note: None,
    },
];

impl Mechanism {
    /// Every mechanism, by the name of its agent.
    pub const ALL: &'static [Self] = &[Self::Claude, Self::Codex, Self::Gemini, Self::OpenCode];

    const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The mechanism of the agent of this name.
    #[must_use]
    pub fn for_agent(name: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.name == name).map(|row| row.mechanism)
    }

    /// The mechanism of an agent of this name, or else of this program.
    #[must_use]
    pub fn of(name: &str, program: &str) -> Option<Self> {
        let file = std::path::Path::new(program).file_name().and_then(std::ffi::OsStr::to_str);
        Self::for_agent(name).or_else(|| Self::for_agent(file?))
    }

    /// The name of its agent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Where it is registered, relative to the worktree.
    #[must_use]
    pub const fn file(self) -> &'static str {
        self.row().file
    }

    /// The events that are registered.
    #[must_use]
    pub const fn events(self) -> &'static [&'static str] {
        self.row().events
    }

    /// What a hook runs, by `sh -c`: nothing outside an attempt, and no path that another machine does not have.
    #[must_use]
    pub fn command(self) -> String {
        format!("test ! -x \"$GANGER_BIN\" || \"$GANGER_BIN\" __hook {}", self.name())
    }

    /// What a person has to do before the hooks run.
    #[must_use]
    pub const fn note(self) -> Option<&'static str> {
        self.row().note
    }
}
