//! Processes by identity.
//!
//! A pid alone is never trusted: it is read together with its start time, and signals go through a descriptor of
//! the process, opened before the start time was checked.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use nix::libc;

use crate::domain::id::{AttemptId, Place, Process};
use crate::domain::reconcile::Probe;
use crate::ports::host::{Found, Processes, Signal};

/// The process table of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessTable;

/// The environment variable that marks an attempt's processes.
pub const MARK: &str = "GANGER_ATTEMPT";

/// One line of the process table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    process: Process,
    name: String,
    /// `Z` and `X` are dead, `T` is stopped.
    state: char,
    session: i32,
    /// 0 where that is not known.
    parent: i32,
}

/// The process table as Linux shows it.
#[cfg(target_os = "linux")]
mod table {
    use std::fs;
    use std::io;
    use std::path::PathBuf;

    use nix::libc;

    use super::{Entry, MARK};
    use crate::domain::id::{AttemptId, Process};

    /// Reads `/proc/PID/stat`: the name stands in parentheses and may hold anything, so fields count from the last `)`.
    pub(super) fn parse(pid: i32, stat: &str) -> Option<Entry> {
        let (open, close) = (stat.find('(')?, stat.rfind(')')?);
        let name = stat.get(open + 1..close)?.to_owned();
        let fields: Vec<&str> = stat.get(close + 1..)?.split_whitespace().collect();
        Some(Entry {
            process: Process { pid, start: fields.get(19)?.parse().ok()? },
            name,
            state: fields.first()?.chars().next()?,
            session: fields.get(3)?.parse().ok()?,
            parent: fields.get(1)?.parse().ok()?,
        })
    }

