//! The form of a task, new or old: what is typed into it, and the act that this makes.

mod draft;
mod draw;
mod field;

use crossterm::event::KeyEvent;
use ratatui_textarea::{CursorMove, TextArea};

use super::Turn;
use crate::domain::duration;
use crate::domain::task::{Draft, Edit, Task};
use crate::tui::keymap::{Control, Keymap};
use crate::tui::msg::Act;

pub use field::Name;

use draft::changes;
use field::PERMISSIONS;

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    New,
    /// Boxed, because a task is large beside nothing.
    Edit(Box<Task>),
}

/// A form that is being filled in.
#[derive(Clone, Debug)]
pub struct Form {
    pub purpose: Purpose,
    fields: [TextArea<'static>; 11],
    pub focus: Name,
    agents: Vec<String>,
    /// What is wrong with it, or with the last try to save it.
    pub error: Option<String>,
    /// It is being saved: nothing is typed meanwhile.
    pub saving: bool,
    before: Vec<String>,
    /// Escape was pressed once although something would be lost.
    pub warned: bool,
}

fn area(text: &str) -> TextArea<'static> {
    let lines = if text.is_empty() { Vec::new() } else { text.split('\n').map(str::to_owned).collect() };
    let mut area = TextArea::new(lines);
    area.set_max_histories(200);
    area.move_cursor(CursorMove::Bottom);
    area.move_cursor(CursorMove::End);
    area
}

impl Form {
    /// An empty form.
    #[must_use]
    pub fn new(agents: &[String], agent: &str) -> Self {
        Self::with(Purpose::New, agents, |name| match name {
            Name::Agent => agent.to_owned(),
            Name::Permissions => PERMISSIONS[0].to_owned(),
            Name::Title
            | Name::Prompt
            | Name::Base
            | Name::Branch
            | Name::Priority
            | Name::After
            | Name::Verify
            | Name::Timeout
            | Name::Files => String::new(),
        })
    }

    /// A form with a task in it.
    #[must_use]
    pub fn edit(task: &Task, agents: &[String]) -> Self {
        let draft = &task.draft;
        Self::with(Purpose::Edit(Box::new(task.clone())), agents, |name| match name {
            Name::Title => draft.title.clone(),
            Name::Prompt => draft.prompt.clone(),
            Name::Agent => draft.agent.clone(),
            Name::Base => draft.base.clone().unwrap_or_default(),
            Name::Branch => draft.branch.clone().unwrap_or_default(),
            Name::Priority => draft.priority.to_string(),
            Name::After => draft.after.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Name::Verify => draft.verify.join("\n"),
            Name::Timeout => draft.timeout.map(duration::render).unwrap_or_default(),
            Name::Files => draft.files.join(", "),
            Name::Permissions => PERMISSIONS[usize::from(draft.unsafe_mode)].to_owned(),
        })
    }

    /// A form of a new task that says what this one does.
    #[must_use]
    pub fn duplicate(task: &Task, agents: &[String]) -> Self {
        Self { purpose: Purpose::New, ..Self::edit(task, agents) }
    }

    fn with(purpose: Purpose, agents: &[String], text: impl Fn(Name) -> String) -> Self {
        let fields = Name::ALL.map(|name| area(&text(name)));
        let mut form = Self {
            purpose,
            fields,
            focus: Name::Title,
            agents: agents.to_vec(),
            error: None,
            saving: false,
            before: Vec::new(),
            warned: false,
        };
        form.before = Name::ALL.iter().map(|name| form.text(*name)).collect();
        form
    }

