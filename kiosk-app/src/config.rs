//! The hall's configuration: fragments, merged inputs, validated settings.
