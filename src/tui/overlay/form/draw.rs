//! How the form is drawn.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::{Form, Name, Purpose};
use crate::tui::keymap::{Context, Control};
use crate::tui::msg::Act;
use crate::tui::options::Options;
use crate::tui::paint::{fit, keys, popup};

impl Form {
    pub(in crate::tui::overlay) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let (theme, form) = (&options.theme, self);
        let screen = frame.area();
        let title = match &form.purpose {
            Purpose::New => "new task".to_owned(),
            Purpose::Edit(task) => format!("edit #{}", task.id),
        };
        let area = popup(
            options,
            frame,
            &title,
            screen.width.saturating_sub(4).min(110),
            screen.height.saturating_sub(2).min(34),
        );
        let heights = Name::ALL.map(|name| match name {
            Name::Prompt => Constraint::Fill(3),
            Name::Verify => Constraint::Max(4),
            Name::Title
            | Name::Agent
            | Name::Base
            | Name::Branch
            | Name::Priority
            | Name::After
            | Name::Timeout
            | Name::Files
            | Name::Permissions => Constraint::Length(1),
        });
        let [fields, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(2)]).areas(area);
        let rows = Layout::vertical(heights).split(fields);
        for (name, row) in Name::ALL.into_iter().zip(rows.iter()) {
            field(options, frame, *row, form, name);
        }
        let said = match (&form.error, form.saving, form.warned) {
            (Some(error), ..) => Line::styled(fit(error, foot.width), theme.bad),
            (None, true, _) => Line::styled("saving…", theme.dim),
            (None, false, true) => {
                let again = options.keymap.over(Context::Over, Control::Close);
                Line::styled(format!("what is typed here would be lost: {again} again closes the form"), theme.warn)
            }
            (None, false, false) => Line::raw(""),
        };
        let begins = form.begins();
        let is_retry = matches!(begins, Some(Act::Retry { .. }));
        let key = |control| options.keymap.over(Context::Form, control);
        let row = [
            (key(Control::Save), "save"),
            (key(Control::SaveAndStart), if is_retry { "save and retry" } else { "save and start" }),
            (key(Control::Editor), "$EDITOR"),
            (key(Control::Next), "next"),
            (options.keymap.over(Context::Choice, Control::Down), "next choice"),
            (options.keymap.over(Context::Over, Control::Close), "cancel"),
        ];
        let row = row.into_iter().filter(|(_, what)| match *what {
            "save and start" | "save and retry" => form.purpose == Purpose::New || begins.is_some(),
            "next choice" => form.focus.is_choice(),
            _ => true,
        });
        frame.render_widget(Paragraph::new(vec![said, Line::from(keys(options, foot.width, row))]), foot);
    }
}

fn field(options: &Options, frame: &mut Frame<'_>, area: Rect, form: &Form, name: Name) {
    let theme = &options.theme;
    let focused = form.focus == name;
    let [label, text] = Layout::horizontal([Constraint::Length(10), Constraint::Min(0)]).areas(area);
    let style = if focused { theme.accent } else { theme.dim };
    frame.render_widget(Paragraph::new(Line::styled(format!(" {}", name.label()), style)), label);
    if !focused && form.field(name).is_empty() {
        // Only the field that is typed into has a cursor, which stands before its hint.
        let hint = fit(&name.hint(&options.keymap), text.width);
        frame.render_widget(Paragraph::new(Line::styled(hint, theme.dim)), text);
        return;
    }
    let mut widget = form.field(name).clone();
    widget.set_style(theme.text);
    widget.set_placeholder_text(name.hint(&options.keymap));
    widget.set_placeholder_style(theme.dim);
    widget.set_cursor_line_style(theme.text);
    if !focused {
        widget.set_cursor_style(theme.text);
    }
    frame.render_widget(&widget, text);
}
