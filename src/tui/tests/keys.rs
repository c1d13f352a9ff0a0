//! Every key is given to something else: then no screen, overlay or message names one of the table's.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::mem::discriminant;
use std::path::PathBuf;

use super::support::{Screen, card, glance, live, titled};
use crate::domain::diff::Change;
use crate::domain::id::TaskId;
use crate::domain::state::{Phase, Status};
use crate::engine::board::Card;
use crate::engine::review::Bounced;
use crate::engine::tasks::Removed;
use crate::engine::{Fault, Kind, Remedy};
use crate::tui::keymap::{BINDINGS, Context, Control, Intent, Key, Keymap, NAMES, Simple, binding};
use crate::tui::model::Tone;
use crate::tui::msg::{Act, Answer, Bar, Content, Done, Msg, Report, Saved, Tab};
use crate::tui::overlay::Overlay;
use crate::tui::words;

/// A key of its own for each binding, none of which the table knows.
fn remapped() -> BTreeMap<String, Vec<String>> {
    let functions = (1..=12).map(|number| format!("f{number}"));
    let prefixes = ["", "ctrl-", "alt-", "shift-", "ctrl-alt-", "ctrl-shift-", "alt-shift-", "ctrl-alt-shift-"];
    let keys = prefixes.iter().flat_map(|prefix| functions.clone().map(move |key| format!("{prefix}{key}")));
    let letters = |prefix: &'static str| ('a'..='z').map(move |letter| format!("{prefix}{letter}"));
    let keys = keys.chain(letters("ctrl-alt-")).chain(letters("alt-"));
    let own: BTreeMap<_, _> = BINDINGS.iter().zip(keys).map(|(row, key)| (row.name.to_owned(), vec![key])).collect();
    assert_eq!(own.len(), BINDINGS.len(), "more keys are needed");
    own
}

fn tasks() -> Vec<Card> {
    let mut review = titled(4, Status::Review, "to look at");
    review.task.attempts = 1;
    vec![
        card(1, Status::Ready),
        live(3, "runs", Phase::Running, 1),
        review,
        card(5, Status::Done),
        card(6, Status::Failed),
    ]
}

/// A screen on which only such keys mean something, and what was seen on it.
struct Looker {
    screen: Screen,
    own: BTreeMap<String, Vec<String>>,
    overlays: HashSet<std::mem::Discriminant<Overlay>>,
    stale: BTreeSet<String>,
}

impl Looker {
    fn new(columns: u16, rows: u16, cards: Vec<Card>) -> Self {
        let own = remapped();
        let mut screen = Screen::with_keys(columns, rows, Keymap::new(&own));
        screen.load(cards);
        let mut looker = Self { screen, own, overlays: HashSet::new(), stale: BTreeSet::new() };
        looker.look("the board");
        looker
    }

    fn press(&mut self, key: &str, what: &str) {
        assert!(!key.is_empty(), "{what} has no key");
        self.screen.tell(Msg::Key(Key::parse(key).unwrap().event()));
        self.look(what);
    }

    /// Presses the key in force of something on the board.
    fn intent(&mut self, intent: Intent) {
        let key = self.own[binding(intent).name][0].clone();
        self.press(&key, &format!("after {intent:?}"));
    }

    /// Presses the key in force of something in an overlay.
    fn over(&mut self, context: Context, control: Control) {
        let key = self.screen.model.options.keymap.over(context, control).to_owned();
        self.press(&key, &format!("after {control:?} in {context:?}"));
    }

    fn answer(&mut self, answer: Answer) {
        self.screen.answer(answer);
        self.look("an answer");
    }

    /// Looks for what the table calls a key: as a word of its own, and in what is drawn as a key.
    fn look(&mut self, what: &str) {
        self.overlays.extend(self.screen.model.overlay.as_ref().map(discriminant));
        let text = self.screen.text();
        let table: HashSet<&str> = BINDINGS.iter().flat_map(|row| row.keys).copied().collect();
        // What a row says it does may use the words, and the palette shows names that are words for keys.
        let said: HashSet<&str> = BINDINGS.iter().flat_map(|row| row.what.split(' ')).chain(NAMES).collect();
        let harmless = |word: &str| word.len() > 1 && said.contains(word);
        let counts = |word: &str| matches!(word, "?" | "1" | "2" | "3" | "4" | "5");
        // A box that lies over the board cuts words: what touches its border is not looked at.
        let words = text.split([' ', '\n', '·', '(', ')', ',', ';']).map(|word| word.trim_end_matches([':', '.']));
        let stale = words.filter(|word| table.contains(word) && !counts(word) && !harmless(word));
        self.stale.extend(stale.map(|word| format!("{word:?} on {what}")));
        let own: HashSet<&String> = self.own.values().flatten().collect();
        let drawn = self.screen.shown_keys().into_iter().filter(|key| !own.contains(key));
        self.stale.extend(drawn.map(|key| format!("{key:?} drawn as a key on {what}")));
    }

