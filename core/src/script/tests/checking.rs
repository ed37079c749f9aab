//! One case for each thing that the checker refuses, with its message and place.

use super::{compiled, compiled_with, names};
use crate::machine;
use crate::script::code::{Arg, Expr, Instr, Op, Query, Side};
use crate::script::values::Kind;
use crate::script::verbs::{VERBS, Word};

fn check(text: &str, errors: &[&str]) {
    assert_eq!(compiled(text).err().unwrap_or_default(), errors, "{text}");
}

#[test]
fn every_offered_verb_compiles_as_its_row_shows() {
    for v in VERBS.iter().filter(|v| v.offered) {
        let before = "e = get_gfn 1:0x10; t = alloc table(1); f = alloc frame(1)\n";
        let result = compiled(&format!("{before}{}", v.example));
        assert!(result.is_ok(), "{}: {result:?}", v.example);
    }
}

#[test]
fn what_is_known_and_not_offered_says_that_and_no_more() {
    let check = |text: &str, place: &str, what: &str| {
        let error = format!("{place}  {what} is known and not offered by this release; see docs/language.md");
        check(text, &[&error]);
    };
    // A verb, with arguments that would be wrong, and with a result that somebody reads.
    for v in VERBS.iter().filter(|v| !v.offered) {
        let name = format!("`{}`", v.name);
        check(v.name, "1:1", &name);
        check(&format!("x = {} nowhere\ny = x", v.name), "1:5", &name);
        check(&format!("{} M", v.name), "1:1", &name);
    }
    // Places, where a verb, a value or a condition names them.
    // Locks, lists and classes.
    // Functions and questions.
}

#[test]
fn types_that_the_entries_do_not_have() {
    check("c = set_entry 1:0x10 = M as ioreq_server", &["1:29  entries of ept-2011 have no type `ioreq_server`"]);
    check("x = leaf(M, map_foreign, 0)", &["1:13  entries of ept-2011 have no type `map_foreign`"]);
    check("e = lookup 1:0x10; x = e.type == ioreq_server", &[]);
}

#[test]
fn arguments_of_verbs() {
    check("set_entry 1:0x10 = M", &["1:1  `set_entry` needs `as`: set_entry 1:0x10 = M as ram_rw"]);
    check("evict", &["1:1  `evict` needs a frame number: r = evict 1:0x10"]);
    check(
        "evict = 3",
        &["1:1  `evict` needs a frame number: r = evict 1:0x10", "1:7  `evict` takes no `=`, as in  r = evict 1:0x10"],
    );
    check("lookup 1:0x10 with 1:0x20", &["1:15  `lookup` takes no `with`, as in  e = lookup 1:0x10"]);
    check("store mapped = 1 = 2", &["1:18  `=` stands here twice"]);
    check("set_entry 1:0x10 = M as", &["1:22  `as` needs a type: set_entry 1:0x10 = M as ram_rw"]);
    check("set_entry 1:0x10 = M as 3", &["1:25  `as` wants a type, `3` is a num"]);
    check("evict 16", &["1:7  `evict` wants a gfn, `0x10` is a num"]);
    check("set_entry 1:0x10 = M as ram_rw order 3", &["1:38  an order is 0 (4 KB), 9 (2 MB) or 18 (1 GB), not `3`"]);
    check("free 1:0x10", &["1:6  `free` wants a frame, table or object, `1:0x10` is a gfn"]);
    check("x = flush 1", &["1:5  `flush` gives no value"]);
    check("insert 3 into queue", &["1:8  a list links frames or objects, `3` is a num"]);
    check("pause PG", &["1:7  `PG` is a pager: only a vcpu can be paused"]);
    check("flush PG", &["1:7  `PG` is a pager and has no TLB: vcpu and hardware have one"]);
    check("flush 7", &["1:7  no domain 7; the world declares 1, 2"]);
    check("store content(M) = 1:0x10", &["1:20  `=` wants a num, `1:0x10` is a gfn"]);
    check("add owner(M) by 1", &["1:1  `add` wants a place that holds a num, this one holds a dom"]);
    check("x = alloc page(1)", &["1:11  frame(d), table(d), object and record(F) can be allocated, not `page(1)`"]);
    check("fail frame(1)", &["1:6  `fail` wants a class alone, as in  fail frame"]);
}

