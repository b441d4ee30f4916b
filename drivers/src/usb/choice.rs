//! Which interface, alternate setting and endpoints of a USB device are those of a printer.

const PRINTER_CLASS: u8 = 7;
const PRINTER_SUBCLASS: u8 = 1;
const BIDIRECTIONAL: u8 = 2;
/// Internet printing over USB: HTTP, no printer commands.
const IPP: u8 = 4;
const DIRECTION_IN: u8 = 0x80;
const BULK: u8 = 2;

/// Whether an interface is one of the printer class that takes commands.
pub(super) fn is_printer(class: u8, subclass: u8, protocol: u8) -> bool {
    class == PRINTER_CLASS && subclass == PRINTER_SUBCLASS && protocol != IPP
}

/// An alternate setting of an interface that can be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) number: u8,
    protocol: u8,
    /// Address of the endpoint that takes bytes.
    pub(super) output: u8,
    /// Address of the endpoint that gives bytes.
    pub(super) input: Option<u8>,
}

impl Setting {
    /// From class, subclass and protocol, and from addresses and attributes of the endpoints; none if nothing can be
    /// written.
    pub(super) fn new(number: u8, kind: (u8, u8, u8), endpoints: &[(u8, u8)]) -> Option<Self> {
        let (class, subclass, protocol) = kind;
        if class == PRINTER_CLASS && !is_printer(class, subclass, protocol) {
            return None;
        }
        let bulk = |wanted: u8| {
            let mut found = endpoints
                .iter()
                .filter(|(address, attributes)| attributes & 3 == BULK && address & DIRECTION_IN == wanted);
            found.next().map(|(address, _)| *address)
        };
        Some(Self { number, protocol, output: bulk(0)?, input: bulk(DIRECTION_IN) })
    }
}

/// The best setting: one that answers, by the plain bidirectional protocol, the first of them.
pub(super) fn best(settings: Vec<Setting>) -> Option<Setting> {
    settings
        .into_iter()
        .min_by_key(|setting| (setting.input.is_none(), setting.protocol != BIDIRECTIONAL, setting.number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: (u8, u8) = (0x01, 2);
    const IN: (u8, u8) = (0x82, 2);
    const INTERRUPT_IN: (u8, u8) = (0x83, 3);

    /// Number, kind and endpoints.
    type Described<'a> = (u8, (u8, u8, u8), &'a [(u8, u8)]);

    fn chosen(settings: &[Described<'_>]) -> Option<(u8, u8, Option<u8>)> {
        let settings = settings.iter().filter_map(|(number, kind, ends)| Setting::new(*number, *kind, ends));
        best(settings.collect()).map(|setting| (setting.number, setting.output, setting.input))
    }

    #[test]
    fn the_setting_that_answers_is_chosen() {
        let both: &[(u8, u8)] = &[OUT, IN];
        assert_eq!(chosen(&[(0, (7, 1, 2), both)]), Some((0, 1, Some(0x82))));
        assert_eq!(chosen(&[(0, (7, 1, 1), &[OUT]), (1, (7, 1, 2), both)]), Some((1, 1, Some(0x82))));
        assert_eq!(chosen(&[(0, (7, 1, 3), both), (1, (7, 1, 2), both)]), Some((1, 1, Some(0x82))));
        assert_eq!(chosen(&[(0, (7, 1, 1), &[OUT])]), Some((0, 1, None)));
        assert_eq!(chosen(&[(0, (255, 0, 0), &[INTERRUPT_IN, IN, OUT])]), Some((0, 1, Some(0x82))));
    }

    #[test]
    fn what_takes_no_printer_commands_is_not_chosen() {
        assert_eq!(chosen(&[(0, (7, 1, 4), &[OUT, IN])]), None, "HTTP");
        assert_eq!(chosen(&[(0, (3, 1, 1), &[INTERRUPT_IN])]), None, "a keyboard");
        assert_eq!(chosen(&[]), None);
        assert!(is_printer(7, 1, 2) && !is_printer(7, 1, 4) && !is_printer(255, 1, 2));
    }
}
