//! The built page in a headless browser.

mod serve;
mod start;
