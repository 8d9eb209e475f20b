//! Public keys: random, so that one tells nothing about another, and safe in addresses and file names.

/// A new key: 20 characters of 5 random bits, lower case.
#[must_use]
pub fn random_id() -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bits: u128 = rand::random();
    let mut id = String::with_capacity(20);
    for _ in 0..20 {
        id.push(char::from(DIGITS[(bits & 31) as usize]));
        bits >>= 5;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::random_id;

    #[test]
    fn keys_differ_and_are_plain() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| random_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(
            ids.iter()
                .all(|id| id.len() == 20 && id.bytes().all(|b| b.is_ascii_alphanumeric()))
        );
    }
}
