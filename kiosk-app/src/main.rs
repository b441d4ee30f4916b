//! The kiosk's program: reads the command line, carries out one command, says in plain words what failed.

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use kiosk_app::options::{self, Command};
use kiosk_app::{commands, log_events, run};

/// A wrong command line, as in sysexits and most Unix programs.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let command = match options::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            complain(&anyhow::Error::from(error));
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match carry_out(command) {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Command) -> anyhow::Result<ExitCode> {
    let mut out = stdout().lock();
    match command {
        Command::Run(options) => {
            drop(out);
            log_events::start();
            run::run(options)?;
        }
        Command::CheckConfig(folders) => {
            // The report says everything, in the officer's language.
            if !commands::check_config(&folders, &mut out)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Enrol { folders, server, token } => commands::enrol(&folders, &server, &token, &mut out)?,
        Command::Pins { folders, json } => commands::pins(&folders, json, &mut out)?,
        Command::TicketLines(folders) => commands::ticket_lines(&folders, &mut out)?,
        Command::Export(folders) => commands::export(&folders, &mut out)?,
        Command::Help => writeln!(out, "{}", options::HELP)?,
        Command::Version => writeln!(out, "kiosk-app {}", env!("CARGO_PKG_VERSION"))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The error with its causes, one a line.
fn complain(error: &anyhow::Error) {
    let mut err = stderr().lock();
    // Nobody is left to tell when even this cannot be written.
    let _unheard = writeln!(err, "kiosk-app: {error}");
    for cause in error.chain().skip(1) {
        let _unheard = writeln!(err, "  because: {cause}");
    }
}
