//! Rules of a frame's record: I2, I3, I9, I11, and those of rest that speak of one frame, gathered. Each reads the record
//! and what the index says of the frame; I9 the pins and references of all actors as well.

use super::index::{self, Maps};
use super::{Broken, Rule, Rules, dirty, pod, record, shared};
use crate::addr::{ActorId, DomGfn, DomId, Mfn};
use crate::machine::frames::{self, M2P_INVALID, PGC_ALLOCATED, count};
use crate::machine::{FrameWord, Words, World, grants, kept, sharing};
use crate::perform::PIN_COUNT;

/// I2: reads the frame's m2p. Where two map it, one of them is not what m2p says.
pub fn i2<W: Words>(m: &mut W, world: &World, mfn: Mfn, maps: &Maps) -> Option<Broken> {
    if maps.own == 0 {
        return None;
    }
    let m2p = record(m, world, mfn, FrameWord::M2p);
    let good = maps.own == 1 && m2p == maps.at;
    (!good).then(|| {
        let name = world.frame_name(mfn);
        let says = if m2p == M2P_INVALID { "none".into() } else { DomGfn::from_word(m2p).to_string() };
        let who = match maps.own {
            1 => {
                let g = DomGfn::from_word(maps.at);
                let ty = super::memory::translate(m, world, g).map_or("nothing", |l| l.ty.name());
                format!("{g} ({ty}) maps")
            }
            n => format!("{n} frame numbers map"),
        };
        Broken::of(Rule::I2, format!("{who} frame {name}, whose m2p is {says}"))
    })
}

/// I3: reads the index alone.
pub fn i3<W: Words>(m: &mut W, world: &World, mfn: Mfn, maps: &Maps) -> Option<Broken> {
    (maps.own > 1).then(|| {
        let s = super::survey::Survey::take(m, world);
        let at: Vec<_> = s
            .frames(world)
            .filter(|f| f.1 == mfn && index::own_memory(f.2.ty))
            .take(2)
            .map(|f| f.0.to_string())
            .collect();
        Broken::of(Rule::I3, format!("{} both map frame {}", at.join(" and "), world.frame_name(mfn)))
    })
}

/// I9: reads the frame's count, the pins of gets, the references that watchers have seen taken, and how many
/// share it, map it as a foreign frame or through a grant, or keep it for the hypervisor.
pub fn i9<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<Broken> {
    let info = record(m, world, mfn, FrameWord::Count);
    let held: u64 = world.actor_ids().map(|a| pins(m, world, a, mfn) + refs(m, world, a, mfn)).sum();
    let foreign = index::maps(m, world, mfn).foreign;
    let granted = grants::pins(m, world, mfn).0;
    let kept = kept::pins(m, world, mfn).0;
    let own = (info & PGC_ALLOCATED != 0) as u64;
    // What stands there may be any number.
    let of = [held, sharing::len(m, world, mfn), foreign, granted, kept];
    let should = of.into_iter().fold(own, u64::saturating_add);
    (count(info) != should).then(|| {
        let (name, is) = (world.frame_name(mfn), count(info));
        Broken::of(Rule::I9, format!("frame {name} has count {is}, and {should} hold it"))
    })
}

/// I11: reads the frame's count and owner.
pub fn i11<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<Broken> {
    let info = record(m, world, mfn, FrameWord::Count);
    let why = if info & PGC_ALLOCATED != 0 && count(info) == 0 {
        "is allocated and has no count"
    } else if count(info) > 0 && frames::owner(m, world, mfn) == DomId::NOBODY {
        "is counted and has no owner"
    } else {
        return None;
    };
    Some(Broken::of(Rule::I11, format!("frame {} {why}", world.frame_name(mfn))))
}

/// The rules of rest that a frame breaks, in words.
pub fn at_rest<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Vec<Broken> {
    let maps = index::maps(m, world, mfn);
    let all = [
        i2(m, world, mfn, &maps),
        i9(m, world, mfn),
        shared::i10(m, world, mfn),
        shared::i15(m, world, mfn, &maps),
        shared::i16(m, world, mfn),
        pod::i22_frame(m, world, mfn, &maps),
        dirty::i25(m, world, mfn, &maps),
    ];
    all.into_iter().flatten().collect()
}

/// The rules of rest that a frame breaks.
pub fn rules_at_rest<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Rules {
    at_rest(m, world, mfn).iter().fold(Rules::NONE, |set, b| set.with(b.rule))
}

/// How many pins the actor's gets have on a frame.
fn pins<W: Words>(m: &mut W, world: &World, a: ActorId, mfn: Mfn) -> u64 {
    m.note(world.map.holders(mfn));
    m.hush(true);
    let pins = world.map.pins(a);
    let mut n = 0;
    for i in 0..pins.len(m) {
        let (_, held) = pins.pair(m, i);
        n += if held & (PIN_COUNT - 1) == mfn.0 { held / PIN_COUNT } else { 0 };
    }
    m.hush(false);
    n
}

/// How many references beyond pins the actor holds on a frame.
fn refs<W: Words>(m: &mut W, world: &World, a: ActorId, mfn: Mfn) -> u64 {
    held_by_key(m, world, a, mfn.0)
}

/// The same by the key under which they are kept: what matters is the frame, not where its pair stands.
pub(super) fn held_by_key<W: Words>(m: &mut W, world: &World, a: ActorId, key: u64) -> u64 {
    m.note(world.map.holders(Mfn(super::memory::frame_of_key(key))));
    m.hush(true);
    let n = world.map.refs(a).get(m, key).unwrap_or(0);
    m.hush(false);
    n
}

/// Who holds references on a frame beyond its allocation: the actor, how many, and whether its gets do.
pub fn holders<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Vec<(ActorId, u64, bool)> {
    let all = world.actor_ids().flat_map(|a| [(a, pins(m, world, a, mfn), true), (a, refs(m, world, a, mfn), false)]);
    all.filter(|h| h.1 > 0).collect()
}
