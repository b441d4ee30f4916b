//! The rig around the machine: printer, hall's configuration, what is seen and touched on the glass.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use kiosk_drivers::fake::{FakeModel, FakePrinter, FakePrinterConfig, Listen};

use crate::agent::When;
use crate::bundles::Workshop;
use crate::card::{Card, Cut};
use crate::clock::{self, Stopwatch, TooLate};
use crate::district::District;
use crate::firmware;
use crate::glass::{self, Word};
use crate::machine::{Desk, Machine, Plan};
use crate::papers;
use crate::random::Random;
use crate::report::{Report, say};

/// Until a booted machine shows its home: an emulated one on a busy computer takes minutes.
pub const BOOT: Duration = Duration::from_secs(600);
/// Until a touch or a command has shown its effect.
pub const EFFECT: Duration = Duration::from_secs(120);
/// Until a citizen with slow eyes has a ticket in hand.
const TICKET: Duration = Duration::from_secs(400);
/// A page that has not turned by then did not feel the touch.
const TURN: Duration = Duration::from_secs(10);
/// What every home page says.
pub const HOME: &str = "Lấy số thứ tự";
/// Touches that lead from the home page to a ticket; of long names only what tesseract reads without fail.
pub const WAY: [&str; 3] = [HOME, "Hỏi, hướng dẫn", "Không thuộc diện"];
/// The hall and the kiosk of the sample configuration.
pub const HALL: &str = "ddg-donduong";
/// Its kiosk.
pub const KIOSK: &str = "donduong-1";
/// The sample's fragment with the devices of its hall.
const DEVICES: &str = "80-devices.toml";
/// All that a scenario needs.
pub struct Rig {
    /// Where results go.
    pub out: PathBuf,
    /// The image under test.
    pub image: PathBuf,
    /// Room on a card beyond the image's end, in bytes: cards are larger than images.
    pub larger: u64,
    /// Keys that the image trusts bundles by.
    pub keys: PathBuf,
    /// The machines' desk.
    pub desk: Desk,
    /// The ticket printer.
    pub printer: FakePrinter,
    /// Its tray.
    pub tickets: PathBuf,
    /// What was seen.
    pub report: Report,
    pictures: u32,
}

