//! What files may say, and how refusals read.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};

use super::document::Document;
use super::table::SECTIONS;
use super::template::docs;
use super::{Config, ConfigError, commented, default_path, defaults, load, path, read, render};
use crate::agent;
use crate::domain::permission::Verb;
use crate::domain::profile::{Mode, NoOutput, Profile};
use crate::domain::settings::{Completion, Queue, Settings, Timing, Tmux, Worktrees};
use crate::tui::keymap;

fn home(variable: &str) -> Option<OsString> {
    (variable == "HOME").then(|| "/home/ann".into())
}

fn over(mut settings: Settings, text: &str) -> Result<Settings, ConfigError> {
    read::apply(&mut settings, Document { path: Path::new("/c.toml"), text }, &home)?;
    Ok(settings)
}

fn settings(text: &str) -> Settings {
    over(defaults(&home), text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn refusal(text: &str) -> String {
    match over(defaults(&home), text) {
        Ok(_) => panic!("taken: {text}"),
        Err(error) => error.message,
    }
}

/// The default file with every commented-out setting live.
fn uncommented() -> String {
    let live = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => format!("{setting}\n"),
        _ => format!("{line}\n"),
    };
    commented().lines().map(live).collect()
}

#[test]
fn the_default_file_changes_nothing() {
    assert_eq!(settings(&commented()), defaults(&home));
}

#[test]
fn the_default_file_shows_the_built_in_values() {
    let mut shown = settings(&uncommented());
    let example = shown.agents.remove("mine").unwrap();
    for (name, keys) in std::mem::take(&mut shown.keys) {
        let binding = keymap::named(&name).unwrap();
        assert_eq!(keys, binding.keys, "{name}");
    }
    assert_eq!(shown, defaults(&home));
    assert_eq!(example.command, ["my-agent", "--flag", "{prompt}"]);
    assert_eq!(example.resume, ["my-agent", "--continue"]);
    assert_eq!(example.env, [("KEY".to_owned(), "value".to_owned())]);
}

#[test]
fn the_default_file_shows_every_key() {
    let file: toml::Table = uncommented().parse().unwrap();
    let tables = |name: &str| match name {
        "" => file.clone(),
        "agents" => file["agents"]["mine"].as_table().unwrap().clone(),
        name => file[name].as_table().unwrap().clone(),
    };
    for section in SECTIONS {
        let shown: BTreeSet<String> = tables(section.name)
            .into_iter()
            .filter(|(_, value)| !(section.name.is_empty() && value.is_table()))
            .map(|(key, _)| key)
            .collect();
        let known: BTreeSet<String> = section.keys().into_iter().map(str::to_owned).collect();
        assert_eq!(shown, known, "[{}]", section.name);
    }
}

#[test]
fn every_key_is_read() {
    let read = settings(
        r#"
        default_agent = "mine"
        [agents.mine]
        command = ["a", "{prompt}"]
        resume = ["a", "-c"]
        mode = "headless"
        unsafe = ["--yes"]
        no_output = "review"
        env = { B = "2", A = "1" }
        [worktrees]
        root = "{repo}/.worktrees"
        branch = "agent/{id}"
        base = "main"
        copy = [".env*"]
        link = ["node_modules"]
        hooks = true
        setup = ["npm ci"]
        setup_timeout = "1m"
        [queue]
        max_running = 2
        per_agent = 3
        per_repo = 0x4
        max_orphan_retries = 0
        timeout = "2h"
        [completion]
        verify = ["make"]
        verify_timeout = "2m"
        preamble = "Say when you are done."
        [tmux]
        socket = "s"
        size = "80x24"
        keep_ended = 0
        grace = "1500ms"
        alternate_screen = true
        [timing]
        git = "1s"
        tmux = "2s"
        start = "3s"
        saga = "4s"
        database = "5s"
        "#,
    );
    let mut expected = defaults(&home);
    let strings = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    "mine".clone_into(&mut expected.default_agent);
    expected.agents.insert(
        "mine".to_owned(),
        Profile {
            command: strings(&["a", "{prompt}"]),
            resume: strings(&["a", "-c"]),
            mode: Mode::Headless,
            unsafe_args: strings(&["--yes"]),
            no_output: NoOutput::Review,
            env: vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())],
            ..Profile::new("mine")
        },
    );
    expected.worktrees = Worktrees {
        root: "{repo}/.worktrees".to_owned(),
        branch: "agent/{id}".to_owned(),
        base: "main".to_owned(),
        copy: strings(&[".env*"]),
        link: strings(&["node_modules"]),
        hooks: true,
        setup: strings(&["npm ci"]),
        setup_timeout: Duration::from_mins(1),
    };
    expected.queue = Queue {
        max_running: 2,
        per_agent: Some(3),
        per_repo: Some(4),
        max_orphan_retries: 0,
        timeout: Some(Duration::from_hours(2)),
    };
    expected.completion = Completion {
        verify: strings(&["make"]),
        verify_timeout: Duration::from_mins(2),
        preamble: "Say when you are done.".to_owned(),
    };
    expected.tmux = Tmux {
        socket: Some("s".to_owned()),
        columns: 80,
        rows: 24,
        keep_ended: 0,
        grace: Duration::from_millis(1500),
        alternate_screen: true,
    };
    let seconds = Duration::from_secs;
    expected.timing =
        Timing { git: seconds(1), tmux: seconds(2), start: seconds(3), saga: seconds(4), database: seconds(5) };
    assert_eq!(read, expected);
}

