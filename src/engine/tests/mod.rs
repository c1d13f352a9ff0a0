//! The use cases over a model of the machine and the real store: each behaviour pinned where it is made, and fast.

mod claiming;
mod cleaning;
mod dispatching;
mod life;
mod naming;
mod outside;
mod reconciling;
mod reviewing;
mod setting;
mod starting;
mod stopping;
mod store;
mod tasks;
mod undoing;
mod waiting;
mod world;
