//! Whom servers that are called from here must be vouched for by: the system's certificate authorities, or the office's own.

use std::{path::Path, sync::Arc};

use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use ureq::tls::{PemItem, RootCerts, parse_pem};

use crate::{Error, Result};

/// Certificate authorities.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    /// `None`: the system's.
    own: Option<Arc<Vec<ureq::tls::Certificate<'static>>>>,
}

impl Trust {
    /// Those of a PEM file, which the configuration names under `key`; without one the system's.
    ///
    /// # Errors
    /// `Io` when it cannot be read; `Invalid` when there is no certificate in it, or something that is none.
    pub(super) fn read(path: Option<&Path>, key: &str) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let pem = std::fs::read(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        let invalid = |what: &str| Error::Invalid(format!("{key}: {}: {what}", path.display()));
        let mut own = Vec::new();
        for item in parse_pem(&pem) {
            match item.map_err(|error| invalid(&error.to_string()))? {
                PemItem::Certificate(certificate) => own.push(certificate),
                _ => {
                    return Err(invalid(
                        "there is more than certificates in it: a key does not belong here",
                    ));
                }
            }
        }
        if own.is_empty() {
            return Err(invalid(
                "there is no certificate in it: give the authorities of your network as PEM \
                 (-----BEGIN CERTIFICATE-----)",
            ));
        }
        Ok(Self {
            own: Some(Arc::new(own)),
        })
    }

    /// For a web server.
    pub(super) fn of_web(&self) -> RootCerts {
        self.own
            .clone()
            .map_or(RootCerts::PlatformVerifier, RootCerts::Specific)
    }

    /// For the mail server with this name.
    pub(super) fn of_mail(&self, host: &str) -> std::result::Result<TlsParameters, lettre::transport::smtp::Error> {
        let Some(own) = &self.own else {
            return TlsParameters::new(host.to_owned());
        };
        let mut parameters = TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::None);
        for certificate in own.iter() {
            parameters = parameters.add_root_certificate(Certificate::from_der(certificate.der().to_vec())?);
        }
        parameters.build()
    }
}
