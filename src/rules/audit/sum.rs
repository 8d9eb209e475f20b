//! A hash of a set that is kept up to date row by row, for tables too large to be read at every change.
//!
//! The hash is LtHash16 with 1024 lanes (Bellare and Micciancio 1997; Lewi, Kim, Maykov and Weis 2019, "Securing Update
//! Propagation with Homomorphic Hashing"): every member becomes 1024 numbers of 16 bits, which are added lane by lane. A
//! member of a set counts once; it must not be added twice. The numbers of a member are SHA-256 in counter mode over the
//! member's hash.

use sha2::{Digest, Sha256, block_api::compress256};

use super::tree::Hash;

const LANES: usize = 1024;
/// Lanes that one hash fills.
const LANES_PER_HASH: usize = 16;

/// Initial hash value of SHA-256 (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The sum of a set.
#[derive(Clone, PartialEq, Eq)]
pub struct SetSum {
    count: u64,
    lanes: Box<[u16; LANES]>,
}

impl std::fmt::Debug for SetSum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetSum")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl Default for SetSum {
    fn default() -> Self {
        Self {
            count: 0,
            lanes: Box::new([0; LANES]),
        }
    }
}

impl SetSum {
    /// As it was kept; nothing where the bytes have another length.
    #[must_use]
    pub fn from_bytes(count: u64, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != LANES * 2 {
            return None;
        }
        let mut sum = Self {
            count,
            ..Self::default()
        };
        for (lane, pair) in sum.lanes.iter_mut().zip(bytes.chunks_exact(2)) {
            *lane = u16::from_le_bytes([pair[0], pair[1]]);
        }
        Some(sum)
    }

    /// To be kept, with [`SetSum::count`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect()
    }

    /// Members.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes a member in.
    pub fn add(&mut self, member: &Hash) {
        self.count = self.count.wrapping_add(1);
        self.each(member, u16::wrapping_add);
    }

    /// Takes a member out.
    pub fn remove(&mut self, member: &Hash) {
        self.count = self.count.wrapping_sub(1);
        self.each(member, u16::wrapping_sub);
    }

    /// Takes in all members of another set that has none of this one's.
    pub fn unite(&mut self, other: &Self) {
        self.count = self.count.wrapping_add(other.count);
        for (lane, more) in self.lanes.iter_mut().zip(other.lanes.iter()) {
            *lane = lane.wrapping_add(*more);
        }
    }

    /// SHA-256 of number and sum.
    #[must_use]
    pub fn digest(&self) -> Hash {
        let hash = Sha256::new().chain_update(self.count.to_be_bytes());
        hash.chain_update(self.to_bytes()).finalize().into()
    }

    fn each(&mut self, member: &Hash, combine: fn(u16, u16) -> u16) {
        // All written before the first is read: a read right behind a shorter write to the same place waits for it.
        let mut messages = MESSAGES;
        for message in &mut messages {
            message[1..33].copy_from_slice(member);
        }
        for (message, lanes) in messages.iter().zip(self.lanes.chunks_exact_mut(LANES_PER_HASH)) {
            let mut hash = INITIAL;
            compress256(&mut hash, std::slice::from_ref(message));
            for (pair, word) in lanes.chunks_exact_mut(2).zip(hash) {
                let [a, b, c, d] = word.to_be_bytes();
                pair[0] = combine(pair[0], u16::from_le_bytes([a, b]));
                pair[1] = combine(pair[1], u16::from_le_bytes([c, d]));
            }
        }
    }
}

/// What is hashed for each block of lanes, without the member: SHA-256 of the block's number and the member, 33 bytes, is one
/// padded block of the function (FIPS 180-4, 5.1.1).
const MESSAGES: [[u8; 64]; LANES / LANES_PER_HASH] = {
    let mut messages = [[0; 64]; LANES / LANES_PER_HASH];
    let bits = (33u64 * 8).to_be_bytes();
    let mut block = 0;
    while block < messages.len() {
        messages[block][0] = block as u8;
        messages[block][33] = 0x80;
        let mut at = 0;
        while at < bits.len() {
            messages[block][56 + at] = bits[at];
            at += 1;
        }
        block += 1;
    }
    messages
};
