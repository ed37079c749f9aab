//! Ballooning and the physmap: what each operation answers, in the order in which it looks,
//! and what it leaves behind; and that a frame has one address whoever maps it at the same time.

use super::{breaks, holds, lesson, search};
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

const RAM: &str = "0x10 = M as ram_rw content 5; 0x11 = N as ram_rw content 6";

/// One actor, alone, under every policy.
fn one(world: &str, map: &str, program: &str) {
    holds(world, map, &[&format!("toolstack: {program}")]);
}

#[test]
fn add_page_names_its_errors_in_their_order() {
    one("", RAM, "c = add_page 1:0x201 = F order 9; assert c == EINVAL");
    one("", RAM, "c = add_page 1:0x200 = F order 9; assert c == EINVAL");
    one("", RAM, "c = add_page 2:0x20 = F; assert c == EINVAL; n = load crashed(2); assert n == 0");
    // A free frame is nobody's.
    one("", "0x10 = M as ram_rw", "r = nominate 1:0x10; r = evict 1:0x10; c = add_page 1:0x20 = M; assert c == EINVAL");
    one("", RAM, "fail table; c = add_page 1:0x40000 = F; assert c == ENOMEM; g = load m2p(F); assert g == none");
}

#[test]
fn add_page_crashes_the_domain_over_what_is_special() {
    let device = "lock gfn(1:0x20); set_entry 1:0x20 = F as mmio_direct; unlock gfn(1:0x20)";
    one(
        "",
        RAM,
        &format!(
            "{device}; c = add_page 1:0x20 = N; assert c == EPERM; n = load crashed(1); assert n == 1
        e = lookup 1:0x20; assert e.type == mmio_direct; g = load m2p(N); assert g == 1:0x11"
        ),
    );
}

#[test]
fn add_page_maps_a_frame_that_nothing_mapped() {
    one(
        "",
        RAM,
        "c = add_page 1:0x20 = F; assert c == ok; e = lookup 1:0x20; g = load m2p(F)
        assert e.type == ram_rw and e.mfn == F and g == 1:0x20
        c = add_page 1:0x20 = F; assert c == ok; g = load m2p(F); assert g == 1:0x20",
    );
}

#[test]
fn add_page_takes_the_old_frame_out_of_m2p_and_keeps_it_for_its_owner() {
    one(
        "words = { old = \"none\" }",
        RAM,
        "store old = M; c = add_page 1:0x10 = F; assert c == ok; e = lookup 1:0x10; g = load m2p(M)
        assert e.mfn == F and g == none; n = load count(M); assert n == 1; v = load content(F)",
    );
}

