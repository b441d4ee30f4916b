//! Bytes and processor time of a ticket for each profile, beside python-escpos printing the same ticket as one image:
//! `bench-tickets PYTHON OUT_DIR`. Run through `drivers/benches/tickets.sh`.
//!
//! What is compared, all in processor time of one warm process, fonts and python modules loaded:
//! - `cpu_ms`: a ticket as the kiosk prints it, from its text to the printer's commands. Number, service, people waiting,
//!   minutes, time and QR code differ from ticket to ticket; what stands on every ticket and the catalogue's services were
//!   drawn before the first one, as [`Printer::expect_stored`](kiosk_drivers::printer::Printer::expect_stored) does.
//! - `first_cpu_ms`: the same with nothing drawn before: every line is shaped, drawn and encoded anew.
//! - `peer_cpu_ms`: python-escpos turns a *finished* picture of the ticket into commands; text and QR code are drawn
//!   already, which favours the peer.
#[path = "../tests/drivers/sample.rs"]
#[expect(dead_code, clippy::unwrap_used, clippy::panic, reason = "the sample is that of the tests")]
mod sample;

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use kiosk_drivers::document::{Bitmap, Document, preview};
use kiosk_drivers::printer::{EncodeError, Encoder, Profile, StoredLines};
use serde_json::{Value, json};

/// The kernel counts processor time in ticks of milliseconds: enough rounds make them small.
const ROUNDS: u32 = 1000;

/// One way to print the ticket.
struct Way {
    name: String,
    profile: Profile,
    from_memory: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(python), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bench-tickets PYTHON OUT_DIR".into());
    };
    let out = Path::new(&out);
    let mut figures = serde_json::Map::new();
    let mut table = std::io::stdout().lock();
    let head = ["bytes", "cpu_ms", "first_cpu_ms", "peer_bytes", "peer_cpu_ms"];
    writeln!(
        table,
        "{:<20}{:>8}{:>8}{:>14}{:>12}{:>13}",
        "ticket", head[0], head[1], head[2], head[3], head[4]
    )?;
    for way in ways() {
        let (bytes, cpu_ms, first_cpu_ms) = ours(&way)?;
        let peer = peer(&python, &way.profile, &out.join("ticket.png"))?;
        let (peer_bytes, peer_cpu_ms) =
            (peer["bytes"].as_u64().unwrap_or(0), peer["cpu_ms"].as_f64().unwrap_or(f64::NAN));
        writeln!(
            table,
            "{:<20}{bytes:>8}{cpu_ms:>8.3}{first_cpu_ms:>14.3}{peer_bytes:>12}{peer_cpu_ms:>13.2}",
            way.name
        )?;
        let figure = json!({
            "bytes": bytes,
            "cpu_ms": cpu_ms,
            "first_cpu_ms": first_cpu_ms,
            "peer_bytes": peer_bytes,
            "peer_cpu_ms": peer_cpu_ms,
        });
        figures.insert(way.name, figure);
    }
    std::fs::write(out.join("tickets.json"), serde_json::to_string_pretty(&Value::Object(figures))? + "\n")?;
    Ok(())
}

/// Every profile as it is, and the Epsons also as pure raster and from their memory.
fn ways() -> Vec<Way> {
    let mut ways = Vec::new();
    for profile in Profile::all() {
        let name = profile.name.clone();
        if profile.rom_font.is_some() {
            let raster = Profile { rom_font: None, ..profile.clone() };
            ways.push(Way { name: format!("{name} raster"), profile: raster, from_memory: false });
        }
        if profile.nv_graphics {
            ways.push(Way { name: format!("{name} memory"), profile: profile.clone(), from_memory: true });
        }
        ways.push(Way { name, profile, from_memory: false });
    }
    ways
}

/// Bytes of a ticket, and its processor time in milliseconds: with what stands on every ticket drawn before, and without.
fn ours(way: &Way) -> Result<(usize, f64, f64), Box<dyn Error>> {
    let (font, statics) = (sample::font(), sample::statics());
    let stored = match way.from_memory {
        true => StoredLines::new(&statics, &font, &way.profile)?,
        false => None,
    };
    let fresh = || Encoder::new(font.clone(), way.profile.clone());
    let mut encoder = fresh();
    encoder.prepare(&statics)?;
    let commands = encoder.encode_with(&sample::ticket("A012", false), stored.as_ref())?;
    let cpu_ms = per_round(|ticket| encoder.encode_with(ticket, stored.as_ref()).map(|_| ()))?;
    let first_cpu_ms = per_round(|ticket| fresh().encode_with(ticket, stored.as_ref()).map(|_| ()))?;
    Ok((commands.iter().map(|command| command.bytes.len()).sum(), cpu_ms, first_cpu_ms))
}

fn per_round(mut print: impl FnMut(&Document) -> Result<(), EncodeError>) -> Result<f64, Box<dyn Error>> {
    let began = cpu_ns()?;
    for round in 0..ROUNDS {
        print(&sample::nth_ticket(round))?;
    }
    Ok((cpu_ns()? - began) / f64::from(ROUNDS) / 1e6)
}

/// Processor time of this thread so far.
fn cpu_ns() -> Result<f64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or_default().parse()?)
}

fn peer(python: &str, profile: &Profile, picture: &Path) -> Result<Value, Box<dyn Error>> {
    let ticket = sample::ticket("A012", false);
    write_png(&preview(&ticket, &sample::font(), profile.width_dots, profile.dpi)?, picture)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peer.py");
    let output = Command::new(python).arg(script).arg(picture).output()?;
    if !output.status.success() {
        return Err(format!("the peer failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The dots themselves, one bit each.
fn write_png(bitmap: &Bitmap, path: &Path) -> Result<(), Box<dyn Error>> {
    let rows = u32::try_from(bitmap.row_count())?;
    let mut encoder =
        png::Encoder::new(BufWriter::new(File::create(path)?), bitmap.width_dots().into(), rows);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let white_is_one: Vec<u8> = bitmap.data().iter().map(|byte| !byte).collect();
    encoder.write_header()?.write_image_data(&white_is_one)?;
    Ok(())
}
