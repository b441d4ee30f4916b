//! The built program over a real socket: killed without warning, started again, nothing lost, nothing twice.

use super::rig::Kiosk;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use kiosk_protocol::Accepted;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_district-server");

/// A running server, killed with SIGKILL when dropped.
struct Running {
    child: Child,
    address: String,
    first_lines: Vec<String>,
}

impl Running {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut running = Self { child, address: String::new(), first_lines: Vec::new() };
        let address = lines.find_map(|line| match line.strip_prefix("listening on http://") {
            Some(address) => Some(address.to_owned()),
            None => {
                running.first_lines.push(line);
                None
            }
        });
        running.address = address.expect("the server listens");
        running
    }

    /// Sends a request without waiting for its answer.
    async fn begin(&self, request: Request<Body>) -> TcpStream {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n", parts.method, parts.uri);
        for (name, value) in &parts.headers {
            bytes.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        bytes.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        stream
    }

    /// Status and body.
    async fn send(&self, request: Request<Body>) -> (u16, String) {
        let mut text = String::new();
        self.begin(request).await.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn command(data: &Path, args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).arg("--data").arg(data).env("RUST_LOG", "error").output().unwrap()
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_and_is_exported_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut kiosk = Kiosk::new("k1");
    let server = Running::start(&data);
    assert!(server.first_lines[0].contains("sign in as leader with the code"), "{:?}", server.first_lines);
    let token = command(&data, &["enrol-token", "--kiosk", "k1", "--hall", "h1"]);
    let token = String::from_utf8(token.stdout).unwrap();
    assert_eq!(server.send(kiosk.enrolment(token.trim())).await.0, 200);
    drop(server);
    for round in 1..=5 {
        let server = Running::start(&data);
        assert!(server.first_lines.is_empty(), "the code is shown only once");
        kiosk.add_starts(20);
        let (status, body) = server.send(kiosk.batch(1, round * 20)).await;
        let accepted: Accepted = serde_json::from_str(&body).unwrap();
        assert_eq!((status, accepted.next_seq), (200, round * 20 + 1));
    }
    let torn = dir.path().join("torn");
    std::fs::create_dir(&torn).unwrap();
    std::fs::copy(data.join("district.db"), torn.join("district.db")).unwrap();
    let lost = command(&torn, &["export"]).stdout.split(|byte| *byte == b'\n').count();
    assert!(lost < 100, "control: without its write-ahead log the last batches are seen to be missing");
    let out = dir.path().join("events.jsonl");
    let exported = command(&data, &["export", "--out", out.to_str().unwrap()]);
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let lines = std::fs::read_to_string(out).unwrap();
    assert_eq!(lines.lines().count(), 100);
    assert!(lines.lines().zip(&kiosk.events).all(|(line, event)| line.contains(event.as_str())));
}

#[tokio::test]
async fn a_server_killed_in_mid_answer_has_each_event_once_after_the_kiosk_asks_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut kiosk = Kiosk::new("k1");
    let server = Running::start(dir.path());
    let token = command(dir.path(), &["enrol-token", "--kiosk", "k1", "--hall", "h1"]);
    assert_eq!(server.send(kiosk.enrolment(String::from_utf8_lossy(&token.stdout).trim())).await.0, 200);
    drop(server);
    for _ in 0..10 {
        let server = Running::start(dir.path());
        let (status, body) = server.send(kiosk_catches_up(&mut kiosk)).await;
        assert_eq!(status, 200, "{body}");
        kiosk.add_starts(30);
        let last = kiosk.events.len() as u64;
        let _unread = server.begin(kiosk.batch(last - 29, last)).await;
        // Dropping the server kills it now: before, in or after the transaction.
    }
    let server = Running::start(dir.path());
    assert_eq!(server.send(kiosk_catches_up(&mut kiosk)).await.0, 200);
    let exported = String::from_utf8(command(dir.path(), &["export"]).stdout).unwrap();
    assert_eq!(exported.lines().count(), kiosk.events.len());
    assert!(exported.lines().zip(&kiosk.events).all(|(line, event)| line.contains(event.as_str())));
}

/// All events so far and one more: a kiosk that never got an answer sends everything again.
fn kiosk_catches_up(kiosk: &mut Kiosk) -> Request<Body> {
    kiosk.add_starts(1);
    kiosk.batch(1, kiosk.events.len() as u64)
}

