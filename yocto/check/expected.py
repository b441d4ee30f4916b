"""What the recipes must come to on each machine: recipe, variable, machine or "*", what its value must hold."""

KERNELS = {"qemuarm64": "linux-yocto", "raspberrypi4-64": "linux-raspberrypi", "raspberrypi5": "linux-raspberrypi"}

EXPECTED = [
    ("kiosk-app", "PACKAGECONFIG", "*", "linuxkms"),
    ("kiosk-app", "CARGO_BUILD_FLAGS", "*", "--frozen"),
    ("kiosk-app", "CARGO_BUILD_FLAGS", "*", "--package kiosk-app --no-default-features"),
    ("kiosk-app-native", "PACKAGECONFIG", "*", ""),
    ("kiosk-app-native", "REQUIRED_DISTRO_FEATURES", "*", ""),
    ("kiosk-bootctl", "CARGO_BUILD_FLAGS", "*", "--package kiosk-bootctl"),
    ("kiosk-drv", "CARGO_BUILD_FLAGS", "*", "--package kiosk-drivers --no-default-features --features tool"),
    ("kiosk-configuration", "USERADD_PARAM:kiosk-configuration", "*", "--uid 800 --gid kiosk --comment 'Kiosk of the hall'"),
    ("kiosk-configuration", "GROUPADD_PARAM:kiosk-configuration", "*", "--gid 800 kiosk; --gid 801 kiosk-clock; --system video"),
    ("kiosk-configuration", "KIOSK_LAYOUT_MACHINE", "qemuarm64", "qemuarm64"),
    ("kiosk-configuration", "KIOSK_LAYOUT_MACHINE", "raspberrypi4-64", "raspberrypi4-64"),
    ("kiosk-boot", "KIOSK_KERNEL_NAME", "qemuarm64", "Image"),
    ("kiosk-boot", "KIOSK_KERNEL_NAME", "raspberrypi4-64", "kernel8.img"),
    ("kiosk-boot", "KIOSK_KERNEL_NAME", "raspberrypi5", "kernel_2712.img"),
    ("kiosk-boot", "KIOSK_CMDLINE", "*", "panic="),
    ("kiosk-boot", "KIOSK_FIRMWARE_DEPENDS", "raspberrypi5", "rpi-bootfiles:do_deploy"),
    ("kiosk-image", "IMAGE_FSTYPES", "*", "erofs-lz4hc.verity"),
    ("kiosk-image", "CONVERSIONTYPES", "*", "zst bmap verity"),
    ("kiosk-image", "SERIAL_CONSOLES", "*", ""),
    ("kiosk-disk", "WKS_FILES", "*", "kiosk.wks"),
    ("kiosk-bundle", "RAUC_BUNDLE_FORMAT", "*", "verity"),
    ("kiosk-bundle", "RAUC_BUNDLE_COMPATIBLE", "qemuarm64", "kiosk-onestop-qemuarm64"),
    ("kiosk-bundle", "RAUC_BUNDLE_COMPATIBLE", "raspberrypi5", "kiosk-onestop-raspberrypi5"),
    ("packagegroup-kiosk", "RDEPENDS:packagegroup-kiosk", "*", "kiosk-configuration"),
    ("packagegroup-kiosk", "RDEPENDS:packagegroup-kiosk", "*", "rauc"),
    ("linux-yocto", "SRC_URI", "qemuarm64", "file://kiosk-emulated.cfg"),
    ("linux-raspberrypi", "SRC_URI", "raspberrypi5", "file://kiosk-storage.cfg"),
    ("rpi-config", "RPI_EXTRA_CONFIG", "raspberrypi4-64", "initramfs initramfs.img followkernel"),
]

# An empty expectation means an empty value.
ABSENT = [
    ("linux-raspberrypi", "SRC_URI", "raspberrypi5", "kiosk-emulated"),
    ("linux-yocto", "SRC_URI", "raspberrypi5", "kiosk-emulated"),
    ("packagegroup-kiosk", "RDEPENDS:packagegroup-kiosk", "*", "usbguard"),
]
