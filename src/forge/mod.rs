//! Forges, by programs of their own; and `git push`, as the user would call it.
//!
//! Which programs is a setting; GitHub's `gh` is the default. What that prints and exits with is in its manual
//! (cli.github.com/manual): 0 ok, 1 failed, 2 cancelled, 4 not logged in. `pr create` prints the address and no JSON; a
//! branch is looked for by `pr list --head`, as `pr view` takes digits for a number.

mod read;
mod remote;

use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use self::read::{Head, Shown, remarks};
use crate::domain::pull::{Pull, Wishes};
use crate::domain::settings::Forge as Settings;
use crate::os::process::{Answer, Call, CallError, run};
use crate::ports::forge::{Fetched, Forge, ForgeError, New, Pushed, Result};

/// How long a question may take.
const ASKING: Duration = Duration::from_secs(30);
/// As much of a check's log as is handed on.
const LOG: usize = 60;

/// The forge of the repositories that these programs know.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    pub settings: Settings,
}

impl Forge for Programs {
    fn push(&self, repo: &Path, commit: &str, branch: &str) -> Result<Pushed> {
        remote::push(repo, commit, branch)
    }

    fn find(&self, repo: &Path, pushed: &Pushed) -> Result<Option<Pull>> {
        let doing = format!("looking for a pull request of {}", pushed.branch);
        let argv = fill(&self.settings.find, &[("branch", &pushed.branch), ("head", &pushed.head)]);
        let answer = must(repo, &argv, &doing)?;
        let found = match read::<Value>(&answer, &argv, &doing)? {
            Value::Array(all) => all.into_iter().next(),
            Value::Null => None,
            one => Some(one),
        };
        found.map(|found| Ok(shown(found, &argv, &doing)?.pull())).transpose()
    }

    fn open(&self, repo: &Path, new: &New<'_>) -> Result<Pull> {
        let doing = "opening a pull request";
        let Pushed { branch, head, .. } = new.pushed;
        let own =
            [("branch", branch.as_str()), ("head", head), ("base", new.base), ("title", new.title), ("body", new.body)];
        let mut argv = fill(&self.settings.create, &own);
        if new.is_draft {
            argv.extend(self.settings.draft.iter().cloned());
        }
        let answer = told(repo, &argv, new.body.as_bytes(), doing)?;
        let said = answer.text();
        // The last address that ends in a number: a forge may have more to say before.
        let number = |word: &str| word.rsplit_once('/')?.1.parse().ok();
        let number = said.split_whitespace().rev().filter(|word| word.contains("://")).find_map(number);
        let Some(number) = number else {
            let why = format!("{} printed no address of it: {said:?}", argv[0]);
            return Err(ForgeError::Refused { doing: doing.to_owned(), why });
        };
        self.look(repo, number)
    }

    fn look(&self, repo: &Path, number: i64) -> Result<Pull> {
        let (value, argv, doing) = self.view(repo, number)?;
        Ok(shown(value, &argv, &doing)?.pull())
    }

    fn fetch(&self, repo: &Path, number: i64) -> Result<Fetched> {
        let (value, argv, doing) = self.view(repo, number)?;
        let head: Head = decoded(value.clone(), &argv, &doing)?;
        let pull = shown(value, &argv, &doing)?.pull();
        let reference = self.settings.reference.replace("{number}", &number.to_string());
        remote::fetch(repo, number, &reference, &head)?;
        Ok(Fetched { branch: head.branch, title: head.title, pull })
    }

    fn wishes(&self, repo: &Path, number: i64) -> Result<Wishes> {
        let (value, argv, doing) = self.view(repo, number)?;
        let mut failed = Vec::new();
        for check in shown(value, &argv, &doing)?.failed() {
            let log = self.log(repo, &check.url);
            failed.push((check, log));
        }
        let mut said = Vec::new();
        for question in [&self.settings.reviews, &self.settings.comments] {
            if question.is_empty() {
                continue;
            }
            let argv = fill(question, &[("number", &number.to_string())]);
            said.extend(remarks(&read(&must(repo, &argv, &doing)?, &argv, &doing)?));
        }
        said.sort_by_key(|remark| remark.at);
        Ok(Wishes { failed, said })
    }

    fn browse(&self, repo: &Path, number: i64) -> Result<()> {
        let argv = fill(&self.settings.web, &[("number", &number.to_string())]);
        must(repo, &argv, "opening the browser").map(drop)
    }
}

