//! The frames of the machine: who counts each, what it is, who owns it.

use super::naming::type_name;
use super::tables::tables;
use crate::addr::{ActorId, DomGfn, DomId, FRAME_WORDS, Mfn, Word};
use crate::entry::P2mType;
use crate::machine::frames::{M2P_SHARED, PGC_ALLOCATED, PGT_COUNT, count, is_free, owner, used_as, was_freed};
use crate::machine::{DomWord, FrameUse, FrameWord, Words, World, grants, kept, pod, sharing};
use crate::perform::PIN_COUNT;
use crate::sched::Run;
use crate::sim::Code;
use crate::watch::survey::Survey;
use std::collections::HashMap;

/// A named share of a frame's count.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct HolderView {
    /// `allocation`, `V0 get 1:0x10`, `V0 reference`, `shared 1:0x11`, `foreign 2:0x20`.
    pub text: String,
    /// The actor, where it is one's.
    pub actor: Option<u8>,
    /// How many references.
    pub count: u64,
}

/// A frame of memory that is not free.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct FrameView {
    /// Its number.
    pub mfn: u64,
    /// Its name, else its number.
    pub name: String,
    /// Its references.
    pub count: u64,
    /// Whether it is allocated.
    pub allocated: bool,
    /// The named holders.
    pub holders: Vec<HolderView>,
    /// References that no named holder has: more than 0 is a leak, fewer an early release.
    pub unnamed: i64,
    /// Its type: `none`, `writable`, `shared`, `l1`, `seg`.
    pub ty: String,
    /// Its typed references.
    pub type_count: u64,
    /// Its owner's number, or `cow`, `nobody`.
    pub owner: String,
    /// The gfn that m2p names; none where it names none.
    pub m2p: Option<u64>,
    /// The number of the domain whose gfn that is.
    pub m2p_domain: Option<u16>,
    /// The first word of its page.
    pub content: u64,
    /// Whether the last step changed its record or its first word.
    pub changed: bool,
}

/// A page that is used as a table or for locks.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct TableView {
    /// Its frame.
    pub mfn: u64,
    /// Whose, by the domain's place in the world.
    pub slot: u8,
    /// Its level, if it can be reached from the root; none for a page of locks or an unreachable table.
    pub level: Option<u8>,
    /// Whether it is a page of range locks.
    pub locks: bool,
    /// Entries that are not zero.
    pub used: u64,
}

/// A frame or table that was freed.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct FreedView {
    /// Its number.
    pub mfn: u64,
    /// Its name, else its number.
    pub name: String,
    /// The step that freed it.
    pub step: usize,
    /// Whose step.
    pub actor: u8,
    /// Whether it was a table.
    pub table: bool,
}

/// The populate-on-demand cache of a domain.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct PodView {
    /// The domain's number.
    pub domain: u16,
    /// The frames that wait to be handed out: the first few by name.
    pub frames: Vec<String>,
    /// How many there are.
    pub cached: u64,
    /// How many numbers are promised and not populated (`entry_count`).
    pub promised: u64,
    /// How many frames the domain is to have.
    pub target: u64,
    /// Whether the last step changed any of that.
    pub changed: bool,
}

/// Frames of a cache that are named.
const CACHED: usize = 6;

/// The frames that are in use and those that were.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Frames {
    /// Memory, lowest first.
    pub frames: Vec<FrameView>,
    /// Tables and lock pages, lowest first.
    pub tables: Vec<TableView>,
    /// What was freed and is still free, last first.
    pub freed: Vec<FreedView>,
    /// Free frames of the heap.
    pub free: u64,
    /// The caches of domains that have something in them, or have promised something.
    pub pods: Vec<PodView>,
}

