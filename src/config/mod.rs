//! The configuration: a TOML file over the defaults, checked key by key.
//!
//! Nothing senseless gets through: what is refused is named with file, line and the nearest right name.

mod duration;
mod file;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::agent;
use crate::domain::profile::{Mode, NoOutput};
use crate::domain::settings::{Completion, Queue, Settings, Timing, Tmux, Worktrees};

pub use duration::parse as parse_duration;

/// The commented default: the documentation of every key.
pub const DEFAULT_TEXT: &str = include_str!("../../assets/config.toml");

/// The configuration in force.
#[derive(Clone, Debug)]
pub struct Config {
    pub settings: Settings,
    /// The file that was read; absent, the defaults hold.
    pub path: Option<PathBuf>,
}

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub message: String,
    pub hint: Option<String>,
}

/// A variable of the environment.
pub type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

fn base(env: Variable<'_>, variable: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home)))
}

/// Where the file is looked for.
#[must_use]
pub fn default_path(env: Variable<'_>) -> Option<PathBuf> {
    base(env, "XDG_CONFIG_HOME", ".config").map(|folder| folder.join("ganger/config.toml"))
}

/// The settings of a ganger without a configuration file, for this process's environment.
#[must_use]
pub fn defaults() -> Settings {
    defaults_for(&|name| std::env::var_os(name))
}

fn defaults_for(env: Variable<'_>) -> Settings {
    let root = base(env, "XDG_DATA_HOME", ".local/share").unwrap_or_else(|| PathBuf::from("/nonexistent"));
    Settings {
        default_agent: agent::DEFAULT.to_owned(),
        agents: agent::built_in().map(|profile| (profile.name.clone(), profile)).collect(),
        worktrees: Worktrees {
            root: root.join("ganger/worktrees").to_string_lossy().into_owned(),
            branch: "ganger/{id}-{slug}".to_owned(),
            base: "HEAD".to_owned(),
            setup: Vec::new(),
            setup_timeout: Duration::from_mins(15),
        },
        queue: Queue { max_running: 8, per_agent: None, per_repo: None, max_orphan_retries: 3, timeout: None },
        completion: Completion { verify: Vec::new(), verify_timeout: Duration::from_mins(30) },
        tmux: Tmux {
            socket: None,
            columns: 200,
            rows: 50,
            keep_ended: 20,
            grace: Duration::from_secs(10),
            alternate_screen: false,
        },
        timing: Timing::default(),
    }
}

/// Reads the file that is named, or the one at its default place if it is there.
///
/// # Errors
/// The first thing that is wrong, with file and line.
pub fn load(explicit: Option<&Path>, env: Variable<'_>) -> Result<Config, ConfigError> {
    let defaults = defaults_for(env);
    let path = explicit.map(Path::to_owned).or_else(|| default_path(env));
    let Some(path) = path else { return Ok(Config { settings: defaults, path: None }) };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && explicit.is_none() => {
            return Ok(Config { settings: defaults, path: None });
        }
        Err(error) => {
            return Err(ConfigError {
                message: format!("the configuration {} can't be read: {error}", path.display()),
                hint: Some("ganger config path".to_owned()),
            });
        }
    };
    let settings = read(&text, &path, defaults, env)?;
    Ok(Config { settings, path: Some(path) })
}

fn read(text: &str, path: &Path, mut settings: Settings, env: Variable<'_>) -> Result<Settings, ConfigError> {
    let parsed: file::File = toml::from_str(text).map_err(|error| explain(text, path, &error))?;
    let home = env("HOME").map(PathBuf::from);
    parsed.over(&mut settings, home.as_deref()).map_err(|message| ConfigError {
        message: format!("{message} in {}", path.display()),
        hint: Some("ganger config init shows every key".to_owned()),
    })?;
    Ok(settings)
}

/// Keys that the documentation of later versions has.
const LATER: [&str; 8] = ["copy", "link", "hooks", "pool", "self_approve", "notify", "ui", "keys"];

