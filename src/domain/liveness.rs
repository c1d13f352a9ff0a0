//! Whether somebody works on an attempt: the one answer that the board, `list`, `show`, the status line, `wait` and the
//! reconciler share.
//!
//! It comes from the lock of whoever has the attempt in hand (its dispatcher, then its shim) and from where that process
//! runs. Not being able to look is never an answer of "dead".

use super::id::Place;
use super::state::Phase;

/// Where the attempt's processes are, seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlaceSeen {
    Here,
    /// The same machine, but it was restarted since.
    OtherBoot,
    /// Another machine or another process-id namespace: can't be looked at from here.
    Elsewhere,
}

/// The answer to "is it there?": not being able to look is an answer of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    Alive,
    Dead,
    Unknown,
}

impl Probe {
    /// The text form in JSON.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
        }
    }
}

/// What a lock file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lock {
    Held,
    Free,
    Missing,
    /// Another file stands under its name.
    Replaced,
    /// It could not be asked.
    Unknown,
}

impl Lock {
    /// The text form in JSON: anything that is neither held nor free counts as missing.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Free => "free",
            Self::Missing | Self::Replaced | Self::Unknown => "missing",
        }
    }
}

impl PlaceSeen {
    /// Where the processes of `there` are, seen from `here`.
    #[must_use]
    pub fn of(there: &Place, here: &Place) -> Self {
        if here.host != there.host {
            Self::Elsewhere
        } else if here.boot == there.boot {
            Self::Here
        } else {
            Self::OtherBoot
        }
    }
}

/// Whether an attempt's dispatcher or shim lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Liveness {
    Alive,
    Dead,
    /// It can't be told from here.
    Unknown(Doubt),
}

/// Why it can't be told whether an attempt lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    Elsewhere,
    LockMissing,
    LockReplaced,
    LockUnreadable,
}

impl Doubt {
    /// A clause for people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Elsewhere => "its processes are on another machine",
            Self::LockMissing => "its lock file is missing",
            Self::LockReplaced => "another file stands in place of its lock file",
            Self::LockUnreadable => "its lock can't be read",
        }
    }
}

impl Liveness {
    /// The form in JSON: true, false, or null where it can't be told.
    #[must_use]
    pub const fn known(self) -> Option<bool> {
        match self {
            Self::Alive => Some(true),
            Self::Dead => Some(false),
            Self::Unknown(_) => None,
        }
    }

    /// Why it can't be told.
    #[must_use]
    pub const fn doubt(self) -> Option<Doubt> {
        match self {
            Self::Unknown(doubt) => Some(doubt),
            Self::Alive | Self::Dead => None,
        }
    }
}

/// Decides. `lock` is that of the dispatch under way until the attempt has a shim, and the shim's from then on.
///
/// A dispatch removes its lock file when it is over, so a missing one is a dispatcher that is gone; a shim never removes
/// its own, so there a missing one proves nothing.
#[must_use]
pub const fn liveness(place: PlaceSeen, phase: Phase, lock: Lock) -> Liveness {
    match (phase, place, lock) {
        (Phase::Exited | Phase::Revoked, _, _)
        | (_, PlaceSeen::OtherBoot, _)
        | (_, PlaceSeen::Here, Lock::Free)
        | (Phase::Claimed | Phase::Worktree | Phase::Spawning, PlaceSeen::Here, Lock::Missing | Lock::Replaced) => {
            Liveness::Dead
        }
        (_, PlaceSeen::Elsewhere, _) => Liveness::Unknown(Doubt::Elsewhere),
        (_, PlaceSeen::Here, Lock::Held) => Liveness::Alive,
        (_, PlaceSeen::Here, Lock::Unknown) => Liveness::Unknown(Doubt::LockUnreadable),
        (Phase::Running | Phase::Verifying, PlaceSeen::Here, Lock::Missing) => Liveness::Unknown(Doubt::LockMissing),
        (Phase::Running | Phase::Verifying, PlaceSeen::Here, Lock::Replaced) => Liveness::Unknown(Doubt::LockReplaced),
    }
}

#[cfg(test)]
mod tests {
    use super::{Doubt, Liveness, Lock, PlaceSeen, liveness};
    use crate::domain::state::Phase;

    #[test]
    fn only_what_was_looked_at_is_dead() {
        let before = [Phase::Claimed, Phase::Worktree, Phase::Spawning];
        for phase in before.into_iter().chain([Phase::Running, Phase::Verifying]) {
            for (lock, dispatcher, shim) in [
                (Lock::Held, Liveness::Alive, Liveness::Alive),
                (Lock::Free, Liveness::Dead, Liveness::Dead),
                (Lock::Missing, Liveness::Dead, Liveness::Unknown(Doubt::LockMissing)),
                (Lock::Replaced, Liveness::Dead, Liveness::Unknown(Doubt::LockReplaced)),
                (Lock::Unknown, Liveness::Unknown(Doubt::LockUnreadable), Liveness::Unknown(Doubt::LockUnreadable)),
            ] {
                let here = if before.contains(&phase) { dispatcher } else { shim };
                assert_eq!(liveness(PlaceSeen::Here, phase, lock), here, "{phase} {lock:?}");
                assert_eq!(liveness(PlaceSeen::OtherBoot, phase, lock), Liveness::Dead, "{phase} {lock:?}");
                let elsewhere = liveness(PlaceSeen::Elsewhere, phase, lock);
                assert_eq!(elsewhere, Liveness::Unknown(Doubt::Elsewhere), "{phase} {lock:?}");
            }
        }
    }

    #[test]
    fn what_is_over_is_dead_wherever_it_was() {
        for phase in [Phase::Exited, Phase::Revoked] {
            for place in [PlaceSeen::Here, PlaceSeen::OtherBoot, PlaceSeen::Elsewhere] {
                assert_eq!(liveness(place, phase, Lock::Unknown), Liveness::Dead);
            }
        }
    }
}
