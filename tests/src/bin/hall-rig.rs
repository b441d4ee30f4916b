//! `hall-rig`: a whole reception hall on one machine, for a person, for the demonstration and for campaigns.

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

Anything that does not add up ends with status 1 and plain sentences.";

#[derive(Default)]
struct Options {
    out: Option<PathBuf>,
    scripts: Option<PathBuf>,
    cycles: Option<u32>,
    seed: Option<u64>,
}

fn main() -> ExitCode {
    match carry_out() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("hall-rig: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn carry_out() -> anyhow::Result<()> {
    let (command, options) = parse()?;
    let out = || options.out.clone().unwrap_or_else(|| PathBuf::from("target/demo"));
    match command.as_str() {
        "help" => say(HELP),
        "run" => play::run()?,
        "demo" => demo::run(&out())?,
        "judge" => demo::judge(&out())?,
        "browser" => play::browser(&options.scripts.context("browser needs --scripts DIR")?)?,
        "kill" => {
            let folder = tempfile::tempdir()?;
            let seed = options.seed.unwrap_or_else(clock::unix_secs);
            kill::campaign(options.cycles.unwrap_or(500), seed, folder.path(), &mut std::io::stdout())?;
        }
        "bench" => {
            bench::run(&options.out.clone().unwrap_or_else(|| PathBuf::from("target/bench")))?;
        }
        unknown => bail!("no command {unknown:?}; hall-rig --help lists them"),
    }
    Ok(())
}

fn parse() -> anyhow::Result<(String, Options)> {
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
            Short(_) | Long(_) | Value(_) => return Err(argument.unexpected().into()),
        }
    }
    Ok((command.unwrap_or_else(|| "help".to_owned()), options))
}
