//! Answers that stand at the edges of other tests' worlds.

use crate::direct::{Direct, ram};
use crate::nested::{ONE, of_memory};
use crate::{holds, search};
use p2mscope_core::addr::{DomGfn, Mfn};
use p2mscope_core::entry::{Format, P2mType};
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;
use p2mscope_core::ops::Code;
use p2mscope_core::ops::table::{NewEntry, p2m_set_entry};

#[test]
fn a_view_is_no_domain_to_map_from_or_to() {
    let program = "toolstack: r = foreign_map 2:0x20 = n1:0x10\nassert r == ESRCH\nr = foreign_map n1:0x20 = 2:0x10\n\
                   assert r == ESRCH\nr = foreign_map 2:0x20 = 1:0x10\nassert r == ok\nr = foreign_unmap 2:0x20";
    let l = of_memory("encoding = 'ept'", "id = 1, map = '0x10 = M as ram_rw content 5'", ONE, &[program]);
    assert_eq!(search(&l, Policy::M2, None).verdict, Verdict::Safe);
}

/// Who is no vCPU of the domain is told so; the domain goes on.
#[test]
fn a_fault_of_another_finds_that_nobody_can_bring_the_page() {
    holds("", "0x10 = ram_paged", &["vcpu 2: r = fault 1:0x10; assert r == ENODEV and crashed(1) == 0"]);
}

/// XSA-389: the caller must know that a part was written.
#[test]
fn a_request_that_is_cut_short_leaves_what_it_has_written() {
    let mut s = Direct::new(Format::Ept2011, vec![ram(0, 0x10, "A")]);
    let a = s.frame("A");
    // The last number of the first GB needs one table, the next number two, and there are two in all.
    let g = DomGfn::new(1, 0x3ffff);
    let device = |mfn| NewEntry::new(mfn, P2mType::MmioDirect);
    assert_eq!(p2m_set_entry(&mut s, g, 2, device(a)), Ok(Code::Enomem));
    assert_eq!(s.entry(g), Some((P2mType::MmioDirect, a)));
    assert_eq!(s.entry(DomGfn::new(1, 0x40000)), None);
    // The machine ends behind the first of two frames.
    let last = Mfn(s.world.map.frames() as u64 - 1);
    let g = DomGfn::new(1, 0x20);
    assert_eq!(p2m_set_entry(&mut s, g, 2, device(last)), Ok(Code::Einval));
    assert_eq!(s.entry(g), Some((P2mType::MmioDirect, last)));
    assert_eq!(s.entry(DomGfn::new(1, 0x21)), None);
}

#[test]
fn a_change_of_all_types_without_a_page_for_a_border_changes_nothing() {
    let map = "tables = 6, logdirty = true | 0x200 = S as ram_logdirty order 9";
    let program = "toolstack: n = track_vram 1:0x210 through 1:0x211; fail table
        c = change_type_global 1 from ram_logdirty to ram_rw; e = lookup 1:0x20f
        assert c == ENOMEM and e.type == ram_logdirty and e.order == 9
        c = change_type_global 1 from ram_logdirty to ram_rw; e = lookup 1:0x20f; f = lookup 1:0x210
        assert c == ok and e.type == ram_rw and f.type == ram_logdirty";
    // Who says so without turning it off breaks the rule of the bitmap; here only the answer is of interest.
    let l = crate::lesson("encoding = 'ept'", map, &[program]);
    let found = search(&l, Policy::M2, Some(p2mscope_core::watch::Rule::Assert));
    assert!(!matches!(found.verdict, Verdict::Found { .. }), "{:?}", found.verdict);
}
