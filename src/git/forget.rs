//! The references that ganger keeps of a task: those that nobody needs once its work is merged.

use super::Git;
use super::merged;
use super::read::Repo;
use super::snapshot::tree_of;
use crate::domain::id::TaskId;
use crate::ports::worktrees::Result;

const LIST: &str = "list the references of a task";

/// See [`crate::ports::merges::Merges::forget`].
pub(super) fn forget(git: &Git, repo: &Repo, task: TaskId, into: &str) -> Result<Vec<String>> {
    let call = git.call(&repo.common).args(["for-each-ref", "--format=%(refname) %(objectname) %(parent)"]);
    let names = [format!("refs/ganger/review/{task}"), format!("refs/ganger/rescue/{task}/")];
    let listed = git.must(&call.args(names), LIST)?.text();
    let mut forgotten = Vec::new();
    for line in listed.lines() {
        let mut words = line.split(' ');
        let (Some(name), Some(id)) = (words.next(), words.next()) else { continue };
        // What was in no commit is in no other place either, once its folder is gone.
        let is_spare = name.starts_with("refs/ganger/review/")
            || match words.next() {
                Some(parent) if !parent.is_empty() => {
                    tree_of(git, &repo.common, id)? == tree_of(git, &repo.common, parent)?
                        && merged::look(git, repo, parent, into)?.is_some()
                }
                Some(_) | None => false,
            };
        let delete = git.call(&repo.common).args(["update-ref", "--no-deref", "-d", name, id]);
        if is_spare && git.ask(&delete, "delete a reference")?.ok() {
            forgotten.push(name.to_owned());
        }
    }
    Ok(forgotten)
}
