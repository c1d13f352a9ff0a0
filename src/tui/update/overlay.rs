//! Keys, pastes and the mouse, by what lies over the board.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;
use ratatui_textarea::{CursorMove, TextArea};

use super::super::form::{self, Form, Purpose, Turn};
use super::super::keymap::{BINDINGS, Binding, Intent};
use super::super::layout::layout;
use super::super::model::{Model, Overlay, Tone};
use super::super::msg::{Act, Cmd, Compose};
use super::{complain, intent, start};
use crate::domain::id::TaskId;
use crate::domain::task::{Draft, Edit};
use crate::engine::Fault;

/// The choices of a retry.
pub const RETRIES: [&str; 4] = [
    "resume: go on in the same worktree",
    "fresh: in a new worktree, the old one is parked",
    "with a note for the agent",
    "verify again: without an agent",
];

/// A text area for one line.
pub(super) fn line(text: &str) -> Box<TextArea<'static>> {
    let mut area = TextArea::new(vec![text.to_owned()]);
    area.move_cursor(CursorMove::End);
    Box::new(area)
}

/// The palette's rows for what was typed: every binding whose name or description has all its words.
#[must_use]
pub fn commands(typed: &str) -> Vec<&'static Binding> {
    let typed = typed.to_lowercase();
    let has = |binding: &Binding| {
        typed.split_whitespace().all(|word| binding.name.contains(word) || binding.what.to_lowercase().contains(word))
    };
    let mut rows: Vec<&Binding> = BINDINGS.iter().filter(|binding| has(binding)).collect();
    // A name that begins with what was typed is meant before a word in a description.
    rows.sort_by_key(|binding| !binding.name.starts_with(typed.trim()));
    rows
}

pub(super) fn key(model: &mut Model, key: KeyEvent) -> Vec<Cmd> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let Some(overlay) = model.overlay.take() else {
        return match model.outfit.keymap.intent(key, model.filter.is_on()) {
            Some(found) => intent::act(model, found),
            None => Vec::new(),
        };
    };
    let escape = key.code == KeyCode::Esc || interrupts(key);
    match overlay {
        Overlay::Help { scroll } => {
            let scroll = match key.code {
                KeyCode::Char('j') | KeyCode::Down => scroll.saturating_add(1),
                KeyCode::Char('k') | KeyCode::Up => scroll.saturating_sub(1),
                KeyCode::Char(' ') | KeyCode::PageDown => scroll.saturating_add(10),
                KeyCode::PageUp => scroll.saturating_sub(10),
                _ => return Vec::new(),
            };
            model.overlay = Some(Overlay::Help { scroll });
        }
        Overlay::Chart { .. } | Overlay::Waiting { .. } if escape => {}
        Overlay::Chart { spans } => {
            if !matches!(key.code, KeyCode::Char('q' | 'T') | KeyCode::Enter) {
                model.overlay = Some(Overlay::Chart { spans });
            }
        }
        Overlay::Waiting { what } => model.overlay = Some(Overlay::Waiting { what }),
        Overlay::Confirm { question, lines, commands } => return confirm(model, key, question, lines, commands),
        Overlay::Palette { input, row } => return palette(model, key, input, row),
        Overlay::Form(form) => return filled(model, key, form),
        Overlay::Type { task, input } => return typed(model, key, task, input),
        Overlay::Filter { input, before } => return filtered(model, key, input, before),
        Overlay::Retry { task, row } => return retry(model, key, task, row),
        Overlay::Note { task, bounces, input } if !escape => return noted(model, key, task, bounces, input),
        Overlay::Note { .. } => {}
    }
    Vec::new()
}

