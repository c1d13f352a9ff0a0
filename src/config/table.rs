//! Every setting, one row each: its name, its meaning, and how it is read and shown.
//!
//! Reading, `config show`, the refusals' "did you mean", what a repository may set, the commented default and the
//! table in the docs all come from here. To add a setting is to add a field to `domain::settings` and a row here.

use toml::Value;

use super::document::Field;
use super::{ConfigError, Environment, value};
use crate::domain::duration;
use crate::domain::merge::Method;
use crate::domain::order::{Group, Sort};
use crate::domain::profile::{Mode, NoOutput, Profile};
use crate::domain::queue::Release;
use crate::domain::settings::Settings;
use crate::domain::size;
use crate::domain::template::Template;
use crate::tui::{keymap, theme};

/// How one setting of `T` is read from a file and shown.
pub(super) struct Row<T: 'static> {
    pub key: &'static str,
    /// What it means, for the commented default and the docs.
    pub doc: &'static str,
    /// What the commented default shows where that is not the default value.
    pub example: Option<&'static str>,
    pub read: fn(&mut T, &Field<'_>, Environment<'_>) -> Result<(), ConfigError>,
    /// Its value, as a file would say it; `None` where there is nothing to say.
    pub show: fn(&T) -> Option<Value>,
}

/// One section of the file.
pub(super) struct Section {
    /// Its name; empty for the keys before the first section.
    pub name: &'static str,
    pub doc: &'static str,
    pub rows: Rows,
    /// What a repository's own file may set of it. The rest is the machine's, or a matter of taste.
    pub repository: Share,
}