    fn end(self) -> HashSet<std::mem::Discriminant<Overlay>> {
        assert!(self.stale.is_empty(), "{:#?}\n{}", self.stale, self.screen.text());
        self.overlays
    }
}

/// Opens everything that can lie over the board, one after another.
fn open_everything(looker: &mut Looker) {
    let close = |looker: &mut Looker| looker.over(Context::Over, Control::Close);
    looker.intent(Intent::Help);
    looker.over(Context::Help, Control::PageDown);
    looker.over(Context::Menu, Control::Down);
    close(looker);
    looker.intent(Intent::Palette);
    looker.over(Context::Palette, Control::Down);
    close(looker);
    looker.intent(Intent::New);
    for _ in 0..11 {
        looker.over(Context::Form, Control::Next);
    }
    looker.screen.keys("\"words\"");
    close(looker);
    assert!(looker.screen.text().contains("would be lost"));
    close(looker);
    looker.intent(Intent::Edit);
    close(looker);
    looker.intent(Intent::Remove);
    looker.answer(Answer::Losses { tasks: vec![TaskId(1)], lines: vec!["its work".to_owned()] });
    looker.over(Context::Question, Control::No);
    looker.intent(Intent::Reconcile);
    close(looker);
    looker.intent(Intent::Chart);
    let at = looker.screen.model.now.wall;
    let bar =
        Bar { task: TaskId(1), title: "task 1".to_owned(), number: 1, from: at, to: None, word: "running", good: true };
    looker.answer(Answer::Chart(vec![bar]));
    close(looker);
    looker.intent(Intent::Filter);
    looker.screen.keys("\"task\"");
    looker.look("a filter that is typed");
    looker.over(Context::Filter, Control::Choose);
    looker.intent(Intent::NextMatch);
    looker.intent(Intent::Clear);
    looker.intent(Intent::Arrange);
    for control in [Control::Sort, Control::Group, Control::Archived, Control::Everywhere] {
        looker.over(Context::Arrange, control);
    }
    looker.over(Context::Menu, Control::Down);
    close(looker);
    looker.intent(Intent::InProgress);
    looker.intent(Intent::Zoom);
    looker.look("a pane on the whole screen");
    looker.intent(Intent::Find);
    looker.screen.keys("\"words\"");
    looker.over(Context::Filter, Control::Choose);
    looker.look("a search in the pane");
    looker.intent(Intent::NextFound);
    looker.intent(Intent::Clear);
    looker.intent(Intent::Clear);
    looker.intent(Intent::Type);
    close(looker);
    looker.intent(Intent::Stop);
    close(looker);
    looker.intent(Intent::Review);
    looker.intent(Intent::Diff);
    let work = glance(&[("some.rs", Change::Modified, "@@ -1 +1 @@\n-came\n+went\n")]);
    super::diffs::answer_with(&mut looker.screen, work);
    looker.look("a diff");
    for control in [Control::NextFile, Control::NextHunk, Control::MarkHunk, Control::Part, Control::Files] {
        looker.over(Context::Diff, control);
    }
    looker.over(Context::Diff, Control::Files);
    looker.over(Context::Diff, Control::Bottom);
    for opens in [Control::Comment, Control::Comments] {
        looker.over(Context::Diff, opens);
        close(looker);
    }
    looker.over(Context::Diff, Control::Search);
    looker.screen.keys("\"words\"");
    looker.over(Context::Filter, Control::Choose);
    looker.over(Context::Diff, Control::Close);
    looker.over(Context::Diff, Control::Close);
    looker.intent(Intent::PullFeedback);
    for opens in [Intent::Pull, Intent::Bounce] {
        looker.intent(opens);
        close(looker);
    }
    looker.intent(Intent::Done);
    looker.intent(Intent::Failed);
    looker.intent(Intent::Retry);
    looker.over(Context::Retry, Control::WithNote);
    looker.over(Context::Retry, Control::WithChanges);
    close(looker);
    assert!(looker.screen.model.overlay.is_none());
    looker.intent(Intent::Mark);
    looker.intent(Intent::Clear);
    looker.intent(Intent::Failed);
    let next = vec![Intent::Retry, Intent::Bounce, Intent::Shell, Intent::Remove];
    let content = Content::Report(Report { facts: Vec::new(), next, saved: Saved::Nothing });
    let task = looker.screen.model.columns.selected().unwrap();
    looker.screen.model.detail.tab = Some(Tab::Report);
    looker.screen.tell(Msg::Detailed { task, tab: Tab::Report, content });
    looker.look("a report");
    let key = looker.own["retry"][0].clone();
    assert!(looker.screen.text().contains(&format!("{key} retry")), "{}", looker.screen.text());
    for _ in 0..5 {
        looker.intent(Intent::Tab);
    }
}

fn removed(place: &str) -> Removed {
    Removed { parked: vec![PathBuf::from(place)], said: Vec::new(), left: Vec::new() }
}

