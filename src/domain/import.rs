//! Importing a list of tasks: which are added, which are changed, which are left as they are; or what is wrong with it.

use std::collections::HashMap;

use super::id::TaskId;
use super::state::Status;
use super::task::{Draft, Edit, Task};

/// A task of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it stands in the list, for messages.
    pub place: String,
    /// What others of the list call it, besides its external id.
    pub name: Option<String>,
    /// Its repository and, where it names no agent, its agent are filled in; `after` is empty.
    pub draft: Draft,
    /// The names or external ids of what must be done first.
    pub after: Vec<String>,
    /// Whether the list itself names an agent and a base: else a task keeps those that it has.
    pub names_agent: bool,
    pub names_base: bool,
    /// Why there is nothing to do, as the list says.
    pub skip: Option<&'static str>,
}

/// What must be done first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Needed {
    /// A task of the board.
    Task(TaskId),
    /// A task of the list, by its index.
    Listed(usize),
}

/// What becomes of one task of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Add {
        after: Vec<Needed>,
    },
    /// It was imported before, and nothing was begun on it since.
    Change {
        task: TaskId,
        edit: Box<Edit>,
        /// The names of what changes.
        fields: Vec<&'static str>,
        after: Vec<Needed>,
    },
    Same(TaskId),
    /// It was begun: it keeps what it was told.
    Begun(TaskId),
    /// The list says so.
    Skip(&'static str),
}

/// Why a list can't be imported: an index, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It has the name of an earlier one.
    Twice { at: usize, name: String, first: usize },
    /// It waits for what is neither in the list nor on the board.
    Unknown { at: usize, name: String },
    /// These wait for each other: the titles, the first one again at the end.
    Circle { at: usize, path: Vec<String> },
}

/// Decides what becomes of each task of a list. `board`: the tasks of the repository, archived ones included.
///
/// # Errors
/// The first thing that is wrong with the list.
pub fn decide(list: &[Listed], board: &[Task]) -> Result<Vec<Fate>, Misfit> {
    let names = names(list)?;
    let known: HashMap<&str, &Task> =
        board.iter().filter_map(|task| Some((task.draft.external_id.as_deref()?, task))).collect();
    let on_board = |listed: &Listed| listed.draft.external_id.as_deref().and_then(|id| known.get(id).copied());
    let mut fates = Vec::with_capacity(list.len());
    for (at, listed) in list.iter().enumerate() {
        let mut after = Vec::new();
        for name in &listed.after {
            let needed = match names.get(name.as_str()) {
                // What is done holds nobody up.
                Some(index) if list[*index].skip.is_some() => continue,
                Some(index) => on_board(&list[*index]).map_or(Needed::Listed(*index), |task| Needed::Task(task.id)),
                None => match known.get(name.as_str()) {
                    Some(task) => Needed::Task(task.id),
                    None => return Err(Misfit::Unknown { at, name: name.clone() }),
                },
            };
            if !after.contains(&needed) {
                after.push(needed);
            }
        }
        fates.push(match (listed.skip, on_board(listed)) {
            (Some(why), _) => Fate::Skip(why),
            (None, None) => Fate::Add { after },
            (None, Some(task)) if is_begun(task) => Fate::Begun(task.id),
            (None, Some(task)) => change(listed, task, after),
        });
    }
    circle(list, board, &fates)?;
    Ok(fates)
}

/// Whether it is no longer as it was added: its agent was told something already.
fn is_begun(task: &Task) -> bool {
    task.status != Status::Ready || task.attempts > 0 || task.archived
}

/// The index of each name. Two may share none: nobody could tell which is meant.
fn names(list: &[Listed]) -> Result<HashMap<&str, usize>, Misfit> {
    let mut names: HashMap<&str, usize> = HashMap::new();
    for (at, listed) in list.iter().enumerate() {
        let mut own: Vec<&str> = listed.name.iter().chain(&listed.draft.external_id).map(String::as_str).collect();
        own.dedup();
        for name in own {
            match names.insert(name, at) {
                Some(first) if first != at => return Err(Misfit::Twice { at, name: name.to_owned(), first }),
                Some(_) | None => {}
            }
        }
    }
    Ok(names)
}

