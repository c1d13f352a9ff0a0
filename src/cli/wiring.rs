//! Where things are, and the concrete adapters behind the engine's ports.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::{Color, Global};
use crate::config::{self, Config, RepositoryFiles};
use crate::domain::attempt::Files;
use crate::domain::permission::Caller;
use crate::domain::settings::Settings;
use crate::engine::{Engine, Fault, Kind, Ports, Surroundings, tasks, trust};
use crate::forge::Programs;
use crate::git::Git;
use crate::os::clock::SystemClock;
use crate::os::disk::FileSystem;
use crate::os::files::{PrivateFiles, private_folder};
use crate::os::lock::FileLocks;
use crate::os::notify::Detached;
use crate::os::ownership;
use crate::os::proc::ProcessTable;
use crate::os::shell::Sh;
use crate::os::tree_files::WorktreeFiles;
use crate::sqlite::Sqlite;
use crate::tmux::{self, Tmux, socket_path};

/// This call's surroundings, read once. Engines are made from it, one a thread.
pub struct Wiring {
    pub global: Global,
    pub settings: Arc<Settings>,
    pub around: Arc<Surroundings>,
    pub interrupted: Arc<AtomicBool>,
    /// A doubt about the database has been said.
    warned: AtomicBool,
}

/// A folder of the XDG base directories: its variable if that is absolute, else below the home directory.
fn xdg(variable: &str, below_home: &str) -> Result<PathBuf, Fault> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home))).ok_or_else(|| {
        Fault::new(Kind::Usage, format!("neither ${variable} nor $HOME says where to put files"))
            .hint("set HOME, or name the files: --db PATH --state-dir PATH")
    })
}

fn absolute(path: &Path) -> Result<PathBuf, Fault> {
    std::path::absolute(path)
        .map_err(|error| Fault::new(Kind::Usage, format!("{} is not a path: {error}", path.display())))
}

/// The database's path.
///
/// # Errors
/// When neither an argument nor the environment says it.
pub fn database(global: &Global) -> Result<PathBuf, Fault> {
    match &global.db {
        Some(path) => absolute(path),
        None => Ok(xdg("XDG_DATA_HOME", ".local/share")?.join("ganger/ganger.db")),
    }
}

/// The state directory's path.
///
/// # Errors
/// When neither an argument nor the environment says it.
pub fn state_dir(global: &Global) -> Result<PathBuf, Fault> {
    match &global.state_dir {
        Some(path) => absolute(path),
        None => Ok(xdg("XDG_STATE_HOME", ".local/state")?.join("ganger")),
    }
}

/// This program, for later calls: its own file may have been replaced since it was started.
fn program() -> Result<PathBuf, Fault> {
    let path = std::env::current_exe().map_err(|error| Fault::io("finding this program's file", &error))?;
    if path.exists() {
        return Ok(path);
    }
    let replaced = path.to_string_lossy().strip_suffix(" (deleted)").map(PathBuf::from).filter(|path| path.exists());
    replaced.ok_or_else(|| {
        Fault::new(Kind::Failed, format!("this program's file {} is gone", path.display())).hint("install ganger again")
    })
}

/// Reads the configuration that is in force.
///
/// # Errors
/// [`Kind::Usage`], naming file and line.
pub fn configuration(global: &Global) -> Result<Config, Fault> {
    config::load(global.config.as_deref(), &|name| std::env::var_os(name))
        .map_err(|error| Fault::new(Kind::Usage, error.message).hint(error.hint))
}

impl Wiring {
    /// Reads arguments, environment and configuration.
    ///
    /// # Errors
    /// [`Kind::Usage`] where they can't be.
    pub fn new(global: &Global) -> Result<Self, Fault> {
        let config = configuration(global)?;
        let wiring = Self::with(global, config.settings)?;
        if global.verbose {
            let config =
                config.path.as_ref().map_or("none: the defaults apply".to_owned(), |path| path.display().to_string());
            let around = &wiring.around;
            super::output::mention(&format!(
                "database {}, state {}, tmux socket {}, configuration {config}",
                around.database.display(),
                around.state_dir.display(),
                around.socket.display()
            ));
        }
        Ok(wiring)
    }

