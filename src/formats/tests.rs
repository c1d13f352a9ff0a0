//! Each format as its program writes it, and what is wrong named by record and field.

use std::path::Path;

use proptest::prelude::*;

use super::{Format, Item, Options, line, read, sniff};

fn of(format: Format, text: &str, path: &str) -> Vec<Item> {
    assert_eq!(sniff(text, Some(Path::new(path))), Some(format), "{text}");
    read(text, format, Options { path: Some(Path::new(path)), ..Options::default() }).unwrap()
}

fn said(format: Format, text: &str) -> String {
    read(text, format, Options::default()).unwrap_err().to_string()
}

fn names(item: &Item) -> (&str, Vec<&str>) {
    (item.name.as_deref().unwrap_or_default(), item.after.iter().map(String::as_str).collect())
}

#[test]
fn tasks_of_ganger_are_read_in_all_three_shapes() {
    let one = r#"{"id":3,"title":"t","prompt":"p","priority":2,"files":["a"],"verify":["make"],"timeout":60,"after":[1],
        "status":"ready","attempt":null,"created_at":"x","colour":"red","extra":{"k":1}}"#;
    for text in [one.to_owned(), format!("[{one}]"), format!("{{\"schema_version\":1,\"tasks\":[{one}]}}")] {
        let items = of(Format::Ganger, &text, "x.json");
        assert_eq!((items[0].title.as_str(), items[0].priority, names(&items[0])), ("t", 2, ("3", vec!["1"])));
        assert_eq!(serde_json::Value::Object(items[0].extra.clone()).to_string(), r#"{"k":1,"colour":"red"}"#);
    }
    let lines = "{\"title\":\"a\"}\n\n{\"title\":\"b\",\"status\":\"done\"}\n";
    let items = of(Format::Ganger, lines, "x.jsonl");
    assert_eq!((items.len(), items[1].skip, items[1].place.as_str()), (2, Some("it is done"), "line 3"));
}

