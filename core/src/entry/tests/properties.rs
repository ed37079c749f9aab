//! What holds for every leaf and for every 64-bit word, in every format.

use super::*;
use proptest::prelude::*;

fn any_format() -> impl Strategy<Value = Format> {
    prop::sample::select(Format::all())
}

fn any_ctx() -> impl Strategy<Value = LeafCtx> {
    prop::sample::select(contexts().collect::<Vec<_>>())
}

fn any_leaf() -> impl Strategy<Value = Leaf> {
    let ty = prop::sample::select(P2mType::all());
    let access = prop::sample::select(Access::all());
    let mfn = prop_oneof![3 => (0..1u64 << 40).prop_map(Mfn), 1 => Just(Mfn::INVALID)];
    let order = prop::sample::select(ORDERS.to_vec());
    (ty, access, mfn, order, 0..8u8, any::<bool>()).prop_map(|(ty, access, mfn, order, emt, ipat)| Leaf {
        ty,
        access,
        mfn,
        order,
        emt,
        ipat,
    })
}

/// Words of which every field is picked on its own, small values and all ones more often: near what is really stored.
fn any_word(format: Format) -> impl Strategy<Value = u64> {
    let of_field = |f: &Field| {
        let (low, max) = (f.low, f.max());
        prop_oneof![Just(0), Just(max), 0..=max.min(20), 0..=max].prop_map(move |v| v << low)
    };
    let built = format.fields(1).iter().map(of_field).collect::<Vec<_>>();
    prop_oneof![built.prop_map(|parts| parts.iter().fold(0, |e, p| e | p)), any::<u64>()]
}

fn format_and_word() -> impl Strategy<Value = (Format, u64)> {
    any_format().prop_flat_map(|f| any_word(f).prop_map(move |w| (f, w)))
}

/// Which types are stored though no frame is given: all sizes, and 4 KB alone.
fn frameless(format: Format) -> (&'static [P2mType], &'static [P2mType]) {
    match format {
        Format::Ept2011 => (&[MmioDirect, RamPaged, RamPagingInStart], &[]),
        Format::Ept => (&[PopulateOnDemand, MmioDirect, RamPagingOut, RamPaged, RamPagingIn], &[]),
        Format::Npt2011 => (&[MmioDirect], &[]),
        Format::Npt2012 | Format::Npt => (&[MmioDirect], &[RamPagingOut, RamPaged, RamPagingIn]),
    }
}

/// What an entry that was written from `leaf` must be read as.
fn read_back(format: Format, leaf: Leaf, ctx: &LeafCtx) -> Decoded {
    let (always, small) = frameless(format);
    let without = always.contains(&leaf.ty) || leaf.order == Order::K4 && small.contains(&leaf.ty);
    let mfn = match leaf.ty {
        PopulateOnDemand if !leaf.mfn.is_valid() => Mfn(0),
        _ if leaf.mfn.is_valid() => leaf.mfn,
        _ => Mfn::INVALID,
    };
    if format.type_code(leaf.ty).is_none() || !format.has_access(leaf.access) || !mfn.is_valid() && !without {
        return Decoded::Empty;
    }
    let leaf = Leaf { mfn, ..leaf };
    Decoded::Leaf(match (format.family(), leaf.ty) {
        (Family::Ept, _) => leaf,
        (Family::Npt, MmioDirect) => {
            Leaf { access: Access::Rwx, emt: 0, ipat: format == Format::Npt && ctx.mmio_ro, ..leaf }
        }
        (Family::Npt, ty) => Leaf::new(ty, Access::Rwx, leaf.mfn, leaf.order),
    })
}

