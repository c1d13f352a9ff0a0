//! The reconciler's decision: from what was seen of one attempt to what is to be done about it.

use std::time::Duration;

use super::completion::{Ending, Vanished};
use super::id::AttemptId;
use super::liveness::{Liveness, liveness};
use super::state::{Cause, Phase};

pub use super::liveness::{Lock, PlaceSeen, Probe};

/// What tmux says of the attempt's pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pane {
    Live,
    Dead,
    /// Its server answered, and has no such pane; or there is no server.
    Missing,
    Unknown,
}

impl Pane {
    /// The text form in JSON.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Dead => "dead",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

/// The exit file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitFile {
    None,
    Says(Ending),
    /// It is there and can't be read.
    Unreadable,
}

/// What was seen of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    pub place: PlaceSeen,
    /// The attempt's lock.
    pub lock: Lock,
    /// The shim, by identity.
    pub shim: Probe,
    /// The agent, by identity; dead when none is recorded.
    pub agent: Probe,
    /// The tmux server that the shim found itself in, by identity.
    pub server: Probe,
    pub pane: Pane,
    /// The saga's lock.
    pub saga: Lock,
    pub exit: ExitFile,
    /// Boot time since the last change of phase.
    pub age: Duration,
}

/// What the row says of the attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    pub attempt: AttemptId,
    pub phase: Phase,
    pub cleaned: bool,
    /// A dispatcher that holds its saga for longer than this without progress is overruled.
    pub saga_patience: Duration,
}

