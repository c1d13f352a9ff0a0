//! The one table of keys: lookup, footer, help, palette, README and a person's own keys all read it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key, a click or a line of the palette means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Intent {
    Left,
    Down,
    Up,
    Right,
    Top,
    Bottom,
    PageUp,
    PageDown,
    Ready,
    InProgress,
    Review,
    Done,
    Failed,
    New,
    Compose,
    Edit,
    Start,
    StartAll,
    Mark,
    Open,
    View,
    Tab,
    ScrollUp,
    ScrollDown,
    Type,
    Diff,
    Approve,
    Reopen,
    Bounce,
    Retry,
    Stop,
    Shell,
    NextNeedy,
    PreviousNeedy,
    Timeline,
    Delete,
    Archive,
    Undo,
    Reconcile,
    Filter,
    NextMatch,
    PreviousMatch,
    Clear,
    Chart,
    Palette,
    Help,
    Quit,
}

/// When a row of the table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    Always,
    /// While the board is filtered: such a row goes before those that always hold.
    Filtered,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    pub intent: Intent,
    pub when: When,
    /// Its name in the configuration's `[keys]` and in the palette.
    pub name: &'static str,
    /// As in the configuration: `g`, `G`, `ctrl-u`, `space`, `enter`.
    pub keys: &'static [&'static str],
    pub what: &'static str,
}

const fn row(intent: Intent, name: &'static str, keys: &'static [&'static str], what: &'static str) -> Binding {
    Binding { intent, when: When::Always, name, keys, what }
}

const fn filtered(intent: Intent, name: &'static str, keys: &'static [&'static str], what: &'static str) -> Binding {
    Binding { intent, when: When::Filtered, name, keys, what }
}

/// Every binding, in the order of the help.
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    row(Intent::Left, "left", &["h", "left"], "column to the left"),
    row(Intent::Down, "down", &["j", "down"], "next task"),
    row(Intent::Up, "up", &["k", "up"], "previous task"),
    row(Intent::Right, "right", &["l", "right"], "column to the right"),
    row(Intent::Top, "top", &["g", "home"], "first task of the column"),
    row(Intent::Bottom, "bottom", &["G", "end"], "last task of the column"),
    row(Intent::PageUp, "page-up", &["ctrl-u", "pageup"], "half a page up"),
    row(Intent::PageDown, "page-down", &["ctrl-d", "pagedown"], "half a page down"),
    row(Intent::Ready, "ready", &["1"], "go to Ready"),
    row(Intent::InProgress, "in-progress", &["2"], "go to In progress"),
    row(Intent::Review, "review", &["3"], "go to Review"),
    row(Intent::Done, "done", &["4"], "go to Done"),
    row(Intent::Failed, "failed", &["5"], "go to Failed"),
    row(Intent::New, "new", &["n", "o"], "new task"),
    row(Intent::Compose, "compose", &["N"], "new task, prompt written in $EDITOR"),
    row(Intent::Edit, "edit", &["e"], "edit the task"),
    row(Intent::Start, "dispatch", &["s"], "start the task, or the marked ones"),
    row(Intent::StartAll, "dispatch-all", &["S"], "start all that fit"),
    row(Intent::Mark, "mark", &["space"], "mark for an action on several"),
    row(Intent::Open, "open", &["enter"], "details, attach, or failure report"),
    row(Intent::View, "view", &["p"], "show or hide the detail pane"),
    row(Intent::Tab, "tab", &["tab"], "next tab of the detail pane"),
    row(Intent::ScrollUp, "scroll-up", &["K", "shift-up"], "scroll the detail pane up"),
    row(Intent::ScrollDown, "scroll-down", &["J", "shift-down"], "scroll the detail pane down"),
    row(Intent::Type, "type", &["i"], "type a line to the agent"),
    row(Intent::Diff, "diff", &["d"], "its work against the base"),
    row(Intent::Approve, "approve", &["v"], "approve"),
    row(Intent::Bounce, "bounce", &["b"], "send it back with feedback"),
    row(Intent::Reopen, "reopen", &["V"], "back from Done to Review"),
    row(Intent::Retry, "retry", &["r"], "retry: resume, fresh, with a note"),
    row(Intent::Stop, "stop", &["x"], "stop the agent"),
    row(Intent::Shell, "shell", &["t"], "shell in the worktree"),
    row(Intent::NextNeedy, "next-needy", &["w"], "next task that needs me"),
    row(Intent::PreviousNeedy, "previous-needy", &["W"], "previous task that needs me"),
    row(Intent::Timeline, "timeline", &["L"], "timeline and saved screen"),
    row(Intent::Delete, "delete", &["D"], "delete, its work parked"),
    row(Intent::Archive, "archive", &["z"], "archive"),
    row(Intent::Undo, "undo", &["u"], "undo the last approve, archive or delete"),
    row(Intent::Reconcile, "reconcile", &["R"], "reconcile now"),
    row(Intent::Filter, "filter", &["/"], "filter"),
    filtered(Intent::NextMatch, "next-match", &["n"], "while filtered: next match in any column"),
    filtered(Intent::PreviousMatch, "previous-match", &["N"], "while filtered: previous match"),
    row(Intent::Clear, "clear", &["esc"], "clear filter and marks, close"),
    row(Intent::Chart, "chart", &["T"], "attempts over time"),
    row(Intent::Palette, "palette", &[":", "ctrl-p"], "command palette"),
    row(Intent::Help, "help", &["?"], "help"),
    row(Intent::Quit, "quit", &["q", "ctrl-c"], "quit; the agents keep running"),
];

/// The names of the bindings, in the table's order.
pub const NAMES: [&str; BINDINGS.len()] = {
    let mut names = [""; BINDINGS.len()];
    let mut row = 0;
    while row < BINDINGS.len() {
        names[row] = BINDINGS[row].name;
        row += 1;
    }
    names
};

/// Whether two bindings hold at the same time, so that one key can't be for both.
#[must_use]
pub fn meet(one: &str, other: &str) -> bool {
    let when = |name| BINDINGS.iter().find(|binding| binding.name == name).map(|binding| binding.when);
    one != other && when(one) == when(other)
}

/// The row of an intent.
#[must_use]
pub fn binding(intent: Intent) -> &'static Binding {
    // Every intent has a row: a test holds the table to it.
    BINDINGS.iter().find(|binding| binding.intent == intent).unwrap_or(&BINDINGS[0])
}

