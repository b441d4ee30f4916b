//! The command `kiosk-bootctl`, which is RAUC's backend as well. Exit status: 0 well, 1 failed, 2 wrong command line, 3 an
//! installation was refused.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use kiosk_bootctl::clock::Clock;
use kiosk_bootctl::config::{Config, Driver};
use kiosk_bootctl::control::{self, ControlError};
use kiosk_bootctl::proof::{Health, Limits, Proof, Verdict};
use kiosk_bootctl::rauc;
use kiosk_bootctl::real::{Real, read_short};
use kiosk_bootctl::record::SlotState;
use kiosk_bootctl::slot::Slot;
use kiosk_bootctl::states::{self, Role};
use kiosk_bootctl::status::{Status, image_version};

const HELP: &str = "\
kiosk-bootctl: chooses the slot a kiosk boots from, and says when a new one has proved itself

  kiosk-bootctl status [--json]   slots, versions, the last update, and what to do about it
  kiosk-bootctl health            judge the last update, wait until this system has proved itself, commit or go back
  kiosk-bootctl install           install the bundle that install.json names, then restart into it on trial
  kiosk-bootctl try               restart on trial into what `rauc install` has written
  kiosk-bootctl repair            write autoboot.txt from its copy on /data, or the copy from it

for RAUC (bootloader=custom):
  kiosk-bootctl get-primary | set-primary SLOT | get-state SLOT | set-state SLOT good|bad | get-current

options: --config FILE (default /etc/kiosk-boot.toml), --help, --version
exit status: 0 well, 1 failed, 2 wrong command line; of install also 3: refused, which the outcome tells
";

// Whoever asked has the answer in outcome.json: for the unit that runs this, nothing has failed.
const REFUSED: u8 = 3;

// How often the app's word is read.
const LOOK_EVERY: Duration = Duration::from_millis(500);

enum Command {
    Status { json: bool },
    Health,
    Install,
    Try,
    Repair,
    GetPrimary,
    SetPrimary(Slot),
    GetState(Slot),
    SetState(Slot, SlotState),
    GetCurrent,
    Say(String),
}

fn main() -> ExitCode {
    let (command, config) = match arguments() {
        Ok(asked) => asked,
        Err(error) => {
            let _ = writeln!(io::stderr(), "kiosk-bootctl: {error}; remedy: kiosk-bootctl --help");
            return ExitCode::from(2);
        }
    };
    match run(command, config.as_deref()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "kiosk-bootctl: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<(Command, Option<PathBuf>), lexopt::Error> {
    use lexopt::prelude::*;
    let (mut words, mut json, mut config) = (Vec::new(), false, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("config") => config = Some(PathBuf::from(parser.value()?)),
            Long("json") => json = true,
            Long("help") | Short('h') => return Ok((Command::Say(HELP.to_owned()), None)),
            Long("version") => {
                return Ok((Command::Say(format!("kiosk-bootctl {}\n", env!("CARGO_PKG_VERSION"))), None));
            }
            Value(word) => words.push(word.string()?),
            Long(_) | Short(_) => return Err(argument.unexpected()),
        }
    }
    let slot = |name: &str| Slot::named(name).ok_or(format!("there is no slot {name:?}, only A and B"));
    let command = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["status"] => Command::Status { json },
        ["health"] => Command::Health,
        ["install"] => Command::Install,
        ["try"] => Command::Try,
        ["repair"] => Command::Repair,
        ["get-primary"] => Command::GetPrimary,
        ["set-primary", name] => Command::SetPrimary(slot(name)?),
        ["get-state", name] => Command::GetState(slot(name)?),
        ["set-state", name, "good"] => Command::SetState(slot(name)?, SlotState::Good),
        ["set-state", name, "bad"] => Command::SetState(slot(name)?, SlotState::Bad),
        ["get-current"] => Command::GetCurrent,
        [] => return Err("a command is missing".into()),
        _ => return Err(format!("no such command: {}", words.join(" ")).into()),
    };
    if json && !matches!(command, Command::Status { .. }) {
        return Err("--json belongs to status".into());
    }
    Ok((command, config))
}

