//! `ganger config`.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::Outcome;
use super::trust::file_here;
use crate::cli::args::{Config, Global};
use crate::cli::output;
use crate::cli::wiring::{Wiring, configuration};
use crate::config;
use crate::domain::settings::Settings;
use crate::engine::trust::{self, Refusal, Standing};
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
            let own = own(global, &config.settings)?;
            let repository = described(own.as_ref());
            let toml = match own {
                Some(own) if own.trusted => config::render(&own.settings?),
                Some(_) | None => config::render(&config.settings),
            };
            if global.json {
                output::object(json!({ "path": text(config.path), "repository": repository, "toml": toml }));
            } else {
                output::put(&toml);
            }
        }
        Config::Path => {
            let path = path(global)?;
            if global.json {
                output::object(json!({ "path": path.to_string_lossy(), "exists": path.exists() }));
            } else {
                output::path(&path);
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
            std::io::Write::write_all(&mut file, config::commented().as_bytes()).map_err(write)?;
            output::path(&path);
        }
        Config::Check => {
            let config = configuration(global)?;
            let own = own(global, &config.settings)?;
            let path = text(config.path);
            let repository = described(own.as_ref());
            let own = own.map(|own| own.settings.map(|_| (own.path, own.trusted))).transpose()?;
            if global.json {
                output::object(json!({ "path": path, "repository": repository, "ok": true }));
            } else {
                output::say(&path.map_or("no file: the defaults apply".to_owned(), |path| format!("{path} is valid")));
                if let Some((path, trusted)) = own {
                    let trusted = if trusted { "" } else { ", and not trusted and not obeyed: ganger trust --show" };
                    output::say(&format!("{} is valid{trusted}", path.display()));
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The file of the repository around here.
struct Own {
    path: PathBuf,
    trusted: bool,
    /// With it laid over the person's.
    settings: Result<Settings, Fault>,
}

/// Reads the repository's own file, trusted or not.
fn own(global: &Global, settings: &Settings) -> Result<Option<Own>, Fault> {
    let Some((repo, _)) = file_here(global, settings)? else { return Ok(None) };
    let engine = Wiring::new(global)?.engine()?;
    let (supplied, trusted) = match trust::standing(&engine, &repo).map_err(|refusal| refusal.fault(&repo))? {
        Standing::Absent => return Ok(None),
        Standing::Trusted(supplied) => (supplied, true),
        Standing::Untrusted(supplied) => (supplied, false),
    };
    let settings = engine.ports.repositories.settings(settings, &supplied);
    let settings = settings.map_err(|unfit| Refusal::Unfit(unfit).fault(&repo));
    Ok(Some(Own { path: supplied.path, trusted, settings }))
}

fn described(own: Option<&Own>) -> Option<Value> {
    own.map(|own| json!({ "path": own.path.to_string_lossy(), "trusted": own.trusted }))
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