#[test]
fn tables_merge_by_key_and_lists_replace() {
    let below = settings(
        "[queue]\nmax_running = 2\nper_repo = 1\ntimeout = '1h'\n[completion]\nverify = ['a', 'b']\n\
         [agents.mine]\ncommand = ['m']\nenv = { A = '1', B = '1' }",
    );
    let merged = over(
        below,
        "[queue]\nper_repo = 'off'\ntimeout = 'off'\n[completion]\nverify = ['c']\n\
         [agents.mine]\nenv = { B = '2', C = '2' }\n[agents.claude]\ncommand = ['claude', '-x', '{prompt}']",
    )
    .unwrap();
    assert_eq!((merged.queue.max_running, merged.queue.per_repo, merged.queue.timeout), (2, None, None));
    assert_eq!(merged.completion.verify, ["c"]);
    assert_eq!(merged.agents["mine"].command, ["m"]);
    let env: Vec<String> = merged.agents["mine"].env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(env, ["A=1", "B=2", "C=2"]);
    assert_eq!(merged.agents["claude"].command[1], "-x");
    assert_eq!(merged.agents["claude"].mode, Mode::Interactive);
}

#[test]
fn n3_an_unknown_key_is_refused_with_file_line_and_the_nearest_name() {
    for (text, message) in [
        ("\n[queue]\nmax_runing = 3", "unknown key `max_runing` in [queue] at /c.toml:3; did you mean `max_running`?"),
        ("default-agent = 'x'", "unknown key `default-agent` at /c.toml:1; did you mean `default_agent`?"),
        ("[worktree]\nroot = '/w'", "unknown key `worktree` at /c.toml:1; did you mean `worktrees`?"),
        ("max_running = 3", "unknown key `max_running` at /c.toml:1; it belongs in [queue]"),
        ("[tmux]\nverify = []", "unknown key `verify` in [tmux] at /c.toml:2; it belongs in [completion]"),
        (
            "[tmux]\ndefault_agent = ''",
            "unknown key `default_agent` in [tmux] at /c.toml:2; it belongs before the first section",
        ),
        ("[queue]\ncommand = []", "unknown key `command` in [queue] at /c.toml:2; it belongs in [agents.NAME]"),
        (
            "[agents.mine]\ncomand = ['x']",
            "unknown key `comand` in [agents.mine] at /c.toml:2; did you mean `command`?",
        ),
        (
            "[completion]\ncolour = 1",
            "unknown key `colour` in [completion] at /c.toml:2; known: verify, verify_timeout, preamble, self_approve",
        ),
        (
            "[timing]\n\"g\\u001b[31m\" = 1",
            "unknown key `g\u{fffd}[31m` in [timing] at /c.toml:2; known: git, tmux, start, saga, database",
        ),
    ] {
        assert_eq!(refusal(text), message);
    }
}