impl Rig {
    /// A rig for an image; results go to `out`.
    ///
    /// # Errors
    /// When there is no image, or a folder or port cannot be had.
    pub fn open(image: &Path, keys: &Path, out: &Path) -> anyhow::Result<Self> {
        ensure!(image.exists(), "{} is missing. Remedy: make image", image.display());
        fs::create_dir_all(out)?;
        let out = out.canonicalize()?;
        let tickets = out.join("rig/tickets");
        let _absent = fs::remove_dir_all(&tickets);
        fs::create_dir_all(&tickets)?;
        let port = crate::machine::free_port()?;
        let printer = FakePrinter::start(FakePrinterConfig {
            listen: Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], port))),
            model: FakeModel::default(),
            tickets_dir: Some(tickets.clone()),
        })?;
        let desk = Desk::new(&out.join("rig/desk"), port)?;
        let report = Report::open(&out);
        Ok(Self {
            image: image.to_owned(),
            keys: keys.to_owned(),
            larger: 512 << 20,
            desk,
            printer,
            tickets,
            report,
            pictures: 0,
            out,
        })
    }

    /// A card fresh from flashing.
    ///
    /// # Errors
    /// When the image cannot be read.
    pub fn fresh_card(&self) -> io::Result<Card> {
        Card::flash(&self.image, self.larger)
    }

    /// A card on which a technician has put the hall's configuration and which is enrolled, made by a first boot and kept
    /// for later runs; and the district server that knows it.
    ///
    /// # Errors
    /// When that boot fails.
    pub fn prepared(&mut self) -> anyhow::Result<(Card, District)> {
        let mut card = self.fresh_card()?;
        let kept = self.out.join(format!("rig/prepared-{}.card", self.mark()?));
        let kept_server = kept.with_extension("server");
        let folder = self.out.join("rig/district");
        let _absent = fs::remove_dir_all(&folder);
        if card.load(&kept).is_err() {
            let district = District::start(&folder, HALL)?;
            self.desk.district_port = Some(district.port());
            say("first boot of a fresh card: the hall's configuration and a token go onto it");
            card = self.set_up(self.fresh_card()?, &district, KIOSK, 1)?;
            drop(district);
            copy_files(&folder, &kept_server)?;
            card.save(&kept)?;
        } else {
            // Of the same moment as the card: a server that remembers more would meet an older copy of the kiosk.
            copy_files(&kept_server, &folder)?;
        }
        let district = District::start(&folder, HALL)?;
        self.desk.district_port = Some(district.port());
        Ok((card, district))
    }

    /// Where bundles of this image are made.
    ///
    /// # Errors
    /// When the image cannot be read.
    pub fn workshop(&self) -> anyhow::Result<Workshop> {
        let folder = self.out.join(format!("rig/bundles-{}", self.mark()?));
        Ok(Workshop { folder, keys: self.keys.clone() })
    }

    /// What tells this image from an older one of the same name.
    fn mark(&self) -> anyhow::Result<String> {
        let seen = fs::metadata(&self.image)?;
        let secs = seen.modified()?.duration_since(UNIX_EPOCH)?.as_secs();
        Ok(format!("{secs}-{}", seen.len()))
    }

    /// Does what docs/swap.md tells a technician: puts the hall and a token onto a card's first partition and boots it. Once
    /// the server has taken the token, the machine is switched off. Numbers begin with `first`.
    ///
    /// # Errors
    /// When that boot fails.
    pub fn set_up(
        &mut self,
        mut card: Card,
        district: &District,
        kiosk: &str,
        first: u32,
    ) -> anyhow::Result<Card> {
        let address = district.address_inside();
        let mut files = hall_files(&address, kiosk, first)?;
        let token = district.token(kiosk, HALL)?;
        files.push(("enrol.txt".to_owned(), format!("server={address}\ntoken={token}\n")));
        firmware::put_on_bootsel(&mut card, "hall", &files, &self.desk.folder)?;
        let plan = Plan { agent: Some(When::Early), network: true, ..Plan::default() };
        let mut machine = self.desk.power_on(card, &plan)?;
        let enrolled = clock::until("the kiosk's enrolment at the district server", BOOT, || {
            district.knows(kiosk).ok().filter(|known| *known)
        });
        enrolled.map_err(|source| machine.late(source))?;
        let secs = machine.since_power_on.elapsed().as_secs();
        say(&format!("{kiosk} is enrolled, {secs} s after power-on"));
        // The kiosk writes its new identity and starts its page anew.
        self.wait_phrase(&mut machine, HOME, BOOT)?;
        machine.agent()?.wait(BOOT)?;
        machine.agent()?.run("until [ ! -e /data/system/enrol.txt ]; do sleep 0.2; done; sync", EFFECT)?;
        self.switch_off(machine)
    }

    /// Asks the machine to switch off and gives its card as power leaves it.
    ///
    /// # Errors
    /// When it does not.
    pub fn switch_off(&mut self, mut machine: Machine) -> anyhow::Result<Card> {
        // The shell may be gone before it has answered.
        let _no_answer = machine.agent()?.run("systemctl poweroff --no-block", Duration::from_secs(20));
        let ended = machine.wait_end(Duration::from_secs(240))?;
        ensure!(ended.reason == "guest-shutdown", "switching off ended with {ended:?}");
        let mut card = machine.take_card()?;
        card.cut(Cut::LosesAll, &mut Random::new(0))?;
        Ok(card)
    }

    /// Cuts the power of a machine and gives its card.
    ///
    /// # Errors
    /// When the card cannot be read.
    pub fn cut(&mut self, machine: Machine, how: Cut, random: &mut Random) -> anyhow::Result<Card> {
        let mut card = machine.take_card()?;
        card.cut(how, random)?;
        Ok(card)
    }

    /// Waits until the glass shows a page; gives the time since power-on.
    ///
    /// # Errors
    /// When it stays dark.
    pub fn wait_drawn(&mut self, machine: &mut Machine) -> anyhow::Result<Duration> {
        let mut seen = || {
            // A picture costs the played processor time that the start needs.
            clock::pass(Duration::from_millis(500));
            machine.bitmap().ok()?.is_drawn().then(|| machine.since_power_on.elapsed())
        };
        let drawn = clock::until("the first page on the glass", BOOT, &mut seen);
        drawn.map_err(|source| machine.late(source).into())
    }

    /// Waits until the glass says `phrase`, and gives where.
    ///
    /// # Errors
    /// When it does not in time; the last picture is kept.
    pub fn wait_phrase(
        &mut self,
        machine: &mut Machine,
        phrase: &str,
        timeout: Duration,
    ) -> anyhow::Result<(u32, u32)> {
        let mut last = None;
        let mut words: Vec<Word> = Vec::new();
        let found = clock::until(&format!("{phrase:?} on the glass"), timeout, || {
            let bitmap = machine.bitmap().ok()?;
            if last.as_ref() == Some(&bitmap) {
                clock::pass(Duration::from_millis(300));
                return None;
            }
            words = glass::words(bitmap.file()).ok()?;
            last = Some(bitmap);
            glass::find(&words, phrase)
        });
        if found.is_err() {
            self.keep_picture(machine, "vain")?;
            self.keep_journal(machine);
        }
        found
            .map_err(|source| machine.late(source))
            .with_context(|| format!("it says: {}", glass::text(&words)))
    }

    /// Keeps a picture of the glass among the results.
    ///
    /// # Errors
    /// When QEMU cannot take it.
    pub fn keep_picture(&mut self, machine: &mut Machine, name: &str) -> anyhow::Result<PathBuf> {
        self.pictures += 1;
        let path = self.out.join(format!("rig/{:02}-{name}.png", self.pictures));
        machine.photograph(&path)?;
        Ok(path)
    }

    /// Keeps what the machine's journal says, where this boot lets the rig look inside.
    pub fn keep_journal(&self, machine: &mut Machine) {
        if let Ok(journal) = machine.run("systemctl --failed --no-legend; journalctl --boot --no-pager") {
            let path = self.out.join(format!("rig/{:02}-journal.txt", self.pictures));
            // A help to whoever looks for the cause; the failure itself is told anyway.
            let _kept = fs::write(path, journal);
        }
    }

    /// Waits for the page to turn that a touch of `phrase` closes: a second touch would fall on what comes after it. A touch
    /// that was not felt ends the wait too.
    fn wait_turned(&self, machine: &mut Machine, phrase: &str) -> anyhow::Result<()> {
        let watch = Stopwatch::start();
        while watch.elapsed() < TURN {
            if glass::find(&glass::words(machine.bitmap()?.file())?, phrase).is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Takes a ticket as a citizen does, reading the pages; gives the picture of its paper. A page that fell back to home while
    /// a slow eye read it is begun anew.
    ///
    /// # Errors
    /// When the paper does not come.
    pub fn take_ticket(&mut self, machine: &mut Machine) -> anyhow::Result<PathBuf> {
        let [.., last] = WAY;
        let mut pieces = self.printer.tickets().len();
        let watch = Stopwatch::start();
        while watch.elapsed() < TICKET {
            let words = glass::words(machine.bitmap()?.file())?;
            let next = WAY.iter().rev().find_map(|phrase| Some((*phrase, glass::find(&words, phrase)?)));
            if let Some((phrase, place)) = next {
                machine.touch(place)?;
                // Past the last touch the paper is waited for, else a second one would be asked for.
                if phrase == last {
                    let _paper = self.printer.wait_for_tickets(pieces + 1, EFFECT);
                } else {
                    self.wait_turned(machine, phrase)?;
                }
            }
            // The slip with the counters' PINs may come first.
            for piece in pieces + 1..=self.printer.tickets().len() {
                pieces = piece;
                let picture = self.tickets.join(format!("{piece:04}.png"));
                if papers::ticket_of(&glass::qr(&picture)?).is_some() {
                    return Ok(picture);
                }
            }
        }
        self.keep_picture(machine, "no-ticket")?;
        let what = format!("a ticket on the printer, which cut {pieces} pieces");
        Err(machine.late(TooLate { what, timeout: TICKET }).into())
    }
}

/// A command as the kiosk's user runs it.
pub fn as_kiosk(command: &str) -> String {
    format!("/usr/bin/setpriv --reuid=kiosk --regid=kiosk --clear-groups -- {command}")
}

/// Makes a folder that has another's files; folders in it are left out, for the server makes its own.
fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// The fragments that the repository ships, but for its devices: their nodes would be taken from those of this machine.
fn sample_hall() -> io::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config"))? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name != DEVICES {
            files.push((name, fs::read_to_string(path)?));
        }
    }
    files.sort();
    Ok(files)
}

