//! Building a world: domains with their tables, memory and lock pages, in their first words.
//!
//! Frames are laid out in this order: frame 0 is Xen's own and never mapped; then for each domain its root, lock
//! pages, tables and free table pages; then the frames of memory in the order in which they were asked for; then the
//! free ones. So an allocator that takes the lowest frame first takes one that was freed before one that never was
//! in use.

use super::dirty;
use super::frames::{self, FrameUse, M2P_INVALID, PGC_ALLOCATED, PGC_FREE, owner_word};
use super::map::{LOCK_PAGES, MAX_ACTORS, MAX_DOMAINS, MAX_FRAMES, Map, Sizes};
use super::pod;
use super::record::{DomWord, FrameWord};
use super::sharing::RECORDS;
use super::words::Words;
use super::world::{Actor, Deferral, Domain, Form, NamedLock, Policy, View, World};
use crate::addr::{DomGfn, DomId, FRAME_WORDS, Gfn, Mfn, Order, Word};
use crate::entry::{Access, Decoded, Format, Leaf, LeafCtx, P2mType};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Pages of a log-dirty bitmap with one leaf.
const DIRTY_PAGES: u32 = 4;

/// A domain or view to be built.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewDomain {
    /// Its number.
    pub id: DomId,
    /// Its name.
    pub name: String,
    /// The control domain.
    pub control: bool,
    /// Free pages of its table pool, beyond those that its mappings take.
    pub tables: u32,
    /// Whether it is being destroyed from the beginning.
    pub dying: bool,
    /// Whether its writes are noted from the beginning. The bitmap's pages for the first 32768 gfns are there then,
    /// beyond the pool.
    pub logdirty: bool,
    /// Whether it must have a listener where an access right forbids something.
    pub access_required: bool,
    /// Zero frames in its populate-on-demand cache.
    pub cache: u32,
    /// Its memory target, where it populates on demand; 0: none was set.
    pub pod_target: u64,
    /// What it is a view of, if it is no domain of its own.
    pub view: Option<View>,
}

/// A mapping to be built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewMapping {
    /// Which domain, by its place.
    pub slot: u8,
    /// The first gfn, aligned to the order.
    pub gfn: Gfn,
    /// 4 KB or 2 MB; 1 GB for a type without frames.
    pub order: Order,
    /// The type. Memory types get frames.
    pub ty: P2mType,
    /// The access.
    pub access: Access,
    /// The first frame's name.
    pub name: Option<String>,
    /// The first word of each frame.
    pub content: u64,
}

/// A frame that nothing maps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewFrame {
    /// Its name.
    pub name: String,
    /// The domain that owns it, by its place; none: free.
    pub owner: Option<u8>,
    /// Its first word.
    pub content: u64,
}

/// Why a world cannot be built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BuildError {
    /// More of something than a world can have.
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many were asked for.
        asked: usize,
        /// How many there can be.
        most: usize,
    },
    /// A gfn is mapped twice, or lies inside a larger mapping.
    MappedTwice {
        /// The domain.
        dom: DomId,
        /// The gfn.
        gfn: Gfn,
    },
}

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BuildError::TooMany { what, asked, most } => {
                write!(f, "the world has {asked} {what}; there can be {most}")
            }
            BuildError::MappedTwice { dom, gfn } => write!(f, "{dom}:{gfn} is mapped twice"),
        }
    }
}

impl std::error::Error for BuildError {}

/// All that a world is built from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Builder {
    /// Which locks look-ups take.
    pub policy: Policy,
    /// How the shared side of a global lock is counted.
    pub form: Form,
    /// Whether a get also pins the frame.
    pub pin: bool,
    /// Whether an entry that is mapped elsewhere stays held for as long.
    pub captive: bool,
    /// How entries are laid out.
    pub format: Format,
    /// When flushes happen.
    pub flush: Deferral,
    /// The domains.
    pub domains: Vec<NewDomain>,
    /// The actors.
    pub actors: Vec<Actor>,
    /// What is mapped.
    pub mappings: Vec<NewMapping>,
    /// Frames that nothing maps.
    pub frames: Vec<NewFrame>,
    /// Further free frames, without a name.
    pub free_frames: u32,
    /// The lesson's own words with their first values.
    pub words: Vec<(String, u64)>,
    /// The lesson's own locks.
    pub locks: Vec<NamedLock>,
}

