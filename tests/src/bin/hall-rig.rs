//! `hall-rig`: a whole reception hall on one machine, for a person, for the demonstration and for campaigns.

use std::io::{Write, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use kiosk_tests::say::say;
use kiosk_tests::{bench, clock, demo, kill, play};

const HELP: &str = "\
hall-rig: a whole reception hall on one machine, with real programs and simulated devices

Usage: hall-rig COMMAND [OPTIONS]

Commands:
  run                       A hall to play with, until Ctrl-C; prints the addresses
  demo --out DIR            A scripted morning; pictures, tickets, events and figures go to DIR, which is emptied
  judge --out DIR           Show every ticket of a demonstration to zbarimg and tesseract
  browser --scripts DIR     Officer console, hall display and server pages in a real browser
  kill --cycles N [--seed S]  kill -9 at random moments of a busy hall
  bench --out DIR           Cold start, touch to first printer byte, memory; in DIR/kiosk.json

A wrong command line ends with status 2, anything that does not add up with status 1 and plain sentences.";

/// A wrong command line, as with every program of this project.
const WRONG_USAGE: u8 = 2;

enum Command {
    Help,
    Run,
    Demo,
    Judge,
    Browser { scripts: PathBuf },
    Kill,
    Bench,
}

#[derive(Default)]
struct Options {
    out: Option<PathBuf>,
    scripts: Option<PathBuf>,
    cycles: Option<u32>,
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let (command, options) = match parse() {
        Ok(asked) => asked,
        Err(error) => {
            complain(&error);
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match carry_out(command, &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn complain(error: &anyhow::Error) {
    // Nobody is left to tell when even this cannot be written.
    let _unheard = writeln!(stderr(), "hall-rig: {error:#}");
}

fn carry_out(command: Command, options: &Options) -> anyhow::Result<()> {
    let out = || options.out.clone().unwrap_or_else(|| PathBuf::from("target/demo"));
    match command {
        Command::Help => say(HELP),
        Command::Run => play::run()?,
        Command::Demo => demo::run(&out())?,
        Command::Judge => demo::judge(&out())?,
        Command::Browser { scripts } => play::browser(&scripts)?,
        Command::Kill => {
            let folder = tempfile::tempdir()?;
            let seed = options.seed.unwrap_or_else(clock::unix_secs);
            kill::campaign(options.cycles.unwrap_or(500), seed, folder.path(), &mut std::io::stdout())?;
        }
        Command::Bench => {
            bench::run(&options.out.clone().unwrap_or_else(|| PathBuf::from("target/bench")))?;
        }
    }
    Ok(())
}

fn parse() -> anyhow::Result<(Command, Options)> {
    use lexopt::prelude::*;
    let mut parser = lexopt::Parser::from_env();
    let mut command = None;
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => command = Some("help".to_owned()),
            Long("out") => options.out = Some(parser.value()?.into()),
            Long("scripts") => options.scripts = Some(parser.value()?.into()),
            Long("cycles") => options.cycles = Some(parser.value()?.parse()?),
            Long("seed") => options.seed = Some(parser.value()?.parse()?),
            Value(word) if command.is_none() => command = Some(word.string()?),
            Short(_) | Long(_) | Value(_) => {
                bail!("{}; hall-rig --help lists what there is", argument.unexpected())
            }
        }
    }
    let command = match command.as_deref() {
        None => bail!("no command\n\n{HELP}"),
        Some("help") => Command::Help,
        Some("run") => Command::Run,
        Some("demo") => Command::Demo,
        Some("judge") => Command::Judge,
        Some("browser") => {
            Command::Browser { scripts: options.scripts.take().context("browser needs --scripts DIR")? }
        }
        Some("kill") => Command::Kill,
        Some("bench") => Command::Bench,
        Some(unknown) => bail!("no command {unknown:?}; hall-rig --help lists them"),
    };
    Ok((command, options))
}
