//! What a caller still sends when its answer is ready.
//!
//! A handler that refuses, or needs no body, answers before the body has come. A connection with an unread body cannot be
//! used again, so it is closed; a caller still writing then finds it broken and often never reads the answer
//! (RFC 9112 section 9.6). So the rest is taken first, as long as it comes without pausing and is not too much.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::header,
    middleware::Next,
    response::Response,
};
use http_body_util::BodyExt as _;

/// Most that is taken for nothing: some times the largest file anybody may send.
const BYTES_MAX: u64 = 128 << 20;
/// A caller that pauses for longer is not waited for.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// Nor is one that goes on for longer, however little it sends at a time.
const TIME_MAX: Duration = Duration::from_secs(30);

/// Layer, outside all others that answer.
pub(super) async fn take(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let asks_first = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let body = Shared(Arc::new(Mutex::new(Read { body, begun: false })));
    let kept = body.clone();
    let response = next.run(Request::from_parts(parts, Body::new(body))).await;
    // Who waits for "100 Continue" sends nothing before somebody reads.
    if !asks_first || kept.with(|read| read.begun) {
        // Out of time: the answer goes out all the same.
        let _ = tokio::time::timeout(TIME_MAX, discard(kept)).await;
    }
    response
}

async fn discard(mut body: Shared) {
    let mut passed = 0;
    while !body.is_end_stream() && passed + body.size_hint().lower() <= BYTES_MAX {
        match tokio::time::timeout(PAUSE_MAX, body.frame()).await {
            Ok(Some(Ok(frame))) => passed += frame.data_ref().map_or(0, |data| data.len() as u64),
            _ => return,
        }
    }
}

/// A body that two may read, one after the other.
#[derive(Clone)]
struct Shared(Arc<Mutex<Read>>);

struct Read {
    body: Body,
    begun: bool,
}

impl Shared {
    fn with<T>(&self, look: impl FnOnce(&mut Read) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        self.with(|read| {
            read.begun = true;
            Pin::new(&mut read.body).poll_frame(context)
        })
    }

    fn is_end_stream(&self) -> bool {
        self.with(|read| read.body.is_end_stream())
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.with(|read| read.body.size_hint())
    }
}
