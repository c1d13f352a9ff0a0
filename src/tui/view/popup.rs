//! A box over the board.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, BorderType, Clear};

use crate::tui::model::Model;

/// Clears a box in the middle of the screen and draws its border; the area within. Smaller than wanted where the
/// screen is.
pub(super) fn popup(model: &Model, frame: &mut Frame<'_>, title: &str, width: u16, height: u16) -> Rect {
    let screen = frame.area();
    let (width, height) = (width.min(screen.width), height.min(screen.height));
    let area = Rect { x: (screen.width - width) / 2, y: (screen.height - height) / 3, width, height };
    frame.render_widget(Clear, area);
    let block = bordered(model).title(format!(" {title} ")).title_style(model.outfit.theme.accent);
    let within = block.inner(area);
    frame.render_widget(block, area);
    within
}

/// A border in the theme's colour, of signs that every terminal has where that is wanted.
pub(super) fn bordered(model: &Model) -> Block<'static> {
    const ASCII: ratatui::symbols::border::Set<'static> = ratatui::symbols::border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    };
    let theme = &model.outfit.theme;
    let block = Block::bordered().border_style(theme.border).style(theme.text);
    if model.outfit.ascii { block.border_set(ASCII) } else { block.border_type(BorderType::Rounded) }
}
