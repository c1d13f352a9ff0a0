//! Colours by role. Colour is never the only signal: every state has a word or a sign too.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use ratatui::style::{Color, Modifier, Style};

/// The styles of the roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    pub text: Style,
    pub dim: Style,
    pub title: Style,
    pub accent: Style,
    pub selected: Style,
    pub border: Style,
    pub good: Style,
    pub warn: Style,
    pub bad: Style,
    pub busy: Style,
    pub key: Style,
    pub added: Style,
    pub removed: Style,
}

/// The names of the built-in themes.
pub const THEMES: [&str; 3] = ["dark", "light", "high-contrast"];

/// The roles that a person can colour.
pub const ROLES: [&str; 9] = ["text", "dim", "accent", "selected", "border", "good", "warn", "bad", "busy"];

impl Theme {
    /// A built-in theme with a person's own colours over it; without any colour where `plain`. A name that is none
    /// is the dark one: names and colours are checked where the configuration is read.
    #[must_use]
    pub fn new(name: &str, own: &BTreeMap<String, String>, plain: bool) -> Self {
        if plain {
            return Self::plain();
        }
        let colours = match name {
            "light" => Colours {
                text: Color::Black,
                dim: Color::DarkGray,
                accent: Color::Blue,
                selected: Color::Indexed(254),
                border: Color::Gray,
                good: Color::Indexed(28),
                warn: Color::Indexed(130),
                bad: Color::Indexed(160),
                busy: Color::Indexed(25),
            },
            "high-contrast" => Colours {
                text: Color::White,
                dim: Color::White,
                accent: Color::LightYellow,
                selected: Color::Blue,
                border: Color::White,
                good: Color::LightGreen,
                warn: Color::LightYellow,
                bad: Color::LightRed,
                busy: Color::LightCyan,
            },
            _ => Colours {
                text: Color::Reset,
                dim: Color::Indexed(245),
                accent: Color::Indexed(75),
                selected: Color::Indexed(237),
                border: Color::Indexed(240),
                good: Color::Indexed(114),
                warn: Color::Indexed(179),
                bad: Color::Indexed(203),
                busy: Color::Indexed(80),
            },
        };
        Self::of(&colours.with(own))
    }

    fn of(colours: &Colours) -> Self {
        let on = |colour| Style::new().fg(colour);
        Self {
            text: on(colours.text),
            dim: on(colours.dim),
            title: on(colours.text).add_modifier(Modifier::BOLD),
            accent: on(colours.accent).add_modifier(Modifier::BOLD),
            selected: Style::new().bg(colours.selected),
            border: on(colours.border),
            good: on(colours.good),
            warn: on(colours.warn),
            bad: on(colours.bad),
            busy: on(colours.busy),
            key: on(colours.accent),
            added: on(colours.good),
            removed: on(colours.bad),
        }
    }

    fn plain() -> Self {
        let none = Style::new();
        let bold = none.add_modifier(Modifier::BOLD);
        let dim = none.add_modifier(Modifier::DIM);
        Self {
            text: none,
            dim,
            title: bold,
            accent: bold,
            selected: none.add_modifier(Modifier::REVERSED),
            border: dim,
            good: none,
            warn: bold,
            bad: bold,
            busy: none,
            key: bold,
            added: none,
            removed: none,
        }
    }
}

struct Colours {
    text: Color,
    dim: Color,
    accent: Color,
    selected: Color,
    border: Color,
    good: Color,
    warn: Color,
    bad: Color,
    busy: Color,
}

impl Colours {
    fn with(mut self, own: &BTreeMap<String, String>) -> Self {
        let roles: [(&str, &mut Color); 9] = [
            ("text", &mut self.text),
            ("dim", &mut self.dim),
            ("accent", &mut self.accent),
            ("selected", &mut self.selected),
            ("border", &mut self.border),
            ("good", &mut self.good),
            ("warn", &mut self.warn),
            ("bad", &mut self.bad),
            ("busy", &mut self.busy),
        ];
        for (role, colour) in roles {
            if let Some(given) = own.get(role).and_then(|text| Color::from_str(text).ok()) {
                *colour = given;
            }
        }
        self
    }
}

/// Whether a text is a colour: a name (`light-blue`), a number (`75`) or `#rrggbb`.
#[must_use]
pub fn is_colour(text: &str) -> bool {
    Color::from_str(text).is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ratatui::style::{Color, Modifier};

    use super::{ROLES, THEMES, Theme, is_colour};

    #[test]
    fn ones_own_colours_replace_those_of_the_theme() {
        for role in ROLES {
            let own = BTreeMap::from([(role.to_owned(), "#102030".to_owned())]);
            for name in THEMES {
                assert_ne!(Theme::new(name, &own, false), Theme::new(name, &BTreeMap::new(), false), "{role} {name}");
            }
        }
        assert!(is_colour("light-blue") && is_colour("75") && is_colour("#fff000") && !is_colour("no colour"));
    }

    #[test]
    fn without_colours_there_are_none() {
        let theme = Theme::new("dark", &BTreeMap::new(), true);
        for style in [theme.text, theme.bad, theme.good, theme.selected, theme.accent] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
        assert!(theme.selected.add_modifier.contains(Modifier::REVERSED));
        assert_ne!(Theme::new("light", &BTreeMap::new(), false).text.fg, Some(Color::Reset));
    }
}
