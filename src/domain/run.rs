//! Working the queue off: what is tried again, how long it will still take, and how well the time was used.

use std::time::Duration;

use super::state::Cause;

/// Whether a failure is one that another try may get over. What somebody decided, or what the next try would meet again,
/// is not.
#[must_use]
pub const fn may_pass(cause: Cause) -> bool {
    match cause {
        Cause::NoOutput
        | Cause::Verify
        | Cause::VerifyInterrupted
        | Cause::Setup
        | Cause::Exit
        | Cause::Signal
        | Cause::Timeout => true,
        Cause::Ok
        | Cause::ReportedFailure
        | Cause::AgentMissing
        | Cause::Cancelled
        | Cause::OrphanShim
        | Cause::OrphanServer
        | Cause::OrphanReboot
        | Cause::OrphanTerminated
        | Cause::DispatcherDied
        | Cause::CrashLoop
        | Cause::Preflight
        | Cause::Worktree
        | Cause::Spawn => false,
    }
}

/// How long the rest will take, by how long what has ended took: absent before anything has.
///
/// `waiting` tasks are to be started, `running` ones are half-way on average, `slots` run beside each other.
#[must_use]
pub fn left(ended: &[Duration], waiting: usize, running: usize, slots: usize) -> Option<Duration> {
    let count = u32::try_from(ended.len()).ok().filter(|count| *count > 0)?;
    let mean = ended.iter().sum::<Duration>() / count;
    let halves = u32::try_from(2 * waiting + running).unwrap_or(u32::MAX);
    let slots = u32::try_from(slots.min(waiting + running).max(1)).unwrap_or(u32::MAX);
    Some(mean.saturating_mul(halves) / 2 / slots)
}

/// The share of the time of all slots in which an agent worked, from 0 to 1: one task for each slot at least.
#[must_use]
pub fn efficiency(ran: &[Duration], wall: Duration, slots: usize) -> Option<f64> {
    let slots = slots.min(ran.len());
    if slots == 0 || wall.is_zero() {
        return None;
    }
    let had = wall.as_secs_f64() * f64::from(u32::try_from(slots).unwrap_or(u32::MAX));
    Some((ran.iter().sum::<Duration>().as_secs_f64() / had).min(1.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{efficiency, left, may_pass};
    use crate::domain::state::Cause;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_left_goes_by_what_has_ended() {
        assert_eq!(left(&[], 5, 1, 2), None);
        assert_eq!(left(&[S * 10, S * 20], 4, 2, 2), Some(S * 75 / 2));
        assert_eq!(left(&[S * 10], 0, 1, 8), Some(S * 5), "one task uses one slot");
        assert_eq!(left(&[S], 0, 0, 8), Some(Duration::ZERO));
    }

    #[test]
    fn slots_that_worked_all_the_time_are_used_whole() {
        assert_eq!(efficiency(&[S * 10, S * 10], S * 10, 2), Some(1.0));
        assert_eq!(efficiency(&[S * 10, S * 10], S * 20, 2), Some(0.5));
        assert_eq!(efficiency(&[S * 10], S * 10, 8), Some(1.0), "a slot without a task is none");
        assert_eq!((efficiency(&[], S, 8), efficiency(&[S], Duration::ZERO, 8)), (None, None));
    }

    #[test]
    fn what_somebody_decided_is_not_tried_again() {
        assert!(may_pass(Cause::Exit) && !may_pass(Cause::Cancelled) && !may_pass(Cause::ReportedFailure));
    }
}
