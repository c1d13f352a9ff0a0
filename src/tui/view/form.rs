//! The form of a task.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::fit;
use super::popup::popup;
use crate::tui::form::{Form, Name, Purpose};
use crate::tui::model::Model;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, form: &Form) {
    let theme = &model.outfit.theme;
    let screen = frame.area();
    let title = match &form.purpose {
        Purpose::New => "new task".to_owned(),
        Purpose::Edit(task) => format!("edit #{}", task.id),
    };
    let area =
        popup(model, frame, &title, screen.width.saturating_sub(4).min(110), screen.height.saturating_sub(2).min(34));
    let heights = Name::ALL.map(|name| match name {
        Name::Prompt => Constraint::Fill(3),
        Name::Verify => Constraint::Max(4),
        Name::Title
        | Name::Agent
        | Name::Base
        | Name::Priority
        | Name::After
        | Name::Timeout
        | Name::Files
        | Name::Permissions => Constraint::Length(1),
    });
    let [fields, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(2)]).areas(area);
    let rows = Layout::vertical(heights).split(fields);
    for (name, row) in Name::ALL.into_iter().zip(rows.iter()) {
        field(model, frame, *row, form, name);
    }
    let said = match (&form.error, form.saving, form.warned) {
        (Some(error), ..) => Line::styled(fit(error, foot.width), theme.bad),
        (None, true, _) => Line::styled("saving…", theme.dim),
        (None, false, true) => Line::styled("what is typed here would be lost: esc again discards it", theme.warn),
        (None, false, false) => Line::raw(""),
    };
    let keys =
        [("ctrl-s", "save"), ("ctrl-r", "save and start"), ("ctrl-e", "$EDITOR"), ("tab", "next"), ("esc", "cancel")];
    let keys = keys.iter().flat_map(|(key, what)| {
        [Span::styled(format!("{key} "), theme.key), Span::styled(format!("{what}   "), theme.dim)]
    });
    frame.render_widget(Paragraph::new(vec![said, Line::from(keys.collect::<Vec<_>>())]), foot);
}

fn field(model: &Model, frame: &mut Frame<'_>, area: Rect, form: &Form, name: Name) {
    let theme = &model.outfit.theme;
    let focused = form.focus == name;
    let [label, text] = Layout::horizontal([Constraint::Length(10), Constraint::Min(0)]).areas(area);
    let style = if focused { theme.accent } else { theme.dim };
    frame.render_widget(Paragraph::new(Line::styled(format!(" {}", name.label()), style)), label);
    let mut widget = form.field(name).clone();
    widget.set_style(theme.text);
    widget.set_placeholder_style(theme.dim);
    widget.set_cursor_line_style(theme.text);
    if !focused {
        // Only the field that is typed into shows a cursor.
        widget.set_cursor_style(theme.text);
    }
    frame.render_widget(&widget, text);
}
