//! What a card says: its sign, its title, and one whole fact, broken into rows. Layout, drawing and the mouse read it.

use unicode_width::UnicodeWidthStr as _;

use super::columns::{reason, said};
use super::fold;
use super::mark::Mark;
use super::model::Model;
use super::paint::{ago, fit, span};
use crate::domain::diff::Changed;
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::engine::board::Card;
use crate::engine::survey::Overlap;

/// What is below the first row stands this far in: as far as a sign and a blank are wide.
pub const HANG: u16 = 2;
/// A title has no more rows, or one more where there is much room.
const TITLE: usize = 2;
/// A fact that is cut says at least this much of what it adds, or only its short form.
const WORTH: usize = 14;

/// A card, in rows of a width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// Above the first card of a group.
    pub heading: Option<String>,
    pub mark: Mark,
    /// `#12`.
    pub id: String,
    /// The first row begins with the id.
    pub title: Vec<String>,
    /// The first row begins with the sign.
    pub fact: Vec<String>,
}

impl Face {
    /// Its rows, and the empty one below it.
    #[must_use]
    pub fn height(&self) -> u16 {
        let rows = usize::from(self.heading.is_some()) + self.title.len() + self.fact.len() + 1;
        u16::try_from(rows).unwrap_or(u16::MAX)
    }
}

/// One thing that is known of a task: in short, and what there is to add where there is room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fact {
    short: String,
    long: Option<String>,
}

impl Fact {
    fn new(short: impl Into<String>) -> Self {
        Self { short: short.into(), long: None }
    }

    fn or(short: impl Into<String>, long: impl Into<String>) -> Self {
        Self { short: short.into(), long: Some(long.into()) }
    }
}

/// The face of a card, `width` cells wide, its fact on up to `rows` rows.
#[must_use]
pub fn face(model: &Model, card: &Card, width: u16, rows: usize) -> Face {
    let mark = Mark::of(card, model.running.contains_key(&card.task.id));
    let sign = if model.marks.contains(&card.task.id) { model.options.sign("◆", "*") } else { "#" };
    let id = format!("{sign}{}", card.task.id);
    let title =
        hang(&format!("{id} {}", bounded(&card.task.draft.title, width)), width, TITLE.max(rows.saturating_sub(1)));
    let fact = fact_rows(model, card, mark.sign(&model.options), width, rows);
    let heading = model.columns.heading(card.task.id).map(|heading| fit(heading, width));
    Face { heading, mark, id, title, fact }
}

/// The fact in the longest form that fits, and what else fits beside it.
fn fact_rows(model: &Model, card: &Card, sign: &str, width: u16, rows: usize) -> Vec<String> {
    let fact = fact(model, card);
    let whole = |text: &str| format!("{sign} {}", bounded(text, width));
    let count = |text: &str| hang(text, width, usize::MAX).len();
    let room = usize::from(width) * rows;
    let mut text = match &fact.long {
        Some(long) if count(&whole(long)) <= rows || room >= fact.short.width() + usize::from(HANG) + WORTH => {
            whole(long)
        }
        Some(_) | None => whole(&fact.short),
    };
    let taken = count(&text);
    for (extra, wanted) in extras(model, card) {
        let more = format!("{text}{}{extra}", model.options.sign(" · ", " | "));
        if count(&more) <= if wanted { rows.max(taken) } else { taken.min(rows) } {
            text = more;
        }
    }
    hang(&text, width, rows)
}

/// The one fact of a card.
fn fact(model: &Model, card: &Card) -> Fact {
    let now = model.now.wall;
    let task = &card.task;
    if let Some(act) = model.running.get(&task.id) {
        // The phase of the row is further than what was asked for here.
        return Fact::new(format!("{}…", card.activity().unwrap_or_else(|| act.going_on())));
    }
    if card.is_lost() {
        return Fact::or("lost", "lost: its agent is gone");
    }
    if let (Some(doubt), Status::InProgress) = (card.doubt(), task.status) {
        return Fact::or("unknown", format!("unknown: {}", doubt.text()));
    }
    if let Some(trouble) = card.tree_trouble() {
        return Fact::or("worktree?", trouble);
    }
    match task.status {
        Status::InProgress => at_work(card, now),
        Status::Ready => ready(model, card, now),
        Status::Review => changed(model, card).map_or_else(|| Fact::new(since(now, task.updated_at)), Fact::new),
        Status::Done => Fact::new(since(now, task.updated_at)),
        Status::Failed => {
            let short = task.cause.map_or("failed", crate::domain::state::Cause::text);
            Fact::or(short, reason(card).unwrap_or(short))
        }
    }
}

