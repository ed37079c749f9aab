//! Tests of the language, by theme.

mod checking;
mod flow;
mod parsing;
mod running;

use super::error::{File, Text};
use super::names::{Init, Names};
use super::{Compiled, Known, Unit, ast, check, parse};
use crate::entry::Format;
use crate::machine;

/// Parses a program that is its own file; gives the tree and the errors as they are shown.
fn parsed(text: &str) -> (ast::Block, Vec<String>) {
    let file = File::new(text);
    let mut problems = Vec::new();
    let block = parse::program(&Text::whole(text), &mut problems);
    (block, file.errors(problems).iter().map(|e| e.to_string()).collect())
}

/// A world with one of everything.
fn names() -> Names {
    Names {
        format: Format::Ept2011,
        frames: vec!["M".into(), "F".into()],
        domains: vec![(1, None), (2, Some("guest".into()))],
        views: vec![(0x6000, "n1".into())],
        words: vec![("mapped".into(), Init::Number(0)), ("pointer".into(), Init::None)],
        locks: vec![("event".into(), 0), ("hap".into(), 0)],
        lists: vec!["queue".into()],
        frame_lists: Vec::new(),
        rings: vec!["requests".into()],
        grants: vec!["G".into()],
        actors: vec![("V0".into(), machine::Kind::Vcpu), ("PG".into(), machine::Kind::Pager)],
    }
}

/// Compiles a program of V0 with procedures before it in the same file, beside a PG that runs `pager`, and a
/// condition behind. A line with `---` parts the procedures from the program, another one the condition.
fn compiled_with(text: &str, pager: &str, names: &Names) -> Result<Compiled, Vec<String>> {
    let file = File::new(text);
    let mut problems = Vec::new();
    let at = |from: usize, to: usize| Text::mapped(text[from..to].into(), (from as u32..=to as u32).collect());
    let first = text.find("---\n");
    let procs = first.map(|i| parse::procedures(&at(0, i), &mut problems)).unwrap_or_default();
    let start = first.map_or(0, |i| i + 4);
    let second = text[start..].find("===\n").map(|i| start + i);
    let program = parse::program(&at(start, second.unwrap_or(text.len())), &mut problems);
    let conditions = second.map(|i| parse::condition(&at(i + 4, text.len()), &mut problems));
    let conditions: Vec<_> = conditions.into_iter().flatten().collect();
    let (other, errors) = parsed(pager);
    assert_eq!(errors, [""; 0]);
    let programs = [program, other];
    let mut known = vec![Known::default(), Known::default()];
    for (k, p) in known.iter_mut().zip(&programs) {
        check::collect(p, k, true);
        procs.iter().for_each(|p| check::collect(&p.body, k, false));
    }
    let unit = Unit {
        file: &file,
        names,
        procs: &procs,
        programs: &programs,
        known: &known,
        conditions: &conditions,
        moved: &[],
    };
    let result = match problems.is_empty() {
        true => check::compile(&unit),
        false => Err(problems),
    };
    result.map_err(|p| file.errors(p).iter().map(|e| e.to_string()).collect())
}

fn compiled(text: &str) -> Result<Compiled, Vec<String>> {
    compiled_with(text, "@last r = nominate 1:0x10", &names())
}

fn program(text: &str) -> super::code::Program {
    compiled(text).unwrap_or_else(|e| panic!("{text}: {e:?}")).programs.swap_remove(0)
}
