//! Officers' sessions, kept by their browsers alone: a cookie signed with a key of the data folder, so that a page
//! stays signed in when the kiosk restarts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kiosk_core::id::CounterId;
use kiosk_core::time::Wall;
use thiserror::Error;

use super::secret::{self, Tag};

/// The cookie's name.
pub(super) const COOKIE: &str = "quay";

/// A page on which nothing was pressed for this long is signed out: longer than a lunch break.
const IDLE_SECS: i64 = 3 * 3600;

/// The file of the session key cannot be used.
#[derive(Debug, Error)]
#[error(
    "session key file {path} cannot be used; remedy: its folder must be writable and belong to the kiosk's user"
)]
pub struct SessionKeyError {
    /// The file.
    path: PathBuf,
    /// Why.
    source: io::Error,
}

/// Signs sessions; whoever has it is every officer. Made at first start, never leaves the data folder.
#[derive(Clone)]
pub struct SessionKey(Tag);

impl SessionKey {
    /// Reads the key; makes it from `random` when there is none or half of one.
    pub fn load_or_create(
        path: &Path,
        random: impl FnOnce() -> io::Result<[u8; 32]>,
    ) -> Result<Self, SessionKeyError> {
        let failed = |source| SessionKeyError { path: path.to_owned(), source };
        let kept = match fs::read(path) {
            Ok(bytes) => Tag::try_from(bytes).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        if let Some(key) = kept {
            return Ok(Self(key));
        }
        let key = random().map_err(failed)?;
        secret::replace_private_file(path, &key).map_err(failed)?;
        Ok(Self(key))
    }

    /// A key for another purpose, from which this one cannot be found.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        secret::tag(&self.0, &[b"derived key", purpose.as_bytes()])
    }

    /// A tag that nobody without the key can make.
    pub(super) fn tag(&self, parts: &[&[u8]]) -> Tag {
        secret::tag(&self.0, parts)
    }
}

/// A signed-in page: its counter, when it last pressed something, and what tells it from other pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub counter: CounterId,
    /// Unix seconds; 0 when the clock was not trusted, which is set right at the next press.
    stamp_secs: i64,
    id: [u8; 16],
}

impl Session {
    pub fn begin(counter: CounterId, id: [u8; 16], wall: Wall) -> Self {
        Self { counter, stamp_secs: stamp(wall), id }
    }

    /// The same session, used just now.
    pub fn renewed(&self, wall: Wall) -> Self {
        Self { stamp_secs: stamp(wall), ..self.clone() }
    }

    /// The value of the cookie. `binding` is what the counter's PIN is bound to: a new PIN ends old sessions.
    pub fn seal(&self, key: &SessionKey, binding: &str) -> String {
        let id = secret::hex(&self.id);
        let mac = secret::hex(&self.mac(key, binding));
        format!("{}.{}.{id}.{mac}", self.counter, self.stamp_secs)
    }

    /// Reads a cookie; `None` for one that this kiosk did not sign or that was idle for too long.
    pub fn unseal<'b>(
        value: &str,
        key: &SessionKey,
        binding: impl FnOnce(CounterId) -> Option<&'b str>,
        wall: Wall,
    ) -> Option<Self> {
        let mut parts = value.splitn(4, '.');
        let counter = CounterId(parts.next()?.parse().ok()?);
        let stamp_secs = parts.next()?.parse().ok()?;
        let id = secret::unhex(parts.next()?)?;
        let mac: Tag = secret::unhex(parts.next()?)?;
        let session = Self { counter, stamp_secs, id };
        let signed = secret::same(&session.mac(key, binding(counter)?), &mac);
        (signed && session.is_live(wall)).then_some(session)
    }

    /// Whether it was used lately. An untrusted clock cannot tell, and then it counts as live: a kiosk that boots in
    /// 1970 must not sign everybody out.
    pub fn is_live(&self, wall: Wall) -> bool {
        !wall.trusted || self.stamp_secs == 0 || wall.unix_ms.div_euclid(1000) - self.stamp_secs < IDLE_SECS
    }

    /// What a form must carry besides the cookie, so that no other page can press for this one.
    pub fn form_token(&self, key: &SessionKey) -> String {
        secret::hex(&key.tag(&[b"form", &self.id])[..16])
    }

    fn mac(&self, key: &SessionKey, binding: &str) -> Tag {
        key.tag(&[
            b"session",
            &[self.counter.0],
            &self.stamp_secs.to_be_bytes(),
            &self.id,
            binding.as_bytes(),
        ])
    }
}

fn stamp(wall: Wall) -> i64 {
    if wall.trusted { wall.unix_ms.div_euclid(1000) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Wall = Wall { unix_ms: 1_800_000_000_000, trusted: true };

    fn later(secs: i64) -> Wall {
        Wall { unix_ms: NOON.unix_ms + secs * 1000, trusted: true }
    }

    fn key() -> SessionKey {
        SessionKey([7; 32])
    }

    fn read(value: &str, wall: Wall) -> Option<Session> {
        Session::unseal(value, &key(), |_| Some("pin"), wall)
    }

    #[test]
    fn a_sealed_session_opens_until_it_was_idle_too_long() {
        let session = Session::begin(CounterId(3), [1; 16], NOON);
        let value = session.seal(&key(), "pin");
        assert_eq!(read(&value, later(IDLE_SECS - 1)), Some(session.clone()));
        assert_eq!(read(&value, later(IDLE_SECS)), None);
        let renewed = session.renewed(later(IDLE_SECS - 1)).seal(&key(), "pin");
        assert!(read(&renewed, later(IDLE_SECS)).is_some());
    }

    #[test]
    fn a_changed_cookie_a_new_pin_or_another_key_ends_it() {
        let value = Session::begin(CounterId(3), [1; 16], NOON).seal(&key(), "pin");
        assert!(read(&value, NOON).is_some());
        assert_eq!(read(&value.replacen('3', "4", 1), NOON), None);
        assert_eq!(read(&format!("{value}0"), NOON), None);
        assert_eq!(Session::unseal(&value, &key(), |_| Some("new pin"), NOON), None);
        assert_eq!(Session::unseal(&value, &key(), |_| None, NOON), None);
        assert_eq!(Session::unseal(&value, &SessionKey([8; 32]), |_| Some("pin"), NOON), None);
        for garbage in ["", ".", "3", "3.1.2.3", "999.1.2.3", "ê.ê.ê.ê"] {
            assert_eq!(read(garbage, NOON), None, "{garbage}");
        }
    }

    #[test]
    fn a_clock_in_1970_signs_nobody_out() {
        let value = Session::begin(CounterId(3), [1; 16], NOON).seal(&key(), "pin");
        assert!(read(&value, Wall { unix_ms: 60_000, trusted: false }).is_some());
        let begun_in_1970 = Session::begin(CounterId(3), [1; 16], Wall { unix_ms: 60_000, trusted: false });
        assert!(read(&begun_in_1970.seal(&key(), "pin"), NOON).is_some());
    }

    #[test]
    fn the_key_is_made_once_and_a_torn_one_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.key");
        let made = SessionKey::load_or_create(&path, || Ok([5; 32])).unwrap();
        let read = SessionKey::load_or_create(&path, || Ok([6; 32])).unwrap();
        assert_eq!(made.0, read.0);
        fs::write(&path, b"torn").unwrap();
        assert_eq!(SessionKey::load_or_create(&path, || Ok([6; 32])).unwrap().0, [6; 32]);
    }
}
