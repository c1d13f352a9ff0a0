//! Attempts and the worktrees that they own: reading and opening them.

use rusqlite::{Connection, Params, Row, named_params};

use super::rows::{Cells, list_text, millis, path_text};
use super::trouble::Done;
use crate::domain::attempt::{Attempt, Brief, Doing, Exit, Files, Plan, Tree};
use crate::domain::id::{AttemptId, FileId, Place, Process, TaskId};
use crate::domain::lifecycle::{Current, Origin, State};
use crate::domain::permission::Verb;
use crate::domain::state::{Activity, Cause, Phase, Source, Spoken, Status, TreeState};
use crate::domain::time::BootTime;
use crate::ports::store::{Claim, Stamp, Which};

const SELECT: &str = "SELECT id, task, number, repo, agent, base, branch, worktree, adopts, socket, session, title,
    prompt, verify, timeout_ms, lock_path, saga_path, launch_path, prompt_path, exit_path, screen_path, log_path,
    token, phase, phase_since, host, boot, dispatcher_pid, dispatcher_start, shim_pid, shim_start, agent_pid,
    agent_start, server_pid, server_start, pane, lock_device, lock_inode, stop_requested, claimed_at, started_at,
    ended_at, exit_code, exit_signal, cause, failure, kept, leftovers, cleaned, activity, activity_by, activity_since, saying,
    spoken, waits_until, conversation, port, may, left_running, touched FROM attempts";

/// Left to itself, the planner reads the whole table for this: a term with NOT IN is no range of any index.
pub(super) const LIVE: &str = "INDEXED BY attempts_live WHERE phase NOT IN ('exited', 'revoked') ORDER BY rowid";
/// Live attempts are among them: the schema lets none be cleaned.
pub(super) const UNFINISHED: &str = "INDEXED BY attempts_unfinished WHERE cleaned = 0 ORDER BY rowid";

pub(super) fn attempt(conn: &Connection, id: &AttemptId) -> Done<Option<Attempt>> {
    Ok(select(conn, "WHERE id = ?1", [id.as_str()])?.pop())
}

pub(super) fn attempts(conn: &Connection, which: &Which) -> Done<Vec<Attempt>> {
    match which {
        Which::Of(task) => select(conn, "WHERE task = ?1 ORDER BY number", [task.0]),
        Which::Live => select(conn, LIVE, []),
        Which::Unfinished => select(conn, UNFINISHED, []),
    }
}

fn select(conn: &Connection, filter: &str, params: impl Params) -> Done<Vec<Attempt>> {
    let mut statement = conn.prepare_cached(&format!("{SELECT} {filter}"))?;
    let mut rows = statement.query(params)?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next()? {
        attempts.push(decode(row)?);
    }
    Ok(attempts)
}

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
        // The last columns.
        may: Vec::new(),
        port: None,
    };
    let attempt = Attempt {
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
            (None, None) => None,
            (Some(code), None) => Some(Exit::Code(code)),
            (None, Some(signal)) => Some(Exit::Signal(signal)),
            (Some(_), Some(_)) => return Err(cells.unreadable("exit_signal", "there is an exit code, too")),
        },
        cause: cells.maybe_word("cause", Cause::parse)?,
        failure: cells.maybe_text("failure")?,
        kept: cells.list("kept")?,
        leftovers: cells.list("leftovers")?,
        left_running: Vec::new(),
        touched: Vec::new(),
        cleaned: cells.flag("cleaned")?,
        doing: doing(&cells)?,
        saying: cells.maybe_text("saying")?,
        spoken: cells.maybe_word("spoken", Spoken::parse)?,
        waits_until: cells.maybe_instant("waits_until")?,
        conversation: cells.maybe_text("conversation")?,
    };
    let port = cells.maybe_number("port")?;
    let may = cells.list("may")?;
    // A verb of a newer version is none that this one would have to refuse.
    let may = may.iter().filter_map(|verb| Verb::parse(verb).ok()).collect();
    let left = cells.list("left_running")?;
    let left_running = left.iter().map(|text| process(text)).collect::<Option<Vec<Process>>>();
    let left_running = left_running.ok_or_else(|| cells.unreadable("left_running", "not a process"))?;
    let touched = cells.list("touched")?;
    Ok(Attempt { plan: Plan { may, port, ..attempt.plan }, left_running, touched, ..attempt })
}

