//! The agents that ganger knows without configuration, as one table. It starts nothing and reads no file.

use crate::domain::profile::{Mode, NoOutput, Profile};

/// The agent of a task that names none, unless configured.
pub const DEFAULT: &str = "claude";

struct BuiltIn {
    name: &'static str,
    command: &'static [&'static str],
    resume: &'static [&'static str],
    mode: Mode,
    unsafe_args: &'static [&'static str],
    no_output: NoOutput,
}

#[rustfmt::skip]
const BUILT_IN: &[BuiltIn] = &[
    BuiltIn { name: "claude", command: &["claude", "{prompt}"], resume: &[], mode: Mode::Interactive, unsafe_args: &[], no_output: NoOutput::Failed },
    BuiltIn { name: "shell", command: &["sh", "{prompt_file}"], resume: &[], mode: Mode::Headless, unsafe_args: &[], no_output: NoOutput::Review },
];

/// The built-in profiles, by name.
pub fn built_in() -> impl Iterator<Item = Profile> {
    BUILT_IN.iter().map(|agent| Profile {
        name: agent.name.to_owned(),
        command: owned(agent.command),
        resume: owned(agent.resume),
        mode: agent.mode,
        unsafe_args: owned(agent.unsafe_args),
        no_output: agent.no_output,
        env: Vec::new(),
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
            assert!(!agent.command[0].is_empty(), "{}", agent.name);
            let told = agent.command.iter().any(|argument| argument.contains("{prompt"));
            assert!(told, "{} is never told its prompt", agent.name);
        }
    }

    #[test]
    fn names_are_sorted_and_unique_and_the_default_is_among_them() {
        let names: Vec<String> = built_in().map(|agent| agent.name).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        assert!(names.iter().any(|name| name == DEFAULT));
    }
}
