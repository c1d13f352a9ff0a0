//! The file's keys, as serde reads them. What a key's value may be is checked where it is read.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::duration;
use crate::domain::profile::{Mode, NoOutput, Profile};
use crate::domain::settings::Settings;

/// A duration like `15m`.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Length(Duration);

impl TryFrom<String> for Length {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        duration::parse(&text).map(Self).ok_or_else(|| format!("{text:?} is not a duration like {}", duration::EXAMPLE))
    }
}

/// A duration, or `off`.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Limit(Option<Duration>);

impl TryFrom<String> for Limit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "off" { Ok(Self(None)) } else { Length::try_from(text).map(|length| Self(Some(length.0))) }
    }
}

/// A number from 1 on.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
pub(super) struct Count(u32);

impl TryFrom<u32> for Count {
    type Error = &'static str;

    fn try_from(count: u32) -> Result<Self, &'static str> {
        if count == 0 { Err("0 would let nothing run: a number from 1 on") } else { Ok(Self(count)) }
    }
}

/// `COLUMNSxROWS`.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Size(u16, u16);

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let size = text.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
        match size {
            Some((columns @ 20..=10_000, rows @ 5..=10_000)) => Ok(Self(columns, rows)),
            Some(_) | None => Err(format!("{text:?} is not a size like \"200x50\", from 20x5 on")),
        }
    }
}

/// An argv: not empty, no NUL.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(super) struct Argv(Vec<String>);

impl TryFrom<Vec<String>> for Argv {
    type Error = &'static str;

    fn try_from(argv: Vec<String>) -> Result<Self, &'static str> {
        if argv.first().is_none_or(String::is_empty) || argv.iter().any(|word| word.contains('\0')) {
            Err("a command is a list that begins with a program, like [\"my-agent\", \"{prompt}\"]")
        } else {
            Ok(Self(argv))
        }
    }
}

/// A branch template with `{id}`.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Branch(String);

impl TryFrom<String> for Branch {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let plain = text.replace("{id}", "1").replace("{slug}", "s");
        let fits = plain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.'))
            && !plain.starts_with(['-', '/', '.'])
            && !["..", "//", "/."].iter().any(|wrong| plain.contains(wrong))
            && text.contains("{id}");
        if fits {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} is not a branch name with {{id}}, like \"ganger/{{id}}-{{slug}}\""))
        }
    }
}

/// A revision that is no option.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Revision(String);

