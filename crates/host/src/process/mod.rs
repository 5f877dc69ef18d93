//! Who holds a socket, and where that process came from.
