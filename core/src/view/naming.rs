//! Words, frames and entries by the names that people use.

use super::tables::{TableAt, table_of, tables};
use crate::addr::{ActorId, DomGfn, DomId, FRAME_WORDS, Mfn, Order, Word};
use crate::entry::{Decoded, Format};
use crate::machine::frames::{M2P_INVALID, M2P_SHARED, PGC_ALLOCATED, PGT_COUNT, count, owner_of_word};
use crate::machine::refs::TypeBits;
use crate::machine::{ActorWord, DomWord, FrameWord, Region, Words, World};
use crate::script::Pgt;

/// Names what lies in memory, as the tables stand when it is made.
pub(super) struct Names<'a> {
    pub world: &'a World,
    tables: Vec<TableAt>,
}

impl<'a> Names<'a> {
    pub fn new<W: Words>(m: &mut W, world: &'a World) -> Names<'a> {
        Names { world, tables: tables(m, world) }
    }

    /// A word: `the count of M`, `the entry of 1:0x10 at level 0`.
    pub fn word(&self, w: Word) -> String {
        let world = self.world;
        match world.map.region(w) {
            Region::Page => match table_of(&self.tables, w) {
                Some((table, i)) => {
                    let g = DomGfn { dom: world.domain(table.slot).id, gfn: table.gfn(i) };
                    format!("the entry of {g} at level {}", table.level)
                }
                None => match w.0 as u64 % FRAME_WORDS {
                    0 => format!("the content of {}", self.frame(w.frame())),
                    i => format!("word {i} of {}", self.frame(w.frame())),
                },
            },
            Region::Frames => match world.map.frame_record(w) {
                Some((mfn, at)) => format!("the {} of {}", record(at), self.frame(mfn)),
                None => "a frame's record".into(),
            },
            Region::Heap => "the heap's free map".into(),
            Region::Xen => "a count of the whole machine".into(),
            Region::Domains => self.domain_word(w),
            Region::Records => "a sharing record".into(),
            Region::Objects => "an object".into(),
            Region::Grants => "a grant".into(),
            Region::Actors => {
                let begins = |a: &ActorId| world.map.actor(*a, ActorWord::WaitsFor) <= w;
                let whose = world.actor_ids().take_while(begins).last();
                whose.map_or("an actor's record".into(), |a| format!("the record of {}", world.actor_name(a)))
            }
            Region::Lesson => {
                let named = |i: &usize| world.map.word(*i as u32) == w;
                match (0..world.words.len()).find(named) {
                    Some(i) => world.words[i].clone(),
                    None => (0..world.locks.len())
                        .find(|&i| world.map.named_lock(i as u32) == w)
                        .map_or("the domctl lock's word".into(), |i| {
                            format!("the word of lock {}", world.locks[i].name)
                        }),
                }
            }
            Region::Ghost => "a note of the watchers".into(),
        }
    }

    /// A frame: its name in the lesson, else `frame 0x12`.
    pub fn frame(&self, mfn: Mfn) -> String {
        match self.world.frames.iter().any(|f| f.1 == mfn) || !mfn.is_valid() {
            true => self.world.frame_name(mfn),
            false => format!("frame {mfn}"),
        }
    }

    /// The level that a word is read at as an entry; none if it lies in no reachable table.
    pub fn level(&self, w: Word) -> Option<u8> {
        table_of(&self.tables, w).map(|t| t.0.level)
    }

    /// What a word holds: an entry's type and frame where it is one, a count, an owner, else a number.
    pub fn value(&self, w: Word, v: u64) -> String {
        match (self.level(w), self.world.map.frame_record(w)) {
            (Some(level), _) => self.entry(level, v),
            (None, Some((_, at))) => record_value(self.world.format, at, v),
            (None, None) => number(v),
        }
    }

    /// An entry in few words: `ram_rw at M`, `a table in frame 0x3`, `empty`.
    pub fn entry(&self, level: u8, v: u64) -> String {
        match self.world.format.decode(level, v) {
            Decoded::Empty => "empty".into(),
            Decoded::Table { mfn } => format!("a link to the table in frame {mfn}"),
            Decoded::Leaf(leaf) if leaf.mfn.is_valid() => format!("{} at {}", leaf.ty, self.frame(leaf.mfn)),
            Decoded::Leaf(leaf) => leaf.ty.to_string(),
            Decoded::Misconfigured { .. } => format!("the bits {v:#x}, which are no entry"),
        }
    }

    fn domain_word(&self, w: Word) -> String {
        for (slot, d) in self.world.domains.iter().enumerate() {
            let found = DOM_WORDS.iter().find(|(word, _)| self.world.map.dom(slot as u8, *word) == w);
            if let Some((_, name)) = found {
                return format!("{name} of {}", d.name);
            }
        }
        "a domain's record".into()
    }
}

/// A number as people read it: small ones in tens, others by their bits.
pub(super) fn number(v: u64) -> String {
    match v {
        u64::MAX => "none".into(),
        0..=9999 => v.to_string(),
        _ => format!("{v:#x}"),
    }
}

/// A gfn with the size of what is mapped there, if that is more than a frame.
pub(super) fn mapped(g: DomGfn, order: Order) -> String {
    match order {
        Order::K4 => g.to_string(),
        Order::M2 => format!("{g} (2 MB)"),
        _ => format!("{g} (1 GB)"),
    }
}

const DOM_WORDS: &[(DomWord, &str)] = &[
    (DomWord::Global, "the word of the p2m lock"),
    (DomWord::MaxMapped, "max_mapped"),
    (DomWord::TotPages, "tot_pages"),
    (DomWord::PagedPages, "paged_pages"),
    (DomWord::EntryCount, "entry_count"),
    (DomWord::Dying, "the dying mark"),
    (DomWord::Crashed, "the crashed mark"),
    (DomWord::HasRing, "the ring mark"),
    (DomWord::LogDirty, "the log-dirty mark"),
    (DomWord::Nested, "the word of the nestedp2m lock"),
    (DomWord::Grant, "the word of the grant lock"),
    (DomWord::Pod, "the word of the pod lock"),
    (DomWord::PageAlloc, "the word of the page_alloc lock"),
    (DomWord::Paging, "the word of the paging lock"),
    (DomWord::Structure, "the word of the structure lock"),
    (DomWord::ListHead, "the head of the page list"),
    (DomWord::ListTail, "the tail of the page list"),
    (DomWord::CacheCount, "the number of frames in the cache"),
    (DomWord::PodTarget, "the populate-on-demand target"),
    (DomWord::DirtyTop, "the top of the log-dirty bitmap"),
    (DomWord::DirtyLost, "the mark of lost dirty bits"),
    (DomWord::NrForeign, "nr_foreign"),
    (DomWord::NextForeign, "the place at which giving foreign frames up goes on"),
    (DomWord::PodSuperHead, "the head of the cache's superpages"),
    (DomWord::PodSuperTail, "the tail of the cache's superpages"),
    (DomWord::PodSingleHead, "the head of the cache's single pages"),
    (DomWord::PodSingleTail, "the tail of the cache's single pages"),
    (DomWord::PodReclaimSingle, "the place that the sweep has got to"),
    (DomWord::PodMaxGuest, "the highest gfn populated"),
    (DomWord::DomainRef, "the references to the domain"),
    (DomWord::ShrPages, "the number of shares"),
    (DomWord::RingPage, "the page of the paging ring"),
    (DomWord::SharedPage, "the page beside the paging ring"),
    (DomWord::NextShared, "the place that giving up shares has got to"),
    (DomWord::ShareEnomem, "the event that there was no memory to unshare with"),
];

fn record(at: u8) -> &'static str {
    ["count", "type", "owner", "m2p", "next link", "previous link", "use", "sharing record"]
        .get(at as usize)
        .copied()
        .unwrap_or("record")
}

/// What a word of a frame's record says.
fn record_value(format: Format, at: u8, v: u64) -> String {
    const COUNT: u8 = FrameWord::Count as u8;
    const TYPE: u8 = FrameWord::Type as u8;
    const OWNER: u8 = FrameWord::Owner as u8;
    const M2P: u8 = FrameWord::M2p as u8;
    match at {
        COUNT if v & PGC_ALLOCATED != 0 => format!("{}, allocated", count(v)),
        COUNT => format!("{}, not allocated", count(v)),
        TYPE => format!("{}, {} typed", type_name(format, v), v & PGT_COUNT),
        OWNER => match owner_of_word(v) {
            DomId::NOBODY => "nobody".into(),
            dom => format!("domain {dom}"),
        },
        M2P if v == M2P_SHARED => "shared".into(),
        M2P if v != M2P_INVALID => DomGfn::from_word(v).to_string(),
        _ => number(v),
    }
}

/// The type in a type_info.
pub(super) fn type_name(format: Format, type_info: u64) -> String {
    let ty = TypeBits::of(format).get(type_info);
    let name = Pgt::from_word(ty as u64).unwrap_or(Pgt::None).name();
    name.trim_start_matches("pgt_").into()
}
