//! Tests of the language, by theme.

mod parsing;

use super::error::{File, Text};
use super::{ast, parse};

/// Parses a program that is its own file; gives the tree and the errors as they are shown.
fn parsed(text: &str) -> (ast::Block, Vec<String>) {
    let file = File::new(text);
    let mut problems = Vec::new();
    let block = parse::program(&Text::whole(text), &mut problems);
    (block, file.errors(problems).iter().map(|e| e.to_string()).collect())
}
