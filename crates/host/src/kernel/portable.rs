//! macOS and Windows, through a maintained crate; what it cannot tell stays unknown.
