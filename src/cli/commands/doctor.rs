//! `ganger doctor`: what a dispatch needs, looked at one by one, and what must hold of a board at rest.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Outcome;
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::domain::id::AttemptId;
use crate::domain::settings::Settings;
use crate::domain::text;
use crate::engine::audit::{Audit, Finding, audit};
use crate::engine::dispatch::preflight;
use crate::engine::trust::{self, Standing};
use crate::engine::upkeep::{Action, Report, Scope, reconcile};
use crate::engine::{Engine, Kind, strays};
use crate::os::ownership;
use crate::os::process::{Call, run as call};
use crate::ports::store::Filter;
use crate::sqlite::Sqlite;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Ok,
    Warning,
    /// It could not be told.
    Unknown,
    Failed,
}

impl Mark {
    const fn text(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
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

/// Checks everything; fails if anything does, or something does not hold. With `fix`, reconciles first.
///
/// # Errors
/// [`Kind::Usage`] when a repository is named that is none.
pub fn run(wiring: &Wiring, fix: bool) -> Outcome {
    let mut checks = vec![tool(wiring, "git", &["--version"])];
    let mut found = None;
    let (mut settled, mut fixed) = (Vec::new(), None);
    match wiring.engine() {
        Ok(engine) => {
            let repo = wiring.repository_if_named(&engine)?;
            if fix {
                settled = strays::settle(&engine)?;
                fixed = Some(reconcile(&engine, &Scope { repo: repo.clone(), dry_run: false })?);
            }
            with_engine(wiring, &engine, &mut checks);
            match audit(&engine, repo.as_deref()) {
                Ok(audit) => found = Some(audit),
                Err(fault) => checks.push(check("audit", Mark::Failed, fault.message)),
            }
        }
        Err(fault) => {
            checks.push(check("database", Mark::Failed, fault.message));
            checks.push(check("audit", Mark::Unknown, "not done, since the database could not be opened"));
        }
    }
    let audited = found.is_some();
    let found = found.unwrap_or_default();
    let failed = checks.iter().any(|check| check.mark == Mark::Failed) || !found.violations.is_empty();
    let unsure = !found.unknown.is_empty() || checks.iter().any(|check| check.mark == Mark::Unknown);
    if wiring.global.json {
        let mut object = as_json(&checks, &found, fixed.as_ref(), !failed);
        if fix {
            object["settled"] = json!(settled);
        }
        output::object(object);
    } else {
        for line in &settled {
            output::say(&format!("fixed: {}", text::line(line)));
        }
        say(checks, audited.then_some(&found), fixed.as_ref());
    }
    Ok(match (failed, unsure) {
        (true, _) => ExitCode::from(Kind::Failed.code()),
        (false, true) => ExitCode::from(Kind::Unknown.code()),
        (false, false) => ExitCode::SUCCESS,
    })
}

fn as_json(checks: &[Check], found: &Audit, fixed: Option<&Report>, ok: bool) -> Value {
    let checks: Vec<Value> = checks
        .iter()
        .map(|check| json!({ "name": check.name, "status": check.mark.text(), "detail": check.detail }))
        .collect();
    let finding = |finding: &Finding| {
        json!({
            "invariant": finding.invariant,
            "task": finding.task.0,
            "attempt": finding.attempt.as_ref().map(AttemptId::as_str),
            "found": finding.found,
            "hint": finding.hint,
        })
    };
    let all = |findings: &[Finding]| findings.iter().map(finding).collect::<Vec<Value>>();
    let mut object = json!({
        "ok": ok,
        "checks": checks,
        "audit": { "violations": all(&found.violations), "unknown": all(&found.unknown) },
    });
    if let (Some(fixed), Some(object)) = (fixed, object.as_object_mut()) {
        let done =
            |action: &Action| json!({ "task": action.task.0, "decision": action.decision, "reason": action.reason });
        object.insert("fixed".to_owned(), fixed.actions.iter().map(done).collect());
    }
    object
}

fn say(checks: Vec<Check>, found: Option<&Audit>, fixed: Option<&Report>) {
    for action in fixed.iter().flat_map(|report| &report.actions) {
        output::say(&format!("fixed: task {}: {}: {}", action.task, action.decision, text::line(&action.reason)));
    }
    let mut rows: Vec<Vec<String>> = checks
        .into_iter()
        .map(|check| vec![check.mark.text().to_owned(), check.name, text::line(&check.detail)])
        .collect();
    let findings = |word: &str, findings: &[Finding]| {
        let row = |finding: &Finding| {
            let name = format!("task {}", finding.task);
            vec![word.to_owned(), name, format!("{} · try: {}", text::line(&finding.found), finding.hint)]
        };
        findings.iter().map(row).collect::<Vec<_>>()
    };
    if let Some(found) = found {
        rows.extend(findings("violated", &found.violations));
        rows.extend(findings("unknown", &found.unknown));
    }
    if found.is_some_and(|found| found.violations.is_empty() && found.unknown.is_empty()) {
        let what = "tasks, attempts, processes, panes and worktrees agree";
        rows.push(vec![Mark::Ok.text().to_owned(), "audit".to_owned(), what.to_owned()]);
    }
    output::table(&rows);
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
    checks.extend(unknown(engine));
    checks.extend(is_private(engine));
    checks.push(state_dir(engine));
    checks.push(disk(engine));
    let settings = here(wiring, engine, checks);
    checks.extend(elsewhere(wiring, engine));
    for (name, profile) in &settings.agents {
        let program = profile.argv(false, None).first().map_or("", String::as_str);
        let (mark, said) = match preflight::is_installed(engine, program) {
            Ok(true) => (Mark::Ok, program.to_owned()),
            Ok(false) => (Mark::Warning, format!("{program} is not on PATH")),
            Err(error) => (Mark::Warning, format!("{program} can't be looked for on PATH: {error}")),
        };
        checks.push(check(&format!("agent {name}"), mark, said));
    }
    checks.push(match reconcile(engine, &Scope { repo: None, dry_run: true }) {
        Ok(report) if !report.unknown.is_empty() => {
            let what: Vec<String> =
                report.unknown.iter().map(|action| format!("task {}: {}", action.task, action.reason)).collect();
            check("attempts", Mark::Warning, what.join("; "))
        }
        Ok(report) if report.changes() => {
            check("attempts", Mark::Warning, format!("{} to fix: ganger --reconcile", report.actions.len()))
        }
        Ok(_) => check("attempts", Mark::Ok, "every one is as it should be"),
        Err(fault) => check("attempts", Mark::Failed, fault.message),
    });
}

/// The settings that are obeyed here, and how the repository's own part of them stands.
fn here(wiring: &Wiring, engine: &Engine, checks: &mut Vec<Check>) -> Arc<Settings> {
    let repo = wiring.repository_if_any(engine).ok().flatten();
    if let Some(repo) = &repo
        && let Ok(standing) = trust::standing(engine, repo)
    {
        let told = |mark, what: &str| check("repository", mark, format!("{}{what}", repo.display()));
        checks.push(match standing {
            Standing::Absent => told(Mark::Ok, ""),
            Standing::Trusted(_) => told(Mark::Ok, ", its .ganger.toml is trusted"),
            Standing::Untrusted(_) => told(Mark::Warning, &format!(": {}; {}", trust::UNTRUSTED, trust::hint(repo))),
        });
    }
    let settings = wiring.settings_at(engine, repo.as_deref()).unwrap_or_else(|fault| {
        checks.push(check("repository", Mark::Failed, fault.message));
        Arc::clone(&wiring.settings)
    });
    if let Some(repo) = &repo {
        let folder = settings.worktrees.folder(repo);
        checks.extend(ownership::foreign(&folder, None).map(|why| {
            let what =
                format!("{} is not safe from other users: {why}; correct it, or set worktrees.root", folder.display());
            check("worktrees", Mark::Warning, what)
        }));
    }
    settings
}

/// The repositories of other tasks whose own configuration is not obeyed.
fn elsewhere(wiring: &Wiring, engine: &Engine) -> Vec<Check> {
    let here = wiring.repository_if_any(engine).ok().flatten();
    if wiring.global.repo.is_some() {
        return Vec::new();
    }
    let tasks = engine.ports.store.tasks(&Filter::default()).map(|listing| listing.tasks).unwrap_or_default();
    let repos: BTreeSet<PathBuf> = tasks.into_iter().map(|task| task.draft.repo).collect();
    let others = repos.iter().filter(|repo| here.as_ref() != Some(repo));
    let untrusted = others.filter(|repo| matches!(trust::standing(engine, repo), Ok(Standing::Untrusted(_))));
    untrusted
        .map(|repo| {
            let what = format!("{}: {}; {}", repo.display(), trust::UNTRUSTED, trust::hint(repo));
            check("repository", Mark::Warning, what)
        })
        .collect()
}

/// The database's file can be read by its owner alone.
fn is_private(engine: &Engine) -> Option<Check> {
    let path = &engine.around.database;
    let mode = path.metadata().ok()?.permissions().mode();
    let what = || format!("{} can be read by other users, and prompts with it: chmod 600", path.display());
    (mode & 0o077 != 0).then(|| check("database", Mark::Warning, what()))
}

/// What runs, or has run, and the database does not know of.
fn unknown(engine: &Engine) -> Vec<Check> {
    let mut checks = Vec::new();
    match engine.ports.store.doubt() {
        Ok(None) => {}
        Ok(Some(doubt)) => {
            checks.push(check("identity", Mark::Unknown, format!("{doubt}; once looked at: ganger doctor --fix")));
        }
        Err(error) => checks.push(check("identity", Mark::Failed, error.to_string())),
    }
    match strays::find(engine) {
        Ok(strays) => checks.extend(strays.iter().map(|stray| {
            let name = stray.task().map_or("stray".to_owned(), |task| format!("stray task {task}"));
            check(&name, Mark::Unknown, format!("{} · try: {}", stray.reason(), stray.hint()))
        })),
        Err(fault) => checks.push(check("strays", Mark::Failed, fault.message)),
    }
    checks
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
