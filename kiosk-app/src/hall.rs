//! The hall LAN's service: officer console and hall display.
