//! Entries of every format against tables written by hand from the headers of each tree, against properties that hold for
//! all 64-bit words, and against other people's decoders.

mod ept_2011;
#[cfg(target_arch = "x86_64")]
mod independent;
mod now;
mod npt;
mod properties;
mod truth;

use super::P2mType::*;
use super::*;
use crate::addr::{Mfn, Order};

const OUT: LeafCtx =
    LeafCtx { mmio_ro: false, pml: false, ad: false, no_exec_sp: false, ioreq_writes: false, pw: false };
const IN: LeafCtx = LeafCtx { mmio_ro: true, ..OUT };

const ORDERS: [Order; 3] = [Order::K4, Order::M2, Order::G1];

/// All that can decide an entry's bits besides the entry: 64 combinations.
fn contexts() -> impl Iterator<Item = LeafCtx> {
    (0..64u8).map(|n| {
        let on = |bit: u8| n >> bit & 1 == 1;
        LeafCtx { mmio_ro: on(0), pml: on(1), ad: on(2), no_exec_sp: on(3), ioreq_writes: on(4), pw: on(5) }
    })
}

/// The types that a format has.
fn types(format: Format) -> impl Iterator<Item = P2mType> {
    P2mType::all().iter().copied().filter(move |t| format.type_code(*t).is_some())
}

/// The access types that a format has.
fn accesses(format: Format) -> impl Iterator<Item = Access> {
    Access::all().iter().copied().filter(move |a| format.has_access(*a))
}
