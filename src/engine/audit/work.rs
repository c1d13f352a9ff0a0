//! What was made: I7, no work lost; I11, only what bears our mark is ours.

use super::Audit;
use super::facts::{Found, TaskFacts};

pub(super) fn check(facts: &TaskFacts, audit: &mut Audit) {
    let task = facts.task.id;
    for tree in &facts.trees {
        let owner = Some(&tree.tree.owner);
        match &tree.found {
            // A tree that nobody ever ran in holds no work.
            Found::Broken(_) if !tree.tree.ran => {}
            Found::Misrecorded(why) => audit.violated("I13", task, owner, why.clone()),
            Found::Broken(why) => audit.violated("I7", task, owner, why.clone()),
            Found::Unknown(why) => audit.unsure("I7", task, owner, why.clone()),
            Found::Whole | Found::NotLookedAt => {}
        }
    }
    for attempt in &facts.attempts {
        let id = &attempt.row.plan.id;
        for pane in &attempt.panes {
            if let Some(mark) = pane.mark.as_ref().filter(|mark| *mark != id) {
                let found = format!("the pane {} was started for it, and bears the mark of {mark}", pane.id);
                audit.violated("I11", task, Some(id), found);
            }
        }
    }
}
