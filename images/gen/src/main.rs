//! The command `image-gen`.

use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use image_gen::{Layout, WrittenFile, written};
use lexopt::prelude::{Long, Short, Value, ValueExt};

const HELP: &str = "\
image-gen: writes from images/layout.toml what disk builder, updater and firmware each want to read

  image-gen [--layout FILE] [--out DIR]            write the files, tell which changed
  image-gen [--layout FILE] [--out DIR] --check    write nothing; fail when a file is not up to date

  --layout FILE   images/layout.toml unless given
  --out DIR       images/generated unless given
";

const WRONG_USAGE: u8 = 2;

struct Options {
    layout: PathBuf,
    out: PathBuf,
    check: bool,
}

fn main() -> ExitCode {
    let options = match options(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => return told(&mut stdout(), HELP.trim_end(), ExitCode::SUCCESS),
        Err(error) => {
            let text = format!("image-gen: {error}\nRemedy: image-gen --help");
            return told(&mut stderr(), &text, ExitCode::from(WRONG_USAGE));
        }
    };
    match run(&options) {
        Ok(report) => told(&mut stdout(), &report, ExitCode::SUCCESS),
        Err(error) => told(&mut stderr(), &format!("image-gen: {error:#}"), ExitCode::FAILURE),
    }
}

fn told(stream: &mut dyn Write, text: &str, code: ExitCode) -> ExitCode {
    // Nobody is left to be told when the stream is closed.
    let _unheard = writeln!(stream, "{text}");
    code
}

/// What the command line asks for; nothing when it asks for help.
fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        layout: PathBuf::from("images/layout.toml"),
        out: PathBuf::from("images/generated"),
        check: false,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("layout") => options.layout = parser.value()?.parse()?,
            Long("out") => options.out = parser.value()?.parse()?,
            Long("check") => options.check = true,
            Long("help") | Short('h') => return Ok(None),
            other @ (Short(_) | Long(_) | Value(_)) => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}

fn run(options: &Options) -> anyhow::Result<String> {
    let name = options.layout.display();
    let text = std::fs::read_to_string(&options.layout)
        .with_context(|| format!("{name} cannot be read. Remedy: run this from the top of the repository"))?;
    let layout = Layout::parse(&text).with_context(|| format!("{name}"))?;
    let files = written(&layout);
    let stale: Vec<&WrittenFile> = files.iter().filter(|file| !is_current(&options.out, file)).collect();
    let names: Vec<&str> = stale.iter().map(|file| file.path.as_str()).collect();
    if stale.is_empty() {
        return Ok(format!("image-gen: {} files in {} are up to date", files.len(), options.out.display()));
    }
    if options.check {
        bail!("not up to date with {name}: {}. Remedy: make layout", names.join(", "));
    }
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("folder {} cannot be made", options.out.display()))?;
    for file in &stale {
        let path = options.out.join(&file.path);
        std::fs::write(&path, &file.text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(format!("image-gen: wrote {} in {}", names.join(", "), options.out.display()))
}

fn is_current(out: &Path, file: &WrittenFile) -> bool {
    std::fs::read_to_string(out.join(&file.path)).is_ok_and(|text| text == file.text)
}
