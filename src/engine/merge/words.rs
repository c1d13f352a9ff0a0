//! A merge in sentences, for every surface.

use super::Merge;
use crate::domain::merge::Home;

impl Merge {
    /// What it is, or would be.
    #[must_use]
    pub fn sentence(&self, would: bool) -> String {
        let (id, branch) = (self.task, &self.target.branch);
        if let Some(reason) = self.already {
            return format!("task {id} is merged into {branch} already: {}", reason.said());
        }
        // What is not committed will be one more.
        let count = self.commits + usize::from(!self.uncommitted.is_empty());
        let commits = if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") };
        let be = if would { "would be" } else { "is" };
        format!("task {id} {be} merged into {branch} ({}): {commits} of {}", self.method, self.called)
    }

    /// Where the branch moves.
    fn moved(&self) -> Option<String> {
        let (branch, from, to) = (&self.target.branch, short(&self.target.tip), short(&self.to));
        let moves = || {
            // Where it goes is not known before that is committed.
            if self.uncommitted.is_empty() {
                format!("{branch}: {from}..{to}")
            } else {
                format!("{branch} moves on from {from}")
            }
        };
        self.already.is_none().then(moves)
    }

    /// What else would happen, before and after.
    #[must_use]
    pub fn plan(&self) -> Vec<String> {
        let mut plan = Vec::new();
        if !self.uncommitted.is_empty() {
            plan.push(format!("committed before: {}", self.uncommitted.join(", ")));
        }
        if !self.verify.is_empty() && self.already.is_none() {
            plan.push(format!("must pass before: {}", self.verify.join("; ")));
        }
        plan.extend(self.moved());
        if let (Home::At(path), None) = (&self.target.home, self.already) {
            plan.push(format!("its checkout follows: {}", path.display()));
        }
        if self.ends_agent {
            plan.push("its agent is ended".to_owned());
        }
        plan.push(if self.keep { "worktree and branch stay" } else { "its worktree goes to the trash" }.to_owned());
        plan
    }

    /// What became of worktree and branch.
    #[must_use]
    pub fn traces(&self) -> Vec<String> {
        let parked = self.parked.iter().map(|at| format!("its worktree is in the trash: {}", at.display()));
        self.moved()
            .into_iter()
            .chain(parked)
            .chain(self.deleted.iter().map(|branch| format!("branch {branch} is deleted")))
            .collect()
    }
}

fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}
