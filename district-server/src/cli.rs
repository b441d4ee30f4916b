//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The help text.
pub const HELP: &str = "\
district-server: receives the reports of reception halls, answers dossier look-ups, serves officers and leaders

  district-server serve                                 run the server; the first start makes its folder
  district-server enrol-token --kiosk K --hall H        print a one-time token for a kiosk (24 hours)
  district-server revoke --kiosk K                      withdraw a kiosk's key
  district-server order-update --kiosk K --bundle FILE  let a kiosk take and install an update (docs/update.md)
  district-server account --name N [--hall H]           print a new sign-in code: of a leader, or of an officer of hall H
  district-server import FILE.csv|FILE.json             import dossiers once
  district-server export [--out FILE]                   write every event as JSON lines
  district-server check                                 look through the whole database for damage
  district-server openapi                               print the OpenAPI document

options of every command:
  --config FILE     settings (TOML); a sample is district-server/config/district.toml
  --data DIR        folder of database, secret and drop folder (default: district-data)
  --listen ADDR     address to listen on (default: 127.0.0.1:8480)
  --db FILE         with export: another database file
  -h, --help        this text
  -V, --version     version

A wrong command line ends with status 2, a failure with status 1; both say what to do.
";

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Print the help.
    Help,
    /// Print the version.
    Version,
    /// Run the server.
    Serve,
    /// Make a token.
    EnrolToken {
        /// Kiosk's id.
        kiosk: String,
        /// Hall's id.
        hall: String,
    },
    /// Withdraw a key.
    Revoke {
        /// Kiosk's id.
        kiosk: String,
    },
    /// Order an update.
    OrderUpdate {
        /// Kiosk's id.
        kiosk: String,
        /// The bundle.
        bundle: PathBuf,
    },
    /// Make an account or give it a new code.
    Account {
        /// Account's name.
        name: String,
        /// An officer's hall; a leader without.
        hall: Option<String>,
    },
    /// Import a file.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Write all events.
    Export {
        /// Output file, standard output without.
        out: Option<PathBuf>,
        /// Another database.
        db: Option<PathBuf>,
    },
    /// Look for damage.
    Check,
    /// Print the OpenAPI document.
    OpenApi,
}

/// A parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    /// What to do.
    pub command: Command,
    /// Settings file.
    pub config: Option<PathBuf>,
    /// Instead of the settings' data folder.
    pub data: Option<PathBuf>,
    /// Instead of the settings' address.
    pub listen: Option<SocketAddr>,
}

/// Why a command line cannot be meant.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    /// The words do not fit.
    #[error("{0}; district-server --help lists what there is")]
    Words(lexopt::Error),
    /// Nothing was asked for.
    #[error("no command\n\n{}", HELP.trim_end())]
    NoCommand,
    /// No such command.
    #[error("no command {0:?}; district-server --help lists them")]
    Command(String),
    /// An option is missing.
    #[error("{command} needs {option}; district-server --help says what it is")]
    Missing {
        /// The command.
        command: &'static str,
        /// The option.
        option: &'static str,
    },
}

#[derive(Default)]
struct Raw {
    words: Vec<String>,
    help: bool,
    version: bool,
    config: Option<PathBuf>,
    data: Option<PathBuf>,
    listen: Option<SocketAddr>,
    kiosk: Option<String>,
    hall: Option<String>,
    name: Option<String>,
    out: Option<PathBuf>,
    db: Option<PathBuf>,
    bundle: Option<PathBuf>,
}