/// A process as `pid start`.
fn process(text: &str) -> Option<Process> {
    let (pid, start) = text.split_once(' ')?;
    Some(Process { pid: pid.parse().ok()?, start: start.parse().ok()? })
}

fn doing(cells: &Cells<'_>) -> Done<Option<Doing>> {
    let activity = cells.maybe_word("activity", Activity::parse)?;
    let source = cells.maybe_word("activity_by", Source::parse)?;
    let since = cells.maybe_instant("activity_since")?;
    match (activity, source, since) {
        (None, None, None) => Ok(None),
        (Some(activity), Some(source), Some(since)) => Ok(Some(Doing { activity, source, since })),
        _ => Err(cells.unreadable("activity", "it has no source, or no time")),
    }
}

/// A task and its newest attempt, as far as a decision needs them; `None` when the task is not there or deleted.
pub(super) fn state(conn: &Connection, task: TaskId) -> Done<Option<State>> {
    let mut statement =
        conn.prepare_cached("SELECT id, status, orphans, attempt FROM tasks WHERE id = ?1 AND deleted_at IS NULL")?;
    let mut rows = statement.query([task.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let cells = Cells::new("tasks", row);
    cells.int("id")?;
    let status = cells.word("status", Status::parse)?;
    let orphans = cells.number("orphans")?;
    let attempt = match cells.maybe_attempt("attempt")? {
        None => None,
        Some(id) => match current(conn, &id)? {
            Some(current) => Some(current),
            None => return Err(cells.unreadable("attempt", format!("there is no attempt {id}"))),
        },
    };
    Ok(Some(State { task, status, orphans, attempt }))
}

fn current(conn: &Connection, id: &AttemptId) -> Done<Option<Current>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, phase, stop_requested, verify, agent_ended, claimed_at, origin, origin_cause, origin_reason
         FROM attempts WHERE id = ?1",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let cells = Cells::new("attempts", row);
    Ok(Some(Current {
        id: cells.attempt("id")?,
        phase: cells.word("phase", Phase::parse)?,
        stop_requested: cells.flag("stop_requested")?,
        verifies: !cells.list("verify")?.is_empty(),
        agent_ended: cells.flag("agent_ended")?,
        claimed_at: cells.instant("claimed_at")?,
        origin: origin(&cells)?,
    }))
}

fn origin(cells: &Cells<'_>) -> Done<Option<Origin>> {
    let status = cells.maybe_word("origin", Status::parse)?;
    let cause = cells.maybe_word("origin_cause", Cause::parse)?;
    let reason = cells.maybe_text("origin_reason")?;
    Ok(status.map(|status| Origin { status, why: cause.zip(reason) }))
}

/// The newest number among a task's attempts.
pub(super) fn newest_number(conn: &Connection, task: TaskId) -> Done<u32> {
    let mut statement = conn.prepare_cached("SELECT coalesce(max(number), 0) FROM attempts WHERE task = ?1")?;
    Ok(statement.query_row([task.0], |row| row.get(0))?)
}

/// Whether a live attempt has this port.
pub(super) fn has_port(conn: &Connection, port: u16) -> Done<bool> {
    let mut statement = conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM attempts
            WHERE port IS NOT NULL AND port = ?1 AND phase NOT IN ('exited', 'revoked'))",
    )?;
    Ok(statement.query_row([port], |row| row.get(0))?)
}

