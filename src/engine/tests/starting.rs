//! From the session to the agent: the orders that the shim gets, and what is made of one that does not start.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::setting::var;
use super::world::{Shim, Then, When, World};
use crate::domain::id::TaskId;
use crate::domain::profile::NoOutput;
use crate::domain::state::{Cause, Phase, Status};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::upkeep::{Scope, reconcile};
use crate::engine::{Engine, tasks};
use crate::ports::store::Filter;
use crate::ports::store::Store as _;
use crate::wire::launch::{Launch, VERSION, Word};

/// The orders of the next session, as they are when tmux is asked for it.
fn orders(world: &World) -> Arc<Mutex<Option<Launch>>> {
    let read = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&read);
    world.before("mux.start", move |world| {
        let task = world.board().tasks(&Filter::default()).unwrap().tasks.pop().unwrap().id;
        let plan = world.attempt(task).plan;
        let launch = Launch::decode(&std::fs::read(&plan.files.launch).unwrap()).unwrap();
        assert_eq!(std::fs::read_to_string(&plan.files.prompt).unwrap(), plan.brief.prompt);
        *kept.lock().unwrap() = Some(launch);
    });
    read
}

fn dispatched(world: &World, engine: &Engine, task: TaskId) -> Launch {
    let read = orders(world);
    dispatch(engine, &Request::of(task)).unwrap();
    read.lock().unwrap().take().unwrap()
}

fn argv(launch: &Launch) -> Vec<String> {
    launch.argv.iter().map(|word| word.os().into_string().unwrap()).collect()
}

fn value(launch: &Launch, wanted: &str) -> Option<String> {
    let found = launch.environment.iter().rfind(|(name, _)| name.os() == wanted);
    found.map(|(_, value)| value.os().into_string().unwrap())
}

#[test]
fn the_orders_say_everything_that_the_shim_needs() {
    let mut world = World::new();
    world.settings.worktrees.setup = vec!["make".to_owned()];
    world.settings.completion.verify = vec!["make test".to_owned()];
    world.settings.queue.timeout = Some(Duration::from_secs(90));
    world.settings.agents.get_mut("agent").unwrap().no_output = NoOutput::Review;
    let engine = world.engine();
    let mut draft = world.draft("Fix it");
    draft.verify = vec!["make lint".to_owned()];
    let task = tasks::add(&engine, &draft).unwrap().id;
    let launch = dispatched(&world, &engine, task);
    let plan = world.attempt(task).plan;
    assert_eq!((launch.version, launch.task, launch.attempt.as_str()), (VERSION, 1, plan.id.as_str()));
    assert_eq!(launch.database.path(), world.root().join("ganger.db"));
    assert_eq!(launch.state_dir.path(), world.root().join("state"));
    assert_eq!((launch.socket.path(), launch.worktree.path()), (plan.socket, plan.worktree));
    assert_eq!(argv(&launch), ["agent", "do it"]);
    assert!(launch.fresh && !launch.checkout_hook);
    assert_eq!(launch.umask, Some(0o022));
    assert_eq!((launch.setup, launch.setup_timeout), (vec!["make".to_owned()], 60_000));
    assert_eq!(launch.verify, ["make test", "make lint"]);
    assert_eq!((launch.verify_timeout, launch.timeout, launch.grace), (600_000, Some(90_000), 3_000));
    assert_eq!((launch.git_deadline, launch.tmux_deadline, launch.database_deadline), (120_000, 10_000, 15_000));
    assert_eq!((launch.review_without_output, launch.max_orphan_retries), (true, 3));
}

#[test]
fn a_repositorys_hook_runs_once_for_a_tree() {
    let mut world = World::new();
    world.settings.worktrees.hooks = true;
    let (engine, task) = world.ready();
    assert!(dispatched(&world, &engine, task).checkout_hook);
    world.kill_shim(&world.attempt(task).plan.id, false);
    reconcile(&engine, &Scope::default()).unwrap();
    let again = dispatched(&world, &engine, task);
    assert!(!again.checkout_hook && !again.fresh, "its tree has been prepared");
}

