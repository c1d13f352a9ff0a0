//! What the agent's processes and screen show, where the agent itself says nothing.
//!
//! Its processor time and the bytes that it moves are read every second or two; its screen only once each time that it
//! falls silent, because nothing changes there before it moves again. Silence is never taken for an end.

use std::time::{Duration, Instant};

use jiff::Zoned;

use crate::agent::limit;
use crate::domain::attempt::Plan;
use crate::domain::id::Process;
use crate::domain::state::{Activity, Source};
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::engine::launch::Launch;
use crate::ports::store::News;

/// How much of its screen is looked at, from the bottom.
const ROWS: u32 = 60;
/// Between two looks while it is busy, and while it is silent.
const BUSY: Duration = Duration::from_secs(1);
const SILENT: Duration = Duration::from_secs(2);
/// Without output and work for this long, it is silent.
const QUIET: Duration = Duration::from_secs(4);
/// Busy for this long, it is at work whatever it said before.
const SURELY: Duration = Duration::from_secs(10);
/// A second with less than this is a silent one: a cursor blinks, a clock ticks.
const FEW_BYTES: u128 = 256;
const LITTLE_WORK: Duration = Duration::from_millis(40);

pub(super) struct Observer {
    next: Instant,
    /// When it was looked at last, and what it had used by then.
    last: Option<(Instant, u64, Duration)>,
    quiet_since: Instant,
    busy_since: Option<Instant>,
    /// What was told last.
    told: Option<Activity>,
    /// When the limit that its screen shows ends.
    until: Option<Timestamp>,
}

impl Observer {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { next: now + BUSY, last: None, quiet_since: now, busy_since: None, told: None, until: None }
    }

    /// When it has to be looked at.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Whether the limit that it waited for has ended; once.
    pub(super) fn limit_is_over(&mut self, now: Timestamp) -> bool {
        // A minute of grace: the screen says when to the minute, or to the hour.
        let over = self.until.is_some_and(|until| until.after(Duration::from_mins(1)) <= now);
        if over {
            self.until = None;
        }
        over
    }

    /// Looks; what is new.
    pub(super) fn look(&mut self, engine: &Engine, plan: &Plan, launch: &Launch, agent: Process) -> Option<News> {
        let now = Instant::now();
        let used = engine.ports.processes.traffic(agent).zip(engine.ports.processes.processor_time(agent));
        let Some((bytes, time)) = used else {
            self.next = now + SILENT;
            return None;
        };
        let busy = self.last.is_none_or(|(then, bytes_then, time_then)| {
            let millis = now.saturating_duration_since(then).as_millis().max(1);
            // Where a child has ended, the sums fall: that is news, too.
            let moved = u128::from(bytes.abs_diff(bytes_then)) * 1000 / millis;
            let worked = time.saturating_sub(time_then).as_millis() * 1000 / millis;
            moved > FEW_BYTES || worked > LITTLE_WORK.as_millis()
        });
        self.last = Some((now, bytes, time));
        if busy {
            self.quiet_since = now;
            let since = *self.busy_since.get_or_insert(now);
            self.next = now + BUSY;
            return self.busy(now.saturating_duration_since(since) >= SURELY);
        }
        self.busy_since = None;
        self.next = now + SILENT;
        if self.told.is_some_and(|told| told != Activity::Working)
            || now.saturating_duration_since(self.quiet_since) < QUIET
        {
            return None;
        }
        let news = self.silent(engine, plan, launch);
        self.told = news.activity;
        Some(news)
    }

    fn busy(&mut self, surely: bool) -> Option<News> {
        if self.told == Some(Activity::Working) && !surely {
            return None;
        }
        self.told = Some(Activity::Working);
        let answered = surely.then_some(None);
        Some(News {
            contradicts: surely,
            saying: answered.clone(),
            waits_until: surely.then_some(None),
            ..News::of(Source::Process, Activity::Working)
        })
    }

    /// It has fallen silent: its screen may say why.
    fn silent(&mut self, engine: &Engine, plan: &Plan, launch: &Launch) -> News {
        let Ok(pane) = std::env::var("TMUX_PANE") else { return News::of(Source::Process, Activity::Idle) };
        let screen = engine.ports.mux.capture(&plan.socket, &pane, ROWS).unwrap_or_default();
        let screen = text::plain(&screen);
        if let Some(limit) = limit::find(&screen, &launch.limit, &Zoned::now()) {
            self.until = limit.until;
            return News {
                saying: Some(Some(text::short(&limit.line))),
                waits_until: Some(limit.until),
                contradicts: true,
                ..News::of(Source::Screen, Activity::Waiting)
            };
        }
        if let Some(line) = question(&screen, &launch.waiting) {
            return News { saying: Some(Some(text::short(line))), ..News::of(Source::Screen, Activity::Waiting) };
        }
        match engine.ports.mux.rang(&plan.socket, &pane) {
            Ok(true) => News::of(Source::Screen, Activity::Waiting),
            Ok(false) | Err(_) => News::of(Source::Process, Activity::Idle),
        }
    }
}

/// The usage limit that an agent's last screen tells of, if that is why it failed.
pub(super) fn last_limit(screen: &str, launch: &Launch) -> Option<News> {
    let limit = limit::find(&text::plain(screen), &launch.limit, &Zoned::now())?;
    Some(News {
        activity: None,
        saying: Some(Some(text::short(&limit.line))),
        waits_until: Some(limit.until),
        event: Some("usage limit"),
        contradicts: true,
        ..News::of(Source::Screen, Activity::Waiting)
    })
}

/// The line on the last part of a screen that holds one of these words.
fn question<'a>(screen: &'a str, patterns: &[String]) -> Option<&'a str> {
    let lines: Vec<&str> = screen.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let tail = &lines[lines.len().saturating_sub(30)..];
    tail.iter().rev().copied().find(|line| {
        let line = line.to_lowercase();
        patterns.iter().any(|pattern| line.contains(pattern.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::question;

    #[test]
    fn the_last_question_on_the_screen_is_found_in_any_case() {
        let patterns = ["do you trust".to_owned(), "(y)es/(n)o".to_owned()];
        let screen = "Do you trust this folder?\n ❯ 1. Yes\n\n";
        assert_eq!(question(screen, &patterns), Some("Do you trust this folder?"));
        assert_eq!(
            question("Do you trust it?\nAdd it? (Y)es/(N)o [Yes]:\n", &patterns),
            Some("Add it? (Y)es/(N)o [Yes]:")
        );
        assert_eq!(question("working\n", &patterns), None);
        let far = format!("Do you trust it?\n{}", "more\n".repeat(40));
        assert_eq!(question(&far, &patterns), None, "it has scrolled away");
    }
}