    /// `Ok(None)`: there is no such process.
    pub(super) fn entry(pid: i32) -> io::Result<Option<Entry>> {
        match fs::read(format!("/proc/{pid}/stat")) {
            Ok(stat) => parse(pid, &String::from_utf8_lossy(&stat))
                .map(Some)
                .ok_or_else(|| io::Error::other(format!("/proc/{pid}/stat is not as expected"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn all() -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for folder in fs::read_dir("/proc")? {
            let name = folder?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            if let Some(entry) = entry(pid)? {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    pub(super) fn bears_mark(pid: i32, attempt: &AttemptId) -> bool {
        let mark = format!("{MARK}={attempt}");
        fs::read(format!("/proc/{pid}/environ"))
            .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()))
    }

    /// Where a process stands.
    pub(super) fn folder_of(pid: i32) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{pid}/cwd")).ok()
    }

    pub(super) fn command_line(pid: i32) -> Option<Vec<String>> {
        let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        Some(words.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect())
    }

    /// What a process and its descendants have read and written (proc_pid_io(5): rchar, wchar).
    pub(super) fn traffic(root: i32) -> Option<u64> {
        let io = fs::read_to_string(format!("/proc/{root}/io")).ok()?;
        let field =
            |name: &str| -> Option<u64> { io.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()) };
        let own = field("rchar:")?.wrapping_add(field("wchar:")?);
        Some(children(root).into_iter().filter_map(traffic).fold(own, u64::wrapping_add))
    }

    /// The children of a process: each of its threads has its own (proc_pid_task_children(5)).
    fn children(pid: i32) -> Vec<i32> {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let listed = threads.map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
        listed.flat_map(|pids| pids.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
    }

    /// The fields of proc_pid_stat(5) behind the name, from the third on.
    fn stat(pid: i32) -> Option<Vec<i64>> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, fields) = stat.rsplit_once(") ")?;
        Some(fields.split_whitespace().map(|field| field.parse().unwrap_or_default()).collect())
    }

    /// PF_EXITING (include/linux/sched.h): it runs no code of its own any more.
    const EXITING: i64 = 4;

    /// Whether the flags of a process say that it is on its way out.
    pub(super) fn is_exiting(pid: i32) -> bool {
        stat(pid).is_none_or(|fields| fields.get(6).is_some_and(|flags| flags & EXITING != 0))
    }

    /// utime and stime, in ticks, of a process and its descendants.
    pub(super) fn ticks(root: i32) -> Option<u64> {
        let fields = stat(root)?;
        let own = u64::try_from(fields.get(11)?.checked_add(*fields.get(12)?)?).ok()?;
        Some(children(root).into_iter().filter_map(ticks).fold(own, u64::wrapping_add))
    }

    /// Whether its process group is the foreground one of its terminal (pgrp, tpgid).
    pub(super) fn has_terminal(pid: i32) -> bool {
        stat(pid).is_some_and(|fields| fields.get(2).is_some_and(|group| Some(group) == fields.get(5)))
    }
}

/// The process table as `ps` shows it. A process's start is known to the second; its session, its environment and
/// where it stands are not known at all. Never run by its authors.
#[cfg(not(target_os = "linux"))]
mod table {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    use std::io;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::Entry;
    use crate::domain::id::{AttemptId, Process};
    use crate::os::process::{Call, run};

    fn parse(line: &str) -> Option<Entry> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (pid, state, start) = (words.first()?, words.get(1)?, words.get(2..7)?);
        let mut hasher = DefaultHasher::new();
        start.hash(&mut hasher);
        Some(Entry {
            process: Process { pid: pid.parse().ok()?, start: hasher.finish() },
            name: words.get(7..)?.join(" "),
            state: state.chars().next()?,
            session: 0,
            parent: 0,
        })
    }

    fn ps(args: &[&str]) -> io::Result<Vec<Entry>> {
        let call = Call::new("ps", Duration::from_secs(10)).args(args).args(["-o", "pid=,stat=,lstart=,comm="]);
        let answer = run(&call.env("LC_ALL", "C")).map_err(io::Error::other)?;
        Ok(answer.text().lines().filter_map(parse).collect())
    }

    pub(super) fn entry(pid: i32) -> io::Result<Option<Entry>> {
        Ok(ps(&["-p", &pid.to_string()])?.into_iter().find(|entry| entry.process.pid == pid))
    }

    pub(super) fn all() -> io::Result<Vec<Entry>> {
        ps(&["-ax"])
    }

    pub(super) fn bears_mark(_pid: i32, _attempt: &AttemptId) -> bool {
        false
    }

    pub(super) fn folder_of(_pid: i32) -> Option<PathBuf> {
        None
    }

    pub(super) fn command_line(pid: i32) -> Option<Vec<String>> {
        let call = Call::new("ps", Duration::from_secs(10)).args(["-p", &pid.to_string(), "-o", "args="]);
        Some(run(&call).ok()?.text().split_whitespace().map(str::to_owned).collect())
    }

    pub(super) fn traffic(_root: i32) -> Option<u64> {
        None
    }

    pub(super) fn is_exiting(_pid: i32) -> bool {
        false
    }

    pub(super) fn ticks(_root: i32) -> Option<u64> {
        None
    }

    pub(super) fn has_terminal(_pid: i32) -> bool {
        true
    }
}

use table::{all, bears_mark, command_line, entry, folder_of, has_terminal, is_exiting, ticks, traffic};

fn is_dead(entry: &Entry) -> bool {
    matches!(entry.state, 'Z' | 'X' | 'x')
}

/// A process that lives now, with its start time; `None` when there is none of this pid.
#[must_use]
pub fn identify(pid: i32) -> Option<Process> {
    entry(pid).ok().flatten().filter(|entry| !is_dead(entry)).map(|entry| entry.process)
}

/// The parent of a process that is there.
#[cfg(target_os = "linux")]
pub(super) fn parent(pid: i32) -> Option<i32> {
    entry(pid).ok().flatten().map(|entry| entry.parent)
}

/// The process of this pid and the attempt that it is the shim of, if it lives and is one.
#[cfg(target_os = "linux")]
pub(super) fn shim(pid: i32) -> Option<(AttemptId, Process)> {
    as_shim(&entry(pid).ok().flatten()?)
}

/// Started as `ganger __agent ATTEMPT …`.
fn as_shim(entry: &Entry) -> Option<(AttemptId, Process)> {
    // The tmux client that asks for a session has the shim's words in its own.
    if is_dead(entry) || entry.name.starts_with("tmux") {
        return None;
    }
    let words = command_line(entry.process.pid)?;
    let mark = words.iter().position(|word| word == "__agent").filter(|position| *position < 3)?;
    Some((AttemptId::parse(words.get(mark + 1)?).ok()?, entry.process))
}

/// A child of this process that has not been reaped: its pid is its own, even if it has ended.
#[must_use]
pub fn of_child(pid: i32) -> Process {
    Process { pid, start: entry(pid).ok().flatten().map_or(0, |entry| entry.process.start) }
}

/// Sends a signal through a descriptor of the process, opened before it is looked at: its pid can't be another's.
#[cfg(target_os = "linux")]
fn send(process: Process, number: i32, lives: impl Fn() -> bool) -> io::Result<bool> {
    use std::os::fd::AsRawFd as _;
    let Some(handle) = u32::try_from(process.pid).ok().and_then(super::exit_watch) else { return Ok(false) };
    if !lives() {
        return Ok(false);
    }
    // SAFETY: the descriptor is open for the length of the call; no pointer is passed but a null one.
    #[expect(unsafe_code, reason = "nix has no pidfd_send_signal")]
    let answer =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, handle.as_raw_fd(), number, std::ptr::null::<()>(), 0) };
    sent(answer == 0)
}

