//! USB devices made of the kernel's gadget functions through configfs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::report::Failure;

const GADGETS: &str = "/sys/kernel/config/usb_gadget";

/// Who a gadget says that it is.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// Vendor number.
    pub vendor: u16,
    /// Product number.
    pub product: u16,
    /// Serial number.
    pub serial: &'static str,
}

/// A USB device with one function. Dropping it unplugs it and takes it apart.
#[derive(Debug)]
pub struct Gadget {
    dir: PathBuf,
    function: String,
}

impl Gadget {
    /// Makes a gadget, not plugged in. `function` is `printer.x`, `acm.x` or `hid.x`; `settings` are its attributes.
    pub fn create(
        name: &str,
        identity: Identity,
        function: &str,
        settings: &[(&str, &[u8])],
    ) -> Result<Self, Failure> {
        let gadget = Self { dir: Path::new(GADGETS).join(name), function: function.to_owned() };
        gadget.make_dir("strings/0x409")?;
        gadget.make_dir("configs/c.1")?;
        gadget.make_dir(&format!("functions/{function}"))?;
        gadget.set("idVendor", format!("{:#06x}", identity.vendor).as_bytes())?;
        gadget.set("idProduct", format!("{:#06x}", identity.product).as_bytes())?;
        gadget.set("strings/0x409/serialnumber", identity.serial.as_bytes())?;
        gadget.set("strings/0x409/manufacturer", b"Kiosk")?;
        gadget.set("strings/0x409/product", name.as_bytes())?;
        for (setting, value) in settings {
            gadget.set(&format!("functions/{function}/{setting}"), value)?;
        }
        let (from, to) = (gadget.dir.join("functions").join(function), gadget.link());
        std::os::unix::fs::symlink(from, to).map_err(Failure::rig("linking a function"))?;
        Ok(gadget)
    }

    fn make_dir(&self, path: &str) -> Result<(), Failure> {
        let path = self.dir.join(path);
        fs::create_dir_all(&path).map_err(Failure::rig(format!("making {}", path.display())))
    }

    fn set(&self, path: &str, value: &[u8]) -> Result<(), Failure> {
        let path = self.dir.join(path);
        fs::write(&path, value).map_err(Failure::rig(format!("writing {}", path.display())))
    }

    fn link(&self) -> PathBuf {
        self.dir.join("configs/c.1").join(&self.function)
    }

    /// Plugs it into the only port of dummy controller `port`, which is USB port `N-1` of the computer.
    pub fn plug(&self, port: usize) -> Result<(), Failure> {
        self.set("UDC", format!("dummy_udc.{port}").as_bytes())
    }

    /// Pulls the cable.
    pub fn unplug(&self) -> Result<(), Failure> {
        self.set("UDC", b"\n")
    }
}

impl Drop for Gadget {
    fn drop(&mut self) {
        // What is not plugged in cannot be unplugged, and what cannot be removed shows when the name is used again.
        let _unplugged = self.unplug();
        let _unlinked = fs::remove_file(self.link());
        for dir in ["configs/c.1", &format!("functions/{}", self.function), "strings/0x409", ""] {
            let _removed = fs::remove_dir(self.dir.join(dir));
        }
    }
}
