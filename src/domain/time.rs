//! Time values. Nothing here reads a clock.

use std::time::Duration;

/// Wall-clock time in milliseconds since 1970-01-01 UTC: for people and for `not_before`, never for liveness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This instant moved later by `by`, saturating.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// How long after `earlier` this instant is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Time since this boot in milliseconds, suspended time included. A clock that is set does not move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootTime(pub i64);

impl BootTime {
    /// How long after `earlier` of the same boot this instant is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Both clocks read at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    pub wall: Timestamp,
    pub boot: BootTime,
}

/// A length of time in one unit, rounded down.
#[must_use]
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{BootTime, Timestamp, span};

    #[test]
    fn a_length_of_time_is_never_negative() {
        assert_eq!(BootTime(1_500).since(BootTime(500)), Duration::from_secs(1));
        assert_eq!(BootTime(500).since(BootTime(1_500)), Duration::ZERO);
        assert_eq!(Timestamp(1_500).since(Timestamp(500)), Duration::from_secs(1));
        assert_eq!(Timestamp(500).since(Timestamp(1_500)), Duration::ZERO);
        assert_eq!(Timestamp(500).after(Duration::from_secs(1)), Timestamp(1_500));
    }

    #[test]
    fn spans_have_one_unit() {
        assert_eq!([span(59), span(60), span(7_200), span(200_000)], ["59s", "1m", "2h", "2d"]);
    }
}
