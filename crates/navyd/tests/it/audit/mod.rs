//! What is dangerous, on real input: programs that these tests start with a fault, and clean twins beside them.

mod processes;