#[test]
fn the_first_mistake_of_the_file_is_the_one_reported() {
    assert!(refusal("[tmux]\nz = 1\na = 1\n[queue]\nb = 1").contains("`z`"));
}

#[test]
fn what_a_later_version_will_know_is_refused_as_such() {
    for (text, name) in
        [("[worktrees]\npool = 2", "worktrees.pool"), ("[completion]\nself_approve = true", "completion.self_approve")]
    {
        assert_eq!(refusal(text), format!("`{name}` is not supported by this version at /c.toml:2"));
    }
    // Off is what it is.
    assert_eq!(settings("[worktrees]\npool = 0\n[completion]\nself_approve = false"), settings(""));
}

#[test]
fn n3_a_wrong_type_is_refused() {
    for (text, message) in [
        ("queue = 3", "`queue` must be a table, not 3 at /c.toml:1"),
        ("agents = ['x']", "`agents` must be a table, not an array at /c.toml:1"),
        ("[agents]\nmine = 'x'", "`agents.mine` must be a table, not \"x\" at /c.toml:2"),
        ("default_agent = true", "`default_agent` must be a string, not a boolean at /c.toml:1"),
        ("[tmux]\nalternate_screen = 'no'", "`tmux.alternate_screen` must be true or false, not \"no\" at /c.toml:2"),
        ("[worktrees]\nsetup = 'npm ci'", "`worktrees.setup` must be a list of strings, not \"npm ci\" at /c.toml:2"),
        ("[worktrees]\nsetup = [\n'a',\n3]", "`worktrees.setup` must be a string, not 3 at /c.toml:4"),
        (
            "[agents.x]\ncommand = ['x']\nmode = 'batch'",
            "`agents.x.mode` must be \"interactive\" or \"headless\", not \"batch\" at /c.toml:3",
        ),
        (
            "[queue]\ntimeout = 30",
            "`queue.timeout` must be a duration such as \"90s\", \"15m\" or \"1h30m\", not 30 at /c.toml:2",
        ),
    ] {
        assert_eq!(refusal(text), message);
    }
}

