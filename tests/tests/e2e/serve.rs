//! The served page: both ways that the README names lead to a page with threads. Release builds, which the end-to-end
//! stage has made already; the commands themselves are those of the README.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use p2mscope_tests::harness::{root, with_url};
use tempfile::TempDir;

/// A server in a process group of its own, and the folder that it builds into.
struct Serving {
    shell: Child,
    port: u16,
    _dist: TempDir,
}

impl Serving {
    fn start(line: impl FnOnce(u16) -> String) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let dist = tempfile::tempdir().unwrap();
        let shell = Command::new("sh")
            .args(["-c", &line(port)])
            .current_dir(root())
            .env("TRUNK_SERVE_PORT", port.to_string())
            .env("TRUNK_BUILD_RELEASE", "true")
            // The other tests read `dist` at the same time.
            .env("TRUNK_BUILD_DIST", dist.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        Self { shell, port, _dist: dist }
    }

    /// Waits until the server answers; it does so only when the page is built.
    fn url(&mut self) -> String {
        let start = Instant::now();
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(self.shell.try_wait().unwrap().is_none(), "the server has ended");
            assert!(start.elapsed() < Duration::from_secs(600), "the server does not come up");
            std::thread::sleep(Duration::from_millis(100));
        }
        format!("http://127.0.0.1:{}/#selftest", self.port)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // The shell's children too: trunk would go on serving.
        let _ = Command::new("kill").args(["--", &format!("-{}", self.shell.id())]).status();
        let _ = self.shell.wait();
    }
}

#[track_caller]
fn comes_up_with_threads(line: impl FnOnce(u16) -> String) {
    let mut serving = Serving::start(line);
    with_url(&serving.url(), |page| async move {
        page.until_text("Three workers and a pool counted to 300000 of 300000.").await;
        page.expect_no_errors().await;
    });
}

#[test]
fn plain_trunk_serves_it_after_eval() {
    comes_up_with_threads(|_| r#"eval "$(cargo xtask env)" && trunk serve"#.to_owned());
}

#[test]
fn xtask_serves_it() {
    comes_up_with_threads(|port| format!("cargo xtask serve --port {port} --release"));
}
