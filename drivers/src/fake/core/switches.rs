//! What a person, or fate, does to the fake printer.

use super::PrinterCore;
use crate::fake::model::FakeFault;
use crate::usb::PortStatus;

impl PrinterCore {
    /// Something goes wrong, now.
    pub fn strike(&mut self, fault: FakeFault) {
        match fault {
            FakeFault::PaperEnd => self.sensors.paper_end = true,
            FakeFault::NearEnd => self.sensors.near_end = true,
            FakeFault::CoverOpen => self.sensors.cover_open = true,
            FakeFault::CutterError => self.sensors.cutter_error = true,
            FakeFault::PaperJam => self.sensors.paper_jam = true,
            FakeFault::HeadHot => self.sensors.head_hot = true,
            FakeFault::Unrecoverable => self.sensors.unrecoverable = true,
            FakeFault::Silence => self.is_silent = true,
            FakeFault::Busy => self.is_busy = true,
            FakeFault::Unplugged => self.is_cut_off = true,
            FakeFault::PowerLoss => {
                self.power_cycle();
                self.is_cut_off = true;
            }
        }
        self.tell_changes();
    }

    /// Something goes wrong when so many more bytes have been received. One such plan at a time.
    pub fn strike_after(&mut self, bytes: u64, fault: FakeFault) {
        self.fault_at = Some((self.received + bytes, fault));
    }

    /// Whether a planned fault has not struck yet.
    #[must_use]
    pub fn is_fault_planned(&self) -> bool {
        self.fault_at.is_some()
    }

    pub(super) fn strike_if_due(&mut self) {
        if let Some((_, fault)) = self.fault_at.take_if(|(at, _)| *at <= self.received) {
            self.strike(fault);
        }
    }

    /// Somebody mends everything but the cable, and puts a roll in.
    pub fn mend(&mut self) {
        self.fault_at = None;
        self.is_silent = false;
        self.is_busy = false;
        self.sensors.cutter_error = false;
        self.sensors.paper_jam = false;
        self.sensors.head_hot = false;
        self.sensors.unrecoverable = false;
        self.load_roll();
    }

    /// Opens the cover, puts a new roll in, closes the cover. What is in the buffer prints then.
    pub fn load_roll(&mut self) {
        self.set_cover_open(true);
        self.set_paper_end(false);
        self.set_cover_open(false);
    }

    /// What a USB printer's port says, silent or not.
    #[must_use]
    pub fn port_status(&self) -> PortStatus {
        self.sensors.port()
    }

    /// What a soft reset does: buffers are empty, nothing is held up any more.
    pub fn soft_reset(&mut self) {
        self.power_cycle();
        self.is_busy = false;
    }

    /// Whether the cable is out, or the power.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.is_cut_off
    }

    /// Puts the cable back in, with a new line: what was on its way is lost.
    pub fn reconnect(&mut self) {
        self.is_cut_off = false;
        self.replies.clear();
    }

    /// Takes the paper out or puts it in. What is in the buffer prints as soon as there is paper again.
    pub fn set_paper_end(&mut self, is_end: bool) {
        self.sensors.paper_end = is_end;
        if !is_end {
            self.sensors.near_end = false;
            self.mechanism.rows_left = None;
        }
        self.tell_changes();
    }

    /// Lets the paper end after so many more rows.
    pub fn set_paper_rows_left(&mut self, rows: u32) {
        if rows == 0 {
            self.set_paper_end(true);
        } else {
            self.mechanism.rows_left = Some(rows);
        }
    }

    /// Reports the roll as nearly used up, or not.
    pub fn set_near_end(&mut self, is_near: bool) {
        self.sensors.near_end = is_near;
        self.tell_changes();
    }

    /// Opens or closes the cover.
    pub fn set_cover_open(&mut self, is_open: bool) {
        self.sensors.cover_open = is_open;
        self.tell_changes();
    }

    /// Jams the cutter or frees it.
    pub fn set_cutter_error(&mut self, is_stuck: bool) {
        self.sensors.cutter_error = is_stuck;
        self.tell_changes();
    }

    /// Jams the paper or frees it.
    pub fn set_paper_jam(&mut self, is_jammed: bool) {
        self.sensors.paper_jam = is_jammed;
        self.tell_changes();
    }

    /// Overheats the head or lets it cool down.
    pub fn set_head_hot(&mut self, is_hot: bool) {
        self.sensors.head_hot = is_hot;
        self.tell_changes();
    }

    /// Stops or resumes all replies; printing goes on.
    pub fn set_silent(&mut self, is_silent: bool) {
        self.is_silent = is_silent;
    }

    /// Takes no more bytes, or takes them again.
    pub fn set_busy(&mut self, is_busy: bool) {
        self.is_busy = is_busy;
    }

    /// Somebody takes the ticket that the presenter holds out.
    pub fn take_presented(&mut self) {
        self.mechanism.take(&mut self.sensors);
        self.tell_changes();
    }

    /// Somebody tears the printed paper off, as at a printer without a cutter.
    pub fn tear_off(&mut self) {
        self.mechanism.cut(&mut self.sensors);
    }

    /// Switches the power off and on: buffer and settings are lost, printed paper stays.
    pub fn power_cycle(&mut self) {
        self.clear_buffer();
        self.settings.reset();
        self.status_back = 0;
        self.last_back = None;
        self.said_xoff = false;
        self.replies.clear();
    }
}
