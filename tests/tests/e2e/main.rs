//! The built page in a headless browser.

mod access;
mod course;
mod engines;
mod large;
mod learning;
mod lesson;
mod live;
mod panels;
mod plain;
mod present;
mod published;
mod serve;
mod share;
mod spoilt;
mod start;
mod text;
mod trouble;
mod watchers;
