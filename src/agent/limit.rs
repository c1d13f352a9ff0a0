//! What an agent's screen says of a usage limit: which line, and until when.

use jiff::civil::{Date, Time};
use jiff::{Span, Timestamp as Instant, ToSpan as _, Zoned};

use super::screen;
use crate::domain::time::Timestamp;

/// A usage limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The line that says so.
    pub line: String,
    /// When it ends, where the line says.
    pub until: Option<Timestamp>,
}

/// Finds a limit on the last lines of a screen (plain text). `patterns` are in lower case; times of day are those of
/// `now`'s zone.
#[must_use]
pub fn find(screen: &str, patterns: &[String], now: &Zoned) -> Option<Limit> {
    let (line, next) = screen::find(screen, patterns)?;
    // The time may stand on the line that follows, where the screen is narrow.
    let until = until(&line.to_lowercase(), now).or_else(|| until(&format!("{line} {next}").to_lowercase(), now));
    Some(Limit { line: line.to_owned(), until })
}

/// The instant in a text like "resets 3pm", "resets oct 9, 5pm", "try again at 3:51 pm", "try again in 2 hours 5 minutes",
/// or `…|1751230800`. The text is in lower case.
fn until(text: &str, now: &Zoned) -> Option<Timestamp> {
    if let Some((_, seconds)) = text.rsplit_once('|')
        && let Ok(seconds) = seconds.split_whitespace().next()?.parse::<i64>()
        && seconds > 1_000_000_000
    {
        return Some(Timestamp(seconds.checked_mul(1000)?));
    }
    if let Some(rest) = after(text, &["again in ", "resets in ", "reset in ", "retry in "]) {
        let end = now.checked_add(span(rest)?).ok()?;
        return Some(millis(end.timestamp()));
    }
    let rest = after(text, &["resets at ", "reset at ", "again at ", "resets ", "reset "])?;
    Some(millis(moment(rest, now)?.timestamp()))
}

fn after<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    words.iter().find_map(|word| text.find(word).map(|at| &text[at + word.len()..]))
}

fn millis(at: Instant) -> Timestamp {
    Timestamp(at.as_millisecond())
}

/// "2 hours 5 minutes", "1d 3h", "45 min".
fn span(text: &str) -> Option<Span> {
    let mut span = Span::new();
    let mut found = false;
    let mut rest = text.trim_start();
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit()).filter(|end| *end > 0) {
        let number: i64 = rest[..end].parse().ok()?;
        let unit = rest[end..].trim_start();
        let length = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
        span = match unit.get(..length)? {
            "d" | "day" | "days" => span.try_days(number),
            "h" | "hr" | "hrs" | "hour" | "hours" => span.try_hours(number),
            "m" | "min" | "mins" | "minute" | "minutes" => span.try_minutes(number),
            "s" | "sec" | "secs" | "second" | "seconds" => span.try_seconds(number),
            _ => break,
        }
        .ok()?;
        found = true;
        rest = unit[length..].trim_start_matches([' ', ',']).trim_start_matches("and ");
    }
    found.then_some(span)
}

/// A time of day, the next one to come, or one on a named day.
fn moment(text: &str, now: &Zoned) -> Option<Zoned> {
    let mut words = text.split([' ', ',', '.', '(', ')']).filter(|word| !word.is_empty()).peekable();
    let first = *words.peek()?;
    let mut day = None;
    if let Some(month) = month(first) {
        words.next();
        let number: i8 = words.next()?.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok()?;
        let mut year = now.year();
        let mut given_year = false;
        if let Some(given) = words.peek().and_then(|word| word.parse::<i16>().ok()).filter(|year| *year > 2000) {
            year = given;
            given_year = true;
            words.next();
        }
        words.next_if(|word| *word == "at");
        let named = Date::new(year, month, number).ok()?;
        // A day of January, in December.
        let next_year = !given_year && now.date().checked_sub(6.months()).is_ok_and(|long_ago| named < long_ago);
        day = Some(if next_year { named.checked_add(1.year()).ok()? } else { named });
    }
    let clock = words.next()?;
    let half = words.peek().copied().filter(|word| matches!(*word, "am" | "pm"));
    let time = time(clock, half)?;
    let on = |day: Date| day.to_datetime(time).to_zoned(now.time_zone().clone()).ok();
    if let Some(day) = day {
        return on(day);
    }
    let today = on(now.date())?;
    if today > *now { Some(today) } else { today.checked_add(1.day()).ok() }
}

fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let at = MONTHS.iter().position(|month| word.len() >= 3 && word.starts_with(month))?;
    i8::try_from(at + 1).ok()
}

/// "3pm", "9:30pm", "11:00" with "pm" behind it, "15:04".
fn time(word: &str, half: Option<&str>) -> Option<Time> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let half = half.unwrap_or(&word[digits.len()..]);
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours.parse::<i8>().ok()?, minutes.parse::<i8>().ok()?),
        // A bare number is no time of day.
        None if half.is_empty() => return None,
        None => (digits.parse::<i8>().ok()?, 0),
    };
    let hours = match half {
        "pm" if hours < 12 => hours + 12,
        "am" if hours == 12 => 0,
        "am" | "pm" | "" => hours,
        _ => return None,
    };
    Time::new(hours, minutes, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;
    use jiff::{Timestamp, Zoned};
    use proptest::prelude::*;

    use super::find;

    fn now() -> Zoned {
        date(2026, 11, 21).at(14, 30, 0, 0).to_zoned(TimeZone::UTC).unwrap()
    }

    fn end(line: &str) -> Option<String> {
        let limit = find(&format!("before\n{line}\n\n"), &["limit".to_owned()], &now()).unwrap();
        assert_eq!(limit.line, line);
        limit.until.map(|at| Timestamp::from_millisecond(at.0).unwrap().to_string())
    }

    #[test]
    fn what_agents_write_is_understood() {
        let at = |text: &str| Some(text.to_owned());
        assert_eq!(end("5-hour limit reached ∙ resets 3pm"), at("2026-11-21T15:00:00Z"));
        assert_eq!(end("You've hit your limit · resets 9:30am (UTC)"), at("2026-11-22T09:30:00Z"));
        assert_eq!(end("Session limit reached ∙ resets 11:00 PM"), at("2026-11-21T23:00:00Z"));
        assert_eq!(end("Claude usage limit reached. Your limit will reset at 3pm."), at("2026-11-21T15:00:00Z"));
        assert_eq!(end("Claude AI usage limit reached|1795000000"), at("2026-11-18T11:06:40Z"));
        assert_eq!(end("Weekly limit reached ∙ resets Dec 9, 5pm"), at("2026-12-09T17:00:00Z"));
        assert_eq!(end("You've hit your usage limit. Try again at 3:51 PM."), at("2026-11-21T15:51:00Z"));
        assert_eq!(
            end("You've hit your usage limit. Please try again at Nov 29th, 2026 12:55 AM."),
            at("2026-11-29T00:55:00Z")
        );
        assert_eq!(
            end("You've hit your usage limit. Upgrade or try again in 2 hours 5 minutes."),
            at("2026-11-21T16:35:00Z")
        );
        assert_eq!(end("usage limit: try again in 4 days 3 hours."), at("2026-11-25T17:30:00Z"));
        assert_eq!(end("usage limit, resets at 15:04"), at("2026-11-21T15:04:00Z"));
        assert_eq!(end("usage limit, try again later"), None);
        assert_eq!(end("usage limit resets 3 times a day"), None);
    }

    #[test]
    fn a_day_of_next_year_is_to_come_and_one_of_last_week_has_been() {
        assert_eq!(end("limit reached ∙ resets Jan 2, 5pm").as_deref(), Some("2027-01-02T17:00:00Z"));
        assert_eq!(end("limit reached ∙ resets Nov 14, 5pm").as_deref(), Some("2026-11-14T17:00:00Z"));
        assert_eq!(end("limit: try again at Jan 2nd, 2026 5pm").as_deref(), Some("2026-01-02T17:00:00Z"));
    }

    #[test]
    fn a_time_on_the_line_that_follows_counts() {
        let limit = find("You've hit your limit ·\nresets 3pm", &["hit your limit".to_owned()], &now()).unwrap();
        assert_eq!(limit.until.map(|at| at.0), Some(1_795_273_200_000));
    }

    #[test]
    fn another_screen_has_no_limit() {
        assert_eq!(find("working\n", &["limit".to_owned()], &now()), None);
        assert_eq!(find("", &["limit".to_owned()], &now()), None);
    }

    proptest! {
        #[test]
        fn no_screen_breaks_it(screen in "(limit|resets|again in|at|[a-z0-9:| ,.(é)\n]){0,40}") {
            let found = find(&screen, &["limit".to_owned()], &now());
            prop_assert_eq!(found.is_some(), screen.lines().any(|line| line.contains("limit")));
        }
    }
}
