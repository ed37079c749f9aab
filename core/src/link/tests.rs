//! Links that are written and read, replayed, and spoilt.

use super::*;
use crate::lesson::Lesson;
use crate::sched::{Picker, Random};
use crate::script::Script;
use crate::watch::Rules;
use proptest::prelude::*;

/// A world with as many actors as asked for, each of which gets and puts pages of its own and of others.
fn many(actors: usize) -> Run<Script> {
    let actor = |i: usize| {
        format!(
            "[[actor]]\nname = \"V{i}\"\nkind = \"vcpu\"\ndomain = 1\nprogram = \"\"\"\nrepeat 40 {{\n e = get_gfn 1:{:#x}\n \
             put_gfn 1:{:#x}\n}}\n\"\"\"\n",
            0x200 * (i % 3),
            0x200 * (i % 3)
        )
    };
    let text = format!(
        "id = \"many\"\ntitle = \"Many\"\ngoal = \"Step.\"\ndomain = [{{ id = 1, tables = 8, map = \"0x0 = ram_rw; 0x200 = \
         ram_rw; 0x400 = ram_rw\" }}]\n{}",
        (0..actors).map(actor).collect::<String>()
    );
    let staged = Lesson::parse(&text).expect("a good lesson").stage("before", None, None).expect("a good world");
    Run::new(staged.sim(Rules::NONE))
}

/// Takes that many steps by chance.
fn walk(run: &mut Run<Script>, seed: u64, steps: usize) {
    let mut picker = Random::new(seed);
    for _ in 0..steps {
        if !run.pick(&mut picker as &mut dyn Picker) {
            return;
        }
    }
}

fn link(run: &Run<Script>) -> Link {
    Link::of(run, Source::BuiltIn("many".into()), "before", "2m")
}

#[test]
fn a_run_with_branches_comes_back_where_it_stood() {
    let mut run = many(4);
    walk(&mut run, 1, 60);
    run.seek(25);
    walk(&mut run, 2, 30);
    run.rename_fork(run.fork(), "the other way".into());
    run.seek(40);
    let link = Link::read(&link(&run).write()).unwrap();
    let mut back = many(4);
    assert_eq!(link.replay(&mut back), Replayed::default());
    assert_eq!((back.at(), back.len(), back.hash()), (run.at(), run.len(), run.hash()));
    assert_eq!(back.forks(), run.forks());
    assert_eq!(back.fork(), run.fork());
}

#[test]
fn two_hundred_steps_of_eight_actors_fit() {
    for seed in 0..20 {
        let mut run = many(8);
        walk(&mut run, seed, 200);
        let text = link(&run).write();
        assert!(text.len() <= MAX_BUILT_IN, "seed {seed}: {} letters", text.len());
    }
}

#[test]
fn a_lesson_of_its_own_is_in_the_link_whole() {
    let text = "id = \"mine\"\n# \u{e4} comment\n".repeat(40);
    let source = Source::Text(text.clone());
    let link = Link { source, ..link(&many(2)) };
    assert_eq!(Link::read(&link.write()).unwrap().source, Source::Text(text));
    assert_eq!(link.most(), MAX_OWN);
}

#[test]
fn what_is_not_known_is_passed_over() {
    let json = br#"{"l":{"i":"S14"},"k":0,"zz":{"later":[1,2]},"u":{"panel":"waits"}}"#;
    let text = format!("#1.{}", LETTERS.encode(compress_to_vec_zlib(json, LEVEL)));
    let link = Link::read(&text).unwrap();
    assert_eq!((link.source, link.at), (Source::BuiltIn("S14".into()), 0));
    assert_eq!(link.page["panel"], "waits");
}

#[test]
fn steps_that_cannot_be_taken_are_told_and_the_rest_is_played() {
    let mut run = many(2);
    walk(&mut run, 3, 20);
    let mut told = link(&run);
    told.branches[0].schedule.push_str(" V9 0.1");
    let mut back = many(2);
    let notes = told.replay(&mut back).notes;
    assert!(notes[0].contains("no actor V9"), "{notes:?}");

    let mut short = link(&run);
    // A thousandth round of a program that has forty.
    short.branches[0].schedule.push_str(" V0 1*1000");
    let mut back = many(2);
    let notes = short.replay(&mut back).notes;
    assert!(notes.last().unwrap().contains("cannot be taken any more"), "{notes:?}");
    assert_eq!(back.at(), 20, "it stands where the link says");
}

#[track_caller]
fn refused(text: &str, says: &str) {
    let error = Link::read(text).expect_err(text).to_string();
    assert!(error.contains(says), "{text}: {error}");
}

#[test]
fn what_is_no_link_is_refused_with_a_reason() {
    let good = link(&many(2)).write();
    refused("", "no link of p2mscope");
    refused("selftest", "no link of p2mscope");
    refused("x.abc", "no link of p2mscope");
    refused(&good.replacen('1', "7", 1), "form 7");
    refused(&good[..good.len() / 2], "damaged");
    refused("1.eJ y", "as its character 5");
    refused(&format!("1.{}", LETTERS.encode(compress_to_vec_zlib(&vec![b' '; MAX_TEXT + 1], 1))), "more than");
    refused(&format!("1.{}", LETTERS.encode(compress_to_vec_zlib(b"[]", 1))), "does not say what a link says");
}

proptest! {
    /// A link with letters changed, cut or doubled is refused in words, or read; what is read can be replayed.
    #[test]
    fn a_spoilt_link_is_told(at in 0usize..400, with in "[A-Za-z0-9_.~%-]{0,3}", cut in 0usize..4) {
        let mut run = many(2);
        walk(&mut run, 5, 30);
        let mut text = link(&run).write();
        let from = at % text.len();
        text.replace_range(from..(from + cut).min(text.len()), &with);
        match Link::read(&text) {
            Ok(link) => drop(link.replay(&mut many(2))),
            Err(e) => prop_assert!(e.to_string().len() > 20),
        }
    }

    /// So is one whose JSON was changed and packed again: no check value of the packing stands in the way there.
    #[test]
    fn a_forged_link_is_told(at in 0usize..2000, with in "[ -~]{0,3}", cut in 0usize..4) {
        let mut run = many(2);
        walk(&mut run, 5, 30);
        let mut json = serde_json::to_string(&link(&run)).unwrap();
        let from = at % json.len();
        json.replace_range(from..(from + cut).min(json.len()), &with);
        let text = format!("1.{}", LETTERS.encode(compress_to_vec_zlib(json.as_bytes(), 1)));
        match Link::read(&text) {
            Ok(link) => drop(link.replay(&mut many(2))),
            Err(e) => prop_assert!(e.to_string().len() > 20),
        }
    }
}
