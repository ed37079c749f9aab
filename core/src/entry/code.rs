//! The encoder and the decoder over any [`Layout`]. What the methods promise stands at those of
//! [`Format`](super::Format), which call them each with a constant, so that the compiler sees through the tables.

use super::access::{Access, Perms};
use super::ept::{self, EMT, EMT_CALL_BACK, IPAT, RECALC};
use super::hardware::{Cpu, Hardware};
use super::layout::{Bits, Layout, NO_CODE};
use super::leaf::{Decoded, Leaf, LeafCtx, Misconfig};
use super::npt::{self, Npt};
use super::types::P2mType;
use crate::addr::{Mfn, Order};

impl Layout {
    #[inline(always)]
    pub(super) const fn type_code(&self, ty: P2mType) -> Option<u64> {
        match self.codes[ty as usize] {
            NO_CODE => None,
            code => Some(code as u64),
        }
    }

    #[inline(always)]
    pub(super) const fn type_of_code(&self, code: u64) -> Option<P2mType> {
        if code < self.types.len() as u64 { Some(self.types[code as usize]) } else { None }
    }

    #[inline(always)]
    pub(super) const fn has_access(&self, access: Access) -> bool {
        match &self.bits {
            Bits::Ept(b) => access.code() < b.accesses,
            Bits::Npt(b) => b.today || access.code() <= Access::N2rwx.code(),
        }
    }

    #[inline(always)]
    pub(super) const fn empty(&self) -> u64 {
        match &self.bits {
            Bits::Ept(b) => b.empty(),
            Bits::Npt(_) => 0,
        }
    }

    #[inline(always)]
    pub(super) const fn is_empty(&self, entry: u64) -> bool {
        match &self.bits {
            Bits::Ept(b) => b.is_empty(entry),
            Bits::Npt(_) => Npt::is_empty(entry),
        }
    }

    #[inline(always)]
    pub(super) const fn permissions(&self, ty: P2mType, access: Access, order: Order, ctx: &LeafCtx) -> Perms {
        let base = self.base[ty as usize].perms(order, ctx);
        match &self.bits {
            Bits::Ept(b) => b.permissions(base, access, order, ctx),
            Bits::Npt(_) => base,
        }
    }

    #[inline(always)]
    pub(super) const fn leaf(&self, leaf: &Leaf, ctx: &LeafCtx) -> u64 {
        let Some(code) = self.type_code(leaf.ty) else { return self.empty() };
        if !self.has_access(leaf.access) {
            return self.empty();
        }
        let mfn = match leaf.ty {
            P2mType::PopulateOnDemand if !leaf.mfn.is_valid() => 0,
            _ => leaf.mfn.0,
        };
        let small = leaf.order.level() == 0;
        let frameless = self.frameless.has(leaf.ty) || small && self.frameless_4k.has(leaf.ty);
        if !Mfn(mfn).is_valid() && !frameless {
            return self.empty();
        }
        let base = self.base[leaf.ty as usize].perms(leaf.order, ctx);
        let rest = match &self.bits {
            Bits::Ept(b) => {
                b.decided(leaf.ty, base, leaf.access, leaf.order, ctx)
                    | EMT.put(leaf.emt as u64)
                    | IPAT.put(leaf.ipat as u64)
                    | b.access.put(leaf.access.code())
                    | b.empty()
            }
            Bits::Npt(b) => b.flags(leaf.ty, base, ctx),
        };
        rest | self.sp.put(!small as u64) | self.mfn.put(mfn) | self.ty.put(code)
    }

    #[inline(always)]
    pub(super) const fn link_as(&self, mfn: Mfn, default_access: Access) -> u64 {
        self.mfn.put(mfn.0)
            | match &self.bits {
                Bits::Ept(b) => ept::put_perms(Perms::RWX) | b.access.put(default_access.code()) | b.empty(),
                Bits::Npt(_) => npt::LINK,
            }
    }

    #[inline(always)]
    pub(super) const fn miss(&self) -> u64 {
        self.ty.put(self.codes[P2mType::MmioDm as usize] as u64) | self.mfn.put(Mfn::INVALID.0)
    }

    #[inline(always)]
    pub(super) const fn decode(&self, level: u8, entry: u64) -> Decoded {
        if self.is_empty(entry) {
            return Decoded::Empty;
        }
        if level > 0 && !self.superpage(entry) {
            return if self.present(entry) {
                Decoded::Table { mfn: self.frame(entry) }
            } else {
                Decoded::Misconfigured { why: Misconfig::HalfLink }
            };
        }
        let Some(order) = Order::of_level(level) else {
            return Decoded::Misconfigured { why: Misconfig::SuperpageAtRoot };
        };
        let code = self.ty.get(entry);
        let Some(ty) = self.type_of_code(code) else {
            return Decoded::Misconfigured { why: Misconfig::UnknownType(code as u8) };
        };
        let (access, emt, ipat) = match &self.bits {
            Bits::Ept(b) => {
                let code = b.access.get(entry);
                let Some(access) = b.access_of_code(code) else {
                    return Decoded::Misconfigured { why: Misconfig::UnknownAccess(code as u8) };
                };
                (access, EMT.get(entry) as u8, IPAT.get(entry) == 1)
            }
            Bits::Npt(_) => {
                let (emt, ipat) = Npt::memory_type(entry);
                (Access::Rwx, emt, ipat)
            }
        };
        Decoded::Leaf(Leaf { ty, access, mfn: self.frame(entry), order, emt, ipat })
    }

