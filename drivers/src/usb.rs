//! USB printers without a driver of the kernel: which bytes went out is known exactly, and a pulled cable at once.

mod choice;
mod device_id;
mod ledger;
mod question;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use nusb::transfer::{
    Buffer, Bulk, Completion, ControlIn, ControlOut, ControlType, In, Out, Recipient, TransferError,
};
use nusb::{Device, DeviceInfo, Endpoint, ErrorKind, Interface, MaybeFuture};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};

use self::choice::Setting;
use self::ledger::{Ending, Ledger};
use self::question::Question;
use crate::address::{Address, UsbSelector};
use crate::identity::UsbSighting;
use crate::transport::{PrinterPort, Transport, TransportError, poll_fds};

pub use self::device_id::{DeviceId, PortStatus};

/// How long a request besides the data may take.
const REQUEST_LIMIT: Duration = Duration::from_millis(500);
/// How long a transfer that was called off may take to say how far it came.
const CANCEL_LIMIT: Duration = Duration::from_millis(200);
/// Printers that have nothing to say should not answer; some answer with nothing, as often as they are asked.
const EMPTY_ANSWER_PAUSE: Duration = Duration::from_millis(20);
/// Bytes of one answer; rounded up to whole packets.
const ANSWER_BYTES: usize = 512;
const DEVICE_ID_BYTES: u16 = 1024;

/// A USB printer that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbPrinter {
    /// Where it is and what it is; the interface is its printer interface.
    pub sighting: UsbSighting,
    /// The maker's name, from the USB descriptors.
    pub manufacturer: Option<String>,
    /// The product's name, from the USB descriptors.
    pub product: Option<String>,
}

/// The USB printers that are plugged in, in the order of buses and ports. Opens none of them.
///
/// # Errors
/// When the system has no USB at all.
pub fn list() -> std::io::Result<Vec<UsbPrinter>> {
    let found = find_all()?.into_iter().filter(|found| found.is_printer).map(|found| UsbPrinter {
        manufacturer: found.info.manufacturer_string().map(str::to_owned),
        product: found.info.product_string().map(str::to_owned),
        sighting: found.sighting,
    });
    Ok(found.collect())
}

/// Whether such a printer is plugged in.
pub(crate) fn is_there(selector: &UsbSelector) -> bool {
    find(selector).is_some()
}

/// An interface of a device.
struct Found {
    info: DeviceInfo,
    interface: u8,
    is_printer: bool,
    sighting: UsbSighting,
}

fn find_all() -> std::io::Result<Vec<Found>> {
    let mut devices: Vec<DeviceInfo> = nusb::list_devices().wait()?.collect();
    devices
        .sort_by(|left, right| (left.busnum(), left.port_chain()).cmp(&(right.busnum(), right.port_chain())));
    Ok(devices.iter().flat_map(interfaces).collect())
}

fn interfaces(info: &DeviceInfo) -> Vec<Found> {
    let port = info.sysfs_path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let configuration =
        std::fs::read_to_string(info.sysfs_path().join("bConfigurationValue")).unwrap_or_default();
    let found = info.interfaces().map(|interface| {
        let number = interface.interface_number();
        Found {
            info: info.clone(),
            interface: number,
            is_printer: choice::is_printer(interface.class(), interface.subclass(), interface.protocol()),
            sighting: UsbSighting {
                interface: Some(format!("{port}:{}.{number}", configuration.trim())),
                port: port.clone(),
                vendor: info.vendor_id(),
                product: info.product_id(),
                serial: info.serial_number().map(str::to_owned),
            },
        }
    });
    found.collect()
}

/// The wanted interface: a printer's if the device has one; else, if the device itself was named, its first one, which may
/// speak the printer's language without saying so.
fn find(selector: &UsbSelector) -> Option<Found> {
    let mut found = find_all().ok()?;
    match selector {
        UsbSelector::FirstPrinter => found.retain(|found| found.is_printer),
        UsbSelector::Device(identity) => {
            found.retain(|found| identity.is(&found.sighting));
            found.sort_by_key(|found| !found.is_printer);
        }
    }
    found.into_iter().next()
}

/// Rung when a transfer ends.
struct Bell(OwnedFd);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // It only fails when it is ringing already.
        let _ringing = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

