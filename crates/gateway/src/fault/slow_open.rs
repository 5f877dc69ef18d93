//! Slow open: the upstream is asked later.

use std::time::Duration;

use super::{
    condition::{Condition, Opening, Then},
    leaf::{Field, Layer, Leaf},
    words::time,
};

pub(super) const LEAF: Leaf = Leaf {
    name: "slow_open",
    help: "connecting takes longer",
    layer: Layer::Stream,
    fields: &[Field::time("delay", "how long until the upstream is asked")],
    compile: |values| Ok(Box::new(SlowOpen(values.time("delay")))),
};

struct SlowOpen(Duration);

impl Condition for SlowOpen {
    fn asked(&self) -> String {
        time(self.0)
    }

    fn opening(&self) -> Opening {
        Opening { delay: self.0, then: Then::Connect }
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::exchange::Side;
    use serde_json::json;

    use super::{super::fixture::compiled, *};

    #[test]
    fn it_only_delays_the_beginning() {
        let condition = compiled("slow_open", json!({"delay": 250}));
        let opening = Opening { delay: Duration::from_millis(250), then: Then::Connect };
        assert_eq!((condition.opening(), condition.way(Side::Server).is_none()), (opening, true));
    }
}
