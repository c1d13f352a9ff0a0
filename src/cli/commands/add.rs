//! `ganger add`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::{Outcome, duration, prompt};
use crate::cli::args::Add;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::domain::id::TaskId;
use crate::domain::task::Draft;
use crate::domain::template::{Filled, Misfit, Template, is_name};
use crate::engine::dispatch::Request;
use crate::engine::merge::{fetch, link};
use crate::engine::{Engine, Fault, Kind, tasks};

/// Adds a ready task and prints its id; with `--start` dispatches it.
///
/// # Errors
/// See [`tasks::add`] and [`dispatch`](crate::engine::dispatch::dispatch).
pub fn run(wiring: &Wiring, args: Add) -> Outcome {
    let engine = wiring.engine()?;
    let timeout = args.timeout.as_deref().map(|text| duration("--timeout", text)).transpose()?;
    let repo = wiring.repository(&engine)?;
    let asked = args.title.clone().unwrap_or_default();
    let (template, filled) = template(wiring, &engine, &repo, &asked, &args)?;
    // What is fetched stays, whatever is wrong with the rest: first of all, that is looked at.
    let fetched = args.pr.map(|number| fetch(&engine, &repo, number)).transpose()?;
    let titled = fetched.as_ref().map(|fetched| fetched.title.clone());
    let draft = Draft {
        title: args.title.or(titled).unwrap_or_default(),
        prompt: args.prompt.map(prompt::read).transpose()?.unwrap_or(filled.prompt),
        repo,
        agent: args.agent.or(template.agent).unwrap_or_default(),
        base: args.base.or(filled.base.filter(|_| args.branch.is_none() && fetched.is_none())),
        branch: args.branch.or_else(|| fetched.as_ref().map(|fetched| fetched.branch.clone())),
        priority: args.priority,
        batch: args.batch,
        files: filled.files.into_iter().chain(args.file).collect(),
        verify: filled.verify.into_iter().chain(args.verify).collect(),
        timeout,
        after: args.after.into_iter().map(TaskId).collect(),
        external_id: args.external_id,
        extra: None,
        unsafe_mode: args.unsafe_mode,
    };
    let task = tasks::add(&engine, &draft)?;
    let id = task.id;
    if let Some(fetched) = &fetched {
        link(&engine, &task, &fetched.pull)?;
    }
    if args.start {
        // The id is printed even where the dispatch fails: the task is there.
        if !wiring.global.json {
            output::say(&id.to_string());
        }
        return super::dispatch::several(wiring, &[Request::of(id)], false, true);
    }
    if wiring.global.json {
        output::object(json!({ "tasks": [json::task(&board::card(&engine, id)?)] }));
    } else {
        output::say(&id.to_string());
    }
    Ok(ExitCode::SUCCESS)
}

/// The template that was asked for, filled in; without one, one that says nothing.
fn template(
    wiring: &Wiring,
    engine: &Engine,
    repo: &Path,
    title: &str,
    args: &Add,
) -> Result<(Template, Filled), Fault> {
    let usage = |message: String| Fault::new(Kind::Usage, message);
    let Some(name) = &args.template else {
        if let Some(word) = args.values.first() {
            let message =
                format!("{word:?} is one word too many: a title is one argument, and KEY=VALUE is for --template");
            return Err(usage(message).hint("put the title in quotes"));
        }
        let none = Filled { prompt: String::new(), base: None, files: Vec::new(), verify: Vec::new() };
        return Ok((Template::new(""), none));
    };
    let settings = wiring.settings_at(engine, Some(repo))?;
    let Some(template) = settings.templates.get(name) else {
        let known: Vec<&str> = settings.templates.keys().map(String::as_str).collect();
        let fault = usage(format!("there is no template {name:?} in the configuration"));
        return Err(match known.as_slice() {
            [] => fault.hint(format!("add a section [templates.{name}]: ganger config path")),
            known => fault.hint(format!("--template {}", known.join(", or "))),
        });
    };
    let mut values = BTreeMap::new();
    for value in &args.values {
        let (key, text) = value
            .split_once('=')
            .filter(|(key, _)| is_name(key))
            .ok_or_else(|| usage(format!("{value:?} is not KEY=VALUE")).hint(says(template)))?;
        if values.insert(key.to_owned(), text.to_owned()).is_some() {
            return Err(usage(format!("{key} is given twice")).hint(says(template)));
        }
    }
    let filled = template.fill(title, &values).map_err(|misfit| {
        let message = match misfit {
            Misfit::Missing(names) => format!("the template {name} needs {}", names.join(", ")),
            Misfit::Unknown(names) => format!("the template {name} has no {}", names.join(", ")),
        };
        usage(message).hint(says(template))
    })?;
    Ok((template.clone(), filled))
}

/// How a template is used.
fn says(template: &Template) -> String {
    let use_it = format!("ganger add TITLE --template {}", template.name);
    template.gaps().into_iter().fold(use_it, |line, gap| format!("{line} {gap}=…"))
}
