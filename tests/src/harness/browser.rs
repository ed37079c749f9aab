//! A chromedriver of its own, on a port that it chooses, ended with everything that it started.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// A running chromedriver.
pub struct Browser {
    driver: Child,
    port: u16,
}

impl Browser {
    /// Starts chromedriver and waits until it listens.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed (cargo xtask test does that)");
        let mut lines = BufReader::new(driver.stdout.take().expect("was piped")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| port_in(&line)).expect("it names its port");
        // What it says later must be read, or it would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { driver, port }
    }

    /// Where it takes WebDriver's commands.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What a session should be like: headless, 1280 by 720, and all that the console says kept.
    pub fn capabilities() -> serde_json::Map<String, Value> {
        let args = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,720",
        ];
        let Value::Object(capabilities) = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": args },
            "goog:loggingPrefs": { "browser": "ALL" },
        }) else {
            unreachable!("written as an object")
        };
        capabilities
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to shut down it ends its browsers too; killed it would leave them.
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ =
                write!(stream, "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port);
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
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
