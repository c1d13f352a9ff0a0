//! An agent profile: how one kind of agent is started.

use std::ffi::OsString;
use std::path::Path;

use super::id::TaskId;

/// Whether the agent talks to a person or runs to its end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Interactive,
    Headless,
}

/// An exit 0 that changed and reported nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoOutput {
    Failed,
    Review,
}

/// A named command that an attempt runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    /// What goes before the argv, with the same placeholders: a sandbox, a container, another machine. Mostly empty.
    pub wrap: Vec<String>,
    /// Argv with placeholders; never empty, never through a shell.
    pub command: Vec<String>,
    /// Argv that picks an earlier session up again; empty where there is no such thing.
    pub resume: Vec<String>,
    /// The same two for `mode = "headless"`; empty where they are no different.
    pub headless: Vec<String>,
    pub headless_resume: Vec<String>,
    pub mode: Mode,
    /// What stands for `{permissions}`: for a task in unsafe mode, and for any other.
    pub unsafe_args: Vec<String>,
    pub safe_args: Vec<String>,
    pub no_output: NoOutput,
    pub env: Vec<(String, String)>,
    /// Whether the agent is told how to report.
    pub preamble: bool,
    /// The mechanism whose hooks are put into the worktree before each attempt: `claude`, `codex`, `gemini`, `opencode`.
    pub hooks: Option<String>,
    /// What stands on its screen when it waits for an answer: words in lower case.
    pub waiting: Vec<String>,
    /// What stands there when a usage limit is reached: words in lower case.
    pub limit: Vec<String>,
    /// Whether it is told to go on once that limit has ended.
    pub resume_after_limit: bool,
    /// The arguments with which its program prints its version; empty where it is not to be asked.
    pub version: Vec<String>,
}

/// A shell, or a language of scripts, in any version: `/usr/bin/python3.11`.
fn is_interpreter(program: &str) -> bool {
    const KNOWN: [&str; 10] = ["ash", "bash", "dash", "fish", "ksh", "perl", "python", "ruby", "sh", "zsh"];
    let name = Path::new(program).file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    KNOWN.contains(&name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'))
}

impl Profile {
    /// A profile of that name, without a command yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            wrap: Vec::new(),
            command: Vec::new(),
            resume: Vec::new(),
            headless: Vec::new(),
            headless_resume: Vec::new(),
            mode: Mode::Interactive,
            unsafe_args: Vec::new(),
            safe_args: Vec::new(),
            no_output: NoOutput::Failed,
            env: Vec::new(),
            preamble: false,
            hooks: None,
            waiting: Vec::new(),
            limit: Vec::new(),
            resume_after_limit: false,
            version: Vec::new(),
        }
    }

    /// Whether the prompt is a script, whose comments begin with `#`: what an interpreter is given to run.
    #[must_use]
    pub fn interprets(&self) -> bool {
        let runs_prompt = |argv: &Vec<String>| {
            argv.iter().enumerate().any(|(at, word)| {
                let given = argv[at + 1..].iter().find(|word| !word.starts_with('-'));
                is_interpreter(word) && given.is_some_and(|word| word == "{prompt}" || word == "{prompt_file}")
            })
        };
        runs_prompt(&self.command) || runs_prompt(&self.headless)
    }

    /// Whether how to report is told to it by a file.
    #[must_use]
    pub fn reads_preamble(&self) -> bool {
        let argvs = [&self.command, &self.resume, &self.headless, &self.headless_resume];
        argvs.into_iter().flatten().any(|word| word.contains("{preamble_file}"))
    }

    /// The program that is started on this machine: what wraps it, or itself.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        self.wrap.first().or_else(|| self.argv(false, None).first()).map(String::as_str)
    }

    /// The argv to start it with, `{permissions}` still in it. `resumes`: there is a tree of an earlier attempt; a
    /// conversation is picked up again only where it is known or need not be.
    #[must_use]
    pub fn argv(&self, resumes: bool, conversation: Option<&str>) -> &[String] {
        let headless = match self.mode {
            Mode::Headless => !self.headless.is_empty(),
            // An agent that only runs to its end.
            Mode::Interactive => self.command.is_empty(),
        };
        let (first, again) =
            if headless { (&self.headless, &self.headless_resume) } else { (&self.command, &self.resume) };
        let names_conversation = again.iter().any(|word| word.contains("{conversation}"));
        if resumes && !again.is_empty() && (conversation.is_some() || !names_conversation) { again } else { first }
    }
}

