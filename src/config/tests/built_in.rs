//! The agents that are known without configuration.

use super::{home, settings};
use crate::agent;
use crate::config::defaults;

#[test]
fn every_built_in_agent_can_be_started_and_told_its_task() {
    for agent in defaults(&home).agents.values() {
        for (resumes, conversation) in [(false, None), (true, None), (true, Some("c"))] {
            let argv = agent.argv(resumes, conversation);
            assert!(!argv[0].is_empty(), "{}", agent.name);
            let told = argv.iter().any(|argument| argument.contains("{prompt"));
            assert!(told, "{} is never told its prompt", agent.name);
        }
    }
}

#[test]
fn no_prompt_of_a_built_in_agent_is_taken_for_an_option() {
    for agent in defaults(&home).agents.values() {
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
fn the_default_agent_is_a_built_in_one() {
    let settings = defaults(&home);
    assert_eq!(settings.default_agent, agent::DEFAULT);
    assert!(settings.agents.contains_key(agent::DEFAULT));
}

#[test]
fn a_program_of_your_own_is_not_asked_for_its_version() {
    let version = |text: &str| settings(text).agents["claude"].version.clone();
    assert_eq!(version(""), ["--version"]);
    assert_eq!(version("[agents.claude]\nmode = 'headless'"), ["--version"]);
    assert_eq!(version("[agents.claude]\ncommand = ['wrapper', '{prompt}']"), [""; 0]);
    assert_eq!(version("[agents.claude]\ncommand = ['wrapper', '{prompt}']\nversion = ['-v']"), ["-v"]);
}