/// The line to a USB printer. The interface is ours alone while this lives; then the kernel's driver gets it back.
pub struct UsbLine {
    output: Endpoint<Bulk, Out>,
    input: Option<Endpoint<Bulk, In>>,
    interface: Interface,
    bell: Arc<Bell>,
    waker: Waker,
    ledger: Ledger,
    /// The question for the state of the port.
    question: Question,
    device_id: Option<DeviceId>,
    /// The last answer was empty: the next one is asked for a little later.
    rests: bool,
}

impl UsbLine {
    /// Opens the line, asks the printer who it is. May take a second: not for a thread that must not wait.
    ///
    /// # Errors
    /// [`TransportError::Absent`] when it is not plugged in, [`TransportError::Refused`] when it may not be used, another
    /// program has it, or it has no way for bytes.
    pub fn open(selector: &UsbSelector) -> Result<Self, TransportError> {
        let address = Address::Usb(selector.clone()).to_string();
        let failed = |error: nusb::Error| {
            let retry = matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::NotFound);
            let (address, source) = (address.clone(), error.into());
            if retry {
                TransportError::Absent { address, source }
            } else {
                TransportError::Refused { address, source }
            }
        };
        let absent = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let found = find(selector)
            .ok_or_else(|| TransportError::Absent { address: address.clone(), source: absent() })?;
        let device = found.info.open().wait().map_err(failed)?;
        let setting = setting(&device, found.interface).ok_or_else(|| {
            let why = format!("interface {} has no bulk endpoint to write to", found.interface);
            TransportError::Refused { address: address.clone(), source: std::io::Error::other(why) }
        })?;
        let interface = device.detach_and_claim_interface(found.interface).wait().map_err(failed)?;
        if setting.number != 0 {
            interface.set_alt_setting(setting.number).wait().map_err(failed)?;
        }
        let mut output = interface.endpoint::<Bulk, Out>(setting.output).map_err(failed)?;
        let mut input = match setting.input {
            Some(address) => Some(interface.endpoint::<Bulk, In>(address).map_err(failed)?),
            None => None,
        };
        clear_halt(&interface, &mut output);
        if let Some(input) = &mut input {
            clear_halt(&interface, input);
        }
        let bell = Arc::new(Bell(
            eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC).map_err(std::io::Error::from)?,
        ));
        let device_id = ask_device_id(&interface, setting.number);
        let waker = Waker::from(Arc::clone(&bell));
        let (ledger, question) = Default::default();
        let mut line =
            Self { output, input, interface, bell, waker, ledger, question, device_id, rests: false };
        line.collect();
        Ok(line)
    }

    /// Takes note of every transfer that ended.
    fn collect(&mut self) {
        let mut context = Context::from_waker(&self.waker);
        self.question.collect(&mut context);
        while self.output.pending() > 0 {
            let Poll::Ready(ended) = self.output.poll_next_complete(&mut context) else { break };
            self.ledger.sent(ended.actual_len, ending(&ended));
        }
        self.keep_reading();
    }

    /// Sees to it that one transfer from the printer is always pending: that is also how a pulled cable is noticed.
    fn keep_reading(&mut self) {
        let Some(input) = &mut self.input else { return };
        let mut context = Context::from_waker(&self.waker);
        loop {
            if input.pending() == 0 {
                if self.rests || !self.ledger.wants_more() {
                    return;
                }
                let packet = input.max_packet_size().max(1);
                input.submit(Buffer::new(ANSWER_BYTES.next_multiple_of(packet)));
            }
            let Poll::Ready(ended) = input.poll_next_complete(&mut context) else { return };
            self.rests |= ended.actual_len == 0;
            self.ledger.got(ended.buffer.get(..ended.actual_len).unwrap_or_default(), ending(&ended));
        }
    }
}

fn ending(ended: &Completion) -> Ending {
    match ended.status {
        Ok(()) => Ending::Done,
        Err(TransferError::Cancelled) => Ending::Cancelled,
        Err(TransferError::Disconnected) => Ending::Gone,
        Err(TransferError::Stall) => Ending::Failed("the printer refused a transfer"),
        Err(TransferError::Fault) => Ending::Failed("a USB transfer failed on the wire"),
        Err(TransferError::InvalidArgument) => Ending::Failed("the system refused a USB transfer"),
        Err(TransferError::Unknown(_)) => Ending::Failed("a USB transfer failed"),
    }
}

fn line_error(end: Ending) -> TransportError {
    match end {
        Ending::Done | Ending::Cancelled | Ending::Gone => TransportError::Gone,
        Ending::Failed(how) => TransportError::Line(std::io::Error::other(how)),
    }
}