/// Says what is wrong where, and what was probably meant.
fn explain(text: &str, path: &Path, error: &toml::de::Error) -> ConfigError {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let place = line.map_or_else(|| path.display().to_string(), |line| format!("{}:{line}", path.display()));
    let message = error.message();
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (true, Some((wrong, known))) = (message.starts_with("unknown field"), names.split_first()) {
        if LATER.contains(wrong) {
            return ConfigError {
                message: format!("key `{wrong}` at {place} is not supported by this version"),
                hint: Some("leave it out".to_owned()),
            };
        }
        let nearest = known
            .iter()
            .map(|name| (strsim::osa_distance(&wrong.replace('-', "_"), name), *name))
            .min()
            .filter(|(distance, name)| *distance <= name.len().max(wrong.len()).div_ceil(3));
        let hint = match nearest {
            Some((_, name)) => format!("did you mean `{name}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        return ConfigError { message: format!("unknown key `{wrong}` at {place}"), hint: Some(hint) };
    }
    let first = message.lines().next().unwrap_or_default();
    ConfigError { message: format!("{first} at {place}"), hint: Some("ganger config init shows every key".to_owned()) }
}

/// The settings as a file that reads back as them.
#[must_use]
pub fn render(settings: &Settings) -> String {
    let text = |value: &str| toml::Value::from(value).to_string();
    let list = |values: &[String]| toml::Value::from(values.to_vec()).to_string();
    let length = |value: Duration| text(&duration::render(value));
    let mut out = format!("default_agent = {}\n", text(&settings.default_agent));
    let mut line = |words: std::fmt::Arguments<'_>| {
        // Writing to a string can't fail.
        writeln!(out, "{words}").ok();
    };
    for (name, profile) in &settings.agents {
        line(format_args!("\n[agents.{}]", text(name)));
        line(format_args!("command = {}", list(&profile.command)));
        if !profile.resume.is_empty() {
            line(format_args!("resume = {}", list(&profile.resume)));
        }
        let mode = match profile.mode {
            Mode::Interactive => "interactive",
            Mode::Headless => "headless",
        };
        line(format_args!("mode = {}", text(mode)));
        line(format_args!("unsafe = {}", list(&profile.unsafe_args)));
        let no_output = match profile.no_output {
            NoOutput::Failed => "failed",
            NoOutput::Review => "review",
        };
        line(format_args!("no_output = {}", text(no_output)));
        if !profile.env.is_empty() {
            let env: Vec<String> =
                profile.env.iter().map(|(name, value)| format!("{} = {}", text(name), text(value))).collect();
            line(format_args!("env = {{ {} }}", env.join(", ")));
        }
    }
    let Worktrees { root, branch, base, setup, setup_timeout } = &settings.worktrees;
    line(format_args!("\n[worktrees]\nroot = {}\nbranch = {}\nbase = {}", text(root), text(branch), text(base)));
    line(format_args!("setup = {}\nsetup_timeout = {}", list(setup), length(*setup_timeout)));
    let Queue { max_running, per_agent, per_repo, max_orphan_retries, timeout } = &settings.queue;
    line(format_args!("\n[queue]\nmax_running = {max_running}"));
    if let Some(per_agent) = per_agent {
        line(format_args!("per_agent = {per_agent}"));
    }
    if let Some(per_repo) = per_repo {
        line(format_args!("per_repo = {per_repo}"));
    }
    line(format_args!("max_orphan_retries = {max_orphan_retries}"));
    line(format_args!("timeout = {}", timeout.map_or_else(|| text("off"), length)));
    let Completion { verify, verify_timeout } = &settings.completion;
    line(format_args!("\n[completion]\nverify = {}\nverify_timeout = {}", list(verify), length(*verify_timeout)));
    let Tmux { socket, columns, rows, keep_ended, grace, alternate_screen } = &settings.tmux;
    line(format_args!("\n[tmux]\nsocket = {}", text(socket.as_deref().unwrap_or_default())));
    line(format_args!("size = \"{columns}x{rows}\"\nkeep_ended = {keep_ended}\ngrace = {}", length(*grace)));
    line(format_args!("alternate_screen = {alternate_screen}"));
    let Timing { git, tmux, start, saga, database } = &settings.timing;
    line(format_args!("\n[timing]\ngit = {}\ntmux = {}", length(*git), length(*tmux)));
    line(format_args!("start = {}\nsaga = {}\ndatabase = {}", length(*start), length(*saga), length(*database)));
    out
}
