//! What comes goes back.

use std::{net::SocketAddr, rc::Rc, time::Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UdpSocket,
    time::timeout,
};

use super::{Ended, Packets, ToldEnd, tell};
use crate::{Socket, Stop, Talk, Talking, limits};

/// An echo over TCP.
#[derive(Default)]
pub struct Echo {
    /// Who is told of each connection.
    pub told: Option<ToldEnd>,
}

impl Talk for Echo {
    fn talk(self: Rc<Self>, mut socket: Socket, mut stop: Stop) -> Talking {
        Box::pin(async move {
            let (began, mut bytes) = (Instant::now(), 0);
            let ended = tokio::select! {
                biased;
                () = stop.told() => Ok(()),
                ended = copy(&mut socket, &mut bytes) => ended,
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

async fn copy(socket: &mut Socket, bytes: &mut u64) -> std::io::Result<()> {
    let mut buffer = vec![0; limits::PIECE];
    loop {
        let read = socket.read(&mut buffer).await?;
        if read == 0 {
            return socket.shutdown().await;
        }
        timeout(limits::PAUSE, socket.write_all(&buffer[..read])).await??;
        socket.flush().await?;
        *bytes += read as u64;
    }
}

/// Sends datagrams back, for [`crate::Stand::beside`].
pub fn echoing(packets: Packets, told: Option<ToldEnd>) -> Talking {
    Box::pin(async move {
        // A socket that the runtime does not take hears nothing; all that were bound are taken.
        let Ok(sockets) = packets.registered() else { return };
        let mut all = tokio::task::JoinSet::new();
        for (address, socket) in sockets {
            all.spawn_local(answer(address, socket, told.clone()));
        }
        while all.join_next().await.is_some() {}
    })
}

async fn answer(address: SocketAddr, socket: UdpSocket, told: Option<ToldEnd>) {
    let mut buffer = vec![0; limits::PIECE];
    loop {
        // An error is that of a datagram before: its sender has gone.
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        // Who sends in our name would make us talk to ourselves for ever.
        if peer == address {
            continue;
        }
        let began = Instant::now();
        let sent = socket.send_to(&buffer[..length], peer).await;
        let error = sent.as_ref().err().map(ToString::to_string);
        let sent = sent.unwrap_or_default() as u64;
        let ended = Ended { kind: "udp", peer, received: length as u64, sent, took: began.elapsed(), error };
        tell(told.as_ref(), ended);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{Shutdown, UdpSocket},
        rc::Rc,
        thread,
    };

    use super::*;
    use crate::{Door, Stand, fixture::Standing, stopper};

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
        let packets = Packets::beside(&Door::loopback(0).unwrap()).unwrap();
        let addresses: Vec<_> = packets.addresses().collect();
        let thread = thread::spawn(move || Stand::new().beside(echoing(packets, None)).run(stop));
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
}
