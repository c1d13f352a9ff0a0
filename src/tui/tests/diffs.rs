//! The diff over the board: it is typed at, and what it asks for is answered.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pictures::pictures;
use super::support::{Screen, glance, titled};
use crate::domain::comment::{Anchor, Comment, State};
use crate::domain::diff::{Change, Count, File, Part};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::patch::{Limit, Patch, parse};
use crate::domain::state::Status;
use crate::engine::board::Card;
use crate::engine::diff::{Place as Work, Subject};
use crate::tui::diff::{Look, Place, Seen};
use crate::tui::msg::{Act, Cmd, Compose, Done, Glance, Msg, Remark};

fn subject() -> Arc<Subject> {
    Arc::new(Subject {
        task: TaskId(4),
        attempt: AttemptId::parse("01980000-0000-7000-8000-000000000004").unwrap(),
        number: 2,
        repo: "/repo".into(),
        branch: "ganger/4-cache".to_owned(),
        base: "0".repeat(40),
        place: Work::Tree("/trees/4-cache".into()),
    })
}

/// Work of every kind, with what a terminal would obey in it.
fn work() -> Glance {
    let cache = "@@ -10,4 +10,5 @@ fn read(path: &Path)\n fn read() {\n-\tlet size = file.len();\n+\tlet size = file.metadata().len();\n\
                 +\tlog(\"\u{1b}[2Jcleared\");\n \treturn size;\n }\n@@ -40 +41 @@ mod tests {\n-    old\r\n+    wide 漢字 e\u{301}\n\
                 \\ No newline at end of file\n";
    let mut glance = glance(&[
        ("assets/logo.png", Change::Added, "Binary files /dev/null and b/assets/logo.png differ\n"),
        ("src/a/very/long/path/that/does/not/fit/into/the/list/of/files/cache.rs", Change::Modified, cache),
        ("src/old.rs", Change::Deleted, "@@ -1 +0,0 @@\n-gone\n"),
        ("src/renamed.rs", Change::Renamed, ""),
        ("tools/run\u{1b}]0;x\u{7}.sh", Change::Modified, ""),
        ("vendor/lib", Change::Modified, "@@ -1 +1 @@\n-Subproject commit 1\n+Subproject commit 2\n"),
    ]);
    glance.files[3].old_path = Some("src/before.rs".into());
    glance.files[4].modes = (0o100_644, 0o100_755);
    glance.files[5].modes = (0o160_000, 0o160_000);
    glance
}

fn cards() -> Vec<Card> {
    let mut review = titled(4, Status::Review, "Cache the product images");
    review.task.attempts = 2;
    vec![review]
}

fn seen(screen: &mut Screen, seen: Seen) {
    let number = screen.model.diff.as_ref().unwrap().number;
    screen.tell(Msg::Looked { number, seen });
}

fn answer(screen: &mut Screen) {
    answer_with(screen, work());
}

/// Answers what the diff asks for with this work.
pub fn answer_with(screen: &mut Screen, Glance { files, patches }: Glance) {
    let uncounted = files.iter().map(|file| File { count: None, ..file.clone() }).collect();
    seen(screen, Seen::Listed { subject: subject(), files: uncounted });
    let committed = vec![true, true, true, false, false, false];
    let uncommitted = vec![false, true, false, true, true, true];
    seen(screen, Seen::Apart { committed, uncommitted });
    seen(
        screen,
        Seen::Counted(
            files
                .iter()
                .map(|file| file.count)
                .map(Some)
                .enumerate()
                .map(|(index, count)| (index, count.flatten()))
                .collect(),
        ),
    );
    for (index, patch) in patches.into_iter().enumerate() {
        seen(screen, Seen::Patched { index, patch: Ok(Arc::new(patch)) });
    }
}

fn open(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::with(columns, rows, cards());
    screen.keys("3 d");
    screen
}

fn looks(screen: &Screen) -> Vec<&Look> {
    let mut looks = Vec::new();
    for cmd in &screen.cmds {
        if let Cmd::Look { look, .. } = cmd {
            looks.push(look);
        }
    }
    looks
}

#[test]
fn a_diff_fills_the_screen() {
    pictures("review", |columns, rows| {
        let mut screen = open(columns, rows);
        answer(&mut screen);
        screen.keys("} j j j");
        screen
    });
}

