//! Importing: a list of tasks becomes tasks of the board, all of it or nothing.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::{Engine, Fault, Kind, tasks, trust};
use crate::domain::id::TaskId;
use crate::domain::import::{Fate, Listed, Misfit, Needed, decide};
use crate::domain::state::Who;
use crate::domain::task::Task;
use crate::ports::store::{Filter, Import};

/// What becomes of a list, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub rows: Vec<Row>,
}

/// What becomes of one task of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub place: String,
    pub title: String,
    pub external_id: Option<String>,
    pub fate: Fate,
    /// The task that it is, or has become; absent for what is skipped, and for what is only to be added.
    pub task: Option<TaskId>,
}

/// Imports a list into a repository; with `dry_run`, only says what would become of it.
///
/// # Errors
/// [`Kind::Usage`] for a list that can't be imported, naming the place; [`Kind::Conflict`] where a task was begun
/// meanwhile; those of the store. Nothing is imported then.
pub fn import(engine: &Engine, repo: &Path, mut list: Vec<Listed>, dry_run: bool) -> Result<Imported, Fault> {
    let by_default = complete(engine, repo, &mut list)?;
    let filter = Filter { repo: Some(repo.to_owned()), archived: true, ..Filter::default() };
    let board: Vec<Task> = engine.ports.store.tasks(&filter)?.tasks;
    let fates = decide(&list, &board).map_err(|misfit| refused(&list, &misfit))?;
    let mut entries = Vec::new();
    // The entry of each task of the list that has one.
    let entry_of: HashMap<usize, usize> = fates
        .iter()
        .enumerate()
        .filter(|(_, fate)| matches!(fate, Fate::Add { .. } | Fate::Change { .. }))
        .enumerate()
        .map(|(entry, (index, _))| (index, entry))
        .collect();
    let found = |needed: &Needed| match needed {
        Needed::Listed(index) => Needed::Listed(entry_of.get(index).copied().unwrap_or_default()),
        Needed::Task(task) => Needed::Task(*task),
    };
    for (index, fate) in fates.iter().enumerate() {
        match fate {
            Fate::Add { after } => {
                let draft = list[index].draft.clone();
                let named = by_default.contains(&index).then(|| (trust::BY_DEFAULT, draft.agent.clone()));
                let after = after.iter().map(found).collect();
                entries.push(Import::Add { draft, after, evidence: named.into_iter().collect() });
            }
            Fate::Change { task, edit, after, .. } => {
                let after = after.iter().map(found).collect();
                entries.push(Import::Change { task: *task, edit: edit.as_ref().clone(), after });
            }
            Fate::Same(_) | Fate::Begun(_) | Fate::Skip(_) => {}
        }
    }
    let ids = if dry_run || entries.is_empty() {
        Vec::new()
    } else {
        engine.ports.store.import(&entries, &engine.stamp(Who::Person))?
    };
    let rows = list.into_iter().zip(fates).enumerate().map(|(index, (listed, fate))| {
        let known = match fate {
            Fate::Same(task) | Fate::Begun(task) | Fate::Change { task, .. } => Some(task),
            Fate::Add { .. } | Fate::Skip(_) => None,
        };
        let task = known.or_else(|| ids.get(*entry_of.get(&index)?).copied());
        Row { place: listed.place, title: listed.draft.title, external_id: listed.draft.external_id, fate, task }
    });
    Ok(Imported { rows: rows.collect() })
}

/// Fills in what the list leaves to the configuration, and refuses what no task can be. Which of them got their agent
/// for want of another.
fn complete(engine: &Engine, repo: &Path, list: &mut [Listed]) -> Result<HashSet<usize>, Fault> {
    let default = trust::settings_to_read(engine, repo)?.default_agent.clone();
    let mut by_default = HashSet::new();
    let (mut bases, mut agents) = (HashMap::new(), HashSet::new());
    for (index, listed) in list.iter_mut().enumerate().filter(|(_, listed)| listed.skip.is_none()) {
        let draft = &mut listed.draft;
        repo.clone_into(&mut draft.repo);
        if draft.agent.is_empty() {
            draft.agent.clone_from(&default);
            by_default.insert(index);
        }
        let at = |fault: Fault| Fault { message: format!("{}: {}", listed.place, fault.message), ..fault };
        tasks::check_texts(draft).map_err(at)?;
        if agents.insert(draft.agent.clone()) {
            tasks::check_agent(engine, repo, &draft.agent).map_err(at)?;
        }
        let base = if let Some(known) = bases.get(&draft.base) {
            Option::clone(known)
        } else {
            let base = tasks::base(engine, draft)?;
            bases.insert(draft.base.clone(), base.clone());
            base
        };
        draft.base = base.or_else(|| draft.base.take());
    }
    Ok(by_default)
}

fn refused(list: &[Listed], misfit: &Misfit) -> Fault {
    let usage =
        |at: usize, why: String| Fault::new(Kind::Usage, format!("{}, {why}; nothing is imported", list[at].place));
    match misfit {
        Misfit::Twice { at, name, first } => {
            usage(*at, format!("field id: {name:?} is that of {}, too", list[*first].place)).hint("give each its own")
        }
        Misfit::Unknown { at, name } => {
            usage(*at, format!("field after: {name:?} is neither in the list nor on the board"))
                .hint("add it to the list, or take it out of what waits for it")
        }
        Misfit::Circle { at, path } => {
            usage(*at, format!("field after: these wait for each other: {}", path.join(" > ")))
                .hint("take one of them out of what the next waits for")
        }
    }
}
