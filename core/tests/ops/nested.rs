//! Nested tables: who gets which view, what a fill needs, and that emptying one never lets anybody walk a freed table.

use super::search;
use p2mscope_core::explore::Verdict;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;

/// A domain with memory at 0x10, a hole at 0x11 and these views, and actors A0, A1 .. of these kinds.
fn world(views: &str, actors: &[&str]) -> Lesson {
    of_memory("", "id = 1, map = '0x10 = M as ram_rw content 5; 0x12 = ram_ro'", views, actors)
}

/// The same with other keys of the world and of domain 1.
pub fn of_memory(keys: &str, domain: &str, views: &str, actors: &[&str]) -> Lesson {
    let mut text = format!(
        "id = 'T'\ntitle = 'T'\nsource = 'T'\ngoal = 'T'\nstory = 'T'\nhints = ['a', 'b']\nworld = {{ {keys} }}\n\
         domain = [{{ {domain} }}, {{ id = 2, map = '0x10 = B as ram_rw content 5' }}]\n\
         view = [{views}]\nexpect = [{{ version = 'before', policy = 'global', breach = 'none' }}]\n"
    );
    for (i, a) in actors.iter().enumerate() {
        let (kind, program) = a.split_once(':').expect("kind: program");
        text += &format!("[[actor]]\nname = 'A{i}'\nkind = '{kind}'\ndomain = 1\nprogram = '''\n{program}\n'''\n");
    }
    Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"))
}

pub const ONE: &str = "{ name = 'n1', domain = 1, kind = 'nested' }";
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

/// One vCPU runs on a view that shows 0x10, while the other actor does something about that page.
fn while_shown(keys: &str, map: &str, other: &str) {
    let shows = "vcpu: c = nested_get A0 = 1\nc = nested_fill n1:0x80 to 1:0x10\nv = hw_read n1:0x80\nassert v == 5 or v == none";
    for flush in ["sync", "deferred"] {
        let keys = format!("free_frames = 2, flush = '{flush}', {keys}");
        let l = of_memory(&keys, &format!("id = 1, {map}"), ONE, &[shows, other]);
        for policy in [Policy::Global, Policy::M2] {
            let report = search(&l, policy, None);
            assert_eq!(report.verdict, Verdict::Safe, "{} {flush} {other}", policy.name());
            assert!(report.ends > 0, "{other}");
        }
    }
}

const SHOWN: &str = "map = '0x10 = M as ram_rw content 5'";
/// What no view shows any more.
const GONE: &str = "e = lookup n1:0x80\nassert e.mfn == none";

#[test]
fn no_view_maps_what_its_domain_has_given_back() {
    while_shown("", SHOWN, &format!("balloon: c = guest_remove 1:0x10\nassert c == ok\n{GONE}"));
    while_shown("", SHOWN, &format!("balloon: n = decrease 1:0x10\nassert n == 1\n{GONE}"));
}

#[test]
fn no_view_maps_what_was_paged_out() {
    let out = "pager: c = nominate 1:0x10\nif c == ok { c = evict 1:0x10 }";
    while_shown("", &format!("ring = 2, {SHOWN}"), &format!("{out}\nif c == ok {{ {GONE} }}"));
}

/// S22: the views are emptied before the page is locked, or after it was unlocked, so no lock is taken out of order; and
/// before the frame that they show has gone.
#[test]
fn s22_sharing_empties_views_without_a_page_locked() {
    while_shown(
        "",
        SHOWN,
        "sharer: c = share_nominate 1:0x10\nassert c == ok or c == E2BIG\nc = unshare 1:0x10\nassert c == ok",
    );
    while_shown("", SHOWN, "sharer: share_nominate 2:0x10\nshare_nominate 1:0x10\nc = share 2:0x10 with 1:0x10");
    let copied = "vcpu: share_nominate 1:0x10\nshare_nominate 2:0x10\nshare 1:0x10 with 2:0x10\nc = nested_get A0 = 1
        c = nested_fill n1:0x80 to 1:0x10\nassert c == ok\nc = unshare 1:0x10\nassert c == ok\ne = lookup n1:0x80\nassert e.mfn == none";
    let l = of_memory("free_frames = 2", &format!("id = 1, {SHOWN}"), ONE, &[copied]);
    assert_eq!(search(&l, Policy::M2, None).verdict, Verdict::Safe);
}

