//! Descriptors of services, as `protoc --descriptor_set_out` writes them.

use navyd_model::exchange::Side;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

/// What methods take and give.
#[derive(Debug, Clone)]
pub struct Schema(DescriptorPool);

/// Why bytes are no descriptors.
#[derive(Debug, thiserror::Error)]
#[error("no `FileDescriptorSet`: {0}")]
pub struct SchemaError(String);

/// The messages of one method.
#[derive(Debug)]
pub(super) struct Types {
    input: MessageDescriptor,
    output: MessageDescriptor,
}

impl Schema {
    /// Reads a `FileDescriptorSet`, with everything that it imports.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] when it is none, or does not fit together.
    pub fn read(bytes: &[u8]) -> Result<Self, SchemaError> {
        DescriptorPool::decode(bytes).map(Self).map_err(|error| SchemaError(error.to_string()))
    }

    /// The method that is called by this path.
    pub(super) fn method(&self, path: &str) -> Option<Types> {
        let (service, method) = path.strip_prefix('/')?.split_once('/')?;
        let service = self.0.get_service_by_name(service)?;
        let method = service.methods().find(|known| known.name() == method)?;
        Some(Types { input: method.input(), output: method.output() })
    }
}

impl Types {
    /// A message as JSON, when it is one of its type.
    pub(super) fn json(&self, from: Side, bytes: &[u8]) -> Option<String> {
        let kind = if from == Side::Client { &self.input } else { &self.output };
        let message = DynamicMessage::decode(kind.clone(), bytes).ok()?;
        serde_json::to_string(&message).ok()
    }
}
