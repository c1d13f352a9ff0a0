//! A database and what its state directory has seen of it, model-checked: two writers, each killed between its commit and
//! its mark; an older copy restored, or another database put in place, at any moment; and dispatches of one task. What the
//! mark says of the database is not modelled: the real `height::compare` decides.

use ganger::domain::height::{Height, Seen, Standing, compare};
use stateright::{Checker as _, HasDiscoveries, Model, Property};

use crate::support::results::record;

const WRITERS: usize = 2;
/// How far a database may come.
const MOST: i64 = 4;

/// What is wrong with a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    Nothing,
    /// The mark is raised before the commit.
    RaisedFirst,
    /// Only the height is compared: another database that is as high is believed.
    IdentityIgnored,
    /// A claim does not look again whether there is a doubt.
    DoubtNotAskedAgain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Database {
    identity: u8,
    tasks: i64,
    events: i64,
    doubt: bool,
    /// Whether it knows that the task's agent runs.
    knows: bool,
}

impl Database {
    fn height(&self) -> Height {
        Height { tasks: self.tasks, events: self.events }
    }
}

/// A process that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Writer {
    Idle,
    /// It has committed, and this is what it will mark. `claimed`: the task's agent runs by then.
    Raising {
        identity: u8,
        height: Height,
        claimed: bool,
    },
    /// It has looked for agents that the database does not know of, and found none: whether there was a doubt then.
    Looked(bool),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    database: Database,
    copy: Option<Database>,
    mark: Option<(u8, Height)>,
    /// What was committed of the first database at the highest.
    committed: Height,
    writers: [Writer; WRITERS],
    /// Agents of the task that run.
    agents: u8,
    /// Restores and exchanges that are left.
    touches: u8,
    kills: u8,
    given_twice: bool,
    /// The highest task that was marked.
    seen: Option<i64>,
    /// An agent runs whose claim was marked.
    agent_seen: bool,
    /// Another one was started beside that.
    twin: bool,
}

