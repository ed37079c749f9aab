//! Schedules of which a person has said what they lead to: nothing may be missed, nothing reported that is not there.
//!
//! Each case is a handful of programs, a schedule, and a label: the forms of being stuck, the smallest set to abort,
//! and the rings that other orders of the same steps could close (potential deadlocks).

use p2mscope_core::addr::ActorId;
use p2mscope_core::lesson::{Lesson, ScheduleWord, Until};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Run, note_orders, waits};
use p2mscope_core::script::Script;
use p2mscope_core::watch::Rules;
use p2mscope_core::watch::abort::to_abort;
use p2mscope_core::watch::forms::{Form, forms};
use p2mscope_core::watch::potential::Orders;

/// A case: what it shows, the policy, the programs, the schedule, the label.
struct Case(&'static str, Policy, &'static [(&'static str, &'static str)], &'static str, &'static str);

/// The world of all cases. A program is that of a `vcpu` where its name begins with V, else of a `toolstack`.
pub fn lesson(programs: &[(&str, &str)], schedule: &str) -> Lesson {
    let mut text = format!(
        "id = 'L'\ntitle = 'L'\ngoal = 'L'\nhints = ['a', 'b']\n\
         world = {{ free_frames = 2, words = {{ w = 0, v = 0 }}, locks = {{ a = 0, b = 0, c = 0, d = 0 }}, rings = {{ r = 1 }} }}\n\
         domain = [{{ id = 1, map = '0x10..0x11 = ram_rw; 0x210 = ram_rw; 0x410 = ram_rw' }}, {{ id = 2, map = '0x10 = ram_rw' }}]\n\
         expect = [{{ version = 'before', policy = '2m', breach = 'deadlock', schedule = '{schedule}' }}]\n"
    );
    for (name, program) in programs {
        let kind = if name.starts_with('V') { "vcpu" } else { "toolstack" };
        text += &format!("[[actor]]\nname = '{name}'\nkind = '{kind}'\ndomain = 1\nprogram = '''\n{program}\n'''\n");
    }
    Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"))
}

/// The run after the schedule.
pub fn played(lesson: &Lesson, policy: Policy, rules: Rules, name: &str) -> Run<Script> {
    let staged = lesson.stage("before", Some(policy), None).unwrap();
    let mut run = Run::new(staged.sim(rules));
    let schedule: &[ScheduleWord] = &lesson.expects[0].schedule;
    for word in schedule {
        // Who waits already goes no further.
        let waits = word.until == Until::Blocked && !run.sim_mut().enabled(ActorId(word.actor as u8));
        let go = std::slice::from_ref(word);
        if !waits && let Err(e) = run.go(go, &|a, label| staged.places(a, label)) {
            panic!("{name}: {e}");
        }
    }
    run
}

/// What the watchers say after the schedule, in the words of a label.
fn said(case: &Case) -> String {
    let lesson = lesson(case.2, case.3);
    let mut run = played(&lesson, case.1, Rules::NONE, case.0);
    let world = run.world().clone();
    let all = waits(&mut run);
    let ended: Vec<ActorId> = world.actor_ids().filter(|&a| run.sim().ended(a)).collect();
    let waiting = |a: &ActorId| all.iter().any(|w| w.actor == *a);
    let moving: Vec<ActorId> = world.actor_ids().filter(|a| !waiting(a) && !ended.contains(a)).collect();
    let names = |of: &[ActorId]| of.iter().map(|&a| world.actor_name(a)).collect::<Vec<_>>().join(" ");
    let mut words = Vec::new();
    for form in forms(&all, &moving, &ended) {
        words.push(match &form {
            Form::Ring(ring) => format!("ring {}", names(ring)),
            Form::Leaked { actor, by, .. } => format!("leaked {} by {}", names(&[*actor]), names(by.as_slice())),
            Form::Forsaken(actor) => format!("forsaken {}", names(&[*actor])),
            Form::Behind(actor, on) => format!("behind {} of {}", names(&[*actor]), names(on)),
        });
        assert!(p2mscope_core::watch::forms::describe(&world, &form).ends_with('.'));
    }
    let abort = to_abort(&all, &moving);
    if !abort.is_empty() {
        words.push(format!("abort {}", names(&abort)));
    }
    let mut orders = Orders::default();
    note_orders(run.past(), 0, &mut orders);
    for ring in orders.rings() {
        words.push(format!("could {}", names(&ring.iter().map(|o| o.actor).collect::<Vec<_>>())));
    }
    if words.is_empty() { "none".into() } else { words.join("; ") }
}

