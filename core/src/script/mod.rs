//! The lesson language: programs of actors, from text to code that a runner steps through.
//!
//! A text is cut into tokens ([`lex`]), parsed to a tree ([`parse`]), and checked and compiled in one go against
//! the [`Names`] of a lesson's world. Every problem has its place in the file, and all of a text are reported.
//! Nothing here touches shared state: the code says what is to be done, the runner does it.
//!
//! The rule that readers and checker share: *a verb without parentheses acts; a name with parentheses names a
//! place, a lock or a list*. Variables are private; shared words are read by verbs, or by conditions.

pub mod ast;
mod call;
mod check;
pub mod code;
mod error;
pub mod eval;
pub mod lex;
pub mod local;
mod names;
pub mod parse;
mod place;
pub mod print;
mod room;
mod run;
pub mod things;
mod twins;
mod values;
pub mod verbs;
mod words;

pub use check::{By, Compiled, DRAWN, Known, Moved, Unit, collect, compile};
pub use error::{Error, File, Problem, Span, Text, did_you_mean};
pub(crate) use error::{not_offered, short};
pub use names::{Init, Names};
pub(crate) use names::{no_type, unknown};
pub use parse::{MAX_BLOCKS, MAX_BYTES, MAX_NESTING, MAX_OPERATORS, MAX_PROBLEMS};
pub use run::Script;
pub use values::{Code, Kind, OWNERS, Pgt, SHARED_M2P, constant, constants};
pub use verbs::reserved;

#[cfg(test)]
mod tests;
