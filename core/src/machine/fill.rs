//! What a world's first words hold: tables, memory, lock pages, records, in the places that the builder has found.

use super::build::{BuildError, GRANT_READONLY, NewDomain, NewFrame, NewGrant, NewMapping, limit};
use super::frames::{self, FrameUse, M2P_INVALID, PGC_ALLOCATED, PGC_FREE, PGC_XEN_HEAP, owner_word};
use super::lists::{self, Element, List};
use super::record::{DomWord, FrameWord};
use super::words::Words;
use super::world::World;
use super::{dirty, pod, sharing};
use crate::addr::{DomGfn, DomId, FRAME_WORDS, Gfn, Mfn, Word};
use crate::entry::{Access, Decoded, Leaf, P2mType};

/// The first words while they are written.
pub(super) struct Filling<'a> {
    pub(super) world: &'a World,
    pub(super) m: Vec<u64>,
}

impl Filling<'_> {
    fn record(&mut self, mfn: Mfn, w: FrameWord, v: u64) {
        if let Some(word) = self.world.map.frame(mfn, w) {
            self.m.set(word, v);
        }
    }

    /// Roots, lock pages and table pools; every frame begins without a gfn.
    pub(super) fn pages(&mut self, tables: &[u32], domains: &[NewDomain]) {
        for mfn in 0..self.world.map.frames() as u64 {
            self.record(Mfn(mfn), FrameWord::M2p, M2P_INVALID);
        }
        self.own(Mfn(0));
        for (slot, (d, t)) in domains.iter().zip(tables).enumerate() {
            let slot = slot as u8;
            let root = self.world.domain(slot).root;
            self.own(root);
            self.record(root, FrameWord::Use, FrameUse::Table { slot }.to_word());
            for word in (0..FRAME_WORDS).filter_map(|i| self.world.map.page(root, i)) {
                self.m.set(word, self.world.format.empty());
            }
            for (w, v) in [
                (DomWord::Dying, d.dying as u64),
                (DomWord::LogDirty, d.logdirty as u64),
                (DomWord::GlobalLogdirty, (d.logdirty && self.world.format.recalculates()) as u64),
                (DomWord::HasRing, d.ring.is_some() as u64),
                (DomWord::PodTarget, d.pod_target),
            ] {
                self.m.set(self.world.map.dom(slot, w), v);
            }
            let lock_pages = self.world.map.lock_pages();
            for i in 0..lock_pages {
                let page = root.plus(1 + i);
                self.own(page);
                self.record(page, FrameWord::Use, FrameUse::Locks { slot }.to_word());
                self.m.set(self.world.map.lock_page(slot, i).1, page.0);
            }
            for i in 0..(*t + d.tables) as u64 {
                let page = root.plus(1 + lock_pages + i);
                self.own(page);
                self.record(page, FrameWord::Use, FrameUse::Pool { slot }.to_word());
                frames::put_bit(&mut self.m, self.world, Some(slot), page);
            }
            self.m.set(self.world.map.dom(slot, DomWord::DefaultAccess), Access::Rwx.code());
            self.m.set(self.world.map.dom(slot, DomWord::AccessRequired), d.access_required as u64);
            if d.logdirty {
                self.m.set(self.world.map.dom(slot, DomWord::LogDirty), 1);
                dirty::prepare(&mut self.m, self.world, slot);
            }
        }
    }

    /// Xen's own page.
    fn own(&mut self, mfn: Mfn) {
        self.record(mfn, FrameWord::Owner, owner_word(DomId::XEN));
        self.record(mfn, FrameWord::Count, PGC_ALLOCATED | 1);
    }

    /// Pages of Xen's own.
    pub(super) fn xen(&mut self, from: u64, to: u64) {
        (from..to).for_each(|mfn| self.own(Mfn(mfn)));
    }

    /// The frames that nothing maps, and the free ones.
    pub(super) fn free(&mut self, from: u64, to: u64, named: &[NewFrame]) {
        for mfn in (from..to).map(Mfn) {
            let frame = named.get((mfn.0 - from) as usize);
            if let Some(f) = frame
                && let Some(word) = self.world.map.page(mfn, 0)
            {
                self.m.set(word, f.content);
            }
            match frame.and_then(|f| f.owner.map(|owner| (owner, f.list))) {
                Some((owner, list)) => {
                    self.own_by(mfn, owner);
                    match (list, self.world.slot(owner)) {
                        (Some(i), _) => lists::put(&mut self.m, self.world, List::Own(i), Element::Frame(mfn)),
                        (None, Some(slot)) => frames::append(&mut self.m, self.world, slot, mfn),
                        (None, None) => {}
                    }
                }
                None => {
                    self.record(mfn, FrameWord::Count, PGC_FREE);
                    frames::put_bit(&mut self.m, self.world, None, mfn);
                }
            }
        }
    }

    /// The references of entries that map another domain's frame, once all frames are there.
    pub(super) fn foreign(&mut self, new: &NewMapping, mfn: Mfn) {
        if new.ty == P2mType::MapForeign {
            frames::get_page(&mut self.m, self.world, mfn, None);
        }
    }

    /// What is granted, to whom, and whether for reading only.
    pub(super) fn grant(&mut self, i: u64, g: &NewGrant) {
        let words = [g.from.to_word(), g.to.0 as u64 | (g.readonly as u64) << GRANT_READONLY];
        for (w, v) in (0..).zip(words) {
            if let Some(word) = self.world.map.grant(i, w) {
                self.m.set(word, v);
            }
        }
    }

    fn own_by(&mut self, mfn: Mfn, owner: DomId) {
        self.record(mfn, FrameWord::Owner, owner_word(owner));
        self.record(mfn, FrameWord::Count, PGC_ALLOCATED | 1);
    }

    fn give(&mut self, slot: u8, mfn: Mfn) {
        self.own_by(mfn, self.world.domain(slot).id);
        frames::append(&mut self.m, self.world, slot, mfn);
    }

    /// A domain's populate-on-demand cache.
    pub(super) fn cache(&mut self, slot: u8, all: impl Iterator<Item = Mfn> + Clone) {
        all.clone().for_each(|mfn| self.give(slot, mfn));
        pod::build_cache(&mut self.m, self.world, slot, all);
    }

    pub(super) fn mapping(&mut self, new: &NewMapping, first: Mfn, own: bool) -> Result<(), BuildError> {
        let format = self.world.format;
        let dom = self.world.domain(new.slot).id;
        let twice = BuildError::MappedTwice { dom, gfn: new.gfn };
        let word = self.table(new.slot, new.gfn, new.order.level()).ok_or(twice.clone())?;
        if !format.is_empty(self.m.get(word)) {
            return Err(twice);
        }
        let framed = own || new.name.is_some();
        let mfn = if framed { first } else { Mfn::INVALID };
        let leaf = Leaf::new(new.ty, new.access, mfn, new.order);
        self.m.set(word, format.leaf(&leaf, &self.world.leaf_ctx_of(new.slot, &leaf)));
        for mfn in (0..new.order.frames()).filter(|_| own).map(|i| first.plus(i)) {
            if let Some(word) = self.world.map.page(mfn, 0) {
                self.m.set(word, new.content);
            }
            let at = DomGfn { dom, gfn: Gfn(new.gfn.0 + (mfn.0 - first.0)) };
            match new.ty {
                // Made below, with each that shares it.
                P2mType::RamShared => {}
                // A device's registers are nobody's memory, and no gfn is their only one.
                P2mType::MmioDirect => self.own_by(mfn, DomId::IO),
                _ if new.special => {
                    self.own_by(mfn, dom);
                    self.record(mfn, FrameWord::Count, PGC_ALLOCATED | PGC_XEN_HEAP | 1);
                    self.record(mfn, FrameWord::M2p, at.to_word());
                }
                _ => {
                    self.give(new.slot, mfn);
                    self.record(mfn, FrameWord::M2p, at.to_word());
                }
            }
        }
        let view = self.world.domain(new.slot).view.is_some();
        if new.ty == P2mType::RamShared && !view {
            let g = DomGfn { dom, gfn: new.gfn };
            if !sharing::build(&mut self.m, self.world, first, g) {
                let most = self.world.map.records() as usize;
                return limit("sharing records", most + 1, most);
            }
        }
        let map = self.world.map;
        let counter = match new.ty {
            P2mType::RamPaged => Some(DomWord::PagedPages),
            P2mType::RamPagingIn | P2mType::RamPagingInStart if !framed => Some(DomWord::PagedPages),
            P2mType::PopulateOnDemand => Some(DomWord::EntryCount),
            P2mType::IoreqServer if !view => Some(DomWord::IoreqCount),
            P2mType::MapForeign => Some(DomWord::NrForeign),
            _ => None,
        };
        if let Some(counter) = counter {
            self.m.add(map.dom(new.slot, counter), new.order.frames());
        }
        let top = map.dom(new.slot, DomWord::MaxMapped);
        let max = self.m.get(top).max(new.gfn.0 + new.order.frames());
        self.m.set(top, max);
        Ok(())
    }

    /// The word for `gfn` at a level, tables made on the way; none below a larger leaf, or without a page for a table.
    fn table(&mut self, slot: u8, gfn: Gfn, level: u8) -> Option<Word> {
        let map = self.world.map;
        let mut table = self.world.domain(slot).root;
        for above in (level + 1..4).rev() {
            let word = map.page(table, gfn.index(above))?;
            let entry = self.m.get(word);
            table = match self.world.format.decode(above, entry) {
                Decoded::Table { mfn } => mfn,
                Decoded::Empty => {
                    let page = frames::take_table(&mut self.m, self.world, slot)?;
                    self.m.set(word, self.world.format.link(page));
                    page
                }
                _ => return None,
            };
        }
        map.page(table, gfn.index(level))
    }
}
