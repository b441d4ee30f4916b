//! The emulated kiosk: QEMU with a card, a glass, devices on USB and a network, booted as a Pi boots.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::agent::{self, Agent, AgentError, When};
use crate::card::Card;
use crate::clock::{self, Stopwatch, TooLate};
use crate::cpio::Entry;
use crate::firmware::{self, FirmwareError, Handover};
use crate::glass::Bitmap;
use crate::nbd::Slot;
use crate::qmp::{self, Qmp, QmpError};

/// Width and height of the glass.
pub const GLASS: (u32, u32) = (1080, 1920);
/// Board, processor and memory: what the device tree is made for.
const BOARD: [&str; 8] = ["-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "2G"];
/// Serial lines on USB: name, port, as the kiosk's configuration names them.
pub const SERIAL_LINES: [(&str, u8); 3] = [("printer", 1), ("scanner", 2), ("keypad", 3)];
/// The hall service's port inside the machine.
const HALL_PORT: u16 = 8080;

/// Why the machine could not be used.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// A file or socket of the rig.
    #[error("the rig cannot use {what}")]
    Io {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The firmware's part.
    #[error(transparent)]
    Firmware(#[from] FirmwareError),
    /// QEMU's control line.
    #[error(transparent)]
    Qmp(#[from] QmpError),
    /// The look inside.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// Something did not happen; the end of the console may say why.
    #[error("{source}; qemu says: {qemu}; the console ends with: {console}")]
    TooLate {
        /// What was waited for.
        #[source]
        source: TooLate,
        /// The last lines of the console.
        console: String,
        /// What QEMU wrote.
        qemu: String,
    },
}

/// Gives an error of a file its name.
pub fn at(what: &Path) -> impl FnOnce(io::Error) -> MachineError {
    let what = what.display().to_string();
    move |source| MachineError::Io { what, source }
}

/// What a boot is made with.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Whether the machine has a shell for the rig, and when.
    pub agent: Option<When>,
    /// More files for the initramfs.
    pub files: Vec<Entry>,
    /// More words for the kernel's command line.
    pub words: Vec<String>,
    /// Whether the network cable is in.
    pub network: bool,
    /// The real-time clock at power-on; 1970 when absent, as on a Pi.
    pub clock: Option<String>,
    /// A state of the machine to go on from, instead of the kernel's first instruction.
    pub state: Option<PathBuf>,
    /// A USB stick that is plugged in, read-only.
    pub stick: Option<PathBuf>,
    /// Whether serial lines are plugged in later: with them no state can be saved.
    pub devices_later: bool,
}

/// How a run of the machine ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// QEMU's word: `guest-reset`, `guest-shutdown`, `guest-panic` ...
    pub reason: String,
    /// Whether the watchdog bit.
    pub by_watchdog: bool,
}

impl Ended {
    /// Whether a Pi would start again.
    pub fn is_restart(&self) -> bool {
        self.by_watchdog || matches!(self.reason.as_str(), "guest-reset" | "guest-panic")
    }
}

/// A kiosk under power. Dropping it cuts the power.
pub struct Machine {
    folder: PathBuf,
    child: Child,
    slot: Option<Slot>,
    /// QEMU's control line.
    pub qmp: Qmp,
    agent: Option<Agent>,
    /// What the firmware handed over.
    pub handover: Handover,
    /// Since QEMU's start.
    pub since_power_on: Stopwatch,
    console: PathBuf,
    touches: u32,
}

/// A desk for machines: folder and ports, the same for every boot.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Work files, sockets and logs.
    pub folder: PathBuf,
    /// The host's TCP port that the printer listens at.
    pub printer_port: u16,
    /// The host's TCP port that leads to the hall service.
    pub hall_port: u16,
    /// The district server's port on the host, which boots with a network can reach.
    pub district_port: Option<u16>,
    /// A read-only disk with the rig's tools.
    pub tools: Option<PathBuf>,
    /// Boots so far.
    pub boots: u32,
}