/// Sends a signal right after a look at the process.
#[cfg(not(target_os = "linux"))]
fn send(process: Process, number: i32, lives: impl Fn() -> bool) -> io::Result<bool> {
    if !lives() {
        return Ok(false);
    }
    // SAFETY: two integers.
    #[expect(unsafe_code, reason = "the number is a signal's")]
    let answer = unsafe { libc::kill(process.pid, number) };
    sent(answer == 0)
}

fn sent(done: bool) -> io::Result<bool> {
    if done {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        error if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
        error => Err(error),
    }
}

fn found(entry: Entry) -> Found {
    Found { process: entry.process, name: entry.name }
}

/// The living processes of the session `leader` leads, itself excluded. Only its living leader may ask: then the
/// session can't be another's.
///
/// # Errors
/// When the process table can't be read.
pub fn session(leader: i32) -> io::Result<Vec<Found>> {
    let members = all()?.into_iter();
    Ok(members
        .filter(|entry| entry.session == leader && entry.process.pid != leader && !is_dead(entry))
        .map(found)
        .collect())
}

/// The machine's id: of its installation where it has one, else its host name.
fn machine() -> String {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok().map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()))
        .or_else(|| nix::unistd::gethostname().ok().map(|name| name.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "unknown".to_owned())
}