    /// With settings that were read already, or the defaults: what must work whatever a file says.
    ///
    /// # Errors
    /// [`Kind::Usage`] where arguments and environment do not say enough.
    pub fn with(global: &Global, settings: Settings) -> Result<Self, Fault> {
        let name = global.socket.clone().or_else(|| settings.tmux.socket.clone());
        let around = Surroundings {
            here: global.repo.clone().unwrap_or_else(|| PathBuf::from(".")),
            database: database(global)?,
            state_dir: state_dir(global)?,
            config: global.config.as_deref().map(absolute).transpose()?,
            socket: socket_path(
                name.as_deref(),
                tmux::Surroundings {
                    tmux: std::env::var_os("TMUX").as_deref(),
                    tmpdir: std::env::var_os("TMUX_TMPDIR").as_deref(),
                    uid: nix::unistd::getuid().as_raw(),
                },
            ),
            program: program()?,
            environment: std::env::vars_os().collect(),
            umask: crate::os::umask(),
            caller: Caller::default(),
        };
        Ok(Self {
            global: global.clone(),
            settings: Arc::new(settings),
            around: Arc::new(around),
            interrupted: Arc::default(),
            warned: AtomicBool::new(false),
        })
    }

    /// An engine with connections of its own.
    ///
    /// # Errors
    /// Those of the store and of the state directory.
    pub fn engine(&self) -> Result<Engine, Fault> {
        let engine = self.silent_engine()?;
        if let Ok(Some(doubt)) = engine.ports.store.doubt()
            && !self.warned.swap(true, Ordering::Relaxed)
        {
            super::output::mention(&format!("warning: {doubt}: ganger doctor"));
        }
        Ok(engine)
    }

    /// As [`Self::engine`], for where nothing may be said in between.
    ///
    /// # Errors
    /// Those of the store and of the state directory.
    pub fn silent_engine(&self) -> Result<Engine, Fault> {
        engine(&self.settings, &self.around, &self.interrupted)
    }

    /// The repository that was named, or the one around the current directory.
    ///
    /// # Errors
    /// [`Kind::Usage`] when there is none.
    pub fn repository(&self, engine: &Engine) -> Result<PathBuf, Fault> {
        let from = self.global.repo.clone().unwrap_or_else(|| PathBuf::from("."));
        let hint = "-C PATH names a git repository";
        tasks::repository(engine, &from)
            .map_err(|fault| if fault.kind == Kind::Usage { fault.hint(hint) } else { fault })
    }

    /// The repository that was named, or the one around the current directory, if there is one.
    ///
    /// # Errors
    /// [`Kind::Usage`] when one was named that is none.
    pub fn repository_if_any(&self, engine: &Engine) -> Result<Option<PathBuf>, Fault> {
        match (&self.global.repo, self.repository(engine)) {
            (_, Ok(repo)) => Ok(Some(repo)),
            (Some(_), Err(fault)) => Err(fault),
            (None, Err(_)) => Ok(None),
        }
    }

    /// The settings that are obeyed in this repository, or where there is none; of a file that is not trusted, nothing.
    ///
    /// # Errors
    /// [`Kind::Usage`] for what a trusted file says wrongly; those of the store.
    pub fn settings_at(&self, engine: &Engine, repo: Option<&Path>) -> Result<Arc<Settings>, Fault> {
        match repo {
            Some(repo) => trust::settings_to_read(engine, repo),
            None => Ok(Arc::clone(&self.settings)),
        }
    }

    /// The repository that was named, if one was: for commands about all of them.
    ///
    /// # Errors
    /// [`Kind::Usage`] when it is none.
    pub fn repository_if_named(&self, engine: &Engine) -> Result<Option<PathBuf>, Fault> {
        self.global.repo.is_some().then(|| self.repository(engine)).transpose()
    }