impl Desk {
    /// A desk in an empty folder.
    ///
    /// # Errors
    /// When the folder cannot be made or loopback has no port.
    pub fn new(folder: &Path, printer_port: u16) -> Result<Self, MachineError> {
        let _absent = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(at(folder))?;
        let hall_port = free_port().map_err(at(Path::new("a port of loopback")))?;
        let folder = folder.canonicalize().map_err(at(folder))?;
        Ok(Self { folder, printer_port, hall_port, district_port: None, tools: None, boots: 0 })
    }

    /// Address of the hall service, without a slash at its end.
    pub fn hall_address(&self) -> String {
        format!("http://127.0.0.1:{}", self.hall_port)
    }

    /// Switches a machine with this card on.
    ///
    /// # Errors
    /// When there is nothing to boot or QEMU does not start.
    pub fn power_on(&mut self, mut card: Card, plan: &Plan) -> Result<Machine, MachineError> {
        let handover = firmware::power_on(&mut card, &self.folder)?;
        let tree = self.folder.join("tree.dtb");
        if !tree.exists() {
            let machine = format!("virt,dumpdtb={}", tree.display());
            let arguments = BOARD.map(|word| if word == "virt" { machine.as_str() } else { word });
            firmware::run("qemu-system-aarch64", &[&arguments[..], &["-display", "none"]].concat())?;
        }
        let marked = self.folder.join("marked.dtb");
        fs::copy(&tree, &marked).map_err(at(&marked))?;
        firmware::mark_tree(&marked, &handover)?;
        let mut files = plan.agent.map(agent::files).unwrap_or_default();
        files.extend(plan.files.iter().cloned());
        files
            .extend(self.district_port.filter(|_| plan.network).map(agent::line_to_host).unwrap_or_default());
        if !files.is_empty() {
            let initramfs = fs::read(&handover.initramfs).map_err(at(&handover.initramfs))?;
            fs::write(&handover.initramfs, agent::add_to(&initramfs, &files))
                .map_err(at(&handover.initramfs))?;
        }
        self.start(card, plan, handover)
    }

    /// Goes on from a saved state, with what the firmware handed over when it was saved.
    ///
    /// # Errors
    /// When QEMU does not start.
    pub fn resume(&mut self, card: Card, plan: &Plan, handover: Handover) -> Result<Machine, MachineError> {
        self.start(card, plan, handover)
    }

