# Image conversion "verity": appends the hash tree to a file system and writes what the kernel's command line must say.
#
#   IMAGE_FSTYPES = "erofs-lz4hc.verity"  ->  NAME.erofs-lz4hc.verity, NAME.erofs-lz4hc.verity.cmdline
#
# Blocks of 4 KiB, no salt, the tree's head in the block behind the data: as images/image.sh makes it and
# images/initramfs/init expects it.

# Appended, because oe-core sets the list after everything else of a recipe.
CONVERSIONTYPES:append = " verity"
CONVERSION_DEPENDS_verity = "cryptsetup-native"
# nooelint: oelint.vars.specific
CONVERSION_CMD:verity = "kiosk_add_verity ${IMAGE_NAME}.${type}"

KIOSK_VERITY_UUID ?= "6b696f73-6b00-4000-8000-766572697479"

kiosk_add_verity() {
    cp "$1" "$1.verity"
    truncate --size=%4096 "$1.verity"
    bytes=$(stat --format=%s "$1.verity")
    blocks=$(expr "$bytes" / 4096)
    roothash=$(veritysetup format --salt=- --uuid=${KIOSK_VERITY_UUID} --data-blocks="$blocks" --hash-offset="$bytes" \
        "$1.verity" "$1.verity" | sed -n -E 's/^Root hash:[[:space:]]*([0-9a-f]{64})$/\1/p')
    if [ -z "$roothash" ]; then
        bbfatal "veritysetup printed no root hash for $1"
    fi
    echo "kiosk.blocks=$blocks kiosk.roothash=$roothash" >"$1.verity.cmdline"
}