impl Programs {
    fn view(&self, repo: &Path, number: i64) -> Result<(Value, Vec<String>, String)> {
        let doing = format!("asking for pull request {number}");
        let argv = fill(&self.settings.view, &[("number", &number.to_string())]);
        Ok((read(&must(repo, &argv, &doing)?, &argv, &doing)?, argv, doing))
    }

    /// The end of what a check printed, where its address tells which it is and somebody can be asked.
    fn log(&self, repo: &Path, url: &str) -> Option<String> {
        let (run, job) = url.split_once("/actions/runs/")?.1.split_once("/job/")?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if self.settings.log.is_empty() || !is_number(run) || !is_number(job) {
            return None;
        }
        let answer =
            must(repo, &fill(&self.settings.log, &[("run", run), ("job", job)]), "reading a check's log").ok()?;
        let text = answer.text();
        let lines: Vec<&str> = text.lines().collect();
        Some(lines[lines.len().saturating_sub(LOG)..].join("\n")).filter(|text| !text.is_empty())
    }
}

/// An argv whose `{names}` are filled in, each once; other braces stay.
fn fill(argv: &[String], own: &[(&str, &str)]) -> Vec<String> {
    let fill_one = |argument: &String| {
        let mut filled = String::new();
        let mut rest = argument.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let known = own.iter().find_map(|(name, value)| {
                after.strip_prefix(name).and_then(|after| after.strip_prefix('}')).map(|after| (*value, after))
            });
            let (value, after) = known.unwrap_or(("{", after));
            filled.push_str(value);
            rest = after;
        }
        filled + rest
    };
    argv.iter().map(fill_one).collect()
}

fn ask(call: &Call, program: &str, doing: &str) -> Result<Answer> {
    run(call).map_err(|error| match error {
        CallError::Start { ref source, .. } if source.kind() == io::ErrorKind::NotFound => {
            ForgeError::Missing { program: program.to_owned() }
        }
        CallError::Deadline { after, .. } => ForgeError::Deadline { doing: doing.to_owned(), after },
        CallError::Start { .. } | CallError::Io { .. } => {
            ForgeError::Refused { doing: doing.to_owned(), why: error.to_string() }
        }
    })
}

fn must(repo: &Path, argv: &[String], doing: &str) -> Result<Answer> {
    told(repo, argv, &[], doing)
}

/// A question that has to be answered.
fn told(repo: &Path, argv: &[String], input: &[u8], doing: &str) -> Result<Answer> {
    let Some((program, args)) = argv.split_first() else {
        let why = "the configuration names no program for it: [forge]".to_owned();
        return Err(ForgeError::Refused { doing: doing.to_owned(), why });
    };
    let call = Call::new(program, ASKING).cwd(repo).args(args).stdin(input.to_vec());
    // It asks nothing, looks for no newer version of itself, and colours nothing.
    let call = call.env("GH_PROMPT_DISABLED", "1").env("GH_NO_UPDATE_NOTIFIER", "1").env("NO_COLOR", "1");
    let answer = ask(&call.env("GLAB_CHECK_UPDATE", "false").without("GH_FORCE_TTY"), program, doing)?;
    if answer.ok() {
        return Ok(answer);
    }
    let why = answer.complaint();
    let lower = why.to_lowercase();
    Err(if program == "gh" && answer.code == Some(4) {
        ForgeError::LoggedOut { program: program.clone(), why }
    } else if lower.contains("rate limit") || lower.contains("http 429") {
        ForgeError::Limited(why)
    } else {
        ForgeError::Refused { doing: doing.to_owned(), why }
    })
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer, argv: &[String], doing: &str) -> Result<T> {
    serde_json::from_slice(&answer.stdout).map_err(|error| no_such_json(&error, argv, doing))
}

fn decoded<T: serde::de::DeserializeOwned>(value: Value, argv: &[String], doing: &str) -> Result<T> {
    serde_json::from_value(value).map_err(|error| no_such_json(&error, argv, doing))
}

fn shown(value: Value, argv: &[String], doing: &str) -> Result<Shown> {
    decoded(value, argv, doing)
}

fn no_such_json(error: &serde_json::Error, argv: &[String], doing: &str) -> ForgeError {
    let program = argv.first().map_or("", String::as_str);
    ForgeError::Refused { doing: doing.to_owned(), why: format!("{program} printed no such JSON: {error}") }
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let argv = ["--title={title}", "{number}", "{owner}/{repo}", "{"].map(str::to_owned);
        let filled = fill(&argv, &[("title", "a {number}"), ("number", "7")]);
        assert_eq!(filled, ["--title=a {number}", "7", "{owner}/{repo}", "{"]);
    }
}
