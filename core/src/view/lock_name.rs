//! A lock as views name it.

use crate::lock::Lock;
use crate::machine::World;

/// A lock, to be shown and to be picked.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct LockName {
    /// [`Lock::to_word`].
    pub id: u64,
    /// What it is: `range 2 of d1`.
    pub text: String,
}

impl LockName {
    /// The name of a lock of that world.
    pub fn of(lock: Lock, world: &World) -> LockName {
        LockName { id: lock.to_word(), text: lock.describe(world) }
    }

    /// The lock.
    pub fn lock(&self) -> Lock {
        Lock::from_word(self.id)
    }
}
