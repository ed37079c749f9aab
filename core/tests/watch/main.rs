//! The rules of words, each broken by writing words directly into a world that is built: exactly that rule is named,
//! with a sentence that says what is wrong and where. And worlds that are as they should be break none.

mod each;
mod labelled;
mod pod;
mod programs;
mod reports;
mod requests;
mod rounds;
mod sharing;

use p2mscope_core::addr::{ActorId, DomGfn, DomId, Gfn, Mfn, Order, Word};
use p2mscope_core::entry::{Access, Leaf, LeafCtx, P2mType};
use p2mscope_core::lesson::Lesson;
use p2mscope_core::lock::Lock;
use p2mscope_core::machine::frames::{PGC_ALLOCATED, PGC_FREE};
use p2mscope_core::machine::{DomWord, FrameUse, FrameWord, GhostWord, Words, World};
use p2mscope_core::watch::{Rule, entries, invariants, memory};
use std::sync::Arc;

/// A world that stands still: its words may be written as a test likes.
struct Still {
    world: Arc<World>,
    m: Vec<u64>,
}

impl Still {
    /// Domain 1 with this map, domain 2 with `N` at 0x10, a vCPU and a pager of domain 1.
    fn new(map: &str) -> Still {
        Still::with("tables = 1", map)
    }

    /// The same, with these keys of domain 1.
    fn with(keys: &str, map: &str) -> Still {
        let actor = |name, kind| {
            format!("[[actor]]\nname = '{name}'\nkind = '{kind}'\ndomain = 1\nprogram = 'n = load count(N)'\n")
        };
        let text = format!(
            "id = 'T'\ntitle = 'T'\ngoal = 'T'\nhints = ['a', 'b']\nworld = {{ free_frames = 2 }}\n\
             domain = [{{ id = 1, {keys}, map = '{map}' }}, {{ id = 2, map = '0x10 = N as ram_rw' }}]\n\
             frame = [{{ name = 'F', owner = 1 }}, {{ name = 'G' }}]\n\
             expect = [{{ version = 'before', policy = '2m', breach = 'none' }}]\n{}{}",
            actor("V0", "vcpu"),
            actor("PG", "pager"),
        );
        let l = Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"));
        let staged = l.stage("before", None, None).expect("it can be built");
        Still { m: staged.first.to_vec(), world: staged.world }
    }

    fn frame(&self, name: &str) -> Mfn {
        self.world.frames.iter().find(|f| f.0 == name).expect("the frame is named").1
    }

    fn record(&self, mfn: Mfn, w: FrameWord) -> Word {
        self.world.map.frame(mfn, w).expect("the machine has the frame")
    }

    /// The word of domain 1's table at `level` that `gfn` leads to.
    fn entry(&mut self, gfn: u64, level: u8) -> Word {
        self.entry_of(0, gfn, level)
    }

    /// The same for the domain at that place.
    fn entry_of(&mut self, slot: u8, gfn: u64, level: u8) -> Word {
        let mut table = self.world.domain(slot).root;
        for above in (level + 1..4).rev() {
            let word = self.world.map.page(table, Gfn(gfn).index(above)).expect("a table");
            table = self.world.format.mfn(self.m[word.0 as usize]);
        }
        self.world.map.page(table, Gfn(gfn).index(level)).expect("a table")
    }

    fn leaf(&self, ty: P2mType, mfn: Mfn, order: u64) -> u64 {
        let order = Order::new(order).expect("an order");
        self.world.format.leaf(&Leaf::new(ty, Access::Rwx, mfn, order), &LeafCtx::default())
    }

    /// Exactly these rules are broken, with sentences in which this is said.
    fn breaks(&mut self, rules: &[(Rule, &str)]) {
        let found = invariants::drained(&mut self.m, &self.world);
        assert_eq!(
            found.iter().map(|b| b.rule).collect::<Vec<_>>(),
            rules.iter().map(|r| r.0).collect::<Vec<_>>(),
            "{found:?}"
        );
        for (b, (_, says)) in found.iter().zip(rules) {
            each::seen(b.rule);
            assert!(b.why.contains(says), "{says:?} is not said: {}", b.why);
        }
    }
}

const RAM: &str = "0x10 = M as ram_rw; 0x11 = ram_ro";
const SUPER: &str = "0x200 = B as ram_rw order 9; 0x400 = C as ram_rw";

#[test]
fn healthy_worlds_break_nothing() {
    let all = "0x12 = ram_paged; 0x13 = populate_on_demand; 0x15 = ram_paging_out; 0x16 = mmio_dm; 0x17 = ram_broken; \
               0x800 = populate_on_demand order 9; 0x40010 = ram_rw with access_r";
    for map in ["", RAM, SUPER, &format!("{RAM}; {SUPER}; {all}")] {
        Still::new(map).breaks(&[]);
    }
}

