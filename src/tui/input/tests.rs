use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;

use super::scanner::{ESCAPE, Scanner};

const LONG_AFTER: Duration = Duration::from_mins(1);

/// What comes of reads, each after a pause, and of the silence afterwards.
fn scanned<'a>(reads: impl IntoIterator<Item = &'a [u8]>, pause: Duration) -> Vec<Event> {
    let (mut scanner, mut events, mut at) = (Scanner::default(), Vec::new(), Duration::ZERO);
    for read in reads {
        scanner.feed(read, at, &mut events);
        at += pause;
    }
    scanner.expire(at + LONG_AFTER, &mut events);
    assert_eq!(scanner.deadline(), None);
    events
}

fn at_once(bytes: &[u8]) -> Vec<Event> {
    scanned([bytes], Duration::ZERO)
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

fn plain(code: KeyCode) -> Event {
    key(code, KeyModifiers::NONE)
}

/// Replies of terminals, by what was asked.
const REPLIES: &[&[u8]] = &[
    b"\x1b[?62;1;4;6;22c",
    b"\x1b[?1;2c",
    b"\x1b[>41;377;0c",
    b"\x1b[=0c",
    b"\x1bP!|00000000\x1b\\",
    b"\x1bP>|VTE(7600)\x1b\\",
    b"\x1bP>|XTerm(388)\x1b\\",
    b"\x1b]4;1;rgb:cdcd/0000/0000\x07",
    b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    b"\x1b]11;rgb:0000/0000/0000\x07",
    b"\x1b]12;rgb:0000/0000/0000\x1b\\",
    b"\x1b]52;c;cSBEIHkgRCB5IHU=\x07",
    b"\x1b]52;c;cSBEIHkgRCB5IHU=\x1b\\",
    b"\x1b]l a title: q D y \xc3\x9c\x1b\\",
    b"\x1b]Licon\x07",
    b"\x1bP1+r544e=787465726d\x1b\\",
    b"\x1bP0+r\x1b\\",
    b"\x1bP1$r0;4m\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b_Gi=31;ENOENT:no such D y q\x1b\\",
    b"\x1b^a private message D\x1b\\",
    b"\x1bXa string D\x1b\\",
    b"\x1b[?0u",
    b"\x1b[?31u",
    b"\x1b[1;1R",
    b"\x1b[24;80R",
    b"\x1b[1;2R",
    b"\x1b[?24;80;1R",
    b"\x1b[?2026;2$y",
    b"\x1b[?1004;1$y",
    b"\x1b[4;0$y",
    b"\x1b[0n",
    b"\x1b[?13n",
    b"\x1b[?997;1n",
    b"\x1b[I",
    b"\x1b[O",
    b"\x1b[8;24;80t",
    b"\x1b[4;600;800t",
    b"\x1b[48;24;80;600;800t",
    b"\x1b[?1;0;256S",
    b"\x1b[?2;0;800;600S",
    b"\x1b[2;1;1;128;128;1;0x",
    b"\x1b[1;2;3&w",
    b"\x1b[?12;0$y",
    b"\x9b?62;1c",
    b"\x901$r0m\x9c",
    b"\x9d11;rgb:0000/0000/0000\x9c",
    b"\xc2\x9b?62;1c",
    b"\xc2\x9d11;rgb:0000/0000/0000\x1b\\",
];

#[test]
fn b1_no_reply_of_a_terminal_is_an_event() {
    for reply in REPLIES {
        assert_eq!(at_once(reply), [], "{}", reply.escape_ascii());
        let after = [reply, &b"q"[..]].concat();
        assert_eq!(at_once(&after), [plain(KeyCode::Char('q'))], "{}", reply.escape_ascii());
    }
}

#[test]
fn b1_a_reply_that_comes_byte_by_byte_is_no_event() {
    for pause in [0, 1, 10, 50, 90] {
        for reply in REPLIES {
            let events = scanned(reply.chunks(1), millis(pause));
            assert_eq!(events, [], "{pause} ms: {}", reply.escape_ascii());
        }
    }
    // Slower than the wait after an ESC, that one is the key; nothing else is.
    for pause in [120, 240] {
        for reply in REPLIES {
            let events = scanned(reply.chunks(1), millis(pause));
            let escape = (reply[0] == 0x1b).then(|| plain(KeyCode::Esc));
            assert_eq!(events, Vec::from_iter(escape), "{pause} ms: {}", reply.escape_ascii());
        }
    }
}

#[test]
fn b2_an_escape_that_ends_a_read_is_the_key_after_a_moment_only() {
    let (mut scanner, mut events) = (Scanner::default(), Vec::new());
    scanner.feed(b"\x1b", millis(5), &mut events);
    assert_eq!((events.len(), scanner.deadline()), (0, Some(millis(5) + ESCAPE)));
    scanner.expire(millis(4) + ESCAPE, &mut events);
    assert_eq!(events, []);
    scanner.expire(millis(5) + ESCAPE, &mut events);
    assert_eq!(events, [plain(KeyCode::Esc)]);
    assert!(ESCAPE <= millis(100));
    // The rest of a sequence in the next read.
    assert_eq!(scanned([&b"\x1b"[..], b"[A"], millis(80)), [plain(KeyCode::Up)]);
    assert_eq!(scanned([&b"\x1b"[..], b"[?62;1c", b"j"], millis(80)), [plain(KeyCode::Char('j'))]);
    // Typed one after the other, quickly.
    let typed = scanned([&b"\x1b"[..], b"j"], millis(60));
    assert_eq!(typed, [plain(KeyCode::Esc), plain(KeyCode::Char('j'))]);
    assert_eq!(at_once(b"\x1b\x1b"), [plain(KeyCode::Esc)]);
    assert_eq!(scanned([&b"\x1b"[..], b"\x1b"], millis(200)), [plain(KeyCode::Esc), plain(KeyCode::Esc)]);
}

#[test]
fn b2_keys_are_the_keys_that_they_were() {
    use KeyCode::{
        BackTab, Backspace, Char, Delete, Down, End, Enter, Esc, F, Home, Insert, Left, PageDown, PageUp, Right, Tab,
        Up,
    };
    let (none, shift, alt, ctrl) = (KeyModifiers::NONE, KeyModifiers::SHIFT, KeyModifiers::ALT, KeyModifiers::CONTROL);
    let table: &[(&[u8], KeyCode, KeyModifiers)] = &[
        (b"a", Char('a'), none),
        (b"G", Char('G'), shift),
        (b" ", Char(' '), none),
        (b"?", Char('?'), none),
        ("ä".as_bytes(), Char('ä'), none),
        ("Ü".as_bytes(), Char('Ü'), shift),
        ("漢".as_bytes(), Char('漢'), none),
        ("\u{1f600}".as_bytes(), Char('\u{1f600}'), none),
        (b"\r", Enter, none),
        (b"\t", Tab, none),
        (b"\x7f", Backspace, none),
        (b"\x1b", Esc, none),
        (b"\x00", Char(' '), ctrl),
        (b"\x03", Char('c'), ctrl),
        (b"\n", Char('j'), ctrl),
        (b"\x15", Char('u'), ctrl),
        (b"\x1a", Char('z'), ctrl),
        (b"\x1c", Char('4'), ctrl),
        (b"\x1ba", Char('a'), alt),
        (b"\x1bA", Char('A'), alt | shift),
        ("\x1bä".as_bytes(), Char('ä'), alt),
        (b"\x1b\r", Enter, alt),
        (b"\x1b\x7f", Backspace, alt),
        (b"\x1b\x03", Char('c'), alt | ctrl),
        (b"\x1bO", Char('O'), alt | shift),
        (b"\x1b[A", Up, none),
        (b"\x1bOB", Down, none),
        (b"\x1b[1;5C", Right, ctrl),
        (b"\x1b[1;2D", Left, shift),
        (b"\x1b\x1b[A", Up, alt),
        (b"\x1b[H", Home, none),
        (b"\x1b[F", End, none),
        (b"\x1b[1~", Home, none),
        (b"\x1b[8~", End, none),
        (b"\x1b[2~", Insert, none),
        (b"\x1b[3;5~", Delete, ctrl),
        (b"\x1b[5~", PageUp, none),
        (b"\x1b[6~", PageDown, none),
        (b"\x1b[Z", BackTab, shift),
        (b"\x1bOP", F(1), none),
        (b"\x1bOR", F(3), none),
        (b"\x1b[13~", F(3), none),
        (b"\x1b[15~", F(5), none),
        (b"\x1b[17;2~", F(6), shift),
        (b"\x1b[21~", F(10), none),
        (b"\x1b[24~", F(12), none),
        (b"\x1b[1;3P", F(1), alt),
        (b"\x1b[[A", F(1), none),
        (b"\x1b[[E", F(5), none),
        (b"\x1bOM", Enter, none),
        (b"\x1bOp", Char('0'), none),
        (b"\x1bOk", Char('+'), none),
        (b"\x1b[97u", Char('a'), none),
        (b"\x1b[97;5u", Char('a'), ctrl),
        (b"\x1b[97:65;2u", Char('A'), shift),
        (b"\x1b[47:63;2u", Char('?'), shift),
        (b"\x1b[27u", Esc, none),
        (b"\x1b[13;3u", Enter, alt),
        (b"\x1b[9;2u", BackTab, shift),
        (b"\x1b[57419u", Up, none),
        (b"\x1b[27;5;13~", Enter, ctrl),
    ];
    for (bytes, code, modifiers) in table {
        assert_eq!(at_once(bytes), [key(*code, *modifiers)], "{}", bytes.escape_ascii());
    }
    // Let go, or held.
    assert_eq!(at_once(b"\x1b[97;1:3u\x1b[1;1:3A\x1b[57441;2u"), []);
    let held = KeyEvent::new_with_kind(Up, none, KeyEventKind::Repeat);
    assert_eq!(at_once(b"\x1b[1;1:2A"), [Event::Key(held)]);
}

#[test]
fn b2_the_mouse_is_read_in_each_of_its_forms() {
    let mouse = |kind, column, row| Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    let down = mouse(MouseEventKind::Down(MouseButton::Left), 9, 4);
    for bytes in [&b"\x1b[<0;10;5M"[..], b"\x1b[32;10;5M", b"\x1b[M\x20\x2a\x25"] {
        assert_eq!(at_once(bytes), std::slice::from_ref(&down), "{}", bytes.escape_ascii());
    }
    assert_eq!(at_once(b"\x1b[<0;10;5m"), [mouse(MouseEventKind::Up(MouseButton::Left), 9, 4)]);
    assert_eq!(
        at_once(b"\x1b[<64;1;1M\x1b[<65;1;1M"),
        [mouse(MouseEventKind::ScrollUp, 0, 0), mouse(MouseEventKind::ScrollDown, 0, 0)]
    );
    assert_eq!(at_once(b"\x1b[<35;3;2M"), [mouse(MouseEventKind::Moved, 2, 1)]);
    assert_eq!(at_once(b"\x1b[<32;3;2M"), [mouse(MouseEventKind::Drag(MouseButton::Left), 2, 1)]);
    // The bytes of the oldest form are no keys, whatever they are.
    assert_eq!(at_once(b"\x1b[M\xe0\xffq"), []);
    assert_eq!(at_once(b"\x1b[<0;0;5M\x1b[<999;1;1M\x1b[<0;5M\x1b[<;;M"), []);
}

#[test]
fn b2_a_paste_is_a_paste_whatever_is_in_it() {
    let inner = "D y\r\n\x1b[A q \x1b]11;x\x07 \x1b ä \x1b[200~ \x1b[201";
    let bytes = format!("\x1b[200~{inner}\x1b[201~q");
    let expected = [Event::Paste(inner.to_owned()), plain(KeyCode::Char('q'))];
    assert_eq!(at_once(bytes.as_bytes()), expected);
    for pause in [0, 50, 90] {
        assert_eq!(scanned(bytes.as_bytes().chunks(1), millis(pause)), expected, "{pause} ms");
    }
    let (begin, rest) = bytes.as_bytes().split_at(6);
    assert_eq!(scanned([begin].into_iter().chain(rest.chunks(7)), millis(900)), expected);
    // An end without its beginning is nothing.
    assert_eq!(at_once(b"\x1b[201~"), []);
}

#[test]
fn b3_what_never_ends_is_given_up_and_keys_work_again() {
    for cut in
        [&b"\x1b]11;rgb:00"[..], b"\x1bP>|VT", b"\x1b_Gi=1", b"\x1b^x", b"\x1bXx", b"\x1b[?62;1", b"\x1b[", b"\xe6\xbc"]
    {
        assert_eq!(scanned([cut, b"q"], millis(1100)), [plain(KeyCode::Char('q'))], "{}", cut.escape_ascii());
        // A key that is itself a sequence ends it at once.
        assert_eq!(scanned([cut, b"\x1b[A"], millis(50)), [plain(KeyCode::Up)], "{}", cut.escape_ascii());
    }
    // A person who goes on typing is heard after some seconds.
    let (mut scanner, mut events, mut at) = (Scanner::default(), Vec::new(), Duration::ZERO);
    scanner.feed(b"\x1b]52;c;", at, &mut events);
    while events.is_empty() {
        at += millis(300);
        assert!(at < millis(5_000), "a string goes on for ever");
        scanner.feed(b"j", at, &mut events);
    }
    assert_eq!(events, [plain(KeyCode::Char('j'))]);
    // A string of any length that flows is one string.
    let mut events = Vec::new();
    let mut scanner = Scanner::default();
    scanner.feed(b"\x1b]52;c;", Duration::ZERO, &mut events);
    for tick in 1..2_000 {
        scanner.feed(&[b'q'; 500], millis(tick * 10), &mut events);
    }
    assert_eq!(events, []);
    // A sequence that is too long is read to its end.
    let long = [&b"\x1b[1;"[..], &[b'1'; 10_000], b"Aq"].concat();
    assert_eq!(at_once(&long), [plain(KeyCode::Char('q'))]);
}

#[test]
fn b3_a_paste_that_lost_its_end_is_given_up_and_keys_work_again() {
    let text = || Event::Paste("some text".to_owned());
    // The first key may be what is left of the paste; a second one is somebody's who types.
    let events = scanned([&b"\x1b[200~some text"[..], b"q", b"q"], millis(2_100));
    assert_eq!(events, [text(), Event::Paste("q".to_owned()), plain(KeyCode::Char('q'))]);
    let events = scanned([&b"\x1b[200~some text"[..], b"q"], millis(12_100));
    assert_eq!(events, [text(), plain(KeyCode::Char('q'))]);
    // What is beyond a bound is not kept, and the end is still seen.
    let chunk = vec![b'x'; 1024 * 1024];
    let (mut scanner, mut events) = (Scanner::default(), Vec::new());
    scanner.feed(b"\x1b[200~", Duration::ZERO, &mut events);
    for _ in 0..18 {
        scanner.feed(&chunk, Duration::ZERO, &mut events);
    }
    scanner.feed(b"\x1b[201~q", Duration::ZERO, &mut events);
    assert!(matches!(&events[..], [Event::Paste(text), Event::Key(_)] if text.len() == 16 * 1024 * 1024 - 6));
}

#[test]
fn b3_a_paste_that_stalls_is_a_paste_still() {
    for stall in [100, 2_100, 5_000, 9_000] {
        let parts =
            [&b"\x1b[200~please fix\nthe first"[..], b"\rand the second\rvDy", b"q", b"\x13 end\x1b[201~", b"v"];
        let events = scanned(parts, millis(stall));
        let (last, pasted) = events.split_last().unwrap();
        assert_eq!(*last, plain(KeyCode::Char('v')), "{stall}");
        let texts = pasted.iter().map(|event| match event {
            Event::Paste(text) => text.as_str(),
            other => panic!("{stall}: {other:?}"),
        });
        assert_eq!(texts.collect::<String>(), "please fix\nthe first\rand the second\rvDyq\x13 end", "{stall}");
    }
}

fn reply() -> impl Strategy<Value = Vec<u8>> {
    let body = proptest::collection::vec(0x20_u8..0x7f, 0..40);
    let string = (prop_oneof![Just(b']'), Just(b'P'), Just(b'_'), Just(b'^'), Just(b'X')], body, any::<bool>());
    let string = string.prop_map(|(kind, body, bell)| {
        let end = if bell && kind == b']' { &b"\x07"[..] } else { b"\x1b\\" };
        [&[0x1b, kind][..], &body, end].concat()
    });
    let numbers = proptest::collection::vec(0_u16..2000, 0..6)
        .prop_map(|numbers| numbers.iter().map(u16::to_string).collect::<Vec<_>>().join(";"));
    // Private ones of every ending, and those of the endings that only reports have.
    let report = (numbers.clone(), prop_oneof![Just('?'), Just('>'), Just('=')], 0x40_u8..0x7f)
        .prop_map(|(numbers, mark, last)| format!("\x1b[{mark}{numbers}{}", char::from(last)).into_bytes());
    let status = (
        "[0-9]{1,3}(;[0-9]{1,3}){0,5}",
        prop_oneof![Just("c"), Just("n"), Just("t"), Just("x"), Just("R"), Just("$y"), Just("&w")],
    )
        .prop_map(|(numbers, last)| format!("\x1b[{numbers}{last}").into_bytes());
    prop_oneof![
        string,
        report,
        status,
        proptest::sample::select(REPLIES.iter().map(|reply| reply.to_vec()).collect::<Vec<_>>())
    ]
}

fn pressed() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"j",
        b"\r",
        b"\x03",
        b"\x7f",
        b"\x1b[A",
        b"\x1b[1;5B",
        b"\x1bOP",
        b"\x1b[15~",
        b"\x1b[<0;3;4M",
        b"\x1bx",
        b"\x1b[200~a\x1b[Bc\x1b[201~",
        b"\x1b[97;5u",
        b"\x1b[M !!",
        "ä漢".as_bytes(),
        b"\x1b[Z",
    ];
    proptest::sample::select(known.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>())
}

