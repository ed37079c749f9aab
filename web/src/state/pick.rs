//! What is marked in every panel.

use p2mscope_core::addr::ActorId;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// At most one of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Picked {
    /// An actor.
    #[serde(skip_serializing_if = "Option::is_none", with = "by_number")]
    pub actor: Option<ActorId>,
    /// A frame of a guest: the domain's place in the world, and the gfn. None: whatever was touched last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<(u8, u64)>,
    /// The level of that page's walk whose entry is shown; none: where the walk ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
    /// A frame of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// Whether the 2 MB around that page are shown from near.
    #[serde(skip_serializing_if = "is_not")]
    pub near: bool,
    /// Whether the steps that came before and after the last one are shaded.
    #[serde(skip_serializing_if = "is_not")]
    pub shade: bool,
    /// A branch that the current one is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_not(it: &bool) -> bool {
    !it
}

impl Picked {
    /// With this actor marked, or no longer.
    pub fn actor(self, actor: ActorId) -> Self {
        let again = self.actor == Some(actor);
        Self { actor: (!again).then_some(actor), ..self }
    }

    /// With this page marked; its walk is shown to its end.
    pub fn page(self, slot: u8, gfn: u64) -> Self {
        Self { page: Some((slot, gfn)), level: None, ..self }
    }

    /// With this frame marked, or no longer.
    pub fn frame(self, mfn: u64) -> Self {
        let again = self.frame == Some(mfn);
        Self { frame: (!again).then_some(mfn), ..self }
    }

    /// From the marked actor, or the first that waits, to the one that it waits for.
    pub fn to_owner(self, moment: &Moment) -> Option<Self> {
        let edges = &moment.waits.edges;
        let from = self.actor.map(|a| a.0).or(edges.first().map(|edge| edge.from))?;
        let to = edges.iter().find(|edge| edge.from == from)?.to;
        Some(Self { actor: Some(ActorId(to)), ..self })
    }

    /// From the marked actor, or the first that is waited for, to one that waits for it.
    pub fn to_blocked(self, moment: &Moment) -> Option<Self> {
        let edges = &moment.waits.edges;
        let to = self.actor.map(|a| a.0).or(edges.first().map(|edge| edge.to))?;
        let from = edges.iter().find(|edge| edge.to == to)?.from;
        Some(Self { actor: Some(ActorId(from)), ..self })
    }
}

/// An actor in a link: its place in the world.
mod by_number {
    use p2mscope_core::addr::ActorId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(actor: &Option<ActorId>, s: S) -> Result<S::Ok, S::Error> {
        actor.map(|a| a.0).serialize(s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<ActorId>, D::Error> {
        Ok(Option::<u8>::deserialize(d)?.map(ActorId))
    }
}
