//! What can be read off the source: the direction of imports, who may name what, and how files open.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Module → modules it may name. Arrows never turn back; `app`, `cli` and `http` are the roof.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("error", &[]),
    ("audit", &[]),
    ("dsp", &["units"]),
    ("propagation", &[]),
    ("registry", &["units"]),
    ("detect", &["units", "dsp"]),
    ("metrology", &["units", "dsp", "detect"]),
    ("conflict", &["units", "dsp", "propagation", "registry", "detect"]),
    ("coordination", &["units", "propagation", "registry"]),
    ("config", &["units", "dsp", "registry", "conflict"]),
    ("plot", &["units", "conflict"]),
    ("capture", &["units", "error", "dsp", "detect", "config"]),
    (
        "store",
        &[
            "units",
            "error",
            "audit",
            "registry",
            "detect",
            "conflict",
            "coordination",
            "capture",
        ],
    ),
    (
        "service",
        &[
            "units",
            "error",
            "audit",
            "dsp",
            "registry",
            "detect",
            "conflict",
            "coordination",
            "config",
            "capture",
            "store",
            "plot",
        ],
    ),
    (
        "http",
        &[
            "units",
            "error",
            "audit",
            "registry",
            "detect",
            "conflict",
            "coordination",
            "capture",
            "store",
            "service",
            "plot",
        ],
    ),
];
const ROOF: &[&str] = &["app", "cli", "lib", "main"];

/// Modules that do no I/O and read no clock: same input, same output.
const PURE: &[&str] = &[
    "units",
    "audit",
    "dsp",
    "propagation",
    "detect",
    "metrology",
    "registry",
    "conflict",
    "coordination",
    "plot",
];
const IMPURE_WORDS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "tokio::",
    "tracing::",
    "println!",
    "eprintln!",
];

/// Word → the only files (by prefix) that may name it.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("soapysdr::", &["hardware/src/soapy"]),
    ("sqlx::", &["src/store/", "src/error.rs"]),
    ("StatusCode", &["src/http/"]),
    ("axum::", &["src/http/"]),
];

/// A file longer than this has more than one purpose.
const LINES_MAX: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(root())
                    .expect("inside")
                    .to_string_lossy()
                    .replace('\\', "/");
                files.push((name, fs::read_to_string(&path).expect("readable")));
            }
        }
    }
    files.sort();
    files
}

/// The code without comments and without the test modules at its end, which may do what they like.
fn code(text: &str) -> String {
    let body = text.split("\n#[cfg(test)]\n").next().unwrap_or(text);
    body.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Test-only files: inline modules kept in a file of their own.
fn is_test_file(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

fn module(name: &str) -> &str {
    let rest = ["src/signal/", "src/rules/", "src/"]
        .iter()
        .find_map(|crate_root| name.strip_prefix(crate_root))
        .unwrap_or(name);
    rest.split('/').next().unwrap_or(rest).trim_end_matches(".rs")
}

/// Top-level modules named after `crate::`, directly or in a brace list.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let word = |text: &str| {
            text.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        };
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut item = String::new();
            for c in list.chars() {
                match c {
                    '}' if depth == 0 => break,
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => found.push(word(std::mem::take(&mut item).trim())),
                    _ if depth == 0 => item.push(c),
                    _ => {}
                }
            }
            found.push(word(item.trim()));
        } else {
            found.push(word(rest));
        }
    }
    found.retain(|name| !name.is_empty() && name.chars().next().is_some_and(char::is_lowercase));
    found
}

#[test]
fn imports_follow_the_direction_of_the_architecture() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut faults = Vec::new();
    for (name, text) in rust_files("src") {
        let own = module(&name);
        if ROOF.contains(&own) || is_test_file(&name) {
            continue;
        }
        let Some(allowed) = table.get(own) else {
            faults.push(format!("{name}: module '{own}' is not in the import table"));
            continue;
        };
        for import in imports(&code(&text)) {
            if import != own && table.contains_key(import.as_str()) && !allowed.contains(&import.as_str()) {
                faults.push(format!("{name}: {own} must not know {import}"));
            }
            if ROOF.contains(&import.as_str()) {
                faults.push(format!("{name}: nothing imports {import}"));
            }
        }
    }
    assert!(faults.is_empty(), "arrows that turn back:\n{}", faults.join("\n"));
}

