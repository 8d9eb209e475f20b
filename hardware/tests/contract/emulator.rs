//! A small `rtl_tcp` server on a port of its own: speaks the real protocol, notes every command, fails when told to.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use crate::suite::counting;

/// What the server does after accepting a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Greets, then sends counting samples for ever.
    Counting,
    /// Greets, then sends these pieces with a pause between them, then hangs up.
    Pieces(Vec<Vec<u8>>),
    /// Sends this instead of a greeting and waits.
    Says(Vec<u8>),
}

/// A running server; stopped when dropped.
pub(crate) struct RtlTcpServer {
    port: u16,
    commands: Arc<Mutex<Vec<(u8, u32)>>>,
    arrived: mpsc::Receiver<()>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RtlTcpServer {
    /// Sends counting samples.
    #[must_use]
    pub(crate) fn counting() -> Self {
        Self::with(Manner::Counting)
    }

    /// Behaves as told.
    #[must_use]
    pub(crate) fn with(manner: Manner) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (commands, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (tell, arrived) = mpsc::channel();
        let thread = std::thread::spawn({
            let (commands, stop) = (commands.clone(), stop.clone());
            move || {
                let mut clients = Vec::new();
                for client in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let client = client.unwrap();
                    clients.push(client.try_clone().unwrap());
                    let (commands, tell, manner) = (commands.clone(), tell.clone(), manner.clone());
                    std::thread::spawn(move || listen(client, &commands, &tell, &manner));
                }
                for client in clients {
                    // Closed already, most of them.
                    let _ = client.shutdown(Shutdown::Both);
                }
            }
        });
        Self {
            port,
            commands,
            arrived,
            stop,
            thread: Some(thread),
        }
    }

    /// `host:port`.
    #[must_use]
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits for so many commands and returns all of them.
    #[must_use]
    pub(crate) fn commands(&self, count: usize) -> Vec<(u8, u32)> {
        while self.commands.lock().unwrap().len() < count {
            self.arrived.recv_timeout(Duration::from_secs(10)).expect("a command");
        }
        self.commands.lock().unwrap().clone()
    }
}

impl Drop for RtlTcpServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees the flag.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// One client: a thread that sends, and this one, which notes commands.
fn listen(mut client: TcpStream, commands: &Mutex<Vec<(u8, u32)>>, tell: &mpsc::Sender<()>, manner: &Manner) {
    let sender = std::thread::spawn({
        let (client, manner) = (client.try_clone().unwrap(), manner.clone());
        move || serve(client, manner)
    });
    let mut message = [0; 5];
    while client.read_exact(&mut message).is_ok() {
        let value = u32::from_be_bytes([message[1], message[2], message[3], message[4]]);
        commands.lock().unwrap().push((message[0], value));
        // Nobody may be waiting.
        let _ = tell.send(());
    }
    let _ = client.shutdown(Shutdown::Both);
    sender.join().unwrap();
}

/// Sends until the client is gone; a failed write is its way of leaving.
fn serve(mut client: TcpStream, manner: Manner) {
    client.set_nodelay(true).unwrap();
    let greeting = [b"RTL0".as_slice(), &5_u32.to_be_bytes(), &29_u32.to_be_bytes()].concat();
    match manner {
        Manner::Says(words) => {
            let _ = client.write_all(&words);
        }
        Manner::Pieces(pieces) => {
            let _ = client.write_all(&greeting);
            for piece in pieces {
                let _ = client.write_all(&piece);
                std::thread::sleep(Duration::from_millis(60));
            }
            let _ = client.shutdown(Shutdown::Both);
        }
        Manner::Counting => {
            let loop_of_numbers: Vec<u8> = (0..65_536)
                .flat_map(|n| counting(pinpu_hardware::SampleFormat::Cu8, n))
                .collect();
            let _ = client.write_all(&greeting);
            while client.write_all(&loop_of_numbers).is_ok() {}
        }
    }
}
