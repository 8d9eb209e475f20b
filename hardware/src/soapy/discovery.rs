//! Which receivers are there. Asking runs every driver's code, and drivers crash, hang and print: so the question is put in
//! a child process for each module, with a time limit. A module that crashes hides nobody else.
//!
//! The protocol is one line on the child's standard output, `PINPU-FOUND ` and a JSON list; whatever else modules print
//! there is ignored. Never enumerate while streaming: it can steal the stream.

use std::{
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::ReceiverError;

/// What marks the answer among the noise of modules.
const MARK: &str = "PINPU-FOUND ";

/// One receiver that answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Driver, as in `driver=`.
    pub driver: String,
    /// For people.
    pub label: String,
    /// Serial number, where it has one.
    pub serial: Option<String>,
    /// Product, where the driver says.
    pub product: Option<String>,
    /// Arguments that open it.
    pub args: String,
}

/// A module that could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleFault {
    /// The module's file.
    pub module: PathBuf,
    /// What happened, in words.
    pub what: String,
}

/// The answer of all modules.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Enumeration {
    /// Receivers, in the order of the modules' names.
    pub found: Vec<Found>,
    /// Modules that crashed, hung or could not be started.
    pub faults: Vec<ModuleFault>,
    /// Modules that were asked.
    pub modules: Vec<PathBuf>,
}

/// Asks every driver that is loaded in this process. It may crash: use `enumerate_in_child` from a service.
///
/// `filter`: SoapySDR arguments such as `driver=rtlsdr`; empty for all.
///
/// # Errors
/// `Driver` when SoapySDR itself fails.
pub fn enumerate_here(filter: &str) -> Result<Vec<Found>, ReceiverError> {
    let devices = soapysdr::enumerate(filter).map_err(|e| ReceiverError::Driver {
        operation: "looking for receivers",
        message: e.message,
    })?;
    Ok(devices.iter().filter_map(found).collect())
}

fn found(args: &soapysdr::Args) -> Option<Found> {
    let get = |key: &str| args.get(key).filter(|v| !v.is_empty()).map(str::to_owned);
    let driver = get("driver")?;
    // Texts for people do not open anything, and one with a comma would break the list.
    let opening: Vec<String> = args
        .iter()
        .filter(|(k, v)| !["driver", "label", "product", "manufacturer", "version"].contains(k) && !v.contains(','))
        .map(|(k, v)| format!(",{k}={v}"))
        .collect();
    Some(Found {
        label: get("label").unwrap_or_else(|| driver.clone()),
        serial: get("serial"),
        product: get("product"),
        args: format!("driver={driver}{}", opening.concat()),
        driver,
    })
}

/// The child's part: asks here and prints the answer for the parent.
///
/// # Errors
/// As `enumerate_here`.
pub fn print_found(filter: &str) -> Result<(), ReceiverError> {
    let found = enumerate_here(filter)?;
    let json = serde_json::to_string(&found).unwrap_or_else(|_| "[]".into());
    println!("\n{MARK}{json}");
    Ok(())
}

/// Module files SoapySDR would load: under its root and in `SOAPY_SDR_PLUGIN_PATH`.
#[must_use]
pub fn module_files() -> Vec<PathBuf> {
    let root = env::var_os("SOAPY_SDR_ROOT").map_or_else(|| PathBuf::from("/usr"), PathBuf::from);
    let multiarch = format!("{}-linux-gnu", env::consts::ARCH);
    let mut folders: Vec<PathBuf> = Vec::new();
    for base in [
        root.join("lib").join(&multiarch),
        root.join("lib"),
        root.join("local/lib").join(&multiarch),
        root.join("local/lib"),
    ] {
        folders.push(base.join("SoapySDR/modules0.8"));
    }
    if let Some(extra) = env::var_os("SOAPY_SDR_PLUGIN_PATH") {
        folders.extend(env::split_paths(&extra).filter(|p| !p.as_os_str().is_empty()));
    }
    let mut files: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "so"))
        .collect();
    files.sort();
    files.dedup();
    files
}

/// A folder that exists only while it is needed.
struct Folder(PathBuf);

impl Folder {
    fn new(tag: usize) -> std::io::Result<Self> {
        let unique = format!(
            "pinpu-modules-{}-{tag}-{:?}",
            std::process::id(),
            thread::current().id()
        );
        let path = env::temp_dir().join(unique.replace(['(', ')'], ""));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: a leftover of a few links in the temporary folder harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One module being asked.
struct Question {
    module: PathBuf,
    child: Child,
    output: thread::JoinHandle<String>,
    _folder: Folder,
}

/// Asks each module in a child process of its own, all at once, within `timeout`.
///
/// `program` is started with `args` for each and must end in `print_found`; it sees only one module.
/// A child still running at the limit is ended and its module reported.
///
/// # Errors
/// `Usage` when the program cannot be started at all.
pub fn enumerate_in_child(program: &Path, args: &[&str], timeout: Duration) -> Result<Enumeration, ReceiverError> {
    let deadline = Instant::now() + timeout;
    let mut result = Enumeration {
        modules: module_files(),
        ..Enumeration::default()
    };
    let mut questions = Vec::new();
    for (index, module) in result.modules.iter().enumerate() {
        let question = ask(program, args, module, index).map_err(|e| {
            ReceiverError::Usage(format!("cannot start {} to look for receivers: {e}", program.display()))
        })?;
        questions.push(question);
    }
    for question in questions {
        match answer(question, deadline) {
            Ok(found) => result.found.extend(found),
            Err(fault) => result.faults.push(fault),
        }
    }
    result.found.dedup();
    Ok(result)
}

fn ask(program: &Path, args: &[&str], module: &Path, index: usize) -> std::io::Result<Question> {
    let folder = Folder::new(index)?;
    let name = module.file_name().map(PathBuf::from).unwrap_or_default();
    #[cfg(unix)]
    std::os::unix::fs::symlink(fs::canonicalize(module)?, folder.0.join(name))?;
    let mut child = Command::new(program)
        .args(args)
        .env("SOAPY_SDR_ROOT", folder.0.join("none"))
        .env("SOAPY_SDR_PLUGIN_PATH", &folder.0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut pipe = child.stdout.take();
    // Read beside the waiting, so that a talkative module cannot fill the pipe and hang.
    let output = thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(pipe) = &mut pipe {
            // What was read before a failure is still an answer.
            let _ = pipe.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    Ok(Question {
        module: module.to_owned(),
        child,
        output,
        _folder: folder,
    })
}

fn answer(mut question: Question, deadline: Instant) -> Result<Vec<Found>, ModuleFault> {
    let fault = |what: String| ModuleFault {
        module: question.module.clone(),
        what,
    };
    let status = loop {
        match question.child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                // Ends this child only; it is ours and still running.
                let _ = question.child.kill();
                let _ = question.child.wait();
                return Err(fault("did not answer in time; its receivers are not listed".into()));
            }
            Err(error) => return Err(fault(format!("could not be waited for: {error}"))),
        }
    };
    let text = question.output.join().unwrap_or_default();
    let answer = text
        .lines()
        .find_map(|line| line.strip_prefix(MARK))
        .map(serde_json::from_str::<Vec<Found>>);
    match answer {
        Some(Ok(found)) if status.success() => Ok(found),
        _ => Err(fault(format!(
            "crashed while looking for receivers ({status}); update or remove it"
        ))),
    }
}
