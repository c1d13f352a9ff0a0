//! Task ids as people write them: `12`, `#12`, `1,2`, `1-3`.

/// What the arguments are called in which tasks are named.
pub const ARGUMENTS: [&str; 4] = ["id", "ids", "task", "after"];

/// The ids of one argument, in the order written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids(pub Vec<i64>);

/// The most ids that one range may stand for.
const LONGEST: i64 = 10_000;

/// One id.
///
/// # Errors
/// What it should look like.
pub fn one(text: &str) -> Result<i64, String> {
    number(text).ok_or_else(|| "a task is named by its id, such as 12 or #12, or by its title".to_owned())
}

/// Ids with commas between them, and ranges.
///
/// # Errors
/// What they should look like.
pub fn several(text: &str) -> Result<Ids, String> {
    let wrong = || "tasks are named by their ids, such as 12, #12, 1,2 or 1-3, or by a title".to_owned();
    let mut ids = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => ids.push(number(part).ok_or_else(wrong)?),
            Some((first, last)) => {
                let (first, last) = (number(first).ok_or_else(wrong)?, number(last).ok_or_else(wrong)?);
                if first > last || last - first >= LONGEST {
                    return Err(format!(
                        "{part} is not a range: write the smaller id first, at most {LONGEST} at once"
                    ));
                }
                ids.extend(first..=last);
            }
        }
    }
    Ok(Ids(ids))
}

fn number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Ids, one, several};

    #[test]
    fn ids_are_read_as_people_write_them() {
        for (text, ids) in [("12", vec![12]), ("#12", vec![12]), ("1,#2", vec![1, 2]), ("2-4,9", vec![2, 3, 4, 9])] {
            assert_eq!(several(text), Ok(Ids(ids)), "{text}");
        }
        assert_eq!((one("7"), one("#7")), (Ok(7), Ok(7)));
    }

    #[test]
    fn what_is_no_id_is_refused_with_an_example() {
        for text in ["", "#", "x", "1,", "1-", "-1", "3-1", "1-999999999", "99999999999999999999", "1 2", "+1"] {
            assert!(several(text).is_err(), "{text}");
        }
        assert!(one("1-3").unwrap_err().contains("#12"));
    }
}
