//! What a scan is: a dossier's code, a procedure's code, or something the kiosk has no business with.
//!
//! Total: every text has an answer, and none of them holds a byte of a citizen card.
//!
//! Normalisation is the part of NFKC that printed codes need: full-width forms (U+FF01-FF5E), the dashes U+2010-2015,
//! U+2212, U+FE58, U+FE63 to `-`, every kind of space dropped, byte order mark, zero-width signs and soft hyphen dropped,
//! ASCII letters upper-cased. Ligatures, superscripts and circled digits are left as they are, and so refused.

use super::{DossierCode, Factor};
use crate::effect::ScanRefusal;
use crate::settings::DossierSettings;

/// No code is longer.
const LONGEST_CODE: usize = 64;
/// No opaque code is shorter.
const SHORTEST_CODE: usize = 6;
/// No address with a code is longer.
const LONGEST_ADDRESS: usize = 512;
/// A card shows what it is within so many characters; the rest of a longer text is not looked at.
const LOOKED_AT: usize = 1024;

/// What a scan is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// A dossier's code, and what vouches for the asker.
    Code(DossierCode, Factor),
    /// The code of a procedure (`1.001193`), cut to its national part.
    Procedure(String),
    /// Nothing the kiosk reads.
    Refused(ScanRefusal),
}

/// Reads a scan, or a code that was typed.
pub fn read(scan: &str, settings: &DossierSettings) -> Scan {
    let kept = normalise(scan);
    let text: String = kept.chars().map(|c| c.to_ascii_uppercase()).collect();
    if is_citizen_card(&text) {
        return Scan::Refused(ScanRefusal::CitizenCard);
    }
    if looks_like_address(&text) {
        return read_address(&kept, settings);
    }
    if scan.chars().count() > LOOKED_AT || text.chars().count() > LONGEST_CODE {
        return Scan::Refused(ScanRefusal::TooLong);
    }
    if let Some(open_cps) = read_open_cps(&kept) {
        return open_cps;
    }
    if let Some(procedure) = procedure_code(&text) {
        return Scan::Procedure(procedure);
    }
    if is_opaque_code(&text) {
        Scan::Code(DossierCode(text), Factor::Paper)
    } else {
        Scan::Refused(ScanRefusal::Unreadable)
    }
}

fn normalise(scan: &str) -> String {
    let mut looked_at: String = scan.chars().take(LOOKED_AT).collect();
    let is_edge = |c: char| c.is_control() || c.is_whitespace() || is_invisible(c);
    looked_at = looked_at.trim_matches(is_edge).chars().filter_map(normal_char).collect();
    without_aim_prefix(&looked_at).trim_matches(is_edge).to_string()
}

fn normal_char(c: char) -> Option<char> {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => Some('-'),
        ' ' => None,
        _ if is_invisible(c) || (c.is_whitespace() && !c.is_control()) => None,
        _ => Some(c),
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{FEFF}' | '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}')
}

/// A scanner may say what symbology it read: `]` + letter + modifier.
fn without_aim_prefix(text: &str) -> &str {
    let mut chars = text.chars();
    let prefixed = chars.next() == Some(']')
        && chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.next().is_some_and(|c| c.is_ascii_alphanumeric());
    if prefixed { chars.as_str() } else { text }
}

/// `12 digits|old number or empty|name|...` of every edition, whatever fields follow (the card of 2024 may carry those of
/// relatives); the machine-readable lines of the back; and a bare personal number of 12 or 9 digits.
fn is_citizen_card(text: &str) -> bool {
    let is_number = |field: &str| matches!(field.len(), 9 | 12) && field.bytes().all(|b| b.is_ascii_digit());
    is_number(text) || text.starts_with("IDVNM") || (text.contains('|') && text.split('|').any(is_number))
}

fn looks_like_address(text: &str) -> bool {
    text.contains("://")
        || text.starts_with("WWW.")
        || text.starts_with("HTTP:")
        || text.starts_with("HTTPS:")
}

