//! One case for each thing that a lesson file may not be, with its message and place.

use super::{WHOLE, errors};
use crate::lesson::Lesson;
use proptest::prelude::*;

/// Puts `to` in the place of the first `from` of the whole lesson. Each `§` in `to` is taken out and marks the place of
/// the next expected error; one that is elsewhere begins with its own place.
fn check(from: &str, to: &str, expected: &[&str]) {
    let start = WHOLE.find(from).unwrap_or_else(|| panic!("{from}"));
    let mut text = WHOLE[..start].to_string();
    let mut marks = Vec::new();
    for (i, piece) in to.split('§').enumerate() {
        if i > 0 {
            let line = text.split('\n').count();
            marks.push(format!("{line}:{}", text.len() - text.rfind('\n').map_or(0, |n| n + 1) + 1));
        }
        text += piece;
    }
    text += &WHOLE[start + from.len()..];
    let mut marks = marks.into_iter();
    let place = |e: &&str| match e.starts_with(|c: char| c.is_ascii_digit()) {
        true => e.to_string(),
        false => format!("{}  {e}", marks.next().expect("a mark")),
    };
    let expected: Vec<_> = expected.iter().map(place).collect();
    assert_eq!(errors(&text), expected, "{from} -> {to}");
}

#[test]
fn a_range_to_be_read_names_frames_that_there_are() {
    check(
        "free_frames = 3,",
        "free_frames = 3, mmio_ro = [§\"NOBODY\"],",
        &["no frame named `NOBODY`; the world declares M, S, T, F"],
    );
}

#[test]
fn keys_and_values() {
    check(
        "title = \"A test\"",
        "§titel = \"A test\"",
        &["1:1  lesson needs `title`", "lesson has no key `titel`; did you mean `title`?"],
    );
    check("goal = \"Pass.\"", "goal = §3", &["lesson `goal` is a text, here is a number"]);
    check("hints = [\"one\", \"two\"]", "hints = §[\"one\"]", &["there are two hints or more, from gentle to plain"]);
    check("hints = [\"one\",", "hints = [§1, \"two\",", &["lesson `hints` is texts, here is a number"]);
    check(
        "kind = \"toolstack\"",
        "kind = §\"tool\"",
        &[
            "[[actor]] `kind`: no `tool`; there are vcpu, hardware, pager, sharer, toolstack, balloon, logdirty, grant, debugger",
        ],
    );
    check(
        "kind = \"toolstack\"",
        "kind = \"toolstack\"\n§colour = 1",
        &["[[actor]] has no key `colour`; it has name, kind, domain, program, live"],
    );
    check("control = true", "control = §1", &["[[domain]] `control` is true or false, here is a number"]);
    check("tables = 2", "tables = §-2", &["[[domain]] `tables` is a number from 0 to 16383, here is -2"]);
    check("tables = 2", "tables = §2.5", &["[[domain]] `tables` is a number, here is a broken number"]);
    check(
        "id = 2\n",
        "id = §99999999999999999999\n",
        &["[[domain]] `id` is a number from 0 to 16383, here is 99999999999999999999"],
    );
    check("[[domain]]\nid = 2\n", "§[[domain]]\n", &["[[domain]] needs `id`"]);
    check("id = 2\n", "id = §1\n", &["domain 1 is there already"]);
    check(
        "[[actor]]\nname = \"TS\"\nkind = \"toolstack\"\nprogram",
        "§[[actor]]\nname = \"TS\"\nkind = \"toolstack\"\n§programme",
        &["[[actor]] needs `program`", "[[actor]] has no key `programme`; did you mean `program`?"],
    );
}

#[test]
fn names() {
    check("name = \"F\"", "name = §\"2F\"", &["`2F` is no name: letters, digits and `_`, not beginning with a digit"]);
    check("name = \"F\"", "name = §\"evict\"", &["`evict` means something in the language and cannot be a name"]);
    check("name = \"F\"", "name = §\"M\"", &["`M` is taken: it is a frame, at line 18"]);
    check("domain = 1\n", "domain = §3\n", &["[[actor]] `domain`: no domain 3; the world declares 1, 2"]);
    check("owner = 1", "owner = §\"gest\"", &["[[frame]] `owner`: no domain \"gest\"; the world declares 1, 2"]);
    check("seen = 0", "§seen = \"some\"", &["word `seen` is a number or \"none\" at first, not \"some\""]);
    check("event = 20", "§event = 300", &["lock `event` has a level from 0 to 255"]);
}

