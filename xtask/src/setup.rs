//! What must stand before a command can work. Everything here is quick when nothing is missing.

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
