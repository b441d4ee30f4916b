//! What a printer says of itself: the IEEE 1284 device id that `GET_DEVICE_ID` answers.

/// A printer's own words about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceId {
    /// Who made it (`MFG`).
    pub manufacturer: String,
    /// What it is (`MDL`).
    pub model: String,
    /// The languages it reads (`CMD`): `ESC/POS`, say. Often empty.
    pub command_sets: Vec<String>,
    /// A name for people (`DES`); often empty.
    pub description: String,
    /// Its serial number (`SN`), if it tells.
    pub serial: Option<String>,
}

impl DeviceId {
    /// Reads the answer to `GET_DEVICE_ID`: two bytes of length, high byte first and counting themselves, then text such as
    /// `MFG:EPSON;CMD:ESC/POS;MDL:TM-T82II;CLS:PRINTER;`. Printers that count wrong or leave the length out are read, too.
    /// None when neither manufacturer nor model is told.
    #[must_use]
    pub fn parse(answer: &[u8]) -> Option<Self> {
        let counted = match answer {
            [high, low, text @ ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                length.checked_sub(2).and_then(|length| text.get(..length))
            }
            [] | [_] => None,
        };
        let text = counted.filter(|text| !text.is_empty()).unwrap_or(answer);
        let text: String =
            text.iter().map(|byte| char::from(*byte)).filter(|c| matches!(c, ' '..='~')).collect();
        let mut id = Self::default();
        for field in text.split(';') {
            let Some((key, value)) = field.split_once(':') else { continue };
            id.set(key.trim(), value.trim());
        }
        let says_something = !id.manufacturer.is_empty() || !id.model.is_empty();
        says_something.then_some(id)
    }

    fn set(&mut self, key: &str, value: &str) {
        // A wrong length leaves up to two stray characters before the first key.
        let is = |names: &[&str]| names.iter().any(|name| key.len() <= name.len() + 2 && key.ends_with(name));
        if is(&["MFG", "MANUFACTURER"]) {
            value.clone_into(&mut self.manufacturer);
        } else if is(&["MDL", "MODEL"]) {
            value.clone_into(&mut self.model);
        } else if is(&["CMD", "COMMAND SET"]) {
            self.command_sets = value.split(',').map(|set| set.trim().to_owned()).collect();
            self.command_sets.retain(|set| !set.is_empty());
        } else if is(&["DES", "DESCRIPTION"]) {
            value.clone_into(&mut self.description);
        } else if is(&["SN", "SERN", "SERIALNUMBER"]) && !value.is_empty() {
            self.serial = Some(value.to_owned());
        }
    }
}

/// The answer to `GET_PORT_STATUS`: the three wires of the old parallel port. Many printers answer it even when they answer
/// nothing else, and some answer always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortStatus {
    /// No paper.
    pub paper_end: bool,
    /// The printer is on line.
    pub selected: bool,
    /// The printer has an error.
    pub error: bool,
}

impl PortStatus {
    /// Reads the byte.
    #[must_use]
    pub fn parse(byte: u8) -> Self {
        Self { paper_end: byte & 0x20 != 0, selected: byte & 0x10 != 0, error: byte & 0x08 == 0 }
    }

    /// The byte that says so.
    #[must_use]
    pub fn byte(self) -> u8 {
        u8::from(self.paper_end) << 5 | u8::from(self.selected) << 4 | u8::from(!self.error) << 3
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(text: &str) -> Vec<u8> {
        let length = u16::try_from(text.len() + 2).unwrap();
        [&length.to_be_bytes(), text.as_bytes()].concat()
    }

    #[test]
    fn a_device_id_is_read_whatever_the_names_of_its_keys() {
        let id =
            DeviceId::parse(&answer("MFG:EPSON;CMD:ESC/POS,X;MDL:TM-T82II;CLS:PRINTER;SN:583A;")).unwrap();
        assert_eq!((id.manufacturer.as_str(), id.model.as_str()), ("EPSON", "TM-T82II"));
        assert_eq!(id.command_sets, ["ESC/POS", "X"]);
        assert_eq!(id.serial.as_deref(), Some("583A"));
        let id = DeviceId::parse(&answer("MANUFACTURER: Custom SpA ;COMMAND SET:;MODEL:VKP80III;DES:Kiosk"))
            .unwrap();
        assert_eq!((id.manufacturer.as_str(), id.model.as_str()), ("Custom SpA", "VKP80III"));
        assert_eq!((id.command_sets.len(), id.description.as_str(), id.serial), (0, "Kiosk", None));
    }

    #[test]
    fn a_wrong_length_does_not_hide_the_printer() {
        let text = b"MFG:XPrinter;MDL:XP-Q800;";
        for length in [&[][..], &[0, 0], &[text.len() as u8 + 2, 0], &[0xff, 0xff], &[0, 1]] {
            let id = DeviceId::parse(&[length, text].concat()).unwrap();
            assert_eq!((id.manufacturer.as_str(), id.model.as_str()), ("XPrinter", "XP-Q800"), "{length:?}");
        }
    }

    #[test]
    fn an_answer_that_names_nothing_is_none() {
        for bytes in [&[][..], &[0], &[0, 2], b"\0\x0cCLS:PRINTER", b"\0\x08;;::;;", &[0xff; 64]] {
            assert_eq!(DeviceId::parse(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_port_status_is_three_wires() {
        let good = PortStatus { paper_end: false, selected: true, error: false };
        for (byte, status) in [
            (0x18, good),
            (0x38, PortStatus { paper_end: true, ..good }),
            (0x10, PortStatus { error: true, ..good }),
            (0x08, PortStatus { selected: false, ..good }),
        ] {
            assert_eq!((PortStatus::parse(byte), status.byte()), (status, byte), "{byte:#x}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(id) = DeviceId::parse(&bytes) {
                prop_assert!(!id.manufacturer.is_empty() || !id.model.is_empty());
                prop_assert!(id.manufacturer.chars().chain(id.model.chars()).all(|c| !c.is_control()));
            }
        }

        #[test]
        fn what_is_written_is_read(maker in "[A-Za-z0-9 .-]{1,20}", model in "[A-Za-z0-9 .-]{1,20}") {
            prop_assume!(!maker.trim().is_empty());
            let id = DeviceId::parse(&answer(&format!("CLS:PRINTER;MDL:{model};MFG:{maker};"))).unwrap();
            prop_assert_eq!(id.manufacturer.as_str(), maker.trim());
            prop_assert_eq!(id.model.as_str(), model.trim());
        }
    }
}
