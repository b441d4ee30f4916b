//! What a rig tells the person at the terminal.

use std::io::Write;

/// Writes a line to standard output. A reader who has gone away is no reason to stop.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap_or_default();
}
