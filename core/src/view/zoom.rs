//! A cell of 2 MB from near: its 512 numbers of 4 KB, each with what its entry says.

use crate::addr::{DomGfn, FRAME_WORDS, Gfn, Order};
use crate::entry::Decoded;
use crate::machine::{Words, pte};
use crate::perform::PIN_COUNT;
use crate::sched::Run;
use crate::sim::Code;

/// One number of 4 KB.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Spot {
    /// Its type's place in [`Zoom::types`]; none where nothing is mapped.
    pub ty: Option<u8>,
    /// Whether the last step changed its entry.
    pub changed: bool,
    /// References that gets of it hold.
    pub pins: u64,
}

/// Neighbours of which the same is to be said.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Stretch {
    /// The first gfn.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// The type; `empty` where nothing is mapped.
    pub ty: String,
    /// The frame of the first, where it has one.
    pub frame: Option<String>,
    /// Whether the last step changed any of them.
    pub changed: bool,
}

/// A cell from near.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Zoom {
    /// The domain's place in the world.
    pub slot: u8,
    /// The domain's number.
    pub domain: u16,
    /// Which 2 MB from the bottom of the address space.
    pub index: u64,
    /// Its first gfn.
    pub first_gfn: u64,
    /// The order of the one leaf that maps all of it, 9 or 18; none where it has a table of its own, or nothing.
    pub whole: Option<u8>,
    /// The types that are met in it.
    pub types: Vec<String>,
    /// Its numbers, lowest first: 512.
    pub spots: Vec<Spot>,
    /// The same as stretches, lowest first.
    pub stretches: Vec<Stretch>,
}

/// The 2 MB around a gfn; none if there is no such domain or no such gfn.
pub fn zoom<C: Code>(run: &mut Run<C>, slot: u8, gfn: u64) -> Option<Zoom> {
    let world = run.world().clone();
    let domain = world.domains.get(slot as usize)?;
    Gfn(gfn).fits().then_some(())?;
    let (index, dom) = (gfn >> Order::M2.bits(), domain.id);
    let first_gfn = index << Order::M2.bits();
    let wrote: Vec<u32> = run.last_event().map_or(Vec::new(), |e| e.wrote.iter().map(|w| w.0.0).collect());
    let mut out = Zoom {
        slot,
        domain: dom.0,
        index,
        first_gfn,
        whole: None,
        types: Vec::new(),
        spots: Vec::with_capacity(FRAME_WORDS as usize),
        stretches: Vec::new(),
    };
    let mut pins = std::collections::HashMap::new();
    for a in world.actor_ids() {
        for (key, held) in world.map.pins(a).pairs(run.words()) {
            *pins.entry(key).or_insert(0) += held / PIN_COUNT;
        }
    }
    for gfn in first_gfn..first_gfn + Order::M2.frames() {
        let g = DomGfn { dom, gfn: Gfn(gfn) };
        // The deepest entry that its walk reaches.
        let found = (0..4).find_map(|level| Some((level, pte::find(run.words(), &world, g, level)?)));
        let Some((level, word)) = found else { continue };
        let entry = run.words().get(word);
        let (ty, frame) = match world.format.decode(level, entry) {
            Decoded::Leaf(leaf) => {
                out.whole = (leaf.order != Order::K4).then_some(leaf.order.bits());
                let mfn = leaf.mfn.plus(g.gfn.offset(leaf.order));
                (Some(leaf.ty.to_string()), mfn.is_valid().then(|| world.frame_name(mfn)))
            }
            Decoded::Misconfigured { .. } => (Some("no entry".to_string()), None),
            _ => (None, None),
        };
        let changed = wrote.contains(&word.0);
        let place = ty.as_ref().map(|ty| {
            out.types.iter().position(|it| it == ty).unwrap_or_else(|| {
                out.types.push(ty.clone());
                out.types.len() - 1
            }) as u8
        });
        out.spots.push(Spot { ty: place, changed, pins: pins.get(&g.to_word()).copied().unwrap_or(0) });
        let ty = ty.unwrap_or_else(|| "empty".to_string());
        match out.stretches.last_mut().filter(|it| it.ty == ty) {
            Some(last) => (last.count, last.changed) = (last.count + 1, last.changed || changed),
            None => out.stretches.push(Stretch { first: gfn, count: 1, ty, frame, changed }),
        }
    }
    Some(out)
}
