//! The command `image-rig`: boots the finished image and tries it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use image_rig::clock::Stopwatch;
use image_rig::report::say;
use image_rig::rig::Rig;
use image_rig::scenario::SCENARIOS;
use lexopt::ValueExt as _;
use lexopt::prelude::{Long, Short, Value};

const HELP: &str = "\
Boots a kiosk's image in an emulated machine (QEMU's arm64 board) and tries it.

  image-rig [OPTIONS] [SCENARIO...]   all scenarios unless some are named

  --image FILE   the disk image (target/images/kiosk.img); kiosk.raucb beside it is the update bundle
  --out DIR      where report.json and pictures go (target/images)
  --list         the scenarios and what each shows
  -h, --help     this text
";

struct Options {
    image: PathBuf,
    out: PathBuf,
    named: Vec<String>,
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let folder = PathBuf::from("target/images");
    let mut options = Options { image: folder.join("kiosk.img"), out: folder, named: Vec::new() };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("image") => options.image = parser.value()?.into(),
            Long("out") => options.out = parser.value()?.into(),
            Long("list") => {
                for (name, shows, _) in SCENARIOS {
                    say(&format!("{name}: {shows}"));
                }
                return Ok(None);
            }
            Short('h') | Long("help") => {
                let _closed = std::io::stdout().write_all(HELP.as_bytes());
                return Ok(None);
            }
            Value(name) => options.named.push(name.string()?),
            Short(_) | Long(_) => return Err(argument.unexpected()),
        }
    }
    match options.named.iter().find(|name| SCENARIOS.iter().all(|(known, ..)| known != name)) {
        Some(unknown) => Err(format!("no scenario {unknown}; --list names them").into()),
        None => Ok(Some(options)),
    }
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            let _closed = writeln!(std::io::stderr(), "image-rig: {error}; try --help");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _closed = writeln!(std::io::stderr(), "image-rig: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was named; false when a scenario did not hold.
fn run(options: &Options) -> anyhow::Result<bool> {
    let mut rig = Rig::open(&options.image, &options.out)?;
    let mut all_hold = true;
    let wanted = |name: &str| options.named.is_empty() || options.named.iter().any(|wanted| wanted == name);
    for (name, shows, scenario) in SCENARIOS.into_iter().filter(|(name, ..)| wanted(name)) {
        say(&format!("{name}: {shows}"));
        let watch = Stopwatch::start();
        rig.report.begin(name);
        let held = scenario(&mut rig);
        rig.report.note(name, "secs", watch.elapsed().as_secs())?;
        match held {
            Ok(()) => rig.report.note(name, "holds", true)?,
            Err(error) => {
                all_hold = false;
                rig.report.note(name, "holds", false)?;
                rig.report.note(name, "failure", format!("{error:#}"))?;
            }
        }
    }
    Ok(all_hold)
}