fn run(command: Command, config: Option<&Path>) -> anyhow::Result<ExitCode> {
    if let Command::Say(text) = &command {
        say(text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::load(config)?;
    let driver = config.driver()?;
    let mut machine = Real::locked(&config, driver)?;
    match command {
        Command::Status { json } => return status(&mut machine, json),
        Command::Health => {
            drop(machine);
            return health(&config);
        }
        Command::Install => {
            drop(machine);
            return install(&config);
        }
        Command::Try => control::try_now(&mut machine)?,
        Command::Repair => {
            let repaired = control::repair(&mut machine)?;
            say(if repaired {
                "autoboot.txt and its copy are whole again\n"
            } else {
                "nothing to repair\n"
            })?;
        }
        Command::GetPrimary => {
            let known = control::look(&mut machine)?;
            say(&format!("{}\n", states::primary(&known.record, &known.seen)))?;
        }
        Command::GetState(slot) => {
            let known = control::look(&mut machine)?;
            say(match known.record.slot(slot).state {
                SlotState::Good => "good\n",
                SlotState::Bad => "bad\n",
            })?;
        }
        Command::GetCurrent => {
            let known = control::look(&mut machine)?;
            say(&format!("{}\n", known.seen.slot))?;
        }
        Command::SetPrimary(slot) => control::set_primary(&mut machine, slot)?,
        Command::SetState(slot, state) => control::set_state(&mut machine, slot, state)?,
        Command::Say(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn well_or_failed(is_well: bool) -> ExitCode {
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn status(machine: &mut Real, json: bool) -> anyhow::Result<ExitCode> {
    let known = control::look(machine)?;
    let version = fs::read_to_string("/etc/os-release").ok().as_deref().and_then(image_version);
    let status = Status::of(&known, version, machine.cannot_try());
    if json {
        say(&(serde_json::to_string_pretty(&status)? + "\n"))?;
    } else {
        say(&status.text())?;
    }
    Ok(well_or_failed(status.remedies.is_empty()))
}

fn health(config: &Config) -> anyhow::Result<ExitCode> {
    let driver = config.driver()?;
    let mut machine = Real::locked(config, driver)?;
    let (role, odd) = match control::begin(&mut machine) {
        Ok(begun) => begun,
        Err(error) => {
            say(if control::give_up(&mut machine)? {
                "on trial without a memory of it: going back to the other slot\n"
            } else {
                "nothing can be remembered, and nothing better is known to go back to: this slot goes on\n"
            })?;
            return Err(error.into());
        }
    };
    drop(machine);
    if let Some(odd) = odd {
        say(&format!("{odd}\n"))?;
    }
    let verdict = prove(config, driver);
    let mut machine = Real::locked(config, driver)?;
    let reason = match verdict {
        None => match control::proven(&mut machine) {
            Ok(()) => {
                say(if role == Role::Trial { "proven and committed\n" } else { "proven\n" })?;
                return Ok(ExitCode::SUCCESS);
            }
            Err(error) => format!("it proved itself, but that could not be written down: {error}"),
        },
        Some(reason) => reason,
    };
    say(&format!("not proven: {reason}\n"))?;
    control::unproven(&mut machine, &reason)?;
    if role == Role::Trial {
        say("going back to the other slot\n")?;
    }
    Ok(ExitCode::FAILURE)
}

// Why it is not proven; `None` if it is.
fn prove(config: &Config, driver: Driver) -> Option<String> {
    let mut proof = Proof::new(Limits {
        deadline: config.deadline(driver),
        steady: Duration::from_secs(config.steady_secs),
    });
    let clock = Clock::start();
    loop {
        let health = read_short(&config.health).ok().flatten().as_deref().and_then(Health::parse);
        match proof.observe(clock.now(), health) {
            Verdict::Wait => Clock::pause(LOOK_EVERY),
            Verdict::Proven => return None,
            Verdict::Failed(reason) => return Some(reason),
        }
    }
}

fn install(config: &Config) -> anyhow::Result<ExitCode> {
    let driver = config.driver()?;
    let mut machine = Real::locked(config, driver)?;
    let request = match control::begin_install(&mut machine) {
        Ok(request) => request,
        Err(error) => return not_installed(&mut machine, error),
    };
    let cannot = machine.cannot_try();
    // RAUC calls this program as its backend: let it in.
    drop(machine);
    let bundle = config.request.with_file_name(&request.bundle);
    let written = match cannot {
        Some(reason) => Err(reason),
        None => rauc::install(&config.rauc, &bundle),
    };
    let mut machine = Real::locked(config, driver)?;
    let heard =
        control::end_install(&mut machine, &request, written.as_ref().map(|&()| ()).map_err(String::as_str));
    if let Err(error) = heard {
        return not_installed(&mut machine, error);
    }
    match &written {
        Ok(()) => {
            say("installed: restarting into it on trial\n")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(reason) => {
            say(&format!("refused: {reason}\n"))?;
            Ok(ExitCode::from(REFUSED))
        }
    }
}

fn not_installed(machine: &mut Real, error: ControlError) -> anyhow::Result<ExitCode> {
    let refusal = error.is_refusal();
    let error = anyhow::Error::from(error);
    let reason = format!("{error:#}");
    if refusal || control::install_broke(machine, &reason).unwrap_or(false) {
        say(&format!("refused: {reason}\n"))?;
        Ok(ExitCode::from(REFUSED))
    } else {
        Err(error)
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}
