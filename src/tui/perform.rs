//! Carries effects out, off the render thread. The last thing that each does is to send a message, a panic included.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;

use super::background::{Wanted, all, wanted};
use super::describe;
use super::diff::read::read;
use super::diff::{Look, Seen};
use super::host::Host;
use super::merge;
use super::msg::{Act, Answer, Cmd, Compose, Content, Done, Handover, Msg, Query, Remark};
use super::shelf;
use super::viewer::Viewer;
use crate::domain::id::TaskId;
use crate::domain::queue::Waiting;
use crate::domain::state::{Status, Who};
use crate::engine::board::{Board, Shown};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::queue::{self, Fill, Filled};
use crate::engine::upkeep::{Scope, reconcile};
use crate::engine::{Engine, Fault, Kind, Remedy, comments, review, screen, stop, tasks, trash, trees, undo};

/// How many acts run at once: each waits for git and tmux, not for a core.
const AT_ONCE: usize = 8;

/// What the effects need.
pub struct Performer {
    pub host: Arc<dyn Host>,
    pub viewer: Arc<Viewer>,
    pub inbox: UnboundedSender<Msg>,
    shown: Wanted,
    /// The repository of new tasks.
    pub home: Option<PathBuf>,
    pub interrupted: Arc<AtomicBool>,
    turns: Arc<Semaphore>,
    /// The number of the diff's last question.
    looking: Arc<AtomicU64>,
}

/// What the loop itself has to do.
#[derive(Debug)]
pub enum Next {
    Nothing,
    /// Find out which program, then give it the terminal.
    Lend(Errand),
    /// Give the terminal away, stop, and take it again.
    Suspend {
        job: bool,
    },
    /// Take the terminal again.
    Retake,
    /// Ring.
    Bell,
    Quit,
}

/// Another program, and what to say when it is over.
#[derive(Debug)]
pub enum Errand {
    Attach(TaskId),
    Shell(TaskId),
    Editor {
        purpose: Compose,
        text: String,
    },
    /// Its work, in the user's own viewer.
    Viewer(TaskId),
}

impl Performer {
    pub fn new(
        host: Arc<dyn Host>,
        viewer: Arc<Viewer>,
        inbox: UnboundedSender<Msg>,
        (shown, home): (Wanted, Option<PathBuf>),
        interrupted: Arc<AtomicBool>,
    ) -> Self {
        Self {
            host,
            viewer,
            inbox,
            shown,
            home,
            interrupted,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            looking: Arc::default(),
        }
    }

    /// Begins an effect; within a runtime.
    pub fn perform(&self, cmd: Cmd) -> Next {
        match cmd {
            Cmd::Act(act) => self.act(act),
            Cmd::Detail { task, tab, lines } => self.job(
                move |engine| {
                    let content = describe::detail(engine, task, tab, lines);
                    Msg::Detailed {
                        task,
                        tab,
                        content: content.unwrap_or_else(|fault| Content::Nothing(fault.message)),
                    }
                },
                move |why| Msg::Detailed { task, tab, content: Content::Nothing(why.message) },
            ),
            Cmd::Watch { task, size } => self.viewer.show(task, size),
            Cmd::Measure { task } => self.job(
                move |engine| Msg::Measured { task, changed: describe::changed(engine, task) },
                move |_| Msg::Measured { task, changed: None },
            ),
            Cmd::Look { number, look } => self.look(number, look),
            Cmd::Ask { number, query } => {
                let shown = wanted(&self.shown).repo;
                self.job(
                    move |engine| Msg::Answered { number, answer: answer(engine, query, shown.as_deref()) },
                    move |fault| Msg::Answered { number, answer: Err(fault) },
                );
            }
            Cmd::Show(shown) => self.show(shown),
            Cmd::Attach { task } => return Next::Lend(Errand::Attach(task)),
            Cmd::Shell { task } => return Next::Lend(Errand::Shell(task)),
            Cmd::Editor { purpose, text } => return Next::Lend(Errand::Editor { purpose, text }),
            Cmd::Viewer { task } => return Next::Lend(Errand::Viewer(task)),
            Cmd::Bell => return Next::Bell,
            Cmd::Suspend { job } => return Next::Suspend { job },
            Cmd::Retake => return Next::Retake,
            Cmd::Interrupt => self.interrupted.store(true, Ordering::SeqCst),
            Cmd::Quit => return Next::Quit,
        }
        Next::Nothing
    }

