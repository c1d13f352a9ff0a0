//! The columns of the board: which tasks stand in each, in which order, and where the cursor is.

use std::collections::BTreeMap;

use crate::domain::id::TaskId;
use crate::domain::order::{Order, Sort};
use crate::domain::state::Status;
use crate::engine::board::{Board, Card};

/// What a person typed to see fewer tasks: words, each of which has to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub text: String,
}

impl Filter {
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.text.trim().is_empty()
    }

    /// Whether a card shows every word: in its id, its title, its agent, why it is where it is, or what its agent says;
    /// `#12` is the id 12 alone.
    #[must_use]
    pub fn lets_through(&self, card: &Card) -> bool {
        let task = &card.task;
        let said = said(card).unwrap_or_default();
        let hay = [task.draft.title.as_str(), &task.draft.agent, reason(card).unwrap_or_default(), said];
        let hay = hay.join("\n").to_lowercase();
        self.text.to_lowercase().split_whitespace().all(|word| match word.strip_prefix('#') {
            Some(number) if !number.is_empty() => task.id.to_string() == number,
            Some(_) | None => hay.contains(word) || task.id.to_string() == word,
        })
    }
}

/// Why a task is where it is, where its card says so: what failed, and what is tried again.
#[must_use]
pub fn reason(card: &Card) -> Option<&str> {
    let task = &card.task;
    let shown = task.status == Status::Failed || (task.status == Status::Ready && task.attempts > 0);
    task.reason.as_deref().filter(|_| shown)
}

/// What its agent asks or said last, where its card says so.
#[must_use]
pub fn said(card: &Card) -> Option<&str> {
    card.saying().filter(|_| card.task.status == Status::InProgress && !card.is_lost())
}

/// The board's columns in their order.
pub const COLUMNS: [Status; 5] = [Status::Ready, Status::InProgress, Status::Review, Status::Done, Status::Failed];

/// A column's place in [`COLUMNS`].
#[must_use]
pub fn place(status: Status) -> usize {
    COLUMNS.iter().position(|column| *column == status).unwrap_or(0)
}

/// A column's title.
#[must_use]
pub const fn title(status: Status) -> &'static str {
    match status {
        Status::Ready => "Ready",
        Status::InProgress => "In progress",
        Status::Review => "Review",
        Status::Done => "Done",
        Status::Failed => "Failed",
    }
}

/// The tasks of each column, and the cursor. The cursor holds on to its task wherever that goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    tasks: [Vec<TaskId>; 5],
    /// The column of the cursor.
    focus: usize,
    /// Where the cursor stands, or would stand, in each column.
    rows: [usize; 5],
    /// The first card shown of each column.
    tops: [usize; 5],
    /// The heading above a task that is the first of its group.
    headings: BTreeMap<TaskId, String>,
}

impl Columns {
    /// Lays the board out anew. The cursor stays on its task; where that is gone, on its place.
    pub fn arrange(&mut self, board: &Board, filter: &Filter, order: Order) {
        let selected = self.selected();
        let mut cards: [Vec<&Card>; 5] = Default::default();
        for card in board.cards.iter().filter(|card| filter.lets_through(card)) {
            cards[place(card.task.status)].push(card);
        }
        self.headings.clear();
        for (status, cards) in COLUMNS.iter().zip(&mut cards) {
            let is_over = matches!(status, Status::Done | Status::Failed);
            let sort = if order.sort == Sort::Board && is_over { Sort::Updated } else { order.sort };
            // Who waits for the user comes first.
            let is_patient = |card: &Card| *status == Status::InProgress && !card.needs_person();
            cards.sort_by(|one, other| {
                let group = order.group.compare(&one.task, &other.task);
                let waits = is_patient(one).cmp(&is_patient(other));
                group.then(waits).then_with(|| sort.compare(&one.task, &other.task))
            });
            let mut before = None;
            for card in cards {
                let heading = order.group.heading(&card.task);
                let is_first = before.is_none_or(|before: &Card| order.group.compare(&before.task, &card.task).is_ne());
                self.headings.extend(heading.filter(|_| is_first).map(|heading| (card.task.id, heading)));
                before = Some(card);
            }
        }
        self.tasks = cards.map(|cards| cards.into_iter().map(|card| card.task.id).collect());
        if let Some(selected) = selected {
            self.go_to(selected);
        }
        for (row, tasks) in self.rows.iter_mut().zip(&self.tasks) {
            *row = (*row).min(tasks.len().saturating_sub(1));
        }
    }

    /// Puts the cursor into the first column that has tasks, unless it has been moved to another one already.
    pub fn begin(&mut self) {
        if self.focus != 0 {
            return;
        }
        self.focus = self.tasks.iter().position(|tasks| !tasks.is_empty()).unwrap_or(0);
    }

