//! Passwords: which are accepted, and how they are hashed without letting logins become a denial of service.
//!
//! argon2id with 19 MiB, two passes, one lane (the floor of the OWASP cheat sheet): about 36 ms on one core. Two run at
//! a time, a bounded number waits, the rest is told to come back.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use tokio::sync::Semaphore;

use crate::{Error, Result};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes computed at the same time.
const AT_ONCE: usize = 2;
/// Logins that may wait for their turn.
const QUEUE: usize = 64;
/// Fewest characters of a password.
pub const LENGTH_MIN: usize = 8;
/// Most characters of a password.
pub const LENGTH_MAX: usize = 256;

/// Hashes and verifies on the blocking pool.
#[derive(Debug, Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Verified against when there is no such user, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    /// Computes the hash that stands in for unknown users.
    ///
    /// # Errors
    /// `Unavailable` when there is no memory for it.
    pub fn new() -> Result<Self> {
        let nobody = hash_now(&format!("{:032x}", rand::random::<u128>()))?;
        Ok(Self {
            running: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(QUEUE)),
            nobody: nobody.into(),
        })
    }

    /// The PHC string of a password.
    ///
    /// # Errors
    /// `Throttled` when too many are waiting.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.run(move || hash_now(&password)).await?
    }

    /// Whether the password belongs to the hash. Without a hash the answer is no, after the same time.
    ///
    /// # Errors
    /// `Throttled` when too many are waiting.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        let nobody = Arc::clone(&self.nobody);
        self.run(move || {
            let known = hash.is_some();
            let text = hash.as_deref().unwrap_or(&nobody);
            let matches = PasswordHash::new(text).is_ok_and(|hash| {
                hasher().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &hash).is_ok())
            });
            matches && known
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _waiting = self.waiting.try_acquire().map_err(|_| {
            metrics::counter!("logins_refused_queue_full_total").increment(1);
            Error::Throttled { retry_after_s: 2 }
        })?;
        let permit = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| stopping())?;
        // The permit goes with the job: a client that hangs up does not make room while its hash still runs.
        tokio::task::spawn_blocking(move || {
            let result = job();
            drop(permit);
            result
        })
        .await
        .map_err(|_| stopping())
    }
}

