//! GitHub, by its own program `gh`; and `git push`, as the user would call it.
//!
//! What `gh` prints and exits with is in its manual (cli.github.com/manual): 0 ok, 1 failed, 2 cancelled, 4 not logged in.
//! `pr create` prints the address and no JSON; a branch is looked for by `pr list --head`, as `pr view` takes digits for
//! a number.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::domain::pull::{Checks, Pull, Stage, Verdict};
use crate::os::process::{Answer, Call, CallError, run};
use crate::ports::forge::{Fetched, Forge, ForgeError, New, Pushed, Result};

/// How long a question may take, and a push with the repository's hooks.
const ASKING: Duration = Duration::from_secs(30);
const PUSHING: Duration = Duration::from_mins(10);
const GH: &str = "gh";
/// What is asked for of a pull request: of all of them in one call.
const FIELDS: &str = "number,url,state,isDraft,reviewDecision,statusCheckRollup";

/// And of its branch.
const HEAD: &str = "title,headRefName,isCrossRepository,headRepository,headRepositoryOwner";

/// The forge of repositories whose remotes `gh` knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct GitHub;

/// A pull request as `gh --json` prints it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    number: i64,
    url: String,
    state: String,
    #[serde(default)]
    is_draft: bool,
    #[serde(default)]
    review_decision: Option<String>,
    #[serde(default)]
    status_check_rollup: Option<Vec<Check>>,
}

/// Where a pull request's commits are.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    title: String,
    #[serde(rename = "headRefName")]
    branch: String,
    #[serde(default)]
    is_cross_repository: bool,
    #[serde(default, rename = "headRepository")]
    repository: Option<Named>,
    #[serde(default, rename = "headRepositoryOwner")]
    owner: Option<Login>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Login {
    login: String,
}

/// A check run (`status`, `conclusion`) or a commit's status (`state`).
#[derive(Deserialize)]
struct Check {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    state: Option<String>,
}

impl Shown {
    fn pull(self) -> Pull {
        let stage = match self.state.as_str() {
            "MERGED" => Stage::Merged,
            "CLOSED" => Stage::Closed,
            _ => Stage::Open,
        };
        let verdict = match self.review_decision.as_deref() {
            Some("APPROVED") => Some(Verdict::Approved),
            Some("CHANGES_REQUESTED") => Some(Verdict::ChangesRequested),
            Some("REVIEW_REQUIRED") => Some(Verdict::Pending),
            Some(_) | None => None,
        };
        let mut checks = Checks::default();
        for check in self.status_check_rollup.unwrap_or_default() {
            *check.count(&mut checks) += 1;
        }
        Pull { number: self.number, url: self.url, stage, is_draft: self.is_draft, verdict, checks }
    }
}

impl Check {
    fn count(self, checks: &mut Checks) -> &mut usize {
        let ended = self.status.as_deref().is_none_or(|status| status == "COMPLETED");
        let word = self.conclusion.filter(|word| !word.is_empty()).or(self.state);
        match word.as_deref() {
            _ if !ended => &mut checks.pending,
            Some("SUCCESS" | "NEUTRAL" | "SKIPPED") => &mut checks.passed,
            Some("PENDING" | "EXPECTED" | "QUEUED" | "IN_PROGRESS" | "WAITING" | "REQUESTED") | None => {
                &mut checks.pending
            }
            Some(_) => &mut checks.failed,
        }
    }
}

impl Forge for GitHub {
    fn push(&self, repo: &Path, commit: &str, branch: &str) -> Result<Pushed> {
        let remote = remote(repo, branch)?;
        let doing = format!("pushing {branch} to {remote}");
        let target = format!("{commit}:refs/heads/{branch}");
        // As by hand: the repository's pre-push hook runs. Nothing is forced.
        let call = git(repo, PUSHING).args(["push", "--porcelain", "--", &remote, &target]);
        let answer = ask(&call, "git", &doing)?;
        if !answer.ok() {
            return Err(ForgeError::Refused { doing, why: answer.complaint() });
        }
        // That of a fork may be known by its address alone.
        if remote.contains([':', '/']) {
            let owner = owner(&remote).map(|owner| format!("{owner}:{branch}"));
            return Ok(Pushed { head: owner.unwrap_or_else(|| branch.to_owned()), remote, branch: branch.to_owned() });
        }
        let owner = owner_of_fork(repo, &remote)?;
        let head = owner.map_or_else(|| branch.to_owned(), |owner| format!("{owner}:{branch}"));
        Ok(Pushed { remote, head, branch: branch.to_owned() })
    }

