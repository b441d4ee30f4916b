//! Whether a command of the inbox is the server's, for this kiosk, and new.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use kiosk_protocol::{Command, InboxCommand, Order, UpdateOrder};
use serde::Deserialize;

/// Why a command is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// Another key signed it, or it was changed on its way.
    #[error("its signature is not the district server's")]
    Forged,
    /// It is for another kiosk.
    #[error("it is for another kiosk")]
    OtherKiosk,
    /// It was carried out before, or its number is not the one that was signed.
    #[error("its number was taken before, or is not the one that was signed")]
    Replayed,
    /// It asks for something that this version does not know, or that cannot be meant.
    #[error("this version of the kiosk does not know what it asks for")]
    Unknown,
}

impl Refused {
    /// Whether the server did say it, so that it need not be asked for again.
    pub(super) fn is_genuine(self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Forged | Self::OtherKiosk | Self::Replayed => false,
        }
    }
}

/// What every command says, whatever it asks for.
#[derive(Deserialize)]
struct Head {
    kiosk: String,
    number: u64,
}

/// The server's key of an enrolment; `None` if it is none.
pub(super) fn server_key(base64: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = STANDARD.decode(base64).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok()
}

/// The order in a command, once signature, kiosk and number hold; `taken` is the newest number acted on.
pub(super) fn accept(
    command: &InboxCommand,
    kiosk: &str,
    key: &VerifyingKey,
    taken: u64,
) -> Result<UpdateOrder, Refused> {
    let signature = STANDARD.decode(&command.signature).ok();
    let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok()).ok_or(Refused::Forged)?;
    key.verify_strict(command.command.as_bytes(), &signature).map_err(|_| Refused::Forged)?;
    // The server signs other texts too; one without kiosk and number is no command.
    let head: Head = serde_json::from_str(&command.command).map_err(|_| Refused::Forged)?;
    if head.kiosk != kiosk {
        return Err(Refused::OtherKiosk);
    }
    if head.number != command.number || head.number <= taken {
        return Err(Refused::Replayed);
    }
    let Command { order: Order::Update(order), .. } =
        serde_json::from_str(&command.command).map_err(|_| Refused::Unknown)?;
    if order.is_plausible() { Ok(order) } else { Err(Refused::Unknown) }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};
    use proptest::prelude::*;

    use super::*;

    const KIOSK: &str = "don-duong-1";

    fn signed(number: u64, text: String, key: &SigningKey) -> InboxCommand {
        let signature = STANDARD.encode(key.sign(text.as_bytes()).to_bytes());
        InboxCommand { number, command: text, signature }
    }

    fn order() -> UpdateOrder {
        UpdateOrder { version: "0.2.0".to_owned(), sha256: "ab".repeat(32), size: 7 }
    }

    fn text(kiosk: &str, number: u64, order: UpdateOrder) -> String {
        let command = Command { kiosk: kiosk.to_owned(), number, order: Order::Update(order) };
        serde_json::to_string(&command).unwrap()
    }

    #[test]
    fn only_the_servers_new_command_for_this_kiosk_is_taken() {
        let (server, stranger) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let good = signed(3, text(KIOSK, 3, order()), &server);
        let changed = InboxCommand { command: good.command.replace("0.2.0", "6.6.6"), ..good.clone() };
        let renumbered = InboxCommand { number: 4, ..good.clone() };
        let config = r#"{"kiosk":"don-duong-1","version":1,"fragment":""}"#;
        let tomorrow = r#"{"kiosk":"don-duong-1","number":3,"order":{"dance":{}}}"#;
        let endless = UpdateOrder { size: u64::MAX, ..order() };
        for (name, command, taken, expected) in [
            ("as it should be", good.clone(), 2, Ok(order())),
            ("a stranger's", signed(3, text(KIOSK, 3, order()), &stranger), 2, Err(Refused::Forged)),
            ("changed on its way", changed, 2, Err(Refused::Forged)),
            (
                "no signature",
                InboxCommand { signature: String::new(), ..good.clone() },
                2,
                Err(Refused::Forged),
            ),
            ("replayed", good.clone(), 3, Err(Refused::Replayed)),
            ("replayed under a new number", renumbered, 3, Err(Refused::Replayed)),
            (
                "another kiosk's",
                signed(3, text("don-duong-2", 3, order()), &server),
                2,
                Err(Refused::OtherKiosk),
            ),
            ("a configuration", signed(3, config.to_owned(), &server), 2, Err(Refused::Forged)),
            ("of a later version", signed(3, tomorrow.to_owned(), &server), 2, Err(Refused::Unknown)),
            ("without end", signed(3, text(KIOSK, 3, endless), &server), 2, Err(Refused::Unknown)),
        ] {
            assert_eq!(accept(&command, KIOSK, &server.verifying_key(), taken), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_writes_is_forged(number: u64, command in ".{0,200}", signature in ".{0,100}") {
            let key = SigningKey::from_bytes(&[1; 32]).verifying_key();
            let command = InboxCommand { number, command, signature };
            prop_assert_eq!(accept(&command, KIOSK, &key, 0), Err(Refused::Forged));
        }

        #[test]
        fn whatever_the_server_signs_is_read_or_refused(text in ".{0,200}") {
            let server = SigningKey::from_bytes(&[1; 32]);
            let command = signed(1, text, &server);
            prop_assert!(accept(&command, KIOSK, &server.verifying_key(), 0).is_err());
        }
    }
}