/// One of each thing that an act can come to.
fn outcomes() -> Vec<Done> {
    let task = TaskId(4);
    vec![
        Done::Added(task),
        Done::Saved(task),
        Done::Started { task, session: "ganger-4".to_owned() },
        Done::Pulled { task, url: "https://forge/7".to_owned(), is_new: true },
        Done::Filled { started: 1, of: 3, stopped: Some("the limit is reached".to_owned()) },
        Done::Retried { task, number: 2, notes: Vec::new() },
        Done::Verifying(task),
        Done::Bounced(task, Bounced::Taken, 2),
        Done::Commented(task, "f:3 commented on".to_owned()),
        Done::Stopped(task),
        Done::Approved(task),
        Done::Simple(task, Simple::Reopen),
        Done::Simple(task, Simple::Archive),
        Done::Removed { task, removed: removed("/trees/.trash/4") },
        Done::Undone { task, what: "task 4 is back".to_owned() },
        Done::Sent(task),
        Done::Interrupted(task),
        Done::Reconciled(Vec::new()),
    ]
}

#[test]
fn a_key_of_ones_own_is_shown_wherever_a_key_is_shown() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut looker = Looker::new(columns, rows, tasks());
        open_everything(&mut looker);
        for done in outcomes() {
            looker.screen.model.say(Tone::Good, words::done(&done));
            looker.look(&format!("{done:?}"));
        }
        looker.intent(Intent::Ready);
        looker.intent(Intent::Start);
        looker.intent(Intent::Quit);
        let fault = Fault::new(Kind::Conflict, "task 1 is in progress");
        looker.screen.tell(Msg::Acted { act: Act::Dispatch { task: TaskId(1) }, outcome: Err(fault) });
        looker.look("a fault");
        assert_eq!(looker.end().len(), 12, "every kind of overlay was looked at");
        Looker::new(columns, rows, Vec::new()).end();
    }
}

#[test]
fn a_fault_offers_a_key_where_there_is_one_and_never_a_command_for_it() {
    let task = TaskId(1);
    let remedies = [
        (Remedy::Show(task), "timeline"),
        (Remedy::Log(task), "timeline"),
        (Remedy::Attach(task), "open"),
        (Remedy::Dispatch(task), "dispatch"),
        (Remedy::Retry(task), "retry"),
        (Remedy::RetryFresh(task), "retry"),
        (Remedy::Send(task), "type"),
        (Remedy::Reopen(task), "reopen"),
        (Remedy::Bounce(task), "bounce"),
        (Remedy::EditPrompt(task), "edit"),
        (Remedy::EditVerify(task), "edit"),
        (Remedy::Stop(task), "stop"),
        (Remedy::RemoveWithStop(task), "stop"),
        (Remedy::ArchiveWithStop(task), "stop"),
        (Remedy::Reconcile, "reconcile"),
        (Remedy::Wait, ""),
        (Remedy::Events, ""),
        (Remedy::ListAll, ""),
    ];
    let own = remapped();
    for (remedy, name) in remedies {
        let mut screen = Screen::with_keys(120, 40, Keymap::new(&own));
        screen.load(tasks());
        let fault = Fault::new(Kind::Conflict, "it can't be done").hint(remedy);
        screen.tell(Msg::Acted { act: Act::Simple { task, act: Simple::Archive }, outcome: Err(fault) });
        let foot = |screen: &Screen| screen.text().trim_end().lines().last().unwrap().to_owned();
        let said = foot(&screen);
        assert!(said.contains("it can't be done") && !said.contains("ganger") && !said.contains("--"), "{said}");
        if let Some(keys) = own.get(name) {
            assert!(said.contains(&format!("{} {name}", keys[0])), "{remedy:?}: {said}");
            let about_a_task = remedy != Remedy::Reconcile;
            screen.keys("");
            screen.model.columns.go_to(TaskId(3));
            assert_ne!(foot(&screen).contains(name), about_a_task, "the key would be about another task");
        }
    }
}

#[test]
fn undo_is_offered_with_its_own_key() {
    let mut screen = Screen::with_keys(80, 24, Keymap::new(&remapped()));
    screen.load(tasks());
    let place = format!("/trees/.trash/{}", "long/".repeat(40));
    let deleted = Done::Removed { task: TaskId(4), removed: removed(&place) };
    screen.tell(Msg::Acted { act: Act::Remove { task: TaskId(4), stop: false }, outcome: Ok(deleted) });
    let key = remapped()["undo"][0].clone();
    assert!(screen.text().contains(&format!("· {key} undo")), "{}", screen.text());
}

#[test]
fn the_keys_of_the_table_mean_nothing_once_they_are_given_away() {
    let mut screen = Screen::with_keys(120, 40, Keymap::new(&remapped()));
    screen.load(tasks());
    let before = screen.text();
    for key in BINDINGS.iter().flat_map(|row| row.keys) {
        screen.keys(key);
        assert!(screen.cmds.is_empty() && screen.text() == before, "{key}");
    }
}