fn at_work(card: &Card, now: Timestamp) -> Fact {
    let Some((what, unit)) = doing(card, now) else { return Fact::new("starting") };
    let short = format!("{what} {unit}");
    match said(card) {
        Some(said) if card.is_waiting() => Fact::or(short.clone(), format!("{short}: {said}")),
        Some(_) | None => Fact::new(short),
    }
}

/// What its agent does, and since when.
fn doing(card: &Card, now: Timestamp) -> Option<(String, String)> {
    let attempt = &card.attempt.as_ref()?.attempt;
    let begun = attempt.started_at.unwrap_or(attempt.claimed_at);
    let since = card.doing().map_or(begun, |doing| doing.since);
    Some((card.activity_text()?, ago(now, since)))
}

fn ready(model: &Model, card: &Card, now: Timestamp) -> Fact {
    let task = &card.task;
    let why = reason(card);
    // What lost its agent is started again by the user, or by this board where that is configured.
    let by_itself = model.options.restart_lost || !card.lost_its_agent();
    if let Some(at) = task.not_before.filter(|at| *at > now && by_itself) {
        let wait = span(at.since(now).as_secs());
        let again =
            if model.options.restart_lost { format!("again in {wait}") } else { format!("held back for {wait}") };
        return match why {
            Some(why) => Fact::or(again.clone(), format!("{again}: {why}")),
            None => Fact::new(again),
        };
    }
    if !task.blocked_by.is_empty() {
        let by: Vec<String> = task.blocked_by.iter().map(|blocker| format!("#{}", blocker.said())).collect();
        return Fact::new(format!("waits for {}", by.join(" ")));
    }
    match why {
        Some(why) if card.lost_its_agent() => Fact::or("lost its agent", format!("lost its agent: {why}")),
        Some(why) => Fact::or("tried before", why),
        None if task.draft.priority != 0 => Fact::new(format!("priority {}", task.draft.priority)),
        None => Fact::new(format!("added {}", since(now, task.created_at))),
    }
}

fn since(now: Timestamp, then: Timestamp) -> String {
    format!("{} ago", ago(now, then))
}

/// How much its work adds and removes, and how much of that is in no commit.
fn changed(model: &Model, card: &Card) -> Option<String> {
    let (_, changed) = model.measured.get(&card.task.id)?;
    let changed = changed.filter(|changed| *changed != Changed::default())?;
    Some(changed.text(model.options.sign("−", "-")))
}

/// What else is worth a word, the most wanted first; and whether that may take a row of its own.
fn extras(model: &Model, card: &Card) -> Vec<(String, bool)> {
    let task = &card.task;
    let now = model.now.wall;
    let mut extras = Vec::new();
    if card.is_live() && task.status != Status::InProgress {
        extras.push(("agent still there".to_owned(), true));
    }
    if let (Some(pull), Status::Review | Status::Done) = (&task.pull, task.status) {
        extras.push((format!("PR {}: {}", pull.number, pull.said), true));
    }
    extras.extend(remarks(model, card).into_iter().map(|remark| (remark.short, true)));
    if task.archived {
        extras.push(("archived".to_owned(), true));
    }
    if model.shown.repo.is_none()
        && let Some(name) = task.draft.repo.file_name()
    {
        extras.push((text::line(&name.to_string_lossy()), true));
    }
    if let Some(until) = card.limit_until(now) {
        extras.push((format!("limit ends in {}", span(until.since(now).as_secs())), true));
    }
    match task.status {
        Status::InProgress => {
            extras.extend(changed(model, card).map(|changed| (changed, false)));
            extras.extend(said(card).filter(|_| !card.is_waiting()).map(|said| (text::line(said), false)));
        }
        Status::Review => extras.extend(changed(model, card).map(|_| (since(now, task.updated_at), false))),
        Status::Ready | Status::Done | Status::Failed => {}
    }
    extras
}