    /// Reads other tasks from now on: at once, and then whenever they change.
    fn show(&self, shown: Shown) {
        if let Ok(mut wanted) = self.shown.lock() {
            wanted.clone_from(&shown);
        }
        self.job(
            move |engine| match Board::read(engine, &shown) {
                Ok(board) => Msg::Loaded(Arc::new(board)),
                Err(fault) => Msg::LoadFailed(fault.message),
            },
            |fault| Msg::LoadFailed(fault.message),
        );
    }

    /// Runs something with an engine of its own; `otherwise` tells why that could not be.
    fn job(
        &self,
        work: impl FnOnce(&Engine) -> Msg + Send + 'static,
        otherwise: impl FnOnce(Fault) -> Msg + Send + 'static,
    ) {
        let (host, inbox) = (Arc::clone(&self.host), self.inbox.clone());
        tokio::spawn(async move {
            let done = tokio::task::spawn_blocking(move || host.engine().map(|engine| work(&engine))).await;
            let msg = match done {
                Ok(Ok(msg)) => msg,
                Ok(Err(fault)) => otherwise(fault),
                Err(panic) => otherwise(bug(&panic)),
            };
            // Nobody is there to be told any more.
            inbox.send(msg).ok();
        });
    }

    /// Reads for the diff, which may tell several things one after another, for as long as nothing newer was asked.
    fn look(&self, number: u64, look: Look) {
        self.looking.store(number, Ordering::SeqCst);
        let (host, inbox, looking) = (Arc::clone(&self.host), self.inbox.clone(), Arc::clone(&self.looking));
        let last = inbox.clone();
        tokio::spawn(async move {
            let work = tokio::task::spawn_blocking(move || {
                let tell =
                    |seen| looking.load(Ordering::SeqCst) == number && inbox.send(Msg::Looked { number, seen }).is_ok();
                // What nobody waits for any more is not begun.
                if looking.load(Ordering::SeqCst) != number {
                    return;
                }
                match host.engine() {
                    Ok(engine) => read(&engine, look, &tell),
                    Err(fault) => drop(tell(Seen::Failed(fault.message))),
                }
            });
            if let Err(panic) = work.await {
                last.send(Msg::Looked { number, seen: Seen::Failed(bug(&panic).message) }).ok();
            }
        });
    }

    fn act(&self, act: Act) {
        let (host, inbox, turns) = (Arc::clone(&self.host), self.inbox.clone(), Arc::clone(&self.turns));
        let (shown, home) = (wanted(&self.shown).repo, self.home.clone());
        tokio::spawn(async move {
            let turn = turns.acquire_owned().await;
            let (doing, progress) = (act.clone(), inbox.clone());
            let work = move || {
                // As below: there may be no inbox any more.
                let tell = |task| drop(progress.send(Msg::Dispatched { task }));
                let scene = Scene { host: host.as_ref(), shown: shown.as_deref(), home: home.as_deref(), tell: &tell };
                scene.carry_out(&doing)
            };
            let done = tokio::task::spawn_blocking(work).await;
            drop(turn);
            let outcome = done.unwrap_or_else(|panic| Err(bug(&panic)));
            inbox.send(Msg::Acted { act, outcome }).ok();
        });
    }

    /// Which program an errand runs. Blocking.
    ///
    /// # Errors
    /// Where there is nothing to go to.
    pub fn program(host: &dyn Host, errand: &Errand) -> Result<(Handover, Option<tempfile::NamedTempFile>), Fault> {
        match errand {
            Errand::Attach(task) => {
                let engine = host.engine()?;
                let attempt = screen::attempt(&engine, *task)?;
                // The session may have been renamed since: the pane knows where it is.
                let pane = screen::pane_at_a_glance(&engine, &attempt)?;
                Ok((host.show(&attempt.plan.socket, &pane.session)?, None))
            }
            Errand::Shell(task) => {
                let engine = host.engine()?;
                Ok((host.shell(&trees::folder(&engine, *task)?), None))
            }
            Errand::Viewer(task) => {
                let engine = host.engine()?;
                let subject = crate::engine::diff::subject(&engine, *task, None)?;
                let folder = trees::folder(&engine, *task)?;
                let file = tempfile::Builder::new().prefix("ganger-").tempfile();
                let file = file.map_err(|error| Fault::io("making a file for what the viewer prints", &error))?;
                let viewer = host.viewer(file.path(), &subject.base, &folder).ok_or_else(|| {
                    let why = "no viewer of your own is configured";
                    Fault::new(Kind::Usage, why).hint("set viewer in [ui]: ganger config path")
                })?;
                Ok((viewer, Some(file)))
            }
            Errand::Editor { text, .. } => {
                let failed = |error: std::io::Error| Fault::io("writing a file for the editor", &error);
                let mut file = tempfile::Builder::new().prefix("ganger-").suffix(".md").tempfile().map_err(failed)?;
                file.write_all(text.as_bytes()).map_err(failed)?;
                Ok((host.editor(file.path()), Some(file)))
            }
        }
    }
}

