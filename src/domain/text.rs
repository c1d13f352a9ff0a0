//! Text from outside, made safe for where it goes: one function for each destination.
//!
//! | to | by |
//! |---|---|
//! | a line on a terminal, a line of a log, an error | [`line()`], cut by [`cut`], [`short`] |
//! | several lines on a terminal or in a log | [`block`] |
//! | a line of a file on a terminal | [`inert`] |
//! | a captured screen, shown again | [`coloured`], [`plain`] |
//! | an agent's terminal, as if typed | [`typed`] |
//! | an argument of somebody's program | [`argument`] |
//! | a comment in a script | [`comment`] |

/// Makes untrusted text safe for one line of a terminal.
///
/// Tabs and line breaks become a space; every other control character (C0, DEL, C1), the bidirectional
/// overrides and the line and paragraph separators become `\u{FFFD}`. No escape sequence survives.
#[must_use]
pub fn line(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { visible(c) }).collect()
}

/// Makes untrusted text safe for a terminal and keeps its lines: as [`line()`], but line breaks and tabs stay.
#[must_use]
pub fn block(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '\t' | '\n') { c } else { visible(c) }).collect()
}

/// A line of a file for a terminal, whatever its bytes are: tabs stay, other control characters are named as `^[`, what is
/// not UTF-8 becomes `\u{FFFD}`.
#[must_use]
pub fn inert(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '\t' => out.push(c),
            '\u{0}'..='\u{1f}' => out.extend(['^', char::from(c as u8 + b'@')]),
            '\u{7f}' => out.push_str("^?"),
            c => out.push(visible(c)),
        }
    }
    out
}

fn visible(c: char) -> char {
    let hidden = c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if hidden { '\u{fffd}' } else { c }
}

/// What may be typed at a program: its text, line breaks as `\n`, and tabs. Every other control character would be a key
/// there, or end the paste that it stands in; it is left out.
#[must_use]
pub fn typed(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| matches!(c, '\t' | '\n') || !c.is_control()).collect()
}

/// One line for an argument of a program that takes it for text: it can't begin an option.
#[must_use]
pub fn argument(text: &str) -> String {
    let line = line(text);
    if line.starts_with('-') { format!(" {line}") } else { line }
}

/// Comments of a script, in languages where `#` begins one: whatever ends a line in any of them ends one here.
#[must_use]
pub fn comment(text: &str) -> String {
    let lines = text.replace("\r\n", "\n");
    let lines = lines.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']);
    lines.map(|text| format!("# {}", block(text))).collect::<Vec<_>>().join("\n")
}

/// Keeps the text and the colours (SGR sequences) of a captured terminal screen and drops every other control.
#[must_use]
pub fn coloured(screen: &str) -> String {
    let mut out = String::with_capacity(screen.len());
    let mut rest = screen.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '\u{1b}' {
            out.push(if matches!(c, '\t' | '\n') { c } else { visible(c) });
            continue;
        }
        skip_escape(&mut rest, |sequence| {
            if sequence.ends_with('m') {
                out.push_str("\u{1b}[");
                out.push_str(sequence);
            }
        });
    }
    out
}

/// Drops every escape sequence and control of a captured terminal screen, colours included.
#[must_use]
pub fn plain(screen: &str) -> String {
    let mut out = String::with_capacity(screen.len());
    let mut rest = screen.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            skip_escape(&mut rest, |_| {});
        } else {
            out.push(if matches!(c, '\t' | '\n') { c } else { visible(c) });
        }
    }
    out
}

/// Consumes what follows an ESC; a complete CSI sequence (without its introducer) goes to `csi`.
fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, mut csi: impl FnMut(&str)) {
    match rest.next() {
        Some('[') => {
            let mut sequence = String::new();
            while let Some(c) = rest.next_if(|c| matches!(c, '\u{20}'..='\u{3f}')) {
                sequence.push(c);
            }
            if let Some(last) = rest.next_if(|c| matches!(c, '\u{40}'..='\u{7e}')) {
                let well_formed = sequence.chars().all(|c| c.is_ascii_digit() || matches!(c, ';' | ':'));
                sequence.push(last);
                if well_formed {
                    csi(&sequence);
                }
            }
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = rest.next() {
                if c == '\u{7}' || (c == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        Some('(' | ')' | '*' | '+' | '#' | ' ' | '%') => {
            rest.next();
        }
        Some(_) | None => {}
    }
}

/// One line of at most 500 characters: what an agent or a person says in passing.
#[must_use]
pub fn short(text: &str) -> String {
    cut(line(text.trim()).trim(), 500)
}

/// Cuts to at most `width` characters, with `…` for what was cut.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(std::iter::once('…')).take(width).collect()
}

/// Text for where only ASCII can be shown: signs and accented letters become the nearest ASCII, everything else `?`.
#[must_use]
pub fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => out.push_str("..."),
            // A mark on the letter before it.
            '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => {}
            c => out.push(stand_in(c)),
        }
    }
    out
}

