//! The commands on real files and a real database in a temporary folder.

use std::path::Path;

use clap::Parser;

use super::*;
use crate::registry::demo;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    registry: RegistryArgs,
}

/// Runs `pinpu registry …`; true for exit status 0.
fn registry(data: &Path, words: &[&str]) -> Result<bool> {
    let data = data.to_str().expect("UTF-8");
    let cli = Cli::try_parse_from(["registry"].iter().chain(words).copied().chain(["--data", data]));
    run(&cli.unwrap_or_else(|error| panic!("{error}")).registry).map(|code| code == ExitCode::SUCCESS)
}

fn stored(data: &Path) -> (usize, usize) {
    let args = DatabaseArgs {
        data: data.to_owned(),
        database_url: None,
    };
    let registry = Folder::open(&args).expect("opens").registry();
    (
        registry.assignments().len(),
        registry.tables().iter().map(|table| table.rows.len()).sum(),
    )
}

#[test]
fn a_check_changes_nothing_and_an_import_twice_is_an_import_once() {
    let folder = tempfile::tempdir().expect("folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("demo.csv"));
    std::fs::write(&file, demo::ASSIGNMENTS_CSV).expect("written");
    let file = file.to_str().expect("UTF-8");
    assert!(registry(&data, &["check", file]).expect("runs"));
    assert!(!data.exists(), "a check makes no database");
    assert!(registry(&data, &["import", file, "--dry-run"]).expect("runs"));
    assert!(!data.exists(), "nor does a dry run");
    for _ in 0..2 {
        assert!(registry(&data, &["import", file]).expect("runs"));
        assert_eq!(stored(&data).0, demo::assignments().ok.len());
    }
    assert!(registry(&data, &["check", file, "--json"]).expect("runs"));
    assert!(registry(&data, &["list", "--band", "87M-108M"]).expect("runs"));
}

#[test]
fn a_file_with_a_bad_row_imports_nothing_unless_partial_is_accepted() {
    let folder = tempfile::tempdir().expect("folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("s.csv"));
    std::fs::write(&file, "id,holder,station,freq,bw\nA,h,s,97.2M,180k\nB,h,s,97.2,180k\n").expect("written");
    let file = file.to_str().expect("UTF-8");
    assert!(
        !registry(&data, &["check", file]).expect("runs"),
        "a check fails on bad rows"
    );
    assert!(!registry(&data, &["import", file]).expect("runs"));
    assert!(!data.exists(), "nothing half-imported");
    assert!(registry(&data, &["import", file, "--accept-partial"]).expect("runs"));
    assert_eq!(stored(&data).0, 1);
}

#[test]
fn a_first_import_is_stored_while_it_is_read_and_a_bad_row_leaves_no_trace() {
    let folder = tempfile::tempdir().expect("folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("long.csv"));
    let path = file.to_str().expect("UTF-8");
    let rows = |last: &str| {
        let mut text = "id,holder,station,freq_mhz,designator\n".to_owned();
        for n in 0..2_000 {
            text += &format!("A-{n},公安局,{n} 号站,160.{n:04},11K0F3E\n");
        }
        std::fs::write(&file, text + last).expect("written");
    };
    // Known to be bad when most of it is stored.
    rows("B,公安局,山站,rubbish,11K0F3E\n");
    assert!(!registry(&data, &["import", path]).expect("runs"));
    assert!(!data.exists(), "nor a database");
    std::fs::create_dir(&data).expect("a folder");
    assert!(!registry(&data, &["import", path]).expect("runs"));
    assert_eq!(std::fs::read_dir(&data).expect("still there").count(), 0);
    rows("A-7,公安局,山站,160.1,11K0F3E\n");
    assert!(
        !registry(&data, &["import", path]).expect("runs"),
        "a key that is there twice"
    );
    rows("B,公安局,山站,160.1,11K0F3E\n");
    assert!(registry(&data, &["import", path]).expect("runs"));
    assert_eq!(stored(&data).0, 2_001);
    // A database that has the table alone keeps it.
    let other = folder.path().join("other");
    let args = DatabaseArgs {
        data: other.clone(),
        database_url: None,
    };
    drop(Folder::create(&args).expect("opens"));
    let before = stored(&other);
    rows("B,公安局,山站,rubbish,11K0F3E\n");
    assert!(!registry(&other, &["import", path]).expect("runs"));
    assert_eq!(stored(&other), before);
    assert_eq!(before.0, 0);
}

#[test]
fn allocation_rows_join_their_table_and_a_complete_file_replaces_it() {
    let folder = tempfile::tempdir().expect("folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("t.csv"));
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/allocations/cn.toml");
    assert!(registry(&data, &["import", seed.to_str().expect("UTF-8")]).expect("runs"));
    let (_, seeded) = stored(&data);
    std::fs::write(&file, "low_mhz,high_mhz,service,basis\n566,606,广播,划分规定 3.4\n").expect("written");
    let file = file.to_str().expect("UTF-8");
    assert!(registry(&data, &["import", file]).expect("runs"));
    assert_eq!(stored(&data).1, seeded + 1);
    let incomplete = registry(&data, &["import", file, "--complete"]).expect_err("edition is missing");
    assert!(incomplete.to_string().contains("--edition"), "{incomplete}");
    let complete = [
        "import",
        file,
        "--complete",
        "--edition",
        "第62号",
        "--effective-from",
        "2023-07-01",
    ];
    assert!(registry(&data, &complete).expect("runs"));
    assert_eq!(stored(&data).1, 1);
}

#[test]
fn what_is_no_registry_file_says_what_to_give() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let file = folder.path().join("x.csv");
    std::fs::write(&file, "alpha,beta\n1,2\n").expect("written");
    let error = |path: &Path| {
        registry(&data, &["import", path.to_str().expect("UTF-8")])
            .expect_err("refused")
            .to_string()
    };
    assert!(
        error(&file).contains("--format pinpu-assignments-csv"),
        "{}",
        error(&file)
    );
    assert!(error(folder.path()).contains("folder"), "{}", error(folder.path()));
    assert!(error(&folder.path().join("absent.csv")).contains("absent.csv"));
    assert!(!data.exists(), "nothing is left behind");
    let list = registry(&data, &["list"]).expect_err("no database").to_string();
    assert!(list.contains("import a file first"), "{list}");
}

#[test]
fn an_export_imports_again_without_a_change() {
    let folder = tempfile::tempdir().expect("folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("demo.csv"));
    std::fs::write(&file, demo::ASSIGNMENTS_CSV).expect("written");
    assert!(registry(&data, &["import", file.to_str().expect("UTF-8")]).expect("runs"));
    for format in ["csv", "xlsx", "geojson", "kml", "sfaf", "ssrf"] {
        let out = folder.path().join(format!("out.{format}"));
        let out = out.to_str().expect("UTF-8");
        assert!(registry(&data, &["export", "--format", format, "--output", out, "--lang", "zh"]).expect("runs"));
        assert!(std::fs::metadata(out).expect("there").len() > 1000, "{format}");
    }
    let args = DatabaseArgs {
        data: data.clone(),
        database_url: None,
    };
    let before = Folder::open(&args).expect("opens").registry();
    for name in ["out.csv", "out.xlsx"] {
        let out = folder.path().join(name);
        assert!(registry(&data, &["import", out.to_str().expect("UTF-8")]).expect("runs"));
        let after = Folder::open(&args).expect("opens").registry();
        assert_eq!(after.assignments(), before.assignments(), "{name}");
    }
    let table = folder.path().join("cn.csv");
    let table = table.to_str().expect("UTF-8");
    assert!(
        registry(
            &data,
            &["export", "--kind", "allocations", "--format", "csv", "-o", table]
        )
        .expect("runs")
    );
    assert!(registry(&data, &["import", table]).expect("runs"));
    let after = Folder::open(&args).expect("opens").registry();
    assert_eq!(after.tables(), before.tables());
    let kml = registry(&data, &["export", "--kind", "allocations", "--format", "kml"]).expect_err("no place");
    assert!(kml.to_string().contains("--format csv"), "{kml}");
    let nowhere = folder.path().join("absent").join("x.csv");
    let nowhere = nowhere.to_str().expect("UTF-8");
    assert!(registry(&data, &["export", "--format", "csv", "-o", nowhere]).is_err());
    assert!(!folder.path().join("absent").exists(), "nothing is left behind");
}

#[test]
fn a_day_counts_to_its_end_in_china() {
    let read = |text| parse_time(text).map(|time| time.to_string());
    assert_eq!(read("2026-03-01"), Ok("2026-03-01T15:59:59.999999Z".to_owned()));
    assert_eq!(read("2026-03-01T08:00:00Z"), Ok("2026-03-01T08:00:00Z".to_owned()));
    for wrong in ["yesterday", "2026-13-01", ""] {
        assert!(read(wrong).expect_err(wrong).contains("2026-03-01"), "{wrong}");
    }
}

#[test]
fn the_past_of_a_database_is_listed_without_what_is_classified() {
    let folder = tempfile::tempdir().expect("folder");
    let database = DatabaseArgs {
        data: folder.path().to_owned(),
        database_url: None,
    };
    let secret = "\"{\"\"details\"\":{\"\"classification\"\":\"\"S\"\"}}\"";
    let import = |holder: &str| {
        let csv = format!(
            "id,holder,station,freq,bandwidth,extensions\nA-1,{holder},s,97.1M,200k,\nS-1,{holder},s,97.3M,200k,{secret}\n"
        );
        let file = folder.path().join("stations.csv");
        std::fs::write(&file, csv).expect("written");
        let report = source::read(&file, None).expect("reads");
        let progress = Progress::start(Language::En).expect("starts");
        let open = Folder::create(&database).expect("opens");
        open.apply(report.content, "stations.csv", &progress).expect("stored");
    };
    let before = Timestamp::now();
    import("Wang");
    let first = Timestamp::now();
    import("Li");
    let list = |as_of, all| match listed(&database, (Kind::Assignments, as_of), None, all).expect("reads") {
        Content::Assignments(records) => records
            .into_iter()
            .map(|a| format!("{} {}", a.id, a.holder))
            .collect::<Vec<_>>(),
        _ => panic!("assignments"),
    };
    assert_eq!(list(Some(before), true), [""; 0]);
    assert_eq!(list(Some(first), true), ["A-1 Wang", "S-1 Wang"]);
    assert_eq!(list(Some(first), false), ["A-1 Wang"]);
    assert_eq!(list(None, false), ["A-1 Li"]);
    assert_eq!(list(None, true), ["A-1 Li", "S-1 Li"]);
    let Content::Table(table) = listed(&database, (Kind::Allocations, Some(first)), None, false).expect("reads") else {
        panic!("one table")
    };
    assert!(table.rows.len() > 50);
}

#[test]
fn whoever_reads_classified_records_here_is_in_the_log() {
    let folder = tempfile::tempdir().expect("folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("s.csv"));
    let secret = "\"{\"\"details\"\":{\"\"classification\"\":\"\"S\"\"}}\"";
    let rows = format!(
        "id,holder,station,freq,bw,extensions\nA-1,h,s,97.2M,180k,\nS-1,r,c,150.2M,25k,{secret}\nS-2,r,c,410M,25k,{secret}\n"
    );
    std::fs::write(&file, rows).expect("written");
    assert!(registry(&data, &["import", file.to_str().expect("UTF-8")]).expect("runs"));
    let read = || {
        let args = DatabaseArgs {
            data: data.clone(),
            database_url: None,
        };
        Folder::open(&args).expect("opens").reads()
    };
    let out = folder.path().join("out.csv");
    let out = out.to_str().expect("UTF-8");
    assert!(registry(&data, &["list"]).expect("runs"));
    assert!(registry(&data, &["export", "--format", "csv", "--output", out]).expect("runs"));
    assert_eq!(read(), Vec::<(String, String)>::new(), "classified records stayed in");
    let all = ["--include-classified"];
    let export = ["export", "--format", "csv", "--output", out, "--band", "100M-200M"];
    assert!(registry(&data, &[&export[..], &all].concat()).expect("runs"));
    let noted = |action: &str, keys: &str| (action.to_owned(), keys.to_owned());
    assert_eq!(read(), [noted("export_registry", "S-1")]);
    assert!(registry(&data, &["list", "--include-classified"]).expect("runs"));
    assert_eq!(read()[0], noted("list_registry", "S-1 S-2"), "the latest first");
}
