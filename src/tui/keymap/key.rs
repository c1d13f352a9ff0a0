//! A key, as it is written in the configuration and as a terminal sends it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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
        // A terminal sends these as the beginning, or the end, of something else.
        if modifiers.contains(KeyModifiers::ALT) && matches!(rest, "[" | "]" | "P" | "X" | "^" | "_" | "\\") {
            return None;
        }
        let mut letters = rest.chars();
        let code = match (rest, letters.next(), letters.next()) {
            ("space", ..) => KeyCode::Char(' '),
            ("enter", ..) => KeyCode::Enter,
            ("esc", ..) => KeyCode::Esc,
            // Terminals have a code of its own for it.
            ("tab", ..) if modifiers.contains(KeyModifiers::SHIFT) => {
                modifiers -= KeyModifiers::SHIFT;
                KeyCode::BackTab
            }
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

    /// Whether it types a character, where something can be typed.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
    }

    /// The event that it comes as, for tests.
    #[cfg(test)]
    pub fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }
}