/// S22: under the pod lock the views are tried for, so that neither waits for the other.
#[test]
fn s22_taking_zeroes_back_tries_for_views_before_the_entry_goes() {
    let zeroes = "map = '0x10 = M as ram_rw content 0; 0x11 = populate_on_demand'";
    let shows = "vcpu: c = nested_get A0 = 1\nc = nested_fill n1:0x80 to 1:0x10\nc = hw_write n1:0x80 = 7";
    let takes = "balloon: c = zero_check 1:0x10\nassert c == ok or c == EBUSY";
    let steals = "balloon: n = decrease 1:0x10\nassert n == 1";
    for other in [takes, steals] {
        let l = of_memory("", &format!("id = 1, {zeroes}"), ONE, &[shows, other]);
        for policy in [Policy::Global, Policy::M2] {
            assert_eq!(search(&l, policy, None).verdict, Verdict::Safe, "{} {other}", policy.name());
        }
    }
    // The page stays where somebody holds the view just then, and only then.
    let refused = "balloon: wait filled == 1\nc = zero_check 1:0x10\nassert c == ok";
    let shows = "vcpu: c = nested_get A0 = 1\nc = nested_fill n1:0x80 to 1:0x10\nstore filled = 1";
    for (more, verdict) in [("", true), ("\nlock p2m(n1)\nunlock p2m(n1)", false)] {
        let shows = format!("{shows}{more}");
        let l = of_memory("words = { filled = 0 }", &format!("id = 1, {zeroes}"), ONE, &[&shows, refused]);
        assert_eq!(search(&l, Policy::M2, None).verdict == Verdict::Safe, verdict, "{shows}");
    }
}

#[test]
fn what_changes_an_entry_empties_the_views_that_show_it() {
    for change in [
        "c = change_type 1:0x10 from ram_rw to ram_ro",
        "c = set_access 1:0x10 = access_r",
        "c = logdirty_enable 1",
        "c = set_mem_type 1:0x10 as ram_ro",
        "c = remove_page 1:0x10 = M; c = add_page 1:0x10 = M",
    ] {
        holds(
            ONE,
            &[&format!(
                "vcpu: c = nested_get A0 = 1\nc = nested_fill n1:0x80 to 1:0x10\nassert c == ok\n{change}\nassert c == ok\n{GONE}"
            )],
        );
    }
}

/// Its TLB is empty too: the entry that it had would still serve it. The view stays as it is, for whoever has its root.
#[test]
fn a_vcpu_that_is_stopped_leaves_its_view() {
    holds(
        ONE,
        &["vcpu: c = nested_leave A0\nassert c == ok\nc = nested_get A0 = 7\nc = nested_fill n1:0x80 to 1:0x10\n\
           v = hw_read n1:0x80\nassert v == 5\nc = nested_leave A0\nassert c == ok\nv = hw_read n1:0x80\n\
           assert v == none\nc = nested_fill n1:0x80 to 1:0x10\nassert c == EAGAIN\nb = load nested_base(n1)\n\
           assert b == 7\nc = nested_get A0 = 7\nv = hw_read n1:0x80\nassert v == 5"],
    );
    holds(ONE, &["toolstack: c = nested_leave A0\nassert c == EINVAL"]);
}

/// The words that say so are read and written as what they mean: an empty view shows no root, not the root 0.
#[test]
fn a_view_says_what_it_shows_and_how_often_it_was_emptied() {
    holds(
        ONE,
        &[
            "vcpu: b = load nested_base(n1)\nassert b == none\nc = nested_get A0 = 0\nb = load nested_base(n1)\nassert b == 0\n\
           c = nested_get A0 = 7\nb = swap nested_base(n1) = 8\nassert b == 7\nn = load nested_times(n1)\nassert n == 1\n\
           c = nested_get A0 = 8\nn = load nested_times(n1)\nassert n == 1\nstore nested_base(n1) = none\n\
           b = load nested_base(n1)\nassert b == none",
        ],
    );
}

#[test]
fn a_view_of_a_tracked_display_shows_its_type_at_another_number() {
    holds(
        ONE,
        &["vcpu: n = track_vram 1:0x10 through 1:0x10\nc = nested_get A0 = 7\nc = nested_fill n1:0x80 to 1:0x10\n\
           assert c == ok\ne = lookup n1:0x80\nassert e.type == ram_logdirty"],
    );
}

#[test]
fn a_view_of_an_ioreq_servers_memory_counts_nothing_and_can_be_emptied() {
    let text = "vcpu: c = nested_get A0 = 7\nc = set_mem_type 1:0x10 as ioreq_server\nassert c == ok\n\
                c = nested_get A0 = 7\nc = nested_fill n1:0x80 to 1:0x10\nassert c == ok\nc = nested_flush 1\nassert c == ok";
    let l = of_memory("encoding = 'ept'", "id = 1, map = '0x10 = M as ram_rw content 5'", ONE, &[text]);
    assert_eq!(search(&l, Policy::M2, None).verdict, Verdict::Safe);
}