fn bug(panic: &tokio::task::JoinError) -> Fault {
    Fault::new(Kind::Failed, format!("an error in ganger itself: {panic}")).hint(Remedy::Reconcile)
}

fn answer(engine: &Engine, query: Query, shown: Option<&Path>) -> Result<Answer, Fault> {
    Ok(match query {
        Query::Plan => Answer::Plan(plan(engine)?),
        Query::Losses(tasks) => Answer::Losses { lines: describe::losses(engine, &tasks), tasks },
        Query::Merge(tasks) => merge::plan(engine, &tasks),
        Query::Chart => Answer::Chart(describe::bars(engine, shown)?),
        Query::Trash => Answer::Trash(shelf::trash(engine, shown)?),
        Query::Tidy => shelf::plan(engine, shown)?,
    })
}

fn comment(engine: &Engine, task: TaskId, remark: &Remark) -> Result<String, Fault> {
    Ok(match remark {
        Remark::Add { place, text } => format!("{} commented on", comments::add(engine, task, place, text)?.place),
        Remark::Edit { id, text } => {
            comments::edit(engine, task, *id, text)?;
            format!("comment {id} is changed")
        }
        Remark::Drop { id } => {
            comments::drop_drafts(engine, task, Some(*id))?;
            format!("comment {id} is deleted")
        }
        Remark::Handled { id } => {
            comments::handled(engine, task, *id, Who::Person)?;
            format!("comment {id} is handled")
        }
    })
}

/// What a reconcile would do, a sentence each.
fn plan(engine: &Engine) -> Result<Vec<String>, Fault> {
    let report = reconcile(engine, &Scope { repo: None, dry_run: true })?;
    let would = report.actions.iter().map(|a| format!("task {}: {}: {}", a.task, a.decision, a.reason));
    let unknown = report.unknown.iter().map(|a| format!("task {}: unknown, left as it is: {}", a.task, a.reason));
    Ok(would.chain(unknown).collect())
}

/// What an act is carried out on.
struct Scene<'a> {
    host: &'a dyn Host,
    /// The repository that is shown; `None` is every one.
    shown: Option<&'a Path>,
    /// The repository of new tasks.
    home: Option<&'a Path>,
    /// Is told of each of several tasks as it has started, or has not.
    tell: &'a (dyn Fn(TaskId) + Sync),
}

