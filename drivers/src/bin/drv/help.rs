//! The texts of `--help`.

pub(crate) const OVERVIEW: &str = "\
Looks at the devices of a kiosk and tries them, without the kiosk's program.

  drv list                    what is attached, with the address to put in the configuration
  drv profiles                the printer models that are known
  drv detect ADDRESS          which printer it says it is, and which profile fits
  drv status ADDRESS          can it print, and if not, why;  --watch goes on and tells changes
  drv test-page ADDRESS       prints a page: edges, letters, QR code, cut
  drv speed ADDRESS           prints tickets and measures them
  drv scan ADDRESS            shows what a barcode scanner reads
  drv keys ADDRESS            shows which keys of a rating pad are pressed
  drv nv-write ADDRESS --profile P --lines FILE   keeps a ticket's lines in the printer
  drv display ADDRESS NUMBER  shows a number on a counter's panel
  drv record ADDRESS --out FILE   records a session, for whoever mends the driver
  drv replay FILE             gives a recording to today's driver and compares

drv COMMAND --help says more. Addresses: tcp:HOST[:9100]  usb:class=printer  usb:port=1-1.2  usb:04b8:0e15
serial:/dev/ttyUSB0?baud=115200  file:/dev/usb/lp0  evdev:port=1-1.3  evdev:name=NAME  gpio:17,27,22

Only one program can have a device: stop the kiosk first (systemctl stop kiosk-app), and start it again afterwards.
Ends with 0 when all is well, 1 when a device is in trouble, 2 when the command is wrong.
";

const LIST: &str = "\
drv list

Lists USB printers, printer nodes of the kernel, serial lines and input devices, one a line, each with the address text
for the configuration. Prefer an address with port= : it stays the same whatever node the kernel gives the device.
Network printers are not listed: their address is on the page that they print when switched on with FEED held down.
";

const PROFILES: &str = "\
drv profiles

Lists the built-in printer profiles. The configuration names one, or the path of a .toml file of the same form.
";

const DETECT: &str = "\
drv detect ADDRESS

Asks the printer who it is (GS I, and over USB its device id) and says which profile fits. Prints nothing.
A printer that does not answer may still print: choose generic-80 (80 mm paper) or generic-58 (58 mm).
";

const STATUS: &str = "\
drv status ADDRESS [--profile NAME|FILE] [--watch]

Says whether the printer can print and what to do if it cannot. Prints nothing.
  --profile P   how the printer speaks; found out when left out, else generic-80
  --watch       goes on until Ctrl-C and tells every change: open the cover, take the paper out, pull the cable
";

const TEST_PAGE: &str = "\
drv test-page ADDRESS [--profile NAME|FILE]

Prints one page and waits for the printer to confirm it. Look at: both ends of the top line are on the paper (else the
profile is too wide), its length is what stands below it (else wrong dpi), the letters are whole, a telephone reads the QR
code, the cut is below the last line (else head_to_cutter_mm is wrong).
";

const SPEED: &str = "\
drv speed ADDRESS [--profile NAME|FILE] [--tickets N]

Prints N tickets (3 when left out, at most 20) one after the other and says how long each took until the printer confirmed
its cut. A serial line at 9600 baud takes seconds for each: set the printer and the address to 115200.
";

const SCAN: &str = "\
drv scan ADDRESS [--suffix cr|lf|crlf|tab|none]

Shows every scan until Ctrl-C, with its length, and why something was no usable scan. Whole codes are shown, so do not use
it with citizens' cards while others look on.
  --suffix S    what the scanner sends behind a code; cr when left out, as scanners come from the factory
";

const KEYS: &str = "\
drv keys ADDRESS

Shows every press of a rating pad until Ctrl-C, and what was no vote: a stuck key, a burst.
Key numbers are those of the usual keys (digits 1 to 9; the first pin is key 1).
";

const NV_WRITE: &str = "\
drv nv-write ADDRESS --profile NAME|FILE --lines FILE

Writes lines that are the same on every ticket into the printer's memory (NV graphics), so that they need not be sent. It
forgets whatever pictures were there. The memory wears out after some thousand writings: once at the installation, not more.
FILE is what the kiosk says of its tickets, unchanged, or it keeps sending the lines itself. A line of it is
  rule   or   banner SIZE WORDS   or   left|center|right SIZE[b] WORDS,   size in points, b for bold:  center 9b SỐ THỨ TỰ
";

const DISPLAY: &str = "\
drv display ADDRESS NUMBER [--panel N] [--frame TEXT]

Shows a number (A012) on a counter's panel for ten seconds: it blinks for four, then stands, then the panel is dark.
Addresses: max7219:0.1?modules=4 (SPI bus 0, chip select 1)  ssd1306:1@0x3c?rows=64 (I2C bus 1)
serial:/dev/ttyUSB0?baud=9600 (a panel that takes frames)
  --panel N     the panel's own number, for a line that several panels hear; 1 when left out
  --frame TEXT  its frame if it has another than the usual one, which is '\\x02{panel:2}{number:6}\\x03{xor}'
";

const RECORD: &str = "\
drv record ADDRESS --out FILE [--kind printer|scanner|keypad] [--profile NAME|FILE] [--suffix S] [--whole]

Records a session until Ctrl-C, at most 8 MiB. A printer gets one test page. Scans are recorded as lengths, never as text;
of what is printed only lengths and hashes, unless --whole is given.
  --kind K      what kind of device it is; printer when left out
";

const REPLAY: &str = "\
drv replay FILE [--profile NAME|FILE]

Gives a recording to the driver of this program, shows what it tells, and says whether it tells the same as it did then.
";

/// The text for a command.
pub(crate) fn of(command: Option<&str>) -> Option<&'static str> {
    Some(match command {
        None => OVERVIEW,
        Some("list") => LIST,
        Some("profiles") => PROFILES,
        Some("detect") => DETECT,
        Some("status") => STATUS,
        Some("test-page") => TEST_PAGE,
        Some("speed") => SPEED,
        Some("scan") => SCAN,
        Some("keys") => KEYS,
        Some("nv-write") => NV_WRITE,
        Some("display") => DISPLAY,
        Some("record") => RECORD,
        Some("replay") => REPLAY,
        Some(_) => return None,
    })
}
