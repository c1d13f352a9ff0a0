//! Lock files that a killed git has left on references of ours.

use std::path::Path;
use std::time::Duration;

/// How long a lock on a reference of ours may be somebody's.
const STALE: Duration = Duration::from_secs(1);

#[expect(clippy::disallowed_methods, reason = "a lock file gives no signal when it goes")]
fn pause(length: Duration) {
    std::thread::sleep(length);
}

/// Removes the lock that a killed git left on a reference of ours; true if it did.
///
/// The reference bears the attempt's name, and this repository's lock is held: whoever has a lock on it for longer
/// than a moment is dead.
pub(super) fn drop_lock(common: &Path, reference: &str) -> bool {
    let lock = common.join(format!("{reference}.lock"));
    loop {
        let age = lock.metadata().and_then(|found| found.modified()).ok().and_then(|made| made.elapsed().ok());
        match age {
            None => return false,
            Some(age) if age >= STALE => return std::fs::remove_file(&lock).is_ok(),
            Some(age) => pause(STALE.saturating_sub(age).min(Duration::from_millis(20))),
        }
    }
}