#[test]
fn maps() {
    let item = "0x10 = M as ram_rw content -5";
    check(item, "0x10 = M as §ram_wr", &["no type `ram_wr`; did you mean `ram_rw`?"]);
    check(item, "§1:0x10 = M as ram_rw", &["a domain maps its own frames: the number stands without the domain"]);
    check(item, "§0x1000000000 = ram_rw; 0x10 = M as ram_rw", &["frame number 0x1000000000 has more than 36 bits"]);
    check(item, "§0x10..0xf = M as ram_rw", &["the range ends before it begins: 0x10..0xf"]);
    check(item, "§0x30..0x31 = M as ram_rw", &["a name stands for one frame: give it one frame number"]);
    check(item, "0x10 = M as ram_rw content§", &["a number is missing: found the end of the statement"]);
    check(item, "0x10 = M as ram_rw §spezial", &["found `spezial` where with, order, content or the end should be"]);
    let special = "`special` is said of a domain's own memory, not of `ram_paged`";
    check(item, "0x10 = ram_paged §special", &[special]);
    check(item, "0x10 = §map_foreign", &["entries of ept-2011 have no type `map_foreign`"]);
    let named = "`grant_map_rw` shows a frame that is named elsewhere here: NAME as grant_map_rw";
    check(item, "0x10 = §grant_map_rw", &[named]);
    check(item, "§0x10 = N as grant_map_ro", &["no frame named `N`; did you mean `F`?"]);
    check(item, "0x10 §M", &["`=` is missing after the frame number: found `M`"]);
    check("with access_rw ", "with §rw ", &["no access right `rw`, as access_rw is one"]);
    let large = "0x200 = ram_rw order 9";
    check(large, "§0x210 = ram_rw order 9", &["an entry of order 9 covers 512 frame numbers from a multiple of 0x200"]);
    check(large, "0x200 = §ram_paged order 9", &["pages are paged out and shared one by one: `ram_paged` has order 0"]);
    check(large, "0x200 = ram_rw order §3", &["order 3 is none; there are 0 (4 KB), 9 (2 MB) and 18 (1 GB)"]);
    let huge =
        "order 18 of `ram_rw` takes 262144 frames, and a world has at most 16384; `populate_on_demand` takes none";
    check(large, "0x40000 = §ram_rw order 18", &[huge]);
    check(
        large,
        "§0x200 = populate_on_demand order 18",
        &["an entry of order 18 covers 262144 frame numbers from a multiple of 0x40000"],
    );
    check(large, "§0x200 = M as ram_rw", &["`M` is taken: it is a frame, at line 18"]);
    check(large, "§0x11 = ram_rw", &["frame number 0x11 is mapped already, at line 18"]);
    // 16385 frames, M, S, T, F, three free ones, and two roots with four and two tables.
    check(large, "0x1000..0x5000 = ram_rw", &["14:1  the world has 16400 frames with its tables: at most 16384"]);
}

#[test]
fn what_this_release_does_not_offer() {
    check(
        "policy = [\"global\", \"2m\"]",
        "policy = [\"rw\", §\"3m\"]",
        &["`3m` is no policy; there are unlocked, global, 1g, 2m, 4k, rw"],
    );
    let all = "`arm` is no encoding; there are ept-2011, ept, npt-2011, npt-2012, npt";
    check("pin = false", "encoding = §\"arm\"", &[all]);
    let unlogged = "processors log writes in `encoding = \"ept\"` alone";
    check("pin = false", "pml = §true", &[unlogged]);
    check("pin = false", "mmio_ro = §3", &["[world] `mmio_ro` is texts, here is a number"]);
    check(
        "pin = false",
        "nonexclusive = §\"none\"",
        &["[world] `nonexclusive`: no `none`; there are spinlock, atomic, percpu"],
    );
    let item = "0x10 = M as ram_rw content -5";
    for ty in ["map_foreign", "ioreq_server"] {
        check(item, &format!("0x10 = §{ty}"), &[&format!("entries of ept-2011 have no type `{ty}`")]);
    }
    check(item, "0x10 = §M as ram_paged", &["`M` names no frame: `ram_paged` has none"]);
}

