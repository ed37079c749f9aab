//! Tables: entries of every order, splits, what a superpage replaces, and flushes.

use super::holds;

#[test]
fn a_walk_that_keeps_its_links_reads_what_is_mapped() {
    let map = "0x10 = M as ram_rw content 5; 0x11 = N as ram_rw content 6; 0x200 = O as ram_rw content 7";
    holds(
        "",
        map,
        &["vcpu: v = hw_read 1:0x10; assert v == 5; v = hw_read 1:0x11; assert v == 6
         v = hw_read 1:0x200; assert v == 7; flush 1; v = hw_read 1:0x11; assert v == 6"],
    );
}