impl Builder {
    /// The world and its first words.
    pub fn build(&self) -> Result<(Arc<World>, Arc<[u64]>), BuildError> {
        limit("domains", self.domains.len(), MAX_DOMAINS)?;
        limit("actors", self.actors.len(), MAX_ACTORS)?;
        let tables: Vec<u32> = (0..self.domains.len()).map(|d| self.tables_of(d as u8)).collect();
        let fixed: usize = tables.iter().map(|t| 1 + LOCK_PAGES as usize + *t as usize).sum();
        let pools: usize = self.domains.iter().map(|d| d.tables as usize).sum();
        // A superpage's first frame is aligned, which can cost up to 511 frames before it.
        let mut next = (1 + fixed + pools) as u64;
        let mut at = Vec::new();
        for m in &self.mappings {
            let frames = if m.ty.has_frame() { m.order.frames() } else { 0 };
            next = if frames > 1 { next.next_multiple_of(frames) } else { next };
            at.push(next);
            next += frames;
        }
        // Caches of 512 frames and more begin with superpages.
        let mut caches = Vec::new();
        for d in &self.domains {
            next = if d.cache as u64 >= Order::M2.frames() { next.next_multiple_of(Order::M2.frames()) } else { next };
            caches.push(next..next + d.cache as u64);
            next += d.cache as u64;
        }
        let named = next;
        let total = named as usize + self.frames.len() + self.free_frames as usize;
        limit("frames, tables and lock pages among them,", total, MAX_FRAMES as usize)?;

        let map = Map::new(Sizes {
            frames: total as u32,
            domains: self.domains.len(),
            actors: self.actors.len(),
            records: RECORDS,
            words: self.words.len(),
            locks: self.locks.len(),
            ..Sizes::default()
        });
        let mut first = 1;
        let mut domains = Vec::new();
        for (d, t) in self.domains.iter().zip(&tables) {
            let (name, root) = (d.name.clone(), Mfn(first));
            domains.push(Domain { id: d.id, name, control: d.control, root, view: d.view });
            first += 1 + LOCK_PAGES + *t as u64 + d.tables as u64;
        }
        let mut names: Vec<(String, Mfn)> = self
            .mappings
            .iter()
            .zip(&at)
            .filter_map(|(m, &mfn)| m.name.clone().filter(|_| m.ty.has_frame()).map(|n| (n, Mfn(mfn))))
            .collect();
        names.extend(self.frames.iter().zip(named..).map(|(f, mfn)| (f.name.clone(), Mfn(mfn))));
        let world = World {
            map,
            policy: self.policy,
            form: self.form,
            pin: self.pin,
            captive: self.captive,
            format: self.format,
            flush: self.flush,
            domains,
            actors: self.actors.clone(),
            words: self.words.iter().map(|w| w.0.clone()).collect(),
            locks: self.locks.clone(),
            frames: names,
            loose: (named..named + self.frames.len() as u64).map(Mfn).collect(),
        };
        let mut fill = Filling { world: &world, m: vec![0; map.len() as usize] };
        fill.pages(&tables, &self.domains);
        fill.free(named, total as u64, &self.frames);
        for (m, &mfn) in self.mappings.iter().zip(&at) {
            fill.mapping(m, Mfn(mfn))?;
        }
        for (slot, cache) in caches.into_iter().enumerate() {
            fill.cache(slot as u8, cache.map(Mfn));
        }
        for (i, (_, value)) in self.words.iter().enumerate() {
            fill.m.set(map.word(i as u32), *value);
        }
        let words = fill.m.into();
        Ok((Arc::new(world), words))
    }

    /// Pages that a domain needs from the beginning: tables below its root for its mappings, and its log-dirty bitmap.
    fn tables_of(&self, slot: u8) -> u32 {
        let mut tables = BTreeSet::new();
        for m in self.mappings.iter().filter(|m| m.slot == slot) {
            tables.extend((m.order.level()..3).map(|level| (level, m.gfn.0 >> (9 * (level as u32 + 1)))));
        }
        tables.len() as u32 + if self.domains[slot as usize].logdirty { DIRTY_PAGES } else { 0 }
    }
}

