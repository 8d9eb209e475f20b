//! Everything that needs more than one part of the house, in one program.

mod capture;
mod data;
mod detect_command;
mod verdicts;
