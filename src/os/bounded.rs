//! Files that have an end although what is written to them has none.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Mutex;

use crate::domain::bounds::{LOG, LOG_HEAD, LOG_TAIL};

/// Writers of this process take turns: one may be cutting.
static TURN: Mutex<()> = Mutex::new(());

const BEFORE: &str = "\n# here ";
const AFTER: &str = " bytes were cut out, the end follows:\n";
/// The number is as long as it can get, so that a later cut finds it.
const DIGITS: usize = 20;
const NOTICE: usize = BEFORE.len() + DIGITS + AFTER.len();

/// Appends to a log that only its owner can read. Once it is too long its middle is cut out, and a line says so; its
/// beginning and its end stay. Needs no room beyond what it holds.
///
/// # Errors
/// What the system says.
pub fn append(log: &Path, bytes: &[u8]) -> io::Result<()> {
    let turn = TURN.lock();
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(log)?;
    file.write_all(bytes)?;
    let length = file.metadata()?.len();
    let cut = if length > LOG { cut(log, length) } else { Ok(()) };
    drop(turn);
    cut
}

/// Moves the end up behind the beginning. Killed in between, it leaves bytes twice, and none missing.
fn cut(log: &Path, length: u64) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(log)?;
    let mut end = vec![0; usize::try_from(LOG_TAIL).unwrap_or(0)];
    file.read_exact_at(&mut end, length - LOG_TAIL)?;
    // From the beginning of a line, where there is one.
    let line = end.iter().take(4096).position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let end = &end[line..];
    let earlier = noticed(&file)?;
    let kept = LOG_HEAD + end.len() as u64 + earlier.map_or(0, |_| NOTICE as u64);
    let gone = earlier.unwrap_or(0) + length.saturating_sub(kept);
    let mut rest = format!("{BEFORE}{gone:>DIGITS$}{AFTER}").into_bytes();
    rest.extend_from_slice(end);
    file.write_all_at(&rest, LOG_HEAD)?;
    file.set_len(LOG_HEAD + rest.len() as u64)
}

/// How much an earlier cut took out.
fn noticed(file: &File) -> io::Result<Option<u64>> {
    let mut notice = [0; NOTICE];
    file.read_exact_at(&mut notice, LOG_HEAD)?;
    let text = std::str::from_utf8(&notice).ok();
    let digits = text.and_then(|text| text.strip_prefix(BEFORE)?.strip_suffix(AFTER));
    Ok(digits.and_then(|digits| digits.trim().parse().ok()))
}

/// Reads a file; of one that is longer than `most`, its beginning and its end. `None` when there is none.
///
/// # Errors
/// What the system says, `NotFound` excepted.
pub fn read_ends(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    if length <= most as u64 {
        let mut bytes = Vec::new();
        (&file).take(most as u64).read_to_end(&mut bytes)?;
        return Ok(Some(bytes));
    }
    let half = most / 2;
    let mut ends = vec![0; half];
    file.read_exact_at(&mut ends, 0)?;
    let left_out = length - 2 * half as u64;
    ends.extend_from_slice(format!("\n# {left_out} bytes are left out here\n").as_bytes());
    let mut end = vec![0; half];
    file.read_exact_at(&mut end, length - half as u64)?;
    ends.extend_from_slice(&end);
    Ok(Some(ends))
}

/// Reads a file as a whole, if it is not longer than that; `None` when there is none.
///
/// # Errors
/// What the system says, `NotFound` excepted; or that it is too long.
pub fn read_whole(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is larger than {most} bytes")));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e7_a_log_keeps_its_beginning_and_its_end_and_says_how_much_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("x.log");
        let line = |number: u64| format!("line {number:059}\n");
        let lines = 40 * LOG / 65;
        let numbers: Vec<u64> = (0..lines).collect();
        for block in numbers.chunks(300) {
            append(&log, block.iter().map(|number| line(*number)).collect::<String>().as_bytes()).unwrap();
        }
        let held = std::fs::read(&log).unwrap();
        assert!(held.len() as u64 <= LOG && held.len() as u64 >= LOG_HEAD + LOG_TAIL - 4096, "{}", held.len());
        let text = String::from_utf8(held).unwrap();
        assert!(text.starts_with(&line(0)) && text.ends_with(&line(lines - 1)));
        let (head, rest) = text.split_at(usize::try_from(LOG_HEAD).unwrap());
        let (notice, tail) = rest.split_at(NOTICE);
        let gone: u64 = notice[BEFORE.len()..][..DIGITS].trim().parse().unwrap();
        assert_eq!(head.len() as u64 + gone + tail.len() as u64, lines * 65, "every byte is kept or counted");
        assert!(tail.starts_with("line "), "the end begins with a line");
    }

    #[test]
    fn e7_what_is_too_long_is_read_by_its_ends_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert_eq!((read_ends(&path, 10).unwrap(), read_whole(&path, 10).unwrap()), (None, None));
        std::fs::write(&path, "0123456789").unwrap();
        assert_eq!(read_ends(&path, 10).unwrap().unwrap(), b"0123456789");
        assert_eq!(read_whole(&path, 10).unwrap().unwrap(), b"0123456789");
        assert_eq!(read_ends(&path, 6).unwrap().unwrap(), b"012\n# 4 bytes are left out here\n789");
        assert!(read_whole(&path, 9).unwrap_err().to_string().contains("larger than 9 bytes"));
    }
}
