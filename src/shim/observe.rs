//! What the agent's processes and screen show, where the agent itself says nothing.
//!
//! Its processor time and the bytes that it moves are read every second or two; its screen only once each time that it
//! falls silent, because nothing changes there before it moves again. Silence is never taken for an end.

use std::time::{Duration, Instant};

use jiff::Zoned;

use crate::agent::limit::{self, Limit};
use crate::agent::screen;
use crate::domain::attempt::{Attempt, Doing, Plan};
use crate::domain::id::Process;
use crate::domain::state::{Activity, Source, Spoken};
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::ports::store::News;
use crate::wire::launch::Launch;

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
    /// The limit that was told last.
    limit: Option<Shown>,
}

/// A limit that its screen has shown, and may go on to show when it is long over.
struct Shown {
    line: String,
    times: usize,
    until: Option<Timestamp>,
    at: Timestamp,
    /// It has worked since.
    over: bool,
}

impl Observer {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { next: now + BUSY, last: None, quiet_since: now, busy_since: None, told: None, until: None, limit: None }
    }

    /// When it has to be looked at.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// The limit that it waited for, when that has ended; once.
    pub(super) fn limit_that_is_over(&mut self, now: Timestamp) -> Option<Timestamp> {
        // A minute of grace: the screen says when to the minute, or to the hour.
        self.until.take_if(|until| until.after(Duration::from_mins(1)) <= now)
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
        let row = engine.ports.store.attempt(&plan.id).ok().flatten();
        let doing = row.as_ref().and_then(|row| row.doing.as_ref());
        let wall = engine.ports.clock.now().wall;
        if busy {
            self.quiet_since = now;
            self.next = now + BUSY;
            return self.busy(now, doing, row.as_ref().and_then(|row| row.spoken), wall);
        }
        self.busy_since = None;
        self.next = now + SILENT;
        // What was told last may have been written over since: by a person who has sent it a text.
        let told = self.told.is_some_and(|told| told != Activity::Working);
        if told && !is_said_to_work(doing, wall) || now.saturating_duration_since(self.quiet_since) < QUIET {
            return None;
        }
        Some(self.silent(engine, plan, launch, row.as_ref()))
    }

    /// This was told. What could not be is seen again.
    pub(super) fn has_told(&mut self, news: &News) {
        self.told = news.activity;
    }

    fn busy(&mut self, now: Instant, doing: Option<&Doing>, spoken: Option<Spoken>, wall: Timestamp) -> Option<News> {
        let since = *self.busy_since.get_or_insert(now);
        // It has worked until its last word: what it does since counts against that.
        let word = doing.filter(|doing| doing.source == Source::Agent).map(|doing| wall.since(doing.since));
        let surely = now.saturating_duration_since(since) >= SURELY && word.is_none_or(|ago| ago >= SURELY);
        if surely && let Some(limit) = &mut self.limit {
            limit.over = true;
        }
        if self.told == Some(Activity::Working) && !surely {
            return None;
        }
        // What its screen asked is answered, too; what it has said in the middle of its work stands.
        let stands = spoken.is_some() && doing.is_none_or(|doing| doing.activity == Activity::Working);
        let answered = surely || self.told == Some(Activity::Waiting);
        self.until = None;
        Some(News {
            contradicts: surely,
            saying: (answered && !stands).then_some(None),
            waits_until: answered.then_some(None),
            ..News::of(Source::Process, Activity::Working)
        })
    }

    /// It has fallen silent: its screen may say why.
    fn silent(&mut self, engine: &Engine, plan: &Plan, launch: &Launch, row: Option<&Attempt>) -> News {
        let Ok(pane) = std::env::var("TMUX_PANE") else { return News::of(Source::Process, Activity::Idle) };
        let screen = engine.ports.mux.capture(&plan.socket, &pane, ROWS).unwrap_or_default();
        let screen = text::plain(&screen);
        let found = limit::find(&screen, &launch.limit, &Zoned::now());
        let times = found.as_ref().map_or(0, |limit| screen.lines().filter(|line| line.trim() == limit.line).count());
        if let Some(limit) = self.news(found, times, row, &launch.limit, engine.ports.clock.now().wall) {
            self.until = limit.until;
            return News {
                saying: Some(Some(text::short(&limit.line))),
                waits_until: Some(limit.until),
                contradicts: true,
                ..News::of(Source::Screen, Activity::Waiting)
            };
        }
        if let Some((line, _)) = screen::find(&screen, &launch.waiting) {
            return News { saying: Some(Some(text::short(line))), ..News::of(Source::Screen, Activity::Waiting) };
        }
        match engine.ports.mux.rang(&plan.socket, &pane) {
            Ok(true) => News::of(Source::Screen, Activity::Waiting),
            Ok(false) | Err(_) => News::of(Source::Process, Activity::Idle),
        }
    }

    /// The limit on its screen, unless that is an old one, or the agent itself says what else it waits for.
    fn news(
        &mut self,
        found: Option<Limit>,
        times: usize,
        row: Option<&Attempt>,
        patterns: &[String],
        now: Timestamp,
    ) -> Option<Limit> {
        let Some(limit) = found else {
            self.limit = None;
            return None;
        };
        let word = row.and_then(|row| row.doing.as_ref()).filter(|doing| doing.source == Source::Agent);
        let of_limit = |saying: &str| limit::find(saying, patterns, &Zoned::now()).is_some();
        let asks = word.is_some_and(|doing| doing.activity == Activity::Waiting)
            && !row.and_then(|row| row.saying.as_deref()).is_some_and(of_limit);
        let same = self.limit.as_ref().filter(|shown| shown.line == limit.line && times <= shown.times);
        let old = same.is_some_and(|shown| {
            shown.over
                || shown.until.is_some_and(|until| until <= now)
                || word.is_some_and(|doing| doing.since > shown.at)
        });
        if asks || old {
            return None;
        }
        // A time of day that was today's is tomorrow's a little later.
        let until = same.map_or(limit.until, |shown| shown.until);
        self.limit = Some(Shown { line: limit.line.clone(), times, until, at: now, over: false });
        Some(Limit { until, ..limit })
    }
}