/// What a section holds.
#[derive(Clone, Copy)]
pub(super) enum Rows {
    Settings(&'static [Row<Settings>]),
    /// A table for each agent.
    Agents(&'static [Row<Profile>]),
    /// A table for each template.
    Templates(&'static [Row<Template>]),
    /// The keys of the board, by the names of [`keymap`].
    Keys,
}

/// How much of a section a repository may set.
#[derive(Clone, Copy)]
pub(super) enum Share {
    Nothing,
    These(&'static [&'static str]),
    Everything,
}

impl Section {
    /// Its keys, in the order of the file.
    pub fn keys(&self) -> Vec<&'static str> {
        match self.rows {
            Rows::Settings(rows) => rows.iter().map(|row| row.key).collect(),
            Rows::Agents(rows) => rows.iter().map(|row| row.key).collect(),
            Rows::Templates(rows) => rows.iter().map(|row| row.key).collect(),
            Rows::Keys => keymap::NAMES.to_vec(),
        }
    }

    /// Whether a repository's own file may set this key.
    pub fn is_of_repository(&self, key: &str) -> bool {
        match self.repository {
            Share::Nothing => false,
            Share::These(keys) => keys.contains(&key),
            Share::Everything => true,
        }
    }
}

const fn row<T>(
    key: &'static str,
    doc: &'static str,
    read: fn(&mut T, &Field<'_>, Environment<'_>) -> Result<(), ConfigError>,
    show: fn(&T) -> Option<Value>,
) -> Row<T> {
    Row { key, doc, example: None, read, show }
}

impl<T> Row<T> {
    const fn example(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }
}

/// Every section, in the order of the commented default.
pub(super) const SECTIONS: &[Section] = &[
    Section { name: "", doc: "", rows: Rows::Settings(TOP), repository: Share::Everything },
    Section {
        name: "agents",
        doc: "An agent is a command. `ganger agents` lists the built-in ones and `ganger config show` prints them in full; a \
              section with the name of one of these changes the keys that it sets and leaves the others. `shell` runs the \
              prompt as a script. An agent of your own needs a command:",
        rows: Rows::Agents(AGENT),
        repository: Share::Everything,
    },
    Section { name: "worktrees", doc: "", rows: Rows::Settings(WORKTREES), repository: Share::Everything },
    Section {
        name: "queue",
        doc: "",
        rows: Rows::Settings(QUEUE),
        repository: Share::These(&["max_orphan_retries", "timeout"]),
    },
    Section { name: "completion", doc: "", rows: Rows::Settings(COMPLETION), repository: Share::Everything },
    Section { name: "merge", doc: "", rows: Rows::Settings(MERGE), repository: Share::Everything },
    Section {
        name: "templates",
        doc: "What a kind of task always says: `ganger add \"Login fails\" --template bug file=src/login.rs`. {NAME} in the texts \
              is filled in with the value of that name and {title} with the task's title; {{ and }} are braces.",
        rows: Rows::Templates(TEMPLATE),
        repository: Share::Everything,
    },
    Section {
        name: "trash",
        doc: "What `ganger trash empty` deletes where nothing else is asked for, after it has said so; `ganger tidy` says how \
              much that would be. Where both are set, both have to hold.",
        rows: Rows::Settings(TRASH),
        repository: Share::Nothing,
    },
    Section {
        name: "forge",
        doc: "The programs that know where pull requests are, as argument lists that no shell sees: GitHub's gh, unless you \
              name others (docs/forges.md has glab and tea). [] where yours has no such.",
        rows: Rows::Settings(FORGE),
        repository: Share::Nothing,
    },
    Section { name: "permissions", doc: "", rows: Rows::Settings(PERMISSIONS), repository: Share::Nothing },
    Section { name: "tmux", doc: "", rows: Rows::Settings(TMUX), repository: Share::Nothing },
    Section {
        name: "timing",
        doc: "Advanced: how long ganger waits for other programs. No deadline here decides that an agent is dead.",
        rows: Rows::Settings(TIMING),
        repository: Share::Nothing,
    },
    Section {
        name: "notify",
        doc: "A command for each event, as an argument list that no shell sees: [\"notify-send\", \"ganger\", \"{title}\"]. \
              {title}, {task_id} and {event} are filled in. It runs detached, with a deadline; its failure changes nothing.",
        rows: Rows::Settings(NOTIFY),
        repository: Share::Nothing,
    },
    Section { name: "ui", doc: "The board.", rows: Rows::Settings(UI), repository: Share::Nothing },
    Section {
        name: "keys",
        doc: "Your own keys: one key or a list. A key that you bind to one action is taken from the action that it meant \
              before.",
        rows: Rows::Keys,
        repository: Share::Nothing,
    },
];

pub(super) const TOP: &[Row<Settings>] = &[row(
    "default_agent",
    "The agent of a task that names none.",
    // The agents of the same file may stand below it: it is read last.
    |settings, field, _| value::default_agent(settings, field),
    |settings| Some(settings.default_agent.as_str().into()),
)];

const TEMPLATE: &[Row<Template>] = &[
    row::<Template>(
        "prompt",
        "What the agent is told, where `add` says no prompt.",
        |template, field, _| field.text().map(|prompt| prompt.clone_into(&mut template.prompt)),
        |template| Some(template.prompt.clone().into()),
    )
    .example(r#""{title}\nLook into {file} first.""#),
    row::<Template>(
        "agent",
        "The agent, where `add` names none.",
        |template, field, _| field.text().map(|agent| template.agent = Some(agent.to_owned())),
        |template| template.agent.clone().map(Value::from),
    )
    .example(r#""claude""#),
    row::<Template>(
        "base",
        "The revision to start from, where `add` names none.",
        |template, field, _| field.text().map(|base| template.base = Some(base.to_owned())),
        |template| template.base.clone().map(Value::from),
    )
    .example(r#""main""#),
    row::<Template>(
        "files",
        "Files that the task is about, besides those of `add`.",
        |template, field, _| field.list().map(|files| template.files = files),
        |template| Some(template.files.clone().into()),
    )
    .example(r#"["{file}"]"#),
    row::<Template>(
        "verify",
        "Commands that must pass before review, besides those of `add`. What is filled in is quoted for the shell.",
        |template, field, _| field.commands().map(|verify| template.verify = verify),
        |template| Some(template.verify.clone().into()),
    )
    .example(r#"["cargo test"]"#),
];

/// How the modes are written.
const MODES: [(&str, Mode); 2] = [("interactive", Mode::Interactive), ("headless", Mode::Headless)];

/// How the judgements of an exit without output are written.
const NO_OUTPUT: [(&str, NoOutput); 2] = [("failed", NoOutput::Failed), ("review", NoOutput::Review)];

const AGENT: &[Row<Profile>] = &[
    row::<Profile>(
        "command",
        "An argument list that no shell sees. {prompt}, {prompt_file}, {task_id}, {title}, {branch}, {worktree}, \
         {preamble} and {preamble_file} are filled in; a {prompt} over 100 kB becomes a sentence that names {prompt_file}. \
         {permissions} stands for the arguments of `safe` or `unsafe`; without it they come last.",
        |profile, field, _| value::command(field).map(|argv| profile.command = argv),
        |profile| (!profile.command.is_empty()).then(|| profile.command.clone().into()),
    )
    .example(r#"["my-agent", "--flag", "{prompt}"]"#),
    row::<Profile>(
        "wrap",
        "What goes before its command, whichever that is, with the same placeholders: a sandbox, a container, another machine. \
         Before a dispatch the wrapper is looked for, not the agent. docs/agents.md has recipes.",
        |profile, field, _| value::optional_argv(field).map(|argv| profile.wrap = argv),
        |profile| Some(profile.wrap.clone().into()),
    ),
    row::<Profile>(
        "resume",
        "How to resume an earlier session; [] where the agent can't. With {conversation} in it, it is used once the agent \
         has reported that name through its hooks.",
        |profile, field, _| value::optional_argv(field).map(|argv| profile.resume = argv),
        |profile| Some(profile.resume.clone().into()),
    )
    .example(r#"["my-agent", "--continue"]"#),
    row(
        "headless",
        "The command for mode = \"headless\"; [] where it is the same.",
        |profile, field, _| value::optional_argv(field).map(|argv| profile.headless = argv),
        |profile| Some(profile.headless.clone().into()),
    ),
    row(
        "headless_resume",
        "How to resume an earlier session for mode = \"headless\"; [] where it is the same.",
        |profile, field, _| value::optional_argv(field).map(|argv| profile.headless_resume = argv),
        |profile| Some(profile.headless_resume.clone().into()),
    ),
    row(
        "mode",
        "\"interactive\" talks to you, \"headless\" runs to its end without you.",
        |profile, field, _| field.choice(&MODES).map(|mode| profile.mode = mode),
        |profile| Some(value::written(&MODES, profile.mode)),
    ),
    row(
        "safe",
        "The arguments for {permissions}.",
        |profile, field, _| field.list().map(|list| profile.safe_args = list),
        |profile| Some(profile.safe_args.clone().into()),
    ),
    row(
        "unsafe",
        "The arguments for {permissions} of tasks that were added with --unsafe.",
        |profile, field, _| field.list().map(|list| profile.unsafe_args = list),
        |profile| Some(profile.unsafe_args.clone().into()),
    ),
    row(
        "no_output",
        "What an exit 0 is that changed nothing and reported nothing: \"failed\", or \"review\" (as for `shell`).",
        |profile, field, _| field.choice(&NO_OUTPUT).map(|judged| profile.no_output = judged),
        |profile| Some(value::written(&NO_OUTPUT, profile.no_output)),
    ),
    row::<Profile>(
        "env",
        "Environment variables for this agent. Names that begin with GANGER_ are taken.",
        |profile, field, _| value::each(field, |variable| value::variable(profile, variable)),
        |profile| {
            let env = profile.env.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
            Some(env.collect::<toml::Table>().into())
        },
    )
    .example(r#"{ KEY = "value" }"#),
    row(
        "preamble",
        "Whether it is told how to report (completion.preamble): at {preamble} or {preamble_file}, else after the prompt.",
        |profile, field, _| field.boolean().map(|preamble| profile.preamble = preamble),
        |profile| Some(profile.preamble.into()),
    ),
    row(
        "hooks",
        "Whether hooks are put into the worktree before each attempt, by which the agent reports what it does: false, the \
         mechanism that its program speaks (\"claude\", \"codex\", \"gemini\" or \"opencode\"), or true where the agent or \
         its program has that name.",
        |profile, field, _| value::hooks(profile, field),
        |profile| Some(profile.hooks.as_deref().map_or(Value::from(false), Value::from)),
    ),
    row(
        "waiting",
        "What its screen shows when it waits for an answer; upper and lower case are the same.",
        |profile, field, _| value::patterns(field).map(|patterns| profile.waiting = patterns),
        |profile| Some(profile.waiting.clone().into()),
    ),
    row(
        "limit",
        "What its screen shows when a usage limit is reached.",
        |profile, field, _| value::patterns(field).map(|patterns| profile.limit = patterns),
        |profile| Some(profile.limit.clone().into()),
    ),
    row(
        "resume_after_limit",
        "Whether \"continue\" is typed to it when that limit has ended.",
        |profile, field, _| field.boolean().map(|resumes| profile.resume_after_limit = resumes),
        |profile| Some(profile.resume_after_limit.into()),
    ),
    row(
        "version",
        "The arguments with which its program prints its version and does nothing else, for `ganger agents`; [] where it \
         is not to be asked.",
        |profile, field, _| field.list().map(|list| profile.version = list),
        |profile| Some(profile.version.clone().into()),
    ),
];

const WORKTREES: &[Row<Settings>] = &[
    row(
        "root",
        "Where worktrees are made, in a folder for each repository: an absolute path, \"~/…\", or \"{repo}/…\" for a place \
         inside the repository. Where XDG_DATA_HOME is set, the default is $XDG_DATA_HOME/ganger/worktrees.",
        |settings, field, env| value::root(field, env).map(|root| settings.worktrees.root = root),
        |settings| Some(settings.worktrees.root.as_str().into()),
    ),
    row(
        "branch",
        "The name of a task's branch. It needs {id}; {slug} is made from the title and may be empty.",
        |settings, field, _| value::branch(field).map(|branch| settings.worktrees.branch = branch),
        |settings| Some(settings.worktrees.branch.as_str().into()),
    ),
    row(
        "base",
        "What a task starts from that names no base: a branch or a commit; \"HEAD\" is what the main worktree has checked out, or the linked one that the task is added in; \"after\" stacks a task on the branch of the one that it waits for.",
        |settings, field, _| value::base(field).map(|base| settings.worktrees.base = base),
        |settings| Some(settings.worktrees.base.as_str().into()),
    ),
    row(
        "copy",
        "Ignored files of the repository's main worktree that a new worktree gets copies of. A list of patterns: \
         [\".env*\"], [\"node_modules\"], [\"**/*.local\"]. `*`, `?` and [abc] stay within a name, `**` stands for any \
         folders, and a pattern that matches a folder takes all of it. What is in the worktree already stays as it is.",
        |settings, field, _| value::paths(field).map(|paths| settings.worktrees.copy = paths),
        |settings| Some(settings.worktrees.copy.clone().into()),
    ),
    row(
        "link",
        "The same, for those that it gets links to. A rule of .gitignore that ends in `/` does not ignore a link.",
        |settings, field, _| value::paths(field).map(|paths| settings.worktrees.link = paths),
        |settings| Some(settings.worktrees.link.clone().into()),
    ),
    row(
        "include",
        "Whether a new worktree also gets copies of what the file .worktreeinclude at the root of the main worktree names, in \
         the syntax of .gitignore, and git ignores. Other tools have that file, too.",
        |settings, field, _| field.boolean().map(|include| settings.worktrees.include = include),
        |settings| Some(settings.worktrees.include.into()),
    ),
    row(
        "hooks",
        "Whether the repository's own post-checkout hook runs in a new worktree, after copying and linking.",
        |settings, field, _| field.boolean().map(|hooks| settings.worktrees.hooks = hooks),
        |settings| Some(settings.worktrees.hooks.into()),
    ),
    row(
        "setup",
        "Commands, run by `sh -c` in a new worktree before the agent starts: [\"npm ci\"].",
        |settings, field, _| field.commands().map(|setup| settings.worktrees.setup = setup),
        |settings| Some(settings.worktrees.setup.clone().into()),
    ),
    row(
        "setup_timeout",
        "The limit for copying, linking, the hook and the setup commands together.",
        |settings, field, _| field.duration().map(|timeout| settings.worktrees.setup_timeout = timeout),
        |settings| Some(duration::render(settings.worktrees.setup_timeout).into()),
    ),
    row(
        "pool",
        "How many prepared worktrees are kept ready for each repository. Only 0 is supported by this version.",
        |_, field, _| if field.number(0).is_ok_and(|pool| pool == 0) { Ok(()) } else { Err(field.unsupported()) },
        |_| Some(0.into()),
    ),
];

const QUEUE: &[Row<Settings>] = &[
    row(
        "max_running",
        "How many tasks may be in progress at once, those in setup and verification included.",
        |settings, field, _| field.number(1).map(|limit| settings.queue.max_running = limit),
        |settings| Some(settings.queue.max_running.into()),
    ),
    row(
        "per_agent",
        "The same for each agent: a number, or \"off\".",
        |settings, field, _| value::limit(field).map(|limit| settings.queue.per_agent = limit),
        |settings| Some(value::or_off(settings.queue.per_agent)),
    ),
    row(
        "per_repo",
        "The same for each repository: a number, or \"off\".",
        |settings, field, _| value::limit(field).map(|limit| settings.queue.per_repo = limit),
        |settings| Some(value::or_off(settings.queue.per_repo)),
    ),
    row(
        "max_orphan_retries",
        "How many times in a row a task is started again after its agent vanished without a word.",
        |settings, field, _| field.number(0).map(|retries| settings.queue.max_orphan_retries = retries),
        |settings| Some(settings.queue.max_orphan_retries.into()),
    ),
    row(
        "count_waiting",
        "Whether agents that wait for your answer count among those that run. One that waits for the end of its usage limit \
         never does.",
        |settings, field, _| field.boolean().map(|counts| settings.queue.counts.waiting = counts),
        |settings| Some(settings.queue.counts.waiting.into()),
    ),
    row(
        "count_idle",
        "The same for agents that are idle.",
        |settings, field, _| field.boolean().map(|counts| settings.queue.counts.idle = counts),
        |settings| Some(settings.queue.counts.idle.into()),
    ),
    row(
        "release",
        "How far a task must have come for those that wait for it: \"done\" or \"review\".",
        |settings, field, _| field.choice(&Release::ALL).map(|release| settings.queue.release = release),
        |settings| {
            let name = Release::ALL.iter().find(|(_, release)| *release == settings.queue.release);
            name.map(|(name, _)| (*name).into())
        },
    ),
    row(
        "retry_failed",
        "How many times `ganger run` starts a task again that failed under its eyes: its agent ended badly, ran out of time or \
         did nothing, or what it did was not verified.",
        |settings, field, _| field.number(0).map(|retries| settings.queue.retry_failed = retries),
        |settings| Some(settings.queue.retry_failed.into()),
    ),
    row(
        "timeout",
        "How long an agent may work on a task that sets no timeout: a duration, or \"off\".",
        |settings, field, _| field.unless_off(Field::duration).map(|timeout| settings.queue.timeout = timeout),
        |settings| Some(value::or_off(settings.queue.timeout.map(duration::render))),
    ),
];

const COMPLETION: &[Row<Settings>] = &[
    row(
        "verify",
        "Commands, run by `sh -c` in the worktree, that must pass before a task goes to review; then the task's own.",
        |settings, field, _| field.commands().map(|verify| settings.completion.verify = verify),
        |settings| Some(settings.completion.verify.clone().into()),
    ),
    row(
        "verify_timeout",
        "The limit for all of them together.",
        |settings, field, _| field.duration().map(|timeout| settings.completion.verify_timeout = timeout),
        |settings| Some(duration::render(settings.completion.verify_timeout).into()),
    ),
    row(
        "preamble",
        "What tells an agent how to report; \"\" tells nothing.",
        |settings, field, _| field.text().map(|text| text.clone_into(&mut settings.completion.preamble)),
        |settings| Some(settings.completion.preamble.as_str().into()),
    ),
    row(
        "self_approve",
        "Whether an agent may approve its own work. Only false is supported by this version.",
        |_, field, _| if field.boolean().is_ok_and(|approves| !approves) { Ok(()) } else { Err(field.unsupported()) },
        |_| Some(false.into()),
    ),
];

/// How the methods are written.
const METHODS: [(&str, Method); 4] = [
    (Method::Merge.text(), Method::Merge),
    (Method::FastForward.text(), Method::FastForward),
    (Method::Squash.text(), Method::Squash),
    (Method::Rebase.text(), Method::Rebase),
];

const MERGE: &[Row<Settings>] = &[
    row(
        "method",
        "How `ganger merge` brings work home: \"merge\" as git does (a fast-forward where that is enough), \"ff\" a \
         fast-forward or nothing, \"squash\" one commit, \"rebase\" its commits on top of the branch.",
        |settings, field, _| field.choice(&METHODS).map(|method| settings.merge.method = method),
        |settings| Some(settings.merge.method.text().into()),
    ),
    row(
        "verify",
        "Whether the verification commands must pass on the merged result before the branch moves; worktrees.setup runs \
         before them.",
        |settings, field, _| field.boolean().map(|verify| settings.merge.verify = verify),
        |settings| Some(settings.merge.verify.into()),
    ),
    row(
        "keep",
        "Whether the worktree and its branch stay after the merge.",
        |settings, field, _| field.boolean().map(|keep| settings.merge.keep = keep),
        |settings| Some(settings.merge.keep.into()),
    ),
];

const PERMISSIONS: &[Row<Settings>] = &[row(
    "agents",
    "What agents may do besides reading and their own verbs (done, fail, ask, note): any of \"add\", \"import\", \"edit\", \"dispatch\", \
     \"reconcile\", \"doctor --fix\", \"send\", \"stop\", \"retry\", \"bounce\", \"approve\", \"merge\", \"pr\", \"comment\", \"reopen\", \"rm\", \"trash restore\", \"tidy\", \
     \"archive\", \"unarchive\", \"undo\" and \"agents install-hooks\". An attempt keeps what was configured when it was dispatched. With \
     \"add\" and \"dispatch\" an agent can have any command run as you.",
    |settings, field, _| value::granted(field).map(|agents| settings.permissions.agents = agents),
    |settings| {
        let verbs = settings.permissions.agents.iter().map(|verb| verb.text().to_owned());
        Some(verbs.collect::<Vec<_>>().into())
    },
)];

const TMUX: &[Row<Settings>] = &[
    row(
        "socket",
        "The name of the tmux server, as with `tmux -L`. With \"\": the one around ganger, else tmux's default.",
        |settings, field, _| value::socket(field).map(|socket| settings.tmux.socket = socket),
        |settings| Some(settings.tmux.socket.as_deref().unwrap_or_default().into()),
    ),
    row(
        "size",
        "Columns and rows of an agent's screen until you attach.",
        |settings, field, _| field.size().map(|size| (settings.tmux.columns, settings.tmux.rows) = size),
        |settings| Some(format!("{}x{}", settings.tmux.columns, settings.tmux.rows).into()),
    ),
    row(
        "keep_ended",
        "How many ended sessions are kept to look at.",
        |settings, field, _| field.number(0).map(|keep| settings.tmux.keep_ended = keep),
        |settings| Some(settings.tmux.keep_ended.into()),
    ),
    row(
        "grace",
        "How long an agent that is stopped has between TERM and KILL.",
        |settings, field, _| field.duration().map(|grace| settings.tmux.grace = grace),
        |settings| Some(duration::render(settings.tmux.grace).into()),
    ),
    row(
        "alternate_screen",
        "Whether agents may draw on the alternate screen; what they drew there is gone when they leave it.",
        |settings, field, _| field.boolean().map(|alternate| settings.tmux.alternate_screen = alternate),
        |settings| Some(settings.tmux.alternate_screen.into()),
    ),
];

const TIMING: &[Row<Settings>] = &[
    row(
        "git",
        "The deadline of one git command.",
        |settings, field, _| field.duration().map(|deadline| settings.timing.git = deadline),
        |settings| Some(duration::render(settings.timing.git).into()),
    ),
    row(
        "tmux",
        "The deadline of one tmux command.",
        |settings, field, _| field.duration().map(|deadline| settings.timing.tmux = deadline),
        |settings| Some(duration::render(settings.timing.tmux).into()),
    ),
    row(
        "start",
        "From asking tmux for a session until the agent has started.",
        |settings, field, _| field.duration().map(|deadline| settings.timing.start = deadline),
        |settings| Some(duration::render(settings.timing.start).into()),
    ),
    row(
        "saga",
        "A dispatch that makes no progress for longer than this is overruled.",
        |settings, field, _| field.duration().map(|patience| settings.timing.saga = patience),
        |settings| Some(duration::render(settings.timing.saga).into()),
    ),
    row(
        "database",
        "How long another program's write lock on the database is waited for.",
        |settings, field, _| field.duration().map(|patience| settings.timing.database = patience),
        |settings| Some(duration::render(settings.timing.database).into()),
    ),
];

const TRASH: &[Row<Settings>] = &[
    row(
        "older_than",
        "Only what was parked longer ago than this, like \"30d\"; \"off\": of any age.",
        |settings, field, _| field.unless_off(Field::duration).map(|age| settings.trash.older_than = age),
        |settings| Some(value::or_off(settings.trash.older_than.map(duration::render))),
    ),
    row(
        "larger_than",
        "Only what takes more room than this, like \"500M\"; \"off\": of any size.",
        |settings, field, _| field.unless_off(value::size).map(|size| settings.trash.larger_than = size),
        |settings| Some(value::or_off(settings.trash.larger_than.map(size::render))),
    ),
];

const FORGE: &[Row<Settings>] = &[
    row(
        "find",
        "Prints the open pull request of {branch} as JSON: an object, or a list with at most one.",
        |settings, field, _| value::optional_argv(field).map(|argv| settings.forge.find = argv),
        |settings| Some(settings.forge.find.clone().into()),
    ),
    row(
        "create",
        "Opens one from {branch} ({head}: with the owner of a fork before it) into {base}, with {title} and {body}, which it can also read from standard input, and prints its address.",
        |settings, field, _| value::optional_argv(field).map(|argv| settings.forge.create = argv),
        |settings| Some(settings.forge.create.clone().into()),
    ),
    row(
        "draft",
        "What `create` is given besides for a draft.",
        |settings, field, _| value::optional_argv(field).map(|argv| settings.forge.draft = argv),
        |settings| Some(settings.forge.draft.clone().into()),
    ),
    row(
        "view",
        "Prints the one of {number} as JSON.",
        |settings, field, _| value::optional_argv(field).map(|argv| settings.forge.view = argv),
        |settings| Some(settings.forge.view.clone().into()),
    ),
    row(
        "reviews",
        "Prints as JSON what was said of all of it.",
        |settings, field, _| value::optional_argv(field).map(|argv| settings.forge.reviews = argv),
        |settings| Some(settings.forge.reviews.clone().into()),
    ),
    row(
        "comments",
        "Prints as JSON what was said of its lines.",
        |settings, field, _| value::optional_argv(field).map(|argv| settings.forge.comments = argv),
        |settings| Some(settings.forge.comments.clone().into()),
    ),
    row(
        "log",
        "Prints the log of {job} of {run}, where the address of a failed check has these.",
        |settings, field, _| value::optional_argv(field).map(|argv| settings.forge.log = argv),
        |settings| Some(settings.forge.log.clone().into()),
    ),
    row(
        "web",
        "Shows it in a browser.",
        |settings, field, _| value::optional_argv(field).map(|argv| settings.forge.web = argv),
        |settings| Some(settings.forge.web.clone().into()),
    ),
    row(
        "reference",
        "The reference that has the commits of the one of {number}; \"refs/merge-requests/{number}/head\" on GitLab.",
        |settings, field, _| field.text().map(|reference| reference.clone_into(&mut settings.forge.reference)),
        |settings| Some(settings.forge.reference.as_str().into()),
    ),
    row(
        "auto_bounce",
        "How often the agent of a task in review is sent back by itself with the failed checks of its pull request and what \
         its reviewers said. What those say who may not write to the repository is left out then; 0: never.",
        |settings, field, _| field.number(0).map(|times| settings.forge.auto_bounce = times),
        |settings| Some(settings.forge.auto_bounce.into()),
    ),
];

const NOTIFY: &[Row<Settings>] = &[
    row("waiting", "An agent waits for an answer.", value::notify, |settings| value::notified(settings, "waiting"))
        .example("[]"),
    row("review", "A task has come to review.", value::notify, |settings| value::notified(settings, "review"))
        .example("[]"),
    row("failed", "A task has failed.", value::notify, |settings| value::notified(settings, "failed")).example("[]"),
    row("orphaned", "A task has lost its agent and waits for another one.", value::notify, |settings| {
        value::notified(settings, "orphaned")
    })
    .example("[]"),
];

const UI: &[Row<Settings>] = &[
    row(
        "theme",
        "\"dark\", \"light\" or \"high-contrast\". NO_COLOR in the environment turns every colour off.",
        |settings, field, _| {
            let theme = field.choice(&theme::THEMES.map(|name| (name, name)))?;
            theme.clone_into(&mut settings.ui.theme);
            Ok(())
        },
        |settings| Some(settings.ui.theme.as_str().into()),
    ),
    row(
        "ascii",
        "Draws with ASCII alone.",
        |settings, field, _| field.boolean().map(|ascii| settings.ui.ascii = ascii),
        |settings| Some(settings.ui.ascii.into()),
    ),
    row(
        "restart_lost",
        "Whether an open board starts tasks again that lost their agent with its process, its tmux server or the machine, \
         after a pause, on the conversation that the agent had.",
        |settings, field, _| field.boolean().map(|restarts| settings.ui.restart_lost = restarts),
        |settings| Some(settings.ui.restart_lost.into()),
    ),
    row(
        "viewer",
        "What `diff-viewer` in the diff shows a task's work with, in its worktree: an argument list in which {base} is the \
         commit that the work is compared with and {worktree} the folder. What it prints is feedback that you can send; it \
         draws on the terminal itself: [\"difit\", \"{base}\"].",
        |settings: &mut Settings, field, _| value::optional_argv(field).map(|argv| settings.ui.viewer = argv),
        |settings| Some(settings.ui.viewer.clone().into()),
    ),
    row(
        "sort",
        "The order of the tasks in a column, until another one is chosen on the board: \"board\" (by priority; what is done \
         or failed, the latest first), \"id\", \"priority\", \"created\", \"updated\" or \"title\".",
        |settings, field, _| {
            settings.ui.order.sort = field.choice(&Sort::ALL.map(|sort| (sort.text(), sort)))?;
            Ok(())
        },
        |settings| Some(settings.ui.order.sort.text().into()),
    ),
    row(
        "group",
        "What the tasks of a column are grouped by, until that is changed on the board: \"none\", \"repository\", \"agent\" \
         or \"priority\".",
        |settings, field, _| {
            settings.ui.order.group = field.choice(&Group::ALL.map(|group| (group.text(), group)))?;
            Ok(())
        },
        |settings| Some(settings.ui.order.group.text().into()),
    ),
    row(
        "colors",
        "Your own colours over those of the theme, by role: text, dim, accent, selected, border, good, warn, bad, busy. A \
         colour is a name (\"light-blue\"), a number of the 256, or \"#rrggbb\".",
        |settings, field, _| value::each(field, |colour| value::colour(&mut settings.ui, colour)),
        |settings| {
            let colors = settings.ui.colors.iter().map(|(role, colour)| (role.clone(), Value::from(colour.as_str())));
            Some(colors.collect::<toml::Table>().into())
        },
    ),
];

/// The section of that name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// What may stand before the first section: keys and section names.
pub(super) fn top() -> Vec<&'static str> {
    let keys = SECTIONS.iter().filter(|section| section.name.is_empty()).flat_map(Section::keys);
    keys.chain(SECTIONS.iter().map(|section| section.name).filter(|name| !name.is_empty())).collect()
}

#[cfg(test)]
mod tests {
    use super::top;

    #[test]
    fn sections_stand_beside_the_first_keys() {
        assert_eq!(
            top(),
            [
                "default_agent",
                "agents",
                "worktrees",
                "queue",
                "completion",
                "merge",
                "templates",
                "trash",
                "forge",
                "permissions",
                "tmux",
                "timing",
                "notify",
                "ui",
                "keys"
            ]
        );
    }
}
