//! Boards made up for tests, and a screen that is typed at and looked at.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Style;

use crate::domain::attempt::{Attempt, Brief, Doing, Files, Plan};
use crate::domain::diff::{Change, Count, File};
use crate::domain::id::{AttemptId, Place, Process, TaskId};
use crate::domain::liveness::Liveness;
use crate::domain::order::Order;
use crate::domain::patch::{Limit, Patch, Side, parse};
use crate::domain::reconcile::Pane;
use crate::domain::state::{Activity, Phase, Source, Status};
use crate::domain::task::{Draft, Task};
use crate::domain::time::{BootTime, Now, Timestamp};
use crate::engine::board::{Board, Card, Seen, Shown};
use crate::tui::keymap::{Key, Keymap};
use crate::tui::model::Model;
use crate::tui::msg::{Answer, Cmd, Glance, Msg, Sweep};
use crate::tui::options::Options;
use crate::tui::theme::Theme;
use crate::tui::update::update;
use crate::tui::view::view;

/// The moment at which every test's clock stands: 2026-01-02T12:00:00Z.
pub const NOON: Timestamp = Timestamp(1_767_355_200_000);

/// Minutes before noon.
pub fn minutes_ago(minutes: i64) -> Timestamp {
    Timestamp(NOON.0 - minutes * 60_000)
}

/// A task called `task ID`.
pub fn card(id: i64, status: Status) -> Card {
    let draft = Draft::new(format!("task {id}"), "/repo", "shell");
    let task = Task {
        id: TaskId(id),
        draft,
        status,
        cause: None,
        reason: None,
        note: None,
        not_before: None,
        orphans: 0,
        archived: false,
        attempt: None,
        attempts: 0,
        blocked_by: Vec::new(),
        pull: None,
        created_at: NOON,
        updated_at: NOON,
    };
    Card { task, attempt: None, commits: Vec::new(), tree: None, untouched: Vec::new() }
}

/// Files that have changed, each with its hunks in git's unified form.
pub fn glance(files: &[(&str, Change, &str)]) -> Glance {
    let patches: Vec<Patch> = files.iter().map(|(.., hunks)| parse(hunks.as_bytes(), Limit::NONE)).collect();
    let file = |((path, change, _), patch): (&(&str, Change, &str), &Patch)| {
        let of = |side| patch.lines.iter().filter(|line| line.side == side).count();
        File {
            path: path.into(),
            old_path: None,
            change: *change,
            modes: (if *change == Change::Added { 0 } else { 0o100_644 }, 0o100_644),
            size: 0,
            count: Some(Count { added: of(Side::Added), removed: of(Side::Removed), binary: patch.binary }),
        }
    };
    Glance { files: files.iter().zip(&patches).map(file).collect(), patches }
}

/// A task with that title.
pub fn titled(id: i64, status: Status, title: &str) -> Card {
    let mut card = card(id, status);
    title.clone_into(&mut card.task.draft.title);
    card
}

