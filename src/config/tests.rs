//! What files may say.

mod built_in;
pub(crate) mod generated;
mod refusals;
mod rendered;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::document::Document;
use super::{Config, ConfigError, default_path, defaults, load, path, read};
use crate::domain::profile::{Mode, NoOutput, Profile};
use crate::domain::queue::{Counts, Release};
use crate::domain::settings::{Completion, Queue, Settings, Timing, Tmux, Worktrees};

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

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

/// A file that sets everything.
const EVERY_KEY: &str = r#"
        default_agent = "mine"
        [agents.mine]
        wrap = ["w", "--"]
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
        include = false
        hooks = true
        setup = ["npm ci"]
        setup_timeout = "1m"
        [queue]
        max_running = 2
        per_agent = 3
        per_repo = 0x4
        count_waiting = false
        count_idle = false
        release = "review"
        max_orphan_retries = 0
        retry_failed = 2
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
        "#;

#[test]
fn every_key_is_read() {
    let read = settings(EVERY_KEY);
    let mut expected = defaults(&home);
    "mine".clone_into(&mut expected.default_agent);
    expected.agents.insert(
        "mine".to_owned(),
        Profile {
            wrap: strings(&["w", "--"]),
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
        include: false,
        hooks: true,
        setup: strings(&["npm ci"]),
        setup_timeout: Duration::from_mins(1),
    };
    expected.queue = Queue {
        max_running: 2,
        per_agent: Some(3),
        per_repo: Some(4),
        counts: Counts { waiting: false, idle: false },
        release: Release::Review,
        max_orphan_retries: 0,
        retry_failed: 2,
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
