//! Reads what the view asks for. Blocking, off the thread that draws.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::{LENGTH, Look, Place, Seen};
use crate::domain::diff::{Count, File, Part};
use crate::domain::id::TaskId;
use crate::domain::patch::{Limit, Patch};
use crate::engine::diff::{self, Subject};
use crate::engine::{Engine, Fault, comments};
use crate::tui::find::is_exact;

/// So many counts are told at once.
const BATCH: usize = 200;

/// Carries a look out. `tell` says whether anybody still wants to know.
pub fn read(engine: &Engine, look: Look, tell: &dyn Fn(Seen) -> bool) {
    let failed = |fault: Fault| Seen::Failed(fault.message);
    match look {
        Look::Nothing => {}
        Look::Review { task } => drop(tell(reviewed(engine, task))),
        Look::Mark { task, marks, is_seen } => {
            if let Err(fault) = comments::see(engine, task, marks, is_seen) {
                tell(failed(fault));
            }
        }
        Look::List { task, part, since_review } => {
            let listed = diff::subject(engine, task, None)
                .and_then(|subject| if since_review { diff::since_review(engine, subject) } else { Ok(subject) })
                .and_then(|subject| Ok((diff::list(engine, &subject, part)?, Arc::new(subject))));
            match listed {
                Err(fault) => drop(tell(failed(fault))),
                Ok((files, subject)) => {
                    if tell(Seen::Listed { subject: Arc::clone(&subject), files: files.clone() }) {
                        tell(reviewed(engine, task));
                        tell(apart(engine, &subject, part, &files));
                    }
                }
            }
        }
        Look::Count { subject, part, files } => count(engine, &subject, part, &files, tell),
        Look::Patch { subject, part, index, file, limit } => {
            let patch = diff::patch(engine, &subject, part, &file, limit);
            tell(Seen::Patched { index, patch: patch.map(Arc::new).map_err(|fault| fault.message) });
        }
        Look::Find { subject, part, files, needle, from, forward } => {
            let limit = Limit { lines: usize::MAX, length: LENGTH };
            let read = |files: &[File], take: &mut dyn FnMut(usize, Patch) -> bool| {
                diff::patches(engine, &subject, part, files, limit, take)
            };
            match find(&files, &needle, from, forward, read) {
                Ok(place) => tell(Seen::Found(place)),
                Err(fault) => tell(failed(fault)),
            };
        }
    }
}

/// What was said of it and what was seen: nothing, where that can't be read.
fn reviewed(engine: &Engine, task: TaskId) -> Seen {
    let seen = engine.ports.store.seen(task).unwrap_or_default();
    Seen::Reviewed { comments: comments::list(engine, task).unwrap_or_default(), seen }
}

/// Which files have changed in commits, and which since.
fn apart(engine: &Engine, subject: &Subject, part: Part, files: &[File]) -> Seen {
    let of = |wanted: Part| -> Vec<bool> {
        if part == wanted {
            return vec![true; files.len()];
        }
        if part != Part::Whole {
            return vec![false; files.len()];
        }
        let changed: HashSet<PathBuf> =
            diff::list(engine, subject, wanted).unwrap_or_default().into_iter().map(|file| file.path).collect();
        files.iter().map(|file| changed.contains(&file.path)).collect()
    };
    Seen::Apart { committed: of(Part::Committed), uncommitted: of(Part::Uncommitted) }
}

fn count(engine: &Engine, subject: &Subject, part: Part, files: &[File], tell: &dyn Fn(Seen) -> bool) {
    let mut batch: Vec<(usize, Option<Count>)> = Vec::new();
    let mut take = |number, count| {
        batch.push((number, count));
        // The first ones soon: they are on the screen.
        let enough = batch.len() >= if number < BATCH { BATCH / 10 } else { BATCH };
        !enough || tell(Seen::Counted(std::mem::take(&mut batch)))
    };
    if let Err(fault) = diff::count(engine, subject, part, files, &mut take) {
        tell(Seen::Failed(fault.message));
        return;
    }
    tell(Seen::Counted(batch));
}

/// The next line that has the needle, after `from` or before it, round the end of the files.
fn find<E>(
    files: &[(usize, File)],
    needle: &str,
    from: Place,
    forward: bool,
    read: impl FnOnce(&[File], &mut dyn FnMut(usize, Patch) -> bool) -> Result<(), E>,
) -> Result<Option<Place>, E> {
    let count = files.len();
    let Some(start) = files.iter().position(|(index, _)| *index == from.index) else { return Ok(None) };
    // The file of the cursor comes twice: its rest first, and its other part last.
    let order: Vec<&(usize, File)> = (0..=count)
        .map(|step| &files[if forward { (start + step) % count } else { (start + count - step % count) % count }])
        .collect();
    let mut found = None;
    let ordered: Vec<File> = order.iter().map(|(_, file)| file.clone()).collect();
    read(&ordered, &mut |step, patch| {
        let wanted = |line: &usize| match (step, forward) {
            (0, true) => *line > from.line,
            (0, false) => *line < from.line,
            (last, true) if last == count => *line <= from.line,
            (last, false) if last == count => *line >= from.line,
            _ => true,
        };
        let has = |line: &usize| wanted(line) && has(patch.text(&patch.lines[*line]), needle);
        let mut lines = 0..patch.lines.len();
        let line = if forward { lines.find(has) } else { lines.rfind(has) };
        found = line.map(|line| Place { index: order[step].0, line });
        found.is_none()
    })?;
    Ok(found)
}

fn has(line: &[u8], needle: &str) -> bool {
    let mut windows = line.windows(needle.len().max(1));
    if is_exact(needle) {
        windows.any(|window| window == needle.as_bytes())
    } else {
        windows.any(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, find};
    use crate::domain::diff::{Change, File};
    use crate::domain::patch::{Limit, Patch, parse};

    #[test]
    fn a_text_is_found_in_either_direction_and_round_the_end() {
        let file = |name: &str| File {
            path: name.into(),
            old_path: None,
            change: Change::Modified,
            modes: (0, 0),
            size: 0,
            count: None,
        };
        let files = [(0, file("a")), (3, file("b"))];
        let read = |files: &[File], take: &mut dyn FnMut(usize, Patch) -> bool| {
            for (number, file) in files.iter().enumerate() {
                let first: &[u8] = b"@@ -0,0 +1,3 @@\n+One\n+two\n+one\n";
                let text = if file.path.ends_with("a") { first } else { b"@@ -0,0 +1 @@\n+ONE\n" };
                if !take(number, parse(text, Limit::NONE)) {
                    break;
                }
            }
            Ok::<(), ()>(())
        };
        let next = |needle: &str, (index, line), forward| {
            let found = find(&files, needle, Place { index, line }, forward, read).unwrap();
            found.map(|place| (place.index, place.line))
        };
        assert_eq!(next("one", (0, 0), true), Some((0, 2)));
        assert_eq!(next("one", (0, 2), true), Some((3, 0)));
        assert_eq!(next("one", (3, 0), true), Some((0, 0)));
        assert_eq!(next("one", (0, 0), false), Some((3, 0)));
        assert_eq!(next("One", (3, 0), true), Some((0, 0)), "a capital counts");
        assert_eq!(next("One", (0, 0), true), Some((0, 0)), "the only one");
        assert_eq!(next("nowhere", (0, 0), false), None);
    }
}
