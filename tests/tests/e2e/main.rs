//! The built page in a headless browser.

mod start;
