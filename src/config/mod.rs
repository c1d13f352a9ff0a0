//! Configuration files, read into [`Settings`]: built-in defaults, with the user's file laid over them.
//!
//! A repository's own file can be laid over both; whether it is trusted is decided elsewhere.
//!
//! What a file says wrongly is refused with its line; nothing is ignored and nothing is guessed. It reads only the
//! configuration files, and the environment only through what the caller passes.

mod document;
mod nearest;
mod read;
mod render;
mod repository;
mod stated;
mod table;
mod template;
mod unknown;
mod value;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::io::Read as _;
use std::path::{Path, PathBuf};

pub use nearest::nearest;
pub use render::render;
pub use repository::RepositoryFiles;
pub use stated::stated;
pub use template::commented;

use self::document::Document;
use crate::agent;
use crate::domain::bounds::CONFIGURATION;
use crate::domain::settings::{
    Completion, Forge, Merge, Permissions, Queue, Settings, Timing, Tmux, Trash, Ui, Worktrees,
};
use crate::domain::text;

/// What tells an agent how to report, unless configured.
pub const PREAMBLE: &str = "\
You work in a git worktree of your own, started by ganger; the user watches the board. Commit your work to the branch that is \
checked out. When it is complete, run: \"$GANGER_BIN\" done. If it can't be done: \"$GANGER_BIN\" fail \"why\". If you need \
a decision from the user: \"$GANGER_BIN\" ask \"your question\", then stop and wait for the answer. To tell of progress: \
\"$GANGER_BIN\" note \"one line\".";

/// Reads an environment variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The configuration in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub settings: Settings,
    /// The file that was read; `None` where the defaults stand alone.
    pub path: Option<PathBuf>,
}

/// Why there is no configuration, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// One line, with file and line number where there is one.
    pub message: String,
    pub hint: String,
}

/// Reads the configuration. A file that was named, by `explicit` or `GANGER_CONFIG`, has to exist; the one at the
/// default place need not.
pub fn load(explicit: Option<&Path>, env: Environment<'_>) -> Result<Config, ConfigError> {
    let mut settings = defaults(env);
    let read = match named(explicit, env) {
        Some(path) => Some((read_file(&path)?, path)),
        None => match default_path(env) {
            Some(path) => read_if_there(&path)?.map(|text| (text, path)),
            None => None,
        },
    };
    if let Some((text, path)) = &read {
        read::apply(&mut settings, Document { path, text }, env)?;
    }
    if settings.worktrees.root.is_empty() {
        return Err(ConfigError {
            message: "no place for worktrees: neither XDG_DATA_HOME nor HOME is set to an absolute path in UTF-8"
                .to_owned(),
            hint: "set HOME, or `worktrees.root` in a file named with --config".to_owned(),
        });
    }
    Ok(Config { settings, path: read.map(|(_, path)| path) })
}

/// The file that [`load`] reads if it exists: `explicit`, else `GANGER_CONFIG`, else the default one.
#[must_use]
pub fn path(explicit: Option<&Path>, env: Environment<'_>) -> Option<PathBuf> {
    named(explicit, env).or_else(|| default_path(env))
}

/// `$XDG_CONFIG_HOME/ganger/config.toml`, with `~/.config` for a variable that is not set; `None` without a home.
#[must_use]
pub fn default_path(env: Environment<'_>) -> Option<PathBuf> {
    let folder = place(env, "XDG_CONFIG_HOME").or_else(|| Some(place(env, "HOME")?.join(".config")))?;
    Some(folder.join("ganger/config.toml"))
}

/// The built-in settings. Without a home the root of the worktrees is empty, and a file has to set it.
#[must_use]
pub fn defaults(env: Environment<'_>) -> Settings {
    let data = place(env, "XDG_DATA_HOME").or_else(|| Some(place(env, "HOME")?.join(".local/share")));
    let root = data.and_then(|data| data.join("ganger/worktrees").into_os_string().into_string().ok());
    let mut settings = Settings {
        default_agent: agent::DEFAULT.to_owned(),
        agents: BTreeMap::new(),
        templates: BTreeMap::new(),
        worktrees: Worktrees { root: root.unwrap_or_default(), ..Worktrees::default() },
        queue: Queue::default(),
        merge: Merge::default(),
        completion: Completion { preamble: PREAMBLE.to_owned(), ..Completion::default() },
        trash: Trash::default(),
        forge: Forge::default(),
        permissions: Permissions::default(),
        tmux: Tmux::default(),
        timing: Timing::default(),
        notify: BTreeMap::new(),
        ui: Ui::default(),
        keys: BTreeMap::new(),
    };
    let built_in = Document { path: Path::new("agents.toml"), text: agent::BUILT_IN };
    // A test reads it: it is as sound as the code.
    read::apply(&mut settings, built_in, env).unwrap_or_default();
    settings
}

/// A folder that a variable names; a relative one counts as not set, as the XDG base directory specification asks.
fn place(env: Environment<'_>, variable: &str) -> Option<PathBuf> {
    env(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn named(explicit: Option<&Path>, env: Environment<'_>) -> Option<PathBuf> {
    let from_env = || env("GANGER_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
    explicit.map(Path::to_owned).or_else(from_env)
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(CONFIGURATION + 1).read_to_string(&mut text)?;
    if text.len() as u64 > CONFIGURATION {
        let why = format!("it is larger than {CONFIGURATION} bytes");
        return Err(std::io::Error::new(ErrorKind::InvalidData, why));
    }
    Ok(text)
}

fn read_if_there(path: &Path) -> Result<Option<String>, ConfigError> {
    match read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn read_file(path: &Path) -> Result<String, ConfigError> {
    read(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> ConfigError {
    ConfigError {
        message: text::line(&format!("the configuration can't be read: {}: {error}", path.display())),
        hint: "name a readable file with --config, or write the default one with `ganger config init`".to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
