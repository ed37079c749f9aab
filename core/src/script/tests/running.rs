//! Values of expressions, and what runs between two effects.

use super::{compiled, program};
use crate::addr::DomGfn;
use crate::script::code::{Query, Var, VarSet};
use crate::script::eval::{Env, EvalError, PlaceAt};
use crate::script::local::{Cursor, Local};
use crate::script::things::{Class, Field, PlaceKind, QueryKind};
use proptest::prelude::*;

/// A room where a frame's mfn is its index, a place is its argument plus one, and everything is noted.
#[derive(Default)]
struct Room {
    asserted: Vec<(usize, Result<bool, EvalError>)>,
    failing: Vec<Class>,
    passed: Vec<(Var, VarSet)>,
}

impl Env for Room {
    fn frame(&self, index: usize) -> u64 {
        index as u64
    }
    fn range(&self, gfn: DomGfn) -> u64 {
        gfn.gfn.0 >> 9
    }
    fn field(&self, entry: u64, field: Field) -> Result<u64, EvalError> {
        Ok(entry + field.word())
    }
    fn leaf(&self, frame: u64, ty: u64, order: u64) -> Result<u64, EvalError> {
        Ok(frame << 16 | ty << 8 | order)
    }
    fn link(&self, table: u64) -> Result<u64, EvalError> {
        Ok(table)
    }
    fn record(&self, _: u64) -> Result<u64, EvalError> {
        Err(EvalError::Stray)
    }
    fn place(&self, place: PlaceAt) -> Result<u64, EvalError> {
        match place {
            PlaceAt::Core(PlaceKind::Count, of, _, _) => Ok(of + 1),
            PlaceAt::Word(i, _) => Ok(i as u64),
            _ => Err(EvalError::Stray),
        }
    }
    fn query(&self, _: QueryKind, of: u64) -> Result<u64, EvalError> {
        Ok(of)
    }
    fn ask(&self, _: &Query, _: &[u64]) -> Result<u64, EvalError> {
        Err(EvalError::Unassigned)
    }
}

impl Local for Room {
    fn assertion(&mut self, at: usize, outcome: Result<bool, EvalError>) {
        self.asserted.push((at, outcome));
    }
    fn fail(&mut self, class: Class) {
        self.failing.push(class);
    }
    fn assigned(&mut self, var: Var, from: VarSet) {
        self.passed.push((var, from));
    }
}

/// Runs the local beginning of a program that ends in an effect reading `x`; gives `x`.
fn value(expr: &str) -> Result<u64, EvalError> {
    let p =
        program(&format!("zero = 0; m = M; g = 1:0x10; n = none\nx = {expr}\nwait x == x\nstore pointer = n\nn = F"));
    let mut c = Cursor::new(&p);
    c.run(&p, &mut Room::default())?;
    Ok(c.var(p.var("x").unwrap()).unwrap())
}

#[test]
fn values() {
    let word = |d, g| DomGfn::new(d, g).to_word();
    assert_eq!(value("zero - 1"), Ok(u64::MAX), "numbers are signed");
    assert_eq!(value("(zero - 1 < zero) == true"), Ok(1));
    assert_eq!(value("3 * (zero + 2) + 0x10 & 6"), Ok(6), "& binds like *");
    assert_eq!(value("g + 1"), Ok(word(1, 0x11)));
    assert_eq!(value("1 + g"), Ok(word(1, 0x11)));
    assert_eq!(value("g - 1:(zero + 0x20)"), Ok(-0x10i64 as u64));
    assert_eq!(value("g - 2:(zero + 0x20)"), Err(EvalError::TwoDomains));
    assert_eq!(value("g - 0x11"), Err(EvalError::Overflow), "no frame below 0");
    assert_eq!(value("g + 0xffffffff0"), Err(EvalError::Overflow), "the domain is not touched");
    assert_eq!(value("dom(g) == 1"), Ok(1));
    assert_eq!(value("range(g + 0x200)"), Ok(1));
    assert_eq!(value("m + 5 - m"), Ok(5));
    assert_eq!(value("m - 1"), Err(EvalError::Overflow));
    assert_eq!(value("0x7fffffffffffffff + (zero + 1)"), Err(EvalError::Overflow));
    assert_eq!(value("-(zero - 0x7fffffffffffffff) - 1"), Ok((1 << 63) - 2));
    assert_eq!(value("zero - 0x7fffffffffffffff - 1"), Err(EvalError::Overflow), "that word means none");
    assert_eq!(value("n == none"), Ok(1));
    assert_eq!(value("n < m"), Err(EvalError::NoneUsed));
    assert_eq!(value("zero == 1 and n < m"), Ok(0), "the right side is not looked at");
    assert_eq!(value("1 == 1 or n < m"), Ok(1));
    assert_eq!(value("leaf(m, ram_ro, 9).access == access_n"), Ok(0));
}

