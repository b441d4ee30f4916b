//! The demonstration: a hall's morning without a person, and what it leaves behind.

pub mod books;
pub mod page;
pub mod papers;
pub mod summary;
