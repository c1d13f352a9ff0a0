//! The clocks, and what is drawn by chance.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::domain::id::AttemptId;
use crate::domain::time::{BootTime, Now, Timestamp};
use crate::ports::host::Clock;

/// The system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[cfg(target_os = "linux")]
const SINCE_BOOT: ClockId = ClockId::CLOCK_BOOTTIME;
#[cfg(not(target_os = "linux"))]
const SINCE_BOOT: ClockId = ClockId::CLOCK_MONOTONIC;

fn millis(clock: ClockId) -> i64 {
    // The two clocks exist on every supported system; a clock that can't be read stands at its beginning.
    clock_gettime(clock).map_or(0, |time| time.tv_sec() * 1000 + time.tv_nsec() / 1_000_000)
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        Now { wall: Timestamp(millis(ClockId::CLOCK_REALTIME)), boot: BootTime(millis(SINCE_BOOT)) }
    }

    #[expect(clippy::disallowed_methods, reason = "the one pause between two looks at a condition")]
    fn pause(&self, length: Duration) {
        std::thread::sleep(length);
    }

    fn attempt_id(&self) -> AttemptId {
        loop {
            if let Ok(id) = AttemptId::parse(&uuid::Uuid::now_v7().hyphenated().to_string()) {
                return id;
            }
        }
    }

    fn token(&self) -> String {
        // The random bits of a version 7 UUID come from the system's generator: 62 of each half, two are enough.
        format!("{:016x}{:016x}", uuid::Uuid::now_v7().as_u64_pair().1, uuid::Uuid::now_v7().as_u64_pair().1)
    }

    fn suffix(&self) -> String {
        format!("{:04x}", fastrand::u16(..))
    }
}
