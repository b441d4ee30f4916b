//! Boots the finished image in an emulated machine.

fn main() {}
