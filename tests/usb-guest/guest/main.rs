//! The program of the USB guest rig: plugs gadgets into a kernel's dummy controllers and lets the real drivers loose on
//! the device nodes that appear. Run by `tests/usb-guest/init` inside the guest; prints a line of JSON a scenario.

mod conformance;
mod device_file;
mod driver;
mod gadget;
mod identity;
mod keyboard;
mod keypad;
mod printer;
mod printer_gadget;
mod report;
mod scanner;
mod ticket;
mod usb_line;
mod wait;
mod wedge;

use std::io::Write;
use std::process::ExitCode;

use kiosk_drivers::clock::Clock;
use report::Scenario;

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            // Without standard error the missing summary says the same.
            let _closed = writeln!(std::io::stderr(), "usb-guest: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the scenarios whose names hold one of the arguments, or all; says how many failed.
fn run() -> std::io::Result<usize> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let scenarios: Vec<Scenario> = [
        printer::SCENARIOS,
        usb_line::SCENARIOS,
        conformance::SCENARIOS,
        identity::SCENARIOS,
        scanner::SCENARIOS,
        wedge::SCENARIOS,
        keypad::SCENARIOS,
    ]
    .concat();
    let chosen = |scenario: &&Scenario| {
        wanted.is_empty() || wanted.iter().any(|word| scenario.name.contains(word.as_str()))
    };
    let mut out = std::io::stdout();
    let (mut run, mut failed) = (0, 0);
    for scenario in scenarios.iter().filter(chosen) {
        // On the console, where a scenario that never ends is looked for.
        writeln!(std::io::stderr(), "{}", scenario.name)?;
        let clock = Clock::start();
        let result = (scenario.run)();
        failed += usize::from(result.is_err());
        run += 1;
        writeln!(out, "{}", report::line(scenario.name, clock.now(), result))?;
    }
    writeln!(out, r#"{{"run":{run},"failed":{failed}}}"#)?;
    out.flush()?;
    Ok(failed)
}
