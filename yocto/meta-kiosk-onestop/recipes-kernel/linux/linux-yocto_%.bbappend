require recipes-kernel/linux/kiosk-kernel.inc