#[test]
fn what_is_wrong_is_named_by_record_and_field() {
    assert_eq!(said(Format::Ganger, r#"[{"title":"a"},{"title":""}]"#), "record 2, field title: missing or empty");
    assert_eq!(
        said(Format::Ganger, r#"[{"title":"a","priority":"high"}]"#),
        "record 1, field priority: not a whole number"
    );
    assert_eq!(said(Format::Ganger, r#"[{"title":"a","files":"f"}]"#), "record 1, field files: not a list of texts");
    assert_eq!(
        said(Format::Ganger, r#"[{"title":"a","timeout":"soon"}]"#).split(':').next(),
        Some("record 1, field timeout")
    );
    assert_eq!(said(Format::Ganger, "[1]"), "record 1: not an object");
    assert!(said(Format::Ganger, "{\"title\":\"a\"}\n{\"title\":}\n").starts_with("line 2: not JSON"));
    assert!(said(Format::Ganger, "[{\"title\":\n 1 2}]").starts_with("line 2: not JSON"));
    assert!(said(Format::Ganger, "7").contains("neither an array nor an object"));
    assert!(said(Format::GithubIssues, r#"[{"number":1,"title":"a"}]"#).contains("field url"));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(said(Format::Ganger, &deep).contains("not JSON"));
}

#[test]
fn the_worker_form() {
    let text = r#"[{"task_number":"1.2","task_title":"Do it","implementation":"So","files":["a.rs"],
        "verification_steps":["make"],"batch_number":1,"owner":"x"},
        {"extra_data":{"task_number":2,"task_title":"More"},"id":9}]"#;
    let items = of(Format::Worker, text, "x.json");
    let Item { external_id, title, prompt, files, verify, batch, extra, .. } = &items[0];
    assert_eq!(
        (external_id.as_deref(), title.as_str(), prompt.as_str(), *batch),
        (Some("1.2"), "Do it", "So", Some(1))
    );
    assert_eq!((files.len(), verify.len(), extra["owner"].as_str()), (1, 1, Some("x")));
    assert_eq!((names(&items[1]).0, items[1].extra["id"].as_i64()), ("2", Some(9)));
}

#[test]
fn github_issues() {
    let text = r#"[{"body":"Long\r\ntext","labels":[{"name":"bug"},{"name":"priority:high"}],"number":7,"title":"Crash",
        "url":"https://github.com/o/r/issues/7","state":"OPEN","blockedBy":{"nodes":[{"number":6,"url":"https://github.com/o/r/issues/6"}]}},
        {"body":"","labels":[],"number":6,"title":"First","url":"https://github.com/o/r/issues/6","state":"CLOSED"}]"#;
    let items = of(Format::GithubIssues, text, "x.json");
    assert_eq!((items[0].priority, items[0].prompt.as_str()), (1, "Long\r\ntext"));
    assert_eq!(names(&items[0]), ("https://github.com/o/r/issues/7", vec!["https://github.com/o/r/issues/6"]));
    assert_eq!((items[1].skip, items[0].extra["number"].as_i64()), (Some("the issue is closed"), Some(7)));
}

#[test]
fn beads() {
    let text = "{\"id\":\"bd-1\",\"title\":\"a\",\"description\":\"d\",\"acceptance_criteria\":\"works\",\"status\":\"open\",\
                \"priority\":1,\"issue_type\":\"task\",\"dependencies\":[{\"issue_id\":\"bd-1\",\"depends_on_id\":\"bd-2\",\
                \"type\":\"blocks\"},{\"issue_id\":\"bd-1\",\"depends_on_id\":\"bd-3\",\"type\":\"related\"}]}\n\
                {\"id\":\"bd-2\",\"title\":\"b\",\"status\":\"closed\",\"priority\":0,\"issue_type\":\"bug\"}\n";
    let items = of(Format::Beads, text, "issues.jsonl");
    assert_eq!((names(&items[0]), items[0].priority), (("bd-1", vec!["bd-2"]), -1));
    assert_eq!(items[0].prompt, "d\n\n## Acceptance criteria\n\nworks");
    assert_eq!(items[1].skip, Some("it is closed"));
}

#[test]
fn taskmaster() {
    let tasks = r#"{"tasks":[{"id":1,"title":"a","description":"d","details":"how","testStrategy":"so","status":"done",
        "dependencies":[],"priority":"high","subtasks":[]},
        {"id":2,"title":"b","status":"pending","dependencies":[1],"priority":"low",
         "subtasks":[{"id":1,"title":"b1","status":"pending","dependencies":[]},
                     {"id":2,"title":"b2","status":"pending","dependencies":[1,"1"]}]}]}"#;
    let items = of(Format::Taskmaster, &format!("{{\"master\":{tasks}}}"), "tasks.json");
    let all: Vec<_> = items.iter().map(names).collect();
    assert_eq!(
        all,
        [
            ("master:1", vec![]),
            ("master:2.1", vec!["master:1"]),
            ("master:2.2", vec!["master:2.1", "master:2.1", "master:1"]),
            ("master:2", vec!["master:2.1", "master:2.2"]),
        ]
    );
    assert_eq!((items[0].skip, items[0].priority, items[3].priority), (Some("it is done"), 1, -1));
    assert_eq!(names(&of(Format::Taskmaster, tasks, "tasks.json")[3]).0, "2");
}

#[test]
fn a_checklist_has_prompts_below_its_items_and_batches_if_asked() {
    let text = "# Plan\n\nIntro.\n\n## One\n- [ ] first\n  how\n- [x] second\n## Two\n- [ ] first\n";
    let items = of(Format::Checklist, text, "docs/plan.md");
    assert_eq!((items[0].prompt.as_str(), items[1].skip), ("how", Some("it is checked")));
    assert_eq!(items[2].external_id.as_deref(), Some("plan.md#first (2)"));
    assert_eq!(items[0].batch, None);
    let options = Options { headings: true, ..Options::default() };
    let batches: Vec<_> = read(text, Format::Checklist, options).unwrap().iter().map(|item| item.batch).collect();
    assert_eq!(batches, [Some(2), Some(2), Some(3)]);
}

#[test]
fn spec_kit_runs_phases_one_after_the_other_and_p_beside_each_other() {
    let text = "# Tasks\n## Phase 1: Setup\n- [ ] T001 Create `Cargo.toml`\n- [ ] T002 [P] Lint in src/lint.rs\n\
                - [ ] T003 [P] [US1] Test in tests/a.rs (depends on T001)\n- [ ] T004 Join them\n**Checkpoint**: x\n\
                ## Phase 2: Core\n- [x] T005 [P] Done\n- [ ] T006 [P] Go on in src/b.rs\n";
    let items = of(Format::SpecKit, text, "specs/001-login/tasks.md");
    let all: Vec<_> = items.iter().map(names).collect();
    assert_eq!(
        all,
        [
            ("T001", vec![]),
            ("T002", vec!["T001"]),
            ("T003", vec!["T001"]),
            ("T004", vec!["T002", "T003"]),
            ("T005", vec!["T004"]),
            ("T006", vec!["T004"]),
        ]
    );
    assert_eq!(items[2].external_id.as_deref(), Some("001-login/T003"));
    assert_eq!(
        (items[0].files.as_slice(), items[2].files.as_slice()),
        (&["Cargo.toml".to_owned()][..], &["tests/a.rs".to_owned()][..])
    );
    assert!(items[3].prompt.contains("Phase 1: Setup") && items[4].skip.is_some(), "{items:?}");
}

#[test]
fn openspec_runs_groups_one_after_the_other() {
    let text = "## 1. Data\n- [ ] 1.1 Table\n- [ ] 1.2 Index\n## 2. Use\n- [ ] 2.1 Query\n";
    let items = of(Format::OpenSpec, text, "openspec/changes/add-login/tasks.md");
    assert_eq!(names(&items[2]), ("2.1", vec!["1.1", "1.2"]));
    assert_eq!(items[0].external_id.as_deref(), Some("add-login/1.1"));
}

#[test]
fn tables_are_read_by_the_names_of_their_columns() {
    let text = "Issue key,Summary,Description,Priority,Sprint\nA-1,\"Fix, now\",\"two\nlines\",3,5\nA-2,More,,,\n";
    let items = of(Format::Csv, text, "x.csv");
    assert_eq!((items[0].title.as_str(), items[0].prompt.as_str(), items[0].priority), ("Fix, now", "two\nlines", 3));
    assert_eq!((names(&items[1]).0, items[0].extra["Sprint"].as_str()), ("A-2", Some("5")));
    let map = [("title".to_owned(), "Was".to_owned()), ("priority".to_owned(), "Rang".to_owned())];
    let options = Options { map: &map, ..Options::default() };
    let wrong = read("Was,Rang\na,b\n", Format::Csv, options).unwrap_err().to_string();
    assert_eq!(wrong, "line 2, field Rang: not a whole number");
    assert!(read("A,B\n1,2\n", Format::Csv, options).unwrap_err().to_string().contains("no column \"Was\""));
    assert!(said(Format::Csv, "A,B\n1,2\n").contains("--map title=COLUMN"));
    assert!(said(Format::Csv, "title,B\n1\n").starts_with("line 2: not CSV"));
}

#[test]
fn what_can_be_nothing_else_is_known_by_its_content() {
    assert_eq!(sniff("just words\n", None), None);
    assert_eq!(sniff("", None), None);
    assert_eq!(sniff("[]", None), Some(Format::Ganger));
    assert_eq!(sniff("[ ] no list", None), None);
    assert_eq!(sniff("\u{feff}- [ ] a\n", None), Some(Format::Checklist));
}

fn item() -> impl Strategy<Value = Item> {
    let text = || "[a-z\"\\\\\n\u{e9}\u{1f600} -]{0,12}";
    let texts = || prop::collection::vec(text(), 0..3);
    let options = (
        prop::option::of(text()),
        prop::option::of(text()),
        prop::option::of(any::<i64>()),
        prop::option::of(1_u64..100_000),
    );
    let branch = prop::option::of(text());
    (
        ("x[a-z \n]{0,12}", text(), texts(), texts(), texts()),
        options,
        any::<i64>(),
        any::<bool>(),
        (any::<bool>(), branch),
    )
        .prop_map(
            |(
                (title, prompt, files, verify, after),
                (agent, external_id, batch, timeout),
                priority,
                unsafe_mode,
                (done, branch),
            )| Item {
                place: "record 1".to_owned(),
                title,
                prompt,
                files,
                verify,
                after,
                agent,
                external_id,
                batch,
                branch,
                timeout: timeout.map(std::time::Duration::from_secs),
                priority,
                unsafe_mode,
                skip: done.then_some("it is done"),
                ..Item::default()
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(item in item()) {
        let back = read(&line(&item), Format::Ganger, Options::default()).unwrap();
        prop_assert_eq!(back, vec![item]);
    }

    #[test]
    fn no_text_is_too_strange(text in "[-\\[\\]{}\",:#x0-9a-z .\n]{0,200}") {
        for (_, format) in Format::ALL {
            read(&text, format, Options::default()).ok();
        }
        prop_assert_ne!(sniff(&text, None), Some(Format::Csv));
    }
}
