//! The agents that ganger knows without configuration, as one table. It starts nothing and reads no file.
//!
//! Flags, screens and versions are those of each program's own documentation, read in November 2026:
//! Claude Code 2.1 (code.claude.com/docs: cli-reference, hooks, permission-modes), Codex CLI 0.1xx
//! (developers.openai.com/codex: cli reference, non-interactive mode, config reference, hooks), Gemini CLI 0.3x
//! (geminicli.com/docs: cli-reference, hooks/reference, trusted-folders), OpenCode 1.x (opencode.ai/docs: cli, plugins),
//! aider 0.86 (aider.chat/docs: config/options, usage/notifications). None of them was run: all of it can be overridden
//! in the configuration.

pub mod hooks;
pub mod limit;
pub mod screen;

use crate::domain::profile::{Mode, NoOutput, Profile};

/// The agent of a task that names none, unless configured.
pub const DEFAULT: &str = "claude";

/// One program. A prompt is an argument after `--`, or joined to its option: one that begins with a dash is a prompt still.
struct BuiltIn {
    name: &'static str,
    command: &'static [&'static str],
    resume: &'static [&'static str],
    headless: &'static [&'static str],
    headless_resume: &'static [&'static str],
    safe_args: &'static [&'static str],
    unsafe_args: &'static [&'static str],
    mode: Mode,
    no_output: NoOutput,
    preamble: bool,
    hooks: bool,
    /// Its questions, the one whether this new folder is to be trusted among them; in lower case.
    waiting: &'static [&'static str],
    limit: &'static [&'static str],
}

#[rustfmt::skip]
const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        name: "aider",
        // It can't be given a first message and stay: it works through one and ends.
        command: &[],
        resume: &[],
        headless: &["aider", "{permissions}", "--no-check-update", "--read", "{preamble_file}", "--notifications", "--notifications-command", NOTIFY_AIDER, "--message-file", "{prompt_file}"],
        headless_resume: &["aider", "{permissions}", "--no-check-update", "--restore-chat-history", "--read", "{preamble_file}", "--notifications", "--notifications-command", NOTIFY_AIDER, "--message-file", "{prompt_file}"],
        safe_args: &[],
        unsafe_args: &["--yes-always"],
        mode: Mode::Headless,
        no_output: NoOutput::Failed,
        preamble: true,
        hooks: false,
        waiting: &["(y)es/(n)o"],
        limit: &["rate limit exceeded", "exceeded your current quota"],
    },
    BuiltIn {
        name: "claude",
        command: &["claude", "{permissions}", "--append-system-prompt", "{preamble}", "--", "{prompt}"],
        resume: &["claude", "--resume", "{conversation}", "{permissions}", "--append-system-prompt", "{preamble}", "--", "{prompt}"],
        headless: &["claude", "--print", "{permissions}", "--append-system-prompt", "{preamble}", "--", "{prompt}"],
        headless_resume: &["claude", "--print", "--resume", "{conversation}", "{permissions}", "--append-system-prompt", "{preamble}", "--", "{prompt}"],
        safe_args: &["--permission-mode", "acceptEdits"],
        unsafe_args: &["--dangerously-skip-permissions"],
        mode: Mode::Interactive,
        no_output: NoOutput::Failed,
        preamble: true,
        hooks: true,
        waiting: &["is this a project you created or one you trust", "do you trust the files in this folder", "do you want to", "would you like to proceed", "enter to confirm"],
        limit: &["hit your limit", "hit your session limit", "hit your weekly limit", "usage limit reached", "limit reached ∙ resets", "limit will reset"],
    },
    BuiltIn {
        name: "codex",
        command: &["codex", "{permissions}", "-c", "developer_instructions={preamble}", "--", "{prompt}"],
        resume: &["codex", "resume", "{permissions}", "-c", "developer_instructions={preamble}", "--", "{conversation}", "{prompt}"],
        headless: &["codex", "exec", "{permissions}", "-c", "developer_instructions={preamble}", "--", "{prompt}"],
        headless_resume: &["codex", "exec", "{permissions}", "-c", "developer_instructions={preamble}", "resume", "--", "{conversation}", "{prompt}"],
        safe_args: &["--sandbox", "workspace-write"],
        unsafe_args: &["--dangerously-bypass-approvals-and-sandbox"],
        mode: Mode::Interactive,
        no_output: NoOutput::Failed,
        preamble: true,
        // It asks a person to trust each new hooks file, and a worktree's is always new.
        hooks: false,
        waiting: &["do you trust the contents of this directory", "allow command?", "would you like to run the following command", "would you like to make the following edits", "press enter to confirm", "hooks need review"],
        limit: &["hit your usage limit", "hit your weekly usage limit"],
    },
    BuiltIn {
        name: "gemini",
        command: &["gemini", "{permissions}", "--prompt-interactive={prompt}"],
        resume: &["gemini", "{permissions}", "--resume={conversation}", "--prompt-interactive={prompt}"],
        headless: &["gemini", "{permissions}", "--prompt={prompt}"],
        headless_resume: &["gemini", "{permissions}", "--resume={conversation}", "--prompt={prompt}"],
        safe_args: &["--approval-mode=auto_edit"],
        unsafe_args: &["--approval-mode=yolo"],
        mode: Mode::Interactive,
        no_output: NoOutput::Failed,
        preamble: true,
        hooks: true,
        waiting: &["do you trust this folder", "apply this change?", "allow execution", "do you want to proceed", "action required"],
        limit: &["usage limit reached", "quota exceeded", "exhausted your daily quota"],
    },
    BuiltIn {
        name: "opencode",
        command: &["opencode", "{permissions}", "--prompt={prompt}"],
        resume: &["opencode", "{permissions}", "--session={conversation}", "--prompt={prompt}"],
        headless: &["opencode", "run", "{permissions}", "--", "{prompt}"],
        headless_resume: &["opencode", "run", "{permissions}", "--session={conversation}", "--", "{prompt}"],
        safe_args: &[],
        unsafe_args: &["--auto"],
        mode: Mode::Interactive,
        no_output: NoOutput::Failed,
        preamble: true,
        hooks: true,
        waiting: &["permission required", "allow once"],
        limit: &["rate limit exceeded", "usage limit"],
    },
    BuiltIn {
        name: "shell",
        command: &["sh", "{prompt_file}"],
        resume: &[],
        headless: &[],
        headless_resume: &[],
        safe_args: &[],
        unsafe_args: &[],
        mode: Mode::Headless,
        no_output: NoOutput::Review,
        preamble: false,
        hooks: false,
        waiting: &[],
        limit: &[],
    },
];

