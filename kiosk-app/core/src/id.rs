//! Names of things. Each is its own type, so that a counter is never taken for an area.

use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the name as the configuration spells it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The name as the configuration spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A reception hall, unique below one district server (`ddg-donduong`).
    HallId
);
text_id!(
    /// A service area, *lĩnh vực* (`ho-tich`). Its ticket series has the same name.
    AreaId
);
text_id!(
    /// An errand, *nhu cầu* (`nop-ho-so`).
    ErrandId
);
text_id!(
    /// A priority class (`nguoi-cao-tuoi`).
    PriorityId
);
text_id!(
    /// A pause reason of a counter (`nghi-giai-lao`).
    PauseReasonId
);
text_id!(
    /// A reason offered after a low rating (`cho-lau`).
    RatingReasonId
);

/// A counter, *quầy*: the number that people see above it, 1 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterId(pub u8);

impl fmt::Display for CounterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A print job, unique within a kiosk's database for ever; drawn by the core from a counter that the store restores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// Something asked for that answers with exactly one event: a look-up or an officer's press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// The idempotency key of an officer's press, drawn by the officer's page; the same press sent twice acts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PressId(pub u128);
