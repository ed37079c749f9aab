//! The environment that a program is run in: two of them, one for native work and one for the page.
//!
//! Native work runs on the toolchain that the user has. Work on the page runs on the pinned nightly with the pinned
//! tools first in `PATH`. Neither sees a `RUSTFLAGS`, which would replace the flags that make memory shared, and so
//! give a page without threads.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use crate::rustup::NIGHTLY;

/// What would replace the flags of `.cargo/config.toml`.
const FLAGS: [&str; 4] =
    ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS"];

/// Changes to the environment that xtask was started in: a name and its value, or none to remove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Env(Vec<(&'static str, Option<OsString>)>);

impl Env {
    /// For native builds and tests.
    pub fn native() -> Self {
        let mut vars: Vec<_> = FLAGS.iter().map(|name| (*name, None)).collect();
        // Set by an earlier `eval "$(cargo xtask env)"`; natively it would only build everything a second time.
        if std::env::var("RUSTUP_TOOLCHAIN").is_ok_and(|name| name.starts_with(NIGHTLY)) {
            vars.push(("RUSTUP_TOOLCHAIN", None));
        }
        Self(vars)
    }

    /// For the page: the pinned nightly, and the tools of the folders `bins`.
    pub fn page(bins: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut vars: Vec<_> = FLAGS.iter().map(|name| (*name, None)).collect();
        vars.push(("PATH", Some(prepend(bins, std::env::var_os("PATH").as_deref()))));
        vars.push(("RUSTUP_TOOLCHAIN", Some(NIGHTLY.into())));
        // The version is pinned, so trunk need not ask the network for a newer one.
        vars.push(("TRUNK_SKIP_VERSION_CHECK", Some("true".into())));
        // wasm-bindgen's test runner gives up on a test after 20 s; a loaded machine with two cores may need more.
        vars.push(("WASM_BINDGEN_TEST_TIMEOUT", Some("120".into())));
        Self(vars)
    }

    /// The same with the folders `bins` first in `PATH`.
    pub fn with(mut self, bins: impl IntoIterator<Item = PathBuf>) -> Self {
        self.0.push(("PATH", Some(prepend(bins, std::env::var_os("PATH").as_deref()))));
        self
    }

    /// A command that runs `program` in this environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, value) in &self.0 {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// The same for a shell: lines to be given to `eval`.
    pub fn exports(&self) -> String {
        let line = |(name, value): &(&str, Option<OsString>)| match value {
            Some(value) => format!("export {name}={}\n", quoted(value)),
            None => format!("unset {name}\n"),
        };
        self.0.iter().map(line).collect()
    }
}

/// `bins` before the folders of `path`, each once.
fn prepend(bins: impl IntoIterator<Item = PathBuf>, path: Option<&OsStr>) -> OsString {
    let mut folders: Vec<PathBuf> = bins.into_iter().collect();
    for folder in path.map(std::env::split_paths).into_iter().flatten() {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    std::env::join_paths(folders).expect("no folder of the cache has a colon in its name")
}

/// `value` as one word of a POSIX shell.
fn quoted(value: &OsStr) -> String {
    format!("'{}'", value.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_comes_first_and_once() {
        let path = prepend([PathBuf::from("/t/bin")], Some(OsStr::new("/bin:/t/bin:/usr/bin:/bin")));
        assert_eq!(path, "/t/bin:/bin:/usr/bin");
    }

    #[test]
    fn exports_survive_a_shell() {
        let env = Env(vec![("A", Some("it's $HOME".into())), ("B", None)]);
        let script = format!("B=set; {}printf '%s|%s' \"$A\" \"${{B-unset}}\"", env.exports());
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "it's $HOME|unset");
    }
}
