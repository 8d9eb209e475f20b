//! How far an import is, on a terminal, and Ctrl-C: nothing of the file stays in the database.
//!
//! While nothing is open for writing the process ends at once. While rows are written, also beside the reading, the transaction is
//! rolled back. A second Ctrl-C ends the process; the transaction then ends with it.

use std::{
    io::{self, IsTerminal},
    process::{self, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
};

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use crate::{Error, Result, cli::language::Language};

/// Status of a command that SIGINT ended, as shells count it: 128 + 2.
const INTERRUPTED: u8 = 130;

const READING: u8 = 0;
const WRITING: u8 = 1;
const STOPPED: u8 = 2;

/// Where an import stands, and whether it was stopped.
pub(super) struct Progress {
    stage: Arc<AtomicU8>,
    language: Language,
}

impl Progress {
    /// Listens for Ctrl-C from now on.
    ///
    /// # Errors
    /// `Unavailable` when the system does not let it.
    pub(super) fn start(language: Language) -> Result<Self> {
        let unavailable = |error: io::Error| Error::Unavailable(format!("cannot listen for Ctrl-C: {error}"));
        let stage = Arc::new(AtomicU8::new(READING));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(unavailable)?;
        let seen = Arc::clone(&stage);
        std::thread::Builder::new()
            .name("ctrl-c".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    while tokio::signal::ctrl_c().await.is_ok() {
                        match seen.swap(STOPPED, SeqCst) {
                            WRITING => continue,
                            READING => say_stopped(language),
                            // The commit may have been under way: `registry list` tells.
                            _ => {}
                        }
                        process::exit(INTERRUPTED.into());
                    }
                });
            })
            .map_err(unavailable)?;
        Ok(Self { stage, language })
    }

    /// Begins writing beside the reading, whose bar tells how far it is. The answer says whether to go on.
    pub(super) fn storing(&self) -> impl Fn(usize) -> bool + Send + Sync + 'static + use<> {
        let stage = Arc::clone(&self.stage);
        // Stopped meanwhile: the first question is answered with no.
        let _ = stage.compare_exchange(READING, WRITING, SeqCst, SeqCst);
        move |_| stage.load(SeqCst) != STOPPED
    }

    /// Begins the writing of so many rows. The answer moves the bar, and says whether to go on.
    pub(super) fn write(&self, rows: usize) -> impl Fn(usize) -> bool + Send + Sync + 'static + use<> {
        let go_on = self.storing();
        let bar = bar(
            rows as u64,
            match self.language {
                Language::Zh => "写入 {bar:40} {pos}/{len} 行 {per_sec} 剩余 {eta}",
                Language::En => "writing {bar:40} {pos}/{len} rows {per_sec} {eta} left",
            },
        );
        move |written| {
            bar.set_position(written as u64);
            go_on(written)
        }
    }

    /// The answer to an error that Ctrl-C brought about; nothing for others.
    pub(super) fn stopped(&self) -> Option<ExitCode> {
        (self.stage.load(SeqCst) == STOPPED).then(|| {
            say_stopped(self.language);
            ExitCode::from(INTERRUPTED)
        })
    }
}

fn say_stopped(language: Language) {
    match language {
        Language::Zh => eprintln!("pinpu: 已取消：文件中的内容均未入库，数据库保持原样"),
        Language::En => eprintln!("pinpu: cancelled: nothing of the file was stored, the database is as it was"),
    }
}

/// A bar for the reading and checking of so many bytes.
pub(super) fn reading(bytes: u64) -> ProgressBar {
    let template = match Language::of_environment() {
        Language::Zh => "读取并检查 {bar:40} {bytes}/{total_bytes} {bytes_per_sec} 剩余 {eta}",
        Language::En => "reading and checking {bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
    };
    bar(bytes, template)
}

/// A bar on a terminal; nothing elsewhere.
fn bar(length: u64, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style).with_finish(ProgressFinish::AndClear),
        Err(_) => bar,
    }
}
