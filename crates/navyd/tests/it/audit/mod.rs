//! What is dangerous, planted here and found; and the clean twin beside it, of which nothing is said.

mod processes;
mod reach;
