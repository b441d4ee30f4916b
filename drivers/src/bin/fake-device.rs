//! Fake devices for development, training and demonstrations: `fake-device printer|scanner|keypad|display`.

use std::io::{BufRead, Write, stdin, stdout};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use kiosk_drivers::fake::{
    Commanded, FakeKeypad, FakeLedPanels, FakeModel, FakePrinter, FakePrinterConfig, FakeScanner, Listen,
    answer, serve_control,
};
use kiosk_drivers::printer::{Dialect, Profile};
use lexopt::ValueExt;
use lexopt::prelude::{Long, Short, Value};

const HELP: &str = "\
Fake devices that keep time and fail on demand.

  fake-device printer --tcp ADDRESS:PORT | --pty LINK  [--tickets DIR] [--profile NAME|FILE.toml] [--width DOTS]
                      [--dpi DPI] [--speed MM_PER_SEC] [--buffer BYTES] [--presenter] [--poll-only] [--xon-xoff]
                      [--mute-when-open] [--maker TEXT] [--model TEXT]
  fake-device scanner --pty LINK                       [--suffix cr|lf|crlf|tab|none]
  fake-device keypad  --pty LINK
  fake-device display --pty LINK                       [--panel NUMBER ...]

  --pty LINK       make a PTY and a symbolic link of this name to it; the kiosk opens serial:LINK
  --profile NAME   be the printer of this profile; what stands behind it changes single traits
  --presenter      hold cut tickets out until somebody takes them, with Custom's commands
  --poll-only      report no change of state unasked
  --xon-xoff       say XOFF when the buffer is nearly full, XON when there is room again
  --mute-when-open answer nothing while the cover is open
  --panel NUMBER   be this panel (1 when left out); several panels on one line when given again
  --maker, --model its answers to GS I 66 and 67
  --tickets DIR    save each cut-off ticket as DIR/0001.png and its bytes as DIR/0001.bin
  --control PATH   take commands at this Unix socket, one a line; also from standard input
  --help           this text; the command `help` lists what a device obeys

Examples:
  fake-device printer --tcp 127.0.0.1:9100 --tickets /tmp/tickets --control /tmp/printer.ctl
  echo 'cover open' | nc -U /tmp/printer.ctl
";

#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("{0}; try fake-device --help")]
    Usage(String),
    #[error("cannot start the {device} at {place}: {source}")]
    Device { device: &'static str, place: String, source: std::io::Error },
    #[error("cannot take commands at {path}: {source}")]
    Control { path: PathBuf, source: std::io::Error },
}

#[derive(Default)]
struct Options {
    device: Option<String>,
    tcp: Option<SocketAddr>,
    pty: Option<PathBuf>,
    tickets: Option<PathBuf>,
    control: Option<PathBuf>,
    suffix: Option<String>,
    panels: Vec<u8>,
    model: FakeModel,
    help: bool,
}

fn main() -> ExitCode {
    match parse().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told when standard error is closed.
            let _closed = writeln!(std::io::stderr(), "fake-device: {error}");
            match error {
                StartError::Usage(_) => ExitCode::from(2),
                StartError::Device { .. } | StartError::Control { .. } => ExitCode::FAILURE,
            }
        }
    }
}

fn parse() -> Result<Options, StartError> {
    read_options().map_err(|error| StartError::Usage(error.to_string()))
}

fn read_options() -> Result<Options, lexopt::Error> {
    let mut options = Options::default();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(device) if options.device.is_none() => options.device = Some(device.string()?),
            Long("tcp") => options.tcp = Some(arguments.value()?.parse()?),
            Long("pty") => options.pty = Some(arguments.value()?.into()),
            Long("tickets") => options.tickets = Some(arguments.value()?.into()),
            Long("control") => options.control = Some(arguments.value()?.into()),
            Long("suffix") => options.suffix = Some(arguments.value()?.string()?),
            Long("panel") => options.panels.push(arguments.value()?.parse()?),
            Long("width") => options.model.width_dots = arguments.value()?.parse()?,
            Long("dpi") => options.model.dpi = arguments.value()?.parse()?,
            Long("speed") => options.model.mm_per_sec = arguments.value()?.parse()?,
            Long("buffer") => options.model.buffer_bytes = arguments.value()?.parse()?,
            Long("profile") => {
                let profile = Profile::find(&arguments.value()?.string()?);
                options.model =
                    FakeModel::like(&profile.map_err(|error| lexopt::Error::Custom(error.into()))?);
            }
            Long("presenter") => {
                options.model.dialect = Dialect::Custom;
                options.model.presenter = true;
            }
            Long("poll-only") => options.model.reports_changes = false,
            Long("xon-xoff") => options.model.xon_xoff = true,
            Long("mute-when-open") => options.model.mute_when_open = true,
            Long("maker") => options.model.maker = arguments.value()?.string()?,
            Long("model") => options.model.name = arguments.value()?.string()?,
            Long("help") | Short('h') => options.help = true,
            Short(_) | Long(_) | Value(_) => return Err(argument.unexpected()),
        }
    }
    Ok(options)
}