#[test]
fn i1_is_a_frame_of_somebody_else_or_not_allocated() {
    let mut s = Still::new(RAM);
    let owner = s.record(s.frame("M"), FrameWord::Owner);
    s.m.set(owner, 3);
    s.breaks(&[(Rule::I1, "1:0x10 (ram_rw) maps frame M, which is allocated and owned by 2")]);
}

#[test]
fn i1_holds_of_each_frame_of_a_superpage() {
    let mut s = Still::new(SUPER);
    let owner = s.record(s.frame("B").plus(7), FrameWord::Owner);
    s.m.set(owner, 3);
    s.breaks(&[(Rule::I1, "1:0x207 (ram_rw) maps frame"), (Rule::I6, "inside a superpage 1:0x207")]);
}

#[test]
fn i2_is_an_m2p_that_names_another_gfn() {
    let mut s = Still::new(RAM);
    let m2p = s.record(s.frame("M"), FrameWord::M2p);
    s.m.set(m2p, DomGfn { dom: DomId(1), gfn: Gfn(0x99) }.to_word());
    s.breaks(&[(Rule::I2, "1:0x10 (ram_rw) maps frame M, whose m2p is 1:0x99")]);
}

#[test]
fn i3_is_one_frame_at_two_gfns_which_m2p_cannot_both_name() {
    let mut s = Still::new(RAM);
    let (at, entry) = (s.entry(0x20, 0), s.leaf(P2mType::RamRo, s.frame("M"), 0));
    s.m.set(at, entry);
    let max = s.world.dom_word(0, DomWord::MaxMapped);
    s.m.set(max, 0x21);
    s.breaks(&[(Rule::I3, "1:0x10 and 1:0x20 both map frame M"), (Rule::I2, "2 frame numbers map frame M")]);
}

#[test]
fn i4_is_a_leaf_or_a_tlb_that_maps_a_free_frame() {
    let mut s = Still::new(RAM);
    let (at, entry) = (s.entry(0x11, 0), s.leaf(P2mType::GrantMapRo, s.frame("G"), 0));
    s.m.set(at, entry);
    s.breaks(&[(Rule::I4, "1:0x11 maps frame G, which is free")]);

    let mut s = Still::new(RAM);
    let (key, entry) = (DomGfn { dom: DomId(1), gfn: Gfn(0x10) }, s.leaf(P2mType::RamRw, s.frame("G"), 0));
    let tlb = s.world.map.tlb(ActorId(0));
    tlb.put(&mut s.m, key.to_word(), entry);
    s.breaks(&[(Rule::I4, "the TLB of V0 still maps 1:0x10 to frame G, which is free")]);
}

#[test]
fn i4_and_i1_are_a_leaf_beyond_the_machine() {
    let mut s = Still::new(RAM);
    let (at, entry) = (s.entry(0x20, 0), s.leaf(P2mType::RamRw, Mfn(0x9999), 0));
    s.m.set(at, entry);
    let max = s.world.dom_word(0, DomWord::MaxMapped);
    s.m.set(max, 0x21);
    s.breaks(&[(Rule::I1, "no such frame"), (Rule::I4, "1:0x20 maps frame 0x9999")]);
}

#[test]
fn i5_is_a_bit_too_many_or_too_few() {
    for (gfn, ty) in [(0x10, "ram_rw"), (0x11, "ram_ro")] {
        let mut s = Still::new(RAM);
        let at = s.entry(gfn, 0);
        let was = s.m.get(at);
        s.m.set(at, was ^ 2);
        s.breaks(&[(Rule::I5, &format!("1:{gfn:#x} ({ty}) allows "))]);
    }
}

#[test]
fn i6_is_a_superpage_that_is_not_aligned() {
    let mut s = Still::new(SUPER);
    // A grant's, so that nothing else is asked of its frames but that they are there.
    let (at, entry) = (s.entry(0x200, 1), s.leaf(P2mType::GrantMapRw, s.frame("B").plus(1), 9));
    s.m.set(at, entry);
    s.breaks(&[(Rule::I6, "the superpage at 1:0x200 maps the unaligned frame")]);
}

#[test]
fn i7_is_a_freed_table_and_one_that_hangs_twice() {
    let mut s = Still::new(RAM);
    let link = s.entry(0x10, 1);
    let table = s.world.format.mfn(s.m.get(link));
    let used = s.record(table, FrameWord::Use);
    s.m.set(used, FrameUse::Pool { slot: 0 }.to_word());
    s.breaks(&[(Rule::I7, &format!("page {table} hangs in a table of domain 1 and is no table of it"))]);

    let mut s = Still::new(RAM);
    let (link, other) = (s.entry(0x10, 1), s.entry(0x400, 1));
    let entry = s.m.get(link);
    s.m.set(other, entry);
    s.breaks(&[(Rule::I7, &format!("table page {table} hangs in two places"))]);
}

