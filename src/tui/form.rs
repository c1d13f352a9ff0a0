//! The form of a task, new or old: what is typed into it, and the draft or edit that this makes.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, TextArea};

use crate::config;
use crate::domain::id::TaskId;
use crate::domain::task::{Draft, Edit, Task};

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    New,
    /// Boxed, because a task is large beside nothing.
    Edit(Box<Task>),
}

/// The fields, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Title,
    Prompt,
    Agent,
    Base,
    Priority,
    After,
    Verify,
    Timeout,
    Files,
    Permissions,
}

/// The choices of [`Name::Permissions`].
const PERMISSIONS: [&str; 2] = ["safe", "unsafe"];

impl Name {
    pub const ALL: [Self; 10] = [
        Self::Title,
        Self::Prompt,
        Self::Agent,
        Self::Base,
        Self::Priority,
        Self::After,
        Self::Verify,
        Self::Timeout,
        Self::Files,
        Self::Permissions,
    ];

    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Title => "Title",
            Self::Prompt => "Prompt",
            Self::Agent => "Agent",
            Self::Base => "Base",
            Self::Priority => "Priority",
            Self::After => "After",
            Self::Verify => "Verify",
            Self::Timeout => "Timeout",
            Self::Files => "Files",
            Self::Permissions => "Safety",
        }
    }

    /// What stands in it while it is empty.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Title => "one line that says what is wanted",
            Self::Prompt => "what the agent is told (empty: the title) · ctrl-e opens $EDITOR",
            Self::Agent => "up and down choose",
            Self::Base => "a branch or commit (empty: as configured)",
            Self::Priority => "0; higher goes first",
            Self::After => "ids of tasks that must be done first",
            Self::Verify => "commands that must pass before review, one a line",
            Self::Timeout => "like 30m (empty: as configured)",
            Self::Files => "files that it is about, separated by commas",
            Self::Permissions => "safe, or unsafe: the agent's dangerous arguments",
        }
    }

    /// Whether it is one of several words.
    #[must_use]
    pub const fn is_choice(self) -> bool {
        matches!(self, Self::Agent | Self::Permissions)
    }

    /// Whether it holds several lines.
    #[must_use]
    pub const fn is_long(self) -> bool {
        matches!(self, Self::Prompt | Self::Verify)
    }
}