impl Scene<'_> {
    fn carry_out(&self, act: &Act) -> Result<Done, Fault> {
        let engine = &self.host.engine()?;
        Ok(match act {
            Act::Add { draft, .. } => {
                let nowhere = || {
                    Fault::new(Kind::Usage, "there is no git repository here to add a task to")
                        .hint("open the board in one")
                };
                let mut draft = draft.as_ref().clone();
                draft.repo = self.home.map(Path::to_owned).ok_or_else(nowhere)?;
                Done::Added(tasks::add(engine, &draft)?.id)
            }
            Act::Edit { task, edit, .. } => {
                tasks::edit(engine, *task, edit)?;
                Done::Saved(*task)
            }
            Act::Dispatch { task } => {
                let attempt = dispatch(engine, &Request::of(*task))?;
                Done::Started { task: *task, session: attempt.plan.session }
            }
            Act::DispatchMarked { tasks } => self.dispatch_marked(engine, tasks)?,
            Act::DispatchAll | Act::WorkOff => self.dispatch_all(engine)?,
            Act::Retry { task, fresh, note } => {
                let (from, note) = (vec![Status::Failed], note.clone());
                let request = Request { from, fresh: *fresh, note, ..Request::of(*task) };
                let attempt = dispatch(engine, &request)?;
                Done::Retried { task: *task, number: attempt.plan.number, notes: attempt.kept }
            }
            Act::Verify { task } => {
                dispatch(engine, &Request { from: vec![Status::Failed], verify_only: true, ..Request::of(*task) })?;
                Done::Verifying(*task)
            }
            Act::Bounce { task, note } => {
                let (bounced, count) = comments::bounce_with(engine, *task, note)?;
                Done::Bounced(*task, bounced, count)
            }
            Act::Comment { task, remark } => Done::Commented(*task, comment(engine, *task, remark)?),
            Act::Stop { task } => {
                stop::stop(engine, *task)?;
                Done::Stopped(*task)
            }
            Act::Approve { task } => {
                review::approve(engine, *task)?;
                Done::Approved(*task)
            }
            Act::Merge { tasks } => merge::carry_out(engine, tasks)?,
            Act::Pull { task } => merge::pull(engine, *task)?,
            Act::PullFeedback { task } => Done::Bounced(*task, crate::engine::merge::bounce(engine, *task, None)?, 0),
            Act::Simple { task, act } => {
                act.carry_out(engine, *task)?;
                Done::Simple(*task, *act)
            }
            Act::Remove { task, stop } => {
                Done::Removed { task: *task, removed: tasks::remove(engine, *task, *stop, false)? }
            }
            Act::Undo => {
                let undone = undo::undo(engine, self.shown)?;
                Done::Undone { task: undone.task, what: undone.what }
            }
            Act::Send { task, text } => {
                screen::send(engine, *task, text)?;
                Done::Sent(*task)
            }
            Act::Interrupt { task } => {
                screen::interrupt(engine, *task)?;
                Done::Interrupted(*task)
            }
            Act::Restore { task, number } => Done::Restored(*task, trash::restore(engine, *task, Some(*number))?.path),
            Act::Delete { task, at } => shelf::delete(engine, *task, at)?,
            Act::Tidy => Done::Tidied(shelf::tidy(engine, self.shown)?),
            Act::Reconcile => {
                let pass = all(engine);
                match pass.failed {
                    Some(why) => return Err(Fault::new(Kind::Failed, why)),
                    None => Done::Reconciled(pass.done),
                }
            }
        })
    }

    /// Starts what is ready until the limit is reached.
    fn dispatch_all(&self, engine: &Engine) -> Result<Done, Fault> {
        let ready = queue::ready(engine, self.shown)?;
        let (filled, first) = self.fill(ready.iter().map(Waiting::of).collect(), false)?;
        match first {
            // Another dispatcher took it; or it is this one's own fault, which its card tells.
            Some(fault) if !matches!(fault.kind, Kind::Conflict | Kind::NotDispatched) => Err(fault),
            Some(_) | None => Ok(filled),
        }
    }

    /// Starts tasks that were marked, until the limit is reached: what keeps one of them from starting keeps no other.
    fn dispatch_marked(&self, engine: &Engine, tasks: &[TaskId]) -> Result<Done, Fault> {
        let waiting = tasks.iter().map(|task| engine.task(*task).map(|task| Waiting::of(&task)));
        let (filled, first) = self.fill(waiting.collect::<Result<_, _>>()?, true)?;
        match (filled, first) {
            (Done::Filled { started: 0, stopped, .. }, Some(fault)) if stopped.as_ref() == Some(&fault.message) => {
                Err(fault)
            }
            (filled, _) => Ok(filled),
        }
    }

    /// Works tasks off as one queue. Besides what came of it, the first fault that is no limit.
    fn fill(&self, waiting: Vec<Waiting>, explicit: bool) -> Result<(Done, Option<Fault>), Fault> {
        let fill = Fill {
            engines: &|| self.host.engine(),
            request: &|task| Request { explicit, ..Request::of(task) },
            wanted: usize::MAX,
            stops_at_failure: !explicit,
            told: &|task, _| (self.tell)(task),
        };
        let Filled { results, full, started, of } = queue::fill(&fill, waiting)?;
        let faults = || results.iter().filter_map(|(_, result)| result.as_ref().err());
        let grave = faults().find(|fault| !matches!(fault.kind, Kind::Conflict | Kind::NotDispatched));
        let first = grave.or_else(|| faults().next()).cloned();
        let reached = full.map(|(reached, _)| reached.to_string());
        let stopped = reached.or_else(|| first.as_ref().map(|fault| fault.message.clone()));
        Ok((Done::Filled { started, of, stopped }, first))
    }
}
