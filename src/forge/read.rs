//! What the programs of forges print. GitHub's names come first; those of GitLab (`glab -F json`, `glab api`) and of Gitea
//! (`tea api`) are understood as well.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::pull::{Check, Checks, Pull, Remark, Stage, Verdict};

/// A pull request.
#[derive(Deserialize)]
pub(super) struct Shown {
    #[serde(alias = "iid", alias = "index")]
    number: i64,
    #[serde(alias = "web_url", alias = "html_url")]
    url: String,
    state: String,
    #[serde(default)]
    merged: bool,
    #[serde(default, rename = "isDraft", alias = "draft")]
    is_draft: bool,
    #[serde(default, rename = "reviewDecision")]
    review_decision: Option<String>,
    #[serde(default, rename = "statusCheckRollup")]
    checks: Option<Vec<Run>>,
    #[serde(default)]
    head_pipeline: Option<Run>,
}

/// Where a pull request's commits are.
#[derive(Deserialize)]
pub(super) struct Head {
    pub title: String,
    #[serde(rename = "headRefName", alias = "source_branch", deserialize_with = "branch")]
    pub branch: String,
    #[serde(default, rename = "isCrossRepository")]
    is_cross: bool,
    #[serde(default, rename = "headRepository")]
    repository: Option<Named>,
    #[serde(default, rename = "headRepositoryOwner")]
    owner: Option<Login>,
    #[serde(default)]
    source_project_id: Option<i64>,
    #[serde(default)]
    target_project_id: Option<i64>,
}

/// A branch name, and no path or option that somebody has called theirs.
fn branch<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let name = String::deserialize(from)?;
    if name.starts_with('-') { Err(serde::de::Error::custom("no branch name")) } else { Ok(name) }
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Login {
    login: String,
}

/// A check run (`status`, `conclusion`), a commit's status (`state`) or a pipeline (`status` alone).
#[derive(Deserialize)]
pub(super) struct Run {
    #[serde(default, alias = "context")]
    name: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default, rename = "detailsUrl", alias = "targetUrl", alias = "web_url")]
    url: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Pending,
}

impl Head {
    pub(super) fn is_of_fork(&self) -> bool {
        self.is_cross || self.source_project_id != self.target_project_id
    }

    /// Owner and name of the fork that it comes from.
    pub(super) fn fork(&self) -> Option<(&str, &str)> {
        let (owner, repository) = (self.owner.as_ref()?, self.repository.as_ref()?);
        self.is_of_fork().then_some((&owner.login, &repository.name))
    }
}

impl Run {
    fn result(&self) -> Outcome {
        let status = self.status.as_deref().map(str::to_uppercase);
        let word = [&self.conclusion, &self.state].into_iter().flatten().find(|word| !word.is_empty());
        let word = word.map(|word| word.to_uppercase());
        // A pipeline has a status alone, and that says how it went.
        let word = match (status.as_deref(), word.as_deref()) {
            (None | Some("COMPLETED"), word) => word.unwrap_or_default(),
            (Some(status), None) => status,
            (Some(_), Some(_)) => "IN_PROGRESS",
        };
        match word {
            "SUCCESS" | "NEUTRAL" | "SKIPPED" | "MANUAL" => Outcome::Passed,
            ""
            | "PENDING"
            | "EXPECTED"
            | "QUEUED"
            | "IN_PROGRESS"
            | "WAITING"
            | "REQUESTED"
            | "RUNNING"
            | "CREATED"
            | "PREPARING"
            | "SCHEDULED"
            | "WAITING_FOR_RESOURCE" => Outcome::Pending,
            _ => Outcome::Failed,
        }
    }
}