    fn find(&self, repo: &Path, pushed: &Pushed) -> Result<Option<Pull>> {
        let doing = format!("looking for a pull request of {}", pushed.branch);
        let args = ["pr", "list", "--head", &pushed.branch, "--state", "open", "--limit", "1", "--json", FIELDS];
        let found: Vec<Shown> = read(&must(&gh(repo).args(args), &doing)?, &doing)?;
        Ok(found.into_iter().next().map(Shown::pull))
    }

    fn open(&self, repo: &Path, new: &New<'_>) -> Result<Pull> {
        let doing = "opening a pull request";
        let mut call = gh(repo).args(["pr", "create", "--head", &new.pushed.head, "--base", new.base]).args([
            "--title",
            new.title,
            "--body-file",
            "-",
        ]);
        if new.is_draft {
            call = call.args(["--draft"]);
        }
        let answer = must(&call.stdin(new.body.as_bytes().to_vec()), doing)?;
        let said = answer.text();
        let number = said.lines().rev().find_map(|line| line.trim().rsplit_once("/pull/")?.1.parse().ok());
        let Some(number) = number else {
            let why = format!("gh printed no address of it: {said:?}");
            return Err(ForgeError::Refused { doing: doing.to_owned(), why });
        };
        self.look(repo, number)
    }

    fn look(&self, repo: &Path, number: i64) -> Result<Pull> {
        let doing = format!("asking for pull request {number}");
        let call = gh(repo).args(["pr", "view", &number.to_string(), "--json", FIELDS]);
        Ok(read::<Shown>(&must(&call, &doing)?, &doing)?.pull())
    }

    fn fetch(&self, repo: &Path, number: i64) -> Result<Fetched> {
        let doing = format!("asking for pull request {number}");
        let fields = format!("{FIELDS},{HEAD}");
        let answer = must(&gh(repo).args(["pr", "view", &number.to_string(), "--json", &fields]), &doing)?;
        let head: Head = read(&answer, &doing)?;
        let pull = read::<Shown>(&answer, &doing)?.pull();
        let branch = head.branch.clone();
        let remote = base_remote(repo)?;
        let doing = format!("fetching pull request {number} from {remote}");
        let kept = format!("refs/ganger/pull/{number}");
        let refspec = format!("+refs/pull/{number}/head:{kept}");
        tell(&git(repo, PUSHING).args(["fetch", "--quiet", "--no-tags", "--", &remote, &refspec]), &doing)?;
        let called =
            |name: &str| ask(&git(repo, ASKING).args(["rev-parse", "--verify", "--quiet", name]), "git", &doing);
        let tip = called(&kept)?.text();
        let local = format!("refs/heads/{branch}");
        let there = called(&local)?;
        if !there.ok() {
            tell(&git(repo, ASKING).args(["update-ref", "--no-deref", &local, &tip, ""]), &doing)?;
            for (name, value) in head.settings(repo, &remote, number)? {
                let name = format!("branch.{branch}.{name}");
                tell(&git(repo, ASKING).args(["config", &name, &value]), &doing)?;
            }
        } else if there.text() != tip {
            let why = format!("there is a branch {branch} already, at another commit: update or rename it first");
            return Err(ForgeError::Refused { doing, why });
        }
        tell(&git(repo, ASKING).args(["update-ref", "-d", &kept]), &doing)?;
        Ok(Fetched { branch, title: head.title, pull })
    }

    fn browse(&self, repo: &Path, number: i64) -> Result<()> {
        let call = gh(repo).args(["pr", "view", &number.to_string(), "--web"]);
        must(&call, "opening the browser").map(drop)
    }
}

