//! The command line.

use std::path::PathBuf;

/// What `kiosk-app --help` prints.
pub const HELP: &str = "\
kiosk-app: the self-service kiosk of a one-stop reception hall

Usage: kiosk-app COMMAND [OPTIONS]

Commands:
  run            Show the pages, issue numbers, serve the hall's officers, report to the district
  check-config   Read the configuration and print every fault with file, line and remedy
  enrol          Make this kiosk known to its district server with a one-time token
  pins           Make new PINs for the counters, print them here and let the old ones lapse
  ticket-lines   Print the lines that all tickets share, for drv nv-write to store in the printer
  export         Print the reports kept on this kiosk, one JSON object a line

Options:
  --config DIR       Configuration fragments; repeat it, later folders override (default: /usr/lib/kiosk,
                     /run/kiosk, /etc/kiosk)
  --data DIR         Where numbers, reports and keys are kept (default: /data/kiosk)
  --display KIND     run: window (default), linuxkms (the kiosk's own touchscreen), headless, or none
  --size WxH         run: size in pixels of a window or of the headless screen (default: 1080x1920)
  --trust-clock      run: take the system clock's word, as on a machine with a battery-backed clock; without it
                     the clock counts from the moment that a time service has set it
  --runtime DIR      run: where health.json says what the kiosk proves of itself (default: the first folder of
                     $RUNTIME_DIRECTORY, as systemd gives it; without either, nothing is said)
  --boot DIR         run: where the boot control leaves outcome.json (default: /data/boot)
  --control SOCKET   run --display headless: Unix socket to touch and photograph the screen through
  --server URL       enrol: the district server, e.g. https://motcua.example.vn
  --token TOKEN      enrol: the one-time token that the server's operator gave
  --json             pins: print them as JSON
  -h, --help         This text
  -V, --version      Version

A wrong command line ends with status 2, a failure with status 1; both say what to do.";

/// A command to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Run the kiosk.
    Run(RunOptions),
    /// Print the faults of the configuration.
    CheckConfig(Folders),
    /// Enrol with a district server.
    Enrol {
        /// Configuration and data.
        folders: Folders,
        /// The server's address.
        server: String,
        /// The one-time token.
        token: String,
    },
    /// Make new PINs.
    Pins {
        /// Configuration and data.
        folders: Folders,
        /// Whether to print JSON.
        json: bool,
    },
    /// Print the lines that all tickets share.
    TicketLines(Folders),
    /// Print the reports kept.
    Export(Folders),
    /// Print the help text.
    Help,
    /// Print the version.
    Version,
}

/// Where configuration and data are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Folders of fragments, later ones override.
    pub config: Vec<PathBuf>,
    /// Durable data.
    pub data: PathBuf,
}

/// How to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Configuration and data.
    pub folders: Folders,
    /// Where pages are shown.
    pub display: Display,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Whether the system clock's word is taken before a time service has set it.
    pub trust_clock: bool,
    /// Where the kiosk says what it proves of itself; `None` for nowhere.
    pub runtime: Option<PathBuf>,
    /// Where the boot control leaves its last word on an update.
    pub boot: PathBuf,
    /// The kernel's id of this boot, where systemd says it.
    pub this_boot: Option<String>,
    /// Control socket of a headless screen.
    pub control: Option<PathBuf>,
}

/// Where pages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// A desktop window.
    Window,
    /// The kiosk's own touchscreen, without a compositor.
    LinuxKms,
    /// Memory, for rigs.
    Headless,
    /// Nowhere: the hall works through its officers' pages and devices alone.
    None,
}

/// What is wrong with a command line.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// No command.
    #[error("no command\n\n{}", HELP)]
    NoCommand,
    /// A command that is not there.
    #[error("no command {0:?}; kiosk-app --help lists them")]
    UnknownCommand(String),
    /// A value that cannot be.
    #[error("{option} cannot be {value:?}: {remedy}")]
    BadValue {
        /// The option.
        option: &'static str,
        /// What was given.
        value: String,
        /// What may be given.
        remedy: &'static str,
    },
    /// An option that the command needs.
    #[error("{command} needs {option}; kiosk-app --help says what it is")]
    Missing {
        /// The command.
        command: &'static str,
        /// The option.
        option: &'static str,
    },
    /// Anything else that the parser says.
    #[error("{0}; kiosk-app --help lists what there is")]
    Syntax(lexopt::Error),
}

impl From<lexopt::Error> for OptionsError {
    fn from(error: lexopt::Error) -> Self {
        Self::Syntax(error)
    }
}

#[derive(Default)]
struct Given {
    config: Vec<PathBuf>,
    data: Option<PathBuf>,
    display: Option<Display>,
    size: Option<(u32, u32)>,
    runtime: Option<PathBuf>,
    boot: Option<PathBuf>,
    control: Option<PathBuf>,
    trust_clock: bool,
    server: Option<String>,
    token: Option<String>,
    json: bool,
}

