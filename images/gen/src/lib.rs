//! Writes from `layout.toml` what disk builder, updater and firmware each want to read.