#[test]
fn n3_a_senseless_value_is_refused() {
    for (text, part) in [
        ("[queue]\nmax_running = 0", "`queue.max_running` must be a whole number from 1 to 4294967295, not 0"),
        ("[queue]\nmax_running = -1", "not -1"),
        ("[queue]\nmax_running = 99999999999999999999", "from 1"),
        ("[queue]\nper_agent = 0", "`queue.per_agent`"),
        ("[queue]\ntimeout = '0s'", "`queue.timeout`"),
        ("[completion]\nverify_timeout = 'off'", "`completion.verify_timeout`"),
        ("[completion]\nverify = ['make', ' ']", "`completion.verify` must not have an empty command"),
        (
            "[tmux]\nsize = '0x50'",
            "`tmux.size` must be columns and rows from 20x5 to 10000x10000, such as \"200x50\", not \"0x50\"",
        ),
        ("[tmux]\nsize = '19x50'", "`tmux.size`"),
        ("[tmux]\nsize = '200x4'", "`tmux.size`"),
        ("[tmux]\nsize = '200'", "`tmux.size`"),
        ("[tmux]\nsize = '200x+5'", "`tmux.size`"),
        ("[tmux]\nsize = '70000x50'", "`tmux.size`"),
        ("[tmux]\nsocket = '/tmp/s'", "`tmux.socket` must be a name"),
        ("[worktrees]\nroot = 'trees'", "`worktrees.root` must be absolute"),
        ("[worktrees]\nroot = ''", "`worktrees.root` must be absolute"),
        ("[worktrees]\nroot = '~bob/trees'", "`worktrees.root` must be absolute"),
        ("[worktrees]\nroot = '{repo}trees'", "`worktrees.root` must be absolute"),
        ("[worktrees]\nroot = \"/a\\u0000b\"", "`worktrees.root` must be free of NUL characters"),
        ("[worktrees]\nbranch = 'agent/{slug}'", "`worktrees.branch` must contain {id}"),
        ("[worktrees]\nbranch = '{user}/{id}'", "no other placeholder"),
        ("[worktrees]\nbranch = 'a b/{id}'", "git takes for branches, not \"a b/1\""),
        ("[worktrees]\nbranch = '{slug}-{id}'", "git takes for branches, not \"-1\""),
        ("[worktrees]\nbranch = '{slug}/{id}'", "git takes for branches, not \"/1\""),
        ("[worktrees]\ncopy = '.env'", "`worktrees.copy` must be a list of strings"),
        ("[worktrees]\n\ncopy = ['.env', '../x']", "\"../x\" leads out of it at /c.toml:3"),
        (
            "[worktrees]\nlink = ['/etc']",
            "`worktrees.link` must hold patterns of paths in the repository: \"/etc\" is absolute",
        ),
        ("[worktrees]\nlink = ['']", "names nothing"),
        ("[worktrees]\nlink = ['[a']", "has a [ without a ]"),
        ("[worktrees]\nhooks = 'yes'", "`worktrees.hooks` must be true or false"),
        ("[worktrees]\nbase = ''", "`worktrees.base`"),
        ("[worktrees]\nbase = '--force'", "`worktrees.base`"),
        ("[agents.x]\ncommand = []", "`agents.x.command` must begin with a program"),
        ("[agents.x]\ncommand = ['']", "`agents.x.command` must begin with a program"),
        ("[agents.x]\nmode = 'headless'", "`agents.x` must have a command"),
        ("[agents.x]\ncommand = ['x']\nresume = ['']", "`agents.x.resume`"),
        ("[agents.'a b']\ncommand = ['x']", "an agent's name"),
        (
            "[agents.x]\ncommand = ['x']\nenv = { GANGER_TASK = '1' }",
            "`GANGER_TASK` is set by ganger itself at /c.toml:3",
        ),
        ("[agents.x]\ncommand = ['x']\nenv = { 'A=B' = '1' }", "`A=B` can't be the name"),
        ("default_agent = 'cladue'", "there is no \"cladue\" (did you mean \"claude\"?)"),
        ("default_agent = 'cursor'", "there is no \"cursor\" (known: aider, claude"),
    ] {
        let message = refusal(text);
        assert!(message.contains(part) && message.contains(" at /c.toml:"), "{text:?}: {message}");
    }
}

#[test]
fn broken_toml_is_refused_with_its_line() {
    assert!(refusal("[queue]\nmax_running = = 3").contains(" at /c.toml:2"));
    assert!(refusal("[queue]\nmax_running = 3\nmax_running = 4").contains(" at /c.toml:3"));
    assert!(refusal("[queue\n").contains(" at /c.toml:1"));
}

#[test]
fn the_home_folder_is_filled_in() {
    assert_eq!(settings("").worktrees.root, "/home/ann/.local/share/ganger/worktrees");
    assert_eq!(settings("[worktrees]\nroot = '~/trees'").worktrees.root, "/home/ann/trees");
    assert_eq!(settings("[worktrees]\nroot = '~'").worktrees.root, "/home/ann");
    assert_eq!(settings("[worktrees]\nroot = '{repo}'").worktrees.root, "{repo}");
    let data = |variable: &str| match variable {
        "XDG_DATA_HOME" => Some("/data".into()),
        other => home(other),
    };
    assert_eq!(defaults(&data).worktrees.root, "/data/ganger/worktrees");
    let relative = |variable: &str| match variable {
        "XDG_DATA_HOME" => Some("data".into()),
        other => home(other),
    };
    assert_eq!(defaults(&relative).worktrees.root, "/home/ann/.local/share/ganger/worktrees");
}

