//! The one table of keys: lookup, footer, help, palette, README, messages and a person's own keys all read it.

mod key;
mod table;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use crossterm::event::KeyEvent;

pub use key::Key;
pub use table::{BINDINGS, Binding, Context, Control, Intent, NAMES, Simple, binding, named, rows};

/// Whether one key can't be for both of two bindings.
#[must_use]
pub fn clash(one: &str, other: &str) -> bool {
    let context = |name| named(name).map(|binding| binding.context);
    one != other && context(one) == context(other)
}

/// The keys in force.
#[derive(Clone, Debug)]
pub struct Keymap {
    intents: HashMap<(Context, Key), Intent>,
    /// As written, for showing; what is not here has no key.
    written: BTreeMap<(Context, Intent), Vec<String>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::new(&BTreeMap::new())
    }
}

impl Keymap {
    /// The table's keys, those of `own` (name of the binding, its keys) instead of it where given. A key that a
    /// person gives to something is taken away from what the table gave it to, wherever both could be meant. Names
    /// and keys that are none are refused where the configuration is read.
    #[must_use]
    pub fn new(own: &BTreeMap<String, Vec<String>>) -> Self {
        let given: Vec<(Context, Key)> = own
            .iter()
            .filter_map(|(name, keys)| named(name).map(|binding| (binding.context, keys)))
            .flat_map(|(context, keys)| keys.iter().filter_map(move |key| Some((context, Key::parse(key)?))))
            .collect();
        let taken = |context: Context, key: &str| {
            let key = Key::parse(key);
            given.iter().any(|(other, given)| Some(*given) == key && other.meets(context))
        };
        let mut map = Self { intents: HashMap::new(), written: BTreeMap::new() };
        for binding in BINDINGS {
            let left = || binding.keys.iter().filter(|key| !taken(binding.context, key)).map(|key| (*key).to_owned());
            let keys = own.get(binding.name).cloned().unwrap_or_else(|| left().collect());
            for key in keys.iter().filter_map(|key| Key::parse(key)) {
                map.intents.insert((binding.context, key), binding.intent);
            }
            map.written.insert((binding.context, binding.intent), keys);
        }
        map
    }

    /// What a key means on the board, where the rows of these contexts go before those of the board.
    #[must_use]
    pub fn intent(&self, event: KeyEvent, special: &[Context]) -> Option<Intent> {
        let key = Key::of(event);
        special.iter().chain([&Context::Board]).find_map(|context| self.intents.get(&(*context, key))).copied()
    }

    /// What a key means within what lies over the board: the first of these contexts that knows it says so, and then
    /// what holds everywhere. Where characters are typed, one that types a character means nothing.
    #[must_use]
    pub fn control(&self, contexts: &[Context], event: KeyEvent) -> Option<Control> {
        let key = Key::of(event);
        if contexts.first().is_some_and(|context| context.is_typed()) && key.is_text() {
            return None;
        }
        let found = contexts.iter().chain([&Context::Over]).find_map(|context| self.intents.get(&(*context, key)));
        match found {
            Some(Intent::Over(control)) => Some(*control),
            Some(_) | None => None,
        }
    }

    /// All keys of a row, as written.
    #[must_use]
    pub fn all(&self, context: Context, intent: Intent) -> &[String] {
        self.written.get(&(context, intent)).map_or(&[], Vec::as_slice)
    }

    /// The first key of something on the board, as written; empty where it has none.
    #[must_use]
    pub fn key(&self, intent: Intent) -> &str {
        let first = |context| self.all(context, intent).first().map(String::as_str);
        [Context::Board, Context::Filtered, Context::Zoomed].into_iter().find_map(first).unwrap_or_default()
    }

    /// The first key of something on the board that means it now: while the rows of these contexts go before those of the
    /// board, some keys mean something else.
    #[must_use]
    pub fn key_now(&self, intent: Intent, special: &[Context]) -> &str {
        let now = |key: &&String| {
            let parsed = Key::parse(key);
            let means = |context: &Context| self.intents.get(&(*context, parsed?)).copied();
            special.iter().chain([&Context::Board]).find_map(means) == Some(intent)
        };
        let keys = special.iter().chain([&Context::Board]).flat_map(|context| self.all(*context, intent));
        keys.into_iter().find(now).map_or("", String::as_str)
    }

    /// The first key of something within what lies over the board, as written; empty where it has none.
    #[must_use]
    pub fn over(&self, context: Context, control: Control) -> &str {
        self.all(context, Intent::Over(control)).first().map_or("", String::as_str)
    }
}

