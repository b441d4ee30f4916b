//! A look inside the booted kiosk without anything of it in the image.
//!
//! The rig plays the firmware, so the initramfs it hands over is its own to add to: a second cpio archive behind the
//! image's holds another `switch_root`, which leaves units in `/run/systemd/system` on its way. One runs a shell on a
//! virtio-serial port. No image holds that unit, nothing on `/data` could bring it, and systemd's own ways for units from
//! outside (command line, credentials) are masked in the image. It shows as well what the machine cannot withstand: whoever
//! writes the boot partition owns it, as the documentation says. Boots that prove what a citizen or a vandal meets are made
//! without it.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::clock::{Stopwatch, TooLate};
use crate::cpio::{self, Entry};

/// Name of the port in the guest.
pub const PORT: &str = "kiosk.rig";

/// Why the inside could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The port.
    #[error("the rig's port into the machine broke")]
    Port(#[from] io::Error),
    /// No answer.
    #[error("the machine did not answer {command:?}")]
    Silent {
        /// What was asked.
        command: String,
        /// How long was waited.
        #[source]
        source: TooLate,
    },
    /// The command failed.
    #[error("{command:?} ended with {status} inside the machine: {said}")]
    Failed {
        /// The command.
        command: String,
        /// Its status.
        status: String,
        /// What it wrote.
        said: String,
    },
}

/// When the agent's shell comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// As soon as the port is there, in parallel to everything else.
    Early,
    /// Before the data partition is looked at, which waits until the shell says `release`.
    HoldingData,
}

/// Number of the data partition.
const DATA: u32 = 7;
/// The file that lets a held machine go on.
const GO: &str = "/run/rig-go";

/// Files for the initramfs that bring the shell.
pub fn files(when: When) -> Vec<Entry> {
    // The port's name begins with a number that depends on the machine's other devices.
    let shell = "[Unit]\nDefaultDependencies=no\nConflicts=shutdown.target\nStartLimitIntervalSec=0\n[Service]\n\
         ExecStart=/run/rig/busybox sh -c 'exec /run/rig/busybox sh 0<>$$(echo /dev/vport*p1) 1>&0 2>&0'\n\
         Environment=PATH=/usr/sbin:/usr/bin:/run/rig/bin\nRestart=always\nRestartSec=1\n";
    let mut units = vec![("sysinit.target", "rig.service", shell.to_owned())];
    if when == When::HoldingData {
        let hold = format!(
            "[Unit]\nDefaultDependencies=no\nBefore=kiosk-data-prepare.service\n[Service]\nType=oneshot\n\
             ExecStart=/run/rig/busybox sh -c 'until [ -e {GO} ]; do /run/rig/busybox sleep 0.1; done'\n\
             TimeoutStartSec=infinity\n"
        );
        units.push(("kiosk-data-prepare.service", "rig-hold.service", hold));
    }
    let mut files = vec![Entry::folder("rig"), Entry::folder("rig/run"), Entry::folder("rig/units")];
    let mut folders = Vec::new();
    for (target, unit, text) in units {
        folders.push(Entry::folder(&format!("rig/units/{target}.wants")));
        files.push(Entry::file(&format!("rig/units/{unit}"), &text));
        folders.push(Entry::link(&format!("rig/units/{target}.wants/{unit}"), &format!("../{unit}")));
    }
    files.extend(folders);
    files.extend(hook());
    files
}

/// Files for the initramfs that lead a loopback port of the machine to the same port of the host: a kiosk takes a server without
/// TLS only from its own machine. It leaves the machine as the kiosk's own words would, by the firewall's rule for that user.
pub fn line_to_host(port: u16) -> Vec<Entry> {
    let socket = format!("[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=127.0.0.1:{port}\n");
    let service =
        format!("[Service]\nUser=kiosk\nExecStart=/usr/lib/systemd/systemd-socket-proxyd 10.0.2.2:{port}\n");
    let wants = "rig/units/sockets.target.wants";
    let mut files = vec![Entry::folder("rig"), Entry::folder("rig/units"), Entry::folder(wants)];
    files.push(Entry::file("rig/units/rig-line.socket", &socket));
    files.push(Entry::file("rig/units/rig-line.service", &service));
    files.push(Entry::link(&format!("{wants}/rig-line.socket"), "../rig-line.socket"));
    files.extend(hook());
    files
}

/// Files for the initramfs that add lines to a unit of the image; for machines that are to misbehave.
pub fn drop_in(unit: &str, lines: &str) -> Vec<Entry> {
    let folder = format!("rig/units/{unit}.d");
    let mut files = vec![Entry::folder("rig"), Entry::folder("rig/units"), Entry::folder(&folder)];
    files.push(Entry::file(&format!("{folder}/90-rig.conf"), lines));
    files.extend(hook());
    files
}

/// What stands in for `switch_root`: it lays the units down where systemd looks, and goes on.
fn hook() -> [Entry; 1] {
    let script = "#!/bin/busybox sh\nb=/bin/busybox\n$b mkdir -p /system/run/systemd/system /system/run/rig\n\
         $b cp -a /rig/units/. /system/run/systemd/system/\n$b mkdir /system/run/rig/bin\n$b cp /bin/busybox /system/run/rig/\n\
         for a in grep awk; do $b ln -s ../busybox /system/run/rig/bin/$a; done\n\
         exec /bin/busybox switch_root \"$@\"\n";
    [Entry::program("bin/switch_root", script)]
}

