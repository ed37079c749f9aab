//! Sentences about typed references, owners and sharing records: what such an effect did, and what it is about to do.

use super::naming::{Names, number};
use crate::addr::{DomGfn, DomId, Mfn};
use crate::machine::frames::M2P_SHARED;
use crate::machine::grants::GrantAct;
use crate::machine::kept::{Keeper, KeptAct};
use crate::machine::refs::{Dropped, Offlined, PageType, RefsAct};
use crate::machine::sharing::{Kept, SharingAct};
use crate::script::Pgt;

fn type_name(ty: PageType) -> &'static str {
    Pgt::from_word(ty as u64).unwrap_or(Pgt::None).name().trim_start_matches("pgt_")
}

fn owner(dom: DomId) -> String {
    match dom {
        DomId::COW | DomId::IO | DomId::XEN | DomId::NOBODY => dom.to_string(),
        _ => format!("domain {dom}"),
    }
}

fn gpfn(w: u64) -> String {
    match w {
        M2P_SHARED => "shared".into(),
        u64::MAX => "none".into(),
        g => DomGfn::from_word(g).to_string(),
    }
}

pub(super) fn refs_done(names: &Names<'_>, a: RefsAct, result: u64) -> String {
    match a {
        RefsAct::GetType { mfn, ty } if result == 1 => {
            format!("takes a typed reference on {} as {}", names.frame(mfn), type_name(ty))
        }
        RefsAct::GetType { mfn, ty } => {
            format!(
                "gets no typed reference on {} as {}: others count on another type",
                names.frame(mfn),
                type_name(ty)
            )
        }
        RefsAct::PutType(mfn) => match Dropped::from_word(result) {
            Dropped::Yes => format!("drops a typed reference on {}", names.frame(mfn)),
            Dropped::Locked => format!("finds {} locked and its typed reference the last one", names.frame(mfn)),
            Dropped::None => format!("finds no typed reference on {} to drop", names.frame(mfn)),
        },
        RefsAct::SetOwner { mfn, to } => format!("gives {} to {}", names.frame(mfn), owner(to)),
        RefsAct::SetGpfn { mfn, gpfn: g } => format!("writes the m2p of {}: {}", names.frame(mfn), gpfn(g)),
        RefsAct::Steal { mfn, from } if result != 0 => format!("takes {} from {}", names.frame(mfn), owner(from)),
        RefsAct::Steal { mfn, .. } => format!("finds that somebody else refers to {}", names.frame(mfn)),
        RefsAct::Assign { mfn, to } if result != 0 => format!("gives {} to {}", names.frame(mfn), owner(to)),
        RefsAct::Assign { to, .. } => format!("finds that {} takes no more frames", owner(to)),
        RefsAct::Discard(mfn) => format!("frees {}", names.frame(mfn)),
        RefsAct::Offline(mfn) => match Offlined::from_word(result) {
            Offlined::Free => format!("takes the free frame {} out of use", names.frame(mfn)),
            Offlined::InUse => format!("marks {} broken, which is in use", names.frame(mfn)),
            Offlined::Before => format!("finds {} marked as broken already", names.frame(mfn)),
        },
    }
}

pub(super) fn refs_doing(names: &Names<'_>, a: RefsAct) -> String {
    match a {
        RefsAct::GetType { mfn, ty } => format!("take a typed reference on {} as {}", names.frame(mfn), type_name(ty)),
        RefsAct::PutType(mfn) => format!("drop a typed reference on {}", names.frame(mfn)),
        RefsAct::SetOwner { mfn, to } => format!("give {} to {}", names.frame(mfn), owner(to)),
        RefsAct::SetGpfn { mfn, gpfn: g } => format!("write the m2p of {}: {}", names.frame(mfn), gpfn(g)),
        RefsAct::Steal { mfn, from } => format!("take {} from {}", names.frame(mfn), owner(from)),
        RefsAct::Assign { mfn, to } => format!("give {} to {}", names.frame(mfn), owner(to)),
        RefsAct::Discard(mfn) => format!("free {}", names.frame(mfn)),
        RefsAct::Offline(mfn) => format!("mark {} broken", names.frame(mfn)),
    }
}

pub(super) fn sharing_done(names: &Names<'_>, a: SharingAct, result: u64) -> String {
    let kept = |done: String, no: &str| match Kept::from_word(result) {
        Kept::Yes => done,
        Kept::No => no.into(),
        Kept::Stray => "finds no sharing record where one should be".into(),
    };
    match a {
        SharingAct::Alloc(mfn) => match Kept::from_word(result) {
            Kept::Stray => format!("finds that {} has a sharing record already", names.frame(mfn)),
            Kept::Yes => format!("gives {} a sharing record", names.frame(mfn)),
            Kept::No => format!("finds no memory for a sharing record of {}", names.frame(mfn)),
        },
        SharingAct::Free(mfn) if result > 0 => format!("gives the sharing record of {} back", names.frame(mfn)),
        SharingAct::Free(mfn) => format!("gives back the sharing record of {}, which has none", names.frame(mfn)),
        SharingAct::Insert { mfn, g } => kept(
            format!("notes that {g} shares {}", names.frame(mfn)),
            "finds no memory for a note of who shares the frame",
        ),
        SharingAct::Remove { mfn, g } => kept(
            format!("notes that {g} shares {} no longer", names.frame(mfn)),
            "finds no note of that frame number to take out",
        ),
        SharingAct::Move { to, g, .. } => kept(
            format!("notes that {g} shares {} from now on", names.frame(to)),
            "finds no note of that frame number to move",
        ),
        SharingAct::Nth { mfn, .. } | SharingAct::Next { mfn, .. } if result == u64::MAX => {
            format!("has seen all who share {}", names.frame(mfn))
        }
        SharingAct::Nth { mfn, .. } | SharingAct::Next { mfn, .. } => {
            format!("reads who shares {}: {}", names.frame(mfn), DomGfn::from_word(result))
        }
        SharingAct::Count { mfn, .. } => format!("counts who shares {}: {}", names.frame(mfn), result / 2),
        SharingAct::Handle(mfn) => format!("reads the sharing handle of {}: {}", names.frame(mfn), number(result)),
        SharingAct::From(_) if result == u64::MAX => "finds no further frame with a sharing record".into(),
        SharingAct::From(_) => format!("finds the sharing record of {}", names.frame(Mfn(result))),
        SharingAct::Twins(mfn) if result == 0 => {
            format!("finds no other frame with the handle of {}", names.frame(mfn))
        }
        SharingAct::Twins(mfn) => format!("finds another frame with the handle of {}", names.frame(mfn)),
    }
}

