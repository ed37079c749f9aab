//! A range-locked p2m that can be stepped, explored and run live.
#![forbid(unsafe_code)]

pub mod addr;
pub mod entry;
pub mod explore;
pub mod judge;
pub mod lesson;
pub mod link;
pub mod live;
pub mod lock;
pub mod machine;
pub mod ops;
pub mod perform;
pub mod scale;
pub mod sched;
pub mod script;
pub mod sim;
pub mod step;
pub mod trial;
pub mod view;
pub mod watch;
