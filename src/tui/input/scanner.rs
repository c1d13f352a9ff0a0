//! Bytes and time in, events out: a pure state machine, and a total one.
//!
//! What terminals send besides keys (reports of every kind, whether anybody here asked or another program did) has the
//! form of a control sequence or of a control string. Each is read to its end, and only the sequences that
//! [`decode`] knows as a key, the mouse or a paste come to anything. Reads may split them anywhere, and a
//! sequence may never end: time decides then, and nothing that is held is without a bound.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::decode;

/// After an ESC alone: how long until it is the key. A sequence may still come in one more read.
pub const ESCAPE: Duration = Duration::from_millis(100);
/// How long after an ESC another key may come and be a key with Alt; terminals send the two at once.
const ALT: Duration = Duration::from_millis(30);
/// How long after an ESC that became the key its sequence may still arrive.
const LATE: Duration = Duration::from_millis(500);
/// A sequence or string that has not gone on for this long never will.
const STALLED: Duration = Duration::from_secs(1);
/// A string that takes longer than this comes from a keyboard, if its bytes come [`TYPED`] apart.
const LONG: Duration = Duration::from_secs(3);
const TYPED: Duration = Duration::from_millis(250);
/// A paste that has not gone on for this long is taken as far as it has come; a slow line may bring the rest yet.
const CUT: Duration = Duration::from_secs(2);
/// A paste that has not gone on for this long has lost its end.
const LOST: Duration = Duration::from_secs(10);
/// What a sequence may have between its first and last byte.
const SEQUENCE: usize = 64;
/// What a paste may have; what is beyond is not kept.
const PASTE: usize = 16 * 1024 * 1024;

const PASTE_END: &[u8] = b"\x1b[201~";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// Bytes of one character are held.
    Letter {
        missing: u8,
    },
    Escape,
    /// Parameters are held.
    Sequence,
    /// One more byte is a function key of the Linux console.
    Console,
    /// Three more bytes are a mouse report of the oldest kind.
    Report,
    /// A key of the application modes.
    Application,
    /// A control string; only its end matters.
    Text {
        bell_ends: bool,
        eight_bits: bool,
        escaped: bool,
    },
    Paste,
    /// A paste was taken as far as it had come, and its end is due yet. `alone`: the last read held one key, as a keyboard
    /// sends them.
    Rest {
        alone: bool,
    },
}

/// Reads what a terminal sends.
#[derive(Debug, Default)]
pub struct Scanner {
    state: State,
    held: Vec<u8>,
    /// An ESC came before what is read now.
    alt: bool,
    /// When what is read now began.
    since: Duration,
    /// When the last byte came.
    last: Duration,
    /// When the last ESC came that was taken for the key, and nothing since.
    escaped: Option<Duration>,
}

impl Scanner {
    /// Takes bytes that were read at this time; times never go back.
    pub fn feed(&mut self, bytes: &[u8], at: Duration, events: &mut Vec<Event>) {
        self.expire(at, events);
        if let State::Rest { alone } = self.state {
            let typed = at.saturating_sub(self.last) >= TYPED && is_one_key(bytes);
            if typed && alone {
                // The second of two: somebody types, and the end will not come.
                self.pasted(events);
                self.rest();
            } else {
                self.state = State::Rest { alone: typed };
            }
        }
        for byte in bytes {
            self.step(*byte, at, events);
            self.last = at;
        }
    }

