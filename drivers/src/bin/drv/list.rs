//! `drv list` and `drv profiles`.

use std::path::Path;

use kiosk_drivers::identity::{NodeClass, NodeFinder, UsbSighting};
use kiosk_drivers::printer::Profile;
use kiosk_drivers::usb;

use crate::say;
use crate::trouble::Trouble;

/// How an address stands in the list.
const WIDTH: usize = 40;

fn row(address: &str, what: &str) -> String {
    format!("  {address:WIDTH$} {what}")
}

fn ids(seen: &UsbSighting) -> String {
    let serial = seen.serial.as_deref().map(|serial| format!(", serial {serial}")).unwrap_or_default();
    format!("{:04x}:{:04x}{serial}", seen.vendor, seen.product)
}

fn port(seen: &UsbSighting) -> &str {
    seen.interface.as_deref().unwrap_or(&seen.port)
}

pub(crate) fn list() -> Result<(), Trouble> {
    let finder = NodeFinder::default();
    let printers = usb_printers();
    section("USB printers (driven directly: exact counts; recommended)", &printers)?;
    let nodes = finder.all(NodeClass::Printer);
    let rows = nodes.iter().map(|(node, seen)| {
        row(&format!("file:port={}", seen.port), &format!("{} now, {}", node.display(), ids(seen)))
    });
    section("Printer nodes of the kernel (usblp)", &rows.collect::<Vec<_>>())?;
    section("Serial lines (RS232, USB-CDC printers, scanners, pads)", &serial_lines(&finder))?;
    let inputs = inputs(&finder, Path::new("/sys/class/input"));
    section("Input devices (wedge scanners, USB pads, buttons)", &inputs)?;
    say(
        "Network printers are not listed: tcp:ADDRESS, as on the page that they print when switched on with FEED held.",
    )?;
    say(
        "Something is missing? Check its power and both ends of its cable; dmesg | tail says what the kernel saw.",
    )
}

fn section(title: &str, rows: &[String]) -> Result<(), Trouble> {
    say(title)?;
    if rows.is_empty() {
        say("  none")?;
    }
    rows.iter().try_for_each(say)
}

fn usb_printers() -> Vec<String> {
    // No USB at all is as good as no printer on it.
    let printers = usb::list().unwrap_or_default();
    let name = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows = printers.iter().map(|printer| {
        let names = format!("{} {}", name(&printer.manufacturer), name(&printer.product));
        row(
            &format!("usb:port={}", printer.sighting.port),
            &format!("{}, {}", names.trim(), ids(&printer.sighting)),
        )
    });
    rows.collect()
}

fn serial_lines(finder: &NodeFinder) -> Vec<String> {
    let on_usb = finder.all(NodeClass::Serial);
    let mut rows: Vec<String> = on_usb
        .iter()
        .map(|(node, seen)| {
            row(
                &format!("serial:port={}?baud=9600", port(seen)),
                &format!("{} now, {}", node.display(), ids(seen)),
            )
        })
        .collect();
    let others = serialport::available_ports().unwrap_or_default();
    let others = others
        .into_iter()
        .filter(|other| !on_usb.iter().any(|(node, _)| node == Path::new(&other.port_name)));
    rows.extend(
        others.map(|other| row(&format!("serial:{}?baud=9600", other.port_name), "a line of this computer")),
    );
    rows
}

fn inputs(finder: &NodeFinder, class: &Path) -> Vec<String> {
    let on_usb = finder.all(NodeClass::Input);
    let mut names: Vec<String> = std::fs::read_dir(class)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("event"))
        .collect();
    names.sort_by(|left, right| (left.len(), left).cmp(&(right.len(), right)));
    let rows = names.iter().filter_map(|node| {
        let read = |what: &str| std::fs::read_to_string(class.join(node).join("device").join(what)).ok();
        // What has no keys is no scanner and no pad.
        read("capabilities/key").filter(|keys| keys.trim() != "0")?;
        let name = read("name")?.trim().to_owned();
        let seen = on_usb.iter().find(|(path, _)| path.file_name().is_some_and(|last| last == node.as_str()));
        Some(match seen {
            Some((path, seen)) => row(
                &format!("evdev:port={}", port(seen)),
                &format!("{name}, {} now, {}", path.display(), ids(seen)),
            ),
            None => row(&format!("evdev:name={name}"), "built in"),
        })
    });
    rows.collect()
}

pub(crate) fn profiles() -> Result<(), Trouble> {
    for profile in Profile::all() {
        let cut = if profile.cutter { "cutter" } else { "no cutter" };
        let presenter = if profile.presenter.is_some() { ", presenter" } else { "" };
        say(format!(
            "{:12} {:40} {} dots, {} dpi, {} mm/s, {cut}{presenter}, serial {} baud",
            profile.name,
            profile.title,
            profile.width_dots,
            profile.dpi,
            profile.mm_per_sec,
            profile.serial.baud
        ))?;
    }
    say("Another model: copy a file of drivers/profiles/, change it, and name its path.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_without_keys_are_left_out_and_others_named() {
        let dir = tempfile::tempdir().unwrap();
        for (node, name, keys) in
            [("event2", "gpio-keys", "1c00\n"), ("event10", "Lid Switch", "0\n"), ("mouse0", "m", "1")]
        {
            let device = dir.path().join(node).join("device/capabilities");
            std::fs::create_dir_all(&device).unwrap();
            std::fs::write(device.join("key"), keys).unwrap();
            std::fs::write(dir.path().join(node).join("device/name"), format!("{name}\n")).unwrap();
        }
        let rows = inputs(&NodeFinder::new(dir.path(), dir.path()), dir.path());
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert!(rows[0].contains("evdev:name=gpio-keys"), "{rows:?}");
    }
}
