//! Which account somebody is whom the provider knows.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Failure, Outcome, Refusal};
use crate::{
    Error, Result,
    config::{OidcConfig, RoleConfig},
    service::{
        auth::Role,
        sessions::secret,
        users::{NewUser, User, Users},
    },
    store::Store,
};

/// Who somebody is, by the provider's word.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Who {
    /// Name of the account.
    pub(super) name: String,
    /// Values of the claim that roles are looked up by.
    pub(super) groups: BTreeSet<String>,
}

/// Fails for roles of the configuration that do not exist, or are given by people only.
pub(super) fn check(config: &OidcConfig) -> Result<()> {
    for (value, given) in &config.roles {
        let at = format!("auth.oidc.roles.\"{value}\".role");
        let role: Role = given
            .role
            .parse()
            .map_err(|error| Error::Invalid(format!("{at}: {error}")))?;
        if matches!(role, Role::Admin | Role::Sensor) {
            return Err(Error::Invalid(format!(
                "{at}: '{role}' is not given by a provider: make that account with `pinpu user add`"
            )));
        }
    }
    Ok(())
}

/// A claim by its name, or by its way through the claims: `realm_access.roles`.
pub(super) fn find<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    claims.get(name).or_else(|| {
        let mut parts = name.split('.');
        let first = claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    })
}

/// Reads who it is off the claims.
pub(super) fn read(config: &OidcConfig, claims: &Map<String, Value>) -> Outcome<Who> {
    let refuse = |reason: String| Failure::new(Refusal::NoAccount, reason);
    let name = find(claims, &config.claim).and_then(Value::as_str);
    let name = name.ok_or_else(|| refuse(format!("the token has no claim '{}' that is a text", config.claim)))?;
    // Anybody may write any address into their profile at many providers.
    if config.claim == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
        return Err(refuse("the provider has not verified the e-mail address".to_owned()));
    }
    let groups = match config.role_claim.as_deref().and_then(|claim| find(claims, claim)) {
        Some(Value::String(one)) => BTreeSet::from([one.clone()]),
        Some(Value::Array(many)) => many
            .iter()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect(),
        _ => BTreeSet::new(),
    };
    Ok(Who {
        name: name.chars().take(64).collect(),
        groups,
    })
}

/// The account, made where it is missing and the configuration says so.
pub(super) async fn account(config: &OidcConfig, store: &Store, users: &Users, who: &Who) -> Outcome<User> {
    if let Some(record) = store.user(&who.name).await? {
        let user = User::from_record(&record)?;
        // Whoever may choose a name at the provider would otherwise choose this one.
        if user.role == Role::Admin {
            let reason = "administrators log in with their password, never by the provider's word";
            return Err(Failure::new(Refusal::NoAccount, reason));
        }
        return Ok(user);
    }
    if !config.create {
        return Err(Failure::new(Refusal::NoAccount, "there is no such account"));
    }
    let given = given(config, who)?;
    let organisation = match &given.organisation {
        Some(named) => Some(users.organisation_named(named).await?),
        None => None,
    };
    let new = NewUser {
        name: who.name.clone(),
        role: given.role.parse().map_err(Failure::from)?,
        organisation,
        // Nobody knows it; an administrator may set another.
        password: secret(),
        language: None,
    };
    let made = users.create(new).await;
    made.map_err(|error| match error {
        Error::Invalid(reason) => Failure::new(Refusal::NoAccount, reason),
        error => error.into(),
    })
}

/// What a new account is to be: all values that stand in the table must mean the same.
fn given<'c>(config: &'c OidcConfig, who: &Who) -> Outcome<&'c RoleConfig> {
    let mut rows = config.roles.iter().filter(|(value, _)| who.groups.contains(*value));
    let (_, first) = rows
        .next()
        .ok_or_else(|| Failure::new(Refusal::NoAccount, "none of their values of role_claim stands in roles"))?;
    if rows.any(|(_, other)| other != first) {
        return Err(Failure::new(
            Refusal::NoAccount,
            "their values of role_claim mean different roles",
        ));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Config;

    fn config(more: &str) -> OidcConfig {
        let text = format!(
            "[auth.oidc]\nissuer = \"https://id.example.cn\"\nclient_id = \"pinpu\"\n\
             redirect = \"https://pinpu.example.cn/api/v1/sessions/oidc/callback\"\n{more}"
        );
        Config::parse(&text, std::iter::empty())
            .expect("valid")
            .oidc
            .expect("given")
    }

    fn claims(value: &Value) -> Map<String, Value> {
        value.as_object().expect("object").clone()
    }

    #[test]
    fn the_account_is_the_claims_that_is_configured() {
        let named = claims(&json!({"preferred_username": "li.wei", "sub": "1", "email": "x@example.cn"}));
        assert_eq!(read(&config(""), &named).expect("named").name, "li.wei");
        assert!(read(&config("claim = \"upn\""), &named).is_err());
        assert!(read(&config("claim = \"email\""), &named).is_err(), "not verified");
        let verified = claims(&json!({"email": "x@example.cn", "email_verified": true}));
        assert_eq!(
            read(&config("claim = \"email\""), &verified).expect("named").name,
            "x@example.cn"
        );
        assert!(read(&config(""), &claims(&json!({"preferred_username": ["a"]}))).is_err());
    }

    #[test]
    fn groups_that_disagree_make_no_account() {
        let config = config(
            "create = true\nrole_claim = \"realm_access.roles\"\n[auth.oidc.roles]\n\
             a = { role = \"viewer\" }\nb = { role = \"civil_officer\" }\nc = { role = \"viewer\" }\n",
        );
        let of = |groups: &[&str]| {
            let claims = claims(&json!({"preferred_username": "x", "realm_access": {"roles": groups}}));
            let who = read(&config, &claims).expect("named");
            given(&config, &who)
                .map(|given| given.role.clone())
                .map_err(|failure| failure.refusal)
        };
        assert_eq!(of(&["a", "other", "c"]), Ok("viewer".to_owned()));
        assert_eq!(of(&["a", "b"]), Err(Refusal::NoAccount));
        assert_eq!(of(&["other"]), Err(Refusal::NoAccount));
    }

    #[test]
    fn a_provider_makes_no_administrators() {
        let with = |role: &str| {
            config(&format!(
                "create = true\nrole_claim = \"g\"\nroles = {{ a = {{ role = \"{role}\" }} }}\n"
            ))
        };
        assert!(check(&with("coordinator")).is_ok());
        for role in ["admin", "sensor", "root"] {
            assert!(check(&with(role)).is_err(), "{role}");
        }
    }
}
