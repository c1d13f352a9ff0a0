//! Everything that needs the real binary, real git and real tmux. One binary, so that it links once.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod dispatch;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod support;
