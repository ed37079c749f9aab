//! Liveness, by programs small enough to reason about.

use super::program;

/// The names of the variables that live after each instruction.
fn live(text: &str) -> Vec<String> {
    let p = program(text);
    let names = |set: u32| {
        let live = (0..p.vars.len()).filter(|v| set & (1 << v) != 0);
        live.map(|v| p.vars[v].name.clone()).collect::<Vec<_>>().join(" ")
    };
    p.live.iter().map(|s| names(*s)).collect()
}

#[test]
fn a_variable_lives_from_its_value_to_its_last_use() {
    // 0: a = ..  1: b = a (last use of a)  2: store b (last use of b)  3: end
    assert_eq!(live("a = load mapped\nb = a\nstore mapped = b"), ["a", "b", "", ""]);
}

#[test]
fn what_nobody_reads_never_lives() {
    assert_eq!(live("a = nominate 1:0x10\na = evict 1:0x10"), ["", "", ""]);
}

#[test]
fn a_branch_keeps_what_either_side_reads() {
    // 0: a  1: b  2: unless a == 1 -> 4  3: store b  4: end
    assert_eq!(live("a = load mapped; b = load mapped\nif a == 1 { store mapped = b }"), ["a", "a b", "b", "", ""]);
}

#[test]
fn a_loop_keeps_what_its_next_round_reads() {
    // 0: k  1: x = load  2: unless x == k -> 4  3: jump out  4: jump 1  5: end. `k` is read again in each round.
    let got = live("k = load mapped\nloop { x = load mapped; if x == k { break } }");
    assert_eq!(got, ["k", "k x", "k", "", "k", ""]);
}

#[test]
fn a_value_that_a_loop_assigns_before_reading_does_not_cross_its_end() {
    // 0: a = load  1: store a  2: jump 0: a is assigned before it is read.
    assert_eq!(live("loop { a = load mapped; store mapped = a }"), ["a", "", "", ""]);
}

#[test]
fn procedures_forget_theirs() {
    // 0: f.a = 1  1: f.b = load  2: store f.a + f.b  3: the caller's
    let got = live("proc f(a) { b = load mapped; store mapped = a + b }\n---\ncall f(1); flush 1");
    assert_eq!(got, ["f.a", "f.a f.b", "", "", ""]);
}

#[test]
fn what_a_condition_names_lives_for_ever() {
    assert_eq!(live("r = load mapped; flush 1\n===\nV0.r == 1"), ["r", "r", "r"]);
}
