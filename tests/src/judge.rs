//! Judges that this project did not write: zbarimg reads the QR of a ticket, tesseract its Vietnamese lines.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Why a judge could not be asked, or what it found.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The program is not there.
    #[error("cannot run {program}: remedy: apt-get install zbar-tools tesseract-ocr tesseract-ocr-vie")]
    Absent {
        /// The program.
        program: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No QR was read, or another.
    #[error("{} holds the QR {wanted:?}, but zbarimg reads {read:?}", picture.display())]
    WrongQr {
        /// The picture.
        picture: PathBuf,
        /// What was printed.
        wanted: String,
        /// What was read.
        read: String,
    },
    /// A line was not read without an error.
    #[error("{} holds the line {wanted:?}, but tesseract reads {read:?}", picture.display())]
    WrongLine {
        /// The picture.
        picture: PathBuf,
        /// What was printed.
        wanted: String,
        /// What was read.
        read: String,
    },
}

fn output(program: &'static str, arguments: &[&str]) -> Result<String, JudgeError> {
    let output = Command::new(program)
        .args(arguments)
        .env("OMP_THREAD_LIMIT", "1")
        .output()
        .map_err(|source| JudgeError::Absent { program, source })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Asks zbarimg whether the picture holds just this QR.
///
/// # Errors
/// When it reads anything else.
pub fn qr(picture: &Path, wanted: &str) -> Result<(), JudgeError> {
    let path = picture.to_string_lossy();
    let read = output("zbarimg", &["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", &path])?;
    if read == wanted {
        return Ok(());
    }
    Err(JudgeError::WrongQr { picture: picture.to_path_buf(), wanted: wanted.to_owned(), read })
}

/// Asks tesseract whether it reads each of the lines in the picture without an error; where lines break does not count.
///
/// # Errors
/// For the first line that it does not read.
pub fn lines(picture: &Path, wanted: &[&str]) -> Result<(), JudgeError> {
    let path = picture.to_string_lossy();
    let read = folded(&output("tesseract", &[&path, "-", "-l", "vie", "--psm", "6"])?);
    for line in wanted {
        if !read.contains(&folded(line)) {
            let (picture, wanted) = (picture.to_path_buf(), (*line).to_owned());
            return Err(JudgeError::WrongLine { picture, wanted, read });
        }
    }
    Ok(())
}

/// White space folded to one blank.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
