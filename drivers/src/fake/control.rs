//! A Unix socket through which a fake device is commanded, one line a command.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::words::Commanded;

/// Answers one line: `ok`, `ok ANSWER` or `error REASON`.
#[must_use]
pub fn answer(device: &dyn Commanded, line: &str) -> String {
    match device.command(line.trim_end_matches(['\r', '\n'])) {
        Ok(answer) if answer.is_empty() => "ok".to_owned(),
        Ok(answer) => format!("ok {answer}"),
        Err(error) => format!("error {error}"),
    }
}

/// Serves commands at a Unix socket until the program ends. Lines in, one [`answer`] a line out, one client at a time.
///
/// # Errors
/// When the socket or the thread cannot be made. A socket that a dead program left behind is replaced.
pub fn serve_control(path: &Path, device: Arc<dyn Commanded>) -> io::Result<JoinHandle<()>> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    std::thread::Builder::new().name("fake-control".to_owned()).spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let Ok(reader) = stream.try_clone() else { continue };
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if writeln!(stream, "{}", answer(device.as_ref(), &line)).is_err() {
                    break;
                }
            }
        }
    })
}
