//! The command `image-rig`: boots the finished image and tries it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use image_rig::clock::Stopwatch;
use image_rig::cuts::{self, Kind};
use image_rig::report::say;
use image_rig::rig::Rig;
use image_rig::scenario::SCENARIOS;
use image_rig::update_cuts;
use lexopt::ValueExt as _;
use lexopt::prelude::{Long, Short, Value};

const HELP: &str = "\
Boots a kiosk's image in an emulated machine (QEMU's arm64 board) and tries it.

  image-rig [OPTIONS] [SCENARIO...]   all scenarios unless some are named
  image-rig [OPTIONS] cut             power cuts: a machine at work, the positive control, and during updates

  --cuts N       power cuts of a machine at work (100)
  --update-cuts N   power cuts during an update (20)
  --control-cuts N  the control must have lost a ticket by then (30)
  --seed N       what the moments of the cuts follow from (1)

  --image FILE   the disk image (target/images/kiosk.img); kiosk.raucb beside it is the update bundle
  --keys DIR     development keys that the image trusts (target/rauc-keys)
  --out DIR      where report.json and pictures go (target/images)
  --larger MIB   how much larger than the image the card is (512)
  --list         the scenarios and what each shows
  -h, --help     this text
";

/// The word for the campaigns of power cuts.
const CUT: &str = "cut";

struct Options {
    image: PathBuf,
    keys: PathBuf,
    out: PathBuf,
    named: Vec<String>,
    cuts: [u32; 3],
    seed: u64,
    larger_mib: u64,
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let folder = PathBuf::from("target/images");
    let mut options = Options {
        image: folder.join("kiosk.img"),
        keys: "target/rauc-keys".into(),
        out: folder,
        named: Vec::new(),
        cuts: [100, 30, 20],
        seed: 1,
        larger_mib: 512,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("image") => options.image = parser.value()?.into(),
            Long("keys") => options.keys = parser.value()?.into(),
            Long("cuts") => options.cuts[0] = parser.value()?.parse()?,
            Long("control-cuts") => options.cuts[1] = parser.value()?.parse()?,
            Long("update-cuts") => options.cuts[2] = parser.value()?.parse()?,
            Long("larger") => options.larger_mib = parser.value()?.parse()?,
            Long("seed") => options.seed = parser.value()?.parse()?,
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
    if options.named == [CUT] {
        return Ok(Some(options));
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

/// Runs what was named; false when something did not hold.
fn run(options: &Options) -> anyhow::Result<bool> {
    let mut rig = Rig::open(&options.image, &options.keys, &options.out)?;
    rig.larger = options.larger_mib << 20;
    let mut all_hold = true;
    if options.named == [CUT] {
        let ([cuts, control, update], seed) = (options.cuts, options.seed);
        for (name, number) in [("cuts", cuts), ("cuts-control", control), ("cuts-update", update)] {
            let campaign: &dyn Fn(&mut Rig) -> anyhow::Result<()> = match name {
                "cuts" => &|rig| cuts::run(rig, Kind::Shipped, number, seed),
                "cuts-control" => &|rig| cuts::run(rig, Kind::Control, number, seed),
                _ => &|rig| update_cuts::run(rig, number, seed),
            };
            if number > 0 {
                all_hold &= judged(&mut rig, name, campaign)?;
            }
        }
        return Ok(all_hold);
    }
    let wanted = |name: &str| options.named.is_empty() || options.named.iter().any(|wanted| wanted == name);
    for (name, shows, scenario) in SCENARIOS.into_iter().filter(|(name, ..)| wanted(name)) {
        say(&format!("{name}: {shows}"));
        rig.report.begin(name);
        all_hold &= judged(&mut rig, name, &scenario)?;
    }
    Ok(all_hold)
}

/// Runs one thing and notes whether it held.
fn judged(rig: &mut Rig, name: &str, run: &dyn Fn(&mut Rig) -> anyhow::Result<()>) -> anyhow::Result<bool> {
    let watch = Stopwatch::start();
    let held = run(rig);
    rig.report.note(name, "secs", watch.elapsed().as_secs())?;
    rig.report.note(name, "holds", held.is_ok())?;
    if let Err(error) = &held {
        rig.report.note(name, "failure", format!("{error:#}"))?;
    }
    Ok(held.is_ok())
}