proptest! {
    /// The short way to a link is the long one's.
    #[test]
    fn a_link_is_what_decodes_as_a_table((format, entry) in format_and_word(), level in 0..4u8) {
        let table = match format.decode(level, entry) {
            Decoded::Table { mfn } => Some(mfn),
            _ => None,
        };
        prop_assert_eq!(format.leads_to(level, entry), table);
    }

    #[test]
    fn what_is_written_is_read_back(format in any_format(), leaf in any_leaf(), ctx in any_ctx()) {
        let entry = format.leaf(&leaf, &ctx);
        // A word of all zeroes is empty whatever it was meant to be: ram_rw of frame 0, fully masked, in 2011.
        let want = if entry == 0 { Decoded::Empty } else { read_back(format, leaf, &ctx) };
        prop_assert_eq!(format.decode(leaf.order.level(), entry), want, "{:#x}", entry);
        let stored = want != Decoded::Empty;
        let allows = format.permissions(leaf.ty, leaf.access, leaf.order, &ctx);
        prop_assert_eq!(format.perms(entry), if stored { allows } else { Perms::NONE });
        prop_assert_eq!(format.valid(entry), stored && leaf.ty != Invalid);
        prop_assert!(!format.needs_recalc(entry));
        prop_assert!(stored || entry == format.empty());
    }

    #[test]
    fn a_link_is_read_back_at_every_level(format in any_format(), mfn in 0..(1u64 << 40) - 1, level in 1..4u8) {
        let link = format.link(Mfn(mfn));
        prop_assert_eq!(format.decode(level, link), Decoded::Table { mfn: Mfn(mfn) });
        let through = Hardware::Table { mfn: Mfn(mfn), perms: Perms::RWX };
        prop_assert_eq!(format.hardware(level, link, Cpu::default()), through);
    }

    #[test]
    fn every_word_decodes((format, entry) in format_and_word(), level in 0..5u8) {
        let decoded = format.decode(level, entry);
        prop_assert_eq!(decoded == Decoded::Empty, format.is_empty(entry));
        if let Decoded::Leaf(leaf) = decoded {
            prop_assert_eq!(leaf.order.level(), level);
            prop_assert!(format.type_code(leaf.ty).is_some() && format.has_access(leaf.access));
            // A leaf that is read is a leaf that can be written: it comes back the same but for what only marks it.
            let again = format.decode(level, format.leaf(&leaf, &LeafCtx::default()));
            if leaf.mfn.is_valid() && format.family() == Family::Ept && again != Decoded::Empty {
                prop_assert_eq!(again, decoded);
            }
        }
        let rebuilt = format.fields(level).iter().fold(0, |e, f| e | f.put(f.get(entry)));
        prop_assert_eq!(rebuilt, entry);
        // The manuals' present tests, and every word has a reading in words too.
        let present = entry & if format.family() == Family::Ept { 7 } else { 1 } != 0;
        prop_assert_eq!(format.present(entry), present);
        prop_assert_eq!(format.hardware(level, entry, Cpu::default()) != Hardware::NotPresent, present);
        prop_assert_eq!(describe(format, level, entry).len(), format.fields(level).len());
        prop_assert!(summary(format, level, entry).ends_with('.'));
    }

    #[test]
    fn every_word_splits_and_marks((format, entry) in format_and_word(), level in 0..4u8, i in 0..512u64, ctx in any_ctx()) {
        let child = format.split_child(entry, level, i, &ctx);
        if level == 0 || level == 3 {
            prop_assert_eq!(child, entry, "there is nothing to split");
        }
        match format.mark_recalc(entry) {
            None => prop_assert!(!format.recalculates() && !format.needs_recalc(entry)),
            Some(marked) => {
                prop_assert_eq!(marked != entry || format.needs_recalc(entry), format.present(entry) || format.needs_recalc(entry));
                let cleared = format.clear_recalc(level, marked, 6);
                prop_assert!(!format.needs_recalc(cleared));
                prop_assert_eq!(format.mfn(cleared), format.mfn(entry));
            }
        }
    }
}

#[test]
fn fields_cover_every_bit_once() {
    for &format in Format::all() {
        for level in 0..5 {
            let fields = format.fields(level);
            let mut next = 0;
            for f in fields {
                assert_eq!(u32::from(f.low), next, "{} begins where the one below it ends", f.name);
                next = u32::from(f.high) + 1;
                assert_eq!(fields.iter().filter(|g| g.name == f.name).count(), 1, "{} is one name", f.name);
            }
            assert_eq!(next, 64);
        }
    }
}

#[test]
fn names_lead_back() {
    for &t in P2mType::all() {
        assert_eq!(P2mType::from_name(t.name()), Some(t));
    }
    for &a in Access::all() {
        assert_eq!(Access::from_name(a.name()), Some(a));
        assert_eq!(Access::from_name(&format!("access_{a}")), Some(a));
        assert_eq!(Access::from_code(a.code()), Some(a));
    }
    assert_eq!(Access::from_code(Access::all().len() as u64), None);
    for &f in Format::all() {
        assert_eq!(Format::from_name(f.name()), Some(f));
        for (ty, code) in types(f).map(|t| (t, f.type_code(t).unwrap())) {
            assert_eq!(f.type_of_code(code), Some(ty), "{}", f.name());
        }
    }
    assert_eq!(P2mType::from_name("p2m_ram_rw"), None);
}

#[test]
fn each_format_is_of_its_tree() {
    let all: Vec<_> = Format::all().iter().map(|f| (f.name(), f.era(), f.family(), f.recalculates())).collect();
    assert_eq!(
        all,
        [
            ("ept-2011", Era::Oct2011, Family::Ept, false),
            ("ept", Era::Now, Family::Ept, true),
            ("npt-2011", Era::Oct2011, Family::Npt, false),
            ("npt-2012", Era::Dec2012, Family::Npt, false),
            ("npt", Era::Now, Family::Npt, true),
        ]
    );
    assert!(Format::Ept.is(IoreqServer, Group::Ram) && !Format::Ept2011.is(IoreqServer, Group::Ram));
    assert!(Format::Ept2011.has_frame(RamPagingIn) && !Format::Npt2012.has_frame(RamPagingIn));
}

#[test]
fn a_miss_is_mmio_dm_without_a_frame() {
    for &format in Format::all() {
        let access = if format.family() == Family::Ept { Access::N } else { Access::Rwx };
        let Decoded::Leaf(leaf) = format.decode(0, format.miss()) else {
            panic!("{}: a miss is a leaf", format.name())
        };
        assert_eq!((leaf.ty, leaf.access, leaf.mfn), (MmioDm, access, Mfn::INVALID), "{}", format.name());
        assert!(!format.present(format.miss()));
    }
}

#[test]
fn a_leaf_of_1_gb_keeps_its_size_away_from_its_table_and_no_bit_of_it_in_one() {
    for &f in Format::all() {
        for (order, level) in [(Order::K4, 0), (Order::M2, 1), (Order::G1, 2)] {
            let entry = f.leaf(&Leaf::new(RamRw, Access::Rwx, Mfn(0), order), &OUT);
            let value = f.taken(entry, level);
            assert_eq!((f.taken_at(value), f.stored(value)), (level, entry), "{} {order:?}", f.name());
            // A link is a link at any level.
            let link = f.link(Mfn(5));
            assert_eq!((f.taken(link, level), f.stored(link)), (link, link), "{}", f.name());
        }
    }
}
