//! Building a world: domains with their tables, memory and lock pages, in their first words.
//!
//! Frames are laid out in this order: frame 0 is Xen's own and never mapped; then for each domain its root, lock
//! pages, tables and free table pages; then the frames of memory in the order in which they were asked for; then the
//! free ones. So an allocator that takes the lowest frame first takes one that was freed before one that never was
//! in use.

use super::fill::Filling;
use super::map::{LESSON_ACTORS, LOCK_PAGES, MAX_ACTORS, MAX_DOMAINS, MAX_FRAMES, Map, Sizes};
use super::sharing::RECORDS;
use super::words::Words;
use super::world::{Actor, Deferral, Domain, Form, NamedLock, Policy, Ring, View, World};
use crate::addr::{DomGfn, DomId, Gfn, Mfn, Order};
use crate::entry::{Access, Format, P2mType};
use std::collections::BTreeSet;
use std::sync::Arc;

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
    /// Slots of its paging ring, 1 to [`RING_ROOM`](super::RING_ROOM); none: no ring.
    pub ring: Option<u64>,
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
    /// The first frame's name. In a view, and for a type that maps what another domain owns, the frame of that name;
    /// for `ram_shared` either, depending on whether an earlier mapping has it.
    pub name: Option<String>,
    /// The first word of each frame.
    pub content: u64,
    /// Whether the frames are Xen's own pages, which are on no list.
    pub special: bool,
}

/// A frame that nothing maps.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewFrame {
    /// Its name.
    pub name: String,
    /// The domain that owns it, or an owner that is none; none: free.
    pub owner: Option<DomId>,
    /// Its first word.
    pub content: u64,
    /// The list of the lesson's own that it is on, by its place, instead of its domain's.
    pub list: Option<u8>,
}

/// A grant to be built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewGrant {
    /// Its name.
    pub name: String,
    /// What is granted.
    pub from: DomGfn,
    /// To whom.
    pub to: DomId,
    /// For reading only.
    pub readonly: bool,
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
    /// A mapping names a frame that is not there.
    NoFrame {
        /// The name that it gives.
        name: String,
    },
}

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BuildError::TooMany { what, asked, most } => {
                write!(f, "the world has {asked} {what}; there can be {most}")
            }
            BuildError::MappedTwice { dom, gfn } => write!(f, "{dom}:{gfn} is mapped twice"),
            BuildError::NoFrame { name } => write!(f, "no frame is named `{name}`"),
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
    /// The lesson's own lists.
    pub lists: Vec<String>,
    /// The lesson's own rings with their slots.
    pub rings: Vec<(String, u64)>,
    /// The grants.
    pub grants: Vec<NewGrant>,
    /// After how many steps of others a waiting actor starves.
    pub patience: Option<u64>,
    /// The names of frames of devices that guests may only read.
    pub mmio_ro: Vec<String>,
    /// Whether processors log what guests modify: only where entries have a dirty flag for it, `ept`.
    pub pml: bool,
    /// After how many units of work an operation lets others run, if not after Xen's.
    pub preempt: Option<u64>,
    /// Whether anybody may pause a vCPU or crash a domain.
    pub pausable: bool,
    /// Lock pages of each domain, where there are to be more than a record has room for; 0: no more.
    pub lock_pages: u32,
}

/// A grant's second word: to whom, and this bit if it is for reading only.
pub const GRANT_READONLY: u32 = 16;
/// Pages of a log-dirty bitmap with one leaf.
const DIRTY_PAGES: u32 = 4;
/// Heap objects of a world.
const OBJECTS: usize = 32;

