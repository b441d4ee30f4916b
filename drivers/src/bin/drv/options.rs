//! The command line.

use std::path::PathBuf;

use kiosk_drivers::Address;
use kiosk_drivers::display::{DisplayAddress, PanelConfig};
use kiosk_drivers::scanner::Suffix;
use lexopt::ValueExt;
use lexopt::prelude::{Long, Short, Value};

use crate::help;
use crate::trouble::Trouble;

/// Most tickets of a measurement.
const MOST_TICKETS: u64 = 20;

pub(crate) struct Options {
    pub(crate) command: Command,
}

pub(crate) enum Command {
    Help(&'static str),
    List,
    Profiles,
    Status { address: Address, profile: Option<String>, watch: bool },
    Detect { address: Address },
    TestPage { address: Address, profile: Option<String> },
    Speed { address: Address, profile: Option<String>, tickets: u64 },
    Scan { address: Address, suffix: Suffix },
    Keys { address: Address },
    NvWrite { address: Address, profile: String, lines: PathBuf },
    Display { address: DisplayAddress, panel: PanelConfig, number: String },
    Record { address: Address, out: PathBuf, what: Kept },
    Replay { file: PathBuf, profile: Option<String> },
}

/// What is recorded, and how.
pub(crate) struct Kept {
    pub(crate) kind: Kind,
    pub(crate) profile: Option<String>,
    pub(crate) suffix: Suffix,
    pub(crate) whole: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Printer,
    Scanner,
    Keypad,
}

/// Everything that a command may take.
#[derive(Default)]
struct Given {
    words: Vec<String>,
    /// The names of all options, to refuse those that do nothing.
    options: Vec<String>,
    profile: Option<String>,
    suffix: Option<String>,
    kind: Option<String>,
    tickets: Option<u64>,
    out: Option<PathBuf>,
    lines: Option<PathBuf>,
    panel: Option<u8>,
    frame: Option<String>,
    watch: bool,
    whole: bool,
    help: bool,
}

pub(crate) fn read(arguments: lexopt::Parser) -> Result<Options, Trouble> {
    let given = gather(arguments).map_err(|error| Trouble::Usage(error.to_string()))?;
    command(given).map(|command| Options { command })
}

fn gather(mut arguments: lexopt::Parser) -> Result<Given, lexopt::Error> {
    let mut given = Given::default();
    while let Some(argument) = arguments.next()? {
        if let Long(name) = &argument {
            given.options.push((*name).to_owned());
        }
        match argument {
            Value(word) => given.words.push(word.string()?),
            Long("profile") => given.profile = Some(arguments.value()?.string()?),
            Long("suffix") => given.suffix = Some(arguments.value()?.string()?),
            Long("kind") => given.kind = Some(arguments.value()?.string()?),
            Long("tickets") => given.tickets = Some(arguments.value()?.parse()?),
            Long("out") => given.out = Some(arguments.value()?.into()),
            Long("lines") => given.lines = Some(arguments.value()?.into()),
            Long("panel") => given.panel = Some(arguments.value()?.parse()?),
            Long("frame") => given.frame = Some(arguments.value()?.string()?),
            Long("watch") => given.watch = true,
            Long("whole") => given.whole = true,
            Long("help") | Short('h') => given.help = true,
            Short(_) | Long(_) => return Err(argument.unexpected()),
        }
    }
    Ok(given)
}

fn command(given: Given) -> Result<Command, Trouble> {
    let word = given.words.first().map(String::as_str);
    let text =
        help::of(word).ok_or_else(|| Trouble::Usage(format!("no command {:?}", word.unwrap_or_default())))?;
    let Some(word) = word.filter(|_| !given.help) else { return Ok(Command::Help(text)) };
    let (longest, options): (usize, &[&str]) = match word {
        "list" | "profiles" => (1, &[]),
        "detect" | "keys" => (2, &[]),
        "status" => (2, &["profile", "watch"]),
        "speed" => (2, &["profile", "tickets"]),
        "scan" => (2, &["suffix"]),
        "nv-write" => (2, &["profile", "lines"]),
        "display" => (3, &["panel", "frame"]),
        "record" => (2, &["out", "kind", "profile", "suffix", "whole"]),
        _ => (2, &["profile"]),
    };
    if let Some(option) = given.options.iter().find(|option| !options.contains(&option.as_str())) {
        return Err(Trouble::Usage(format!(
            "drv {word} does not take --{option}; drv {word} --help says more"
        )));
    }
    if given.words.len() > longest {
        return Err(Trouble::Usage(format!(
            "drv {word} does not take {:?}",
            given.words.last().cloned().unwrap_or_default()
        )));
    }
    let place = given.words.get(1).map(String::as_str);
    let suffix = suffix(given.suffix.as_deref())?;
    let profile = given.profile;
    Ok(match word {
        "list" => Command::List,
        "profiles" => Command::Profiles,
        "replay" => Command::Replay { file: place.ok_or_else(|| missing(word, "FILE"))?.into(), profile },
        "status" => Command::Status { address: address(word, place)?, profile, watch: given.watch },
        "detect" => Command::Detect { address: address(word, place)? },
        "test-page" => Command::TestPage { address: address(word, place)?, profile },
        "speed" => {
            Command::Speed { address: address(word, place)?, profile, tickets: tickets(given.tickets)? }
        }
        "scan" => Command::Scan { address: address(word, place)?, suffix },
        "nv-write" => Command::NvWrite {
            address: address(word, place)?,
            profile: profile.ok_or_else(|| missing(word, "--profile NAME|FILE"))?,
            lines: given.lines.ok_or_else(|| missing(word, "--lines FILE"))?,
        },
        "display" => {
            let place = place.ok_or_else(|| missing(word, "an ADDRESS; drv display --help lists them"))?;
            Command::Display {
                address: place.parse().map_err(|error| Trouble::Usage(format!("{error}")))?,
                panel: panel(given.panel, given.frame.as_deref())?,
                number: given.words.get(2).cloned().ok_or_else(|| missing(word, "a NUMBER such as A012"))?,
            }
        }
        "keys" => Command::Keys { address: address(word, place)? },
        _ => Command::Record {
            address: address(word, place)?,
            out: given.out.ok_or_else(|| missing(word, "--out FILE"))?,
            what: Kept { kind: kind(given.kind.as_deref())?, profile, suffix, whole: given.whole },
        },
    })
}

fn missing(command: &str, what: &str) -> Trouble {
    Trouble::Usage(format!("drv {command} needs {what}; drv {command} --help says more"))
}

fn address(command: &str, text: Option<&str>) -> Result<Address, Trouble> {
    let text = text.ok_or_else(|| missing(command, "an ADDRESS (drv list shows what is attached)"))?;
    text.parse().map_err(|error| Trouble::Usage(format!("{error}")))
}

fn panel(number: Option<u8>, frame: Option<&str>) -> Result<PanelConfig, Trouble> {
    let frame = frame.map(str::parse).transpose().map_err(|error| Trouble::Usage(format!("{error}")))?;
    Ok(PanelConfig { number: number.unwrap_or(1), frame: frame.unwrap_or_default() })
}

fn tickets(count: Option<u64>) -> Result<u64, Trouble> {
    match count.unwrap_or(3) {
        count @ 1..=MOST_TICKETS => Ok(count),
        other => Err(Trouble::Usage(format!("--tickets {other} must be 1 to {MOST_TICKETS}"))),
    }
}

fn suffix(name: Option<&str>) -> Result<Suffix, Trouble> {
    Ok(match name {
        None | Some("cr") => Suffix::Cr,
        Some("lf") => Suffix::Lf,
        Some("crlf") => Suffix::CrLf,
        Some("tab") => Suffix::Tab,
        Some("none") => Suffix::None,
        Some(other) => {
            return Err(Trouble::Usage(format!("--suffix {other} must be cr, lf, crlf, tab or none")));
        }
    })
}

fn kind(name: Option<&str>) -> Result<Kind, Trouble> {
    Ok(match name {
        None | Some("printer") => Kind::Printer,
        Some("scanner") => Kind::Scanner,
        Some("keypad") => Kind::Keypad,
        Some(other) => {
            return Err(Trouble::Usage(format!("--kind {other} must be printer, scanner or keypad")));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(words: &[&str]) -> String {
        match read(lexopt::Parser::from_args(words)) {
            Ok(_) => panic!("{words:?} was taken"),
            Err(trouble) => trouble.to_string(),
        }
    }

    #[test]
    fn every_command_of_the_overview_has_its_help() {
        let commands = help::OVERVIEW.lines().filter_map(|line| line.trim().strip_prefix("drv "));
        let names: Vec<&str> =
            commands.filter_map(|line| line.split(' ').next()).filter(|name| *name != "COMMAND").collect();
        assert_eq!(names.len(), 12);
        for name in names {
            let parser = lexopt::Parser::from_args([name, "--help"]);
            assert!(
                matches!(read(parser).unwrap().command, Command::Help(text) if text.contains(name)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_wrong_command_line_says_what_is_missing() {
        for (words, says) in [
            (&["dance"][..], "no command \"dance\""),
            (&["status"], "needs an ADDRESS"),
            (&["status", "/dev/usb/lp0"], "must start with tcp:"),
            (&["status", "tcp:x", "tcp:y"], "does not take \"tcp:y\""),
            (&["list", "all"], "does not take \"all\""),
            (&["status", "tcp:x", "--tickets", "5"], "drv status does not take --tickets"),
            (&["display", "ssd1306:1", "A1", "--profile", "tm-t82"], "drv display does not take --profile"),
            (&["display", "serial:/dev/ttyS0", "A1", "--frame", "{panel:2}"], "must contain {number:N}"),
            (&["record", "tcp:x"], "needs --out FILE"),
            (&["record", "tcp:x", "--out", "f", "--kind", "toaster"], "must be printer, scanner or keypad"),
            (&["scan", "serial:/dev/ttyS0", "--suffix", "x"], "must be cr, lf"),
            (&["speed", "tcp:x", "--tickets", "900"], "must be 1 to 20"),
            (&["status", "tcp:x", "--colour"], "--colour"),
        ] {
            let text = refused(words);
            assert!(text.contains(says), "{words:?}: {text}");
        }
    }
}