#[test]
fn rings_lists_views_and_grants() {
    check("pin = false", "rings = { requests = §99 }", &["8:36  ring `requests` has 1 to 64 slots"]);
    let endless = "nobody starves in a world without `patience`: say after how many steps of others";
    check("breach = \"lost-write\"", "breach = §\"starvation\"", &[endless]);
    check("pin = false", "patience = §0", &["[world] `patience` is a number from 1 to 4096, here is 0"]);
    check("content = 4", "list = §\"queue\"", &["no list named `queue`; the world declares none"]);
    check("[repair]", "§§[[view]]\nname = \"n1\"\n[repair]", &["[[view]] needs `domain`", "[[view]] needs `kind`"]);
    let grant = |from: &str, to: &str| format!("[[grant]]\nname = \"G\"\nfrom = \"{from}\"\nto = {to}\n[repair]");
    check("[repair]", &grant("§9:1", "1"), &["[[grant]] `from` is a frame number of a domain, as in  1:0x10"]);
    check("[repair]", &grant("1:§z", "1"), &["a frame number is missing: found `z`"]);
}

#[test]
fn expectations_and_repairs() {
    check(
        "version = \"after\"",
        "version = §\"fixed\"",
        &["[[expect]] version `fixed` has no text; there are before, after"],
    );
    check("breach = \"lost-write\"", "breach = §\"ensur\"", &["no breach `ensur`; did you mean `ensure`?"]);
    check(
        "breach = \"lost-write\"",
        "breach = §\"explosion\"",
        &[
            "no breach `explosion`; there are I1 to I34, deadlock, hang, starvation, stray, lost-write, leak, assert, ensure, none",
        ],
    );
    check("{ version = \"after\", breach = \"none\", ", "§{ version = \"after\", ", &["[[expect]] needs `breach`"]);
    check("V0@go TS*3", "V0@§stop TS*3", &["`V0` has no label `stop`"]);
    check("V0@go TS*3", "§V1@go TS*3", &["no actor named `V1`; did you mean `V0`?"]);
    check("TS*3 ", "TS* §", &["a number of steps is missing, as in V0*3"]);
    check(
        "edit = [\"V0\", \"procedures\"]",
        "edit = [§\"zoo\", \"TS\"]",
        &["no actor named `zoo`; there are V0, TS, or procedures"],
    );
    check("[repair]\nedit = [\"V0\", \"procedures\"]", "§[repair]", &["[repair] needs `edit`: what may be changed"]);
    check("\"done(TS)\"", "\"done(TS) and§\"", &["a value is missing: found the end of the text"]);
    check("\"done(TS)\"", "\"done(§zoo)\"", &["no actor named `zoo`; the world declares V0, TS"]);
    check("\"done(TS)\"", "\"done(TS) §3\"", &["the condition ends before `3`"]);
    check("\"V0: nominate\"", "\"V0: §nominat\"", &["no verb `nominat`; did you mean `nominate`?"]);
    check("\"V0: nominate\"", "\"V0 §nominate\"", &["`:` is missing between the actor and the verb: found `nominate`"]);
    check(
        "\"V0: nominate\"",
        "\"V0: lock p2m §now\"",
        &["an actor, a verb and what it acts on, as in  V0: lock p2m; found `now`"],
    );
}

#[test]
fn programs_have_the_files_places() {
    let line = "@go r = evict guest:0x10";
    check(line, "@go r = §evcit guest:0x10", &["unknown statement `evcit`; did you mean `evict`?"]);
    check(line, "@go r = ok\n  §set_entry 1:0x10 = M", &["`set_entry` needs `as`: set_entry 1:0x10 = M as ram_rw"]);
    check(
        "\"store seen = 1\"",
        "\"a = 1\\nb = 2; store §seem = 1\"",
        &["no shared word named `seem`; did you mean `seen`?"],
    );
    check("nominate 1:0x10 }", "nominate §3 }", &["`nominate` wants a gfn, `3` is a num"]);
    check(
        "program.before = \"call f(); r = ok\"",
        "program.first = §\"r = ok\"",
        &["there is no text for the version `before`, which all others fall back to"],
    );
}