/// What the placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    pub task: TaskId,
    pub title: &'a str,
    pub prompt: &'a str,
    /// What follows a prompt that is an argument.
    pub after_prompt: &'a str,
    pub prompt_file: &'a Path,
    pub branch: &'a str,
    pub worktree: &'a Path,
    /// How the agent is to report, and a file that says so.
    pub preamble: &'a str,
    pub preamble_file: &'a Path,
    pub conversation: Option<&'a str>,
    pub permissions: &'a [String],
}

/// The longest prompt, in bytes, that goes into one argument: Linux takes 131,071.
pub const LONGEST_ARGUMENT: usize = 100_000;

/// The longest name of a conversation.
const LONGEST_NAME: usize = 128;

/// Whether a conversation's name can stand on a command line: it comes from outside, and must not be taken for an option.
#[must_use]
pub fn can_name_conversation(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
}

/// The longest argument that Linux takes.
const MOST: usize = 131_071;

/// The placeholders that [`fill`] knows, `{permissions}` apart.
const PLACEHOLDERS: [&str; 9] = [
    "{prompt}",
    "{prompt_file}",
    "{task_id}",
    "{title}",
    "{branch}",
    "{worktree}",
    "{preamble}",
    "{preamble_file}",
    "{conversation}",
];

/// Fills the placeholders of an argv. Each argument is filled once, from left to right: a placeholder inside a value stays
/// as it is. `{permissions}` stands for any number of arguments; where it is missing they come last.
#[must_use]
pub fn fill(argv: &[String], values: &Values<'_>) -> Vec<OsString> {
    const PERMISSIONS: &str = "{permissions}";
    let permissions = || values.permissions.iter().map(OsString::from);
    let mut filled = Vec::with_capacity(argv.len() + values.permissions.len());
    for argument in argv {
        if argument == PERMISSIONS {
            filled.extend(permissions());
        } else {
            filled.push(fill_one(argument, values));
        }
    }
    if !argv.iter().any(|argument| argument == PERMISSIONS) {
        filled.extend(permissions());
    }
    filled
}

fn fill_one(argument: &str, values: &Values<'_>) -> OsString {
    let whole = fill_with(argument, values, values.prompt.len() > LONGEST_ARGUMENT);
    // What stands around the prompt counts, too.
    if whole.len() > MOST { fill_with(argument, values, true) } else { whole }
}