fn interrupts(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

fn confirm(model: &mut Model, key: KeyEvent, question: String, lines: Vec<String>, commands: Vec<Cmd>) -> Vec<Cmd> {
    match key.code {
        KeyCode::Char('y' | 'Y') | KeyCode::Enter => {
            model.marks.clear();
            let begin = |cmd| match cmd {
                Cmd::Act(act) => start(model, act),
                other => Some(other),
            };
            commands.into_iter().filter_map(begin).collect()
        }
        KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc => Vec::new(),
        _ if interrupts(key) => Vec::new(),
        _ => {
            model.overlay = Some(Overlay::Confirm { question, lines, commands });
            Vec::new()
        }
    }
}

fn palette(model: &mut Model, key: KeyEvent, mut input: Box<TextArea<'static>>, mut row: usize) -> Vec<Cmd> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let found = commands(&input.lines().join(" "));
    match key.code {
        KeyCode::Esc => return Vec::new(),
        _ if interrupts(key) => return Vec::new(),
        KeyCode::Enter => {
            return match found.get(row) {
                Some(binding) => intent::act(model, binding.intent),
                None => Vec::new(),
            };
        }
        KeyCode::Down | KeyCode::Tab => row = (row + 1).min(found.len().saturating_sub(1)),
        KeyCode::Up | KeyCode::BackTab => row = row.saturating_sub(1),
        KeyCode::Char('n') if control => row = (row + 1).min(found.len().saturating_sub(1)),
        KeyCode::Char('p') if control => row = row.saturating_sub(1),
        _ => {
            input.input(key);
            row = 0;
        }
    }
    model.overlay = Some(Overlay::Palette { input, row });
    Vec::new()
}

fn filled(model: &mut Model, key: KeyEvent, mut form: Box<Form>) -> Vec<Cmd> {
    let turn = if interrupts(key) { form.press(KeyEvent::from(KeyCode::Esc)) } else { form.press(key) };
    let mut cmds = Vec::new();
    match turn {
        Turn::Cancel => return cmds,
        Turn::Stay => {}
        Turn::Editor(text) => {
            model.away = true;
            cmds.push(Cmd::Editor { purpose: Compose::Form, text });
        }
        Turn::Save { start: at_once } => match save(&form, at_once) {
            Err((field, why)) => {
                form.focus = field;
                form.error = Some(why);
            }
            // Nothing was changed: there is nothing to save.
            Ok(None) => return cmds,
            Ok(Some(act)) => {
                form.saving = true;
                form.error = None;
                let command = start(model, act);
                form.saving = command.is_some();
                cmds.extend(command);
            }
        },
    }
    model.overlay = Some(Overlay::Form(form));
    cmds
}

fn save(form: &Form, start: bool) -> Result<Option<Act>, (form::Name, String)> {
    let edit = form.edited()?;
    Ok(match &form.purpose {
        Purpose::Edit(task) => {
            let edit = form::changes(edit, &task.draft);
            (edit != Edit::default()).then(|| Act::Edit { task: task.id, edit: Box::new(edit) })
        }
        Purpose::New => {
            // The repository is the board's, where the act is carried out.
            let draft = edit.applied(&Draft::new("", "", ""));
            Some(Act::Add { draft: Box::new(draft), start })
        }
    })
}

fn typed(model: &mut Model, key: KeyEvent, task: TaskId, mut input: Box<TextArea<'static>>) -> Vec<Cmd> {
    // Ctrl-C is for the agent here, not for the board.
    if interrupts(key) {
        model.overlay = Some(Overlay::Type { task, input });
        return start(model, Act::Interrupt { task }).into_iter().collect();
    }
    match key.code {
        KeyCode::Esc => Vec::new(),
        KeyCode::Enter if key.modifiers.contains(KeyModifiers::ALT) => {
            input.insert_newline();
            model.overlay = Some(Overlay::Type { task, input });
            Vec::new()
        }
        KeyCode::Enter => {
            let text = input.lines().join("\n");
            if text.is_empty() {
                return Vec::new();
            }
            start(model, Act::Send { task, text }).into_iter().collect()
        }
        _ => {
            input.input(key);
            model.overlay = Some(Overlay::Type { task, input });
            Vec::new()
        }
    }
}

fn filtered(model: &mut Model, key: KeyEvent, mut input: Box<TextArea<'static>>, before: String) -> Vec<Cmd> {
    let close = match key.code {
        KeyCode::Enter => true,
        KeyCode::Esc => {
            model.filter.text.clone_from(&before);
            true
        }
        _ if interrupts(key) => {
            model.filter.text.clone_from(&before);
            true
        }
        _ => {
            input.input(key);
            model.filter.text = input.lines().join(" ");
            false
        }
    };
    let board = std::sync::Arc::clone(&model.board);
    model.columns.arrange(&board, &model.filter);
    // The cursor goes where something was found.
    if model.columns.selected().is_none()
        && let Some(task) = model.columns.seek(true, |_| true)
    {
        model.columns.go_to(task);
    }
    if !close {
        model.overlay = Some(Overlay::Filter { input, before });
    }
    intent::refresh(model)
}

fn noted(model: &mut Model, key: KeyEvent, task: TaskId, bounces: bool, mut input: Box<TextArea<'static>>) -> Vec<Cmd> {
    let another = key.modifiers.contains(KeyModifiers::ALT);
    if interrupts(key) {
        return Vec::new();
    }
    if key.code == KeyCode::Enter && !another {
        let note = Some(input.lines().join("\n")).filter(|note| !note.trim().is_empty());
        return match (bounces, note) {
            (true, None) => Vec::new(),
            (true, Some(note)) => start(model, Act::Bounce { task, note }).into_iter().collect(),
            (false, note) => start(model, Act::Retry { task, fresh: false, note }).into_iter().collect(),
        };
    }
    if key.code == KeyCode::Enter {
        input.insert_newline();
    } else {
        input.input(key);
    }
    model.overlay = Some(Overlay::Note { task, bounces, input });
    Vec::new()
}

fn retry(model: &mut Model, key: KeyEvent, task: TaskId, row: usize) -> Vec<Cmd> {
    let chosen = match key.code {
        KeyCode::Char('r') => Some(0),
        KeyCode::Char('f') => Some(1),
        KeyCode::Char('n') => Some(2),
        KeyCode::Char('v') => Some(3),
        KeyCode::Enter => Some(row),
        KeyCode::Down | KeyCode::Char('j') => {
            model.overlay = Some(Overlay::Retry { task, row: (row + 1).min(RETRIES.len() - 1) });
            return Vec::new();
        }
        KeyCode::Up | KeyCode::Char('k') => {
            model.overlay = Some(Overlay::Retry { task, row: row.saturating_sub(1) });
            return Vec::new();
        }
        KeyCode::Esc | KeyCode::Char('q') => return Vec::new(),
        _ if interrupts(key) => return Vec::new(),
        _ => None,
    };
    match chosen {
        Some(2) => {
            model.overlay = Some(Overlay::Note { task, bounces: false, input: line("") });
            Vec::new()
        }
        Some(3) => start(model, Act::Verify { task }).into_iter().collect(),
        Some(row) => start(model, Act::Retry { task, fresh: row == 1, note: None }).into_iter().collect(),
        None => {
            model.overlay = Some(Overlay::Retry { task, row });
            Vec::new()
        }
    }
}

pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Cmd> {
    let one_line = text.replace("\r\n", "\n").replace(['\r', '\n'], " ");
    match &mut model.overlay {
        Some(Overlay::Form(form)) => form.paste(text),
        Some(Overlay::Type { input, .. } | Overlay::Note { input, .. }) => {
            input.insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
        }
        Some(Overlay::Palette { input, .. }) => {
            input.insert_str(one_line);
        }
        Some(Overlay::Filter { input, .. }) => {
            input.insert_str(one_line);
            model.filter.text = input.lines().join(" ");
            let board = std::sync::Arc::clone(&model.board);
            model.columns.arrange(&board, &model.filter);
        }
        // A paste on the board would be taken for keys by other programs; here it is nothing.
        Some(
            Overlay::Help { .. }
            | Overlay::Confirm { .. }
            | Overlay::Retry { .. }
            | Overlay::Chart { .. }
            | Overlay::Waiting { .. },
        )
        | None => {}
    }
    Vec::new()
}

pub(super) fn mouse(model: &mut Model, mouse: MouseEvent) -> Vec<Cmd> {
    if model.overlay.is_some() {
        return Vec::new();
    }
    let at = Position::new(mouse.column, mouse.row);
    let screen = layout(model);
    let rows = match mouse.kind {
        MouseEventKind::ScrollDown => 1,
        MouseEventKind::ScrollUp => -1,
        MouseEventKind::Down(MouseButton::Left) => 0,
        _ => return Vec::new(),
    };
    if screen.detail.is_some_and(|area| area.contains(at)) {
        return match rows {
            0 => Vec::new(),
            rows => intent::act(model, if rows > 0 { Intent::ScrollDown } else { Intent::ScrollUp }),
        };
    }
    let Some(column) = screen.columns.iter().find(|column| column.cards.contains(at) || column.head.contains(at))
    else {
        return Vec::new();
    };
    if rows != 0 {
        model.columns.scroll(column.status, rows);
        return Vec::new();
    }
    let row =
        model.columns.top(column.status) + usize::from(mouse.row.saturating_sub(column.cards.y) / screen.card.max(1));
    let clicked = model.columns.tasks(column.status).get(row).copied().filter(|_| column.cards.contains(at));
    model.columns.enter(column.status);
    match clicked {
        Some(task) if model.columns.selected() == Some(task) && model.clicked == Some(task) => {
            model.clicked = None;
            intent::act(model, Intent::Open)
        }
        Some(task) => {
            model.columns.go_to(task);
            model.clicked = Some(task);
            Vec::new()
        }
        None => Vec::new(),
    }
}

pub(super) fn planned(model: &mut Model, outcome: Result<Vec<String>, Fault>) -> Vec<Cmd> {
    if !matches!(model.overlay, Some(Overlay::Waiting { .. })) {
        return Vec::new();
    }
    model.overlay = None;
    match outcome {
        Err(fault) => complain(model, &fault),
        Ok(lines) if lines.is_empty() => model.say(Tone::Good, "everything is as it should be"),
        Ok(lines) => {
            let commands = vec![Cmd::Act(Act::Reconcile)];
            model.overlay = Some(Overlay::Confirm { question: "Reconcile?".to_owned(), lines, commands });
        }
    }
    Vec::new()
}

pub(super) fn weighed(model: &mut Model, tasks: &[TaskId], lines: Vec<String>) -> Vec<Cmd> {
    if !matches!(model.overlay, Some(Overlay::Waiting { .. })) {
        return Vec::new();
    }
    let live = |task: &TaskId| model.board.card(*task).is_some_and(crate::engine::board::Card::is_live);
    let commands = tasks.iter().map(|task| Cmd::Act(Act::Delete { task: *task, stop: live(task) })).collect();
    let question =
        if tasks.len() == 1 { "Delete this task?".to_owned() } else { format!("Delete {} tasks?", tasks.len()) };
    model.overlay = Some(Overlay::Confirm { question, lines, commands });
    Vec::new()
}
