//! Files of requests: who may add, read and take out what, and when.

use pinpu::service::auth::Role;
use serde_json::{Value, json};

use super::{Case, REQUESTS, proposal};
use crate::app::Reply;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nmap of the stadium";

impl Case {
    fn add(&self, cookie: &str, id: &str, name: &str, kind: &str, content: &[u8]) -> Reply {
        let call = self
            .app
            .post(&format!("{REQUESTS}/{id}/files?name={name}"))
            .cookie(cookie);
        call.bytes(kind, content.to_vec()).send()
    }

    fn files(&self, cookie: &str, id: &str) -> Reply {
        self.app.get(&format!("{REQUESTS}/{id}/files")).cookie(cookie).send()
    }

    fn remove(&self, cookie: &str, id: &str, file: &str) -> Reply {
        let call = self.app.call("DELETE", &format!("{REQUESTS}/{id}/files/{file}"));
        call.cookie(cookie).send()
    }
}

fn key(value: &Value) -> String {
    value["id"].as_str().expect("id").to_owned()
}

#[test]
fn what_is_added_to_a_draft_goes_with_it_and_stays() {
    let case = Case::start();
    let (civil, military) = (&case.civil, &case.military);
    let id = key(&case.write(civil, &proposal(97_450_000, 200_000)));
    let map = case.add(civil, &id, "map.png", "image/png", PNG).expect(201).json();
    let wrong = key(&case
        .add(civil, &id, "wrong.txt", "text/plain", b"not this one")
        .expect(201)
        .json());
    // A draft is its own side's, and so are its files.
    case.files(military, &id).expect(404);
    case.add(military, &id, "x.txt", "text/plain", b"x").expect(404);
    let left = case.remove(civil, &id, &wrong).expect(200).json();
    assert_eq!(left["items"], json!([map]));
    case.app
        .get(&format!("{REQUESTS}/{id}/files/{wrong}"))
        .cookie(civil)
        .send()
        .expect(404);

    case.does(civil, &id, "submit");
    assert_eq!(case.files(military, &id).expect(200).json()["items"], json!([map]));
    let path = format!("{REQUESTS}/{id}/files/{}", key(&map));
    let read = case.app.get(&path).cookie(military).send().expect(200);
    assert_eq!(read.header("content-type"), "image/png");
    assert!(read.header("content-disposition").starts_with("attachment;"));
    assert_eq!(read.body, PNG);
    // What was sent stays; the other side adds its own.
    case.remove(civil, &id, &key(&map)).expect(409);
    case.remove(military, &id, &key(&map)).expect(409);
    case.add(military, &id, "limits.pdf", "application/pdf", b"%PDF-1.7 limits")
        .expect(201);
    let request = case.read(military, &id);
    let kinds: Vec<&str> = request["thread"]
        .as_array()
        .expect("thread")
        .iter()
        .filter_map(|entry| entry["kind"].as_str())
        .collect();
    assert_eq!(
        kinds,
        ["step", "file_added"],
        "what was done to the draft is its own side's"
    );
    let told = request["thread"][1]["text"]["en"].as_str().expect("text");
    assert!(told.starts_with("limits.pdf (SHA-256 "), "{told}");
    // Those who watch read; those who have no part do not.
    case.files(&case.app.as_role(Role::Auditor), &id).expect(200);
    case.files(&case.app.as_role(Role::Viewer), &id).expect(403);
}

#[test]
fn a_file_that_may_not_be_kept_is_refused_and_leaves_nothing() {
    let case = Case::start();
    let id = key(&case.write(&case.civil, &proposal(97_450_000, 200_000)));
    for (name, kind, content) in [
        ("map.png", "image/png", b"no picture".as_slice()),
        ("a.html", "text/html", b"<script>"),
        ("empty.txt", "text/plain", b""),
        ("a%2Fb.txt", "text/plain", b"x"),
    ] {
        case.add(&case.civil, &id, name, kind, content).expect(422);
    }
    assert_eq!(case.files(&case.civil, &id).expect(200).json()["items"], json!([]));
    let folder = case.app.folder.path();
    let kept: Vec<_> = walk(folder).into_iter().filter(|name| name.len() == 64).collect();
    assert!(kept.is_empty(), "{kept:?}");
    // The same content of a conflict and a request is kept once, and as long as either needs it.
    let file = key(&case
        .add(&case.civil, &id, "a.txt", "text/plain", b"the same")
        .expect(201)
        .json());
    let twin = key(&case
        .add(&case.civil, &id, "b.txt", "text/plain", b"the same")
        .expect(201)
        .json());
    case.remove(&case.civil, &id, &file).expect(200);
    let path = format!("{REQUESTS}/{id}/files/{twin}");
    assert_eq!(
        case.app.get(&path).cookie(&case.civil).send().expect(200).body,
        b"the same"
    );
    case.step(&case.civil, &id, &json!({"step": "withdraw", "reason": "活动取消"}))
        .expect(200);
    case.add(&case.civil, &id, "late.txt", "text/plain", b"late")
        .expect(409);
}

/// Names of all files below a folder.
fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path().is_dir() {
            true => names.extend(walk(&entry.path())),
            false => names.push(entry.file_name().to_string_lossy().into_owned()),
        }
    }
    names
}
