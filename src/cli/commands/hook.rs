//! `ganger __hook NAME`: what an agent's own program runs on its events. Quick, harmless outside an attempt, and silent but
//! for one answer: the agent's own verbs need no permission.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::report;
use crate::agent::hooks::{Mechanism, payload, verbs};
use crate::cli::args::{Color, Global};
use crate::cli::wiring::Wiring;
use crate::domain::state::Activity;
use crate::engine::report::{Speaker, Word, say};
use crate::engine::{Fault, Kind};
use crate::os::ancestry;

/// How long another program's lock on the database is waited for: the agent waits for this command.
const PATIENCE: Duration = Duration::from_millis(500);

/// Hears an agent's event. Nothing that goes wrong here is the agent's business: it never fails.
pub fn run(argv: &[OsString]) {
    let Ok(Some(speaker)) = report::agent() else { return };
    // Whose variables these are is one thing, whose descendant this is another.
    if ancestry::shims_above().first().is_some_and(|(attempt, _)| !speaker.is(attempt)) {
        return;
    }
    let Some(name) = argv.first().and_then(|name| name.to_str()) else { return };
    // aider tells only that it has finished and waits, and nothing on its standard input.
    let word = if name == "aider" {
        Some(Word::Report { activity: Some(Activity::Idle), saying: None, conversation: None })
    } else {
        event(name)
    };
    let Some(word) = word else { return };
    // A configuration that is being edited is no reason to lose it, either.
    if let Err(fault) = hear(&speaker, &word)
        && matches!(fault.kind, Kind::Failed | Kind::Usage)
    {
        // Neither here nor there: nobody can be told.
        drop(report::post(&speaker, &word));
    }
}

fn event(name: &str) -> Option<Word> {
    let mechanism = Mechanism::for_agent(name)?;
    let mut json = Vec::new();
    let mut input = std::io::stdin().lock();
    input.by_ref().take(payload::LONGEST as u64 + 1).read_to_end(&mut json).ok()?;
    // To its end: who writes it must not find the pipe closed.
    std::io::copy(&mut input, &mut std::io::sink()).ok()?;
    if let Some(answer) = own_program().and_then(|program| verbs::answer(mechanism, &json, &program)) {
        // Before anything that takes time. Who does not read it asks a person, as ever.
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}").and_then(|()| out.flush()).ok();
    }
    let report = payload::read(mechanism, &json)?;
    Some(Word::Report { activity: report.activity, saying: report.saying, conversation: report.conversation })
}

/// Ganger as the agent's environment names it, if that is this very program.
fn own_program() -> Option<String> {
    let named = std::env::var("GANGER_BIN").ok()?;
    let same = std::fs::canonicalize(&named).ok()? == std::env::current_exe().ok()?.canonicalize().ok()?;
    same.then_some(named)
}

fn hear(speaker: &Speaker, word: &Word) -> Result<(), Fault> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let global = Global {
        repo: None,
        db: path("GANGER_DB"),
        state_dir: path("GANGER_STATE_DIR"),
        socket: None,
        config: path("GANGER_CONFIG"),
        fields: None,
        json: false,
        color: Color::Never,
        verbose: false,
    };
    let mut wiring = Wiring::new(&global)?;
    Arc::make_mut(&mut wiring.settings).timing.database = PATIENCE;
    say(&wiring.silent_engine()?, speaker, word).map(drop)
}
