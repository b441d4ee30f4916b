//! Tickets judged by programs that we did not write: zbarimg reads the QR code, tesseract the Vietnamese lines.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kiosk_drivers::document::{Align, Block, Document, Text, preview};
use kiosk_drivers::fake::{FakeModel, PrinterCore, write_png};
use kiosk_drivers::printer::{Profile, encode_document};

use crate::sample;
use crate::sim::Sim;

const REMEDY: &str = "apt-get install zbar-tools tesseract-ocr tesseract-ocr-vie";

/// Where the pictures go, to be looked at: `KIOSK_PICTURES`, else a place that is thrown away.
fn picture_path(scratch: &Path, name: &str) -> PathBuf {
    let dir = std::env::var_os("KIOSK_PICTURES").map_or_else(|| scratch.to_owned(), PathBuf::from);
    std::fs::create_dir_all(&dir).unwrap();
    dir.join(name)
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} is missing ({error}): {REMEDY}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let problem = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!problem.contains("Failed loading language"), "tesseract lacks Vietnamese: {REMEDY}");
    text
}

fn read_qr(picture: &Path) -> String {
    run("zbarimg", &["--quiet", "--raw", picture.to_str().unwrap()]).trim().to_owned()
}

fn read_lines(picture: &Path) -> String {
    run("tesseract", &[picture.to_str().unwrap(), "-", "-l", "vie", "--psm", "3"])
}

/// Prints on the fake and takes a picture of the paper.
fn print_on_fake(document: &Document, profile: &Profile, picture: &Path) {
    let model = FakeModel {
        width_dots: profile.width_dots,
        dpi: profile.dpi,
        buffer_bytes: usize::MAX,
        ..FakeModel::default()
    };
    let mut fake = PrinterCore::new(model);
    for command in encode_document(document, &sample::font(), profile).unwrap() {
        assert!(command.bytes.len() <= profile.max_command_bytes);
        fake.receive(&command.bytes, Duration::ZERO);
    }
    if !profile.cutter {
        fake.receive(b"\x1dVA\0", Duration::ZERO);
    }
    fake.advance(Duration::from_secs(30));
    assert_eq!(fake.unknown_bytes(), (0, &[][..]));
    assert!(fake.longest_command() <= 4096);
    let ticket = fake.take_ticket().unwrap();
    write_png(&ticket.image, picture).unwrap();
}

/// The grey points of a picture and its size.
fn points(picture: &Path) -> (u32, u32, Vec<u8>) {
    let file = std::io::BufReader::new(std::fs::File::open(picture).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut points = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut points).unwrap();
    (info.width, info.height, points)
}

/// Compares with the golden picture of that name. `KIOSK_GOLDEN=write` makes the picture the golden one.
fn compare_with_golden(picture: &Path, name: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("KIOSK_GOLDEN").is_some_and(|word| word == "write") {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::copy(picture, &golden).unwrap();
    }
    let (ours, theirs) = (points(picture), points(&golden));
    assert!(ours == theirs, "{name} is not the golden ticket; KIOSK_PICTURES=DIR keeps what was printed");
}

#[test]
fn judges_read_the_golden_ticket_on_paper_of_every_width() {
    let scratch = tempfile::tempdir().unwrap();
    for name in ["generic-80", "tm-t82", "tm-t88", "generic-58"] {
        let (file, profile) = (format!("{name}.png"), sample::profile(name));
        let picture = picture_path(scratch.path(), &file);
        print_on_fake(&sample::ticket("A012", true), &profile, &picture);
        compare_with_golden(&picture, &file);
        assert_eq!(read_qr(&picture), sample::QR_DATA, "{}", profile.name);
        let text = read_lines(&picture);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('\u{2044}', "/");
        for line in [
            "ỦY BAN NHÂN DÂN XÃ ĐƠN DƯƠNG",
            "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG",
            "SỐ THỨ TỰ",
            "A012",
            "Chứng thực bản sao từ bản chính",
            "Số người chờ trước: 3",
            "08:05 21/11/2026",
            "Xin cảm ơn Ông/Bà!",
        ] {
            assert!(words.contains(line), "{}: {line:?} is not in {words:?}", profile.name);
        }
    }
}

#[test]
fn a_broken_off_ticket_is_voided_on_its_own_paper() {
    let scratch = tempfile::tempdir().unwrap();
    let picture = picture_path(scratch.path(), "voided.png");
    let ticket = encode_document(&sample::ticket("A012", false), &sample::font(), &sample::tm_t82()).unwrap();
    let mut sim = Sim::new(&sample::tm_t82(), FakeModel::default());
    sim.wait_ready();
    sim.fake.set_paper_rows_left(230);
    sim.start_job(1, &ticket);
    assert!(sim.run_until(Duration::from_secs(20), |sim| !sim.finished.is_empty()));
    sim.heal();
    sim.wait_ready();
    let pieces = sim.take_tickets();
    assert_eq!(pieces.len(), 1);
    write_png(&pieces[0].image, &picture).unwrap();
    let words = read_lines(&picture);
    assert!(words.replace(char::is_whitespace, "").contains("PHIẾUHỎNG"), "{words}");
    assert!(words.contains("không có giá trị"), "{words}");
}

/// All texts of a configuration, keys left out.
fn texts(value: &toml::Value, found: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => found.push(text.clone()),
        toml::Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        toml::Value::Table(table) => table.values().for_each(|value| texts(value, found)),
        toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => {}
    }
}

#[test]
fn every_name_of_the_sample_catalogue_has_its_glyphs() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(config).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let table: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            table.values().for_each(|value| texts(value, &mut names));
        }
    }
    assert!(names.len() > 50, "{} names", names.len());
    let font = sample::font();
    for name in &names {
        assert!(font.covers(name), "{name:?}");
    }
    assert!(!font.covers("漢"), "a font that covers everything proves nothing");
}

#[test]
fn every_letter_of_the_highland_languages_has_its_glyph() {
    let letters =
        "ƀ Ƀ č Č ñ Ñ ĕ Ĕ ĭ Ĭ ŏ Ŏ ŭ Ŭ ê̆ Ê̆ ô̆ Ô̆ ơ̆ Ơ̆ ư̆ Ư̆ đ Đ ằ ẳ ẵ ắ ặ ề ể ễ ế ệ ồ ổ ỗ ố ộ ờ ở ỡ ớ ợ ừ ử ữ ứ ự";
    let font = sample::font();
    assert!(font.covers(letters));
    let scratch = tempfile::tempdir().unwrap();
    let text = |size| Block::Text(Text::new(letters, size).align(Align::Left));
    let document = Document { blocks: vec![text(9), text(14), text(24)] };
    let bitmap = preview(&document, &font, 576, 203).unwrap();
    write_png(&bitmap, &picture_path(scratch.path(), "letters.png")).unwrap();
    let black: u32 = bitmap.data().iter().map(|byte| byte.count_ones()).sum();
    assert!(black > 10_000, "{black} black dots");
}
