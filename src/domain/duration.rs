//! Durations as people write them: `10s`, `1500ms`, `1h30m`.

use std::time::Duration;

/// What a duration looks like, for messages.
pub const EXAMPLE: &str = r#""90s", "15m" or "1h30m""#;

/// The longest one taken, so that adding it to an instant can't overflow.
const LONGEST: Duration = Duration::from_hours(24 * 366);

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration: one or more whole numbers, each with its unit (`ms`, `s`, `m`, `h` or `d`), together more
/// than nothing and at most 366 days. Anything else is `None`.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*millis)?)?;
        rest = after;
    }
    Some(Duration::from_millis(total)).filter(|read| !read.is_zero() && *read <= LONGEST)
}

/// Writes a duration so that [`parse`] reads the same one, to the millisecond.
#[must_use]
pub fn render(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, millis) in UNITS {
        if rest >= millis {
            text.push_str(&(rest / millis).to_string());
            text.push_str(unit);
            rest %= millis;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    use super::{LONGEST, parse, render};

    #[test]
    fn durations_are_numbers_with_units() {
        assert_eq!(parse("10s"), Some(Duration::from_secs(10)));
        assert_eq!(parse("1500ms"), Some(Duration::from_millis(1500)));
        assert_eq!(parse("1h30m"), Some(Duration::from_mins(90)));
        assert_eq!(parse("2d"), Some(Duration::from_hours(48)));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "10",
            "s",
            "-1s",
            "+1s",
            "1.5h",
            "10 s",
            "10S",
            "1w",
            "0s",
            "0h0m",
            "off",
            "1h30",
            "99999999999999999999d",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse("366d"), Some(LONGEST));
        assert_eq!(parse("367d"), None);
        assert_eq!(parse("18446744073709551615d"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_rendered_duration_is_read_back(millis in 1..=31_622_400_000_u64) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse(&render(duration)), Some(duration));
        }

        #[test]
        fn no_text_makes_the_reader_fail(text in "\\PC*") {
            if let Some(duration) = parse(&text) {
                prop_assert_eq!(parse(&render(duration)), Some(duration));
            }
        }
    }
}