/// What is not a task's state, and yet is looked at before its work is taken: in short, and with the names.
fn remarks(model: &Model, card: &Card) -> Vec<Fact> {
    let id = card.task.id;
    let met = || model.overlaps.iter().filter_map(|overlap| Some((overlap.with(id)?, overlap)));
    let (clashing, meeting): (Vec<_>, Vec<_>) = met().partition(|(_, overlap)| !overlap.conflicts.is_empty());
    let others =
        |them: &[(TaskId, &Overlap)]| them.iter().map(|(other, _)| format!("#{other}")).collect::<Vec<_>>().join(", ");
    let mut remarks = Vec::new();
    if !clashing.is_empty() {
        let named = clashing.iter().map(|(other, overlap)| format!("#{other} in {}", text::line(&overlap.named())));
        let named = named.collect::<Vec<_>>().join("; ");
        remarks.push(Fact::or(format!("conflicts with {}", others(&clashing)), format!("conflicts with {named}")));
    }
    let touched = card.attempt.as_ref().map_or(&[][..], |seen| seen.attempt.touched.as_slice());
    if !touched.is_empty() && matches!(card.task.status, Status::Review | Status::Failed) {
        let files = if touched.len() == 1 { "1 file".to_owned() } else { format!("{} files", touched.len()) };
        let long = format!("written in your checkout while it ran: {}", text::line(&touched.join(", ")));
        remarks.push(Fact::or(format!("{files} in your checkout"), long));
    }
    if !meeting.is_empty() {
        let named = meeting.iter().map(|(other, overlap)| format!("{} with #{other}", text::line(&overlap.named())));
        let named = named.collect::<Vec<_>>().join("; ");
        remarks.push(Fact::or(format!("shares files with {}", others(&meeting)), format!("shares {named}")));
    }
    remarks
}

/// What the pane says of a task above each of its tabs, the most important first.
#[must_use]
pub fn standing(model: &Model, card: &Card) -> Vec<String> {
    let task = &card.task;
    let now = model.now.wall;
    let state = match task.status {
        Status::InProgress if card.is_lost() || card.doubt().is_some() => fact(model, card).short,
        Status::InProgress => doing(card, now).map_or("starting".to_owned(), |(what, unit)| format!("{what} {unit}")),
        Status::Ready => ready(model, card, now).short,
        Status::Review => format!("in review for {}", ago(now, task.updated_at)),
        Status::Done => format!("done {}", since(now, task.updated_at)),
        Status::Failed => format!("failed {}", since(now, task.updated_at)),
    };
    let attempt = (task.attempts > 0).then(|| format!("attempt {}", task.attempts));
    let branch = card.attempt.as_ref().map(|seen| seen.attempt.plan.branch.clone());
    let facts = [attempt, changed(model, card), Some(task.draft.agent.clone()), branch];
    let remarks = remarks(model, card).into_iter().filter_map(|remark| remark.long);
    std::iter::once(state).chain(facts.into_iter().flatten()).chain(remarks).collect()
}

/// Text on rows, those below the first [`HANG`] cells narrower; what does not fit on the last one is cut.
fn hang(line: &str, width: u16, rows: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = Some(line);
    while let Some(line) = rest.take() {
        let room = if out.is_empty() { width } else { width.saturating_sub(HANG) };
        if out.len() + 1 == rows {
            out.push(fit(line, room));
            break;
        }
        let (row, more) = fold::first(line, usize::from(room).max(1));
        out.push(row.to_owned());
        rest = more;
    }
    out
}