/// A key as it is looked up: shift is in the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Key {
    /// The key of an event.
    #[must_use]
    pub fn of(event: KeyEvent) -> Self {
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        if matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Self { code: event.code, modifiers }
    }

    /// Reads a key as the configuration writes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        for (prefix, modifier) in
            [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)]
        {
            if let Some(after) = rest.strip_prefix(prefix).filter(|after| !after.is_empty()) {
                modifiers |= modifier;
                rest = after;
            }
        }
        let mut letters = rest.chars();
        let code = match (rest, letters.next(), letters.next()) {
            ("space", ..) => KeyCode::Char(' '),
            ("enter", ..) => KeyCode::Enter,
            ("esc", ..) => KeyCode::Esc,
            ("tab", ..) => KeyCode::Tab,
            ("backspace", ..) => KeyCode::Backspace,
            ("delete", ..) => KeyCode::Delete,
            ("left", ..) => KeyCode::Left,
            ("right", ..) => KeyCode::Right,
            ("up", ..) => KeyCode::Up,
            ("down", ..) => KeyCode::Down,
            ("home", ..) => KeyCode::Home,
            ("end", ..) => KeyCode::End,
            ("pageup", ..) => KeyCode::PageUp,
            ("pagedown", ..) => KeyCode::PageDown,
            (_, Some(letter), None) => KeyCode::Char(letter),
            (name, ..) => KeyCode::F(name.strip_prefix('f')?.parse().ok().filter(|number| (1..=12).contains(number))?),
        };
        Some(Self { code, modifiers })
    }
}

/// The keys in force.
#[derive(Clone, Debug)]
pub struct Keymap {
    intents: HashMap<(When, Key), Intent>,
    /// As written, for showing; an intent that is not here has no key.
    written: BTreeMap<Intent, Vec<String>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::new(&BTreeMap::new())
    }
}

