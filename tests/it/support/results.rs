//! What a torture run did, written down for `docs/reliability.md`.

use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::json;

/// Writes one line of the table to the file of `GANGER_RESULTS`, where that is set. `part` is what was run (`blind
/// kills`), `size` how much of it (`1000 kills`), `found` what it came to (`0 stuck, 0 twins`), `again` the command
/// that runs it again, seed included.
#[expect(clippy::print_stdout, reason = "a test's output is shown when it fails")]
pub fn record(part: &str, size: &str, found: &str, again: &str) {
    println!("{part}: {size}: {found} (again: {again})");
    let Some(path) = std::env::var_os("GANGER_RESULTS") else { return };
    let line = json!({ "part": part, "size": size, "found": found, "again": again });
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// How much to run: `ci` unless `GANGER_TORTURE` says `torture` or `full`.
pub fn size<T>(ci: T, torture: T, full: T) -> T {
    match std::env::var("GANGER_TORTURE").as_deref() {
        Ok("full") => full,
        Ok("torture") => torture,
        _ => ci,
    }
}

/// The seed of this run: that of `GANGER_SEED`, else drawn.
pub fn seed() -> u64 {
    std::env::var("GANGER_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..))
}
