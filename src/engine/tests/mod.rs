//! The use cases over a model of the machine and the real store: each behaviour pinned where it is made, and fast.

mod auditing;
mod boarding;
mod claiming;
mod cleaning;
mod common;
mod dispatching;
mod life;
mod machine;
mod naming;
mod outside;
mod reconciling;
mod repository;
mod reviewing;
mod saying;
mod setting;
mod starting;
mod stopping;
mod store;
mod surviving;
mod tasks;
mod telling;
mod terminal;
mod typing;
mod undoing;
mod waiting;
mod world;
