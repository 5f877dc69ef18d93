//! Development servers of front ends, each with an application of two files.

use super::{Server, TempDir, check_as, free_port, number_after};
use crate::support::peers;

#[test]
fn next_is_asked_for_no_page() {
    let Some(mut command) = peers::npm("next_is_asked_for_no_page", "next/dist/bin/next") else { return };
    let folder = TempDir::new();
    folder.write("package.json", "{}");
    folder.write("app/page.js", "export default () => <h1>Shop</h1>");
    folder.write("app/layout.js", "export default ({ children }) => <html><body>{children}</body></html>");
    std::os::unix::fs::symlink(peers::modules(), folder.path().join("node_modules")).unwrap();
    let port = free_port();
    command.args(["dev", "-H", "127.0.0.1", "-p", &port.to_string()]).current_dir(folder.path());
    let server = Server::start(&mut command, "Ready in");
    check_as("next-server (v15)", port, "Next.js", "over HTTP/1.1");
    // A page that is asked for is compiled first, and that is said.
    let log = server.stop();
    assert!(!log.contains("Compil"), "{log}");
}

#[test]
fn vite_is_known_by_its_client() {
    let Some(mut command) = peers::npm("vite_is_known_by_its_client", "vite/bin/vite.js") else { return };
    let folder = TempDir::new();
    folder.write("index.html", "<script type=module src=/main.js></script>");
    folder.write("main.js", "");
    let port = free_port();
    command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--strictPort"]);
    let _server = Server::start(command.current_dir(folder.path()), "Local:");
    check_as("node vite.js", port, "Vite", "over HTTP/1.1");
    check_as("unknown", port, "Vite", "over HTTP/1.1");
}

#[test]
fn webpack_is_known_by_its_assets() {
    let file = "webpack-dev-server/bin/webpack-dev-server.js";
    let Some(mut command) = peers::npm("webpack_is_known_by_its_assets", file) else { return };
    let folder = TempDir::new();
    folder.write("package.json", "{}");
    folder.write("src/index.js", "");
    std::os::unix::fs::symlink(peers::modules(), folder.path().join("node_modules")).unwrap();
    command.args(["--mode", "development", "--host", "127.0.0.1", "--port", "auto", "--no-open"]);
    let mut server = Server::start(command.current_dir(folder.path()), "http://127.0.0.1:");
    let port = number_after(server.log.last().unwrap().trim_end_matches('/'), ":");
    server.wait_for("compiled");
    check_as("webpack serve", port, "webpack-dev-server", "over HTTP/1.1");
    check_as("unknown", port, "webpack-dev-server", "over HTTP/1.1");
}
