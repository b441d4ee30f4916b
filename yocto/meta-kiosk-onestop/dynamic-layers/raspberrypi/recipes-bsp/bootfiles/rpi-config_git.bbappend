# Settings of the Pi's firmware. They lie in the boot partition of a slot and are updated with it.
RPI_EXTRA_CONFIG:append:kiosk-onestop = " \n# The kiosk\ninitramfs initramfs.img followkernel\ndtparam=watchdog=on\n# Rating buttons at the pins: dtoverlay=kiosk-keypad\n"
