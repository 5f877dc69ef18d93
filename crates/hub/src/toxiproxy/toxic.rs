//! A toxic as Toxiproxy's clients write and read it. What it does to a connection is in `mapping`.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::{
    input::{Object, first},
    reply::Fault,
};

/// A kind of toxic.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// What its attributes are called, in the order in which they are written. All are whole numbers, 0 by default.
    pub(super) fields: &'static [&'static str],
    /// What Go calls the type of its attributes.
    structure: &'static str,
}

/// Every kind.
pub(super) const KINDS: &[Kind] = &[
    Kind { name: "bandwidth", fields: &["rate"], structure: "toxics.BandwidthToxic" },
    Kind { name: "latency", fields: &["latency", "jitter"], structure: "toxics.LatencyToxic" },
    Kind { name: "limit_data", fields: &["bytes"], structure: "toxics.LimitDataToxic" },
    Kind { name: "noop", fields: &[], structure: "toxics.NoopToxic" },
    Kind { name: "reset_peer", fields: &["timeout"], structure: "toxics.ResetToxic" },
    Kind {
        name: "slicer",
        fields: &["average_size", "size_variation", "delay"],
        structure: "toxics.SlicerToxic",
    },
    Kind { name: "slow_close", fields: &["delay"], structure: "toxics.SlowCloseToxic" },
    Kind { name: "timeout", fields: &["timeout"], structure: "toxics.TimeoutToxic" },
];

/// A toxic of a proxy.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Toxic {
    /// Unique in its proxy, across both directions.
    pub(super) name: String,
    pub(super) kind: &'static Kind,
    pub(super) stream: Stream,
    /// The direction as it was written.
    written: String,
    /// The share of connections that it hits.
    pub(super) toxicity: f32,
    /// The values of the fields of its kind.
    values: Vec<i64>,
}

/// The direction that a toxic hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stream {
    /// From the client to the server.
    Upstream,
    /// From the server to the client.
    Downstream,
}

impl Toxic {
    /// A toxic that is asked for.
    pub(super) fn read(body: &[u8]) -> Result<Self, Fault> {
        Self::of(&first(body)?)
    }

    /// The same, where it stands in another document.
    pub(super) fn of(value: &Value) -> Result<Self, Fault> {
        let object = Object::of(value, "ToxicWrapper.", "toxics.ToxicWrapper")?;
        let (name, kind) =
            (object.text("name")?.unwrap_or_default(), object.text("type")?.unwrap_or_default());
        let written = object.text("stream")?.unwrap_or_else(|| "downstream".to_owned());
        let toxicity = object.share("toxicity")?.unwrap_or(1.0);
        object.below("attributes", "", "toxics.NoopToxic")?;
        let stream = match written.to_lowercase().as_str() {
            "upstream" => Stream::Upstream,
            "downstream" => Stream::Downstream,
            _ => return Err(Fault::new(400, "stream was invalid, can be either upstream or downstream")),
        };
        let name = if name.is_empty() { format!("{kind}_{written}") } else { name };
        let kind = KINDS.iter().find(|known| known.name == kind);
        let kind = kind.ok_or_else(|| Fault::new(400, "invalid toxic type"))?;
        let mut toxic = Self { name, kind, stream, written, toxicity, values: vec![0; kind.fields.len()] };
        toxic.set(&object)?;
        Ok(toxic)
    }

    /// With the attributes and the share that are written; all others stay.
    pub(super) fn updated(&self, body: &[u8]) -> Result<Self, Fault> {
        let value = first(body)?;
        let object = Object::of(&value, ".", "struct { Attributes interface {}; Toxicity float32 }")?;
        let mut toxic = self.clone();
        toxic.set(&object)?;
        toxic.toxicity = object.share("toxicity")?.unwrap_or(toxic.toxicity);
        Ok(toxic)
    }

