//! The sequences that are a key or the mouse. Everything else that a terminal may send is nothing here.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

fn alt(is: bool) -> KeyModifiers {
    if is { KeyModifiers::ALT } else { KeyModifiers::NONE }
}

/// A character that was typed.
pub fn letter(letter: char, with_alt: bool) -> Event {
    let shift = if letter.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    key(KeyCode::Char(letter), shift | alt(with_alt))
}

/// A byte of ASCII, ESC excepted.
pub fn byte(byte: u8, with_alt: bool) -> Event {
    let control = |letter: u8| key(KeyCode::Char(letter.into()), KeyModifiers::CONTROL | alt(with_alt));
    match byte {
        b'\t' => key(KeyCode::Tab, alt(with_alt)),
        b'\r' => key(KeyCode::Enter, alt(with_alt)),
        0x7f => key(KeyCode::Backspace, alt(with_alt)),
        0 => control(b' '),
        0x01..=0x1a => control(byte - 1 + b'a'),
        0x1b..=0x1f => control(byte - 0x1b + b'3'),
        byte => letter(byte.into(), with_alt),
    }
}

/// A function key of the Linux console: `CSI [ A` and on.
pub fn console(byte: u8, with_alt: bool) -> Option<Event> {
    (b'A'..=b'E').contains(&byte).then(|| key(KeyCode::F(byte - b'A' + 1), alt(with_alt)))
}

/// A key of the application modes: `SS3`, its parameters, its last byte.
pub fn application(parameters: &[u8], last: u8, with_alt: bool) -> Option<Event> {
    let modifiers = numbers(parameters).into_iter().next_back().map_or(KeyModifiers::NONE, modifiers) | alt(with_alt);
    let pad = |letter: u8| Some(key(KeyCode::Char(letter.into()), modifiers));
    match last {
        b'M' => Some(key(KeyCode::Enter, modifiers)),
        b'j'..=b'y' => pad(last - b'j' + b'*'),
        b'X' => pad(b'='),
        b'R' => Some(key(KeyCode::F(3), modifiers)),
        last => Some(key(cursor(last)?, modifiers)),
    }
}

/// The keys that one letter names.
fn cursor(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

/// A control sequence: what stands between `CSI` and the last byte, and that.
pub fn sequence(parameters: &[u8], last: u8, with_alt: bool) -> Option<Event> {
    if let Some(rest) = parameters.strip_prefix(b"<") {
        let pressed = match last {
            b'M' => true,
            b'm' => false,
            _ => return None,
        };
        let [button, column, row] = numbers(rest)[..] else { return None };
        return mouse(button, column, row, pressed);
    }
    // Private parameters and intermediate bytes are those of reports.
    if !parameters.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')) {
        return None;
    }
    let groups: Vec<Vec<u32>> = parameters.split(|byte| *byte == b';').map(numbers_of).collect();
    let first = groups.first().and_then(|group| group.first()).copied();
    let second = groups.get(1).map_or(&[][..], Vec::as_slice);
    let modifiers = second.first().map_or(KeyModifiers::NONE, |code| modifiers(*code)) | alt(with_alt);
    let kind = match second.get(1) {
        None | Some(0 | 1) => KeyEventKind::Press,
        Some(2) => KeyEventKind::Repeat,
        Some(_) => return None,
    };
    let event = |(code, modifiers)| Some(Event::Key(KeyEvent::new_with_kind(code, modifiers, kind)));
    match (last, groups.len()) {
        (b'~', 3) if first == Some(27) => event(coded(*groups[2].first()?, None, modifiers)?),
        (b'~', 1 | 2) => event((numbered(first?)?, modifiers)),
        (b'u', 1..=3) => event(coded(first?, groups[0].get(1).copied(), modifiers)?),
        (b'Z', _) if parameters.is_empty() || first == Some(1) => {
            event((KeyCode::BackTab, modifiers | KeyModifiers::SHIFT))
        }
        (b'M', 3) => mouse(first?.checked_sub(32)?, *second.first()?, *groups[2].first()?, true),
        // With parameters this is where the cursor is.
        (b'R', _) if parameters.is_empty() => event((KeyCode::F(3), modifiers)),
        (_, 1) if parameters.is_empty() => event((cursor(last)?, modifiers)),
        (_, 2) if first == Some(1) => event((cursor(last)?, modifiers)),
        _ => None,
    }
}

/// A mouse report of the oldest kind: three bytes, each 32 too high.
pub fn report(bytes: &[u8]) -> Option<Event> {
    let [button, column, row] = *bytes else { return None };
    let less = |byte: u8| byte.checked_sub(32).map(u32::from);
    mouse(less(button)?, less(column)?, less(row)?, true)
}

