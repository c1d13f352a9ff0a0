//! What can only be seen from outside a module: one binary, a module for each subject.

#[cfg(test)]
mod architecture;