#[test]
fn an_agent_that_can_be_told_how_to_report_is_told() {
    for tells in [true, false] {
        let mut world = World::new();
        world.settings.completion.preamble = "say done".to_owned();
        let profile = world.settings.agents.get_mut("agent").unwrap();
        profile.preamble = tells;
        profile.command = ["agent", "--system={preamble}"].map(str::to_owned).to_vec();
        let (engine, task) = world.ready();
        let said = if tells { "--system=say done" } else { "--system=" };
        assert_eq!(argv(&dispatched(&world, &engine, task))[1], said);
    }
}

#[test]
fn a_task_without_a_prompt_is_told_its_title() {
    let world = World::new();
    let engine = world.engine();
    let draft = crate::domain::task::Draft { prompt: String::new(), unsafe_mode: true, ..world.draft("Fix it") };
    let task = tasks::add(&engine, &draft).unwrap().id;
    assert_eq!(argv(&dispatched(&world, &engine, task)), ["agent", "Fix it", "--unsafe"]);
}

#[test]
fn a_retry_resumes_in_the_tree_with_the_note_and_without_setup() {
    let mut world = World::new();
    world.settings.worktrees.setup = vec!["make".to_owned()];
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 1, crate::domain::completion::Evidence::Changed);
    tasks::note(&engine, task, "try harder").unwrap();
    let read = orders(&world);
    let request = Request { from: vec![Status::Failed], ..Request::of(task) };
    let second = dispatch(&engine, &request).unwrap();
    let launch = read.lock().unwrap().take().unwrap();
    assert_eq!(argv(&launch), ["agent", "--resume"]);
    assert!(!launch.fresh && launch.setup.is_empty());
    let failed = "The last attempt failed: the agent failed: exit status 1.";
    assert_eq!(second.plan.brief.prompt, format!("do it\n\n{failed}\n\ntry harder"));
    assert_eq!((second.plan.worktree, second.plan.adopts), (attempt.plan.worktree, Some(attempt.plan.id)));
}

#[test]
fn a_profile_that_cannot_resume_is_started_anew_in_the_old_tree() {
    let mut world = World::new();
    world.settings.agents.get_mut("agent").unwrap().resume.clear();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 1, crate::domain::completion::Evidence::Changed);
    tasks::requeue(&engine, task).unwrap();
    let launch = dispatched(&world, &engine, task);
    let failed = "The last attempt failed: the agent failed: exit status 1.";
    assert_eq!(argv(&launch), ["agent", &format!("do it\n\n{failed}")]);
    assert!(!launch.fresh);
}

#[test]
fn the_agent_gets_the_environment_but_not_what_would_mislead_it() {
    let world = World::new();
    let (mut engine, task) = world.ready();
    let around = Arc::get_mut(&mut engine.around).unwrap();
    around.config = Some("/etc/ganger.toml".into());
    let withheld = [
        "TERM",
        "COLORTERM",
        "TMUX",
        "TMUX_PANE",
        "COLUMNS",
        "LINES",
        "OLDPWD",
        "SHLVL",
        "PWD",
        "_",
        "TERM_PROGRAM",
        "TERM_PROGRAM_VERSION",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GANGER_OTHER",
    ];
    around.environment.extend(withheld.map(|name| var(name, "x")));
    around.environment.push(var("TERMS", "kept"));
    let launch = dispatched(&world, &engine, task);
    let plan = world.attempt(task).plan;
    for name in withheld {
        assert_eq!(value(&launch, name), None, "{name}");
    }
    for (name, wanted) in [
        ("HOME", "/home/ann"),
        ("TERMS", "kept"),
        ("MINE", "yes"),
        ("GANGER_TASK", "1"),
        ("GANGER_ATTEMPT", plan.id.as_str()),
        ("GANGER_TOKEN", &plan.token),
        ("GANGER_BRANCH", &plan.branch),
        ("GANGER_WORKTREE", plan.worktree.to_str().unwrap()),
        ("GANGER_BASE", &plan.base),
        ("GANGER_DB", world.root().join("ganger.db").to_str().unwrap()),
        ("GANGER_STATE_DIR", world.root().join("state").to_str().unwrap()),
        ("GANGER_BIN", world.root().join("bin/ganger").to_str().unwrap()),
        ("GANGER_CONFIG", "/etc/ganger.toml"),
    ] {
        assert_eq!(value(&launch, name).as_deref(), Some(wanted), "{name}");
    }
}