/// What to do about one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is as it should be.
    Keep,
    /// Its shim wrote down how it ended and could not tell the database.
    Record(Ending),
    /// Its shim is gone: end what it left, then record that it vanished.
    Lost(Vanished),
    /// Its dispatcher is gone, or stuck, before an agent ran.
    Revoke { cause: Cause, reason: &'static str },
    /// Could not tell: change nothing, say so.
    Unknown(&'static str),
    /// Over: see whether something of it is left to remove.
    CleanUp,
}

/// Decides. Never resets an attempt whose shim may live, whatever else is seen.
#[must_use]
pub fn plan(observed: &Observed, desired: &Desired) -> Decision {
    match desired.phase {
        Phase::Exited | Phase::Revoked if desired.cleaned => Decision::Keep,
        Phase::Exited | Phase::Revoked => Decision::CleanUp,
        Phase::Claimed | Phase::Worktree | Phase::Spawning => before_the_shim(observed, desired),
        Phase::Running | Phase::Verifying => under_the_shim(observed, desired),
    }
}

fn before_the_shim(observed: &Observed, desired: &Desired) -> Decision {
    let revoke = |reason| Decision::Revoke { cause: Cause::DispatcherDied, reason };
    match liveness(observed.place, desired.phase, observed.saga) {
        Liveness::Alive if observed.age < desired.saga_patience => Decision::Keep,
        Liveness::Alive => revoke("its dispatcher made no progress for too long"),
        Liveness::Dead => revoke("its dispatcher died before the agent ran"),
        Liveness::Unknown(doubt) => Decision::Unknown(doubt.text()),
    }
}

fn under_the_shim(observed: &Observed, desired: &Desired) -> Decision {
    match liveness(observed.place, desired.phase, observed.lock) {
        Liveness::Alive if observed.pane == Pane::Missing => Decision::Unknown("its agent runs without a pane"),
        Liveness::Alive => Decision::Keep,
        Liveness::Unknown(doubt) => Decision::Unknown(doubt.text()),
        Liveness::Dead if observed.place == PlaceSeen::OtherBoot => vanished(observed, Vanished::Reboot),
        // A free lock alone is not believed: the shim has to be dead by its identity, too.
        Liveness::Dead => match observed.shim {
            Probe::Alive => Decision::Unknown("its shim lives, yet its lock is free"),
            Probe::Unknown => Decision::Unknown("its shim can't be looked at"),
            Probe::Dead => {
                let how = if observed.server == Probe::Dead { Vanished::Server } else { Vanished::Shim };
                vanished(observed, how)
            }
        },
    }
}

fn vanished(observed: &Observed, how: Vanished) -> Decision {
    match &observed.exit {
        ExitFile::None => Decision::Lost(how),
        ExitFile::Says(ending) => Decision::Record(Ending { can_verify: false, ..ending.clone() }),
        ExitFile::Unreadable => Decision::Unknown("its exit file can't be read"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Decision, Desired, ExitFile, Lock, Observed, Pane, PlaceSeen, Probe, plan};
    use crate::domain::id::AttemptId;
    use crate::domain::state::Phase;

    fn observed() -> Observed {
        Observed {
            place: PlaceSeen::Here,
            lock: Lock::Free,
            shim: Probe::Dead,
            agent: Probe::Dead,
            server: Probe::Alive,
            pane: Pane::Missing,
            saga: Lock::Free,
            exit: ExitFile::None,
            age: Duration::ZERO,
        }
    }

    fn desired(phase: Phase) -> Desired {
        Desired {
            attempt: AttemptId::parse("01980000-0000-7000-8000-000000000001").unwrap(),
            phase,
            cleaned: false,
            saga_patience: Duration::from_mins(15),
        }
    }

    #[test]
    fn a_shim_that_may_live_is_never_reset() {
        for phase in [Phase::Running, Phase::Verifying] {
            for lock in [Lock::Held, Lock::Missing, Lock::Replaced, Lock::Unknown, Lock::Free] {
                for shim in [Probe::Alive, Probe::Unknown, Probe::Dead] {
                    for pane in [Pane::Live, Pane::Dead, Pane::Missing, Pane::Unknown] {
                        let decision = plan(&Observed { lock, shim, pane, ..observed() }, &desired(phase));
                        let proven = lock == Lock::Free && shim == Probe::Dead;
                        let kept = matches!(decision, Decision::Keep | Decision::Unknown(_));
                        assert_eq!(kept, !proven, "{phase} {lock:?} {shim:?} {pane:?}: {decision:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn tmux_alone_never_decides() {
        for pane in [Pane::Live, Pane::Dead, Pane::Missing, Pane::Unknown] {
            let decision = plan(&Observed { lock: Lock::Held, pane, ..observed() }, &desired(Phase::Running));
            assert!(matches!(decision, Decision::Keep | Decision::Unknown(_)), "{decision:?}");
        }
    }

    #[test]
    fn a_dispatcher_that_works_is_left_alone_and_one_that_hangs_is_overruled() {
        let holds = Observed { saga: Lock::Held, ..observed() };
        assert_eq!(plan(&holds, &desired(Phase::Claimed)), Decision::Keep);
        let just = Observed { age: Duration::from_mins(15), ..holds.clone() };
        assert!(matches!(plan(&just, &desired(Phase::Spawning)), Decision::Revoke { .. }));
        let late = Observed { age: Duration::from_secs(901), ..holds };
        assert!(matches!(plan(&late, &desired(Phase::Spawning)), Decision::Revoke { .. }));
    }

    #[test]
    fn what_was_seen_has_words_of_its_own() {
        let probes = [Probe::Alive, Probe::Dead, Probe::Unknown].map(Probe::text);
        assert_eq!(probes, ["alive", "dead", "unknown"]);
        let locks = [Lock::Held, Lock::Free, Lock::Missing, Lock::Replaced, Lock::Unknown].map(Lock::text);
        assert_eq!(locks, ["held", "free", "missing", "missing", "missing"]);
        let panes = [Pane::Live, Pane::Dead, Pane::Missing, Pane::Unknown].map(Pane::text);
        assert_eq!(panes, ["live", "dead", "missing", "unknown"]);
    }

    #[test]
    fn m4_another_host_is_unknown() {
        for phase in [Phase::Claimed, Phase::Running] {
            let elsewhere = Observed { place: PlaceSeen::Elsewhere, ..observed() };
            assert!(matches!(plan(&elsewhere, &desired(phase)), Decision::Unknown(_)));
        }
    }
}