/// Takes a code of a known form out of an address, if its host is on the list: of the query, else of the path, the last
/// one first. The address is never opened.
fn read_address(address: &str, settings: &DossierSettings) -> Scan {
    let after_scheme = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority_ends = after_scheme.find(['/', '?', '#']).unwrap_or(after_scheme.len());
    let (authority, rest) = after_scheme.split_at(authority_ends);
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    if !settings.url_hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
        return Scan::Refused(ScanRefusal::ForeignAddress);
    }
    if rest.len() > LONGEST_ADDRESS {
        return Scan::Refused(ScanRefusal::TooLong);
    }
    let parts = rest.rsplit(['/', '?', '#', '&']);
    let values = parts.map(|part| part.split_once('=').map_or(part, |(_, value)| value));
    let mut codes = values.filter_map(percent_decoded).map(|value| value.to_ascii_uppercase());
    match codes.find(|value| is_known_form(value)) {
        Some(code) => Scan::Code(DossierCode(code), Factor::Paper),
        None => Scan::Refused(ScanRefusal::Unreadable),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// `D-<secret>-<id>`; the secret keeps its letters' case.
fn read_open_cps(text: &str) -> Option<Scan> {
    let rest = text.strip_prefix("D-").or_else(|| text.strip_prefix("d-"))?;
    let (secret, id) = rest.rsplit_once('-')?;
    let plausible = secret.len() >= 4
        && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_digit());
    plausible.then(|| Scan::Code(DossierCode(id.to_string()), Factor::Secret(secret.to_string())))
}

/// `1.001193`, also with the level and unit that follow it in older catalogues (`1.008377.000.00.00.H13`).
fn procedure_code(text: &str) -> Option<String> {
    let mut parts = text.split('.');
    let (kind, number) = (parts.next()?, parts.next()?);
    let national = is_digits(kind, 1) && is_digits(number, 6);
    let tail: Vec<&str> = parts.collect();
    let tail_fits = match tail.as_slice() {
        [] => true,
        [a, b, c, unit] => is_digits(a, 3) && is_digits(b, 2) && is_digits(c, 2) && is_unit(unit),
        _other => false,
    };
    (national && tail_fits).then(|| format!("{kind}.{number}"))
}

fn is_opaque_code(text: &str) -> bool {
    (SHORTEST_CODE..=LONGEST_CODE).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"./-".contains(&b))
        && text.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// A form that some system is known to print.
fn is_known_form(text: &str) -> bool {
    is_opaque_code(text)
        && (is_unit_date_counter(text) || is_dots_only(text) || is_base36(text) || is_insurance(text))
}

/// `H40.16.24-220613-0001`, `G09.20-20260609-0092637`, `MX1X2.Y1Y2Y3.Z1Z2-YYMMDD-AAXXXX`.
fn is_unit_date_counter(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(unit), Some(date), Some(counter), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    unit.contains('.')
        && (is_digits(date, 6) || is_digits(date, 8))
        && (4..=12).contains(&counter.len())
        && counter.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// `000.00.06.G04.190701.0501`.
fn is_dots_only(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        [unit @ .., date, counter] => {
            unit.len() >= 2 && is_digits(date, 6) && counter.len() >= 4 && is_digits(counter, counter.len())
        }
        _shorter => false,
    }
}

/// `TP01-CX-U0QVZU`.
fn is_base36(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    matches!(parts.as_slice(), [a, b, c] if word(a, 2..=8) && word(b, 1..=8) && word(c, 4..=12))
        && text.bytes().any(|b| b.is_ascii_digit())
}

