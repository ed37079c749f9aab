//! Page-modification logging: a processor that writes through an entry for the first time notes the gfn by itself, in a page
//! of its own (Intel SDM volume 3, "Page-Modification Logging"; Xen since 2015, `vmx_vcpu_enable_pml`).
//!
//! An entry whose dirty flag is clear makes the processor log the gfn and set the flag, before it writes. It does both
//! to the entry in the table: where that is no longer what its TLB holds it walks again. When the page is full it leaves
//! to the hypervisor instead, and has written nothing. Each vCPU's page of 512 entries lies behind all other frames
//! ([`World::pml`]); its record says how many there are.
//!
//! Protocol: all of this happens while the vCPU's TLB is in use ([`tlb`]), and so does taking the entries out, so that
//! neither loses the other's. Those that are taken out are marked in the bitmap in the same effect, under the paging lock:
//! a write is always in the one or in the other (I25).

use super::dirty::{self, DirtyAct};
use super::record::ActorWord;
use super::words::Words;
use super::world::{Kind, World};
use super::{pte, tlb};
use crate::addr::{ActorId, DomGfn, FRAME_WORDS, Word};

/// What became of a write's note.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Noted {
    /// None is needed, or it is noted: the entry as it is now.
    Yes(u64),
    /// The page is full.
    Full,
    /// The table has another entry than the TLB.
    Changed,
}

/// A word of an actor's page; none in a world without.
fn word(world: &World, a: ActorId, i: u64) -> Option<Word> {
    world.map.page(world.pml?.plus(a.0 as u64), i)
}

/// Notes a write of a vCPU through an entry that its TLB holds, if the entry is clean.
#[inline(always)]
pub fn note<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn, entry: u64, level: u8) -> Noted {
    let Some(slot) = world.slot(g.dom) else { return Noted::Yes(entry) };
    if !world.logs(slot) || !world.format.is_clean(entry) || world.actors[me.0 as usize].kind != Kind::Vcpu {
        return Noted::Yes(entry);
    }
    let count = world.map.actor(me, ActorWord::PmlCount);
    let n = m.get(count);
    let (Some(at), true) = (word(world, me, n), n < FRAME_WORDS) else { return Noted::Full };
    let Some(pte) = pte::find(m, world, g, level) else { return Noted::Changed };
    let dirty = world.format.with_dirty(entry);
    if m.get(pte) != entry {
        return Noted::Changed;
    }
    // Logged before the flag is set, so that whoever finds the flag finds the note.
    m.set(at, g.to_word());
    m.set(count, n + 1);
    if m.cas(pte, entry, dirty) == entry { Noted::Yes(dirty) } else { Noted::Changed }
}

/// Whether a write to `g` is noted in somebody's page.
pub fn has<W: Words>(m: &mut W, world: &World, g: DomGfn) -> bool {
    world.pml.is_some()
        && world.actor_ids().any(|a| {
            let n = m.get(world.map.actor(a, ActorWord::PmlCount));
            (0..n).any(|i| word(world, a, i).is_some_and(|w| m.get(w) == g.to_word()))
        })
}

/// Takes all entries out of an actor's page and marks them, if writes are noted; gives how many. An entry of another
/// domain stays out of the bitmap: the processor logs what its own tables map.
pub fn drain<W: Words>(m: &mut W, world: &World, me: ActorId, slot: u8, of: ActorId) -> u64 {
    let mut n = 0;
    tlb::exclusively(m, world, of, |m| {
        let count = world.map.actor(of, ActorWord::PmlCount);
        n = m.get(count);
        for at in (0..n).filter_map(|i| word(world, of, i)) {
            let g = DomGfn::from_word(m.get(at));
            if world.slot(g.dom) == Some(slot) {
                dirty::act(m, world, me, DirtyAct::Mark { slot, gfn: g.gfn });
            }
            m.set(at, 0);
        }
        if n > 0 {
            m.set(count, 0);
        }
    });
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::{DomId, Gfn, Order};
    use crate::entry::{Access, Format, P2mType};
    use crate::machine::{Actor, Builder, DomWord, NewDomain, NewMapping};

    /// A full page lets no write through, and loses none that it has.
    #[test]
    fn a_page_of_512_notes_is_full_and_drained_as_a_whole() {
        let builder = Builder {
            format: Format::Ept,
            pml: true,
            domains: vec![NewDomain { id: DomId(1), logdirty: true, ..NewDomain::default() }],
            actors: vec![Actor { name: "V".into(), kind: Kind::Vcpu, domain: DomId(1) }],
            mappings: vec![NewMapping {
                slot: 0,
                gfn: Gfn(0x10),
                order: Order::K4,
                ty: P2mType::RamLogdirty,
                access: Access::Rwx,
                name: None,
                content: 1,
                special: false,
            }],
            ..Builder::default()
        };
        let (world, first) = builder.build().unwrap();
        let mut m = first.to_vec();
        let (v, g) = (ActorId(0), DomGfn { dom: DomId(1), gfn: Gfn(0x10) });
        let pte = pte::find(&mut m, &world, g, 0).unwrap();
        let clean = m.get(pte);
        for i in 0..FRAME_WORDS {
            assert_eq!(note(&mut m, &world, v, g, clean, 0), Noted::Yes(world.format.with_dirty(clean)), "{i}");
            assert_eq!(note(&mut m, &world, v, g, clean, 0), if i == 511 { Noted::Full } else { Noted::Changed });
            m.set(pte, clean);
        }
        assert_eq!(note(&mut m, &world, v, g, clean, 0), Noted::Full);
        assert!(has(&mut m, &world, g) && !dirty::bit(&mut m, &world, 0, g.gfn));
        assert_eq!(drain(&mut m, &world, v, 0, v), 512);
        assert!(!has(&mut m, &world, g) && dirty::bit(&mut m, &world, 0, g.gfn));
        m.set(world.dom_word(0, DomWord::LogDirty), 0);
        assert_eq!(drain(&mut m, &world, v, 0, v), 0);
    }
}
