//! The board in a terminal that the test plays itself: what it answers, when it goes away, who else has it.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;

use crate::support::pty::{Pty, resize};
use crate::support::{World, pause, runs, signal, until};

/// Late answers to questions of somebody else. Between their first and last byte all of them are full of keys that do
/// something on the board.
const REPLIES: &[&[u8]] = &[
    b"\x1bP>|VTE(7600)\x1b\\",
    b"\x1b[?62;1;4;22c",
    b"\x1b[>41;377;0c",
    b"\x1bP!|44757644\x1b\\",
    b"\x1b]11;rgb:dddd/vvvv/uuuu\x07",
    b"\x1b]4;1;rgb:dddd/zzzz/uuuu\x1b\\",
    b"\x1b]52;c;cXVEdnp4U3Q=\x1b\\",
    b"\x1b_Gi=1;EDuvzxStq\x1b\\",
    b"\x1b^Duvzxq\x1b\\",
    b"\x1bXDuvzxq\x1b\\",
    b"\x1b[?1u",
    b"\x1b[12;40R",
    b"\x1b[?2026;2$y",
    b"\x1b[I",
    b"\x1b[O",
    b"\x1b[48;40;120;800;1200t",
    b"\x9d11;Duvzx\x9c",
];

/// What full-screen programs switch on.
/// What the header says of one task in review, and of one in progress, in one piece: a whole frame has it.
const REVIEW: &str = "✔1";
const RUNNING: &str = "▶1";
const MODES: &[&str] = &["\x1b[?1049", "\x1b[?1000", "\x1b[?1003", "\x1b[?1006", "\x1b[?2004"];

/// Whether all of it was switched (`h` on, `l` off).
fn switched(written: &str, how: char) -> bool {
    MODES.iter().all(|mode| written.contains(&format!("{mode}{how}")))
}

/// A world with a task in review and one that is done.
fn world() -> World {
    let world = World::new();
    for id in 1..=2 {
        world.dispatch("echo x > f");
        world.settled(id, "review");
    }
    world.ok(&["approve", "2"]);
    world
}

fn unchanged(world: &World) {
    assert_eq!((world.status(1).as_str(), world.status(2).as_str()), ("review", "done"));
}

/// Presses `q`: nothing lies over the board that would take it otherwise.
fn quits(board: &mut Pty) {
    board.types(b"q");
    assert_eq!(board.ended(), Some(0), "{}", board.all());
    assert!(switched(&board.all(), 'l'), "{}", board.all());
    assert!(board.is_cooked());
}

fn lasts(length: Duration) {
    let started = Instant::now();
    while started.elapsed() < length {
        pause();
    }
}

/// The process that runs below a shell.
fn below(shell: u32) -> i64 {
    until("a process of the shell", || {
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    })
}

fn state(pid: i64) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('X')
}

#[test]
fn b1_late_answers_of_a_terminal_do_nothing_however_they_are_split() {
    let world = world();
    let mut board = Pty::board(&world);
    board.shows(REVIEW);
    // On a task that could be approved, and on one that could be reopened.
    for column in [b"3", b"4"] {
        board.types(column);
        for reply in REPLIES {
            board.types(reply);
        }
        for (at, reply) in REPLIES.iter().enumerate() {
            board.dribbles(reply, Duration::from_millis(if at < 4 { 30 } else { 1 }));
        }
        for reply in REPLIES {
            let (first, rest) = reply.split_at(1);
            board.types(first);
            lasts(Duration::from_millis(10));
            board.types(rest);
        }
    }
    unchanged(&world);
    quits(&mut board);
    unchanged(&world);
}

#[test]
fn b3_an_answer_without_an_end_is_forgotten_and_the_board_hears_again() {
    let world = world();
    for begun in [&b"\x1b]11;rgb:"[..], b"\x1bP>|VT", b"\x1b_G", b"\x1b[?62;", b"\x1b[200~Duv"] {
        let mut board = Pty::board(&world);
        board.shows(REVIEW);
        board.types(begun);
        if !begun.starts_with(b"\x1b[?") {
            // A letter ends such a one.
            board.types(b"uv");
        }
        lasts(Duration::from_millis(2_300));
        if begun.starts_with(b"\x1b[200~") {
            // The first key may be the rest of a paste.
            board.types(b"x");
            lasts(Duration::from_millis(400));
        }
        quits(&mut board);
        unchanged(&world);
    }
}

