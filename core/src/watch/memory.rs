//! References and guest memory as the watchers remember them: who holds which frame, and what each guest wrote last.

use super::{Broken, Rule};
use crate::addr::{ActorId, DomGfn, DomId, Mfn, Word};
use crate::entry::{Decoded, Leaf, P2mType};
use crate::machine::grants::GrantAct;
use crate::machine::kept::KeptAct;
use crate::machine::refs::{Dropped, RefsAct};
use crate::machine::sharing::{Kept, SharingAct};
use crate::machine::tlb::{Access, Outcome};
use crate::machine::{FrameUse, FrameWord, Region, Words, World, frames, sharing};
use crate::sim::Memory;
use crate::step::{Act, Effect};

/// Typed references stand in an actor's list of references under the frame's number with this bit.
const TYPED: u64 = 1 << 40;

/// Notes references taken and dropped beyond the pins of gets, typed ones apart. A reference that another actor drops
/// was handed over: it is the lowest other holder's. A sharing tuple takes over a reference of each kind from whoever
/// adds it, and hands them to whoever takes it out; so does a grant with those of each
/// mapping, and a place where the hypervisor keeps a page.
pub fn references<W: Words>(m: &mut W, world: &World, a: ActorId, e: &Effect, result: u64) {
    let Effect::Act(act) = *e else { return };
    match act {
        Act::GetPage { mfn, .. } if result == 1 => taken(m, world, a, mfn.0, 1),
        Act::PutPage(mfn) => dropped(m, world, a, mfn.0),
        Act::Refs(RefsAct::GetType { mfn, .. }) if result == 1 => taken(m, world, a, mfn.0 | TYPED, 1),
        Act::Refs(RefsAct::PutType(mfn)) if Dropped::from_word(result) == Dropped::Yes => {
            dropped(m, world, a, mfn.0 | TYPED);
        }
        Act::Grant(GrantAct::Pin { mfn, write, .. }) => {
            dropped(m, world, a, mfn.0);
            if write {
                dropped(m, world, a, mfn.0 | TYPED);
            }
        }
        Act::Grant(GrantAct::Unpin { write, .. }) if result > 0 => {
            taken(m, world, a, result - 1, 1);
            if write {
                taken(m, world, a, (result - 1) | TYPED, 1);
            }
        }
        Act::Kept(KeptAct::Keep { at, mfn }) if result == 1 => {
            dropped(m, world, a, mfn.0);
            if at.typed() {
                dropped(m, world, a, mfn.0 | TYPED);
            }
        }
        Act::Kept(KeptAct::GiveUp(at)) if result > 0 => {
            taken(m, world, a, result - 1, 1);
            if at.typed() {
                taken(m, world, a, (result - 1) | TYPED, 1);
            }
        }
        Act::Sharing(SharingAct::Free(mfn)) if result > 0 => handed(m, world, a, mfn, result - 1),
        Act::Sharing(sharing) if Kept::from_word(result) == Kept::Yes => match sharing {
            SharingAct::Insert { mfn, .. } => left(m, world, a, mfn),
            SharingAct::Remove { mfn, .. } => handed(m, world, a, mfn, 1),
            SharingAct::Move { from, to, .. } => {
                handed(m, world, a, from, 1);
                left(m, world, a, to);
            }
            _ => {}
        },
        _ => {}
    }
}

/// How many typed references on the frame an actor holds.
pub fn typed<W: Words>(m: &mut W, world: &World, a: ActorId, mfn: Mfn) -> u64 {
    super::frames::held_by_key(m, world, a, mfn.0 | TYPED)
}

/// The frame that a key in an actor's list of references stands for.
pub fn frame_of_key(key: u64) -> u64 {
    key & !TYPED
}

fn taken<W: Words>(m: &mut W, world: &World, a: ActorId, key: u64, n: u64) {
    let refs = world.map.refs(a);
    let had = refs.get(m, key).unwrap_or(0);
    refs.put(m, key, had + n);
}