/// aider has no hooks, but runs a command when it has finished and waits; it gives that to a shell.
const NOTIFY_AIDER: &str = r#"test ! -x "$GANGER_BIN" || "$GANGER_BIN" __hook aider"#;

/// The built-in profiles, by name.
pub fn built_in() -> impl Iterator<Item = Profile> {
    BUILT_IN.iter().map(|agent| Profile {
        command: owned(agent.command),
        resume: owned(agent.resume),
        headless: owned(agent.headless),
        headless_resume: owned(agent.headless_resume),
        mode: agent.mode,
        safe_args: owned(agent.safe_args),
        unsafe_args: owned(agent.unsafe_args),
        no_output: agent.no_output,
        preamble: agent.preamble,
        hooks: agent.hooks,
        waiting: owned(agent.waiting),
        limit: owned(agent.limit),
        ..Profile::new(agent.name)
    })
}

fn owned(argv: &[&str]) -> Vec<String> {
    argv.iter().map(|&argument| argument.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, built_in};

    #[test]
    fn every_built_in_agent_can_be_started_and_told_its_task() {
        for agent in built_in() {
            for (resumes, conversation) in [(false, None), (true, None), (true, Some("c"))] {
                let argv = agent.argv(resumes, conversation);
                assert!(!argv[0].is_empty(), "{}", agent.name);
                let told = argv.iter().any(|argument| argument.contains("{prompt"));
                assert!(told, "{} is never told its prompt", agent.name);
            }
        }
    }

    #[test]
    fn no_prompt_is_taken_for_an_option() {
        for agent in built_in() {
            for argv in [&agent.command, &agent.resume, &agent.headless, &agent.headless_resume] {
                for (at, argument) in argv.iter().enumerate() {
                    let behind = argv[..at].contains(&"--".to_owned());
                    assert!(argument != "{prompt}" || behind, "{}: {argv:?}", agent.name);
                    assert!(argument != "{permissions}" || !behind, "{}: {argv:?}", agent.name);
                }
            }
        }
    }

    #[test]
    fn patterns_are_in_lower_case() {
        for agent in built_in() {
            for pattern in agent.waiting.iter().chain(&agent.limit) {
                assert_eq!(*pattern, pattern.to_lowercase(), "{}", agent.name);
            }
        }
    }

    #[test]
    fn names_are_sorted_and_unique_and_the_default_is_among_them() {
        let names: Vec<String> = built_in().map(|agent| agent.name).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        assert!(names.iter().any(|name| name == DEFAULT));
    }
}
