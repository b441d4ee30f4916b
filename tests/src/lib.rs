//! The hall simulator, end-to-end scenarios, rigs and the tidy test.
