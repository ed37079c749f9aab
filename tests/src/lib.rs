//! What crosses crates: headless browser tests, end-to-end tests, twins in another tool.