/// Cuts bytes at places.
fn cut<'a>(bytes: &'a [u8], places: &[proptest::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    places.sort_unstable();
    let mut reads = Vec::new();
    let mut from = 0;
    for place in places.into_iter().chain([bytes.len()]) {
        if place > from {
            reads.push(&bytes[from..place]);
        }
        from = place;
    }
    reads
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn b1_generated_replies_split_anywhere_are_no_events(
        replies in proptest::collection::vec(reply(), 1..6),
        places in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
        pause in 0_u64..95,
    ) {
        let bytes = replies.concat();
        prop_assert_eq!(scanned(cut(&bytes, &places), millis(pause)), []);
    }

    #[test]
    fn b1_a_reply_that_is_cut_off_gives_no_event_but_an_escape(reply in reply(), place in any::<proptest::sample::Index>()) {
        let cut = &reply[..place.index(reply.len())];
        let events = at_once(cut);
        prop_assert!(events.is_empty() || (cut == b"\x1b" && events == [plain(KeyCode::Esc)]), "{events:?}");
    }

    #[test]
    fn b2_keys_between_replies_are_the_same_however_they_are_split(
        parts in proptest::collection::vec((pressed(), reply()), 1..6),
        places in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
        pause in 0_u64..30,
    ) {
        let keys: Vec<Event> = parts.iter().flat_map(|(pressed, _)| at_once(pressed)).collect();
        let bytes: Vec<u8> = parts.iter().flat_map(|(pressed, reply)| [&pressed[..], reply].concat()).collect();
        prop_assert_eq!(&at_once(&bytes), &keys);
        prop_assert_eq!(&scanned(cut(&bytes, &places), millis(pause)), &keys);
    }

    #[test]
    fn b3_whatever_comes_ends_in_rest_and_never_breaks(
        reads in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..20), 0_u64..3_000), 0..20),
    ) {
        let (mut scanner, mut events, mut at) = (Scanner::default(), Vec::new(), Duration::ZERO);
        for (read, pause) in &reads {
            scanner.feed(read, at, &mut events);
            at += millis(*pause);
            if let Some(deadline) = scanner.deadline() {
                prop_assert!(deadline <= at + millis(2_000));
            }
        }
        scanner.expire(at + LONG_AFTER, &mut events);
        prop_assert_eq!(scanner.deadline(), None);
        events.clear();
        scanner.feed(b"q", at + LONG_AFTER, &mut events);
        prop_assert_eq!(events, [plain(KeyCode::Char('q'))]);
    }
}
