//! What is wrong with a configuration, in words for the person who has to put it right.

use std::fmt;
use std::path::PathBuf;

/// Where a fault is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; `None` for the file as a whole.
    pub line: Option<usize>,
}

/// One fault. Sorted by file and line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where; `None` for the configuration as a whole.
    pub place: Option<Place>,
    /// What is wrong.
    pub kind: FaultKind,
    /// What the kiosk does about it for now.
    pub consequence: Consequence,
}

/// What the kiosk does about a fault until it is put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consequence {
    /// The item is switched off.
    ItemOff,
    /// The value is ignored, or the usual one is taken.
    ValueIgnored,
    /// Nothing: it runs as written.
    Noted,
    /// No number can be issued.
    CannotRun,
}

/// What is wrong. `item` is the table's header as written (`[area.ho-tich]`), `key` the name left of the equals sign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// No fragment in any folder.
    NoFiles {
        /// The folders.
        folders: Vec<String>,
    },
    /// The folder or file cannot be read.
    Unreadable {
        /// What the system says.
        reason: String,
    },
    /// Not TOML.
    Syntax {
        /// What the parser says.
        reason: String,
    },
    /// A key that nothing reads.
    UnknownKey {
        /// The table.
        item: String,
        /// The key.
        key: String,
        /// The known key that looks most like it.
        near: Option<&'static str>,
    },
    /// A key that must be there.
    Missing {
        /// The table.
        item: String,
        /// The key.
        key: &'static str,
    },
    /// A value of the wrong kind or outside its bounds.
    BadValue {
        /// The table.
        item: String,
        /// The key.
        key: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A name that must be one of few.
    BadName {
        /// The table.
        item: String,
    },
    /// The id of something that is not configured.
    UnknownReference {
        /// The table.
        item: String,
        /// The key.
        key: &'static str,
        /// The id.
        id: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A file that the configuration names cannot be used.
    BadFile {
        /// The table.
        item: String,
        /// The key.
        key: &'static str,
        /// The file.
        path: String,
        /// What is wrong with it, in the words of who read it.
        reason: String,
        /// What could be written instead.
        instead: Vec<String>,
    },
    /// None of what a list refers to is usable.
    NothingReferred {
        /// The table.
        item: String,
        /// The key.
        key: &'static str,
    },
    /// Two areas would print the same numbers.
    SharedNumbers {
        /// The table.
        item: String,
        /// The area that has them first.
        other: String,
    },
    /// Two devices at one address: the second would never get the line.
    SharedAddress {
        /// The table.
        item: String,
        /// The device that has it first.
        other: String,
    },
    /// Something that must be there once is there twice.
    Repeated {
        /// The table.
        item: String,
        /// The key.
        key: &'static str,
        /// What is repeated.
        value: String,
    },
    /// More than the screen has room for.
    TooMany {
        /// What.
        item: String,
        /// How many there may be.
        most: usize,
    },
    /// An area that no counter serves.
    Unserved {
        /// The table.
        item: String,
    },
    /// A whole part is missing, so the usual one is taken.
    PartMissing {
        /// The header it should have.
        item: &'static str,
    },
    /// No service area is left.
    NothingLeft,
}

impl Fault {
    /// A fault of the configuration as a whole.
    pub(super) fn general(kind: FaultKind, consequence: Consequence) -> Self {
        Self { place: None, kind, consequence }
    }

    /// What to do about it, one sentence.
    pub fn remedy(&self) -> String {
        match &self.kind {
            FaultKind::NoFiles { .. } => {
                "Chép cấu hình mẫu vào một trong các thư mục này, hoặc chỉ thư mục khác bằng --config"
                    .to_owned()
            }
            FaultKind::Unreadable { .. } => "Kiểm tra đường dẫn và quyền đọc".to_owned(),
            FaultKind::Syntax { .. } => "Sửa dòng này theo cú pháp TOML".to_owned(),
            FaultKind::UnknownKey { near: Some(near), .. } => format!("Có phải ý là \"{near}\"?"),
            FaultKind::UnknownKey { near: None, .. } => "Xoá dòng này hoặc sửa lại tên".to_owned(),
            FaultKind::Missing { item, key } => format!("Thêm dòng {key} = ... dưới {item}"),
            FaultKind::BadValue { wanted, .. } => format!("Ghi {wanted}"),
            FaultKind::BadName { .. } => {
                "Đặt tên bằng 1 đến 40 chữ thường không dấu, chữ số, dấu - hoặc _ (quầy: số 1 đến 99)"
                    .to_owned()
            }
            FaultKind::UnknownReference { known, .. } if known.is_empty() => {
                "Khai báo mục này trước".to_owned()
            }
            FaultKind::UnknownReference { known, .. } => format!("Chọn một trong: {}", known.join(", ")),
            FaultKind::BadFile { instead, .. } => {
                format!("Sửa tệp này, hoặc chọn một trong: {}", instead.join(", "))
            }
            FaultKind::NothingReferred { key, .. } => format!("Ghi ít nhất một mục đang dùng được vào {key}"),
            FaultKind::SharedNumbers { .. } => {
                "Đổi prefix, hoặc đổi first và last để hai dải số tách nhau".to_owned()
            }
            FaultKind::SharedAddress { .. } => {
                "Mỗi thiết bị một địa chỉ; lệnh drv list cho biết thiết bị nào ở đâu".to_owned()
            }
            FaultKind::Repeated { value, .. } => format!("Chỉ ghi {value} một lần"),
            FaultKind::TooMany { most, .. } => format!("Chỉ giữ {most} mục"),
            FaultKind::Unserved { .. } => "Ghi lĩnh vực này vào areas của ít nhất một quầy".to_owned(),
            FaultKind::PartMissing { item } => format!("Thêm phần {item}"),
            FaultKind::NothingLeft => "Khai báo ít nhất một [area.ten-linh-vuc] đúng".to_owned(),
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFiles { folders } => write!(f, "không có tệp .toml nào trong {}", folders.join(", ")),
            Self::Unreadable { reason } => write!(f, "không đọc được: {reason}"),
            Self::Syntax { reason } => write!(f, "sai cú pháp: {reason}"),
            Self::UnknownKey { item, key, .. } => write!(f, "{item}: không có mục nào tên \"{key}\""),
            Self::Missing { item, key } => write!(f, "{item}: thiếu {key}"),
            Self::BadValue { item, key, .. } => write!(f, "{item}: giá trị của {key} không dùng được"),
            Self::BadName { item } => write!(f, "{item}: tên không dùng được"),
            Self::UnknownReference { item, key, id, .. } => {
                write!(f, "{item}: {key} nhắc đến \"{id}\", mục này không có")
            }
            Self::BadFile { item, key, path, reason, .. } => {
                write!(f, "{item}: {key} chỉ đến tệp {path}, tệp này không dùng được: {reason}")
            }
            Self::NothingReferred { item, key } => write!(f, "{item}: {key} không còn mục nào dùng được"),
            Self::SharedNumbers { item, other } => write!(f, "{item}: trùng số phiếu với {other}"),
            Self::SharedAddress { item, other } => write!(f, "{item}: address trùng với {other}"),
            Self::Repeated { item, key, value } => write!(f, "{item}: {key} ghi {value} nhiều lần"),
            Self::TooMany { item, most } => write!(f, "{item}: nhiều hơn {most} mục"),
            Self::Unserved { item } => write!(f, "{item}: không quầy nào tiếp nhận lĩnh vực này"),
            Self::PartMissing { item } => write!(f, "thiếu phần {item}"),
            Self::NothingLeft => f.write_str("không còn lĩnh vực nào để cấp số"),
        }
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ItemOff => "mục này tạm tắt",
            Self::ValueIgnored => "bỏ qua giá trị này",
            Self::Noted => "vẫn chạy như đã ghi",
            Self::CannotRun => "máy không cấp số được",
        })
    }
}

impl fmt::Display for Fault {
    /// `file:line: what (what happens meanwhile)` and the remedy on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { file, line }) = &self.place {
            write!(f, "{}", file.display())?;
            if let Some(line) = line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{} ({})\n    -> {}", self.kind, self.consequence, self.remedy())
    }
}