    /// The value of a field; 0 where its kind has no such field.
    pub(super) fn number(&self, field: &str) -> i64 {
        let at = self.kind.fields.iter().position(|name| *name == field);
        at.and_then(|at| self.values.get(at)).copied().unwrap_or_default()
    }

    fn set(&mut self, object: &Object<'_>) -> Result<(), Fault> {
        let attributes = object.below("attributes", ".attributes.", self.kind.structure)?;
        for (field, value) in self.kind.fields.iter().zip(&mut self.values) {
            *value = attributes.whole(field)?.unwrap_or(*value);
        }
        Ok(())
    }
}

impl Serialize for Toxic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("attributes", &Attributes(self))?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("type", self.kind.name)?;
        map.serialize_entry("stream", &self.written)?;
        // Go writes no fraction where there is none.
        if self.toxicity.fract() == 0.0 && self.toxicity.abs() < 1e15 {
            map.serialize_entry("toxicity", &(self.toxicity as i64))?;
        } else {
            map.serialize_entry("toxicity", &self.toxicity)?;
        }
        map.end()
    }
}

struct Attributes<'a>(&'a Toxic);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.kind.fields.iter().zip(&self.0.values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<String, String> {
        let toxic = Toxic::read(body.as_bytes()).map_err(|fault| fault.error)?;
        Ok(serde_json::to_string(&toxic).unwrap())
    }

    #[test]
    fn what_is_not_written_has_its_default() {
        for (body, expected) in [
            (
                r#"{"type":"latency"}"#,
                r#"{"attributes":{"latency":0,"jitter":0},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}"#,
            ),
            (
                r#"{"TYPE":"latency","name":"slow","Stream":"UpStream","toxicity":0.2,"attributes":{"Latency":100,"other":"x"}}"#,
                r#"{"attributes":{"latency":100,"jitter":0},"name":"slow","type":"latency","stream":"UpStream","toxicity":0.2}"#,
            ),
            (
                r#"{"type":"slicer","attributes":null,"toxicity":0}"#,
                r#"{"attributes":{"average_size":0,"size_variation":0,"delay":0},"name":"slicer_downstream","type":"slicer","stream":"downstream","toxicity":0}"#,
            ),
            (
                r#"{"type":"noop","stream":"upstream"}"#,
                r#"{"attributes":{},"name":"noop_upstream","type":"noop","stream":"upstream","toxicity":1}"#,
            ),
        ] {
            assert_eq!(read(body).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (body, expected) in [
            (r#"{"type":"lag"}"#, "invalid toxic type"),
            ("{}", "invalid toxic type"),
            (r#"{"type":"lag","stream":"side"}"#, "stream was invalid, can be either upstream or downstream"),
            (
                r#"{"type":"latency","attributes":{"latency":1000.0}}"#,
                "bad request body: json: cannot unmarshal number 1000.0 into Go struct field .attributes.latency of \
                 type int64",
            ),
            (
                r#"{"type":"latency","attributes":[]}"#,
                "bad request body: json: cannot unmarshal array into Go struct field ToxicWrapper.attributes of type \
                 toxics.NoopToxic",
            ),
        ] {
            assert_eq!(read(body), Err(expected.to_owned()));
        }
    }

    #[test]
    fn an_update_merges_attributes_and_share_and_nothing_else() {
        let toxic = Toxic::read(br#"{"type":"latency","attributes":{"latency":1,"jitter":2}}"#).unwrap();
        let updated =
            toxic.updated(br#"{"name":"x","stream":"upstream","attributes":{"jitter":3},"toxicity":0.5}"#);
        let updated = updated.unwrap();
        assert_eq!((updated.number("latency"), updated.number("jitter"), updated.toxicity), (1, 3, 0.5));
        assert_eq!((updated.name.as_str(), updated.stream), ("latency_downstream", Stream::Downstream));
        assert_eq!(toxic.updated(b"{}"), Ok(toxic.clone()));
        assert!(toxic.updated(b"[]").is_err());
    }
}
