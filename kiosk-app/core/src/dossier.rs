//! Dossiers, *hồ sơ*: what a scan means, and what a look-up may answer.

mod read;

use crate::time::BusinessDay;

pub use read::{Scan, read};

/// A dossier's code, normalised; not a secret, but not to be stored or logged whole.
#[derive(Clone, PartialEq, Eq)]
pub struct DossierCode(pub String);

impl std::fmt::Debug for DossierCode {
    /// Says only its length: a code in a log is a leak.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DossierCode({} characters)", self.0.chars().count())
    }
}

/// What vouches that the asker may know.
#[derive(Clone, PartialEq, Eq)]
pub enum Factor {
    /// The paper itself was scanned.
    Paper,
    /// The paper carried a secret beside the code (OpenCPS).
    Secret(String),
    /// The code was typed; last four digits of the declared phone, which the server checks.
    PhoneDigits(String),
}

impl std::fmt::Debug for Factor {
    /// Says only its kind.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Paper => "Paper",
            Self::Secret(_) => "Secret",
            Self::PhoneDigits(_) => "PhoneDigits",
        })
    }
}

/// What a kiosk may know of a dossier: no applicant, no officer, no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierStatus {
    /// The code it was asked by.
    pub code: DossierCode,
    /// Procedure code (`1.001193`), if known.
    pub procedure_code: Option<String>,
    /// Procedure name as the server gives it, else from the hall's catalogue.
    pub procedure_name: Option<String>,
    /// The stage.
    pub stage: Stage,
    /// The server's own word when it has no national number; shown as it is.
    pub raw_word: Option<String>,
    /// Day received.
    pub received: Option<BusinessDay>,
    /// Appointed day of the result, *ngày hẹn trả*.
    pub due: Option<BusinessDay>,
    /// The new appointed day when the first was missed.
    pub redue: Option<BusinessDay>,
    /// The unit that has it.
    pub unit: Option<String>,
    /// When the data was true, Unix milliseconds.
    pub as_of_unix_ms: i64,
}

/// The national list of ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// 1 Mới đăng ký.
    Registered,
    /// 2 Được tiếp nhận.
    Received,
    /// 3 Không được tiếp nhận.
    Refused,
    /// 4 Đang xử lý; also every word that nobody mapped.
    Processing,
    /// 5 Yêu cầu bổ sung giấy tờ.
    PapersWanted,
    /// 6 Yêu cầu thực hiện nghĩa vụ tài chính.
    PaymentWanted,
    /// 7 Công dân yêu cầu rút hồ sơ.
    Withdrawn,
    /// 8 Dừng xử lý.
    Stopped,
    /// 9 Đã xử lý xong.
    Done,
    /// 10 Đã trả kết quả.
    HandedOver,
}

/// The answer of a look-up, wherever it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookUpAnswer {
    /// Known. `from_snapshot`: the server was out of reach and the kiosk's own copy answered.
    Found {
        /// The projection.
        status: DossierStatus,
        /// Whether the kiosk's own copy answered.
        from_snapshot: bool,
    },
    /// Not known, or not the asker's: deliberately one answer.
    NotFound,
    /// Too many asked; ask again after so many seconds.
    TooMany {
        /// Seconds to wait.
        retry_after_secs: u32,
    },
    /// The server could not be asked and no copy knows.
    Unreachable,
}