#[test]
fn without_a_home_the_root_has_to_be_configured() {
    let nothing = |_: &str| None;
    assert!(load(None, &nothing).unwrap_err().message.contains("no place for worktrees"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    std::fs::write(&file, "[worktrees]\nroot = '/w'").unwrap();
    assert_eq!(load(Some(&file), &nothing).unwrap().settings.worktrees.root, "/w");
    std::fs::write(&file, "[worktrees]\nroot = '~/w'").unwrap();
    assert!(load(Some(&file), &nothing).unwrap_err().message.contains("HOME is not set"));
}

#[test]
fn the_file_is_the_named_one_then_the_variable_then_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, running: u32| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("[queue]\nmax_running = {running}")).unwrap();
        path
    };
    let (named, variable, default) = (write("n.toml", 1), write("v.toml", 2), write("x/ganger/config.toml", 3));
    let config = folder.path().join("x");
    let xdg = |name: &str| if name == "XDG_CONFIG_HOME" { Some(config.clone().into()) } else { home(name) };
    let both = |name: &str| if name == "GANGER_CONFIG" { Some(variable.clone().into()) } else { xdg(name) };
    let empty = |name: &str| if name == "GANGER_CONFIG" { Some("".into()) } else { xdg(name) };
    let running = |config: Config| (config.settings.queue.max_running, config.path.unwrap());
    assert_eq!(running(load(Some(&named), &both).unwrap()), (1, named.clone()));
    assert_eq!(running(load(None, &both).unwrap()), (2, variable.clone()));
    assert_eq!(running(load(None, &xdg).unwrap()), (3, default.clone()));
    assert_eq!(running(load(None, &empty).unwrap()), (3, default.clone()));
    assert_eq!(path(Some(&named), &both), Some(named));
    assert_eq!(path(None, &xdg), Some(default));
    assert_eq!(default_path(&home), Some("/home/ann/.config/ganger/config.toml".into()));
    assert_eq!(default_path(&|_| None), None);
}

#[test]
fn a_named_file_has_to_exist_and_the_default_one_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.toml");
    assert!(load(Some(&missing), &home).unwrap_err().message.contains("none.toml"));
    assert!(load(Some(folder.path()), &home).is_err());
    let away = |name: &str| match name {
        "XDG_CONFIG_HOME" => Some(folder.path().into()),
        other => home(other),
    };
    assert_eq!(load(None, &away).unwrap(), Config { settings: defaults(&home), path: None });
    let nowhere = |name: &str| if name == "XDG_CONFIG_HOME" { Some("/dev/null".into()) } else { home(name) };
    assert_eq!(load(None, &nowhere).unwrap().path, None);
    std::fs::write(&missing, b"\xff").unwrap();
    assert!(load(Some(&missing), &home).is_err());
}

