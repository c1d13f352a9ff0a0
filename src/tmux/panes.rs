//! What `list-panes -a` says, read strictly: an answer that is not whole is an error, never a shorter list.

use std::collections::BTreeMap;

use super::target::is_id;
use crate::domain::id::AttemptId;
use crate::ports::multiplexer::{MuxError, PaneSeen, Result};

/// The last line of an answer. Without it the answer is not whole.
pub const END: &str = "ganger-end";

/// One line a pane, tabs between the fields.
///
/// First what tmux itself makes: ids, numbers, the mark reduced to its alphabet (one longer than an id stays
/// longer than one) and the session name's length in bytes. Then what others choose: the name, the command.
/// tmux 3.3a writes a tab or line break in either of the two as an escape; the length makes sure of the name.
pub const FORMAT: &str = concat!(
    "#{pane_id}\t#{pane_pid}\t#{pane_dead}\t#{session_attached}\t#{session_id}\t",
    "#{=37;s/[^0-9a-f-]/_/:@ganger_attempt}\t#{n:session_name}\t#{session_name}\t#{pane_start_command}"
);

/// The word that tells our shim from every other program.
const SHIM: &[u8] = b"__agent";

/// Reads the answer to [`super::chain::panes`].
///
/// # Errors
/// When any line of it is not what [`FORMAT`] gives, or its last line is missing.
pub fn parse(answer: &[u8]) -> Result<Vec<PaneSeen>> {
    let mut rows = Vec::new();
    for line in whole(answer)? {
        rows.push(row(line).ok_or_else(|| unexpected(line))?);
    }
    let mut sizes: BTreeMap<u64, u32> = BTreeMap::new();
    for row in &rows {
        *sizes.entry(row.session).or_default() += 1;
    }
    // A window that is linked into several sessions, as in a session group, is listed once for each.
    let mut merged: BTreeMap<String, (u64, PaneSeen)> = BTreeMap::new();
    for Row { session, mut pane } in rows {
        pane.siblings = sizes.get(&session).copied().unwrap_or(1);
        match merged.get_mut(&pane.id) {
            None => {
                merged.insert(pane.id.clone(), (session, pane));
            }
            Some((first, known)) => {
                pane.attached = pane.attached.saturating_add(known.attached);
                known.attached = pane.attached;
                if session < *first {
                    (*first, *known) = (session, pane);
                }
            }
        }
    }
    Ok(merged.into_values().map(|(_, pane)| pane).collect())
}

/// The lines of an answer that ends as it should.
///
/// # Errors
/// When its last line is missing.
pub(super) fn whole(answer: &[u8]) -> Result<Vec<&[u8]>> {
    let body = answer.strip_suffix(b"\n").and_then(|body| body.strip_suffix(END.as_bytes()));
    let Some(body) = body.filter(|body| body.is_empty() || body.ends_with(b"\n")) else {
        return Err(unexpected(answer));
    };
    Ok(body.strip_suffix(b"\n").map(|lines| lines.split(|byte| *byte == b'\n').collect()).unwrap_or_default())
}

/// The error for text that should not be there.
pub(super) fn unexpected(text: &[u8]) -> MuxError {
    let shown: String = String::from_utf8_lossy(text).chars().take(80).collect();
    MuxError::Failed(format!("unexpected answer {shown:?}"))
}

struct Row {
    session: u64,
    pane: PaneSeen,
}

fn row(line: &[u8]) -> Option<Row> {
    let mut fields = line.splitn(8, |byte| *byte == b'\t');
    let mut next = || fields.next();
    let (id, pid, dead, attached) = (next()?, next()?, next()?, next()?);
    let (session, mark, length, free) = (next()?, next()?, next()?, next()?);
    if !is_id(id, b'%') || !is_id(session, b'$') {
        return None;
    }
    let (name, command) = free.split_at_checked(number(length)?)?;
    let command = command.strip_prefix(b"\t")?;
    let pane = PaneSeen {
        id: text(id)?.to_owned(),
        // tmux 3.8 tells no process of a pane whose process has ended, a moment before it calls the pane dead, too.
        pid: if pid.is_empty() { 0 } else { number(pid)? },
        dead: match dead {
            b"" | b"0" => false,
            b"1" => true,
            _ => return None,
        },
        attached: number(attached)?,
        mark: AttemptId::parse(text(mark)?).ok(),
        argv: attempt(command),
        session: String::from_utf8_lossy(name).into_owned(),
        siblings: 1,
    };
    Some(Row { session: number(&session[1..])?, pane })
}

/// The attempt in a command line that is our shim's: an absolute path, `__agent`, an id.
fn attempt(command: &[u8]) -> Option<AttemptId> {
    let mut rest = command;
    let (program, shim, id) = (word(&mut rest)?, word(&mut rest)?, word(&mut rest)?);
    if program.first() != Some(&b'/') || shim != SHIM {
        return None;
    }
    AttemptId::parse(text(&id)?).ok()
}