    fn start(&mut self, card: Card, plan: &Plan, handover: Handover) -> Result<Machine, MachineError> {
        self.boots += 1;
        for socket in ["card", "qmp", "agent", "scanner", "keypad"] {
            let _absent = fs::remove_file(self.socket(socket));
        }
        let slot = Slot::insert(card, &self.socket("card")).map_err(at(&self.socket("card")))?;
        let console = self.folder.join(format!("console-{:03}.log", self.boots));
        let log = self.folder.join("qemu.log");
        let log_file = File::create(&log).map_err(at(&log))?;
        let since_power_on = Stopwatch::start();
        let mut child = Command::new("qemu-system-aarch64")
            .args(self.arguments(plan, &handover, &console))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log_file)
            .spawn()
            .map_err(at(Path::new("qemu-system-aarch64")))?;
        let qmp = clock::until("qemu's control line", Duration::from_secs(60), || {
            Qmp::connect(&self.socket("qmp")).ok()
        });
        let qmp = qmp.map_err(|source| {
            let _gone = child.kill();
            MachineError::TooLate { source, console: end_of(&console), qemu: end_of(&log) }
        })?;
        let mut qmp = qmp;
        qmp.tell("set_link", &json!({"name": "nic", "up": plan.network}))?;
        let agent = plan.agent.map(|_| Agent::connect(&self.socket("agent"))).transpose()?;
        let (folder, slot) = (self.folder.clone(), Some(slot));
        Ok(Machine { folder, child, slot, qmp, agent, handover, since_power_on, console, touches: 0 })
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.sock"))
    }

    fn arguments(&self, plan: &Plan, handover: &Handover, console: &Path) -> Vec<String> {
        let socket = |name: &str| self.socket(name).display().to_string();
        let listening = |id: &str| format!("socket,id={id},path={},server=on,wait=off", socket(id));
        let mut arguments: Vec<String> = BOARD.map(str::to_owned).to_vec();
        let mut add = |option: &str, value: String| arguments.extend([option.to_owned(), value]);
        add("-accel", "tcg,thread=multi".to_owned());
        add("-display", "none".to_owned());
        arguments.extend(["-nodefaults", "-no-user-config", "-no-reboot"].map(str::to_owned));
        let mut add = |option: &str, value: String| arguments.extend([option.to_owned(), value]);
        add("-kernel", handover.kernel.display().to_string());
        add("-initrd", handover.initramfs.display().to_string());
        add("-dtb", self.folder.join("marked.dtb").display().to_string());
        let mut words = vec![handover.command_line.clone()];
        words.extend(plan.words.iter().cloned());
        add("-append", words.join(" "));
        add("-rtc", format!("base={}", plan.clock.as_deref().unwrap_or("1970-01-01T00:00:00")));
        add("-chardev", listening("qmp"));
        add("-mon", "chardev=qmp,mode=control".to_owned());
        add("-chardev", format!("file,id=console,path={}", console.display()));
        add("-serial", "chardev:console".to_owned());
        let card =
            json!({"driver": "nbd", "node-name": "card", "server": {"type": "unix", "path": socket("card")}});
        add("-blockdev", card.to_string());
        add("-device", "virtio-blk-pci,drive=card,serial=card,bootindex=0".to_owned());
        add("-device", format!("virtio-gpu-pci,xres={},yres={}", GLASS.0, GLASS.1));
        for device in ["virtio-multitouch-pci", "virtio-rng-pci", "qemu-xhci,id=usb,p2=8,p3=4", "i6300esb"] {
            add("-device", device.to_owned());
        }
        add("-device", "usb-kbd,bus=usb.0,port=4".to_owned());
        add("-action", "watchdog=reset".to_owned());
        add(
            "-chardev",
            format!("socket,id=printer,host=127.0.0.1,port={},reconnect-ms=500", self.printer_port),
        );
        add("-chardev", listening("scanner"));
        add("-chardev", listening("keypad"));
        if !plan.devices_later {
            for (name, port) in SERIAL_LINES {
                add(
                    "-device",
                    format!("usb-serial,id={name},chardev={name},bus=usb.0,port={port},always-plugged=on"),
                );
            }
        }
        add("-netdev", format!("user,id=lan,hostfwd=tcp:127.0.0.1:{}-:{HALL_PORT}", self.hall_port));
        add("-device", "virtio-net-pci,netdev=lan,id=nic,romfile=".to_owned());
        if plan.agent.is_some() {
            add("-device", "virtio-serial-pci".to_owned());
            add("-chardev", listening("agent"));
            add("-device", format!("virtserialport,chardev=agent,name={}", agent::PORT));
        }
        if let Some(tools) = self.tools.as_ref().filter(|_| plan.agent.is_some()) {
            add("-drive", format!("if=none,id=tools,format=raw,readonly=on,file={}", tools.display()));
            add("-device", "virtio-blk-pci,drive=tools,serial=tools".to_owned());
        }
        if let Some(stick) = &plan.stick {
            add("-drive", format!("if=none,id=stick,format=raw,readonly=on,file={}", stick.display()));
            add("-device", "usb-storage,drive=stick,bus=usb.0,port=5,removable=on".to_owned());
        }
        if let Some(state) = &plan.state {
            add("-incoming", format!("file:{}", state.display()));
        }
        arguments
    }
}

