//! `ganger config`.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::Outcome;
use crate::cli::args::{Config, Global};
use crate::cli::output;
use crate::cli::wiring::configuration;
use crate::config;
use crate::engine::{Fault, Kind};
use crate::os::files::private_folder;

/// Shows, makes and checks the configuration.
///
/// # Errors
/// [`Kind::Usage`], naming file and line; [`Kind::Conflict`] where `init` would overwrite a file.
pub fn run(global: &Global, command: &Config) -> Outcome {
    match command {
        Config::Show => {
            let config = configuration(global)?;
            if global.json {
                output::object(json!({ "path": text(config.path), "toml": config::render(&config.settings) }));
            } else {
                output::put(&config::render(&config.settings));
            }
        }
        Config::Path => {
            let path = path(global)?;
            if global.json {
                output::object(json!({ "path": path.to_string_lossy(), "exists": path.exists() }));
            } else {
                output::say(&path.to_string_lossy());
            }
        }
        Config::Init => {
            let path = path(global)?;
            let write = |error: std::io::Error| Fault::io(&format!("writing {}", path.display()), &error);
            if let Some(folder) = path.parent() {
                private_folder(folder).map_err(write)?;
            }
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| {
                if error.kind() == std::io::ErrorKind::AlreadyExists {
                    Fault::new(Kind::Conflict, format!("{} is there already", path.display()))
                        .hint("edit it, or move it away first")
                } else {
                    write(error)
                }
            })?;
            std::io::Write::write_all(&mut file, config::DEFAULT_TEXT.as_bytes()).map_err(write)?;
            output::say(&path.to_string_lossy());
        }
        Config::Check => {
            let config = configuration(global)?;
            let path = text(config.path);
            if global.json {
                output::object(json!({ "path": path, "ok": true }));
            } else {
                output::say(&path.map_or("no file, the defaults hold".to_owned(), |path| format!("{path} is sound")));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn path(global: &Global) -> Result<PathBuf, Fault> {
    config::path(global.config.as_deref(), &|name| std::env::var_os(name)).ok_or_else(|| {
        Fault::new(Kind::Usage, "neither $XDG_CONFIG_HOME nor $HOME says where the configuration is")
            .hint("--config PATH")
    })
}

fn text(path: Option<PathBuf>) -> Option<String> {
    path.map(|path| path.to_string_lossy().into_owned())
}
