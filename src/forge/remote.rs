//! What git does for a pull request: the push, as the user would call it, and the branch of one that is fetched.

use std::path::Path;
use std::time::Duration;

use super::ask;
use super::read::Head;
use crate::os::process::Call;
use crate::ports::forge::{ForgeError, Pushed, Result};

/// How long a question may take, and a push with the repository's hooks.
const ASKING: Duration = Duration::from_secs(30);
const PUSHING: Duration = Duration::from_mins(10);

/// See [`crate::ports::forge::Forge::push`].
pub(super) fn push(repo: &Path, commit: &str, branch: &str) -> Result<Pushed> {
    let remote = remote(repo, branch)?;
    let doing = format!("pushing {branch} to {remote}");
    let target = format!("{commit}:refs/heads/{branch}");
    // As by hand: the repository's pre-push hook runs. Nothing is forced.
    let call = git(repo, PUSHING).args(["push", "--porcelain", "--", &remote, &target]);
    tell(&call, &doing)?;
    // That of a fork may be known by its address alone.
    let owner =
        if remote.contains([':', '/']) { owner(&remote).map(str::to_owned) } else { owner_of_fork(repo, &remote)? };
    let head = owner.map_or_else(|| branch.to_owned(), |owner| format!("{owner}:{branch}"));
    Ok(Pushed { remote, head, branch: branch.to_owned() })
}

/// Makes the commits at `reference` of the forge a branch; one that is there has to be at the same commit.
pub(super) fn fetch(repo: &Path, number: i64, reference: &str, head: &Head) -> Result<()> {
    let branch = &head.branch;
    let remote = base_remote(repo)?;
    let doing = format!("fetching pull request {number} from {remote}");
    let kept = format!("refs/ganger/pull/{number}");
    let refspec = format!("+{reference}:{kept}");
    tell(&git(repo, PUSHING).args(["fetch", "--quiet", "--no-tags", "--", &remote, &refspec]), &doing)?;
    let called = |name: &str| ask(&git(repo, ASKING).args(["rev-parse", "--verify", "--quiet", name]), "git", &doing);
    let tip = called(&kept)?.text();
    let local = format!("refs/heads/{branch}");
    let there = called(&local)?;
    if !there.ok() {
        tell(&git(repo, ASKING).args(["update-ref", "--no-deref", &local, &tip, ""]), &doing)?;
        for (name, value) in settings(repo, &remote, reference, head)? {
            tell(&git(repo, ASKING).args(["config", &format!("branch.{branch}.{name}"), &value]), &doing)?;
        }
    } else if there.text() != tip {
        let why = format!("there is a branch {branch} already, at another commit: update or rename it first");
        return Err(ForgeError::Refused { doing, why });
    }
    tell(&git(repo, ASKING).args(["update-ref", "-d", &kept]), &doing)
}

/// What git is told of the branch, as `gh pr checkout` would: where it comes from, and where a push of it goes.
fn settings(repo: &Path, remote: &str, reference: &str, head: &Head) -> Result<Vec<(&'static str, String)>> {
    let own = format!("refs/heads/{}", head.branch);
    let merge = if head.is_of_fork() { reference.to_owned() } else { own };
    let mut settings = vec![("remote", remote.to_owned()), ("merge", merge)];
    if let Some((owner, name)) = head.fork() {
        let url = setting(repo, &format!("remote.{remote}.url"))?.unwrap_or_default();
        settings.extend(of_fork(&url, owner, name).map(|url| ("pushRemote", url)));
    }
    Ok(settings)
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

/// A call of git that has to succeed.
fn tell(call: &Call, doing: &str) -> Result<()> {
    let answer = ask(call, "git", doing)?;
    if answer.ok() {
        return Ok(());
    }
    Err(ForgeError::Refused { doing: doing.to_owned(), why: answer.complaint() })
}

#[cfg(test)]
mod tests {
    use super::{of_fork, owner};

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
