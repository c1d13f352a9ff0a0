//! Against the real tmux, on private sockets.

mod hostile;
mod life;
mod look;
mod options;
mod support;
