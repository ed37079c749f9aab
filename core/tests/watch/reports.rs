//! The reports as text, in both registers: what each says was reasoned from the programs and the schedule, which stand
//! beside it. Steps are counted from 1; an actor that asks in vain waits since the position before its step.

use super::labelled::{lesson, played};
use p2mscope_core::explore::{Book, Question, Verdict, explore};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::Session;
use p2mscope_core::view::{Context, diagnosis};
use p2mscope_core::watch::Rules;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Both registers after a schedule, the plain one first.
fn told(policy: Policy, programs: &[(&str, &str)], schedule: &str) -> String {
    let lesson = lesson(programs, schedule);
    let mut run = played(&lesson, policy, Rules::ALL, schedule);
    let mut session = Session::default();
    session.note(&run);
    let found = diagnosis(&mut run, &session);
    let statement = |a: u8, place: u64| Some(format!("statement {place} of {}", programs[a as usize].0));
    format!("{}\n\n{}", found.plain().join("\n"), found.engineer(&Context { what: "L", statement: &statement }))
}

const AB: &str = "lock a; @x lock b; unlock b; unlock a";
const BA: &str = "lock b; @x lock a; unlock a; unlock b";

/// A takes a (step 1), B takes b (step 2); then both wait: A for b since 2, B for a since 2.
/// C has taken c and can still move.
#[test]
fn a_ring_while_a_third_goes_on() {
    insta::assert_snapshot!(told(Policy::M2, &[("A", AB), ("B", BA), ("C", "lock c; @x unlock c")], "A@x B@x C@x"), @r#"
    A -> B -> A: each waits for what the next one holds, so none of them can ever go on.
    Meanwhile C goes on.
    If A gave up what it has, all others could go on.

    ==============================================================================
    p2mscope: a ring of waits has closed
    L, step 3
    ------------------------------------------------------------------------------
    A (toolstack of domain 1) asks for
        lock b  [no level]  since step 2
        at statement 1 of A
    which B holds since step 2.
    B (toolstack of domain 1) asks for
        lock a  [no level]  since step 2
        at statement 1 of B
    which A holds since step 1.

    the chain, each link an order of locks:
      #0  A: lock a -> lock b
      #1  B: lock b -> lock a

    how it came about:

     step  A                B
     ----  ----             ----
        1  takes lock a
        2                   takes lock b
        2  asks for lock b
        2                   asks for lock a

      *** DEADLOCK ***

    1 lock held by A (toolstack of domain 1), outermost first:
     #0: lock a  [no level]  since step 1
         at statement 0 of A
    1 lock held by B (toolstack of domain 1), outermost first:
     #0: lock b  [no level]  since step 2
         at statement 0 of B
    1 lock held by C (toolstack of domain 1), outermost first:
     #0: lock c  [no level]  since step 3
         at statement 0 of C
    smallest set to abort: A
    can still move: C
    "#);
}

/// Two rings apart, one that waits behind the first.
#[test]
fn two_rings_and_one_behind() {
    insta::assert_snapshot!(told(Policy::M2, &[("A", AB), ("B", BA), ("C", "lock c; @x lock d; unlock d; unlock c"), ("D", "lock d; @x lock c; unlock c; unlock d"), ("E", "lock a")], "A@x B@x C@x D@x"), @r#"
    A -> B -> A: each waits for what the next one holds, so none of them can ever go on.
    C -> D -> C: each waits for what the next one holds, so none of them can ever go on.
    E waits for A, who is stuck.
    If A and C gave up what they have, all others could go on.

    ==============================================================================
    p2mscope: a ring of waits has closed
    L, step 4
    ------------------------------------------------------------------------------
    A (toolstack of domain 1) asks for
        lock b  [no level]  since step 2
        at statement 1 of A
    which B holds since step 2.
    B (toolstack of domain 1) asks for
        lock a  [no level]  since step 2
        at statement 1 of B
    which A holds since step 1.

    the chain, each link an order of locks:
      #0  A: lock a -> lock b
      #1  B: lock b -> lock a

    how it came about:

     step  A                B
     ----  ----             ----
        1  takes lock a
        2                   takes lock b
        2  asks for lock b
        2                   asks for lock a

      *** DEADLOCK ***

    ==============================================================================
    p2mscope: a ring of waits has closed
    L, step 4
    ------------------------------------------------------------------------------
    C (toolstack of domain 1) asks for
        lock d  [no level]  since step 4
        at statement 1 of C
    which D holds since step 4.
    D (toolstack of domain 1) asks for
        lock c  [no level]  since step 4
        at statement 1 of D
    which C holds since step 3.

    the chain, each link an order of locks:
      #0  C: lock c -> lock d
      #1  D: lock d -> lock c

    how it came about:

     step  C                D
     ----  ----             ----
        3  takes lock c
        4                   takes lock d
        4  asks for lock d
        4                   asks for lock c

      *** DEADLOCK ***

    ==============================================================================
    p2mscope: one waits behind the stuck
    L, step 4
    ------------------------------------------------------------------------------
    E (toolstack of domain 1) asks for
        lock a  [no level]  since step 1
        at statement 0 of E
    which A holds since step 1.

    E waits for A, who is stuck.

      *** STUCK BEHIND ***

    1 lock held by A (toolstack of domain 1), outermost first:
     #0: lock a  [no level]  since step 1
         at statement 0 of A
    1 lock held by B (toolstack of domain 1), outermost first:
     #0: lock b  [no level]  since step 2
         at statement 0 of B
    1 lock held by C (toolstack of domain 1), outermost first:
     #0: lock c  [no level]  since step 3
         at statement 0 of C
    1 lock held by D (toolstack of domain 1), outermost first:
     #0: lock d  [no level]  since step 4
         at statement 0 of D
    smallest set to abort: A and C
    can still move: nobody
    "#);
}

/// A ends with a.
#[test]
fn a_lock_that_was_left() {
    insta::assert_snapshot!(told(Policy::M2, &[("A", "lock a"), ("B", "lock a; unlock a")], "A!"), @r#"
    B waits for lock a, and A has ended without releasing it.
    Nothing that others give up helps B.
    I29 was broken in step 1: A ends while it holds lock a.

    ==============================================================================
    p2mscope: a lock was left by one who has ended
    L, step 1
    ------------------------------------------------------------------------------
    B (toolstack of domain 1) asks for
        lock a  [no level]  since step 1
        at statement 0 of B
    which A holds since step 1.

    B waits for lock a, and A has ended without releasing it.

      *** LEFT LOCKED ***

    ==============================================================================
    p2mscope: I29 is broken
    L, step 1
    ------------------------------------------------------------------------------
    gets equal puts, nothing is released that is not held, and no lock is taken over fifteen deep.
    step 1: A ends while it holds lock a

    1 lock held by A (toolstack of domain 1), outermost first:
     #0: lock a  [no level]  since step 1
         at statement 0 of A
    smallest set to abort: B
    can still move: nobody
    "#);
}

/// B takes what it sleeps for from nobody.
#[test]
fn a_sleeper_whom_nobody_wakes() {
    insta::assert_snapshot!(told(Policy::M2, &[("A", "store w = 1"), ("B", "lock pod(1); unlock pod(1); n = take r")], "B! A!"), @r#"
    B sleeps for what nobody who is left can bring.
    Nothing that others give up helps B.

    ==============================================================================
    p2mscope: a sleeper whom nobody is left to wake
    L, step 3
    ------------------------------------------------------------------------------
    B sleeps until there is a request on r, and nobody is left to bring it; since step 2.
        (toolstack of domain 1)
        at statement 2 of B

    B sleeps for what nobody who is left can bring.

      *** NEVER WOKEN ***

    no locks are held.
    smallest set to abort: B
    can still move: nobody
    "#);
}

/// Nothing happened: one after the other, in opposite orders. A asks for b in step 2, B for a in step 6.
#[test]
fn orders_that_could_meet() {
    insta::assert_snapshot!(told(Policy::M2, &[("A", AB), ("B", BA)], "A! B!"), @r#"
    It has not happened here, but it could: A asked for lock b while it held lock a (run, step 2); B asked for lock a while it held lock b (run, step 6). If they meet, none of them can go on.

    ==============================================================================
    p2mscope: locks are asked for in orders that can close a ring
    L, step 8
    ------------------------------------------------------------------------------
    #0  A: lock a -> lock b
          first seen: run, step 2; it held lock a
    #1  B: lock b -> lock a
          first seen: run, step 6; it held lock b

    if they meet:

     step  A                B
     ----  ----             ----
           takes lock a
                            takes lock b
           asks for lock b
                            asks for lock a

      *** POSSIBLE DEADLOCK ***
    "#);
}

/// Three rounds of three steps each, and a step; after the first round all is as it was at first.
#[test]
fn a_livelock() {
    insta::assert_snapshot!(told(Policy::M2, &[("A", "loop { lock a; e = lock b nowait; if e == ok { break }; unlock a }; unlock b; unlock a"), ("B", "loop { lock b; e = lock a nowait; if e == ok { break }; unlock b }; unlock a; unlock b")], &"A B ".repeat(10)), @r#"
    A and B go round and round because of one another, A 3 times since step 1, B 3 times since step 2: whatever they do is undone again, and 3 rounds are called a livelock.
    All is as it was after step 2, so it can go on like this for ever.

    ==============================================================================
    p2mscope: actors undo what they do, again and again
    L, step 20
    ------------------------------------------------------------------------------
    A (toolstack of domain 1): 3 rounds since step 1, because of B
        at statement 1 of A
    B (toolstack of domain 1): 3 rounds since step 2, because of A
        at statement 1 of B
    threshold: 3 rounds
    the state is that after step 2: steps 3 to 20 repeat

      *** LIVELOCK ***

    1 lock held by A (toolstack of domain 1), outermost first:
     #0: lock a  [no level]  since step 19
         at statement 0 of A
    1 lock held by B (toolstack of domain 1), outermost first:
     #0: lock b  [no level]  since step 20
         at statement 0 of B
    can still move: A and B
    "#);
}

/// A looks four times, which is three rounds.
#[test]
fn a_busy_waiter() {
    insta::assert_snapshot!(told(Policy::M2, &[("A", "loop { n = load w; if n == 1 { break } }"), ("B", "store w = 1")], "A*4"), @r#"
    A spins: it has gone round 3 times since step 1 and got nowhere.
    All is as it was after step 0, so it can go on like this for ever.

    ==============================================================================
    p2mscope: an actor goes round and gets nowhere
    L, step 4
    ------------------------------------------------------------------------------
    A (toolstack of domain 1): 3 rounds since step 1
        at statement 0 of A
    threshold: 3 rounds
    the state is that after step 0: steps 1 to 4 repeat

      *** SPINNING ***

    no locks are held.
    can still move: A and B
    "#);
}

/// The pod lock comes after ranges in the order: level 48 before 16.
#[test]
fn a_rule_that_is_broken() {
    insta::assert_snapshot!(told(Policy::M2, &[("A", "lock pod(1); @x get_gfn 1:0x10; put_gfn 1:0x10; unlock pod(1)")], "A@x A"), @r#"
    I27 was broken in step 1: A asks for the p2m lock of domain 1 while it holds the pod lock of domain 1, which comes later in the order.

    ==============================================================================
    p2mscope: I27 is broken
    L, step 2
    ------------------------------------------------------------------------------
    locks are taken in the order of level, domain and range.
    step 1: A asks for the p2m lock of domain 1 while it holds the pod lock of domain 1, which comes later in the order

    2 locks held by A (toolstack of domain 1), outermost first:
     #0: the pod lock of domain 1          [level 48]  since step 1
         at statement 0 of A
     #1: the p2m lock of domain 1, shared  [level 16]  since step 2
         at statement 1 of A
    can still move: A
    "#);
}

/// One lock, taken and released.
#[test]
fn nothing_is_wrong() {
    insta::assert_snapshot!(told(Policy::M2, &[("A", "lock a; unlock a")], "A!"), @"");
}

/// Waited for during 101 steps of others, where the world has no patience of its own: that is 100.
#[test]
fn one_who_starves() {
    let long = "lock a; repeat 200 { store w = 1 }; unlock a";
    insta::assert_snapshot!(told(Policy::M2, &[("A", long), ("B", "lock a; unlock a")], "A*101"), @r#"
    B starves: it has waited for lock a during 101 steps of others, and 100 is its patience.

    ==============================================================================
    p2mscope: an actor waits for longer than its patience
    L, step 101
    ------------------------------------------------------------------------------
    B (toolstack of domain 1) asks for
        lock a  [no level]  since step 1
        at statement 0 of B
    which A holds since step 1.
    waited: 101 steps of others, overtaken 0 times
    threshold: 100 steps

      *** STARVATION ***

    1 lock held by A (toolstack of domain 1), outermost first:
     #0: lock a  [no level]  since step 1
         at statement 0 of A
    can still move: A
    "#);
}

/// A search meets both orders though no run closes the ring: a third lock is around both, but only one at a time.
/// So nobody is in a deadlock, and each order is shown by its actor alone: lock, lock.
#[test]
fn what_a_search_has_met_is_shown_by_few_steps() {
    let once = "wait w == 1; lock b; lock a; unlock a; unlock b";
    let lesson = lesson(&[("A", "lock a; lock b; unlock b; unlock a; store w = 1"), ("B", once)], "A!");
    let staged = lesson.stage("before", Some(Policy::M2), None).unwrap();
    let book = Arc::new(Book::new());
    let q = Question { orders: Some(book.clone()), ..Question::prove(Rules::ALL) };
    let sim = staged.sim(q.stop);
    for threads in [1, 2] {
        let report = p2mscope_core::explore::with_threads(threads, || explore(&sim, &q, |_| ControlFlow::Continue(())));
        assert_eq!(report.verdict, Verdict::Safe);
        let met = book.sightings(&sim);
        // A alone: takes a and b. B sleeps until A has ended, which takes five steps; then it wakes, takes b, takes a.
        let steps: Vec<Vec<u8>> = met.iter().map(|s| s.steps.iter().map(|s| s.0).collect()).collect();
        assert_eq!(steps, [vec![0, 0], vec![0, 0, 0, 0, 0, 1, 1, 1]]);
        let mut session = Session::default();
        session.learn(&met);
        assert_eq!(session.rings().len(), 1, "not ruled out by what locks show");
    }
}