#[test]
fn everybodys_mistakes_have_their_place() {
    let line = "@go r = evict guest:0x10";
    check(line, "@go r = §evcit guest:0x10", &["unknown statement `evcit`; did you mean `evict`?"]);
    check(line, "@go r = evict guest:§0xg0", &["`0xg0` is no number: decimal, or hexadecimal after 0x"]);
    check(line, "@go r = evict §3:0x10", &["no domain 3; the world declares 1, 2"]);
    check(line, "@go r = evict guest:§0x1000000000", &["frame number `0x1000000000` has more than 36 bits"]);
    let twice = format!("{WHOLE}[[actor]]\nname = \"V0\"\nkind = \"pager\"\nprogram = \"\"\n");
    assert_eq!(errors(&twice), ["48:8  `V0` is taken: it is an actor, at line 36"]);
    let of = |bytes: &[u8]| Lesson::from_bytes(bytes).unwrap_err()[0].to_string();
    assert_eq!(of(&vec![b'#'; 10 << 20]), "1:1  this file has 10485760 bytes: at most 65536 (64 KB) are read");
    assert_eq!(of(b"\x7fELF\x02\x01\x01\x00\xc0")[..4], *"1:9 ");
}

#[test]
fn errors_do_not_hide_each_other() {
    let text = WHOLE.replace("title = \"A test\"", "titel = 1").replace("steps = 12", "steps = true");
    let got =
        errors(&text.replace("store seen = 1\"", "store seem = 1\"").replace("nominate 1:0x10 }", "nominate 3 }"));
    let lines: Vec<_> = got.iter().map(|e| e.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["1", "2", "11", "34", "46"], "{got:?}");
}

#[test]
fn broken_toml() {
    check("goal = \"Pass.\"", "goal = ", &["4:8  string values must be quoted, expected literal string"]);
    check("goal = \"Pass.\"", "goal = \"Pass.\"\n§goal = \"Twice.\"", &["duplicate key"]);
}

#[test]
fn files_that_are_none() {
    let of = |bytes: &[u8]| Lesson::from_bytes(bytes).unwrap_err()[0].to_string();
    assert_eq!(of(b"id = \"a\"\nx\xff"), "2:2  a lesson is a text in UTF-8: byte 0xff is none");
    let start = std::time::Instant::now();
    assert_eq!(of(&vec![b'['; 10_000_000]), "1:1  this file has 10000000 bytes: at most 65536 (64 KB) are read");
    assert!(start.elapsed().as_millis() < 200);
    assert_eq!(errors("")[0], "1:1  lesson needs `[[actor]]`: somebody who does something");
}

#[test]
fn too_many_actors() {
    let actor = |i: usize| format!("[[actor]]\nname = \"X{i}\"\nkind = \"pager\"\nprogram = \"\"\n");
    let text = |n: usize| format!("{WHOLE}{}", (0..n).map(actor).collect::<String>());
    assert_eq!(errors(&text(14)), [""; 0]);
    let line = text(14).lines().count() + 1;
    assert_eq!(errors(&text(15)), [format!("{line}:1  a lesson has at most 16 actors")]);
}

#[test]
fn nothing_that_repeats_is_slow_or_deep() {
    for unit in ["[", "{", "a=[", "a.", "[[a]]\n", "\"", "x={y=", "'''", "\\", "=\n", "a=1\n", "# c\n"] {
        let text = unit.repeat(64 * 1024 / unit.len());
        let start = std::time::Instant::now();
        let got = errors(&text);
        assert!(!got.is_empty() && got.len() <= 101, "{unit}: {}", got.len());
        assert!(start.elapsed().as_secs() < 3, "{unit}: {:?}", start.elapsed());
    }
}

proptest! {
    #[test]
    fn any_bytes_give_errors(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Lesson::from_bytes(&bytes).is_err());
    }

    /// A lesson with a piece cut out, doubled or replaced is read or refused, and every place is in the file.
    #[test]
    fn any_change_gives_a_lesson_or_errors(at in 0..WHOLE.len(), len in 0..40usize, with in "[ -~\n]{0,12}") {
        let (a, b) = (WHOLE.floor_char_boundary(at), WHOLE.floor_char_boundary(at + len));
        let text = format!("{}{with}{}", &WHOLE[..a], &WHOLE[b..]);
        if let Err(errors) = Lesson::parse(&text) {
            prop_assert!(!errors.is_empty());
            let lines: Vec<_> = text.split('\n').collect();
            for e in errors {
                let line = lines.get(e.line as usize - 1);
                prop_assert!(line.is_some_and(|l| e.col as usize <= l.chars().count() + 1), "{e}");
            }
        }
    }
}
