//! What is rendered is read back, and no text makes the reader fail.

use std::time::Duration;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};

use super::{home, over};
use crate::config::{defaults, render};
use crate::domain::profile::{Mode, NoOutput, Profile};
use crate::domain::queue::{Counts, Release};
use crate::domain::settings::{Completion, Queue, Tmux};

fn word() -> impl Strategy<Value = String> {
    "[^\\x00]{0,12}"
}

fn list() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(word().prop_map(|text| format!("c{text}")), 0..3)
}

fn moment() -> impl Strategy<Value = Duration> {
    (1..=31_622_400_000_u64).prop_map(Duration::from_millis)
}

fn profiles() -> impl Strategy<Value = Profile> {
    let mode = prop_oneof![Just(Mode::Interactive), Just(Mode::Headless)];
    let no_output = prop_oneof![Just(NoOutput::Failed), Just(NoOutput::Review)];
    let env = proptest::collection::btree_map("[A-Z][!-<>-~é\"]{0,6}", word(), 0..3);
    let flags = any::<(bool, bool, bool)>();
    let patterns = || proptest::collection::vec("[a-z?]{1,9}", 0..3);
    let argvs = (list(), list(), list(), list(), list(), list());
    ("[a-z][a-z0-9_.-]{0,8}", argvs, mode, no_output, env, flags, patterns(), patterns()).prop_map(
        |(name, argvs, mode, no_output, env, (preamble, hooks, resume_after_limit), waiting, limit)| {
            let (mut command, resume, headless, headless_resume, safe_args, unsafe_args) = argvs;
            command.insert(0, "program".to_owned());
            let wrap = if preamble { command.clone() } else { Vec::new() };
            let hooks = hooks.then(|| "claude".to_owned());
            Profile {
                wrap,
                command,
                resume,
                headless,
                headless_resume,
                mode,
                safe_args,
                unsafe_args,
                no_output,
                env: env.into_iter().collect(),
                preamble,
                hooks,
                waiting,
                limit,
                resume_after_limit,
                ..Profile::new(&name)
            }
        },
    )
}

fn queues() -> impl Strategy<Value = Queue> {
    let limit = || proptest::option::of(1..=u32::MAX);
    (1..=u32::MAX, limit(), limit(), any::<u32>(), proptest::option::of(moment())).prop_map(
        |(max_running, per_agent, per_repo, max_orphan_retries, timeout)| Queue {
            retry_failed: max_orphan_retries,
            counts: Counts { waiting: max_orphan_retries % 2 == 0, idle: max_running % 2 == 0 },
            release: if max_running % 3 == 0 { Release::Review } else { Release::Done },
            max_running,
            per_agent,
            per_repo,
            max_orphan_retries,
            timeout,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rendered_configuration_is_read_back(
        profile in profiles(),
        queue in queues(),
        (setup, verify, copy) in (list(), list(), proptest::collection::vec("[a-z*.é\"][a-z*.]{0,6}[a-z]", 0..3)),
        (setup_timeout, verify_timeout, grace) in (moment(), moment(), moment()),
        (columns, rows, keep_ended) in (20..=10_000_u16, 5..=10_000_u16, any::<u32>()),
        (socket, alternate_screen) in (proptest::option::of("[a-z\"' ]{1,8}"), any::<bool>()),
        below in "[^\\x00]{0,12}",
    ) {
        let mut settings = defaults(&home);
        settings.default_agent.clone_from(&profile.name);
        settings.agents.insert(profile.name.clone(), profile);
        settings.worktrees.root = format!("/{below}");
        settings.worktrees.setup = setup;
        settings.worktrees.copy = copy;
        settings.worktrees.hooks = alternate_screen;
        settings.worktrees.setup_timeout = setup_timeout;
        settings.queue = queue;
        settings.completion = Completion { verify, verify_timeout, preamble: "p".to_owned() };
        settings.tmux = Tmux { socket, columns, rows, keep_ended, grace, alternate_screen };
        let text = render(&settings);
        prop_assert_eq!(over(defaults(&home), &text).map_err(|error| format!("{error}\n{text}")), Ok(settings));
    }

    #[test]
    fn no_text_makes_the_reader_fail(text in "\\PC{0,80}") {
        let read = over(defaults(&home), &text);
        if let Err(error) = read {
            assert!(error.message.contains(" at /c.toml:"), "{error}");
        }
    }
}