impl Shown {
    pub(super) fn pull(&self) -> Pull {
        let stage = match self.state.to_uppercase().as_str() {
            "MERGED" => Stage::Merged,
            "CLOSED" if self.merged => Stage::Merged,
            "CLOSED" => Stage::Closed,
            _ => Stage::Open,
        };
        let verdict = match self.review_decision.as_deref() {
            Some("APPROVED") => Some(Verdict::Approved),
            Some("CHANGES_REQUESTED") => Some(Verdict::ChangesRequested),
            Some("REVIEW_REQUIRED") => Some(Verdict::Pending),
            Some(_) | None => None,
        };
        let mut checks = Checks::default();
        for run in self.runs() {
            match run.result() {
                Outcome::Passed => checks.passed += 1,
                Outcome::Failed => checks.failed += 1,
                Outcome::Pending => checks.pending += 1,
            }
        }
        Pull { number: self.number, url: self.url.clone(), stage, is_draft: self.is_draft, verdict, checks }
    }

    fn runs(&self) -> impl Iterator<Item = &Run> {
        self.checks.iter().flatten().chain(&self.head_pipeline)
    }

    /// Its checks that failed.
    pub(super) fn failed(&self) -> Vec<Check> {
        let failed = self.runs().filter(|run| run.result() == Outcome::Failed);
        let check = |run: &Run| Check {
            name: run.name.clone().unwrap_or_else(|| "pipeline".to_owned()),
            url: run.url.clone().unwrap_or_default(),
        };
        failed.map(check).collect()
    }
}

/// What people said, in whatever list or object that is printed: everything that has an author, a text and a time.
pub(super) fn remarks(value: &Value) -> Vec<Remark> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Remark>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(fields) => match remark(value) {
            Some(remark) => found.extend((!remark.text.is_empty() && !is_over(value)).then_some(remark)),
            None => {
                for name in ["reviews", "comments", "notes"] {
                    fields.get(name).into_iter().for_each(|value| collect(value, found));
                }
            }
        },
        _ => {}
    }
}

/// Whether nothing has to be done about it: the forge itself says it, or somebody has settled it.
fn is_over(value: &Value) -> bool {
    ["system", "resolved", "isMinimized"].iter().any(|name| value.get(name).and_then(Value::as_bool) == Some(true))
}

fn remark(value: &Value) -> Option<Remark> {
    let text = |names: &[&str]| names.iter().find_map(|name| value.pointer(name)?.as_str());
    let author = text(&["/author/login", "/author/username", "/user/login"])?;
    let said = text(&["/body"])?;
    let at = text(&["/submittedAt", "/createdAt", "/submitted_at", "/created_at"])?;
    let at = at.parse::<jiff::Timestamp>().ok()?;
    let line = ["/line", "/original_line", "/position/new_line"].iter().find_map(|name| value.pointer(name)?.as_u64());
    let path = text(&["/path", "/position/new_path"]).map(|path| match line {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    });
    let association = text(&["/authorAssociation", "/author_association"]);
    Some(Remark {
        author: author.to_owned(),
        text: said.trim().to_owned(),
        place: path,
        at: crate::domain::time::Timestamp(at.as_millisecond()),
        is_insider: association.is_some_and(|word| ["OWNER", "MEMBER", "COLLABORATOR"].contains(&word)),
    })
}

#[cfg(test)]
mod tests {
    use super::{Head, Shown, remarks};
    use crate::domain::pull::{Checks, Stage, Verdict};

