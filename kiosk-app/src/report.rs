//! Reports to the district server: encode, sign, upload.