#[test]
fn b2_escape_alone_still_closes_what_is_open() {
    let world = world();
    let mut board = Pty::board(&world);
    board.shows(REVIEW);
    board.types(b"?");
    board.shows("esc closes");
    board.types(b"\x1b");
    // Longer than the wait for the rest of a sequence.
    lasts(Duration::from_millis(150));
    quits(&mut board);
}

/// A board whose editor waits: until the file `go` is there it has the terminal.
fn with_editor(script: &str) -> (World, String) {
    let mut world = world();
    let go = world.path("go").display().to_string();
    let here = world.path("here").display().to_string();
    let script = format!("#!/bin/bash\n{script}\necho $$ > '{here}'\nwhile [ ! -e '{go}' ]; do sleep 0.05; done\n");
    world.program("edit", &script);
    world.set("EDITOR", "edit");
    (world, go)
}

#[test]
fn b4_what_was_typed_or_answered_while_another_program_had_the_terminal_is_dropped() {
    let (world, go) = with_editor("");
    let mut board = Pty::board(&world);
    board.shows(REVIEW);
    board.types(b"3N");
    world.file("here");
    // Typed at the editor, and not read by it; and an answer of which a part comes when the board is back.
    board.types(b"Dyvuz\rDy");
    board.types(b"\x1b]11;rgb:dddd/");
    board.looked();
    std::fs::write(&go, "").unwrap();
    board.shows("\x1b[?1049h");
    board.types(b"Dyvu/uuuu\x1b\\v");
    board.shows(REVIEW);
    unchanged(&world);
    quits(&mut board);
    unchanged(&world);
}

#[test]
fn b5_the_terminal_is_never_asked_anything_and_never_waited_for() {
    let (world, go) = with_editor("");
    std::fs::write(&go, "").unwrap();
    let agent = world.dispatch("while read line; do echo $line; done");
    let mut board = Pty::shell(&world);
    board.types(b"\"$GANGER\"\n".as_slice());
    board.shows(RUNNING);
    for (rows, columns) in [(50, 150), (20, 60), (40, 120)] {
        resize(&board.slave, rows, columns);
        board.shows("1 ");
    }
    board.types(b"N");
    board.shows("\x1b[?1049l");
    board.shows(RUNNING);
    board.types(b"2\r");
    until("attached", || world.tmux(&["list-clients", "-F", "#{session_name}"]).contains("ganger-").then_some(()));
    board.looked();
    board.types(b"\x02d");
    board.shows(RUNNING);
    board.types(b"\x1a");
    board.shows("ready> ");
    board.types(b"fg\n");
    board.shows(RUNNING);
    // Reports of the cursor, the device, colours, modes. What tmux asks while it is attached is its own.
    let all = board.all();
    let tmux = all.find("\x1b[?1049l").unwrap()..all.rfind("\x1b[?1049h").unwrap();
    let ours = format!("{}{}", &all[..tmux.start], &all[tmux.end..]);
    for question in ["\x1b[6n", "\x1b[?6n", "\x1b[5n", "\x1b[c", "\x1b[0c", "\x1b[>c", "\x1b[?u", "\x1b]11;?"] {
        assert!(!ours.contains(question), "{question:?}");
    }
    assert_eq!(world.status(agent), "in-progress");
    quits_below_a_shell(&mut board);
}

/// Presses `q` in a board that a shell runs.
fn quits_below_a_shell(board: &mut Pty) {
    board.types(b"q");
    board.shows("ready> ");
    board.types(b"echo \"exit $?\"; exit\n");
    board.shows("exit 0");
}

