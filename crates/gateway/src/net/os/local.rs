//! Sockets in the file system, where there are any.

use std::{io, path::Path};

/// A connected one.
pub(in crate::net) type Local = tokio::net::UnixStream;

/// Connects to one.
pub(in crate::net) async fn connect_local(path: &Path) -> io::Result<Local> {
    Local::connect(path).await
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{Read as _, Write as _},
        net::TcpStream,
        os::unix::net::UnixListener,
        path::PathBuf,
        thread,
    };

    use crate::{Gateway, Limits, Plan, Routed};

    /// A directory that is gone with the test.
    struct Scratch(PathBuf);

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn ask(gateway: &Gateway, host: &str) -> String {
        let mut stream = TcpStream::connect(gateway.listen()[0]).unwrap();
        let host = host.replace("PORT", &gateway.listen()[0].port().to_string());
        let request = format!("GET /api?x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn requests_for_the_gateway_itself_go_home() {
        let scratch = Scratch(std::env::temp_dir().join(format!("navyd-home-{}", std::process::id())));
        fs::create_dir_all(&scratch.0).unwrap();
        let home = scratch.0.join("hub.sock");
        // A route cannot take the place of the gateway itself.
        let routes = ["*.localhost", "localhost"].map(|name| format!("{name}=http://127.0.0.1:1"));
        let routes = routes.map(|typed| Routed::from(typed.parse::<navyd_model::Route>().unwrap()));
        let listen = vec![([127, 0, 0, 1], 0).into()];
        let limits = Limits::default();
        let plan = Plan {
            listen,
            handed: Vec::new(),
            routes: routes.to_vec(),
            workers: 1,
            limits,
            home: Some(home.clone()),
            tls: None,
            tap: None,
        };
        let gateway = Gateway::start(plan).unwrap();
        let answer = ask(&gateway, "localhost:PORT");
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");

        let listener = UnixListener::bind(&home).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = vec![0; 4096];
                let length = stream.read(&mut head).unwrap();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(&[answer.as_bytes(), &head[..length]].concat()).unwrap();
            }
        });
        for host in ["127.0.0.1:PORT", "localhost:PORT", "NavyD.localhost:PORT"] {
            let answer = ask(&gateway, host);
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            let host = host.replace("PORT", &gateway.listen()[0].port().to_string());
            for part in [
                "GET /api?x HTTP/1.1\r\n",
                &format!("\r\nHost: {host}\r\n"),
                "\r\nX-Forwarded-For: 127.0.0.1\r\n",
            ] {
                assert!(answer.contains(part), "{part}: {answer}");
            }
        }
        for host in ["127.0.0.1:1", "127.0.0.2:PORT", "evil.example:PORT"] {
            assert!(ask(&gateway, host).starts_with("HTTP/1.1 404 "), "{host}");
        }
        assert!(ask(&gateway, "localhost:1").starts_with("HTTP/1.1 502 "));
    }
}