/// A form that is being filled in.
#[derive(Clone, Debug)]
pub struct Form {
    pub purpose: Purpose,
    fields: [TextArea<'static>; 10],
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

/// What a key made of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    Stay,
    Cancel,
    Save { start: bool },
    Editor(String),
}

fn area(name: Name, text: &str) -> TextArea<'static> {
    let lines = if text.is_empty() { Vec::new() } else { text.split('\n').map(str::to_owned).collect() };
    let mut area = TextArea::new(lines);
    area.set_placeholder_text(name.hint());
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
            Name::Priority => draft.priority.to_string(),
            Name::After => draft.after.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Name::Verify => draft.verify.join("\n"),
            Name::Timeout => draft.timeout.map(config::render_duration).unwrap_or_default(),
            Name::Files => draft.files.join(", "),
            Name::Permissions => PERMISSIONS[usize::from(draft.unsafe_mode)].to_owned(),
        })
    }

    fn with(purpose: Purpose, agents: &[String], text: impl Fn(Name) -> String) -> Self {
        let fields = Name::ALL.map(|name| area(name, &text(name)));
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
        self.fields[name as usize] = area(name, text);
    }

    /// Whether closing it would lose something.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        Name::ALL.iter().zip(&self.before).any(|(name, before)| self.text(*name) != *before)
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = if self.focus.is_long() { text } else { text.replace('\n', " ") };
        self.fields[self.focus as usize].insert_str(text);
    }

    /// Takes a key.
    pub fn press(&mut self, key: KeyEvent) -> Turn {
        if self.saving {
            return Turn::Stay;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let warned = std::mem::take(&mut self.warned);
        match (key.code, control) {
            (KeyCode::Esc, _) if warned || !self.is_changed() => return Turn::Cancel,
            (KeyCode::Esc, _) => self.warned = true,
            (KeyCode::Char('s'), true) => return Turn::Save { start: false },
            (KeyCode::Char('r'), true) => return Turn::Save { start: true },
            (KeyCode::Char('e'), true) => return Turn::Editor(self.text(Name::Prompt)),
            (KeyCode::Tab, _) => self.step(true),
            (KeyCode::BackTab, _) => self.step(false),
            (KeyCode::Up | KeyCode::Left, _) if self.focus.is_choice() => self.choose(false),
            (KeyCode::Down | KeyCode::Right | KeyCode::Char(' '), _) if self.focus.is_choice() => self.choose(true),
            (KeyCode::Up, _) if !self.focus.is_long() => self.step(false),
            (KeyCode::Down | KeyCode::Enter, _) if !self.focus.is_long() => self.step(true),
            (_, _) => {
                self.fields[self.focus as usize].input(key);
                self.error = None;
            }
        }
        Turn::Stay
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

    /// What is typed, as a draft's fields.
    ///
    /// # Errors
    /// The field that is wrong, and why.
    pub fn edited(&self) -> Result<Edit, (Name, String)> {
        let line = |name| self.text(name).trim().to_owned();
        let title = line(Name::Title);
        if title.is_empty() {
            return Err((Name::Title, "a title can't be empty".to_owned()));
        }
        let agent = line(Name::Agent);
        if !self.agents.contains(&agent) {
            let known = self.agents.join(", ");
            return Err((Name::Agent, format!("there is no agent {agent:?}; there is {known}")));
        }
        let priority = match line(Name::Priority).as_str() {
            "" => 0,
            text => text
                .parse()
                .map_err(|_| (Name::Priority, format!("a priority is a whole number, and {text:?} is none")))?,
        };
        let mut after = Vec::new();
        for word in line(Name::After).split([' ', ',']).filter(|word| !word.is_empty()) {
            let id = word.trim_start_matches('#').parse();
            after.push(TaskId(id.map_err(|_| (Name::After, format!("{word:?} is not the id of a task")))?));
        }
        let timeout = match line(Name::Timeout).as_str() {
            "" => None,
            text => {
                let wrong = || (Name::Timeout, format!("a timeout is like 30m or 1h30m, and {text:?} is not"));
                Some(config::parse_duration(text).ok_or_else(wrong)?)
            }
        };
        let unsafe_mode = match PERMISSIONS.iter().position(|choice| *choice == line(Name::Permissions)) {
            Some(choice) => choice == 1,
            None => return Err((Name::Permissions, "it is safe or unsafe".to_owned())),
        };
        let words = |text: String, by: char| -> Vec<String> {
            text.split(by).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        Ok(Edit {
            title: Some(title),
            prompt: Some(self.text(Name::Prompt)),
            agent: Some(agent),
            base: Some(Some(line(Name::Base)).filter(|base| !base.is_empty())),
            priority: Some(priority),
            verify: Some(words(self.text(Name::Verify), '\n')),
            timeout: Some(timeout),
            after: Some(after),
            files: Some(words(self.text(Name::Files), ',')),
            unsafe_mode: Some(unsafe_mode),
        })
    }
}

/// An edit without what stays as it is.
#[must_use]
pub fn changes(edit: Edit, draft: &Draft) -> Edit {
    fn unless_same<T: PartialEq>(new: Option<T>, old: &T) -> Option<T> {
        new.filter(|new| new != old)
    }
    Edit {
        title: unless_same(edit.title, &draft.title),
        prompt: unless_same(edit.prompt, &draft.prompt),
        agent: unless_same(edit.agent, &draft.agent),
        base: unless_same(edit.base, &draft.base),
        priority: unless_same(edit.priority, &draft.priority),
        verify: unless_same(edit.verify, &draft.verify),
        timeout: unless_same(edit.timeout, &draft.timeout),
        after: unless_same(edit.after, &draft.after),
        files: unless_same(edit.files, &draft.files),
        unsafe_mode: unless_same(edit.unsafe_mode, &draft.unsafe_mode),
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::{Form, Name, Turn, changes};
    use crate::domain::state::Status;
    use crate::domain::task::Edit;
    use crate::tui::tests::support::card;

    fn agents() -> Vec<String> {
        vec!["claude".to_owned(), "shell".to_owned()]
    }

    fn typed(form: &mut Form, text: &str) {
        for letter in text.chars() {
            form.press(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        }
    }

    fn press(form: &mut Form, code: KeyCode) -> Turn {
        form.press(KeyEvent::new(code, KeyModifiers::NONE))
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
        form.paste("make test\r\n\r\nmake lint\n");
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
        assert_eq!(press(&mut form, KeyCode::Esc), Turn::Cancel);
        typed(&mut form, "x");
        assert_eq!(press(&mut form, KeyCode::Esc), Turn::Stay);
        assert!(form.warned);
        assert_eq!(press(&mut form, KeyCode::Esc), Turn::Cancel);
    }

    #[test]
    fn an_unchanged_form_changes_nothing() {
        let card = card(1, Status::Ready);
        let form = Form::edit(&card.task, &agents());
        assert_eq!(changes(form.edited().unwrap(), &card.task.draft), Edit::default());
    }
}