    /// A field's widget.
    #[must_use]
    pub fn field(&self, name: Name) -> &TextArea<'static> {
        &self.fields[name as usize]
    }

    /// What stands in a field.
    #[must_use]
    pub fn text(&self, name: Name) -> String {
        self.field(name).lines().join("\n")
    }

    /// Replaces what stands in a field.
    pub fn fill(&mut self, name: Name, text: &str) {
        self.fields[name as usize] = area(text);
    }

    /// Whether closing it would lose something.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        Name::ALL.iter().zip(&self.before).any(|(name, before)| self.text(*name) != *before)
    }

    /// Takes a pasted text, its line ends made one kind.
    pub(super) fn paste(&mut self, text: &str) {
        if self.saving || self.focus.is_choice() {
            return;
        }
        let text = if self.focus.is_long() { text.to_owned() } else { text.replace('\n', " ") };
        self.fields[self.focus as usize].insert_str(text);
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        if self.saving {
            return Turn::Stay;
        }
        let warned = std::mem::take(&mut self.warned);
        match keymap.control(self.focus.contexts(), key) {
            Some(Control::Close) if warned || !self.is_changed() => return Turn::Close,
            Some(Control::Close) => self.warned = true,
            Some(Control::Save) => return self.save(false),
            Some(Control::SaveAndStart) => return self.save(true),
            Some(Control::Editor) => return Turn::Editor(self.text(Name::Prompt)),
            Some(Control::Next) => self.step(true),
            Some(Control::Previous) => self.step(false),
            Some(Control::Down) => self.choose(true),
            Some(Control::Up) => self.choose(false),
            // A choice is one of its words: nothing else can be typed there.
            _ if self.focus.is_choice() => {}
            _ => {
                self.fields[self.focus as usize].input(key);
                self.error = None;
            }
        }
        Turn::Stay
    }

    /// What is to be saved; where something is wrong, the form says what and where.
    fn save(&mut self, start: bool) -> Turn {
        let edit = match self.edited() {
            Ok(edit) => edit,
            Err((field, why)) => {
                self.focus = field;
                self.error = Some(why);
                return Turn::Stay;
            }
        };
        match &self.purpose {
            Purpose::Edit(task) => {
                let edit = changes(edit, &task.draft);
                let begin = self.begins().filter(|_| start);
                // Nothing was changed: there is nothing to save.
                if edit == Edit::default() {
                    return begin.map_or(Turn::Close, |act| Turn::Acts(vec![act]));
                }
                Turn::Save(Act::Edit { task: task.id, edit: Box::new(edit), start: begin.is_some() })
            }
            Purpose::New => {
                // The repository is the board's, where the act is carried out.
                let draft = edit.applied(&Draft::new("", "", ""));
                Turn::Save(Act::Add { draft: Box::new(draft), start })
            }
        }
    }

    /// The act by which an agent starts on the task that it has in it, as far as one can.
    #[must_use]
    pub fn begins(&self) -> Option<Act> {
        match &self.purpose {
            Purpose::New => None,
            Purpose::Edit(task) => Act::begin(task),
        }
    }

    fn step(&mut self, forward: bool) {
        let count = Name::ALL.len();
        let here = self.focus as usize;
        self.focus = Name::ALL[(here + if forward { 1 } else { count - 1 }) % count];
    }

    fn choose(&mut self, forward: bool) {
        let permissions = || PERMISSIONS.map(str::to_owned).to_vec();
        let choices = if self.focus == Name::Permissions { permissions() } else { self.agents.clone() };
        let count = choices.len();
        if count == 0 {
            return;
        }
        let text = self.text(self.focus);
        let next = match choices.iter().position(|choice| *choice == text) {
            Some(here) => (here + if forward { 1 } else { count - 1 }) % count,
            None => 0,
        };
        self.fill(self.focus, &choices[next]);
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::{Form, Name, Turn, changes};
    use crate::domain::state::Status;
    use crate::domain::task::Edit;
    use crate::tui::keymap::Keymap;
    use crate::tui::tests::support::card;

    fn agents() -> Vec<String> {
        vec!["claude".to_owned(), "shell".to_owned()]
    }

    fn typed(form: &mut Form, text: &str) {
        for letter in text.chars() {
            press(form, KeyCode::Char(letter));
        }
    }

    fn press(form: &mut Form, code: KeyCode) -> Turn {
        form.press(&Keymap::default(), KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn what_is_typed_becomes_a_draft() {
        let mut form = Form::new(&agents(), "shell");
        typed(&mut form, "Fix it");
        press(&mut form, KeyCode::Tab);
        typed(&mut form, "one");
        press(&mut form, KeyCode::Enter);
        typed(&mut form, "two");
        press(&mut form, KeyCode::Tab);
        press(&mut form, KeyCode::Up);
        for (field, text) in [(Name::Priority, "-3"), (Name::After, "#4, 5"), (Name::Timeout, "30m")] {
            form.focus = field;
            typed(&mut form, text);
        }
        form.focus = Name::Files;
        typed(&mut form, "src/a b.rs, tests/");
        form.focus = Name::Permissions;
        press(&mut form, KeyCode::Down);
        form.focus = Name::Verify;
        form.paste("make test\n\nmake lint\n");
        let edit = form.edited().unwrap();
        assert_eq!(edit.title.as_deref(), Some("Fix it"));
        assert_eq!(edit.prompt.as_deref(), Some("one\ntwo"));
        assert_eq!(edit.agent.as_deref(), Some("claude"));
        assert_eq!((edit.priority, edit.after.unwrap().len()), (Some(-3), 2));
        assert_eq!(edit.verify.unwrap(), ["make test", "make lint"]);
        assert_eq!(edit.timeout.unwrap().unwrap().as_secs(), 1800);
        assert_eq!(edit.files.unwrap(), ["src/a b.rs", "tests/"]);
        assert_eq!(edit.unsafe_mode, Some(true));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        let mut form = Form::new(&agents(), "shell");
        assert_eq!(form.edited().unwrap_err().0, Name::Title);
        typed(&mut form, "x");
        for (field, text) in [
            (Name::Priority, "high"),
            (Name::After, "x"),
            (Name::Timeout, "soon"),
            (Name::Agent, "no"),
            (Name::Permissions, "all"),
        ] {
            let mut form = form.clone();
            form.fill(field, text);
            assert_eq!(form.edited().unwrap_err().0, field);
        }
    }

    #[test]
    fn escape_asks_once_before_anything_is_lost() {
        let mut form = Form::new(&agents(), "shell");
        assert!(matches!(press(&mut form, KeyCode::Esc), Turn::Close));
        typed(&mut form, "x");
        assert!(matches!(press(&mut form, KeyCode::Esc), Turn::Stay));
        assert!(form.warned);
        assert!(matches!(press(&mut form, KeyCode::Esc), Turn::Close));
    }

    #[test]
    fn an_unchanged_form_changes_nothing() {
        let card = card(1, Status::Ready);
        let form = Form::edit(&card.task, &agents());
        assert_eq!(changes(form.edited().unwrap(), &card.task.draft), Edit::default());
    }
}
