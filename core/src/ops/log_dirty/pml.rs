//! What processors have logged by themselves, on its way into the bitmap (Xen's `vmx_vcpu_flush_pml_buffer` and
//! `vmx_domain_flush_pml_buffers`, `p2m_flush_hardware_cached_dirty`, 2015).
//!
//! Protocol: a vCPU's page is drained under the paging lock, by the vCPU itself when it is full, and by whoever harvests
//! before it looks at the bitmap: a write is in the page or in the bitmap, whoever looks (I25). Xen pauses the domain for
//! a harvest, so that its vCPUs have left their guest; here draining excludes the accesses of that vCPU instead.

use super::mode::bitmap;
use crate::addr::ActorId;
use crate::machine::Kind;
use crate::machine::dirty::DirtyAct;
use crate::step::{Step, Stop};

/// Marks what one vCPU has logged.
pub fn flush<S: Step>(s: &mut S, of: ActorId) -> Result<(), Stop> {
    let slot = s.slot(s.world().actors[of.0 as usize].domain)?;
    s.note("takes what the processor has logged");
    bitmap(s, slot, DirtyAct::Drain { slot, of }).map(|_| ())
}

/// The same for all vCPUs of a domain, one by one. No effect where processors do not log.
pub(super) fn flush_all<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    for of in s.world().actor_ids().filter(|_| s.world().pml.is_some()).collect::<Vec<_>>() {
        let actor = &s.world().actors[of.0 as usize];
        if actor.kind == Kind::Vcpu && actor.domain == s.world().domain(slot).id {
            flush(s, of)?;
        }
    }
    Ok(())
}
