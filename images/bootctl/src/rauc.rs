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

// What RAUC says, and what it means in a hall; the first row that fits counts.
const MEANINGS: [(&str, &str); 16] = [
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
    ("No such file: ", "the bundle is not where the request says"),
    ("ignature", "the bundle was changed after it was signed, or its signature is not valid"),
    ("No space left", "there is no room for the bundle"),
    // Before the reading, for both end in "Input/output error".
    ("rror writing", "the card cannot be written"),
    ("ailed to write", "the card cannot be written"),
    // A verity bundle's signature covers its hashes: a changed block is met when it is read, in the midst of writing.
    ("Input/output error", UNREADABLE),
    ("rror reading", UNREADABLE),
    ("Error creating proxy", "RAUC's service does not run"),
    ("rauc.service", "RAUC's service does not run"),
];
const UNREADABLE: &str = "the bundle was changed after it was signed, or cannot be read back from the card";

/// RAUC's output in plain words, with its own last word behind them.
pub fn plain(output: &str) -> String {
    let last = last_word(output).unwrap_or("RAUC said nothing");
    let last: String = last.chars().filter(|letter| !letter.is_control()).take(200).collect();
    match MEANINGS.iter().find(|(word, _)| last.contains(word)) {
        Some((_, meaning)) => format!("{meaning} (RAUC: {last})"),
        None => format!("RAUC: {last}"),
    }
}

// The service's error; where it gave none, what the client last said of its own. The rest ("20% Verifying signature") names
// steps that went well.
fn last_word(output: &str) -> Option<&str> {
    let lines = || output.lines().map(str::trim);
    let is_step = |line: &str| {
        let behind = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
        behind.len() < line.len() && behind.starts_with('%')
    };
    let says_only_that = |line: &str| {
        let starts = ["rauc-Message: ", "input bundle: ", "Installing `", "D-Bus error while installing `"];
        starts.iter().any(|start| line.starts_with(start))
            || ["installing", "idle", "LastError:", ""].contains(&line)
    };
    lines()
        .filter_map(|line| line.strip_prefix("LastError: "))
        .rfind(|error| !error.is_empty())
        .or_else(|| lines().rfind(|line| !is_step(line) && !says_only_that(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    // What RAUC prints for a bundle whose signature is good, around its error.
    fn failed_after_the_signature(error: &str) -> String {
        format!(
            "installing\n  0% Installing\n 20% Verifying signature\n 40% Verifying signature done.\n 40% Checking bundle done.\n\
             100% Installing failed.\nLastError: {error}\nidle\nInstalling `/data/kiosk/update/staged.raucb` failed\n\
             rauc-Message: 13:50:59.079: Using central status file /data/rauc/central.raucs\n"
        )
    }

    #[test]
    fn what_rauc_says_becomes_plain() {
        let foreign = "the bundle is signed by a key that this kiosk does not trust";
        let changed = "the bundle was changed after it was signed, or its signature is not valid";
        let cut = "the file is no bundle, or it was cut short";
        let updating = "Installation error: Failed updating slot system.1: ";
        let copying = |error: &str| format!("{updating}Failed to copy data: {error}");
        let signature = |error: &str| format!("signature verification failed: {error}");
        let rows = [
            (
                "Installation error: Compatible mismatch: Expected 'a' but bundle manifest has 'b'"
                    .to_owned(),
                "the bundle is for another kind of machine",
            ),
            (
                signature("Verify error: certificate is not yet valid"),
                "the clock of this kiosk is wrong, or the bundle was signed too early",
            ),
            (
                signature("Verify error: certificate has expired"),
                "the certificate that signed the bundle has expired",
            ),
            (signature("Verify error: unable to get local issuer certificate"), foreign),
            (signature("Verify error: self-signed certificate"), foreign),
            (signature("error:1700009E:CMS routines::verification failure"), changed),
            ("Invalid bundle format: Signature size is 0".to_owned(), cut),
            ("Failed to check bundle identifier: Invalid identifier".to_owned(), cut),
            (copying("Error reading from file: Input/output error"), UNREADABLE),
            ("Failed mounting bundle: failed to mount /dev/dm-0: Input/output error".to_owned(), UNREADABLE),
            (copying("Error reading from file: Bad message"), UNREADABLE),
            (copying("Error writing to file descriptor: Input/output error"), "the card cannot be written"),
            (format!("{updating}failed to write: Input/output error"), "the card cannot be written"),
            (
                copying("Error writing to file descriptor: No space left on device"),
                "there is no room for the bundle",
            ),
        ];
        for (error, meaning) in rows {
            let said = failed_after_the_signature(&error);
            assert_eq!(plain(&said), format!("{meaning} (RAUC: {error})"));
        }
        let other = "Installation error: Bootloader error: Failed marking slot system.1 non-bootable";
        assert_eq!(plain(&failed_after_the_signature(other)), format!("RAUC: {other}"));
    }

    #[test]
    fn without_an_error_of_the_service_the_clients_own_words_count() {
        let rows = [
            (
                "rauc-Message: 13:50:59.730: Using central status file\nNo such file: /x/signature.raucb\n",
                "the bundle is not where the request says (RAUC: No such file: /x/signature.raucb)",
            ),
            (
                "Error creating proxy: Timeout was reached\nD-Bus error while installing `/x/staged.raucb`\n",
                "RAUC's service does not run (RAUC: Error creating proxy: Timeout was reached)",
            ),
            (
                "LastError: \n 20% Verifying signature done.\nit broke\n 40% Checking bundle\n",
                "RAUC: it broke",
            ),
            (" 20% Verifying signature done.\nInstalling `x` failed\n", "RAUC: RAUC said nothing"),
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
