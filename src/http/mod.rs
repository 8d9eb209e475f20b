//! The web API and the console: router, wire types, error to status in one place.
