//! Identifiers: of a task, of an attempt, of a process.

use std::fmt;

/// A task's number: positive, global to one database, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub i64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An attempt's id: a UUID version 7 in its hyphenated lower-case text form.
///
/// It is the owner mark of everything that the attempt creates. Only hexadecimal digits and hyphens can be in
/// it, so it is safe in a file name, an argument and a tmux option.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(String);

impl AttemptId {
    /// Accepts the hyphenated form of a UUID and nothing else.
    ///
    /// # Errors
    /// The text, when it is not 36 characters of lower-case hexadecimal digits and hyphens.
    pub fn parse(text: &str) -> Result<Self, String> {
        let well_formed = text.len() == 36
            && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(text.to_owned()) }
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which machine and process-id namespace a pid belongs to, and which boot of it.
///
/// A pid means nothing outside of its place: from another place a process can't be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The machine's id and its process-id namespace.
    pub host: String,
    /// The kernel's boot id.
    pub boot: String,
}

/// A process as the kernel knows it: a pid alone is reused, a pid with its start time is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    pub pid: i32,
    /// Start time since boot in clock ticks (Linux, field 22 of `/proc/PID/stat`) or microseconds (macOS).
    pub start: u64,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.pid, self.start)
    }
}

/// A file as the kernel knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    pub device: u64,
    pub inode: u64,
}

#[cfg(test)]
mod tests {
    use super::{AttemptId, Process, TaskId};

    #[test]
    fn ids_are_written_as_they_are_read() {
        let text = "01980000-0000-7000-8000-0123456789ab";
        let id = AttemptId::parse(text).unwrap();
        assert_eq!((id.as_str(), id.to_string().as_str(), TaskId(12).to_string().as_str()), (text, text, "12"));
        assert_eq!(Process { pid: 7, start: 99 }.to_string(), "7@99");
    }

    #[test]
    fn only_a_uuid_is_an_attempt_id() {
        assert!(AttemptId::parse("01980000-0000-7000-8000-0123456789ab").is_ok());
        for wrong in ["", "../../etc/passwd", "01980000-0000-7000-8000-0123456789AB", "01980000;"] {
            assert!(AttemptId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
