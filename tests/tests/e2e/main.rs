//! The built page in a headless browser.

mod access;
mod large;
mod lesson;
mod live;
mod plain;
mod present;
mod serve;
mod share;
mod start;
mod text;
mod watchers;
