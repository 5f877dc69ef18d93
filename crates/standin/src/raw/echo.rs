//! What comes goes back.

use std::{net::SocketAddr, rc::Rc, time::Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UdpSocket,
    task::JoinSet,
    time::timeout,
};

use super::{Ended, Manner, Packets, ToldEnd, refuse, tell};
use crate::{Socket, Stop, Talk, Talking, limits};

/// How many datagrams wait at most where they are to come back late; more wait in the kernel.
const WAITING: usize = 1024;

/// An echo over TCP.
#[derive(Default)]
pub struct Echo {
    /// How slow it is, and how often it fails.
    pub manner: Manner,
    /// Who is told of each connection.
    pub told: Option<ToldEnd>,
}

impl Talk for Echo {
    fn talk(self: Rc<Self>, mut socket: Socket, mut stop: Stop) -> Talking {
        Box::pin(async move {
            if self.manner.fails() {
                return refuse(socket, self.told.as_ref());
            }
            let (began, mut bytes) = (Instant::now(), 0);
            let ended = tokio::select! {
                biased;
                () = stop.told() => Ok(()),
                ended = copy(&mut socket, self.manner, &mut bytes) => ended,
            };
            let error = ended.err().map(|error| error.to_string());
            let peer = socket.peer;
            tell(
                self.told.as_ref(),
                Ended { kind: "tcp", peer, received: bytes, sent: bytes, took: began.elapsed(), error },
            );
        })
    }
}

async fn copy(socket: &mut Socket, manner: Manner, bytes: &mut u64) -> std::io::Result<()> {
    let mut buffer = vec![0; limits::PIECE];
    loop {
        let read = socket.read(&mut buffer).await?;
        if read == 0 {
            return socket.shutdown().await;
        }
        manner.wait().await;
        timeout(limits::PAUSE, socket.write_all(&buffer[..read])).await??;
        socket.flush().await?;
        *bytes += read as u64;
    }
}

/// Sends datagrams back, for [`crate::Stand::beside`].
pub fn echoing(packets: Packets, manner: Manner, told: Option<ToldEnd>) -> Talking {
    Box::pin(async move {
        // A socket that the runtime does not take hears nothing; all that were bound are taken.
        let Ok(sockets) = packets.registered() else { return };
        let mut all = JoinSet::new();
        for (address, socket) in sockets {
            all.spawn_local(answer(address, socket, manner, told.clone()));
        }
        while all.join_next().await.is_some() {}
    })
}

async fn answer(address: SocketAddr, socket: UdpSocket, manner: Manner, told: Option<ToldEnd>) {
    let socket = Rc::new(socket);
    let mut buffer = vec![0; limits::PIECE];
    let mut waiting = JoinSet::new();
    loop {
        // An error is that of a datagram before: its sender has gone.
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        // Who sends in our name would make us talk to ourselves for ever.
        if peer == address {
            continue;
        }
        let began = Instant::now();
        if manner.fails() {
            let error = Some("lost, as --error-rate wants it".to_owned());
            let received = length as u64;
            tell(told.as_ref(), Ended { kind: "udp", peer, received, sent: 0, took: began.elapsed(), error });
        } else if manner.latency.is_zero() {
            send(&socket, &buffer[..length], peer, began, told.as_ref()).await;
        } else {
            while waiting.try_join_next().is_some() {}
            if waiting.len() == WAITING {
                waiting.join_next().await;
            }
            let (socket, bytes, told) = (Rc::clone(&socket), buffer[..length].to_vec(), told.clone());
            waiting.spawn_local(async move {
                manner.wait().await;
                send(&socket, &bytes, peer, began, told.as_ref()).await;
            });
        }
    }
}

async fn send(socket: &UdpSocket, bytes: &[u8], peer: SocketAddr, began: Instant, told: Option<&ToldEnd>) {
    let sent = socket.send_to(bytes, peer).await;
    let error = sent.as_ref().err().map(ToString::to_string);
    let (received, sent) = (bytes.len() as u64, sent.unwrap_or_default() as u64);
    tell(told, Ended { kind: "udp", peer, received, sent, took: began.elapsed(), error });
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{Shutdown, UdpSocket},
        rc::Rc,
        thread,
        time::Duration,
    };

    use super::*;
    use crate::{Stand, fixture::Standing, stopper};

    #[test]
    fn bytes_come_back_behind_the_last_one() {
        let standing = Standing::new(|| Rc::new(Echo::default()));
        let mut stream = standing.connect();
        let bytes: Vec<u8> = (0..3_000_000).map(|at| (at % 251) as u8).collect();
        let mut writing = stream.try_clone().unwrap();
        let sent = bytes.clone();
        let writer = thread::spawn(move || {
            writing.write_all(&sent).unwrap();
            writing.shutdown(Shutdown::Write).unwrap();
        });
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        writer.join().unwrap();
        assert!(heard == bytes, "{} of {} bytes", heard.len(), bytes.len());
    }

    #[test]
    fn datagrams_come_back_one_by_one() {
        let (stopper, stop) = stopper();
        let packets = Packets::loopback_and(&[], 0).unwrap();
        let addresses: Vec<_> = packets.addresses().collect();
        let late = Manner { latency: Duration::from_millis(1), ..Manner::default() };
        let thread = thread::spawn(move || Stand::new().beside(echoing(packets, late, None)).run(stop));
        for address in addresses {
            let socket = UdpSocket::bind((address.ip(), 0)).unwrap();
            socket.connect(address).unwrap();
            for datagram in [&b"one"[..], b"", &[7; 9000]] {
                socket.send(datagram).unwrap();
                let mut heard = [0; 10_000];
                let length = socket.recv(&mut heard).unwrap();
                assert_eq!(heard[..length], *datagram);
            }
        }
        stopper.stop();
        thread.join().unwrap().unwrap();
    }

    #[test]
    fn what_is_to_fail_is_reset() {
        let standing = Standing::new(|| {
            let manner = Manner { error_rate: 1.0, ..Manner::default() };
            Rc::new(Echo { manner, told: None })
        });
        let mut stream = standing.connect();
        let _ = stream.write_all(b"x");
        assert!(stream.read(&mut [0; 1]).is_err(), "an end would look as if all was well");
    }
}