#[test]
fn i8_is_a_mapping_above_the_highest() {
    let mut s = Still::new(RAM);
    let max = s.world.dom_word(0, DomWord::MaxMapped);
    s.m.set(max, 0x11);
    s.breaks(&[(Rule::I8, "1:0x11 is mapped above max_mapped, which is 0x11")]);
}

#[test]
fn i9_is_a_count_that_nobody_holds() {
    let mut s = Still::new(RAM);
    let count = s.record(s.frame("M"), FrameWord::Count);
    s.m.set(count, PGC_ALLOCATED | 2);
    s.breaks(&[(Rule::I9, "frame M has count 2, and 1 hold it")]);
    // A reference that an actor is known to hold makes it right.
    let (refs, mfn) = (s.world.map.refs(ActorId(1)), s.frame("M"));
    refs.put(&mut s.m, mfn.0, 1);
    s.breaks(&[]);
}

#[test]
fn i11_is_a_counted_frame_of_nobody_and_an_allocated_one_without_a_count() {
    let mut s = Still::new(RAM);
    let owner = s.record(s.frame("F"), FrameWord::Owner);
    s.m.set(owner, 0);
    s.breaks(&[(Rule::I11, "frame F is counted and has no owner")]);

    let mut s = Still::new(RAM);
    let count = s.record(s.frame("F"), FrameWord::Count);
    s.m.set(count, PGC_ALLOCATED | PGC_FREE);
    s.breaks(&[(Rule::I11, "frame F is allocated and has no count"), (Rule::I9, "frame F has count 0, and 1 hold it")]);
}

#[test]
fn i12_and_i32_are_counters_that_count_wrong() {
    let mut s = Still::new("0x10 = M as ram_rw; 0x12 .. 0x13 = ram_paged");
    let (paged, tot) = (s.world.dom_word(0, DomWord::PagedPages), s.world.dom_word(0, DomWord::TotPages));
    s.m.set(paged, 3);
    s.m.set(tot, 3);
    s.breaks(&[
        (Rule::I12, "domain 1 has 2 paged-out pages and counts 3"),
        (Rule::I32, "domain 1 has 2 pages on its lists and counts 3"),
    ]);
}

#[test]
fn i21_counts_a_superpage_as_512() {
    let mut s = Still::new("0x13 = populate_on_demand; 0x400 = populate_on_demand order 9");
    let count = s.world.dom_word(0, DomWord::EntryCount);
    s.m.set(count, 2);
    s.breaks(&[(Rule::I21, "domain 1 has 513 populate-on-demand frame numbers and counts 2")]);
}

#[test]
fn i30_is_a_range_held_beside_the_whole_table() {
    let mut s = Still::new(RAM);
    let hold = |s: &mut Still, a: u8, lock: Lock| {
        let (at, mode) = s.world.map.held(ActorId(a), 0);
        s.m.set(at, lock.to_word());
        s.m.set(mode, 0);
        s.m.set(s.world.map.ghost(ActorId(a), GhostWord::Held), 1);
    };
    p2mscope_core::lock::try_take(
        &mut s.m,
        &s.world,
        ActorId(0),
        Lock::Global(0),
        p2mscope_core::lock::Mode::Exclusive,
    );
    hold(&mut s, 0, Lock::Global(0));
    s.breaks(&[]);
    hold(&mut s, 1, Lock::Range(1, 0));
    s.breaks(&[]);
    hold(&mut s, 1, Lock::Range(0, 0));
    s.breaks(&[(Rule::I30, "PG holds range 0 of domain 1 while V0 holds the whole table of domain 1")]);
}

#[test]
fn i31_is_a_table_page_taken_while_a_tlb_still_leads_to_it() {
    let mut s = Still::new(RAM);
    let link = s.entry(0x10, 1);
    let entry = s.m.get(link);
    let table = s.world.format.mfn(entry);
    assert!(entries::i31(&mut s.m, &s.world, table).is_none());
    // What a TLB keeps of the entry at level 1 that covers 1:0x10.
    let key = 1 << 56 | DomGfn { dom: DomId(1), gfn: Gfn(0) }.to_word();
    s.world.map.tlb(ActorId(0)).put(&mut s.m, key, entry);
    let broken = entries::i31(&mut s.m, &s.world, table).expect("it is broken");
    assert_eq!(broken.rule, Rule::I31);
    assert!(broken.why.contains("is taken into use while the TLB of V0 still leads to it for 1:0x0"), "{}", broken.why);
}

#[test]
fn m2p_finds_what_maps_a_frame_of_a_superpage() {
    let mut s = Still::new(&format!("{RAM}; {SUPER}"));
    let mfn = s.frame("B").plus(3);
    let g = memory::mapped_at(&mut s.m, &s.world, mfn);
    assert_eq!(g, Some(DomGfn { dom: DomId(1), gfn: Gfn(0x203) }));
}