#[test]
fn names_of_the_world() {
    check("lock foo", &["1:6  no lock named `foo`; the world declares event, hap"]);
    check("lock gnf(1:0x10)", &["1:6  no lock named `gnf`; did you mean `gfn`?"]);
    check("x = load maped", &["1:10  no shared word named `maped`; did you mean `mapped`?"]);
    check("x = load cuont(M)", &["1:10  no place named `cuont`; did you mean `count`?"]);
    check("x = 1; y = load x", &["1:17  `x` is a private variable: `load` is for shared words"]);
    check("M = 3", &["1:1  `M` is a frame of the world and cannot be assigned"]);
    check("V0 = 3", &["1:1  `V0` is an actor and cannot be assigned"]);
    check("g = gest:0x10", &["1:5  no domain or view named `gest`; did you mean `guest`?"]);
    check("g = 7:0x10", &["1:5  no domain 7; the world declares 1, 2"]);
    check("g = 1:0x1000000000", &["1:7  frame number `0x1000000000` has more than 36 bits"]);
    check("x = zebra", &["1:5  nothing is named `zebra`"]);
    check("x = ram_wr", &["1:5  nothing is named `ram_wr`; did you mean `ram_rw`?"]);
    check("x = V0", &["1:5  `V0` is an actor: a condition names its variables, as in  V0.r"]);
    check("x = event", &["1:5  `event` is a lock of the world, not a value"]);
    check("x = 1 + evict", &["1:9  `evict` is a statement: give its result a name first, as in  r = evict .."]);
    check("x = gfn(1:0x10)", &["1:5  gfn(..) is a lock, not a value"]);
    check("x = foo(1)", &["1:5  no place or function named `foo`"]);
}

#[test]
fn shared_words_are_loaded_first() {
    check("x = count(M)", &["1:5  count(..) is shared: load it first, as in  c = load count(M)"]);
    check("if mapped == 2 { }", &["1:4  mapped is shared: load it first, as in  m = load mapped"]);
    check("wait mapped == 2\nassert count(M) == 1 and entry(1:0x10).type == ram_rw", &[]);
    check("wait done(PG)", &["1:6  done(..) can be asked only in `assert`, `ensure` and `reach`"]);
    check("wait PG.r == ok", &["1:6  `PG.r` is an actor's variable: only `assert`, `ensure` and `reach` look at it"]);
}

#[test]
fn places_and_their_arguments() {
    check("x = load count(1:0x10)", &["1:16  count(..) wants a frame, `1:0x10` is a gfn"]);
    check("x = load count()", &["1:10  count(..) has 1 argument, here are 0"]);
    check("x = load content(M, 512)", &["1:21  a page has the words 0 to 511, not `0x200`"]);
    check(
        "x = load M.type",
        &["1:10  `M.type` is no place: a part is read from an entry, as in  e = lookup 1:0x10; t = e.type"],
    );
    check("x = load 3", &["1:10  `load` wants a place, as in  c = load count(M)"]);
    check("store frame_type(M) = pgt_none; store m2p(M) = none; x = load content(M, 3)", &[]);
}

#[test]
fn kinds_of_expressions() {
    check("e = lookup 1:0x10\nx = e.type == 3", &["2:12  comparison: `e.type` is a type, `3` a num"]);
    check("x = ram_rw < ram_ro", &["1:12  `<` orders numbers and frames, `ram_rw` is a type"]);
    check("x = 1 + ram_rw", &["1:7  `+`: `1` is a num, `ram_rw` a type"]);
    check("x = M * 2", &["1:7  `*`: `M` is a frame, `2` a num"]);
    check("x = -M", &["1:5  `-` wants a num, `M` is a frame"]);
    check("if 1 { }", &["1:4  a condition is wanted, `1` is a num: compare it, as in  1 == 1"]);
    check("x = not M", &["1:9  a condition is wanted, `M` is a frame"]);
    check("x = M.type", &["1:7  only an entry has fields, `M` is a frame"]);
    check(
        "e = lookup 1:0x10; x = e.tpye",
        &["1:26  an entry has no field `tpye`; did you mean `type`?: type, mfn, access, order, table, present"],
    );
    check("q = M\nq = 3", &["2:1  `q` is a frame (line 1) and is given `3`, a num"]);
    check("q = M; q = nominate 1:0x10", &["1:8  `q` is a frame and is given `nominate`, a code"]);
    check("x = ok == none", &["1:8  comparison: `ok` is a code, `none` none"]);
    check("x = 1:0xfffffffff + 1", &["1:5  this has no value: the result does not fit"]);
    check("for g in 1:1..M { }", &["1:15  `for` runs over numbers or frame numbers, `M` is a frame"]);
    check("for g in 1..2:2 { }", &["1:10  `for`: `1` is a num, `2:2` a gfn"]);
    check("x = 1:0x10 - 1:0x8; y = M + 5 - M; z = dom(1:0x10) <= 2; u = 1 + M; v = guest:0x10", &[]);
    check(
        "d = 1; x = 1:0x10 - 1:d; flush d; w = owner_; owner_ = 3",
        &["1:39  `owner_` has no value here: it is first assigned at line 1"],
    );
}

