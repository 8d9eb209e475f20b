//! The tree against the recursion of RFC 6962 written down naively, and checkpoints that are not what was signed.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

/// The definition: `MTH(D[n])`.
fn naive(leaves: &[Vec<u8>]) -> Hash {
    use sha2::{Digest, Sha256};
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => leaf_hash(leaf),
        _ => {
            let mut k = 1;
            while k * 2 < leaves.len() {
                k *= 2;
            }
            node_hash(&naive(&leaves[..k]), &naive(&leaves[k..]))
        }
    }
}

/// `PATH(m, D[n])`.
fn naive_path(m: usize, leaves: &[Vec<u8>]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let mut k = 1;
    while k * 2 < leaves.len() {
        k *= 2;
    }
    let (mut path, sibling) = if m < k {
        (naive_path(m, &leaves[..k]), naive(&leaves[k..]))
    } else {
        (naive_path(m - k, &leaves[k..]), naive(&leaves[..k]))
    };
    path.push(sibling);
    path
}

/// `SUBPROOF(m, D[n], b)`.
fn naive_subproof(m: usize, leaves: &[Vec<u8>], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![naive(leaves)] };
    }
    let mut k = 1;
    while k * 2 < leaves.len() {
        k *= 2;
    }
    let (mut proof, sibling) = if m <= k {
        (naive_subproof(m, &leaves[..k], whole), naive(&leaves[k..]))
    } else {
        (naive_subproof(m - k, &leaves[k..], false), naive(&leaves[..k]))
    };
    proof.push(sibling);
    proof
}

fn leaves(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("leaf {n}").into_bytes()).collect()
}

/// The tree, and every complete subtree by number, as the store keeps them with the leaf that completes them.
fn grown(leaves: &[Vec<u8>]) -> (Tree, HashMap<Node, Hash>) {
    let mut tree = Tree::default();
    let mut nodes = HashMap::new();
    for (index, leaf) in (0u64..).zip(leaves) {
        for (level, hash) in (0u32..).zip(tree.append(leaf_hash(leaf))) {
            let place = ((index + 1) >> level) - 1;
            let node = Node { level, place };
            assert_eq!(node.completed_by(), index);
            nodes.insert(node, hash);
        }
    }
    (tree, nodes)
}