fn dropped<W: Words>(m: &mut W, world: &World, a: ActorId, key: u64) {
    let holds = |m: &mut W, b: ActorId| world.map.refs(b).get(m, key).map(|n| (world.map.refs(b), n));
    let own = holds(m, a);
    match own.or_else(|| world.actor_ids().find_map(|b| holds(m, b))) {
        Some((refs, 1)) => drop(refs.take(m, key)),
        Some((refs, n)) => drop(refs.put(m, key, n - 1)),
        None => {}
    }
}

/// A sharing tuple's references of both kinds become the actor's.
fn handed<W: Words>(m: &mut W, world: &World, a: ActorId, mfn: Mfn, n: u64) {
    if n > 0 {
        taken(m, world, a, mfn.0, n);
        taken(m, world, a, mfn.0 | TYPED, n);
    }
}

/// The actor's become a tuple's.
fn left<W: Words>(m: &mut W, world: &World, a: ActorId, mfn: Mfn) {
    dropped(m, world, a, mfn.0);
    dropped(m, world, a, mfn.0 | TYPED);
}

/// The entry that ends a walk to `g`, with its level, read without effects; none for an unknown domain or a table
/// beyond the machine.
pub fn walked<W: Words>(m: &mut W, world: &World, g: DomGfn) -> Option<(u64, u8)> {
    let mut table = world.domain(world.slot(g.dom)?).root;
    let mut level = 3;
    loop {
        let entry = m.get(world.map.page(table, g.gfn.index(level))?);
        match world.format.decode(level, entry) {
            Decoded::Table { mfn } if level > 0 => {
                table = mfn;
                level -= 1;
            }
            _ => return Some((entry, level)),
        }
    }
}

/// The leaf that translates `g` now, read without effects.
pub fn translate<W: Words>(m: &mut W, world: &World, g: DomGfn) -> Option<Leaf> {
    let (entry, level) = walked(m, world, g)?;
    world.leaf_of(g, entry, level)
}

/// The first word of a frame.
fn content<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<u64> {
    world.map.page(mfn, 0).map(|w| m.get(w))
}

/// Keeps what each guest wrote last, and compares what a guest reads, or what is paged out, with it.
pub fn guest(
    m: &mut Memory,
    world: &World,
    mark: usize,
    a: ActorId,
    e: &Effect,
    result: [u64; 2],
    broken: &mut Vec<Broken>,
) {
    let last = world.map.guest_memory();
    let mut lost = |g: DomGfn, found: u64, wrote: u64, how: &str| {
        let why = format!("the guest wrote {wrote:#x} at {g} and {how} {found:#x}");
        broken.push(Broken::by(a, Rule::LostWrite, why));
    };
    match *e {
        Effect::Act(Act::TlbAccess { g, access, .. } | Act::TlbWalk { g, access, .. }) => {
            if let Outcome::Done(v) = Outcome::from_words(result) {
                match access {
                    Access::Write(v) => {
                        last.put(m, g.to_word(), v);
                        if let Some(leaf) = translate(m, world, g) {
                            wrote(m, world, leaf.mfn, v);
                        }
                    }
                    Access::Read => {
                        if let Some(wrote) = last.get(m, g.to_word()).filter(|&w| w != v) {
                            lost(g, v, wrote, "reads");
                        }
                    }
                }
            }
        }
        Effect::Act(Act::SetEntry { entry, g, order, .. }) if result[1] == 0 => {
            let ty = match world.format.decode(order.level(), entry) {
                Decoded::Leaf(leaf) => leaf.ty,
                _ => P2mType::Invalid,
            };
            let old = world.format.decode(order.level(), result[0]);
            for (key, wrote) in last.pairs(m) {
                let at = DomGfn::from_word(key);
                if at.dom != g.dom || at.gfn.base(order) != g.gfn {
                    continue;
                }
                if ty == P2mType::RamPaged {
                    if let Decoded::Leaf(leaf) = old
                        && let Some(found) = content(m, world, leaf.mfn.plus(at.gfn.offset(order)))
                        && found != wrote
                    {
                        lost(at, found, wrote, "the page that goes out holds");
                    }
                } else if !ty.is_ram() || !matches!(old, Decoded::Leaf(leaf) if leaf.ty.is_ram() && leaf.mfn.is_valid())
                {
                    // A hole forgets, and what is mapped where no frame was begins anew.
                    last.take(m, key);
                }
            }
        }
        _ => stored(m, world, mark),
    }
}