/// `03706/2026/07906`.
fn is_insurance(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    matches!(parts.as_slice(), [a, b, c] if is_digits(a, 5) && is_digits(b, 4) && (4..=7).contains(&c.len()) && is_digits(c, c.len()))
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_unit(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_uppercase()) && bytes.all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings() -> DossierSettings {
        DossierSettings {
            typed_prefix: String::new(),
            url_hosts: vec!["dichvucong.gov.vn".to_string()],
            result_errand: None,
            supplement_errand: None,
        }
    }

    fn code(text: &str) -> Scan {
        Scan::Code(DossierCode(text.to_string()), Factor::Paper)
    }

    #[test]
    fn every_form_of_the_domain_is_read() {
        let refused = |refusal| Scan::Refused(refusal);
        let secret = |id: &str, secret: &str| {
            Scan::Code(DossierCode(id.to_string()), Factor::Secret(secret.to_string()))
        };
        let address = "https://dichvucong.gov.vn/tra-cuu?x=1&ma_ho_so=H40.16.24-220613-0001";
        let table = [
            ("H40.16.24-220613-0001", code("H40.16.24-220613-0001")),
            ("000.00.16.H40-220613-0001", code("000.00.16.H40-220613-0001")),
            ("MA1B2.C1C2C3.D1D2-260125-AB12345", code("MA1B2.C1C2C3.D1D2-260125-AB12345")),
            ("G09.20-20260609-0092637", code("G09.20-20260609-0092637")),
            ("000.00.06.G04.190701.0501", code("000.00.06.G04.190701.0501")),
            ("TP01-CX-U0QVZU", code("TP01-CX-U0QVZU")),
            ("03706/2026/07906", code("03706/2026/07906")),
            ("D-aB3dE9-120045", secret("120045", "aB3dE9")),
            ("1.001193", Scan::Procedure("1.001193".to_string())),
            ("1.008377.000.00.00.H13", Scan::Procedure("1.008377".to_string())),
            ("]C1H40.16.24-220613-0001\r\n", code("H40.16.24-220613-0001")),
            ("\u{FEFF} h40.16.24\u{2013}220613\u{2212}0001\t", code("H40.16.24-220613-0001")),
            ("Ｈ４０.１６.２４－220613-0001", code("H40.16.24-220613-0001")),
            ("H40.16.24 - 220613\u{00A0}- 0001", code("H40.16.24-220613-0001")),
            (address, code("H40.16.24-220613-0001")),
            ("HTTPS://DICHVUCONG.GOV.VN:443/hs/TP01-CX-U0QVZU", code("TP01-CX-U0QVZU")),
            ("https://dichvucong.gov.vn/?m=03706%2F2026%2F07906", code("03706/2026/07906")),
            ("https://dichvucong.gov.vn/trang-chu", refused(ScanRefusal::Unreadable)),
            ("https://dichvucong.gov.vn@evil.vn/?m=TP01-CX-U0QVZU", refused(ScanRefusal::ForeignAddress)),
            ("https://evil.vn/?u=dichvucong.gov.vn", refused(ScanRefusal::ForeignAddress)),
            ("ABC123", code("ABC123")),
            ("ABC12", refused(ScanRefusal::Unreadable)),
            ("......", refused(ScanRefusal::Unreadable)),
            ("", refused(ScanRefusal::Unreadable)),
            ("ABC\u{7}DEF", refused(ScanRefusal::Unreadable)),
            ("Xin chào", refused(ScanRefusal::Unreadable)),
        ];
        for (scan, expected) in table {
            assert_eq!(read(scan, &settings()), expected, "{scan:?}");
        }
        let long = "A".repeat(4096);
        assert_eq!(read(&long, &settings()), refused(ScanRefusal::TooLong));
    }

    #[test]
    fn citizen_cards_of_every_edition_are_dropped() {
        let relatives = "|cha|".to_string() + &"x".repeat(3000);
        let cards = [
            "068099001234|250123456|Trần Thị Bưởi|01021999|Nữ|Thôn 2, Đơn Dương|05052021".to_string(),
            "068099001234||Trần Thị Bưởi|01021999|Nữ|Thôn 2, Đơn Dương|05052021".to_string(),
            "]Q3068099001234||Trần Thị Bưởi|01021999|Nữ|Thôn 2|05052024||Trần Văn Cam|Lê Thị Đào|"
                .to_string(),
            format!("068099001234||Trần Thị Bưởi|01021999|Nữ|Thôn 2|05052024{relatives}"),
            "０６８０９９００１２３４｜｜Trần Thị Bưởi".to_string(),
            "IDVNM0990012344068099001234<<8".to_string(),
            "068099001234".to_string(),
            " 068 099 001 234 ".to_string(),
            "250123456".to_string(),
        ];
        for card in cards {
            assert_eq!(read(&card, &settings()), Scan::Refused(ScanRefusal::CitizenCard), "{card}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer_and_a_code_is_plain(text in ".{0,200}") {
            if let Scan::Code(DossierCode(code), Factor::Paper) = read(&text, &settings()) {
                prop_assert!(is_opaque_code(&code));
            }
        }

        #[test]
        fn no_card_comes_through_whatever_stands_around_it(
            number in "[0-9]{12}", name in "\\PC{0,40}", tail in "[^\u{0}]{0,300}", prefix in "(\\]Q3)?[ \t\r\n]{0,3}",
        ) {
            let scan = format!("{prefix}{number}||{name}|{tail}");
            let answer = read(&scan, &settings());
            prop_assert_eq!(&answer, &Scan::Refused(ScanRefusal::CitizenCard));
            let said = format!("{answer:?}");
            prop_assert!(!said.contains(&number));
        }
    }
}
