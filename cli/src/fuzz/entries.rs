//! Entries: every 64 bits are something at every level, what is written is read back, and what is read back is written the
//! same.

use super::corpus::Corpus;
use super::mutate::number;
use p2mscope_core::addr::{Mfn, Order};
use p2mscope_core::entry::{
    Access, Cpu, Decoded, Family, Format, Hardware, Leaf, LeafCtx, P2mType, Perms, describe, summary,
};
use p2mscope_core::trial::Dice;

fn format(d: &mut Dice) -> Format {
    Format::all()[d.below(Format::all().len())]
}

/// A format, a level, and 64 bits: any, or each field on its own near what is stored.
pub fn bits(_: &Corpus, d: &mut Dice) -> Vec<u8> {
    let (format, level) = (format(d), d.below(5) as u8);
    let mut entry = match d.below(4) {
        0 => d.any(),
        _ => format.fields(level).iter().fold(0, |e, f| {
            let v = [0, f.max(), d.any() & f.max(), d.below(21) as u64 & f.max()][d.below(4)];
            e | f.put(v)
        }),
    };
    if d.chance(20) {
        entry ^= 1 << d.below(64);
    }
    format!("{} {level} {entry:#x}", format.name()).into_bytes()
}

/// Words of an input's text.
fn parts(input: &[u8]) -> Option<Vec<&str>> {
    Some(std::str::from_utf8(input).ok()?.split_whitespace().collect())
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn holds(what: &str, holds: bool, format: Format, entry: u64) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{what}: {} {entry:#018x}", format.name())) }
}

/// Reads 64 bits in every way there is.
pub fn read(_: &Corpus, input: &[u8]) -> Result<bool, String> {
    let parsed = || {
        let all = parts(input)?;
        let [name, level, entry] = all[..] else { return None };
        Some((Format::from_name(name)?, level.parse::<u8>().ok().filter(|l| *l < 5)?, hex(entry)?))
    };
    let Some((f, level, entry)) = parsed() else { return Ok(false) };
    let decoded = f.decode(level, entry);
    holds("empty", (decoded == Decoded::Empty) == f.is_empty(entry), f, entry)?;
    let rebuilt = f.fields(level).iter().fold(0, |e, field| e | field.put(field.get(entry)));
    holds("fields are the whole", rebuilt == entry, f, entry)?;
    holds("each field is described", describe(f, level, entry).len() == f.fields(level).len(), f, entry)?;
    let said = summary(f, level, entry);
    holds("a sentence", said.ends_with('.') && said.len() > 5, f, entry)?;
    for execute_only in [false, true] {
        let seen = f.hardware(level, entry, Cpu { execute_only });
        holds("present", (seen != Hardware::NotPresent) == f.present(entry), f, entry)?;
        if let Hardware::Leaf { perms, .. } = seen {
            holds(
                "allowed by hardware",
                perms.and(f.perms(entry)) == perms || f.perms(entry) == Perms::NONE,
                f,
                entry,
            )?;
        }
    }
    if let Decoded::Leaf(leaf) = decoded {
        holds("level", leaf.order.level() == level, f, entry)?;
        holds("type and access are known", f.type_code(leaf.ty).is_some() && f.has_access(leaf.access), f, entry)?;
        // What is written from it is read as it once more, and written as the same bits.
        let written = f.leaf(&leaf, &LeafCtx::default());
        if let Decoded::Leaf(again) = f.decode(level, written) {
            let same = (again.ty, again.access, again.order) == (leaf.ty, leaf.access, leaf.order);
            holds("written and read", same && (again.mfn == leaf.mfn || !leaf.mfn.is_valid()), f, entry)?;
            holds("written again", f.leaf(&again, &LeafCtx::default()) == written, f, entry)?;
        }
    }
    for i in [0, 1, 511] {
        let child = f.split_child(entry, level, i, &LeafCtx::default());
        holds("nothing to split", child == entry || (1..3).contains(&level), f, entry)?;
    }
    if let Some(marked) = f.mark_recalc(entry) {
        let cleared = f.clear_recalc(level, marked, 6);
        holds("marked and cleared", !f.needs_recalc(cleared) && f.mfn(cleared) == f.mfn(entry), f, entry)?;
    }
    let taken = f.taken(entry, level);
    f.decode(f.taken_at(taken), f.stored(taken));
    f.with_dirty(entry);
    holds("another frame", f.mfn(f.with_mfn(entry, Mfn(0x1234))) == Mfn(0x1234), f, entry)?;
    Ok(decoded != Decoded::Empty)
}

/// A mapping, and what decides its bits besides.
pub fn leaf(_: &Corpus, d: &mut Dice) -> Vec<u8> {
    let f = format(d);
    let ty = P2mType::all()[d.below(P2mType::all().len())];
    let access = Access::all()[d.below(Access::all().len())];
    let mfn = if d.chance(15) { "none".to_string() } else { number(d) };
    let order = [0, 9, 18][d.below(3)];
    let bits = d.below(1 << 10);
    format!("{} {} {} {mfn} {order} {bits:#x}", f.name(), ty.name(), access.name()).into_bytes()
}

/// Writes a mapping and reads it back.
pub fn write(_: &Corpus, input: &[u8]) -> Result<bool, String> {
    let parsed = || {
        let all = parts(input)?;
        let [name, ty, access, mfn, order, bits] = all[..] else { return None };
        let mfn = match mfn {
            "none" => Mfn::INVALID,
            n => Mfn(crate::number::number(n).ok()?),
        };
        let format = Format::from_name(name)?;
        let (ty, access) = (P2mType::from_name(ty)?, Access::from_name(access)?);
        Some((format, ty, access, mfn, Order::new(order.parse().ok()?)?, hex(bits)?))
    };
    let Some((f, ty, access, mfn, order, bits)) = parsed() else { return Ok(false) };
    // What a command line may give: `entry encode` refuses the rest.
    if mfn != Mfn::INVALID && (!mfn.is_valid() || mfn.0 & (order.frames() - 1) != 0) {
        return Ok(false);
    }
    let on = |i: u32| bits >> i & 1 == 1;
    let ctx = LeafCtx { mmio_ro: on(0), pml: on(1), ad: on(2), no_exec_sp: on(3), ioreq_writes: on(4), pw: on(5) };
    let leaf = Leaf { emt: (bits >> 6 & 7) as u8, ipat: on(9), ..Leaf::new(ty, access, mfn, order) };
    let entry = f.leaf(&leaf, &ctx);
    let known = f.type_code(ty).is_some() && f.has_access(access);
    let read = match f.decode(order.level(), entry) {
        Decoded::Empty => {
            return holds("empty", f.is_empty(entry) && (!known || !mfn.is_valid() || entry == 0), f, entry)
                .map(|()| false);
        }
        Decoded::Table { .. } => return Err(format!("a leaf that is a table: {} {entry:#x}", f.name())),
        Decoded::Leaf(read) => read,
        other => return Err(format!("a leaf that is something else: {other:?}, {} {entry:#x}", f.name())),
    };
    holds("known", known, f, entry)?;
    holds("the same type and size", (read.ty, read.order) == (ty, order), f, entry)?;
    holds("the same frame", !mfn.is_valid() || read.mfn == mfn, f, entry)?;
    holds("the same access", f.family() == Family::Npt || read.access == access, f, entry)?;
    holds("what it allows", f.perms(entry) == f.permissions(ty, access, order, &ctx), f, entry)?;
    holds("valid", f.valid(entry) == (ty != P2mType::Invalid), f, entry)?;
    holds("nothing is put off", !f.needs_recalc(entry), f, entry)?;
    Ok(true)
}
