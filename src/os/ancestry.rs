//! Whose descendant this process is: an agent can clear its environment, but not choose its ancestors.

use crate::domain::id::{AttemptId, Process};

/// The living shims among this process's ancestors, nearest first, and the leader of its session if that is one: a
/// process whose parents have ended is still in the session that it was started in.
///
/// What cannot be looked at is left out, and where the system does not tell who descends from whom there are none.
#[must_use]
pub fn shims_above() -> Vec<(AttemptId, Process)> {
    #[cfg(target_os = "linux")]
    {
        let leader = nix::unistd::getsid(None).ok().map(nix::unistd::Pid::as_raw);
        let above = (0..TRIES).find_map(|_| ancestors(nix::unistd::getppid().as_raw())).unwrap_or_default();
        let mut found: Vec<(AttemptId, Process)> = Vec::new();
        for shim in above.into_iter().chain(leader).filter_map(super::proc::shim) {
            if !found.contains(&shim) {
                found.push(shim);
            }
        }
        found
    }
    #[cfg(not(target_os = "linux"))]
    Vec::new()
}

/// Whether this process has left the attempts that it may have been started in. Its caller's end, which makes it nobody's
/// child, is waited for a little.
#[must_use]
pub fn is_nobodys() -> bool {
    let mut left = 200;
    while !shims_above().is_empty() {
        if left == 0 {
            return false;
        }
        left -= 1;
        // Without descriptors this is a pause.
        nix::poll::poll(&mut [], 5_u8).ok();
    }
    true
}

/// How often the way up is walked where somebody on it ends meanwhile.
#[cfg(target_os = "linux")]
const TRIES: u32 = 5;

/// The pids from `pid` upwards; `None` where one of them ended on the way, and what was below it has another parent now.
#[cfg(target_os = "linux")]
fn ancestors(mut pid: i32) -> Option<Vec<i32>> {
    let mut pids = Vec::new();
    // Neither the first process nor those outside of this namespace have parents. A pid may be given again on the way.
    while pid > 1 && !pids.contains(&pid) {
        pids.push(pid);
        pid = super::proc::parent(pid)?;
    }
    Some(pids)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{ancestors, shims_above};

    #[test]
    fn the_way_up_begins_with_the_parent_and_ends_at_the_top() {
        let parent = nix::unistd::getppid().as_raw();
        let above = ancestors(parent).unwrap();
        assert_eq!(above.first(), (parent > 1).then_some(&parent));
        assert!(above.iter().all(|pid| *pid > 1));
        assert_eq!(ancestors(i32::MAX), None, "no process has this pid");
        assert_eq!(shims_above(), [], "no test runs below a shim");
    }
}
