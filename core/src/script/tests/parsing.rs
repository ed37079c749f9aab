//! What parses, what does not, and that printing is the inverse of parsing.

use super::parsed;
use crate::script::error::{File, Text};
use crate::script::verbs::VERBS;
use crate::script::{ast, parse, print};
use proptest::prelude::*;

fn check(text: &str, errors: &[&str]) {
    let (_, got) = parsed(text);
    assert_eq!(got, errors, "{text}");
}

fn same_again(text: &str) {
    let (tree, errors) = parsed(text);
    assert_eq!(errors, [""; 0], "{text}");
    let printed = print::program(&tree);
    let (again, errors) = parsed(&printed);
    assert_eq!(errors, [""; 0], "{printed}");
    assert_eq!(again, tree, "{printed}");
}

#[test]
fn every_statement_prints_and_parses_again() {
    same_again("e = lookup 1:0x10\nif e.type == ram_rw { @use store content(e.mfn) = 7 } # a sentence");
    same_again("@a\n@b put_gfn 1:0x10; put_gfn 1:(base + 2 * i)");
    same_again("if a { } \n else if b { x = 1 } \n\n else { x = 2 }");
    same_again("loop { # opens\n repeat 3 { break; continue }; return a - (b - c) - -1 }");
    same_again("for g in 1:0x10..1:0x1f { x = call f(g, not (a == b) or c and d, none) }\nreturn");
    same_again("assert entry(1:0x10).type != ram_rw or n == 1 \"text # no comment\"");
    same_again("g = n1:0x80; h = d:i; x = (a + b).y.order; f = get_page_from_gfn g unshare");
    same_again("set_entry 1:0x10 = none as ram_rw with access_r order 9; post ring(1) = g nowait");
    same_again("x = (a < b) == (not c)\ny = a * (b & c) * -d");
    for v in VERBS {
        same_again(v.example);
    }
}

#[test]
fn comments_go_to_the_last_statement_of_their_line() {
    let (tree, _) = parsed("# alone\na = 1; b = 2 # two\nif c { # opens\n  d = 1 }\nif e { f = 1 } # inside\n# after");
    let mut seen = Vec::new();
    ast::each(&tree, &mut |s| seen.push((s.kind.to_string(), s.comment.clone().unwrap_or_default())));
    let seen: Vec<_> = seen.iter().map(|(s, c)| (s.as_str(), c.as_str())).collect();
    assert_eq!(
        seen,
        [("a = 1", ""), ("b = 2", "two"), ("if", "opens"), ("d = 1", ""), ("if", ""), ("f = 1", "inside"),]
    );
}

#[test]
fn unknown_statements() {
    check("evcit 1:0x10", &["1:1  unknown statement `evcit`; did you mean `evict`?"]);
    check("x = 1\n  zebra", &["2:3  unknown statement `zebra`"]);
    check("sort_two(1)", &["1:1  a statement begins with a verb or `name =`: call sort_two(..) calls a procedure"]);
    check("with 3", &["1:1  no statement begins with `with`"]);
    check("7", &["1:1  a statement begins with a name: found `7`"]);
    check("else { }", &["1:1  `else` follows the `}` of an `if`"]);
    check("proc f() { }", &["1:1  procedures stand in the lesson's `procedures`, not in a program"]);
}

#[test]
fn reserved_names() {
    check("ok = 3", &["1:1  `ok` is a constant and cannot name a variable"]);
    check("for shared in 1..2 { }", &["1:5  `shared` is a word of the language and cannot name a variable"]);
    check("x = with", &["1:5  a value is missing: `with` is a word of the language"]);
}

#[test]
fn things_that_are_missing() {
    check("x =", &["1:4  a value is missing: found the end of the text"]);
    check("x = (1 + 2\ny = 1", &["1:11  `)` is missing after the expression: found the end of the statement"]);
    check(
        "x = 1:",
        &["1:7  a frame number is missing after `:`, as in 1:0x10 or 1:(base + i): found the end of the text"],
    );
    check("if a b = 1", &["1:6  `{` is missing before the block: found `b`"]);
    check("loop { a = 1", &["1:6  this block has no end: `}` is missing"]);
    check("a = 1 b = 2", &["1:7  the statement ends before `b`: the next one needs a line of its own, or `;`"]);
    check("a = 1 }\nb = 2", &["1:7  the statement ends before `}`: the next one needs a line of its own, or `;`"]);
    check("for g 1..2 { }", &["1:7  `for` needs `in`: for g in 1:0x10..1:0x1f { .. }; found `1`"]);
    check("for g in 1 { }", &["1:12  `..` is missing between the first and the last: found `{`"]);
    check("@ = 3", &["1:3  the label's name is missing: found `=`"]);
    check("@a @b x = 1", &["1:4  one label names a step; a second one stands on a line of its own"]);
    check("call f 1", &["1:8  `(` is missing after the procedure's name: found `1`"]);
    check("x = a.", &["1:7  the field's name is missing: found the end of the text"]);
    check("x = f(1", &["1:8  `)` is missing after the arguments: found the end of the text"]);
}