/// An initramfs with these files behind it.
pub fn add_to(initramfs: &[u8], files: &[Entry]) -> Vec<u8> {
    let mut whole = initramfs.to_vec();
    // Each archive begins at a multiple of four; the kernel skips zeroes between them.
    whole.resize(whole.len().next_multiple_of(4), 0);
    whole.extend(cpio::archive(files));
    whole
}

/// The shell inside.
pub struct Agent {
    port: UnixStream,
    heard: Vec<u8>,
    asked: u32,
}

impl Agent {
    /// Connects to the host's end of the port.
    ///
    /// # Errors
    /// When QEMU does not run.
    pub fn connect(socket: &Path) -> Result<Self, AgentError> {
        Ok(Self { port: UnixStream::connect(socket)?, heard: Vec::new(), asked: 0 })
    }

    /// Waits until the shell is there. What is said before it listens is lost, so it is asked again.
    ///
    /// # Errors
    /// When it does not come in time.
    pub fn wait(&mut self, timeout: Duration) -> Result<(), AgentError> {
        let watch = Stopwatch::start();
        loop {
            match self.run("true", Duration::from_secs(3)) {
                Ok(_) => return Ok(()),
                Err(AgentError::Silent { .. }) if watch.elapsed() < timeout => {}
                Err(AgentError::Silent { .. }) => {
                    let source = TooLate { what: "the rig's shell".to_owned(), timeout };
                    return Err(AgentError::Silent { command: "true".to_owned(), source });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Lets a machine go on that holds before its data partition. Nothing of the card's data that was read before counts; what
    /// it knows of its root does, for no cut changes that.
    ///
    /// # Errors
    /// When the shell does not answer.
    pub fn release(&mut self) -> Result<(), AgentError> {
        let command = format!("for d in /dev/vda /dev/vda{DATA}; do blockdev --flushbufs $d; done; : > {GO}");
        self.run(&command, Duration::from_secs(60)).map(drop)
    }

    /// Runs a command and gives its output.
    ///
    /// # Errors
    /// When it fails or takes longer than `timeout`.
    pub fn run(&mut self, command: &str, timeout: Duration) -> Result<String, AgentError> {
        self.asked += 1;
        let (begin, end) = (format!("<{}<", self.asked), format!(">{}>", self.asked));
        // The marks are written in two halves, so that an echoed command is not taken for its answer.
        let line = format!("printf '<%s<' {0}; ( {command}\n) 2>&1; printf '>%s>%s;' {0} $?\n", self.asked);
        self.port.write_all(line.as_bytes())?;
        let watch = Stopwatch::start();
        let mut buffer = [0; 4096];
        loop {
            if let Some((said, status)) = between(&self.heard, &begin, &end) {
                self.heard.clear();
                if status == "0" {
                    return Ok(said);
                }
                return Err(AgentError::Failed { command: command.to_owned(), status, said });
            }
            let Some(left) = timeout.checked_sub(watch.elapsed()).filter(|left| !left.is_zero()) else {
                let source = TooLate { what: "an answer".to_owned(), timeout };
                return Err(AgentError::Silent { command: command.to_owned(), source });
            };
            self.port.set_read_timeout(Some(left))?;
            match self.port.read(&mut buffer) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(count) => self.heard.extend(buffer.get(..count).unwrap_or_default()),
                Err(error) if is_only_late(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn is_only_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// What stands between the marks, and the status behind the last.
fn between(heard: &[u8], begin: &str, end: &str) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(heard);
    let (_, after) = text.split_once(begin)?;
    let (said, rest) = after.split_once(end)?;
    let (status, _) = rest.split_once(';')?;
    Some((said.to_owned(), status.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_stands_between_its_marks() {
        let cases: [(&str, Option<(&str, &str)>); 5] = [
            ("<1<yes\n>1>0;", Some(("yes\n", "0"))),
            ("# <0<old>0>0;<1<no>1>127;", Some(("no", "127"))),
            ("<1<half", None),
            ("<1<half>1>", None),
            ("", None),
        ];
        for (heard, wanted) in cases {
            let wanted = wanted.map(|(said, status)| (said.to_owned(), status.to_owned()));
            assert_eq!(between(heard.as_bytes(), "<1<", ">1>"), wanted, "{heard}");
        }
    }

    #[test]
    fn each_unit_lies_where_systemd_looks() {
        let names: Vec<String> = files(When::HoldingData).into_iter().map(|entry| entry.name).collect();
        for wanted in
            ["rig/units/sysinit.target.wants/rig.service", "rig/units/rig-hold.service", "bin/switch_root"]
        {
            assert!(names.iter().any(|name| name == wanted), "{names:?}");
        }
    }

    proptest! {
        #[test]
        fn any_noise_is_heard(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            let _either = between(&noise, "<1<", ">1>");
        }
    }
}