impl Builder {
    /// The world and its first words.
    pub fn build(&self) -> Result<(Arc<World>, Arc<[u64]>), BuildError> {
        limit("domains", self.domains.len(), MAX_DOMAINS)?;
        limit("actors", self.actors.len(), MAX_ACTORS)?;
        // A request names a vCPU in four bits, and the note of a flush is a bit of one word.
        if self.domains.iter().any(|d| d.ring.is_some()) {
            limit("actors beside a paging ring", self.actors.len(), LESSON_ACTORS)?;
        }
        if self.flush == Deferral::Deferred {
            limit("actors whose flushes are put off", self.actors.len(), u64::BITS as usize)?;
        }
        let lock_pages = if self.lock_pages > 0 { self.lock_pages as u64 } else { LOCK_PAGES };
        let tables: Vec<u32> = (0..self.domains.len()).map(|d| self.tables_of(d as u8)).collect();
        let fixed: usize = tables.iter().map(|t| 1 + lock_pages as usize + *t as usize).sum();
        let pools: usize = self.domains.iter().map(|d| d.tables as usize).sum();
        let own: Vec<bool> = (0..self.mappings.len()).map(|i| self.has_own_frame(i)).collect();
        // A superpage's first frame is aligned, which can cost up to 511 frames before it.
        let mut next = (1 + fixed + pools) as u64;
        let mut at = Vec::new();
        for (m, &own) in self.mappings.iter().zip(&own) {
            let frames = if own { m.order.frames() } else { 0 };
            next = if frames > 1 { next.next_multiple_of(frames) } else { next };
            at.push(next);
            next = next.saturating_add(frames);
        }
        // Caches of 512 frames and more begin with superpages.
        let mut caches = Vec::new();
        for d in &self.domains {
            next = if d.cache as u64 >= Order::M2.frames() { next.next_multiple_of(Order::M2.frames()) } else { next };
            caches.push(next..next + d.cache as u64);
            next += d.cache as u64;
        }
        let named = next;
        let free_end = named as usize + self.frames.len() + self.free_frames as usize;
        let pml = self.pml && self.format == Format::Ept;
        let total = free_end + if pml { self.actors.len() } else { 0 };
        limit("frames, tables and lock pages among them,", total, MAX_FRAMES as usize)?;

        let map = Map::new(Sizes {
            frames: total as u32,
            domains: self.domains.len(),
            actors: self.actors.len(),
            records: RECORDS + 2 * self.mappings.iter().filter(|m| m.ty == P2mType::RamShared).count(),
            objects: OBJECTS,
            grants: self.grants.len(),
            words: self.words.len(),
            lists: self.lists.len(),
            rings: self.rings.len() + self.domains.iter().filter(|d| d.ring.is_some()).count(),
            locks: self.locks.len(),
            lock_pages: self.lock_pages,
        });
        let mut first = 1;
        let mut domains = Vec::new();
        let mut rings: Vec<Ring> =
            self.rings.iter().map(|(name, slots)| Ring { name: name.clone(), slots: *slots, of: None }).collect();
        for (slot, (d, t)) in self.domains.iter().zip(&tables).enumerate() {
            let (name, root) = (d.name.clone(), Mfn(first));
            let ring = d.ring.map(|slots| {
                rings.push(Ring { name: format!("the ring of {name}"), slots, of: Some(slot as u8) });
                (rings.len() - 1) as u8
            });
            domains.push(Domain { id: d.id, name, control: d.control, root, view: d.view, ring });
            first += 1 + lock_pages + *t as u64 + d.tables as u64;
        }
        let made = self.mappings.iter().zip(&at).zip(&own).filter(|(_, own)| **own);
        let mut names: Vec<(String, Mfn)> =
            made.filter_map(|((m, &mfn), _)| m.name.clone().map(|n| (n, Mfn(mfn)))).collect();
        names.extend(self.frames.iter().zip(named..).map(|(f, mfn)| (f.name.clone(), Mfn(mfn))));
        for ((m, at), own) in self.mappings.iter().zip(&mut at).zip(&own) {
            if !own && let Some(name) = m.name.as_ref().filter(|_| m.ty.has_frame()) {
                let found = names.iter().find(|n| n.0 == *name).ok_or(BuildError::NoFrame { name: name.clone() })?;
                *at = found.1.0;
            }
        }
        let named_frame = |name: &String| {
            let found = names.iter().find(|n| n.0 == *name).map(|n| n.1);
            found.ok_or(BuildError::NoFrame { name: name.clone() })
        };
        let mmio_ro = self.mmio_ro.iter().map(named_frame).collect::<Result<_, _>>()?;
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
            lists: self.lists.clone(),
            rings,
            grants: self.grants.iter().map(|g| g.name.clone()).collect(),
            frames: names,
            loose: (named..named + self.frames.len() as u64).map(Mfn).collect(),
            patience: self.patience,
            mmio_ro,
            pml: pml.then_some(Mfn(free_end as u64)),
            preempt: self.preempt,
            pausable: self.pausable,
        };
        let mut fill = Filling { world: &world, m: vec![0; map.len() as usize] };
        fill.pages(&tables, &self.domains);
        fill.free(named, free_end as u64, &self.frames);
        fill.xen(free_end as u64, total as u64);
        for ((m, &mfn), &own) in self.mappings.iter().zip(&at).zip(&own) {
            fill.mapping(m, Mfn(mfn), own)?;
        }
        self.mappings.iter().zip(&at).for_each(|(m, &mfn)| fill.foreign(m, Mfn(mfn)));
        for (i, g) in self.grants.iter().enumerate() {
            fill.grant(i as u64, g);
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

    /// Whether a mapping gets frames of its own. A view, and a type that maps what another domain owns, shows frames
    /// that are there; so does each further mapping of a shared frame. A page that is on its way back has a frame if
    /// it is named, or if its layout knows no other (2011).
    fn has_own_frame(&self, i: usize) -> bool {
        let m = &self.mappings[i];
        let view = self.domains.get(m.slot as usize).is_some_and(|d| d.view.is_some());
        let again = || m.name.is_some() && self.mappings[..i].iter().any(|o| o.name == m.name);
        match m.ty {
            _ if view => false,
            P2mType::GrantMapRw | P2mType::GrantMapRo | P2mType::MapForeign => false,
            P2mType::RamShared => !again(),
            P2mType::RamPagingIn => m.name.is_some() || self.format == Format::Ept2011,
            ty => ty.has_frame(),
        }
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

pub(super) fn limit(what: &'static str, asked: usize, most: usize) -> Result<(), BuildError> {
    if asked > most { Err(BuildError::TooMany { what, asked, most }) } else { Ok(()) }
}