/// Whether it is said to work, though not by itself, and that not just now.
fn is_said_to_work(doing: Option<&Doing>, now: Timestamp) -> bool {
    doing.is_some_and(|doing| {
        doing.activity == Activity::Working && doing.source != Source::Agent && now.since(doing.since) >= QUIET
    })
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{BUSY, Observer, SURELY, is_said_to_work};
    use crate::agent::limit::Limit;
    use crate::domain::attempt::Doing;
    use crate::domain::state::{Activity, Source, Spoken};
    use crate::domain::time::Timestamp;

    const START: Timestamp = Timestamp(1_000_000);

    fn said(activity: Activity, source: Source, since: Timestamp) -> Doing {
        Doing { activity, source, since }
    }

    #[test]
    fn an_agent_that_asks_after_long_work_is_believed_until_it_has_been_busy_for_long_again() {
        let mut observer = Observer::new();
        let (start, long) = (observer.next, SURELY * 6);
        let news = observer.busy(start, None, None, START).unwrap();
        assert_eq!(observer.busy(start, None, None, START), Some(news.clone()), "what was not told is told again");
        observer.has_told(&news);
        assert_eq!(observer.busy(start, None, None, START), None);
        let news = observer.busy(start + long, None, None, START.after(long)).unwrap();
        assert!(news.contradicts, "a minute of work is work");
        let asked = START.after(long);
        let waits = said(Activity::Waiting, Source::Agent, asked);
        assert_eq!(
            observer.busy(start + long + BUSY, Some(&waits), None, asked.after(BUSY)),
            None,
            "it draws its question"
        );
        let news = observer.busy(start + long + SURELY, Some(&waits), None, asked.after(SURELY)).unwrap();
        assert!(news.contradicts && news.saying == Some(None), "{news:?}");
    }

    #[test]
    fn what_an_agent_said_in_the_middle_of_its_work_stands_while_it_works() {
        let mut observer = Observer::new();
        let start = observer.next;
        observer.busy(start, None, None, START);
        let works = said(Activity::Working, Source::Agent, START);
        let (later, wall) = (start + SURELY, START.after(SURELY));
        let news = observer.busy(later, Some(&works), Some(Spoken::Question), wall).unwrap();
        assert_eq!((news.activity, news.saying), (Some(Activity::Working), None));
        // Where nothing but its verb tells, long work is the answer to its question.
        let waits = said(Activity::Waiting, Source::Agent, START);
        let news = observer.busy(later, Some(&waits), Some(Spoken::Question), wall).unwrap();
        assert_eq!(news.saying, Some(None));
    }

    #[test]
    fn a_question_that_was_read_off_the_screen_is_taken_back_when_the_agent_moves_again() {
        let mut observer = Observer::new();
        observer.told = Some(Activity::Waiting);
        observer.until = Some(START);
        let news = observer.busy(observer.next, None, None, START).unwrap();
        assert_eq!((news.saying, news.waits_until, news.contradicts), (Some(None), Some(None), false));
        assert_eq!(observer.limit_that_is_over(START.after(SURELY * 60)), None, "nothing is typed for it any more");
    }

    #[test]
    fn a_limit_that_the_screen_still_shows_is_over_once_the_agent_has_worked() {
        let mut observer = Observer::new();
        let limit = || Some(Limit { line: "limit reached".to_owned(), until: None });
        let later = START.after(Duration::from_hours(1));
        assert!(observer.news(limit(), 1, None, &[], START).is_some());
        assert!(observer.news(limit(), 1, None, &[], later).is_some(), "it has only been looked at again");
        observer.busy(observer.next, None, None, later);
        observer.busy(observer.next + SURELY, None, None, later);
        assert_eq!(observer.news(limit(), 1, None, &[], later), None);
        assert!(observer.news(limit(), 2, None, &[], later).is_some(), "it has been reached again");
        assert_eq!(observer.news(None, 0, None, &[], later), None);
        assert!(observer.news(limit(), 1, None, &[], later).is_some(), "the old one had scrolled away");
    }

    #[test]
    fn a_limit_that_is_looked_at_again_ends_when_it_was_to_end() {
        let mut observer = Observer::new();
        let (end, day) = (START.after(SURELY), Duration::from_hours(24));
        let limit = |until| Some(Limit { line: "resets 3pm".to_owned(), until: Some(until) });
        observer.news(limit(end), 1, None, &[], START).unwrap();
        let again = observer.news(limit(end.after(day)), 1, None, &[], START).unwrap();
        assert_eq!(again.until, Some(end));
        assert_eq!(observer.news(limit(end.after(day)), 1, None, &[], end), None, "it has ended");
    }

    #[test]
    fn silence_after_a_text_was_sent_is_told_again() {
        let works = said(Activity::Working, Source::Process, START);
        assert!(is_said_to_work(Some(&works), START.after(SURELY)));
        assert!(!is_said_to_work(Some(&works), START), "it was sent just now");
        assert!(!is_said_to_work(Some(&said(Activity::Working, Source::Agent, START)), START.after(SURELY)));
        assert!(!is_said_to_work(Some(&said(Activity::Idle, Source::Process, START)), START.after(SURELY)));
    }
}