fn run(options: Options) -> Result<(), StartError> {
    if options.help {
        say(HELP);
        return Ok(());
    }
    let device: Arc<dyn Commanded> = match options.device.as_deref() {
        Some("printer") => Arc::new(printer(&options)?),
        Some("scanner") => {
            let suffix = suffix(options.suffix.as_deref().unwrap_or("cr"))?;
            let link = link(&options)?;
            let scanner = FakeScanner::start(&link, suffix).map_err(failed("scanner", &link))?;
            say(&format!("scanner at {}\n", scanner.address()));
            Arc::new(scanner)
        }
        Some("keypad") => {
            let link = link(&options)?;
            let keypad = FakeKeypad::start(&link).map_err(failed("keypad", &link))?;
            say(&format!("keypad at {}\n", keypad.address()));
            Arc::new(keypad)
        }
        Some("display") => {
            let link = link(&options)?;
            let panels = if options.panels.is_empty() { &[1] } else { options.panels.as_slice() };
            let panels = FakeLedPanels::start(&link, panels).map_err(failed("display", &link))?;
            say(&format!("display at {}\n", panels.address()));
            Arc::new(panels)
        }
        Some(other) => return Err(StartError::Usage(format!("no device {other:?}"))),
        None => return Err(StartError::Usage("which device?".to_owned())),
    };
    if let Some(path) = options.control {
        serve_control(&path, Arc::clone(&device)).map_err(|source| StartError::Control { path, source })?;
    }
    for line in stdin().lock().lines().map_while(Result::ok) {
        say(&format!("{}\n", answer(device.as_ref(), &line)));
    }
    // Without standard input, as under a supervisor, the device serves until it is ended.
    loop {
        std::thread::park();
    }
}

fn printer(options: &Options) -> Result<FakePrinter, StartError> {
    let (listen, place) = match (options.tcp, &options.pty) {
        (Some(at), None) => (Listen::Tcp(at), at.to_string()),
        (None, Some(link)) => (Listen::Pty(link.clone()), link.display().to_string()),
        (None, None) | (Some(_), Some(_)) => {
            return Err(StartError::Usage("a printer needs either --tcp or --pty".to_owned()));
        }
    };
    let model = options.model.clone();
    let config = FakePrinterConfig { listen, model, tickets_dir: options.tickets.clone() };
    let printer = FakePrinter::start(config).map_err(|source| StartError::Device {
        device: "printer",
        place,
        source,
    })?;
    say(&format!("printer at {}\n", printer.address()));
    Ok(printer)
}

fn link(options: &Options) -> Result<PathBuf, StartError> {
    options.pty.clone().ok_or_else(|| StartError::Usage("--pty LINK is missing".to_owned()))
}

fn failed(device: &'static str, link: &std::path::Path) -> impl FnOnce(std::io::Error) -> StartError {
    let place = link.display().to_string();
    move |source| StartError::Device { device, place, source }
}

fn suffix(name: &str) -> Result<&'static [u8], StartError> {
    Ok(match name {
        "cr" => b"\r",
        "lf" => b"\n",
        "crlf" => b"\r\n",
        "tab" => b"\t",
        "none" => b"",
        other => return Err(StartError::Usage(format!("no suffix {other:?}"))),
    })
}

fn say(text: &str) {
    let mut out = stdout().lock();
    // Whoever closed standard output does not want to know.
    let _closed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
