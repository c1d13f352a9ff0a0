//! `ganger __agent ATTEMPT LAUNCH-FILE`: the shim, started by tmux in the attempt's pane.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::agent::hooks::Mechanism;
use crate::agent::hooks::install::{self, Git, Site};
use crate::cli::{environment, output, wiring};
use crate::config;
use crate::domain::id::AttemptId;
use crate::domain::permission::Caller;
use crate::domain::settings::Settings;
use crate::engine::{Engine, Fault, Kind, Surroundings};
use crate::git::files;
use crate::ports::multiplexer::{Multiplexer as _, Panes};
use crate::shim;
use crate::tmux::Tmux;
use crate::wire::launch::{Launch, Word};

/// How long tmux may take to answer one that is not awaited.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the shim; the agent's exit code.
#[must_use]
pub fn run(argv: &[OsString]) -> u8 {
    match prepare(argv) {
        Ok(code) => code,
        Err(fault) => {
            // The pane is kept: whoever looks at it reads why nothing runs there.
            output::complain(&fault);
            if fault.kind == Kind::Conflict {
                leave(argv);
            }
            fault.kind.code()
        }
    }
}

/// Takes this very pane away: nobody waits for it, and whoever cleaned up after its attempt may have done so before
/// tmux made it, and does not look again.
fn leave(argv: &[OsString]) {
    let around = environment::variable("TMUX").zip(environment::variable("TMUX_PANE"));
    let attempt = argv.first().and_then(|word| AttemptId::parse(&word.to_string_lossy()).ok());
    let (Some((server, own)), Some(attempt)) = (around, attempt) else { return };
    let Some(socket) = server.rsplitn(3, ',').nth(2) else { return };
    let (tmux, socket) = (Tmux::new(PATIENCE), Path::new(socket));
    if let Ok(Panes::Listed(panes)) = tmux.panes(socket)
        && let Some(pane) = panes.iter().find(|pane| pane.id == own && pane.attempt() == Some(&attempt))
    {
        // Where that fails the pane stays, dead and harmless.
        tmux.kill(socket, pane).ok();
    }
}

fn prepare(argv: &[OsString]) -> Result<u8, Fault> {
    let [attempt, launch] = argv else {
        return Err(Fault::new(Kind::Usage, "__agent is ganger's own command").hint("ganger dispatch ID"));
    };
    let id = AttemptId::parse(&attempt.to_string_lossy())
        .map_err(|text| Fault::new(Kind::Usage, format!("{text:?} is not an attempt")))?;
    let bytes = std::fs::read(launch).map_err(|error| {
        Fault::new(Kind::Conflict, format!("this attempt's launch file can't be read, so no agent is started: {error}"))
    })?;
    let launch = Launch::decode(&bytes).map_err(|why| Fault::new(Kind::Failed, why))?;
    if launch.attempt != id.as_str() {
        return Err(Fault::new(Kind::Failed, "the launch file is another attempt's"));
    }
    // The one that this process has is the tmux server's, whoever started that, and whenever.
    if let Some(mask) = launch.umask {
        crate::os::set_umask(mask);
    }
    let around = Surroundings {
        here: std::path::PathBuf::from("."),
        database: launch.database.path(),
        state_dir: launch.state_dir.path(),
        config: None,
        socket: launch.socket.path(),
        program: launch.program.as_ref().map(Word::path).unwrap_or_default(),
        environment: launch.environment.iter().map(|(name, value)| (name.os(), value.os())).collect(),
        umask: launch.umask.unwrap_or_default(),
        caller: Caller::default(),
    };
    let (settings, around, interrupted) = (Arc::new(settings(&launch)), Arc::new(around), Arc::default());
    let open = || wiring::engine(&settings, &around, &interrupted);
    let outside = shim::Outside { prepare: &|engine, worktree| hooks(engine, &launch, worktree), reopen: &open };
    shim::run(open()?, &launch, &id, outside)
}

/// Puts the hooks of the agent's own program into the worktree.
fn hooks(engine: &Engine, launch: &Launch, worktree: &Path) -> Result<(), String> {
    if launch.verify_only {
        return Ok(());
    }
    let program = launch.argv.first().map(|word| word.os().to_string_lossy().into_owned()).unwrap_or_default();
    let Some(mechanism) = launch.hooks.as_deref().and_then(|name| Mechanism::of(name, &program)) else {
        return Ok(());
    };
    let ignored = |path: &Path| files::is_ignored(worktree, path).map_err(|error| error.to_string());
    let tracked = |path: &Path| files::is_tracked(worktree, path).map_err(|error| error.to_string());
    let ports = &engine.ports;
    let site = Site { root: worktree, disk: &*ports.disk, files: &*ports.tree_files };
    install::install(site, mechanism, false, Git { ignored: &ignored, tracked: &tracked })
        .map(drop)
        .map_err(|refusal| format!("the hooks of {} are not installed: {refusal}", mechanism.name()))
}

/// The dispatcher's settings, as far as the orders say them: a file that changed meanwhile changes nothing here.
fn settings(launch: &Launch) -> Settings {
    let mut settings = config::defaults(&|name| std::env::var_os(name));
    settings.timing.git = Duration::from_millis(launch.git_deadline);
    settings.timing.tmux = Duration::from_millis(launch.tmux_deadline);
    settings.timing.database = Duration::from_millis(launch.database_deadline);
    settings.queue.max_orphan_retries = launch.max_orphan_retries;
    settings.notify = launch.notify.clone();
    settings.tmux.grace = Duration::from_millis(launch.grace);
    settings
}