impl Processes for ProcessTable {
    fn place(&self) -> Place {
        let namespace = fs::read_link("/proc/self/ns/pid").map(|link| link.to_string_lossy().into_owned());
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned());
        Place { host: format!("{} {}", machine(), namespace.unwrap_or_default()), boot: boot.unwrap_or_default() }
    }

    fn me(&self) -> Process {
        let pid = nix::unistd::getpid().as_raw();
        identify(pid).unwrap_or(Process { pid, start: 0 })
    }

    fn is_ending(&self, process: Process) -> bool {
        match self.probe(process) {
            Probe::Alive => is_exiting(process.pid),
            Probe::Dead => true,
            Probe::Unknown => false,
        }
    }

    fn is_stopped(&self, process: Process) -> bool {
        let entry = entry(process.pid).ok().flatten();
        entry.is_some_and(|entry| entry.process == process && matches!(entry.state, 'T' | 't'))
    }

    fn traffic(&self, root: Process) -> Option<u64> {
        traffic(root.pid)
    }

    fn processor_time(&self, root: Process) -> Option<Duration> {
        let second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok()??;
        let millis = ticks(root.pid)?.checked_mul(1000)? / u64::try_from(second).ok()?;
        Some(Duration::from_millis(millis))
    }

    fn has_terminal(&self, process: Process) -> bool {
        has_terminal(process.pid)
    }

    fn shims(&self) -> io::Result<Vec<(AttemptId, Process)>> {
        Ok(all()?.into_iter().filter_map(|entry| as_shim(&entry)).collect())
    }

    fn probe(&self, process: Process) -> Probe {
        match entry(process.pid) {
            Ok(Some(entry)) if entry.process == process && !is_dead(&entry) => Probe::Alive,
            Ok(_) => Probe::Dead,
            Err(_) => Probe::Unknown,
        }
    }

    fn signal(&self, process: Process, signal: Signal) -> io::Result<bool> {
        let number = match signal {
            Signal::Terminate => libc::SIGTERM,
            Signal::Kill => libc::SIGKILL,
            Signal::Continue => libc::SIGCONT,
            Signal::Wake => libc::SIGUSR1,
        };
        send(process, number, || self.probe(process) == Probe::Alive)
    }

    fn members(&self, shim: Process, attempt: &AttemptId) -> io::Result<Vec<Found>> {
        // A pid is not given again while a session bears it; but once the whole session has ended, another
        // session may. So its leader, where there is one, must be the shim, and each member must bear the mark.
        if entry(shim.pid)?.is_some_and(|leader| leader.process != shim) {
            return Ok(Vec::new());
        }
        let members = all()?.into_iter().filter(|entry| {
            entry.session == shim.pid
                && entry.process.pid != shim.pid
                && entry.process.start >= shim.start
                && !is_dead(entry)
                && bears_mark(entry.process.pid, attempt)
        });
        Ok(members.map(found).collect())
    }

    fn marked(&self, attempt: &AttemptId) -> io::Result<Vec<Found>> {
        let marked = all()?.into_iter().filter(|entry| !is_dead(entry) && bears_mark(entry.process.pid, attempt));
        Ok(marked.map(found).collect())
    }

    fn ports_are_free(&self, first: u16, count: u16) -> bool {
        let free = |port: u16| std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port)).is_ok();
        (0..count).all(|offset| first.checked_add(offset).is_some_and(free))
    }

    fn standing_in(&self, folder: &Path) -> io::Result<Vec<Found>> {
        let standing = all()?
            .into_iter()
            .filter(|entry| !is_dead(entry) && folder_of(entry.process.pid).is_some_and(|cwd| cwd.starts_with(folder)));
        Ok(standing.map(found).collect())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::table::parse;
    use super::{ProcessTable, identify};
    use crate::domain::id::Process;
    use crate::domain::reconcile::Probe;
    use crate::ports::host::{Processes as _, Signal};

    #[test]
    fn a_name_with_parentheses_and_spaces_is_parsed() {
        let stat = "42 (a) R (b c) S 1 42 17 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 8851 0 0";
        let entry = parse(42, stat).unwrap();
        assert_eq!((entry.name.as_str(), entry.state, entry.session), ("a) R (b c", 'S', 17));
        assert_eq!(entry.process, Process { pid: 42, start: 8851 });
        assert_eq!(parse(42, "42 (sh"), None);
    }

    #[test]
    fn d6_a_process_is_its_pid_and_its_start_time() {
        let me = ProcessTable.me();
        assert_eq!(Some(me), identify(me.pid));
        assert_eq!(ProcessTable.probe(me), Probe::Alive);
        let impostor = Process { start: me.start + 1, ..me };
        assert_eq!(ProcessTable.probe(impostor), Probe::Dead);
        assert!(!ProcessTable.signal(impostor, Signal::Kill).unwrap(), "an impostor must not be signalled");
    }
}
