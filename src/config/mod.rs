//! What was typed in the configuration file, and what was validated from it.