impl Machine {
    /// The shell inside.
    ///
    /// # Errors
    /// When this boot has none.
    pub fn agent(&mut self) -> Result<&mut Agent, MachineError> {
        let none = || io::Error::other("this boot has no shell for the rig");
        self.agent.as_mut().ok_or_else(|| MachineError::Io { what: "the agent".to_owned(), source: none() })
    }

    /// Runs a command inside and gives its output.
    ///
    /// # Errors
    /// When it fails or takes longer than two minutes.
    pub fn run(&mut self, command: &str) -> Result<String, MachineError> {
        Ok(self.agent()?.run(command, Duration::from_secs(120))?)
    }

    /// Takes a picture of the glass.
    ///
    /// # Errors
    /// When QEMU cannot.
    pub fn photograph(&mut self, to: &Path) -> Result<(), MachineError> {
        self.qmp.tell("screendump", &json!({"filename": to.display().to_string(), "format": "png"}))?;
        Ok(())
    }

    /// Takes a picture of the glass to compare, which is quicker than one to keep.
    ///
    /// # Errors
    /// When QEMU cannot.
    pub fn bitmap(&mut self) -> anyhow::Result<Bitmap> {
        let file = self.folder.join("glance.ppm");
        self.qmp.tell("screendump", &json!({"filename": file.display().to_string()}))?;
        Ok(Bitmap::read(&file)?)
    }

    /// Touches the glass at a pixel and lets go.
    ///
    /// # Errors
    /// When QEMU refuses.
    pub fn touch(&mut self, (x, y): (u32, u32)) -> Result<(), MachineError> {
        self.touches += 1;
        let scaled = |value: u32, size: u32| u16::try_from(value * 32_767 / size.max(1)).unwrap_or(32_767);
        let [down, up] = qmp::touch(scaled(x, GLASS.0), scaled(y, GLASS.1), self.touches);
        self.qmp.tell("input-send-event", &down)?;
        clock::pass(Duration::from_millis(150));
        self.qmp.tell("input-send-event", &up)?;
        Ok(())
    }

    /// Presses keys together on the USB keyboard.
    ///
    /// # Errors
    /// When QEMU refuses.
    pub fn press(&mut self, keys: &[&str]) -> Result<(), MachineError> {
        let [down, up] = qmp::chord(keys);
        self.qmp.tell("input-send-event", &down)?;
        clock::pass(Duration::from_millis(150));
        self.qmp.tell("input-send-event", &up)?;
        Ok(())
    }

    /// Puts the network cable in or pulls it.
    ///
    /// # Errors
    /// When QEMU refuses.
    pub fn set_network(&mut self, up: bool) -> Result<(), MachineError> {
        self.qmp.tell("set_link", &json!({"name": "nic", "up": up}))?;
        Ok(())
    }

    /// Plugs a serial device in that was left out at the start.
    ///
    /// # Errors
    /// When QEMU refuses.
    pub fn plug(&mut self, name: &str, port: u8) -> Result<(), MachineError> {
        let device = json!({"driver": "usb-serial", "id": name, "chardev": name, "bus": "usb.0",
            "port": port.to_string(), "always-plugged": true});
        self.qmp.tell("device_add", &device)?;
        Ok(())
    }

    /// A serial device's end of its line, to send what it would send.
    ///
    /// # Errors
    /// When QEMU has gone.
    pub fn line(&self, name: &str) -> Result<UnixStream, MachineError> {
        let socket = self.folder.join(format!("{name}.sock"));
        UnixStream::connect(&socket).map_err(at(&socket))
    }

