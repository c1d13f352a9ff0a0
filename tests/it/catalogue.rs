//! The fault catalogue, `docs/faults.md`: each line is proven by tests that bear its code, or says why it is not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What a code begins with, one letter a section; `B` is the board and its terminal.
const LETTERS: &str = "CGTADMRNSEB";

/// A test function as it stands in the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    pub name: String,
    /// It is run by another test only, and proves nothing by itself.
    pub ignored: bool,
}

/// A line of the catalogue: its code, and what stands in the column of its tests.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    code: &'a str,
    proof: &'a str,
}

/// Whether a word is a code: a letter and a number, and perhaps a letter behind it, as in `M2b`.
fn is_code(word: &str) -> bool {
    let mut rest = word.chars();
    let letter = rest.next().is_some_and(|c| LETTERS.contains(c.to_ascii_uppercase()));
    let rest = rest.as_str();
    let digits = rest.strip_suffix(['b', 'c']).unwrap_or(rest);
    letter && !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// The codes that a name begins with.
fn begins_with(name: &str) -> Vec<String> {
    let upper = |word: &str| format!("{}{}", word[..1].to_uppercase(), &word[1..]);
    // A code stands before other words: a whole name is none.
    let words: Vec<&str> = name.split('_').collect();
    words.into_iter().take_while(|word| is_code(word)).map(upper).collect()
}

fn lines(page: &str) -> Vec<Line<'_>> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    cells
        .filter(|cells| cells[0] != "code")
        .map(|cells| Line { code: cells[0], proof: cells[cells.len() - 1] })
        .collect()
}

/// The words in backticks.
pub fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// What is wrong with a catalogue, beside the tests that there are.
fn mistakes(page: &str, tests: &[Test]) -> Vec<String> {
    let mut found = Vec::new();
    let lines = lines(page);
    for (at, Line { code, .. }) in lines.iter().enumerate() {
        if lines[..at].iter().any(|line| line.code == *code) {
            found.push(format!("{code} stands in the catalogue twice"));
        }
    }
    let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Line { code, proof } in &lines {
        if !is_code(code) {
            found.push(format!("{code} is not a code"));
        }
        let names = quoted(proof);
        match proof.strip_prefix("not tested: ") {
            Some(why) if why.len() < 10 => found.push(format!("{code} does not say why it is not tested")),
            Some(_) if !names.is_empty() => found.push(format!("{code} is not tested, and names a test")),
            None if names.is_empty() => found.push(format!("{code} names no test, and not why")),
            Some(_) | None => {}
        }
        for name in names {
            named.entry(name).or_default().push(code);
        }
    }
    for (name, by) in &named {
        let same: Vec<&Test> = tests.iter().filter(|test| test.name == *name).collect();
        match same[..] {
            [test] if test.ignored => found.push(format!("{name} is not run by itself")),
            [_] => {}
            [] => found.push(format!("there is no test {name}")),
            [_, _, ..] => found.push(format!("several tests are called {name}")),
        }
        for code in by.iter().filter(|code| !begins_with(name).iter().any(|begin| begin == *code)) {
            found.push(format!("{name} does not begin with {code}"));
        }
    }
    for test in tests {
        for code in begins_with(&test.name) {
            if !named.get(test.name.as_str()).is_some_and(|by| by.contains(&code.as_str())) {
                found.push(format!("{} is not named at {code}", test.name));
            }
        }
    }
    found
}

/// The test functions of a source.
fn tests(source: &str) -> Vec<Test> {
    let mut found = Vec::new();
    let mut attributes: Option<bool> = None;
    for line in source.lines().map(str::trim) {
        if line == "#[test]" {
            attributes = Some(attributes.unwrap_or(false));
        } else if line.starts_with("#[ignore") {
            attributes = attributes.map(|_| true);
        } else if let (Some(ignored), Some(rest)) = (attributes, line.strip_prefix("fn ")) {
            let name = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.push(Test { name, ignored });
            attributes = None;
        }
    }
    found
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join("src"), root().join("tests")]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// Every test of the project. The examples on these pages are no tests.
pub fn all() -> Vec<Test> {
    let pages = ["tests/it/catalogue.rs", "tests/it/security.rs"];
    let (examples, files): (Vec<_>, Vec<_>) =
        sources().into_iter().partition(|path| pages.iter().any(|page| path.ends_with(page)));
    assert_eq!(examples.len(), pages.len(), "{examples:?}");
    let all: Vec<Test> = files.iter().flat_map(|path| tests(&fs::read_to_string(path).unwrap())).collect();
    assert!(all.len() > 200, "{} tests found", all.len());
    all
}

#[test]
fn every_fault_of_the_catalogue_is_proven_or_says_why_not() {
    let page = fs::read_to_string(root().join("docs/faults.md")).unwrap();
    let mistakes = mistakes(&page, &all());
    assert!(mistakes.is_empty(), "docs/faults.md:\n{}", mistakes.join("\n"));
}

#[test]
fn what_is_wrong_with_a_catalogue_is_found() {
    let test = |name: &str, ignored: bool| Test { name: name.to_owned(), ignored };
    let page = |row: &str| format!("| code | fault | tests |\n|---|---|---|\n{row}\n");
    let good = page("| C1 | a fault | `c1_x`, `c1_c2_y`; a remark |\n| C2 | a fault | `c1_c2_y` |");
    let tested = [test("c1_x", false), test("c1_c2_y", false), test("cat_is_no_code", false)];
    assert_eq!(mistakes(&good, &tested), Vec::<String>::new());
    for (page, tests, wanted) in [
        (
            page("| C1 | f | not tested: not built yet |\n| C1 | f | not tested: not built yet |"),
            vec![],
            "C1 stands in the catalogue twice",
        ),
        (page("| X1 | f | not tested: not built yet |"), vec![], "X1 is not a code"),
        (page("| C1 | f | soon |"), vec![], "C1 names no test, and not why"),
        (page("| C1 | f | not tested: hm |"), vec![], "C1 does not say why it is not tested"),
        (page("| C1 | f | `c1_x` |"), vec![], "there is no test c1_x"),
        (page("| C1 | f | `c1_x` |"), vec![test("c1_x", true)], "c1_x is not run by itself"),
        (page("| C1 | f | `c1_x` |"), vec![test("c1_x", false), test("c1_x", false)], "several tests are called c1_x"),
        (page("| C1 | f | `x` |"), vec![test("x", false)], "x does not begin with C1"),
        (
            page("| C1 | f | not tested: because of `c1_x` |"),
            vec![test("c1_x", false)],
            "C1 is not tested, and names a test",
        ),
        (page(""), vec![test("m2b_x", false)], "m2b_x is not named at M2b"),
        (page(""), vec![test("c12_x", false)], "c12_x is not named at C12"),
        (page("| C1 | f | `c1_c2_x` |"), vec![test("c1_c2_x", false)], "c1_c2_x is not named at C2"),
    ] {
        assert_eq!(mistakes(&page, &tests), [wanted], "{page}");
    }
    let source = "#[test]\nfn a() {}\nfn no_test() {}\n    #[test]\n    #[ignore = \"x\"]\n    fn b_1(x in y) {}";
    assert_eq!(tests(source), [test("a", false), test("b_1", true)]);
}
