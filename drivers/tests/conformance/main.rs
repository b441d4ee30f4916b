//! What every backend of a device line must keep. These runs need no hardware; `make test-usb` runs the same checks over
//! nusb and `usblp`, in a guest whose kernel plays the printer.
//!
//! The checks measure time, with room for a machine at work: least times are exact, greatest ones are tried again.

#[cfg(test)]
mod backends;
#[cfg(test)]
mod status_table;
#[cfg(test)]
mod suite;

#[cfg(test)]
mod tests {
    use crate::backends::{Flaw, Memory, Pty, Tcp};
    use crate::status_table;
    use crate::suite::{Backend, CHECKS, Verdict};

    fn conforms(name: &str, backend: impl Fn() -> Box<dyn Backend>) {
        let mut faults = Vec::new();
        let mut note = |check: &str, verdict: Verdict| match verdict {
            Ok(facts) => println!("{name}: {check}: {facts:?}"),
            Err(fault) => faults.push(format!("{check}: {fault}")),
        };
        for (check, run) in CHECKS {
            note(check, run(backend().as_mut()));
        }
        note("every combination of faults", status_table::every_combination_of_faults_is_told(backend()));
        note("the cable", status_table::the_driver_outlives_its_cable(backend()));
        assert!(faults.is_empty(), "{name} does not conform:\n{}", faults.join("\n"));
    }

    /// The control of the checks: each finds what it looks for.
    #[test]
    fn a_line_with_a_flaw_does_not_conform() {
        for (check, flaw, found) in [
            (0, Flaw::LosesBytes, "arrived"),
            (1, Flaw::Spins, "ended "),
            (1, Flaw::IsLate, "late"),
            (2, Flaw::Claims, "bytes claimed"),
            (2, Flaw::Spins, "a full line ended"),
            (3, Flaw::OneWay, "0 heard"),
            (4, Flaw::NeverGone, "not gone"),
            (5, Flaw::NeverBack, "arrived"),
        ] {
            let (name, run) = CHECKS[check];
            match run(&mut Memory::flawed(flaw)) {
                Ok(facts) => panic!("{name}: nothing found but {facts:?}"),
                Err(fault) => assert!(fault.contains(found), "{name}: {fault}"),
            }
        }
    }

    #[test]
    fn memory_conforms() {
        conforms("memory", || Box::new(Memory::new()));
    }

    #[test]
    fn a_serial_line_conforms() {
        conforms("serial", || Box::new(Pty::new("serial")));
    }

    #[test]
    fn a_device_file_conforms() {
        conforms("device file", || Box::new(Pty::new("file")));
    }

    #[test]
    fn tcp_conforms() {
        conforms("tcp", || Box::new(Tcp::new()));
    }
}
