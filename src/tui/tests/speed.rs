//! Much of everything: still every card is reached, and nothing that is not seen is drawn.

use std::time::{Duration, Instant};

use super::support::{Screen, card, live, titled};
use crate::domain::id::TaskId;
use crate::domain::state::{Phase, Status};
use crate::engine::board::Card;

/// A thousand tasks, fifty of them running, one with a title of 10 kB.
fn many() -> Vec<Card> {
    let mut cards: Vec<Card> = (1..=950).map(|id| card(id, Status::ALL[usize::try_from(id % 5).unwrap()])).collect();
    for card in cards.iter_mut().filter(|card| card.task.status == Status::InProgress) {
        card.task.status = Status::Ready;
    }
    cards.extend((951..=1_000).map(|id| live(id, "runs", Phase::Running, id)));
    cards[0] = titled(1, Status::Ready, &"a very long title ".repeat(600));
    cards
}

#[test]
fn a_thousand_tasks_are_all_reached_with_the_cursor_in_sight() {
    let mut screen = Screen::with(200, 60, many());
    let ready = screen.model.columns.tasks(Status::Ready).to_vec();
    assert_eq!(ready.len(), 380);
    for id in ready {
        assert_eq!(screen.model.columns.selected(), Some(id));
        assert!(screen.text().contains(&format!("#{id} ")), "{id} is out of sight");
        screen.keys("j");
    }
}

/// Not a benchmark: the bound is what a board that draws every card would break even on an idle machine.
#[test]
fn a_key_costs_the_same_with_a_thousand_tasks_as_with_ten() {
    let cost = |cards: Vec<Card>| {
        let mut screen = Screen::with(200, 60, cards);
        let mut costs: Vec<Duration> = (0..60)
            .map(|press| {
                let started = Instant::now();
                screen.keys(if press % 2 == 0 { "j" } else { "k" });
                let picture = screen.text();
                assert!(picture.contains("task"));
                started.elapsed()
            })
            .collect();
        costs.sort_unstable();
        costs[costs.len() / 2]
    };
    let few = many().into_iter().filter(|card| card.task.id > TaskId(940)).collect::<Vec<_>>();
    let (few, many) = (cost(few), cost(many()));
    assert!(many < few * 12, "{many:?} for a thousand, {few:?} for a few");
}
