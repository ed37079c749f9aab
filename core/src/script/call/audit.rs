//! Audits.

use super::{Call, unknown};
use crate::ops::{audit, sharing};
use crate::script::values::Kind;
use crate::script::verbs::Verb;
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    match c.call.verb {
        Verb::Audit => {
            let slot = c.slot(s)?;
            Ok(audit::audit(s, slot)?.unwrap_or(Kind::Num.none()))
        }
        Verb::ShareAudit => Ok(sharing::audit(s)?.unwrap_or(Kind::Num.none())),
        _ => unknown(c),
    }
}
