//! How far a database has come, and whether it is the one that its state directory has seen, and whole.

/// How far a database has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Height {
    /// The highest task id ever given.
    pub tasks: i64,
    /// The highest number of an event.
    pub events: i64,
}

impl Height {
    /// The higher of the two in each respect.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { tasks: self.tasks.max(other.tasks), events: self.events.max(other.events) }
    }

    fn is_below(self, other: Self) -> bool {
        self.tasks < other.tasks || self.events < other.events
    }
}

/// What the state directory has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    Nothing,
    /// A file that is no mark: what was seen is not known.
    Unreadable,
    /// The identity of a database, and how far it had come.
    Mark {
        identity: &'a str,
        height: Height,
    },
}

/// What that makes of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has everything that was seen of it.
    Whole,
    /// It lacks what had been committed: a backup was restored, or its log was removed.
    Older,
    /// Another database stands in its place.
    Exchanged,
    /// Whether it has can't be told.
    Unknown,
}

/// Compares. Whoever commits raises the mark afterwards, so it may be behind a database that is whole, and never ahead.
#[must_use]
pub fn compare(seen: Seen<'_>, identity: &str, height: Height) -> Standing {
    match seen {
        Seen::Unreadable => Standing::Unknown,
        Seen::Mark { identity: known, .. } if known != identity => Standing::Exchanged,
        Seen::Mark { height: known, .. } if height.is_below(known) => Standing::Older,
        Seen::Nothing | Seen::Mark { .. } => Standing::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::{Height, Seen, Standing, compare};

    #[test]
    fn only_what_has_all_that_was_seen_is_whole() {
        let at = |tasks, events| Height { tasks, events };
        let mark = |identity, tasks, events| Seen::Mark { identity, height: at(tasks, events) };
        for (seen, standing) in [
            (Seen::Nothing, Standing::Whole),
            (Seen::Unreadable, Standing::Unknown),
            (mark("a", 2, 5), Standing::Whole),
            (mark("a", 1, 4), Standing::Whole),
            (mark("a", 3, 5), Standing::Older),
            (mark("a", 2, 6), Standing::Older),
            (mark("b", 2, 5), Standing::Exchanged),
            (mark("b", 0, 0), Standing::Exchanged),
        ] {
            assert_eq!(compare(seen, "a", at(2, 5)), standing, "{seen:?}");
        }
    }
}
