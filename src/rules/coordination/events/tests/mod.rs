//! Events: what may be written, the steps, the plan as rows and as a file, the gate, and what may be said of a watched channel.
