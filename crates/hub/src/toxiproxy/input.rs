//! Documents as Go's standard library reads them: the first one of a body, keys in any case, whole numbers written as
//! such, and the same words about what is wrong.

use serde_json::{Map, Value};

use super::reply::Fault;

/// A part of a document whose keys are looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'a> {
    /// `None` where `null` stands, or nothing: then nothing is set.
    map: Option<&'a Map<String, Value>>,
    /// What Go calls it: `Proxy.`, `.attributes.`.
    path: &'static str,
}

/// The first document of a body.
pub(super) fn first(body: &[u8]) -> Result<Value, Fault> {
    // Go reads bytes that are no text as U+FFFD.
    let text = String::from_utf8_lossy(body);
    match serde_json::Deserializer::from_str(&text).into_iter().next() {
        Some(Ok(value)) => Ok(value),
        None => Err(Fault::body("EOF")),
        Some(Err(error)) if error.is_eof() => Err(Fault::body("unexpected EOF")),
        Some(Err(error)) => Err(Fault::body(error)),
    }
}

impl<'a> Object<'a> {
    /// Reads a value as one; `whole` is what Go calls the type, for what is said when it is another.
    pub(super) fn of(value: &'a Value, path: &'static str, whole: &str) -> Result<Self, Fault> {
        match value {
            Value::Object(map) => Ok(Self { map: Some(map), path }),
            Value::Null => Ok(Self { map: None, path }),
            other => Err(wrong(other, false, "value", whole)),
        }
    }

    /// What stands for a key, in this case or else in any; `null` is nothing.
    pub(super) fn value(&self, key: &str) -> Option<&'a Value> {
        let map = self.map?;
        let any = || map.iter().find(|(other, _)| other.eq_ignore_ascii_case(key)).map(|(_, value)| value);
        map.get(key).or_else(any).filter(|value| !value.is_null())
    }

    /// The part below a key.
    pub(super) fn below(&self, key: &str, path: &'static str, whole: &str) -> Result<Self, Fault> {
        match self.value(key) {
            None => Ok(Object { map: None, path }),
            Some(Value::Object(map)) => Ok(Object { map: Some(map), path }),
            Some(other) => Err(self.refused(other, false, key, whole)),
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Fault> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.refused(other, false, key, "string")),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, Fault> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.refused(other, false, key, "bool")),
        }
    }

    /// A whole number; `1000.0` is none.
    pub(super) fn whole(&self, key: &str) -> Result<Option<i64>, Fault> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.refused(value, true, key, "int64")),
            },
        }
    }

    /// A number with the precision of 32 bits.
    pub(super) fn share(&self, key: &str) -> Result<Option<f32>, Fault> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => match value.as_f64().map(|number| number as f32).filter(|share| share.is_finite())
            {
                Some(share) => Ok(Some(share)),
                None => Err(self.refused(value, true, key, "float32")),
            },
        }
    }

    fn refused(&self, value: &Value, number: bool, key: &str, kind: &str) -> Fault {
        wrong(value, number, &format!("struct field {}{key}", self.path), kind)
    }
}

/// The longest number that is repeated to whoever sent it.
const LONGEST: usize = 40;

/// What Go says about a value of the wrong type.
fn wrong(value: &Value, number: bool, place: &str, kind: &str) -> Fault {
    let given = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(given) if number => {
            format!("number {}", given.to_string().chars().take(LONGEST).collect::<String>())
        }
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(_) => "object".to_owned(),
    };
    Fault::body(format!("json: cannot unmarshal {given} into Go {place} of type {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_as_go_reads_them() {
        for (body, expected) in [
            ("", "EOF"),
            ("  ", "EOF"),
            ("{\"a\":", "unexpected EOF"),
            ("[]", "json: cannot unmarshal array into Go value of type toxiproxy.Proxy"),
            (r#"{"n": 1.5}"#, "json: cannot unmarshal number 1.5 into Go struct field Proxy.n of type int64"),
            (
                r#"{"n": 1000.0}"#,
                "json: cannot unmarshal number 1000.0 into Go struct field Proxy.n of type int64",
            ),
            (r#"{"N": "1"}"#, "json: cannot unmarshal string into Go struct field Proxy.n of type int64"),
            (r#"{"t": 1}"#, "json: cannot unmarshal number into Go struct field Proxy.t of type string"),
            (r#"{"f": {}}"#, "json: cannot unmarshal object into Go struct field Proxy.f of type bool"),
        ] {
            let read = first(body.as_bytes()).and_then(|value| {
                let object = Object::of(&value, "Proxy.", "toxiproxy.Proxy")?;
                object.whole("n")?;
                object.flag("f")?;
                object.text("t").map(drop)
            });
            assert_eq!(read.unwrap_err().error, format!("bad request body: {expected}"), "{body}");
        }
        // What follows the first document is not looked at, and keys may be written in any case.
        let value = first(br#"{"NAME": "a", "t": null} {"#).unwrap();
        let object = Object::of(&value, "Proxy.", "toxiproxy.Proxy").unwrap();
        assert_eq!((object.text("name").unwrap().as_deref(), object.text("t").unwrap()), (Some("a"), None));
        assert_eq!(first(b"null").map(|value| value.is_null()), Ok(true));
        let value = first(br#"{"s": 0.2}"#).unwrap();
        assert_eq!(Object::of(&value, "", "").unwrap().share("s"), Ok(Some(0.2)));
    }
}
