//! The built page in a headless browser.

mod access;
mod course;
mod large;
mod learning;
mod lesson;
mod live;
mod panels;
mod plain;
mod present;
mod serve;
mod share;
mod start;
mod text;
mod watchers;
