//! Body: another body in the place of the response's. Status and head stay, but for what describes the body.

use navyd_model::fault::Direction;

use super::{
    condition::{Condition, Plan},
    leaf::{Field, Layer, Leaf},
    words::bytes,
};

pub(super) const LEAF: Leaf = Leaf {
    name: "body",
    help: "the response has another body",
    layer: Layer::Http,
    fields: &[Field::text("text", "the body")],
    compile: |values| Ok(Box::new(Body(values.text("text").to_owned()))),
};

struct Body(String);

impl Condition for Body {
    fn asked(&self) -> String {
        bytes(self.0.len() as u64)
    }

    fn exchange(&self, plan: &mut Plan) -> bool {
        plan.body = Some(self.0.clone());
        true
    }

    fn direction(&self, _asked: Direction) -> Direction {
        Direction::Down
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::fixture::compiled, *};

    #[test]
    fn the_last_body_counts() {
        let mut plan = Plan::default();
        for text in ["one", "two"] {
            assert!(compiled("body", json!({"text": text})).exchange(&mut plan));
        }
        assert_eq!(plan.body.as_deref(), Some("two"));
    }
}
