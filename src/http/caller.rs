//! Who is calling.
pub struct Caller;
pub struct Peer;