impl Keymap {
    /// The table's keys, those of `own` (name of the binding, its keys) instead of it where given. A key that a
    /// person gives to something is taken away from what the table gave it to. Names and keys that are none are
    /// refused where the configuration is read.
    #[must_use]
    pub fn new(own: &BTreeMap<String, Vec<String>>) -> Self {
        let given: Vec<Key> = own.values().flatten().filter_map(|key| Key::parse(key)).collect();
        let mut map = Self { intents: HashMap::new(), written: BTreeMap::new() };
        for binding in BINDINGS {
            let keys: Vec<String> = match own.get(binding.name) {
                Some(keys) => keys.clone(),
                None => binding
                    .keys
                    .iter()
                    .filter(|key| Key::parse(key).is_some_and(|key| !given.contains(&key)))
                    .map(|key| (*key).to_owned())
                    .collect(),
            };
            for key in keys.iter().filter_map(|key| Key::parse(key)) {
                map.intents.insert((binding.when, key), binding.intent);
            }
            map.written.insert(binding.intent, keys);
        }
        map
    }

    /// What a key means.
    #[must_use]
    pub fn intent(&self, event: KeyEvent, filtered: bool) -> Option<Intent> {
        let key = Key::of(event);
        let special = if filtered { self.intents.get(&(When::Filtered, key)) } else { None };
        special.or_else(|| self.intents.get(&(When::Always, key))).copied()
    }

    /// The first key of an intent, as written; empty where it has none.
    #[must_use]
    pub fn key(&self, intent: Intent) -> &str {
        self.written.get(&intent).and_then(|keys| keys.first()).map_or("", String::as_str)
    }

    /// All keys of an intent, as written.
    #[must_use]
    pub fn keys(&self, intent: Intent) -> String {
        self.written.get(&intent).map(|keys| keys.join(" ")).unwrap_or_default()
    }
}

/// The key table as Markdown, for the README.
#[must_use]
pub fn markdown() -> String {
    let mut table = "| key | what |\n|---|---|\n".to_owned();
    for binding in BINDINGS {
        let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
        // Writing to a string can't fail.
        writeln!(table, "| {} | {} |", keys.join(" "), binding.what).unwrap_or_default();
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::{BINDINGS, Intent, Key, Keymap, binding};

    #[test]
    fn every_key_is_readable_and_means_one_thing() {
        let mut seen = HashSet::new();
        for binding in BINDINGS {
            for key in binding.keys {
                let key = Key::parse(key).unwrap();
                assert!(seen.insert((binding.when, key)), "{key:?} of {} means two things", binding.name);
            }
        }
        assert_eq!(binding(Intent::Quit).name, "quit");
    }

    #[test]
    fn nothing_that_destroys_is_on_a_bare_lower_case_letter() {
        assert!(binding(Intent::Delete).keys.iter().all(|key| key.chars().all(char::is_uppercase)));
    }

    #[test]
    fn a_key_of_ones_own_replaces_the_tables() {
        let own = BTreeMap::from([("dispatch".to_owned(), vec!["x".to_owned(), "f5".to_owned()])]);
        let map = Keymap::new(&own);
        let press = |code| KeyEvent::new(code, KeyModifiers::NONE);
        assert_eq!(map.intent(press(KeyCode::Char('x')), false), Some(Intent::Start));
        assert_eq!(map.intent(press(KeyCode::F(5)), false), Some(Intent::Start));
        assert_eq!(map.intent(press(KeyCode::Char('s')), false), None);
        assert_eq!((map.key(Intent::Start), map.key(Intent::Stop)), ("x", ""));
    }

    #[test]
    fn n_is_a_new_task_or_the_next_match() {
        let n = KeyEvent::new(KeyCode::Char('n'), KeyModifiers::NONE);
        assert_eq!(Keymap::default().intent(n, false), Some(Intent::New));
        assert_eq!(Keymap::default().intent(n, true), Some(Intent::NextMatch));
    }

    #[test]
    fn shift_is_in_the_letter() {
        let event = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Keymap::default().intent(event, false), Some(Intent::Bottom));
        let event = KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!(Keymap::default().intent(event, false), Some(Intent::PageUp));
    }
}