    /// Whether to colour what goes to standard output.
    #[must_use]
    pub fn colours(&self) -> bool {
        match self.global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && std::io::IsTerminal::is_terminal(&std::io::stdout())
            }
        }
    }

    /// Lets SIGINT and SIGTERM roll sagas back instead of ending this process; a second one ends it.
    pub fn catch_interrupts(&self) {
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
            // Without a handler the process ends, and the reconciler does what the rollback would have done.
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&self.interrupted)).ok();
            signal_hook::flag::register(signal, Arc::clone(&self.interrupted)).ok();
        }
    }
}

/// Refuses a folder that other users could put a database, or orders for the shim, into.
fn refuse_foreign(folder: &Path) -> Result<(), Fault> {
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let Some(why) = ownership::foreign(folder, home.as_deref()) else { return Ok(()) };
    let message = format!("{} is not safe from other users: {why}", folder.display());
    Err(Fault::new(Kind::Usage, message)
        .hint("make it yours alone (chown, chmod 700), or name others: --db PATH --state-dir PATH"))
}

/// Wires an engine to the real adapters.
///
/// # Errors
/// Those of the store and of the state directory.
pub fn engine(
    settings: &Arc<Settings>,
    around: &Arc<Surroundings>,
    interrupted: &Arc<AtomicBool>,
) -> Result<Engine, Fault> {
    for folder in [around.database.parent(), Some(around.state_dir.as_path())].into_iter().flatten() {
        refuse_foreign(folder)?;
    }
    let store = Sqlite::open(&around.database, &around.state_dir, settings.timing.database)?
        .releasing(settings.queue.release)?;
    // Also where somebody removed them: the locks of what runs are missing then, which proves nothing to anybody.
    for folder in Files::FOLDERS {
        let folder = around.state_dir.join(folder);
        private_folder(&folder).map_err(|error| Fault::io(&format!("making {}", folder.display()), &error))?;
    }
    let git = Git::new(settings.timing.git).with_scratch(&around.state_dir.join("views"));
    let ports = Ports {
        store: Box::new(store),
        trees: Box::new(git.clone()),
        merges: Box::new(git),
        forge: Box::new(Programs { settings: settings.forge.clone() }),
        mux: Box::new(Tmux::new(settings.timing.tmux)),
        clock: Box::new(SystemClock),
        locks: Box::new(FileLocks),
        processes: Box::new(ProcessTable),
        files: Box::new(PrivateFiles),
        notifier: Box::new(Detached {
            program: around.program.clone(),
            log: around.state_dir.join("logs/notify.log"),
            environment: around.environment.clone(),
        }),
        shell: Box::new(Sh { environment: around.environment.clone() }),
        repositories: Box::new(RepositoryFiles),
        disk: Box::new(FileSystem),
        tree_files: Box::new(WorktreeFiles),
    };
    #[cfg(feature = "failpoints")]
    let ports = pointed(&around.state_dir, ports);
    Ok(Engine {
        ports,
        settings: Arc::clone(settings),
        around: Arc::clone(around),
        interrupted: Arc::clone(interrupted),
    })
}

#[cfg(feature = "failpoints")]
fn pointed(state_dir: &Path, ports: Ports) -> Ports {
    use crate::failpoint::{Inner, wrap};
    let Ports { clock, notifier, shell, forge, .. } = ports;
    let inner = Inner {
        store: ports.store,
        trees: ports.trees,
        merges: ports.merges,
        mux: ports.mux,
        locks: ports.locks,
        processes: ports.processes,
        files: ports.files,
        repositories: ports.repositories,
        disk: ports.disk,
        tree_files: ports.tree_files,
    };
    let Inner { store, trees, merges, mux, locks, processes, files, repositories, disk, tree_files } =
        wrap(state_dir, inner);
    Ports {
        store,
        trees,
        merges,
        forge,
        mux,
        clock,
        locks,
        processes,
        files,
        notifier,
        shell,
        repositories,
        disk,
        tree_files,
    }
}
