//! Ports that no browser will open.

/// The "bad port" table of the Fetch Standard, complete and in its order, which is ascending:
/// <https://fetch.spec.whatwg.org/#port-blocking>. It grows by about one entry a year.
const BAD: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Whether browsers and Node.js's `fetch` refuse `http://localhost:PORT` before they connect, with an error
/// such as `ERR_UNSAFE_PORT` or `bad port`, whatever listens there.
pub fn blocked_by_browsers(port: u16) -> bool {
    // Fetch Standard: a port is bad when the first column of that table lists it.
    BAD.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_the_table_and_nothing_else() {
        assert!(BAD.is_sorted_by(|a, b| a < b));
        for (port, expected) in [
            (0, true),
            (1, true),
            (22, true),
            (25, true),
            (80, false),
            (443, false),
            (989, true),
            (2049, true),
            (3000, false),
            (4190, true),
            (5060, true),
            (6000, true),
            (6664, false),
            (6665, true),
            (6669, true),
            (6670, false),
            (6679, true),
            (6697, true),
            (8080, false),
            (10080, true),
            (62893, false),
            (65535, false),
        ] {
            assert_eq!(blocked_by_browsers(port), expected, "{port}");
        }
        assert_eq!((0..=u16::MAX).filter(|port| blocked_by_browsers(*port)).count(), BAD.len());
    }
}
