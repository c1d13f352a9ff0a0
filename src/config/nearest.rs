//! What a wrong name was probably meant to be.

/// The one of `names` that `wrong` was probably meant to be.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase().replace('-', "_");
    let distances = names.into_iter().map(|name| (strsim::osa_distance(&wrong, &name.replace('-', "_")), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= wrong.chars().count().max(name.chars().count()).div_ceil(3)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_none() {
        let names = ["max_running", "per_agent", "timeout"];
        assert_eq!(nearest("max_runing", names), Some("max_running"));
        assert_eq!(nearest("max-running", names), Some("max_running"));
        assert_eq!(nearest("Timeout", names), Some("timeout"));
        assert_eq!(nearest("colour", names), None);
        assert_eq!(nearest("", names), None);
    }
}
