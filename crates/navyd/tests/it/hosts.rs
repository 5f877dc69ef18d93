//! `navyd route sync-hosts`: a hosts file keeps all that is not ours.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use crate::support::{
    child::Held,
    is_root, program,
    run::{Run, navyd, run},
    skip,
    temp::TempDir,
};

const SHOP: &str = "# navyd begin\n127.0.0.1\tshop.localhost\n::1\tshop.localhost\n# navyd end\n";

fn sync(folder: &TempDir, args: &[&str]) -> Run {
    let file = folder.path().join("hosts");
    let mut command = navyd();
    command.env("HOME", folder.path()).args(["route", "sync-hosts", "--file", file.to_str().unwrap()]);
    run(command.args(args))
}

fn read(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("hosts")).unwrap()
}

#[test]
fn names_come_and_go() {
    let folder = TempDir::new();
    let own = "127.0.0.1 localhost\r\n\r\n10.0.0.7 db # mine\r\n";
    let file = folder.write("hosts", own);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).unwrap();
    let dry = sync(&folder, &["shop.localhost", "--dry-run"]);
    assert_eq!((dry.status, read(&folder).as_str()), (Some(0), own));
    assert!(dry.stdout.contains("would be written"), "{}", dry.stdout);
    let unasked = sync(&folder, &["shop.localhost"]);
    assert_eq!((unasked.status, read(&folder).as_str()), (Some(2), own));
    let written = sync(&folder, &["shop.localhost", "--yes"]);
    assert_eq!(written.status, Some(0), "{}", written.stderr);
    assert_eq!(read(&folder), own.to_owned() + &SHOP.replace('\n', "\r\n"));
    let again = sync(&folder, &["shop.localhost"]);
    assert!(again.status == Some(0) && again.stdout.contains("is as it should be"), "{}", again.stdout);
    assert_eq!(sync(&folder, &["--remove", "--yes"]).status, Some(0));
    assert_eq!(read(&folder), own);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o664);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn the_names_are_those_of_the_hubs_routes() {
    let folder = TempDir::new();
    folder.write("hosts", "");
    let none = sync(&folder, &["--yes"]);
    assert_eq!(none.status, Some(2));
    assert!(none.stderr.contains("no hub runs"), "{}", none.stderr);
    let mut command = navyd();
    command.env("HOME", folder.path());
    let mut hub = Held::start(command.args(["--json", "hub", "--listen", "127.0.0.1:0"]));
    hub.line();
    for from in ["shop", "*.docs.localhost", "shop/api"] {
        let mut command = navyd();
        let added = run(command.env("HOME", folder.path()).args(["route", "add", from, "9"]));
        assert_eq!(added.status, Some(0), "{from}: {}", added.stderr);
    }
    let written = sync(&folder, &["--yes"]);
    assert_eq!(written.status, Some(0), "{}", written.stderr);
    assert_eq!(read(&folder), SHOP);
}

#[test]
fn a_file_that_is_mounted_is_written_in_place() {
    const TEST: &str = "a_file_that_is_mounted_is_written_in_place";
    if !is_root() || program("unshare").is_none() {
        return skip(TEST, "a mount namespace needs root and `unshare`");
    }
    let folder = TempDir::new();
    let (file, mounted) = (folder.write("hosts", "a\n"), folder.write("mounted", "b\n"));
    let script = "mount --bind $1 $2 && shift 2 && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.env("HOME", folder.path()).args(["-m", "sh", "-c", script, "sh"]).args([&mounted, &file]);
    command.args([env!("CARGO_BIN_EXE_navyd"), "route", "sync-hosts", "--yes", "shop.localhost", "--file"]);
    let ran = run(command.arg(&file));
    if ran.status != Some(0) && ran.stderr.contains("mount") {
        return skip(TEST, ran.stderr.trim());
    }
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!((fs::read_to_string(&mounted).unwrap(), read(&folder)), (format!("b\n{SHOP}"), "a\n".into()));
}

#[test]
fn who_may_not_write_is_told_the_line_for_root() {
    const TEST: &str = "who_may_not_write_is_told_the_line_for_root";
    if !is_root() || program("setpriv").is_none() {
        return skip(TEST, "another user needs root and `setpriv`");
    }
    let folder = TempDir::new();
    let file = folder.write("hosts", "a\n");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("setpriv");
    command.env("HOME", "/nonexistent").args(["--reuid", "65534", "--clear-groups"]);
    command.args([env!("CARGO_BIN_EXE_navyd"), "route", "sync-hosts", "--yes", "shop.localhost", "--file"]);
    let refused = run(command.arg(&file));
    assert_eq!(refused.status, Some(2), "{}", refused.stdout);
    let line = refused.stderr.lines().find_map(|line| line.strip_prefix("hint: sudo ")).unwrap();
    assert!(line.ends_with(&format!("--file {} shop.localhost", file.display())), "{line}");
    assert_eq!(read(&folder), "a\n");
}
