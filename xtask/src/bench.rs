//! `cargo xtask bench`: builds what the rows that are asked for need, and measures them.
//!
//! The bench itself is a program of its own (`bench/`), with its peers; here stands only what must be there before it
//! runs: SPIN, the browser, the built page, and the core as wasm for the browser.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::env::Env;
use crate::{dist, root, setup};

/// The flags of `bench`.
pub struct Options {
    /// The rows to measure; all if none.
    pub only: Option<String>,
    /// A few samples only.
    pub quick: bool,
    /// Write the document, too.
    pub record: bool,
    /// Only make the document again.
    pub render: bool,
}

/// The row that is measured beside SPIN.
const SPIN: u32 = 8;
/// The row that needs the core as wasm.
const WASM: u32 = 13;
/// The rows that need the built page.
const PAGE: [u32; 3] = [15, 16, 17];

/// Sets up, builds and measures; fails when a row falls short of its target.
pub fn run(options: &Options) -> Result<ExitCode> {
    let rows = options.only.as_deref().map(rows).transpose()?;
    let asked = |row: u32| !options.render && rows.as_ref().is_none_or(|rows| rows.contains(&row));
    if asked(SPIN) {
        setup::native()?;
    }
    let mut env = Env::native();
    if asked(WASM) || PAGE.into_iter().any(asked) {
        env = setup::browser()?;
        if asked(WASM) {
            module(&env)?;
        }
        if PAGE.into_iter().any(asked) {
            dist::make(&env, &root().join("dist"))?;
        }
    }
    // Built on the user's own toolchain, whatever the page needs.
    drop(env);
    let mut bench = Env::native().command("cargo");
    bench.args(["run", "--quiet", "--release", "--package", "p2mscope-bench", "--features", "peers", "--"]);
    bench.args(arguments(options)).current_dir(root());
    let status = bench.status().context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The bench's module for the browser, in target/bench-page.
fn module(env: &Env) -> Result<()> {
    let target = "wasm32-unknown-unknown";
    done(env.command("cargo").args([
        "build",
        "--release",
        "--package",
        "p2mscope-bench",
        "--lib",
        "--target",
        target,
    ]))?;
    let built = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let module = built.join(target).join("release/p2mscope_bench.wasm");
    let folder = root().join("target/bench-page");
    done(env.command("wasm-bindgen").args(["--target", "web", "--no-typescript", "--out-dir"]).arg(folder).arg(module))
}

fn done(command: &mut Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let status = command.current_dir(root()).status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} has failed: {status}");
    }
    Ok(())
}

/// The rows in `1,2,8`.
fn rows(text: &str) -> Result<Vec<u32>> {
    let row =
        |part: &str| part.parse().with_context(|| format!("--only: {part:?} is no row; rows are numbers, as in 1,2,8"));
    text.split(',').map(row).collect()
}

/// The bench's own arguments.
fn arguments(options: &Options) -> Vec<&str> {
    let mut all = Vec::new();
    if let Some(only) = &options.only {
        all.extend(["--only", only]);
    }
    let flags = [(options.quick, "--quick"), (options.record, "--record"), (options.render, "--render")];
    all.extend(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| *flag));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbers_between_commas() {
        assert_eq!(rows("1,2,18").unwrap(), [1, 2, 18]);
        assert!(format!("{:#}", rows("1,x").unwrap_err()).contains("\"x\" is no row"));
    }

    #[test]
    fn the_flags_are_passed_on() {
        let options = Options { only: Some("1,2".into()), quick: true, record: false, render: false };
        assert_eq!(arguments(&options), ["--only", "1,2", "--quick"]);
    }
}
