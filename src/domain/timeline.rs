//! The timeline for people: what happened, as a sentence.

use std::collections::BTreeMap;

use super::text;

/// Whether an event is of interest only to whoever looks for a fault in the dispatch itself.
#[must_use]
pub fn is_inner(event: &str) -> bool {
    matches!(event, "worktree made" | "session asked for" | "shim started" | "cleaned up" | "note taken in")
}

/// What happened, and what it moved. `facts` are an event's evidence, its name under `event`; `from` and `to` are
/// `status` or `status/phase`. An event of a later version is shown by its name, with what it says.
#[must_use]
pub fn sentence(facts: &BTreeMap<String, String>, from: &str, to: &str) -> String {
    let fact = |name: &str| facts.get(name).map(|value| text::line(value)).filter(|value| !value.trim().is_empty());
    let event = fact("event").unwrap_or_default();
    let with =
        |words: &str, name: &str| fact(name).map_or_else(|| words.to_owned(), |value| format!("{words}: {value}"));
    let said = match event.as_str() {
        "claimed" => {
            let number = fact("number").unwrap_or_default();
            let words = if facts.contains_key("adopts") {
                "attempt N begun in the worktree there is"
            } else {
                "attempt N begun"
            };
            words.replacen('N', &number, 1)
        }
        "session asked for" => "tmux asked for a session".to_owned(),
        "shim started" => "its session is there".to_owned(),
        "agent started" => "the agent started".to_owned(),
        "rolled back" => with("the dispatch was rolled back", "reason"),
        "preflight failed" => with("it could not be started", "reason"),
        "reported done" => "reported done".to_owned(),
        "reported failed" => with("reported failed", "reason"),
        "agent ended" => {
            let tree = match facts.get("tree").map(String::as_str) {
                Some("changed") => ", with changes",
                Some("unchanged") => ", without a change",
                Some(_) | None => "",
            };
            with("the agent ended", "how") + tree
        }
        "verified" => "verification passed".to_owned(),
        "verification failed" => with("verification failed", "reason"),
        "requeued" => "put back in the queue".to_owned(),
        "given back as failed" => "failed again: putting it back was undone".to_owned(),
        "sent back" => with("sent back", "text"),
        "not sent back" => with("the feedback did not reach it", "reason"),
        "edited" => with("edited", "fields"),
        "worktree parked" => with("its worktree is in the trash", "parked"),
        "worktree restored" => with("its worktree was restored", "worktree"),
        "worktree deleted" => with("its worktree was deleted from the trash", "worktree"),
        "worktree gone" => with("its worktree is gone", "worktree"),
        "pull request" => {
            format!("pull request {}: {}", fact("url").unwrap_or_default(), fact("said").unwrap_or_default())
        }
        "comments sent" => {
            let count = fact("count").unwrap_or_default();
            let comments = if count == "1" { "comment" } else { "comments" };
            format!("{count} {comments} sent, round {}", fact("round").unwrap_or_default())
        }
        "comment handled" => format!("comment {} handled", fact("comment").unwrap_or_default()),
        "merged" => format!("merged into {}", fact("into").unwrap_or_default()),
        "note" => with("note for the next attempt", "note"),
        "note taken in" => "the agent has taken the note in".to_owned(),
        "renamed" => with("its branch has another name", "branch"),
        "cleaned up" => with("cleaned up", "kept").replacen("cleaned up:", "cleaned up, kept:", 1),
        "clean-up tried" => with("not everything could be cleaned up", "kept"),
        "checkout touched" => with("written in your own checkout while it ran", "files"),
        "leftovers" => with("still running", "leftovers"),
        "question" => with("asked", "text"),
        "remark" => with("said", "text"),
        "usage limit" => with("usage limit", "text"),
        "" => String::new(),
        other => {
            fact("text").or_else(|| fact("reason")).map_or_else(|| other.to_owned(), |why| format!("{other}: {why}"))
        }
    };
    let status = |place: &str| place.split('/').next().unwrap_or_default().to_owned();
    let moved = (!from.is_empty() && status(from) != status(to)).then(|| match status(to).as_str() {
        "ready" => "now ready".to_owned(),
        "in-progress" => "now in progress".to_owned(),
        "review" => "now in review".to_owned(),
        "done" => "now done".to_owned(),
        "failed" => "now failed".to_owned(),
        other => format!("now {other}"),
    });
    // A beginning says by itself that it is in progress now.
    let moved = moved.filter(|_| event != "claimed");
    match (said.is_empty(), moved) {
        (true, None) => status(to),
        (true, Some(moved)) => moved,
        (false, None) => said,
        (false, Some(moved)) => format!("{said}; {moved}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::sentence;

    #[test]
    fn an_event_is_a_sentence() {
        let said = |facts: &[(&str, &str)], from, to| {
            let facts: BTreeMap<_, _> = facts.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            sentence(&facts, from, to)
        };
        for (facts, from, to, wanted) in [
            (&[("event", "added")][..], "", "ready", "added"),
            (&[("event", "claimed"), ("number", "2")], "failed/exited", "in-progress/claimed", "attempt 2 begun"),
            (
                &[("event", "agent ended"), ("how", "exit status 0"), ("tree", "changed")],
                "in-progress/running",
                "review/exited",
                "the agent ended: exit status 0, with changes; now in review",
            ),
            (
                &[("event", "question"), ("text", "Keep it?")],
                "in-progress/running",
                "in-progress/running",
                "asked: Keep it?",
            ),
            (&[("event", "cleaned up"), ("kept", "")], "review", "review", "cleaned up"),
            (&[("event", "cleaned up"), ("kept", "a tree")], "review", "review", "cleaned up, kept: a tree"),
            (&[("event", "of a later version"), ("text", "so")], "a", "a", "of a later version: so"),
            (&[], "ready", "done", "now done"),
            (&[], "ready", "ready", "ready"),
            (&[("event", "\u{1b}[2J")], "a", "a", "\u{fffd}[2J"),
        ] {
            assert_eq!(said(facts, from, to), wanted);
        }
    }
}