/// `stray`: somebody has written to a page that another frame number shares, and whoever reads it there finds it changed. A
/// write breaks the sharing first; what reaches the page all the same went through something old. Not so while a page becomes
/// shareable: until the last old mapping is gone it is shared by the one that writes.
pub fn shared(m: &mut Memory, world: &World, mark: usize, a: ActorId, e: &Effect) -> Option<Broken> {
    let written: Vec<Word> = m.since(mark).iter().map(|w| Word(w.0)).collect();
    let through = match *e {
        Effect::Act(Act::TlbAccess { g, .. } | Act::TlbWalk { g, .. }) => Some(g),
        _ => None,
    };
    written.into_iter().filter(|&at| world.map.region(at) == Region::Page).map(Word::frame).find_map(|mfn| {
        if frames::used_as(m, world, mfn) != FrameUse::Memory || frames::owner(m, world, mfn) != DomId::COW {
            return None;
        }
        let mut others = sharing::rmap(m, world, mfn);
        // Who writes without a frame number is one of those who share the page, or should be.
        let own = through.map_or(Some(0), |g| others.iter().position(|&h| h == g));
        own.filter(|&i| i < others.len()).map(|i| others.remove(i));
        let other = others.first()?;
        let (who, name) = (world.actor_name(a), world.frame_name(mfn));
        Some(Broken::by(a, Rule::Stray, format!("{who} writes to frame {name}, which {other} shares")))
    })
}

/// A write to a frame counts for the gfn that m2p names, and for every other whose last value is remembered.
fn wrote(m: &mut Memory, world: &World, mfn: Mfn, v: u64) {
    let last = world.map.guest_memory();
    if let Some(g) = mapped_at(m, world, mfn) {
        last.put(m, g.to_word(), v);
    }
    for (key, was) in last.pairs(m) {
        let maps = |m: &mut Memory| translate(m, world, DomGfn::from_word(key)).is_some_and(|l| l.mfn == mfn);
        if was != v && maps(m) {
            last.put(m, key, v);
        }
    }
}

/// A write by the hypervisor to a page's first word counts for every gfn that maps the frame.
fn stored(m: &mut Memory, world: &World, mark: usize) {
    let written: Vec<u32> = m.since(mark).iter().map(|w| w.0).collect();
    for at in written.into_iter().map(Word) {
        if world.map.region(at) != Region::Page || at.0 % 512 != 0 {
            continue;
        }
        let mfn = at.frame();
        if frames::used_as(m, world, mfn) != FrameUse::Memory {
            continue;
        }
        let v = m.get(at);
        wrote(m, world, mfn, v);
    }
}

/// The gfn that maps a frame, by m2p, if that is true.
pub fn mapped_at<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<DomGfn> {
    let m2p = world.map.frame(mfn, FrameWord::M2p).map(|w| m.get(w))?;
    let g = DomGfn::from_word(m2p);
    let leaf = g.gfn.fits().then(|| translate(m, world, g))??;
    (leaf.mfn == mfn).then_some(g)
}

/// At the end: every value that a guest wrote last must be there, unless the page is out or gone.
pub fn at_end<W: Words>(m: &mut W, world: &World, broken: &mut Vec<Broken>) {
    for (key, wrote) in world.map.guest_memory().pairs(m) {
        let g = DomGfn::from_word(key);
        let leaf = translate(m, world, g).filter(|l| l.ty.is_ram() && l.mfn.is_valid());
        if let Some(found) = leaf.and_then(|l| content(m, world, l.mfn)).filter(|&f| f != wrote) {
            let why = format!("the guest wrote {wrote:#x} at {g} and at the end {found:#x} is there");
            broken.push(Broken { rule: Rule::LostWrite, actor: None, why });
        }
    }
}