    #[inline(always)]
    pub(super) const fn leads_to(&self, level: u8, entry: u64) -> Option<Mfn> {
        let links = level > 0 && !self.is_empty(entry) && !self.superpage(entry) && self.present(entry);
        if links { Some(self.frame(entry)) } else { None }
    }

    #[inline(always)]
    pub(super) const fn perms(&self, entry: u64) -> Perms {
        match &self.bits {
            Bits::Ept(_) => ept::get_perms(entry),
            Bits::Npt(_) => npt::get_perms(entry),
        }
    }

    #[inline(always)]
    pub(super) const fn present(&self, entry: u64) -> bool {
        self.perms(entry).any()
    }

    #[inline(always)]
    pub(super) const fn superpage(&self, entry: u64) -> bool {
        self.sp.get(entry) == 1
    }

    #[inline(always)]
    pub(super) const fn valid(&self, entry: u64) -> bool {
        !self.is_empty(entry) && !matches!(self.type_of_code(self.ty.get(entry)), Some(P2mType::Invalid))
    }

    #[inline(always)]
    pub(super) const fn frame(&self, entry: u64) -> Mfn {
        let mfn = self.mfn.get(entry);
        if mfn == self.mfn.max() { Mfn::INVALID } else { Mfn(mfn) }
    }

    #[inline(always)]
    pub(super) const fn split_child(&self, entry: u64, level: u8, i: u64, ctx: &LeafCtx) -> u64 {
        if level == 0 || level > 2 {
            return entry;
        }
        let Bits::Ept(b) = &self.bits else { return Npt::split_child(entry, level, i) };
        let ty = self.type_of_code(self.ty.get(entry));
        let mfn = match ty {
            Some(P2mType::PopulateOnDemand) => i,
            _ => self.frame(entry).plus(i << (9 * (level - 1))).0,
        };
        let decided = match (ty, b.access_of_code(b.access.get(entry)), Order::of_level(level - 1)) {
            (Some(ty), Some(access), Some(order)) => {
                b.decided(ty, self.base[ty as usize].perms(order, ctx), access, order, ctx)
            }
            _ => 0,
        };
        let inherited = entry & !b.decides() & !self.sp.mask();
        self.mfn.set(inherited, mfn) | decided | self.sp.put((level > 1) as u64)
    }

    #[inline(always)]
    pub(super) const fn hardware(&self, level: u8, entry: u64, cpu: Cpu) -> Hardware {
        match &self.bits {
            Bits::Ept(b) => b.hardware(self, level, entry, cpu),
            Bits::Npt(_) => Npt::hardware(self, level, entry),
        }
    }

    #[inline(always)]
    pub(super) const fn recalculates(&self) -> bool {
        matches!(&self.bits, Bits::Ept(ept::Ept { today: true, .. }) | Bits::Npt(Npt { today: true, .. }))
    }

    #[inline(always)]
    pub(super) const fn mark_recalc(&self, entry: u64) -> Option<u64> {
        match &self.bits {
            _ if !self.recalculates() => None,
            _ if !self.present(entry) => Some(entry),
            Bits::Ept(_) => Some(EMT.set(entry, EMT_CALL_BACK) | RECALC.mask()),
            Bits::Npt(_) => Some(entry & !npt::US.mask() & !npt::A.mask()),
        }
    }

    #[inline(always)]
    pub(super) const fn needs_recalc(&self, entry: u64) -> bool {
        match &self.bits {
            _ if !self.recalculates() => false,
            Bits::Ept(_) => RECALC.get(entry) == 1,
            Bits::Npt(_) => npt::P.get(entry) == 1 && npt::US.get(entry) == 0,
        }
    }

    #[inline(always)]
    pub(super) const fn clear_recalc(&self, level: u8, entry: u64, emt: u8) -> u64 {
        match &self.bits {
            _ if !self.needs_recalc(entry) => entry,
            Bits::Ept(_) => {
                let link = level > 0 && !self.superpage(entry);
                EMT.set(entry, if link { 0 } else { emt as u64 }) & !RECALC.mask()
            }
            Bits::Npt(_) => entry | npt::US.mask() | npt::A.mask(),
        }
    }

    #[inline(always)]
    pub(super) const fn with_suppress_ve(&self, entry: u64, on: bool) -> Option<u64> {
        match &self.bits {
            Bits::Ept(ept::Ept { today: true, .. }) => Some(ept::SUPPRESS_VE.set(entry, on as u64)),
            _ => None,
        }
    }
}
