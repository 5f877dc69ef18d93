//! The condition that a process is in.

/// What is unusual about a process. `None` is what may not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// Whether its executable has no name on the disk any more (`st_nlink` is 0): a path that merely ends in
    /// ` (deleted)` has.
    pub exe_gone: Option<bool>,
    /// Whether its working directory was removed.
    pub cwd_gone: Option<bool>,
    /// Its effective capabilities, as the bits of capabilities(7); `None`, too, where they are worth something only in
    /// a user namespace of its own (user_namespaces(7)).
    pub capabilities: Option<u64>,
    /// Its executable, as the disk has it.
    pub exe: Option<File>,
    /// Its working directory.
    pub cwd: Option<File>,
    /// Whether a folder above the executable lets no other user through, whatever its own permissions say.
    pub exe_shut: bool,
    /// The same of the working directory.
    pub cwd_shut: bool,
}

/// Who may change a file or folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct File {
    /// Its owner.
    pub uid: u32,
    /// Its permissions, as the last twelve bits of `st_mode`.
    pub mode: u32,
}

/// Who gets to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The file itself.
    pub file: File,
    /// Whether it is a socket.
    pub is_socket: bool,
    /// The folder on the way to it that lets nobody but its owner and group pass.
    pub closed_by: Option<String>,
}

impl Access {
    /// Whether everybody may write to it: for a socket, connect to it (unix(7)).
    pub(crate) fn all_may_write(&self) -> bool {
        self.closed_by.is_none() && self.file.mode & 0o002 != 0
    }

    /// Whether everybody may read it.
    pub(crate) fn all_may_read(&self) -> bool {
        self.closed_by.is_none() && self.file.mode & 0o004 != 0
    }
}

impl File {
    /// Whether everybody may change it. In a folder with the sticky bit everybody changes only what is theirs.
    pub(crate) fn is_open_to_all(self) -> bool {
        self.mode & 0o002 != 0 && self.mode & 0o1000 == 0
    }

    /// Whether who runs it becomes its owner.
    pub(crate) fn is_setuid(self) -> bool {
        self.mode & 0o4000 != 0
    }
}