impl World {
    /// What is lost between its commit and its mark is beyond what the state directory can know by heights.
    fn forget_what_is_not_marked(&mut self) {
        for writer in &mut self.writers {
            if let Writer::Raising { claimed, .. } = writer {
                *claimed = false;
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Add(usize),
    Look(usize),
    Claim(usize),
    Raise(usize),
    Kill(usize),
    Copy,
    Restore,
    Exchange,
}

struct Identity {
    broken: Broken,
    touches: u8,
}

impl Identity {
    /// What every write does first: the real comparison, and what follows from it. Whether it may go on.
    fn compared(&self, world: &mut World) -> bool {
        let now = world.database;
        let name = |identity: u8| {
            if self.broken == Broken::IdentityIgnored { "any" } else { ["one", "other"][usize::from(identity)] }
        };
        let seen =
            world.mark.map_or(Seen::Nothing, |(identity, height)| Seen::Mark { identity: name(identity), height });
        if compare(seen, name(now.identity), now.height()) == Standing::Whole {
            return true;
        }
        let above = now.height().max(world.mark.map(|(_, height)| height).unwrap_or_default());
        world.database = Database { tasks: above.tasks, events: above.events, doubt: true, ..now };
        world.mark = Some((now.identity, above));
        false
    }

    /// A write of the first or the other database, by this writer.
    fn commit(world: &mut World, writer: usize, new: Database) {
        let first = world.database.identity == 0;
        world.database = new;
        if first {
            world.committed = world.committed.max(new.height());
        }
        let claimed = new.knows;
        world.writers[writer] = Writer::Raising { identity: new.identity, height: new.height(), claimed };
    }
}

impl Model for Identity {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let database = Database { identity: 0, tasks: 1, events: 1, doubt: false, knows: false };
        vec![World {
            database,
            copy: None,
            mark: Some((0, database.height())),
            committed: database.height(),
            writers: [Writer::Idle; WRITERS],
            agents: 0,
            touches: self.touches,
            kills: 1,
            given_twice: false,
            seen: None,
            agent_seen: false,
            twin: false,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let room = world.database.tasks < MOST && world.database.events < MOST;
        for writer in 0..WRITERS {
            match world.writers[writer] {
                Writer::Idle if room => actions.extend([Action::Add(writer), Action::Look(writer)]),
                Writer::Idle => {}
                Writer::Looked(_) => actions.push(Action::Claim(writer)),
                Writer::Raising { .. } => {
                    actions.push(Action::Raise(writer));
                    if world.kills > 0 {
                        actions.push(Action::Kill(writer));
                    }
                }
            }
        }
        if world.copy.is_none() {
            actions.push(Action::Copy);
        }
        if world.touches > 0 {
            if world.copy.is_some() {
                actions.push(Action::Restore);
            }
            actions.push(Action::Exchange);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        match action {
            Action::Add(writer) => {
                if self.compared(&mut next) {
                    let id = next.database.tasks + 1;
                    // Only what was marked is known never to be given again.
                    next.given_twice |= next.seen.is_some_and(|seen| id <= seen);
                    let new = Database { tasks: id, events: next.database.events + 1, ..next.database };
                    if self.broken == Broken::RaisedFirst {
                        next.mark = Some((new.identity, new.height()));
                        next.writers[writer] = Writer::Idle;
                    } else {
                        Self::commit(&mut next, writer, new);
                    }
                }
            }
            Action::Look(writer) => {
                let doubt = next.database.doubt;
                // With a doubt the locks are listed, and an agent without a row refuses the dispatch.
                let stray = next.agents > 0 && !next.database.knows;
                let refused = next.database.knows || (doubt && stray);
                if !refused {
                    next.writers[writer] = Writer::Looked(doubt);
                }
            }
            Action::Claim(writer) => {
                let Writer::Looked(doubted) = next.writers[writer] else { return None };
                next.writers[writer] = Writer::Idle;
                let asks = self.broken != Broken::DoubtNotAskedAgain;
                if self.compared(&mut next) && !next.database.knows && !(asks && next.database.doubt && !doubted) {
                    let new = Database { events: next.database.events + 1, knows: true, ..next.database };
                    Self::commit(&mut next, writer, new);
                    next.twin |= next.agent_seen;
                    next.agents += 1;
                }
            }
            Action::Raise(writer) => {
                let Writer::Raising { identity, height, claimed } = next.writers[writer] else { return None };
                next.agent_seen |= claimed && next.agents > 0;
                let old = next.mark.map(|(_, height)| height).unwrap_or_default();
                next.mark = Some((identity, height.max(old)));
                next.seen = next.seen.max(Some(height.tasks));
                next.writers[writer] = Writer::Idle;
            }
            Action::Kill(writer) => {
                next.writers[writer] = Writer::Idle;
                next.kills -= 1;
            }
            Action::Copy => next.copy = Some(next.database),
            Action::Restore => {
                next.database = next.copy?;
                next.forget_what_is_not_marked();
                next.touches -= 1;
            }
            Action::Exchange => {
                next.forget_what_is_not_marked();
                // One that has come just as far.
                next.database = Database { identity: 1, doubt: false, knows: false, ..next.database };
                next.touches -= 1;
            }
        }
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the mark is never ahead of what was committed", |model: &Self, world: &World| {
                // Once a doubt has lifted the heights they are what was seen, wherever that stood.
                let lifted = world.touches < model.touches;
                lifted || world.mark.is_none_or(|(_, mark)| mark.max(world.committed) == world.committed)
            }),
            Property::always("no id is given twice once it was seen", |_, world: &World| !world.given_twice),
            Property::always("no second agent while one runs that was seen", |_, world: &World| !world.twin),
            Property::sometimes("a doubt is raised", |_, world: &World| world.database.doubt),
            Property::sometimes("an agent runs that the database does not know of", |_, world: &World| {
                world.agents > 0 && !world.database.knows
            }),
        ]
    }
}

const SIGHTS: [&str; 2] = ["a doubt is raised", "an agent runs that the database does not know of"];

fn check(broken: Broken, until: HasDiscoveries) -> impl stateright::Checker<Identity> {
    Identity { broken, touches: 1 }.checker().threads(2).finish_when(until).spawn_bfs().join()
}

#[test]
fn what_was_seen_of_a_database_is_never_unseen() {
    let checker = check(Broken::Nothing, HasDiscoveries::AnyFailures);
    if let Some((name, path)) = checker.discoveries().into_iter().find(|(name, _)| !SIGHTS.contains(name)) {
        panic!("{name}: {:#?}", path.into_actions());
    }
    for sight in SIGHTS {
        assert!(checker.discovery(sight).is_some(), "never seen: {sight}");
    }
    let states = checker.unique_state_count();
    assert!(states > 500, "{states}");
    let what = "the mark never ahead, no id twice, no second agent beside one that was seen";
    record("model checking of a database's identity", &format!("{states} states"), what, "cargo test --test it model");
}

fn caught(broken: Broken, by: &'static str) {
    let checker = check(broken, HasDiscoveries::AllOf(std::collections::BTreeSet::from([by])));
    let path = checker.discovery(by).map(stateright::Path::into_actions);
    let steps = path.unwrap_or_else(|| panic!("{broken:?} was not caught by \"{by}\"")).len();
    let found = format!("caught by \"{by}\" after {steps} steps");
    record("broken variant of a database's identity", &format!("{broken:?}"), &found, "cargo test --test it model");
}

#[test]
fn a_mark_that_is_raised_before_the_commit_is_caught() {
    caught(Broken::RaisedFirst, "the mark is never ahead of what was committed");
}

#[test]
fn another_database_that_is_believed_for_its_height_is_caught() {
    caught(Broken::IdentityIgnored, "no second agent while one runs that was seen");
}

#[test]
fn a_claim_that_does_not_ask_for_a_doubt_again_is_caught() {
    caught(Broken::DoubtNotAskedAgain, "no second agent while one runs that was seen");
}
