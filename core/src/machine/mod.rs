//! The machine: which words are where, and the records that change as a whole.
//!
//! Every frame is a page of 512 words at its machine address, whatever it holds. Beside the frames lie the frame
//! table, free maps, domains' and actors' records, and the ghost words. [`Map`] says where; [`World`] says what is
//! fixed for a run. The functions here are generic over [`Words`] and know nothing of scheduling: each is what one
//! effect does.

pub mod blocks;
mod build;
pub mod dirty;
mod fill;
pub mod foreign;
pub mod frames;
pub mod grants;
pub mod ioreq;
pub mod kept;
pub mod lists;
mod looks;
mod map;
pub mod monitor;
pub mod nested;
pub mod objects;
pub mod paging;
pub mod pause;
pub mod pml;
pub mod pod;
pub mod pte;
pub mod recalc;
mod record;
pub mod refs;
mod region;
pub mod ring;
pub mod sharing;
mod sorted;
pub mod sweep;
pub mod table;
pub mod teardown;
pub mod tlb;
mod words;
mod world;

pub use build::{BuildError, Builder, GRANT_READONLY, NewDomain, NewFrame, NewGrant, NewMapping};
pub use frames::{Class, FrameUse};
pub use lists::FrameList;
pub use map::*;
pub use record::*;
pub use region::Region;
pub use sorted::{Place, Sorted};
pub use words::Words;
pub use world::{Actor, Deferral, Domain, Form, Kind, NamedLock, Policy, Ring, View, ViewKind, World};
