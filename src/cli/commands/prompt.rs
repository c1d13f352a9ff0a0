//! A text of the command line, which may stand elsewhere: a prompt, a note, a message.

use std::fs::File;
use std::io::Read as _;

use crate::domain::bounds::PROMPT;
use crate::engine::{Fault, Kind};

/// The text: as given, `-` from standard input, `@FILE` from a file; byte for byte.
///
/// # Errors
/// It can't be read, is too large, or is not UTF-8.
pub fn read(argument: String) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    if argument == "-" {
        std::io::stdin()
            .lock()
            .take(PROMPT + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Fault::io("reading the prompt from standard input", &error))?;
    } else if let Some(path) = argument.strip_prefix('@') {
        File::open(path)
            .and_then(|file| file.take(PROMPT + 1).read_to_end(&mut bytes))
            .map_err(|error| Fault::new(Kind::Usage, format!("the prompt's file {path} can't be read: {error}")))?;
    } else {
        return Ok(argument);
    }
    if bytes.len() as u64 > PROMPT {
        return Err(Fault::new(Kind::Usage, format!("the prompt is larger than {} MiB", PROMPT >> 20))
            .hint("put it into a file of the repository, and name that file in the prompt"));
    }
    String::from_utf8(bytes).map_err(|error| {
        Fault::new(Kind::Usage, format!("the prompt is not UTF-8: byte {}", error.utf8_error().valid_up_to()))
            .hint("convert it, for example with iconv")
    })
}
