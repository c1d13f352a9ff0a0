//! Comments of a review: made on the files of a task's worktree, and sent to its agent together.

use crate::domain::comment::{Anchor, Comment, State, feedback, parse, quoted};
use crate::domain::id::TaskId;
use crate::domain::state::Who;
use crate::engine::review::{self, Bounced};
use crate::engine::{Engine, Fault, Kind, trees};
use crate::ports::host::Content;
use crate::ports::store::Commented;

/// The largest file that is commented on, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Makes a comment on `FILE:LINE` or `FILE:FIRST-LAST` of a task's work, as it is now.
///
/// # Errors
/// [`Kind::Usage`] where there is no such place; [`Kind::Conflict`] where the task has no worktree; those of the store.
pub fn add(engine: &Engine, task: TaskId, place: &str, text: &str) -> Result<Comment, Fault> {
    let usage = |why: String, hint: String| Fault::new(Kind::Usage, why).of(task).hint(hint);
    if text.trim().is_empty() || text.contains('\0') {
        return Err(usage("a comment can't be empty or contain a NUL character".to_owned(), example(task)));
    }
    let Some((path, first, last)) = parse(place) else {
        return Err(usage(format!("{place:?} is not FILE:LINE or FILE:FIRST-LAST"), example(task)));
    };
    let content = content(engine, task, path)?.ok_or_else(|| {
        usage(
            format!("there is no file {path:?} in the worktree of task {task}"),
            format!("ganger diff {task} --name-only"),
        )
    })?;
    let Some(quote) = quoted(&content, first, last) else {
        let why = format!("{path} has {} lines, not {last}", content.lines().count());
        return Err(usage(why, example(task)));
    };
    let place = Anchor { path: path.to_owned(), first, last, quote };
    write(engine, task, &Commented::Added { place, text: text.trim().to_owned() })?;
    // It is the newest: two at once are told apart by what they say.
    let all = engine.ports.store.comments(task)?;
    all.into_iter().rev().find(|comment| comment.text == text.trim()).ok_or_else(|| Fault::no_such_task(task))
}

fn example(task: TaskId) -> String {
    format!("ganger comment {task} src/main.rs:12 'Why is this?'")
}

/// The text of a file of the task's worktree; none where there is no such file.
fn content(engine: &Engine, task: TaskId, path: &str) -> Result<Option<String>, Fault> {
    let folder = trees::folder(engine, task)?;
    let is_within = std::path::Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if !is_within {
        return Ok(None);
    }
    let at = folder.join(path);
    let read = engine.ports.tree_files.read(&at, LARGEST);
    Ok(match read.map_err(|error| Fault::io(&format!("reading {}", at.display()), &error).of(task))? {
        Content::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Content::Absent | Content::NotAFile | Content::TooLarge => None,
    })
}

/// A task's comments, each where its lines stand now.
///
/// # Errors
/// No such task; those of the store.
pub fn list(engine: &Engine, task: TaskId) -> Result<Vec<Comment>, Fault> {
    engine.task(task)?;
    let comments = engine.ports.store.comments(task)?;
    let moved = |comment: Comment| {
        // Where the file can't be read, the comment stays where it was made.
        let now = content(engine, task, &comment.place.path).ok().flatten();
        let place = now.map(|now| comment.place.found_in(&now));
        Comment { place: place.unwrap_or_else(|| comment.place.clone()), ..comment }
    };
    Ok(comments.into_iter().map(moved).collect())
}

/// Changes what a draft says.
///
/// # Errors
/// [`Kind::Conflict`] where there is no such draft; those of the store.
pub fn edit(engine: &Engine, task: TaskId, id: i64, text: &str) -> Result<(), Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new(Kind::Usage, "a comment can't be empty").of(task).hint(example(task)));
    }
    let edited = write(engine, task, &Commented::Edited { id, text: text.trim().to_owned() })?;
    if edited { Ok(()) } else { Err(missing(task, id, "draft")) }
}

/// Drops one draft, or all of them.
///
/// # Errors
/// [`Kind::Conflict`] where there is no such draft; those of the store.
pub fn drop_drafts(engine: &Engine, task: TaskId, id: Option<i64>) -> Result<(), Fault> {
    let dropped = write(engine, task, &Commented::Dropped { id })?;
    match id {
        Some(id) if !dropped => Err(missing(task, id, "draft")),
        Some(_) | None => Ok(()),
    }
}

/// That its agent has seen to a comment that was sent.
///
/// # Errors
/// [`Kind::Conflict`] where there is no such comment; those of the store.
pub fn handled(engine: &Engine, task: TaskId, id: i64, who: Who) -> Result<(), Fault> {
    let written = engine.ports.store.comment(task, &Commented::Handled { id }, &engine.stamp(who))?;
    let is_so = || -> Result<bool, Fault> {
        let all = engine.ports.store.comments(task)?;
        Ok(all.iter().any(|comment| comment.id == id && comment.state == State::Handled))
    };
    if written || is_so()? { Ok(()) } else { Err(missing(task, id, "sent")) }
}

/// That its reviewer has seen hunks of it, or has not after all.
///
/// # Errors
/// Those of the store.
pub fn see(engine: &Engine, task: TaskId, marks: Vec<String>, is_seen: bool) -> Result<(), Fault> {
    write(engine, task, &Commented::Seen { marks, is_seen }).map(drop)
}

fn missing(task: TaskId, id: i64, state: &str) -> Fault {
    let why = format!("task {task} has no comment {id} that is {state}");
    Fault::new(Kind::Conflict, why).of(task).hint(format!("ganger comment {task} --list"))
}

fn write(engine: &Engine, task: TaskId, act: &Commented) -> Result<bool, Fault> {
    engine.task(task)?;
    Ok(engine.ports.store.comment(task, act, &engine.stamp(Who::Person))?)
}

/// Sends a task back with its drafts as one round of feedback, after what else there is to say. They are sent once that
/// has arrived: where it did not, they are drafts still.
///
/// # Errors
/// [`Kind::Conflict`] where there is no draft; those of [`review::bounce`].
pub fn bounce(engine: &Engine, task: TaskId, note: Option<&str>) -> Result<(Bounced, u32, usize), Fault> {
    let all = list(engine, task)?;
    let round = all.iter().filter_map(|comment| comment.round).max().unwrap_or(0) + 1;
    let drafts: Vec<Comment> = all.into_iter().filter(|comment| comment.state == State::Draft).collect();
    if drafts.is_empty() {
        let why = format!("task {task} has no comments that were not sent yet");
        return Err(Fault::new(Kind::Conflict, why).of(task).hint(example(task)));
    }
    let ids: Vec<i64> = drafts.iter().map(|comment| comment.id).collect();
    let said = note.map(|note| format!("{}\n\n", note.trim())).unwrap_or_default() + &feedback(round, &drafts);
    let bounced = review::bounce(engine, task, &said)?;
    let count = ids.len();
    engine.ports.store.comment(task, &Commented::Sent { ids, round }, &engine.stamp(Who::Person))?;
    Ok((bounced, round, count))
}

/// Sends a task back with feedback and the drafts there are, if any; how many those were.
///
/// # Errors
/// Those of [`review::bounce`].
pub fn bounce_with(engine: &Engine, task: TaskId, note: &str) -> Result<(Bounced, usize), Fault> {
    let all = engine.ports.store.comments(task)?;
    if all.iter().any(|comment| comment.state == State::Draft) {
        let (bounced, _, count) = bounce(engine, task, Some(note))?;
        return Ok((bounced, count));
    }
    Ok((review::bounce(engine, task, note)?, 0))
}