fn fill_with(argument: &str, values: &Values<'_>, by_file: bool) -> OsString {
    let mut filled = OsString::new();
    let mut rest = argument;
    while let Some(open) = rest.find('{') {
        filled.push(&rest[..open]);
        rest = &rest[open..];
        let Some(name) = PLACEHOLDERS.into_iter().find(|name| rest.starts_with(name)) else {
            filled.push("{");
            rest = &rest[1..];
            continue;
        };
        rest = &rest[name.len()..];
        match name {
            "{prompt}" if by_file => {
                filled.push("Read your task from the file ");
                filled.push(values.prompt_file);
                filled.push(" and carry it out.");
                filled.push(values.after_prompt);
            }
            "{prompt}" => {
                filled.push(values.prompt);
                filled.push(values.after_prompt);
            }
            "{prompt_file}" => filled.push(values.prompt_file),
            "{task_id}" => filled.push(values.task.to_string()),
            "{title}" => filled.push(values.title),
            "{branch}" => filled.push(values.branch),
            "{preamble}" => filled.push(values.preamble),
            "{preamble_file}" => filled.push(values.preamble_file),
            "{conversation}" => filled.push(values.conversation.unwrap_or_default()),
            _ => filled.push(values.worktree),
        }
    }
    filled.push(rest);
    filled
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::{LONGEST_ARGUMENT, Mode, Profile, Values, can_name_conversation, fill};
    use crate::domain::id::TaskId;

    fn filled(argument: &str, prompt: &str) -> OsString {
        let values = Values {
            task: TaskId(7),
            title: "T",
            prompt,
            after_prompt: "",
            prompt_file: Path::new("/s/p.txt"),
            branch: "b",
            worktree: Path::new("/w"),
            preamble: "report!",
            preamble_file: Path::new("/s/how.txt"),
            conversation: Some("c1"),
            permissions: &[],
        };
        fill(&[argument.to_owned()], &values).remove(0)
    }

    #[test]
    fn placeholders_are_filled_once() {
        assert_eq!(filled("{task_id}:{title}:{branch}:{worktree}", "x"), "7:T:b:/w");
        assert_eq!(filled("{prompt}!", "{title} {prompt}"), "{title} {prompt}!");
        assert_eq!(filled("--file={prompt_file}", "x"), "--file=/s/p.txt");
        assert_eq!(filled("{preamble} {preamble_file} {conversation}", "x"), "report! /s/how.txt c1");
        assert_eq!(filled("{", "x"), "{");
        assert_eq!(filled("{other} {{prompt}}", "x"), "{other} {x}");
    }

    #[test]
    fn permissions_stand_where_the_profile_wants_them_or_last() {
        let strings = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let permissions = strings(&["--sandbox", "{prompt}"]);
        let values = Values {
            task: TaskId(7),
            title: "T",
            prompt: "-x",
            after_prompt: "",
            prompt_file: Path::new("/p"),
            branch: "b",
            worktree: Path::new("/w"),
            preamble: "",
            preamble_file: Path::new("/h"),
            conversation: None,
            permissions: &permissions,
        };
        let filled = |argv: &[&str]| fill(&strings(argv), &values);
        assert_eq!(filled(&["a", "{permissions}", "--", "{prompt}"]), ["a", "--sandbox", "{prompt}", "--", "-x"]);
        assert_eq!(filled(&["a", "{prompt}"]), ["a", "-x", "--sandbox", "{prompt}"]);
    }

    #[test]
    fn a_conversation_is_resumed_only_where_it_is_known() {
        let strings = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let mut profile = Profile { command: strings(&["a"]), ..Profile::new("a") };
        assert_eq!(profile.argv(true, Some("c")), ["a"], "it can't resume");
        profile.resume = strings(&["a", "--resume={conversation}"]);
        assert_eq!(profile.argv(true, None), ["a"]);
        assert_eq!(profile.argv(false, Some("c")), ["a"]);
        assert_eq!(profile.argv(true, Some("c")), ["a", "--resume={conversation}"]);
        profile.resume = strings(&["a", "--continue"]);
        assert_eq!(profile.argv(true, None), ["a", "--continue"]);
        profile.headless = strings(&["a", "-p"]);
        assert_eq!(profile.argv(true, None), ["a", "--continue"]);
        profile.mode = Mode::Headless;
        assert_eq!(profile.argv(true, None), ["a", "-p"]);
        let only = Profile { headless: strings(&["b"]), ..Profile::new("b") };
        assert_eq!(only.argv(false, None), ["b"]);
    }

    #[test]
    fn a_prompt_that_is_too_long_with_what_stands_around_it_goes_by_file() {
        let prompt = "\u{1f600}".repeat(LONGEST_ARGUMENT / 4);
        let argument = |around: usize| format!("{}{{prompt}}", "x".repeat(around));
        assert_eq!(filled(&argument(31_071), &prompt).len(), 131_071);
        let by_file = filled(&argument(31_072), &prompt).into_string().unwrap();
        assert!(by_file.ends_with("xRead your task from the file /s/p.txt and carry it out."));
        assert_eq!(filled("{prompt}", &format!("{prompt}x")), by_file.trim_start_matches('x'));
    }

    #[test]
    fn a_conversation_has_a_name_that_is_no_option() {
        for name in ["s-1", "0198abcd-ef", "ses_1:2.3"] {
            assert!(can_name_conversation(name), "{name}");
        }
        let long = "x".repeat(129);
        for name in ["", "-r", "--dangerously-skip-permissions", "a b", "a\nb", "é", "a/b", &long] {
            assert!(!can_name_conversation(name), "{name}");
        }
    }

    #[test]
    fn the_file_that_tells_how_to_report_is_for_those_who_read_it() {
        let mut profile = Profile { command: vec!["a".to_owned(), "{preamble}".to_owned()], ..Profile::new("a") };
        assert!(!profile.reads_preamble());
        profile.headless_resume = vec!["a".to_owned(), "--read={preamble_file}".to_owned()];
        assert!(profile.reads_preamble());
    }

    #[test]
    fn a_long_prompt_goes_by_file() {
        let long = "x".repeat(LONGEST_ARGUMENT + 1);
        assert_eq!(filled("{prompt}", &long), "Read your task from the file /s/p.txt and carry it out.");
        assert_eq!(filled("{prompt}", &long[1..]).len(), LONGEST_ARGUMENT);
    }
}
