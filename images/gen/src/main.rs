//! The command `image-gen`.

fn main() {}