#[test]
fn a_diff_that_is_read_that_failed_and_that_is_empty() {
    pictures("review_reading", open);
    pictures("review_failed", |columns, rows| {
        let mut screen = open(columns, rows);
        seen(&mut screen, Seen::Failed("git busy: pid 7 holds the lock".to_owned()));
        screen
    });
    pictures("review_empty", |columns, rows| {
        let mut screen = open(columns, rows);
        seen(&mut screen, Seen::Listed { subject: subject(), files: Vec::new() });
        screen
    });
}

#[test]
fn everything_odd_is_said_of_a_file() {
    let mut screen = open(120, 40);
    answer(&mut screen);
    assert!(screen.text().contains("binary"));
    screen.keys("} }");
    assert!(screen.text().contains("gone") && screen.text().contains("deleted"));
    screen.keys("}");
    assert!(screen.text().contains("renamed from src/before.rs"));
    screen.keys("}");
    assert!(screen.text().contains("mode 100644 → 100755: executable file"));
    screen.keys("}");
    assert!(screen.text().contains("repository of its own") && screen.text().contains("Subproject commit 2"));
    screen.keys("}");
    assert!(screen.text().contains("file 6/6"), "the last one is the last one");
    let text = screen.text();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
}

#[test]
fn what_is_folded_shows_its_head_only() {
    let mut screen = open(120, 40);
    answer(&mut screen);
    screen.keys("} j z");
    assert!(
        !screen.text().contains("metadata") && screen.text().contains("@@ -10,4") && screen.text().contains("漢字")
    );
    screen.keys("z");
    assert!(screen.text().contains("metadata"));
    screen.keys("Z");
    assert!(!screen.text().contains("metadata") && !screen.text().contains("漢字"));
    screen.keys("Z");
    assert!(screen.text().contains("metadata") && screen.text().contains("漢字"));
}

#[test]
fn hunks_are_walked_through_across_files() {
    let mut screen = open(120, 40);
    answer(&mut screen);
    let place = |screen: &Screen| (screen.model.diff.as_ref().unwrap().at, screen.model.diff.as_ref().unwrap().row);
    screen.keys("]");
    assert_eq!(place(&screen), (1, 0));
    screen.keys("]");
    assert_eq!(place(&screen), (1, 7));
    screen.keys("]");
    assert_eq!(place(&screen), (2, 0));
    screen.keys("[ [");
    assert_eq!(place(&screen), (1, 0));
    for _ in 0..9 {
        screen.keys("space");
    }
    assert_eq!(place(&screen).0, 5, "page by page through everything");
}

#[test]
fn the_parts_of_the_work_are_asked_for_one_after_the_other() {
    let mut screen = open(120, 40);
    answer(&mut screen);
    for part in [Part::Committed, Part::Uncommitted, Part::Whole] {
        screen.keys("tab");
        assert_eq!(looks(&screen), [&Look::List { task: TaskId(4), part, since_review: false }]);
    }
}

#[test]
fn an_answer_to_an_earlier_question_is_dropped() {
    let mut screen = open(120, 40);
    let number = screen.model.diff.as_ref().unwrap().number;
    screen.keys("tab");
    screen.tell(Msg::Looked { number, seen: Seen::Failed("late".to_owned()) });
    assert!(!screen.text().contains("late"));
    screen.keys("q");
    assert!(screen.model.diff.is_none());
    assert_eq!(looks(&screen), [&Look::Nothing], "nothing is read on for nobody");
    screen.tell(Msg::Looked { number: number + 1, seen: Seen::Failed("later".to_owned()) });
    assert!(!screen.text().contains("later"));
}

#[test]
fn a_file_that_turns_out_to_be_the_same_is_left_out() {
    let mut screen = open(120, 40);
    answer(&mut screen);
    screen.keys("} }");
    seen(&mut screen, Seen::Counted(vec![(0, None), (1, None)]));
    assert!(
        screen.text().contains("file 1/4") && screen.text().contains("src/old.rs"),
        "the cursor stays where it was"
    );
    seen(&mut screen, Seen::Counted(vec![(2, None), (3, None), (4, None), (5, None)]));
    assert!(screen.text().contains("nothing was changed"), "{}", screen.text());
    screen.keys("j k } { ] [ G g space z Z tab");
}

