//! A look-up and its answer: the projection of a dossier that may leave the server.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How the citizen gave the code. The paper is its own factor; a typed code needs a second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupKind {
    /// Read from the receipt.
    Scanned,
    /// Typed on the screen.
    Typed,
}

impl fmt::Display for LookupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scanned => "scanned",
            Self::Typed => "typed",
        })
    }
}

impl FromStr for LookupKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "scanned" => Ok(Self::Scanned),
            "typed" => Ok(Self::Typed),
            _ => Err(()),
        }
    }
}

/// Where a dossier stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DossierStatus {
    /// Number of the national list, 1 to 10; null if the source's word is not in the status map.
    pub number: Option<u8>,
    /// The source's word, shown as it is when there is no number.
    pub word: String,
}

/// 200 to a look-up. No applicant, no officer, no address. Dates are `yyyy-mm-dd`.
///
/// "No such dossier" and "not yours" are one and the same 404 [`crate::Problem`] of type `not-found`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DossierAnswer {
    /// The code that was asked for.
    pub code: String,
    /// Procedure's code.
    pub procedure_code: Option<String>,
    /// Procedure's name.
    pub procedure_name: Option<String>,
    /// Where it stands.
    pub status: DossierStatus,
    /// 1 at the counter, 2 online, 3 by post.
    pub channel: Option<u8>,
    /// Received on.
    pub received: Option<String>,
    /// Due on, as the receipt says.
    pub due: Option<String>,
    /// New date, if the due date was moved.
    pub due_again: Option<String>,
    /// Unit that works on it.
    pub unit: Option<String>,
    /// When the source said so, `yyyy-mm-ddThh:mm:ss.mmm+07:00`.
    pub as_of: String,
}
