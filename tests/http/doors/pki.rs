//! An authority for machines with one between it and them, revocation lists, and a client that shows what it is told to.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, ExtendedKeyUsagePurpose,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// The name of the machine that is known.
pub(super) const ROOF: &str = "urn:example:sensor:roof";

/// Certificates as a client shows them, and the key of the first.
pub(super) type Shown = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// What a certificate is to be.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) name: &'static str,
    pub(super) serial: u8,
    pub(super) purpose: Option<ExtendedKeyUsagePurpose>,
    /// Years of its beginning and end.
    pub(super) years: (i32, i32),
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            name: ROOF,
            serial: 7,
            purpose: Some(ExtendedKeyUsagePurpose::ClientAuth),
            years: (2020, 2090),
        }
    }
}

impl Wanted {
    pub(super) fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::new()).expect("names");
        let name = self.name.try_into().expect("ASCII");
        params.subject_alt_names = vec![match self.name.contains(':') {
            true => SanType::URI(name),
            false => SanType::DnsName(name),
        }];
        params.serial_number = Some(SerialNumber::from_slice(&[self.serial]));
        params.extended_key_usages = self.purpose.clone().into_iter().collect();
        params.not_before = date_time_ymd(self.years.0, 1, 1);
        params.not_after = date_time_ymd(self.years.1, 1, 1);
        params
    }
}

pub(super) type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority(serial: u8, above: Option<&Issuer>) -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).expect("names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(SerialNumber::from_slice(&[serial]));
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, format!("authority {serial}"));
    let key = KeyPair::generate().expect("key");
    match above {
        Some(above) => CertifiedIssuer::signed_by(params, key, above),
        None => CertifiedIssuer::self_signed(params, key),
    }
    .expect("signed")
}

/// The authorities, and the files of a service that trusts them.
pub(super) struct Pki {
    pub(super) root: Issuer,
    pub(super) between: Issuer,
    folder: tempfile::TempDir,
}

impl Pki {
    pub(super) fn new() -> Self {
        let root = authority(1, None);
        let between = authority(2, Some(&root));
        let folder = tempfile::tempdir().expect("folder");
        let pki = Self { root, between, folder };
        let key = KeyPair::generate().expect("key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("names");
        let own = params.signed_by(&key, &pki.root).expect("signed");
        pki.write("service.pem", &own.pem());
        pki.write("service.key", &key.serialize_pem());
        pki.write("authorities.pem", &pki.root.pem());
        pki.revoke(&[], &[], 2090);
        pki
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let new = self.file("new");
        std::fs::write(&new, text).expect("written");
        std::fs::rename(new, self.file(name)).expect("moved");
    }

    /// Revocation lists of both authorities with these serial numbers, which end in this year.
    pub(super) fn revoke(&self, by_root: &[u8], by_between: &[u8], until: i32) {
        let lists =
            [(&self.root, by_root), (&self.between, by_between)].map(|(issuer, serials)| list(issuer, serials, until));
        self.write("revoked.pem", &lists.concat());
    }

    /// Configuration of the service.
    pub(super) fn config(&self, more: &str) -> String {
        let path = |name: &str| self.file(name).display().to_string();
        format!(
            "[server.tls]\ncertificate = {:?}\nkey = {:?}\n{more}\n",
            path("service.pem"),
            path("service.key")
        )
    }

    /// The same, with machines.
    pub(super) fn config_with_machines(&self, scope: &str) -> String {
        let path = |name: &str| self.file(name).display().to_string();
        self.config(&format!(
            "client_ca = {:?}\ncrl = {:?}\nmachines = {{ {ROOF:?} = {{ account = \"civil\", scope = {scope:?} }}, \
             \"roof.example.cn\" = {{ account = \"civil\" }}, \"urn:example:other\" = {{ account = \"admin\" }} }}",
            path("authorities.pem"),
            path("revoked.pem")
        ))
    }

    /// A certificate of the authority between, shown with that one.
    pub(super) fn shown(&self, wanted: &Wanted) -> Shown {
        let (mut chain, key) = signed(&self.between, wanted);
        chain.push(self.between.der().clone());
        (chain, key)
    }

    /// Who the service is believed to be by.
    fn trusting(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).expect("root");
        Arc::new(roots)
    }

