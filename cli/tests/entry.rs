//! Runs the binary over every type and access of 2011, and over what users get wrong.

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
