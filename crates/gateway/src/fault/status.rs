//! Status: an answer in the place of the server's, which is never asked.

use super::{
    condition::{Condition, Plan},
    leaf::{Field, Kind, Layer, Leaf, Unit},
};

pub(super) const LEAF: Leaf = Leaf {
    name: "status",
    help: "requests are answered with a status, and the server is not asked",
    layer: Layer::Http,
    fields: &[
        Field {
            name: "status",
            help: "the status of the answer",
            unit: Unit::None,
            kind: Kind::Number { least: 200.0, most: 599.0, default: Some(503.0), whole: true },
        },
        Field::text("body", "the text of the answer"),
    ],
    compile: |values| {
        let (status, body) = (values.whole("status") as u16, values.text("body").to_owned());
        Ok(Box::new(Status { status, body }))
    },
};

struct Status {
    status: u16,
    body: String,
}

impl Condition for Status {
    fn asked(&self) -> String {
        self.status.to_string()
    }

    fn exchange(&self, plan: &mut Plan) -> bool {
        // The first that answers has answered.
        let first = plan.answer.is_none();
        plan.answer.get_or_insert_with(|| (self.status, self.body.clone()));
        first
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::fixture::compiled, *};

    #[test]
    fn the_first_answer_counts() {
        let mut plan = Plan::default();
        assert!(compiled("status", json!({"body": "later"})).exchange(&mut plan));
        assert!(!compiled("status", json!({"status": 200})).exchange(&mut plan));
        assert_eq!(plan.answer, Some((503, "later".to_owned())));
    }
}
