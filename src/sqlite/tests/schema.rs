//! The schema refuses ghosts and twins, whoever writes.

use super::Board;
use crate::domain::state::{Cause, Phase, Status, TreeState, Who};
use crate::sqlite::attempts::{LIVE, UNFINISHED};
use crate::sqlite::claim::RUNNING;
use crate::sqlite::tasks::TALLIES;

const COPY: &str = "repo, agent, base, branch, worktree, adopts, socket, session, title, prompt, verify, lock_path,
    saga_path, launch_path, prompt_path, exit_path, screen_path, log_path, token, phase_since, host, boot,
    dispatcher_pid, dispatcher_start, claimed_at";

#[test]
fn i1_raw_sql_can_not_make_a_ghost() {
    let board = Board::new();
    let (task, attempt) = board.running();
    let idle = board.add();
    let (over, _) = board.running();
    board.sql(&format!("UPDATE tasks SET status = 'review' WHERE id = {over}"));
    board.sql(&format!("UPDATE attempts SET phase = 'exited' WHERE task = {over}"));
    for sql in [
        format!("UPDATE tasks SET status = 'in-progress' WHERE id = {idle}"),
        format!("UPDATE tasks SET status = 'in-progress' WHERE id = {over}"),
        format!("UPDATE tasks SET status = 'in-progress', attempt = '{attempt}' WHERE id = {idle}"),
        format!("UPDATE tasks SET attempt = NULL WHERE id = {task}"),
        format!("UPDATE attempts SET phase = 'exited' WHERE id = '{attempt}'"),
        format!("UPDATE attempts SET phase = 'revoked' WHERE id = '{attempt}'"),
        format!("UPDATE attempts SET task = {idle} WHERE id = '{attempt}'"),
        format!("UPDATE attempts SET phase = 'running' WHERE task = {over}"),
        format!("DELETE FROM attempts WHERE id = '{attempt}'"),
        format!("DELETE FROM tasks WHERE id = {task}"),
        format!("UPDATE tasks SET deleted_at = 1 WHERE id = {task}"),
        format!("UPDATE tasks SET archived = 1 WHERE id = {task}"),
        "INSERT INTO tasks (title, prompt, repo, agent, priority, files, verify, unsafe_mode, status, created_at,
            updated_at) VALUES ('t', '', '/r', 'a', 0, '[]', '[]', 0, 'in-progress', 0, 0)"
            .to_owned(),
        format!(
            "INSERT OR REPLACE INTO tasks (id, title, prompt, repo, agent, priority, files, verify, unsafe_mode,
            status, created_at, updated_at) VALUES ({task}, 't', '', '/r', 'a', 0, '[]', '[]', 0, 'ready', 0, 0)"
        ),
    ] {
        board.refused(&sql);
        // The schema holds it, not the foreign keys that another program may have switched off.
        board.sql("PRAGMA foreign_keys = OFF");
        board.refused(&sql);
        board.sql("PRAGMA foreign_keys = ON");
    }
    assert_eq!(board.task(task).status, Status::InProgress);
}

#[test]
fn i2_raw_sql_can_not_make_a_twin() {
    let board = Board::new();
    let (_, attempt) = board.running();
    let second = "01980000-0000-7000-ffff-000000000000";
    for verb in ["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"] {
        let copy = |id: &str, number: &str, phase: &str| {
            format!(
                "{verb} INTO attempts (id, task, number, phase, {COPY}) SELECT '{id}', task, {number}, '{phase}',
                 {COPY} FROM attempts WHERE id = '{attempt}'"
            )
        };
        board.refused(&copy(second, "2", "claimed"));
        board.refused(&copy(second, "1", "exited"));
        board.refused(&copy(attempt.as_str(), "2", "exited"));
    }
    let count: i64 = board.store.conn.query_row("SELECT count(*) FROM attempts", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
}

#[test]
fn only_known_words_get_in() {
    let board = Board::new();
    let (task, _) = board.running();
    for column in ["status", "cause"] {
        board.refused(&format!("UPDATE tasks SET {column} = 'paused' WHERE id = {task}"));
    }
    for column in ["phase", "cause"] {
        board.refused(&format!("UPDATE attempts SET {column} = 'paused'"));
    }
    board.refused("UPDATE trees SET state = 'paused'");
    board.refused("UPDATE tasks SET title = NULL");
    board.refused("UPDATE tasks SET files = 'not json'");
    board.refused("UPDATE tasks SET priority = 'high'");
}

#[test]
fn every_word_of_the_domain_gets_in() {
    let schema = include_str!("../migrations/0001_board.sql");
    let list =
        |words: &mut dyn Iterator<Item = &'static str>| words.map(|word| format!("'{word}'")).collect::<Vec<_>>();
    let flat = schema.split_whitespace().collect::<Vec<_>>().join(" ");
    for (column, words) in [
        ("status", list(&mut Status::ALL.iter().map(|word| word.text()))),
        ("phase", list(&mut Phase::ALL.iter().map(|word| word.text()))),
        ("cause", list(&mut Cause::ALL.iter().map(|word| word.text()))),
        ("who", list(&mut Who::ALL.iter().map(|word| word.text()))),
        ("state", list(&mut TreeState::ALL.iter().map(|word| word.text()))),
    ] {
        let set = words.join(", ");
        let tight = flat.contains(&format!("CHECK ({column} IN ({set}))"));
        assert!(tight || flat.contains(&format!("CHECK ({column} IN ( {set}))")), "{column}: {set}");
    }
    let live: Vec<_> = Phase::ALL.iter().filter(|phase| !phase.is_live()).map(|phase| phase.text()).collect();
    assert_eq!(live, ["exited", "revoked"]);
}

#[test]
fn i18_an_event_is_never_changed() {
    let board = Board::new();
    board.add();
    board.refused("UPDATE events SET became = 'done'");
}

#[test]
fn the_status_line_reads_indexes_only() {
    let board = Board::new();
    let plan = |sql: &str| {
        let mut statement = board.store.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get::<_, String>(3).unwrap());
        }
        steps.join("; ")
    };
    let counts = plan(TALLIES);
    assert!(counts.contains("INDEX tasks_counted"), "{counts}");
    let live = plan(&format!("SELECT * FROM attempts {LIVE}"));
    assert!(live.contains("INDEX attempts_live"), "{live}");
    let unfinished = plan(&format!("SELECT * FROM attempts {UNFINISHED}"));
    assert!(unfinished.contains("INDEX attempts_unfinished"), "{unfinished}");
    let capacity = plan(RUNNING);
    assert!(capacity.contains("INDEX tasks_counted"), "{capacity}");
}