#[test]
fn local_statements_run_up_to_the_next_effect() {
    let text = "a = 1\nrepeat 3 { a = a + a }\n@eff store mapped = a\nfor i in 1:1..1:3 { b = i }";
    let p = program(&format!("{text}\nassert count(M) == 1\nfail table"));
    let (mut c, mut room) = (Cursor::new(&p), Room::default());
    c.run(&p, &mut room).unwrap();
    assert_eq!(Some([c.at].as_slice()), p.label("eff"));
    assert_eq!(c.var(0), Some(8));
    c.done(&p, 0);
    assert_eq!(c.var(0), None, "read for the last time");
    c.run(&p, &mut room).unwrap();
    assert!(c.ended(&p));
    assert_eq!(c.vars, vec![0; p.vars.len()]);
    assert_eq!(room.asserted.iter().map(|(_, o)| *o).collect::<Vec<_>>(), [Ok(true)]);
    assert_eq!(room.failing, [Class::Table]);
}

#[test]
fn ranges_run_over_both_ends() {
    for (range, rounds) in [("1..3", 3), ("3..3", 1), ("4..3", 0), ("1:0xffffffffe..1:0xfffffffff", 2)] {
        let p =
            program(&format!("n = 0\nfor i in {range} {{ if n == 9 {{ continue }}; n = n + 1 }}\nstore mapped = n"));
        let mut c = Cursor::new(&p);
        c.run(&p, &mut Room::default()).unwrap();
        assert_eq!(c.var(0), Some(rounds), "{range}");
    }
}

#[test]
fn a_loop_without_an_effect_is_stopped() {
    for text in ["loop { }", "x = 1; loop { x = 1 - x; if x == 5 { break } }", "loop { continue }"] {
        let p = program(text);
        assert_eq!(Cursor::new(&p).run(&p, &mut Room::default()), Err(EvalError::LongLoop), "{text}");
    }
    let p = program("n = 0; repeat 9000 { n = n + 1 }; store mapped = n");
    assert_eq!(Cursor::new(&p).run(&p, &mut Room::default()), Ok(()));
}

#[test]
fn results_and_what_is_known_of_them_pass_on() {
    let p = program("e = lookup 1:0x10\nf = e.mfn\nput_page f");
    let (mut c, mut room) = (Cursor::new(&p), Room::default());
    c.run(&p, &mut room).unwrap();
    c.done(&p, 40);
    c.run(&p, &mut room).unwrap();
    assert_eq!(c.var(1), Some(41));
    assert_eq!(room.passed, [(1, 1)], "f comes from e");
}

#[test]
fn a_condition_that_reads_what_has_no_value_is_false() {
    let c = compiled("r = nominate 1:0x10\n===\nV0.r != ok").unwrap();
    assert_eq!(crate::script::eval::holds(&c.conditions[0], &[], &Room::default()), Ok(false));
}

const PIECES: [&str; 30] = [
    "x = 1",
    "y = x + 1",
    "e = lookup 1:0x10",
    "if x == 1 {",
    "} else {",
    "}",
    "loop {",
    "break",
    "continue",
    "repeat 2 {",
    "for g in 1:1..1:4 {",
    "y = load mapped",
    "f = alloc frame(1)",
    "store pointer = f",
    "call f(x)",
    "z = call f(2)",
    "return",
    "@l put_gfn 1:0x10",
    "f = none",
    "x = e.mfn",
    "assert count(M) == x",
    "wait mapped == x",
    "f = M + x",
    "lock gfn(1:x)",
    "x = y * -1",
    "e = none",
    "q = e == none",
    "x = dom(1:2)",
    "flush x",
    "fail table",
];

proptest! {
    #[test]
    fn any_program_is_refused_or_runs(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..25)) {
        let text = format!("proc f(a) {{ if a == 1 {{ return a }}; return a + 1 }}\n---\n{}", pieces.join("\n"));
        let Ok(c) = compiled(&text) else { return Ok(()) };
        let p = &c.programs[0];
        prop_assert_eq!(p.origins.len(), p.instrs.len());
        prop_assert_eq!(p.live.len(), p.instrs.len());
        let mut cursor = Cursor::new(p);
        for _ in 0..50 {
            if cursor.run(p, &mut Room::default()).is_err() || cursor.ended(p) {
                break;
            }
            prop_assert!(cursor.assigned & !p.live.iter().fold(0, |a, b| a | b) == 0);
            cursor.done(p, 1);
        }
    }
}
