//! The watcher of a simulated run: which rules it looks at.

use super::{Broken, Rules};
use crate::addr::ActorId;
use crate::machine::World;
use crate::sim::{Code, Locals, Memory, Pending, Stepped};

/// Looks at effects and words from outside.
#[derive(Clone, Debug)]
pub struct Watch {
    rules: Rules,
}

impl Watch {
    /// A watcher of these rules.
    pub fn new(rules: Rules) -> Watch {
        Watch { rules }
    }

    /// Which rules.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Whether there is nothing to watch.
    pub fn is_idle(&self) -> bool {
        self.rules.is_empty()
    }

    /// Before an effect.
    #[allow(clippy::too_many_arguments)]
    pub fn before<C: Code>(
        &self,
        _world: &World,
        _m: &mut Memory,
        _code: &C,
        _did: &Pending,
        _a: ActorId,
        _locals: &Locals,
        _broken: &mut Vec<Broken>,
    ) {
    }

    /// After a step whose writes begin at `mark`.
    pub fn after<C: Code>(
        &self,
        _world: &World,
        _m: &mut Memory,
        _mark: usize,
        _code: &C,
        _pending: &[Option<Pending>],
        _out: &mut Stepped,
    ) {
    }
}
