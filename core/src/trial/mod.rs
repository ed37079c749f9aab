//! What the core is tried with: worlds and programs made up by chance, eight actors of mixed kinds that run live for as
//! long as one likes, memory in which words have become anything, and a look at everything there is to be shown.
//!
//! Used by the tests of core in native runs and in browsers, and by `p2mscope soak` and `p2mscope fuzz`. Everything here
//! depends on a seed alone, and is the same for it on every machine.

mod dice;
mod image;
mod look;
pub mod mixed;
mod programs;
mod world;

pub use dice::Dice;
pub use image::{poke, words_at_rest};
pub use look::look_at_all;
pub use programs::{Plan, Played, operations, plan};
pub use world::{Setting, TARGET};