/// Writes the row of a new attempt, phase `claimed`, with its whole plan; `note` is what went into its prompt.
pub(super) fn open(
    conn: &Connection,
    claim: &Claim,
    note: Option<&str>,
    origin: Option<&Origin>,
    stamp: &Stamp,
) -> Done<()> {
    let plan = &claim.plan;
    let why = origin.and_then(|origin| origin.why.as_ref());
    conn.prepare_cached(
        "INSERT INTO attempts (id, task, number, repo, agent, base, branch, worktree, adopts, socket, session, title,
            prompt, verify, timeout_ms, lock_path, saga_path, launch_path, prompt_path, exit_path, screen_path,
            log_path, token, note, phase, phase_since, host, boot, dispatcher_pid, dispatcher_start, claimed_at, port,
            may, origin, origin_cause, origin_reason)
         VALUES (:id, :task, :number, :repo, :agent, :base, :branch, :worktree, :adopts, :socket, :session, :title,
            :prompt, :verify, :timeout, :lock, :saga, :launch, :prompt_file, :exit, :screen,
            :log, :token, :note, 'claimed', :since, :host, :boot, :pid, :start, :now, :port, :may, :origin, :origin_cause, :origin_reason)",
    )?
    .execute(named_params! {
        ":id": plan.id.as_str(),
        ":task": plan.task.0,
        ":number": plan.number,
        ":repo": path_text(&plan.repo)?,
        ":agent": plan.agent,
        ":base": plan.base,
        ":branch": plan.branch,
        ":worktree": path_text(&plan.worktree)?,
        ":adopts": plan.adopts.as_ref().map(AttemptId::as_str),
        ":socket": path_text(&plan.socket)?,
        ":session": plan.session,
        ":title": plan.brief.title,
        ":prompt": plan.brief.prompt,
        ":verify": list_text(&plan.brief.verify),
        ":timeout": plan.brief.timeout.map(millis),
        ":lock": path_text(&plan.files.lock)?,
        ":saga": path_text(&plan.files.saga)?,
        ":launch": path_text(&plan.files.launch)?,
        ":prompt_file": path_text(&plan.files.prompt)?,
        ":exit": path_text(&plan.files.exit)?,
        ":screen": path_text(&plan.files.screen)?,
        ":log": path_text(&plan.files.log)?,
        ":token": plan.token,
        ":note": note,
        ":since": stamp.now.boot.0,
        ":host": claim.place.host,
        ":boot": claim.place.boot,
        ":pid": claim.dispatcher.pid,
        ":start": claim.dispatcher.start.cast_signed(),
        ":now": stamp.now.wall.0,
        ":port": plan.port,
        ":origin": origin.map(|origin| origin.status.text()),
        ":origin_cause": why.map(|(cause, _)| cause.text()),
        ":origin_reason": why.map(|(_, reason)| reason),
        ":may": list_text(&plan.may.iter().map(|verb| verb.text().to_owned()).collect::<Vec<_>>()),
    })?;
    Ok(())
}

const TREE: &str = "SELECT path, repo, branch, base, owner, task, state, ran, parked, given FROM trees";

pub(super) fn trees(conn: &Connection, task: TaskId) -> Done<Vec<Tree>> {
    select_trees(conn, "WHERE task = ?1 AND state <> 'gone' ORDER BY made_at, rowid", [task.0])
}

pub(super) fn all_trees(conn: &Connection, task: Option<TaskId>) -> Done<Vec<Tree>> {
    select_trees(conn, "WHERE ?1 IS NULL OR task = ?1 ORDER BY made_at, rowid", [task.map(|task| task.0)])
}

/// The tree that was made at `path`, gone ones included.
pub(super) fn tree(conn: &Connection, path: &str) -> Done<Option<Tree>> {
    Ok(select_trees(conn, "WHERE path = ?1", [path])?.pop())
}

fn select_trees(conn: &Connection, filter: &str, params: impl Params) -> Done<Vec<Tree>> {
    let mut statement = conn.prepare_cached(&format!("{TREE} {filter}"))?;
    let mut rows = statement.query(params)?;
    let mut trees = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = Cells::new("trees", row);
        let tree = Tree {
            path: cells.path("path")?,
            repo: cells.path("repo")?,
            branch: cells.text("branch")?,
            // The last column.
            given: false,
            base: cells.text("base")?,
            owner: cells.attempt("owner")?,
            task: TaskId(cells.int("task")?),
            state: cells.word("state", TreeState::parse)?,
            ran: cells.flag("ran")?,
            parked: cells.maybe_text("parked")?.map(Into::into),
        };
        trees.push(Tree { given: cells.flag("given")?, ..tree });
    }
    Ok(trees)
}
