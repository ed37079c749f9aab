//! `cargo xtask serve`: the page, built and served by trunk with the headers that isolate it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::{root, setup};

/// The flags of `serve`.
pub struct Options {
    /// The port to listen on.
    pub port: u16,
    /// Build with full optimisation.
    pub release: bool,
    /// Open the user's browser.
    pub open: bool,
}

/// Sets up, then becomes trunk; returns only when that fails.
pub fn run(options: &Options) -> Result<ExitCode> {
    let port = options.port;
    // Before the set-up, which may take minutes: an address that is taken should be told at once.
    free(port)?;
    let env = setup::page()?;
    let mut trunk = env.command("trunk");
    trunk.current_dir(root()).arg("serve").args(["--port", &port.to_string()]);
    trunk.args(options.release.then_some("--release")).args(options.open.then_some("--open"));
    eprintln!("building the page (the first time about two minutes); then it is at http://127.0.0.1:{port}/");
    // Becoming trunk, rather than waiting for it, leaves no server behind when this process is ended.
    Err(trunk.exec()).context("cannot start trunk")
}

fn free(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!(
                "port {port} is in use; stop what listens there, or choose another: cargo xtask serve --port {}",
                port.checked_add(1).unwrap_or(8080)
            )
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on port {port}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_told_and_another_offered() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = free(port).unwrap_err().to_string();
        assert!(error.contains(&format!("port {port} is in use")) && error.contains("--port"), "{error}");
        // Any free port; the one just dropped could still be open in a child that another test has just forked.
        free(0).unwrap();
    }
}
