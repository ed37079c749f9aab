//! Which actors of a lesson nothing in its text tells apart.
//!
//! Two are alike if their programs are the same, instruction by instruction, if neither comes back to the effect with which it
//! begins, and if no program and no condition names one of them: not by `at`, `done`, `waits`, `holds`, not by a variable of
//! it, and not as whom a verb is for. What the world tells of them the explorer compares itself.

use super::code::{Arg, Expr, Instr, Program, Query};
use super::run::Script;
use crate::addr::ActorId;
use std::cell::Cell;

impl Program {
    /// Whether it never comes back to its first effect.
    fn begins_once(&self) -> bool {
        let first = self.instrs.iter().position(|i| matches!(i, Instr::Do(..)));
        let back = |(at, i): (usize, &Instr)| match i {
            Instr::Jump(to) | Instr::JumpUnless(_, to) => *to <= at && Some(*to) <= first,
            _ => false,
        };
        !self.instrs.iter().enumerate().any(back)
    }

    /// The expressions of its instructions, and whom its verbs are for.
    fn each<'a>(&'a self, on_expr: &mut dyn FnMut(&'a Expr), on_actor: &mut dyn FnMut(usize)) {
        for instr in &self.instrs {
            match instr {
                Instr::Do(call, _) => {
                    for (_, arg) in &call.args {
                        match arg {
                            Arg::Value(e, _) | Arg::Condition(e) | Arg::Domain(e) | Arg::Class(_, Some(e)) => {
                                e.each(on_expr)
                            }
                            Arg::Actor(a) => on_actor(*a),
                            // In the arguments of places, locks, lists and rings stand numbers and frames, never a question.
                            _ => {}
                        }
                    }
                }
                Instr::Set(_, e) | Instr::Assert(e, _) | Instr::JumpUnless(e, _) => e.each(on_expr),
                Instr::Fail(_) | Instr::Jump(_) | Instr::End => {}
            }
        }
    }
}

/// The actor that an expression itself names; those inside of it are not looked at.
fn named(e: &Expr) -> Option<usize> {
    match e {
        Expr::Query(q) => match **q {
            Query::At(a, _) | Query::Done(a) | Query::Waits(a) | Query::Holds(a, _) | Query::Var(a, _) => Some(a),
            Query::Value(..) | Query::Length(_) | Query::Nothing => None,
        },
        _ => None,
    }
}

impl Script {
    /// Whether nothing in the programs and the conditions tells `a` from `b`.
    pub(super) fn tells_not_apart(&self, a: ActorId, b: ActorId) -> bool {
        let (i, j) = (a.0 as usize, b.0 as usize);
        let (Some(p), Some(q)) = (self.programs.get(i), self.programs.get(j)) else { return false };
        if p.instrs != q.instrs || p.vars != q.vars || p.pinned != 0 || q.pinned != 0 || !p.begins_once() {
            return false;
        }
        let names = Cell::new(false);
        let see = |actor: usize| names.set(names.get() || actor == i || actor == j);
        let mut on_expr = |e: &Expr| named(e).into_iter().for_each(see);
        self.programs.iter().for_each(|program| program.each(&mut on_expr, &mut |actor| see(actor)));
        self.ensure.iter().chain(&self.reach).for_each(|(e, _)| e.each(&mut on_expr));
        !names.get()
    }
}

#[cfg(test)]
mod tests {
    use crate::addr::ActorId;
    use crate::lesson::Lesson;
    use crate::sim::Code;

    /// Whether the first two actors are alike: A with the first program, B with the second; the rest of the text is appended.
    #[track_caller]
    fn check(first: &str, second: &str, rest: &str, alike: bool) {
        let text = format!(
            "id = \"twins\"\ntitle = \"Twins\"\ngoal = \"None.\"\nstory = \"None.\"\nexpect = []\n\
             world = {{ words = {{ n = 0 }}, locks = {{ l = 0 }} }}\ndomain = [{{ id = 1 }}]\n{rest}\n\
             [[actor]]\nname = \"A\"\nkind = \"toolstack\"\nprogram = \"\"\"\n{first}\n\"\"\"\n\
             [[actor]]\nname = \"B\"\nkind = \"toolstack\"\nprogram = \"\"\"\n{second}\n\"\"\"\n"
        );
        let lesson = Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
        let sim = lesson.stage("before", None, None).unwrap().sim(crate::watch::Rules::ALL);
        assert_eq!(sim.code().alike(ActorId(0), ActorId(1)), alike, "{text}");
    }

    #[test]
    fn the_same_program_twice_is_alike() {
        let add = "lock l\nx = load n\nstore n = x + 1\nunlock l";
        check(add, add, "", true);
        check(add, &add.replace("x + 1", "x + 2"), "", false);
        check(add, &add.replace("x", "y"), "", false);
    }

    #[test]
    fn whoever_is_named_is_not() {
        let add = "add n by 1";
        check(add, add, "repair = { edit = [\"A\"], ensure = [\"n == 2\"] }", true);
        check(add, add, "repair = { edit = [\"A\"], ensure = [\"done(A)\"] }", false);
        check(add, add, "repair = { edit = [\"A\"], reach = [\"n == 1 and waits(B)\"] }", false);
        check("x = load n", "x = load n", "repair = { edit = [\"A\"], ensure = [\"A.x == 0\"] }", false);
    }

    #[test]
    fn nor_one_that_begins_again() {
        check("repeat 2 { add n by 1 }", "repeat 2 { add n by 1 }", "", false);
        check("add n by 1\nrepeat 2 { add n by 1 }", "add n by 1\nrepeat 2 { add n by 1 }", "", true);
    }
}