impl TryFrom<String> for Revision {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || text.starts_with('-') {
            Err(format!("{text:?} is not a revision"))
        } else {
            Ok(Self(text))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    default_agent: Option<String>,
    #[serde(default)]
    agents: BTreeMap<String, Agent>,
    #[serde(default)]
    worktrees: Worktrees,
    #[serde(default)]
    queue: Queue,
    #[serde(default)]
    completion: Completion,
    #[serde(default)]
    tmux: Tmux,
    #[serde(default)]
    timing: Timing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agent {
    command: Option<Argv>,
    resume: Option<Vec<String>>,
    mode: Option<AgentMode>,
    #[serde(rename = "unsafe")]
    unsafe_args: Option<Vec<String>>,
    no_output: Option<Silence>,
    env: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AgentMode {
    Interactive,
    Headless,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Silence {
    Failed,
    Review,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Worktrees {
    root: Option<String>,
    branch: Option<Branch>,
    base: Option<Revision>,
    setup: Option<Vec<String>>,
    setup_timeout: Option<Length>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Queue {
    max_running: Option<Count>,
    per_agent: Option<Count>,
    per_repo: Option<Count>,
    max_orphan_retries: Option<u32>,
    timeout: Option<Limit>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Completion {
    verify: Option<Vec<String>>,
    verify_timeout: Option<Length>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tmux {
    socket: Option<String>,
    size: Option<Size>,
    keep_ended: Option<u32>,
    grace: Option<Length>,
    alternate_screen: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Timing {
    git: Option<Length>,
    tmux: Option<Length>,
    start: Option<Length>,
    saga: Option<Length>,
    database: Option<Length>,
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

impl File {
    /// Puts what the file says over `settings`.
    pub(super) fn over(self, settings: &mut Settings, home: Option<&Path>) -> Result<(), String> {
        for (name, agent) in self.agents {
            agent.over(&name, settings)?;
        }
        set(&mut settings.default_agent, self.default_agent);
        if !settings.agents.contains_key(&settings.default_agent) {
            return Err(format!("default_agent {:?} is not an agent", settings.default_agent));
        }
        let trees = &mut settings.worktrees;
        if let Some(root) = self.worktrees.root {
            trees.root = rooted(&root, home)?;
        }
        set(&mut trees.branch, self.worktrees.branch.map(|branch| branch.0));
        set(&mut trees.base, self.worktrees.base.map(|base| base.0));
        set(&mut trees.setup, self.worktrees.setup);
        set(&mut trees.setup_timeout, self.worktrees.setup_timeout.map(|length| length.0));
        let queue = &mut settings.queue;
        set(&mut queue.max_running, self.queue.max_running.map(|count| count.0));
        queue.per_agent = self.queue.per_agent.map(|count| count.0).or(queue.per_agent);
        queue.per_repo = self.queue.per_repo.map(|count| count.0).or(queue.per_repo);
        set(&mut queue.max_orphan_retries, self.queue.max_orphan_retries);
        set(&mut queue.timeout, self.queue.timeout.map(|limit| limit.0));
        set(&mut settings.completion.verify, self.completion.verify);
        set(&mut settings.completion.verify_timeout, self.completion.verify_timeout.map(|length| length.0));
        let tmux = &mut settings.tmux;
        set(&mut tmux.socket, self.tmux.socket.map(|socket| Some(socket).filter(|socket| !socket.is_empty())));
        if let Some(Size(columns, rows)) = self.tmux.size {
            (tmux.columns, tmux.rows) = (columns, rows);
        }
        set(&mut tmux.keep_ended, self.tmux.keep_ended);
        set(&mut tmux.grace, self.tmux.grace.map(|length| length.0));
        set(&mut tmux.alternate_screen, self.tmux.alternate_screen);
        let timing = &mut settings.timing;
        for (place, value) in [
            (&mut timing.git, self.timing.git),
            (&mut timing.tmux, self.timing.tmux),
            (&mut timing.start, self.timing.start),
            (&mut timing.saga, self.timing.saga),
            (&mut timing.database, self.timing.database),
        ] {
            set(place, value.map(|length| length.0));
        }
        Ok(())
    }
}

impl Agent {
    fn over(self, name: &str, settings: &mut Settings) -> Result<(), String> {
        if !settings.agents.contains_key(name) {
            let command = self.command.clone().ok_or_else(|| format!("agents.{name} has no command"))?;
            let profile = Profile {
                name: name.to_owned(),
                command: command.0,
                resume: Vec::new(),
                mode: Mode::Interactive,
                unsafe_args: Vec::new(),
                no_output: NoOutput::Failed,
                env: Vec::new(),
            };
            settings.agents.insert(name.to_owned(), profile);
        }
        let Some(profile) = settings.agents.get_mut(name) else { return Ok(()) };
        set(&mut profile.command, self.command.map(|argv| argv.0));
        set(&mut profile.resume, self.resume);
        set(
            &mut profile.mode,
            self.mode.map(|mode| match mode {
                AgentMode::Interactive => Mode::Interactive,
                AgentMode::Headless => Mode::Headless,
            }),
        );
        set(&mut profile.unsafe_args, self.unsafe_args);
        set(
            &mut profile.no_output,
            self.no_output.map(|silence| match silence {
                Silence::Failed => NoOutput::Failed,
                Silence::Review => NoOutput::Review,
            }),
        );
        if let Some(env) = self.env {
            if let Some(wrong) =
                env.iter().find(|(name, value)| name.is_empty() || name.contains(['=', '\0']) || value.contains('\0'))
            {
                return Err(format!("agents.{name}.env: {:?} can't be a variable", wrong.0));
            }
            profile.env.retain(|(name, _)| !env.contains_key(name));
            profile.env.extend(env);
        }
        Ok(())
    }
}

/// The folder for worktrees: absolute, below the home directory, or below the repository.
fn rooted(root: &str, home: Option<&Path>) -> Result<String, String> {
    if root == "~" || root.starts_with("~/") {
        let home = home.ok_or("worktrees.root begins with ~, and HOME is not set")?;
        let below = root.trim_start_matches('~').trim_start_matches('/');
        return Ok(home.join(below).to_string_lossy().into_owned());
    }
    if root.starts_with('/') || root.starts_with("{repo}/") {
        return Ok(root.to_owned());
    }
    Err(format!("worktrees.root {root:?} is relative: begin it with /, ~/ or {{repo}}/"))
}