#[test]
fn add_page_counts_promises_and_paged_out_pages_that_it_replaces() {
    one(
        "",
        "0x10 = populate_on_demand; 0x11 = ram_paged",
        "c = add_page 1:0x10 = F; assert c == ok; n = load entry_count(1); assert n == 0
        remove_page 1:0x10 = F; c = add_page 1:0x11 = F; assert c == ok; n = load paged_pages(1); assert n == 0",
    );
    // A nominated page has its frame still: it is no page that is out.
    one("words = { old = \"none\" }", RAM, "store old = M; r = nominate 1:0x10; c = add_page 1:0x10 = F; n = load paged_pages(1); assert c == ok and n == 0
        g = load m2p(M); assert g == none");
}

#[test]
fn add_page_removes_the_older_address_in_the_same_range_and_in_another() {
    for to in ["0x12", "0x400"] {
        one(
            "",
            RAM,
            &format!(
                "c = add_page 1:{to} = M; assert c == ok; e = lookup 1:0x10; assert e.mfn == none
            e = lookup 1:{to}; g = load m2p(M); assert e.mfn == M and g == 1:{to}"
            ),
        );
    }
    // Inside a superpage: it is split, and only that part goes.
    one(
        "",
        "0x200 = S as ram_rw order 9",
        "c = add_page 1:0x10 = S + 5; assert c == ok; e = lookup 1:0x205; assert e.mfn == none
        e = lookup 1:0x206; assert e.mfn == S + 6 and e.order == 0",
    );
}

#[test]
fn add_page_without_a_table_leaves_the_frame_where_it_was() {
    one(
        "",
        RAM,
        "fail table; c = add_page 1:0x40000 = M; assert c == ENOMEM; e = lookup 1:0x10; g = load m2p(M)
        assert e.mfn == M and e.type == ram_rw and g == 1:0x10",
    );
    // The split of the alias fails, and then the table at the new place.
    let map = "0x200 = S as ram_rw order 9";
    one(
        "",
        map,
        "fail table; c = add_page 1:0x10 = S + 5; assert c == ENOMEM; e = lookup 1:0x205; g = load m2p(S + 5)
        assert e.mfn == S + 5 and e.order == 9 and g == 1:0x205",
    );
}

#[test]
fn whoever_holds_a_range_from_outside_is_told_to_come_again() {
    holds(
        "",
        RAM,
        &["toolstack: lock gfn(1:0x400); c = add_page 1:0x400 = M; unlock gfn(1:0x400)
        if c != ok { assert c == ERESTART; e = lookup 1:0x10; assert e.mfn == M }
        c = add_page 1:0x400 = M; assert c == ok"],
    );
}

#[test]
fn two_that_map_one_frame_leave_it_with_one_address() {
    let add = |g: &str| format!("toolstack: c = add_page {g} = F; assert c == ok");
    holds("", "0x10 = ram_rw; 0x400 = ram_rw; 0x800 = ram_rw", &[&add("1:0x11"), &add("1:0x401")]);
    holds("", RAM, &["toolstack: c = add_page 1:0x400 = M", "toolstack: c = add_page 1:0x12 = M"]);
    // Looking at m2p first and mapping then, each under its own range, is the mistake (S54).
    let old = |g: &str| {
        format!(
            "toolstack: lock gfn({g}); o = load m2p(F); if o == none {{ set_entry {g} = F as ram_rw; store m2p(F) = {g} }}; unlock gfn({g})"
        )
    };
    breaks(Rule::I3, "", RAM, &[&old("1:0x12"), &old("1:0x400")]);
}

#[test]
fn opposite_moves_do_not_wait_for_each_other() {
    let (a, b) = ("toolstack: c = move_page 1:0x10 to 1:0x400", "toolstack: c = move_page 1:0x401 to 1:0x11");
    holds("", "0x10 = ram_rw; 0x401 = ram_rw", &[a, b]);
}

#[test]
fn remove_page_takes_exactly_the_frame_that_it_names() {
    one(
        "words = { old = \"none\" }",
        RAM,
        "c = remove_page 1:0x10 = N; assert c == EILSEQ; c = remove_page 1:0x12 = N; assert c == EILSEQ
        store old = M; c = remove_page 1:0x10 = M; assert c == ok; e = lookup 1:0x10; g = load m2p(M); n = load count(M)
        assert e.mfn == none and g == none and n == 1",
    );
    one(
        "",
        "0x200 = S as ram_rw order 9",
        "fail table; c = remove_page 1:0x205 = S + 5; assert c == ENOMEM
        e = lookup 1:0x205; g = load m2p(S + 5); assert e.mfn == S + 5 and g == 1:0x205",
    );
}

#[test]
fn guest_remove_names_its_errors_in_their_order() {
    one(
        "",
        "0x10 = populate_on_demand; 0x11 = ram_broken; 0x12 = M as ram_rw; 0x13 = mmio_dm",
        "
        c = guest_remove 1:0x20; assert c == ENOENT; c = guest_remove 1:0x13; assert c == ENOENT
        c = guest_remove 1:0x10; assert c == EINVAL; c = guest_remove 1:0x11; assert c == EINVAL
        n = load entry_count(1); assert n == 1",
    );
    one(
        "",
        RAM,
        "lock gfn(1:0x20); set_entry 1:0x20 = F as mmio_direct; unlock gfn(1:0x20); c = guest_remove 1:0x20; assert c == EPERM",
    );
    one(
        "",
        "0x200 = S as ram_rw order 9",
        "fail table; c = guest_remove 1:0x205; assert c == ENOMEM; n = load count(S + 5); assert n == 1
        g = load m2p(S + 5); assert g == 1:0x205",
    );
}

#[test]
fn guest_remove_frees_the_page() {
    one("", RAM, "n = load tot_pages(1); c = guest_remove 1:0x10; assert c == ok and free(M); k = load tot_pages(1); assert k == n - 1
        e = lookup 1:0x10; assert e.mfn == none; c = guest_remove 1:0x10; assert c == ENOENT");
    // Nominated: as memory. Out: counted no longer.
    one(
        "",
        RAM,
        "r = nominate 1:0x10; c = guest_remove 1:0x10; assert c == ok and free(M); n = load paged_pages(1); assert n == 0",
    );
    one("", RAM, "r = nominate 1:0x10; r = evict 1:0x10; c = guest_remove 1:0x10; n = load paged_pages(1); assert c == ok and n == 0
        e = lookup 1:0x10; assert e.type != ram_paged");
    // Somebody still refers to it: the entry goes, the frame when the last reference goes.
    one("", RAM, "h = get_page M; c = guest_remove 1:0x10; assert c == ok and not free(M); put_page M; assert free(M)");
}

#[test]
fn no_guest_reaches_a_page_that_it_gave_back() {
    holds(
        "",
        RAM,
        &["vcpu: v = hw_read 1:0x10; v = hw_read 1:0x10", "balloon: c = guest_remove 1:0x10; assert c == ok"],
    );
    holds(
        "",
        RAM,
        &[
            "toolstack: e = get_gfn 1:0x10; if e.mfn != none { store content(e.mfn) = 1 }; put_gfn 1:0x10",
            "balloon: c = guest_remove 1:0x10; assert c == ok",
        ],
    );
}

#[test]
fn no_page_is_freed_before_a_flush_that_was_put_off() {
    let reads = "vcpu: v = hw_read 1:0x10; v = hw_read 1:0x10";
    holds("flush = \"deferred\"", RAM, &[reads, "balloon: c = guest_remove 1:0x10; assert c == ok"]);
    holds("flush = \"deferred\"", RAM, &[reads, "toolstack: c = move_page 1:0x11 to 1:0x10; assert c == ok"]);
}

#[test]
fn increase_gives_a_superpage_or_nothing() {
    one("free_frames = 1030", "0x10 = ram_rw", "n = load tot_pages(1); c = increase 1:0x200 order 9; assert c == ok; k = load tot_pages(1); assert k == n + 512
        e = lookup 1:0x3ff; assert e.order == 9 and e.type == ram_rw; g = load m2p(e.mfn); assert g == 1:0x3ff");
    one("free_frames = 3", "0x10 = ram_rw", "c = increase 1:0x200 order 9; assert c == ENOMEM");
    one(
        "free_frames = 1030",
        "0x10 = ram_rw",
        "n = load tot_pages(1); c = increase 1:0x201 order 9; assert c == EINVAL; k = load tot_pages(1); assert k == n",
    );
    one("free_frames = 1", "0x10 = ram_rw", "store dying(1) = 1; c = increase 1:0x20; assert c == ENOMEM");
}

#[test]
fn decrease_counts_what_it_gave_back() {
    one("", RAM, "n = decrease 1:0x10; assert n == 1 and free(M); n = decrease 1:0x10; assert n == 0");
    one(
        "",
        "0x200 = S as ram_rw order 9",
        "n = decrease 1:0x200 order 9; assert n == 512 and free(S) and free(S + 511); k = load tot_pages(1); assert k == 1",
    );
}

#[test]
fn move_page_names_its_errors_in_their_order() {
    one(
        "",
        "0x10 = M as ram_rw; 0x11 = ram_ro; 0x12 = ram_rw",
        "c = move_page 1:0x10 to 2:0x20; assert c == EINVAL
        c = move_page 1:0x99 to 1:0x20; assert c == EACCES; c = move_page 1:0x11 to 1:0x20; assert c == EACCES
        e = lookup 1:0x20; assert e.mfn == none",
    );
    one(
        "",
        RAM,
        "lock domctl; store m2p(M) = 1:0x55; c = move_page 1:0x10 to 1:0x20; assert c == EXDEV; store m2p(M) = 1:0x10; unlock domctl",
    );
    one(
        "",
        RAM,
        "lock gfn(1:0x20); set_entry 1:0x20 = F as mmio_direct; unlock gfn(1:0x20); c = move_page 1:0x10 to 1:0x20; assert c == EPERM; e = lookup 1:0x10; assert e.mfn == M",
    );
    one(
        "",
        RAM,
        "fail table; c = move_page 1:0x10 to 1:0x40000; assert c == ENOMEM; e = lookup 1:0x10; g = load m2p(M); assert e.mfn == M and g == 1:0x10",
    );
}

#[test]
fn move_page_gives_back_what_stood_there() {
    one("", RAM, "c = move_page 1:0x10 to 1:0x11; assert c == ok and free(N); e = lookup 1:0x11; g = load m2p(M); n = load count(M)
        assert e.mfn == M and g == 1:0x11 and n == 1; e = lookup 1:0x10; assert e.mfn == none
        c = move_page 1:0x11 to 1:0x11; assert c == ok; n = load count(M); assert n == 1 and not free(M)");
    one(
        "",
        "0x10 = M as ram_rw; 0x400 = ram_paged",
        "c = move_page 1:0x10 to 1:0x400; assert c == ok; n = load paged_pages(1); assert n == 0",
    );
}

#[test]
fn a_range_held_by_another_makes_add_page_wait_and_not_hang() {
    // A1 holds the alias' range and wants A0's: get_two_gfns would order them; here each has but one.
    let l = lesson(
        "",
        "0x10 = M as ram_rw; 0x400 = ram_rw",
        &[
            "toolstack: c = add_page 1:0x401 = M; assert c == ok",
            "toolstack: lock gfn(1:0x10); e = lookup 1:0x10; unlock gfn(1:0x10); lock gfn(1:0x400); unlock gfn(1:0x400)",
        ],
    );
    for policy in [Policy::Global, Policy::G1, Policy::M2] {
        assert_eq!(search(&l, policy, None).verdict, Verdict::Safe, "{}", policy.name());
    }
}

#[test]
fn a_page_that_is_being_unmapped_is_mapped_elsewhere_only_when_nothing_leads_to_it() {
    // While m2p names the old address, whoever wants the page waits for that address' range.
    let elsewhere = "toolstack: c = add_page 1:0x400 = M; if c == ok { c = guest_remove 1:0x400; assert c == ok }";
    let map = format!("{RAM}; 0x400 = ram_paged");
    let reads = "vcpu: v = hw_read 1:0x10";
    for flush in ["sync", "deferred"] {
        let world = format!("flush = \"{flush}\"");
        for unmaps in
            ["remove_page 1:0x10 = M", "guest_remove 1:0x10", "add_page 1:0x10 = F", "move_page 1:0x11 to 1:0x10"]
        {
            holds(&world, &map, &[&format!("balloon: c = {unmaps}"), elsewhere]);
        }
        holds(&world, &map, &["balloon: c = remove_page 1:0x10 = M", elsewhere, reads]);
        holds(&world, &map, &["balloon: c = move_page 1:0x10 to 1:0x12", elsewhere]);
    }
}

/// M is shared by two of the domain's own numbers; N is its own.
const SHARED: &str = "0x10 = M as ram_shared; 0x12 = M as ram_shared; 0x11 = N as ram_rw content 6";

#[test]
fn a_shared_page_is_unshared_before_it_is_replaced_or_given_back() {
    let world = "free_frames = 1, words = { old = \"none\" }";
    one(
        world,
        SHARED,
        "c = add_page 1:0x10 = F; assert c == ok; e = lookup 1:0x10; m = load m2p(F); assert e.mfn == F and m == 1:0x10
        n = load nr_saved; k = load nr_shared; assert n == 0 and k == 1
        c = guest_remove 1:0x12; assert c == ok and free(M); k = load nr_shared; assert k == 0
        f = first page_list(1); f = next page_list(1) after f; f = next page_list(1) after f; store old = f",
    );
    one(
        world,
        SHARED,
        "c = guest_remove 1:0x10; assert c == ok; e = lookup 1:0x10; assert e.mfn == none; n = load nr_saved; assert n == 0",
    );
    one(world, SHARED, "n = decrease 1:0x10; assert n == 1; e = lookup 1:0x10; assert e.mfn == none");
    one(
        world,
        SHARED,
        "c = move_page 1:0x10 to 1:0x20; assert c == ok; e = lookup 1:0x20; m = load m2p(e.mfn)
        assert e.type == ram_rw and e.mfn != M and m == 1:0x20; e = lookup 1:0x10; assert e.mfn == none",
    );
    one(
        world,
        SHARED,
        "c = move_page 1:0x11 to 1:0x10; assert c == ok; e = lookup 1:0x10; assert e.mfn == N; n = load nr_saved; assert n == 0",
    );
}

#[test]
fn a_shared_page_without_memory_for_a_copy_stays_and_leaves_an_event() {
    for op in ["add_page 1:0x10 = F", "guest_remove 1:0x10", "move_page 1:0x10 to 1:0x20", "move_page 1:0x11 to 1:0x10"]
    {
        one(
            "",
            SHARED,
            &format!(
                "c = {op}; assert c == ENOMEM; e = lookup 1:0x10; assert e.mfn == M and e.type == ram_shared
                e = lookup 1:0x11; assert e.mfn == N; n = load nr_saved; k = load nr_shared; assert n == 1 and k == 1"
            ),
        );
    }
}

#[test]
fn two_that_give_back_what_they_share_free_it_once() {
    let map = "0x10 = M as ram_shared; 0x400 = M as ram_shared";
    let gives = |g: &str| format!("balloon: c = guest_remove {g}; assert c == ok");
    holds("free_frames = 1", map, &[&gives("1:0x10"), &gives("1:0x400")]);
    holds("free_frames = 1", map, &[&gives("1:0x10"), "sharer: c = unshare 1:0x400"]);
}

#[test]
fn new_memory_has_the_access_that_the_domain_gives_it() {
    let now = "encoding = 'ept', free_frames = 2";
    let all = "increase 1:0x20; add_page 1:0x20 = F; move_page 1:0x10 to 1:0x20; demand_populate 1:0x20";
    for makes in all.split("; ") {
        one(
            now,
            "cache = 1 | 0x10 = M as ram_rw content 5; 0x20 = populate_on_demand",
            &format!(
                "r = default_access 1 = access_rx; c = {makes}; assert c == ok; e = lookup 1:0x20
                assert e.type == ram_rw and e.access == access_rx; e = lookup 1:0x10; assert e.mfn == none or e.access == access_rwx"
            ),
        );
    }
    one(now, "0x10 = M as ram_rw", "r = default_access 1 = access_r; r = share_nominate 1:0x10; e = lookup 1:0x10
        assert e.type == ram_shared and e.access == access_r; r = unshare 1:0x10; e = lookup 1:0x10; assert e.access == access_r");
    one(
        now,
        "0x10 = M as ram_rw",
        "r = default_access 2 = access_r; r = foreign_map 2:0x20 = 1:0x10; e = lookup 2:0x20
        assert e.type == map_foreign and e.access == access_r; r = foreign_unmap 2:0x20; assert r == ok",
    );
}

#[test]
fn no_maker_of_memory_hides_it_from_a_harvest() {
    let map = "tables = 4, cache = 1, logdirty = true | 0x10 = M as ram_logdirty content 1; 0x21 = populate_on_demand; \
        0x22 = ram_paged; 0x30 = S as ram_shared; 0x31 = S as ram_shared";
    let all = "increase 1:0x20; add_page 1:0x20 = F; move_page 1:0x10 to 1:0x20; demand_populate 1:0x21; prep 1:0x22 = 3; unshare 1:0x30";
    for makes in all.split("; ") {
        // What can be written has its bit, and what has none cannot: I25 is asked after every step of rest.
        one("free_frames = 2", map, &format!("c = {makes}; assert c == ok; n = logdirty_clean 1"));
    }
}

#[test]
fn a_page_that_leaves_a_tracked_display_is_plain_memory_again() {
    holds(
        "",
        RAM,
        &["toolstack: n = track_vram 1:0x10 through 1:0x10; c = move_page 1:0x10 to 1:0x20; e = lookup 1:0x20
           assert c == ok and e.type == ram_rw and e.mfn == M"],
    );
}

#[test]
fn operations_that_populate_or_unshare_on_their_way_remember_no_more_than_they_have_room_for() {
    let map = "tables = 4, cache = 1|0x10 = M as ram_shared; 0x12 = M as ram_shared; 0x400 = populate_on_demand order 9; 0x800 = populate_on_demand";
    holds("free_frames = 2", map, &["balloon: n = decrease 1:0x10 order 9; assert n == 2"]);
    holds(
        "encoding = 'ept', free_frames = 2",
        map,
        &["toolstack 2: c = foreign_map 2:0x12 = 1:0x400; assert c == ok; c = foreign_unmap 2:0x12; assert c == ok"],
    );
}

/// X and Y are pages of Xen's own, N is not.
const XENS: &str = "0x10 = X as ram_rw special; 0x11 = Y as ram_rw special; 0x12 = N as ram_rw";

#[test]
fn a_page_of_xens_own_is_mapped_where_it_is_wanted_and_nowhere_else() {
    one(
        "",
        XENS,
        "c = map_special 1:0x400 = X; assert c == ok; e = lookup 1:0x10; assert e.mfn == none
        e = lookup 1:0x400; m = load m2p(X); n = load count(X); assert e.mfn == X and m == 1:0x400 and n == 1
        c = map_special 1:0x400 = X; assert c == ok; n = load count(X); assert n == 1",
    );
    // Over memory: that is given back. Over another page of Xen's: that stays.
    one("", XENS, "c = map_special 1:0x12 = X; assert c == ok and free(N); e = lookup 1:0x12; assert e.mfn == X");
    one(
        "words = { old = \"none\" }",
        XENS,
        "store old = Y; c = map_special 1:0x11 = X; assert c == ok and not free(Y); m = load m2p(Y); assert m == none
        n = load count(Y); assert n == 1; c = map_special 1:0x20 = Y; assert c == ok",
    );
    one(
        "",
        XENS,
        "c = map_special 1:0x20 = N; assert c == EINVAL; e = lookup 1:0x12; assert e.mfn == N
        c = map_special 2:0x20 = X; assert c == EINVAL; e = lookup 1:0x10; assert e.mfn == X",
    );
    one("", XENS, "lock gfn(1:0x20); set_entry 1:0x20 = F as mmio_direct; unlock gfn(1:0x20); c = map_special 1:0x20 = X; assert c == EPERM
        e = lookup 1:0x10; assert e.mfn == X");
    one(
        "",
        XENS,
        "fail table; c = map_special 1:0x40000 = X; assert c == ENOMEM; e = lookup 1:0x10; m = load m2p(X); assert e.mfn == X and m == 1:0x10",
    );
}

#[test]
fn two_that_map_a_page_of_xens_own_leave_it_with_one_address() {
    let map = |g: &str| format!("vcpu: c = map_special {g} = X; assert c == ok");
    holds("", "0x10 = X as ram_rw special; 0x401 = ram_rw; 0x801 = ram_rw", &[&map("1:0x400"), &map("1:0x800")]);
}
