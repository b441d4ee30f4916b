# Fetch and unpack by BitBake's own fetchers; the other tasks are what a recipe makes of them.
python base_do_fetch() {
    bb.fetch2.Fetch((d.getVar('SRC_URI') or '').split(), d).download()
}
python base_do_unpack() {
    bb.fetch2.Fetch((d.getVar('SRC_URI') or '').split(), d).unpack(d.getVar('UNPACKDIR'))
}
base_do_configure() {
    :
}
base_do_compile() {
    :
}
base_do_install() {
    :
}
do_build() {
    :
}
addtask fetch
addtask unpack after do_fetch
addtask configure after do_unpack
addtask compile after do_configure
addtask install after do_compile
addtask build after do_install
do_build[noexec] = "1"
EXPORT_FUNCTIONS do_fetch do_unpack do_configure do_compile do_install