fn numbers(parameters: &[u8]) -> Vec<u32> {
    parameters.split(|byte| *byte == b';').filter_map(|group| numbers_of(group).first().copied()).collect()
}

/// The numbers of a group; one that is left out is 0, and what is none ends it.
fn numbers_of(group: &[u8]) -> Vec<u32> {
    let parts = group.split(|byte| *byte == b':');
    let number = |part: &[u8]| match part {
        [] => Some(0),
        part => std::str::from_utf8(part).ok().and_then(|text| text.parse().ok()),
    };
    parts.map_while(number).collect()
}

fn modifiers(code: u32) -> KeyModifiers {
    let bits = code.saturating_sub(1);
    let pairs = [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
        (16, KeyModifiers::HYPER),
        (32, KeyModifiers::META),
    ];
    pairs.into_iter().filter(|(bit, _)| bits & bit != 0).fold(KeyModifiers::NONE, |all, (_, one)| all | one)
}

/// The keys of `CSI number ~`.
fn numbered(number: u32) -> Option<KeyCode> {
    let function = |first: u8, offset: u32| u8::try_from(offset).ok().map(|offset| KeyCode::F(first + offset));
    match number {
        1 | 7 => Some(KeyCode::Home),
        2 => Some(KeyCode::Insert),
        3 => Some(KeyCode::Delete),
        4 | 8 => Some(KeyCode::End),
        5 => Some(KeyCode::PageUp),
        6 => Some(KeyCode::PageDown),
        11..=15 => function(1, number - 11),
        17..=21 => function(6, number - 17),
        23..=26 => function(11, number - 23),
        28 | 29 => function(15, number - 28),
        31..=34 => function(17, number - 31),
        _ => None,
    }
}

/// The keys of the kitty protocol and of xterm's modifyOtherKeys: by the code of what they type.
fn coded(code: u32, shifted: Option<u32>, modifiers: KeyModifiers) -> Option<(KeyCode, KeyModifiers)> {
    let function = |first: u8, offset: u32| u8::try_from(offset).ok().map(|offset| KeyCode::F(first + offset));
    let shift = modifiers.contains(KeyModifiers::SHIFT);
    let code = match code {
        9 if shift => KeyCode::BackTab,
        9 => KeyCode::Tab,
        13 | 57414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        57376..=57398 => function(13, code - 57376)?,
        57399..=57408 => KeyCode::Char(char::from_digit(code - 57399, 10)?),
        57409 => KeyCode::Char('.'),
        57410 => KeyCode::Char('/'),
        57411 => KeyCode::Char('*'),
        57412 => KeyCode::Char('-'),
        57413 => KeyCode::Char('+'),
        57415 => KeyCode::Char('='),
        57416 => KeyCode::Char(','),
        57417 => KeyCode::Left,
        57418 => KeyCode::Right,
        57419 => KeyCode::Up,
        57420 => KeyCode::Down,
        57421 => KeyCode::PageUp,
        57422 => KeyCode::PageDown,
        57423 => KeyCode::Home,
        57424 => KeyCode::End,
        57425 => KeyCode::Insert,
        57426 => KeyCode::Delete,
        // Locks, media keys and modifiers by themselves.
        57344..=63743 => return None,
        code => {
            let code = if shift { shifted.filter(|shifted| *shifted > 0).unwrap_or(code) } else { code };
            let typed = char::from_u32(code).filter(|typed| !typed.is_control())?;
            let upper = typed.to_uppercase().next().filter(|_| shift && typed.to_uppercase().count() == 1);
            KeyCode::Char(upper.unwrap_or(typed))
        }
    };
    Some((code, modifiers))
}

/// A mouse report: its button code, its cell from 1, and whether a button went down.
fn mouse(button: u32, column: u32, row: u32, pressed: bool) -> Option<Event> {
    let which = match button & 0b11 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let kind = match (button & 0b1100_0000, button & 0b10_0000 != 0, which) {
        (0, true, Some(which)) => MouseEventKind::Drag(which),
        (0, true, None) => MouseEventKind::Moved,
        (0, false, Some(which)) if pressed => MouseEventKind::Down(which),
        (0, false, Some(which)) => MouseEventKind::Up(which),
        // The older reports do not say which button.
        (0, false, None) => MouseEventKind::Up(MouseButton::Left),
        (64, false, _) => match button & 0b11 {
            0 => MouseEventKind::ScrollUp,
            1 => MouseEventKind::ScrollDown,
            2 => MouseEventKind::ScrollLeft,
            _ => MouseEventKind::ScrollRight,
        },
        _ => return None,
    };
    let cell = |number: u32| u16::try_from(number).ok()?.checked_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)] {
        if button & bit != 0 {
            modifiers |= modifier;
        }
    }
    Some(Event::Mouse(MouseEvent { kind, column: cell(column)?, row: cell(row)?, modifiers }))
}
