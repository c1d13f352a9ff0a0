//! Failpoints: every call through a port can be made to fail, panic, be killed, be stopped or be late, before it is made
//! or after. Only in builds with the feature `failpoints`, which are for tests.
//!
//! A point is `ROLE.PORT.METHOD.N.before` or `.after`: the role is the command (`dispatch`, `__agent`), N counts the calls
//! of this method in this process. What is to happen stands in the file `failpoint` of the state directory: the first
//! line names a file to which every point is appended, the second a point and its fault, parted by a space. A process
//! reads it when it begins; the fault comes while the file is there.

mod ports;

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

pub use ports::{Inner, wrap};

/// How long a late call is late.
const LATE: Duration = Duration::from_millis(300);

/// What this process was told.
struct Orders {
    file: PathBuf,
    log: Option<PathBuf>,
    point: String,
    fault: String,
    role: String,
    counts: Mutex<HashMap<&'static str, u32>>,
}

static ORDERS: OnceLock<Orders> = OnceLock::new();

/// Reads the orders, once a process.
fn read(state_dir: &Path) {
    ORDERS.get_or_init(|| {
        let file = state_dir.join("failpoint");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let mut lines = text.lines();
        let log = lines.next().filter(|log| !log.is_empty()).map(PathBuf::from);
        let (point, fault) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or_default();
        let role = std::env::args().nth(1).unwrap_or_default().trim_start_matches('-').to_owned();
        Orders { file, log, point: point.to_owned(), fault: fault.to_owned(), role, counts: Mutex::default() }
    });
}

/// Counts a call and says which one it is.
fn count(method: &'static str) -> u32 {
    let Some(orders) = ORDERS.get() else { return 0 };
    orders.counts.lock().map_or(0, |mut counts| {
        let count = counts.entry(method).or_default();
        *count += 1;
        *count
    })
}

/// Passes a point; an error if that is its fault.
#[expect(clippy::panic, reason = "a panic is one of the faults")]
fn pass(method: &'static str, number: u32, side: &str) -> Result<(), String> {
    let Some(orders) = ORDERS.get() else { return Ok(()) };
    let point = format!("{}.{method}.{number}.{side}", orders.role);
    if let Some(log) = &orders.log {
        let file = fs::OpenOptions::new().create(true).append(true).open(log);
        // A log that can't be written shows as a run without points.
        file.and_then(|mut file| file.write_all(format!("{point}\n").as_bytes())).ok();
    }
    if point != orders.point || !orders.file.exists() {
        return Ok(());
    }
    match orders.fault.as_str() {
        "error" => return Err(format!("failpoint {point}")),
        "panic" => panic!("failpoint {point}"),
        "kill" => end(nix::sys::signal::Signal::SIGKILL),
        "stop" => end(nix::sys::signal::Signal::SIGSTOP),
        _ => drop(nix::poll::poll(&mut [], u16::try_from(LATE.as_millis()).unwrap_or(u16::MAX))),
    }
    Ok(())
}

fn end(signal: nix::sys::signal::Signal) {
    nix::sys::signal::raise(signal).ok();
}

/// Makes a call between its two points.
fn around<T, E>(
    method: &'static str,
    call: impl FnOnce() -> Result<T, E>,
    fault: impl Fn(String) -> E,
) -> Result<T, E> {
    let number = count(method);
    pass(method, number, "before").map_err(&fault)?;
    let answer = call();
    pass(method, number, "after").map_err(&fault)?;
    answer
}
