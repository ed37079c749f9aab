//! Runs the binary over every type and access of every format, and over what users get wrong.

use std::process::{Command, Output};

fn p2mscope(args: &str) -> Output {
    let run = Command::new(env!("CARGO_BIN_EXE_p2mscope")).args(args.split_whitespace()).output();
    run.unwrap_or_else(|e| panic!("p2mscope {args}: {e}"))
}

fn answer(args: &str) -> String {
    let out = p2mscope(args);
    let error = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && error.is_empty(), "p2mscope {args}: {error}");
    String::from_utf8(out.stdout).expect("the answer is text")
}

fn encode(args: &str) -> u64 {
    let text = answer(&format!("entry encode --format ept-2011 {args}"));
    let hex = text.strip_prefix("0x").and_then(|t| t.strip_suffix('\n')).expect("0x, digits, end of line");
    assert_eq!(hex.len(), 16, "{text}");
    u64::from_str_radix(hex, 16).expect("hexadecimal digits")
}

/// Access types in the order of their codes, which is also the order of the columns below.
const ACCESS: [&str; 10] = ["n", "r", "w", "rw", "x", "rx", "wx", "rwx", "rx2rw", "n2rwx"];

const ALL: [&str; 10] = ["---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx", "r-x", "---"];
const READ_ONLY: [&str; 10] = ["---", "r--", "---", "r--", "--x", "r-x", "--x", "r-x", "r-x", "---"];
const GRANT_RW: [&str; 10] = ["---", "r--", "-w-", "rw-", "---", "r--", "-w-", "rw-", "r--", "---"];
const GRANT_RO: [&str; 10] = ["---", "r--", "---", "r--", "---", "r--", "---", "r--", "r--", "---"];
const NOTHING: [&str; 10] = ["---"; 10];

/// Type, its code, further arguments, and the permissions left under each access.
const TRUTH: [(&str, u64, &str, [&str; 10]); 16] = [
    ("ram_rw", 0, "", ALL),
    ("invalid", 1, "", NOTHING),
    ("ram_logdirty", 2, "", READ_ONLY),
    ("ram_ro", 3, "", READ_ONLY),
    ("mmio_dm", 4, "", NOTHING),
    ("mmio_direct", 5, "", ALL),
    ("mmio_direct", 5, "--mmio-ro", READ_ONLY),
    ("populate_on_demand", 6, "", NOTHING),
    ("grant_map_rw", 7, "", GRANT_RW),
    ("grant_map_ro", 8, "", GRANT_RO),
    ("ram_paging_out", 9, "", NOTHING),
    ("ram_paged", 10, "", NOTHING),
    ("ram_paging_in", 11, "", NOTHING),
    ("ram_paging_in_start", 12, "", NOTHING),
    ("ram_shared", 13, "", READ_ONLY),
    ("ram_broken", 14, "", NOTHING),
];

fn perms(entry: u64) -> String {
    ["r", "w", "x"].iter().enumerate().map(|(bit, c)| if entry >> bit & 1 == 1 { *c } else { "-" }).collect()
}

#[test]
fn every_type_and_access_is_encoded_and_decoded() {
    for (ty, code, more, row) in TRUTH {
        for (access_code, (access, want)) in ACCESS.iter().zip(row).enumerate() {
            let entry = encode(&format!("--type {ty} --access {access} --mfn 0x1234 --order 0 {more}"));
            let what = format!("{ty} {access} {more}: {entry:#018x}");
            assert_eq!(perms(entry), want, "{what}");
            assert_eq!(entry >> 52 & 0x3f, code, "type of {what}");
            assert_eq!(entry >> 58 & 0xf, access_code as u64, "access of {what}");
            assert_eq!(entry & 0x000f_ffff_ffff_f000, 0x123_4000, "frame of {what}");
            assert_eq!(entry & 0xff8, 0x70, "write-back, PAT ignored, no superpage: {what}");
            assert_eq!(entry >> 62, 0, "{what}");

            let text = answer(&format!("entry decode --format ept-2011 {entry:#x} --level 0"));
            assert!(text.lines().any(|l| l == format!("permissions {want}")), "{what}: {text}");
            let line =
                |name: &str| text.lines().find(|l| l.contains(name)).unwrap_or_else(|| panic!("{name} in {text}"));
            assert!(line(" sa_p2mt ").contains(&format!(" {ty}: ")), "{what}: {text}");
            assert!(line(" access  ").contains(&format!(" {access}: ")), "{what}: {text}");
        }
    }
}

