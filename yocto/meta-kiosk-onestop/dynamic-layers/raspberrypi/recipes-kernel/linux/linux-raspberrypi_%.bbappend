# The fragments lie with the other kernel's.
FILESEXTRAPATHS:prepend:kiosk-onestop := "${THISDIR}/../../../../recipes-kernel/linux/files:"
require recipes-kernel/linux/kiosk-kernel.inc