/// What the list says otherwise than the board.
fn change(listed: &Listed, task: &Task, after: Vec<Needed>) -> Fate {
    let (new, old) = (&listed.draft, &task.draft);
    let edit = Edit {
        title: Some(new.title.clone()),
        prompt: Some(new.prompt.clone()),
        agent: listed.names_agent.then(|| new.agent.clone()),
        base: listed.names_base.then(|| new.base.clone()),
        branch: new.branch.is_some().then(|| new.branch.clone()),
        priority: Some(new.priority),
        batch: Some(new.batch),
        files: Some(new.files.clone()),
        verify: Some(new.verify.clone()),
        timeout: Some(new.timeout),
        after: None,
        unsafe_mode: Some(new.unsafe_mode),
    };
    let mut fields = edit.changes(old);
    let now: Vec<Needed> = old.after.iter().copied().map(Needed::Task).collect();
    if now != after {
        fields.push("after");
    }
    if fields.is_empty() {
        return Fate::Same(task.id);
    }
    Fate::Change { task: task.id, edit: Box::new(edit), fields, after }
}

/// Refuses tasks that would wait for each other, in the list or by way of the board.
fn circle(list: &[Listed], board: &[Task], fates: &[Fate]) -> Result<(), Misfit> {
    let mut edges: HashMap<Needed, Vec<Needed>> = HashMap::new();
    for task in board {
        edges.insert(Needed::Task(task.id), task.draft.after.iter().copied().map(Needed::Task).collect());
    }
    let mut of_list = HashMap::new();
    for (index, fate) in fates.iter().enumerate() {
        match fate {
            Fate::Add { after } => drop(edges.insert(Needed::Listed(index), after.clone())),
            Fate::Change { task, after, .. } => {
                edges.insert(Needed::Task(*task), after.clone());
                of_list.insert(*task, index);
            }
            Fate::Same(_) | Fate::Begun(_) | Fate::Skip(_) => {}
        }
    }
    let starts = fates.iter().enumerate().filter_map(|(index, fate)| match fate {
        Fate::Add { .. } => Some(Needed::Listed(index)),
        Fate::Change { task, .. } => Some(Needed::Task(*task)),
        Fate::Same(_) | Fate::Begun(_) | Fate::Skip(_) => None,
    });
    let Some(found) = cycle(starts, &edges) else { return Ok(()) };
    let title = |needed: &Needed| match needed {
        Needed::Listed(index) => list[*index].draft.title.clone(),
        Needed::Task(id) => {
            board.iter().find(|task| task.id == *id).map_or(String::new(), |task| task.draft.title.clone())
        }
    };
    let at = found.iter().find_map(|needed| match needed {
        Needed::Listed(index) => Some(*index),
        Needed::Task(id) => of_list.get(id).copied(),
    });
    Err(Misfit::Circle { at: at.unwrap_or(0), path: found.iter().map(title).collect() })
}