fn stopping() -> Error {
    Error::Unavailable("the service is stopping".to_owned())
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| Error::Unavailable(format!("password hashing is not possible: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String> {
    let hash = hasher()?
        .hash_password(password.as_bytes())
        .map_err(|error| Error::Unavailable(format!("password hashing is not possible: {error}")))?;
    Ok(hash.to_string())
}

/// Whether a new password is good enough.
///
/// # Errors
/// `Invalid`, saying what to choose instead.
pub fn check_new(password: &str, user: &str) -> Result<()> {
    let length = password.chars().count();
    if length < LENGTH_MIN {
        return Err(Error::Invalid(format!(
            "the password has {length} characters: choose one of at least {LENGTH_MIN}; a few words in a row are good"
        )));
    }
    if length > LENGTH_MAX {
        return Err(Error::Invalid(format!(
            "the password is longer than {LENGTH_MAX} characters: choose a shorter one"
        )));
    }
    let lower = password.to_lowercase();
    let letters = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    let one_character = lower.chars().all(|c| lower.starts_with(c));
    if one_character || is_sequence(&lower) || COMMON.contains(&lower.as_str()) || COMMON_STEMS.contains(&letters) {
        return Err(Error::Invalid(
            "the password is among the first anybody would try: choose another; a few words in a row are good"
                .to_owned(),
        ));
    }
    if user.len() >= 3 && lower.contains(&user.to_lowercase()) {
        return Err(Error::Invalid(
            "the password contains the account name: choose one that does not".to_owned(),
        ));
    }
    Ok(())
}

/// `12345678`, `abcdefgh`, `87654321`: every character follows the one before.
fn is_sequence(text: &str) -> bool {
    let steps: Vec<i64> = text
        .chars()
        .zip(text.chars().skip(1))
        .map(|(a, b)| i64::from(b as u32) - i64::from(a as u32))
        .collect();
    steps.iter().all(|step| *step == 1) || steps.iter().all(|step| *step == -1)
}

/// Words that stay bad with digits and punctuation behind them.
const COMMON_STEMS: [&str; 36] = [
    "password",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "passwort",
    "qwerty",
    "qwertyuiop",
    "qwertz",
    "azerty",
    "asdfgh",
    "asdfghjkl",
    "zxcvbnm",
    "iloveyou",
    "woaini",
    "admin",
    "administrator",
    "welcome",
    "letmein",
    "changeme",
    "default",
    "football",
    "baseball",
    "superman",
    "sunshine",
    "princess",
    "trustno",
    "dragon",
    "monkey",
    "master",
    "secret",
    "pinpu",
    "spectrum",
    "wuxiandian",
    "beijing",
    "zhongguo",
    "coordinator",
];

/// Passwords of eight characters and more that head every published list.
const COMMON: [&str; 40] = [
    "11223344",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "1qaz2wsx3edc",
    "qazwsxedc",
    "q1w2e3r4",
    "zaq12wsx",
    "zaq1zaq1",
    "qwer1234",
    "asdf1234",
    "abcd1234",
    "abc12345",
    "a1234567",
    "a12345678",
    "a123456789",
    "aa123456",
    "aa12345678",
    "1234qwer",
    "123456qq",
    "123456abc",
    "123456789a",
    "12341234",
    "12121212",
    "11112222",
    "12344321",
    "123123123",
    "147258369",
    "741852963",
    "987654321",
    "1234567890",
    "0123456789",
    "0987654321",
    "5201314520",
    "51201314",
    "woaini1314",
    "woaini520",
    "asdasdasd",
    "qweqweqwe",
    "qweasdzxc",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_anybody_would_try_are_refused() {
        for bad in [
            "short12",
            "password",
            "Password1!",
            "PASSWORD123",
            "12345678",
            "87654321",
            "aaaaaaaa",
            "abcdefgh",
            "qwertyuiop",
            "1qaz2wsx",
            "woaini1314",
            "admin12345",
            "mueller-2024",
            "频谱频谱",
        ] {
            assert!(check_new(bad, "mueller").is_err(), "{bad}");
        }
        for good in ["correct horse battery", "vS8!kq2w", "无线电管理局的值班员", "12345679"] {
            check_new(good, "mueller").unwrap_or_else(|error| panic!("{good}: {error}"));
        }
        assert!(
            check_new(&"ab".repeat(200), "x").is_err(),
            "very long ones cost time and are refused"
        );
    }

    #[tokio::test]
    async fn hashes_are_argon2id_at_the_stated_cost_and_verify() {
        let passwords = Passwords::new().expect("hashing");
        let hash = passwords.hash("correct horse".to_owned()).await.expect("hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(
            hash,
            passwords.hash("correct horse".to_owned()).await.expect("hash"),
            "salted"
        );
        assert!(
            passwords
                .verify("correct horse".to_owned(), Some(hash.clone()))
                .await
                .expect("verify")
        );
        assert!(
            !passwords
                .verify("correct h0rse".to_owned(), Some(hash))
                .await
                .expect("verify")
        );
        assert!(
            !passwords
                .verify("correct horse".to_owned(), None)
                .await
                .expect("verify")
        );
        assert!(
            !passwords
                .verify("x".to_owned(), Some("not a hash".to_owned()))
                .await
                .expect("verify")
        );
    }

    #[tokio::test]
    async fn a_full_queue_refuses_instead_of_piling_up() {
        let passwords = Passwords::new().expect("hashing");
        let _all = passwords.waiting.acquire_many(QUEUE as u32).await.expect("permits");
        let error = passwords.verify("x".to_owned(), None).await.expect_err("queue is full");
        assert!(matches!(error, Error::Throttled { .. }), "{error}");
    }
}
