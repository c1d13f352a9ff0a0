//! What HEAD and branches are found to be.

/// What a HEAD file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// A branch, without `refs/heads/`.
    Branch(String),
    Detached(String),
    /// Missing, or one of git's placeholders.
    Unmade,
}

/// Where a branch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tip {
    Absent,
    /// At this commit.
    At(String),
    /// It is a symbolic reference to another.
    Symbolic,
}

/// Who made a branch, as far as its reflog tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// This program, and the branch was not moved since.
    UsUntouched,
    /// This program; it was moved later, perhaps back again.
    UsMoved,
    Somebody,
    Unknown,
}
