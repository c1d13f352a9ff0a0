//! Bounded retries: how long a task that lost its agent waits, and when it has lost too many.

use std::time::Duration;

use super::id::TaskId;
use super::state::Cause;

/// An attempt that lived at least this long did not die at once, so its loss counts as the first.
const LIVED: Duration = Duration::from_mins(10);

/// What happens to a task whose agent vanished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    /// Ready again, after `wait`.
    Again { wait: Duration, orphans: u32 },
    /// It vanished once too often.
    CrashLoop { orphans: u32 },
}

/// Decides on a requeue.
///
/// `orphans` is the count so far, `lived` how long the vanished attempt had run, `most` the configured
/// `queue.max_orphan_retries`. The death of a server, of the machine or of a dispatcher is not the task's doing
/// and is not counted; those are spread by task id, so that fifty that vanished at once don't return at once.
#[must_use]
pub fn requeue(task: TaskId, cause: Cause, orphans: u32, lived: Duration, most: u32) -> Requeue {
    if !matches!(cause, Cause::OrphanShim | Cause::OrphanTerminated) {
        let spread = Duration::from_millis(200 * task.0.rem_euclid(50).unsigned_abs());
        return Requeue::Again { wait: backoff(orphans) + spread, orphans };
    }
    let orphans = if lived >= LIVED { 1 } else { orphans + 1 };
    if orphans > most { Requeue::CrashLoop { orphans } } else { Requeue::Again { wait: backoff(orphans), orphans } }
}

fn backoff(orphans: u32) -> Duration {
    Duration::from_secs(match orphans {
        0 | 1 => 5,
        2 => 60,
        _ => 600,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Requeue, requeue};
    use crate::domain::id::TaskId;
    use crate::domain::state::Cause;

    #[test]
    fn tasks_that_vanished_at_once_come_back_one_after_another() {
        let wait = |id| requeue(TaskId(id), Cause::OrphanServer, 0, Duration::ZERO, 3);
        for (id, millis) in [(0, 5_000), (1, 5_200), (49, 14_800), (50, 5_000)] {
            assert_eq!(wait(id), Requeue::Again { wait: Duration::from_millis(millis), orphans: 0 });
        }
    }

    #[test]
    fn r3_an_agent_that_always_dies_at_once_is_retried_three_times() {
        let mut orphans = 0;
        let mut waits = Vec::new();
        let end = loop {
            match requeue(TaskId(1), Cause::OrphanShim, orphans, Duration::ZERO, 3) {
                Requeue::Again { wait, orphans: next } => {
                    waits.push(wait.as_secs());
                    orphans = next;
                }
                Requeue::CrashLoop { orphans } => break orphans,
            }
        };
        assert_eq!((waits, end), (vec![5, 60, 600], 4));
    }

    #[test]
    fn a_server_death_is_not_counted() {
        for cause in [Cause::OrphanServer, Cause::OrphanReboot, Cause::DispatcherDied] {
            let Requeue::Again { orphans, .. } = requeue(TaskId(1), cause, 3, Duration::ZERO, 3) else {
                panic!("{cause} opened the breaker");
            };
            assert_eq!(orphans, 3);
        }
    }

    #[test]
    fn an_attempt_that_lived_long_starts_the_count_anew() {
        let lived = Duration::from_secs(601);
        assert_eq!(
            requeue(TaskId(1), Cause::OrphanShim, 3, lived, 3),
            Requeue::Again { wait: Duration::from_secs(5), orphans: 1 }
        );
    }
}