    /// Keeps the state of everything but the card in a file; the machine stands still after it.
    ///
    /// # Errors
    /// When QEMU cannot.
    pub fn save_state(&mut self, to: &Path) -> Result<(), MachineError> {
        self.qmp.tell("stop", &json!({}))?;
        self.qmp.tell("migrate", &json!({"uri": format!("file:{}", to.display())}))?;
        let mut failed = None;
        let qmp = &mut self.qmp;
        let saved = clock::until("the state to be saved", Duration::from_secs(120), || {
            let status = qmp.tell("query-migrate", &json!({})).ok()?;
            match status.get("status").and_then(Value::as_str) {
                Some("completed") => Some(()),
                Some("failed") => {
                    failed = Some(status.to_string());
                    Some(())
                }
                _ => None,
            }
        });
        saved.map_err(|source| self.late(source))?;
        match failed {
            Some(said) => Err(QmpError::Refused { command: "migrate".to_owned(), said }.into()),
            None => Ok(()),
        }
    }

    /// Lets a machine go on whose state was loaded; while it is loading, QEMU would forget the wish.
    ///
    /// # Errors
    /// When the state does not load.
    pub fn go_on(&mut self) -> Result<(), MachineError> {
        let qmp = &mut self.qmp;
        let loaded = clock::until("the saved state to be loaded", Duration::from_secs(120), || {
            let status = qmp.tell("query-status", &json!({})).ok()?;
            (status.get("status").and_then(Value::as_str) == Some("paused")).then_some(())
        });
        loaded.map_err(|source| self.late(source))?;
        self.qmp.tell("cont", &json!({}))?;
        Ok(())
    }

    /// Waits until the machine switches off, restarts or is reset.
    ///
    /// # Errors
    /// When it does none of that in time.
    pub fn wait_end(&mut self, timeout: Duration) -> Result<Ended, MachineError> {
        let watch = Stopwatch::start();
        let mut by_watchdog = false;
        let mut reason = None;
        loop {
            match self.qmp.event(Duration::from_millis(500)) {
                Ok(Some((name, _))) if name == "WATCHDOG" => by_watchdog = true,
                Ok(Some((name, data))) if name == "SHUTDOWN" => {
                    let said = data.get("reason").and_then(Value::as_str).unwrap_or("unknown");
                    reason = Some(said.to_owned());
                }
                Ok(_) => {}
                Err(_) => {
                    let reason = reason.unwrap_or_else(|| "gone".to_owned());
                    return Ok(Ended { reason, by_watchdog });
                }
            }
            if watch.elapsed() > timeout {
                return Err(self.late(TooLate { what: "the end of this boot".to_owned(), timeout }));
            }
        }
    }

    /// Whether QEMU still runs.
    pub fn is_on(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Bytes that a cut now would endanger, and flushes so far.
    pub fn unflushed(&self) -> (u64, u64) {
        self.slot.as_ref().map_or((0, 0), |slot| {
            let card = slot.card();
            (card.unflushed(), card.flushes())
        })
    }

    /// Cuts the power, if it is still there, and takes the card out. What was not flushed is still pending on it: a restart
    /// keeps that, a power cut loses it ([`Card::cut`]).
    ///
    /// # Errors
    /// When the card was taken before.
    pub fn take_card(mut self) -> Result<Card, MachineError> {
        self.kill();
        let slot = self.slot.take();
        let gone =
            || MachineError::Io { what: "the card".to_owned(), source: io::Error::other("it is gone") };
        slot.map(Slot::eject).ok_or_else(gone)
    }

    /// What the console has said so far.
    pub fn console(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.console).unwrap_or_default()).into_owned()
    }

    /// An error that says what the machine said last.
    pub fn late(&self, source: TooLate) -> MachineError {
        let qemu = end_of(&self.folder.join("qemu.log"));
        MachineError::TooLate { source, console: end_of(&self.console), qemu }
    }

    fn kill(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port of loopback that nobody listens at.
///
/// # Errors
/// When there is none.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The last lines of a log.
pub fn end_of(log: &Path) -> String {
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.iter().skip(lines.len().saturating_sub(6)).copied().collect::<Vec<_>>().join(" | ")
}
