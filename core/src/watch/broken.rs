//! A breach as a value.

use super::rule::Rule;
use crate::addr::ActorId;

/// A rule that does not hold, and why. A breach ends nothing: it is shown, and the run goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// Which rule.
    pub rule: Rule,
    /// Whose step broke it, where one did.
    pub actor: Option<ActorId>,
    /// What was found, in a sentence that names frames and actors.
    pub why: String,
}

impl Broken {
    /// A breach that a state shows, whoever led there.
    pub fn of(rule: Rule, why: String) -> Broken {
        Broken { rule, actor: None, why }
    }

    /// A breach by an actor's step.
    pub fn by(actor: ActorId, rule: Rule, why: impl Into<String>) -> Broken {
        Broken { rule, actor: Some(actor), why: why.into() }
    }
}
