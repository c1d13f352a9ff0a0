//! The loop: it waits for a message or a tick, takes all that are there, draws once if something changed, and hands
//! every effect to somebody else.

use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::background;
use super::host::{Host, Running};
use super::input::Input;
use super::model::Model;
use super::msg::{Compose, Msg};
use super::options::Options;
use super::perform::{Errand, Next, Performer};
use super::terminal::Screen;
use super::update::update;
use super::view::view;
use crate::domain::settings::Settings;
use crate::engine::{Fault, Kind};

/// What a board is opened with.
pub struct Board {
    pub host: Arc<dyn Host>,
    pub options: Options,
    pub settings: Arc<Settings>,
    /// Set to make sagas in flight roll back.
    pub interrupted: Arc<AtomicBool>,
}

/// How long whatever is still under way has after the loop has ended.
const FAREWELL: Duration = Duration::from_secs(2);

/// Shows the board until a person quits.
///
/// # Errors
/// When this is no terminal, or it has gone.
pub fn run(board: Board) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Fault::io("starting the board", &error))?;
    let outcome = runtime.block_on(turn(board));
    runtime.shutdown_timeout(FAREWELL);
    outcome
}

fn terminal(error: &io::Error) -> Fault {
    Fault::io("using this terminal", error).hint("ganger list, for where there is no terminal")
}

async fn turn(board: Board) -> Result<(), Fault> {
    let (inbox, mut messages) = unbounded_channel();
    let screen = Screen::take().map_err(|error| terminal(&error))?;
    let (shown, home) = (board.options.shown.clone(), board.options.home.clone());
    let model = Model::new(Arc::new(board.options), screen.size(), board.host.now());
    let mut desk = Desk { screen, model, input: None, away: None, inbox: inbox.clone(), host: Arc::clone(&board.host) };
    // What is typed counts from the first frame on, which comes before anything that takes time.
    desk.input = Some(Input::start(inbox.clone()).map_err(|error| terminal(&error))?);
    desk.draw()?;
    let shown = Arc::new(Mutex::new(shown));
    let viewer =
        background::start(&board.host, &shown, &inbox).map_err(|error| Fault::io("starting the board", &error))?;
    let host = Arc::clone(&board.host);
    let performer = Performer::new(host, viewer, inbox, (shown, home), board.interrupted);
    loop {
        let mut batch = vec![next(&mut messages, &desk).await];
        while let Ok(message) = messages.try_recv() {
            batch.push(message);
        }
        desk.model.now = desk.host.now();
        for message in batch {
            if desk.take(&performer, message).await?.is_break() {
                desk.hang_up(&mut messages).await;
                performer.viewer.leave();
                return Ok(());
            }
        }
        desk.draw()?;
    }
}

/// Another program that was started from here.
struct Away {
    running: Arc<dyn Running>,
    /// Whether it has the terminal.
    takes_terminal: bool,
}

/// What the loop works on: the model, and the terminal with whoever has it.
struct Desk {
    screen: Screen,
    model: Model,
    input: Option<Input>,
    away: Option<Away>,
    inbox: UnboundedSender<Msg>,
    host: Arc<dyn Host>,
}

impl Desk {
    /// Whether another program has the terminal.
    fn is_lent(&self) -> bool {
        self.away.as_ref().is_some_and(|away| away.takes_terminal)
    }

    fn draw(&mut self) -> Result<(), Fault> {
        if self.is_lent() {
            return Ok(());
        }
        let model = &self.model;
        self.screen.draw(model.columns_rows, |frame| view(model, frame)).map_err(|error| terminal(&error))
    }