#[test]
fn a_search_goes_to_where_the_text_is() {
    let mut screen = open(120, 40);
    answer(&mut screen);
    screen.keys("/ \"wide\" enter");
    let [Look::Find { needle, from, forward: true, files, .. }] = looks(&screen)[..] else {
        panic!("{:?}", screen.cmds)
    };
    assert_eq!((needle.as_str(), *from, files.len()), ("wide", Place { index: 0, line: 0 }, 6));
    assert!(screen.text().contains("looking"));
    seen(&mut screen, Seen::Found(Some(Place { index: 1, line: 7 })));
    let diff = screen.model.diff.as_ref().unwrap();
    assert_eq!((diff.at, diff.row), (1, 9));
    screen.keys("N");
    assert!(matches!(looks(&screen)[..], [Look::Find { forward: false, .. }]));
    seen(&mut screen, Seen::Found(None));
    assert!(screen.text().contains("/wide  is nowhere"));
    screen.keys("esc");
    assert!(screen.model.diff.is_some() && !screen.text().contains("/wide"), "the search first, then the view");
    screen.keys("esc");
    assert!(screen.model.diff.is_none());
}

/// Lines of a file, of which so many were read.
fn lines(count: usize, cut: bool) -> Patch {
    let mut text = format!("@@ -0,0 +1,{} @@\n", count + 1);
    for line in 0..=count {
        writeln!(text, "+line {line}").unwrap();
    }
    parse(text.as_bytes(), Limit { lines: if cut { count } else { count + 1 }, length: 100 })
}

#[test]
fn more_of_a_long_file_is_read_as_one_gets_there() {
    let mut screen = open(120, 40);
    answer(&mut screen);
    seen(&mut screen, Seen::Patched { index: 0, patch: Ok(Arc::new(lines(2_000, true))) });
    screen.keys("j");
    assert!(looks(&screen).is_empty(), "{:?}", screen.cmds);
    for _ in 0..130 {
        screen.keys("ctrl-d");
    }
    let asked: Vec<usize> = screen.cmds.iter().filter_map(limit).collect();
    assert!(asked.is_empty(), "it was asked for on the way, once: {asked:?}");
    assert!(screen.text().contains("reading more"), "{}", screen.text());
    seen(&mut screen, Seen::Patched { index: 0, patch: Ok(Arc::new(lines(8_000, true))) });
    assert!(!screen.text().contains("reading more"));
    screen.keys("G");
    assert_eq!(screen.cmds.iter().filter_map(limit).collect::<Vec<_>>(), [usize::MAX], "all of it, for its end");
    seen(&mut screen, Seen::Patched { index: 0, patch: Ok(Arc::new(lines(20_000, false))) });
    assert!(screen.text().contains("line 20000"), "{}", screen.text());
}

fn limit(cmd: &Cmd) -> Option<usize> {
    match cmd {
        Cmd::Look { look: Look::Patch { index: 0, limit, .. }, .. } => Some(limit.lines),
        _ => None,
    }
}

/// Not a benchmark: the bound is what a frame that walks through everything would break even on an idle machine.
#[test]
fn a_key_costs_the_same_in_five_thousand_files_and_a_million_lines_as_in_a_few() {
    let cost = |files: usize, long: usize| {
        let mut screen = open(200, 60);
        let file = |number: usize| File {
            path: format!("src/{number:05}.rs").into(),
            old_path: None,
            change: Change::Modified,
            modes: (0o100_644, 0o100_644),
            size: 0,
            count: Some(Count { added: 1, removed: 0, binary: false }),
        };
        seen(&mut screen, Seen::Listed { subject: subject(), files: (0..files).map(file).collect() });
        seen(&mut screen, Seen::Patched { index: 0, patch: Ok(Arc::new(lines(long, false))) });
        screen.keys("G");
        let mut costs: Vec<Duration> = (0..60)
            .map(|press| {
                let started = Instant::now();
                screen.keys(if press % 2 == 0 { "ctrl-u" } else { "ctrl-d" });
                assert!(screen.text().contains("line"));
                started.elapsed()
            })
            .collect();
        costs.sort_unstable();
        costs[costs.len() / 2]
    };
    let (few, many) = (cost(5, 200), cost(5_000, 1_000_000));
    assert!(many < few * 12, "{many:?} for many, {few:?} for a few");
}

