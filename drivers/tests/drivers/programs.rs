//! The programs of this crate: how they end.

use std::process::{Command, Stdio};

/// How a program ends, and its one line of complaint.
fn run(program: &str, words: &[&str]) -> (Option<i32>, String) {
    let ended = Command::new(program).args(words).stdin(Stdio::null()).output().unwrap();
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}

#[test]
fn a_wrong_command_line_ends_with_2_a_device_in_trouble_with_1() {
    let (drv, fake) = (env!("CARGO_BIN_EXE_drv"), env!("CARGO_BIN_EXE_fake-device"));
    for (program, words, status, says) in [
        (drv, &["--help"][..], 0, ""),
        (drv, &["dance"], 2, "no command"),
        (drv, &["status"], 2, "needs an ADDRESS"),
        (drv, &["status", "file:/dev/no-such-printer"], 1, ""),
        (fake, &["--help"], 0, ""),
        (fake, &[], 2, "which device?"),
        (fake, &["toaster"], 2, "no device"),
        (fake, &["printer"], 2, "either --tcp or --pty"),
        (fake, &["scanner"], 2, "--pty LINK is missing"),
        (fake, &["display", "--pty", "x", "--panel", "300"], 2, "300"),
        (fake, &["scanner", "--pty", "/no/such/folder/scanner"], 1, "cannot start the scanner"),
    ] {
        let (ended, told) = run(program, words);
        assert_eq!(ended, Some(status), "{words:?}: {told}");
        assert!(told.contains(says) && told.lines().count() <= 3, "{words:?}: {told}");
    }
}
