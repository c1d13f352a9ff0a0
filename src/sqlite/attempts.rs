//! Attempts and the worktrees they own: their rows, read strictly, and their insertion.

use rusqlite::{Connection, Row, params};

use super::rows::{Cells, list_text, millis, path_text};
use super::write::Done;
use crate::domain::attempt::{Attempt, Brief, Exit, Files, Plan, Tree};
use crate::domain::id::{AttemptId, FileId, Place, TaskId};
use crate::domain::state::{Cause, Phase, TreeState};
use crate::domain::time::BootTime;
use crate::ports::store::{Claim, Stamp, Which};

const COLUMNS: &str = "id, task, number, repo, agent, base, branch, worktree, adopts, socket, session, title, prompt, \
     verify, timeout_ms, lock_path, saga_path, launch_path, prompt_path, exit_path, screen_path, log_path, token, \
     phase, phase_since, host, boot, dispatcher_pid, dispatcher_start, shim_pid, shim_start, agent_pid, agent_start, \
     server_pid, server_start, pane, lock_device, lock_inode, stop_requested, claimed_at, started_at, ended_at, \
     exit_code, exit_signal, cause, kept, leftovers, cleaned";

fn decode(row: &Row<'_>) -> Done<Attempt> {
    let cells = Cells::new("attempts", row);
    let plan = Plan {
        id: cells.attempt("id")?,
        task: TaskId(cells.int("task")?),
        number: cells.number("number")?,
        repo: cells.path("repo")?,
        agent: cells.text("agent")?,
        base: cells.text("base")?,
        branch: cells.text("branch")?,
        worktree: cells.path("worktree")?,
        adopts: cells.maybe_attempt("adopts")?,
        socket: cells.path("socket")?,
        session: cells.text("session")?,
        brief: Brief {
            title: cells.text("title")?,
            prompt: cells.text("prompt")?,
            verify: cells.list("verify")?,
            timeout: cells.maybe_millis("timeout_ms")?,
        },
        files: Files {
            lock: cells.path("lock_path")?,
            saga: cells.path("saga_path")?,
            launch: cells.path("launch_path")?,
            prompt: cells.path("prompt_path")?,
            exit: cells.path("exit_path")?,
            screen: cells.path("screen_path")?,
            log: cells.path("log_path")?,
        },
        token: cells.text("token")?,
    };
    Ok(Attempt {
        plan,
        phase: cells.word("phase", Phase::parse)?,
        phase_since: BootTime(cells.int("phase_since")?),
        place: Place { host: cells.text("host")?, boot: cells.text("boot")? },
        dispatcher: cells.process("dispatcher_pid", "dispatcher_start")?,
        shim: cells.maybe_process("shim_pid", "shim_start")?,
        agent: cells.maybe_process("agent_pid", "agent_start")?,
        server: cells.maybe_process("server_pid", "server_start")?,
        pane: cells.maybe_text("pane")?,
        lock: cells
            .maybe_pair("lock_device", "lock_inode")?
            .map(|(device, inode)| FileId { device: device.cast_unsigned(), inode: inode.cast_unsigned() }),
        stop_requested: cells.flag("stop_requested")?,
        claimed_at: cells.instant("claimed_at")?,
        started_at: cells.maybe_instant("started_at")?,
        ended_at: cells.maybe_instant("ended_at")?,
        exit: match (cells.maybe_number("exit_code")?, cells.maybe_number("exit_signal")?) {
            (Some(code), _) => Some(Exit::Code(code)),
            (None, Some(signal)) => Some(Exit::Signal(signal)),
            (None, None) => None,
        },
        cause: cells.maybe_word("cause", Cause::parse)?,
        kept: cells.list("kept")?,
        leftovers: cells.list("leftovers")?,
        cleaned: cells.flag("cleaned")?,
    })
}

pub(super) fn one(conn: &Connection, id: &AttemptId) -> Done<Option<Attempt>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM attempts WHERE id = ?1"))?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(decode).transpose()
}

pub(super) fn list(conn: &Connection, which: &Which) -> Done<Vec<Attempt>> {
    let (condition, task) = match which {
        Which::Of(task) => ("task = ?1", Some(task.0)),
        Which::Live => ("phase NOT IN ('exited', 'revoked') AND ?1 IS NULL", None),
        Which::Unfinished => ("cleaned = 0 AND ?1 IS NULL", None),
    };
    let mut statement =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM attempts WHERE {condition} ORDER BY claimed_at, number"))?;
    let mut rows = statement.query([task])?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next()? {
        attempts.push(decode(row)?);
    }
    Ok(attempts)
}

pub(super) fn trees(conn: &Connection, task: TaskId) -> Done<Vec<Tree>> {
    let mut statement = conn.prepare_cached(
        "SELECT path, repo, branch, base, owner, task, state, ran, parked FROM trees
         WHERE task = ?1 AND state <> 'gone' ORDER BY made_at, path",
    )?;
    let mut rows = statement.query([task.0])?;
    let mut trees = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = Cells::new("trees", row);
        trees.push(Tree {
            path: cells.path("path")?,
            repo: cells.path("repo")?,
            branch: cells.text("branch")?,
            base: cells.text("base")?,
            owner: cells.attempt("owner")?,
            task: TaskId(cells.int("task")?),
            state: cells.word("state", TreeState::parse)?,
            ran: cells.flag("ran")?,
            parked: cells.maybe_text("parked")?.map(Into::into),
        });
    }
    Ok(trees)
}

/// Opens an attempt: `claimed`, with everything that it will create or need.
pub(super) fn insert(conn: &Connection, claim: &Claim, note: Option<&str>, stamp: &Stamp) -> Done<()> {
    let plan = &claim.plan;
    conn.prepare_cached(
        "INSERT INTO attempts (id, task, number, repo, agent, base, branch, worktree, adopts, socket, session, title,
             prompt, verify, timeout_ms, lock_path, saga_path, launch_path, prompt_path, exit_path, screen_path,
             log_path, token, note, phase, phase_since, host, boot, dispatcher_pid, dispatcher_start, claimed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'claimed', ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        plan.id.as_str(),
        plan.task.0,
        plan.number,
        path_text(&plan.repo)?,
        plan.agent,
        plan.base,
        plan.branch,
        path_text(&plan.worktree)?,
        plan.adopts.as_ref().map(AttemptId::as_str),
        path_text(&plan.socket)?,
        plan.session,
        plan.brief.title,
        plan.brief.prompt,
        list_text(&plan.brief.verify),
        plan.brief.timeout.map(millis),
        path_text(&plan.files.lock)?,
        path_text(&plan.files.saga)?,
        path_text(&plan.files.launch)?,
        path_text(&plan.files.prompt)?,
        path_text(&plan.files.exit)?,
        path_text(&plan.files.screen)?,
        path_text(&plan.files.log)?,
        plan.token,
        note,
        stamp.now.boot.0,
        claim.place.host,
        claim.place.boot,
        claim.dispatcher.pid,
        claim.dispatcher.start.cast_signed(),
        stamp.now.wall.0,
    ])?;
    Ok(())
}
