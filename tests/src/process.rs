//! Programs of the hall as child processes, each with its log in a file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::clock;

/// Why a program could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("cannot start {program}: remedy: make build")]
    Start {
        /// Its path.
        program: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It ended with a failure.
    #[error("{program} failed with {status}; it said: {said}")]
    Failed {
        /// Its path.
        program: String,
        /// Exit status.
        status: std::process::ExitStatus,
        /// What it wrote to standard error.
        said: String,
    },
    /// It did not end when asked to.
    #[error("{program} did not end when asked to")]
    WontEnd {
        /// Its path.
        program: String,
        /// How long it was given.
        #[source]
        source: clock::TooLate,
    },
    /// Its log could not be written.
    #[error("cannot write the log {path}")]
    Log {
        /// The log.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// The program of this workspace that lies beside the running one.
pub fn sibling(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap_or_default();
    path.pop();
    // Tests run from target/debug/deps, programs lie one above.
    if path.ends_with("deps") {
        path.pop();
    }
    path.join(name)
}

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Process {
    program: String,
    child: Child,
}

impl Process {
    /// Starts a program of this workspace, its output going to the end of `log`.
    ///
    /// # Errors
    /// When it cannot be started or the log not written.
    pub fn start(name: &str, arguments: &[&str], log: &Path) -> Result<Self, ProcessError> {
        let path = sibling(name);
        let log_error = |source| ProcessError::Log { path: log.to_path_buf(), source };
        let out = File::options().create(true).append(true).open(log).map_err(log_error)?;
        let err = out.try_clone().map_err(log_error)?;
        let program = path.display().to_string();
        let child = Command::new(&path)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|source| ProcessError::Start { program: program.clone(), source })?;
        Ok(Self { program, child })
    }

    /// kill -9: no destructor, no flush, no farewell.
    pub fn kill(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }

    /// Asks it to end (SIGTERM) and waits until it did.
    ///
    /// # Errors
    /// When it does not end within 10 s; it is killed then.
    pub fn stop(&mut self) -> Result<(), ProcessError> {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).unwrap_or_default();
        }
        let ended = clock::until("its end", Duration::from_secs(10), || self.child.try_wait().ok().flatten());
        self.kill();
        ended.map(drop).map_err(|source| ProcessError::WontEnd { program: self.program.clone(), source })
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a program of this workspace to its end and gives what it wrote.
///
/// # Errors
/// When it cannot be started or fails.
pub fn run(name: &str, arguments: &[&str]) -> Result<String, ProcessError> {
    let path = sibling(name);
    let program = path.display().to_string();
    let output = Command::new(&path)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| ProcessError::Start { program: program.clone(), source })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(ProcessError::Failed { program, status: output.status, said })
    }
}