/// As much of an untrusted text as a card can show, on one line.
fn bounded(untrusted: &str, width: u16) -> String {
    let enough = usize::from(width).saturating_mul(4).saturating_add(64);
    text::line(&untrusted.chars().take(enough).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{face, standing};
    use crate::domain::id::TaskId;
    use crate::domain::state::{Activity, Cause, Phase, Source, Status};
    use crate::domain::time::Timestamp;
    use crate::engine::board::Card;
    use crate::engine::survey::{Found, Overlap};
    use crate::tui::msg::Msg;
    use crate::tui::tests::support::{NOON, Screen, doing, live, titled};

    fn facts(card: &Card, width: u16, rows: usize) -> Vec<String> {
        face(&Screen::new(80, 24).model, card, width, rows).fact
    }

    #[test]
    fn a_fact_is_whole_or_worth_reading() {
        let mut card = live(1, "a task", Phase::Running, 3);
        doing(&mut card, Activity::Waiting, Source::Agent, Some("Keep the old column, or drop it?"));
        assert_eq!(facts(&card, 15, 1), ["? waiting 2m"], "no stub of a question");
        assert_eq!(facts(&card, 15, 2), ["? waiting 2m:", "Keep the old…"]);
        assert_eq!(facts(&card, 30, 2), ["? waiting 2m: Keep the old", "column, or drop it?"]);
        let mut card = titled(1, Status::Failed, "a task");
        card.task.cause = Some(Cause::NoOutput);
        card.task.reason = Some("it ended without a change".to_owned());
        assert_eq!(facts(&card, 15, 1), ["✖ no-output"]);
        assert_eq!(facts(&card, 40, 1), ["✖ it ended without a change"]);
    }

    #[test]
    fn a_task_that_lost_its_agent_is_no_new_one() {
        let mut card = titled(1, Status::Ready, "a task");
        assert!(facts(&card, 30, 1)[0].starts_with('○'));
        card.task.attempts = 1;
        card.task.cause = Some(Cause::OrphanServer);
        card.task.reason = Some("the tmux server went away".to_owned());
        assert_eq!(facts(&card, 42, 1), ["↻ lost its agent: the tmux server went aw…"]);
        assert_eq!(facts(&card, 18, 1), ["↻ lost its agent"]);
        card.task.not_before = Some(Timestamp(NOON.0 + 60_000));
        assert_eq!(facts(&card, 18, 1), ["↻ lost its agent"], "no time is promised at which nothing happens");
        let mut screen = Screen::new(80, 24);
        std::sync::Arc::make_mut(&mut screen.model.options).restart_lost = true;
        assert_eq!(face(&screen.model, &card, 18, 1).fact, ["↻ again in 1m"]);
    }

    #[test]
    fn what_was_written_in_the_users_checkout_is_on_the_card() {
        let mut card = live(1, "a task", Phase::Exited, 3);
        card.task.status = Status::Review;
        card.attempt.as_mut().unwrap().attempt.touched = vec!["a.txt".to_owned(), "b.txt".to_owned()];
        let said = facts(&card, 60, 1);
        assert!(said[0].ends_with("2 files in your checkout"), "{said:?}");
        let pane = standing(&Screen::new(80, 24).model, &card);
        assert_eq!(pane.last().unwrap(), "written in your checkout while it ran: a.txt, b.txt");
    }

    #[test]
    fn works_that_meet_are_on_both_cards() {
        let mut screen = Screen::new(80, 24);
        let overlap = |conflicts: &[&str]| Overlap {
            tasks: [TaskId(1), TaskId(2)],
            files: ["a.rs", "b.rs"].map(Into::into).to_vec(),
            conflicts: conflicts.iter().map(Into::into).collect(),
        };
        let cards = [1, 2].map(|id| live(id, "a task", Phase::Running, 3));
        for (conflicts, short, long) in [
            (&[][..], ["shares files with #2", "shares files with #1"], "shares a.rs, b.rs with #2"),
            (&["b.rs"], ["conflicts with #2", "conflicts with #1"], "conflicts with #2 in b.rs"),
        ] {
            screen.tell(Msg::Surveyed(Found { changed: Vec::new(), overlaps: vec![overlap(conflicts)] }));
            for (card, short) in cards.iter().zip(short) {
                let said = face(&screen.model, card, 60, 1).fact;
                assert!(said[0].ends_with(short), "{said:?}");
            }
            assert_eq!(standing(&screen.model, &cards[0]).last().unwrap(), long);
            assert!(facts(&titled(3, Status::Review, "another"), 60, 1)[0].len() < 12);
        }
    }

    #[test]
    fn a_title_hangs_below_its_id() {
        let card = titled(12, Status::Ready, "Write the migration for the orders of last year");
        let face = face(&Screen::new(80, 24).model, &card, 18, 1);
        assert_eq!(face.title, ["#12 Write the", "migration for t…"]);
        assert_eq!(face.height(), 4);
    }
}
