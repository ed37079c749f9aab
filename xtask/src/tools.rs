//! The pinned tools, built from crates.io into a cache of the user's: `$XDG_CACHE_HOME/p2mscope/tools/<tool>-<version>`.
//!
//! The cache lies outside the checkout, so that a clean clone does not build them again, and is keyed by version, so
//! that two checkouts with different pins do not disturb each other. The protocol: a tool is built into a folder
//! `.partial-*` and renamed when it is whole, so what has its final name is complete; the caller holds the cache's
//! lock, so no two set-ups build at once.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::env::Env;
use crate::progress::{self, spoken};

/// A program that is built from its crate.
#[derive(Debug, Clone)]
pub struct Tool {
    /// The crate's name.
    pub name: &'static str,
    /// Exactly this version.
    pub version: String,
    /// A program that it installs.
    probe: &'static str,
    /// How long it takes to build on two cores.
    expected: Duration,
}

impl Tool {
    /// wasm-bindgen's command line, of the very version of the crate: `manifest` is the text of the root Cargo.toml.
    pub fn wasm_bindgen(manifest: &str) -> Result<Self> {
        let version = manifest
            .lines()
            .find_map(|line| line.strip_prefix("wasm-bindgen = \"=")?.split('"').next())
            .context("Cargo.toml must pin wasm-bindgen exactly, as in: wasm-bindgen = \"=0.2.130\"")?;
        Ok(Self::new("wasm-bindgen-cli", version, "wasm-bindgen", 95))
    }

    /// The bundler that builds and serves the page.
    pub fn trunk() -> Self {
        Self::new("trunk", "0.21.14", "trunk", 240)
    }

    /// The runner of tests in a browser.
    pub fn wasm_pack() -> Self {
        Self::new("wasm-pack", "0.15.1", "wasm-pack", 75)
    }

    /// The driver of Firefox.
    pub fn geckodriver() -> Self {
        Self::new("geckodriver", "0.37.1", "geckodriver", 120)
    }

    fn new(name: &'static str, version: &str, probe: &'static str, seconds: u64) -> Self {
        Self { name, version: version.to_owned(), probe, expected: Duration::from_secs(seconds) }
    }

    fn label(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// Where its programs lie in the cache `cache`.
    pub fn bin(&self, cache: &Path) -> PathBuf {
        cache.join(self.label()).join("bin")
    }

    /// Whether it has been built.
    pub fn stands(&self, cache: &Path) -> bool {
        self.bin(cache).join(self.probe).is_file()
    }

    /// Builds it into `cache`.
    fn build(&self, cache: &Path) -> Result<()> {
        let partial = cache.join(format!(".partial-{}", self.label()));
        let install = |locked: bool| {
            let mut command = Env::native().command("cargo");
            command
                .args(["install", self.name, "--version", &self.version, "--root"])
                .arg(&partial)
                .args(locked.then_some("--locked"))
                // Outside the checkout, so that its .cargo/config.toml has no say.
                .current_dir(cache)
                .env("CARGO_TARGET_DIR", cache.join("build"))
                .env("CARGO_TERM_PROGRESS_WHEN", "never");
            // They run for seconds and are built once by everyone: time to build counts, not their speed.
            for (key, value) in
                [("OPT_LEVEL", "1"), ("LTO", "off"), ("CODEGEN_UNITS", "16"), ("DEBUG", "0"), ("STRIP", "none")]
            {
                command.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
            }
            progress::watch(&self.label(), self.expected, &mut command)
        };
        remove(&partial)?;
        let mut outcome = install(true)?;
        if !outcome.success && outcome.crates == 0 {
            // The crate's own lock file may name a version that this index does not have (yet, or any more).
            eprintln!("  {}: its lock file cannot be followed here; trying without it", self.label());
            outcome = install(false)?;
        }
        if !outcome.success {
            let reach = "Is crates.io within reach, and a C compiler (cc) installed? By hand:";
            bail!(
                "{} could not be built; cargo's last words:\n{}\n{reach}\n  cargo install {} --version {} --root {}",
                self.label(),
                outcome.tail,
                self.name,
                self.version,
                cache.join(self.label()).display()
            );
        }
        let whole = cache.join(self.label());
        remove(&whole)?;
        fs::rename(&partial, &whole).with_context(|| format!("cannot move {} to its place", partial.display()))?;
        Ok(())
    }
}

/// Builds those of `tools` that are missing in `cache`.
pub fn ensure(tools: &[Tool], cache: &Path) -> Result<()> {
    let missing: Vec<_> = tools.iter().filter(|tool| !tool.stands(cache)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let total = spoken(missing.iter().map(|tool| tool.expected).sum());
    let names = missing.iter().map(|tool| tool.label()).collect::<Vec<_>>().join(", ");
    eprintln!("building {names} into {} (once; about {total} on two cores)", cache.display());
    for tool in missing {
        tool.build(cache)?;
    }
    remove(&cache.join("build"))
}

/// The folder of the tools; `XDG_CACHE_HOME` or `~/.cache` decides where.
pub fn cache() -> Result<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME is set, so there is no place for the tools")?;
    let cache = base.join("p2mscope").join("tools");
    fs::create_dir_all(&cache).with_context(|| format!("cannot make the folder {}", cache.display()))?;
    Ok(cache)
}

/// The lock of `cache`, held until the file is dropped (or this process ends); waits for another set-up to finish.
pub fn lock(cache: &Path) -> Result<File> {
    let path = cache.join(".lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("waiting for another set-up to finish");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the tool cache"),
    }
    Ok(file)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_wasm_bindgen_is_read_from_the_manifest() {
        let tool = Tool::wasm_bindgen("[workspace.dependencies]\nwasm-bindgen = \"=0.2.7\"\n").unwrap();
        assert_eq!(tool.bin(Path::new("/c")), Path::new("/c/wasm-bindgen-cli-0.2.7/bin"));
        let loose = Tool::wasm_bindgen("wasm-bindgen = \"0.2\"\n").unwrap_err();
        assert!(loose.to_string().contains("pin wasm-bindgen exactly"));
    }

    #[test]
    fn the_real_manifest_pins_it() {
        let manifest = fs::read_to_string(crate::root().join("Cargo.toml")).unwrap();
        Tool::wasm_bindgen(&manifest).unwrap();
    }

    #[test]
    fn a_half_built_tool_does_not_stand() {
        let cache = std::env::temp_dir().join(format!("p2mscope-tools-{}", std::process::id()));
        fs::create_dir_all(cache.join("trunk-0.21.14/bin")).unwrap();
        assert!(!Tool::trunk().stands(&cache));
        fs::write(cache.join("trunk-0.21.14/bin/trunk"), "").unwrap();
        assert!(Tool::trunk().stands(&cache));
        remove(&cache).unwrap();
        assert!(!Tool::trunk().stands(&cache));
        remove(&cache).unwrap();
    }
}
