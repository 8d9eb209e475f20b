//! Where the bytes of a recording come from: a file, read straight into the caller's block, or a pipe.
//!
//! A pipe cannot be asked to stop waiting, so a thread of its own reads it through a small pool of buffers; a file
//! always answers at once.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    sync::mpsc::{Receiver as Inbox, RecvTimeoutError, SyncSender, sync_channel},
    time::Instant,
};

/// Buffers between the reading thread and us.
const PIPE_BUFFERS: usize = 8;
/// Bytes in each.
const PIPE_BUFFER_BYTES: usize = 256 * 1024;

/// What `fill` came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// This many bytes; fewer than asked only at the end or when the deadline passed.
    Bytes(usize),
    /// Nothing until the deadline.
    TimedOut,
}

/// A supply of bytes.
pub(super) enum Source {
    /// A file with a window on it.
    File {
        file: File,
        start: u64,
        length: u64,
        position: u64,
    },
    /// A stream without a known end.
    Pipe(Pipe),
}

impl Source {
    /// The bytes `[start, start + length)` of a file.
    pub(super) fn file(mut file: File, start: u64, length: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(start))?;
        Ok(Self::File {
            file,
            start,
            length,
            position: 0,
        })
    }

    /// Everything that comes out of `reader`, read by a thread that ends with the stream.
    pub(super) fn pipe(reader: impl Read + Send + 'static) -> io::Result<Self> {
        Pipe::new(reader).map(Self::Pipe)
    }

    /// Back to the first byte; `false` when that is impossible.
    pub(super) fn rewind(&mut self) -> io::Result<bool> {
        match self {
            Self::File {
                file, start, position, ..
            } => {
                file.seek(SeekFrom::Start(*start))?;
                *position = 0;
                Ok(true)
            }
            Self::Pipe(_) => Ok(false),
        }
    }

    /// Fills `out` as far as the window, the end and the deadline allow. `Bytes(0)` is the end.
    pub(super) fn fill(&mut self, out: &mut [u8], deadline: Instant) -> io::Result<Filled> {
        match self {
            Self::File {
                file, length, position, ..
            } => {
                let room = usize::try_from(*length - *position)
                    .unwrap_or(usize::MAX)
                    .min(out.len());
                let mut done = 0;
                while done < room {
                    match file.read(&mut out[done..room]) {
                        Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                        Ok(n) => done += n,
                        Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                        Err(e) => return Err(e),
                    }
                }
                *position += done as u64;
                Ok(Filled::Bytes(done))
            }
            Self::Pipe(pipe) => pipe.fill(out, deadline),
        }
    }
}

/// A stream and the thread that reads it.
pub(super) struct Pipe {
    full: Inbox<io::Result<Vec<u8>>>,
    empty: SyncSender<Vec<u8>>,
    current: Vec<u8>,
    used: usize,
    ended: bool,
}

impl Pipe {
    fn new(mut reader: impl Read + Send + 'static) -> io::Result<Self> {
        let (to_us, full) = sync_channel(PIPE_BUFFERS);
        let (empty, from_us) = sync_channel::<Vec<u8>>(PIPE_BUFFERS + 1);
        for _ in 0..PIPE_BUFFERS {
            // Cannot fail: there is room and the other end is in scope.
            let _ = empty.send(vec![0; PIPE_BUFFER_BYTES]);
        }
        std::thread::Builder::new().name("pinpu-pipe".into()).spawn(move || {
            while let Ok(mut buffer) = from_us.recv() {
                buffer.resize(PIPE_BUFFER_BYTES, 0);
                let read = loop {
                    match reader.read(&mut buffer) {
                        Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                        other => break other,
                    }
                };
                let last = !matches!(read, Ok(1..));
                let message = read.map(|n| {
                    buffer.truncate(n);
                    buffer
                });
                if to_us.send(message).is_err() || last {
                    return;
                }
            }
        })?;
        Ok(Self {
            full,
            empty,
            current: Vec::new(),
            used: 0,
            ended: false,
        })
    }

    fn fill(&mut self, out: &mut [u8], deadline: Instant) -> io::Result<Filled> {
        let mut done = 0;
        while done < out.len() && !self.ended {
            if self.used == self.current.len() && !self.next_buffer(deadline)? {
                break;
            }
            let n = (self.current.len() - self.used).min(out.len() - done);
            out[done..done + n].copy_from_slice(&self.current[self.used..self.used + n]);
            self.used += n;
            done += n;
        }
        Ok(if done == 0 && !self.ended {
            Filled::TimedOut
        } else {
            Filled::Bytes(done)
        })
    }

    /// Swaps the used-up buffer for a full one; `false` when none came in time or none will come.
    fn next_buffer(&mut self, deadline: Instant) -> io::Result<bool> {
        match self
            .full
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            Ok(Ok(buffer)) => {
                let used = std::mem::replace(&mut self.current, buffer);
                if used.capacity() > 0 {
                    // The thread may have ended; then nobody needs the buffer.
                    let _ = self.empty.send(used);
                }
                self.used = 0;
                self.ended = self.current.is_empty();
                Ok(!self.ended)
            }
            Ok(Err(e)) => {
                self.ended = true;
                Err(e)
            }
            Err(RecvTimeoutError::Timeout) => Ok(false),
            Err(RecvTimeoutError::Disconnected) => {
                self.ended = true;
                Ok(false)
            }
        }
    }
}