pub(super) fn sharing_doing(names: &Names<'_>, a: SharingAct) -> String {
    match a {
        SharingAct::Alloc(mfn) => format!("give {} a sharing record", names.frame(mfn)),
        SharingAct::Free(mfn) => format!("give the sharing record of {} back", names.frame(mfn)),
        SharingAct::Insert { mfn, g } => format!("note that {g} shares {}", names.frame(mfn)),
        SharingAct::Remove { mfn, g } => format!("note that {g} shares {} no longer", names.frame(mfn)),
        SharingAct::Move { to, g, .. } => format!("note that {g} shares {} from now on", names.frame(to)),
        SharingAct::Nth { mfn, .. } | SharingAct::Next { mfn, .. } => format!("read who shares {}", names.frame(mfn)),
        SharingAct::Count { mfn, .. } => format!("count who shares {}", names.frame(mfn)),
        SharingAct::Handle(mfn) => format!("read the sharing handle of {}", names.frame(mfn)),
        SharingAct::From(_) => "find the next sharing record".into(),
        SharingAct::Twins(mfn) => format!("look who else has the handle of {}", names.frame(mfn)),
    }
}

fn grant_name(names: &Names<'_>, grant: u64) -> String {
    names.world.grants.get(grant as usize).map_or_else(|| format!("grant {grant}"), |n| format!("grant {n}"))
}

const fn mapping(write: bool) -> &'static str {
    if write { "a writable mapping" } else { "a read-only mapping" }
}

pub(super) fn grant_done(names: &Names<'_>, a: GrantAct, result: u64) -> String {
    match a {
        GrantAct::Pin { grant, mfn, write } => {
            format!("pins {} for {} of {}", names.frame(mfn), mapping(write), grant_name(names, grant))
        }
        GrantAct::Unpin { grant, write } if result > 0 => {
            format!("takes the pin for {} of {} away", mapping(write), grant_name(names, grant))
        }
        GrantAct::Unpin { grant, .. } => format!("finds no such pin of {}", grant_name(names, grant)),
        GrantAct::Find { mfn, .. } if result > 0 => {
            format!("finds that {} pins {}", grant_name(names, result - 1), names.frame(mfn))
        }
        GrantAct::Find { mfn, .. } => format!("finds no grant that pins {}", names.frame(mfn)),
    }
}

pub(super) fn grant_doing(names: &Names<'_>, a: GrantAct) -> String {
    match a {
        GrantAct::Pin { grant, mfn, write } => {
            format!("pin {} for {} of {}", names.frame(mfn), mapping(write), grant_name(names, grant))
        }
        GrantAct::Unpin { grant, write } => {
            format!("take the pin for {} of {} away", mapping(write), grant_name(names, grant))
        }
        GrantAct::Find { mfn, .. } => format!("look which grant pins {}", names.frame(mfn)),
    }
}

/// What a page is kept for.
fn kept_for(names: &Names<'_>, at: Keeper) -> String {
    let domain = |slot: u8| names.world.domain(slot).name.as_str();
    match at {
        Keeper::Vvmcx(a) => format!("the control structure of {}'s own guest", names.world.actor_name(a)),
        Keeper::VcpuInfo(a) => format!("the vcpu_info of {}", names.world.actor_name(a)),
        Keeper::RingPage(slot) => format!("the ring of {}", domain(slot)),
        Keeper::SharedPage(slot) => format!("the shared page of {}'s pager", domain(slot)),
    }
}

pub(super) fn kept_done(names: &Names<'_>, a: KeptAct, result: u64) -> String {
    match a {
        KeptAct::Keep { at, mfn } if result == 1 => format!("keeps {} for {}", names.frame(mfn), kept_for(names, at)),
        KeptAct::Keep { at, .. } => format!("finds that there is a page for {}", kept_for(names, at)),
        KeptAct::GiveUp(at) if result > 0 => {
            format!("gives {} up, {}", names.frame(crate::addr::Mfn(result - 1)), kept_for(names, at))
        }
        KeptAct::GiveUp(at) => format!("finds no page for {}", kept_for(names, at)),
    }
}

pub(super) fn kept_doing(names: &Names<'_>, a: KeptAct) -> String {
    match a {
        KeptAct::Keep { at, mfn } => format!("keep {} for {}", names.frame(mfn), kept_for(names, at)),
        KeptAct::GiveUp(at) => format!("give up the page for {}", kept_for(names, at)),
    }
}
