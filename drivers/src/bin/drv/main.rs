//! `drv`: a technician's tool for the devices of a kiosk. Works without the app; `drv --help` says what it does.

mod display;
mod help;
mod list;
mod options;
mod page;
mod printer;
mod probe;
mod read;
mod stored;
mod tape;
mod trouble;

use std::io::Write;
use std::process::ExitCode;

use options::{Command, Options};
use trouble::Trouble;

fn main() -> ExitCode {
    let result = options::read(lexopt::Parser::from_env()).and_then(run);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            // Nobody is left to be told when standard error is closed.
            let _closed = writeln!(std::io::stderr(), "drv: {trouble}");
            trouble.exit_code()
        }
    }
}

fn run(options: Options) -> Result<(), Trouble> {
    match options.command {
        Command::Help(text) => say(text),
        Command::List => list::list(),
        Command::Profiles => list::profiles(),
        Command::Status { address, profile, watch } => printer::status(address, &profile, watch),
        Command::Detect { address } => probe::detect(&address),
        Command::TestPage { address, profile } => printer::test_page(address, &profile),
        Command::Speed { address, profile, tickets } => printer::speed(address, &profile, tickets),
        Command::Scan { address, suffix } => read::scan(address, suffix),
        Command::Keys { address } => read::keys(address),
        Command::Display { address, panel, number } => display::display(address, panel, number),
        Command::NvWrite { address, profile, lines } => stored::nv_write(&address, &profile, &lines),
        Command::Record { address, out, what } => tape::record(address, &out, what),
        Command::Replay { file, profile } => tape::replay_file(&file, profile.as_deref()),
    }
}

/// Writes a line to standard output, at once.
fn say(text: impl AsRef<str>) -> Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.as_ref().trim_end()).and_then(|()| out.flush()).map_err(|_| Trouble::Unheard)
}