/// The rows of `entry table`: the first word, the code, the cells, and the bits as one text.
fn table(args: &str) -> Vec<(String, u64, Vec<String>, String)> {
    let text = answer(&format!("entry table {args}"));
    let mut lines = text.lines();
    let head: Vec<_> = lines.next().expect("a heading").split_whitespace().collect();
    let cells = head.len() - 3;
    assert_eq!((head[0], head[1], head[head.len() - 1]), ("type", "code", "bits"), "{args}: {text}");
    let row = |line: &str| {
        let words: Vec<_> = line.split_whitespace().map(String::from).collect();
        let code = words[1].parse().expect("a code");
        (words[0].clone(), code, words[2..2 + cells].to_vec(), words[2 + cells..].join(" "))
    };
    lines.map(row).collect()
}

/// The types of today and of 2012 with their codes: those of 2011 without the one that went.
const LATER: [(&str, u64); 16] = [
    ("ram_rw", 0),
    ("invalid", 1),
    ("ram_logdirty", 2),
    ("ram_ro", 3),
    ("mmio_dm", 4),
    ("mmio_direct", 5),
    ("populate_on_demand", 6),
    ("grant_map_rw", 7),
    ("grant_map_ro", 8),
    ("ram_paging_out", 9),
    ("ram_paged", 10),
    ("ram_paging_in", 11),
    ("ram_shared", 12),
    ("ram_broken", 13),
    ("map_foreign", 14),
    ("ioreq_server", 15),
];

