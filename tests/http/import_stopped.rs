//! `pinpu registry import` that is stopped on the way: nothing of the file is in the database, and the next one works.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

const ROWS: usize = 40_000;

const HEADER: &str = "id,holder,station,freq_mhz,designator\n";

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinpu"));
    command
        .arg("registry")
        .args(args)
        .arg("--data")
        .arg(folder.join("data"))
        .env_remove("PINPU__DATABASE__URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().expect("runs")
}

/// Everything the database holds, as text.
fn content(folder: &Path) -> String {
    let listed = run(folder, &["list", "--json"]);
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    String::from_utf8(listed.stdout).expect("UTF-8")
}

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().expect("runs").success());
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts the import and sends the signal while the database is open for it, which is after the last row was read.
fn stopped_while_writing(folder: &Path, file: &str, name: &str, language: &str) -> Output {
    // A new database has a journal while it is written, others a log while they are open.
    let logs = ["wal", "journal"].map(|kind| folder.join(format!("data/pinpu.db-{kind}")));
    let is_open = || logs.iter().any(|log| log.exists());
    assert!(!is_open(), "the command before closed the database");
    let child = command(folder, &["import", file, "--lang", language])
        .spawn()
        .expect("starts");
    wait_for("the import opens no database", is_open);
    std::thread::sleep(Duration::from_millis(150));
    signal(&child, name);
    child.wait_with_output().expect("ends")
}

#[cfg(unix)]
#[test]
fn a_stopped_import_leaves_the_database_as_it_was() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    let small = folder.join("small.csv");
    fs::write(
        &small,
        format!("{HEADER}K-1,电台,东站,97.2,256KF8EHF\nA-7,港务局,塔台,156.8,16K0F3E\n"),
    )
    .expect("written");
    let mut rows = HEADER.to_owned();
    for n in 0..ROWS {
        let khz = 137_000 + 25 * (n % 8_000);
        writeln!(
            rows,
            "A-{n},公安局,第 {n} 号站,{}.{:03},11K0F3E",
            khz / 1000,
            khz % 1000
        )
        .expect("text");
    }
    let big = folder.join("big.csv");
    fs::write(&big, &rows).expect("written");
    let (small, big) = (small.to_str().expect("UTF-8"), big.to_str().expect("UTF-8"));

    // Where there is no database yet, none is left: it is stored while it is read.
    let none = stopped_while_writing(folder, big, "INT", "en");
    assert_eq!(
        none.status.code(),
        Some(130),
        "{}",
        String::from_utf8_lossy(&none.stderr)
    );
    assert!(!folder.join("data").exists());
    // Killed, it may leave a database, in which nothing of the file is.
    let killed = stopped_while_writing(folder, big, "KILL", "en");
    assert_eq!(killed.status.code(), None, "ended before it was killed");
    assert!(content(folder).lines().count() <= 1, "{}", content(folder));

    let first = run(folder, &["import", small]);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let before = content(folder);
    assert!(before.contains("塔台"), "{before}");

    for (language, says) in [("zh", "数据库保持原样"), ("en", "the database is as it was")] {
        let stopped = stopped_while_writing(folder, big, "INT", language);
        let text = String::from_utf8_lossy(&stopped.stderr).into_owned();
        assert_eq!(stopped.status.code(), Some(130), "{text}");
        assert!(text.contains(says) && stopped.stdout.is_empty(), "{text}");
        assert_eq!(content(folder), before);
    }
    let killed = stopped_while_writing(folder, big, "KILL", "en");
    assert_eq!(killed.status.code(), None, "ended before it was killed");
    assert_eq!(content(folder), before);

    // While the file is still being read.
    let mut reading = command(folder, &["import", "-", "--lang", "en"])
        .spawn()
        .expect("starts");
    let mut input = reading.stdin.take().expect("input");
    input.write_all(&rows.as_bytes()[..rows.len() / 2]).expect("read");
    signal(&reading, "INT");
    let stopped = reading.wait_with_output().expect("ends");
    drop(input);
    assert_eq!(stopped.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&stopped.stderr).contains("nothing of the file was stored"));
    assert_eq!(content(folder), before);

    let done = run(folder, &["import", big, "--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&done.stdout).expect("one line");
    assert_eq!(
        (&summary["added"], &summary["updated"], &summary["applied"]),
        (&(ROWS - 1).into(), &1.into(), &true.into()),
    );
    assert_eq!(content(folder).lines().count(), ROWS + 2, "with K-1 and the summary");
}
