//! 64 bits as an entry of any format: what they say, to the hypervisor and to a processor; and the same entry as another
//! format has it.

use crate::entry::{Cpu, Decoded, Format, Hardware, LeafCtx, describe, summary};

/// A named run of bits of an entry.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct FieldView {
    /// Its name.
    pub name: &'static str,
    /// Its lowest bit.
    pub low: u8,
    /// Its highest bit.
    pub high: u8,
    /// What it holds.
    pub value: u64,
    /// What it held before.
    pub before: u64,
    /// What it means here.
    pub meaning: String,
    /// Who reads it, and for what.
    pub what: &'static str,
    /// Whether it has changed.
    pub changed: bool,
}

/// The bits of an entry, read.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct BitsView {
    /// How they are laid out, as lessons name it: `ept-2011`.
    pub encoding: &'static str,
    /// The level that they are read at.
    pub level: u8,
    /// The bits.
    pub raw: u64,
    /// The bits before.
    pub before: u64,
    /// Those that have changed.
    pub changed: u64,
    /// What they say, in one sentence or two.
    pub summary: String,
    /// What the hypervisor takes them for: `empty`, `link`, `leaf`, `no entry`.
    pub is: &'static str,
    /// What a guest may do through them: `rw-`.
    pub may: String,
    /// Why a processor would refuse them, if it would.
    pub refused: Option<String>,
    /// Their fields, lowest bit first; they cover all 64 bits.
    pub fields: Vec<FieldView>,
}

/// Reads bits that were `before`.
pub fn bits(format: Format, level: u8, raw: u64, before: u64) -> BitsView {
    let level = level.min(3);
    let field = |f: crate::entry::FieldValue| FieldView {
        name: f.field.name,
        low: f.field.low,
        high: f.field.high,
        value: f.value,
        before: f.field.get(before),
        meaning: f.meaning,
        what: f.field.what,
        changed: f.field.get(before) != f.value,
    };
    let is = match format.decode(level, raw) {
        Decoded::Empty => "empty",
        Decoded::Table { .. } => "link",
        Decoded::Leaf(_) => "leaf",
        Decoded::Misconfigured { .. } => "no entry",
    };
    let (may, refused) = match format.hardware(level, raw, Cpu::default()) {
        Hardware::NotPresent => ("---".to_string(), None),
        Hardware::Table { perms, .. } | Hardware::Leaf { perms, .. } => (perms.to_string(), None),
        Hardware::Misconfigured { why } => ("---".to_string(), Some(why.to_string())),
    };
    BitsView {
        encoding: format.name(),
        level,
        raw,
        before,
        changed: raw ^ before,
        summary: summary(format, level, raw),
        is,
        may,
        refused,
        fields: describe(format, level, raw).into_iter().map(field).collect(),
    }
}

/// What the other format stores for the same entry; or why it has none.
pub fn translated(from: Format, to: Format, level: u8, raw: u64) -> Result<u64, String> {
    match from.decode(level.min(3), raw) {
        _ if from == to => Ok(raw),
        Decoded::Empty => Ok(to.empty()),
        Decoded::Table { mfn } => Ok(to.link(mfn)),
        Decoded::Leaf(leaf) if to.type_code(leaf.ty).is_none() => {
            Err(format!("{} has no type {}.", to.name(), leaf.ty))
        }
        Decoded::Leaf(leaf) => Ok(to.leaf(&leaf, &LeafCtx::default())),
        Decoded::Misconfigured { why } => Err(format!("These bits are no entry: {why}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::{Mfn, Order};
    use crate::entry::{Access, Leaf, P2mType};

    fn leaf(format: Format) -> u64 {
        format.leaf(&Leaf::new(P2mType::RamRw, Access::Rwx, Mfn(0x1f), Order::K4), &LeafCtx::default())
    }

    fn field(view: &BitsView, name: &str) -> u64 {
        view.fields.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("no field {name}")).value
    }

    #[test]
    fn a_toggled_bit_changes_what_a_guest_may_do() {
        let raw = leaf(Format::Ept2011);
        let view = bits(Format::Ept2011, 0, raw, raw);
        assert_eq!((view.is, view.may.as_str(), view.changed, view.refused), ("leaf", "rwx", 0, None));
        // Bit 1 is w (SDM volume 3, "Format of an EPT Page-Table Entry"): without it a guest may read and execute.
        let view = bits(Format::Ept2011, 0, raw ^ 2, raw);
        assert_eq!((view.may.as_str(), view.changed), ("r-x", 2));
        assert!(view.fields.iter().filter(|f| f.changed).all(|f| f.name == "w"));
        // Without r, w alone is a combination that the processor refuses.
        let view = bits(Format::Ept2011, 0, raw & !5, raw);
        assert!(view.refused.is_some(), "{}", view.summary);
        assert_eq!(view.may, "---");
    }

    #[test]
    fn the_same_page_has_other_bits_in_the_other_format() {
        let raw = leaf(Format::Ept2011);
        let npt = translated(Format::Ept2011, Format::Npt, 0, raw).unwrap();
        let (here, there) = (bits(Format::Ept2011, 0, raw, raw), bits(Format::Npt, 0, npt, npt));
        assert_ne!(raw, npt);
        assert_eq!((field(&here, "mfn"), field(&there, "mfn")), (0x1f, 0x1f));
        assert_eq!(there.may, "rwx");
        assert_eq!(translated(Format::Npt, Format::Ept2011, 0, npt), Ok(raw));
        assert_eq!(translated(Format::Ept, Format::Npt, 3, Format::Ept.empty()), Ok(Format::Npt.empty()));
    }

    #[test]
    fn any_bits_at_any_level_can_be_read() {
        for &format in Format::all() {
            for (level, raw) in (0..=9).flat_map(|l| [0, 1, u64::MAX, 0x8000_0000_0000_0087, 0x7ff].map(|raw| (l, raw)))
            {
                let view = bits(format, level, raw, 0);
                let width: u32 = view.fields.iter().map(|f| u32::from(f.high - f.low) + 1).sum();
                assert_eq!(width, 64, "{} {level} {raw:#x}", format.name());
                assert!(!view.summary.is_empty());
            }
        }
    }
}
