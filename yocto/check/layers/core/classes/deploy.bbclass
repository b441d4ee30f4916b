# Folders as in oe-core: what is emptied before a deploy matters.
do_deploy[dirs] = "${B}"
do_deploy[cleandirs] = "${DEPLOYDIR}"
addtask deploy after do_install before do_build
