//! Bringing files along beside the shim, which has signals to attend to: what a file system takes its time for holds
//! nothing else up.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::bring::{Carrier, Trouble, Way};
use super::log;
use super::signals::Waker;
use crate::domain::glob::Pattern;

/// Files on their way.
pub(super) struct Bringing {
    interrupted: Arc<AtomicBool>,
    done: Receiver<Result<(), String>>,
}

impl Bringing {
    /// Starts to bring what matches, out of what is ignored, and what is included besides, from one tree to the other.
    pub(super) fn start(
        way: Way,
        patterns: &[String],
        (ignored, included): (Vec<PathBuf>, Vec<PathBuf>),
        (from, to): (&Path, &Path),
        log: &Path,
        waker: Waker,
    ) -> Result<Self, String> {
        let parsed: Result<Vec<Pattern>, _> = patterns.iter().map(|pattern| Pattern::parse(pattern)).collect();
        let patterns = parsed.map_err(|why| format!("a pattern {why}"))?;
        let to = to.canonicalize().map_err(|error| error.to_string())?;
        let (from, log) = (from.to_owned(), log.to_owned());
        let interrupted: Arc<AtomicBool> = Arc::default();
        let (tell, done) = channel();
        let stop = Arc::clone(&interrupted);
        let bring = move || {
            let mut carrier = Carrier {
                from: &from,
                to: &to,
                tell: &mut |line| log::line(&log, line),
                go_on: &mut || !stop.load(Ordering::SeqCst),
            };
            let result = match carrier.bring(way, &patterns, &ignored, &included) {
                Ok(()) => Ok(()),
                Err(Trouble::Interrupted) => Err("interrupted".to_owned()),
                Err(Trouble::Failed(why)) => {
                    log::line(&log, &why);
                    Err(why)
                }
            };
            // The shim may be over by now.
            tell.send(result).ok();
            waker.wake();
        };
        std::thread::Builder::new().name("bring".to_owned()).spawn(bring).map_err(|error| error.to_string())?;
        Ok(Self { interrupted, done })
    }

    pub(super) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
    }

    /// How it went, when it is over.
    pub(super) fn result(&self) -> Option<Result<(), String>> {
        match self.done.try_recv() {
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err("it broke off".to_owned())),
        }
    }
}
