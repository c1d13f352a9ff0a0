//! The launch step: the files that the shim and the agent read.

use std::path::Path;

use super::orders;
use super::saga::Saga;
use crate::domain::attempt::Attempt;
use crate::domain::reconcile::Lock;
use crate::domain::saga::{Failure, Remains, StepName};
use crate::domain::state::Cause;
use crate::engine::{Engine, Fault};

/// Writes them.
pub(super) fn write(saga: &mut Saga<'_>) -> Result<(), Failure> {
    let (files, plan) = (&saga.engine.ports.files, &saga.plan);
    let written = orders::encode(saga).map_err(std::io::Error::other).and_then(|orders| {
        files.write(&plan.files.prompt, plan.brief.prompt.as_bytes())?;
        if saga.profile.reads_preamble() {
            files.write(&plan.files.preamble(), orders::preamble(saga).as_bytes())?;
        }
        files.write(&plan.files.launch, &orders)
    });
    written.map_err(|error| {
        let why = format!("writing {}: {error}", plan.files.launch.display());
        Failure::new(StepName::Launch, Cause::Spawn, false, why)
    })
}

/// Undoes the launch step: the files of an attempt whose agent never ran.
///
/// # Errors
/// What the file system says.
pub(super) fn remove(engine: &Engine, attempt: &Attempt) -> Result<Remains, Fault> {
    let files = &attempt.plan.files;
    for path in [&files.launch, &files.prompt, &files.preamble(), &files.lock] {
        remove_one(engine, path)?;
    }
    if engine.ports.locks.ask(&files.saga, None) != Lock::Held {
        remove_one(engine, &files.saga)?;
    }
    Ok(Remains::Nothing)
}

fn remove_one(engine: &Engine, path: &Path) -> Result<(), Fault> {
    engine.ports.files.remove(path).map_err(|error| Fault::io(&format!("removing {}", path.display()), &error))
}