/// A task whose attempt is in this phase, begun minutes ago.
pub fn live(id: i64, title: &str, phase: Phase, minutes: i64) -> Card {
    let mut card = titled(id, Status::InProgress, title);
    let attempt = AttemptId::parse(&format!("01980000-0000-7000-8000-{id:012}")).unwrap();
    let branch = format!("ganger/{id}-work");
    let plan = Plan {
        id: attempt.clone(),
        task: TaskId(id),
        number: 1,
        repo: PathBuf::from("/repo"),
        agent: "shell".to_owned(),
        base: "0".repeat(40),
        branch,
        worktree: PathBuf::from(format!("/trees/repo/{id}-task")),
        adopts: None,
        socket: PathBuf::from("/tmp/tmux-0/default"),
        session: format!("ganger-{id}-task"),
        brief: Brief { title: title.to_owned(), prompt: String::new(), verify: Vec::new(), timeout: None },
        files: Files::of(std::path::Path::new("/state"), &attempt),
        may: Vec::new(),
        token: "token".to_owned(),
        port: None,
    };
    let process = Process { pid: 4242, start: 1 };
    let shim = phase.has_shim().then_some(process);
    let row = Attempt {
        plan,
        phase,
        phase_since: BootTime(0),
        place: Place { host: "here".to_owned(), boot: "boot".to_owned() },
        dispatcher: process,
        shim,
        agent: shim,
        server: shim,
        pane: Some("%1".to_owned()),
        lock: None,
        stop_requested: false,
        claimed_at: minutes_ago(minutes),
        started_at: shim.map(|_| minutes_ago(minutes)),
        ended_at: None,
        exit: None,
        cause: None,
        failure: None,
        kept: Vec::new(),
        leftovers: Vec::new(),
        touched: Vec::new(),
        left_running: Vec::new(),
        cleaned: false,
        doing: None,
        saying: None,
        spoken: None,
        waits_until: None,
        conversation: None,
    };
    card.task.attempt = Some(attempt);
    card.task.attempts = 1;
    card.attempt = Some(Seen { attempt: row, live: Liveness::Alive, pane: Pane::Unknown, stopped: false });
    card
}

/// Makes a card's agent do something, and say something.
pub fn doing(card: &mut Card, activity: Activity, source: Source, saying: Option<&str>) {
    let row = &mut card.attempt.as_mut().unwrap().attempt;
    row.doing = Some(Doing { activity, source, since: minutes_ago(2) });
    row.saying = saying.map(str::to_owned);
}

/// A board of these tasks.
pub fn board(mut cards: Vec<Card>) -> Board {
    cards.sort_by_key(|card| card.task.id);
    Board { cards, ..Board::default() }
}

/// A sweep that found nothing amiss.
pub fn quiet() -> Sweep {
    let at = Timestamp(NOON.0 - 1_000);
    Sweep { at, done: Vec::new(), unknown: Vec::new(), tmux: None, failed: None, events: true }
}

/// A board on a screen.
pub struct Screen {
    pub model: Model,
    /// What the last key or message asked for.
    pub cmds: Vec<Cmd>,
}

impl Screen {
    /// A screen of this size, the board not read yet.
    pub fn new(columns: u16, rows: u16) -> Self {
        Self::with_keys(columns, rows, Keymap::default())
    }

    /// The same with other keys.
    pub fn with_keys(columns: u16, rows: u16, keymap: Keymap) -> Self {
        let options = Options {
            keymap,
            theme: Theme::new("dark", &BTreeMap::new(), false),
            ascii: false,
            restart_lost: false,
            home: Some("/work/shop".into()),
            shown: Shown { repo: Some("/work/shop".into()), archived: false },
            order: Order::default(),
            agents: vec!["claude".to_owned(), "shell".to_owned()],
            default_agent: "claude".to_owned(),
        };
        let now = Now { wall: NOON, boot: BootTime(1_000_000) };
        Self { model: Model::new(Arc::new(options), (columns, rows), now), cmds: Vec::new() }
    }

    /// A screen that shows these tasks.
    pub fn with(columns: u16, rows: u16, cards: Vec<Card>) -> Self {
        let mut screen = Self::new(columns, rows);
        screen.load(cards);
        screen.tell(Msg::Swept(quiet()));
        screen
    }

    /// The board was read.
    pub fn load(&mut self, cards: Vec<Card>) {
        let shown = self.model.shown.clone();
        self.tell(Msg::Loaded(Arc::new(Board { shown, ..board(cards) })));
    }

    /// Takes a message.
    pub fn tell(&mut self, msg: Msg) {
        self.cmds = update(&mut self.model, msg);
    }

    /// The last question is answered.
    pub fn answer(&mut self, answer: Answer) {
        self.tell(Msg::Answered { number: self.model.asked, answer: Ok(answer) });
    }

