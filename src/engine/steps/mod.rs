//! The saga's steps as data: what each does, and beside it the undo that the clean-up pass calls too.

mod files;
mod orders;
mod saga;
mod session;
pub mod setup;
mod worktree;

use super::{Engine, Fault};
use crate::domain::attempt::Attempt;
use crate::domain::saga::{Failure, Remains, StepName};
use crate::domain::state::Who;
use crate::ports::store::Amendment;

pub use saga::Saga;

/// One step, and how it is undone.
pub struct Step {
    pub name: StepName,
    pub run: fn(&mut Saga<'_>) -> Result<(), Failure>,
    pub undo: fn(&Engine, &Attempt) -> Result<Remains, Fault>,
}

/// The steps after the claim, in order. Their undos run in reverse.
pub const STEPS: [Step; 3] = [
    Step { name: StepName::Launch, run: files::write, undo: files::remove },
    Step { name: StepName::Worktree, run: worktree::make, undo: worktree::unmake },
    Step { name: StepName::Session, run: session::start, undo: session::end },
];

/// Undoes a revoked attempt's steps in reverse, and notes what is kept. Returns what is kept or could not be done.
pub fn undo(engine: &Engine, attempt: &Attempt) -> Vec<String> {
    let mut kept = Vec::new();
    let mut done = true;
    for step in STEPS.iter().rev() {
        match (step.undo)(engine, attempt) {
            Ok(Remains::Nothing) => {}
            Ok(Remains::Kept(what)) => kept.push(what),
            Err(fault) => {
                done = false;
                kept.push(format!("{} not undone yet: {}", step.name.text(), fault.message));
            }
        }
    }
    note(engine, attempt, &kept, done);
    kept
}

/// Writes down what is kept of an attempt that is over, and whether anything is left to do.
pub(super) fn note(engine: &Engine, attempt: &Attempt, kept: &[String], done: bool) {
    let amendment = Amendment::Cleaned { attempt: attempt.plan.id.clone(), kept: kept.to_vec(), done };
    // What could not be noted now is found and noted by the next pass.
    engine.ports.store.amend(&amendment, &engine.stamp(Who::Reconciler)).ok();
}
