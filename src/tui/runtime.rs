//! The loop: it waits for a message or a tick, takes all that are there, draws once if something changed, and hands
//! every effect to somebody else.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::background;
use super::input::Input;
use super::model::Model;
use super::msg::Msg;
use super::outfit::Outfit;
use super::perform::{Errand, Next, Performer};
use super::stage::Stage;
use super::terminal::Screen;
use super::update::update;
use super::view::view;
use crate::domain::settings::Settings;
use crate::engine::{Fault, Kind};

/// What a board is opened with.
pub struct Board {
    pub stage: Arc<dyn Stage>,
    pub outfit: Outfit,
    /// The repository that is shown; `None` is every one.
    pub shown: Option<PathBuf>,
    /// The repository of new tasks.
    pub home: Option<PathBuf>,
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

fn terminal(error: &std::io::Error) -> Fault {
    Fault::io("using this terminal", error).hint("ganger list, for where there is no terminal")
}

async fn turn(board: Board) -> Result<(), Fault> {
    let (inbox, mut messages) = unbounded_channel();
    let mut screen = Screen::take().map_err(|error| terminal(&error))?;
    let size = screen.size().map_err(|error| terminal(&error))?;
    let mut model = Model::new(Arc::new(board.outfit), size, board.stage.now());
    // The first frame before anything that takes time.
    screen.draw(|frame| view(&model, frame)).map_err(|error| terminal(&error))?;
    let input = Input::start(inbox.clone()).map_err(|error| terminal(&error))?;
    let viewer = background::start(&board.stage, board.shown.clone(), &inbox)
        .map_err(|error| Fault::io("starting the board", &error))?;
    let stage = Arc::clone(&board.stage);
    let performer = Performer::new(Arc::clone(&stage), viewer, inbox, (board.shown, board.home), board.interrupted);
    loop {
        let mut batch = vec![next(&mut messages, &model, stage.as_ref()).await];
        while let Ok(message) = messages.try_recv() {
            batch.push(message);
        }
        model.now = stage.now();
        let mut lent = None;
        for message in batch {
            for cmd in update(&mut model, message) {
                match performer.perform(cmd) {
                    Next::Nothing => {}
                    Next::Lend(errand) => lent = Some(errand),
                    Next::Quit => return Ok(()),
                }
            }
        }
        if let Some(errand) = lent {
            let returned = lend(&mut screen, &input, &stage, errand).await?;
            model.now = stage.now();
            let (columns, rows) = screen.size().map_err(|error| terminal(&error))?;
            for message in returned.into_iter().chain([Msg::Resize { columns, rows }]) {
                for cmd in update(&mut model, message) {
                    performer.perform(cmd);
                }
            }
        }
        screen.draw(|frame| view(&model, frame)).map_err(|error| terminal(&error))?;
    }
}

/// The next message; a tick where nothing comes for as long as what is shown stays true.
async fn next(messages: &mut UnboundedReceiver<Msg>, model: &Model, stage: &dyn Stage) -> Msg {
    match tokio::time::timeout(tick(model), messages.recv()).await {
        Ok(Some(message)) => message,
        // Every sender is gone: nothing could ever come.
        Ok(None) => Msg::Terminate,
        Err(_) => Msg::Tick(stage.now()),
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

/// Gives the terminal to another program, and takes it back.
async fn lend(screen: &mut Screen, input: &Input, stage: &Arc<dyn Stage>, errand: Errand) -> Result<Vec<Msg>, Fault> {
    let asked = Arc::clone(stage);
    let found = tokio::task::spawn_blocking(move || {
        let program = Performer::program(asked.as_ref(), &errand);
        (errand, program)
    })
    .await;
    let (errand, program) = match found {
        Ok((errand, Ok(program))) => (errand, program),
        Ok((_, Err(fault))) => return Ok(vec![Msg::Returned(Err(fault))]),
        Err(panic) => return Ok(vec![Msg::Returned(Err(Fault::new(Kind::Failed, panic.to_string())))]),
    };
    let (handover, file) = program;
    let takes = handover.takes_terminal;
    if takes {
        input.pause();
        Screen::lend();
    }
    let runner = Arc::clone(stage);
    let run = tokio::task::spawn_blocking(move || {
        let status = runner.run(&handover);
        let text = file.as_ref().map(|file| std::fs::read_to_string(file.path()));
        (status, text, handover)
    })
    .await;
    if takes {
        screen.resume().map_err(|error| terminal(&error))?;
        input.resume();
    }
    let (status, text, handover) = match run {
        Ok(run) => run,
        Err(panic) => return Ok(vec![Msg::Returned(Err(Fault::new(Kind::Failed, panic.to_string())))]),
    };
    let name = handover.argv.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let failed = match status {
        Err(error) => Some(Fault::io(&format!("starting {name}"), &error)),
        // A shell ends with its last command's status, and that is nobody's failure.
        Ok(0) => None,
        Ok(_) if matches!(errand, Errand::Shell(_)) => None,
        Ok(status) => Some(Fault::new(Kind::Failed, format!("{name} ended with status {status}"))),
    };
    Ok(match (errand, failed, text) {
        (Errand::Editor { purpose, .. }, None, Some(Ok(text))) => {
            vec![Msg::Edited { purpose, outcome: Ok(text) }, Msg::Returned(Ok(()))]
        }
        (Errand::Editor { purpose, .. }, None, Some(Err(error))) => {
            let fault = Fault::io("reading what was written", &error);
            vec![Msg::Edited { purpose, outcome: Err(fault) }, Msg::Returned(Ok(()))]
        }
        (_, Some(fault), _) => vec![Msg::Returned(Err(fault))],
        (_, None, _) => vec![Msg::Returned(Ok(()))],
    })
}
