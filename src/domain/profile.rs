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
    /// Argv with placeholders; never empty, never through a shell.
    pub command: Vec<String>,
    /// Argv that picks an earlier session up again; empty where there is no such thing.
    pub resume: Vec<String>,
    pub mode: Mode,
    /// Arguments added for tasks in unsafe mode.
    pub unsafe_args: Vec<String>,
    pub no_output: NoOutput,
    pub env: Vec<(String, String)>,
}

/// What the placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    pub task: TaskId,
    pub title: &'a str,
    pub prompt: &'a str,
    pub prompt_file: &'a Path,
    pub branch: &'a str,
    pub worktree: &'a Path,
}

/// The longest prompt, in bytes, that goes into one argument: Linux takes 131,071.
pub const LONGEST_ARGUMENT: usize = 100_000;

/// Fills the placeholders `{prompt}`, `{prompt_file}`, `{task_id}`, `{title}`, `{branch}` and `{worktree}` of an
/// argv. Each argument is filled once, from left to right: a placeholder inside a value stays as it is.
#[must_use]
pub fn fill(argv: &[String], values: &Values<'_>) -> Vec<OsString> {
    argv.iter().map(|argument| fill_one(argument, values)).collect()
}

fn fill_one(argument: &str, values: &Values<'_>) -> OsString {
    let mut filled = OsString::new();
    let mut rest = argument;
    'text: while let Some(open) = rest.find('{') {
        filled.push(&rest[..open]);
        rest = &rest[open..];
        for name in ["{prompt}", "{prompt_file}", "{task_id}", "{title}", "{branch}", "{worktree}"] {
            if let Some(after) = rest.strip_prefix(name) {
                match name {
                    "{prompt}" if values.prompt.len() > LONGEST_ARGUMENT => {
                        filled.push("Read your task from the file ");
                        filled.push(values.prompt_file);
                        filled.push(" and carry it out.");
                    }
                    "{prompt}" => filled.push(values.prompt),
                    "{prompt_file}" => filled.push(values.prompt_file),
                    "{task_id}" => filled.push(values.task.to_string()),
                    "{title}" => filled.push(values.title),
                    "{branch}" => filled.push(values.branch),
                    _ => filled.push(values.worktree),
                }
                rest = after;
                continue 'text;
            }
        }
        filled.push("{");
        rest = &rest[1..];
    }
    filled.push(rest);
    filled
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::{LONGEST_ARGUMENT, Values, fill};
    use crate::domain::id::TaskId;

    fn filled(argument: &str, prompt: &str) -> OsString {
        let values = Values {
            task: TaskId(7),
            title: "T",
            prompt,
            prompt_file: Path::new("/s/p.txt"),
            branch: "b",
            worktree: Path::new("/w"),
        };
        fill(&[argument.to_owned()], &values).remove(0)
    }

    #[test]
    fn placeholders_are_filled_once() {
        assert_eq!(filled("{task_id}:{title}:{branch}:{worktree}", "x"), "7:T:b:/w");
        assert_eq!(filled("{prompt}!", "{title} {prompt}"), "{title} {prompt}!");
        assert_eq!(filled("--file={prompt_file}", "x"), "--file=/s/p.txt");
        assert_eq!(filled("{", "x"), "{");
        assert_eq!(filled("{other} {{prompt}}", "x"), "{other} {x}");
    }

    #[test]
    fn a_long_prompt_goes_by_file() {
        let long = "x".repeat(LONGEST_ARGUMENT + 1);
        assert_eq!(filled("{prompt}", &long), "Read your task from the file /s/p.txt and carry it out.");
        assert_eq!(filled("{prompt}", &long[1..]).len(), LONGEST_ARGUMENT);
    }
}
