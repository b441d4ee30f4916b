//! RAUC's client, and its errors in words for a technician.

use std::io;
use std::path::Path;
use std::process::Command;

/// Has RAUC's service install the bundle; returns when the other slot is whole.
///
/// # Errors
/// Why not, in plain words.
pub fn install(rauc: &[String], bundle: &Path) -> Result<(), String> {
    let silent = || io::Error::from(io::ErrorKind::InvalidInput);
    let run = || {
        let (program, arguments) = rauc.split_first().ok_or_else(silent)?;
        Command::new(program).args(arguments).arg("install").arg(bundle).output()
    };
    let output = run().map_err(|error| format!("RAUC cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(plain(&String::from_utf8_lossy(&text)))
}

// What RAUC says, and what it means in a hall.
const MEANINGS: [(&str, &str); 11] = [
    ("Compatible mismatch", "the bundle is for another kind of machine"),
    ("certificate is not yet valid", "the clock of this kiosk is wrong, or the bundle was signed too early"),
    ("certificate has expired", "the certificate that signed the bundle has expired"),
    (
        "unable to get local issuer certificate",
        "the bundle is signed by a key that this kiosk does not trust",
    ),
    ("self-signed certificate", "the bundle is signed by a key that this kiosk does not trust"),
    ("Invalid bundle format", "the file is no bundle, or it was cut short"),
    ("Invalid identifier", "the file is no bundle, or it was cut short"),
    ("No such file", "the bundle is not where the request says"),
    ("ignature", "the bundle was changed after it was signed, or its signature is not valid"),
    ("No space left", "there is no room for the bundle"),
    ("rauc.service", "RAUC's service does not run"),
];

/// RAUC's output in plain words, with its own last word behind them.
pub fn plain(output: &str) -> String {
    let last = output
        .lines()
        .find_map(|line| line.trim().strip_prefix("LastError: "))
        .or_else(|| output.lines().map(str::trim).rfind(|line| !line.is_empty()))
        .unwrap_or("RAUC said nothing");
    let last: String = last.chars().filter(|letter| !letter.is_control()).take(200).collect();
    match MEANINGS.iter().find(|(word, _)| output.contains(word)) {
        Some((_, meaning)) => format!("{meaning} (RAUC: {last})"),
        None => format!("RAUC: {last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rauc_says_becomes_plain() {
        let rows = [
            (
                "LastError: Compatible mismatch: Expected 'a' but bundle manifest has 'b'\nInstalling `x` failed\n",
                "the bundle is for another kind of machine (RAUC: Compatible mismatch: Expected 'a' but bundle manifest has 'b')",
            ),
            ("it broke\n", "RAUC: it broke"),
            ("", "RAUC: RAUC said nothing"),
        ];
        for (output, reason) in rows {
            assert_eq!(plain(output), reason);
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let reason = install(&["/nonexistent/rauc".to_owned()], Path::new("/nonexistent")).unwrap_err();
        assert!(reason.starts_with("RAUC cannot be run: "), "{reason}");
    }
}
