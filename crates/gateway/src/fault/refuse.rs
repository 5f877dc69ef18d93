//! Refuse: the client is turned away before the upstream is asked.
//!
//! The system has accepted the connection by then, so the client sees it opened and reset at once.

use super::{
    condition::{Condition, Opening, Then},
    leaf::{Field, Layer, Leaf},
    words::time,
};
use std::time::Duration;

pub(super) const LEAF: Leaf = Leaf {
    name: "refuse",
    help: "nobody is connected: the connection is reset at once",
    layer: Layer::Stream,
    fields: &[Field::time("delay", "how long until it is refused")],
    compile: |values| Ok(Box::new(Refuse(values.time("delay")))),
};

struct Refuse(Duration);

impl Condition for Refuse {
    fn asked(&self) -> String {
        if self.0.is_zero() { "at once".to_owned() } else { format!("after {}", time(self.0)) }
    }

    fn opening(&self) -> Opening {
        Opening { delay: self.0, then: Then::Refuse }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::fixture::compiled, *};

    #[test]
    fn it_ends_what_has_not_begun() {
        for (attributes, delay, asked) in [(json!({}), 0, "at once"), (json!({"delay": 5}), 5, "after 5 ms")]
        {
            let condition = compiled("refuse", attributes);
            let opening = Opening { delay: Duration::from_millis(delay), then: Then::Refuse };
            assert_eq!((condition.opening(), condition.asked().as_str()), (opening, asked));
        }
    }
}
