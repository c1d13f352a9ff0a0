//! Everything that needs the real binary, real git and real tmux. One binary, so that it links once.

mod architecture;
mod dispatch;
mod endings;
mod kills;
mod support;