    /// Types keys as the configuration writes them, parted by spaces; a word in quotes is typed letter by letter.
    pub fn keys(&mut self, keys: &str) {
        let mut asked = Vec::new();
        for (index, part) in keys.split('"').enumerate() {
            if index % 2 == 1 {
                for letter in part.chars() {
                    self.tell(Msg::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)));
                    asked.append(&mut self.cmds);
                }
                continue;
            }
            for key in part.split_whitespace() {
                self.tell(Msg::Key(Key::parse(key).unwrap().event()));
                asked.append(&mut self.cmds);
            }
        }
        self.cmds = asked;
    }

    /// Lets time pass.
    pub fn pass(&mut self, length: Duration) {
        let millis = i64::try_from(length.as_millis()).unwrap();
        let now = self.model.now;
        let now = Now { wall: now.wall.after(length), boot: BootTime(now.boot.0 + millis) };
        self.tell(Msg::Tick(now));
    }

    /// The text on the screen.
    pub fn text(&self) -> String {
        self.draw().0
    }

    /// What is drawn as a key, a piece each.
    pub fn shown_keys(&self) -> Vec<String> {
        let key = self.model.options.theme.key;
        let (columns, rows) = self.model.columns_rows;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view(&self.model, frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for y in 0..rows {
            for x in 0..columns {
                let cell = &buffer[(x, y)];
                let is_key = cell.fg == key.fg.unwrap() && cell.modifier == key.add_modifier;
                text.push_str(if is_key { cell.symbol() } else { " " });
            }
            text.push(' ');
        }
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// The text on the screen, and below it which part of each row has which style.
    pub fn picture(&self) -> String {
        let (text, styles) = self.draw();
        format!("{text}\n{styles}")
    }

    fn draw(&self) -> (String, String) {
        let (columns, rows) = self.model.columns_rows;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view(&self.model, frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let (mut text, mut styles) = (String::new(), String::new());
        for y in 0..rows {
            let mut line = String::new();
            let mut runs: Vec<(u16, u16, String)> = Vec::new();
            let mut x = 0;
            while x < columns {
                let cell = &buffer[(x, y)];
                line.push_str(cell.symbol());
                let name = role(&self.model.options.theme, cell.style());
                let width = u16::try_from(unicode_width::UnicodeWidthStr::width(cell.symbol())).unwrap().max(1);
                match runs.last_mut() {
                    Some((_, to, last)) if *last == name && *to == x => *to = x + width,
                    Some(_) | None => runs.push((x, x + width, name)),
                }
                x += width;
            }
            writeln!(text, "{}", line.trim_end()).unwrap();
            let runs: Vec<String> = runs
                .into_iter()
                .filter(|(.., name)| !name.is_empty())
                .map(|(from, to, name)| format!("{from}..{to} {name}"))
                .collect();
            if !runs.is_empty() {
                writeln!(styles, "{y:>2}: {}", runs.join(", ")).unwrap();
            }
        }
        (text, styles)
    }
}

/// A style by the role that has it; what the theme does not know is written out, and plain text is nothing.
fn role(theme: &Theme, style: Style) -> String {
    let plain = |style: Style| (style.fg.filter(|c| *c != ratatui::style::Color::Reset), style.add_modifier);
    let roles = [
        ("title", theme.title),
        ("accent", theme.accent),
        ("key", theme.key),
        ("dim", theme.dim),
        ("border", theme.border),
        ("good", theme.good),
        ("warn", theme.warn),
        ("bad", theme.bad),
        ("busy", theme.busy),
    ];
    let ground = style.bg.filter(|c| *c != ratatui::style::Color::Reset);
    let on = match ground {
        None => String::new(),
        Some(ground) if Some(ground) == theme.selected.bg => " selected".to_owned(),
        Some(ground) => format!(" on {ground}"),
    };
    let (colour, modifier) = plain(style);
    if colour.is_none() && modifier.is_empty() {
        return on.trim_start().to_owned();
    }
    match roles.iter().find(|(_, role)| plain(*role) == (colour, modifier)) {
        Some((name, _)) => format!("{name}{on}"),
        None => format!("{}{modifier:?}{on}", colour.map(|c| c.to_string()).unwrap_or_default()),
    }
}
