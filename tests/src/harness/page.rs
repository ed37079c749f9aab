//! One open page: finding, clicking, typing, and waiting until something is so.

use std::path::PathBuf;
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::wd::{TimeoutConfiguration, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::Browser;

/// How long a condition is waited for before the test fails. Generous: two of the tests build the whole page while the
/// others run, and hanging is the failure that this ends.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A session of `browser`. On a loaded machine Chromium now and then does not come up in the time that chromedriver gives
/// it, which says nothing about the page; the third such failure in a row does.
async fn session(browser: &Browser) -> Client {
    let mut tries = 0;
    loop {
        let client =
            ClientBuilder::new(HttpConnector::new()).capabilities(browser.capabilities()).connect(&browser.url()).await;
        match client {
            Ok(client) => return client,
            Err(error) if tries == 2 => panic!("no browser session: {error}"),
            Err(_) => tries += 1,
        }
    }
}

/// An open page. Its methods panic, with the reason, when the browser refuses.
#[derive(Clone)]
pub struct Page(Client);

impl Page {
    /// Opens `url` in a new session of `browser`.
    pub(super) async fn open(browser: &Browser, url: &str) -> Self {
        let client = session(browser).await;
        let limit = Some(PATIENCE * 2);
        let timeouts = TimeoutConfiguration::new(limit, limit, None);
        client.update_timeouts(timeouts).await.expect("time-outs are set");
        client.goto(url).await.unwrap_or_else(|error| panic!("{url} does not open: {error}"));
        Self(client)
    }

    pub(super) async fn close(self) {
        // A browser that has crashed cannot be closed; chromedriver's end takes care of it.
        let _ = self.0.close().await;
    }

    /// The session, for what has no method here.
    pub fn client(&self) -> &Client {
        &self.0
    }

    /// Goes to `url`.
    pub async fn goto(&self, url: &str) {
        self.0.goto(url).await.unwrap_or_else(|error| panic!("{url} does not open: {error}"));
    }

    /// The value of a JavaScript expression.
    pub async fn eval(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.0.execute(&script, vec![]).await.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// Waits until the JavaScript `condition` is true (an exception counts as not yet); returns its value. It is looked
    /// at once in every frame, in the page, so waiting costs one round trip.
    pub async fn until(&self, condition: &str) -> Value {
        let script = format!(
            "const [limit, done] = arguments; const end = performance.now() + limit;
             (function look() {{
               let value; try {{ value = ({condition}); }} catch {{}}
               if (value) done(value);
               else if (performance.now() > end) done(null);
               else setTimeout(look, 16);
             }})();"
        );
        let limit = PATIENCE.as_millis() as u64;
        let value = self.0.execute_async(&script, vec![json!(limit)]).await;
        let value = value.unwrap_or_else(|error| panic!("{condition}: {error}"));
        assert!(!value.is_null(), "not so after {} s: {condition}", PATIENCE.as_secs());
        value
    }

    /// As [`Page::until`], for a page that may load itself again meanwhile: asked from outside, again and again.
    pub async fn eventually(&self, condition: &str) {
        let script = format!("try {{ return Boolean({condition}); }} catch {{ return false; }}");
        let so = async {
            while !matches!(self.0.execute(&script, vec![]).await, Ok(Value::Bool(true))) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, so).await;
        assert!(outcome.is_ok(), "not so after {} s: {condition}", PATIENCE.as_secs());
    }

    /// What the page shows, as text.
    pub async fn text(&self) -> String {
        let text = self.0.execute("return document.body.innerText", vec![]).await;
        text.map_or_else(|error| error.to_string(), |text| text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the page shows `text`.
    pub async fn until_text(&self, text: &str) {
        self.until(&format!("document.body.innerText.includes({})", json!(text))).await;
    }

    /// Waits for the first element of this CSS selector.
    pub async fn css(&self, selector: &str) -> Element {
        let wait = self.0.wait().at_most(PATIENCE);
        let found = wait.for_element(Locator::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("nothing matches {selector:?}: {error}"))
    }

    /// Waits for the element of this role (an ARIA role, given or implied by the element) and accessible name: its label
    /// or its text.
    pub async fn role(&self, role: &str, name: &str) -> Element {
        let selector = match role {
            "button" => "button, [role=button]",
            "heading" => "h1, h2, h3, h4, h5, h6, [role=heading]",
            "link" => "a[href], [role=link]",
            "textbox" => "textarea, input:not([type]), input[type=text], [role=textbox]",
            "combobox" => "select, [role=combobox]",
            "checkbox" => "input[type=checkbox], [role=checkbox]",
            "status" => "output, [role=status]",
            other => &format!("[role={other}]"),
        };
        let mark = format!(
            "(() => {{
               const named = (it) => (it.ariaLabel ?? it.labels?.[0]?.innerText ?? it.innerText).trim();
               const found = [...document.querySelectorAll({selector})].find((it) => named(it) === {name});
               document.querySelectorAll('[data-found]').forEach((it) => delete it.dataset.found);
               return found && (found.dataset.found = '', true);
             }})()",
            selector = json!(selector),
            name = json!(name)
        );
        self.until(&mark).await;
        self.css("[data-found]").await
    }

    /// Clicks the element of this role and name.
    pub async fn click(&self, role: &str, name: &str) {
        let element = self.role(role, name).await;
        element.click().await.unwrap_or_else(|error| panic!("the {role} {name:?} cannot be clicked: {error}"));
    }

    /// Types `keys` wherever the focus is: characters, or WebDriver's code points for keys (`fantoccini::key::Key`).
    /// Waits until the page hears keys, which is some time after it has opened.
    pub async fn keys(&self, keys: &str) {
        self.until("document.documentElement.dataset.keys === 'heard'").await;
        let actions = keys.chars().fold(KeyActions::new("keyboard".into()), |actions, value| {
            actions.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        self.0.perform_actions(actions).await.expect("keys are typed");
    }

    /// What the console has said since this was asked last, each line with its level first.
    pub async fn console(&self) -> Vec<String> {
        let Ok(Value::Array(entries)) = self.0.issue_cmd(ConsoleLog).await else { return Vec::new() };
        let line = |entry: &Value| {
            let part = |name| entry[name].as_str().unwrap_or_default();
            format!("{} {}", part("level"), part("message"))
        };
        entries.iter().map(line).collect()
    }

    /// Fails if the console has told of an error.
    pub async fn expect_no_errors(&self) {
        let lines = self.console().await;
        let errors: Vec<_> = lines.iter().filter(|line| line.starts_with("SEVERE")).collect();
        assert!(errors.is_empty(), "the console says: {errors:#?}");
    }

    /// Writes a screenshot to `<name>.png` in the folder `P2MSCOPE_SHOTS`, if that is set.
    pub async fn shot(&self, name: &str) {
        let Some(folder) = std::env::var_os("P2MSCOPE_SHOTS").map(PathBuf::from) else { return };
        let Ok(png) = self.0.screenshot().await else { return };
        std::fs::create_dir_all(&folder).expect("the folder of screenshots");
        std::fs::write(folder.join(format!("{}.png", name.replace("::", "-"))), png).expect("a screenshot is written");
    }
}

/// Chromedriver's own command for the console's entries.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
