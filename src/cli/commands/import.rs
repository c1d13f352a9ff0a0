//! `ganger import`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::Outcome;
use crate::cli::args::Import as Args;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::domain::bounds::LIST;
use crate::domain::import::{Fate, Listed};
use crate::domain::task::Draft;
use crate::domain::text;
use crate::engine::import::{Imported, Row, import};
use crate::engine::{Engine, Fault, Kind};
use crate::formats::{self, Format, Item, Wrong};

/// Adds the tasks of a list, and changes those of an earlier import that nothing was begun on.
///
/// # Errors
/// [`Kind::Usage`] for a list that can't be read or imported, naming record and field; see [`import`].
pub fn run(wiring: &Wiring, args: &Args) -> Outcome {
    let engine = wiring.engine()?;
    let repo = wiring.repository(&engine)?;
    let path = (args.file != "-").then(|| Path::new(&args.file));
    let text = read(path)?;
    let format = args.format.or_else(|| formats::sniff(&text, path)).ok_or_else(|| {
        let known = Format::ALL.map(|(name, _)| name).join(", ");
        Fault::new(Kind::Usage, format!("{}: its content does not say what it is written in", args.file))
            .hint(format!("--format NAME, one of {known}"))
    })?;
    let options = formats::Options { path, headings: args.headings, map: &args.map };
    let items = formats::read(&text, format, options).map_err(|wrong| refused(&args.file, format, &wrong))?;
    let listed = items.into_iter().map(|item| listed(item, args)).collect::<Result<Vec<_>, Fault>>()?;
    if listed.is_empty() {
        return Err(Fault::new(
            Kind::Usage,
            format!("{}: there is no task in it, read as {}", args.file, format.name()),
        )
        .hint("--format NAME says what it is written in"));
    }
    let imported = import(&engine, &repo, listed, args.dry_run)?;
    if wiring.global.json {
        print_json(&engine, &imported)?;
    } else {
        print(&imported, args.dry_run);
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: Option<&Path>) -> Result<String, Fault> {
    let name = path.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
    let usage = |why: String| Fault::new(Kind::Usage, format!("{name} can't be imported: {why}"));
    let mut bytes = Vec::new();
    match path {
        None => std::io::stdin().lock().take(LIST + 1).read_to_end(&mut bytes),
        Some(path) => File::open(path).and_then(|file| file.take(LIST + 1).read_to_end(&mut bytes)),
    }
    .map_err(|error| usage(error.to_string()))?;
    if bytes.len() as u64 > LIST {
        return Err(usage(format!("it is larger than {} MiB", LIST >> 20)).hint("import it in parts"));
    }
    String::from_utf8(bytes).map_err(|error| {
        usage(format!("it is not UTF-8: byte {}", error.utf8_error().valid_up_to()))
            .hint("convert it, for example with iconv")
    })
}

fn refused(file: &str, format: Format, wrong: &Wrong) -> Fault {
    Fault::new(Kind::Usage, format!("{file}, read as {}: {wrong}; nothing is imported", format.name()))
        .hint("fix it, or say what it is written in: --format NAME")
}

fn listed(item: Item, args: &Args) -> Result<Listed, Fault> {
    if item.unsafe_mode && !args.unsafe_mode && item.skip.is_none() {
        let why = "it asks for the agent's unsafe arguments; nothing is imported";
        return Err(Fault::new(Kind::Usage, format!("{}, field unsafe: {why}", item.place))
            .hint("read the list, then: ganger import --unsafe"));
    }
    Ok(Listed {
        names_agent: item.agent.is_some(),
        names_base: item.base.is_some(),
        draft: Draft {
            prompt: item.prompt,
            base: item.base,
            branch: item.branch,
            priority: item.priority,
            batch: item.batch,
            files: item.files,
            verify: item.verify,
            timeout: item.timeout,
            external_id: item.external_id,
            extra: (!item.extra.is_empty()).then(|| serde_json::Value::Object(item.extra).to_string()),
            unsafe_mode: item.unsafe_mode,
            ..Draft::new(item.title, "", item.agent.or_else(|| args.agent.clone()).unwrap_or_default())
        },
        place: item.place,
        name: item.name,
        after: item.after,
        skip: item.skip,
    })
}

/// Why nothing was done about a row.
fn left(fate: &Fate) -> Option<String> {
    match fate {
        Fate::Add { .. } | Fate::Change { .. } => None,
        Fate::Same(task) => Some(format!("task {task} says the same")),
        Fate::Begun(task) => Some(format!("task {task} was begun: it keeps what it was told")),
        Fate::Skip(why) => Some((*why).to_owned()),
    }
}

fn print(imported: &Imported, dry_run: bool) {
    let of = |is: fn(&Fate) -> bool| imported.rows.iter().filter(|row| is(&row.fate)).collect::<Vec<_>>();
    let added = of(|fate| matches!(fate, Fate::Add { .. }));
    let changed = of(|fate| matches!(fate, Fate::Change { .. }));
    let skipped = imported.rows.len() - added.len() - changed.len();
    if dry_run {
        let rows: Vec<Vec<String>> = imported.rows.iter().map(would).collect();
        output::table(&rows);
        output::say(&format!("would add {}, change {} and skip {skipped}", added.len(), changed.len()));
        return;
    }
    let ids = |rows: &[&Row]| ranges(&rows.iter().filter_map(|row| Some(row.task?.0)).collect::<Vec<_>>());
    let mut said = Vec::new();
    if !added.is_empty() {
        said.push(format!("{} added: {}", added.len(), ids(&added)));
    }
    if !changed.is_empty() {
        said.push(format!("{} changed: {}", changed.len(), ids(&changed)));
    }
    if skipped > 0 {
        said.push(format!("{skipped} skipped"));
    }
    output::say(&said.join("; "));
}

fn would(row: &Row) -> Vec<String> {
    let title = text::cut(&text::line(&row.title), 60);
    let (what, why) = match &row.fate {
        Fate::Add { .. } => ("add".to_owned(), String::new()),
        Fate::Change { task, fields, .. } => (format!("change #{task}"), fields.join(", ")),
        fate => ("skip".to_owned(), left(fate).unwrap_or_default()),
    };
    vec![row.place.clone(), what, title, why]
}

/// Ids as `ganger` takes them: `4-6,9`.
fn ranges(ids: &[i64]) -> String {
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for id in ids {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *id => *last = *id,
            Some(_) | None => parts.push((*id, *id)),
        }
    }
    let part = |(first, last): &(i64, i64)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    parts.iter().map(part).collect::<Vec<_>>().join(",")
}

fn print_json(engine: &Engine, imported: &Imported) -> Result<(), Fault> {
    let mut looker = board::Looker::without_panes(engine);
    let (mut cards, mut added, mut changed, mut skipped) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in &imported.rows {
        let mut said = json!({
            "place": row.place,
            "external_id": row.external_id,
            "title": row.title,
            "task": row.task.map(|id| id.0),
        });
        match &row.fate {
            Fate::Add { .. } => added.push(said),
            Fate::Change { fields, .. } => {
                said["fields"] = json!(fields);
                changed.push(said);
            }
            fate => {
                said["why"] = json!(left(fate));
                skipped.push(said);
                continue;
            }
        }
        if let Some(task) = row.task.map(|task| engine.ports.store.task(task)).transpose()?.flatten() {
            cards.push(json::task(&looker.card(task)?));
        }
    }
    output::object(json!({ "tasks": cards, "added": added, "changed": changed, "skipped": skipped }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn ids_in_a_row_are_a_range() {
        assert_eq!(ranges(&[4, 5, 6, 9]), "4-6,9");
        assert_eq!(ranges(&[]), "");
    }
}