#[test]
fn kinds_are_found_wherever_they_show() {
    // The word's kind shows only in the other actor's program; `q` gets its kind after it is used.
    let got =
        compiled_with("q = none\nloop { x = load pointer; if x == q { break }; q = M }", "store pointer = F", &names())
            .unwrap();
    let kind = |n: &str| got.programs[0].vars.iter().find(|v| v.name == n).unwrap().kind;
    assert_eq!((kind("x"), kind("q")), (Kind::Frame, Kind::Frame));
    assert_eq!(got.words, [0, u64::MAX], "a frame that is not there is all ones");
    let got = compiled_with("store pointer = 1:0x10", "store pointer = F", &names()).unwrap_err();
    // The wrong one is in the other text, whose places are its own.
    assert!(got[0].ends_with("`=` wants a gfn, `F` is a frame"), "{got:?}");
    let p = super::program("store pointer = 1:0x10; g = swap pointer = none; f = load owner(M)");
    let kinds: Vec<_> = p.vars.iter().map(|v| (v.name.as_str(), v.kind)).collect();
    assert_eq!(kinds, [("g", Kind::Gfn), ("f", Kind::Dom)]);
}

#[test]
fn values_before_they_are_there() {
    check(
        "if mapped_ == 1 { q = 1 }\nmapped_ = 1",
        &["1:4  `mapped_` has no value here: it is first assigned at line 2"],
    );
    check(
        "c = nominate 1:0x10\nif c == ok {\n  q = 1\n}\nx = q",
        &["5:5  `q` may have no value here: it is assigned only inside the `if` at line 2"],
    );
    check("c = nominate 1:0x10\nif c == ok { q = 1 } else { q = 2 }\nx = q", &[]);
    check("c = ok\nif c == ok { q = 1 } else { return }\nx = q", &[]);
    check(
        "for i in 1..2 { q = i }\nx = q",
        &["2:5  `q` may have no value here: it is assigned only inside the `for` at line 1"],
    );
    check("loop { q = 1; break }\nx = q", &[]);
    check("q = q + 1", &["1:5  `q` has no value here: it is first assigned at line 1"]);
}

#[test]
fn procedures() {
    check("proc f(a) { return a }\n---\nx = call f(1)\ny = call f(M)", &[]);
    check("x = call f(1)", &["1:10  no procedure named `f`"]);
    check("proc f(a) { }\n---\ncall f()", &["3:6  `f` has 1 parameter, here are 0"]);
    check(
        "proc f() { call g() }\nproc g() { call f() }\n---\ncall f()",
        &["2:17  `f` calls itself: procedures are expanded, so that cannot be"],
    );
    check(
        "proc f(a) { if a == 1 { return 2 } }\n---\nx = call f(1)",
        &["3:10  `f` may end without `return` and a value"],
    );
    check("proc f() { x = evict 3 }\n---\n", &["1:22  `evict` wants a gfn, `3` is a num"]);
    check("proc f() { break }\n---\nloop { call f() }", &["1:12  `break` stands in no loop"]);
    check("proc f() { }\nproc f() { }\n---\n", &["2:6  procedure `f` is there already, at line 1"]);
    check("proc M() { }\n---\n", &["1:6  `M` is a frame of the world and cannot name a procedure"]);
    check("proc f(M) { }\n---\ncall f(1)", &["1:8  `M` is a frame of the world and cannot name a parameter"]);
    check("return 3", &["1:8  a program returns no value"]);
    check("x = f(1)\n", &["1:5  no place or function named `f`"]);
}

#[test]
fn labels() {
    check("@a put_gfn 1:0x10\n@a put_gfn 1:0x10", &["2:2  label `a` is there already, at line 1"]);
    check("put_gfn 1:0x10\n@end", &["2:2  label `end` names no step: no effect follows"]);
    let p = super::program("@a x = 1\nloop { @b put_gfn 1:0x10; if x == 1 { @c }; @d }");
    assert_eq!(p.label("a"), p.label("b"));
    assert_eq!(p.label("c"), p.label("b"), "around the loop");
    assert_eq!(p.label("e"), None);
    let p = super::program("proc f() { @in put_gfn 1:0x10 }\n---\ncall f(); call f()");
    assert_eq!(p.label("in").map(<[_]>::len), Some(2));
}