fn setting(device: &Device, interface: u8) -> Option<Setting> {
    let configuration = device.active_configuration().ok()?;
    let settings: Vec<Setting> = configuration
        .interface_alt_settings()
        .filter(|setting| setting.interface_number() == interface)
        .filter_map(|setting| {
            let endpoints: Vec<(u8, u8)> =
                setting.endpoints().map(|endpoint| (endpoint.address(), endpoint.attributes())).collect();
            let kind = (setting.class(), setting.subclass(), setting.protocol());
            Setting::new(setting.alternate_setting(), kind, &endpoints)
        })
        .collect();
    choice::best(settings)
}

/// Endpoints that an earlier program left halted take nothing until that is cleared. Only then: it also resets the count by
/// which repeated packets are told apart.
fn clear_halt<D: nusb::transfer::EndpointDirection>(interface: &Interface, endpoint: &mut Endpoint<Bulk, D>) {
    let get_status = ControlIn {
        control_type: ControlType::Standard,
        recipient: Recipient::Endpoint,
        request: 0,
        value: 0,
        index: endpoint.endpoint_address().into(),
        length: 2,
    };
    let answer = interface.control_in(get_status, REQUEST_LIMIT).wait().unwrap_or_default();
    if answer.first().is_some_and(|status| status & 1 != 0) {
        // If it stays halted the first transfer says so.
        let _still_halted = endpoint.clear_halt().wait();
    }
}

fn ask_device_id(interface: &Interface, setting: u8) -> Option<DeviceId> {
    let request = ControlIn {
        control_type: ControlType::Class,
        recipient: Recipient::Interface,
        request: 0,
        value: 0,
        index: u16::from_be_bytes([interface.interface_number(), setting]),
        length: DEVICE_ID_BYTES,
    };
    DeviceId::parse(&interface.control_in(request, REQUEST_LIMIT).wait().ok()?)
}

impl Transport for UsbLine {
    fn wait(
        &mut self,
        want_write: bool,
        wake: BorrowedFd<'_>,
        timeout: Duration,
    ) -> Result<(), TransportError> {
        self.collect();
        if self.ledger.has_news() || self.question.is_answered() || (want_write && self.ledger.takes_bytes())
        {
            return Ok(());
        }
        let timeout = if self.rests { timeout.min(EMPTY_ANSWER_PAUSE) } else { timeout };
        let bell = self.bell.0.as_fd();
        let mut fds =
            [PollFd::from_borrowed_fd(bell, PollFlags::IN), PollFd::from_borrowed_fd(wake, PollFlags::IN)];
        poll_fds(&mut fds, timeout)?;
        let _silent = rustix::io::read(&self.bell.0, &mut [0; 8]);
        self.rests = false;
        self.collect();
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        self.collect();
        self.ledger.read(buffer).map_err(line_error)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, TransportError> {
        self.collect();
        if let Some(end) = self.ledger.end() {
            return Err(line_error(end));
        }
        let count = self.ledger.begin(bytes.len());
        if count > 0 {
            self.output.submit(bytes.get(..count).unwrap_or_default().to_vec().into());
        }
        Ok(count)
    }

    fn withdraw(&mut self) -> usize {
        self.collect();
        self.output.cancel_all();
        while self.output.pending() > 0 {
            let Some(ended) = self.output.wait_next_complete(CANCEL_LIMIT) else { break };
            self.ledger.sent(ended.actual_len, ending(&ended));
        }
        self.ledger.withdraw()
    }

    fn device_id(&self) -> Option<&DeviceId> {
        self.device_id.as_ref()
    }

    fn port(&mut self) -> Option<&mut dyn PrinterPort> {
        Some(self)
    }
}

impl PrinterPort for UsbLine {
    fn ask_status(&mut self) {
        self.question.ask(&self.interface);
        self.collect();
    }

    fn status(&mut self) -> Option<PortStatus> {
        self.collect();
        self.question.take_answer()
    }

    fn soft_reset(&mut self) -> bool {
        let reset = |recipient| {
            let index = self.interface.interface_number().into();
            let control_type = ControlType::Class;
            let request = ControlOut { control_type, recipient, request: 2, value: 0, index, data: &[] };
            self.interface.control_out(request, REQUEST_LIMIT).wait()
        };
        // Version 1.1 of the printer class sends it to the interface, version 1.0 sent it to "other".
        match reset(Recipient::Interface) {
            Err(TransferError::Stall) => reset(Recipient::Other).is_ok(),
            told => told.is_ok(),
        }
    }
}