    /// Takes a message, and does what comes of it; breaks when this is the end.
    async fn take(&mut self, performer: &Performer, message: Msg) -> Result<ControlFlow<()>, Fault> {
        if self.is_lent() && message.is_input() {
            // It was typed before the other program came to the front, and meant for that.
            return Ok(ControlFlow::Continue(()));
        }
        if matches!(message, Msg::Returned(_)) && self.away.take().is_some_and(|away| away.takes_terminal) {
            Screen::come_forward();
            self.take_back()?;
        }
        for cmd in update(&mut self.model, message) {
            match performer.perform(cmd) {
                Next::Nothing => {}
                Next::Quit => return Ok(ControlFlow::Break(())),
                Next::Lend(errand) if self.away.is_none() => self.lend(errand).await,
                // The terminal is somebody else's: so are its bell, and whether it is stopped.
                _ if self.is_lent() => {}
                Next::Lend(_) => {}
                Next::Suspend { job } => {
                    self.give_away();
                    self.host.stop(job);
                    self.take_back()?;
                }
                Next::Retake => {
                    self.give_away();
                    self.take_back()?;
                }
                Next::Bell => {
                    // A terminal that is gone is noticed elsewhere.
                    io::stdout().write_all(b"\x07").and_then(|()| io::stdout().flush()).ok();
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The one way out of the terminal but for good: to another program, to the shell that stops or continues this one.
    fn give_away(&self) {
        if let Some(input) = &self.input {
            input.pause();
        }
        Screen::lend();
    }

    /// The one way back: everything is taken again, what was typed or answered meanwhile is dropped, and the next frame
    /// is whole, at today's size.
    fn take_back(&mut self) -> Result<(), Fault> {
        self.screen.resume().map_err(|error| terminal(&error))?;
        if let Some(input) = &self.input {
            input.resume();
        }
        self.model.now = self.host.now();
        let (columns, rows) = self.screen.size();
        self.model.columns_rows = (columns, rows);
        self.inbox.send(Msg::Resize { columns, rows }).ok();
        Ok(())
    }

    /// Gives the terminal to another program, until a message says that it is back.
    async fn lend(&mut self, errand: Errand) {
        let host = Arc::clone(&self.host);
        let found = tokio::task::spawn_blocking(move || {
            let program = Performer::program(host.as_ref(), &errand);
            program.map(|(handover, file)| (errand, handover, file))
        })
        .await;
        let failed = |panic: tokio::task::JoinError| Err(Fault::new(Kind::Failed, panic.to_string()));
        let (errand, handover, file) = match found.unwrap_or_else(failed) {
            Ok(found) => found,
            Err(fault) => return drop(self.inbox.send(Msg::Returned(Err(fault)))),
        };
        let takes_terminal = handover.takes_terminal;
        if takes_terminal {
            self.give_away();
        }
        let name = handover.argv.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match self.host.start(&handover) {
            Ok(running) => {
                self.away = Some(Away { running: Arc::clone(&running), takes_terminal });
                let inbox = self.inbox.clone();
                let waited = tokio::task::spawn_blocking(move || {
                    let status = running.wait();
                    let text = file.as_ref().map(|file| std::fs::read_to_string(file.path()));
                    returned(&errand, &name, status, text)
                });
                tokio::spawn(async move {
                    let told = waited
                        .await
                        .unwrap_or_else(|panic| vec![Msg::Returned(Err(Fault::new(Kind::Failed, panic.to_string())))]);
                    // Nobody is there to be told any more.
                    for message in told {
                        inbox.send(message).ok();
                    }
                });
            }
            Err(error) => {
                self.away = Some(Away { running: Arc::new(Nobody), takes_terminal });
                self.inbox.send(Msg::Returned(Err(Fault::io(&format!("starting {name}"), &error)))).ok();
            }
        }
    }

    /// Ends what has the terminal, and waits a little for it: it tidies up, and this program is not to end before it.
    async fn hang_up(&mut self, messages: &mut UnboundedReceiver<Msg>) {
        let Some(away) = self.away.take().filter(|away| away.takes_terminal) else { return };
        away.running.hang_up();
        let ended = async {
            while let Some(message) = messages.recv().await {
                if matches!(message, Msg::Returned(_)) {
                    break;
                }
            }
        };
        // One that goes on is left to whoever has the terminal.
        tokio::time::timeout(FAREWELL, ended).await.ok();
        Screen::come_forward();
    }
}

/// What did not start.
struct Nobody;

impl Running for Nobody {
    fn wait(&self) -> io::Result<i32> {
        Ok(0)
    }

    fn hang_up(&self) {}
}

/// What a program that has ended comes to.
fn returned(errand: &Errand, name: &str, status: io::Result<i32>, text: Option<io::Result<String>>) -> Vec<Msg> {
    let failed = match status {
        Err(error) => Some(Fault::io(&format!("running {name}"), &error)),
        // A shell ends with its last command's status, and that is nobody's failure.
        Ok(0) => None,
        Ok(_) if matches!(errand, Errand::Shell(_)) => None,
        Ok(status) => Some(Fault::new(Kind::Failed, format!("{name} ended with status {status}"))),
    };
    let outcome = text.map(|text| text.map_err(|error| Fault::io("reading what was written", &error)));
    match (errand, failed, outcome) {
        (Errand::Editor { purpose, .. }, None, Some(outcome)) => {
            vec![Msg::Edited { purpose: purpose.clone(), outcome }, Msg::Returned(Ok(()))]
        }
        (Errand::Viewer(task), None, Some(outcome)) => {
            vec![Msg::Edited { purpose: Compose::Viewer(*task), outcome }, Msg::Returned(Ok(()))]
        }
        (_, Some(fault), _) => vec![Msg::Returned(Err(fault))],
        (_, None, _) => vec![Msg::Returned(Ok(()))],
    }
}

/// The next message; a tick where nothing comes for as long as what is shown stays true.
async fn next(messages: &mut UnboundedReceiver<Msg>, desk: &Desk) -> Msg {
    // Nothing is shown that could become untrue.
    let patience = if desk.is_lent() { Duration::MAX } else { tick(&desk.model) };
    match tokio::time::timeout(patience, messages.recv()).await {
        Ok(Some(message)) => message,
        // Every sender is gone: nothing could ever come.
        Ok(None) => Msg::Terminate,
        Err(_) => Msg::Tick(desk.host.now()),
    }
}

/// How long the ages on the screen stay true: seconds while something is young or passing.
fn tick(model: &Model) -> Duration {
    let young = |card: &crate::engine::board::Card| {
        card.attempt.as_ref().is_some_and(|seen| {
            let since = seen.attempt.started_at.unwrap_or(seen.attempt.claimed_at);
            model.now.wall.since(since) < Duration::from_mins(1)
        })
    };
    let moving = model.toast.is_some() || model.is_busy() || model.leaving.is_some();
    if moving || model.board.cards.iter().any(young) { Duration::from_secs(1) } else { Duration::from_secs(10) }
}
