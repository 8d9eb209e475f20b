//! Everything that needs more than one part of the house, in one program.

mod capture;
mod coordination_command;
mod data;
mod detect_command;
mod paws;
mod service;
mod tasks;
mod verdicts;