/// A hall's configuration for the rig, as a technician has it on a laptop.
///
/// # Errors
/// When the sample cannot be read.
pub fn hall_files(server: &str, kiosk: &str, first: u32) -> io::Result<Vec<(String, String)>> {
    let mut files = sample_hall()?;
    files.push(("90-rig.toml".to_owned(), own_fragment(server, kiosk, first)));
    Ok(files)
}

/// The hall's own fragment: where devices and server are; a hall that never closes, with numbers that do not run out.
fn own_fragment(server: &str, kiosk: &str, first: u32) -> String {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let always = days.map(|day| format!("{day} = [\"00:00-24:00\"]\n")).concat();
    format!(
        "[hall]\nidle_timeout_secs = 120\n\n[kiosk]\nid = \"{kiosk}\"\n\n[server]\nurl = \"{server}\"\n\n[service]\nlisten = \"0.0.0.0:8080\"\n\n\
         [printer]\naddress = \"serial:port=1-1?baud=115200\"\nprofile = \"generic-80\"\n\n\
         [scanner]\naddress = \"serial:port=1-2?baud=115200\"\nsuffix = \"cr\"\n\n\
         [keypad.5]\naddress = \"serial:port=1-3\"\n\n\
         [opening]\nholidays = []\n{always}\n\
         [area.huong-dan]\ndigits = 5\nfirst = {first}\nlast = 99999\n"
    )
}
