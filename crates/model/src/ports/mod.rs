//! What ports are usually for.
