//! A running service over its API: the built program, a virtual receiver behind SoapySDR, a port of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::verdicts::pinpu;

/// A service that ends with the test.
pub(crate) struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the demo with this configuration and the data in `folder/data`; answers its address too.
pub(crate) fn serve(folder: &Path, module: &Path, config: &str) -> (Service, String) {
    let path = folder.join("pinpu.toml");
    fs::write(&path, config).expect("a temporary file");
    let mut child = pinpu(folder, module)
        .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--config"])
        .arg(&path)
        .arg("--data")
        .arg(folder.join("data"))
        .env("PINPU_DEMO_PASSWORD", "correct horse battery staple")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("pinpu serve starts");
    let out = child.stdout.take().expect("piped");
    let service = Service(child);
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    let address = lines.find_map(|line| Some(line.split_once("http://")?.1.to_owned()));
    // It says more after its address, and ends when nobody listens.
    std::thread::spawn(move || lines.for_each(drop));
    (service, format!("http://{}", address.expect("the address")))
}

/// What is answered at an address.
pub(crate) fn get(url: &str) -> Value {
    let body = ureq::get(url)
        .call()
        .unwrap_or_else(|error| panic!("{url}: {error}"))
        .into_body()
        .read_to_string()
        .expect("a body");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{body}: {error}"))
}

pub(crate) fn items(url: &str) -> Vec<Value> {
    get(url)["items"].as_array().cloned().unwrap_or_default()
}

/// The content of a file.
pub(crate) fn bytes(url: &str) -> Vec<u8> {
    let mut body = ureq::get(url).call().expect("answers").into_body();
    body.with_config().limit(64 << 20).read_to_vec().expect("a body")
}
