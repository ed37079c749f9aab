//! Nested tables: who gets which view, what a fill needs, and that emptying one never lets anybody walk a freed table.

use super::search;
use p2mscope_core::explore::Verdict;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;

/// A domain with memory at 0x10, a hole at 0x11 and these views, and actors A0, A1 .. of these kinds.
fn world(views: &str, actors: &[&str]) -> Lesson {
    let mut text = format!(
        "id = 'T'\ntitle = 'T'\nsource = 'T'\ngoal = 'T'\nstory = 'T'\nhints = ['a', 'b']\n\
         domain = [{{ id = 1, map = '0x10 = M as ram_rw content 5; 0x12 = ram_ro' }}, {{ id = 2, map = '0x10 = ram_rw' }}]\n\
         view = [{views}]\nexpect = [{{ version = 'before', policy = 'global', breach = 'none' }}]\n"
    );
    for (i, a) in actors.iter().enumerate() {
        let (kind, program) = a.split_once(':').expect("kind: program");
        text += &format!("[[actor]]\nname = 'A{i}'\nkind = '{kind}'\ndomain = 1\nprogram = '''\n{program}\n'''\n");
    }
    Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"))
}

const ONE: &str = "{ name = 'n1', domain = 1, kind = 'nested' }";
const TWO: &str = "{ name = 'n1', domain = 1, kind = 'nested' }, { name = 'n2', domain = 1, kind = 'nested' }";

/// Every interleaving keeps every rule, under every policy that locks.
fn holds(views: &str, actors: &[&str]) {
    let l = world(views, actors);
    for policy in [Policy::Global, Policy::G1, Policy::M2, Policy::K4] {
        assert_eq!(search(&l, policy, None).verdict, Verdict::Safe, "{} {actors:?}", policy.name());
    }
}

#[test]
fn a_vcpu_gets_a_view_and_fills_it() {
    holds(
        ONE,
        &["vcpu: c = nested_get A0 = 7\nassert c == ok\nc = nested_fill n1:0x80 to 1:0x10\nassert c == ok\n\
           e = lookup n1:0x80\nassert e.mfn == M and e.type == ram_rw"],
    );
}

#[test]
fn what_is_no_vcpu_gets_no_view() {
    holds(ONE, &["toolstack: c = nested_get A0\nassert c == EINVAL"]);
}

#[test]
fn a_domain_without_nested_views_gives_none() {
    holds("{ name = 'a', domain = 1, kind = 'alt' }", &["vcpu: c = nested_get A0\nassert c == ENODEV"]);
}

#[test]
fn a_fill_takes_what_the_domain_maps_and_nothing_else() {
    holds(
        ONE,
        &["vcpu: c = nested_get A0 = 1\nc = nested_fill n1:0x80 to 1:0x11\nassert c == ENOENT\n\
           c = nested_fill n1:0x80 to 2:0x10\nassert c == EINVAL\nc = nested_fill 1:0x10\nassert c == EINVAL\n\
           c = nested_fill n1:0x12\nassert c == ok\ne = lookup n1:0x12\nassert e.type == ram_ro"],
    );
}

#[test]
fn a_fill_without_a_page_for_its_table_changes_nothing() {
    let bare = "{ name = 'n1', domain = 1, kind = 'nested', tables = 0 }";
    holds(
        bare,
        &["vcpu: c = nested_get A0 = 1\nc = nested_fill n1:0x80 to 1:0x10\nassert c == ENOMEM\n\
           e = lookup n1:0x80\nassert e.mfn == none"],
    );
}

/// A0 shows roots 1 and 2 in n1 and n2, goes back to 1, and then needs a view for root 3: that of root 2 is older.
#[test]
fn the_view_used_longest_ago_is_emptied_for_a_new_root() {
    holds(
        TWO,
        &["vcpu: c = nested_get A0 = 1\nc = nested_fill n1:0x80 to 1:0x10\nassert c == ok\nc = nested_get A0 = 2\n\
           c = nested_fill n2:0x80 to 1:0x10\nassert c == ok\nc = nested_get A0 = 1\nc = nested_get A0 = 3\n\
           e = lookup n2:0x80\nassert e.mfn == none\ne = lookup n1:0x80\nassert e.mfn == M\n\
           c = nested_fill n1:0x81 to 1:0x10\nassert c == EAGAIN\nc = nested_fill n2:0x81 to 1:0x10\nassert c == ok"],
    );
}

#[test]
fn two_vcpus_of_one_root_share_its_view() {
    holds(
        TWO,
        &[
            "vcpu: c = nested_get A0 = 1\nc = nested_get A1 = 1\nassert c == ok\nc = nested_fill n1:0x80 to 1:0x10\n\
           assert c == ok",
            "vcpu: e = lookup 1:0x10",
        ],
    );
}

#[test]
fn who_runs_on_an_emptied_view_is_stopped_and_asks_again() {
    holds(
        ONE,
        &["vcpu: c = nested_get A0 = 1\nc = nested_fill n1:0x80 to 1:0x10\nc = nested_flush 1\nassert c == ok\n\
           e = lookup n1:0x80\nassert e.mfn == none\nc = nested_fill n1:0x80 to 1:0x10\nassert c == EAGAIN\n\
           c = nested_get A0 = 1\nc = nested_fill n1:0x80 to 1:0x10\nassert c == ok"],
    );
}

/// S66: one empties the view while the other fills it and its hardware walks it. Nobody meets a freed table.
#[test]
fn a_view_is_emptied_while_it_is_filled_and_walked() {
    holds(
        ONE,
        &[
            "vcpu: c = nested_get A0 = 1\nc = nested_fill n1:0x80 to 1:0x10\nv = hw_read n1:0x80",
            "toolstack: c = nested_flush 1",
        ],
    );
}