    /// A connection that shows this, hands not yet shaken.
    pub(super) fn connect(
        &self,
        address: SocketAddr,
        shown: Option<Shown>,
    ) -> StreamOwned<ClientConnection, TcpStream> {
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(self.trusting());
        let config = match shown {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).expect("a certificate"),
            None => builder.with_no_client_auth(),
        };
        let name = "localhost".try_into().expect("a name");
        let stream = TcpStream::connect(address).expect("connection");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("timeout");
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("settings"), stream)
    }
}

/// An authority nobody knows.
pub(super) fn stranger() -> Issuer {
    authority(1, None)
}

/// A certificate of an authority.
pub(super) fn signed(issuer: &Issuer, wanted: &Wanted) -> Shown {
    let key = KeyPair::generate().expect("key");
    let certificate = wanted.params().signed_by(&key, issuer).expect("signed");
    (vec![certificate.der().clone()], of(&key))
}

/// A certificate that vouches for itself.
pub(super) fn self_signed(wanted: &Wanted) -> Shown {
    let key = KeyPair::generate().expect("key");
    let certificate = wanted.params().self_signed(&key).expect("signed");
    (vec![certificate.der().clone()], of(&key))
}

fn of(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))
}

fn list(issuer: &Issuer, serials: &[u8], until: i32) -> String {
    let revoked = |serial: &u8| RevokedCertParams {
        serial_number: SerialNumber::from_slice(&[*serial]),
        revocation_time: date_time_ymd(2021, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(until, 1, 1),
        crl_number: SerialNumber::from_slice(&[1]),
        issuing_distribution_point: None,
        revoked_certs: serials.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(issuer).expect("signed").pem().expect("PEM")
}

/// Sends a request; its status and whole answer, or why there was none.
pub(super) fn ask(
    stream: &mut StreamOwned<ClientConnection, TcpStream>,
    head: &str,
    body: &str,
) -> Result<(u16, String), String> {
    let request = format!(
        "{head} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream
        .write_all(request.as_bytes())
        .map_err(|error| error.to_string())?;
    read(stream)
}

fn read(stream: &mut impl Read) -> Result<(u16, String), String> {
    let mut text = Vec::new();
    loop {
        let mut piece = [0; 4096];
        match stream.read(&mut piece).map_err(|error| error.to_string())? {
            0 => return Err("the connection ended".to_owned()),
            count => text.extend_from_slice(&piece[..count]),
        }
        let shown = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = shown.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.to_ascii_lowercase().split("content-length: ").nth(1).map(|rest| {
            rest.split("\r\n")
                .next()
                .unwrap_or("")
                .parse::<usize>()
                .expect("a number")
        });
        if body.len() >= length.unwrap_or(0) {
            return Ok((head[9..12].parse().expect("status"), shown));
        }
    }
}

/// The alert with which a service refuses a greeting of an older TLS, or of suites that nobody should use.
pub(super) fn greet(address: SocketAddr, version: [u8; 2], suite: [u8; 2]) -> Vec<u8> {
    let mut hello = vec![3, 3];
    hello[1] = version[1];
    hello.extend([7; 32]);
    // No session, one suite, no compression; extensions: groups (P-256), point formats, signatures (ECDSA and RSA with SHA-256).
    hello.extend([0, 0, 2, suite[0], suite[1], 1, 0]);
    let extensions: [&[u8]; 3] = [
        &[0, 10, 0, 4, 0, 2, 0, 23],
        &[0, 11, 0, 2, 1, 0],
        &[0, 13, 0, 6, 0, 4, 4, 3, 4, 1],
    ];
    let extensions = extensions.concat();
    hello.extend([0, u8::try_from(extensions.len()).expect("short")]);
    hello.extend(extensions);
    let length = u8::try_from(hello.len()).expect("short");
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    let mut stream = TcpStream::connect(address).expect("connection");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("timeout");
    stream.write_all(&record).expect("sent");
    let mut answer = vec![0; 7];
    stream.read_exact(&mut answer).expect("an answer");
    answer
}