/// A way from a node back to itself, if one of `starts` comes to one; each edge leads to what is needed.
fn cycle<N: Copy + Eq + std::hash::Hash>(
    starts: impl IntoIterator<Item = N>,
    edges: &HashMap<N, Vec<N>>,
) -> Option<Vec<N>> {
    // True: everything that it needs was looked at.
    let mut seen: HashMap<N, bool> = HashMap::new();
    for start in starts {
        if seen.contains_key(&start) {
            continue;
        }
        seen.insert(start, false);
        // The way here, and how many edges of each were followed: as deep as a list is long, so not by recursion.
        let mut way = vec![(start, 0)];
        while let Some((node, followed)) = way.last_mut() {
            let node = *node;
            let Some(next) = edges.get(&node).and_then(|needed| needed.get(*followed)).copied() else {
                seen.insert(node, true);
                way.pop();
                continue;
            };
            *followed += 1;
            match seen.get(&next) {
                Some(true) => {}
                Some(false) => {
                    let mut path: Vec<N> = way.iter().map(|(node, _)| *node).skip_while(|node| *node != next).collect();
                    path.push(next);
                    return Some(path);
                }
                None => {
                    seen.insert(next, false);
                    way.push((next, 0));
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::{Fate, Listed, Misfit, Needed, cycle, decide};
    use crate::domain::id::TaskId;
    use crate::domain::state::Status;
    use crate::domain::task::{Draft, Task};
    use crate::domain::time::Timestamp;

    fn listed(id: &str, after: &[&str]) -> Listed {
        Listed {
            place: format!("record {id}"),
            name: None,
            draft: Draft { external_id: Some(id.to_owned()), ..Draft::new(format!("task {id}"), "/r", "shell") },
            after: after.iter().map(|name| (*name).to_owned()).collect(),
            names_agent: false,
            names_base: false,
            skip: None,
        }
    }

    fn task(id: i64, external: &str, status: Status, after: &[i64]) -> Task {
        Task {
            id: TaskId(id),
            draft: Draft {
                after: after.iter().map(|id| TaskId(*id)).collect(),
                external_id: Some(external.to_owned()),
                ..Draft::new(format!("task {external}"), "/r", "claude")
            },
            status,
            cause: None,
            reason: None,
            note: None,
            not_before: None,
            orphans: 0,
            archived: false,
            attempt: None,
            attempts: 0,
            blocked_by: Vec::new(),
            pull: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn what_is_known_is_changed_until_it_was_begun() {
        let board =
            [task(1, "a", Status::Ready, &[]), task(2, "b", Status::Review, &[]), task(3, "d", Status::Ready, &[])];
        let mut renamed = listed("d", &["a", "c"]);
        renamed.draft.title = "another".to_owned();
        let list = [listed("a", &[]), listed("b", &["a"]), listed("c", &["b", "a"]), renamed];
        let fates = decide(&list, &board).unwrap();
        assert_eq!(fates[..2], [Fate::Same(TaskId(1)), Fate::Begun(TaskId(2))]);
        assert_eq!(fates[2], Fate::Add { after: vec![Needed::Task(TaskId(2)), Needed::Task(TaskId(1))] });
        let Fate::Change { task: TaskId(3), fields, after, edit } = &fates[3] else { panic!("{fates:?}") };
        assert_eq!((fields.as_slice(), after.len()), (&["title", "after"][..], 2));
        assert_eq!(edit.agent, None, "a list that names no agent changes none");
    }

    #[test]
    fn what_is_done_holds_nobody_up() {
        let done = Listed { skip: Some("it is done"), ..listed("a", &[]) };
        let fates = decide(&[done, listed("b", &["a"])], &[]).unwrap();
        assert_eq!(fates, [Fate::Skip("it is done"), Fate::Add { after: Vec::new() }]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let twice = decide(&[listed("a", &[]), listed("a", &[])], &[]);
        assert_eq!(twice, Err(Misfit::Twice { at: 1, name: "a".to_owned(), first: 0 }));
        let unknown = decide(&[listed("a", &["x"])], &[]);
        assert_eq!(unknown, Err(Misfit::Unknown { at: 0, name: "x".to_owned() }));
        let circle = decide(&[listed("a", &["b"]), listed("b", &["c"]), listed("c", &["a"])], &[]).unwrap_err();
        let Misfit::Circle { path, .. } = &circle else { panic!("{circle:?}") };
        assert_eq!(path.join(" > "), "task a > task b > task c > task a");
        // By way of what is on the board already.
        let board = [task(1, "a", Status::Ready, &[]), task(2, "b", Status::Ready, &[1])];
        assert!(matches!(decide(&[listed("a", &["b"])], &board), Err(Misfit::Circle { .. })));
    }

    proptest! {
        /// Tasks that wait only for earlier ones never wait for each other, and any that wait for a later one of a
        /// chain do.
        #[test]
        fn a_circle_is_found_where_there_is_one(
            edges in prop::collection::vec((0_usize..40, 0_usize..40), 0..120),
            (first, last) in (0_usize..20, 20_usize..40),
        ) {
            let mut needs: HashMap<usize, Vec<usize>> = HashMap::new();
            for (one, other) in edges.into_iter().filter(|(one, other)| one != other) {
                needs.entry(one.max(other)).or_default().push(one.min(other));
            }
            prop_assert_eq!(cycle(0..40, &needs), None);
            for node in first..last {
                needs.entry(node + 1).or_default().push(node);
            }
            needs.entry(first).or_default().push(last);
            let path = cycle(0..40, &needs).unwrap();
            prop_assert_eq!(path.first(), path.last());
            for (one, other) in path.iter().zip(&path[1..]) {
                prop_assert!(needs[one].contains(other));
            }
        }
    }
}
