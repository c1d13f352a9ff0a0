//! A function of several columns, as the shortest table that a person can read.

/// A column: its name, and the words for its values.
pub struct Column {
    pub name: &'static str,
    pub values: Vec<String>,
}

impl Column {
    pub fn new(name: &'static str, values: &[&str]) -> Self {
        Self { name, values: values.iter().map(|value| (*value).to_owned()).collect() }
    }
}

/// A row: a word for each column, and what it comes to.
type Row = (Vec<String>, String);

/// Evaluates every combination (indices into the columns' values). Combinations that can't be give `None`. Values of a
/// column that make no difference are one row.
pub fn table(columns: &[Column], outcome: &dyn Fn(&[usize]) -> Option<String>) -> (String, usize) {
    let mut count = 0;
    let rows = rows(columns, &mut Vec::new(), outcome, &mut count);
    let names: Vec<String> = columns.iter().map(|column| column.name.to_owned()).collect();
    let mut all = vec![(names, "becomes".to_owned())];
    all.extend(rows);
    let width = |index: usize| all.iter().map(|(words, _)| words[index].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |(words, outcome): &Row| {
        let cells: Vec<String> =
            words.iter().zip(&widths).map(|(word, width)| format!("{word:<width$}", width = *width)).collect();
        format!("{} => {outcome}", cells.join("  "))
    };
    (all.iter().map(line).collect::<Vec<_>>().join("\n"), count)
}

fn rows(
    columns: &[Column],
    chosen: &mut Vec<usize>,
    outcome: &dyn Fn(&[usize]) -> Option<String>,
    count: &mut usize,
) -> Vec<Row> {
    let Some(column) = columns.get(chosen.len()) else {
        *count += 1;
        return outcome(chosen).map(|outcome| (Vec::new(), outcome)).into_iter().collect();
    };
    // Values with the same rows below them stand together.
    let mut groups: Vec<(Vec<&str>, Vec<Row>)> = Vec::new();
    for (index, value) in column.values.iter().enumerate() {
        chosen.push(index);
        let below = rows(columns, chosen, outcome, count);
        chosen.pop();
        if below.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|(_, rows)| *rows == below) {
            Some((values, _)) => values.push(value),
            None => groups.push((vec![value], below)),
        }
    }
    let possible: usize = groups.iter().map(|(values, _)| values.len()).sum();
    let mut rows = Vec::new();
    for (values, below) in groups {
        let word = if values.len() == possible && possible > 1 { "any".to_owned() } else { values.join("|") };
        rows.extend(below.into_iter().map(|(mut words, outcome)| {
            words.insert(0, word.clone());
            (words, outcome)
        }));
    }
    rows
}
