//! Any order of writes, replies, time, jobs and broken lines: each job ends exactly once, never as printed with bytes
//! missing, and the machine never wants to be called again at once, for ever.
#![no_main]

use std::collections::BTreeMap;
use std::time::Duration;

use kiosk_drivers::printer::{Command, CommandKind, Machine, Outcome, PrinterEvent, Profile};
use kiosk_drivers::usb::PortStatus;
use libfuzzer_sys::fuzz_target;

#[derive(Default)]
struct Seen {
    started: u64,
    ended: BTreeMap<u64, Outcome>,
}

impl Seen {
    fn hear(&mut self, machine: &mut Machine) {
        while let Some(event) = machine.poll_event() {
            if let PrinterEvent::Finished { job, outcome } = event {
                assert!(job < self.started, "job {job} was never started");
                assert_eq!(self.ended.insert(job, outcome), None, "job {job} ended twice");
            }
        }
    }
}

fn ticket(length: usize) -> Vec<Command> {
    vec![
        Command::new(CommandKind::Setup, vec![0x1d; 7], 0),
        Command::new(CommandKind::Band, vec![0x55; 1 + length * 7], 24),
        Command::new(CommandKind::Feed, vec![0x1b; 3], 10),
        Command::new(CommandKind::Band, vec![0x55; 300], 24),
        Command::new(CommandKind::Cut, vec![0x1d; 4], 300),
    ]
}

fuzz_target!(|data: &[u8]| {
    let Some((setup, steps)) = data.split_first() else { return };
    let profiles = Profile::ALL;
    let built_in = profiles[usize::from(*setup & 0x0f) % profiles.len()];
    let Some(profile) = Profile::named(built_in.name) else { return };
    let rate = (*setup & 0x40 != 0).then_some(960);
    let mut machine = Machine::new(profile, ticket(3), *setup & 0x80 != 0, rate);
    let (mut seen, mut now) = (Seen::default(), Duration::ZERO);
    for step in steps.chunks(2) {
        let &[what, how] = step else { break };
        match what % 8 {
            // A driver tells the end of one line before the beginning of the next; one that forgets loses no job.
            0 => {
                if how & 1 == 0 {
                    machine.disconnected(None);
                }
                machine.connected(now);
            }
            1 if how & 2 == 2 => machine.port_said(PortStatus::parse(how), now),
            1 => machine.disconnected((how & 1 == 1).then(|| "refused".to_owned())),
            2 | 3 => {
                let count = machine.pending_output().len().min(usize::from(how) * 17);
                machine.wrote(count, now);
            }
            4 => machine.received(&[how], now),
            5 => {
                seen.started += 1;
                machine.start_job(seen.started - 1, ticket(how.into()), now);
            }
            6 => now += Duration::from_millis(u64::from(how) * u64::from(how)),
            _ => {
                let due = machine.next_deadline();
                now = due.map_or(now, |at| at.max(now));
                machine.tick(now);
                // Whatever was due is done, in a few steps at most.
                for _ in 0..8 {
                    machine.tick(now);
                }
                assert!(machine.next_deadline().is_none_or(|at| at > now || !machine.pending_output().is_empty()));
            }
        }
        seen.hear(&mut machine);
        assert!(machine.pending_output().len() <= 8200);
    }
    machine.disconnected(None);
    seen.hear(&mut machine);
    assert_eq!(seen.ended.len() as u64, seen.started, "a job has no outcome");
});