/// The key table as Markdown, for the README.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::new();
    for context in Context::ALL {
        // Writing to a string can't fail.
        write!(text, "{}:\n\n| key | what | name |\n|---|---|---|\n", context.title()).unwrap_or_default();
        for binding in rows(context) {
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
            writeln!(text, "| {} | {} | `{}` |", keys.join(" "), binding.what, binding.name).unwrap_or_default();
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len() + 1);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::{BINDINGS, Context, Control, Intent, Key, Keymap, binding};

    fn press(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    fn own(name: &str, keys: &[&str]) -> BTreeMap<String, Vec<String>> {
        BTreeMap::from([(name.to_owned(), keys.iter().map(|key| (*key).to_owned()).collect())])
    }

    #[test]
    fn b1_what_begins_a_reply_of_a_terminal_is_no_key() {
        for key in ["alt-[", "alt-]", "alt-P", "alt-X", "alt-^", "alt-_", "alt-\\"] {
            assert_eq!(Key::parse(key), None, "{key}");
        }
        assert!(Key::parse("alt-O").is_some() && Key::parse("[").is_some() && Key::parse("P").is_some());
    }

    #[test]
    fn every_key_is_readable_and_means_one_thing() {
        let mut seen = HashSet::new();
        let mut names = HashSet::new();
        for binding in BINDINGS {
            assert!(names.insert(binding.name), "{} stands twice", binding.name);
            assert!(Context::ALL.contains(&binding.context));
            for key in binding.keys {
                let key = Key::parse(key).unwrap();
                assert!(seen.insert((binding.context, key)), "{key:?} of {} means two things", binding.name);
                assert!(!(binding.context.is_typed() && key.is_text()), "{} would be typed", binding.name);
            }
        }
        assert_eq!(binding(Intent::Quit).name, "quit");
    }

    #[test]
    fn nothing_that_destroys_is_on_a_bare_lower_case_letter() {
        assert!(binding(Intent::Remove).keys.iter().all(|key| key.chars().all(char::is_uppercase)));
    }

    #[test]
    fn a_key_of_ones_own_replaces_the_tables() {
        let map = Keymap::new(&own("dispatch", &["x", "f5"]));
        assert_eq!(map.intent(press(KeyCode::Char('x')), &[]), Some(Intent::Start));
        assert_eq!(map.intent(press(KeyCode::F(5)), &[]), Some(Intent::Start));
        assert_eq!(map.intent(press(KeyCode::Char('s')), &[]), None);
        assert_eq!((map.key(Intent::Start), map.key(Intent::Stop)), ("x", ""));
    }

    #[test]
    fn a_key_of_ones_own_is_taken_only_from_where_both_could_be_meant() {
        let map = Keymap::new(&own("menu-close", &["f"]));
        let f = press(KeyCode::Char('f'));
        assert_eq!(map.control(&[Context::Retry, Context::Menu], f), Some(Control::Close));
        assert_eq!(map.over(Context::Retry, Control::Fresh), "", "a menu's key goes before the table's for a retry");
        let map = Keymap::new(&own("quit", &["r", "enter"]));
        assert_eq!(map.over(Context::Retry, Control::Resume), "r", "the board's keys are not asked there");
        let map = Keymap::new(&own("close", &["enter"]));
        assert_eq!(map.over(Context::Filter, Control::Choose), "");
        assert_eq!(map.over(Context::Question, Control::Yes), "y");
        assert_eq!(map.key(Intent::Open), "enter");
    }

    #[test]
    fn what_types_a_character_is_typed() {
        let map = Keymap::new(&own("close", &["x", "ctrl-x"]));
        let x = press(KeyCode::Char('x'));
        assert_eq!(map.control(&[Context::Type], x), None);
        assert_eq!(map.control(&[Context::Question], x), Some(Control::Close));
        let control = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL);
        assert_eq!(map.control(&[Context::Type], control), Some(Control::Close));
    }

    #[test]
    fn n_is_a_new_task_or_the_next_match() {
        let n = press(KeyCode::Char('n'));
        let map = Keymap::default();
        assert_eq!(map.intent(n, &[]), Some(Intent::New));
        assert_eq!(map.intent(n, &[Context::Filtered]), Some(Intent::NextMatch));
        assert_eq!((map.key_now(Intent::New, &[]), map.key_now(Intent::New, &[Context::Filtered])), ("n", "o"));
        assert_eq!(map.key_now(Intent::NextMatch, &[Context::Filtered]), "n");
        assert_eq!(map.key_now(Intent::Compose, &[Context::Filtered]), "", "its only key means something else");
    }

    #[test]
    fn shift_is_in_the_letter_and_in_the_tab() {
        let event = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Keymap::default().intent(event, &[]), Some(Intent::Bottom));
        let event = KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!(Keymap::default().intent(event, &[]), Some(Intent::PageUp));
        let event = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(Keymap::default().control(&[Context::Form], event), Some(Control::Previous));
    }
}
