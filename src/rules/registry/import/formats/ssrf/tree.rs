//! An SSRF document as a tree of elements, with limits on its depth and size.
//!
//! A document type definition is refused, so entities cannot multiply.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::super::rows::{Fault, unreadable};

/// The deepest and largest tree that is built.
const DEPTH_MAX: usize = 64;
const NODES_MAX: usize = 5_000_000;

/// An element with its text and where it stands.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) classification: Option<String>,
    pub(super) children: Vec<Node>,
    pub(super) range: std::ops::Range<usize>,
}

impl Node {
    /// The first element along a path of names.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Node> {
        let (first, rest) = match path {
            [] => return Some(self),
            [first, rest @ ..] => (first, rest),
        };
        self.children
            .iter()
            .filter(|child| child.name == *first)
            .find_map(|child| child.find(rest))
    }

    pub(super) fn text(&self, path: &[&str]) -> Option<String> {
        let text = self.find(path)?.text.trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Elements of this name anywhere below.
    pub(super) fn below<'a>(&'a self, name: &str, found: &mut Vec<&'a Node>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.below(name, found);
        }
    }
}

/// Line breaks in a part of the text.
pub(super) fn breaks(text: &str, part: std::ops::Range<usize>) -> u64 {
    let bytes = text.as_bytes().get(part).unwrap_or_default();
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// The elements of the document.
pub(super) fn tree(text: &str, name: &str) -> Result<Node, Fault> {
    let mut xml = Reader::from_str(text);
    let mut open: Vec<Node> = vec![Node::default()];
    let mut nodes = 0_usize;
    loop {
        let before = xml.buffer_position() as usize;
        let stop = |problem: &str| Err(unreadable(name, 1 + breaks(text, 0..before), problem));
        let event = match xml.read_event() {
            Ok(event) => event,
            Err(error) => return stop(&error.to_string()),
        };
        match event {
            Event::Start(tag) => {
                nodes += 1;
                if open.len() > DEPTH_MAX || nodes > NODES_MAX {
                    return stop("the document is deeper or larger than any SSRF document");
                }
                open.push(element(&tag, before));
            }
            Event::Empty(tag) => {
                nodes += 1;
                let mut node = element(&tag, before);
                node.range.end = xml.buffer_position() as usize;
                if let Some(parent) = open.last_mut() {
                    parent.children.push(node);
                }
            }
            Event::Text(words) => {
                if let Some(node) = open.last_mut() {
                    node.text.push_str(&words);
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(node) = open.last_mut() {
                    node.text.push(character(&reference));
                }
            }
            Event::End(_) => {
                let Some(mut node) = open.pop() else {
                    return stop("an element ends that never began");
                };
                node.range.end = xml.buffer_position() as usize;
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return stop("an element ends that never began"),
                }
            }
            Event::DocType(_) => {
                return stop("a document type definition: SSRF has none, and its entities are not expanded");
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let root = open
        .swap_remove(0)
        .children
        .into_iter()
        .find(|node| node.name == "SSRF");
    root.filter(|_| open.is_empty())
        .ok_or_else(|| unreadable(name, 1, "the root element is not SSRF, or it does not end"))
}

fn element(tag: &BytesStart<'_>, start: usize) -> Node {
    let classification = tag
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.as_ref() == "cls");
    Node {
        name: tag.name().as_ref().rsplit(':').next().unwrap_or_default().to_owned(),
        classification: classification.map(|attribute| attribute.value.into_owned()),
        range: start..start,
        ..Node::default()
    }
}

/// What a reference of XML stands for; those of a document type definition are unknown.
pub(crate) fn character(reference: &str) -> char {
    let numbered = |code: &str| match code.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => code.parse().ok(),
    };
    match reference {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        other => other
            .strip_prefix('#')
            .and_then(numbered)
            .and_then(char::from_u32)
            .unwrap_or('\u{fffd}'),
    }
}
