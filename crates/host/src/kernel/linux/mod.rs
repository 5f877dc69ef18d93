//! Linux: NETLINK_SOCK_DIAG, and /proc where the kernel refuses it.
