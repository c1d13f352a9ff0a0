//! Sizes in bytes, for people.

/// With one unit, rounded down, as `du -h` has it.
#[must_use]
pub fn render(bytes: u64) -> String {
    let mut size = bytes;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if size < 1024 {
            return format!("{size} {unit}");
        }
        size /= 1024;
    }
    format!("{size} TiB")
}

/// Reads `500M`, `2G`, `10 KiB` or a number of bytes; every unit is a power of 1024. `None` for anything else.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let power = match unit.trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1024_u64.checked_pow(power)?)
}

#[cfg(test)]
mod tests {
    use super::{parse, render};

    #[test]
    fn a_size_has_one_unit() {
        for (bytes, said) in [(0, "0 B"), (1023, "1023 B"), (4096, "4 KiB"), (5 << 30, "5 GiB"), (3 << 40, "3 TiB")] {
            assert_eq!(render(bytes), said);
            assert_eq!(parse(said), Some(bytes));
        }
    }

    #[test]
    fn a_size_is_read_in_any_usual_form() {
        for (text, bytes) in [("500M", Some(500 << 20)), ("2g", Some(2 << 30)), ("7", Some(7)), ("1 kb", Some(1024))] {
            assert_eq!(parse(text), bytes, "{text}");
        }
        for text in ["", "M", "1.5G", "-1", "5 parsecs", "99999999999999T"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