    /// When [`Self::expire`] is due, if nothing comes.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let patience = match self.state {
            State::Ground => return None,
            State::Escape | State::Application => ESCAPE,
            State::Text { .. } if self.last.saturating_sub(self.since) > LONG => TYPED,
            State::Letter { .. } | State::Sequence | State::Console | State::Report | State::Text { .. } => STALLED,
            State::Rest { .. } if self.held.is_empty() => LOST,
            State::Paste | State::Rest { .. } => CUT,
        };
        Some(self.last + patience)
    }

    /// Gives up waiting for what has not come in its time.
    pub fn expire(&mut self, at: Duration, events: &mut Vec<Event>) {
        if self.deadline().is_none_or(|deadline| at < deadline) {
            return;
        }
        match self.state {
            State::Escape => {
                events.push(key(KeyCode::Esc, KeyModifiers::NONE));
                self.escaped = Some(self.last);
            }
            State::Application if self.held.is_empty() => events.push(decode::letter('O', true)),
            State::Paste => {
                self.pasted(events);
                self.state = State::Rest { alone: false };
                return self.expire(at, events);
            }
            State::Rest { alone } if !self.held.is_empty() => {
                self.pasted(events);
                self.state = State::Rest { alone };
                return self.expire(at, events);
            }
            State::Ground
            | State::Rest { .. }
            | State::Application
            | State::Letter { .. }
            | State::Sequence
            | State::Console
            | State::Report
            | State::Text { .. } => {}
        }
        self.rest();
    }

    fn rest(&mut self) {
        self.state = State::Ground;
        self.held = Vec::new();
        self.alt = false;
    }

    fn step(&mut self, byte: u8, at: Duration, events: &mut Vec<Event>) {
        match self.state {
            State::Ground => self.ground(byte, at, events),
            State::Letter { missing } => self.letter(byte, missing, at, events),
            State::Escape => self.escape(byte, at, events),
            State::Sequence => self.sequence(byte, at, events),
            State::Console => {
                events.extend(decode::console(byte, self.alt));
                self.rest();
            }
            State::Report => {
                self.held.push(byte);
                if self.held.len() == 3 {
                    events.extend(decode::report(&self.held));
                    self.rest();
                }
            }
            State::Application => self.application(byte, at, events),
            State::Text { bell_ends, eight_bits, escaped } => {
                self.text(byte, at, (bell_ends, eight_bits, escaped), events);
            }
            State::Paste | State::Rest { .. } => {
                // Room for the end is always left.
                if self.held.len() >= PASTE {
                    self.held.drain(PASTE - PASTE_END.len()..=PASTE - PASTE_END.len());
                }
                self.held.push(byte);
                if self.held.ends_with(PASTE_END) {
                    self.held.truncate(self.held.len() - PASTE_END.len());
                    self.pasted(events);
                    self.rest();
                }
            }
        }
    }

    fn ground(&mut self, byte: u8, at: Duration, events: &mut Vec<Event>) {
        let late = self.escaped.take().is_some_and(|escape| at.saturating_sub(escape) <= LATE);
        self.since = at;
        match byte {
            0x1b => self.state = State::Escape,
            // The sequence of an ESC that was taken for the key.
            b'[' | b']' | b'P' | b'_' | b'^' | b'X' if late => self.introduce(byte, false),
            0x80..=0x9f => self.introduce(byte - 0x40, true),
            0xc2..=0xdf => self.begin_letter(byte, 1),
            0xe0..=0xef => self.begin_letter(byte, 2),
            0xf0..=0xf4 => self.begin_letter(byte, 3),
            // No character begins so.
            0xa0..=0xff => self.rest(),
            byte => {
                events.push(decode::byte(byte, self.alt));
                self.rest();
            }
        }
    }

    fn begin_letter(&mut self, byte: u8, missing: u8) {
        self.held = vec![byte];
        self.state = State::Letter { missing };
    }

    /// What follows an ESC, or stands for both in eight bits: whether it begins anything.
    fn introduce(&mut self, byte: u8, eight_bits: bool) {
        let text = |bell_ends| State::Text { bell_ends, eight_bits, escaped: false };
        let state = match byte {
            b'[' => State::Sequence,
            b'O' => State::Application,
            b']' => text(true),
            b'P' | b'_' | b'^' | b'X' => text(false),
            // The end of a string that was given up, or a control that is no key's.
            _ => State::Ground,
        };
        let alt = self.alt;
        self.rest();
        self.alt = alt && state != State::Ground;
        self.state = state;
    }

    fn letter(&mut self, byte: u8, missing: u8, at: Duration, events: &mut Vec<Event>) {
        if !(0x80..=0xbf).contains(&byte) {
            self.rest();
            return self.ground(byte, at, events);
        }
        self.held.push(byte);
        if missing > 1 {
            self.state = State::Letter { missing: missing - 1 };
            return;
        }
        let letter = std::str::from_utf8(&self.held).ok().and_then(|text| text.chars().next());
        match letter {
            Some(control @ '\u{80}'..='\u{9f}') => {
                let code = u8::try_from(u32::from(control)).unwrap_or_default();
                self.introduce(code.saturating_sub(0x40), true);
            }
            Some(letter) => {
                events.push(decode::letter(letter, self.alt));
                self.rest();
            }
            None => self.rest(),
        }
    }

    fn escape(&mut self, byte: u8, at: Duration, events: &mut Vec<Event>) {
        match byte {
            0x1b => self.alt = true,
            b'[' | b']' | b'P' | b'_' | b'^' | b'X' | b'O' | b'\\' => self.introduce(byte, false),
            byte if at.saturating_sub(self.last) > ALT => {
                events.push(key(KeyCode::Esc, KeyModifiers::NONE));
                self.rest();
                self.ground(byte, at, events);
            }
            byte => {
                self.alt = true;
                self.ground(byte, at, events);
            }
        }
    }

    fn sequence(&mut self, byte: u8, at: Duration, events: &mut Vec<Event>) {
        match byte {
            0x20..=0x3f => {
                // One that is too long is read to its end, and is nothing.
                if self.held.len() <= SEQUENCE {
                    self.held.push(byte);
                }
            }
            b'M' if self.held.is_empty() => self.state = State::Report,
            b'[' if self.held.is_empty() => self.state = State::Console,
            b'~' if self.held == b"200" => {
                self.rest();
                self.state = State::Paste;
            }
            0x40..=0x7e => {
                if self.held.len() <= SEQUENCE {
                    events.extend(decode::sequence(&self.held, byte, self.alt));
                }
                self.rest();
            }
            // It was cut off, and something else begins.
            _ => {
                self.rest();
                self.ground(byte, at, events);
            }
        }
    }

    fn application(&mut self, byte: u8, at: Duration, events: &mut Vec<Event>) {
        match byte {
            b'0'..=b'9' | b';' => {
                if self.held.len() <= SEQUENCE {
                    self.held.push(byte);
                }
            }
            0x40..=0x7e => {
                events.extend(decode::application(&self.held, byte, self.alt));
                self.rest();
            }
            _ => {
                self.rest();
                self.ground(byte, at, events);
            }
        }
    }

    fn text(&mut self, byte: u8, at: Duration, kind: (bool, bool, bool), events: &mut Vec<Event>) {
        let (bell_ends, eight_bits, escaped) = kind;
        match byte {
            0x1b => self.state = State::Text { bell_ends, eight_bits, escaped: true },
            b'\\' if escaped => self.rest(),
            // Another sequence begins: the string was cut off.
            byte if escaped => {
                self.rest();
                self.since = at;
                self.last = at;
                self.escape(byte, at, events);
            }
            0x07 if bell_ends => self.rest(),
            0x9c if eight_bits => self.rest(),
            _ => {}
        }
    }

    fn pasted(&mut self, events: &mut Vec<Event>) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() || self.state == State::Paste {
            events.push(Event::Paste(String::from_utf8_lossy(&held).into_owned()));
        }
    }
}

/// Whether a read holds no more than one key.
fn is_one_key(bytes: &[u8]) -> bool {
    let letter = || std::str::from_utf8(bytes).is_ok_and(|text| text.chars().count() == 1);
    let sequence = || bytes.first() == Some(&0x1b) && bytes.len() <= 6 && !PASTE_END.starts_with(bytes);
    bytes.len() == 1 || letter() || sequence()
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}