fn limit(what: &'static str, asked: usize, most: usize) -> Result<(), BuildError> {
    if asked > most { Err(BuildError::TooMany { what, asked, most }) } else { Ok(()) }
}

/// The first words while they are written.
struct Filling<'a> {
    world: &'a World,
    m: Vec<u64>,
}

impl Filling<'_> {
    fn record(&mut self, mfn: Mfn, w: FrameWord, v: u64) {
        if let Some(word) = self.world.map.frame(mfn, w) {
            self.m.set(word, v);
        }
    }

    /// Roots, lock pages and table pools; every frame begins without a gfn.
    fn pages(&mut self, tables: &[u32], domains: &[NewDomain]) {
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
            self.m.set(self.world.map.dom(slot, DomWord::Dying), d.dying as u64);
            self.m.set(self.world.map.dom(slot, DomWord::PodTarget), d.pod_target);
            for i in 0..LOCK_PAGES {
                let page = root.plus(1 + i);
                self.own(page);
                self.record(page, FrameWord::Use, FrameUse::Locks { slot }.to_word());
                self.m.set(self.world.map.lock_page(slot, i).1, page.0);
            }
            for i in 0..(*t + d.tables) as u64 {
                let page = root.plus(1 + LOCK_PAGES + i);
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

    /// The frames that nothing maps, and the free ones.
    fn free(&mut self, from: u64, to: u64, named: &[NewFrame]) {
        for mfn in (from..to).map(Mfn) {
            let frame = named.get((mfn.0 - from) as usize);
            if let Some(f) = frame
                && let Some(word) = self.world.map.page(mfn, 0)
            {
                self.m.set(word, f.content);
            }
            match frame.and_then(|f| f.owner) {
                Some(slot) => self.give(slot, mfn),
                None => {
                    self.record(mfn, FrameWord::Count, PGC_FREE);
                    frames::put_bit(&mut self.m, self.world, None, mfn);
                }
            }
        }
    }

    fn give(&mut self, slot: u8, mfn: Mfn) {
        self.record(mfn, FrameWord::Owner, owner_word(self.world.domain(slot).id));
        self.record(mfn, FrameWord::Count, PGC_ALLOCATED | 1);
        frames::append(&mut self.m, self.world, slot, mfn);
    }

    /// A domain's populate-on-demand cache.
    fn cache(&mut self, slot: u8, all: impl Iterator<Item = Mfn> + Clone) {
        all.clone().for_each(|mfn| self.give(slot, mfn));
        pod::build_cache(&mut self.m, self.world, slot, all);
    }

    fn mapping(&mut self, new: &NewMapping, first: Mfn) -> Result<(), BuildError> {
        let format = self.world.format;
        let dom = self.world.domain(new.slot).id;
        let twice = BuildError::MappedTwice { dom, gfn: new.gfn };
        let word = self.table(new.slot, new.gfn, new.order.level()).ok_or(twice.clone())?;
        if !format.is_empty(self.m.get(word)) {
            return Err(twice);
        }
        let mfn = if new.ty.has_frame() { first } else { Mfn::INVALID };
        let leaf = Leaf::new(new.ty, new.access, mfn, new.order);
        self.m.set(word, format.leaf(&leaf, &LeafCtx::default()));
        if new.ty.has_frame() {
            for i in 0..new.order.frames() {
                let mfn = first.plus(i);
                self.give(new.slot, mfn);
                let at = DomGfn { dom, gfn: Gfn(new.gfn.0 + i) };
                self.record(mfn, FrameWord::M2p, at.to_word());
                if let Some(word) = self.world.map.page(mfn, 0) {
                    self.m.set(word, new.content);
                }
            }
        }
        let map = self.world.map;
        let counter = match new.ty {
            P2mType::RamPaged => Some(DomWord::PagedPages),
            P2mType::PopulateOnDemand => Some(DomWord::EntryCount),
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