/// Pure files whose threads only compute: what comes out is what one thread would make.
const PARALLEL: &[&str] = &["src/rules/registry/import/makers.rs"];

#[test]
fn pure_modules_read_no_clock_and_touch_no_world() {
    let mut faults = Vec::new();
    for (name, text) in rust_files("src") {
        if !PURE.contains(&module(&name)) || is_test_file(&name) || name.starts_with("src/plot/font") {
            continue;
        }
        for word in IMPURE_WORDS {
            if code(&text).contains(word) && !(*word == "std::thread" && PARALLEL.contains(&name.as_str())) {
                faults.push(format!("{name}: {word}"));
            }
        }
    }
    assert!(faults.is_empty(), "impure:\n{}", faults.join("\n"));
}

#[test]
fn each_foreign_thing_is_named_in_one_place() {
    let mut faults = Vec::new();
    for (name, text) in rust_files("src").into_iter().chain(rust_files("hardware/src")) {
        for (word, homes) in ONLY_IN {
            if !homes.iter().any(|home| name.starts_with(home)) && code(&text).contains(word) {
                faults.push(format!("{name} names {word}, which belongs to {}", homes.join(" or ")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_and_keeps_to_one_purpose() {
    let mut faults = Vec::new();
    for folder in ["src", "hardware/src", "hardware/tests", "tests", "benches"] {
        for (name, text) in rust_files(folder) {
            if !text.starts_with("//!") {
                faults.push(format!("{name} does not open with //!"));
            }
            if text.lines().count() > LINES_MAX {
                faults.push(format!(
                    "{name} has {} lines, more than {LINES_MAX}",
                    text.lines().count()
                ));
            }
            let stem = Path::new(&name).with_extension("");
            if root().join(&stem).is_dir() && name.contains("src/") {
                faults.push(format!("{name} stands beside a folder of its name; use mod.rs"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// ARCHITECTURE.md names the test that holds each invariant, as `held by` followed by the test's name in backticks.
#[test]
fn the_tests_that_the_architecture_names_exist() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut sources: String = String::new();
    for folder in ["src", "tests", "hardware/src", "hardware/tests"] {
        sources.extend(rust_files(folder).into_iter().map(|(_, text)| text));
    }
    let mut named = 0;
    for sentence in architecture.split("held by").skip(1) {
        let end = sentence.find('.').unwrap_or(sentence.len());
        for test in sentence[..end].split('`').skip(1).step_by(2) {
            named += 1;
            assert!(
                sources.contains(&format!("fn {test}(")),
                "ARCHITECTURE.md names a test that is not there: {test}"
            );
        }
    }
    assert!(named >= 8, "each invariant names its test; only {named} are named");
}

#[test]
fn the_import_reader_sees_lists_and_paths() {
    let found =
        imports("use crate::{dsp::{iq, x}, Error, units::Hertz};\nlet a = crate::store::open();\nmycrate::http::x");
    assert_eq!(found, ["dsp", "units", "store"]);
}

/// No lock file names a registry other than the ecosystem's own.
#[test]
fn lock_files_name_only_the_default_registries() {
    let cargo = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    for line in cargo.lines().filter(|line| line.starts_with("source = ")) {
        assert_eq!(
            line,
            "source = \"registry+https://github.com/rust-lang/crates.io-index\""
        );
    }
    let npm = fs::read_to_string(root().join("web/package-lock.json")).expect("web/package-lock.json");
    for line in npm.lines().filter(|line| line.contains("\"resolved\":")) {
        assert!(line.contains("\"https://registry.npmjs.org/"), "{line}");
    }
}

#[test]
fn what_is_not_found_is_named_in_chinese_too() {
    let files = rust_files("src");
    let error = files.iter().find(|(name, _)| name == "src/http/error.rs");
    let (_, names) = error.expect("the file with the names");
    let mut kinds = 0;
    for (name, text) in files.iter().filter(|(name, _)| !is_test_file(name)) {
        for part in text.split("NotFound {").skip(1) {
            let field = part
                .trim_start()
                .strip_prefix("kind: \"")
                .and_then(|rest| rest.split('"').next());
            let Some(kind) = field else { continue };
            kinds += 1;
            assert!(
                names.contains(&format!("\"{kind}\" => ")),
                "{name}: '{kind}' has no Chinese name"
            );
        }
    }
    assert!(kinds > 20, "{kinds}");
}
