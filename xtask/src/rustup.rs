//! The pinned nightly: std is built again with atomics for the page, and only a nightly can do that.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::env::Env;

/// The toolchain that builds the page.
pub const NIGHTLY: &str = "nightly-2026-05-20";

/// Installs the nightly with what the page needs, unless it stands.
pub fn ensure() -> Result<()> {
    if sysroot()?.is_some_and(|root| complete(&root)) {
        return Ok(());
    }
    eprintln!("installing Rust {NIGHTLY} (once; about 15 s)");
    let status = Command::new("rustup")
        .args(["toolchain", "install", NIGHTLY, "--profile", "minimal", "--no-self-update"])
        .args(["-c", "rust-src", "-c", "clippy", "-t", "wasm32-unknown-unknown"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        bail!(
            "rustup could not install {NIGHTLY}; the page cannot be built without it.\n\
             Is the network there? If static.rust-lang.org cannot be reached from here, set RUSTUP_DIST_SERVER to a \
             mirror, or install it by hand:\n  \
             rustup toolchain install {NIGHTLY} --profile minimal -c rust-src -c clippy -t wasm32-unknown-unknown"
        );
    }
    Ok(())
}

/// Adds rustfmt and clippy to the toolchain of native work, where an installation of the minimal profile lacks them.
pub fn ensure_checks() -> Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        let quiet = |command: &mut Command| {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|it| it.success())
        };
        if quiet(Env::native().command("cargo").args([subcommand, "--version"])) {
            continue;
        }
        eprintln!("adding {component} to your Rust (once; a few seconds)");
        if !quiet(Env::native().command("rustup").args(["component", "add", component])) {
            bail!("{component} is missing and could not be added; run:\n  rustup component add {component}");
        }
    }
    Ok(())
}

/// Where the nightly stands; none if it is not installed.
fn sysroot() -> Result<Option<PathBuf>> {
    let output = Command::new("rustup")
        .args(["run", NIGHTLY, "rustc", "--print", "sysroot"])
        .env("RUSTUP_AUTO_INSTALL", "0")
        .output()
        .context("rustup is missing; install it from https://rustup.rs (the page needs a nightly beside your Rust)")?;
    Ok(output.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())))
}

/// Whether every component is there; an interrupted or older installation may lack one.
fn complete(sysroot: &Path) -> bool {
    ["lib/rustlib/src/rust/library/Cargo.lock", "lib/rustlib/wasm32-unknown-unknown/lib", "bin/cargo-clippy"]
        .iter()
        .all(|part| sysroot.join(part).exists())
}