/// The frames of the machine.
pub fn frames<C: Code>(run: &mut Run<C>) -> Frames {
    let world = run.world().clone();
    let wrote: Vec<u32> = run.last_event().map_or(Vec::new(), |e| e.wrote.iter().map(|w| w.0.0).collect());
    let reachable = tables(run.words(), &world);
    let mut out = Frames {
        frames: Vec::new(),
        tables: Vec::new(),
        freed: freed(run, &world),
        free: 0,
        pods: pods(run, &world, &wrote),
    };
    for mfn in (0..world.map.frames() as u64).map(Mfn) {
        match used_as(run.words(), &world, mfn) {
            FrameUse::Memory if is_free(run.words(), &world, mfn) => {
                let (i, bit) = ((mfn.0 / 64) as u32, mfn.0 % 64);
                out.free += run.words().get(world.map.free_map(None, i)) >> bit & 1;
            }
            // Xen's own page is no memory that anybody can count.
            FrameUse::Memory if owner(run.words(), &world, mfn) == DomId::XEN => {}
            FrameUse::Memory => out.frames.push(frame(run, &world, mfn, &wrote)),
            FrameUse::Pool { .. } | FrameUse::Dirty { .. } => {}
            FrameUse::Table { slot } => {
                let level = reachable.iter().find(|t| t.mfn == mfn && t.slot == slot).map(|t| t.level);
                out.tables.push(table(run.words(), &world, mfn, slot, level, false));
            }
            FrameUse::Locks { slot } => out.tables.push(table(run.words(), &world, mfn, slot, None, true)),
        }
    }
    out
}

fn pods<C: Code>(run: &mut Run<C>, world: &World, wrote: &[u32]) -> Vec<PodView> {
    let mut all = Vec::new();
    for (slot, d) in (0..).zip(&world.domains) {
        let cache = pod::cached(run.words(), world, slot);
        let words = [DomWord::CacheCount, DomWord::EntryCount, DomWord::PodTarget].map(|w| world.map.dom(slot, w));
        let [cached, promised, target] = words.map(|w| run.words().get(w));
        if cache.is_empty() && promised == 0 && target == 0 {
            continue;
        }
        let frames = cache.iter().take(CACHED).map(|&mfn| world.frame_name(mfn)).collect();
        let changed = words.iter().any(|w| wrote.contains(&w.0));
        all.push(PodView { domain: d.id.0, frames, cached, promised, target, changed });
    }
    all
}

fn table<W: Words>(m: &mut W, world: &World, mfn: Mfn, slot: u8, level: Option<u8>, locks: bool) -> TableView {
    let used = (0..FRAME_WORDS).filter(|&i| world.map.page(mfn, i).is_some_and(|w| m.get(w) != 0)).count() as u64;
    TableView { mfn: mfn.0, slot, level, locks, used }
}

fn frame<C: Code>(run: &mut Run<C>, world: &World, mfn: Mfn, wrote: &[u32]) -> FrameView {
    let word = |w| world.map.frame(mfn, w);
    let content_at = world.map.page(mfn, 0);
    let m = run.words();
    let mut get = |w: Option<Word>| w.map_or(0, |w| m.get(w));
    let (count_info, type_info) = (get(word(FrameWord::Count)), get(word(FrameWord::Type)));
    let (m2p, content) = (get(word(FrameWord::M2p)), get(content_at));
    let m2p = (m2p < M2P_SHARED).then(|| DomGfn::from_word(m2p));
    let allocated = count_info & PGC_ALLOCATED != 0;
    let holders = holders(run, world, mfn, allocated);
    let named = holders.iter().map(|h| h.count).fold(0, u64::saturating_add);
    let record = wrote.iter().any(|&w| world.map.frame_record(Word(w)).is_some_and(|r| r.0 == mfn));
    FrameView {
        mfn: mfn.0,
        name: world.frame_name(mfn),
        count: count(count_info),
        allocated,
        holders,
        unnamed: count(count_info) as i64 - named as i64,
        ty: type_name(world.format, type_info),
        type_count: type_info & PGT_COUNT,
        owner: owner(run.words(), world, mfn).to_string(),
        m2p: m2p.map(|g| g.gfn.0),
        m2p_domain: m2p.map(|g| g.dom.0),
        content,
        changed: record || content_at.is_some_and(|w| wrote.contains(&w.0)),
    }
}

