//! Failures on purpose.

use serde::{Deserialize, Serialize};

use crate::{
    http::{Answer, Asked},
    mail::{
        api::{
            Api, Said,
            answers::{json, refused},
            input,
        },
        limits,
        smtp::{Chaos, Trigger},
    },
};

/// The document of a trigger.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Strike {
    error_code: u16,
    probability: u8,
}

/// The document of all; what it does not name fails no more.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Triggers {
    authentication: Strike,
    recipient: Strike,
    sender: Strike,
}

impl Default for Strike {
    fn default() -> Self {
        Trigger::default().into()
    }
}

impl From<Trigger> for Strike {
    fn from(trigger: Trigger) -> Self {
        Self { error_code: trigger.code, probability: trigger.percent }
    }
}

impl Strike {
    fn trigger(self) -> Result<Trigger, Answer> {
        if !(400..600).contains(&self.error_code) {
            return Err(refused(400, "ErrorCode is from 400 to 599"));
        }
        if self.probability > 100 {
            return Err(refused(400, "Probability is from 0 to 100"));
        }
        Ok(Trigger { code: self.error_code, percent: self.probability })
    }
}

pub(super) fn show(api: &Api) -> Answer {
    let Chaos { sender, recipient, authentication } = api.rules.chaos.get();
    json(&Triggers {
        authentication: authentication.into(),
        recipient: recipient.into(),
        sender: sender.into(),
    })
}

pub(super) async fn set(api: &Api, asked: &mut Asked<'_>) -> Said {
    let triggers: Triggers = input::document(asked, limits::REQUEST).await?;
    api.rules.chaos.set(Chaos {
        sender: triggers.sender.trigger()?,
        recipient: triggers.recipient.trigger()?,
        authentication: triggers.authentication.trigger()?,
    });
    Ok(show(api))
}
