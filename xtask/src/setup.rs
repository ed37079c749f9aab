//! What must stand before a command can work. Everything here is quick when nothing is missing.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::env::Env;
use crate::tools::{self, Tool};
use crate::{apt, root, rustup};

/// For building and serving the page.
pub fn page() -> Result<Env> {
    set_up(&[wasm_bindgen()?, Tool::trunk()])
}

/// For plain `trunk` and `wasm-pack` in the user's shell.
pub fn tools() -> Result<Env> {
    set_up(&[wasm_bindgen()?, Tool::trunk(), Tool::wasm_pack()])
}

/// For tests in a browser.
pub fn browser() -> Result<Env> {
    apt::ensure(&apt::BROWSER)?;
    tools()
}

/// The engines that the page is tried in beside Chromium.
#[derive(Default)]
pub struct Engines {
    /// The folders of their drivers.
    pub bins: Vec<PathBuf>,
    /// Those that cannot be had here, and why, in one line.
    pub without: Vec<(&'static str, String)>,
}

/// Sets up the other engines. One that cannot be had is no failure, but is told: Chromium is what the tests need.
pub fn engines() -> Result<Engines> {
    let cache = tools::cache()?;
    let gecko = Tool::geckodriver();
    let firefox = || {
        apt::ensure(&apt::FIREFOX)?;
        let _lock = tools::lock(&cache)?;
        tools::ensure(std::slice::from_ref(&gecko), &cache)
    };
    let tried = [("firefox", firefox()), ("webkit", apt::ensure(&apt::WEBKIT))];
    let without = tried.into_iter().filter_map(|(name, outcome)| {
        let why = outcome.err()?;
        eprintln!("without {name}: {why:#}");
        Some((name, format!("{why:#}").lines().next().unwrap_or_default().to_owned()))
    });
    Ok(Engines { bins: vec![gecko.bin(&cache)], without: without.collect() })
}

/// For native tests.
pub fn native() -> Result<Env> {
    rustup::ensure_checks()?;
    apt::ensure(&apt::SPIN)?;
    Ok(Env::native())
}

fn wasm_bindgen() -> Result<Tool> {
    let path = root().join("Cargo.toml");
    let manifest = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Tool::wasm_bindgen(&manifest)
}

fn set_up(tools: &[Tool]) -> Result<Env> {
    let cache = tools::cache()?;
    let _lock = tools::lock(&cache)?;
    rustup::ensure()?;
    tools::ensure(tools, &cache)?;
    Ok(Env::page(tools.iter().map(|tool| tool.bin(&cache))))
}