const AB: &str = "lock a; @x lock b; unlock b; unlock a";
/// As `AB`, and between the two it does something that needs nobody.
const ASB: &str = "lock a; @x store w = 1; lock b; unlock b; unlock a";
const BA: &str = "lock b; @x lock a; unlock a; unlock b";
const BC: &str = "lock b; @x lock c; unlock c; unlock b";
const CA: &str = "lock c; @x lock a; unlock a; unlock c";
const CD: &str = "lock c; @x lock d; unlock d; unlock c";
const DC: &str = "lock d; @x lock c; unlock c; unlock d";
const LEAK: &str = "lock a";
const WANT: &str = "lock a; unlock a";
const FAR: &str = "get_gfn 1:0x10; @x get_gfn 1:0x210; put_gfn 1:0x210; put_gfn 1:0x10";
const BACK: &str = "get_gfn 1:0x210; @x get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 1:0x210";

#[rustfmt::skip]
static CASES: &[Case] = &[
    Case("one actor alone", Policy::M2, &[("A", AB)], "A!", "none"),
    Case("both ran, one after the other, in the same order", Policy::M2, &[("A", AB), ("B", AB)], "A! B!", "none"),
    Case("in opposite orders, and nothing happened", Policy::M2, &[("A", AB), ("B", BA)], "A! B!", "could A B"),
    Case("in opposite orders, and it happened", Policy::M2, &[("A", AB), ("B", BA)], "A@x B@x A! B!", "ring A B; abort A; could A B"),
    Case("one waits, the other can still move", Policy::M2, &[("A", ASB), ("B", BA)], "A@x B@x", "none"),
    Case("and then it no longer can", Policy::M2, &[("A", ASB), ("B", BA)], "A@x B@x A!", "ring A B; abort A; could A B"),
    Case("the other waits, the one can still move", Policy::M2, &[("A", AB), ("B", AB)], "A@x B!", "none"),
    Case("a ring of three", Policy::M2, &[("A", AB), ("B", BC), ("C", CA)], "A@x B@x C@x A! B! C!", "ring A B C; abort A; could A B C"),
    Case("three in turn", Policy::M2, &[("A", AB), ("B", BC), ("C", CA)], "A! B! C!", "could A B C"),
    Case("three, of whom one can still move", Policy::M2, &[("A", ASB), ("B", BC), ("C", CA)], "A@x B@x C@x", "none"),
    Case("two rings at once", Policy::M2, &[("A", AB), ("B", BA), ("C", CD), ("D", DC)], "A@x B@x C@x D@x A! B! C! D!",
         "ring A B; ring C D; abort A C; could A B; could C D"),
    Case("a ring while others run", Policy::M2, &[("A", AB), ("B", BA), ("C", CD)], "A@x B@x A! B! C@x", "ring A B; abort A; could A B"),
    Case("a ring, and one that waits for it", Policy::M2, &[("A", AB), ("B", BA), ("C", WANT)], "A@x B@x A! B! C!",
         "ring A B; behind C of A; abort A; could A B"),
    Case("a ring, and a line behind it", Policy::M2, &[("A", AB), ("B", BA), ("C", "lock c; @x lock a; unlock a; unlock c"), ("D", "lock c")],
         "A@x B@x C@x A! B! C! D!", "ring A B; behind C of A; behind D of C; abort A; could A B"),
    Case("one of a third pair waits for nobody of the ring", Policy::M2, &[("A", AB), ("B", BA), ("C", CD), ("D", CD)],
         "A@x B@x A! B! C@x D!", "ring A B; abort A; could A B"),
    Case("a lock that was left", Policy::M2, &[("A", LEAK), ("B", WANT)], "A! B!", "leaked B by A; abort B"),
    Case("a lock that was left, two wait", Policy::M2, &[("A", LEAK), ("B", WANT), ("C", WANT)], "A! B! C!",
         "leaked B by A; leaked C by A; abort B C"),
    Case("a lock that will be released", Policy::M2, &[("A", "lock a; @x unlock a"), ("B", WANT)], "A@x B!", "none"),
    Case("left by one, and another waits behind", Policy::M2, &[("A", LEAK), ("B", "lock b; @x lock a; unlock a; unlock b"), ("C", "lock b")],
         "A! B! C!", "leaked B by A; behind C of B; abort B"),
    Case("taken twice", Policy::M2, &[("A", "lock a; @x lock a"), ("B", WANT)], "A@x", "ring A; behind B of A; abort A"),
    Case("a range taken twice is taken deeper", Policy::M2, &[("A", "get_gfn 1:0x10; @x get_gfn 1:0x11; put_gfn 1:0x11; put_gfn 1:0x10")], "A!", "none"),
    Case("two gfns of one range are no ring", Policy::M2,
         &[("A", "get_gfn 1:0x10; @x get_gfn 1:0x11; put_gfn 1:0x11; put_gfn 1:0x10"), ("B", "get_gfn 1:0x11; @x get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 1:0x11")],
         "A! B!", "none"),
    Case("the same two under locks of one gfn", Policy::K4,
         &[("A", "get_gfn 1:0x10; @x get_gfn 1:0x11; put_gfn 1:0x11; put_gfn 1:0x10"), ("B", "get_gfn 1:0x11; @x get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 1:0x11")],
         "A@x B@x A! B!", "ring A B; abort A; could A B"),
    Case("two ranges in opposite orders", Policy::M2, &[("A", FAR), ("B", BACK)], "A@x B@x A! B!", "ring A B; abort A; could A B"),
    Case("two ranges in turn", Policy::M2, &[("A", FAR), ("B", BACK)], "A! B!", "could A B"),
    Case("two ranges of one GB under its lock", Policy::G1, &[("A", FAR), ("B", BACK)], "A! B!", "none"),
    Case("the whole table at once", Policy::Global, &[("A", FAR), ("B", BACK)], "A! B!", "none"),
    Case("one is inside, the other waits", Policy::Global, &[("A", FAR), ("B", BACK)], "A@x B!", "none"),
    Case("both in order", Policy::M2, &[("A", "get_two_gfns 1:0x10 with 1:0x210; put_two_gfns 1:0x10 with 1:0x210"),
         ("B", "get_two_gfns 1:0x210 with 1:0x10; put_two_gfns 1:0x210 with 1:0x10")], "A! B!", "none"),
    Case("tables of two domains in opposite orders", Policy::Global,
         &[("A", "get_gfn 1:0x10; @x get_gfn 2:0x10; put_gfn 2:0x10; put_gfn 1:0x10"), ("B", "get_gfn 2:0x10; @x get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 2:0x10")],
         "A@x B@x A! B!", "ring A B; abort A; could A B"),
    Case("a lock around both keeps them apart", Policy::M2,
         &[("A", "lock c; lock a; @x lock b; unlock b; unlock a; unlock c"), ("B", "lock c; lock b; @x lock a; unlock a; unlock b; unlock c")],
         "A! B!", "none"),
    Case("a lock around only one of them", Policy::M2,
         &[("A", "lock c; lock a; @x lock b; unlock b; unlock a; unlock c"), ("B", BA)], "A! B!", "could A B"),
    Case("who only tries makes nobody wait", Policy::M2,
         &[("A", AB), ("B", "lock b; @x got = lock a nowait; if got == ok { unlock a }; unlock b")], "A! B!", "none"),
    Case("who only tries goes on", Policy::M2,
         &[("A", AB), ("B", "lock b; @x got = lock a nowait; if got == ok { unlock a }; unlock b")], "A@x B@x A! B!", "none"),
    Case("a pod lock against a range", Policy::M2,
         &[("A", "lock pod(1); @x get_gfn 1:0x10; put_gfn 1:0x10; unlock pod(1)"), ("B", "get_gfn 1:0x10; @x lock pod(1); unlock pod(1); put_gfn 1:0x10")],
         "A@x B@x A! B!", "ring A B; abort A; could A B"),
    Case("nobody posts", Policy::M2, &[("A", "n = take r"), ("B", WANT)], "A! B!", "forsaken A; abort A") ,
    Case("somebody may still post", Policy::M2, &[("A", "n = take r"), ("B", "lock a; @x post r = 1; unlock a")], "B@x", "none"),
    Case("the one who would post waits for the sleeper's lock", Policy::M2,
         &[("A", "lock a; @x n = take r; unlock a"), ("B", "lock a; post r = 1; unlock a")], "A@x B!",
         "forsaken A; behind B of A; abort A"),
    Case("a full ring that nobody empties", Policy::M2, &[("A", "post r = 1; @x post r = 2"), ("B", WANT)], "A@x B!", "forsaken A; abort A"),
    Case("a full ring that somebody may empty", Policy::M2, &[("A", "post r = 1; @x post r = 2"), ("B", "lock a; @x n = take r; unlock a")],
         "A@x B@x", "none"),
    Case("a condition that nobody makes true", Policy::M2, &[("A", "wait w == 1"), ("B", WANT)], "B!", "forsaken A; abort A"),
    Case("a condition that somebody may make true", Policy::M2, &[("A", "wait w == 1"), ("B", "lock a; @x store w = 1; unlock a")], "B@x", "none"),
    Case("asleep with a lock that the waker needs", Policy::M2,
         &[("A", "lock a; @x wait w == 1; unlock a"), ("B", "lock a; store w = 1; unlock a")], "A@x B!", "forsaken A; behind B of A; abort A"),
    Case("a paused one that somebody may let run", Policy::M2, &[("V", "enter_guest; n = hw_read 1:0x10"), ("B", "pause V nowait; @x unpause V")],
         "V B@x", "none"),
    Case("a paused one that is forgotten", Policy::M2, &[("V", "enter_guest; n = hw_read 1:0x10"), ("B", "pause V nowait")],
         "V B!", "forsaken V; abort V"),
    Case("who pauses waits for one that waits for it", Policy::M2,
         &[("V", "lock b; @x lock a; unlock a; unlock b; enter_guest"), ("B", "lock a; @x pause V; unpause V; unlock a")],
         "V@x B@x V! B!", "ring V B; abort V"),
    Case("a ring of which one holds twice", Policy::M2,
         &[("A", "get_gfn 1:0x10; get_gfn 1:0x11; @x get_gfn 1:0x210; put_gfn 1:0x210; put_gfn 1:0x11; put_gfn 1:0x10"), ("B", BACK)],
         "A@x B@x A! B!", "ring A B; abort A; could A B"),
    Case("two who look and both want to change", Policy::Rw,
         &[("A", "get_gfn_query 1:0x10; @x get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 1:0x10"), ("B", "get_gfn_query 1:0x11; @x get_gfn 1:0x11; put_gfn 1:0x11; put_gfn 1:0x11")],
         "A@x B@x A! B!", "ring A B; abort A"),
    Case("two rings that share an actor", Policy::Rw,
         &[("A", "get_gfn_query 1:0x10; @x lock a; unlock a; put_gfn 1:0x10"), ("B", "get_gfn_query 1:0x11; @x lock a; unlock a; put_gfn 1:0x11"),
           ("C", "lock a; @x get_gfn 1:0x10; put_gfn 1:0x10; unlock a")],
         "A@x B@x C@x A! B! C!", "ring A C; ring B C; abort C; could A C; could B C"),
    // Two of the same level, without an order between domains.
    Case("the same level in two domains, in opposite orders", Policy::M2,
         &[("A", "lock pod(1); @x lock pod(2); unlock pod(2); unlock pod(1)"), ("B", "lock pod(2); @x lock pod(1); unlock pod(1); unlock pod(2)")],
         "A@x B@x A! B!", "ring A B; abort A; could A B"),
    Case("the same level in two domains, in the same order", Policy::M2,
         &[("A", "lock pod(1); @x lock pod(2); unlock pod(2); unlock pod(1)"), ("B", "lock pod(1); @x lock pod(2); unlock pod(2); unlock pod(1)")],
         "A@x B!", "none"),
    Case("the small lock first, then the whole table", Policy::M2,
         &[("A", "get_gfn 1:0x10; @x lock p2m(2); unlock p2m(2); put_gfn 1:0x10"), ("B", "lock p2m(2); @x get_gfn 1:0x10; put_gfn 1:0x10; unlock p2m(2)")],
         "A@x B@x A! B!", "ring A B; abort A; could A B"),
    // Recursion.
    Case("held three deep, and the other waits for the last put", Policy::M2,
         &[("A", "get_gfn 1:0x10; get_gfn 1:0x11; get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 1:0x11; @x put_gfn 1:0x10"), ("B", "get_gfn 1:0x11; put_gfn 1:0x11")],
         "A@x B!", "none"),
    Case("the whole table twice", Policy::Global, &[("A", "lock p2m(1); @x lock p2m(1); unlock p2m(1); unlock p2m(1)"), ("B", "lock p2m(1); unlock p2m(1)")],
         "A@x B! A! B!", "none"),
    Case("taken twice while two others close a ring", Policy::M2, &[("A", "lock d; @x lock d"), ("B", BC), ("C", "lock c; @x lock b; unlock b; unlock c")],
         "A@x B@x C@x B! C!", "ring A; ring B C; abort A B; could B C"),
    // Promotion.
    Case("one looks and wants to change, the other has gone", Policy::Rw,
         &[("A", "get_gfn_query 1:0x10; @x get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 1:0x10"), ("B", "get_gfn_query 1:0x11; put_gfn 1:0x11")],
         "B! A!", "none"),
    Case("one looks and wants to change, the other still looks", Policy::Rw,
         &[("A", "get_gfn_query 1:0x10; @x get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 1:0x10"), ("B", "get_gfn_query 1:0x11; @x put_gfn 1:0x11")],
         "A@x B@x", "none"),
    Case("of three who look two want to change", Policy::Rw,
         &[("A", "get_gfn_query 1:0x10; @x get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 1:0x10"), ("B", "get_gfn_query 1:0x11; @x get_gfn 1:0x11; put_gfn 1:0x11; put_gfn 1:0x11"),
           ("C", "get_gfn_query 1:0x10; @x put_gfn 1:0x10")],
         "A@x B@x C@x A! B! C!", "ring A B; abort A"),
    // Several rings, and some who run.
    Case("a ring of two and one of three", Policy::M2,
         &[("A", AB), ("B", BA), ("C", "lock c; @x lock d; unlock d; unlock c"), ("D", "lock d; @x lock pod(1); unlock pod(1); unlock d"), ("E", "lock pod(1); @x lock c; unlock c; unlock pod(1)")],
         "A@x B@x C@x D@x E@x A! B! C! D! E!", "ring A B; ring C D E; abort A C; could A B; could C D E"),
    Case("two rings while one runs, and one waits for it", Policy::M2,
         &[("A", AB), ("B", BA), ("C", CD), ("D", DC), ("E", "lock pod(1); @x unlock pod(1)"), ("F", "lock pod(1); unlock pod(1)")],
         "E@x A@x B@x C@x D@x A! B! C! D! F!", "ring A B; ring C D; abort A C; could A B; could C D"),
    Case("a ring of three while two others go on", Policy::M2, &[("A", AB), ("B", BC), ("C", CA), ("D", "lock d; @x unlock d"), ("E", "lock d; unlock d")],
         "D@x A@x B@x C@x A! B! C!", "ring A B C; abort A; could A B C"),
    Case("one waits behind two rings", Policy::M2,
         &[("A", AB), ("B", BA), ("C", "lock pod(1); @x lock pod(2); unlock pod(2); unlock pod(1)"), ("D", "lock pod(2); @x lock pod(1); unlock pod(1); unlock pod(2)"),
           ("E", "lock c; @x lock a; unlock a; unlock c"), ("F", "lock c; unlock c")],
         "A@x B@x C@x D@x E@x A! B! C! D! E! F!", "ring A B; ring C D; behind E of A; behind F of E; abort A C; could A B; could C D"),
    // Leaks.
    Case("a range that was left", Policy::M2, &[("A", "get_gfn 1:0x10"), ("B", "get_gfn 1:0x11; put_gfn 1:0x11")], "A! B!", "leaked B by A; abort B"),
    Case("left by one while another still runs", Policy::M2, &[("A", LEAK), ("B", WANT), ("C", "lock c; @x unlock c")], "A! C@x B!", "leaked B by A; abort B"),
    Case("left by one, and a ring beside it", Policy::M2, &[("A", "lock d"), ("B", BC), ("C", "lock c; @x lock b; unlock b; unlock c"), ("D", "lock d")],
         "A! B@x C@x B! C! D!", "ring B C; leaked D by A; abort B D; could B C"),
    Case("left by one who holds nothing else that is wanted", Policy::M2, &[("A", "lock a; lock b; unlock b"), ("B", "lock b; unlock b")], "A! B!", "none"),
    // Rings of requests.
    Case("each waits for the other's request", Policy::M2, &[("C", "store v = 1"), ("A", "n = take r; post r = 1"), ("B", "n = take r; post r = 1")], "C!",
         "forsaken A; forsaken B; abort A B"),
    Case("both would fill a ring that is full", Policy::M2, &[("C", "post r = 1"), ("A", "post r = 1; n = take r"), ("B", "post r = 2; n = take r")], "C!",
         "forsaken A; forsaken B; abort A B"),
    Case("the one who empties the ring waits for the lock of one who fills it", Policy::M2,
         &[("A", "post r = 1; lock a; @x post r = 2; unlock a"), ("B", "lock a; n = take r; unlock a")], "A@x B!",
         "forsaken A; behind B of A; abort A"),
    Case("one of two could still empty the ring", Policy::M2,
         &[("A", "post r = 1; lock a; @x post r = 2; unlock a"), ("B", "lock a; n = take r; unlock a"), ("C", "n = take r")], "A@x B!", "none"),
];

#[test]
fn each_schedule_is_told_for_what_it_is() {
    assert!(CASES.len() >= 70);
    let wrong: Vec<String> = CASES
        .iter()
        .map(|case| (case, said(case)))
        .filter(|(case, said)| *said != case.4)
        .map(|(case, said)| format!("{}:\n  should be  {}\n  but is     {said}", case.0, case.4))
        .collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}
