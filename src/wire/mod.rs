//! What processes of ganger write for one another: versioned files, read by whichever version comes next.

pub mod exit_file;
pub mod launch;
