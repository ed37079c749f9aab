//! `code`, as a teacher calls it with what learners have shown.

use p2mscope_core::lesson::Results;
use serde_json::Value;
use std::process::{Command, Output};

fn code(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_p2mscope")).arg("code").args(args).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn codes_are_read_and_damaged_ones_told() {
    let ids = |all: &[&str]| all.iter().map(|id| id.to_string()).collect();
    let results =
        Results { name: "Ana".into(), right: 3, asked: 4, reached: ids(&["first", "S14"]), repaired: ids(&["S14"]) };
    let good = results.code();
    let out = code(&[&good]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    for part in
        ["Name: Ana", "2 lessons reached: S14, first.", "1 lesson repaired: S14.", "Predicted rightly 3 of 4 times."]
    {
        assert!(said.contains(part), "{said}");
    }
    let mut damaged: Vec<char> = good.chars().collect();
    damaged[7] = if damaged[7] == 'A' { 'B' } else { 'A' };
    let damaged: String = damaged.into_iter().collect();
    let out = code(&[&damaged, &good]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("damaged") && text(&out.stdout).contains("Ana"), "{}", text(&out.stderr));
    let out = code(&["--json", &good, &damaged]);
    let rows: Vec<Value> = text(&out.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((&rows[0]["results"]["right"], &rows[1]["valid"]), (&Value::from(3), &Value::from(false)));
}
