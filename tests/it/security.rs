//! `SECURITY.md`: each row of its tables names tests that exist, or says why there is none.

use std::collections::BTreeSet;
use std::fs;

use super::catalogue::{self, Test};

/// What is wrong with the page, beside the tests that there are.
fn mistakes(page: &str, tests: &[Test]) -> Vec<String> {
    let (mut found, mut seen, mut heading) = (Vec::new(), BTreeSet::new(), 0);
    for line in page.lines() {
        if line.starts_with("## ") || line.starts_with("### ") {
            heading += 1;
        }
        if !line.starts_with('|') || line.starts_with("|-") || line == "| what | test |" {
            continue;
        }
        let cells: Option<Vec<&str>> =
            line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")).map(|row| row.split(" | ").collect());
        let Some([what, proof]) = cells.as_deref() else {
            found.push(format!("not a row of two cells: {line}"));
            continue;
        };
        if !seen.insert((heading, *what)) {
            found.push(format!("said twice: {what}"));
        }
        let names = catalogue::quoted(proof);
        match proof.strip_prefix("not tested: ") {
            Some(why) if why.len() < 10 => found.push(format!("does not say why it is not tested: {what}")),
            Some(_) if !names.is_empty() => found.push(format!("is not tested, and names a test: {what}")),
            None if names.is_empty() => found.push(format!("names no test, and not why: {what}")),
            Some(_) | None => {}
        }
        for name in names {
            let same: Vec<&Test> = tests.iter().filter(|test| test.name == name).collect();
            match same[..] {
                [] => found.push(format!("there is no test {name}")),
                [test] if test.ignored => found.push(format!("{name} is not run by itself")),
                [_] => {}
                [_, _, ..] => found.push(format!("several tests are called {name}")),
            }
        }
    }
    found
}

#[test]
fn every_promise_about_security_is_proven_or_says_why_not() {
    let page = fs::read_to_string(catalogue::root().join("SECURITY.md")).unwrap();
    assert!(page.lines().filter(|line| line.starts_with("| ")).count() > 10, "the page has lost its tables");
    let mistakes = mistakes(&page, &catalogue::all());
    assert!(mistakes.is_empty(), "SECURITY.md:\n{}", mistakes.join("\n"));
}

#[test]
fn what_is_wrong_with_the_page_is_found() {
    let test = |name: &str, ignored: bool| Test { name: name.to_owned(), ignored };
    let page = |rows: &str| format!("## An agent\n\n| what | test |\n|---|---|\n{rows}\n");
    let tests = [test("x", false), test("y", false), test("z", true), test("w", false), test("w", false)];
    assert_eq!(
        mistakes(&page("| reads | `x`, `y`; a remark |\n| writes | not tested: nothing to see |"), &tests),
        [""; 0]
    );
    for (rows, wanted) in [
        ("| reads | `x` |\n| reads | `y` |", "said twice: reads"),
        ("| reads | soon |", "names no test, and not why: reads"),
        ("| reads | not tested: hm |", "does not say why it is not tested: reads"),
        ("| reads | not tested: because of `x` |", "is not tested, and names a test: reads"),
        ("| reads | `v` |", "there is no test v"),
        ("| reads | `z` |", "z is not run by itself"),
        ("| reads | `w` |", "several tests are called w"),
        ("| reads `x`", "not a row of two cells: | reads `x`"),
        ("| reads | x | `x` |", "not a row of two cells: | reads | x | `x` |"),
    ] {
        assert_eq!(mistakes(&page(rows), &tests), [wanted], "{rows}");
    }
}