/// Parses a command line without the program's name.
pub fn parse(args: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Args, ArgsError> {
    read(args).map_err(ArgsError::Words).and_then(|mut raw| {
        let (config, data, listen) = (raw.config.take(), raw.data.take(), raw.listen);
        Ok(Args { command: command(raw)?, config, data, listen })
    })
}

fn read(args: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Raw, lexopt::Error> {
    use lexopt::{Arg, ValueExt};
    let mut parser = lexopt::Parser::from_args(args);
    let mut raw = Raw::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(word) => raw.words.push(word.string()?),
            Arg::Short('h') | Arg::Long("help") => raw.help = true,
            Arg::Short('V') | Arg::Long("version") => raw.version = true,
            Arg::Long("config") => raw.config = Some(parser.value()?.into()),
            Arg::Long("data") => raw.data = Some(parser.value()?.into()),
            Arg::Long("listen") => raw.listen = Some(parser.value()?.parse()?),
            Arg::Long("kiosk") => raw.kiosk = Some(parser.value()?.string()?),
            Arg::Long("hall") => raw.hall = Some(parser.value()?.string()?),
            Arg::Long("name") => raw.name = Some(parser.value()?.string()?),
            Arg::Long("out") => raw.out = Some(parser.value()?.into()),
            Arg::Long("bundle") => raw.bundle = Some(parser.value()?.into()),
            Arg::Long("db") => raw.db = Some(parser.value()?.into()),
            Arg::Short(_) | Arg::Long(_) => return Err(arg.unexpected()),
        }
    }
    Ok(raw)
}

fn command(raw: Raw) -> Result<Command, ArgsError> {
    let words: Vec<&str> = raw.words.iter().map(String::as_str).collect();
    if raw.help {
        return Ok(Command::Help);
    }
    if raw.version {
        return Ok(Command::Version);
    }
    match words.as_slice() {
        [] => Err(ArgsError::NoCommand),
        ["help"] => Ok(Command::Help),
        ["serve"] => Ok(Command::Serve),
        ["check"] => Ok(Command::Check),
        ["openapi"] => Ok(Command::OpenApi),
        ["enrol-token"] => Ok(Command::EnrolToken {
            kiosk: needed(raw.kiosk, "enrol-token", "--kiosk")?,
            hall: needed(raw.hall, "enrol-token", "--hall")?,
        }),
        ["revoke"] => Ok(Command::Revoke { kiosk: needed(raw.kiosk, "revoke", "--kiosk")? }),
        ["order-update"] => Ok(Command::OrderUpdate {
            kiosk: needed(raw.kiosk, "order-update", "--kiosk")?,
            bundle: needed(raw.bundle, "order-update", "--bundle")?,
        }),
        ["account"] => Ok(Command::Account { name: needed(raw.name, "account", "--name")?, hall: raw.hall }),
        ["import", file] => Ok(Command::Import { file: file.into() }),
        ["import"] => Err(ArgsError::Missing { command: "import", option: "a file" }),
        ["export"] => Ok(Command::Export { out: raw.out, db: raw.db }),
        other => Err(ArgsError::Command(other.join(" "))),
    }
}

fn needed<T>(value: Option<T>, command: &'static str, option: &'static str) -> Result<T, ArgsError> {
    value.ok_or(ArgsError::Missing { command, option })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, ArgsError> {
        parse(line.split_whitespace().map(Into::into)).map(|args| args.command)
    }

    #[test]
    fn command_lines_of_a_table() {
        let token = Command::EnrolToken { kiosk: "k".to_owned(), hall: "h".to_owned() };
        assert_eq!(parsed("--help").unwrap(), Command::Help);
        assert_eq!(parsed("serve --version").unwrap(), Command::Version);
        assert!(matches!(parsed(""), Err(ArgsError::NoCommand)));
        assert_eq!(parsed("serve --listen 127.0.0.1:1").unwrap(), Command::Serve);
        assert_eq!(parsed("enrol-token --hall h --kiosk k").unwrap(), token);
        assert_eq!(parsed("import a.csv").unwrap(), Command::Import { file: "a.csv".into() });
        for bad in [
            "serv",
            "order-update --kiosk k",
            "serve --port 1",
            "enrol-token --kiosk k",
            "import",
            "serve --listen here",
            "account",
        ] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }
}
