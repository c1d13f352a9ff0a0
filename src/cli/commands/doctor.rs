//! `ganger doctor`: what a dispatch needs, looked at one by one.

use std::process::ExitCode;

use serde_json::json;

use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::engine::reconcile::{Scope, reconcile};
use crate::engine::{Engine, Kind, preflight};
use crate::os::process::{Call, run as call};
use crate::ports::store::Filter;
use crate::sqlite::Sqlite;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Ok,
    Warning,
    Failed,
}

impl Mark {
    const fn text(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

struct Check {
    name: String,
    mark: Mark,
    detail: String,
}

fn check(name: &str, mark: Mark, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), mark, detail: detail.into() }
}

/// Checks everything, fails if anything does.
#[must_use]
pub fn run(wiring: &Wiring) -> ExitCode {
    let mut checks = vec![tool(wiring, "git", &["--version"])];
    match wiring.engine() {
        Ok(engine) => with_engine(wiring, &engine, &mut checks),
        Err(fault) => checks.push(check("database", Mark::Failed, fault.message)),
    }
    let failed = checks.iter().any(|check| check.mark == Mark::Failed);
    if wiring.global.json {
        let checks: Vec<_> = checks
            .iter()
            .map(|check| json!({ "name": check.name, "status": check.mark.text(), "detail": check.detail }))
            .collect();
        output::object(json!({ "ok": !failed, "checks": checks }));
    } else {
        let rows: Vec<Vec<String>> = checks
            .into_iter()
            .map(|check| vec![check.mark.text().to_owned(), check.name, crate::domain::text::line(&check.detail)])
            .collect();
        output::table(&rows);
    }
    if failed { ExitCode::from(Kind::Failed.code()) } else { ExitCode::SUCCESS }
}

fn tool(wiring: &Wiring, program: &str, args: &[&str]) -> Check {
    match call(&Call::new(program, wiring.settings.timing.git).args(args)) {
        Ok(answer) if answer.ok() => check(program, Mark::Ok, answer.text()),
        Ok(answer) => check(program, Mark::Failed, answer.complaint()),
        Err(error) => check(program, Mark::Failed, format!("{error}: install {program}")),
    }
}

fn with_engine(wiring: &Wiring, engine: &Engine, checks: &mut Vec<Check>) {
    let around = &engine.around;
    checks.push(match engine.ports.mux.server(&around.socket) {
        Ok(server) => check(
            "tmux",
            Mark::Ok,
            format!("{}, {} sessions on {}", server.version, server.sessions.len(), around.socket.display()),
        ),
        Err(error) => check("tmux", Mark::Failed, error.to_string()),
    });
    let sound = Sqlite::open(&around.database, &around.state_dir, wiring.settings.timing.database)
        .and_then(|store| store.check())
        .and_then(|()| engine.ports.store.tasks(&Filter::default()));
    checks.push(match sound {
        Ok(listing) if listing.unreadable.is_empty() => {
            check("database", Mark::Ok, format!("{} tasks in {}", listing.tasks.len(), around.database.display()))
        }
        Ok(listing) => check("database", Mark::Failed, listing.unreadable.join("; ")),
        Err(error) => check("database", Mark::Failed, error.to_string()),
    });
    checks.push(state_dir(engine));
    checks.push(disk(engine));
    for (name, profile) in &wiring.settings.agents {
        let program = profile.command.first().map_or("", String::as_str);
        checks.push(if preflight::is_installed(engine, program) {
            check(&format!("agent {name}"), Mark::Ok, program)
        } else {
            check(&format!("agent {name}"), Mark::Warning, format!("{program} is not on PATH"))
        });
    }
    checks.push(match reconcile(engine, &Scope { repo: None, dry_run: true }) {
        Ok(report) if !report.unknown.is_empty() => {
            let what: Vec<String> =
                report.unknown.iter().map(|action| format!("task {}: {}", action.task, action.reason)).collect();
            check("attempts", Mark::Warning, what.join("; "))
        }
        Ok(report) if report.changes() => {
            check("attempts", Mark::Warning, format!("{} to mend: ganger --reconcile", report.actions.len()))
        }
        Ok(_) => check("attempts", Mark::Ok, "every one is as it should be"),
        Err(fault) => check("attempts", Mark::Failed, fault.message),
    });
}

/// The state directory takes a durable write.
fn state_dir(engine: &Engine) -> Check {
    let folder = &engine.around.state_dir;
    let path = folder.join(format!("doctor-{}", std::process::id()));
    let tried = engine.ports.files.write(&path, b"ganger").and_then(|()| engine.ports.files.remove(&path));
    match tried {
        Ok(()) => check("state directory", Mark::Ok, folder.to_string_lossy()),
        Err(error) => check("state directory", Mark::Failed, format!("{}: {error}", folder.display())),
    }
}

/// Room for worktrees and for the database's log.
fn disk(engine: &Engine) -> Check {
    const LITTLE: u64 = 256 * 1024 * 1024;
    match nix::sys::statvfs::statvfs(&engine.around.state_dir) {
        Ok(disk) => {
            let free = disk.blocks_available().saturating_mul(disk.fragment_size());
            let mark = if free < LITTLE { Mark::Warning } else { Mark::Ok };
            check("disk", mark, format!("{} MiB free", free / (1024 * 1024)))
        }
        Err(error) => check("disk", Mark::Warning, error.to_string()),
    }
}