#[test]
fn b6_suspended_by_key_or_by_signal_it_gives_everything_back_and_takes_it_again() {
    let world = world();
    let mut shell = Pty::shell(&world);
    shell.types(b"\"$GANGER\"\n");
    shell.shows(REVIEW);
    let board = below(shell.child.id());
    // Something that is not saved yet.
    shell.types(b"n");
    shell.shows("new task");
    shell.types(b"halfatitle");
    for by_key in [true, false, true] {
        shell.looked();
        if by_key {
            shell.types(b"\x1a");
        } else {
            signal(board, Signal::SIGTSTP);
        }
        let written = shell.shows("ready> ");
        assert!(switched(&written, 'l') && written.contains("\x1b[?25h"), "{written:?}");
        until("stopped", || (state(board) == 'T').then_some(()));
        // Another program's doing in between, and keys that are not for the board.
        shell.types(b"stty sane; echo 'one''two'\n");
        shell.shows("onetwo");
        resize(&shell.slave, 30, 100);
        shell.looked();
        shell.types(b"fg\n");
        let written = shell.shows("halfatitle");
        assert!(switched(&written, 'h'), "{written:?}");
        assert!(!shell.is_cooked());
        resize(&shell.slave, 40, 120);
    }
    shell.types(b"\x13");
    until("the task is added", || world.ganger(&["list"]).stdout.contains("halfatitle").then_some(()));
    unchanged(&world);
    quits_below_a_shell(&mut shell);
    assert!(!runs(board));
}

#[test]
fn b7_stopped_and_continued_without_a_word_it_draws_itself_again() {
    let world = world();
    let mut shell = Pty::shell(&world);
    shell.types(b"\"$GANGER\"\n");
    shell.shows(REVIEW);
    let board = below(shell.child.id());
    signal(board, Signal::SIGSTOP);
    shell.shows("ready> ");
    shell.types(b"stty sane; printf '\\033[?1049l\\033[?1003l'; echo 'one''two'\n");
    shell.shows("onetwo");
    shell.types(b"fg\n");
    let written = shell.shows(REVIEW);
    assert!(switched(&written, 'h'), "{written:?}");
    assert!(!shell.is_cooked());
    // Continued in the background it stops at once, and draws on nobody's screen.
    shell.types(b"\x1a");
    shell.shows("ready> ");
    shell.types(b"bg\n");
    until("stopped", || (state(board) == 'T').then_some(()));
    shell.types(b"echo 'three''four'\n");
    let written = shell.shows("threefour");
    assert!(!written.contains(REVIEW), "{written:?}");
    shell.types(b"fg\n");
    shell.shows(REVIEW);
    unchanged(&world);
    quits_below_a_shell(&mut shell);
}

#[test]
fn b6_where_nobody_could_continue_it_it_is_not_suspended() {
    let world = world();
    let mut board = Pty::board(&world);
    board.shows(REVIEW);
    board.types(b"\x1a");
    board.shows("\x1b[?1049l");
    board.shows(REVIEW);
    signal(board.child.id().into(), Signal::SIGTSTP);
    board.shows("\x1b[?1049l");
    board.shows(REVIEW);
    quits(&mut board);
}

#[test]
fn b8_a_signal_ends_the_board_also_while_another_program_has_the_terminal() {
    for number in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
        let (world, _) = with_editor("");
        let mut board = Pty::board(&world);
        board.shows(REVIEW);
        // Where the board itself has it.
        signal(board.child.id().into(), number);
        assert_eq!(board.ended(), Some(0));
        assert!(switched(&board.all(), 'l') && board.is_cooked());

        let mut board = Pty::board(&world);
        board.shows(REVIEW);
        board.types(b"N");
        let editor: i64 = world.file("here").trim().parse().unwrap();
        signal(board.child.id().into(), number);
        assert_eq!(board.ended(), Some(0));
        until("the editor has ended", || (!runs(editor)).then_some(()));
        assert!(board.is_cooked());
        unchanged(&world);
    }
}

#[test]
fn b9_a_terminal_that_goes_away_ends_the_board_and_no_agent() {
    let (world, _) = with_editor("");
    let id = world.dispatch("sleep 1000");
    let mut board = Pty::board(&world);
    board.shows(RUNNING);
    board.close();
    board.ended();
    assert_eq!(world.status(id), "in-progress");
    // Also while another program has it.
    let mut board = Pty::board(&world);
    board.shows(RUNNING);
    board.types(b"N");
    let editor: i64 = world.file("here").trim().parse().unwrap();
    board.close();
    board.ended();
    until("the editor has ended", || (!runs(editor)).then_some(()));
    assert_eq!(world.status(id), "in-progress");
    world.audited();
}

#[test]
fn b13_a_terminal_without_a_size_and_one_that_never_keeps_its_size() {
    let world = world();
    let mut board = Pty::running(&world, (0, 0), &[env!("CARGO_BIN_EXE_ganger")]);
    board.shows("Review");
    for round in 0..200_u16 {
        resize(&board.slave, 1 + round % 50, 1 + (round * 7) % 150);
    }
    resize(&board.slave, 1, 1);
    resize(&board.slave, 0, 0);
    resize(&board.slave, 40, 120);
    board.looked();
    board.types(b"?");
    board.shows("esc closes");
    board.types(b"\x1b");
    lasts(Duration::from_millis(150));
    quits(&mut board);
}

