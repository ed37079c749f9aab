//! The built page in a headless browser.

mod lesson;
mod plain;
mod serve;
mod start;
mod text;
mod watchers;
