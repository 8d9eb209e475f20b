//! `pinpu user` on a data folder of its own.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use crate::app::PASSWORD;

fn pinpu(folder: &std::path::Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pinpu"))
        .arg("user")
        .args(args)
        .arg("--data")
        .arg(folder)
        .env_remove("PINPU__DATABASE__URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    child
        .stdin
        .take()
        .expect("input")
        .write_all(input.as_bytes())
        .expect("written");
    child.wait_with_output().expect("ends")
}

#[test]
fn accounts_are_kept_on_the_command_line() {
    let folder = tempfile::tempdir().expect("folder");
    let run = |args: &[&str], input: &str| pinpu(folder.path(), args, input);
    let stdout = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let made = run(
        &["add", "root", "--role", "admin", "--password-stdin"],
        &format!("{PASSWORD}\n"),
    );
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(
        run(&["add", "li", "--role", "viewer", "--password-stdin"], PASSWORD)
            .status
            .success()
    );
    assert_eq!(
        run(&["add", "li", "--role", "viewer", "--password-stdin"], PASSWORD)
            .status
            .code(),
        Some(2),
        "taken"
    );
    assert_eq!(
        run(&["add", "wu", "--role", "viewer", "--password-stdin"], "12345678")
            .status
            .code(),
        Some(2),
        "weak"
    );
    assert_eq!(
        run(&["add", "wu", "--role", "boss"], "").status.code(),
        Some(2),
        "no such role"
    );
    let asked = run(&["add", "wu", "--role", "viewer"], PASSWORD);
    assert!(
        String::from_utf8_lossy(&asked.stderr).contains("--password-stdin"),
        "no terminal to ask at"
    );
    assert!(run(&["role", "li", "auditor"], "").status.success());
    assert!(run(&["disable", "li"], "").status.success());
    let list: serde_json::Value = serde_json::from_str(&stdout(&run(&["list", "--json"], ""))).expect("JSON");
    assert_eq!(
        (&list[0]["name"], &list[0]["role"], &list[0]["disabled"]),
        (&"li".into(), &"auditor".into(), &true.into())
    );
    assert!(!list.to_string().contains("argon2"), "{list}");
    assert!(run(&["enable", "li"], "").status.success());
    assert!(
        run(&["passwd", "li", "--password-stdin"], "other good words\n")
            .status
            .success()
    );
    assert_eq!(
        run(&["disable", "root"], "").status.code(),
        Some(1),
        "the last administrator stays"
    );
    assert_eq!(run(&["disable", "nobody"], "").status.code(), Some(1));
    assert!(stdout(&run(&["list"], "")).contains("root"));
}
