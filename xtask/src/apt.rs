//! Programs of the distribution: browsers with their drivers, and the model checker SPIN, from Debian's packages.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A program, and the Debian package that holds it.
type Package = (&'static str, &'static str);

/// The browser that the page is tested in.
pub const BROWSER: [Package; 2] = [("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// Another engine; its driver is built from its crate.
pub const FIREFOX: [Package; 1] = [("firefox-esr", "firefox-esr")];

/// A third engine with its driver, and the display that it needs even if nobody looks.
pub const WEBKIT: [Package; 2] = [("WebKitWebDriver", "webkit2gtk-driver"), ("Xvfb", "xvfb")];

/// The model checker that our explorer's state counts are compared with.
pub const SPIN: [Package; 1] = [("spin", "spin")];

/// Installs the packages of those programs that are missing.
pub fn ensure(packages: &[Package]) -> Result<()> {
    let missing: Vec<_> = packages.iter().filter(|(program, _)| find(program).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|(_, package)| *package).collect::<Vec<_>>().join(" ");
    if find("apt-get").is_none() {
        let programs = missing.iter().map(|(program, _)| *program).collect::<Vec<_>>().join(", ");
        bail!("missing: {programs} (and there is no apt-get to install them with); put them on PATH");
    }
    if !root() {
        bail!(
            "missing packages, and only root may install them; run:\n  sudo apt-get install --no-install-recommends {names}"
        );
    }
    eprintln!("installing {names} (once; about a minute)");
    // A list of packages that cannot be renewed may still be good enough, so only the second failure counts.
    let _ = apt_get(&["update", "--quiet=2"]);
    let mut arguments = vec!["install", "--quiet=2", "--yes", "--no-install-recommends"];
    arguments.extend(missing.iter().map(|(_, package)| *package));
    if !apt_get(&arguments)? {
        bail!("apt-get could not install {names}; is the network there, and does `apt-get update` succeed?");
    }
    match missing.iter().find(|(program, _)| find(program).is_none()) {
        Some((program, package)) => bail!("the package {package} is installed, but there is no {program} on PATH"),
        None => Ok(()),
    }
}

/// Where `program` lies on `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

fn apt_get(arguments: &[&str]) -> Result<bool> {
    let status = Command::new("apt-get")
        .args(["-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        // stdout is for what a command prints itself: `env` prints exports there.
        .stdout(Stdio::null())
        .status()
        .context("cannot start apt-get")?;
    Ok(status.success())
}