#[test]
fn all_errors_of_a_text_are_found() {
    check(
        "evcit 1\nif a {\n  x = \n  lookp 1:1\n}\ny = )\nz = 3",
        &[
            "1:1  unknown statement `evcit`; did you mean `evict`?",
            "3:7  a value is missing: found the end of the statement",
            "4:3  unknown statement `lookp`; did you mean `lookup`?",
            "6:5  a value is missing: found `)`",
        ],
    );
}

#[test]
fn depth_is_bounded() {
    let blocks = |n: usize| "loop { ".repeat(n) + &"}".repeat(n);
    check(&blocks(8), &[]);
    check(&blocks(9), &["1:62  blocks are nested more than 8 deep"]);
    let parens = |n: usize| format!("x = {}1{}", "(".repeat(n), ")".repeat(n));
    check(&parens(16), &[]);
    check(&parens(17), &["1:21  parentheses are nested more than 16 deep"]);
    let sum = |n: usize| format!("x = 1{}", "+1".repeat(n));
    check(&sum(64), &[]);
    check(&sum(65), &["1:134  a statement may have 64 operators: use variables for parts of it"]);
}

#[test]
fn a_text_has_a_bound() {
    let start = std::time::Instant::now();
    check(&"(".repeat(10_000_000), &["1:1  this text has 10000000 bytes: at most 65536 (64 KB) are read"]);
    assert!(start.elapsed().as_millis() < 500);
}

#[test]
fn nothing_that_repeats_exhausts_the_stack() {
    for unit in ["(", "loop {", "- ", "not ", "x = a.", "@a ", "if a {} else ", "\u{0}\u{7f}", "\"", "call f(", "1:("] {
        let text = unit.repeat(parse::MAX_BYTES / unit.len());
        let (_, errors) = parsed(&text);
        assert!(!errors.is_empty() && errors.len() <= parse::MAX_PROBLEMS + 1, "{unit}: {}", errors.len());
    }
}

#[test]
fn procedures_parse_and_print() {
    let text = "proc f(a, b) {\n    return a # sum\n}\nproc g() {\n}\n";
    let mut problems = Vec::new();
    let procs = parse::procedures(&Text::whole(text), &mut problems);
    assert!(problems.is_empty());
    assert_eq!(print::procedures(&procs), text);
}

#[test]
fn wrong_procedures() {
    let check = |text: &str, error: &str| {
        let mut problems = Vec::new();
        parse::procedures(&Text::whole(text), &mut problems);
        let got: Vec<_> = File::new(text).errors(problems).iter().map(|e| e.to_string()).collect();
        assert_eq!(got, [error], "{text}");
    };
    check("x = 1", "1:1  a procedure begins with `proc name(..) {`: found `x`");
    check("proc evict() { }", "1:6  `evict` is a verb and cannot name a procedure");
    check("proc f(a, a) { }", "1:11  `a` is a parameter already");
    check("proc f(a { }", "1:10  `)` is missing after the parameters: found `{`");
    check("proc f() { } }", "1:14  a procedure begins with `proc name(..) {`: found `}`");
}

/// Words from which near-programs are made.
const WORDS: [&str; 44] = [
    "if", "else", "loop", "repeat", "for", "in", "x", "y", "=", "==", "(", ")", "{", "}", "\n", ";", "lock", "gfn",
    "(1:0x10)", "load", "count(M)", "store", "1", "0x10", ":", ",", ".", "..", "@a", "#c\n", "\"t\"", "assert", "not",
    "and", "call", "f(", "return", "-", "+", "nowait", "as", "ram_rw", "unshare", "none",
];

proptest! {
    #[test]
    fn any_text_parses_without_a_panic(text in "\\PC{0,200}") {
        parsed(&text);
    }

    #[test]
    fn what_parses_prints_to_the_same_tree(words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..60)) {
        let text = words.join(" ");
        let (tree, errors) = parsed(&text);
        if errors.is_empty() {
            let printed = print::program(&tree);
            let (again, errors) = parsed(&printed);
            prop_assert_eq!(errors, Vec::<String>::new());
            prop_assert_eq!(again, tree);
        }
    }
}
