//! The operations, each in small worlds whose every interleaving is searched: what they answer, what they leave
//! behind, and which rule a wrong use of them breaks. A file to a family; here is what all of them use.

mod access;
mod alike;
mod audit;
mod basics;
mod broken;
mod callers;
mod calls;
mod change_type;
mod deferred;
mod direct;
mod errors;
mod exchange;
mod fault;
mod foreign;
mod gaps;
mod grant;
mod held;
mod ioreq;
mod kept;
mod lang;
mod log_dirty;
mod mmio;
mod nested;
mod paging;
mod pausable;
mod physmap;
mod pml;
mod pod;
mod preempt;
mod recalc;
mod records;
mod refs;
mod sharing;
mod table;
mod teardown;
mod tlb;

use p2mscope_core::explore::{Question, Report, Verdict, explore};
use p2mscope_core::judge::watched;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;
use p2mscope_core::sim::{Code, Sim};
use p2mscope_core::watch::{Rule, Rules};
use std::ops::ControlFlow::Continue;

/// A lesson of one domain with these programs. Each begins with its actor's kind, and its domain if that is not 1:
/// `vcpu 2: program`. Keys of the domain may stand before its map and a `|`.
fn lesson(world: &str, map: &str, actors: &[&str]) -> Lesson {
    let (keys, map) = map.split_once('|').unwrap_or(("tables = 3", map));
    let mut text = format!(
        "id = 'T'\ntitle = 'T'\nsource = 'T'\ngoal = 'T'\nstory = 'T'\nhints = ['a', 'b']\n\
         world = {{ {world} }}\ndomain = [{{ id = 1, {keys}, map = '{map}' }}, {{ id = 2 }}]\n\
         frame = [{{ name = 'F', owner = 1 }}]\n\
         expect = [{{ version = 'before', policy = 'global', breach = 'none' }}]\n"
    );
    if actors.iter().any(|a| a.contains("grant_") || a.contains("gref")) {
        text += grant::GRANTED;
    }
    if actors.iter().any(|a| a.contains("nested_")) {
        text += "view = [{ name = 'n1', domain = 1, kind = 'nested', tables = 4 }]\n";
    }
    for (i, a) in actors.iter().enumerate() {
        let (kind, program) = a.split_once(':').expect("kind: program");
        let (kind, domain) = kind.split_once(' ').unwrap_or((kind, "1"));
        text += &format!(
            "[[actor]]\nname = 'A{i}'\nkind = '{kind}'\ndomain = {domain}\nprogram = '''\n{}\n'''\n",
            program.trim()
        );
    }
    Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"))
}

fn search(l: &Lesson, policy: Policy, find: Option<Rule>) -> Report {
    let staged = l.stage("before", Some(policy), None).expect("it can be built");
    search_for(find, |stop| staged.sim(stop))
}

/// Searches for a rule, or proves that all are kept, in what is built to watch those.
fn search_for<C: Code>(find: Option<Rule>, sim: impl Fn(Rules) -> Sim<C>) -> Report {
    let q = find.map_or_else(|| Question::prove(watched()), Question::find);
    explore(&sim(q.stop), &q, |_| Continue(()))
}

/// Every interleaving under every policy that locks keeps every rule, assertions among them.
fn holds(world: &str, map: &str, actors: &[&str]) {
    let l = lesson(world, map, actors);
    for policy in [Policy::Global, Policy::G1, Policy::M2, Policy::K4] {
        let report = search(&l, policy, None);
        assert_eq!(report.verdict, Verdict::Safe, "{} {actors:?}", policy.name());
        assert!(report.ends > 0, "{actors:?}");
    }
}

/// Some interleaving breaks the rule, under 2 MB ranges.
fn breaks(rule: Rule, world: &str, map: &str, actors: &[&str]) {
    let report = search(&lesson(world, map, actors), Policy::M2, Some(rule));
    match report.verdict {
        Verdict::Found { broken, .. } => assert_eq!(broken.rule, rule),
        other => panic!("{rule} was expected of {actors:?}: {other:?}"),
    }
}

const RAM: &str = "0x10 = M as ram_rw content 5; 0x11 = N as ram_rw content 6";
