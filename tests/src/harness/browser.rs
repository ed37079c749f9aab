//! A driver of its own, on a free port, ended with everything that it started; for each of the engines.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

/// How long a driver has to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// What draws the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// Chromium, in which all is tried.
    #[default]
    Chromium,
    /// Chromium that lets no page store anything.
    Forgetful,
    /// Firefox, by geckodriver.
    Firefox,
    /// WebKitGTK's MiniBrowser, on a display of its own. Memory cannot be shared with workers there.
    WebKit,
}

/// A running driver.
pub struct Browser {
    engine: Engine,
    driver: Child,
    port: u16,
    display: Option<Child>,
}

impl Browser {
    /// Starts the driver and waits until it listens.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub fn start(engine: Engine) -> Self {
        match engine {
            Engine::Chromium | Engine::Forgetful => Self::of_chromium(engine),
            Engine::Firefox => {
                let port = free_port();
                let mut driver = Command::new("geckodriver");
                driver.args(["--websocket-port=0", &format!("--port={port}")]);
                Self::of(engine, driver, port, None)
            }
            Engine::WebKit => {
                let (display, number) = display();
                let port = free_port();
                let mut driver = Command::new("WebKitWebDriver");
                driver.arg(format!("--port={port}")).env("DISPLAY", format!(":{number}"));
                Self::of(engine, driver, port, Some(display))
            }
        }
    }

    /// Chromedriver chooses the port itself, and names it.
    fn of_chromium(engine: Engine) -> Self {
        let mut driver = quiet(&mut Command::new("chromedriver"))
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is installed (cargo xtask test does that)");
        let mut lines = BufReader::new(driver.stdout.take().expect("was piped")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| port_in(&line)).expect("it names its port");
        // What it says later must be read, or it would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { engine, driver, port, display: None }
    }

    fn of(engine: Engine, mut driver: Command, port: u16, display: Option<Child>) -> Self {
        let name = driver.get_program().display().to_string();
        let driver = quiet(&mut driver).spawn();
        let driver = driver.unwrap_or_else(|e| panic!("{name} is installed (cargo xtask test does that): {e}"));
        let browser = Self { engine, driver, port, display };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(start.elapsed() < PATIENCE, "{name} does not listen on port {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
        browser
    }

    /// Where it takes WebDriver's commands.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What a session should be like: without a window that anyone sees, 1280 by 720, and, where the driver can, all that
    /// the console says kept.
    pub fn capabilities(&self) -> Map<String, Value> {
        let capabilities = match self.engine {
            Engine::Chromium => chromium(json!({})),
            // As "block all cookies" in its settings, which takes every kind of storage with them.
            Engine::Forgetful => chromium(json!({ "profile.default_content_setting_values.cookies": 2 })),
            Engine::Firefox => json!({
                "browserName": "firefox",
                "moz:firefoxOptions": {
                    "binary": find(&["firefox-esr", "firefox"]),
                    "args": ["-headless", "--width=1280", "--height=805"],
                },
            }),
            Engine::WebKit => json!({
                "webkitgtk:browserOptions": {
                    "binary": mini_browser(),
                    "args": ["--automation", "--geometry=1280x805"],
                },
            }),
        };
        let Value::Object(capabilities) = capabilities else { unreachable!("written as objects") };
        capabilities
    }
}

fn chromium(prefs: Value) -> Value {
    let args = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--disable-ipc-flooding-protection",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,720",
    ];
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": args, "prefs": prefs },
        "goog:loggingPrefs": { "browser": "ALL" },
    })
}

/// Silent, and in a process group of its own.
fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// A display for whoever cannot do without, and its number.
fn display() -> (Child, String) {
    let mut server = quiet(&mut Command::new("Xvfb"))
        .args(["-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("Xvfb is installed (cargo xtask test does that)");
    let mut lines = BufReader::new(server.stdout.take().expect("was piped")).lines();
    let number = lines.next().and_then(Result::ok).expect("Xvfb names its display");
    std::thread::spawn(move || lines.for_each(drop));
    (server, number.trim().to_owned())
}

/// The first of these programs that lies on `PATH`.
fn find(programs: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let all = programs.iter().flat_map(|program| folders.iter().map(move |folder| folder.join(program)));
    all.into_iter().find(|path| path.is_file())
}

/// MiniBrowser lies outside of `PATH`, in a folder of its library: `/usr/lib/<machine>/webkit2gtk-4.1/MiniBrowser`.
fn mini_browser() -> Option<PathBuf> {
    let inside = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let versions = ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"];
    let machines: Vec<PathBuf> = inside("/usr/lib".into()).collect();
    let all = machines.iter().flat_map(|machine| versions.map(|version| machine.join(version).join("MiniBrowser")));
    all.into_iter().find(|path| path.is_file())
}

impl Drop for Browser {
    fn drop(&mut self) {
        if matches!(self.engine, Engine::Chromium | Engine::Forgetful) {
            // Asked to shut down it ends its browsers too; killed it would leave them.
            if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
                let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                let host = format!("Host: 127.0.0.1:{}", self.port);
                let _ = write!(stream, "GET /shutdown HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n");
                let _ = stream.read_to_end(&mut Vec::new());
            }
        }
        for child in std::iter::once(&mut self.driver).chain(&mut self.display) {
            // With the browser, which is of the same group.
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
            let _ = child.wait();
        }
    }
}

/// The port in `ChromeDriver was started successfully on port 4711.`
fn port_in(line: &str) -> Option<u16> {
    line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::port_in;

    #[test]
    fn the_port_is_read() {
        assert_eq!(port_in("ChromeDriver was started successfully on port 4711."), Some(4711));
        assert_eq!(port_in("Starting ChromeDriver 1.2 on port 0"), None);
    }
}
