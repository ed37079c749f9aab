//! Sentences of effects on blocks of frames and on the populate-on-demand cache.

use super::naming::{Names, mapped};
use crate::addr::{DomGfn, Mfn, Order};
use crate::machine::blocks::{BlockAct, Renamed};
use crate::machine::pod::{PodAct, populated};

fn block(names: &Names<'_>, mfn: Mfn, order: Order) -> String {
    match order {
        Order::K4 => names.frame(mfn),
        _ => format!("the {} frames from {}", order.frames(), names.frame(mfn)),
    }
}

/// What an effect on a block did.
pub(super) fn block_done(names: &Names<'_>, a: BlockAct, result: u64) -> String {
    let of = |mfn, order| block(names, mfn, order);
    let done = result != 0;
    match a {
        BlockAct::Alloc { slot, order } => {
            let dom = &names.world.domain(slot).name;
            match Mfn(result).is_valid() {
                true => format!("allocates {} for {dom}", of(Mfn(result), order)),
                false => format!("finds no {} free frames for {dom}", order.frames()),
            }
        }
        BlockAct::Release { mfn, order } => format!("drops the allocation of {}", of(mfn, order)),
        BlockAct::Name { mfn, order, g: Some(g) } => {
            format!("names {} in m2p for {}", mapped(g, order), of(mfn, order))
        }
        BlockAct::Name { mfn, order, g: None } => format!("takes {} out of m2p", of(mfn, order)),
        BlockAct::Claim { mfn, order, g } if done => {
            format!("claims {} for {} in m2p", of(mfn, order), mapped(g, order))
        }
        BlockAct::Claim { mfn, order, .. } => format!("finds {} claimed in m2p already", of(mfn, order)),
        BlockAct::Rename { mfn, g, .. } => match Renamed::from_word(result) {
            Renamed::Yes => format!("claims {g} for {} in m2p", names.frame(mfn)),
            Renamed::Changed => format!("finds that m2p says something else of {} by now", names.frame(mfn)),
            Renamed::NotOwned => format!("finds that {} is not domain {}'s any more", names.frame(mfn), g.dom),
        },
        BlockAct::Forget { g, order, .. } => format!("takes {result} frames of {} out of m2p", mapped(g, order)),
        BlockAct::Owned { mfn, order, dom } if done => format!("finds {} domain {dom}'s", of(mfn, order)),
        BlockAct::Owned { mfn, order, dom } => format!("finds that {} is not domain {dom}'s", of(mfn, order)),
        BlockAct::Named { mfn, order } if done => format!("finds a gfn in m2p for {}", of(mfn, order)),
        BlockAct::Named { mfn, order } => format!("finds no gfn in m2p for {}", of(mfn, order)),
        BlockAct::Unused { mfn, order } if done => format!("finds that nobody else uses {}", of(mfn, order)),
        BlockAct::Unused { mfn, order } => format!("finds {} in use", of(mfn, order)),
        BlockAct::LooksZero { mfn, order } if done => format!("finds {} zero at first sight", of(mfn, order)),
        BlockAct::IsZero { mfn, order } if done => format!("finds {} all zeroes", of(mfn, order)),
        BlockAct::LooksZero { mfn, order } | BlockAct::IsZero { mfn, order } => {
            format!("finds {} not all zeroes", of(mfn, order))
        }
        BlockAct::Misnamed { mfn, order, .. } => match result {
            0 => format!("finds m2p right for {}", of(mfn, order)),
            n => format!("finds m2p wrong for {n} of {}", of(mfn, order)),
        },
        BlockAct::Scrub { mfn, order } => format!("fills {} with zeroes", of(mfn, order)),
    }
}