#[test]
fn conditions() {
    let conditions = |text: &str| compiled(text).map(|c| c.conditions);
    let text = "@here r = nominate 1:0x10; other = 1; store mapped = other\n===\n";
    assert!(conditions(&format!("{text}at(V0, here) and done(PG) and V0.r == ok")).is_ok());
    check(&format!("{text}V0.q == 1"), &["3:4  `V0` has no variable `q`; it has r, other"]);
    check(&format!("{text}at(V0, there)"), &["3:8  `V0` has no label `there`; it has here"]);
    check(&format!("{text}at(V9, here)"), &["3:4  no actor named `V9`; did you mean `V0`?"]);
    check(&format!("{text}holds(V0, zoo)"), &["3:11  no lock named `zoo`; the world declares event, hap"]);
    check(
        &format!("{text}count(M)"),
        &["3:1  a condition is wanted, `count(M)` is a num: compare it, as in  count(M) == 1"],
    );
    check(&format!("{text}V0.r == 1"), &["3:6  comparison: `V0.r` is a code, `1` a num"]);
    check(&format!("{text}holds(V0, evnet)"), &["3:11  no lock named `evnet`; did you mean `event`?"]);
    let got = compiled(&format!("{text}V0.r == ok")).unwrap();
    assert_eq!(got.programs[0].pinned, 1, "what a condition names stays");
    let Expr::Binary(Op::Eq, a, _) = &got.conditions[0] else { panic!() };
    assert_eq!(**a, Expr::Query(Box::new(Query::Var(0, 0))));
}

#[test]
fn actors_do_what_they_can() {
    let pager = |text: &str| compiled_with("", text, &names()).unwrap_err()[0].split_once("  ").unwrap().1.to_string();
    assert_eq!(pager("hw_read 1:0x10"), "`hw_read` is for actors with a TLB, vcpu and hardware: `PG` is a pager");
    assert_eq!(pager("flush PG"), "`PG` is a pager and has no TLB: vcpu and hardware have one");
    let mut names = names();
    names.actors[1].1 = machine::Kind::Hardware;
    let got = compiled_with("", "evict 1:0x10", &names).unwrap_err();
    assert!(got[0].ends_with("`PG` is hardware, which knows only hw_read, hw_write, load, store, wait: not `evict`"));
    assert!(compiled_with("", "x = hw_read 1:0x10; wait mapped == 1", &names).is_ok());
}

#[test]
fn sizes_are_bounded() {
    let effects = |n: usize| "put_gfn 1:0x10\n".repeat(n);
    check(&effects(400), &[]);
    check(&effects(401), &["1:1  `V0` has 401 effects with its procedures expanded: at most 400"]);
    let vars = |n: usize| (0..n).map(|i| format!("x{i} = 1\n")).collect::<String>();
    check(&vars(32), &[]);
    check(&vars(33), &["1:1  `V0` has 33 variables with its procedures': at most 32"]);
    // Each procedure calls the one before twice: 2^30 calls were it not for the bound.
    let doubling: String =
        (1..14).map(|i| format!("proc p{i}() {{ call p{}(); call p{}() }}\n", i - 1, i - 1)).collect();
    let got = compiled(&format!("proc p0() {{ }}\n{doubling}---\ncall p13()")).unwrap_err();
    assert!(
        got.iter().any(|e| e.ends_with("more than 4096 instructions and calls with procedures expanded")),
        "{got:?}"
    );
    let chain: String = (1..20).map(|i| format!("proc p{i}() {{ call p{}() }}\n", i - 1)).collect();
    let got = compiled(&format!("proc p0() {{ }}\n{chain}---\ncall p19()")).unwrap_err();
    assert!(got.iter().any(|e| e.ends_with("calls are nested more than 16 deep")), "{got:?}");
}

#[test]
fn code_is_as_it_is_read() {
    let p = super::program("c = cas mapped from 0 to 1 # tries\nlock gfn(1:0x10) nowait");
    let Instr::Do(call, Some(0)) = &p.instrs[0] else { panic!("{:?}", p.instrs) };
    assert_eq!(call.args.iter().map(|(w, _)| *w).collect::<Vec<_>>(), [Word::Object, Word::From, Word::To]);
    assert_eq!(call.arg(Word::To), Some(&Arg::Value(Expr::Const(1), Kind::Num)));
    assert_eq!(p.origins[0].comment.as_deref(), Some("tries"));
    assert_eq!((p.origins[0].line, p.origins[1].line), (1, 2));
    let Instr::Do(call, None) = &p.instrs[1] else { panic!("{:?}", p.instrs) };
    assert!(call.has(Word::Nowait) && !call.has(Word::Shared) && call.lock().is_some());
    assert_eq!(p.instrs[2], Instr::End);
    let p = super::program("x = 3 > 2; y = x; g = 1:0x10 + 1");
    assert_eq!(p.instrs[0], Instr::Set(0, Expr::Const(1)), "what is constant is folded");
    assert_eq!(p.instrs[2], Instr::Set(2, Expr::Const(1 << 40 | 0x11)));
    let p = super::program("f = M; x = f > F");
    let Instr::Set(1, Expr::Binary(Op::Lt(Side::Word), l, _)) = &p.instrs[1] else { panic!("{:?}", p.instrs) };
    assert_eq!(**l, Expr::Frame(1), "turned round");
}
