//! Header: a field of a head is set, or taken away: of the request upwards, of the response downwards.
//!
//! Deliberately absent: the fields by which messages are told apart and connections are kept, since a wrong one would
//! not be a fault but another message.

use navyd_model::fault::Direction;

use super::{
    condition::{Condition, Edit, Plan},
    leaf::{Field, Layer, Leaf, Wrong},
};

pub(super) const LEAF: Leaf = Leaf {
    name: "header",
    help: "a header is set, or taken away",
    layer: Layer::Http,
    fields: &[
        Field::text("name", "its name"),
        Field::text("value", "its value"),
        Field::flag("remove", "whether it is taken away instead"),
    ],
    compile: |values| {
        let name = values.text("name").to_owned();
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        let wrong = |field, expected: &str, given: &str| {
            let given = given.chars().take(80).collect();
            Wrong::Value { field, expected: expected.to_owned(), given }
        };
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(wrong("name", "the name of a header", &name));
        }
        if OURS.iter().any(|ours| ours.eq_ignore_ascii_case(&name)) {
            return Err(wrong("name", "one that does not frame the message", &name));
        }
        let value = values.text("value");
        // RFC 9110 §5.5: visible characters, spaces and tabs.
        if !value.bytes().all(|b| b == b'\t' || (b >= b' ' && b != 0x7f)) || value.trim() != value {
            return Err(wrong("value", "visible characters", &value.escape_default().to_string()));
        }
        let value = (!values.flag("remove")).then(|| value.to_owned());
        Ok(Box::new(Header(Edit { name, value })))
    },
};

/// Fields that are the gateway's own to write.
const OURS: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

struct Header(Edit);

impl Condition for Header {
    fn asked(&self) -> String {
        match &self.0.value {
            Some(value) => format!("{}: {value}", self.0.name),
            None => format!("no {}", self.0.name),
        }
    }

    fn exchange(&self, plan: &mut Plan) -> bool {
        if plan.direction != Direction::Down {
            plan.request.push(self.0.clone());
        }
        if plan.direction != Direction::Up {
            plan.response.push(self.0.clone());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{
            fixture::{compiled, wanted},
            laid::read,
        },
        *,
    };

    #[test]
    fn it_goes_to_the_side_that_was_asked_for() {
        for (direction, request, response) in
            [(Direction::Up, 1, 0), (Direction::Down, 0, 1), (Direction::Both, 1, 1)]
        {
            let mut plan = Plan { direction, ..Plan::default() };
            compiled("header", json!({"name": "X-A", "value": "1"})).exchange(&mut plan);
            assert_eq!((plan.request.len(), plan.response.len()), (request, response));
        }
        assert_eq!(compiled("header", json!({"name": "X-A", "remove": true})).asked(), "no X-A");
    }

    #[test]
    fn what_would_make_another_message_is_refused() {
        for (attributes, field) in [
            (json!({}), "name"),
            (json!({"name": "a b"}), "name"),
            (json!({"name": "Content-Length", "value": "1"}), "name"),
            (json!({"name": "a", "value": "b\r\nc: d"}), "value"),
            (json!({"name": "a", "value": " b"}), "value"),
        ] {
            let refused = read(&wanted("header", attributes, Direction::Down));
            assert!(matches!(refused, Err(Wrong::Value { field: found, .. }) if found == field));
        }
    }
}