/// What it is about to do, as after "is about to".
pub(super) fn block_doing(names: &Names<'_>, a: BlockAct) -> String {
    let of = |mfn, order| block(names, mfn, order);
    match a {
        BlockAct::Alloc { slot, order } => {
            format!("allocate {} frames for {}", order.frames(), names.world.domain(slot).name)
        }
        BlockAct::Release { mfn, order } => format!("drop the allocation of {}", of(mfn, order)),
        BlockAct::Name { mfn, order, g: Some(g) } => {
            format!("name {} in m2p for {}", mapped(g, order), of(mfn, order))
        }
        BlockAct::Name { mfn, order, g: None } => format!("take {} out of m2p", of(mfn, order)),
        BlockAct::Claim { mfn, order, g } => format!("claim {} for {} in m2p", of(mfn, order), mapped(g, order)),
        BlockAct::Rename { mfn, g, .. } => format!("claim {g} for {} in m2p", names.frame(mfn)),
        BlockAct::Forget { g, order, .. } => format!("take the frames of {} out of m2p", mapped(g, order)),
        BlockAct::Owned { mfn, order, .. } => format!("look whose {} is", of(mfn, order)),
        BlockAct::Named { mfn, order } => format!("look in m2p for {}", of(mfn, order)),
        BlockAct::Unused { mfn, order } => format!("look whether anybody else uses {}", of(mfn, order)),
        BlockAct::LooksZero { mfn, order } => format!("look at the first words of {}", of(mfn, order)),
        BlockAct::IsZero { mfn, order } => format!("look whether {} is all zeroes", of(mfn, order)),
        BlockAct::Misnamed { mfn, order, .. } => format!("compare m2p for {}", of(mfn, order)),
        BlockAct::Scrub { mfn, order } => format!("fill {} with zeroes", of(mfn, order)),
    }
}

/// What an effect on the cache did.
pub(super) fn pod_done(names: &Names<'_>, a: PodAct, result: u64) -> String {
    let of = |mfn, order| block(names, mfn, order);
    let dom = |slot| &names.world.domain(slot).name;
    match a {
        PodAct::Add { slot, mfn, order } => format!("puts {} into the cache of {}", of(mfn, order), dom(slot)),
        PodAct::Get { slot, order } => match Mfn(result).is_valid() {
            true => format!("takes {} out of the cache of {}", of(Mfn(result), order), dom(slot)),
            false => format!("finds nothing of that size in the cache of {}", dom(slot)),
        },
        PodAct::Take { slot, mfn } if result != 0 => {
            format!("takes {} out of the cache of {}", names.frame(mfn), dom(slot))
        }
        PodAct::Take { slot, mfn } => format!("does not find {} in the cache of {}", names.frame(mfn), dom(slot)),
        PodAct::Record { slot, gfn, order } => {
            let g = DomGfn { dom: names.world.domain(slot).id, gfn };
            format!("remembers that {} was populated", mapped(g, order))
        }
        PodAct::Scan { .. } if result != 0 => "finds something further down that may be mapped".into(),
        PodAct::Scan { .. } => "finds nothing mapped further down in this table".into(),
        PodAct::Oldest { slot } => match populated(result) {
            Some((gfn, order)) => {
                let g = DomGfn { dom: names.world.domain(slot).id, gfn };
                format!("finds {} populated the longest ago", mapped(g, order))
            }
            None => format!("remembers nothing that was populated in {}", dom(slot)),
        },
    }
}

/// What it is about to do, as after "is about to".
pub(super) fn pod_doing(names: &Names<'_>, a: PodAct) -> String {
    let dom = |slot| &names.world.domain(slot).name;
    match a {
        PodAct::Add { slot, mfn, order } => format!("put {} into the cache of {}", block(names, mfn, order), dom(slot)),
        PodAct::Get { slot, .. } => format!("take a frame out of the cache of {}", dom(slot)),
        PodAct::Take { slot, mfn } => format!("take {} out of the cache of {}", names.frame(mfn), dom(slot)),
        PodAct::Record { slot, gfn, order } => {
            format!("remember {}", mapped(DomGfn { dom: names.world.domain(slot).id, gfn }, order))
        }
        PodAct::Scan { .. } => "look further down in the table".into(),
        PodAct::Oldest { slot } => format!("look what was populated the longest ago in {}", dom(slot)),
    }
}
