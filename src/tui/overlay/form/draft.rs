//! What is typed into the form, read: a draft's fields, or which field is wrong and why.

use super::field::PERMISSIONS;
use super::{Form, Name};
use crate::domain::duration;
use crate::domain::id::TaskId;
use crate::domain::task::{Draft, Edit};

impl Form {
    /// What is typed, as a draft's fields.
    ///
    /// # Errors
    /// The field that is wrong, and why.
    pub fn edited(&self) -> Result<Edit, (Name, String)> {
        let line = |name| self.text(name).trim().to_owned();
        let title = line(Name::Title);
        if title.is_empty() {
            return Err((Name::Title, "a title can't be empty".to_owned()));
        }
        let agent = line(Name::Agent);
        if !self.agents.contains(&agent) {
            let known = self.agents.join(", ");
            return Err((Name::Agent, format!("there is no agent {agent:?}; there is {known}")));
        }
        let priority = match line(Name::Priority).as_str() {
            "" => 0,
            text => {
                text.parse().map_err(|_| (Name::Priority, format!("the priority {text:?} is not a whole number")))?
            }
        };
        let mut after = Vec::new();
        for word in line(Name::After).split([' ', ',']).filter(|word| !word.is_empty()) {
            let id = word.trim_start_matches('#').parse();
            after.push(TaskId(id.map_err(|_| (Name::After, format!("{word:?} is not a task id")))?));
        }
        let timeout = match line(Name::Timeout).as_str() {
            "" => None,
            text => {
                let wrong = || (Name::Timeout, format!("the timeout {text:?} is not a duration such as 30m or 1h30m"));
                Some(duration::parse(text).ok_or_else(wrong)?)
            }
        };
        let unsafe_mode = match PERMISSIONS.iter().position(|choice| *choice == line(Name::Permissions)) {
            Some(choice) => choice == 1,
            None => return Err((Name::Permissions, "it is safe or unsafe".to_owned())),
        };
        let words = |text: String, by: char| -> Vec<String> {
            text.split(by).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        Ok(Edit {
            title: Some(title),
            prompt: Some(self.text(Name::Prompt)),
            agent: Some(agent),
            base: Some(Some(line(Name::Base)).filter(|base| !base.is_empty())),
            branch: Some(Some(line(Name::Branch)).filter(|branch| !branch.is_empty())),
            priority: Some(priority),
            batch: None,
            verify: Some(words(self.text(Name::Verify), '\n')),
            timeout: Some(timeout),
            after: Some(after),
            files: Some(words(self.text(Name::Files), ',')),
            unsafe_mode: Some(unsafe_mode),
        })
    }
}

/// An edit without what stays as it is.
#[must_use]
pub fn changes(edit: Edit, draft: &Draft) -> Edit {
    fn unless_same<T: PartialEq>(new: Option<T>, old: &T) -> Option<T> {
        new.filter(|new| new != old)
    }
    Edit {
        title: unless_same(edit.title, &draft.title),
        prompt: unless_same(edit.prompt, &draft.prompt),
        agent: unless_same(edit.agent, &draft.agent),
        base: unless_same(edit.base, &draft.base),
        branch: unless_same(edit.branch, &draft.branch),
        priority: unless_same(edit.priority, &draft.priority),
        batch: unless_same(edit.batch, &draft.batch),
        verify: unless_same(edit.verify, &draft.verify),
        timeout: unless_same(edit.timeout, &draft.timeout),
        after: unless_same(edit.after, &draft.after),
        files: unless_same(edit.files, &draft.files),
        unsafe_mode: unless_same(edit.unsafe_mode, &draft.unsafe_mode),
    }
}