    /// The tasks of a column.
    #[must_use]
    pub fn tasks(&self, status: Status) -> &[TaskId] {
        &self.tasks[place(status)]
    }

    /// The heading above a task that is the first of its group.
    #[must_use]
    pub fn heading(&self, task: TaskId) -> Option<&str> {
        self.headings.get(&task).map(String::as_str)
    }

    /// The column of the cursor.
    #[must_use]
    pub fn focus(&self) -> Status {
        COLUMNS[self.focus]
    }

    /// The task under the cursor.
    #[must_use]
    pub fn selected(&self) -> Option<TaskId> {
        self.tasks[self.focus].get(self.rows[self.focus]).copied()
    }

    /// The first card shown of a column.
    #[must_use]
    pub fn top(&self, status: Status) -> usize {
        self.tops[place(status)]
    }

    /// Puts the cursor into a column.
    pub fn enter(&mut self, status: Status) {
        self.focus = place(status);
    }

    /// Puts the cursor on a task, if it is shown.
    pub fn go_to(&mut self, task: TaskId) -> bool {
        for (column, tasks) in self.tasks.iter().enumerate() {
            if let Some(row) = tasks.iter().position(|found| *found == task) {
                (self.focus, self.rows[column]) = (column, row);
                return true;
            }
        }
        false
    }

    /// Moves the cursor by rows.
    pub fn move_by(&mut self, rows: isize) {
        let last = self.tasks[self.focus].len().saturating_sub(1);
        let row = &mut self.rows[self.focus];
        *row = row.saturating_add_signed(rows).min(last);
    }

    /// Moves the cursor to the next column on one side; stays at the edge.
    pub fn step(&mut self, right: bool) {
        self.focus = if right { (self.focus + 1).min(COLUMNS.len() - 1) } else { self.focus.saturating_sub(1) };
    }

    /// Scrolls a column without moving the cursor, as far as the cursor allows.
    pub fn scroll(&mut self, status: Status, rows: isize) {
        let column = place(status);
        let last = self.tasks[column].len().saturating_sub(1);
        self.rows[column] = self.rows[column].saturating_add_signed(rows).min(last);
    }

    /// The shown task after, or before, the cursor that `wanted` picks, column by column, around the end.
    #[must_use]
    pub fn seek(&self, forward: bool, wanted: impl Fn(TaskId) -> bool) -> Option<TaskId> {
        let all: Vec<TaskId> = self.tasks.iter().flatten().copied().collect();
        let here = self.selected().and_then(|selected| all.iter().position(|task| *task == selected));
        let count = all.len();
        let start = here.unwrap_or(if forward { count.saturating_sub(1) } else { 0 });
        (1..=count)
            .map(|step| all[if forward { (start + step) % count } else { (start + count - step % count) % count }])
            .find(|task| wanted(*task))
    }

    /// The first card to show of a column so that its cursor is in sight in so many `rows`, and no more of them are empty
    /// at its end than have to be. A card's height includes an empty row, which the last one does without.
    #[must_use]
    pub fn followed(&self, status: Status, rows: u16, height: impl Fn(TaskId) -> u16) -> usize {
        let column = place(status);
        let tasks = &self.tasks[column];
        // The first card from which on this one is in sight.
        let first = |last: usize| {
            let mut room = rows + 1;
            let fits = |index: &usize| {
                let height = height(tasks[*index]);
                let fits = height <= room;
                room = room.saturating_sub(height);
                fits
            };
            (0..=last).rev().take_while(fits).last().unwrap_or(last)
        };
        let Some(last) = tasks.len().checked_sub(1) else { return self.tops[column] };
        let row = self.rows[column];
        self.tops[column].clamp(first(row).min(row), row).min(first(last))
    }

    /// Shows a column from this card on.
    pub fn show_from(&mut self, status: Status, top: usize) {
        self.tops[place(status)] = top;
    }
}

#[cfg(test)]
mod tests {
    use super::{Columns, Filter, Order, Sort};
    use crate::domain::id::TaskId;
    use crate::domain::order::Group;
    use crate::domain::state::{Activity, Phase, Source, Status};
    use crate::tui::tests::support::{board, card, doing, live, minutes_ago};

    #[test]
    fn the_cursor_stays_on_its_task_wherever_it_goes() {
        let mut columns = Columns::default();
        let mut cards = vec![card(1, Status::Ready), card(2, Status::Ready), card(3, Status::Ready)];
        columns.arrange(&board(cards.clone()), &Filter::default(), Order::default());
        columns.move_by(1);
        assert_eq!(columns.selected(), Some(TaskId(2)));
        cards[1] = card(2, Status::Review);
        columns.arrange(&board(cards.clone()), &Filter::default(), Order::default());
        assert_eq!((columns.selected(), columns.focus()), (Some(TaskId(2)), Status::Review));
        cards.remove(1);
        columns.arrange(&board(cards), &Filter::default(), Order::default());
        assert_eq!(columns.selected(), None, "the column is empty now, and the cursor stays in it");
    }