/// The allocation, then each actor's gets and other references, then what holds the frame beside actors: who shares it,
/// grants that are mapped, what the hypervisor keeps, foreign entries.
fn holders<C: Code>(run: &mut Run<C>, world: &World, mfn: Mfn, allocated: bool) -> Vec<HolderView> {
    let mut all = Vec::new();
    if allocated {
        all.push(HolderView { text: "allocation".into(), actor: None, count: 1 });
    }
    for a in world.actor_ids() {
        let of = |text: String, count| HolderView { text, actor: Some(a.0), count };
        let name = world.actor_name(a);
        for (key, held) in world.map.pins(a).pairs(run.words()) {
            if held & (PIN_COUNT - 1) == mfn.0 {
                all.push(of(format!("{name} get {}", DomGfn::from_word(key)), held / PIN_COUNT));
            }
        }
        if let Some(n) = world.map.refs(a).get(run.words(), mfn.0) {
            all.push(of(format!("{name} reference"), n));
        }
    }
    let beside = |text: String, count| HolderView { text, actor: None, count };
    let m = run.words();
    all.extend(sharing::rmap(m, world, mfn).into_iter().map(|g| beside(format!("shared {g}"), 1)));
    let of_pins = [("granted", grants::pins(m, world, mfn).0), ("kept by the hypervisor", kept::pins(m, world, mfn).0)];
    all.extend(of_pins.into_iter().filter(|p| p.1 > 0).map(|(text, n)| beside(text.into(), n)));
    // Foreign entries are found only by going through all tables, so only where somebody is missing.
    let is = count(world.map.frame(mfn, FrameWord::Count).map_or(0, |w| m.get(w)));
    if is > all.iter().map(|h| h.count).fold(0, u64::saturating_add) {
        let survey = Survey::take(m, world);
        let foreign = survey.frames(world).filter(|f| f.1 == mfn && f.2.ty == P2mType::MapForeign);
        all.extend(foreign.map(|f| beside(format!("foreign {}", f.0), 1)));
    }
    all
}

/// What the steps so far have freed and nobody has taken since.
fn freed<C: Code>(run: &mut Run<C>, world: &World) -> Vec<FreedView> {
    let mut freed: Vec<(Mfn, usize, ActorId, bool)> = Vec::new();
    // What each word of the frame table holds after the event that is looked at, going back from now.
    let mut after: HashMap<Word, u64> = HashMap::new();
    let (past, memory) = (run.past(), run.sim().memory());
    for e in past.iter().rev() {
        for &(word, old) in &e.wrote {
            let Some((mfn, w)) = world.map.frame_record(word) else { continue };
            let new = after.insert(word, old).unwrap_or_else(|| memory.peek(word));
            if was_freed(w, old, new) && !freed.iter().any(|f| f.0 == mfn) {
                freed.push((mfn, e.step, e.actor, w == FrameWord::Use as u8));
            }
        }
    }
    let mut all = Vec::new();
    for (mfn, step, actor, table) in freed {
        if still_free(run, world, mfn) {
            all.push(FreedView { mfn: mfn.0, name: world.frame_name(mfn), step, actor: actor.0, table });
        }
    }
    all
}

fn still_free<C: Code>(run: &mut Run<C>, world: &World, mfn: Mfn) -> bool {
    match used_as(run.words(), world, mfn) {
        FrameUse::Memory => is_free(run.words(), world, mfn),
        FrameUse::Pool { .. } => true,
        FrameUse::Table { .. } | FrameUse::Locks { .. } | FrameUse::Dirty { .. } => false,
    }
}