/// The inputs of the Certificate Transparency reference tests, and their roots.
#[test]
fn the_published_vectors_come_out() {
    let inputs: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let inputs: Vec<Vec<u8>> = inputs.iter().map(|input| input.to_vec()).collect();
    let root = |count: usize| hex(&grown(&inputs[..count]).0.root());
    assert_eq!(
        root(0),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(
        root(1),
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    );
    assert_eq!(
        root(8),
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    );
}

#[test]
fn roots_and_proofs_of_all_small_trees_are_those_of_the_definition() {
    let all = leaves(70);
    for size in 1..=all.len() {
        let (tree, nodes) = grown(&all[..size]);
        let root = naive(&all[..size]);
        assert_eq!(tree.root(), root, "{size}");
        assert_eq!(Tree::from_peaks(tree.size(), tree.peaks().to_vec()), Some(tree));
        for index in 0..size {
            let plan = Plan::inclusion(index as u64, size as u64).expect("in it");
            let proof = plan.proof(&nodes).expect("known");
            assert_eq!(proof, naive_path(index, &all[..size]), "{index} of {size}");
            let leaf = leaf_hash(&all[index]);
            assert!(verify_inclusion(leaf, index as u64, size as u64, &proof, &root));
            assert!(!verify_inclusion(leaf, index as u64 + 1, size as u64, &proof, &root));
        }
        for old in 1..=size {
            let plan = Plan::consistency(old as u64, size as u64).expect("shorter");
            let proof = plan.proof(&nodes).expect("known");
            assert_eq!(proof, naive_subproof(old, &all[..size], true), "{old} of {size}");
            let before = naive(&all[..old]);
            assert!(verify_consistency(old as u64, size as u64, &proof, &before, &root));
            let other = naive(&leaves(old + 1)[1..]);
            assert!(!verify_consistency(old as u64, size as u64, &proof, &other, &root));
        }
    }
    assert_eq!(Plan::inclusion(5, 5), None);
    assert_eq!(Plan::consistency(6, 5), None);
}

fn entry(number: u64) -> Entry {
    Entry {
        entry: number,
        time: jiff::Timestamp::from_microsecond(1_780_000_000_000_000 + number.cast_signed()).expect("a time"),
        actor: format!("user{}", number % 3),
        action: "resolve_conflict".to_owned(),
        subject: format!("conflicts/{number}"),
        accepted: true,
        version_before: None,
        version_after: Some("2".to_owned()),
        sha256: Some("ab".repeat(32)),
        state: Some("cd".repeat(32)),
        reason: None,
    }
}

fn root_of(entries: &[Entry]) -> Hash {
    let mut tree = Tree::default();
    for entry in entries {
        tree.append(entry.leaf_hash());
    }
    tree.root()
}

/// Moving a text from one field to the next, or from none to an empty one, is another entry.
#[test]
fn entries_that_differ_have_different_bytes() {
    let mut seen = HashSet::new();
    let base = entry(1);
    let mut variants = vec![base.clone()];
    let mut vary = |change: &dyn Fn(&mut Entry)| {
        let mut other = base.clone();
        change(&mut other);
        variants.push(other);
    };
    vary(&|e| e.entry = 2);
    vary(&|e| e.time += jiff::SignedDuration::from_micros(1));
    vary(&|e| (e.actor, e.action) = ("user1r".into(), "esolve_conflict".into()));
    vary(&|e| (e.action, e.subject) = ("resolve_conflictc".into(), "onflicts/1".into()));
    vary(&|e| e.accepted = false);
    vary(&|e| (e.version_before, e.version_after) = (e.version_after.take(), None));
    vary(&|e| e.version_before = Some(String::new()));
    vary(&|e| (e.sha256, e.state) = (e.state.take(), e.sha256.take()));
    vary(&|e| e.state = Some(GONE.to_owned()));
    vary(&|e| e.reason = Some(String::new()));
    for variant in &variants {
        assert!(seen.insert(variant.bytes()), "{variant:?}");
    }
}

proptest! {
    /// Whatever one thing is changed, removed, added or swapped, the root is another.
    #[test]
    fn any_single_change_is_found(
        count in 2usize..60,
        at in any::<prop::sample::Index>(),
        with in any::<prop::sample::Index>(),
        kind in 0u8..9,
        word in "[a-z]{0,6}",
    ) {
        let before: Vec<Entry> = (1..=count as u64).map(entry).collect();
        let mut after = before.clone();
        let (at, with) = (at.index(count), with.index(count));
        match kind {
            0 => after[at].actor.clone_from(&word),
            1 => after[at].action.clone_from(&word),
            2 => after[at].subject.clone_from(&word),
            3 => after[at].accepted = false,
            4 => after[at].reason = Some(word),
            5 => after[at].time += jiff::SignedDuration::from_micros(1),
            6 => drop(after.remove(at)),
            7 => after.insert(at, before[with].clone()),
            _ => after.swap(at, with),
        }
        prop_assume!(after != before);
        prop_assert_ne!(root_of(&before), root_of(&after));
    }

    #[test]
    fn a_set_has_one_sum_in_whatever_order_it_came_about(
        members in prop::collection::hash_set(any::<[u8; 32]>(), 0..20),
        other in any::<[u8; 32]>(),
    ) {
        let members: Vec<Hash> = members.into_iter().collect();
        prop_assume!(!members.contains(&other));
        let mut forward = SetSum::default();
        members.iter().for_each(|member| forward.add(member));
        let mut backward = SetSum::default();
        backward.add(&other);
        members.iter().rev().for_each(|member| backward.add(member));
        prop_assert_ne!(forward.digest(), backward.digest());
        backward.remove(&other);
        prop_assert_eq!(forward.digest(), backward.digest());
        let kept = SetSum::from_bytes(forward.count(), &forward.to_bytes());
        prop_assert_eq!(kept, Some(forward));
    }
}

fn checkpoint() -> (Checkpoint, SecretKey) {
    let checkpoint = Checkpoint {
        origin: "pinpu.audit/test".to_owned(),
        size: 1234,
        root: [7; 32],
        time: "2026-06-01T08:00:00.123456Z".parse().expect("a time"),
    };
    (checkpoint, SecretKey::from_seed("pinpu.audit/test", &[3; 32]))
}

#[test]
fn a_checkpoint_is_read_back_and_any_changed_letter_is_noticed() {
    let (checkpoint, key) = checkpoint();
    let text = checkpoint.sign(&key);
    let keys = [SecretKey::from_seed("other", &[4; 32]).public(), key.public()];
    assert_eq!(Checkpoint::open(&text, &keys), Ok(checkpoint));
    for (at, letter) in text.char_indices() {
        let other = if letter == 'A' { 'B' } else { 'A' };
        let changed = format!("{}{other}{}", &text[..at], &text[at + letter.len_utf8()..]);
        assert!(Checkpoint::open(&changed, &keys).is_err(), "{changed}");
    }
    assert_eq!(Checkpoint::open(&text, &keys[..1]), Err(CheckpointError::Key));
    let forger = SecretKey::from_seed("pinpu.audit/test", &[5; 32]).public();
    assert_eq!(Checkpoint::open(&text, &[forger]), Err(CheckpointError::Key));
    assert_eq!(Checkpoint::open("hello", &keys), Err(CheckpointError::Form));
}

#[test]
fn keys_are_read_back_and_damaged_ones_refused() {
    let (_, key) = checkpoint();
    let back = SecretKey::parse(&format!("{}\n", key.to_text())).expect("a key");
    assert_eq!(back.public(), key.public());
    let public = key.public().to_string();
    assert_eq!(PublicKey::parse(&public), Some(key.public()));
    assert_eq!(PublicKey::parse(&public.replace("test", "tess")), None);
    assert!(SecretKey::parse(&public).is_none());
    assert!(!format!("{key:?}").contains("PRIVATE"));
}

#[test]
fn a_member_is_added_as_the_hashes_of_its_numbered_blocks() {
    use sha2::{Digest, Sha256};
    let member = [0xa5; 32];
    let mut sum = SetSum::default();
    sum.add(&member);
    let hashes = (0u8..64).flat_map(|block| Sha256::new().chain_update([block]).chain_update(member).finalize());
    assert_eq!(sum.to_bytes(), hashes.collect::<Vec<u8>>());
}