#[test]
fn what_is_no_text_survives_the_orders() {
    use std::os::unix::ffi::OsStrExt as _;
    let word = Word::from(std::path::Path::new(std::ffi::OsStr::from_bytes(b"/\xff")));
    assert_eq!(word.path().as_os_str().as_bytes(), b"/\xff");
    assert_eq!(Word::Text("/plain".to_owned()).path(), std::path::PathBuf::from("/plain"));
}

fn refused(world: &World, shim: Shim) -> (TaskId, String, Duration) {
    let (engine, task) = world.ready();
    world.lock().shim = shim;
    let before = world.now().boot;
    let fault = dispatch(&engine, &Request::of(task)).unwrap_err();
    (task, fault.message, world.now().boot.since(before))
}

#[test]
fn an_agent_that_does_not_start_in_time_is_given_up_and_never_starts() {
    let world = World::new();
    let (task, why, waited) = refused(&world, Shim::Late);
    assert!(why.contains("the agent did not start within 30s"), "{why}");
    assert!((30_000..31_000).contains(&waited.as_millis()), "{waited:?}");
    let now = world.task(task);
    assert_eq!((now.status, now.cause), (Status::Ready, Some(Cause::Spawn)));
    let attempt = now.attempt.unwrap();
    world.arrive(&attempt, Shim::Starts);
    assert!(world.agents(&attempt).is_empty() && world.shim(&attempt).is_none());
}

#[test]
fn setup_has_its_own_time() {
    let mut world = World::new();
    world.settings.worktrees.setup = vec!["make".to_owned()];
    let (engine, task) = world.ready();
    world.lock().shim = Shim::SetsUp;
    let started = Arc::new(Mutex::new(false));
    let once = Arc::clone(&started);
    // 40 s after the shim's commit, longer than an agent may take to start.
    world.before("mux.start", move |world| {
        world.before("pause", move |world| {
            world.tick();
            world.seconds(40);
            world.before("pause", move |world| {
                let attempt = world.task(TaskId(1)).attempt.unwrap();
                world.start_agent(&attempt);
                *once.lock().unwrap() = true;
            });
        });
    });
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    assert!(*started.lock().unwrap());
    assert_eq!((attempt.phase, attempt.started_at.is_some()), (Phase::Running, true));
}

#[test]
fn setup_that_never_ends_is_given_up_after_both_times() {
    let mut world = World::new();
    world.settings.worktrees.setup = vec!["make".to_owned()];
    let (engine, task) = world.ready();
    world.lock().shim = Shim::SetsUp;
    let before = world.now().boot;
    // Its shim runs, so nothing is undone: the board shows what is.
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    let waited = world.now().boot.since(before).as_millis();
    assert!((90_000..91_000).contains(&waited), "{waited}");
    assert_eq!((attempt.phase, attempt.started_at), (Phase::Running, None));
}

#[test]
fn setup_that_fails_fails_the_task_and_keeps_its_tree() {
    let world = World::new();
    let (task, why, _) = refused(&world, Shim::FailsSetup);
    assert!(why.contains("not dispatched: agent start: setup failed: make"), "{why}");
    let now = world.task(task);
    assert_eq!((now.status, now.cause), (Status::Failed, Some(Cause::Setup)));
    assert_eq!(world.attempt(task).phase, Phase::Exited);
    assert!(world.attempt(task).plan.worktree.exists());
}