/// Takes the next word off a command as tmux prints it: words quoted where needed, `\` before what is special.
///
/// An escape for a byte that can't be printed (`\t`, `\033`) stays as it is; it never makes a word plainer.
fn word(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let mut bytes = rest.iter().copied();
    let (mut out, mut quote, mut taken) = (Vec::new(), None, 0);
    let mut ended = false;
    while let Some(byte) = bytes.next() {
        taken += 1;
        match (byte, quote) {
            (b' ', None) => {
                ended = true;
                break;
            }
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (b'\\', _) => {
                let escaped = bytes.next()?;
                taken += 1;
                if escaped.is_ascii_alphanumeric() {
                    out.push(byte);
                }
                out.push(escaped);
            }
            _ => out.push(byte),
        }
    }
    if quote.is_some() || (taken == 0 && !ended) {
        return None;
    }
    *rest = rest.get(taken..)?;
    Some(out)
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn number<N: std::str::FromStr>(bytes: &[u8]) -> Option<N> {
    text(bytes)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{attempt, parse};
    use crate::ports::multiplexer::PaneSeen;

    const ID: &str = "01980000-0000-7000-8000-0123456789ab";

    fn line(id: u32, session: u32, name: &str, mark: &str, command: &str) -> String {
        format!("%{id}\t12\t1\t1\t${session}\t{mark}\t{}\t{name}\t{command}\n", name.len())
    }

    fn parsed(lines: &str) -> Vec<PaneSeen> {
        parse(format!("{lines}ganger-end\n").as_bytes()).unwrap()
    }

    #[test]
    fn our_pane_is_told_by_its_command() {
        let seen = parsed(&line(7, 3, "ganger-1", ID, &format!("\"/a b/ganger\" __agent {ID} /x/launch")));
        assert_eq!(
            (seen[0].id.as_str(), seen[0].pid, seen[0].dead, seen[0].session.as_str()),
            ("%7", 12, true, "ganger-1")
        );
        assert_eq!(seen[0].argv.as_ref().map(ToString::to_string).as_deref(), Some(ID));
        assert_eq!(seen[0].argv, seen[0].mark);
    }

    #[test]
    fn t24_a_pane_that_has_ended_may_have_no_process() {
        let line = line(1, 1, "a", "", "");
        assert_eq!(parsed(&line.replace("\t12\t", "\t\t"))[0].pid, 0);
        assert!(parse(format!("{}ganger-end\n", line.replace("\t12\t", "\tx\t")).as_bytes()).is_err());
    }

    #[test]
    fn other_commands_are_not_ours() {
        for command in [
            String::new(),
            format!("ganger __agent {ID}"),
            format!("\"/bin/ganger __agent {ID} /x\""),
            format!("/bin/vim \"/bin/ganger __agent {ID}\""),
            format!("/bin/sh -c __agent {ID}"),
            format!("/bin/ganger __agen\\t {ID}"),
            format!("/bin/ganger \"__agent {ID}"),
            format!("/bin/ganger '' __agent {ID}"),
            format!("/bin/ganger __agent {ID}0"),
            "/bin/ganger __agent".to_owned(),
            "/bin/ganger __agent ../../etc".to_owned(),
        ] {
            assert_eq!(attempt(command.as_bytes()), None, "{command}");
        }
    }

    #[test]
    fn an_answer_that_is_not_whole_is_an_error() {
        let good = line(1, 1, "a", "", "");
        for wrong in [
            String::new(),
            "hello\n".to_owned(),
            good.clone(),
            format!("{good}hello\nganger-end\n"),
            format!("{good}\nganger-end\n"),
            format!("{good}ganger-end"),
            format!("{}ganger-end\n", good.trim_end()),
            format!("{}ganger-end\n", good.replace("\t12\t", "\tx\t")),
        ] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
        assert!(parsed("").is_empty());
    }

    #[test]
    fn a_pane_of_a_session_group_is_one_pane_with_all_its_clients() {
        let lines =
            [line(1, 2, "mine", "", ""), line(1, 1, "ganger-1", "", ""), line(2, 1, "ganger-1", "", "")].concat();
        let seen = parsed(&lines);
        assert_eq!((seen.len(), seen[0].attached, seen[0].session.as_str(), seen[0].siblings), (2, 2, "ganger-1", 2));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes).ok();
            parse(&[bytes.as_slice(), b"\nganger-end\n"].concat()).ok();
            attempt(&bytes);
        }

        #[test]
        fn a_hostile_name_or_command_gives_no_wrong_id(
            name in "([a-z#(){}$\"'\\\\ \t%=]|__agent|01980000-0000-7000-8000-0123456789ab){0,8}",
            mark in "[0-9a-f_-]{0,37}",
            words in proptest::collection::vec("([a-z#\"'\\\\ ;]|__agent |01980000-0000-7000-8000-0123456789ab){0,4}", 1..5),
        ) {
            // As tmux quotes: what a person's words hold is always inside of one word each.
            let quoted: Vec<String> =
                words.iter().map(|word| format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))).collect();
            let lines = [line(1, 1, &name, &mark, &quoted.join(" ")), line(2, 2, "x", ID, "")].concat();
            let seen = parsed(&lines);
            prop_assert_eq!(seen.len(), 2);
            prop_assert_eq!((&seen[0].id, &seen[0].session), (&"%1".to_owned(), &name));
            let ours = words.len() > 2 && words[0].starts_with('/') && words[1] == "__agent" && words[2] == ID;
            prop_assert_eq!(seen[0].argv.is_some(), ours);
            prop_assert_eq!(seen[0].mark.is_some(), mark.len() == 36 && !mark.contains('_'));
        }
    }
}
