//! The high-water mark: what the state directory has seen of its database, kept outside of the database.
//!
//! Who commits raises it afterwards, and every write looks at it under the write lock. So it may be behind the database,
//! where a process died between the two, and never ahead of a database that is whole. One that is below its mark has lost
//! what was committed: a backup was restored, its log was removed, or another database stands in its place.
//!
//! The file is written in place, so that it needs no room on a full disk. It is not synced: a power cut can only leave it
//! behind.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use crate::domain::height::Height;

/// The first word of the file, with the version of its form.
const HEADING: &str = "ganger-high-water-1";
/// Nothing longer is read: a path is at most 4 KiB.
const LARGEST: usize = 8 * 1024;
/// How often a writer tries for the lock; each holds it for microseconds.
const TRIES: u32 = 200;

/// A database, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Drawn by chance when the database was made.
    pub identity: String,
    pub database: PathBuf,
    pub height: Height,
}

/// What stands in a state directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Mark(Mark),
    /// A file that is no mark: what was seen is not known.
    Unreadable,
    /// It could not be looked at: that says nothing of the database.
    NotSeen(String),
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("high-water")
}

/// Reads the mark.
pub(super) fn read(state_dir: &Path) -> Found {
    let mut found = Found::Unreadable;
    // A reader takes no lock: it may see half of what is just being written, and looks again.
    for _ in 0..3 {
        found = match File::open(path(state_dir)) {
            Ok(file) => from(&file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
            Err(error) => Found::NotSeen(error.to_string()),
        };
        if found != Found::Unreadable {
            break;
        }
        std::thread::yield_now();
    }
    found
}

/// Raises the mark to that of a committed transaction, or makes it; a mark of another database gives way.
/// Where that fails the mark stays behind, and the next write raises it.
pub(super) fn raise(state_dir: &Path, mark: &Mark) {
    let opened =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path(state_dir));
    if let Ok(mut file) = opened {
        for _ in 0..TRIES {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(held) => {
                    write(&held, mark).ok();
                    return;
                }
                Err((back, _)) => file = back,
            }
            std::thread::yield_now();
        }
    }
}

fn write(file: &File, mark: &Mark) -> io::Result<()> {
    let height = match from(file) {
        Found::Mark(old) if old == *mark => return Ok(()),
        Found::Mark(old) => mark.height.max(old.height),
        Found::Nothing | Found::Unreadable | Found::NotSeen(_) => mark.height,
    };
    let text = encode(&Mark { height, ..mark.clone() });
    file.write_all_at(&text, 0)?;
    if file.metadata()?.size() != text.len() as u64 {
        file.set_len(text.len() as u64)?;
    }
    Ok(())
}

fn from(file: &File) -> Found {
    let mut bytes = [0; LARGEST];
    match file.read_at(&mut bytes, 0) {
        // One that was made and not written yet.
        Ok(0) => Found::Nothing,
        Ok(length) => decode(&bytes[..length]).map_or(Found::Unreadable, Found::Mark),
        Err(error) => Found::NotSeen(error.to_string()),
    }
}

/// The numbers are as long as they can get, so that the file keeps its size.
fn encode(mark: &Mark) -> Vec<u8> {
    let Height { tasks, events } = mark.height;
    let mut said = format!("{} {tasks:020} {events:020} ", mark.identity).into_bytes();
    said.extend_from_slice(mark.database.as_os_str().as_bytes());
    let mut text = format!("{HEADING} {:016x} ", sum(&said)).into_bytes();
    text.append(&mut said);
    text
}

fn decode(bytes: &[u8]) -> Option<Mark> {
    let mut words = bytes.splitn(3, |byte| *byte == b' ');
    let (heading, check, said) = (words.next()?, words.next()?, words.next()?);
    if heading != HEADING.as_bytes() || check != format!("{:016x}", sum(said)).as_bytes() {
        return None;
    }
    let mut words = said.splitn(4, |byte| *byte == b' ');
    let mut text = || std::str::from_utf8(words.next()?).ok();
    let (identity, tasks, events) = (text()?.to_owned(), text()?.parse().ok()?, text()?.parse().ok()?);
    let database = PathBuf::from(OsStr::from_bytes(words.next()?));
    Some(Mark { identity, database, height: Height { tasks, events } })
}

/// FNV-1a: tells half a write from a whole one.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Whether two paths lead to one file; `None` where the first leads to none.
pub(super) fn is_same_file(one: &Path, other: &Path) -> Option<bool> {
    let one = fs::metadata(one).ok()?;
    Some(fs::metadata(other).is_ok_and(|other| (one.dev(), one.ino()) == (other.dev(), other.ino())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(tasks: i64, events: i64) -> Mark {
        let database = PathBuf::from(OsStr::from_bytes(b"/a b/\xff\n.db"));
        Mark { identity: "c0ffee".to_owned(), database, height: Height { tasks, events } }
    }

    #[test]
    fn c12_a_mark_reads_back_and_is_only_ever_raised() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), Found::Nothing);
        for (given, stands) in
            [((3, 9), (3, 9)), ((2, 12), (3, 12)), ((3, 11), (3, 12)), ((i64::MAX, 12), (i64::MAX, 12))]
        {
            raise(folder.path(), &mark(given.0, given.1));
            assert_eq!(read(folder.path()), Found::Mark(mark(stands.0, stands.1)));
        }
        let other = Mark { identity: "decaf".to_owned(), ..mark(1, 1) };
        raise(folder.path(), &other);
        let Found::Mark(now) = read(folder.path()) else { panic!("it can be read") };
        assert_eq!((now.identity.as_str(), now.height), ("decaf", Height { tasks: i64::MAX, events: 12 }));
    }

    #[test]
    fn c12_half_a_mark_is_none() {
        let folder = tempfile::tempdir().unwrap();
        raise(folder.path(), &mark(3, 9));
        let whole = fs::read(path(folder.path())).unwrap();
        for length in 1..whole.len() {
            fs::write(path(folder.path()), &whole[..length]).unwrap();
            assert_eq!(read(folder.path()), Found::Unreadable, "{length} bytes of it");
        }
        fs::write(path(folder.path()), String::from_utf8_lossy(&whole).replace("0009", "0008")).unwrap();
        assert_eq!(read(folder.path()), Found::Unreadable);
    }

    #[test]
    fn c12_a_mark_never_falls_however_many_raise_it() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let folder = folder.path();
                scope.spawn(move || {
                    let mut highest = 0;
                    for step in 1..=200 {
                        raise(folder, &mark(0, step * 4 + writer));
                        let Found::Mark(now) = read(folder) else { panic!("it can be read") };
                        assert!(now.height.events >= highest, "{now:?} after {highest}");
                        highest = now.height.events;
                    }
                });
            }
        });
    }
}