    #[test]
    fn what_gh_prints_is_understood() {
        let shown = |json: &str| serde_json::from_str::<Shown>(json).unwrap().pull();
        let pull = shown(
            r#"{"number":7,"url":"https://github.com/o/r/pull/7","state":"OPEN","isDraft":true,"reviewDecision":"CHANGES_REQUESTED",
               "statusCheckRollup":[{"__typename":"CheckRun","status":"COMPLETED","conclusion":"SUCCESS"},
               {"status":"COMPLETED","conclusion":"FAILURE"},{"status":"IN_PROGRESS","conclusion":""},{"status":"QUEUED","conclusion":""},
               {"__typename":"StatusContext","state":"PENDING"},{"state":"SUCCESS"},{"state":"ERROR"},
               {"status":"COMPLETED","conclusion":"SKIPPED"},{"status":"WAITING","conclusion":null}]}"#,
        );
        assert_eq!((pull.stage, pull.verdict, pull.is_draft), (Stage::Open, Some(Verdict::ChangesRequested), true));
        assert_eq!(pull.checks, Checks { passed: 3, failed: 2, pending: 4 });
        assert_eq!(pull.said(), "draft, changes requested, 2 checks failed");
        let bare = shown(
            r#"{"number":1,"url":"u","state":"MERGED","isDraft":false,"reviewDecision":"","statusCheckRollup":[]}"#,
        );
        assert_eq!((bare.stage, bare.verdict, bare.said().as_str()), (Stage::Merged, None, "merged"));
    }

    #[test]
    fn what_glab_and_tea_print_is_understood() {
        let shown = |json: &str| serde_json::from_str::<Shown>(json).unwrap();
        let glab = shown(
            r#"{"iid":3,"web_url":"https://gitlab.com/o/r/-/merge_requests/3","state":"opened","draft":false,
               "head_pipeline":{"status":"failed","web_url":"https://gitlab.com/o/r/-/pipelines/9"}}"#,
        );
        assert_eq!(glab.pull().said(), "open, 1 check failed");
        assert_eq!(glab.failed()[0].url, "https://gitlab.com/o/r/-/pipelines/9");
        let tea = shown(r#"{"number":4,"html_url":"https://codeberg.org/o/r/pulls/4","state":"closed","merged":true}"#);
        assert_eq!((tea.pull().number, tea.pull().stage), (4, Stage::Merged));
        let head = r#"{"title":"t","source_branch":"fix","source_project_id":1,"target_project_id":2}"#;
        let head: Head = serde_json::from_str(head).unwrap();
        assert_eq!((head.branch.as_str(), head.is_of_fork(), head.fork()), ("fix", true, None));
        assert!(serde_json::from_str::<Head>(r#"{"title":"t","headRefName":"--upload-pack=x"}"#).is_err());
    }

    #[test]
    fn what_people_said_is_found_wherever_it_is_printed() {
        let said = |json: &str| {
            let found = remarks(&serde_json::from_str(json).unwrap());
            found.into_iter().map(|one| (one.author, one.place, one.text, one.is_insider)).collect::<Vec<_>>()
        };
        let reviews = r#"{"reviews":[{"author":{"login":"ann"},"authorAssociation":"MEMBER","body":"No.","submittedAt":"2026-01-02T03:04:05Z"},
            {"author":{"login":"bob"},"body":"","submittedAt":"2026-01-02T03:04:05Z"}],
            "comments":[{"author":{"login":"eve"},"authorAssociation":"NONE","body":" Hi ","createdAt":"2026-01-02T03:04:05Z"}]}"#;
        let own = |author: &str, place: Option<&str>, text: &str, insider| {
            (author.to_owned(), place.map(str::to_owned), text.to_owned(), insider)
        };
        assert_eq!(said(reviews), [own("ann", None, "No.", true), own("eve", None, "Hi", false)]);
        let lines = r#"[{"user":{"login":"ann"},"author_association":"OWNER","path":"a.rs","line":null,"original_line":3,"body":"Why?",
            "created_at":"2026-01-02T03:04:05Z"}]"#;
        assert_eq!(said(lines), [own("ann", Some("a.rs:3"), "Why?", true)]);
        let glab = r#"[{"notes":[{"author":{"username":"ann"},"body":"Why?","created_at":"2026-01-02T03:04:05.678Z","system":false,
            "position":{"new_path":"b.rs","new_line":7}},{"author":{"username":"ann"},"body":"added 1 commit","system":true,
            "created_at":"2026-01-02T03:04:05Z"}]}]"#;
        assert_eq!(said(glab), [own("ann", Some("b.rs:7"), "Why?", false)]);
    }
}