#[test]
fn b14_a_terminal_that_can_not_move_its_cursor_is_refused() {
    let mut world = World::new();
    for term in ["dumb", ""] {
        world.set("TERM", term);
        let mut board = Pty::board(&world);
        let said = board.shows("ganger list");
        assert_eq!(board.ended(), Some(2));
        assert!(said.contains("TERM") && !said.contains('\u{1b}'), "{said}");
    }
    // Input from elsewhere.
    let said = world.ganger_with(&[], b"q");
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn b15_what_another_program_leaves_on_is_switched_off() {
    let left =
        r"printf '\033[?1h\033=\033[4h\033[?6h\033[2;5r\033(0\033[31m\033[?1004h\033[=31;1u'; stty -icanon -echo -isig";
    let (world, go) = with_editor(left);
    let mut board = Pty::board(&world);
    board.shows(REVIEW);
    board.types(b"N");
    world.file("here");
    // Shared by all that have this terminal open.
    let flags = OFlag::from_bits_retain(fcntl(board.slave.as_fd(), FcntlArg::F_GETFL).unwrap());
    fcntl(board.slave.as_fd(), FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).unwrap();
    board.looked();
    std::fs::write(&go, "").unwrap();
    let written = board.shows(REVIEW);
    for off in ["\x1b[?1l", "\x1b>", "\x1b[4l", "\x1b[?6l", "\x1b[r", "\x1b(B", "\x1b[0m", "\x1b[?1004l", "\x1b[=0;1u"]
    {
        assert!(written.contains(off), "{off:?}: {written:?}");
    }
    let flags = OFlag::from_bits_retain(fcntl(board.slave.as_fd(), FcntlArg::F_GETFL).unwrap());
    assert!(!flags.contains(OFlag::O_NONBLOCK));
    board.types(b"q");
    assert_eq!(board.ended(), Some(0));
}

#[test]
fn b16_a_program_that_stops_while_it_has_the_terminal_does_not_take_it_along() {
    let (world, go) = with_editor("kill -TSTP 0");
    let mut shell = Pty::shell(&world);
    shell.types(b"\"$GANGER\"\n");
    shell.shows(REVIEW);
    let board = below(shell.child.id());
    shell.types(b"N");
    shell.shows("ready> ");
    until("stopped", || (state(board) == 'T').then_some(()));
    shell.types(b"fg\n");
    world.file("here");
    shell.looked();
    std::fs::write(&go, "").unwrap();
    shell.shows(REVIEW);
    unchanged(&world);
    quits_below_a_shell(&mut shell);
}

#[test]
fn b8_what_is_typed_at_another_program_signals_that_one_only() {
    let (world, go) = with_editor("trap 'echo interrupted' INT");
    let mut shell = Pty::shell(&world);
    shell.types(b"\"$GANGER\"\n");
    shell.shows(REVIEW);
    let board = below(shell.child.id());
    shell.types(b"N");
    let editor: i64 = world.file("here").trim().parse().unwrap();
    shell.types(b"\x03");
    shell.shows("interrupted");
    std::fs::write(&go, "").unwrap();
    shell.shows(REVIEW);
    assert!(runs(board) && !runs(editor));
    // Ended by signal below a shell: the program goes with it, and the shell has the terminal as it was.
    std::fs::remove_file(&go).unwrap();
    std::fs::remove_file(world.path("here")).unwrap();
    shell.types(b"N");
    let editor: i64 = world.file("here").trim().parse().unwrap();
    signal(board, Signal::SIGTERM);
    shell.shows("ready> ");
    until("both have ended", || (!runs(board) && !runs(editor)).then_some(()));
    shell.types(b"echo 'five''six'; exit\n");
    shell.shows("fivesix");
}

#[test]
fn a_key_counts_from_the_very_first_frame_on() {
    for _ in 0..12 {
        let world = World::new();
        let mut board = Pty::board(&world);
        board.shows("ganger");
        board.types(b"n");
        board.shows("save and start");
        board.types(b"\x03");
        board.types(b"q");
        board.ended();
    }
}