    #[test]
    fn words_and_ids_filter() {
        let filter = |text: &str| Filter { text: text.to_owned() };
        let card = card(12, Status::Ready);
        for text in ["", "task", "12", "#12", "TASK 12", "shell"] {
            assert!(filter(text).lets_through(&card), "{text}");
        }
        for text in ["#1", "nothing", "task nothing"] {
            assert!(!filter(text).lets_through(&card), "{text}");
        }
    }

    #[test]
    fn a_filter_finds_only_what_a_card_shows() {
        let filter = Filter { text: "finished".to_owned() };
        for (status, shown) in [(Status::Review, false), (Status::Done, false), (Status::Failed, true)] {
            let mut card = card(1, status);
            card.task.reason = Some("the agent finished".to_owned());
            assert_eq!(filter.lets_through(&card), shown, "{status}");
        }
        let mut again = card(1, Status::Ready);
        (again.task.reason, again.task.attempts) = (Some("the agent finished".to_owned()), 1);
        assert!(filter.lets_through(&again));
        let branch = Filter { text: "ganger/1-work".to_owned() };
        assert!(!branch.lets_through(&live(1, "runs", Phase::Running, 1)), "no card shows its branch");
    }

    #[test]
    fn tasks_are_sorted_and_grouped_and_who_waits_comes_first() {
        let mut cards: Vec<_> = (1..=4).map(|id| card(id, Status::Ready)).collect();
        for (card, (title, agent, priority, age)) in
            cards.iter_mut().zip([("d", "b", 0, 5), ("C", "a", 2, 9), ("b", "b", 1, 7), ("a", "a", 0, 8)])
        {
            card.task.draft.title = title.to_owned();
            card.task.draft.agent = agent.to_owned();
            (card.task.draft.priority, card.task.created_at) = (priority, minutes_ago(age));
        }
        let shown = |sort, group| {
            let mut columns = Columns::default();
            columns.arrange(&board(cards.clone()), &Filter::default(), Order { sort, group });
            let tasks = columns.tasks(Status::Ready).iter();
            let row = |task: &TaskId| {
                format!("{}{task}", columns.heading(*task).map_or(String::new(), |h| h.to_owned() + ": "))
            };
            tasks.map(row).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(Sort::Board, Group::None), "2 3 1 4");
        assert_eq!(shown(Sort::Id, Group::None), "1 2 3 4");
        assert_eq!(shown(Sort::Created, Group::None), "2 4 3 1");
        assert_eq!(shown(Sort::Title, Group::None), "4 3 2 1");
        assert_eq!(shown(Sort::Board, Group::Agent), "a: 2 4 b: 3 1");
        assert_eq!(shown(Sort::Id, Group::Priority), "priority 2: 2 priority 1: 3 priority 0: 1 4");
        let mut waits = live(2, "waits", Phase::Running, 1);
        doing(&mut waits, Activity::Waiting, Source::Agent, None);
        let mut columns = Columns::default();
        let both = board(vec![live(1, "works", Phase::Running, 1), waits]);
        columns.arrange(&both, &Filter::default(), Order { sort: Sort::Id, group: Group::None });
        assert_eq!(columns.tasks(Status::InProgress), [TaskId(2), TaskId(1)]);
    }

    #[test]
    fn the_cursor_is_always_in_sight() {
        let mut columns = Columns::default();
        let cards = (1..=50).map(|id| card(id, Status::Ready)).collect();
        columns.arrange(&board(cards), &Filter::default(), Order::default());
        for (rows, top) in [(0, 0), (4, 0), (1, 1), (100, 45), (-1, 45), (-40, 8)] {
            columns.move_by(rows);
            columns.show_from(Status::Ready, columns.followed(Status::Ready, 14, |_| 3));
            assert_eq!(columns.top(Status::Ready), top, "after {rows}");
        }
    }

    #[test]
    fn seeking_goes_around_in_both_directions() {
        let mut columns = Columns::default();
        let cards = vec![card(1, Status::Ready), card(2, Status::Review), card(3, Status::Failed)];
        columns.arrange(&board(cards), &Filter::default(), Order::default());
        let any = |_| true;
        assert_eq!(columns.seek(true, any), Some(TaskId(2)));
        assert_eq!(columns.seek(false, any), Some(TaskId(3)));
        assert_eq!(columns.seek(true, |task| task == TaskId(1)), Some(TaskId(1)));
        assert_eq!(columns.seek(true, |_| false), None);
    }
}