impl Head {
    /// What git is told of the branch, as `gh pr checkout` would: where it comes from, and where a push of it goes.
    fn settings(&self, repo: &Path, remote: &str, number: i64) -> Result<Vec<(&'static str, String)>> {
        let merge = if self.is_cross_repository {
            format!("refs/pull/{number}/head")
        } else {
            format!("refs/heads/{}", self.branch)
        };
        let mut settings = vec![("remote", remote.to_owned()), ("merge", merge)];
        if self.is_cross_repository
            && let (Some(owner), Some(name)) = (&self.owner, &self.repository)
        {
            let url = setting(repo, &format!("remote.{remote}.url"))?.unwrap_or_default();
            settings.extend(of_fork(&url, &owner.login, &name.name).map(|url| ("pushRemote", url)));
        }
        Ok(settings)
    }
}

/// The address of a fork on the same forge.
fn of_fork(url: &str, owner: &str, name: &str) -> Option<String> {
    let bare = url.strip_suffix('/').unwrap_or(url);
    let (bare, ending) = bare.strip_suffix(".git").map_or((bare, ""), |bare| (bare, ".git"));
    let (rest, _) = bare.rsplit_once('/')?;
    let at = rest.rfind(['/', ':'])?;
    Some(format!("{}{owner}/{name}{ending}", &rest[..=at]))
}

/// The remote that pull requests are made to.
fn base_remote(repo: &Path) -> Result<String> {
    match setting(repo, "remote.upstream.url")? {
        Some(_) => Ok("upstream".to_owned()),
        None => remote(repo, ""),
    }
}

fn gh(repo: &Path) -> Call {
    let call = Call::new(GH, ASKING).cwd(repo);
    // It asks nothing, looks for no newer version of itself, and colours nothing.
    call.env("GH_PROMPT_DISABLED", "1").env("GH_NO_UPDATE_NOTIFIER", "1").env("NO_COLOR", "1").without("GH_FORCE_TTY")
}

fn git(repo: &Path, deadline: Duration) -> Call {
    let call = Call::new("git", deadline).cwd(repo).ended_gently();
    let found = std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"GIT_"));
    // What the user has set for how git reaches others stays.
    let kept = |name: &std::ffi::OsString| name == "GIT_SSH_COMMAND" || name == "GIT_SSH" || name == "GIT_ASKPASS";
    let call = found.filter(|(name, _)| !kept(name)).fold(call, |call, (name, _)| call.without(name));
    call.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C")
}

/// A setting of the repository.
fn setting(repo: &Path, name: &str) -> Result<Option<String>> {
    let answer = ask(&git(repo, ASKING).args(["config", "--get", name]), "git", &format!("reading {name}"))?;
    Ok(Some(answer.text()).filter(|value| answer.ok() && !value.is_empty()))
}

/// The remote that a push of the branch goes to: as git finds it, else the only one.
fn remote(repo: &Path, branch: &str) -> Result<String> {
    for name in
        [format!("branch.{branch}.pushRemote"), "remote.pushDefault".to_owned(), format!("branch.{branch}.remote")]
    {
        if let Some(remote) = setting(repo, &name)?.filter(|remote| remote != ".") {
            return Ok(remote);
        }
    }
    let doing = "looking for a remote";
    let answer = ask(&git(repo, ASKING).args(["remote"]), "git", doing)?;
    let text = answer.text();
    let remotes: Vec<&str> = text.lines().collect();
    match remotes.as_slice() {
        remotes if remotes.contains(&"origin") => Ok("origin".to_owned()),
        [only] => Ok((*only).to_owned()),
        [] => Err(ForgeError::Refused {
            doing: doing.to_owned(),
            why: "the repository has none: git remote add origin URL".to_owned(),
        }),
        _ => Err(ForgeError::Refused {
            doing: doing.to_owned(),
            why: format!("there are several: git config remote.pushDefault {}", remotes.join(" or ")),
        }),
    }
}

/// Whose the remote is, where the pull request goes to another repository: one that is called `upstream`.
fn owner_of_fork(repo: &Path, remote: &str) -> Result<Option<String>> {
    if remote == "upstream" || setting(repo, "remote.upstream.url")?.is_none() {
        return Ok(None);
    }
    Ok(setting(repo, &format!("remote.{remote}.url"))?.as_deref().and_then(owner).map(str::to_owned))
}