/// What each type of today allows under each access but r_pw, which allows what r does, and its accessed and dirty bits.
fn today(ty: &str, order: u32, under: &str) -> ([&'static str; 10], &'static str) {
    let (on, small) = (|flag: &str| under.split(' ').any(|f| f == flag), order == 0);
    let (row, bits) = match ty {
        "ram_rw" => (ALL, "a d"),
        "ram_logdirty" if on("--pml") && small => (ALL, "a"),
        "ram_logdirty" | "ram_ro" | "ram_shared" => (READ_ONLY, "a"),
        "mmio_direct" if on("--mmio-ro") => (READ_ONLY, "a"),
        "mmio_direct" => (ALL, "a d"),
        "grant_map_rw" | "map_foreign" => (GRANT_RW, "a d"),
        "ioreq_server" if on("--ioreq-writes") => (GRANT_RO, "a"),
        "ioreq_server" => (GRANT_RW, "a d"),
        "grant_map_ro" => (GRANT_RO, "a"),
        _ => (NOTHING, ""),
    };
    // Superpages that may not be executed lose x: the row of a grant is the row of memory without it.
    let row = match row {
        ALL if on("--no-exec-sp") && !small => GRANT_RW,
        READ_ONLY if on("--no-exec-sp") && !small => GRANT_RO,
        row => row,
    };
    (row, if on("--ad") { bits } else { "" })
}

#[test]
fn the_tables_of_ept_are_those_of_the_headers() {
    for (order, under) in [(0, ""), (0, "--mmio-ro"), (9, ""), (18, "")] {
        let rows = table(&format!("--format ept-2011 --order {order} {under}"));
        let want = TRUTH.iter().filter(|(ty, _, more, _)| *ty != "mmio_direct" || *more == under);
        let want: Vec<_> = want.map(|(ty, code, _, row)| (*ty, *code, row.map(String::from).to_vec())).collect();
        let got: Vec<_> = rows.iter().map(|(ty, code, row, _)| (ty.as_str(), *code, row.clone())).collect();
        assert_eq!(got, want, "order {order} {under}");
    }
    for under in ["", "--pml --ad", "--mmio-ro --ad --no-exec-sp", "--ioreq-writes --ad --pw", "--no-exec-sp --pml"] {
        for order in [0, 9, 18] {
            let args = format!("--format ept --order {order} {under}");
            let rows = table(&args);
            assert_eq!(rows.iter().map(|r| (r.0.as_str(), r.1)).collect::<Vec<_>>(), LATER, "{args}");
            for (ty, _, got, bits) in rows {
                let (row, ad) = today(&ty, order, under);
                let want: Vec<_> = row.iter().chain([&row[1]]).collect();
                assert_eq!(
                    got.iter().map(String::as_str).collect::<Vec<_>>(),
                    want.into_iter().copied().collect::<Vec<_>>(),
                    "{args}: {ty}"
                );
                let sp = if order == 0 { "" } else { " sp" };
                let ad = if ad.is_empty() { String::new() } else { format!(" {ad}") };
                assert_eq!(bits, format!("ipat{sp}{ad} suppress_ve"), "{args}: {ty}");
            }
        }
    }
}

/// What a type of NPT allows and which bits are set: 2011, 2012, today.
fn nested(ty: &str, under: &str) -> [(&'static str, &'static str); 3] {
    match (ty, under) {
        ("ram_rw", _) => [("rwx", "p rw us a d"); 3],
        ("ram_ro" | "ram_logdirty" | "ram_shared", _) => [("r-x", "p us a d"); 3],
        ("grant_map_rw", _) => [("rwx", "p rw us a d"), ("rw-", "p rw us a d nx"), ("rw-", "p rw us a d nx")],
        ("grant_map_ro", _) => [("r-x", "p us a d"), ("r--", "p us a d nx"), ("r--", "p us a d nx")],
        ("mmio_direct", "--mmio-ro") => [("r-x", "p us pcd a d"), ("r-x", "p us pcd a d"), ("r-x", "p us pwt pcd a d")],
        ("mmio_direct", _) => [("rwx", "p rw us pcd a d"); 3],
        ("ioreq_server", "--ioreq-writes") => [("r--", "p us a d nx"); 3],
        ("map_foreign" | "ioreq_server", _) => [("rw-", "p rw us a d nx"); 3],
        _ => [("---", ""), ("---", "nx"), ("---", "nx")],
    }
}

#[test]
fn the_tables_of_npt_are_those_of_the_headers() {
    let of_2011: Vec<_> = TRUTH.iter().filter(|r| r.2.is_empty()).map(|r| (r.0, r.1)).collect();
    for (at, format, types, unders) in [
        (0, "npt-2011", &of_2011[..], &["", "--mmio-ro"][..]),
        (1, "npt-2012", &LATER[..14], &["", "--mmio-ro"]),
        (2, "npt", &LATER, &["", "--mmio-ro", "--ioreq-writes"]),
    ] {
        for under in unders {
            let rows = table(&format!("--format {format} {under}"));
            assert_eq!(rows.iter().map(|r| (r.0.as_str(), r.1)).collect::<Vec<_>>(), types, "{format}");
            for (ty, _, allows, bits) in rows {
                let (want, set) = nested(&ty, under)[at];
                assert_eq!((allows, bits.as_str()), (vec![want.to_string()], set), "{format} {under}: {ty}");
            }
        }
    }
    assert!(table("--format npt --order 9").iter().all(|r| r.3.split(' ').any(|b| b == "pse")));
}

#[test]
fn entries_of_every_format_are_encoded_and_decoded() {
    for (args, entry, says) in [
        ("ept --type ram_rw --mfn 0x1234", 0xb800_0000_0123_4077_u64, "type ram_rw"),
        ("ept --type ram_logdirty --mfn 0x1234 --pml --ad", 0xb820_0000_0123_4177, "read, write and execute"),
        ("ept --type ram_rw --access r_pw --mfn 0x1234 --pw", 0xd400_0000_0123_4071, "under access r_pw"),
        ("ept --type ram_rw --mfn 0x200 --order 9 --no-exec-sp", 0xb800_0000_0020_00f3, "may read and write"),
        ("ept --type ram_paging_in", 0xb8bf_ffff_ffff_f070, "without a frame"),
        ("ept --type invalid", 0x8000_0000_0000_0000, "Empty"),
        ("npt-2011 --type grant_map_ro --mfn 0x1234", 0x0080_0000_0123_4065, "may read and execute"),
        ("npt-2012 --type grant_map_ro --mfn 0x1234", 0x8080_0000_0123_4065, "may only read"),
        ("npt-2012 --type ram_paged", 0x80af_ffff_ffff_f000, "type ram_paged"),
        ("npt-2011 --type ram_paged", 0, "Empty"),
        ("npt --type mmio_direct --mfn 0xfee00 --mmio-ro", 0x0050_0000_fee0_007d, "may read and execute"),
        ("npt --type ioreq_server --mfn 0x1234 --ioreq-writes", 0x80f0_0000_0123_4065, "may only read"),
        ("npt --type populate_on_demand --order 9", 0x8060_0000_0000_0080, "A 2 MB leaf of type populate_on_demand"),
    ] {
        let got = answer(&format!("entry encode --format {args}"));
        assert_eq!(got, format!("{entry:#018x}\n"), "{args}");
        let format = args.split(' ').next().unwrap_or_default();
        let text = answer(&format!("entry decode --format {format} {entry:#x}"));
        assert!(text.contains(says), "{args}: {text}");
    }
    // Marked to be computed again: an illegal memory type and bit 10; US and A gone.
    let again = "the next one has the type computed again";
    for args in ["ept 0xb80000000123447f", "npt 0x1234043"] {
        assert!(answer(&format!("entry decode --format {args}")).contains(again), "{args}");
    }
}

#[test]
fn sizes_and_frames_are_encoded() {
    for (args, want) in [
        ("--type ram_rw --mfn 0x200 --order 9", 0x1c00_0000_0020_00f7),
        ("--type ram_rw --mfn 262144 --order 18", 0x1c00_0000_4000_00f7),
        ("--type ram_rw --mfn 0 --order 0", 0x1c00_0000_0000_0077),
        ("--type ram_rw --mfn 0x1 --emt uc --guest-pat", 0x1c00_0000_0000_1007),
        ("--type ram_paged", 0x1caf_ffff_ffff_f070),
        ("--type ram_paging_in_start --mfn none", 0x1ccf_ffff_ffff_f070),
        ("--type populate_on_demand --order 9", 0x1c60_0000_0000_00f0),
        ("--type invalid", 0),
        ("--type mmio_dm", 0),
    ] {
        assert_eq!(encode(args), want, "{args}: {:#018x}", encode(args));
    }
}

#[test]
fn a_decoded_entry_shows_every_field() {
    let text = answer("entry decode 0x1430000001234075");
    let want = "\
0x1430000001234075  ept-2011, level 0
     63  avail3     0x0
     62  rsvd3_tm   0x0          clear
  61:58  access     0x5          rx: read and execute
  57:52  sa_p2mt    0x3          ram_ro: read-only memory, writes are dropped
  51:12  mfn        0x1234       machine address 0x1234000
     11  rsvd2_snp  0x0          clear
     10  avail1     0x0
    9:8  rsvd1      0x0
      7  sp         0x0          clear
      6  ipat       0x1          set
    5:3  emt        0x6          WB, write-back
      2  x          0x1          allowed
      1  w          0x0          not allowed
      0  r          0x1          allowed
permissions r-x
A 4 KB leaf of type ram_ro (read-only memory, writes are dropped) at frame 0x1234; under access rx \
                 a guest may read and execute.
";
    assert_eq!(text, want);
    assert!(answer("entry decode 0x1c000000002000f7").contains("A 2 MB leaf"));
    assert!(answer("entry decode 0x1c00000000055007 --level 2").contains("the table of level 1 in frame 0x55"));
    assert!(answer("entry decode 0").contains("Empty"));
}

#[test]
fn every_subcommand_helps_with_examples() {
    for (args, example) in [
        ("--help", "p2mscope entry encode"),
        ("entry --help", "p2mscope entry decode 0x"),
        ("entry encode --help", "p2mscope entry encode --type"),
        ("entry decode --help", "p2mscope entry decode 0x"),
        ("entry table --help", "p2mscope entry table --format npt"),
    ] {
        assert!(answer(args).contains(example), "{args}");
    }
}

#[test]
fn what_is_wrong_is_said_with_what_is_right() {
    for (args, wants) in [
        ("entry encode --type ram_ry --mfn 1", &["ram_ry", "ram_ro"][..]),
        ("entry encode --mfn 1", &["--type"]),
        ("entry encode --type ram_rw", &["ram_rw is stored only with a frame", "--mfn 0x1234"]),
        ("entry encode --type map_foreign --mfn 1", &["ept-2011 has no type map_foreign", "ram_broken"]),
        ("entry encode --type ram_rw --mfn 0x201 --order 9", &["0x201", "512", "0x200", "0x400"]),
        ("entry encode --type ram_rw --mfn 1 --order 3", &["--order", "0 (4 KB), 9 (2 MB) or 18 (1 GB)"]),
        ("entry encode --type ram_rw --mfn 12ab", &["12ab", "0x12ab"]),
        ("entry encode --type ram_rw --mfn 0xffffffffff", &["0xffffffffff", "less than"]),
        ("entry encode --type ram_rw --mfn -1", &["-1"]),
        ("entry encode --type ram_rw --mfn 1 --access q", &["q", "rx2rw"]),
        ("entry encode --type ram_rw --mfn 1 --emt wx", &["wx", "wb"]),
        ("entry encode --type ram_rw --mfn 1 --format ept-2010", &["ept-2010", "ept-2011"]),
        ("entry encode --type ram_rw --mfn 1 --access r_pw", &["ept-2011 has no access type r_pw", "n2rwx"]),
        ("entry encode --type ram_paging_in_start --mfn 1 --format ept", &["ept has no type", "ram_paging_in"]),
        ("entry encode --type ram_rw --mfn 1 --format npt --access r", &["npt stores no access type", "--access r"]),
        ("entry encode --type ram_rw --mfn 1 --format npt --emt uc", &["npt stores no memory type", "--emt"]),
        ("entry encode --type ram_rw --mfn 1 --format npt-2011 --guest-pat", &["--guest-pat", "npt-2011"]),
        ("entry encode --type ram_rw --mfn 1 --pml", &["--pml changes nothing in ept-2011", "ept"]),
        ("entry encode --type ram_rw --format npt", &["ram_rw is stored only with a frame"]),
        (
            "entry encode --type mmio_direct --mfn 0x200 --order 9 --mmio-ro --format npt",
            &["read-only device", "pages of 4 KB"],
        ),
        (
            "entry table --format npt-2012 --ioreq-writes",
            &["--ioreq-writes changes nothing in npt-2012", "ept and npt"],
        ),
        ("entry table --format ept --order 1", &["--order", "0 (4 KB), 9 (2 MB) or 18 (1 GB)"]),
        ("entry decode", &["<ENTRY>"]),
        ("entry decode 0x1_0000_0000_0000_0000", &["64 bits"]),
        ("entry decode 0xzz", &["0xzz", "0x2a"]),
        ("entry decode 1 --level 4", &["4", "0..=3"]),
        ("entry", &["encode", "decode"]),
        ("entri", &["entri", "entry"]),
    ] {
        let out = p2mscope(args);
        let error = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{args}: {error}");
        assert!(out.stdout.is_empty(), "{args}");
        for want in wants {
            assert!(error.contains(want), "{args}: `{want}` is missing from: {error}");
        }
    }
}
