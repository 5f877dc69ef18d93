//! A QR code in characters, two rows of it in one of them.

use qrcode::{Color, EcLevel, QrCode};

/// The empty frame around it: ISO/IEC 18004 asks for four modules.
const FRAME: usize = 4;

/// The lines of a code that says this; none where it is too long for any. What is light is drawn and what is dark is
/// left out. Bias: on a terminal that is light it is the other way around, which most cameras read as well.
pub(super) fn drawn(text: &str) -> Vec<String> {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::L) else { return Vec::new() };
    let width = code.width();
    let is_light = &|x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(FRAME).filter(|at| *at < width);
        inside(x).zip(inside(y)).is_none_or(|at| code[at] == Color::Light)
    };
    let all = width + 2 * FRAME;
    let line = |y: usize| {
        (0..all).map(move |x| match (is_light(x, y), y + 1 >= all || is_light(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        })
    };
    (0..all).step_by(2).map(|y| line(y).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::drawn;

    #[test]
    fn it_is_square_and_framed() {
        let lines = drawn("http://192.168.1.5:8080");
        let width = lines[0].chars().count();
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(lines[0].chars().all(|c| c == '█') && lines.iter().all(|line| line.chars().count() == width));
        // The first finder: a dark ring of seven modules, whose upper corner is below the frame.
        assert_eq!(lines[2].chars().skip(4).take(8).collect::<String>(), " ▄▄▄▄▄ █");
        assert!(drawn(&"x".repeat(9000)).is_empty());
    }
}