/// The owner in `https://host/owner/name.git`, `git@host:owner/name` and `ssh://git@host/owner/name`.
fn owner(url: &str) -> Option<&str> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url.split_once(':')?.1,
    };
    path.trim_start_matches('/').rsplit_once('/').map(|(owner, _)| owner).filter(|owner| !owner.is_empty())
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

/// A call of git that has to succeed.
fn tell(call: &Call, doing: &str) -> Result<()> {
    let answer = ask(call, "git", doing)?;
    if answer.ok() {
        return Ok(());
    }
    Err(ForgeError::Refused { doing: doing.to_owned(), why: answer.complaint() })
}

fn must(call: &Call, doing: &str) -> Result<Answer> {
    let answer = ask(call, GH, doing)?;
    if answer.ok() {
        return Ok(answer);
    }
    let why = answer.complaint();
    let lower = why.to_lowercase();
    Err(if answer.code == Some(4) {
        ForgeError::LoggedOut { program: GH.to_owned(), why }
    } else if lower.contains("rate limit") || lower.contains("http 429") {
        ForgeError::Limited(why)
    } else {
        ForgeError::Refused { doing: doing.to_owned(), why }
    })
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer, doing: &str) -> Result<T> {
    serde_json::from_slice(&answer.stdout).map_err(|error| ForgeError::Refused {
        doing: doing.to_owned(),
        why: format!("gh printed no such JSON: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::{Shown, of_fork, owner};
    use crate::domain::pull::{Checks, Stage, Verdict};

    #[test]
    fn what_gh_prints_is_understood() {
        let shown = |json: &str| serde_json::from_str::<Shown>(json).unwrap().pull();
        let pull = shown(
            r#"{"number":7,"url":"https://github.com/o/r/pull/7","state":"OPEN","isDraft":true,"reviewDecision":"CHANGES_REQUESTED",
               "statusCheckRollup":[{"__typename":"CheckRun","status":"COMPLETED","conclusion":"SUCCESS"},
               {"status":"COMPLETED","conclusion":"FAILURE"},{"status":"IN_PROGRESS","conclusion":""},{"status":"QUEUED","conclusion":""},
               {"__typename":"StatusContext","state":"PENDING"},{"state":"SUCCESS"},{"state":"ERROR"},
               {"status":"COMPLETED","conclusion":"SKIPPED"},{"status":"WAITING","conclusion":null}]}"#,
        );
        assert_eq!((pull.stage, pull.verdict, pull.is_draft), (Stage::Open, Some(Verdict::ChangesRequested), true));
        assert_eq!(pull.checks, Checks { passed: 3, failed: 2, pending: 4 });
        assert_eq!(pull.said(), "draft, changes requested, 2 checks failed");
        let bare = shown(
            r#"{"number":1,"url":"u","state":"MERGED","isDraft":false,"reviewDecision":"","statusCheckRollup":[]}"#,
        );
        assert_eq!((bare.stage, bare.verdict, bare.said().as_str()), (Stage::Merged, None, "merged"));
    }

    #[test]
    fn a_fork_is_beside_the_repository_that_it_is_of() {
        for (url, fork) in [
            ("https://github.com/o/shop.git", Some("https://github.com/ann/cart.git")),
            ("git@github.com:o/shop", Some("git@github.com:ann/cart")),
            ("/srv/git/o/shop.git", Some("/srv/git/ann/cart.git")),
            ("shop", None),
        ] {
            assert_eq!(of_fork(url, "ann", "cart").as_deref(), fork, "{url}");
        }
    }

    #[test]
    fn the_owner_of_a_fork_is_in_its_address() {
        for (url, name) in [
            ("https://github.com/ann/shop.git", Some("ann")),
            ("git@github.com:ann/shop.git", Some("ann")),
            ("ssh://git@github.com:22/ann/shop", Some("ann")),
            ("/srv/git/shop.git", None),
            ("https://host/shop", None),
        ] {
            assert_eq!(owner(url), name, "{url}");
        }
    }
}
