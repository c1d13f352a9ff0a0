//! What a repository's own file says, key by key, whatever a program that reads it makes of that.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// Every value of the file by its whole key (`agents.bot.command`), the members of a list as they are; `None` where it
/// is no TOML.
#[must_use]
pub fn stated(bytes: &[u8]) -> Option<BTreeMap<String, Value>> {
    let table: Table = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    let mut found = BTreeMap::new();
    flatten("", table, &mut found);
    Some(found)
}

fn flatten(above: &str, table: Table, found: &mut BTreeMap<String, Value>) {
    for (key, value) in table {
        let name = if above.is_empty() { key } else { format!("{above}.{key}") };
        match value {
            Value::Table(table) if !table.is_empty() => flatten(&name, table, found),
            value => drop(found.insert(name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::stated;

    #[test]
    fn every_value_is_found_under_its_whole_key() {
        let text = "a = 1\n[x]\nlist = ['p', 'q']\n[x.y]\nenv = { K = 'v' }\nnone = {}\n";
        let found = stated(text.as_bytes()).unwrap();
        let shown: Vec<String> = found.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        assert_eq!(shown, ["a = 1", "x.list = [\"p\", \"q\"]", "x.y.env.K = \"v\"", "x.y.none = {}"]);
        assert_eq!(stated(b"a = "), None);
        assert_eq!(stated(b"\xff"), None);
    }
}