#[test]
fn a_line_of_the_diff_is_commented_on_and_goes_with_the_feedback() {
    let mut screen = open(120, 40);
    answer_with(
        &mut screen,
        glance(&[("src/a.rs", Change::Modified, "@@ -8,3 +10,3 @@\n one\n-two\n+zwei\n three\n")]),
    );
    screen.keys("c");
    assert!(
        screen.text().contains("only a line that the file has now"),
        "the head of a hunk is no line: {}",
        screen.text()
    );
    screen.keys("j j c");
    assert!(screen.text().contains("only a line that the file has now"), "a line that was removed: {}", screen.text());
    screen.keys("j c");
    assert!(screen.text().contains("comment on src/a.rs:11"), "{}", screen.text());
    screen.keys("\"Why?\" enter");
    let act = Act::Comment {
        task: TaskId(4),
        remark: Remark::Add { place: "src/a.rs:11".to_owned(), text: "Why?".to_owned() },
    };
    assert_eq!(screen.cmds, [Cmd::Act(act.clone())]);
    assert!(screen.model.diff.is_some(), "the diff is still there");
    screen.tell(Msg::Acted { act, outcome: Ok(Done::Commented(TaskId(4), "src/a.rs:11 commented on".to_owned())) });
    assert!(screen.text().contains("src/a.rs:11 commented on"), "{}", screen.text());
    assert!(!screen.text().contains("search"), "a message stands alone: {}", screen.text());
}

const TWO: &str = "@@ -8,3 +10,4 @@\n one\n-two\n+zwei\n+drei\n three\n@@ -40 +41 @@\n-old\n+new\n";

fn comment(id: i64, state: State, round: Option<u32>) -> Comment {
    let place = Anchor { path: "src/a.rs".to_owned(), first: 41, last: 41, quote: "new".to_owned() };
    Comment { id, task: TaskId(4), place, text: format!("Remark {id}"), state, round }
}

#[test]
fn several_lines_are_picked_for_one_comment() {
    let mut screen = open(120, 40);
    answer_with(&mut screen, glance(&[("src/a.rs", Change::Modified, TWO)]));
    screen.keys("j v j j j c");
    assert!(screen.text().contains("comment on src/a.rs:10-12"), "{}", screen.text());
    screen.keys("ctrl-c v");
    assert!(screen.model.diff.is_some());
    screen.keys("q");
    assert!(screen.model.diff.is_some(), "what is picked goes first");
    screen.keys("q");
    assert!(screen.model.diff.is_none());
}