/// What a command that fails says, and its status.
fn mistake(data: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = command(data, args);
    assert!(output.stdout.is_empty(), "{args:?}");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn mistakes_on_the_command_line_are_answered_with_a_remedy() {
    let dir = tempfile::tempdir().unwrap();
    for (status, args, word) in [
        (2, vec![], "no command\n\ndistrict-server: receives"),
        (2, vec!["dance"], "no command \"dance\"; district-server --help lists them"),
        (2, vec!["serve", "--bogus"], "invalid option '--bogus'; district-server --help"),
        (2, vec!["revoke"], "revoke needs --kiosk"),
        (2, vec!["order-update", "--kiosk", "k1"], "order-update needs --bundle"),
        (1, vec!["serve", "--config", "/nowhere.toml"], "settings file /nowhere.toml cannot be read"),
        (1, vec!["export", "--db", "/nowhere.db"], "no database /nowhere.db; give another with --db"),
    ] {
        let (code, said) = mistake(&dir.path().join("new"), &args);
        assert!(code == Some(status) && said.contains(word), "{args:?}: {code:?} {said}");
        assert!(!said.contains("backtrace"), "{said}");
    }
}

#[test]
fn only_serving_makes_a_server_out_of_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut commands = [
        vec!["enrol-token", "--kiosk", "k1", "--hall", "h"],
        vec!["revoke", "--kiosk", "k1"],
        vec!["order-update", "--kiosk", "k1", "--bundle", "b.raucb"],
        vec!["account", "--name", "n"],
        vec!["import", "a.csv"],
        vec!["export"],
        vec!["check"],
    ];
    for args in &mut commands {
        let (code, said) = mistake(&data, args);
        let expected = format!("no district.db in {}; give the server's folder with --data", data.display());
        assert!(code == Some(1) && said.contains(&expected), "{args:?}: {said}");
    }
    assert!(!data.exists(), "no command left a folder behind");
    drop(Running::start(&data));
    assert!(command(&data, &["check"]).status.success(), "control: a folder that was served is known");
    std::fs::remove_file(data.join("secret.key")).unwrap();
    assert!(mistake(&data, &["account", "--name", "n"]).1.contains("no secret.key in"));
}

#[tokio::test]
async fn tokens_and_withdrawn_keys_are_told_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let server = Running::start(dir.path());
    let token = ["enrol-token", "--kiosk", "k1", "--hall", "h1"];
    let first = command(dir.path(), &token);
    assert!(first.stderr.is_empty(), "{}", String::from_utf8_lossy(&first.stderr));
    assert!(
        mistake(dir.path(), &["revoke", "--kiosk", "k1"]).1.contains("no kiosk k1 is enrolled here; none is")
    );
    let kiosk = Kiosk::new("k1");
    assert_eq!(server.send(kiosk.enrolment(String::from_utf8_lossy(&first.stdout).trim())).await.0, 200);
    let again = command(dir.path(), &token);
    assert_eq!(String::from_utf8_lossy(&again.stdout).lines().count(), 1, "the token alone, for scripts");
    assert!(String::from_utf8_lossy(&again.stderr).contains("k1 is enrolled already, in hall h1"));
    assert!(mistake(dir.path(), &["revoke", "--kiosk", "k9"]).1.contains("enrolled are k1"));
    for (args, words) in [
        (["revoke", "--kiosk", "k1"], "revoked k1 of hall h1: its key is worth nothing from now on"),
        (["revoke", "--kiosk", "k1"], "k1 of hall h1 was revoked before; nothing changed"),
    ] {
        let said = String::from_utf8(command(dir.path(), &args).stdout).unwrap();
        assert!(said.starts_with(words), "{said}");
    }
    assert!(
        command(dir.path(), &token).stderr.is_empty(),
        "a withdrawn kiosk may be enrolled anew without a word"
    );
    assert!(
        mistake(dir.path(), &["enrol-token", "--kiosk", "K 1", "--hall", "h"])
            .1
            .contains("may only have a-z")
    );
}

#[tokio::test]
async fn an_update_that_cannot_be_ordered_is_told_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let server = Running::start(dir.path());
    let zip = dir.path().join("a.zip");
    std::fs::write(&zip, b"PK\x03\x04 and so on, but no bundle").unwrap();
    let order = |kiosk: &str, bundle: &str| {
        mistake(dir.path(), &["order-update", "--kiosk", kiosk, "--bundle", bundle]).1
    };
    assert!(order("k1", "b.raucb").contains("no kiosk k1 is enrolled here; none is"));
    let token = command(dir.path(), &["enrol-token", "--kiosk", "k1", "--hall", "h1"]);
    let kiosk = Kiosk::new("k1");
    assert_eq!(server.send(kiosk.enrolment(String::from_utf8_lossy(&token.stdout).trim())).await.0, 200);
    for (kiosk, bundle, words) in [
        ("k9", "b.raucb", "no kiosk k9 is enrolled here; enrolled are k1"),
        ("k1", "/nowhere.raucb", "bundle /nowhere.raucb cannot be read or copied; remedy: check the path"),
        ("k1", zip.to_str().unwrap(), "it does not begin with a squashfs; remedy: give the .raucb"),
    ] {
        let said = order(kiosk, bundle);
        assert!(said.contains(words), "{said}");
    }
    command(dir.path(), &["revoke", "--kiosk", "k1"]);
    assert!(
        order("k1", "b.raucb").contains("kiosk k1 was revoked and would not get it; remedy: enrol it again")
    );
}

#[test]
fn a_taken_port_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = command(dir.path(), &["serve", "--listen", &address]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}
