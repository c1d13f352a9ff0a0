//! `ganger run`.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::Outcome;
use crate::cli::args::Run as Args;
use crate::cli::wiring::Wiring;
use crate::cli::{json, output};
use crate::domain::state::{Cause, Status};
use crate::domain::task::Blocker;
use crate::domain::text;
use crate::domain::time::span;
use crate::engine::Kind;
use crate::engine::run::{News, Progress, Row, Run, Summary, run as work_off};
use crate::os::clock::SystemClock;
use crate::ports::host::Clock as _;

/// Keeps agents busy until nothing is left that could run, or it is interrupted; agents run on then.
///
/// # Errors
/// What nothing can be dispatched with on this machine; those of the store.
pub fn run(wiring: &Wiring, args: &Args) -> Outcome {
    let engine = wiring.engine()?;
    wiring.catch_interrupts();
    let most = engine.settings.queue.max_running;
    let lines = wiring.global.json || output::width().is_none();
    let told = |news: &News<'_>| if lines { print_line(news) } else { show(news) };
    let summary = work_off(
        &engine,
        &Run {
            engines: &|| wiring.engine(),
            repo: wiring.repository_if_named(&engine)?,
            max: args.max.map_or(most, |max| max.min(most)),
            retry_failed: engine.settings.queue.retry_failed,
            told: &told,
        },
    );
    output::progress("");
    let summary = summary?;
    if lines {
        say(&summary_json(&summary));
    } else {
        print(&summary);
    }
    Ok(if summary.interrupted {
        ExitCode::from(Kind::Failed.code())
    } else if summary.is_well() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(Kind::OtherStatus.code())
    })
}

/// Prints an event as a line of JSON.
fn say(event: &Value) {
    let mut whole = json!({ "at": json::time(SystemClock.now().wall) });
    if let (Some(whole), Value::Object(fields)) = (whole.as_object_mut(), event.clone()) {
        whole.extend(fields);
    }
    output::say(&output::json_line(&whole));
}

fn print_line(news: &News<'_>) {
    let event = match news {
        News::Started(attempt) => json!({
            "event": "started",
            "task": attempt.plan.task.0,
            "attempt": attempt.plan.id.as_str(),
            "number": attempt.plan.number,
            "session": attempt.plan.session,
        }),
        News::Ended { task, attempt, ran } => json!({
            "event": "ended",
            "task": task.id.0,
            "attempt": attempt.plan.id.as_str(),
            "number": attempt.plan.number,
            "status": task.status.text(),
            "cause": attempt.cause.map(Cause::text),
            "reason": task.reason,
            "seconds": ran.as_secs_f64(),
        }),
        News::Refused { task, fault } => {
            json!({ "event": "refused", "task": task.0, "error": output::fault_json(fault) })
        }
        News::Progress(progress) => json!({
            "event": "progress",
            "finished": progress.finished,
            "failed": progress.failed,
            "running": progress.running,
            "waiting": progress.waiting,
            "ready": progress.ready,
            "blocked": progress.blocked,
            "seconds_left": progress.left.map(|left| left.as_secs()),
        }),
    };
    say(&event);
}

fn show(news: &News<'_>) {
    let line = match news {
        News::Progress(progress) => {
            output::progress(&so_far(progress));
            return;
        }
        News::Started(attempt) => {
            let again =
                if attempt.plan.number > 1 { format!(", attempt {}", attempt.plan.number) } else { String::new() };
            format!("task {} runs: {}{again}", attempt.plan.task, text::line(&attempt.plan.brief.title))
        }
        News::Ended { task, ran, .. } => {
            let reason = match task.status {
                Status::Review | Status::Done => String::new(),
                _ => task.reason.as_deref().map(|reason| format!(": {}", text::line(reason))).unwrap_or_default(),
            };
            format!("task {} is {} after {}{reason}", task.id, task.status.said(), span(ran.as_secs()))
        }
        News::Refused { fault, .. } => text::line(&fault.message),
    };
    output::progress("");
    output::say(&line);
}

/// What is where, on one line.
fn so_far(progress: &Progress) -> String {
    let Progress { finished, failed, running, waiting, ready, blocked, left } = progress;
    let mut parts = vec![format!("{finished} finished"), format!("{running} running")];
    for (count, what) in [(failed, "failed"), (waiting, "waiting for you"), (ready, "to go"), (blocked, "blocked")] {
        if *count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.extend(left.filter(|left| !left.is_zero()).map(|left| format!("about {} left", span(left.as_secs()))));
    parts.join(" · ")
}

fn print(summary: &Summary) {
    let row = |row: &Row| {
        let waited = if row.waited < Duration::from_secs(1) {
            String::new()
        } else {
            format!("waited {} for you", span(row.waited.as_secs()))
        };
        vec![
            row.task.to_string(),
            row.status.to_string(),
            span(row.ran.as_secs()),
            text::cut(&text::line(&row.title), 50),
            waited,
        ]
    };
    output::table(&summary.rows.iter().map(row).collect::<Vec<_>>());
    let of = |is: fn(Status) -> bool| summary.rows.iter().filter(|row| is(row.status)).count();
    let mut parts = vec![
        format!("{} finished", of(|status| matches!(status, Status::Review | Status::Done))),
        format!("{} failed", of(|status| status == Status::Failed)),
        span(summary.wall.as_secs()),
    ];
    parts.extend(summary.efficiency.map(|share| format!("{:.0} % of the slots' time used", 100.0 * share)));
    output::say(&parts.join(" · "));
    for (task, by) in &summary.blocked {
        output::say(&format!("task {task} waits for {}", Blocker::list(by)));
    }
    if summary.interrupted {
        output::mention("interrupted: what runs, runs on; the same command goes on with the rest");
    }
}

fn summary_json(summary: &Summary) -> Value {
    let tasks = summary.rows.iter().map(|row| {
        json!({
            "task": row.task.0,
            "title": row.title,
            "status": row.status.text(),
            "reason": row.reason,
            "attempts": row.attempts,
            "seconds": row.ran.as_secs_f64(),
            "seconds_waited": row.waited.as_secs_f64(),
        })
    });
    let blocked = summary.blocked.iter().map(|(task, by)| {
        let ids: Vec<i64> = by.iter().map(|blocker| blocker.task.0).collect();
        json!({ "task": task.0, "blocked_by": ids, "blockers": json::blockers(by) })
    });
    json!({
        "event": "summary",
        "tasks": tasks.collect::<Vec<_>>(),
        "blocked": blocked.collect::<Vec<_>>(),
        "seconds": summary.wall.as_secs_f64(),
        "efficiency": summary.efficiency,
        "interrupted": summary.interrupted,
    })
}
