//! What a caller proves with who they are: a token, or the certificate of the connection.

use std::sync::Arc;

use axum::http::request::Parts;

use super::{AppState, caller::token};
use crate::{Result, service::sessions::Principal};

/// Names in the certificate that a connection was made with, which was found good. As an extension of its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate(pub Arc<[String]>);

/// What was shown. A token or cookie counts before a certificate: who logs in over a machine's connection is who they say.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    /// A token, as a header or cookie.
    Token(String),
    /// A certificate.
    Certificate(ClientCertificate),
}

impl Proof {
    /// That of a request, if any.
    pub(super) fn of(request: &Parts) -> Option<Self> {
        match token(&request.headers) {
            Some(token) => Some(Self::Token(token.into_owned())),
            None => request.extensions.get().cloned().map(Self::Certificate),
        }
    }

    /// Who that is now, if anybody. It counts as use.
    pub(super) async fn owner(&self, state: &AppState) -> Result<Option<Principal>> {
        match self {
            Self::Token(token) => state.sessions.owner(token, true).await,
            Self::Certificate(ClientCertificate(names)) => state.machines.owner(names).await,
        }
    }
}