/// What stands for signs and letters that are often seen.
const STAND_INS: &[(char, &str)] = &[
    ('~', "…"),
    ('|', "·•∙│┃║▏▎▌"),
    ('-', "‐‑‒–—―−─━═╌╍┄┅┈┉"),
    ('\'', "‘’‹›´"),
    ('"', "“”„«»"),
    ('>', "→▶❯►▸"),
    ('<', "←◀"),
    ('^', "↑"),
    ('v', "↓▼"),
    ('+', "✔✓"),
    ('x', "✖✗×"),
    ('*', "●◆★◉"),
    ('A', "ÀÁÂÃÄÅ"),
    ('C', "Ç"),
    ('E', "ÈÉÊË"),
    ('I', "ÌÍÎÏ"),
    ('N', "Ñ"),
    ('O', "ÒÓÔÕÖØ"),
    ('U', "ÙÚÛÜ"),
    ('Y', "Ý"),
    ('a', "àáâãäå"),
    ('c', "ç"),
    ('e', "èéêë"),
    ('i', "ìíîï"),
    ('n', "ñ"),
    ('o', "òóôõöø○◦◯"),
    ('s', "ß"),
    ('u', "ùúûü"),
    ('y', "ýÿ"),
];

/// The one ASCII character that stands for this one.
#[must_use]
pub fn stand_in(c: char) -> char {
    match c {
        '\0'..='\x7f' => c,
        '\u{a0}' | '\u{2000}'..='\u{200f}' | '\u{202f}' | '\u{3000}' => ' ',
        // Corners and crossings of boxes, and blocks.
        '┌'..='╋' | '╒'..='╰' if !"│┃║━═".contains(c) => '+',
        '▀'..='▟' if !"▌▎▏".contains(c) => '#',
        _ => STAND_INS.iter().find(|(_, those)| those.contains(c)).map_or('?', |(sign, _)| *sign),
    }
}

#[cfg(test)]
mod tests {
    use super::{argument, ascii, block, coloured, comment, cut, line, plain, short, stand_in, typed};

    #[test]
    fn what_is_not_ascii_gets_the_nearest_that_is() {
        assert_eq!(ascii("▶3 · naïve «quoted»… → 漢字 e\u{301}"), ">3 | naive \"quoted\"... > ?? e");
        for c in '\0'..='\u{31ff}' {
            assert!(stand_in(c).is_ascii() && (!c.is_ascii() || stand_in(c) == c), "{c:?}");
            assert!(c.is_control() || !stand_in(c).is_control(), "{c:?}");
        }
    }

    #[test]
    fn what_is_said_in_passing_is_one_short_line() {
        assert_eq!(short(" which\none?\n"), "which one?");
        assert_eq!(short(&"x".repeat(501)), format!("{}…", "x".repeat(499)));
    }

    #[test]
    fn s4_no_control_character_survives_a_line() {
        let hostile = "a\u{1b}]52;c;ZXZpbA==\u{7}b\tc\nd\u{9b}31m\u{202e}e\u{7f}";
        let shown = line(hostile);
        assert!(shown.chars().all(|c| !c.is_control()), "{shown:?}");
        assert!(shown.contains(" c d"));
        assert_eq!(block("a\nb\u{1b}"), "a\nb\u{fffd}");
    }

    #[test]
    fn s26_what_is_typed_holds_no_key_but_text_line_breaks_and_tabs() {
        let hostile = "a\u{1b}[201~\u{3}b\u{9b}201~c\u{7f}\td\re\r\nf\n\u{0}g\u{4}\u{1a}\u{1c}";
        assert_eq!(typed(hostile), "a[201~b201~c\td\ne\nf\ng");
        let every: String = (0..0x300).filter_map(char::from_u32).collect();
        assert!(typed(&every).chars().all(|c| c >= ' ' && !('\u{7f}'..='\u{9f}').contains(&c) || "\t\n".contains(c)));
        assert_eq!(typed("grün → 🦀 שלום"), "grün → 🦀 שלום");
    }

    #[test]
    fn s27_an_argument_is_one_line_and_no_option() {
        assert_eq!(argument("--help\nx\u{1b}[0m\0"), " --help x\u{fffd}[0m\u{fffd}");
        assert_eq!(argument("a-b"), "a-b");
    }

    #[test]
    fn s28_no_line_of_a_comment_is_code() {
        let hostile = "one\rtwo\r\nthree\u{2028}four\u{85}five\u{b}\u{c}six\u{1b}\n\nseven\0";
        let lines = ["one", "two", "three", "four", "five", "", "six\u{fffd}", "", "seven\u{fffd}"];
        assert_eq!(comment(hostile), lines.map(|line| format!("# {line}")).join("\n"));
    }

    #[test]
    fn s4_a_screen_keeps_its_colours_and_nothing_else() {
        let screen = "\u{1b}[1;31mred\u{1b}[0m \u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{1b}\\ \u{1b}[2Jx\u{1b}(B";
        assert_eq!(coloured(screen), "\u{1b}[1;31mred\u{1b}[0m link x");
        assert_eq!(plain(screen), "red link x");
    }

    #[test]
    fn cutting_counts_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
