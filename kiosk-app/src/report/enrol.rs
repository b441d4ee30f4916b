//! Making a kiosk known to its district server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kiosk_core::time::Wall;
use kiosk_protocol::{ENROL_PATH, EnrolAnswer, EnrolRequest, PROTOCOL_CURRENT, SignatureTarget};
use serde::{Deserialize, Serialize};

use super::client::{CallError, Client, Limits};
use super::key::{DeviceKey, KeyError};
use super::server_time::ServerTime;

const NAME: &str = "enrolment.json";

/// What an enrolment gave; kept in the data folder beside the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The server, without a slash at the end.
    pub server: String,
    /// The kiosk's id there.
    pub kiosk: String,
    /// The hall it stands in.
    pub hall: String,
    /// The server's Ed25519 public key, base64: verifies configuration and commands.
    pub server_key: String,
}

/// Why a kiosk is not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The key cannot be used.
    #[error("the device key cannot be used")]
    Key(#[from] KeyError),
    /// The file of the enrolment cannot be used.
    #[error("enrolment file {path} cannot be used")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The server's address must be https.
    #[error("server address {server:?} must begin with https:// (http:// only for this machine)")]
    Address {
        /// What was given.
        server: String,
    },
    /// The token belongs to another hall than the one configured here.
    #[error(
        "the token is for hall {token_hall}, the configuration says [hall] id = \"{configured}\"; remedy: put [hall] id right and \
         enrol again with the same token, or ask the server's operator for a token with --hall {configured}"
    )]
    OtherHall {
        /// The hall that the token was made for.
        token_hall: String,
        /// The hall of the configuration.
        configured: String,
    },
    /// No answer.
    #[error(
        "server {server} cannot be asked; remedy: see that it runs and that this machine reaches {server}/healthz"
    )]
    Call {
        /// The server.
        server: String,
        /// Why.
        source: CallError,
    },
    /// The server refused, in its own words.
    #[error("server refused: {detail}; remedy: {remedy}")]
    Refused {
        /// What happened.
        detail: String,
        /// What to do.
        remedy: String,
    },
    /// The answer is none of the protocol's.
    #[error("something else answers in the place of {server} (status {status}): a portal or proxy?")]
    NotTheServer {
        /// The server.
        server: String,
        /// HTTP status.
        status: u16,
    },
}

/// Who wants to be enrolled, as the configuration has it.
#[derive(Clone, Copy, Debug)]
pub struct EnrolPlace<'a> {
    /// The kiosk.
    pub kiosk: &'a str,
    /// The hall it stands in.
    pub hall: &'a str,
}

impl Enrolment {
    /// The enrolment of a data folder; `None` if there was none yet.
    pub fn load(folder: &Path) -> Result<Option<Self>, EnrolError> {
        let path = folder.join(NAME);
        let failed = |source| EnrolError::File { path: path.clone(), source };
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| failed(error.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// A client for this enrolment with the folder's key. `server` of the configuration goes before the address that was
    /// enrolled with: a server may move. `None` when the key is gone.
    pub fn client(
        &self,
        folder: &Path,
        server: Option<&str>,
        limits: Limits,
        time: ServerTime,
    ) -> Result<Option<Client>, EnrolError> {
        let key = DeviceKey::load(folder)?;
        let server = server.unwrap_or(&self.server);
        Ok(key.map(|key| Client::new(server, &self.kiosk, key, limits, time)))
    }

    fn save(&self, folder: &Path) -> Result<(), EnrolError> {
        let (path, beside) = (folder.join(NAME), folder.join("enrolment.new"));
        let write = || {
            fs::write(&beside, serde_json::to_vec(self)?)?;
            fs::File::open(&beside)?.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|source| EnrolError::File { path: path.clone(), source })
    }
}

/// Enrols a kiosk with a one-time token. `secret` is 32 random bytes for the key, used when the folder has none. Asking
/// again with the same token is harmless. A token of another hall is refused here, for the server cannot know better.
pub fn enrol(
    folder: &Path,
    server: &str,
    token: &str,
    place: EnrolPlace<'_>,
    secret: [u8; 32],
    now: Wall,
) -> Result<Enrolment, EnrolError> {
    let EnrolPlace { kiosk, hall: configured } = place;
    let server = server.trim_end_matches('/');
    if !crate::config::is_safe_url(server) {
        return Err(EnrolError::Address { server: server.to_owned() });
    }
    let key = DeviceKey::load_or_make(folder, secret)?;
    let client = Client::new(server, kiosk, key, Limits::REPORTS, ServerTime::default());
    let request = EnrolRequest {
        kiosk: kiosk.to_owned(),
        token: token.to_owned(),
        public_key: client.public_key(),
        protocol: PROTOCOL_CURRENT,
    };
    let body = serde_json::to_vec(&request)
        .map_err(|error| EnrolError::File { path: folder.join(NAME), source: error.into() })?;
    let digest = Client::digest(&body);
    let target = SignatureTarget::Enrol { content_digest: &digest };
    let reply = client
        .post(ENROL_PATH, &target, &body, "application/json", false, now)
        .map_err(|source| EnrolError::Call { server: server.to_owned(), source })?;
    if let Some(problem) = reply.problem() {
        return Err(EnrolError::Refused { detail: problem.detail, remedy: problem.remedy });
    }
    let answer: Option<EnrolAnswer> = serde_json::from_str(&reply.body).ok();
    match answer {
        Some(answer) if reply.status == 200 && answer.kiosk == kiosk => {
            let EnrolAnswer { kiosk, hall, server_key, .. } = answer;
            if hall != configured {
                return Err(EnrolError::OtherHall { token_hall: hall, configured: configured.to_owned() });
            }
            let enrolment = Enrolment { server: server.to_owned(), kiosk, hall, server_key };
            enrolment.save(folder)?;
            Ok(enrolment)
        }
        Some(_) | None => Err(EnrolError::NotTheServer { server: server.to_owned(), status: reply.status }),
    }
}