#[test]
fn an_agent_that_can_not_do_what_is_asked_of_it_is_refused() {
    let read = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        std::fs::write(&path, text).unwrap();
        load(Some(&path), &home).map(|config| config.settings).map_err(|error| error.message)
    };
    let why = read("[agents.mine]\ncommand = [\"my\", \"{prompt}\"]\nhooks = true\n").unwrap_err();
    assert!(
        why.starts_with(
            "`agents.mine` must name the hooks that its program speaks, such as hooks = \"claude\" (known: "
        ),
        "{why}"
    );
    let opus = read("[agents.opus]\ncommand = [\"/opt/claude\", \"--model\", \"opus\", \"{prompt}\"]\nhooks = true\n");
    assert_eq!(opus.unwrap().agents["opus"].hooks.as_deref(), Some("claude"), "its program has them");
    let wrapper = read("[agents.mine]\ncommand = [\"my\", \"{prompt}\"]\nhooks = \"gemini\"\n");
    assert_eq!(wrapper.unwrap().agents["mine"].hooks.as_deref(), Some("gemini"), "whatever its program is called");
    let why = read("[agents.mine]\ncommand = [\"claude\", \"{prompt}\"]\nhooks = \"clade\"\n").unwrap_err();
    assert!(why.contains("true, false or one of \"claude\", \"codex\""), "{why}");
    let by_file = "[agents.mine]\ncommand = [\"my\", \"{prompt_file}\"]\npreamble = true\n";
    let why = read(by_file).unwrap_err();
    assert!(why.starts_with("`agents.mine` must have {preamble} or {preamble_file} in its command"), "{why}");
    let wrapped = read("[agents.claude]\ncommand = [\"wrapper\", \"{prompt_file}\"]\n").unwrap();
    assert!(wrapped.agents["claude"].preamble, "nobody asked for it there");
    for also in ["{prompt}", "{preamble}", "--read={preamble_file}"] {
        read(&by_file.replace("\"my\"", &format!("\"my\", \"{also}\""))).unwrap();
    }
}

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
            let hooks = hooks.then(|| "claude".to_owned());
            Profile {
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

#[test]
fn agents_are_given_commands_by_name_and_only_what_can_be_given() {
    let read = settings("[permissions]\nagents = ['add', 'doctor --fix', 'add']");
    assert_eq!(read.permissions.agents, [Verb::Add, Verb::DoctorFix]);
    for (name, why) in [
        ("ad", "did you mean \"add\"?"),
        ("trust", "not \"trust\" (which is every agent's, or no agent's)"),
        ("done", "not \"done\" (which is every agent's, or no agent's)"),
        ("fly to the moon", "known: add, import, edit"),
    ] {
        let refused = refusal(&format!("[permissions]\nagents = ['{name}']"));
        assert!(refused.contains("`permissions.agents` must hold commands") && refused.contains(why), "{refused}");
    }
}

#[test]
fn the_board_is_configured() {
    let text = "[ui]\ntheme = 'light'\nascii = true\ncolors = { bad = '#ff0000' }\n\
                [keys]\ndispatch = 'f5'\nstop = ['X', 'ctrl-x']\n[notify]\nreview = ['beep', '{title}']\n";
    let read = settings(text);
    assert_eq!((read.ui.theme.as_str(), read.ui.ascii, read.ui.colors["bad"].as_str()), ("light", true, "#ff0000"));
    assert_eq!((read.keys["dispatch"].as_slice(), read.keys["stop"].len()), (["f5".to_owned()].as_slice(), 2));
    assert_eq!(read.notify["review"], ["beep", "{title}"]);
    for (text, why) in [
        ("[ui]\ntheme = 'blue'", "`ui.theme` must be \"dark\" or \"light\" or \"high-contrast\""),
        ("[ui]\ncolors = { bad = 'reddish' }", "`ui.colors.bad` must be a colour"),
        ("[ui]\ncolors = { worst = 'red' }", "there is nothing called `worst` to colour"),
        ("[keys]\nform-save = 's'", "which is typed there"),
        ("[keys]\nretry-fresh = 'r'\nretry-resume = 'r'", "which `keys.retry-fresh` is already"),
        ("[keys]\ndispatch = 'hyper-x'", "not \"hyper-x\""),
        ("[keys]\ndispach = 's'", "did you mean `dispatch`?"),
        ("[keys]\ndispatch = 'y'\nstop = 'y'", "`keys.stop` must not be \"y\", which `keys.dispatch` is already"),
        ("[notify]\nreviewed = ['x']", "did you mean `review`?"),
        ("[notify]\nreview = ['']", "`notify.review` must begin with a program"),
    ] {
        assert!(refusal(text).contains(why), "{text}: {}", refusal(text));
    }
}

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

/// Rewrites the generated files where `GANGER_GENERATE` is set; else compares.
fn generated(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("GANGER_GENERATE").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap();
    assert_eq!(there, text, "{path} is not what the table of settings makes: run the tests with GANGER_GENERATE=1");
}

#[test]
fn the_default_file_and_the_page_of_settings_are_made_from_the_table() {
    generated("assets/config.toml", &commented());
    generated("docs/configuration.md", &docs::page());
}

#[test]
fn every_command_that_can_be_granted_is_named_where_the_setting_is_described() {
    let text = include_str!("../../assets/config.toml").replace("\n# ", " ");
    for verb in Verb::grantable() {
        assert!(text.contains(&format!("\"{verb}\"")), "{verb}");
    }
}