#[test]
fn comments_are_listed_and_each_can_be_what_its_state_allows() {
    let mut screen = open(120, 40);
    answer_with(&mut screen, glance(&[("src/a.rs", Change::Modified, TWO)]));
    let comments =
        vec![comment(1, State::Handled, Some(1)), comment(2, State::Sent, Some(2)), comment(3, State::Draft, None)];
    seen(&mut screen, Seen::Reviewed { comments: comments.clone(), seen: Vec::new() });
    assert!(screen.text().contains("41◆"), "{}", screen.text());
    screen.keys("C");
    let text = screen.text();
    for part in ["handled 1", "round 2", "draft", "src/a.rs:41  Remark 3"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let act = |remark| Cmd::Act(Act::Comment { task: TaskId(4), remark });
    screen.keys("x h e");
    assert!(screen.cmds.is_empty(), "what is handled stays as it is: {:?}", screen.cmds);
    screen.keys("j x h");
    assert_eq!(std::mem::take(&mut screen.cmds), [act(Remark::Handled { id: 2 })]);
    let handled = Act::Comment { task: TaskId(4), remark: Remark::Handled { id: 2 } };
    screen
        .tell(Msg::Acted { act: handled, outcome: Ok(Done::Commented(TaskId(4), "comment 2 is handled".to_owned())) });
    screen.cmds.clear();
    screen.keys("j h x");
    assert_eq!(std::mem::take(&mut screen.cmds), [act(Remark::Drop { id: 3 })]);
    let outcome = Ok(Done::Commented(TaskId(4), "comment 3 is deleted".to_owned()));
    screen.tell(Msg::Acted { act: Act::Comment { task: TaskId(4), remark: Remark::Drop { id: 3 } }, outcome });
    assert!(
        screen.cmds.iter().any(|cmd| matches!(cmd, Cmd::Look { look: Look::Review { .. }, .. })),
        "{:?}",
        screen.cmds
    );
    seen(&mut screen, Seen::Reviewed { comments: comments[..2].to_vec(), seen: Vec::new() });
    assert!(!screen.text().contains("Remark 3"), "the list is the new one: {}", screen.text());
    screen.keys("enter");
    let diff = screen.model.diff.as_ref().unwrap();
    let entry = diff.entry().unwrap();
    assert_eq!(entry.item(diff.row), Some(crate::tui::diff::Item::Line(6)), "{}", screen.text());
    seen(&mut screen, Seen::Reviewed { comments, seen: Vec::new() });
    screen.keys("C j j e");
    assert!(screen.text().contains("Remark 3") && screen.text().contains("comment 3"), "{}", screen.text());
    screen.cmds.clear();
    screen.keys("\"!\" enter");
    assert_eq!(screen.cmds, [act(Remark::Edit { id: 3, text: "Remark 3!".to_owned() })]);
}

#[test]
fn what_was_seen_is_marked_and_found_again_until_it_changes() {
    let mut screen = open(120, 40);
    let files = [("src/a.rs", Change::Modified, TWO), ("src/b.rs", Change::Modified, "@@ -1 +1 @@\n-x\n+y\n")];
    answer_with(&mut screen, glance(&files));
    screen.keys("m");
    let Some(Cmd::Look { look: Look::Mark { marks, is_seen: true, .. }, .. }) = screen.cmds.last().cloned() else {
        panic!("{:?}", screen.cmds)
    };
    let diff = screen.model.diff.as_ref().unwrap();
    assert_eq!((diff.at, diff.row, marks.len()), (0, 1, 1), "the next hunk: {}", screen.text());
    assert!(screen.text().contains("▸ ✓ @@ -8,3"), "{}", screen.text());
    screen.keys("m");
    assert_eq!(screen.model.diff.as_ref().unwrap().at, 1, "the next file: {}", screen.text());
    assert!(screen.text().contains("✓M"), "{}", screen.text());
    screen.keys("{ M");
    assert!(matches!(screen.cmds.last(), Some(Cmd::Look { look: Look::Mark { is_seen: false, .. }, .. })));
    assert!(!screen.text().contains("✓M"));
    // As it was left, with one hunk changed since.
    let mut screen = open(120, 40);
    let changed = TWO.replace("+new", "+newer");
    answer_with(&mut screen, glance(&[("src/a.rs", Change::Modified, &changed)]));
    seen(&mut screen, Seen::Reviewed { comments: Vec::new(), seen: marks });
    assert!(screen.text().contains("▸ ✓ @@ -8,3") && screen.text().contains("newer"), "{}", screen.text());
    screen.cmds.clear();
    screen.keys("r");
    let wanted = Look::List { task: TaskId(4), part: Part::Whole, since_review: true };
    assert_eq!(looks(&screen), [&wanted]);
}

#[test]
fn what_a_viewer_prints_is_feedback_that_can_be_sent() {
    let mut screen = open(120, 40);
    answer(&mut screen);
    screen.keys("e");
    assert_eq!(screen.cmds.last(), Some(&Cmd::Viewer { task: TaskId(4) }));
    screen.tell(Msg::Edited {
        purpose: Compose::Viewer(TaskId(4)),
        outcome: Ok("src/a.rs:3: no\nand more\n".to_owned()),
    });
    screen.tell(Msg::Returned(Ok(())));
    assert!(screen.text().contains("and more"), "{}", screen.text());
    screen.cmds.clear();
    screen.keys("enter");
    let note = "src/a.rs:3: no\nand more".to_owned();
    assert!(screen.cmds.contains(&Cmd::Act(Act::Bounce { task: TaskId(4), note })), "{:?}", screen.cmds);
}