#[test]
fn a_shim_that_dies_at_once_is_told_with_the_last_line_of_its_screen() {
    for (screen, said) in [
        ("oops\n  no such file \n\nPane is dead (status 1)\n", "agent started: no such file"),
        ("Pane is dead (status 1)\n", "its pane ended before the agent started"),
    ] {
        let world = World::new();
        world.lock().screen = screen.to_owned();
        let (task, why, waited) = refused(&world, Shim::Dies);
        assert!(why.ends_with(said), "{why}");
        assert!((2_400..4_000).contains(&waited.as_millis()), "{waited:?}");
        assert_eq!(world.task(task).status, Status::Ready);
        assert!(world.lock().panes.is_empty() && world.lock().trees.is_empty());
    }
}

#[test]
fn a_server_that_goes_away_before_the_agent_is_there_is_named() {
    let world = World::new();
    world.before("pause", |world| world.server_dies(false));
    let (task, why, _) = refused(&world, Shim::Late);
    assert!(why.contains("the tmux server went away"), "{why}");
    assert_eq!(world.task(task).status, Status::Ready);
}

#[test]
fn a_session_that_was_closed_before_the_agent_is_there_is_named() {
    let world = World::new();
    world.before("pause", |world| {
        let pane = world.lock().panes[0].id.clone();
        let mut other = world.lock().panes[0].clone();
        (other.argv, other.mark, other.session) = (None, None, "mine".to_owned());
        world.lock().panes.push(other);
        let shim = world.shim(&world.task(TaskId(1)).attempt.unwrap()).unwrap();
        world.kill(shim);
        world.lock().panes.retain(|other| other.id != pane || other.argv.is_none());
    });
    let (_, why, waited) = refused(&world, Shim::Late);
    assert!(why.contains("tmux has no such session"), "{why}");
    assert!((2_400..4_000).contains(&waited.as_millis()), "{waited:?}");
    assert_eq!(world.lock().panes.len(), 1, "a session of somebody else stays");
}

#[test]
fn a_tmux_that_does_not_answer_is_no_reason_to_give_up() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.lock().shim = Shim::Late;
    for _ in 0..12 {
        world.trouble("mux.panes", When::Before, Then::Busy);
    }
    world.before("pause", |world| {
        world.seconds(1);
        world.before("pause", |world| {
            world.seconds(5);
            world.before("pause", |world| world.arrive(&world.task(TaskId(1)).attempt.unwrap(), Shim::Starts));
        });
    });
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    assert_eq!(attempt.phase, Phase::Running);
}

#[test]
fn a_shim_that_dies_in_its_setup_is_found_while_the_dispatch_waits() {
    let mut world = World::new();
    world.settings.worktrees.setup = vec!["make".to_owned()];
    let (engine, task) = world.ready();
    world.lock().shim = Shim::SetsUp;
    world.before("mux.start", |world| {
        world.before("pause", |world| {
            world.tick();
            world.kill_shim(&world.task(TaskId(1)).attempt.unwrap(), false);
        });
    });
    let before = world.now().boot;
    let fault = dispatch(&engine, &Request::of(task)).unwrap_err();
    assert!(world.now().boot.since(before) < Duration::from_secs(2));
    assert!(fault.message.contains("agent start: the agent vanished"), "{}", fault.message);
    assert_eq!((world.task(task).status, world.task(task).orphans), (Status::Ready, 1));
}

#[test]
fn an_agent_that_is_gone_before_its_start_was_seen_has_started_all_the_same() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("mux.start", |world| {
        world.before("pause", |world| {
            world.tick();
            world.exit(&world.task(TaskId(1)).attempt.unwrap(), 0, crate::domain::completion::Evidence::Changed);
        });
    });
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    assert_eq!((attempt.phase, world.task(task).status), (Phase::Exited, Status::Review));
}

#[test]
fn a_shim_that_starts_while_its_dispatcher_gives_up_wins() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("mux.start", When::After, Then::Panic);
    world.before("store.rolled-back", World::tick);
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    assert_eq!((attempt.phase, world.agents(&attempt.plan.id).len()), (Phase::Running, 1));
    reconcile(&engine, &Scope::default()).unwrap();
    assert_eq!(world.task(task).status, Status::InProgress);
}
