# Tells cargo to take crates from what BitBake unpacked, as oe-core's class does.
CARGO_HOME = "${UNPACKDIR}/cargo_home"
CARGO_MANIFEST_PATH = "${S}/Cargo.toml"
CARGO_BUILD_FLAGS = "--frozen --manifest-path=${CARGO_MANIFEST_PATH}"
B = "${WORKDIR}/build"
cargo_do_configure() {
    mkdir -p "${CARGO_HOME}"
    printf '[source.bitbake]\ndirectory = "%s"\n[source.crates-io]\nreplace-with = "bitbake"\n' "${CARGO_HOME}/bitbake" >"${CARGO_HOME}/config.toml"
}
EXPORT_FUNCTIONS do_configure