/// Reads a command line, program name excluded.
///
/// # Errors
/// Says what is wrong and where the help is.
pub fn parse<I>(arguments: I) -> Result<Command, OptionsError>
where
    I: IntoIterator,
    I::Item: Into<std::ffi::OsString>,
{
    use lexopt::prelude::*;
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut command = None;
    let mut given = Given::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("config") => given.config.push(parser.value()?.into()),
            Long("data") => given.data = Some(parser.value()?.into()),
            Long("display") => given.display = Some(display(&parser.value()?.string()?)?),
            Long("size") => given.size = Some(size(&parser.value()?.string()?)?),
            Long("runtime") => given.runtime = Some(parser.value()?.into()),
            Long("boot") => given.boot = Some(parser.value()?.into()),
            Long("trust-clock") => given.trust_clock = true,
            Long("control") => given.control = Some(parser.value()?.into()),
            Long("server") => given.server = Some(parser.value()?.string()?),
            Long("token") => given.token = Some(parser.value()?.string()?),
            Long("json") => given.json = true,
            Value(word) if command.is_none() => command = Some(word.string()?),
            Short(_) | Long(_) | Value(_) => return Err(argument.unexpected().into()),
        }
    }
    choose(command.ok_or(OptionsError::NoCommand)?, given)
}

fn choose(command: String, given: Given) -> Result<Command, OptionsError> {
    let defaults = || ["/usr/lib/kiosk", "/run/kiosk", "/etc/kiosk"].map(PathBuf::from).to_vec();
    let folders = Folders {
        config: if given.config.is_empty() { defaults() } else { given.config },
        data: given.data.unwrap_or_else(|| PathBuf::from("/data/kiosk")),
    };
    let needs = |option| OptionsError::Missing { command: "enrol", option };
    match command.as_str() {
        "run" => Ok(Command::Run(RunOptions {
            folders,
            display: given.display.unwrap_or(Display::Window),
            size: given.size.unwrap_or((1080, 1920)),
            trust_clock: given.trust_clock,
            boot: given.boot.unwrap_or_else(|| PathBuf::from("/data/boot")),
            // The sandbox hides the kernel's own file.
            this_boot: std::env::var("KIOSK_BOOT").ok().filter(|id| !id.is_empty()),
            runtime: given.runtime.or_else(|| runtime_folder(std::env::var_os("RUNTIME_DIRECTORY"))),
            control: given.control,
        })),
        "check-config" => Ok(Command::CheckConfig(folders)),
        "enrol" => Ok(Command::Enrol {
            folders,
            server: given.server.ok_or_else(|| needs("--server"))?,
            token: given.token.ok_or_else(|| needs("--token"))?,
        }),
        "pins" => Ok(Command::Pins { folders, json: given.json }),
        "ticket-lines" => Ok(Command::TicketLines(folders)),
        "export" => Ok(Command::Export(folders)),
        _ => Err(OptionsError::UnknownCommand(command)),
    }
}

/// systemd joins the folders of a unit with colons; the first one is the kiosk's.
fn runtime_folder(given: Option<std::ffi::OsString>) -> Option<PathBuf> {
    let given = given?.into_string().ok()?;
    given.split(':').next().filter(|first| !first.is_empty()).map(PathBuf::from)
}

fn display(value: &str) -> Result<Display, OptionsError> {
    match value {
        "window" => Ok(Display::Window),
        "linuxkms" => Ok(Display::LinuxKms),
        "headless" => Ok(Display::Headless),
        "none" => Ok(Display::None),
        _ => Err(OptionsError::BadValue {
            option: "--display",
            value: value.to_owned(),
            remedy: "it is window, linuxkms, headless or none",
        }),
    }
}

fn size(value: &str) -> Result<(u32, u32), OptionsError> {
    let pixels = |text: &str| text.parse::<u32>().ok().filter(|pixels| (320..=7680).contains(pixels));
    let parsed = value.split_once('x').and_then(|(width, height)| Some((pixels(width)?, pixels(height)?)));
    parsed.ok_or_else(|| OptionsError::BadValue {
        option: "--size",
        value: value.to_owned(),
        remedy: "width and height in pixels, each from 320 to 7680, e.g. 1080x1920",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(arguments: &[&str]) -> String {
        parse(arguments).map_or_else(|error| error.to_string(), |command| format!("{command:?}"))
    }

    #[test]
    fn a_run_has_sane_defaults() {
        let Ok(Command::Run(options)) = parse(["run"]) else { panic!("run is a command") };
        assert_eq!(options.display, Display::Window);
        assert_eq!(options.size, (1080, 1920));
        assert_eq!(options.folders.data, PathBuf::from("/data/kiosk"));
        assert_eq!(options.folders.config.len(), 3);
    }

    #[test]
    fn the_runtime_folder_is_the_first_that_the_service_manager_gives() {
        for (given, expected) in [
            (None, None),
            (Some(""), None),
            (Some("/run/kiosk"), Some("/run/kiosk")),
            (Some("/run/a:/run/b"), Some("/run/a")),
        ] {
            assert_eq!(runtime_folder(given.map(Into::into)), expected.map(PathBuf::from), "{given:?}");
        }
    }

    #[test]
    fn a_wrong_command_line_is_told_what_to_do() {
        for (arguments, expected) in [
            (&["dance"][..], "no command \"dance\"; kiosk-app --help lists them"),
            (
                &["run", "--display", "tv"],
                "--display cannot be \"tv\": it is window, linuxkms, headless or none",
            ),
            (
                &["run", "--size", "9x9"],
                "--size cannot be \"9x9\": width and height in pixels, each from 320 to 7680, e.g. 1080x1920",
            ),
            (&["enrol", "--token", "x"], "enrol needs --server; kiosk-app --help says what it is"),
            (&["run", "--bogus"], "invalid option '--bogus'; kiosk-app --help lists what there is"),
        ] {
            assert_eq!(said(arguments), expected, "{arguments:?}");
        }
        assert_eq!(said(&[]), format!("no command\n\n{HELP}"));
    }
}
