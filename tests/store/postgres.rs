//! A PostgreSQL server for the length of a test.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const MISSING: &str = "PostgreSQL is not installed and half of this suite needs it: apt-get install postgresql";

/// A running server; stopped when dropped.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
    process: Child,
}

impl Server {
    /// Makes a database cluster in a temporary folder and starts a server on it.
    pub(crate) fn start() -> Self {
        let programs = programs().expect(MISSING);
        let folder = tempfile::Builder::new()
            .prefix("pinpu-postgres-")
            .tempdir()
            .expect("a temporary folder");
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let data = folder.path().join("data");
        let data_text = data.display().to_string();
        run(as_postgres(&programs.join("initdb")).args(["-D", &data_text, "-U", "pinpu", "-A", "trust", "-E", "UTF8"]));
        let port = free_port();
        let process = Self::spawn(&programs, folder.path(), port);
        let server = Self {
            folder,
            programs,
            port,
            process,
        };
        server.wait_until_ready();
        server
    }

    fn spawn(programs: &Path, folder: &Path, port: u16) -> Child {
        let data = folder.join("data");
        let mut command = as_postgres(&programs.join("postgres"));
        command
            .arg("-D")
            .arg(data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command
            .arg("-k")
            .arg(folder)
            .args(["-c", "shared_buffers=16MB", "-c", "max_connections=40"]);
        // As root the file is ours, the server only gets the open handle.
        let log = File::create(folder.join("log")).expect("a log file");
        command
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("postgres starts")
    }

    /// Makes an empty database and answers its address.
    pub(crate) fn create_database(&self, name: &str) -> String {
        run(Command::new(self.programs.join("createdb"))
            .args(["-h", "127.0.0.1", "-U", "pinpu"])
            .args(["-p", &self.port.to_string(), name]));
        format!("postgres://pinpu@127.0.0.1:{}/{name}", self.port)
    }

    /// Stops the server at once, as a failing machine would as far as clients can tell.
    pub(crate) fn stop(&mut self) {
        // SIGINT is the fast shutdown: it does not wait for clients.
        run(Command::new("kill").args(["-INT", &self.process.id().to_string()]));
        self.process.wait().expect("the server ends");
    }

    /// Starts it again on the same data.
    pub(crate) fn restart(&mut self) {
        self.process = Self::spawn(&self.programs, self.folder.path(), self.port);
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            if log.contains("ready to accept connections") {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "PostgreSQL did not come up within a minute:\n{log}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = Command::new("kill")
                .args(["-INT", &self.process.id().to_string()])
                .status();
            let _ = self.process.wait();
        }
    }
}

/// Where Debian, or the search path, has all of the server's programs we need.
fn programs() -> Option<PathBuf> {
    let mut folders = Vec::new();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let complete = |folder: &PathBuf| {
        ["initdb", "postgres", "createdb"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    folders.into_iter().find(complete)
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}

/// The server refuses to run as root; and it must not outlive a test that is killed.
fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    command.arg("--pdeathsig=INT").arg(program).current_dir("/");
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

#[test]
fn a_server_that_goes_away_is_unavailable_until_it_is_back() {
    let mut server = Server::start();
    let url = server.create_database("outage");
    crate::support::block_on(async move {
        let store = crate::support::open(&url).await;
        store.put_setting("n", &1).await.expect("stores");
        server.stop();
        let refused = store.put_setting("n", &2).await.expect_err("nothing can be stored");
        assert!(matches!(refused, pinpu::Error::Unavailable(_)), "{refused}");
        assert!(store.ready().await.is_err());
        server.restart();
        let deadline = Instant::now() + Duration::from_secs(30);
        while store.ready().await.is_err() {
            assert!(Instant::now() < deadline, "the store does not come back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(
            store.setting("n").await.expect("reads"),
            Some(1),
            "the refused write was not stored"
        );
        store.put_setting("n", &3).await.expect("stores again");
        assert_eq!(store.setting("n").await.expect("reads"), Some(3));
        store.close().await;
    });
}
